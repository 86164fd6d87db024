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

mod changing;
mod clock;
mod consent;
mod counters;
mod facts;
mod figures;
mod grant;
mod holder;
mod limits;
mod postgres;
mod recount;
mod shared;
pub mod store;
mod switch;
#[cfg(test)]
mod tests;

pub use changing::{ChangeError, new_id};
pub use clock::{Clock, Moment};
pub use consent::{Consent, Restriction, RestrictionState, Withdrawal};
pub use facts::Facts;
pub use figures::Figures;
pub use grant::{Grant, GrantState, LiveGrant, Review, Ticket};
pub use holder::{Brought, Holder};
pub use limits::{Counted, People, Scope};
pub use switch::{Stops, Switch, Switched};

use super::inventory::StoreError;
use arc_swap::ArcSwap;
use changing::{Changing, by_id, read};
use counters::Counters;
use grant::Live;
use holder::Holders;
use jiff::Timestamp;
use limits::LONGEST_MS;
use postgres::Postgres;
use recount::Mark;
use shared::Reach;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use store::{Sqlite, Store, Table};
use switch::Thrown;
use yingbi_crypto::{Pseudonym, PseudonymKey};

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
        let withdrawals = by_id(&rows(Table::Withdrawals)?, |one: &Withdrawal| one.id.clone())?;
        let holders = by_id(&rows(Table::Holders)?, |holder: &Holder| holder.id.clone())?;
        let restricted: Vec<Pseudonym> =
            rows(Table::Restrictions)?.iter().filter_map(|row| row.subject).collect();
        let grants = by_id(&rows(Table::Grants)?, |grant: &Grant| grant.id.clone())?;
        let tickets = by_id(&rows(Table::Tickets)?, |ticket: &Ticket| ticket.id.clone())?;
        let switches = by_id(&rows(Table::Switches)?, |switch: &Switch| switch.id.clone())?;
        let clock = Clock::start(Timestamp::from_millisecond(latest).unwrap_or(Timestamp::UNIX_EPOCH));
        let subjects = Arc::new(consent::Table::new());
        subjects.load(consents, restricted, withdrawals.values());
        let (counters, reach, positive_for) = (Counters::default(), Reach::default(), POSITIVE_FOR);
        counters.load(store.counted(clock.now_ms().saturating_sub(LONGEST_MS))?);
        let live = ArcSwap::from_pointee(Live::of(grants.values(), &Live::default()));
        let thrown = ArcSwap::from_pointee(Thrown::of(switches.values()));
        let common = Facts::common(&subjects, &key, clock, &reach.is_lost);
        let changing = Mutex::new(Changing::new(store, (grants, tickets, switches)));
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

/// How often counts are written. What a kill cuts off are those since, and the access log has them.
const WRITE_EVERY: Duration = Duration::from_secs(1);

/// How long what a shared store opened stays open when it can't be reached (F12).
const POSITIVE_FOR: Duration = Duration::from_secs(60);
