//! A store that other gateways change too: what they changed is taken in as they tell of it, and when the store can't be
//! reached for a minute, what it opened is closed (F12): no consent, no grant. What closes stays.

use super::changing::{Changing, by_id, read};
use super::clock::Moment;
use super::store::{Notice, Row, Table, Watch};
use super::{Consent, Grant, Holder, Rights, Switch, Ticket, Withdrawal};
use crate::state::inventory::StoreError;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use yingbi_crypto::Pseudonym;

/// How a gateway stands to a shared store.
#[derive(Default)]
pub(super) struct Reach {
    /// Whether nothing is known for sure any more.
    pub is_lost: Arc<AtomicBool>,
    errors: AtomicU64,
}

impl Reach {
    pub(super) fn failed(&self) {
        self.errors.fetch_add(1, Ordering::Relaxed);
    }
}

impl Rights {
    /// How often the store failed since it was asked last.
    pub fn take_store_errors(&self) -> u64 {
        self.reach.errors.swap(0, Ordering::Relaxed)
    }

    /// Listens to a shared store in a thread of its own; nothing to do for one that is this gateway's alone.
    ///
    /// # Errors
    /// No thread can be started.
    pub(super) fn listen(self: &Arc<Self>) -> std::io::Result<()> {
        let Some(mut watch) = self.changing().store.watch() else { return Ok(()) };
        let rights = Arc::clone(self);
        let listen = move || {
            let mut reached = Instant::now();
            loop {
                if let Err(error) = rights.follow(&mut *watch, &mut reached) {
                    rights.reach.failed();
                    tracing::warn!(%error, "the shared store of rights can't be reached");
                }
                rights.lose(reached);
                std::thread::sleep(AGAIN);
            }
        };
        std::thread::Builder::new().name("yingbi-rights-shared".to_owned()).spawn(listen).map(drop)
    }

    /// Follows the store as long as it can be reached.
    fn follow(&self, watch: &mut dyn Watch, reached: &mut Instant) -> Result<(), StoreError> {
        watch.connect()?;
        // What changed before it listened.
        self.read_all()?;
        self.found(reached);
        loop {
            for notice in watch.notices(WAIT)? {
                self.take_in(&notice)?;
            }
            self.take_in_counts()?;
            self.found(reached);
        }
    }

    fn found(&self, reached: &mut Instant) {
        *reached = Instant::now();
        if self.reach.is_lost.swap(false, Ordering::AcqRel) {
            tracing::info!("the shared store of rights is reached again");
        }
    }

    /// Closes what a store opened that was not reached for too long.
    fn lose(&self, reached: Instant) {
        if reached.elapsed() >= self.positive_for && !self.reach.is_lost.swap(true, Ordering::AcqRel) {
            tracing::error!(
                "the shared store of rights is lost: no consent and no grant until it is reached again"
            );
        }
    }

    /// Takes in one change of another gateway, or of this one.
    fn take_in(&self, notice: &Notice) -> Result<(), StoreError> {
        let mut changing = self.changing();
        match notice.table {
            Table::Consents => {
                let row = changing.store.row(Table::Consents, &notice.id)?;
                if let Some((subject, consent)) = row.as_ref().and_then(of_subject::<Consent>) {
                    self.subjects.set(subject, &consent);
                }
            }
            Table::Withdrawals => {
                let row = changing.store.row(Table::Withdrawals, &notice.id)?;
                if let Some(withdrawal) = row.as_ref().and_then(read::<Withdrawal>) {
                    self.subjects.withdraw(&withdrawal);
                }
            }
            Table::Restrictions => {
                let Some(subject) = notice.subject else { return Ok(()) };
                let any = !changing.store.rows(Table::Restrictions, Some(subject))?.is_empty();
                self.subjects.restrict(subject, any);
            }
            Table::Holders => {
                let row = changing.store.row(Table::Holders, &notice.id)?;
                if let Some(did) = Pseudonym::from_hex(&notice.id) {
                    self.holders.set(did, row.and_then(|row| row.subject));
                }
            }
            Table::Grants => {
                if let Some(grant) =
                    changing.store.row(Table::Grants, &notice.id)?.as_ref().and_then(read::<Grant>)
                {
                    changing.grants.insert(grant.id.clone(), grant);
                    self.live(&changing);
                }
            }
            Table::Tickets => {
                if let Some(ticket) =
                    changing.store.row(Table::Tickets, &notice.id)?.as_ref().and_then(read::<Ticket>)
                {
                    changing.tickets.insert(ticket.id.clone(), ticket);
                }
            }
            Table::Switches => {
                match changing.store.row(Table::Switches, &notice.id)?.as_ref().and_then(read::<Switch>) {
                    Some(switch) => drop(changing.switches.insert(switch.id.clone(), switch)),
                    None => drop(changing.switches.remove(&notice.id)),
                }
                self.rethrow(&changing);
            }
        }
        Ok(())
    }

    /// Reads everything again, in place of what is known.
    fn read_all(&self) -> Result<(), StoreError> {
        let mut changing = self.changing();
        changing.settle()?;
        let store = &changing.store;
        let consents = store.rows(Table::Consents, None)?;
        let restricted = store.rows(Table::Restrictions, None)?;
        let withdrawals = by_id(&store.rows(Table::Withdrawals, None)?, |one: &Withdrawal| one.id.clone())?;
        let holders = by_id(&store.rows(Table::Holders, None)?, |holder: &Holder| holder.id.clone())?;
        let grants = by_id(&store.rows(Table::Grants, None)?, |grant: &Grant| grant.id.clone())?;
        let tickets = by_id(&store.rows(Table::Tickets, None)?, |ticket: &Ticket| ticket.id.clone())?;
        let switches = by_id(&store.rows(Table::Switches, None)?, |switch: &Switch| switch.id.clone())?;
        self.subjects.load(
            consents.iter().filter_map(of_subject::<Consent>),
            restricted.iter().filter_map(|row| row.subject),
            withdrawals.values(),
        );
        self.holders.replace(holders.values());
        (changing.grants, changing.tickets, changing.switches) = (grants, tickets, switches);
        self.live(&changing);
        self.rethrow(&changing);
        Ok(())
    }

    /// Whom other gateways have counted lately.
    fn take_in_counts(&self) -> Result<(), StoreError> {
        let now = self.clock.now_ms();
        let seen = self.changing().store.counted(now.saturating_sub(COUNTS_MS))?;
        self.counters.load(seen);
        Ok(())
    }

    /// A grant in its newest form, and when it changed last, when the store tells; others may have changed it.
    pub(super) fn newest(&self, changing: &Changing, id: &str) -> Option<(Grant, Option<i64>)> {
        match changing.store.row(Table::Grants, id) {
            Ok(row) => row.as_ref().and_then(|row| Some((read::<Grant>(row)?, Some(row.changed)))),
            Err(_) => {
                self.reach.failed();
                changing.grants.get(id).cloned().map(|grant| (grant, None))
            }
        }
    }
}

fn of_subject<T: serde::de::DeserializeOwned>(row: &Row) -> Option<(Pseudonym, T)> {
    Some((row.subject?, read(row)?))
}

/// When something is next in a row after another change, whatever the clocks of two gateways say.
pub(super) fn after(now: Moment, before: i64) -> i64 {
    now.ms().max(before.saturating_add(1))
}

/// How long notices are waited for before the store is asked whether it is still there.
const WAIT: Duration = Duration::from_millis(400);
/// How soon a store that was lost is tried again.
const AGAIN: Duration = Duration::from_millis(500);
/// Clocks of gateways may differ by so much, and their writes come each second.
const COUNTS_MS: i64 = 10_000;
