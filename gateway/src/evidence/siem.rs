//! Tells a security team's own systems what the log records, as it is recorded: by syslog (RFC 5424) or OpenTelemetry logs.
//!
//! What is told is a copy for alarms and correlation; the record is the log. So nothing waits for it: a thread of its own
//! reads what is durable in the log's files, a receiver that doesn't keep up is told nothing of what lies further back than
//! `backlog` records, and that is counted. No values, no pseudonyms of investors: how many, of which categories.

mod event;
mod otlp;
mod syslog;

use crate::config::{self, Siem};
use crate::metrics::Metrics;
use event::Event;
use otlp::Otlp;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use syslog::Syslog;
use yingbi_audit::Log;
use yingbi_audit::journal::Journal;

/// Receivers, as metrics name them.
pub const RECEIVERS: [&str; 2] = ["syslog", "otlp"];

/// Takes events.
trait Receiver: Send {
    /// Hands these over; gives how many were refused for good.
    fn send(&mut self, events: &[Event]) -> Result<u64, Undelivered>;
}

/// Why events were not handed over; nothing of what a remote side said is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Undelivered {
    #[error("it can't be reached")]
    Unreachable,
    #[error("it answers with status {0}")]
    Status(u16),
}

/// Starts telling whom the configuration names.
///
/// # Errors
/// A thread can't be started.
pub(super) fn start(
    config: &Siem,
    dir: &Path,
    log: &Arc<Log>,
    metrics: &Arc<Metrics>,
) -> std::io::Result<()> {
    let source = |name: &'static str| Source {
        name,
        dir: dir.to_owned(),
        log: Arc::clone(log),
        metrics: Arc::clone(metrics),
        backlog: config.backlog,
    };
    let name = &config.gateway;
    if let Some(syslog) = &config.syslog {
        let receiver = Syslog::new(syslog, name);
        spawn(source("syslog"), Box::new(receiver))?;
    }
    if let Some(otlp) = &config.otlp {
        let receiver = Otlp::new(otlp, name);
        spawn(source("otlp"), Box::new(receiver))?;
    }
    Ok(())
}

fn spawn(source: Source, receiver: Box<dyn Receiver>) -> std::io::Result<()> {
    let name = format!("evidence-{}", source.name);
    std::thread::Builder::new().name(name).spawn(move || source.run(receiver)).map(|_| ())
}

/// What a receiver is told.
struct Source {
    name: &'static str,
    dir: PathBuf,
    log: Arc<Log>,
    metrics: Arc<Metrics>,
    backlog: u64,
}

impl Source {
    fn run(self, mut receiver: Box<dyn Receiver>) {
        // What earlier runs recorded they told, or counted.
        let mut next = self.first();
        let mut journal = None;
        let mut pending: Vec<Event> = Vec::new();
        let (mut pause, mut was_told) = (PAUSE_LEAST, false);
        loop {
            next = self.skip(next, &mut pending, &mut journal);
            if pending.is_empty() {
                let read = self.read(&mut journal, next);
                match read {
                    Ok((events, reached)) => {
                        pending = events;
                        next = next.max(reached);
                    }
                    // What can't be read now can be read later; it is counted when it is too far behind.
                    Err(_) => journal = None,
                }
                if pending.is_empty() {
                    std::thread::sleep(TICK);
                    continue;
                }
            }
            match receiver.send(&pending) {
                Ok(refused) => {
                    let sent = (pending.len() as u64).saturating_sub(refused);
                    self.metrics.siem(self.name, "sent", sent);
                    self.metrics.siem(self.name, "dropped", refused);
                    pending.clear();
                    pause = PAUSE_LEAST;
                    if std::mem::take(&mut was_told) {
                        tracing::info!(receiver = self.name, "events are told again");
                    }
                }
                Err(why) => {
                    if !std::mem::replace(&mut was_told, true) {
                        tracing::warn!(receiver = self.name, %why, "events are not told; it is tried again");
                    }
                    std::thread::sleep(pause);
                    pause = (pause * 2).min(PAUSE_MOST);
                }
            }
        }
    }

    /// The first record of this run: what was there before it is over.
    fn first(&self) -> u64 {
        self.log.opened()
    }

    /// Passes over what lies too far back, and counts it.
    fn skip(&self, next: u64, pending: &mut Vec<Event>, journal: &mut Option<Journal>) -> u64 {
        let least = self.log.durable().saturating_sub(self.backlog);
        let kept = pending.iter().take_while(|event| event.sequence < least).count();
        self.metrics.siem(self.name, "dropped", kept as u64);
        pending.drain(..kept);
        if least <= next {
            return next;
        }
        self.metrics.siem(self.name, "dropped", least - next);
        *journal = None;
        least
    }

    /// The next events from this record on, and behind which record they end.
    fn read(&self, journal: &mut Option<Journal>, next: u64) -> std::io::Result<(Vec<Event>, u64)> {
        let mut open = match journal.take() {
            Some(open) => open,
            None => Journal::near(&self.dir, next)?,
        };
        let (mut events, mut reached) = (Vec::new(), next);
        for piece in open.read(|| self.log.durable(), PART_BYTES)? {
            let Some(sequence) = piece.sequence.filter(|sequence| *sequence >= next) else { continue };
            reached = reached.max(sequence.saturating_add(1));
            match piece.record() {
                Some(record) => events.push(Event::of(sequence, piece.time, &record)),
                // A record longer than a piece is told by its number alone.
                None => events.push(Event::unread(sequence, piece.time)),
            }
        }
        *journal = Some(open);
        Ok((events, reached))
    }
}

/// The agent of a receiver that is spoken to by HTTP.
fn agent(config: &config::Otlp) -> ureq::Agent {
    super::agent(config.ca.as_deref())
}

/// How often it is looked for something to tell.
const TICK: Duration = Duration::from_millis(200);
/// Pauses after failures.
const PAUSE_LEAST: Duration = Duration::from_millis(500);
const PAUSE_MOST: Duration = Duration::from_secs(30);
/// Some hundred records at once.
const PART_BYTES: usize = 128 << 10;
