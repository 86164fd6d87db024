//! Append-only, hash-chained, durable access records. Knows nothing of HTTP or policies; holds no values, only counts,
//! ids and pseudonyms.
//!
//! [`Log::append`] returns a [`Receipt`] only when its record is durable; one write and one sync serve all who wait at
//! the time. What the files hold is laid down in [`format`].

mod disk;
pub mod format;
mod log;
mod queue;
mod record;
mod recover;
pub mod search;
pub mod verify;
mod walk;
mod writer;

pub use log::{AuditError, Log, Options, Receipt, Recovery, Stats};
pub use record::{Intent, Outcome, Record};

#[cfg(test)]
mod tests;
