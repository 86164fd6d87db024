//! The durable log: many who append, one thread that writes, one sync for all who wait.

use crate::disk::{Directory, Disk};
use crate::entry::Entry;
use crate::format;
use crate::notary::{Evidence, EvidenceStats, Notary, Shared};
use crate::queue::{Queue, Waiter, Work};
use crate::record::{self, Record};
use crate::recover::recover;
use crate::slices::Told;
use crate::space::{Gauge, Room};
use crate::writer::{Batch, Failure, Sizes, Writer};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// How the log behaves.
#[derive(Clone, Debug)]
pub struct Options {
    /// A segment is sealed and a new one begun past this size.
    pub segment_bytes: u64,
    /// Zeros are written ahead of the records in steps of about this size.
    pub reserve_bytes: u64,
    /// Records that may wait for a commit; beyond it `append` refuses at once.
    pub queue: usize,
    /// Longest wait for durability before `append` gives up.
    pub commit_timeout: Duration,
    /// How the log becomes evidence.
    pub evidence: Evidence,
    /// Room kept back on the disk, for the records that say that there is none left.
    pub spare_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            segment_bytes: 64 << 20,
            reserve_bytes: 1 << 20,
            queue: 4096,
            commit_timeout: Duration::from_secs(2),
            evidence: Evidence::default(),
            spare_bytes: 0,
        }
    }
}

/// Proof that a record is durable. Only the log makes it.
#[derive(Debug)]
pub struct Receipt {
    sequence: u64,
}

impl Receipt {
    pub(crate) fn new(sequence: u64) -> Self {
        Receipt { sequence }
    }

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
    /// Damage that is no torn tail, with its place: nothing was cut, a new segment is written; run `audit verify`.
    pub damaged: Option<String>,
}

/// Why a record could not be made durable: release nothing.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The disk refused; the log is closed for good.
    #[error("audit log is closed: {0}")]
    Closed(String),
    /// The disk refused this record, as when it is full; later ones may pass.
    #[error("audit log could not write: {0}")]
    Refused(String),
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

/// What the log has done since it was opened, for metrics and readiness.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// The last commit succeeded and the log isn't closed.
    pub up: bool,
    /// Durable records.
    pub records: u64,
    /// Commits: syncs that served them.
    pub commits: u64,
    /// Time spent in commits, in microseconds.
    pub commit_micros: u64,
    /// Longest commit, in microseconds.
    pub longest_commit_micros: u64,
    /// Records that wait now.
    pub waiting: u64,
    /// Records refused for whatever reason.
    pub refused: u64,
    /// Failed syncs.
    pub sync_errors: u64,
    /// Failed writes.
    pub write_errors: u64,
    /// Segments that were deleted, replaced or changed under the writer.
    pub lost_segments: u64,
    /// Notes given up because the disk didn't take them.
    pub lost_notes: u64,
}

/// An open log: one writer thread, group commit.
pub struct Log {
    queue: Arc<Queue>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    notary: Mutex<Option<JoinHandle<()>>>,
    evidence: Shared,
    told: Arc<Told>,
    opened: u64,
    stream: [u8; 16],
    room: Arc<Gauge>,
    close_timeout: Duration,
}

impl Log {
    /// Opens or creates the log in `dir`, cutting only a torn tail.
    ///
    /// # Errors
    /// The directory can't be used.
    pub fn open(dir: &Path, options: Options) -> Result<(Log, Recovery), AuditError> {
        Log::start(Box::new(Directory::lock(dir)?), Some(dir), options)
    }

    #[cfg(test)]
    pub(crate) fn open_on(disk: Box<dyn Disk>, options: Options) -> Result<(Log, Recovery), AuditError> {
        Log::start(disk, None, options)
    }

    fn start(
        disk: Box<dyn Disk>,
        dir: Option<&Path>,
        options: Options,
    ) -> Result<(Log, Recovery), AuditError> {
        let (mut writer, recovery, mut events) =
            recover(disk, Sizes { segment: options.segment_bytes, reserve: options.reserve_bytes })?;
        if let (Some(keys), Some(Record::Event { detail, .. })) = (&options.evidence.keys, events.last_mut())
        {
            let signers: Vec<_> = keys.public().iter().map(ToString::to_string).collect();
            detail.insert(SIGNERS.to_owned(), signers.join(" "));
        }
        let (told, stream) = (writer.slices.told(), writer.stream);
        let from = writer.open_number();
        let mut batch = Batch::default();
        events.iter().for_each(|event| batch.push_record(event));
        writer.commit(&batch).map_err(|(Failure::Refused(text) | Failure::Closed(text))| {
            AuditError::Open(std::io::Error::other(text))
        })?;
        writer.slices.tell();
        let opened = recovery.records;
        let queue = Arc::new(Queue::new(options.queue, options.commit_timeout));
        let room = Arc::new(Gauge::default());
        let notary = dir.map(|dir| {
            let shared = (Arc::clone(&told), Arc::clone(&queue), Arc::clone(&room));
            Notary::new(dir, stream, from, &options, shared)
        });
        let evidence = notary.as_ref().map(Notary::stats).unwrap_or_default();
        let mut threads = Vec::new();
        let spawn = |name: &str, run: Box<dyn FnOnce() + Send>| {
            std::thread::Builder::new().name(name.to_owned()).spawn(run)
        };
        let shared = Arc::clone(&queue);
        threads.push(spawn("audit-writer", Box::new(move || write(&shared, writer)))?);
        let shared = Arc::clone(&queue);
        threads.push(spawn("audit-watch", Box::new(move || shared.watch()))?);
        let notary =
            notary.map(|notary| spawn("audit-notary", Box::new(move || notary.run()))).transpose()?;
        // Long enough for the commit under way and one more.
        let close_timeout = options.commit_timeout.saturating_mul(2);
        let (threads, notary) = (Mutex::new(threads), Mutex::new(notary));
        Ok((Log { queue, threads, notary, evidence, told, opened, stream, room, close_timeout }, recovery))
    }

    /// Makes a record durable; one fsync serves all that wait.
    ///
    /// Dropping the future doesn't take the record back.
    ///
    /// # Errors
    /// It is not durable: release nothing.
    pub async fn append(&self, record: impl Entry) -> Result<Receipt, AuditError> {
        self.announce().append(&record).await
    }

    /// Says that a record is likely to come soon, so that the next commit waits for it, though not for long. One sync
    /// then serves all who are under way at the time.
    pub fn announce(&self) -> Announced<'_> {
        self.queue.announce();
        Announced { log: self, has_come: false }
    }

    /// Writes a record without waiting for durability (outcomes, events).
    ///
    /// It goes with the next commit, or by itself within a moment. Should the disk not take it for long, it is given
    /// up, counted, and the count recorded.
    pub fn note(&self, record: impl Entry) {
        // What can't be queued is counted there.
        let _ = self.enqueue(&record, None);
    }

    /// Waits until all that was appended or noted before is durable or refused. Blocks.
    ///
    /// # Errors
    /// The disk does not answer, or refuses.
    pub fn flush(&self) -> Result<(), AuditError> {
        self.queue.flush(self.close_timeout)
    }

    /// Writes all that waits and a last record, `closed`, and ends the writer. Blocks. Later calls do nothing.
    ///
    /// # Errors
    /// The disk does not answer, or refuses: outcomes may be missing.
    pub fn close(&self) -> Result<(), AuditError> {
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        if threads.is_empty() {
            return Ok(());
        }
        self.queue.close(&record::json(&record::event("closed", BTreeMap::new())));
        let flushed = self.queue.flush(self.close_timeout);
        let ended = self.queue.wait_ended(self.close_timeout);
        for thread in threads.drain(..) {
            // A thread that hangs in a system call is left to the end of the process.
            if ended {
                let _ = thread.join();
            }
        }
        if ended {
            self.wait_for_notary();
        }
        flushed
    }

    /// The last checkpoint should be out before the process ends (failure F26); a disk that hangs doesn't hold it up.
    fn wait_for_notary(&self) {
        let Some(notary) = self.notary.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        let began = std::time::Instant::now();
        while !notary.is_finished() && began.elapsed() < self.close_timeout {
            std::thread::sleep(Duration::from_millis(1));
        }
        if notary.is_finished() {
            let _ = notary.join();
        }
    }

    /// What was done so far.
    pub fn stats(&self) -> Stats {
        let stats = self.queue.stats();
        Stats { up: stats.up && self.room.room() != Room::Gone, ..stats }
    }

    #[cfg(test)]
    pub(crate) fn room(&self) -> &Gauge {
        &self.room
    }

    /// What was done for evidence so far.
    pub fn evidence(&self) -> EvidenceStats {
        *self.evidence.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records that are durable: all before this sequence, and maybe some more.
    pub fn durable(&self) -> u64 {
        self.told.durable()
    }

    /// Sequence of the first record since it was opened.
    pub fn opened(&self) -> u64 {
        self.opened
    }

    /// The log's id.
    pub fn stream(&self) -> [u8; 16] {
        self.stream
    }

    fn enqueue(&self, record: &impl Entry, waiter: Option<Waiter>) -> Result<(), AuditError> {
        SCRATCH.with_borrow_mut(|scratch| {
            scratch.clear();
            if record.write(scratch).is_err() || scratch.len() > LONGEST {
                return Err(AuditError::Refused("the record is too large".to_owned()));
            }
            let queued = self.queue.push(scratch, waiter);
            scratch.shrink_to(SCRATCH_BYTES);
            queued
        })
    }
}

/// A record that is likely to come. Dropped, it won't, and nobody waits for it.
#[must_use = "commits wait for what is announced"]
pub struct Announced<'a> {
    log: &'a Log,
    has_come: bool,
}

impl Announced<'_> {
    /// Makes the record durable, as [`Log::append`] does.
    ///
    /// # Errors
    /// It is not durable: release nothing.
    pub async fn append(mut self, record: &impl Entry) -> Result<Receipt, AuditError> {
        if !self.log.room.admits(|| record.is_minor()) {
            return Err(AuditError::Refused("the disk has too little room left".to_owned()));
        }
        let (waiter, receipt) = tokio::sync::oneshot::channel();
        self.has_come = true;
        self.log.queue.comes();
        self.log.enqueue(record, Some(waiter))?;
        receipt.await.unwrap_or_else(|_| Err(AuditError::Closed("the writer has gone".to_owned())))
    }
}

impl Drop for Announced<'_> {
    fn drop(&mut self) {
        if !self.has_come {
            self.log.queue.stays_away();
        }
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        let _ = self.close();
    }
}

/// The writer thread.
fn write(queue: &Queue, mut writer: Writer) {
    let _ended = queue.ended_on_drop();
    let mut spare = Work::default();
    while let Some(mut work) = queue.take(spare) {
        let began = std::time::Instant::now();
        let result = writer.commit(&work.batch);
        queue.finish(&mut work, &result, began.elapsed(), writer.faults);
        writer.slices.tell();
        spare = work;
    }
    writer.cut_reserve();
}

thread_local! {
    // Records are serialised by who appends, outside the queue's lock.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Detail of the event `opened`: public keys of those who sign checkpoints from then on. It shows a changed checkpoint to
/// whoever has no key; who forges the log forges it too.
pub(crate) const SIGNERS: &str = "signers";

/// Longest record: padding may stand behind it.
const LONGEST: usize = format::MAX_PAYLOAD - format::GUARD_BYTES;

const SCRATCH_BYTES: usize = 64 << 10;

#[cfg(test)]
mod tests;
