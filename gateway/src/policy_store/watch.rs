//! Watching the policy directory: by polling, since links swapped under a mount (config maps) and network file systems
//! tell no other way.

use super::{PolicyStore, Problems, Reloaded, files, judge};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// What happened to the policy directory.
#[derive(Debug)]
pub enum ReloadEvent {
    /// A new version rules.
    Applied(Reloaded),
    /// What is there now may not rule; the version before stays. Told once for each such content.
    Rejected(Problems),
}

impl PolicyStore {
    /// Starts a thread that reads the directory every `interval` and lets what it finds rule once two readings in a row
    /// are the same: a file half written is not taken for a policy. The thread ends with the store.
    ///
    /// # Errors
    /// The thread could not be started.
    pub fn watch(
        self: &Arc<Self>,
        interval: Duration,
        on_event: impl Fn(ReloadEvent) + Send + 'static,
    ) -> std::io::Result<()> {
        let store = Arc::downgrade(self);
        let watcher = move || {
            let mut seen = Seen::default();
            loop {
                std::thread::sleep(interval);
                let Some(store) = store.upgrade() else { return };
                if let Some(event) = store.poll(&mut seen) {
                    on_event(event);
                }
            }
        };
        std::thread::Builder::new().name("policy-watch".to_owned()).spawn(watcher).map(drop)
    }

    /// One look at the directory.
    pub(super) fn poll(&self, seen: &mut Seen) -> Option<ReloadEvent> {
        let _held = self.reloading.lock().unwrap_or_else(PoisonError::into_inner);
        let read = files::read_signed(&self.directory);
        let version = read.as_ref().map(|read| files::version(&read.sources)).unwrap_or_default();
        let reading = match &read {
            Ok(read) => Ok((version.clone(), read.note.clone())),
            Err(problems) => Err(problems.iter().map(|(problem, _)| problem.to_string()).collect::<String>()),
        };
        let stable = seen.reading.as_ref() == Some(&reading);
        seen.reading = Some(reading.clone());
        if reading.is_ok() && version == self.current.load().version() {
            seen.rejected = None;
            return None;
        }
        if !stable || seen.rejected.as_ref() == Some(&reading) {
            return None;
        }
        match read.and_then(|read| judge(read, &self.directory, &self.signers)) {
            Ok((set, warnings)) => Some(ReloadEvent::Applied(self.rule(set, warnings))),
            Err(problems) => {
                seen.rejected = Some(reading);
                Some(ReloadEvent::Rejected(problems))
            }
        }
    }
}

/// What one look saw.
type Looked = Result<(String, Option<String>), String>;

/// What the last looks saw.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Version and signature, or the problems in words.
    reading: Option<Looked>,
    rejected: Option<Looked>,
}
