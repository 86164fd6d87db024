//! How long records are kept (T/TSAC 001—2025 §8.3.2, §7.6 h). A closed slice goes as a whole, when all in it are older
//! than their kind is kept. Its statement stays, with the root of its tree, so that the chain and every checkpoint still
//! verify; and an event `expired` names all slices that went, for a segment that is missing without one was taken away.

use crate::index::Latest;
use crate::slice::Statement;
use std::time::Duration;

/// How long records are kept, by kind; `None` for ever.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Permitted accesses and how they ended.
    pub accesses: Option<Duration>,
    /// Refusals.
    pub refusals: Option<Duration>,
    /// Events of the log itself.
    pub events: Option<Duration>,
    /// Times of which nothing goes, in microseconds since 1970: a legal hold.
    pub holds: Vec<(i64, i64)>,
}

/// The event that names expired slices.
pub(crate) const EVENT: &str = "expired";
/// Its detail that does: numbers and ranges, `0-41,43`.
pub(crate) const SLICES: &str = "slices";

impl Retention {
    /// Whether anything ever goes.
    pub(crate) fn is_for_ever(&self) -> bool {
        self.accesses.is_none() && self.refusals.is_none() && self.events.is_none()
    }

    /// Whether a slice goes now.
    pub(crate) fn is_over(&self, statement: &Statement, latest: &Latest, now: i64) -> bool {
        let is_past = |kept: Option<Duration>, latest: i64| match kept {
            _ if latest == i64::MIN => true,
            None => false,
            Some(kept) => latest.saturating_add(i64::try_from(kept.as_micros()).unwrap_or(i64::MAX)) < now,
        };
        let is_held =
            self.holds.iter().any(|(from, to)| statement.created < *to && statement.closed >= *from);
        !is_held
            && is_past(self.accesses, latest.accesses)
            && is_past(self.refusals, latest.refusals)
            && is_past(self.events, latest.events)
    }
}

/// Numbers as ranges: `0-41,43`.
pub(crate) fn ranges(numbers: &[u64]) -> String {
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for number in numbers {
        match ranges.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(*number) => *last = *number,
            _ => ranges.push((*number, *number)),
        }
    }
    let range = |(first, last): &(u64, u64)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    };
    ranges.iter().map(range).collect::<Vec<_>>().join(",")
}

/// The ranges that a text names; what can't be read names none.
pub(crate) fn parse(text: &str) -> Vec<(u64, u64)> {
    let range = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        Some((first.parse().ok()?, last.parse().ok()?))
    };
    text.split(',').filter_map(range).collect()
}

#[cfg(test)]
mod tests;
