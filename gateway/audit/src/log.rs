//! The durable log.

use crate::Record;
use std::path::Path;

/// How the log behaves.
#[derive(Clone, Debug)]
pub struct Options {
    /// A segment is sealed and a new one begun past this size.
    pub segment_bytes: u64,
    /// Records that may wait for a commit; beyond it `append` refuses at once.
    pub queue: usize,
    /// Longest wait for durability before `append` gives up.
    pub commit_timeout: std::time::Duration,
}

impl Default for Options {
    fn default() -> Self {
        Options { segment_bytes: 64 << 20, queue: 4096, commit_timeout: std::time::Duration::from_secs(2) }
    }
}

/// Proof that a record is durable. Only the log makes it.
#[derive(Debug)]
pub struct Receipt {
    sequence: u64,
}

impl Receipt {
    /// Position of the record in the log, from 0.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }
}

/// What opening found after a crash.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Bytes of a torn tail that were cut.
    pub torn_bytes: u64,
    /// Records found whole.
    pub records: u64,
}

/// Why a record could not be made durable: release nothing.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The disk refused; the log is closed for good.
    #[error("audit log is closed: {0}")]
    Closed(String),
    /// The disk did not answer in time.
    #[error("audit log did not commit in time")]
    Timeout,
    /// Too many wait already.
    #[error("audit queue is full")]
    Overloaded,
    /// The directory can't be opened or is not ours.
    #[error("{0}")]
    Open(#[from] std::io::Error),
}

/// An open log: one writer thread, group commit.
pub struct Log {}

impl Log {
    /// Opens or creates the log in `dir`, cutting only a torn tail.
    ///
    /// # Errors
    /// The directory can't be used.
    pub fn open(dir: &Path, options: Options) -> Result<(Log, Recovery), AuditError> {
        let _ = (dir, options);
        Ok((Log {}, Recovery::default()))
    }

    /// Makes a record durable; one fsync serves all that wait.
    ///
    /// # Errors
    /// It is not durable: release nothing.
    pub async fn append(&self, record: Record) -> Result<Receipt, AuditError> {
        let _ = record;
        Err(AuditError::Overloaded)
    }

    /// Writes a record without waiting for durability (outcomes, events).
    pub fn note(&self, record: Record) {
        let _ = record;
    }
}
