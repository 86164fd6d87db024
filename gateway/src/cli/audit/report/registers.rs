//! Registers: what was provided to whom (T/TSAC 001—2025 §8.7.2 e: date, scale, purpose, scope, recipient), and what was out of
//! the ordinary.

use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use yingbi_audit::search::{Entry, Event};

/// The recipient of what is published.
const PUBLIC: &str = "public";

/// What a recipient got for a purpose.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Provision {
    pub recipient: String,
    /// Where that is, when it is abroad.
    pub country: String,
    pub purpose: String,
    pub basis: String,
    /// Dates of the first and the last time.
    pub first: String,
    pub last: String,
    /// How often.
    pub accesses: u64,
    /// Scale: distinct investors, by pseudonym.
    pub investors: usize,
    /// Scope: values by category, in clear and treated.
    pub clear: BTreeMap<String, u64>,
    pub treated: BTreeMap<String, u64>,
    pub routes: BTreeSet<String>,
    /// Sequences of the first and the last record, to go on from.
    pub records: (u64, u64),
    #[serde(skip)]
    subjects: BTreeSet<String>,
    #[serde(skip)]
    flowing: BTreeSet<String>,
}

/// Provisions by recipient and purpose.
#[derive(Debug, Default)]
pub(super) struct Provisions(BTreeMap<(String, String), Provision>);

/// Something out of the ordinary that an officer did.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Exception {
    pub sequence: u64,
    pub time: String,
    pub event: String,
    pub by: String,
    /// All else that the event says.
    pub detail: BTreeMap<String, String>,
}

impl Provisions {
    /// Takes an access in, if it provided something to somebody else.
    pub fn add(&mut self, entry: &Entry) {
        let intent = &entry.intent;
        let Some(recipient) = intent.recipient.as_ref().filter(|_| intent.decision == "permit") else {
            return;
        };
        let purpose = intent.purpose.clone().unwrap_or_default();
        let provision = self.0.entry((recipient.clone(), purpose.clone())).or_insert_with(|| Provision {
            recipient: recipient.clone(),
            country: intent.country.clone().unwrap_or_default(),
            purpose,
            basis: intent.basis.clone().unwrap_or_default(),
            first: intent.time.clone(),
            records: (entry.sequence, entry.sequence),
            ..Provision::default()
        });
        if intent.part.is_none() || provision.flowing.insert(intent.decision_id.clone()) {
            provision.accesses += 1;
        }
        provision.last.clone_from(&intent.time);
        provision.records.1 = entry.sequence;
        provision.subjects.extend(intent.subjects.iter().cloned());
        provision.investors = provision.subjects.len();
        provision.routes.insert(format!("{} {}", intent.method, intent.route));
        add(&mut provision.clear, &intent.clear);
        add(&mut provision.treated, &intent.masked);
        add(&mut provision.treated, &intent.dropped);
    }

    /// The registers of third parties, of those of them abroad, and of publications.
    pub fn registers(self) -> (Vec<Provision>, Vec<Provision>, Vec<Provision>) {
        let (published, provided): (Vec<_>, Vec<_>) =
            self.0.into_values().partition(|provision| provision.recipient == PUBLIC);
        let out = provided.iter().filter(|provision| !provision.country.is_empty()).cloned().collect();
        (provided, out, published)
    }
}

fn add(to: &mut BTreeMap<String, u64>, from: &BTreeMap<String, u64>) {
    for (category, count) in from {
        let to = to.entry(category.clone()).or_default();
        *to = to.saturating_add(*count);
    }
}

impl Exception {
    /// Of an event, if it is one.
    pub fn of(event: Event) -> Option<Self> {
        let is_one =
            ["grant-", "break-glass", "switch-", "subject-", "officer-refused", "checkpoint-contradicted"]
                .iter()
                .any(|start| event.event.starts_with(start));
        let Event { sequence, time, event, mut detail } = event;
        is_one.then(|| {
            let by = detail.remove("by").unwrap_or_default();
            Exception { sequence, time, event, by, detail }
        })
    }
}
