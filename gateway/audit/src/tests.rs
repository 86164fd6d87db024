//! Records for tests.

mod faults;
pub(crate) mod sim;

use crate::{Intent, Outcome, Record};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

/// An intent with this decision id.
pub(crate) fn intent(id: &str) -> Record {
    Record::Intent(Box::new(Intent {
        time: "2026-11-20T06:00:00.000001Z".to_owned(),
        decision_id: id.to_owned(),
        caller: "0".repeat(32),
        identified_by: "jwt".to_owned(),
        method: "GET".to_owned(),
        route: "crm.internal/customers/{id}".to_owned(),
        decision: "permit".to_owned(),
        status: 200,
        ..Intent::default()
    }))
}

/// The outcome of the intent with this id.
pub(crate) fn outcome(id: &str) -> Record {
    Record::Outcome(Outcome {
        time: "2026-11-20T06:00:00.000002Z".to_owned(),
        decision_id: id.to_owned(),
        result: "handed-to-socket".to_owned(),
        bytes: 17,
    })
}

/// A directory of its own, removed when dropped.
pub(crate) struct Scratch(pub PathBuf);

impl Scratch {
    pub fn new(name: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let dir = std::env::temp_dir().join(format!("yingbi-audit-{name}-{}-{count}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        let _ = std::fs::remove_dir_all(crate::evidence_dir(&dir));
        Scratch(dir)
    }
}

impl Scratch {
    /// Where all but the segments is, were this a log's directory.
    pub fn beside(&self) -> PathBuf {
        crate::evidence_dir(&self.0)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
        let _ = std::fs::remove_dir_all(self.beside());
    }
}

/// Runs a future that only the log wakes.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}
