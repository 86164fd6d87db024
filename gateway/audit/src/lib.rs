//! Append-only, hash-chained, durable access records. Knows nothing of HTTP or policies; holds no values, only counts,
//! ids and pseudonyms.
//!
//! [`Log::append`] returns a [`Receipt`] only when its record is durable; one write and one sync serve all who wait at
//! the time. What the files hold is laid down in [`mod@format`] and
//! [`compact`]; [`verify`] proves that nothing in them was touched, and
//! [`search`] answers who saw whose data.
//!
//! ```
//! use yingbi_audit::{Intent, Log, Options, Record, verify::verify};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let dir = std::env::temp_dir().join(format!("yingbi-audit-doc-{}", std::process::id()));
//! # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
//! let (log, _recovery) = Log::open(&dir, Options::default())?;
//! let intent = Intent { decision_id: "d-1".to_owned(), decision: "permit".to_owned(), ..Intent::default() };
//! let receipt = runtime.block_on(log.append(Record::Intent(Box::new(intent))))?;
//! // Only now may a byte leave.
//! assert_eq!(receipt.sequence(), 1);
//! log.close()?;
//! assert!(verify(&dir, None)?.is_good());
//! # std::fs::remove_dir_all(&dir)?;
//! # Ok(())
//! # }
//! ```

pub mod bundle;
pub mod checkpoint;
pub mod compact;
mod disk;
mod entry;
pub mod format;
pub mod index;
pub mod journal;
mod log;
mod notary;
pub mod package;
mod queue;
pub mod readings;
mod record;
mod recover;
mod retention;
pub mod search;
pub mod slice;
mod slices;
mod space;
pub mod stamp;
pub mod tree;
pub mod verify;
mod walk;
mod writer;

pub use entry::{Access, Ended, Entry, Found};
pub use log::{Announced, AuditError, Log, Options, Receipt, Recovery, Stats};
pub use notary::{Evidence, EvidenceStats, anchor_file, evidence_dir};
pub use record::{Intent, Outcome, Record};
pub use retention::Retention;
pub use space::Room;

#[cfg(test)]
mod tests;
