//! Evidence that leaves the host by sockets: the log itself to a central store, checkpoints to a time-stamping authority (RFC 3161) and, with the slices they
//! cover, to an evidence chain's gateway (T/SAC 004—2024 §6.4.4).
//!
//! Each goes by a thread of its own that reads what the log's notary wrote beside the log: neither the log nor the data
//! port ever waits for a remote side (failure F5). What could not be delivered is tried again, with growing pauses; any later
//! checkpoint bears witness to all before it, so nothing piles up.

mod chain;
mod ship;
mod siem;
mod stamps;
pub mod store;

use crate::config;
use crate::metrics::Metrics;
use chain::ChainCourier;
use stamps::StampCourier;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use yingbi_audit::Log;
use yingbi_audit::checkpoint::{self, Note};

/// Brings checkpoints somewhere.
trait Courier: Send {
    /// Records that what was delivered last covers.
    fn reached(&self) -> u64;
    /// How far apart deliveries are.
    fn interval(&self) -> Duration;
    /// Delivers a checkpoint, and keeps the proof of it beside the log.
    fn deliver(&mut self, note: &Note) -> Result<(), Undelivered>;
}

/// Why something was not delivered; nothing of what a remote side said is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Undelivered {
    #[error("it can't be reached")]
    Unreachable,
    #[error("it answers with status {0}")]
    Status(u16),
    #[error("its answer can't be used: {0}")]
    Answer(yingbi_audit::stamp::BadToken),
    #[error("what it answered can't be kept: {0}")]
    Unkept(std::io::ErrorKind),
}

pub use siem::RECEIVERS;

/// Where evidence goes.
pub const ANCHORS: [&str; 4] = ["directory", "time-stamp", "chain", "store"];

/// Since when something waits for delivery, by courier: seconds since 1970, 0 when nothing does; and how long something
/// has waited for the central store.
#[derive(Clone, Debug)]
pub struct Lag {
    waits: Arc<[AtomicI64; 3]>,
    /// Records before this one are in the central store, if there is one.
    shipped: Arc<AtomicU64>,
}

impl Default for Lag {
    fn default() -> Self {
        Lag { waits: Arc::default(), shipped: Arc::new(AtomicU64::new(u64::MAX)) }
    }
}

impl Lag {
    /// How long the oldest has waited, by name.
    pub fn ages(&self) -> [(&'static str, i64); 3] {
        let now = jiff::Timestamp::now().as_second();
        let [stamps, chain, store] = &*self.waits;
        let age = |since: &AtomicI64| match since.load(Ordering::Relaxed) {
            0 => 0,
            since => (now - since).max(0),
        };
        [("time-stamp", age(stamps)), ("chain", age(chain)), ("store", store.load(Ordering::Relaxed))]
    }

    /// So long something has waited for the central store.
    fn store(&self, seconds: u64) {
        let [_, _, store] = &*self.waits;
        store.store(i64::try_from(seconds).unwrap_or(i64::MAX), Ordering::Relaxed);
    }

    /// At the end: waits a moment until the central store has all records before this one, unless it lags anyway.
    pub fn wait_shipped(&self, durable: u64) {
        let deadline = Instant::now() + LAST_WAIT;
        let [_, _, store] = &*self.waits;
        while self.shipped.load(Ordering::Relaxed) < durable
            && store.load(Ordering::Relaxed) < LAST_LAG_SECONDS
            && Instant::now() < deadline
        {
            std::thread::sleep(LAST_STEP);
        }
    }
}

/// Starts what the configuration asks for, for the log in `dir`; `unshipped` is told what must be kept.
///
/// # Errors
/// A thread can't be started.
pub fn start(
    config: &config::Audit,
    dir: &Path,
    (log, metrics): (&Arc<Log>, &Arc<Metrics>),
    unshipped: &Arc<AtomicU64>,
) -> std::io::Result<Lag> {
    let lag = Lag::default();
    if let Some(stamps) = &config.time_stamps {
        let courier = StampCourier::new(stamps.clone(), dir);
        run("time-stamp", 0, Box::new(courier), dir.to_owned(), lag.clone())?;
    }
    if let Some(chain) = &config.chain {
        let courier = ChainCourier::new(chain.clone(), dir);
        run("chain", 1, Box::new(courier), dir.to_owned(), lag.clone())?;
    }
    if let Some(ship) = &config.ship {
        ship::start(ship, dir, log, unshipped, &lag)?;
    }
    if let Some(receivers) = &config.siem {
        siem::start(receivers, dir, log, metrics)?;
    }
    Ok(lag)
}

fn run(
    name: &'static str,
    place: usize,
    mut courier: Box<dyn Courier>,
    dir: PathBuf,
    lag: Lag,
) -> std::io::Result<()> {
    let work = move || {
        let (mut last, mut pause) = (None::<Instant>, PAUSE_LEAST);
        let tell = |since: i64| {
            if let Some(waits) = lag.waits.get(place) {
                waits.store(since, Ordering::Relaxed);
            }
        };
        let mut since = 0;
        loop {
            std::thread::sleep(TICK);
            // What can't be read now can be read later.
            let Ok(Some(note)) = checkpoint::last(&dir) else { continue };
            let is_due = last.is_none_or(|last| last.elapsed() >= courier.interval());
            if note.checkpoint.records == courier.reached() || !is_due {
                continue;
            }
            if since == 0 {
                since = jiff::Timestamp::now().as_second();
                tell(since);
            }
            match courier.deliver(&note) {
                Ok(()) => {
                    if pause > PAUSE_LEAST {
                        tracing::info!(anchor = name, "evidence is delivered again");
                    }
                    (since, pause, last) = (0, PAUSE_LEAST, Some(Instant::now()));
                    tell(0);
                }
                Err(why) => {
                    if pause == PAUSE_LEAST {
                        tracing::warn!(anchor = name, %why, "evidence is not delivered; it is tried again");
                    }
                    pause = (pause * 2).min(PAUSE_MOST);
                    std::thread::sleep(pause);
                }
            }
        }
    };
    std::thread::Builder::new().name(format!("evidence-{name}")).spawn(work).map(|_| ())
}

/// A client that follows no redirect and no proxy of the environment: evidence goes where the file says.
fn agent(ca: Option<&Path>) -> ureq::Agent {
    use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
    let certificate = |item: Result<PemItem<'static>, ureq::Error>| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    };
    let roots = match ca.map(std::fs::read) {
        None => RootCerts::WebPki,
        // A file that vanished since it was checked trusts nobody.
        Some(pem) => RootCerts::new_with_certs(
            &parse_pem(&pem.unwrap_or_default()).filter_map(certificate).collect::<Vec<_>>(),
        ),
    };
    ureq::Agent::config_builder()
        .timeout_global(Some(TIMEOUT))
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .proxy(None)
        .user_agent("yingbi")
        .tls_config(TlsConfig::builder().root_certs(roots).build())
        .build()
        .into()
}

/// How often it is looked for something to deliver.
const TICK: Duration = Duration::from_millis(200);
/// Pauses after failures.
const PAUSE_LEAST: Duration = Duration::from_millis(500);
const PAUSE_MOST: Duration = Duration::from_secs(60);
/// How long the end waits for the central store, and when it doesn't.
const LAST_WAIT: Duration = Duration::from_secs(5);
const LAST_STEP: Duration = Duration::from_millis(20);
const LAST_LAG_SECONDS: i64 = 3;
/// Longest wait for a remote side.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Longest answer.
const ANSWER_BYTES: u64 = 64 << 10;
