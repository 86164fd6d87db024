//! Texts of the document at hand in which nothing was found: lists repeat their statuses, remarks and places.

use super::keys::Ends;
use crate::meaning::Meaning;
use std::ops::Range;
use yingbi_classifiers::Signals;

/// A few texts in which nothing was found, by where they stand; nothing of them is kept.
pub(crate) struct Clean {
    slots: Vec<Slot>,
    /// The documents begun so far.
    documents: u64,
}

#[derive(Clone, Copy)]
struct Slot {
    document: u64,
    start: u32,
    length: u32,
    meaning: Meaning,
    record: Signals,
}

impl Clean {
    pub(crate) fn new() -> Self {
        let (meaning, record) = (Meaning::UNKNOWN, Signals::default());
        Clean { slots: vec![Slot { document: 0, start: 0, length: 0, meaning, record }; SLOTS], documents: 0 }
    }

    /// A number for another document.
    pub(crate) fn document(&mut self) -> u64 {
        self.documents += 1;
        self.documents
    }

    /// Whether nothing was found in the same text elsewhere in a document, under the same name and in such a record.
    #[inline]
    pub(crate) fn has(
        &self,
        document: u64,
        (text, range): (&str, &Range<usize>),
        meaning: Meaning,
        record: Signals,
    ) -> bool {
        let Some(one) = text.get(range.clone()) else { return false };
        self.slots.get(slot(one)).is_some_and(|slot| {
            let from = slot.start as usize;
            slot.document == document
                && slot.length as usize == one.len()
                && slot.meaning == meaning
                && slot.record == record
                && text.get(from..from + one.len()) == Some(one)
        })
    }

    /// Takes note that nothing was found in a text.
    pub(crate) fn add(
        &mut self,
        document: u64,
        (text, range): (&str, Range<usize>),
        meaning: Meaning,
        record: Signals,
    ) {
        let Some(one) = text.get(range.clone()) else { return };
        if let Some(slot) = self.slots.get_mut(slot(one)) {
            let (start, length) = (range.start as u32, one.len() as u32);
            *slot = Slot { document, start, length, meaning, record };
        }
    }
}

/// The slot of a text, by its ends: the worst that can be made up is that nothing is found here.
#[inline]
fn slot(text: &str) -> usize {
    let Ends(first, last) = Ends::of(text.as_bytes());
    let word = first ^ last.rotate_left(29) ^ text.len() as u64;
    (word.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 57) as usize
}

const SLOTS: usize = 1 << 7;

/// The texts looked for: shorter ones are read as fast, longer ones repeat less.
pub(crate) const LENGTHS: std::ops::RangeInclusive<usize> = 5..=256;
