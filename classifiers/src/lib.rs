//! Finds investors' personal information: by field name, by neighbours, by value and in free text.
//!
//! Pure and allocation-shy: text in, [`Hit`]s out; no I/O, no policy. A caller that walks a document asks
//! [`Classifier::key`] once per distinct field name and [`Classifier::value`] once per scalar.
//!
//! ```
//! use yingbi_classifiers::{Classifier, Scalar, Signals};
//! use yingbi_taxonomy::Kind;
//!
//! let classifier = Classifier::shipped();
//! let key = classifier.key("linkManMobileNo2");
//! assert_eq!(key.kind, Some(Kind::Mobile));
//!
//! let mut hits = Vec::new();
//! classifier.text("客户张三丰来电，手机13800138001", &mut hits);
//! let kinds: Vec<Kind> = hits.iter().map(|hit| hit.kind).collect();
//! assert_eq!(kinds, [Kind::Name, Kind::Mobile]);
//! ```
//!
//! What names mean is data in `lexicon/`, whose README says how to add to it. A recognizer is a file in
//! `src/recognize/`; `src/scan.rs` says which tokens it sees.

mod cues;
mod firm;
mod lexicon;
mod plain;
mod prose;
mod recognize;
mod scan;
mod shape;
mod validity;
mod words;

pub use firm::{FirmLexicon, FirmName, FirmPattern, FirmWords, TooManyWords};
pub use shape::begins_plainly;
pub use validity::{Wrong, wrong};

use cues::{Cues, mark};
use firm::Firm;
use lexicon::Lexicon;
use plain::Plain;
use prose::{addresses, codes, dump, facts, labels, latin, names, numerals, plates, spaced, sql};
use recognize::moment;
use scan::Reach;
use std::sync::{Arc, LazyLock};
use yingbi_taxonomy::{Kind, Level};

/// How a value was recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum How {
    /// A firm's binding says so.
    Binding,
    /// The field name alone says so.
    Key,
    /// The field name says so and the value or the neighbouring fields agree.
    Context,
    /// The value alone says so (check digit, segment, format).
    Value,
    /// Found inside free text.
    Text,
}

/// One recognised stretch of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// First byte, counted in the decoded value.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// What it is.
    pub kind: Kind,
    /// How it was recognised.
    pub how: How,
    /// How sure, 0 to 100; policies treat everything from 50 up.
    pub confidence: u8,
}

/// What neighbouring field names say about a record: a bit set, or-ed over the keys of one object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Signals(pub u16);

impl Signals {
    /// The record speaks of a natural person (mobile, ID number, gender …).
    pub const PERSON: Signals = Signals(1);
    /// The record speaks of a security, fund or other product.
    pub const PRODUCT: Signals = Signals(2);
    /// The record speaks of a company or institution.
    pub const ORGANISATION: Signals = Signals(4);
    /// The record speaks of an account of an investor.
    pub const ACCOUNT: Signals = Signals(8);

    /// Both sets together.
    pub const fn union(self, other: Signals) -> Signals {
        Signals(self.0 | other.0)
    }

    /// Whether all bits of `other` are set.
    pub const fn has(self, other: Signals) -> bool {
        self.0 & other.0 == other.0
    }
}

/// How much of the decision a field name takes by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strength {
    /// The name decides: every value under it is of its kind.
    Decides,
    /// The value must have the shape of the kind.
    NeedsShape,
    /// The value must have the shape, and the other keys of the object are asked: classify when the object closes.
    NeedsRecord,
    /// The value must have the shape, and the record must not be one of a product or an organisation in which neither a
    /// person nor an account is spoken of: `repay_date` of a bond, `lng` of a branch.
    UnlessPublic,
    /// The value must be one of the firm's own patterns or words for the kind.
    NeedsFirm,
}

/// What a field name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyMeaning {
    /// The kind the name speaks of, if any.
    pub kind: Option<Kind>,
    /// How far the name alone decides.
    pub strength: Strength,
    /// What the name says about its whole record.
    pub signals: Signals,
    /// The name says what its value is and that it is no personal information (`stock_name`, `trace_id`, `created_at`):
    /// only checks of the value that can't be accidental apply.
    pub denies: bool,
    /// The value is prose in which anything can stand (`remark`, `memo`, `content`).
    pub prose: bool,
}

impl KeyMeaning {
    /// A name that says nothing.
    pub const UNKNOWN: KeyMeaning = KeyMeaning {
        kind: None,
        strength: Strength::Decides,
        signals: Signals(0),
        denies: false,
        prose: false,
    };
}

/// A scalar as it stands in a document.
#[derive(Clone, Copy, Debug)]
pub enum Scalar<'a> {
    /// A string, decoded (no escapes).
    Text(&'a str),
    /// A number, as spelt.
    Number(&'a str),
    /// `true` or `false`; a hit on it means the whole value.
    Bool,
}

/// Two Chinese characters in bytes, and the longest names of minorities.
const SHORTEST_PERSON: usize = 6;
const LONGEST_PERSON: usize = 48;

/// No number of less digits is somebody's, unless a name says so.
pub const SHORTEST_NUMBER: usize = 11;
/// No number of less digits shows beyond accident whose it is.
const SHORTEST_CERTAIN_NUMBER: usize = 18;

/// The compiled lexicon and recognizers.
pub struct Classifier {
    lexicon: Arc<Lexicon>,
    firm: Option<Firm>,
}

impl Classifier {
    /// The shipped lexicon and recognizers, compiled once per process.
    pub fn shipped() -> &'static Classifier {
        static SHIPPED: LazyLock<Classifier> =
            LazyLock::new(|| Classifier { lexicon: Arc::new(Lexicon::shipped()), firm: None });
        &SHIPPED
    }

    /// The shipped ones and what a firm adds.
    ///
    /// # Errors
    /// The firm's word lists are too large.
    pub fn with_firm(firm: FirmLexicon) -> Result<Classifier, TooManyWords> {
        let lexicon = Arc::clone(&Classifier::shipped().lexicon);
        Ok(Classifier { lexicon, firm: Some(Firm::compile(firm)?) })
    }

    /// What a field name (JSON key, column, form field, header name) says.
    pub fn key(&self, name: &str) -> KeyMeaning {
        let shipped = self.lexicon.key(name);
        match &self.firm {
            Some(firm) => firm.key(name, shipped),
            None => shipped,
        }
    }

    /// Whether a field's name is a person's: `{"林超": {"balance": 10}}`. Nothing announces such a name, so all of it has
    /// to look like one, and the lexicon must know no word in it.
    pub fn names_person(&self, name: &str) -> bool {
        !name.is_ascii()
            && (SHORTEST_PERSON..=LONGEST_PERSON).contains(&name.len())
            && names::stands_alone(name)
            && self.key(name) == KeyMeaning::UNKNOWN
            && !self.lexicon.knows_a_word_of(name)
    }

    /// Appends what is found in one value. Hits are sorted, do not overlap and lie on character boundaries.
    ///
    /// `record` is the union of the signals of the object's keys; it may be incomplete unless the key's strength is
    /// [`Strength::NeedsRecord`]. A hit on [`Scalar::Bool`] means the whole value, however it is spelt.
    pub fn value(&self, key: KeyMeaning, record: Signals, value: Scalar<'_>, hits: &mut Vec<Hit>) {
        if let Some((kind, how)) = self.whole(key, record, value) {
            let end = match value {
                Scalar::Text(text) | Scalar::Number(text) => text.len(),
                Scalar::Bool => BOOL_SPAN,
            };
            hits.push(Hit { start: 0, end, kind, how, confidence: 95 });
            return;
        }
        match value {
            Scalar::Text(text) => {
                let reach = if key.denies { Reach::Certain } else { Reach::Ordinary };
                let first = hits.len();
                self.scan(text, reach, key.prose, hits);
                if shape::is_anothers(key, record) {
                    drop_of_place(hits, first);
                }
                self.add_firms(text, hits, first);
            }
            Scalar::Number(number) => {
                // `-5`, `1e9`: a signed or scaled number is a quantity, nobody's number; nor is a short one.
                let least = if key.denies { SHORTEST_CERTAIN_NUMBER } else { SHORTEST_NUMBER };
                if number.bytes().any(|byte| matches!(byte, b'e' | b'E')) || number.starts_with('-') {
                    return;
                }
                let first = hits.len();
                if number.len() >= least {
                    let reach = if key.denies { Reach::Certain } else { Reach::Ordinary };
                    scan::values(number, Cues::of(number), reach, hits);
                    settle(hits, first);
                }
                self.add_firms(number, hits, first);
            }
            Scalar::Bool => {}
        }
    }

    /// What a value is as a whole, by its field's name and its own form; `None`: nothing, or not as a whole. What
    /// [`Classifier::value`] asks first, for callers that need no hit to act on it.
    #[inline]
    pub fn whole(&self, key: KeyMeaning, record: Signals, value: Scalar<'_>) -> Option<(Kind, How)> {
        let kind = key.kind?;
        // Most values need no more than their name.
        let (length, is_number) = match value {
            Scalar::Text(text) => (text.len(), false),
            Scalar::Number(spelt) => (spelt.len(), true),
            Scalar::Bool => (0, false),
        };
        if shape::begins_plainly(value)
            && self.plainly_from(key, kind, record, is_number).is_some_and(|least| least <= length)
        {
            let how = if key.strength == Strength::Decides { How::Key } else { How::Context };
            return Some((kind, how));
        }
        let firms = || self.firm_agrees(key, value).then_some((kind, How::Context));
        shape::whole(key, kind, record, value).or_else(firms)
    }

    /// The least length from which on every text, or every number, that [begins plainly](begins_plainly) is of this
    /// kind under this name in such a record; `None` where that takes a look at the value.
    #[inline]
    pub fn plainly_from(
        &self,
        key: KeyMeaning,
        kind: Kind,
        record: Signals,
        is_number: bool,
    ) -> Option<usize> {
        shape::plainly_from(key, kind, record, is_number)
    }

    /// Whether the name asks for one of the firm's own values, and this is one.
    #[inline]
    fn firm_agrees(&self, key: KeyMeaning, value: Scalar<'_>) -> bool {
        match (&self.firm, key.kind, value) {
            (Some(firm), Some(kind), Scalar::Text(text) | Scalar::Number(text)) => {
                key.strength == Strength::NeedsFirm && firm.agrees(kind, text)
            }
            _ => false,
        }
    }

    /// What the firm's own patterns and words find, after everything else.
    #[inline]
    fn add_firms(&self, text: &str, hits: &mut Vec<Hit>, first: usize) {
        let Some(firm) = &self.firm else { return };
        let before = hits.len();
        firm.find(text, None, hits);
        if hits.len() > before {
            firm::prefer(hits, first, before);
            settle(hits, first);
        }
    }

    /// Appends what is found in text that has no field name (a whole text body, a header value, a log line).
    pub fn text(&self, text: &str, hits: &mut Vec<Hit>) {
        self.value(
            KeyMeaning { prose: true, ..KeyMeaning::UNKNOWN },
            Signals::default(),
            Scalar::Text(text),
            hits,
        );
    }

    /// Folds look-alike characters when there are any, then looks for values, labels, names and addresses.
    fn scan(&self, text: &str, reach: Reach, prose: bool, hits: &mut Vec<Hit>) {
        // The one text full of digits that is in every answer.
        if moment::is_moment(text.as_bytes()) {
            return;
        }
        let first = hits.len();
        let cues = Cues::of(text);
        let plain = if cues.has(mark::FOLDED) { Plain::of(text) } else { None };
        match &plain {
            Some(plain) => {
                self.scan_plain(&plain.text, Cues::of(&plain.text), reach, prose, hits);
                plain.carry_back(hits.get_mut(first..).unwrap_or_default());
            }
            None => self.scan_plain(text, cues, reach, prose, hits),
        }
        settle(hits, first);
    }

    fn scan_plain(&self, text: &str, cues: Cues, reach: Reach, prose: bool, hits: &mut Vec<Hit>) {
        let first = hits.len();
        scan::values(text, cues, reach, hits);
        if reach == Reach::Certain {
            return;
        }
        let reads_prose = prose || text.len() >= SENTENCE;
        // A short word of Chinese without digits and marks, such as a status, holds no sentence.
        if !reads_prose && !cues.has(mark::DIGIT | mark::COLON | mark::EQUALS) {
            return;
        }
        let simplified = if cues.has(mark::TRADITIONAL) { plain::simplified(text) } else { None };
        match &simplified {
            Some(simple) => self.read(simple, Cues::of(simple), reads_prose, first, hits),
            None => self.read(text, cues, reads_prose, first, hits),
        }
    }

    /// Looks for what words show, each finder only where the text has its marks.
    fn read(&self, text: &str, cues: Cues, reads_prose: bool, first: usize, hits: &mut Vec<Hit>) {
        if cues.may_hold_label() {
            labels::find(&self.lexicon, text, cues, hits);
        }
        if text.len() >= SENTENCE {
            if cues.has(mark::EQUALS) && cues.has(mark::BRACKET) {
                dump::find(&self.lexicon, text, hits);
            }
            if cues.has(mark::QUOTE) && cues.has(mark::LETTER) && cues.has(mark::SPACE | mark::LINE) {
                sql::find(&self.lexicon, text, hits);
            }
        }
        if reads_prose && cues.has(mark::LETTER) && cues.has(mark::SPACE | mark::BRACKET) {
            latin::find(text, cues, hits);
            if cues.has(mark::DIGIT) && cues.has(mark::SPACE) {
                addresses::find_english(text, hits);
            }
        }
        if reads_prose && cues.has(mark::DIGIT) && cues.has(mark::CODE | mark::LETTER) {
            codes::find(text, cues, hits);
        }
        if cues.has(mark::AT) {
            for index in first..hits.len() {
                if let Some(address) = hits.get(index).copied().filter(|hit| hit.kind == Kind::Email) {
                    names::before_address(text, address.start, hits);
                }
            }
        }
        if !cues.has(mark::HIGH) {
            return;
        }
        for index in first..hits.len() {
            let is_ones = |hit: &Hit| matches!(hit.kind, Kind::Mobile | Kind::ResidentId | Kind::BankCard);
            if let Some(number) = hits.get(index).copied().filter(is_ones) {
                names::before_number(text, number.start, hits);
                names::after_number(text, number.end, hits);
            }
        }
        if reads_prose && cues.may_hold_numerals() {
            numerals::find(text, hits);
        }
        if reads_prose && cues.may_hold_name() {
            let before = hits.len();
            names::find(text, cues, hits);
            if cues.has(mark::BRACKET) && cues.digits() >= 7 {
                for index in before..hits.len() {
                    hits.extend(hits.get(index).and_then(|name| names::code_behind(text, name.end)));
                }
            }
        }
        if cues.has(mark::MONEY | mark::AGE | mark::ILL) {
            facts::find(text, cues, hits);
        }
        if cues.has(mark::PLATE) && cues.has(mark::LETTER) && cues.digits() >= 2 {
            plates::find(text, hits);
        }
        if reads_prose && cues.has(mark::SPACE) && cues.may_hold_name() {
            spaced::find(&self.lexicon, text, hits);
        }
        if cues.may_hold_address() {
            addresses::find(text, hits);
            let mut index = 0;
            hits.retain(|hit| {
                index += 1;
                index <= first || hit.kind != Kind::Address || !addresses::is_of_organisation(text, hit.start)
            });
        }
    }
}

/// `true` and `false` have no text; their hit spans this many bytes and means the whole value.
const BOOL_SPAN: usize = 4;

/// Values of fields that say nothing are read as prose from this length on (six Chinese characters); shorter ones are
/// names of things more often than sentences.
const SENTENCE: usize = 18;

/// Removes landlines and addresses, which companies have as well as people; whatever else was found stays.
fn drop_of_place(hits: &mut Vec<Hit>, first: usize) {
    let mut index = 0;
    hits.retain(|hit| {
        index += 1;
        index <= first || !matches!(hit.kind, Kind::Phone | Kind::Address)
    });
}

/// Sorts the hits from `first` on and keeps the surer, then the longer of two that overlap.
fn settle(hits: &mut Vec<Hit>, first: usize) {
    let Some(found) = hits.get_mut(first..).filter(|found| found.len() > 1) else { return };
    found.sort_unstable_by_key(|hit| (hit.start, std::cmp::Reverse(hit.end)));
    let mut kept = first;
    for index in first..hits.len() {
        let Some(hit) = hits.get(index).copied() else { break };
        let Some(last) =
            kept.checked_sub(1).filter(|last| *last >= first).and_then(|last| hits.get_mut(last))
        else {
            kept = index + 1;
            continue;
        };
        if hit.start >= last.end {
            if let Some(slot) = hits.get_mut(kept) {
                *slot = hit;
            }
            kept += 1;
        } else if (hit.confidence, hit.end - hit.start) > (last.confidence, last.end - last.start) {
            // What only the weaker hit covered stays covered: a gap would show what was found.
            let kind = sterner(shape::refine(hit.kind, last.kind), last.kind);
            *last = Hit { start: last.start.min(hit.start), end: last.end.max(hit.end), kind, ..hit };
        } else {
            last.kind = sterner(shape::refine(last.kind, hit.kind), hit.kind);
            last.end = last.end.max(hit.end);
        }
    }
    hits.truncate(kept);
}

/// The kind that two readings of one stretch make: what may be a secret is one, though it looks like a number or an
/// address (`密码13800138000`).
fn sterner(kind: Kind, other: Kind) -> Kind {
    if other.level() == Level::L4 && kind.level() != Level::L4 { other } else { kind }
}

#[cfg(test)]
#[path = "generated/tests.rs"]
mod generated;
#[cfg(test)]
#[path = "rows/tests.rs"]
mod rows;
#[cfg(test)]
mod tests;
