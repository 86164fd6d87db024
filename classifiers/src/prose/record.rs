//! Fields and values that a text prints side by side: classified as a document's record would be.

use crate::lexicon::Lexicon;
use crate::{Hit, How, KeyMeaning, Scalar, Signals, shape};

/// The lexicon, with the last names of this text remembered: rows and dumps repeat theirs.
pub(crate) struct Keys<'l, 't> {
    lexicon: &'l Lexicon,
    /// Empty until something is looked up.
    seen: Vec<Option<(&'t str, KeyMeaning)>>,
}

impl<'l, 't> Keys<'l, 't> {
    pub(crate) fn new(lexicon: &'l Lexicon) -> Self {
        Keys { lexicon, seen: Vec::new() }
    }

    /// What a field or column says; `c.id_no` is `id_no` where the whole says nothing.
    pub(crate) fn meaning(&mut self, name: &'t str) -> KeyMeaning {
        let place =
            name.bytes().fold(name.len(), |hash, byte| hash.wrapping_mul(31) ^ usize::from(byte)) % 32;
        if let Some(Some((known, meaning))) = self.seen.get(place)
            && *known == name
        {
            return *meaning;
        }
        let whole = self.lexicon.key(name);
        let meaning = match name.rsplit_once('.') {
            Some((_, last)) if whole.kind.is_none() && !whole.denies => self.lexicon.key(last),
            _ => whole,
        };
        self.seen.resize(32, None);
        if let Some(slot) = self.seen.get_mut(place) {
            *slot = Some((name, meaning));
        }
        meaning
    }
}

/// The fields of one printed record.
#[derive(Default)]
pub(crate) struct Record {
    signals: Signals,
    values: Vec<(KeyMeaning, usize, usize)>,
}

impl Record {
    pub(crate) fn signals(&self) -> Signals {
        self.signals
    }

    pub(crate) fn add(&mut self, signals: Signals) {
        self.signals = self.signals.union(signals);
    }

    /// A field of the record, whether or not its value stands in the text.
    pub(crate) fn field(&mut self, meaning: KeyMeaning) {
        self.signals = self.signals.union(meaning.signals);
    }

    /// The value of a field, from byte to byte.
    pub(crate) fn value(&mut self, meaning: KeyMeaning, start: usize, end: usize) {
        self.field(meaning);
        if meaning.kind.is_some() && start < end {
            self.values.push((meaning, start, end));
        }
    }

    /// Appends the values that are of their field's kind, and forgets the record.
    pub(crate) fn settle(&mut self, text: &str, hits: &mut Vec<Hit>) {
        let signals = std::mem::take(&mut self.signals);
        for (meaning, start, end) in self.values.drain(..) {
            let Some(value) = text.get(start..end).filter(|value| !is_stand_in(value)) else { continue };
            let scalar = match value.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
                true => Scalar::Number(value),
                false => Scalar::Text(value),
            };
            if let Some(kind) = meaning.kind
                && shape::agrees(meaning, kind, signals, scalar)
            {
                hits.push(Hit { start, end, kind, how: How::Text, confidence: 94 });
            }
        }
    }
}

/// What is printed where there is no value.
pub(crate) fn is_stand_in(value: &str) -> bool {
    ["null", "nil", "none", "undefined"].iter().any(|word| word.eq_ignore_ascii_case(value))
}
