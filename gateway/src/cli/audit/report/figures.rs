//! What a period comes to in numbers.

use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use yingbi_audit::search::{Entry, Event};
use yingbi_taxonomy::{Category, Level};

/// Counts of a period. An answer in segments is one access.
#[derive(Debug, Default, Serialize)]
pub(super) struct Figures {
    pub permitted: u64,
    pub refused: u64,
    /// Refusals by code.
    pub refusals: BTreeMap<String, u64>,
    /// Permitted accesses of which nobody knows how they ended.
    pub outcome_unknown: u64,
    pub partial: u64,
    pub investors: usize,
    pub callers: usize,
    pub routes: usize,
    /// Values in clear, by category.
    pub clear: BTreeMap<String, u64>,
    pub masked: BTreeMap<String, u64>,
    pub dropped: BTreeMap<String, u64>,
    /// Values that rules in monitor mode would have treated otherwise.
    pub monitored: BTreeMap<String, u64>,
    /// Values in clear, by level.
    pub clear_by_level: BTreeMap<u8, u64>,
    /// Values of level 2 and above that left in clear to nobody known.
    pub clear_unauthenticated: u64,
    /// Permitted accesses by lawful basis.
    pub bases: BTreeMap<String, u64>,
    /// Permitted accesses to something of level 2 or above without purpose or basis.
    pub without_basis: u64,
    /// Policy versions that decided.
    pub policies: BTreeSet<String>,
    /// Wrong values that came in.
    pub input_faults: u64,
    /// Events of the log, by name.
    pub events: BTreeMap<String, u64>,
    /// Places that can't be read.
    pub unreadable: u64,
    #[serde(skip)]
    seen: Seen,
}

#[derive(Debug, Default)]
struct Seen {
    investors: BTreeSet<String>,
    callers: BTreeSet<String>,
    routes: BTreeSet<String>,
    flowing: BTreeSet<(bool, String)>,
}

impl Figures {
    /// Takes an access in.
    pub fn add(&mut self, entry: &Entry) {
        let intent = &entry.intent;
        let is_permitted = intent.decision == "permit";
        let is_new =
            intent.part.is_none() || self.seen.flowing.insert((is_permitted, intent.decision_id.clone()));
        let is_sensitive = levels(entry).any(|(level, _)| level >= Level::L2);
        if is_new && is_permitted {
            self.permitted += 1;
            self.outcome_unknown += u64::from(entry.result() == "unknown");
            self.partial += u64::from(entry.result() == "partial");
            match &intent.basis {
                Some(basis) => *self.bases.entry(basis.clone()).or_default() += 1,
                None => self.without_basis += u64::from(is_sensitive),
            }
        } else if is_new {
            self.refused += 1;
            *self.refusals.entry(intent.code.clone().unwrap_or_default()).or_default() += 1;
        }
        for (to, from) in [
            (&mut self.clear, &intent.clear),
            (&mut self.masked, &intent.masked),
            (&mut self.dropped, &intent.dropped),
            (&mut self.monitored, &intent.monitored),
        ] {
            for (category, count) in from {
                let to = to.entry(category.clone()).or_default();
                *to = to.saturating_add(*count);
            }
        }
        for (level, count) in levels(entry) {
            let to = self.clear_by_level.entry(level.number()).or_default();
            *to = to.saturating_add(count);
            if intent.identified_by == "none" && level >= Level::L2 {
                self.clear_unauthenticated = self.clear_unauthenticated.saturating_add(count);
            }
        }
        self.input_faults = self.input_faults.saturating_add(intent.input_faults.values().sum());
        self.policies.extend((!intent.policy.is_empty()).then(|| intent.policy.clone()));
        self.seen.investors.extend(intent.subjects.iter().cloned());
        self.seen.callers.extend((!intent.caller.is_empty()).then(|| intent.caller.clone()));
        self.seen.routes.insert(format!("{} {}", intent.method, intent.route));
        self.investors = self.seen.investors.len();
        self.callers = self.seen.callers.len();
        self.routes = self.seen.routes.len();
    }

    /// Takes an event in.
    pub fn event(&mut self, event: &Event) {
        *self.events.entry(event.event.clone()).or_default() += 1;
    }

    /// How often an event occurred.
    pub fn count(&self, event: &str) -> u64 {
        self.events.get(event).copied().unwrap_or(0)
    }

    /// Values in clear of this level.
    pub fn clear_of(&self, level: u8) -> u64 {
        self.clear_by_level.get(&level).copied().unwrap_or(0)
    }
}

/// Levels of what an access released in clear. A category that nobody knows counts as the highest.
fn levels(entry: &Entry) -> impl Iterator<Item = (Level, u64)> {
    let level = |id: &str| Category::from_id(id).map_or(Level::L4, Category::level);
    entry.intent.clear.iter().map(move |(category, count)| (level(category), *count))
}
