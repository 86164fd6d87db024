//! Fields of records that repeat: what was done with one the last time, so that the next takes a comparison.
//!
//! What is remembered of a field holds for one view of the policies, and for the place where it stands. Values are
//! counted here and added to all other counts when a document ends.

use super::keys::KeyId;
use crate::counts::{Counts, Found, Outcome};
use crate::fields::Fields;
use yingbi_classifiers::Signals;
use yingbi_policies::Mask;
use yingbi_taxonomy::Kind;

/// Masked fields, by learned name.
#[derive(Default)]
pub(crate) struct Columns {
    columns: Vec<Option<Column>>,
    /// Those with values that were not added yet.
    counted: Vec<u32>,
    /// Of the table of fields that they point into.
    generation: u32,
}

/// A field whose values were masked the last time.
#[derive(Clone, Copy)]
pub(crate) struct Column {
    /// The view that it was masked by, and the pattern of the object that it is in.
    pub(crate) view: u64,
    pub(crate) pattern: u32,
    /// Where it is counted.
    pub(crate) field: u32,
    pub(crate) kind: Kind,
    /// What the record said, and from which length on texts and numbers that begin plainly are then of the kind whatever
    /// they are.
    pub(crate) record: Signals,
    pub(crate) plain_from: [usize; 2],
    pub(crate) is_monitored: bool,
    pub(crate) mask: Mask,
    /// Values since they were added the last time.
    pub(crate) count: u32,
}

impl Columns {
    /// Makes ready for a document.
    pub(crate) fn begin(&mut self, fields: &Fields) {
        if self.generation != fields.generation() {
            self.columns.clear();
            self.generation = fields.generation();
        }
    }

    /// What was done with a field the last time, when that was under the same view in the same place.
    #[inline(always)]
    pub(crate) fn get(&mut self, key: KeyId, view: u64, pattern: u32) -> Option<Known<'_>> {
        let column = self.columns.get_mut(key.index())?.as_mut()?;
        (column.view == view && column.pattern == pattern).then_some(Known {
            column,
            counted: &mut self.counted,
            key,
        })
    }

    /// Remembers what was done with a field.
    pub(crate) fn put(&mut self, key: KeyId, column: Column, counts: &mut Counts, fields: &mut Fields) {
        let Some(at) = key.learned() else { return };
        if self.columns.len() <= at {
            self.columns.resize(at + 1, None);
        }
        if self.columns.get(at).copied().flatten().is_some_and(|old| old.count > 0) {
            self.settle(counts, fields);
        }
        if let Some(slot) = self.columns.get_mut(at) {
            *slot = Some(column);
        }
    }

    /// Adds what was counted to the counts of the body and of the fields.
    pub(crate) fn settle(&mut self, counts: &mut Counts, fields: &mut Fields) {
        for key in self.counted.drain(..) {
            if let Some(Some(column)) = self.columns.get_mut(key as usize) {
                let Column { kind, is_monitored, field, mask, .. } = *column;
                let outcome = Outcome::of(&mask);
                let count = std::mem::take(&mut column.count).into();
                counts.tally(Found { kind, outcome }, is_monitored, count);
                fields.add(field, outcome, count);
            }
        }
    }
}

/// A field that is known.
pub(crate) struct Known<'c> {
    pub(crate) column: &'c mut Column,
    counted: &'c mut Vec<u32>,
    key: KeyId,
}

impl Known<'_> {
    /// Counts another value of it.
    #[inline(always)]
    pub(crate) fn count(self) {
        if self.column.count == 0 {
            self.counted.push(self.key.index() as u32);
        }
        self.column.count += 1;
    }
}
