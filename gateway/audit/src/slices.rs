//! What the writer tells of its segments while it writes them: their trees, grown batch by batch on its own thread once
//! those who wait have been answered, and what became of closed ones. Only durable records are in them.

use crate::format::Header;
use crate::slice::{self, Ended, Statement};
use crate::tree::Frontier;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use yingbi_crypto::Digest;

/// The writer's side.
pub(crate) struct Slices {
    told: Arc<Told>,
    /// What isn't told yet, in order.
    news: Vec<News>,
    /// Segments given up that no other stands behind yet: opening the log would go on with them.
    broken: Vec<News>,
    stream: [u8; 16],
}

enum News {
    Begun(Growing),
    Grown(Vec<Digest>),
    Closed(Ended, Digest),
    NeverWas(u64, u64, Digest),
}

/// What has been told, and those who wait for more.
#[derive(Default)]
pub(crate) struct Told {
    state: Mutex<State>,
    wake: Condvar,
}

/// What has been told.
#[derive(Clone, Default)]
pub(crate) struct State {
    /// Closed slices that nobody took yet.
    pub closed: Vec<Statement>,
    /// The slice that grows.
    pub open: Option<Growing>,
    /// Records that are durable: all before this sequence.
    pub durable: u64,
    /// The writer has ended: nothing comes any more.
    pub ended: bool,
}

/// A slice that grows.
#[derive(Clone, Debug)]
pub(crate) struct Growing {
    pub number: u64,
    pub first: u64,
    pub created: i64,
    pub frontier: Frontier,
    /// Chain hash of its last record, or what it follows.
    pub chain: Digest,
}

impl Slices {
    pub fn new(stream: [u8; 16]) -> Self {
        Slices { told: Arc::default(), news: Vec::new(), broken: Vec::new(), stream }
    }

    /// The log turned out to be this one, and its last segment goes on.
    pub fn resume(&mut self, stream: [u8; 16], open: Option<Growing>) {
        self.stream = stream;
        let mut told = self.told.lock();
        told.durable = open.as_ref().map_or(0, Growing::next);
        told.open = open;
    }

    pub fn told(&self) -> Arc<Told> {
        Arc::clone(&self.told)
    }

    pub fn begin(&mut self, header: &Header) {
        self.news.append(&mut self.broken);
        self.news.push(News::Begun(Growing {
            number: header.number,
            first: header.first,
            created: header.created,
            frontier: Frontier::default(),
            chain: header.previous,
        }));
    }

    /// These records of the open segment are durable.
    pub fn grow(&mut self, hashes: &[Digest]) {
        match self.news.last_mut() {
            Some(News::Grown(grown)) => grown.extend_from_slice(hashes),
            _ => self.news.push(News::Grown(hashes.to_vec())),
        }
    }

    /// The open segment is closed; the next one follows this hash.
    pub fn close(&mut self, ended: Ended, link: Digest) {
        let news = if ended == Ended::Sealed { &mut self.news } else { &mut self.broken };
        news.push(News::Closed(ended, link));
    }

    /// A segment may or may not have got its name; nothing in it counts.
    pub fn never_was(&mut self, number: u64, next: u64, link: Digest) {
        self.broken.push(News::NeverWas(number, next, link));
    }

    /// Tells the news. The hashing of trees is done here.
    pub fn tell(&mut self) {
        if self.news.is_empty() {
            return;
        }
        let now = crate::record::now().as_microsecond();
        let mut state = self.told.lock();
        let before = state.closed.len();
        for news in self.news.drain(..) {
            match news {
                News::Begun(growing) => state.open = Some(growing),
                News::Grown(hashes) => {
                    if let Some(open) = &mut state.open {
                        hashes.iter().for_each(|hash| open.frontier.push(slice::record_leaf(hash)));
                        open.chain = hashes.last().copied().unwrap_or(open.chain);
                    }
                }
                News::Closed(ended, link) => {
                    let closed = state.open.take().map(|open| open.close(self.stream, ended, now, link));
                    state.closed.extend(closed);
                }
                News::NeverWas(number, next, link) => {
                    let frontier = Frontier::default();
                    let never = Growing { number, first: next, created: now, frontier, chain: link };
                    state.closed.push(never.close(self.stream, Ended::Broken, now, link));
                }
            }
        }
        let next = state.open.as_ref().map(Growing::next);
        let next = next.or_else(|| state.closed.last().map(|closed| closed.next));
        state.durable = state.durable.max(next.unwrap_or(0));
        let is_closed = state.closed.len() > before;
        drop(state);
        if is_closed {
            self.told.wake.notify_all();
        }
    }
}

impl Drop for Slices {
    fn drop(&mut self) {
        self.tell();
        self.told.end();
    }
}

impl Growing {
    fn close(self, stream: [u8; 16], ended: Ended, closed: i64, link: Digest) -> Statement {
        Statement {
            ended,
            stream,
            number: self.number,
            first: self.first,
            next: self.next(),
            created: self.created,
            closed,
            chain: self.chain,
            link,
            root: self.frontier.root(),
            index: [0; 32],
        }
    }

    /// Sequence behind its last record.
    pub fn next(&self) -> u64 {
        self.first + self.frontier.size()
    }
}

impl Told {
    /// Nothing comes any more.
    pub fn end(&self) {
        self.lock().ended = true;
        self.wake.notify_all();
    }

    /// Waits until a slice is closed or the time is over; closed slices are handed over, all else is copied.
    pub fn take(&self, wait: Duration) -> State {
        let is_idle = |state: &mut State| state.closed.is_empty() && !state.ended;
        let state = self.wake.wait_timeout_while(self.lock(), wait, is_idle);
        let mut state = state.unwrap_or_else(PoisonError::into_inner).0;
        let closed = std::mem::take(&mut state.closed);
        State { closed, open: state.open.clone(), durable: state.durable, ended: state.ended }
    }

    /// Records that are durable: all before this sequence.
    pub fn durable(&self) -> u64 {
        self.lock().durable
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
