//! What one record holds as a whole, and what follows from it: items that together say more than each alone
//! (T/TSAC 001—2025 §6.3, last paragraph), and people under age (§3.4).
//!
//! Only where the plan has rules that could make a record's treatment stricter is anything noted. The first pass over
//! the records is then the ordinary one; a second is made only when one of them is raised.

mod age;
mod people;

pub(crate) use people::People;

use crate::plan::{Action, Rules};
use crate::tree::{KeyId, Node, Shape};
use std::collections::BTreeMap;
use std::sync::Arc;
use yingbi_policies::Day;
use yingbi_taxonomy::{Kind, KindSet};

/// What the records of one body were seen to hold.
#[derive(Default)]
pub(crate) struct Survey {
    today: Day,
    /// By the number in a record's rules; the first is what stands outside of all others.
    seen: Vec<Seen>,
    is_noting: bool,
    /// Whether something stood outside of the records.
    has_outside: bool,
    /// Records raised, by the rule that raised them.
    raised: BTreeMap<Arc<str>, u64>,
    /// Of whom something sensitive is shown, where that is asked.
    pub(crate) people: People,
}

/// What one record was seen to hold.
#[derive(Clone, Copy, Default)]
struct Seen {
    kinds: KindSet,
    /// Age in years of the youngest it speaks of.
    youngest: Option<u8>,
}

impl Survey {
    /// Notes from now on, for so many records beside what is outside of them.
    pub(crate) fn begin(&mut self, today: Day, records: usize) {
        self.today = today;
        self.is_noting = true;
        self.seen.clear();
        self.seen.resize(records + 1, Seen::default());
    }

    /// Notes no more.
    pub(crate) fn end(&mut self) {
        self.is_noting = false;
        self.seen.clear();
    }

    pub(crate) fn is_noting(&self) -> bool {
        self.is_noting
    }

    /// Takes note of a value in a record.
    #[inline]
    pub(crate) fn note(&mut self, rules: Rules<'_>, kind: Kind, value: &str) {
        if self.is_noting {
            self.note_value(rules, kind, value);
        }
    }

    fn note_value(&mut self, rules: Rules<'_>, kind: Kind, value: &str) {
        let Some(seen) = self.seen.get_mut(rules.record()) else { return };
        self.has_outside |= rules.record() == 0;
        seen.kinds.insert(kind);
        if let Some(age) = age::age(kind, value, self.today) {
            seen.youngest = Some(seen.youngest.map_or(age, |youngest| youngest.min(age)));
        }
    }

    /// The rules for a record after all of it was seen. What stands outside of the records belongs to each of them, and
    /// what raises one of them raises it.
    pub(crate) fn raised<'p>(&self, rules: Rules<'p>) -> Rules<'p> {
        let outside = self.seen.first().copied().unwrap_or_default();
        if rules.record() > 0 {
            let own = self.seen.get(rules.record()).copied().unwrap_or_default();
            return rules.raised_by(own.and(outside).kinds, own.and(outside).youngest);
        }
        let each =
            self.seen.iter().map(|seen| rules.raised_by(seen.and(outside).kinds, seen.and(outside).youngest));
        each.fold(rules, Rules::and)
    }

    /// Which of the records show something sensitive, the first of them so many by their place; what stands outside of
    /// them is of each.
    pub(crate) fn sensitive(&self, outside: Rules<'_>, records: &[Rules<'_>], count: usize) -> Vec<bool> {
        let seen = |rules: Rules<'_>| self.seen.get(rules.record()).copied().unwrap_or_default();
        let of_all = self.seen.first().copied().unwrap_or_default().shows_sensitive(outside);
        let each: Vec<bool> = records.iter().map(|rules| seen(*rules).shows_sensitive(*rules)).collect();
        // Where the document is one record, what is listed in it is of the same people.
        let is_one = records.first().is_some_and(|rules| rules.record() == 0);
        let any = of_all || (is_one && each.contains(&true));
        each.into_iter().take(count).map(|own| own || any).collect()
    }

    /// Whether, since notes were first taken, something stood outside of the records that may raise each of them.
    pub(crate) fn has_outside(&self) -> bool {
        self.has_outside
    }

    /// Counts a record by the rules that raised it.
    pub(crate) fn count(&mut self, rules: Rules<'_>) {
        for id in rules.raised_ids() {
            *self.raised.entry(id.clone()).or_default() += 1;
        }
    }

    /// Records raised so far, by rule.
    pub(crate) fn take_raised(&mut self) -> BTreeMap<Arc<str>, u64> {
        std::mem::take(&mut self.raised)
    }
}

impl Seen {
    /// Whether anything of it is shown in clear that is sensitive by its category, or by whose it is (§3.4).
    fn shows_sensitive(self, rules: Rules<'_>) -> bool {
        let is_minor = self.youngest.is_some_and(|age| age < MINOR);
        let is_all = is_minor || rules.is_raised();
        let mut shown = self.kinds.iter().filter(|kind| rules.action(*kind) == Action::Clear);
        shown.any(|kind| is_all || kind.category().is_sensitive())
    }

    fn and(self, other: Seen) -> Seen {
        let youngest = self.youngest.into_iter().chain(other.youngest).min();
        Seen { kinds: self.kinds.union(other.kinds), youngest }
    }
}

/// Where a document without declared records has records of its own: the objects in its outermost arrays, by node.
pub(crate) fn elements(nodes: &[Node]) -> Vec<u32> {
    let mut elements = Vec::new();
    let mut at = 0u32;
    // Behind the array at hand.
    let mut end = 0u32;
    while let Some(node) = nodes.get(at as usize) {
        let is_in_array = at < end;
        match node.shape {
            Shape::Object if is_in_array && node.key == KeyId::NONE => {
                elements.push(at);
                at = node.after;
            }
            Shape::Array if !is_in_array => {
                end = node.after;
                at += 1;
            }
            _ => at += 1,
        }
    }
    elements
}

/// Under this age everything of somebody is sensitive (T/TSAC 001—2025 §3.4).
const MINOR: u8 = 14;

#[cfg(test)]
mod tests;
