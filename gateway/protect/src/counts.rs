//! Counting what was done, without a tree per value.

use crate::keyed::KeyTrouble;
use crate::{Summary, Uninspectable};
use std::collections::BTreeMap;
use yingbi_policies::{Keyed, Mask};
use yingbi_taxonomy::{Category, Kind};

/// Counters by category.
#[derive(Clone, Default)]
pub(crate) struct Counts {
    clear: Tally,
    masked: Tally,
    dropped: Tally,
    monitored: Tally,
    /// What was done with keys, by category; few are, mostly none. Less than zero while a value that fell is still to be
    /// counted with the others of its column.
    keyed: Vec<(Category, &'static str, i64)>,
    total: u64,
    /// What was counted since its place was last noted.
    pub(crate) found: Vec<Found>,
}

/// A value that was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) kind: Kind,
    pub(crate) outcome: Outcome,
}

/// What became of one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Clear,
    Masked,
    /// Replaced by what a key makes of it.
    Keyed(Keyed),
    Dropped,
    /// The whole is refused because of it.
    Blocked,
}

impl Outcome {
    /// What becomes of a value under a mask.
    #[inline]
    pub(crate) fn of(mask: &Mask) -> Outcome {
        mask.keyed().map_or(Outcome::Masked, Outcome::Keyed)
    }
}

impl Counts {
    /// None yet, and room to note them in.
    pub(crate) fn with_room(found: Vec<Found>) -> Self {
        Counts { found, ..Counts::default() }
    }

    /// Values counted so far.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// Values of sensitive categories released in clear so far.
    pub(crate) fn sensitive(&self) -> u64 {
        let sensitive =
            Category::all().zip(self.clear.counts).filter(|(category, _)| category.is_sensitive());
        sensitive.map(|(_, count)| count).sum()
    }

    /// Values released in clear so far.
    pub(crate) fn clear(&self) -> u64 {
        self.clear.counts.iter().sum()
    }

    /// Counts a value whose place is still to be noted.
    pub(crate) fn add(&mut self, kind: Kind, outcome: Outcome, monitored: bool) {
        let found = Found { kind, outcome };
        self.found.push(found);
        self.tally(found, monitored, 1);
    }

    /// Counts so many values.
    pub(crate) fn tally(&mut self, found: Found, monitored: bool, count: u64) {
        let category = found.kind.category();
        self.total += count;
        match found.outcome {
            Outcome::Clear => self.clear.add(category, count),
            Outcome::Masked => self.masked.add(category, count),
            Outcome::Keyed(keyed) => {
                self.masked.add(category, count);
                self.with_key(category, keyed.id(), count.cast_signed());
            }
            Outcome::Dropped => self.dropped.add(category, count),
            Outcome::Blocked => {}
        }
        if monitored {
            self.monitored.add(category, count);
        }
    }

    /// Counts what was done with a key.
    pub(crate) fn with_key(&mut self, category: Category, what: &'static str, count: i64) {
        match self.keyed.iter_mut().find(|(of, own, _)| (*of, *own) == (category, what)) {
            Some((_, _, sum)) => *sum += count,
            None => self.keyed.push((category, what, count)),
        }
    }

    /// A value that was counted as replaced by what a key makes of it shows nothing instead.
    pub(crate) fn fell(&mut self, kind: Kind, keyed: Keyed, why: KeyTrouble) {
        let category = kind.category();
        self.with_key(category, keyed.id(), -1);
        self.with_key(category, why.code(), 1);
    }

    /// A value that the policy blocks: nothing of the body is released, but where it stood is noted.
    pub(crate) fn blocked(&mut self, kind: Kind) -> Uninspectable {
        self.found.push(Found { kind, outcome: Outcome::Blocked });
        Uninspectable::Blocked(kind.category())
    }

    /// Takes away what was counted elsewhere, as far as it goes.
    pub(crate) fn take_away(&mut self, other: &Counts) {
        self.each(other, u64::saturating_sub, |own, other| (own - other).max(own.min(0)));
        for found in &other.found {
            if let Some(at) = self.found.iter().position(|own| own == found) {
                self.found.swap_remove(at);
            }
        }
    }

    /// Takes over what was counted elsewhere.
    pub(crate) fn take_over(&mut self, other: &Counts) {
        self.each(other, u64::saturating_add, i64::saturating_add);
        self.found.extend(&other.found);
    }

    fn each(&mut self, other: &Counts, work: fn(u64, u64) -> u64, keyed: fn(i64, i64) -> i64) {
        let pairs = [
            (&mut self.clear, &other.clear),
            (&mut self.masked, &other.masked),
            (&mut self.dropped, &other.dropped),
            (&mut self.monitored, &other.monitored),
        ];
        for (own, other) in pairs {
            own.seen |= other.seen;
            own.counts.iter_mut().zip(other.counts).for_each(|(own, other)| *own = work(*own, other));
        }
        for (category, what, count) in &other.keyed {
            let own = self.keyed.iter_mut().find(|(of, own, _)| (of, own) == (category, what));
            match own {
                Some((_, _, sum)) => *sum = keyed(*sum, *count),
                None => self.keyed.push((*category, what, keyed(0, *count))),
            }
        }
        self.total = work(self.total, other.total);
    }

    /// Adds everything counted to a summary.
    pub(crate) fn add_to(&self, summary: &mut Summary) {
        self.clear.add_to(&mut summary.clear);
        self.masked.add_to(&mut summary.masked);
        self.dropped.add_to(&mut summary.dropped);
        self.monitored.add_to(&mut summary.monitored);
        for (category, what, count) in &self.keyed {
            if let Some(count) = u64::try_from(*count).ok().filter(|count| *count > 0) {
                *summary.keyed.entry((*category, *what)).or_default() += count;
            }
        }
    }
}

/// Counts by category, and a bit for each that was ever counted: there are few, and most tallies have none.
#[derive(Clone, Copy)]
struct Tally {
    seen: u64,
    counts: [u64; Category::COUNT],
}

const _: () = assert!(Category::COUNT <= u64::BITS as usize);

impl Default for Tally {
    fn default() -> Self {
        Tally { seen: 0, counts: [0; Category::COUNT] }
    }
}

impl Tally {
    fn add(&mut self, category: Category, more: u64) {
        if let Some(count) = self.counts.get_mut(category as usize) {
            self.seen |= 1 << category as usize;
            *count += more;
        }
    }

    fn add_to(&self, map: &mut BTreeMap<Category, u64>) {
        if self.seen == 0 {
            return;
        }
        for (category, count) in Category::all().zip(self.counts).filter(|(_, count)| *count > 0) {
            *map.entry(category).or_default() += count;
        }
    }
}
