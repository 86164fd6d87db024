//! Reads them back, strictly: what is cut short, out of order or of no known form is no record.

use super::{ID_DIGITS, INTENT, OUTCOME, WORDS, form, tag};
use crate::record::{Intent, Outcome, Record};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Whether a record's payload is an outcome.
pub(crate) fn is_outcome(payload: &[u8]) -> bool {
    payload.first() == Some(&OUTCOME) || payload.starts_with(b"{\"type\":\"outcome\"")
}

/// The record of a payload, however it is written.
pub(crate) fn record(payload: &[u8]) -> Option<Record> {
    let Some(fields) = Fields::of(payload) else { return serde_json::from_slice(payload).ok() };
    if fields.is_outcome { outcome(fields) } else { intent(fields) }
}

/// The fields of a compact payload.
#[derive(Clone)]
pub(crate) struct Fields<'a> {
    /// Of an outcome, not an access.
    pub is_outcome: bool,
    rest: &'a [u8],
    last: u8,
}

/// A field.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field<'a> {
    pub tag: u8,
    /// Of numbers and counts.
    pub number: u64,
    /// Of texts and counts.
    pub text: Text<'a>,
    /// The text as it is written: what a writer writes alike reads alike.
    pub written: &'a [u8],
}

/// A text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Text<'a> {
    Plain(&'a str),
    Hex(u8, &'a [u8]),
    Id(u8, &'a [u8], u64),
}

impl<'a> Fields<'a> {
    /// Of this payload; `None` when it is JSON, or nothing.
    pub fn of(payload: &'a [u8]) -> Option<Self> {
        let (kind, rest) = payload.split_first()?;
        let is_outcome = match *kind {
            INTENT => false,
            OUTCOME => true,
            _ => return None,
        };
        Some(Fields { is_outcome, rest, last: 0 })
    }

    /// The next field, `Some(None)` at the end.
    pub fn next(&mut self) -> Option<Option<Field<'a>>> {
        let Some((tag, rest)) = self.rest.split_first() else { return Some(None) };
        let tag = *tag;
        if tag < tag::TIME {
            return self.rest.iter().all(|byte| *byte == b' ').then_some(None);
        }
        // Only texts and counts stand more than once.
        if tag < self.last || (tag == self.last && tag < tag::DECISION_ID) {
            return None;
        }
        (self.rest, self.last) = (rest, tag);
        let mut field = Field { tag, number: 0, text: Text::Plain(""), written: &[] };
        if (0xa0..0xe0).contains(&tag) {
            field.text = self.text()?;
            let length = rest.len() - self.rest.len();
            field.written = rest.get(..length)?;
        }
        if (0x80..0xa0).contains(&tag) || (0xc0..0xe0).contains(&tag) {
            field.number = self.number()?;
        }
        (tag < 0xe0).then_some(Some(field))
    }

    fn number(&mut self) -> Option<u64> {
        u64::try_from(self.leb128()?.checked_sub(1)?).ok()
    }

    fn text(&mut self) -> Option<Text<'a>> {
        let head = u64::try_from(self.leb128()?).ok()?;
        let length = usize::try_from(head >> 2).ok()?;
        match head & 3 {
            form::PLAIN => {
                let bytes = self.bytes(length.checked_sub(1)?)?;
                std::str::from_utf8(bytes).ok().map(Text::Plain)
            }
            form::WORD => WORDS.get(length.checked_sub(1)?).copied().map(Text::Plain),
            form::HEX => {
                let mask = self.byte()?;
                self.bytes(length).map(|bytes| Text::Hex(mask, bytes))
            }
            _ if length == 0 => {
                let mask = self.byte()?;
                let bytes = self.bytes(8)?;
                let number = self.number().filter(|number| *number < 1 << (4 * ID_DIGITS))?;
                Some(Text::Id(mask, bytes, number))
            }
            _ => None,
        }
    }

    fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*byte)
    }

    fn bytes(&mut self, length: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(bytes)
    }

    fn leb128(&mut self) -> Option<u128> {
        let mut number = 0;
        for place in 0..LONGEST_NUMBER {
            let byte = self.byte()?;
            number |= u128::from(byte & 0x7f) << (7 * place);
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }
}

impl Text<'_> {
    /// Appends it as it reads.
    pub fn push_to(&self, to: &mut String) {
        match self {
            Text::Plain(text) => to.push_str(text),
            Text::Hex(mask, bytes) => push_hex(to, *mask, bytes),
            Text::Id(mask, bytes, number) => {
                push_hex(to, *mask, bytes);
                // Writing to a string never fails.
                let _ = write!(to, "-{number:0ID_DIGITS$x}");
            }
        }
    }
}

impl From<Text<'_>> for String {
    fn from(text: Text<'_>) -> String {
        let mut string = String::new();
        text.push_to(&mut string);
        string
    }
}

fn push_hex(to: &mut String, mask: u8, bytes: &[u8]) {
    to.reserve(2 * bytes.len());
    for nibble in bytes.iter().flat_map(|byte| [(byte ^ mask) >> 4, (byte ^ mask) & 15]) {
        to.push(char::from(nibble + if nibble < 10 { b'0' } else { b'a' - 10 }));
    }
}

fn intent(mut fields: Fields<'_>) -> Option<Record> {
    let mut intent = Intent::default();
    let mut limit: Option<String> = None;
    while let Some(field) = fields.next()? {
        let Field { tag, number, text, .. } = field;
        match tag {
            tag::TIME => intent.time = time(number)?,
            tag::STATUS => intent.status = u16::try_from(number).ok()?,
            tag::RECORDS => intent.records = number,
            tag::BYTES => intent.bytes = number,
            tag::PART => intent.part = Some(number),
            tag::DECISION_ID => intent.decision_id = text.into(),
            tag::CALLER => intent.caller = text.into(),
            tag::IDENTIFIED_BY => intent.identified_by = text.into(),
            tag::ROLES => intent.roles.push(text.into()),
            tag::SOURCE => intent.source = text.into(),
            tag::METHOD => intent.method = text.into(),
            tag::ROUTE => intent.route = text.into(),
            tag::PURPOSE => intent.purpose = Some(text.into()),
            tag::BASIS => intent.basis = Some(text.into()),
            tag::GRANTS => intent.grants.push(text.into()),
            tag::DECISION => intent.decision = text.into(),
            tag::CODE => intent.code = Some(text.into()),
            tag::RULES => intent.rules.push(text.into()),
            tag::POLICY => intent.policy = text.into(),
            tag::TRACE => intent.trace = text.into(),
            tag::SUBJECTS => intent.subjects.push(text.into()),
            tag::OVERRIDES => intent.overrides.push(text.into()),
            tag::CONSENTS => intent.consents.push(text.into()),
            tag::MARKS => intent.marks.push(text.into()),
            tag::RECIPIENT => intent.recipient = Some(text.into()),
            tag::COUNTRY => intent.country = Some(text.into()),
            tag::LIMITS => match limit.take() {
                None => limit = Some(text.into()),
                Some(id) => drop(intent.limits.insert(id, text.into())),
            },
            tag::CLEAR => count(&mut intent.clear, field),
            tag::MASKED => count(&mut intent.masked, field),
            tag::DROPPED => count(&mut intent.dropped, field),
            tag::MONITORED => count(&mut intent.monitored, field),
            tag::RAISED => count(&mut intent.raised, field),
            tag::INPUT_FAULTS => count(&mut intent.input_faults, field),
            tag::KEYED => count(&mut intent.keyed, field),
            tag::REQUEST => count(&mut intent.request, field),
            _ => {}
        }
    }
    limit.is_none().then(|| Record::Intent(Box::new(intent)))
}

fn outcome(mut fields: Fields<'_>) -> Option<Record> {
    let mut outcome =
        Outcome { time: String::new(), decision_id: String::new(), result: String::new(), bytes: 0 };
    while let Some(Field { tag, number, text, .. }) = fields.next()? {
        match tag {
            tag::TIME => outcome.time = time(number)?,
            tag::BYTES => outcome.bytes = number,
            tag::DECISION_ID => outcome.decision_id = text.into(),
            tag::RESULT => outcome.result = text.into(),
            _ => {}
        }
    }
    Some(Record::Outcome(outcome))
}

fn count(counts: &mut BTreeMap<String, u64>, Field { number, text, .. }: Field<'_>) {
    counts.insert(text.into(), number);
}

fn time(micros: u64) -> Option<String> {
    let time = Timestamp::from_microsecond(i64::try_from(micros).ok()?).ok()?;
    Some(format!("{time:.6}"))
}

/// Bytes of 2^64 in LEB128.
const LONGEST_NUMBER: u32 = 10;
