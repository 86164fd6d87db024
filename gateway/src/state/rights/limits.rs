//! Limits in distinct investors (T/TSAC 001—2025 §7.5 h, §8.6.2): whom an answer shows is counted before it leaves, under
//! each limit that concerns it, and written each second.

use super::facts::Facts;
use super::{Rights, recount};
use crate::state::inventory::StoreError;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use yingbi_crypto::{Pseudonym, PseudonymKey};
use yingbi_policies::{CountedBy, Distinct, Limit};

impl Rights {
    /// Counts the investors of an answer under the limits that concern it; under which, and whose they count together.
    ///
    /// # Errors
    /// A limit is reached, the first one and how many investors they would have been: the answer must not be released.
    pub fn count<'l, 's>(
        &self,
        limits: &'l [Arc<Limit>],
        scope: &Scope<'_>,
        people: People<'s>,
        facts: &Facts,
    ) -> Result<Counted<'l>, (&'l Limit, u64)> {
        let now = self.clock.now_ms();
        // What a second person approved is not held against the caller after.
        let lifts = |limit: &&'l Arc<Limit>| limit.lift().is_some_and(|template| facts.lifts(template));
        let counts = |limit: &&'l Arc<Limit>| !people.of(limit).is_empty();
        let rule = || limits.iter().filter(counts).filter(|limit| !lifts(limit)).map(|limit| &**limit);
        let concerns = |limit: &Limit| scope.of(limit.by(), &self.key);
        if limits.len() > 1 {
            // None counts what another refuses.
            for limit in rule() {
                self.counters
                    .fits(limit, concerns(limit), people.of(limit).iter(), now)
                    .map_err(|all| (limit, all))?;
            }
        }
        let mut counted = Counted { under: Vec::with_capacity(limits.len()), warned: Vec::new() };
        for limit in rule() {
            let scope = concerns(limit);
            let warned = self.counters.count(limit, scope, people.of(limit).iter(), now);
            if let Some(all) = warned.map_err(|all| (limit, all))? {
                counted.warned.push((limit, all));
            }
            let of = people.of(limit);
            match of.len() == people.all.len() {
                true => counted.under.push((Arc::clone(limit.id()), scope)),
                false => counted.under.extend(of.iter().map(|one| (recount::of_one(limit.id(), one), scope))),
            }
        }
        Ok(counted)
    }

    /// The record of an answer that was counted under limits is durable.
    pub fn recorded(&self, sequence: u64) {
        self.mark.recorded(sequence);
    }

    /// Counts again what the access log, of so many records, says was released under limits and the run before may not
    /// have written. How many investors that were.
    ///
    /// # Errors
    /// The log can't be read, or the counts can't be written.
    pub fn recount(&self, log: &Path, records: u64) -> Result<usize, StoreError> {
        let now = self.clock.now_ms();
        let mut seen = self.mark.behind(log, records)?;
        seen.iter_mut().for_each(|one| one.last = one.last.min(now));
        seen.retain(|one| one.last > now.saturating_sub(LONGEST_MS));
        if !seen.is_empty() {
            self.changing().store.count(&seen, now.saturating_sub(LONGEST_MS))?;
        }
        let again = seen.len();
        self.counters.load(seen);
        self.mark.written(records);
        Ok(again)
    }

    /// Writes who was seen; what can't be written is kept for the next time.
    pub fn write(&self) {
        let recorded = self.mark.now();
        let seen = self.counters.unwritten();
        let mut changing = self.changing();
        // What closes something and could not be written.
        if changing.settle().is_err() {
            self.reach.failed();
        }
        if seen.is_empty() {
            return;
        }
        match changing.store.count(&seen, self.clock.now_ms().saturating_sub(LONGEST_MS)) {
            Ok(()) => {
                self.mark.written(recorded);
                self.has_failed.store(false, Ordering::Relaxed);
            }
            Err(error) => {
                self.counters.keep(seen);
                self.reach.failed();
                if !self.has_failed.swap(true, Ordering::Relaxed) {
                    tracing::error!(%error, "rights can't be written; counts of limits are kept in memory");
                }
            }
        }
    }
}

/// Whom an answer, or a segment of it, shows.
#[derive(Clone, Copy, Debug)]
pub struct People<'s> {
    /// All whom it concerns.
    pub all: &'s BTreeSet<Pseudonym>,
    /// Those of whom something sensitive is in clear.
    pub sensitive: &'s BTreeSet<Pseudonym>,
}

impl<'s> People<'s> {
    fn of(&self, limit: &Limit) -> &'s BTreeSet<Pseudonym> {
        match limit.distinct() {
            Distinct::Investors => self.all,
            Distinct::SensitiveInvestors => self.sensitive,
        }
    }
}

/// What came of counting an answer's investors.
#[derive(Debug)]
pub struct Counted<'l> {
    /// Under which limits they were counted, and whose each counts together; where not all were counted, whom beside the
    /// limit.
    pub under: Vec<(Arc<str>, Pseudonym)>,
    /// Limits that have just come to where they warn, and how many investors they count.
    pub warned: Vec<(&'l Limit, u64)>,
}

/// Whose investors an answer's are, for each way of counting.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// Pseudonym of the caller; those of whom nothing is known are counted together.
    pub caller: Option<Pseudonym>,
    /// Template of the route.
    pub route: &'a str,
    /// Purpose.
    pub purpose: Option<&'a str>,
    /// Recipient; the firm itself where none is named.
    pub recipient: Option<&'a str>,
}

impl Scope<'_> {
    fn of(&self, by: CountedBy, key: &PseudonymKey) -> Pseudonym {
        match by {
            CountedBy::Caller => self.caller.unwrap_or(Pseudonym([0; 16])),
            CountedBy::Route => key.pseudonym("limit-route", self.route),
            CountedBy::Purpose => key.pseudonym("limit-purpose", self.purpose.unwrap_or_default()),
            CountedBy::Recipient => key.pseudonym("limit-recipient", self.recipient.unwrap_or("self")),
        }
    }
}

/// The longest period of a limit, in milliseconds.
pub(super) const LONGEST_MS: i64 = 365 * 86_400 * 1000;
