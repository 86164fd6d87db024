//! What an incident asks: of many accesses at once, who saw whom, what, and when (T/TSAC 001—2025 §7.8 c).
//!
//! An answer that was released in segments has a record for each, under one id: it is one access to whomever it concerns,
//! however many of its segments do.

use super::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// Accesses taken together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// All of them together.
    pub total: Group,
    /// By the caller's pseudonym; empty for callers nobody knows.
    pub callers: BTreeMap<String, Group>,
    /// By the investor's pseudonym.
    pub subjects: BTreeMap<String, Group>,
    /// By method and route template.
    pub routes: BTreeMap<String, Group>,
}

/// What a group of accesses comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// Permitted accesses.
    pub accesses: u64,
    /// Refused ones.
    pub refused: u64,
    /// Of the permitted, those of which nobody knows how they ended.
    pub unknown: u64,
    /// Time of the first.
    pub first: String,
    /// Time of the last.
    pub last: String,
    /// Sequence of the last record.
    pub sequence: u64,
    /// Values released in clear, by category.
    pub clear: BTreeMap<String, u64>,
    /// Values masked, by category.
    pub masked: BTreeMap<String, u64>,
    /// Values left out, by category.
    pub dropped: BTreeMap<String, u64>,
    /// Purposes.
    pub purposes: BTreeSet<String>,
    /// Trace ids of some, to go on from.
    pub traces: Vec<String>,
    /// Of answers in segments: what was decided, and the id.
    flowing: BTreeSet<(String, String)>,
}

impl Summary {
    /// Takes an access in.
    ///
    /// Counts of values are the access's: of a list they are of all its investors, and stand with each of them.
    pub fn add(&mut self, entry: &Entry) {
        let intent = &entry.intent;
        self.total.add(entry);
        self.callers.entry(intent.caller.clone()).or_default().add(entry);
        self.routes.entry(format!("{} {}", intent.method, intent.route)).or_default().add(entry);
        let subjects: BTreeSet<&String> = intent.subjects.iter().collect();
        for subject in subjects {
            self.subjects.entry(subject.clone()).or_default().add(entry);
        }
    }
}

impl Group {
    fn add(&mut self, entry: &Entry) {
        let intent = &entry.intent;
        let is_new = intent.part.is_none()
            || self.flowing.insert((intent.decision.clone(), intent.decision_id.clone()));
        match intent.decision.as_str() {
            "permit" => self.accesses += u64::from(is_new),
            _ => self.refused += u64::from(is_new),
        }
        self.unknown += u64::from(is_new && entry.result() == "unknown");
        if self.first.is_empty() || intent.time < self.first {
            self.first.clone_from(&intent.time);
        }
        if intent.time > self.last {
            self.last.clone_from(&intent.time);
        }
        self.sequence = self.sequence.max(entry.sequence);
        let counts = [
            (&mut self.clear, &intent.clear),
            (&mut self.masked, &intent.masked),
            (&mut self.dropped, &intent.dropped),
        ];
        for (to, from) in counts {
            for (category, count) in from {
                let to = to.entry(category.clone()).or_default();
                *to = to.saturating_add(*count);
            }
        }
        self.purposes.extend(intent.purpose.clone());
        if is_new && self.traces.len() < TRACES && !intent.trace.is_empty() {
            self.traces.push(intent.trace.clone());
        }
    }
}

/// Trace ids kept of a group.
const TRACES: usize = 10;
