//! Opening an SQLite file of the gateway's state: private from its first moment, durable, of a version this program knows.

use super::inventory::StoreError;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::time::Duration;

/// Opens a file that the gateway writes, made if it is not there, and brings its tables up to date: the n-th step takes
/// them from version n to n + 1, as one transaction each.
///
/// # Errors
/// The file is damaged, was written by a later version, or the place can't be used.
pub(super) fn create(path: &Path, steps: &[&str]) -> Result<Connection, StoreError> {
    use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
    if let Some(dir) = path.parent() {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    }
    drop(std::fs::OpenOptions::new().append(true).create(true).mode(0o600).open(path)?);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")?;
    let version: usize = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if version > steps.len() {
        return Err(StoreError::Later);
    }
    for (step, next) in steps.iter().zip(1_usize..).skip(version) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", next)?;
        transaction.commit()?;
    }
    let sound: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if sound == "ok" { Ok(connection) } else { Err(StoreError::Damaged) }
}

/// How long a writer waits for another.
const PATIENCE: Duration = Duration::from_secs(5);
