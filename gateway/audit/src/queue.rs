//! Between those who append and the writer: a bounded queue that is taken as a whole.
//!
//! While a commit is under way nobody is woken; what arrives meanwhile is the next commit. It begins when all who were
//! announced are in it, and as many as were served last, or when it has waited long enough for them.

use crate::log::{AuditError, Receipt, Stats};
use crate::record;
use crate::writer::{Batch, Failure, Faults};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Who waits for a receipt.
pub(crate) type Waiter = tokio::sync::oneshot::Sender<Result<Receipt, AuditError>>;

pub(crate) struct Queue {
    state: Mutex<State>,
    /// How many have announced a record and not brought it yet.
    coming: AtomicUsize,
    /// The writer waits here.
    work: Condvar,
    /// Those who flush or close wait here.
    progress: Condvar,
    /// The watch waits here.
    watch: Condvar,
    limit: usize,
    timeout: Duration,
}

/// What one commit writes.
#[derive(Default)]
pub(crate) struct Work {
    pub batch: Batch,
    /// One for each record of the batch.
    slots: Vec<Slot>,
}

struct Slot {
    /// Nobody waits for a note, nor for what timed out.
    waiter: Option<Waiter>,
    is_note: bool,
    since: Instant,
}

/// What the writer waits for; nobody else need wake it.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Waits {
    /// Nothing: a commit is under way.
    #[default]
    Not,
    /// The first record.
    First,
    /// The last of those announced.
    Last,
}

#[derive(Default)]
struct State {
    pending: Work,
    /// Records in `pending` that someone waits for.
    awaited: usize,
    /// When the last commit ended.
    ended_at: Option<Instant>,
    /// How many it served: they are about to come again.
    served: usize,
    /// The slots of the commit under way: here, so that the watch can reach them while a sync hangs.
    underway: Vec<Slot>,
    /// What the writer waits for.
    writer: Waits,
    /// All who were announced have come.
    due: bool,
    flushing: bool,
    /// How many wait for progress.
    flushers: usize,
    closing: bool,
    ended: bool,
    closed: Option<String>,
    /// Records ever queued, and those of them that are durable or given up, in the same order.
    queued: u64,
    settled: u64,
    /// Commits refused.
    refusals: u64,
    last_refusal: String,
    unreported_notes: u64,
    stats: Stats,
}

impl Queue {
    pub fn new(limit: usize, timeout: Duration) -> Self {
        let state = State { stats: Stats { up: true, ..Stats::default() }, ..State::default() };
        Queue {
            state: Mutex::new(state),
            coming: AtomicUsize::new(0),
            work: Condvar::new(),
            progress: Condvar::new(),
            watch: Condvar::new(),
            limit,
            timeout,
        }
    }

    /// Queues a record; one without waiter is a note.
    pub fn push(&self, payload: &[u8], waiter: Option<Waiter>) -> Result<(), AuditError> {
        let is_note = waiter.is_none();
        let since = Instant::now();
        let mut state = self.lock();
        let refusal = match &state.closed {
            Some(text) => Some(AuditError::Closed(text.clone())),
            None if state.closing => Some(AuditError::Closed("it was closed".to_owned())),
            None if !self.has_room(&state, payload.len(), is_note) => Some(AuditError::Overloaded),
            None => None,
        };
        if let Some(refusal) = refusal {
            if is_note {
                state.stats.lost_notes += 1;
                state.unreported_notes += 1;
            } else {
                state.stats.refused += 1;
            }
            return Err(refusal);
        }
        state.append(payload, Slot { waiter, is_note, since });
        let wake = !is_note && self.becomes_due(&mut state);
        // A writer woken under the lock would run into it.
        drop(state);
        if wake {
            self.work.notify_one();
        }
        Ok(())
    }

    /// Whether the next commit may begin, unless that is known already.
    fn becomes_due(&self, state: &mut State) -> bool {
        let due = state.awaited > 0
            && match state.writer {
                Waits::Not => false,
                Waits::First => true,
                Waits::Last => state.awaited >= state.served && self.coming.load(Ordering::SeqCst) == 0,
            };
        if due {
            (state.due, state.writer) = (true, Waits::Not);
        }
        due
    }

    /// A record is likely to come.
    pub fn announce(&self) {
        self.coming.fetch_add(1, Ordering::SeqCst);
    }

    /// One of those announced is about to be queued.
    pub fn comes(&self) {
        self.coming.fetch_sub(1, Ordering::SeqCst);
    }

    /// One of those announced will not come: the others need not wait for it.
    pub fn stays_away(&self) {
        if self.coming.fetch_sub(1, Ordering::SeqCst) > 1 {
            return;
        }
        let mut state = self.lock();
        let wake = self.becomes_due(&mut state);
        drop(state);
        if wake {
            self.work.notify_one();
        }
    }

    /// Notes may take as much again as what is waited for, since they can't be refused to anyone.
    fn has_room(&self, state: &State, bytes: usize, is_note: bool) -> bool {
        let share = if is_note { 2 } else { 1 };
        let bytes = state.pending.batch.bytes().saturating_add(bytes);
        state.pending.slots.len() < self.limit.saturating_mul(share) && bytes <= MAX_BYTES * share
    }

    /// The next commit's work; empty when the writer should just look after its segment, `None` when it should end.
    ///
    /// `spare` is what the commit before has left, for its memory.
    pub fn take(&self, spare: Work) -> Option<Work> {
        let entered = Instant::now();
        let mut state = self.lock();
        loop {
            if state.closed.is_some() || (state.closing && state.pending.slots.is_empty()) {
                return None;
            }
            if state.due || state.flushing || state.closing {
                break;
            }
            let now = Instant::now();
            let tick = TICK.saturating_sub(now.saturating_duration_since(entered));
            let spacing = state.spacing(now);
            // Set before it looks who is coming: who comes or stays away afterwards sees it.
            state.writer = if spacing.is_zero() { Waits::First } else { Waits::Last };
            if tick.is_zero() || self.becomes_due(&mut state) {
                break;
            }
            state = self.wait(&self.work, state, if spacing.is_zero() { tick } else { spacing });
        }
        (state.writer, state.due, state.flushing) = (Waits::Not, false, false);
        if state.unreported_notes > 0 {
            let count = std::mem::take(&mut state.unreported_notes);
            let detail = BTreeMap::from([("count".to_owned(), count.to_string())]);
            state.append(&record::json(&record::event("notes-lost", detail)), Slot::note());
        }
        let mut work = std::mem::replace(&mut state.pending, spare);
        state.served = std::mem::take(&mut state.awaited);
        state.underway = std::mem::take(&mut work.slots);
        Some(work)
    }

    /// Answers those whose commit this was.
    pub fn finish(&self, work: &mut Work, result: &Result<u64, Failure>, took: Duration, faults: Faults) {
        let mut state = self.lock();
        let mut slots = std::mem::take(&mut state.underway);
        let count = slots.len() as u64;
        state.ended_at = Some(Instant::now());
        state.stats.sync_errors = faults.sync_errors;
        state.stats.write_errors = faults.write_errors;
        state.stats.lost_segments = faults.lost_segments;
        let mut rest = Vec::new();
        match result {
            Ok(_) => {
                state.stats.up = true;
                if count > 0 {
                    let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
                    state.stats.commits += 1;
                    state.stats.records += count;
                    state.stats.commit_micros = state.stats.commit_micros.saturating_add(micros);
                    state.stats.longest_commit_micros = state.stats.longest_commit_micros.max(micros);
                }
                state.settled += count;
            }
            Err(Failure::Refused(text)) => {
                state.stats.up = false;
                state.refusals += 1;
                state.last_refusal.clone_from(text);
                if state.closing {
                    // There will be no later commit.
                    state.closed = Some(text.clone());
                } else {
                    self.keep_notes(&mut state, &work.batch, &slots);
                }
            }
            Err(Failure::Closed(text)) => {
                state.stats.up = false;
                state.closed = Some(text.clone());
                rest = std::mem::take(&mut state.pending.slots);
                state.awaited = 0;
            }
        }
        if result.is_err() {
            state.stats.refused += slots.iter().chain(&rest).filter(|slot| !slot.is_note).count() as u64;
        }
        let is_awaited = state.flushers > 0;
        drop(state);
        // Waking costs more than the rest: not under the lock.
        if is_awaited {
            self.progress.notify_all();
        }
        for (position, slot) in (0..).zip(slots.drain(..)) {
            slot.answer(|| match result {
                Ok(first) => Ok(Receipt::new(first + position)),
                Err(failure) => Err(failure.clone().into()),
            });
        }
        for slot in rest {
            slot.answer(|| match result {
                Err(failure) => Err(failure.clone().into()),
                Ok(_) => Err(AuditError::Overloaded),
            });
        }
        work.batch.clear();
        work.slots = slots;
    }

    /// Puts the notes of a refused commit back, before what came after them; the rest has been told.
    fn keep_notes(&self, state: &mut State, batch: &Batch, slots: &[Slot]) {
        let later = std::mem::take(&mut state.pending);
        let mut settled = 0;
        for (payload, slot) in batch.iter().zip(slots) {
            if slot.is_note && self.has_room(state, payload.len(), true) {
                state.pending.batch.push(payload);
                state.pending.slots.push(Slot::note());
                continue;
            }
            settled += 1;
            if slot.is_note {
                state.stats.lost_notes += 1;
                state.unreported_notes += 1;
            }
        }
        later.batch.iter().for_each(|payload| state.pending.batch.push(payload));
        state.pending.slots.extend(later.slots);
        state.settled += settled;
    }

    /// Gives up for those who have waited too long (failure F3): a hanging sync holds the writer, not them.
    pub fn watch(&self) {
        let period = (self.timeout / 8).clamp(Duration::from_millis(2), Duration::from_millis(250));
        let mut state = self.lock();
        while !state.ended {
            let now = Instant::now();
            let mut late = Vec::new();
            let State { underway, pending, awaited, stats, .. } = &mut *state;
            for slot in underway.iter_mut().chain(&mut pending.slots) {
                if now.saturating_duration_since(slot.since) >= self.timeout {
                    late.extend(slot.waiter.take());
                }
            }
            if !late.is_empty() {
                stats.up = false;
                stats.refused += late.len() as u64;
                *awaited = pending.slots.iter().filter(|slot| slot.waiter.is_some()).count();
                drop(state);
                for waiter in late {
                    // An `Err` here means that the waiter has gone.
                    let _ = waiter.send(Err(AuditError::Timeout));
                }
                state = self.lock();
                continue;
            }
            state = self.wait(&self.watch, state, period);
        }
    }

    /// Waits until all that is queued now is settled.
    pub fn flush(&self, timeout: Duration) -> Result<(), AuditError> {
        let began = Instant::now();
        let mut state = self.lock();
        state.flushers += 1;
        let (target, refusals) = (state.queued, state.refusals);
        let flushed = loop {
            if state.settled >= target {
                break Ok(());
            }
            if let Some(text) = &state.closed {
                break Err(AuditError::Closed(text.clone()));
            }
            if state.refusals > refusals {
                break Err(AuditError::Refused(state.last_refusal.clone()));
            }
            let left = timeout.saturating_sub(began.elapsed());
            if left.is_zero() || state.ended {
                break Err(AuditError::Timeout);
            }
            state.flushing = true;
            self.work.notify_one();
            state = self.wait(&self.progress, state, left);
        };
        state.flushers -= 1;
        flushed
    }

    /// Takes this last record and then no more; the writer ends when all is written.
    pub fn close(&self, last: &[u8]) {
        let mut state = self.lock();
        if state.closed.is_none() && !state.closing {
            state.append(last, Slot::note());
        }
        state.closing = true;
        self.work.notify_one();
    }

    /// Whether the writer has ended, by this time.
    pub fn wait_ended(&self, timeout: Duration) -> bool {
        let began = Instant::now();
        let mut state = self.lock();
        while !state.ended {
            let left = timeout.saturating_sub(began.elapsed());
            if left.is_zero() {
                return false;
            }
            state = self.wait(&self.progress, state, left);
        }
        true
    }

    /// Marks the writer ended when dropped, however it ends, and lets nobody wait for it.
    pub fn ended_on_drop(&self) -> impl Drop {
        Ended(self)
    }

    pub fn stats(&self) -> Stats {
        let state = self.lock();
        let waiting = (state.pending.slots.len() + state.underway.len()) as u64;
        Stats { waiting, up: state.stats.up && state.closed.is_none(), ..state.stats }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(
        &self,
        condition: &Condvar,
        state: MutexGuard<'a, State>,
        left: Duration,
    ) -> MutexGuard<'a, State> {
        condition.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
    }
}

impl State {
    /// How long the next commit may yet wait for those who are about to come.
    fn spacing(&self, now: Instant) -> Duration {
        let since = self.ended_at.map(|ended| now.saturating_duration_since(ended));
        since.map_or(Duration::ZERO, |since| SPACING.saturating_sub(since))
    }

    fn append(&mut self, payload: &[u8], slot: Slot) {
        self.awaited += usize::from(!slot.is_note);
        self.pending.batch.push(payload);
        self.pending.slots.push(slot);
        self.queued += 1;
    }
}

impl Slot {
    fn note() -> Self {
        Slot { waiter: None, is_note: true, since: Instant::now() }
    }

    fn answer(self, result: impl FnOnce() -> Result<Receipt, AuditError>) {
        if let Some(waiter) = self.waiter {
            // An `Err` here means that the waiter has gone.
            let _ = waiter.send(result());
        }
    }
}

impl From<Failure> for AuditError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(text) => AuditError::Refused(text),
            Failure::Closed(text) => AuditError::Closed(text),
        }
    }
}

struct Ended<'a>(&'a Queue);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.ended = true;
        state.stats.up = false;
        state.closed.get_or_insert_with(|| "it was closed".to_owned());
        // Dropping a waiter tells who waits that there will be no receipt.
        state.underway.clear();
        state.pending = Work::default();
        self.0.progress.notify_all();
        self.0.watch.notify_all();
    }
}

/// How long notes may lie, and how often an idle writer looks after its segment.
const TICK: Duration = Duration::from_millis(200);

/// From the end of one commit to the beginning of the next, while somebody is about to come. A fast disk would take
/// every record by itself, at a cost many times that of the record; and of those who come and go together, one half would
/// always wait while the other half is served. Little beside a sync on common disks; who comes alone does not wait.
const SPACING: Duration = Duration::from_millis(1);

/// Bytes that may wait.
const MAX_BYTES: usize = 64 << 20;

#[cfg(test)]
mod tests;
