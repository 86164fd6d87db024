//! The inventory as it is told: the data list of each route, and what differs from what a person accepted.

use crate::csv;
pub use crate::metrics::Drift;
use jiff::Timestamp;
use serde_json::{Value, json};
use yingbi_protect::Outcomes;
use yingbi_taxonomy::{Category, Kind};

/// All that is known, or some of it.
#[derive(Clone, Debug)]
pub struct Report {
    /// When it was read.
    pub as_of: Timestamp,
    /// The last acceptance.
    pub baseline: Option<Baseline>,
    /// Routes by template.
    pub routes: Vec<RouteRow>,
}

/// The last acceptance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Baseline {
    /// When.
    pub accepted: Timestamp,
    /// By whom.
    pub by: String,
}

/// A route.
#[derive(Clone, Debug)]
pub struct RouteRow {
    /// Template.
    pub route: String,
    /// When it was seen first and last, within the seconds between two writes.
    pub first_seen: Timestamp,
    /// See `first_seen`.
    pub last_seen: Timestamp,
    /// Answers released on it.
    pub answers: u64,
    /// Whether a person accepted that it is there.
    pub is_accepted: bool,
    /// What its answers hold.
    pub returns: Vec<FieldRow>,
    /// What its requests hold.
    pub accepts: Vec<FieldRow>,
    /// To whom.
    pub callers: Vec<CallerRow>,
}

/// A field.
#[derive(Clone, Debug)]
pub struct FieldRow {
    /// `returns` or `accepts`.
    pub direction: String,
    /// Pattern of its path.
    pub path: String,
    /// Id of the kind found there.
    pub kind: String,
    /// Id of its category.
    pub category: String,
    /// Its level on this route.
    pub level: u8,
    /// Whether the standard calls its category sensitive.
    pub sensitive: bool,
    /// How it was recognised first.
    pub how: String,
    /// What became of the values.
    pub counts: Outcomes,
    /// When it was seen first and last.
    pub first_seen: Timestamp,
    /// See `first_seen`.
    pub last_seen: Timestamp,
    /// Since when it has this level.
    pub changed: Timestamp,
    /// At what level a person accepted it.
    pub accepted_level: Option<u8>,
}

/// A caller of a route.
#[derive(Clone, Debug)]
pub struct CallerRow {
    /// Method of HTTP.
    pub method: String,
    /// Pseudonym; none for those who did not say who they are, and for all beyond the bound together.
    pub caller: Option<String>,
    /// How they were identified; `more` for those beyond the bound.
    pub identified_by: String,
    /// Their roles.
    pub roles: Vec<String>,
    /// Answers released to them.
    pub answers: u64,
    /// When they were seen first and last.
    pub first_seen: Timestamp,
    /// See `first_seen`.
    pub last_seen: Timestamp,
}

/// A difference.
#[derive(Clone, Debug)]
pub struct DriftEntry {
    /// Which.
    pub drift: Drift,
    /// On which route.
    pub route: String,
    /// Of a field: `returns` or `accepts`.
    pub direction: Option<String>,
    /// Of a field: pattern of its path.
    pub path: Option<String>,
    /// Of a field: id of its kind.
    pub kind: Option<String>,
    /// Of a field: id of its category.
    pub category: Option<String>,
    /// Of a field: its level.
    pub level: Option<u8>,
    /// Of a field: the level that was accepted.
    pub accepted_level: Option<u8>,
    /// Since when it differs.
    pub changed: Timestamp,
}

impl DriftEntry {
    pub(super) fn of_route(row: &RouteRow) -> Self {
        DriftEntry {
            drift: Drift::NewRoute,
            route: row.route.clone(),
            direction: None,
            path: None,
            kind: None,
            category: None,
            level: None,
            accepted_level: None,
            changed: row.first_seen,
        }
    }

    pub(super) fn of_field(drift: Drift, route: &str, field: FieldRow) -> Self {
        DriftEntry {
            drift,
            route: route.to_owned(),
            direction: Some(field.direction),
            path: Some(field.path),
            kind: Some(field.kind),
            category: Some(field.category),
            level: Some(field.level),
            accepted_level: field.accepted_level,
            changed: field.changed,
        }
    }
}

/// Which part of the inventory is asked for.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Part of the route's template.
    pub route: Option<String>,
    /// Seen since; in a report of drift, new since.
    pub since: Option<Timestamp>,
}

impl Filter {
    pub(super) fn takes(&self, route: &str, seen: Timestamp) -> bool {
        self.route.as_ref().is_none_or(|part| route.contains(part.as_str()))
            && self.since.is_none_or(|since| seen >= since)
    }
}

impl Report {
    /// As one JSON document.
    pub fn json(&self) -> Value {
        json!({
            "as_of": self.as_of.to_string(),
            "baseline": self.baseline.as_ref().map(Baseline::json),
            "routes": self.routes.iter().map(RouteRow::json).collect::<Vec<_>>(),
        })
    }

    /// As CSV, heading included: one line a field, and one for a route that has none.
    pub fn csv(&self) -> String {
        let mut lines = vec![csv::line(&COLUMNS.map(str::to_owned))];
        for route in &self.routes {
            for field in route.returns.iter().chain(&route.accepts) {
                lines.push(csv::line(&route.cells(Some(field))));
            }
            if route.returns.is_empty() && route.accepts.is_empty() {
                lines.push(csv::line(&route.cells(None)));
            }
        }
        lines.push(String::new());
        lines.join("\r\n")
    }
}

impl Baseline {
    fn json(&self) -> Value {
        json!({ "accepted": self.accepted.to_string(), "by": self.by })
    }
}

impl RouteRow {
    fn json(&self) -> Value {
        json!({
            "route": self.route,
            "first_seen": self.first_seen.to_string(),
            "last_seen": self.last_seen.to_string(),
            "answers": self.answers,
            "accepted": self.is_accepted,
            "returns": self.returns.iter().map(FieldRow::json).collect::<Vec<_>>(),
            "accepts": self.accepts.iter().map(FieldRow::json).collect::<Vec<_>>(),
            "callers": self.callers.iter().map(CallerRow::json).collect::<Vec<_>>(),
        })
    }

    /// Roles of its callers, and how many callers are told apart.
    pub fn audience(&self) -> (Vec<&str>, usize) {
        let mut roles: Vec<&str> =
            self.callers.iter().flat_map(|caller| &caller.roles).map(String::as_str).collect();
        let mut callers: Vec<&str> =
            self.callers.iter().filter_map(|caller| caller.caller.as_deref()).collect();
        for names in [&mut roles, &mut callers] {
            names.sort_unstable();
            names.dedup();
        }
        (roles, callers.len())
    }

    fn cells(&self, field: Option<&FieldRow>) -> [String; COLUMNS.len()] {
        let (roles, callers) = self.audience();
        let text = |of: fn(&FieldRow) -> String| field.map(of).unwrap_or_default();
        [
            self.route.clone(),
            text(|field| field.direction.clone()),
            text(|field| field.path.clone()),
            text(|field| field.kind.clone()),
            text(|field| field.category.clone()),
            text(|field| Category::from_id(&field.category).map_or("", Category::zh).to_owned()),
            text(|field| field.level.to_string()),
            text(|field| field.sensitive.to_string()),
            text(|field| field.how.clone()),
            text(|field| field.counts.clear.to_string()),
            text(|field| field.counts.masked.to_string()),
            text(|field| field.counts.dropped.to_string()),
            text(|field| field.counts.blocked.to_string()),
            field.map_or(self.first_seen, |field| field.first_seen).to_string(),
            field.map_or(self.last_seen, |field| field.last_seen).to_string(),
            text(|field| field.accepted_level.map(|level| level.to_string()).unwrap_or_default()),
            self.answers.to_string(),
            roles.join(";"),
            callers.to_string(),
        ]
    }
}

impl FieldRow {
    fn json(&self) -> Value {
        let Outcomes { clear, masked, dropped, blocked } = self.counts;
        json!({
            "path": self.path,
            "kind": self.kind,
            "category": self.category,
            "title": { "zh": Kind::from_id(&self.kind).map(Kind::zh), "en": Kind::from_id(&self.kind).map(Kind::en) },
            "level": self.level,
            "sensitive": self.sensitive,
            "how": self.how,
            "clear": clear,
            "masked": masked,
            "dropped": dropped,
            "blocked": blocked,
            "first_seen": self.first_seen.to_string(),
            "last_seen": self.last_seen.to_string(),
            "accepted_level": self.accepted_level,
        })
    }
}

impl CallerRow {
    fn json(&self) -> Value {
        json!({
            "method": self.method,
            "caller": self.caller,
            "identified_by": self.identified_by,
            "roles": self.roles,
            "answers": self.answers,
            "first_seen": self.first_seen.to_string(),
            "last_seen": self.last_seen.to_string(),
        })
    }
}

/// A report of drift as one JSON document.
pub fn drift_json(as_of: Timestamp, baseline: Option<&Baseline>, entries: &[DriftEntry]) -> Value {
    let entry = |entry: &DriftEntry| {
        json!({
            "drift": entry.drift.name(),
            "route": entry.route,
            "direction": entry.direction,
            "path": entry.path,
            "kind": entry.kind,
            "category": entry.category,
            "level": entry.level,
            "accepted_level": entry.accepted_level,
            "since": entry.changed.to_string(),
        })
    };
    json!({
        "as_of": as_of.to_string(),
        "baseline": baseline.map(Baseline::json),
        "drift": entries.iter().map(entry).collect::<Vec<_>>(),
    })
}

/// A report of drift as CSV, heading included.
pub fn drift_csv(entries: &[DriftEntry]) -> String {
    let mut lines = vec![csv::line(&DRIFT_COLUMNS.map(str::to_owned))];
    lines.extend(entries.iter().map(|entry| csv::line(&drift_cells(entry))));
    lines.push(String::new());
    lines.join("\r\n")
}

/// The columns of a difference, as text.
pub fn drift_cells(entry: &DriftEntry) -> [String; DRIFT_COLUMNS.len()] {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let number = |number: Option<u8>| number.map(|number| number.to_string()).unwrap_or_default();
    [
        entry.drift.name().to_owned(),
        entry.route.clone(),
        text(&entry.direction),
        text(&entry.path),
        text(&entry.kind),
        text(&entry.category),
        number(entry.level),
        number(entry.accepted_level),
        entry.changed.to_string(),
    ]
}

const COLUMNS: [&str; 19] = [
    "route",
    "direction",
    "path",
    "kind",
    "category",
    "title",
    "level",
    "sensitive",
    "how",
    "clear",
    "masked",
    "dropped",
    "blocked",
    "first_seen",
    "last_seen",
    "accepted_level",
    "answers",
    "roles",
    "callers",
];

/// Columns of a report of drift.
pub const DRIFT_COLUMNS: [&str; 9] =
    ["drift", "route", "direction", "path", "kind", "category", "level", "accepted_level", "since"];
