//! What limits have counted, after a crash. Counts are written once a second, so that no request waits for it; but each
//! release that was counted stands in the access log, durable before a byte left, with the limits it was counted under.
//! So the next run counts again what the log has behind the last record whose counts were surely written: whoever was
//! shown an investor was counted for it, kill and power cut included.

use super::store::Seen;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use yingbi_audit::Intent;
use yingbi_audit::search::{Filter, Order, search};
use yingbi_crypto::Pseudonym;

/// Up to where the log's records are counted and their counts written.
#[derive(Default)]
pub(super) struct Mark {
    /// Where it is kept; nowhere in tests.
    file: Option<PathBuf>,
    /// Records of the log known to be durable and counted.
    recorded: AtomicU64,
    /// How many of them when the mark was written last.
    written: AtomicU64,
}

impl Mark {
    pub(super) fn in_dir(dir: &Path) -> Mark {
        Mark { file: Some(dir.join(FILE)), ..Mark::default() }
    }

    /// A record under limits is durable; its counts were made before.
    pub(super) fn recorded(&self, sequence: u64) {
        self.recorded.fetch_max(sequence.saturating_add(1), Ordering::AcqRel);
    }

    /// How many records are counted: to be asked before counts are taken to be written.
    pub(super) fn now(&self) -> u64 {
        self.recorded.load(Ordering::Acquire)
    }

    /// The counts of so many records are written. A mark that is lost costs time at the next start, no more.
    pub(super) fn written(&self, records: u64) {
        let Some(file) = &self.file else { return };
        if self.written.swap(records, Ordering::Relaxed) == records {
            return;
        }
        let new = file.with_extension("new");
        let put = std::fs::write(&new, format!("{records}\n")).and_then(|()| std::fs::rename(&new, file));
        if let Err(error) = put {
            tracing::warn!(%error, "how far limits are counted can't be written; the next start counts more again");
        }
    }

    /// Of a log of so many records: those whose counts were surely written. Another log was never counted.
    fn before(&self, records: u64) -> u64 {
        let text = self.file.as_ref().and_then(|file| std::fs::read_to_string(file).ok());
        let mark = text.and_then(|text| text.trim_end().parse::<u64>().ok());
        mark.filter(|mark| *mark <= records).unwrap_or(0)
    }

    /// Whom the log's records say were counted and may not have been written, oldest first.
    ///
    /// # Errors
    /// The log can't be read.
    pub(super) fn behind(&self, log: &Path, records: u64) -> io::Result<Vec<Seen>> {
        let before = self.before(records);
        let filter = Filter {
            decision: Some("permit".to_owned()),
            after: before.checked_sub(1),
            before: Some(records),
            ..Filter::default()
        };
        let mut seen = Vec::new();
        search(log, &filter, Order::Oldest, None, &mut |entry| {
            seen.extend(counted(&entry.intent));
            Ok(())
        })?;
        Ok(seen)
    }
}

/// What one record says was counted.
fn counted(intent: &Intent) -> impl Iterator<Item = Seen> {
    let last = intent.time.parse::<jiff::Timestamp>().map_or(i64::MAX, jiff::Timestamp::as_millisecond);
    let subjects = intent.subjects.iter().filter_map(|subject| Pseudonym::from_hex(subject));
    let limits = intent.limits.iter();
    limits.filter_map(|(limit, scope)| Some((limit, Pseudonym::from_hex(scope)?))).flat_map(
        move |(limit, scope)| {
            let (limit, one) =
                limit.split_once(BESIDE).map_or((&**limit, None), |(limit, one)| (limit, Some(one)));
            let counted = move |subject: &Pseudonym| one.is_none_or(|one| one == subject.to_string());
            let seen = move |subject| Seen { limit: limit.to_owned(), scope, subject, last };
            subjects.clone().filter(counted).map(seen)
        },
    )
}

/// How a record says that of its investors this one was counted under a limit, and not all.
pub(super) fn of_one(limit: &str, subject: &Pseudonym) -> Arc<str> {
    format!("{limit}{BESIDE}{subject}").into()
}

/// No id of a limit holds one.
const BESIDE: char = ' ';

/// Name of the file beside the state.
const FILE: &str = "counted";
