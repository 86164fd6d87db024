//! Readings of the log are recorded in it (T/TSAC 001—2025 §7.5 g). Who reads its files while a gateway writes them can't
//! append to them; so readings are put down in a file `reads` in the log's evidence directory, one event in JSON a line, which the
//! gateway takes into the log within a second, or when it starts.

use crate::notary::{evidence_dir, make_dir};
use crate::queue::Queue;
use crate::record::{self, Record};
use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// Name of the file.
pub const FILE: &str = "reads";
/// Its name while it is being taken.
pub const TAKEN: &str = "reads.taken";
/// The event that a reading becomes.
pub const EVENT: &str = "audit-read";

/// The event of a reading: who read, what was asked for, without values.
pub fn event(detail: BTreeMap<String, String>) -> Record {
    record::event(EVENT, detail)
}

/// Puts a reading down; it is on the disk when this returns.
///
/// # Errors
/// Nothing can be written there.
pub fn put_down(dir: &Path, detail: BTreeMap<String, String>) -> io::Result<()> {
    let mut line = record::json(&event(detail));
    line.push(b'\n');
    let beside = evidence_dir(dir);
    make_dir(&beside)?;
    let mut options = OpenOptions::new();
    let mut file = options
        .append(true)
        .create(true)
        .mode(0o600)
        .custom_flags(libc::O_NOFOLLOW)
        .open(beside.join(FILE))?;
    // One write: lines of two readers don't mix.
    file.write_all(&line)?;
    file.sync_data()
}

/// Takes what was put down into the log. What a failure leaves is taken again, and then may be recorded twice.
pub(crate) fn take(dir: &Path, queue: &Queue, timeout: std::time::Duration) -> io::Result<()> {
    let beside = evidence_dir(dir);
    let (file, taken) = (beside.join(FILE), beside.join(TAKEN));
    if !taken.try_exists()? {
        match fs::rename(&file, &taken) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        }
    }
    let bytes = fs::read(&taken)?;
    for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        // Anybody who may write here may write anything: only what is a reading goes on, and is said to be one.
        let reading = serde_json::from_slice::<Record>(line).ok().filter(|record| match record {
            Record::Event { event, .. } => event == EVENT && line.len() <= MAX_BYTES,
            _ => false,
        });
        let reading = reading.unwrap_or_else(|| {
            event(BTreeMap::from([("unreadable_bytes".to_owned(), line.len().to_string())]))
        });
        queue.push(&record::json(&reading), None).map_err(io::Error::other)?;
    }
    queue.flush(timeout).map_err(io::Error::other)?;
    fs::remove_file(&taken)
}

/// A reading's line is short; a longer one is none.
const MAX_BYTES: usize = 16 << 10;

#[cfg(test)]
mod tests;
