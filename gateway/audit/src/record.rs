//! What is recorded: counts, ids and pseudonyms, never a value (T/TSAC 001—2025 §7.5 f, §8.3.3.3 b).
//!
//! Fields may be added later and readers pass over those they don't know: integrity is the chain's, which covers every
//! byte, so an older reader can still search a newer log.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// One entry of the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Record {
    /// What is about to be released or was refused; durable before a byte leaves.
    Intent(Box<Intent>),
    /// How the release ended.
    Outcome(Outcome),
    /// The log itself: opened, recovered, broken, policy loaded.
    Event {
        /// UTC, RFC 3339 with microseconds.
        time: String,
        /// `opened`, `recovered`, `break`, `notes-lost`, `policy-loaded`, `policy-rejected`, `closed`; `grant-…`, `consent-…`,
        /// `ticket-…`, `switch-…`, `break-glass…` for what officers do.
        event: String,
        /// Details without values.
        detail: BTreeMap<String, String>,
    },
}

/// One access (T/TSAC 001 §7.5 f, §7.7 a).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Intent {
    /// UTC, RFC 3339 with microseconds.
    pub time: String,
    /// Unique id, also in the answer's problem document.
    pub decision_id: String,
    /// Pseudonym of the caller; empty when unauthenticated.
    pub caller: String,
    /// How the caller was identified: `jwt`, `mtls`, `api-token`, `none`.
    pub identified_by: String,
    /// Roles the caller had.
    pub roles: Vec<String>,
    /// Pseudonym of the peer's address.
    pub source: String,
    /// Method of the request.
    pub method: String,
    /// Route template, never the path itself.
    pub route: String,
    /// Purpose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// Lawful basis.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<String>,
    /// Who receives the data, where it is not the firm itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient: Option<String>,
    /// Where that is, when it is abroad (§8.6.2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Grants that the request could use (§7.5 j, k); their tickets stand in the events that opened them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grants: Vec<String>,
    /// Consents that the request brought with it, as digests of their credentials.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub consents: Vec<String>,
    /// What stood out about the caller: `shared-account`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<String>,
    /// Limits under which the investors were counted (§7.5 h), each with the pseudonym of whose investors it counts
    /// together: what limits have counted can be counted again from these. Where not all of the record's investors were
    /// counted under a limit, each who was stands behind its id: `<limit> <pseudonym>`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub limits: BTreeMap<String, String>,
    /// `permit` or `refuse`.
    pub decision: String,
    /// Refusal code, when refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// HTTP status that goes to the client.
    pub status: u16,
    /// Rules that decided.
    pub rules: Vec<String>,
    /// Digest of the policy version.
    pub policy: String,
    /// Trace id from `traceparent`, or the request id.
    pub trace: String,
    /// Number of investor records in the answer.
    pub records: u64,
    /// Pseudonyms of the investors concerned.
    pub subjects: Vec<String>,
    /// Values released in clear, by category id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub clear: BTreeMap<String, u64>,
    /// Values masked.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub masked: BTreeMap<String, u64>,
    /// Values left out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub dropped: BTreeMap<String, u64>,
    /// Values that `monitor` rules would have treated otherwise.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub monitored: BTreeMap<String, u64>,
    /// Of the masked, what has a key, by category and treatment: `identity.document: encrypt`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub keyed: BTreeMap<String, u64>,
    /// Records that what they hold together, or somebody's age, made stricter, by the id of the combination.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub raised: BTreeMap<String, u64>,
    /// What categories counted as on the route, where that differs from the standard: `wealth.cash: level 2`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<String>,
    /// Wrong values that came in, by category and rule: `identity.document: check-digit`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub input_faults: BTreeMap<String, u64>,
    /// What was changed in what came in, by category and treatment: `identity.document: mask`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub request: BTreeMap<String, u64>,
    /// Bytes of the body to be released.
    pub bytes: u64,
    /// Of an answer that is released in segments, each with a record of its own under one id: the number of this one,
    /// from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<u64>,
}

/// How a release ended; an intent without outcome is "outcome unknown".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// UTC, RFC 3339 with microseconds.
    pub time: String,
    /// The intent's id.
    pub decision_id: String,
    /// `handed-to-socket`; `aborted` when the client left or time ran out; `partial` when an answer in segments was cut
    /// off because the rest of it failed to come or could not be released; `not-begun`.
    pub result: String,
    /// Body bytes handed to the socket.
    pub bytes: u64,
}

/// The parts of a record by which it is looked for, borrowed from its JSON.
#[derive(Debug, Deserialize)]
pub(crate) struct Keys<'a> {
    #[serde(rename = "type", borrow)]
    pub kind: Cow<'a, str>,
    #[serde(default, borrow)]
    pub time: Cow<'a, str>,
    #[serde(default, borrow)]
    pub decision_id: Cow<'a, str>,
    #[serde(default, borrow)]
    pub caller: Cow<'a, str>,
    #[serde(default, borrow)]
    pub route: Cow<'a, str>,
    #[serde(default, borrow)]
    pub decision: Cow<'a, str>,
    #[serde(default, borrow)]
    pub trace: Cow<'a, str>,
    #[serde(default, borrow)]
    pub code: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    pub purpose: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    pub rules: Vec<Cow<'a, str>>,
    #[serde(default, borrow)]
    pub subjects: Vec<Cow<'a, str>>,
    #[serde(default, borrow)]
    pub clear: BTreeMap<Cow<'a, str>, u64>,
    #[serde(default, borrow)]
    pub masked: BTreeMap<Cow<'a, str>, u64>,
    #[serde(default, borrow)]
    pub dropped: BTreeMap<Cow<'a, str>, u64>,
    #[serde(default, borrow)]
    pub monitored: BTreeMap<Cow<'a, str>, u64>,
}

/// An event of the log itself, now.
pub(crate) fn event(event: &str, detail: BTreeMap<String, String>) -> Record {
    Record::Event { time: format!("{:.6}", now()), event: event.to_owned(), detail }
}

pub(crate) fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// The record in JSON; `{}` could it not be serialised, which its types rule out.
pub(crate) fn json(record: &Record) -> Vec<u8> {
    let mut bytes = Vec::new();
    match write_json(record, &mut bytes) {
        Ok(()) => bytes,
        Err(_) => b"{}".to_vec(),
    }
}

pub(crate) fn write_json(record: &Record, bytes: &mut Vec<u8>) -> serde_json::Result<()> {
    serde_json::to_writer(bytes, record)
}

#[cfg(test)]
mod tests;
