//! Append-only, hash-chained, durable access records. Knows nothing of HTTP or policies; holds no values, only counts,
//! ids and pseudonyms.

mod log;
mod record;

pub use log::{AuditError, Log, Options, Receipt, Recovery};
pub use record::{Intent, Outcome, Record};
