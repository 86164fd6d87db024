//! The inventory (T/TSAC 001—2025 §7.6 f, §7.2 c 2): what each route returns and accepts, at what level, how often and
//! to whom; and what differs from what a person accepted. No value is in it: templates of routes, patterns of paths, ids
//! of kinds, counts, roles and pseudonyms.
//!
//! The request path only counts: fields in the protector's own working space, callers in a table of their own. A thread
//! writes both every [`WRITE_EVERY`], and once more when the gateway stops. What a kill cuts off are the seconds since
//! the last write; a field that comes again is found again. All tables are bounded. Beyond the bounds fields of a route
//! are counted together by kind as `!more`, and callers by their roles: a new route, category or kind is never left out.
//!
//! ```text
//! answer ─▶ protector: fields ─┐
//!        └▶ callers            ├─▶ write ─▶ inventory.db ◀─ yingbi inventory [drift | accept], /api/v1/inventory
//! ```

mod callers;
pub mod report;
mod store;
#[cfg(test)]
pub(crate) mod tests;

pub use callers::Caller;
pub use store::{Acceptance, Store, StoreError};

use crate::metrics::Metrics;
use callers::Callers;
use jiff::Timestamp;
use std::collections::HashMap;
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use store::Batch;
use yingbi_protect::{Field, Outcomes, Protector};

/// How often what was counted is written.
pub const WRITE_EVERY: Duration = Duration::from_secs(2);

/// The inventory of one gateway.
pub struct Inventory {
    dir: PathBuf,
    callers: Callers,
    protector: Arc<Protector>,
    metrics: Arc<Metrics>,
    /// Told of each acceptance once.
    accepted: Box<dyn Fn(&Acceptance) + Send + Sync>,
    writing: Mutex<Writing>,
}

struct Writing {
    store: Store,
    /// What could not be written yet.
    left: Left,
    has_failed: bool,
}

/// Fields by all that tells them apart.
#[derive(Default)]
struct Left {
    fields: HashMap<Arc<Field>, Outcomes>,
    callers: HashMap<Caller, u64>,
}

impl Inventory {
    /// Opens the inventory in a directory, made if it is not there.
    ///
    /// # Errors
    /// The place can't be used.
    pub fn open(
        dir: &Path,
        protector: Arc<Protector>,
        metrics: Arc<Metrics>,
        accepted: impl Fn(&Acceptance) + Send + Sync + 'static,
    ) -> Result<Inventory, StoreError> {
        let (store, aside) = Store::create(dir)?;
        if let Some(aside) = aside {
            let aside = aside.display();
            tracing::error!(%aside, "the inventory was damaged and set aside; all is new until accepted again");
        }
        let writing = Mutex::new(Writing { store, left: Left::default(), has_failed: false });
        let (dir, callers, accepted) = (dir.to_owned(), Callers::default(), Box::new(accepted));
        let inventory = Inventory { dir, callers, protector, metrics, accepted, writing };
        inventory.write();
        Ok(inventory)
    }

    /// Counts an answer that is about to be released, by its caller.
    pub fn answered(&self, caller: Caller) {
        self.callers.count(caller);
    }

    /// Writes what was counted; what can't be written is kept for the next time.
    pub fn write(&self) {
        // Held from here on, so that whoever waits for it then reads what was counted before.
        let mut writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let Writing { store, left, has_failed } = &mut *writing;
        left.add(&self.protector, &self.callers);
        let batch = left.take();
        match store.write(Timestamp::now(), &batch) {
            Ok(written) => {
                *has_failed = false;
                for (drift, count) in written.drift {
                    self.metrics.inventory_drift(drift, count);
                }
                self.metrics.inventory_fields(written.fields);
                written.accepted.iter().for_each(&self.accepted);
                if let Err(error) = store.noted(&written.accepted) {
                    tracing::warn!(%error, "an acceptance will be told of again");
                }
            }
            Err(error) => {
                left.keep(batch);
                if !mem::replace(has_failed, true) {
                    tracing::error!(%error, "the inventory can't be written; what is found is kept in memory");
                }
            }
        }
    }

    /// Writes every [`WRITE_EVERY`] in a thread of its own.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn start(self: &Arc<Self>) -> std::io::Result<()> {
        let inventory = Arc::clone(self);
        let write = move || {
            loop {
                std::thread::sleep(WRITE_EVERY);
                inventory.write();
            }
        };
        std::thread::Builder::new().name("yingbi-inventory".to_owned()).spawn(write).map(drop)
    }

    /// A reader of all that was counted up to now.
    ///
    /// # Errors
    /// It can't be read.
    pub fn reader(&self) -> Result<Store, StoreError> {
        self.write();
        Store::read(&self.dir)
    }
}

impl Left {
    fn add(&mut self, protector: &Protector, callers: &Callers) {
        for sighting in protector.sightings() {
            self.add_field(sighting.field, &sighting.counts);
        }
        for (caller, count) in callers.take() {
            self.add_caller(caller, count);
        }
    }

    fn add_field(&mut self, field: Arc<Field>, counts: &Outcomes) {
        let known = self.fields.len();
        match self.fields.get_mut(&field) {
            Some(sum) => sum.add(counts),
            None if known < MOST_LEFT => drop(self.fields.insert(field, *counts)),
            // A disk that takes nothing for long, and an origin that makes up names: only that there is more is kept.
            None => {
                let more = Arc::new(Field { path: "!more".to_owned(), ..Field::clone(&field) });
                self.fields.entry(more).or_default().add(counts);
            }
        }
    }

    fn add_caller(&mut self, mut caller: Caller, count: u64) {
        if self.callers.len() >= MOST_LEFT && !self.callers.contains_key(&caller) {
            (caller.caller, caller.identified_by) = (None, callers::MORE);
        }
        *self.callers.entry(caller).or_default() += count;
    }

    fn take(&mut self) -> Batch {
        let mut fields: Vec<_> = self.fields.drain().collect();
        // Told in one order, whatever a table's: the fields that find room are the first of the alphabet.
        fields.sort_by(|(a, _), (b, _)| (&a.route, &a.path, a.kind).cmp(&(&b.route, &b.path, b.kind)));
        Batch { fields, callers: self.callers.drain().collect() }
    }

    fn keep(&mut self, batch: Batch) {
        for (field, counts) in batch.fields {
            self.add_field(field, &counts);
        }
        for (caller, count) in batch.callers {
            self.add_caller(caller, count);
        }
    }
}

/// A day, taken as UTC, or a time with its zone.
pub(crate) fn time(text: &str) -> Option<Timestamp> {
    let midnight = || Some(format!("{}T00:00:00Z", text.parse::<jiff::civil::Date>().ok()?));
    text.parse().ok().or_else(|| midnight()?.parse().ok())
}

/// Most fields, and most callers, kept while nothing can be written.
const MOST_LEFT: usize = 1 << 16;
