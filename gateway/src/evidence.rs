//! Evidence that leaves the host by sockets: checkpoints to a time-stamping authority (RFC 3161) and, with the slices they
//! cover, to an evidence chain's gateway (T/SAC 004—2024 §6.4.4).
//!
//! Each goes by a thread of its own that reads what the log's notary wrote beside the log: neither the log nor the data
//! port ever waits for a remote side (failure F5). What could not be delivered is tried again, with growing pauses; any later
//! checkpoint bears witness to all before it, so nothing piles up.

mod chain;
mod stamps;

use crate::config;
use chain::ChainCourier;
use stamps::StampCourier;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};
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

/// Where evidence goes.
pub const ANCHORS: [&str; 3] = ["directory", "time-stamp", "chain"];

/// Since when something waits for delivery, by courier; seconds since 1970, 0 when nothing does.
#[derive(Clone, Debug, Default)]
pub struct Lag(Arc<[AtomicI64; 2]>);

impl Lag {
    /// How long the oldest has waited, by name.
    pub fn ages(&self) -> [(&'static str, i64); 2] {
        let now = jiff::Timestamp::now().as_second();
        let [stamps, chain] = &*self.0;
        let age = |since: &AtomicI64| match since.load(Ordering::Relaxed) {
            0 => 0,
            since => (now - since).max(0),
        };
        [("time-stamp", age(stamps)), ("chain", age(chain))]
    }
}

/// Starts what the configuration asks for, for the log in `dir`.
///
/// # Errors
/// A thread can't be started.
pub fn start(config: &config::Audit, dir: &Path) -> std::io::Result<Lag> {
    let lag = Lag::default();
    if let Some(stamps) = &config.time_stamps {
        let courier = StampCourier::new(stamps.clone(), dir);
        run("time-stamp", 0, Box::new(courier), dir.to_owned(), lag.clone())?;
    }
    if let Some(chain) = &config.chain {
        let courier = ChainCourier::new(chain.clone(), dir);
        run("chain", 1, Box::new(courier), dir.to_owned(), lag.clone())?;
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
            if let Some(waits) = lag.0.get(place) {
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
/// Longest wait for a remote side.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Longest answer.
const ANSWER_BYTES: u64 = 64 << 10;
