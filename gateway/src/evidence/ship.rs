//! Ships the log to a central store, in order, without loss or duplicate.
//!
//! A thread of its own reads what is durable in the log's files; the data port never waits for it. Where to go on the store
//! says, at the start and after whatever went wrong: there is no second place that could say otherwise. A store that has
//! more of this log than is here, or other bytes, is shipped nothing: the log was cut or replaced, and people must look.

use super::Lag;
use super::store::{Address, Store, StoreFault};
use crate::config::Ship;
use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use yingbi_audit::Log;
use yingbi_audit::journal::{Diverged, Journal};

/// Starts shipping the log in `dir`. `unshipped` is told what must be kept.
///
/// # Errors
/// A thread can't be started.
pub(super) fn start(
    config: &Ship,
    dir: &Path,
    log: &Arc<Log>,
    unshipped: &Arc<AtomicU64>,
    lag: &Lag,
) -> std::io::Result<()> {
    let Some(address) = config.address.clone() else { return Ok(()) };
    lag.shipped.store(0, Ordering::Relaxed);
    let shipper = Shipper {
        address,
        gateway: config.gateway.clone(),
        dir: dir.to_owned(),
        log: Arc::clone(log),
        unshipped: Arc::clone(unshipped),
        lag: lag.clone(),
        mark: (0, None),
    };
    std::thread::Builder::new().name("evidence-store".to_owned()).spawn(move || shipper.run()).map(|_| ())
}

struct Shipper {
    address: Address,
    gateway: String,
    dir: PathBuf,
    log: Arc<Log>,
    unshipped: Arc<AtomicU64>,
    lag: Lag,
    /// Records that were durable at a time: until they are shipped, something has waited since.
    mark: (u64, Option<Instant>),
}

/// Why shipping stopped.
#[derive(Debug, thiserror::Error)]
enum Stopped {
    #[error(transparent)]
    Store(#[from] StoreFault),
    #[error(transparent)]
    Diverged(#[from] Diverged),
    #[error("the log can't be read: {0}")]
    Log(std::io::ErrorKind),
}

impl Shipper {
    fn run(mut self) {
        // What the last run left half written beside the log is cut away first.
        while self.log.evidence().rounds == 0 {
            std::thread::sleep(TICK);
        }
        let mut pause = PAUSE_LEAST;
        let mut was_told = false;
        loop {
            let began = Instant::now();
            let Err(why) = self.ship(&mut was_told);
            if began.elapsed() > PAUSE_MOST {
                pause = PAUSE_LEAST;
            }
            if !was_told {
                was_told = true;
                match &why {
                    Stopped::Diverged(_) => tracing::error!(
                        %why,
                        "the central store has another log than this one: nothing is shipped, run `yingbi audit verify`"
                    ),
                    _ => tracing::warn!(%why, "the log is not shipped; it is tried again"),
                }
            }
            let until = Instant::now() + pause;
            while Instant::now() < until {
                self.tell(None);
                std::thread::sleep(TICK);
            }
            pause = (pause * 2).min(PAUSE_MOST);
        }
    }

    /// Ships until something goes wrong.
    fn ship(&mut self, was_told: &mut bool) -> Result<Infallible, Stopped> {
        let mut store: Box<dyn Store> = self.address.open()?;
        let stream = self.log.stream();
        let mut journal = Journal::open(&self.dir, store.cursor(&stream)?)?;
        if journal.cursor().next > self.log.durable() {
            return Err(Diverged.into());
        }
        let mut looked = Instant::now();
        loop {
            self.tell(Some(journal.cursor().next));
            let keep = journal.cursor().segment.min(journal.cursor().index);
            self.unshipped.store(keep, Ordering::Relaxed);
            let before = journal.cursor().clone();
            let log = &self.log;
            let pieces = journal.read(|| log.durable(), PARCEL_BYTES);
            let pieces = pieces.map_err(|error| Stopped::Log(error.kind()))?;
            if pieces.is_empty() {
                // A connection that died in silence is found before there is something to ship.
                if looked.elapsed() > LOOK {
                    looked = Instant::now();
                    if store.cursor(&stream)? != before {
                        return Err(StoreFault::Moved.into());
                    }
                }
                std::thread::sleep(TICK);
                continue;
            }
            store.put((&stream, &self.gateway), (&before, journal.cursor()), &pieces)?;
            if std::mem::take(was_told) {
                tracing::info!("the log is shipped again");
            }
        }
    }

    /// Tells since when something waits; `shipped` is how far the store is, when that is known.
    fn tell(&mut self, shipped: Option<u64>) {
        if let Some(shipped) = shipped {
            self.lag.shipped.store(shipped, Ordering::Relaxed);
        }
        let (records, since) = self.mark;
        if shipped.is_some_and(|shipped| shipped >= records) || since.is_none() {
            let durable = self.log.durable();
            let is_behind = shipped.is_none_or(|shipped| shipped < durable);
            self.mark = (durable, is_behind.then(Instant::now));
        }
        self.lag.store(self.mark.1.map_or(0, |since| since.elapsed().as_secs()));
    }
}

/// How often it is looked for something to ship.
const TICK: Duration = Duration::from_millis(100);
/// Pauses after failures.
const PAUSE_LEAST: Duration = Duration::from_millis(500);
const PAUSE_MOST: Duration = Duration::from_secs(30);
/// How often an idle store is asked.
const LOOK: Duration = Duration::from_secs(10);
/// About so much goes at once: less than what a NATS server takes unless told otherwise.
const PARCEL_BYTES: usize = 384 << 10;
