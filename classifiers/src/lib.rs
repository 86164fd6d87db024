//! Finds investors' personal information: by field name, by neighbours, by value and in free text.
//!
//! Pure and allocation-shy: text in, [`Hit`]s out; no I/O, no policy. A caller that walks a document asks
//! [`Classifier::key`] once per distinct field name and [`Classifier::value`] once per scalar.

mod lexicon;
mod words;

use lexicon::Lexicon;
use std::sync::LazyLock;
use yingbi_taxonomy::Kind;

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
    /// `true` or `false`.
    Bool,
}

/// The compiled lexicon and recognizers.
pub struct Classifier {
    lexicon: Lexicon,
}

impl Classifier {
    /// The shipped lexicon and recognizers, compiled once per process.
    pub fn shipped() -> &'static Classifier {
        static SHIPPED: LazyLock<Classifier> = LazyLock::new(|| Classifier { lexicon: Lexicon::shipped() });
        &SHIPPED
    }

    /// What a field name (JSON key, column, form field, header name) says.
    pub fn key(&self, name: &str) -> KeyMeaning {
        self.lexicon.key(name)
    }

    /// Appends what is found in one value. Hits are sorted, do not overlap and lie on character boundaries.
    ///
    /// `record` is the union of the signals of the object's keys; it may be incomplete unless the key's strength is
    /// [`Strength::NeedsRecord`].
    pub fn value(&self, key: KeyMeaning, record: Signals, value: Scalar<'_>, hits: &mut Vec<Hit>) {
        let _ = (key, record, value, hits);
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
}
