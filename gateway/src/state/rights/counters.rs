//! Limits in distinct investors (T/TSAC 001—2025 §7.5 h): who was seen under each limit and when last. A period slides,
//! so the count is of the last hour, whatever the clock's; and it is exact: of each investor the last time is kept.

use super::store::Seen;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use yingbi_crypto::Pseudonym;
use yingbi_policies::Limit;

/// What limits have counted.
#[derive(Default)]
pub(super) struct Counters {
    /// By the first byte of whose investors are counted, so that callers don't wait for each other.
    shards: [Mutex<Shard>; SHARDS],
}

#[derive(Default)]
struct Shard {
    counted: HashMap<Key, Counted>,
    /// What is to be written.
    unwritten: Vec<Seen>,
}

type Key = (Arc<str>, Pseudonym);

#[derive(Default)]
struct Counted {
    last: HashMap<Pseudonym, i64>,
    /// In the order they were seen; what was seen again since is passed over.
    order: VecDeque<(i64, Pseudonym)>,
}

impl Counters {
    /// Whether so many investors more are let through by a limit; how many they would be, when not.
    pub(super) fn fits<'s>(
        &self,
        limit: &Limit,
        scope: Pseudonym,
        subjects: impl Iterator<Item = &'s Pseudonym>,
        now: i64,
    ) -> Result<(), u64> {
        let mut shard = self.shard(scope);
        shard.counted.entry((limit.id().clone(), scope)).or_default().fits(limit, subjects, now)
    }

    /// Counts investors under a limit, unless that would make too many of them; then none is counted, and how many they
    /// would have been comes back. How many they are, when they have just become as many as the limit warns of.
    pub(super) fn count<'s>(
        &self,
        limit: &Limit,
        scope: Pseudonym,
        subjects: impl Iterator<Item = &'s Pseudonym> + Clone,
        now: i64,
    ) -> Result<Option<u64>, u64> {
        let mut shard = self.shard(scope);
        let Shard { counted, unwritten } = &mut *shard;
        let counted = counted.entry((limit.id().clone(), scope)).or_default();
        counted.fits(limit, subjects.clone(), now)?;
        let before = counted.last.len() as u64;
        for subject in subjects {
            counted.last.insert(*subject, now);
            counted.order.push_back((now, *subject));
            unwritten.push(Seen { limit: limit.id().to_string(), scope, subject: *subject, last: now });
        }
        let all = counted.last.len() as u64;
        Ok(limit.warn_at().filter(|warn_at| before < *warn_at && all >= *warn_at).map(|_| all))
    }

    /// Takes in what an earlier run has counted, oldest first.
    pub(super) fn load(&self, seen: Vec<Seen>) {
        for one in seen {
            let mut shard = self.shard(one.scope);
            let counted = shard.counted.entry((one.limit.as_str().into(), one.scope)).or_default();
            let last = counted.last.entry(one.subject).or_insert(one.last);
            if *last <= one.last {
                *last = one.last;
                counted.order.push_back((one.last, one.subject));
            }
        }
    }

    /// What is to be written.
    pub(super) fn unwritten(&self) -> Vec<Seen> {
        let take = |shard: &Mutex<Shard>| std::mem::take(&mut lock(shard).unwritten);
        self.shards.iter().flat_map(take).collect()
    }

    /// Keeps what could not be written.
    pub(super) fn keep(&self, seen: Vec<Seen>) {
        for one in seen {
            self.shard(one.scope).unwritten.push(one);
        }
    }

    fn shard(&self, scope: Pseudonym) -> MutexGuard<'_, Shard> {
        let at = usize::from(scope.0[0]) % SHARDS;
        #[expect(clippy::indexing_slicing, reason = "a remainder by the number of shards is one of them")]
        lock(&self.shards[at])
    }
}

impl Counted {
    fn fits<'s>(
        &mut self,
        limit: &Limit,
        subjects: impl Iterator<Item = &'s Pseudonym>,
        now: i64,
    ) -> Result<(), u64> {
        let period = i64::try_from(limit.per().duration().as_millis()).unwrap_or(i64::MAX);
        self.forget(now.saturating_sub(period));
        let new = subjects.filter(|subject| !self.last.contains_key(subject)).count();
        let all = (self.last.len() + new) as u64;
        if all > limit.at() && limit.is_enforced() { Err(all) } else { Ok(()) }
    }

    fn forget(&mut self, before: i64) {
        while let Some((at, subject)) = self.order.front().copied()
            && (at <= before || self.last.get(&subject) != Some(&at))
        {
            self.order.pop_front();
            if self.last.get(&subject) == Some(&at) {
                self.last.remove(&subject);
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

const SHARDS: usize = 16;
