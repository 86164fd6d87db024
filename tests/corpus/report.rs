//! Figures: recall by what survives, precision by what is found where nothing is.

use crate::measure::Outcome;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use yingbi_taxonomy::{Category, Kind};

/// Counts of one row of the report.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Count {
    /// Values of people.
    pub values: usize,
    /// Of them still readable.
    pub missed: usize,
    /// Of them told to be of the right row of Appendix A.
    pub named: usize,
    /// Findings on values.
    pub hits: usize,
    /// Findings where nothing is.
    pub false_hits: usize,
    /// Documents.
    pub documents: usize,
    /// Of them refused.
    pub refused: usize,
    /// Of them broken by redaction.
    pub broken: usize,
    /// Of them with something of one record in another.
    pub mixed: usize,
    /// Things that must not be touched.
    pub kept: usize,
    /// Of them altered.
    pub altered: usize,
}

/// Rows by axis and name.
#[derive(Debug, Default)]
pub struct Report {
    rows: BTreeMap<(usize, String), Count>,
}

/// The axes, in the order they are printed.
pub const AXES: &[&str] =
    &["all", "level", "group", "category", "kind", "format", "shape", "disguise", "look-alike"];

impl Count {
    /// Share of values that can't be read any more.
    pub fn recall(&self) -> f64 {
        share(self.values - self.missed, self.values)
    }

    /// Share of findings that are on values.
    pub fn precision(&self) -> f64 {
        share(self.hits, self.hits + self.false_hits)
    }

    /// Share of masked values told to be of the right row.
    pub fn naming(&self) -> f64 {
        share(self.named, self.values)
    }

    /// Share of look-alikes left as they were.
    pub fn left(&self) -> f64 {
        share(self.kept - self.altered, self.kept)
    }
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

impl Report {
    /// Counts all outcomes.
    pub fn of(outcomes: &[Outcome]) -> Report {
        let mut report = Report::default();
        for outcome in outcomes {
            report.count(outcome);
        }
        report
    }

    fn count(&mut self, outcome: &Outcome) {
        let document = outcome.document;
        let shape = format!("{}: {}", document.format, document.shape);
        let places = [("all", "all"), ("format", document.format), ("shape", shape.as_str())];
        for (axis, name) in places {
            let row = self.row(axis, name);
            row.documents += 1;
            row.refused += usize::from(outcome.refused.is_some());
            row.broken += usize::from(outcome.broken.is_some());
            row.mixed += usize::from(outcome.mixed);
            row.hits += outcome.hits.len();
            row.false_hits += outcome.false_hits.len();
        }
        for value in &outcome.values {
            let kind = value.label.kind;
            let level = kind.level().number().to_string();
            let mut rows = vec![
                ("level", level.as_str()),
                ("category", kind.category().id()),
                ("kind", kind.id()),
                ("disguise", value.label.disguise),
            ];
            rows.extend(places);
            let text = if document.shape == "free text" || document.shape == "split values" {
                "text"
            } else {
                "key"
            };
            let group = group(kind).map(|group| format!("{group}, {text}"));
            rows.extend(group.as_deref().map(|group| ("group", group)));
            // How well names are read, whatever the formats.
            let named = format!("level {level}, plain JSON fields");
            if document.is_plain_json() {
                rows.push(("group", &named));
            }
            for (axis, name) in rows {
                let row = self.row(axis, name);
                row.values += 1;
                row.missed += usize::from(value.missed);
                row.named += usize::from(value.named);
            }
        }
        let hits = outcome.hits.iter().map(|finding| (finding, true));
        for (finding, right) in hits.chain(outcome.false_hits.iter().map(|(finding, _)| (finding, false))) {
            let level = Category::from_id(&finding.category).map_or(0, |category| category.level().number());
            for (axis, name) in [
                ("level", level.to_string().as_str()),
                ("category", &finding.category),
                ("kind", &finding.kind),
            ] {
                let row = self.row(axis, name);
                row.hits += usize::from(right);
                row.false_hits += usize::from(!right);
            }
        }
        for (class, _, altered) in &outcome.kept {
            for (axis, name) in [("all", "all"), ("look-alike", class), ("format", document.format)] {
                let row = self.row(axis, name);
                row.kept += 1;
                row.altered += usize::from(*altered);
            }
        }
    }

    fn row(&mut self, axis: &str, name: &str) -> &mut Count {
        let axis = AXES.iter().position(|known| *known == axis).expect("an axis of the list");
        self.rows.entry((axis, name.to_owned())).or_default()
    }

    /// One row.
    pub fn at(&self, axis: &str, name: &str) -> Option<&Count> {
        let axis = AXES.iter().position(|known| *known == axis)?;
        self.rows.get(&(axis, name.to_owned()))
    }

    /// All rows of one axis.
    pub fn axis(&self, axis: &str) -> Vec<(&str, &Count)> {
        let wanted = AXES.iter().position(|known| *known == axis);
        let rows = self.rows.iter().filter(|((axis, _), _)| Some(*axis) == wanted);
        rows.map(|((_, name), count)| (name.as_str(), count)).collect()
    }

    /// The whole report as text.
    pub fn text(&self, title: &str) -> String {
        let mut out = format!("━━ {title}\n");
        for axis in AXES {
            let rows = self.axis(axis);
            if rows.is_empty() {
                continue;
            }
            let _ = writeln!(
                out,
                "{axis:<44} {:>7} {:>7} {:>8} {:>8} {:>8} {:>7}  documents, refused, broken, mixed",
                "values", "missed", "recall", "named", "precis.", "false"
            );
            for (name, count) in rows {
                line(&mut out, axis, name, count);
            }
            out.push('\n');
        }
        out
    }
}

fn line(out: &mut String, axis: &str, name: &str, count: &Count) {
    let padding = " ".repeat(44_usize.saturating_sub(name.chars().count()));
    if *axis == *"look-alike" {
        let _ = writeln!(
            out,
            "{name}{padding} {:>7} {:>7} {:>8}",
            count.kept,
            count.altered,
            percent(count.left(), count.kept)
        );
        return;
    }
    let findings = count.hits + count.false_hits;
    let _ = write!(
        out,
        "{name}{padding} {:>7} {:>7} {:>8} {:>8} {:>8} {:>7}",
        count.values,
        count.missed,
        percent(count.recall(), count.values),
        percent(count.naming(), count.values),
        percent(count.precision(), findings),
        count.false_hits,
    );
    if count.documents > 0 {
        let _ = write!(out, "  {}, {}, {}, {}", count.documents, count.refused, count.broken, count.mixed);
    }
    if count.kept > 0 {
        let _ = write!(out, "; look-alikes altered {} of {}", count.altered, count.kept);
    }
    out.push('\n');
}

/// A share as it is printed, `–` of nothing.
pub fn percent(share: f64, of: usize) -> String {
    if of == 0 { "–".to_owned() } else { format!("{:.2} %", (share * 10_000.0).floor() / 100.0) }
}

/// Kinds that the goals speak of together.
fn group(kind: Kind) -> Option<&'static str> {
    Some(match kind.id() {
        "basic.name" | "wealth.bank.name" => "names",
        "basic.mobile" => "mobiles",
        "basic.address" => "addresses",
        "wealth.bank.card" | "wealth.bank.account" => "bank cards and accounts",
        id if id.starts_with("identity.document.")
            && !["type", "validity", "issuer", "image"].iter().any(|other| id.ends_with(other)) =>
        {
            "document numbers"
        }
        id if id.starts_with("account.opening.") || id == "account.investor-code" => "account numbers",
        id if id.starts_with("credential.") => "credentials",
        _ => return None,
    })
}
