//! Opening an SQLite file of the gateway's state: private from its first moment, durable, of a version this program knows.

use super::inventory::StoreError;
use rusqlite::{Connection, OpenFlags};
use std::cmp::Ordering;
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

/// Opens a file that is there, of exactly this version: to read it beside the gateway, or to write what the gateway does
/// not.
///
/// # Errors
/// There is none, it is damaged or of another version, or it can't be read.
pub(super) fn existing(path: &Path, flags: OpenFlags, steps: &[&str]) -> Result<Connection, StoreError> {
    if !path.is_file() {
        return Err(StoreError::Missing(path.to_owned()));
    }
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(PATIENCE)?;
    let version: usize = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    match version.cmp(&steps.len()) {
        Ordering::Equal => Ok(connection),
        Ordering::Less => Err(StoreError::Damaged),
        Ordering::Greater => Err(StoreError::Later),
    }
}

/// How long a writer waits for another.
const PATIENCE: Duration = Duration::from_secs(5);
