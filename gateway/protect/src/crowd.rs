//! How many records of a body look alike in what is left of them (T/TSAC 001—2025 §8.5.3 b): a small group singles people
//! out though no name is shown. What tells records apart is each value that a mask generalised or that stays in clear.

use crate::record::elements;
use crate::tree::Node;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use yingbi_policies::Mask;
use yingbi_taxonomy::Kind;

/// Records that look like too few others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SmallGroups {
    /// Records of the smallest group.
    pub smallest: u64,
    /// Records in groups that are too small.
    pub records: u64,
    /// What told them apart was covered.
    pub suppressed: bool,
}

/// What is left of the records of a body.
#[derive(Default)]
pub(crate) struct Crowd {
    /// Of each record so far; nothing was left of it yet.
    looks: Vec<Option<u64>>,
    /// Where the records of the document at hand stand, and how many came before.
    at_hand: Vec<(u32, u32)>,
    before: usize,
    /// Records of which nothing may be left.
    covered: Vec<bool>,
}

impl Crowd {
    /// The records of a document: those that a binding names, else the objects of its outermost arrays, else itself.
    pub(crate) fn begin(&mut self, named: &[u32], nodes: &[Node]) {
        self.before = self.looks.len();
        self.at_hand.clear();
        let found;
        let records = match named {
            [] | [0] => {
                found = elements(nodes);
                if found.is_empty() { &[0][..] } else { &found }
            }
            named => named,
        };
        let places = records.iter().filter_map(|node| nodes.get(*node as usize));
        self.at_hand.extend(places.map(|node| (node.start, node.end)));
        self.again();
    }

    /// The document at hand is treated anew.
    pub(crate) fn again(&mut self) {
        self.looks.truncate(self.before);
        self.looks.resize(self.before + self.at_hand.len(), None);
    }

    fn record(&self, position: u32) -> Option<usize> {
        let nth = self.at_hand.partition_point(|(start, _)| *start <= position).checked_sub(1)?;
        let (_, end) = self.at_hand.get(nth)?;
        (position < *end).then_some(self.before + nth)
    }

    /// Whether nothing may be left of what tells the record at a position apart.
    pub(crate) fn is_covered(&self, position: u32) -> bool {
        let record = self.record(position);
        record.and_then(|record| self.covered.get(record)).is_some_and(|is_covered| *is_covered)
    }

    /// Takes note of what is left of a value.
    pub(crate) fn note(&mut self, position: u32, kind: Kind, left: &str) {
        let Some(look) = self.record(position).and_then(|record| self.looks.get_mut(record)) else { return };
        let mut hasher = DefaultHasher::new();
        (look.unwrap_or(1), kind.index(), left).hash(&mut hasher);
        *look = Some(hasher.finish());
    }

    /// The groups that are smaller than this, if any; and the same body's next crowd, in which they are covered.
    pub(crate) fn small(self, below: u64) -> Option<(SmallGroups, Crowd)> {
        let mut groups: HashMap<u64, u64> = HashMap::new();
        for look in self.looks.iter().flatten() {
            *groups.entry(*look).or_default() += 1;
        }
        let smallest = *groups.values().min()?;
        let size = |look: &Option<u64>| look.and_then(|look| groups.get(&look)).copied();
        let covered: Vec<bool> =
            self.looks.iter().map(|look| size(look).is_some_and(|size| size < below)).collect();
        let records = covered.iter().filter(|is_small| **is_small).count() as u64;
        let small = SmallGroups { smallest, records, suppressed: false };
        (smallest < below).then_some((small, Crowd { covered, ..Crowd::default() }))
    }
}

/// Whether what a mask leaves is true of several people.
pub(crate) fn generalises(mask: &Mask) -> bool {
    matches!(
        mask,
        Mask::AgeBand
            | Mask::AmountBand
            | Mask::AtLeast { .. }
            | Mask::Region(_)
            | Mask::Address
            | Mask::Year
            | Mask::Quarter
            | Mask::Month
    )
}
