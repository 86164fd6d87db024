//! Records as they are appended: written straight from what is borrowed, without a value in between. What is written
//! reads back as [`Intent`](crate::Intent) and [`Outcome`](crate::Outcome).

use crate::Record;
use crate::record;
use crate::search::categories;
use jiff::Timestamp;
use jiff::tz::Offset;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use yingbi_crypto::Pseudonym;
use yingbi_taxonomy::{Category, Level};

/// What can be appended to a log: it writes itself as one record in JSON.
pub trait Entry {
    /// Appends the record.
    ///
    /// # Errors
    /// It can't be told in JSON.
    fn write(&self, json: &mut Vec<u8>) -> serde_json::Result<()>;

    /// Whether this is a permitted access to nothing above level 2: the first to be refused when the disk fills up.
    fn is_minor(&self) -> bool {
        false
    }
}

impl Entry for Record {
    fn write(&self, json: &mut Vec<u8>) -> serde_json::Result<()> {
        record::write_json(self, json)
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
    /// Who receives the data, where it is not the firm itself.
    pub recipient: Option<&'a str>,
    /// Where that is, when it is abroad.
    pub country: Option<&'a str>,
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

    fn write(&self, json: &mut Vec<u8>) -> serde_json::Result<()> {
        let mut object = Object(json);
        object.raw(br#"{"type":"intent","time":""#);
        object.time(self.time);
        object.raw(br#"","decision_id":"#);
        object.text(self.decision_id)?;
        object.raw(br#","caller":"#);
        object.pseudonym(self.caller.as_ref());
        object.raw(br#","identified_by":"#);
        object.text(self.identified_by)?;
        object.raw(br#","roles":"#);
        object.list(self.roles)?;
        object.raw(br#","source":"#);
        object.pseudonym(self.source.as_ref());
        object.raw(br#","method":"#);
        object.text(self.method)?;
        object.raw(br#","route":"#);
        object.text(self.route)?;
        object.option(br#","purpose":"#, self.purpose)?;
        object.option(br#","basis":"#, self.basis)?;
        object.option(br#","recipient":"#, self.recipient)?;
        object.option(br#","country":"#, self.country)?;
        if !self.grants.is_empty() {
            object.raw(br#","grants":"#);
            object.list(self.grants)?;
        }
        if !self.consents.is_empty() {
            object.raw(br#","consents":"#);
            object.list(self.consents)?;
        }
        if !self.marks.is_empty() {
            object.raw(br#","marks":"#);
            object.list(self.marks)?;
        }
        object.limits(self.limits)?;
        object.raw(br#","decision":"#);
        object.text(self.decision)?;
        object.option(br#","code":"#, self.code)?;
        object.number(br#","status":"#, self.status.into());
        object.raw(br#","rules":"#);
        object.list(self.rules)?;
        object.raw(br#","policy":"#);
        object.text(self.policy)?;
        object.raw(br#","trace":"#);
        object.text(self.trace)?;
        object.found(self.found)?;
        if !self.overrides.is_empty() {
            object.raw(br#","overrides":"#);
            object.list(&self.overrides)?;
        }
        object.counts(br#","input_faults":{"#, self.input_faults)?;
        object.treatments(br#","request":{"#, self.request)?;
        object.number(br#","bytes":"#, self.bytes);
        if let Some(part) = self.part {
            object.number(br#","part":"#, part);
        }
        object.raw(b"}");
        Ok(())
    }
}

impl Entry for Ended<'_> {
    fn write(&self, json: &mut Vec<u8>) -> serde_json::Result<()> {
        let mut object = Object(json);
        object.raw(br#"{"type":"outcome","time":""#);
        object.time(self.time);
        object.raw(br#"","decision_id":"#);
        object.text(self.decision_id)?;
        object.raw(br#","result":"#);
        object.text(self.result)?;
        object.number(br#","bytes":"#, self.bytes);
        object.raw(b"}");
        Ok(())
    }
}

/// An object that is being written.
struct Object<'a>(&'a mut Vec<u8>);

impl Object<'_> {
    fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// A text; nearly all are ids that need no escape.
    fn text(&mut self, text: &str) -> serde_json::Result<()> {
        // Without a branch a byte, so that many are looked at in one step.
        let escaped = text.bytes().fold(0, |seen, byte| {
            seen | u8::from(byte < 0x20) | u8::from(byte == b'"') | u8::from(byte == b'\\')
        });
        if escaped != 0 {
            return serde_json::to_writer(&mut *self.0, text);
        }
        self.raw(b"\"");
        self.raw(text.as_bytes());
        self.raw(b"\"");
        Ok(())
    }

    fn option(&mut self, key: &[u8], text: Option<&str>) -> serde_json::Result<()> {
        let Some(text) = text else { return Ok(()) };
        self.raw(key);
        self.text(text)
    }

    fn list(&mut self, texts: &[impl AsRef<str>]) -> serde_json::Result<()> {
        let mut before: &[u8] = b"[";
        for text in texts {
            self.raw(before);
            self.text(text.as_ref())?;
            before = b",";
        }
        self.raw(if texts.is_empty() { b"[]" } else { b"]" });
        Ok(())
    }

    fn number(&mut self, key: &[u8], number: u64) {
        self.raw(key);
        self.digits(number, 1);
    }

    /// At least `least` decimal digits.
    fn digits(&mut self, number: u64, least: usize) {
        let (mut digits, mut rest, mut start) = ([b'0'; 20], number, 20);
        for (at, digit) in digits.iter_mut().enumerate().rev() {
            if rest == 0 && 20 - at > least {
                break;
            }
            *digit = b'0' + (rest % 10) as u8;
            (rest, start) = (rest / 10, at);
        }
        self.raw(digits.get(start..).unwrap_or_default());
    }

    /// UTC, RFC 3339 with microseconds.
    fn time(&mut self, time: Timestamp) {
        let at = Offset::UTC.to_datetime(time);
        let positive = |number: i8| u64::try_from(number).unwrap_or_default();
        self.digits(u64::try_from(at.year()).unwrap_or_default(), 4);
        for (before, number) in [
            (b"-", positive(at.month())),
            (b"-", positive(at.day())),
            (b"T", positive(at.hour())),
            (b":", positive(at.minute())),
            (b":", positive(at.second())),
        ] {
            self.raw(before);
            self.digits(number, 2);
        }
        self.raw(b".");
        self.digits(u64::try_from(at.subsec_nanosecond() / 1000).unwrap_or_default(), 6);
        self.raw(b"Z");
    }

    /// A pseudonym; nobody has an empty one.
    fn pseudonym(&mut self, pseudonym: Option<&Pseudonym>) {
        let Some(Pseudonym(bytes)) = pseudonym else { return self.raw(br#""""#) };
        let mut text = [b'"'; 34];
        let digit = |nibble: u8| nibble + if nibble < 10 { b'0' } else { b'a' - 10 };
        let digits = text.iter_mut().skip(1);
        digits
            .zip(bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]))
            .for_each(|(to, nibble)| *to = digit(nibble));
        self.raw(&text);
    }

    fn found(&mut self, found: Option<Found<'_>>) -> serde_json::Result<()> {
        let Some(found) = found else {
            self.raw(br#","records":0,"subjects":[]"#);
            return Ok(());
        };
        self.number(br#","records":"#, found.records);
        let mut before: &[u8] = br#","subjects":["#;
        for subject in found.subjects {
            self.raw(before);
            self.pseudonym(Some(subject));
            before = b",";
        }
        self.raw(if found.subjects.is_empty() { br#","subjects":[]"# } else { b"]" });
        let by_category: [(&[u8], _); 4] = [
            (br#","clear":{"#, found.clear),
            (br#","masked":{"#, found.masked),
            (br#","dropped":{"#, found.dropped),
            (br#","monitored":{"#, found.monitored),
        ];
        for (key, counts) in by_category {
            self.entries(key, counts.iter().map(|(category, count)| (category.id(), *count)))?;
        }
        self.treatments(br#","keyed":{"#, found.keyed)?;
        self.entries(br#","raised":{"#, found.raised.iter().map(|(id, count)| (&**id, *count)))
    }

    /// Limits by id; left out when there are none.
    fn limits(&mut self, limits: &[(Arc<str>, Pseudonym)]) -> serde_json::Result<()> {
        let mut before: &[u8] = br#","limits":{"#;
        for (id, scope) in limits {
            self.raw(before);
            self.text(id)?;
            self.raw(b":");
            self.pseudonym(Some(scope));
            before = b",";
        }
        if !limits.is_empty() {
            self.raw(b"}");
        }
        Ok(())
    }

    fn counts(&mut self, key: &[u8], counts: &BTreeMap<String, u64>) -> serde_json::Result<()> {
        self.entries(key, counts.iter().map(|(what, count)| (what.as_str(), *count)))
    }

    fn treatments(
        &mut self,
        key: &[u8],
        counts: &BTreeMap<(Category, &'static str), u64>,
    ) -> serde_json::Result<()> {
        let named: Vec<(String, u64)> = counts
            .iter()
            .map(|((category, treatment), count)| (format!("{}: {treatment}", category.id()), *count))
            .collect();
        self.entries(key, named.iter().map(|(what, count)| (what.as_str(), *count)))
    }

    /// An object of counts behind its key and brace; left out when it is empty.
    fn entries<'e>(
        &mut self,
        key: &[u8],
        entries: impl Iterator<Item = (&'e str, u64)>,
    ) -> serde_json::Result<()> {
        let mut before = key;
        for (what, count) in entries {
            self.raw(before);
            self.text(what)?;
            self.number(b":", count);
            before = b",";
        }
        if before != key {
            self.raw(b"}");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
