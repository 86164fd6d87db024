//! The operator's log on standard error: text or JSON lines, of this program's own events alone.
//!
//! Libraries are not trusted to keep personal information out of their messages: Pingora's quote raw heads and URLs with
//! queries. Of their records only level, crate and line survive, never the text. A panic shows its place
//! and nothing of its message. Writing never blocks an exchange: lines wait in a bounded queue, and are dropped and
//! counted when nobody reads them.

mod lines;
#[cfg(test)]
mod tests;

use crate::config::{LogFormat, LogLevel, Telemetry};
use lines::Lines;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::panic::PanicHookInfo;
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};

/// Starts logging; once in a process, later calls change nothing.
pub fn start(telemetry: &Telemetry) {
    let lines = LINES.get_or_init(|| Lines::start(std::io::stderr()));
    let level = match telemetry.log_level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    // Only our own targets: other crates' events may hold what passes through them.
    let ours = Targets::new().with_target("yingbi", level);
    let layer = fmt::layer().with_writer(lines.clone()).with_ansi(false);
    let layer = match telemetry.log_format {
        LogFormat::Text => layer.boxed(),
        LogFormat::Json => layer.json().flatten_event(true).boxed(),
    };
    let _ = tracing_subscriber::registry().with(layer.with_filter(ours)).try_init();
    if log::set_logger(&LIBRARIES).is_ok() {
        log::set_max_level(log::LevelFilter::Warn);
    }
}

/// Waits, for a moment at most, until what was logged is written; call before the process ends.
pub fn flush() {
    if let Some(lines) = LINES.get() {
        lines.flush(Duration::from_millis(500));
    }
}

/// Lines that were dropped because nobody read them.
pub fn dropped_lines() -> u64 {
    LINES.get().map_or(0, Lines::dropped)
}

/// Ends the process on any panic, showing its place but not its message, which may quote what was being handled.
pub fn abort_on_panic() {
    std::panic::set_hook(Box::new(|panic| {
        let _ = std::io::stderr().write_all(place(panic).as_bytes());
        std::process::abort();
    }));
}

/// Keeps memory out of core files and debuggers: no core size, not dumpable.
///
/// # Errors
/// The system refuses; the process may go on, its operator should know.
pub fn keep_memory_private() -> std::io::Result<()> {
    use nix::sys::resource::{Resource, setrlimit};
    setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_dumpable(false)?;
    Ok(())
}

/// Logger for crates that use `log`: keeps where and how bad, throws the text away. Each place speaks once in a while:
/// what strangers can provoke (a broken handshake, say) must not fill the log.
struct Redacted {
    heard: Mutex<BTreeMap<(&'static str, u32), Heard>>,
}

/// One place in a library.
struct Heard {
    last: Instant,
    suppressed: u64,
}

impl Redacted {
    const fn new() -> Redacted {
        Redacted { heard: Mutex::new(BTreeMap::new()) }
    }

    /// Whether a place may speak now, and how often it was not let since.
    fn hear(&self, library: &'static str, line: u32, now: Instant) -> Option<u64> {
        // As many places as the libraries have log statements, so this stays small.
        let mut heard = self.heard.try_lock().ok()?;
        match heard.get_mut(&(library, line)) {
            Some(place) if now.duration_since(place.last) < EACH_PLACE => {
                place.suppressed += 1;
                None
            }
            Some(place) => {
                place.last = now;
                Some(std::mem::take(&mut place.suppressed))
            }
            None => {
                heard.insert((library, line), Heard { last: now, suppressed: 0 });
                Some(0)
            }
        }
    }
}

impl log::Log for Redacted {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.level() <= log::Level::Warn
    }

    fn log(&self, record: &log::Record<'_>) {
        // Static strings of the program's text: nothing that passed through can be in them.
        let library = record.module_path_static().unwrap_or("unknown");
        let line = record.line().unwrap_or(0);
        if !self.enabled(record.metadata()) {
            return;
        }
        let Some(suppressed) = self.hear(library, line, Instant::now()) else { return };
        match record.level() {
            log::Level::Error => tracing::error!(library, line, suppressed, "a library reported an error"),
            log::Level::Warn => tracing::warn!(library, line, suppressed, "a library reported a warning"),
            _ => {}
        }
    }

    fn flush(&self) {}
}

/// One line: where it panicked.
fn place(panic: &PanicHookInfo<'_>) -> String {
    match panic.location() {
        Some(at) => format!("yingbi: panic at {}:{}:{}, aborting\n", at.file(), at.line(), at.column()),
        None => "yingbi: panic, aborting\n".to_owned(),
    }
}

static LINES: OnceLock<Lines> = OnceLock::new();
static LIBRARIES: Redacted = Redacted::new();
/// How often one place of a library may speak.
const EACH_PLACE: Duration = Duration::from_secs(60);
