//! Writes accesses and outcomes.

use super::{ID_DIGITS, INSTANCE_DIGITS, INTENT, OUTCOME, WORDS, form, tag};
use crate::entry::{Access, Ended};
use crate::record::{Intent, Outcome};
use jiff::Timestamp;
use std::collections::BTreeMap;
use yingbi_crypto::Pseudonym;
use yingbi_taxonomy::Category;

/// Writes an access; `None`, with nothing written that counts, when it can only be told in JSON.
pub(crate) fn access(to: &mut Vec<u8>, access: &Access<'_>) -> Option<()> {
    let mut out = Out::new(to, INTENT);
    out.time(access.time)?;
    out.number(tag::STATUS, access.status.into());
    out.number(tag::RECORDS, access.found.map_or(0, |found| found.records));
    out.number(tag::BYTES, access.bytes);
    out.part(access.part);
    out.text(tag::DECISION_ID, access.decision_id)?;
    out.pseudonym(tag::CALLER, access.caller.as_ref());
    out.text(tag::IDENTIFIED_BY, access.identified_by)?;
    out.list(tag::ROLES, access.roles)?;
    out.pseudonym(tag::SOURCE, access.source.as_ref());
    out.text(tag::METHOD, access.method)?;
    out.text(tag::ROUTE, access.route)?;
    out.option(tag::PURPOSE, access.purpose)?;
    out.option(tag::BASIS, access.basis)?;
    out.list(tag::GRANTS, access.grants)?;
    out.text(tag::DECISION, access.decision)?;
    out.option(tag::CODE, access.code)?;
    out.list(tag::RULES, access.rules)?;
    out.text(tag::POLICY, access.policy)?;
    out.text(tag::TRACE, access.trace)?;
    for subject in access.found.iter().flat_map(|found| found.subjects) {
        out.pseudonym(tag::SUBJECTS, Some(subject));
    }
    out.list(tag::OVERRIDES, &access.overrides)?;
    out.list(tag::CONSENTS, access.consents)?;
    out.list(tag::MARKS, access.marks)?;
    out.option(tag::RECIPIENT, access.recipient)?;
    for (id, scope) in access.limits {
        out.option(tag::LIMITS, Some(id))?;
        out.pseudonym(tag::LIMITS, Some(scope));
    }
    out.option(tag::COUNTRY, access.country)?;
    if let Some(found) = &access.found {
        for (tag, counts) in [
            (tag::CLEAR, found.clear),
            (tag::MASKED, found.masked),
            (tag::DROPPED, found.dropped),
            (tag::MONITORED, found.monitored),
        ] {
            out.counts(tag, counts.iter().map(|(category, count)| (category.id(), *count)))?;
        }
        out.counts(tag::RAISED, found.raised.iter().map(|(id, count)| (&**id, *count)))?;
    }
    out.counts(tag::INPUT_FAULTS, pairs(access.input_faults))?;
    if let Some(found) = &access.found {
        out.treatments(tag::KEYED, found.keyed)?;
    }
    out.treatments(tag::REQUEST, access.request)
}

/// Writes an outcome, in the same way.
pub(crate) fn ended(to: &mut Vec<u8>, ended: &Ended<'_>) -> Option<()> {
    let mut out = Out::new(to, OUTCOME);
    out.time(ended.time)?;
    out.number(tag::BYTES, ended.bytes);
    out.text(tag::DECISION_ID, ended.decision_id)?;
    out.text(tag::RESULT, ended.result)
}

/// Writes an access that is held as it is read.
pub(crate) fn intent(to: &mut Vec<u8>, intent: &Intent) -> Option<()> {
    let mut out = Out::new(to, INTENT);
    out.time(exact(&intent.time)?)?;
    out.number(tag::STATUS, intent.status.into());
    out.number(tag::RECORDS, intent.records);
    out.number(tag::BYTES, intent.bytes);
    out.part(intent.part);
    out.text(tag::DECISION_ID, &intent.decision_id)?;
    out.text(tag::CALLER, &intent.caller)?;
    out.text(tag::IDENTIFIED_BY, &intent.identified_by)?;
    out.list(tag::ROLES, &intent.roles)?;
    out.text(tag::SOURCE, &intent.source)?;
    out.text(tag::METHOD, &intent.method)?;
    out.text(tag::ROUTE, &intent.route)?;
    out.option(tag::PURPOSE, intent.purpose.as_deref())?;
    out.option(tag::BASIS, intent.basis.as_deref())?;
    out.list(tag::GRANTS, &intent.grants)?;
    out.text(tag::DECISION, &intent.decision)?;
    out.option(tag::CODE, intent.code.as_deref())?;
    out.list(tag::RULES, &intent.rules)?;
    out.text(tag::POLICY, &intent.policy)?;
    out.text(tag::TRACE, &intent.trace)?;
    out.list(tag::SUBJECTS, &intent.subjects)?;
    out.list(tag::OVERRIDES, &intent.overrides)?;
    out.list(tag::CONSENTS, &intent.consents)?;
    out.list(tag::MARKS, &intent.marks)?;
    out.option(tag::RECIPIENT, intent.recipient.as_deref())?;
    for (id, scope) in &intent.limits {
        out.option(tag::LIMITS, Some(id))?;
        out.option(tag::LIMITS, Some(scope))?;
    }
    out.option(tag::COUNTRY, intent.country.as_deref())?;
    for (tag, counts) in [
        (tag::CLEAR, &intent.clear),
        (tag::MASKED, &intent.masked),
        (tag::DROPPED, &intent.dropped),
        (tag::MONITORED, &intent.monitored),
        (tag::RAISED, &intent.raised),
        (tag::INPUT_FAULTS, &intent.input_faults),
        (tag::KEYED, &intent.keyed),
        (tag::REQUEST, &intent.request),
    ] {
        out.counts(tag, pairs(counts))?;
    }
    Some(())
}

/// Writes an outcome that is held as it is read.
pub(crate) fn outcome(to: &mut Vec<u8>, outcome: &Outcome) -> Option<()> {
    let ended = Ended {
        time: exact(&outcome.time)?,
        decision_id: &outcome.decision_id,
        result: &outcome.result,
        bytes: outcome.bytes,
    };
    self::ended(to, &ended)
}

/// The bytes of a text behind its tag; `None` for one that stands in JSON only.
pub(crate) fn text(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    Out { to: &mut bytes }.put(text).map(|()| bytes)
}

fn pairs(counts: &BTreeMap<String, u64>) -> impl Iterator<Item = (&str, u64)> {
    counts.iter().map(|(what, count)| (what.as_str(), *count))
}

/// The time that a text writes exactly so.
fn exact(text: &str) -> Option<Timestamp> {
    let time: Timestamp = text.parse().ok()?;
    (format!("{time:.6}") == text).then_some(time)
}

/// A record that is being written.
struct Out<'a> {
    to: &'a mut Vec<u8>,
}

impl<'a> Out<'a> {
    fn new(to: &'a mut Vec<u8>, kind: u8) -> Self {
        to.push(kind);
        Out { to }
    }

    fn time(&mut self, time: Timestamp) -> Option<()> {
        let micros = u64::try_from(time.as_microsecond()).ok()?;
        self.number(tag::TIME, micros);
        Some(())
    }

    /// Nothing for 0.
    fn number(&mut self, tag: u8, number: u64) {
        if number > 0 {
            self.to.push(tag);
            self.put_number(number);
        }
    }

    fn part(&mut self, part: Option<u64>) {
        if let Some(part) = part {
            self.to.push(tag::PART);
            self.put_number(part);
        }
    }

    /// Nothing for an empty text.
    fn text(&mut self, tag: u8, text: &str) -> Option<()> {
        self.option(tag, Some(text).filter(|text| !text.is_empty()))
    }

    fn option(&mut self, tag: u8, text: Option<&str>) -> Option<()> {
        let Some(text) = text else { return Some(()) };
        self.to.push(tag);
        self.put(text)
    }

    fn list(&mut self, tag: u8, texts: &[impl AsRef<str>]) -> Option<()> {
        texts.iter().try_for_each(|text| self.option(tag, Some(text.as_ref())))
    }

    fn pseudonym(&mut self, tag: u8, pseudonym: Option<&Pseudonym>) {
        if let Some(Pseudonym(bytes)) = pseudonym {
            self.to.push(tag);
            self.head(bytes.len() as u64, form::HEX);
            self.masked(bytes);
        }
    }

    fn counts<'e>(&mut self, tag: u8, counts: impl Iterator<Item = (&'e str, u64)>) -> Option<()> {
        for (what, count) in counts {
            self.option(tag, Some(what))?;
            self.put_number(count);
        }
        Some(())
    }

    fn treatments(&mut self, tag: u8, counts: &BTreeMap<(Category, &'static str), u64>) -> Option<()> {
        counts.iter().try_for_each(|((category, treatment), count)| {
            self.option(tag, Some(&format!("{}: {treatment}", category.id())))?;
            self.put_number(*count);
            Some(())
        })
    }

    fn put_number(&mut self, number: u64) {
        self.leb128(u128::from(number) + 1);
    }

    fn head(&mut self, length: u64, form: u64) {
        self.leb128(u128::from(length) << 2 | u128::from(form));
    }

    fn leb128(&mut self, mut number: u128) {
        while number >= 0x80 {
            self.to.push(0x80 | (number & 0x7f) as u8);
            number >>= 7;
        }
        self.to.push(number as u8);
    }

    /// A text in its shortest form.
    fn put(&mut self, text: &str) -> Option<()> {
        let bytes = text.as_bytes();
        if let Some(word) = word(text) {
            self.head(word, form::WORD);
        } else if let Some((instance, number)) = id(text) {
            self.head(0, form::ID);
            self.masked(&instance);
            self.put_number(number);
        } else if let Some(packed) = packed(bytes) {
            let packed = packed.get(..bytes.len() / 2)?;
            self.head(packed.len() as u64, form::HEX);
            self.masked(packed);
        } else {
            if bytes.iter().any(u8::is_ascii_control) {
                return None;
            }
            self.head(bytes.len() as u64 + 1, form::PLAIN);
            self.to.extend_from_slice(bytes);
        }
        Some(())
    }

    fn masked(&mut self, bytes: &[u8]) {
        // INVARIANT: at most `MAX_PACKED` bytes are masked, so that some byte is none of them.
        let mask = (1..=u8::MAX).find(|mask| !bytes.contains(mask)).unwrap_or(1);
        self.to.push(mask);
        self.to.extend(bytes.iter().map(|byte| byte ^ mask));
    }
}

fn word(text: &str) -> Option<u64> {
    if text.len() > LONGEST_WORD {
        return None;
    }
    let first = text.as_bytes().first()?;
    let place = WORDS.iter().position(|word| word.as_bytes().first() == Some(first) && *word == text)?;
    Some(place as u64 + 1)
}

/// The parts of a decision id.
fn id(text: &str) -> Option<([u8; INSTANCE_DIGITS / 2], u64)> {
    let bytes = text.as_bytes();
    if bytes.len() != INSTANCE_DIGITS + 1 + ID_DIGITS {
        return None;
    }
    let (instance, rest) = bytes.split_at_checked(INSTANCE_DIGITS)?;
    let digits = rest.strip_prefix(b"-")?;
    let packed = packed(instance)?;
    let number = digits.iter().try_fold(0, |number, digit| Some(number << 4 | u64::from(nibble(*digit)?)))?;
    Some((*packed.first_chunk()?, number))
}

/// Lower-case hexadecimal digits as bytes, if it is an even number of nothing else.
fn packed(digits: &[u8]) -> Option<[u8; MAX_PACKED]> {
    if digits.is_empty() || digits.len() > 2 * MAX_PACKED {
        return None;
    }
    let (pairs, rest) = digits.as_chunks::<2>();
    let mut packed = [0; MAX_PACKED];
    for (to, [high, low]) in packed.iter_mut().zip(pairs) {
        *to = nibble(*high)? << 4 | nibble(*low)?;
    }
    rest.is_empty().then_some(packed)
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

/// Digests and ids are no longer.
const MAX_PACKED: usize = 64;

/// Longer texts are no word.
const LONGEST_WORD: usize = 24;
