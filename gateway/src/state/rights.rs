//! Rights: who consented to what, who was granted what, what is stopped, who was seen how often (T/TSAC 001—2025 §7.5,
//! §8.2.1.4). The data path asks tables in memory, without locks and without SQL; officers change them through the admin
//! port. A change that opens something rules once it is written; one that closes something rules at once, written or not.
//!
//! Investors and callers stand in it as keyed pseudonyms. No value is in it.
//!
//! ```text
//! admin API ─▶ Rights ─▶ rights.db
//!                │ tables, swapped as a whole
//! request ─gather┴▶ facts ─decide▶ permit ─▶ each record's subject picks its view ─▶ limits count whom it showed
//! ```

mod clock;
mod consent;
mod counters;
mod facts;
mod grant;
mod holder;
mod postgres;
mod recount;
mod shared;
pub mod store;
mod switch;
#[cfg(test)]
mod tests;

pub use clock::{Clock, Moment};
pub use consent::{Consent, Restriction, RestrictionState};
pub use facts::Facts;
pub use grant::{Grant, GrantState, LiveGrant, Review, Ticket};
pub use holder::{Brought, Holder};
pub use switch::{Stops, Switch, Switched};

use super::inventory::StoreError;
use arc_swap::ArcSwap;
use counters::Counters;
use grant::Live;
use holder::Holders;
use jiff::Timestamp;
use postgres::Postgres;
use recount::Mark;
use serde::Serialize;
use serde::de::DeserializeOwned;
use shared::Reach;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use store::{Row, Sqlite, Store, Table};
use switch::Thrown;
use yingbi_crypto::{Pseudonym, PseudonymKey};
use yingbi_policies::{CountedBy, Distinct, Limit};

/// The rights of one gateway.
pub struct Rights {
    key: PseudonymKey,
    clock: Clock,
    subjects: Arc<consent::Table>,
    holders: Holders,
    live: ArcSwap<Live>,
    thrown: ArcSwap<Thrown>,
    counters: Counters,
    /// How it stands to a store that others change too.
    reach: Reach,
    /// How long after a shared store was reached last what it opened stays open.
    positive_for: Duration,
    /// How far the access log is counted.
    mark: Mark,
    /// Facts of requests that name no ticket: one for all of them, once there is anything to ask.
    common: Facts,
    changing: Mutex<Changing>,
    has_failed: AtomicBool,
}

/// What only changes look at.
struct Changing {
    store: Box<dyn Store>,
    grants: BTreeMap<String, Grant>,
    tickets: BTreeMap<String, Ticket>,
    switches: BTreeMap<String, Switch>,
}

/// Why something can't be changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// There is none of this id.
    #[error("there is none of this id")]
    Missing,
    /// It is not in a state in which this can be done.
    #[error("its state does not allow this")]
    State,
    /// Nobody decides about what they asked for.
    #[error("nobody approves or reviews what they asked for")]
    Own,
    /// The store can't be written. What closes something rules all the same until the gateway stops.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Rights {
    /// Opens the embedded store in a directory.
    ///
    /// # Errors
    /// It can't be used: do not start, since what is restricted would not be known.
    pub fn open(dir: &Path, key: PseudonymKey) -> Result<Rights, StoreError> {
        Ok(Rights { mark: Mark::in_dir(dir), ..Rights::over(Box::new(Sqlite::open(dir)?), key)? })
    }

    /// The same over a store that gateways share, by its connection string; how far the log is counted is this gateway's
    /// own, in a directory.
    ///
    /// # Errors
    /// It can't be reached: do not start.
    pub fn shared(
        url: &str,
        dir: &Path,
        key: PseudonymKey,
        positive_for: Duration,
    ) -> Result<Rights, StoreError> {
        let config = url.parse().map_err(|_| StoreError::Unusable("no connection string".to_owned()))?;
        let rights = Rights::over(Box::new(Postgres::open(&config)?), key)?;
        Ok(Rights { mark: Mark::in_dir(dir), positive_for, ..rights })
    }

    /// The same over any store.
    ///
    /// # Errors
    /// It can't be read.
    pub fn over(store: Box<dyn Store>, key: PseudonymKey) -> Result<Rights, StoreError> {
        let mut latest = i64::MIN;
        let mut rows = |table| {
            let rows = store.rows(table, None)?;
            latest = rows.iter().map(|row| row.changed).fold(latest, i64::max);
            Ok::<_, StoreError>(rows)
        };
        let consents: Vec<(Pseudonym, Consent)> = rows(Table::Consents)?
            .iter()
            .filter_map(|row| Some((row.subject?, read::<Consent>(row)?)))
            .collect();
        let holders = by_id(&rows(Table::Holders)?, |holder: &Holder| holder.id.clone())?;
        let restricted: Vec<Pseudonym> =
            rows(Table::Restrictions)?.iter().filter_map(|row| row.subject).collect();
        let grants = by_id(&rows(Table::Grants)?, |grant: &Grant| grant.id.clone())?;
        let tickets = by_id(&rows(Table::Tickets)?, |ticket: &Ticket| ticket.id.clone())?;
        let switches = by_id(&rows(Table::Switches)?, |switch: &Switch| switch.id.clone())?;
        let clock = Clock::start(Timestamp::from_millisecond(latest).unwrap_or(Timestamp::UNIX_EPOCH));
        let subjects = Arc::new(consent::Table::new());
        subjects.load(consents, restricted);
        let (counters, reach, positive_for) = (Counters::default(), Reach::default(), POSITIVE_FOR);
        counters.load(store.counted(clock.now_ms().saturating_sub(LONGEST_MS))?);
        let live = ArcSwap::from_pointee(Live::of(grants.values(), &Live::default()));
        let thrown = ArcSwap::from_pointee(Thrown::of(switches.values()));
        let common = Facts::common(&subjects, &key, clock, &reach.is_lost);
        let changing = Mutex::new(Changing { store, grants, tickets, switches });
        let has_failed = AtomicBool::new(false);
        let mark = Mark::default();
        let holders = Holders::of(holders.values());
        Ok(Rights {
            reach,
            positive_for,
            key,
            clock,
            subjects,
            holders,
            live,
            thrown,
            counters,
            mark,
            common,
            changing,
            has_failed,
        })
    }

    /// Now, by a clock that never steps.
    pub fn now(&self) -> Moment {
        self.clock.now()
    }

    /// The pseudonym of an investor.
    pub fn subject(&self, identifier: &str) -> Pseudonym {
        self.key.pseudonym("subject", identifier)
    }

    /// The pseudonym of a caller.
    pub fn caller(&self, identifier: &str) -> Pseudonym {
        self.key.pseudonym("caller", identifier)
    }

    /// What a request can ask of investors: with the grants of the ticket that it names, and the consent it brought.
    pub fn facts(
        &self,
        ticket: Option<&str>,
        caller: Option<Pseudonym>,
        brought: Option<Arc<Brought>>,
    ) -> Facts {
        let mut grants = Vec::new();
        if let (Some(ticket), Some(caller)) = (ticket, caller) {
            let live = self.live.load();
            if !live.is_empty() {
                grants = live.usable(ticket, caller, self.clock.now_ms());
            }
        }
        if grants.is_empty() && brought.is_none() {
            return self.common.clone();
        }
        self.common.with(grants, brought)
    }

    /// Whether a switch stops this access.
    pub fn stops<R: AsRef<str>>(&self, access: &Switched<'_, R>) -> bool {
        self.thrown.load().stops(access)
    }

    /// Counts the investors of an answer under the limits that concern it; under which, and whose they count together.
    ///
    /// # Errors
    /// A limit is reached, the first one and how many investors they would have been: the answer must not be released.
    pub fn count<'l, 's>(
        &self,
        limits: &'l [Arc<Limit>],
        scope: &Scope<'_>,
        (subjects, is_sensitive): (impl Iterator<Item = &'s Pseudonym> + Clone, bool),
        facts: &Facts,
    ) -> Result<Counted<'l>, (&'l Limit, u64)> {
        let now = self.clock.now_ms();
        // What a second person approved is not held against the caller after.
        let lifts = |limit: &&'l Arc<Limit>| limit.lift().is_some_and(|template| facts.lifts(template));
        let counts = |limit: &&'l Arc<Limit>| is_sensitive || limit.distinct() == Distinct::Investors;
        let rule = || limits.iter().filter(counts).filter(|limit| !lifts(limit)).map(|limit| &**limit);
        let concerns = |limit: &Limit| scope.of(limit.by(), &self.key);
        if limits.len() > 1 {
            // None counts what another refuses.
            for limit in rule() {
                self.counters
                    .fits(limit, concerns(limit), subjects.clone(), now)
                    .map_err(|all| (limit, all))?;
            }
        }
        let mut counted = Counted { under: Vec::with_capacity(limits.len()), warned: Vec::new() };
        for limit in rule() {
            let scope = concerns(limit);
            let warned = self.counters.count(limit, scope, subjects.clone(), now);
            if let Some(all) = warned.map_err(|all| (limit, all))? {
                counted.warned.push((limit, all));
            }
            counted.under.push((Arc::clone(limit.id()), scope));
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

    /// Writes every second in a thread of its own.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn start(self: &Arc<Self>) -> std::io::Result<()> {
        let rights = Arc::clone(self);
        let write = move || {
            loop {
                std::thread::sleep(WRITE_EVERY);
                rights.write();
            }
        };
        std::thread::Builder::new().name("yingbi-rights".to_owned()).spawn(write)?;
        self.listen()
    }

    fn changing(&self) -> MutexGuard<'_, Changing> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// Consents and restrictions.
impl Rights {
    /// Records a consent.
    ///
    /// # Errors
    /// It can't be written, and does not rule.
    pub fn consent(&self, subject: Pseudonym, consent: &Consent) -> Result<(), ChangeError> {
        self.changing().put(Table::Consents, (&consent.id, Some(subject)), consent, self.now())?;
        self.subjects.set(subject, consent);
        Ok(())
    }

    /// Consents of an investor, newest first.
    ///
    /// # Errors
    /// They can't be read.
    pub fn consents(&self, subject: Pseudonym) -> Result<Vec<Consent>, StoreError> {
        Ok(self.changing().store.rows(Table::Consents, Some(subject))?.iter().filter_map(read).collect())
    }

    /// Withdraws consents of an investor that match by id and purpose. Which.
    ///
    /// # Errors
    /// There was none, or it can't be written; it rules all the same.
    pub fn withdraw(
        &self,
        subject: Pseudonym,
        matches: impl Fn(&str, &str) -> bool,
    ) -> Result<Vec<String>, ChangeError> {
        let now = self.now();
        let mut changing = self.changing();
        let rows = changing.store.rows(Table::Consents, Some(subject)).inspect_err(|_| {
            // A store that can't be read keeps nothing open.
            self.reach.failed();
            for (id, _) in self.subjects.of(subject).iter().filter(|(id, purpose)| matches(id, purpose)) {
                self.subjects.close(subject, id);
            }
        })?;
        let mut withdrawn = Vec::new();
        for mut consent in rows.iter().filter_map(read::<Consent>) {
            if consent.withdrawn.is_some() || !matches(&consent.id, &consent.purpose) {
                continue;
            }
            consent.withdrawn = Some(now);
            self.subjects.withdraw(subject, &consent);
            withdrawn.push(consent);
        }
        if withdrawn.is_empty() {
            return Err(ChangeError::Missing);
        }
        for consent in &withdrawn {
            changing.put(Table::Consents, (&consent.id, Some(subject)), consent, now)?;
        }
        Ok(withdrawn.into_iter().map(|consent| consent.id).collect())
    }

    /// Restricts an investor's data.
    ///
    /// # Errors
    /// It can't be written; it rules all the same.
    pub fn restrict(&self, subject: Pseudonym, restriction: &Restriction) -> Result<(), ChangeError> {
        let mut changing = self.changing();
        self.subjects.restrict(subject, true);
        Ok(changing.put(Table::Restrictions, (&restriction.id, Some(subject)), restriction, self.now())?)
    }

    /// All restrictions.
    ///
    /// # Errors
    /// They can't be read.
    pub fn restrictions(&self) -> Result<Vec<Restriction>, StoreError> {
        Ok(self.changing().store.rows(Table::Restrictions, None)?.iter().filter_map(read).collect())
    }

    /// Ends a restriction.
    ///
    /// # Errors
    /// There is none, or it can't be written, and it still rules.
    pub fn release(&self, id: &str) -> Result<(), ChangeError> {
        let mut changing = self.changing();
        let rows = changing.store.rows(Table::Restrictions, None)?;
        let subject = rows.iter().find(|row| row.id == id).and_then(|row| row.subject);
        let subject = subject.ok_or(ChangeError::Missing)?;
        changing.store.remove(Table::Restrictions, id)?;
        let others = rows.iter().any(|row| row.subject == Some(subject) && row.id != id);
        self.subjects.restrict(subject, others);
        Ok(())
    }
}

// DIDs of investors.
impl Rights {
    /// Puts an investor's DID on record.
    ///
    /// # Errors
    /// It can't be written, and is not believed.
    pub fn record_holder(
        &self,
        did: Pseudonym,
        subject: Pseudonym,
        holder: &Holder,
    ) -> Result<(), ChangeError> {
        self.changing().put(Table::Holders, (&holder.id, Some(subject)), holder, self.now())?;
        self.holders.set(did, Some(subject));
        Ok(())
    }

    /// Takes a DID off the record.
    ///
    /// # Errors
    /// There is none, or it can't be written; it is not believed all the same until the gateway stops.
    pub fn remove_holder(&self, did: Pseudonym) -> Result<(), ChangeError> {
        let mut changing = self.changing();
        if self.holders.find(did).is_none() {
            return Err(ChangeError::Missing);
        }
        self.holders.set(did, None);
        Ok(changing.store.remove(Table::Holders, &did.to_string())?)
    }
}

// Grants and tickets.
impl Rights {
    /// Every grant that is remembered.
    pub fn grants(&self) -> Vec<Grant> {
        self.changing().grants.values().cloned().collect()
    }

    /// One grant.
    pub fn grant(&self, id: &str) -> Option<Grant> {
        self.changing().grants.get(id).cloned()
    }

    /// A new grant, or one in another state.
    ///
    /// # Errors
    /// It can't be written, and does not rule.
    pub fn ask(&self, grant: Grant) -> Result<(), ChangeError> {
        let mut changing = self.changing();
        changing.put_grant(&grant, self.now())?;
        changing.grants.insert(grant.id.clone(), grant);
        self.live(&changing);
        Ok(())
    }

    /// Changes a grant. A change that ends it rules even when it can't be written.
    ///
    /// # Errors
    /// There is none, its state does not allow it, or it can't be written.
    pub fn change(
        &self,
        id: &str,
        change: impl FnOnce(&mut Grant, Moment) -> Result<(), ChangeError>,
    ) -> Result<Grant, ChangeError> {
        let now = self.now();
        let mut changing = self.changing();
        let (mut grant, before) = self.newest(&changing, id).ok_or(ChangeError::Missing)?;
        change(&mut grant, now)?;
        let closes = grant.ended.is_some() || grant.used.is_some();
        let written = match before {
            // The store did not answer: it is asked once more, and what closes rules all the same.
            None => changing.put_grant(&grant, now),
            // Another gateway was there first.
            Some(before) if !changing.replace_grant(&grant, now, before)? => return Err(ChangeError::State),
            Some(_) => Ok(()),
        };
        if closes || written.is_ok() {
            changing.grants.insert(id.to_owned(), grant.clone());
            self.live(&changing);
        }
        written?;
        Ok(grant)
    }

    /// Takes the one use of each grant that has one, written before anything is released.
    ///
    /// # Errors
    /// Somebody used it before, or it can't be written.
    pub fn take(&self, facts: &Facts) -> Result<(), ChangeError> {
        for grant in facts.once() {
            if !grant.take() {
                return Err(ChangeError::State);
            }
            let used = self.change(&grant.id, |grant, now| {
                // Another gateway may have been there.
                if grant.state(now) != GrantState::Active {
                    return Err(ChangeError::State);
                }
                grant.used = Some(now);
                Ok(())
            });
            used.inspect_err(|_| grant.give_back())?;
        }
        Ok(())
    }

    /// Opens a ticket, with a grant for whoever handles it.
    ///
    /// # Errors
    /// The news is older than what is known, or it can't be written; nothing is opened.
    pub fn open_ticket(&self, ticket: Ticket, grant: Option<Grant>) -> Result<(), ChangeError> {
        let mut changing = self.changing();
        if changing.tickets.get(&ticket.id).is_some_and(|known| known.changed >= ticket.changed) {
            return Err(ChangeError::State);
        }
        changing.put(Table::Tickets, (&ticket.id, None), &ticket, self.now())?;
        changing.tickets.insert(ticket.id.clone(), ticket);
        if let Some(grant) = grant {
            changing.put_grant(&grant, self.now())?;
            changing.grants.insert(grant.id.clone(), grant);
            self.live(&changing);
        }
        Ok(())
    }

    /// Closes a ticket and ends its grants; which.
    ///
    /// # Errors
    /// It is older news, or can't be written; the grants are ended all the same.
    pub fn close_ticket(&self, ticket: Ticket, by: &str) -> Result<Vec<String>, ChangeError> {
        let now = self.now();
        let mut changing = self.changing();
        if changing.tickets.get(&ticket.id).is_some_and(|known| known.changed >= ticket.changed) {
            return Err(ChangeError::State);
        }
        let of_ticket =
            |grant: &&mut Grant| grant.ticket.as_ref() == Some(&ticket.id) && grant.ended.is_none();
        let mut ended = Vec::new();
        for grant in changing.grants.values_mut().filter(of_ticket) {
            (grant.ended, grant.ended_by) = (Some(now), Some(by.to_owned()));
            ended.push(grant.clone());
        }
        self.live(&changing);
        changing.put(Table::Tickets, (&ticket.id, None), &ticket, now)?;
        changing.tickets.insert(ticket.id.clone(), ticket);
        for grant in &ended {
            changing.put_grant(grant, now)?;
        }
        Ok(ended.into_iter().map(|grant| grant.id).collect())
    }

    /// Whether a source's time of a change to a ticket is later than what is known of it.
    pub fn is_news(&self, ticket: &str, changed: i64) -> bool {
        self.changing().tickets.get(ticket).is_none_or(|known| known.changed < changed)
    }

    /// Whether a ticket is known to be closed: no new grant is given on it.
    pub fn is_closed(&self, ticket: &str) -> bool {
        self.changing().tickets.get(ticket).is_some_and(|ticket| !ticket.open)
    }

    fn live(&self, changing: &Changing) {
        let now = self.now();
        let usable = changing.grants.values().filter(|grant| grant.state(now) == GrantState::Active);
        let before = self.live.load_full();
        self.live.store(Arc::new(Live::of(usable, &before)));
    }
}

// Kill switches.
impl Rights {
    /// Throws a switch.
    ///
    /// # Errors
    /// It can't be written; it rules all the same until the gateway stops.
    pub fn throw(&self, switch: Switch) -> Result<(), ChangeError> {
        let mut changing = self.changing();
        changing.switches.insert(switch.id.clone(), switch.clone());
        self.rethrow(&changing);
        Ok(changing.put(Table::Switches, (&switch.id, None), &switch, self.now())?)
    }

    /// Takes a switch back.
    ///
    /// # Errors
    /// There is none, or it can't be written, and it still rules.
    pub fn reset(&self, id: &str) -> Result<Switch, ChangeError> {
        let mut changing = self.changing();
        if !changing.switches.contains_key(id) {
            return Err(ChangeError::Missing);
        }
        changing.store.remove(Table::Switches, id)?;
        let switch = changing.switches.remove(id).ok_or(ChangeError::Missing)?;
        self.rethrow(&changing);
        Ok(switch)
    }

    fn rethrow(&self, changing: &Changing) {
        self.thrown.store(Arc::new(Thrown::of(changing.switches.values())));
    }

    /// All that are thrown.
    pub fn switches(&self) -> Vec<Switch> {
        self.changing().switches.values().cloned().collect()
    }
}

/// What came of counting an answer's investors.
#[derive(Debug)]
pub struct Counted<'l> {
    /// Under which limits they were counted, and whose each counts together.
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

impl Changing {
    fn put_grant(&mut self, grant: &Grant, now: Moment) -> Result<(), StoreError> {
        let subject = grant.subject.as_deref().and_then(Pseudonym::from_hex);
        self.put(Table::Grants, (&grant.id, subject), grant, now)
    }

    fn replace_grant(&mut self, grant: &Grant, now: Moment, before: i64) -> Result<bool, StoreError> {
        let subject = grant.subject.as_deref().and_then(Pseudonym::from_hex);
        let document = serde_json::to_string(grant).map_err(|_| StoreError::Damaged)?;
        let row = Row { id: grant.id.clone(), subject, changed: shared::after(now, before), document };
        self.store.replace(Table::Grants, &row, before)
    }

    fn put(
        &mut self,
        table: Table,
        (id, subject): (&str, Option<Pseudonym>),
        document: &impl Serialize,
        now: Moment,
    ) -> Result<(), StoreError> {
        let document = serde_json::to_string(document).map_err(|_| StoreError::Damaged)?;
        let row = Row { id: id.to_owned(), subject, changed: now.ms(), document };
        self.store.put(&[(table, row)])
    }
}

/// A new id: a letter that says what it is of, and 64 random bits.
///
/// # Errors
/// The system gives no random numbers.
pub fn new_id(of: &str) -> std::io::Result<String> {
    let number = getrandom::u64().map_err(|_| std::io::Error::other("no random numbers"))?;
    Ok(format!("{of}-{number:016x}"))
}

fn read<T: DeserializeOwned>(row: &Row) -> Option<T> {
    serde_json::from_str(&row.document).ok()
}

/// Every row of a table by its id; one that can't be read would be forgotten, and with it what it ends.
fn by_id<T: DeserializeOwned>(
    rows: &[Row],
    id: impl Fn(&T) -> String,
) -> Result<BTreeMap<String, T>, StoreError> {
    let all = rows.iter().map(|row| read::<T>(row).map(|one| (id(&one), one)).ok_or(StoreError::Damaged));
    all.collect()
}

/// How often counts are written. What a kill cuts off are those since, and the access log has them.
const WRITE_EVERY: Duration = Duration::from_secs(1);

/// How long what a shared store opened stays open when it can't be reached (F12).
const POSITIVE_FOR: Duration = Duration::from_secs(60);

/// The longest period of a limit, in milliseconds.
const LONGEST_MS: i64 = 365 * 86_400 * 1000;
