//! Records as they are appended: written straight from what is borrowed, without a value in between. What is written
//! reads back as [`Intent`](crate::Intent) and [`Outcome`](crate::Outcome).

use crate::compact;
use crate::record::{self, Intent, Outcome, Record};
use crate::search::categories;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use yingbi_crypto::Pseudonym;
use yingbi_taxonomy::{Category, Level};

/// What can be appended to a log: it writes itself as the payload of one record.
pub trait Entry {
    /// Appends the payload.
    ///
    /// # Errors
    /// It can't be told.
    fn write(&self, payload: &mut Vec<u8>) -> serde_json::Result<()>;

    /// Whether this is a permitted access to nothing above level 2: the first to be refused when the disk fills up.
    fn is_minor(&self) -> bool {
        false
    }
}

impl Entry for Record {
    fn write(&self, payload: &mut Vec<u8>) -> serde_json::Result<()> {
        let start = payload.len();
        let written = match self {
            Record::Intent(intent) => compact::intent(payload, intent),
            Record::Outcome(outcome) => compact::outcome(payload, outcome),
            Record::Event { .. } => None,
        };
        written.map_or_else(|| in_json(payload, start, self), Ok)
    }

    fn is_minor(&self) -> bool {
        let Record::Intent(intent) = self else { return false };
        intent.decision == "permit" && !categories(intent).any(|category| category.level() > Level::L2)
    }
}

/// One access, as [`Intent`](crate::Intent) says it.
#[derive(Clone, Debug)]
pub struct Access<'a> {
    /// Now.
    pub time: Timestamp,
    /// Unique id, also in the answer's problem document.
    pub decision_id: &'a str,
    /// Who calls; none when unauthenticated.
    pub caller: Option<Pseudonym>,
    /// How the caller was identified.
    pub identified_by: &'a str,
    /// Roles the caller had.
    pub roles: &'a [Arc<str>],
    /// The peer's address.
    pub source: Option<Pseudonym>,
    /// Method of the request.
    pub method: &'a str,
    /// Route template.
    pub route: &'a str,
    /// Purpose.
    pub purpose: Option<&'a str>,
    /// Lawful basis.
    pub basis: Option<&'a str>,
    /// Who receives the data, where it is not the firm itself.
    pub recipient: Option<&'a str>,
    /// Where that is, when it is abroad.
    pub country: Option<&'a str>,
    /// `permit` or `refuse`.
    pub decision: &'a str,
    /// Refusal code, when refused.
    pub code: Option<&'a str>,
    /// HTTP status that goes to the client.
    pub status: u16,
    /// Rules that decided.
    pub rules: &'a [Arc<str>],
    /// Digest of the policy version.
    pub policy: &'a str,
    /// Grants that the request could use.
    pub grants: &'a [Arc<str>],
    /// Consents that the request brought with it.
    pub consents: &'a [Arc<str>],
    /// What stood out about the caller.
    pub marks: &'a [&'static str],
    /// Limits under which its investors were counted, and whose they count together.
    pub limits: &'a [(Arc<str>, Pseudonym)],
    /// Trace id.
    pub trace: &'a str,
    /// What was found; none in a refusal.
    pub found: Option<Found<'a>>,
    /// What categories counted as.
    pub overrides: Vec<String>,
    /// Wrong values that came in.
    pub input_faults: &'a BTreeMap<String, u64>,
    /// What was changed in what came in, by category and treatment.
    pub request: &'a BTreeMap<(Category, &'static str), u64>,
    /// Bytes of the body to be released.
    pub bytes: u64,
    /// Which segment of an answer, from 1, when it is released in several.
    pub part: Option<u64>,
}

/// What an answer holds.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    /// Number of investor records.
    pub records: u64,
    /// The investors concerned.
    pub subjects: &'a BTreeSet<Pseudonym>,
    /// Values released in clear.
    pub clear: &'a BTreeMap<Category, u64>,
    /// Values masked.
    pub masked: &'a BTreeMap<Category, u64>,
    /// Of the masked, what has a key, by the treatment's name.
    pub keyed: &'a BTreeMap<(Category, &'static str), u64>,
    /// Values left out.
    pub dropped: &'a BTreeMap<Category, u64>,
    /// Values that `monitor` rules would have treated otherwise.
    pub monitored: &'a BTreeMap<Category, u64>,
    /// Records that were made stricter, by the id of the combination.
    pub raised: &'a BTreeMap<Arc<str>, u64>,
}

/// How a release ended, as [`Outcome`](crate::Outcome) says it.
#[derive(Clone, Copy, Debug)]
pub struct Ended<'a> {
    /// Now.
    pub time: Timestamp,
    /// The intent's id.
    pub decision_id: &'a str,
    /// `handed-to-socket`, `aborted`, `partial`, `not-begun`.
    pub result: &'a str,
    /// Body bytes handed to the socket.
    pub bytes: u64,
}

impl Entry for Access<'_> {
    fn is_minor(&self) -> bool {
        let found =
            self.found.iter().flat_map(|found| [found.clear, found.masked, found.dropped, found.monitored]);
        let changed = self.request.keys().map(|(category, _)| category);
        let is_sensitive =
            found.flat_map(BTreeMap::keys).chain(changed).any(|category| category.level() > Level::L2);
        self.decision == "permit" && !is_sensitive
    }

    fn write(&self, payload: &mut Vec<u8>) -> serde_json::Result<()> {
        let start = payload.len();
        compact::access(payload, self).map_or_else(|| in_json(payload, start, &self.record()), Ok)
    }
}

impl Entry for Ended<'_> {
    fn write(&self, payload: &mut Vec<u8>) -> serde_json::Result<()> {
        let start = payload.len();
        compact::ended(payload, self).map_or_else(|| in_json(payload, start, &self.record()), Ok)
    }
}

/// What can't be said in few bytes, instead of what was written of it.
fn in_json(payload: &mut Vec<u8>, start: usize, record: &Record) -> serde_json::Result<()> {
    payload.truncate(start);
    record::write_json(record, payload)
}

impl Access<'_> {
    /// The same as it is read back.
    fn record(&self) -> Record {
        let texts = |list: &[Arc<str>]| list.iter().map(|text| text.to_string()).collect();
        let pseudonym = |pseudonym: Option<Pseudonym>| pseudonym.map(|one| one.to_string());
        let by_id = |counts: for<'f> fn(&Found<'f>) -> &'f BTreeMap<Category, u64>| {
            let found = self.found.iter().flat_map(counts);
            found.map(|(category, count)| (category.id().to_owned(), *count)).collect()
        };
        let found = self.found.as_ref();
        let raised = found.iter().flat_map(|found| found.raised);
        Record::Intent(Box::new(Intent {
            time: format!("{:.6}", self.time),
            decision_id: self.decision_id.to_owned(),
            caller: pseudonym(self.caller).unwrap_or_default(),
            identified_by: self.identified_by.to_owned(),
            roles: texts(self.roles),
            source: pseudonym(self.source).unwrap_or_default(),
            method: self.method.to_owned(),
            route: self.route.to_owned(),
            purpose: self.purpose.map(str::to_owned),
            basis: self.basis.map(str::to_owned),
            recipient: self.recipient.map(str::to_owned),
            country: self.country.map(str::to_owned),
            grants: texts(self.grants),
            consents: texts(self.consents),
            marks: self.marks.iter().map(|mark| (*mark).to_owned()).collect(),
            limits: self.limits.iter().map(|(id, scope)| (id.to_string(), scope.to_string())).collect(),
            decision: self.decision.to_owned(),
            code: self.code.map(str::to_owned),
            status: self.status,
            rules: texts(self.rules),
            policy: self.policy.to_owned(),
            trace: self.trace.to_owned(),
            records: found.map_or(0, |found| found.records),
            subjects: found.iter().flat_map(|found| found.subjects).map(Pseudonym::to_string).collect(),
            clear: by_id(|found| found.clear),
            masked: by_id(|found| found.masked),
            dropped: by_id(|found| found.dropped),
            monitored: by_id(|found| found.monitored),
            keyed: found.map(|found| treatments(found.keyed)).unwrap_or_default(),
            raised: raised.map(|(id, count)| (id.to_string(), *count)).collect(),
            overrides: self.overrides.clone(),
            input_faults: self.input_faults.clone(),
            request: treatments(self.request),
            bytes: self.bytes,
            part: self.part,
        }))
    }
}

/// Counts by category and treatment, as records name them.
fn treatments(counts: &BTreeMap<(Category, &'static str), u64>) -> BTreeMap<String, u64> {
    let named = counts.iter().map(|((category, what), count)| (format!("{}: {what}", category.id()), *count));
    named.collect()
}

impl Ended<'_> {
    /// The same as it is read back.
    fn record(&self) -> Record {
        Record::Outcome(Outcome {
            time: format!("{:.6}", self.time),
            decision_id: self.decision_id.to_owned(),
            result: self.result.to_owned(),
            bytes: self.bytes,
        })
    }
}

#[cfg(test)]
mod tests;
