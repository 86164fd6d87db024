//! Where a long stream of lines, events or rows may be cut: behind each. Which bytes end one is known without reading
//! more of them, so the scan goes over each byte once and stops anywhere.

use memchr::{memchr, memchr3, memrchr};
use std::collections::VecDeque;

/// What follows each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Each ends with a line feed.
    Lines,
    /// Each begins with a record separator.
    Sequence,
    /// Each ends with an empty line.
    Events,
    /// Each ends with its line, unless that ends in quotes.
    Cells,
}

/// Finds the cuts of one text.
pub(super) struct Rows {
    kind: Kind,
    scanned: usize,
    /// Where the last cut was.
    last: usize,
    /// Where the line at hand begins.
    line: usize,
    /// A carriage return ended a line right before: a line feed belongs to it. Whether that line was empty.
    returned: Option<bool>,
    in_quotes: bool,
    /// Where the event ended that was whole last.
    edge: usize,
    /// Rows of cells that a first segment has at least, and where they end.
    head: (usize, usize),
    cuts: VecDeque<usize>,
}

impl Rows {
    /// `head`: the least rows before the first cut.
    pub(super) fn new(kind: Kind, head: usize) -> Rows {
        let (scanned, last, line, in_quotes, edge, cuts) = Default::default();
        Rows { kind, scanned, last, line, returned: None, in_quotes, edge, head: (head, 0), cuts }
    }

    pub(super) fn scanned(&self) -> usize {
        self.scanned
    }

    pub(super) fn cuts(&mut self) -> &mut VecDeque<usize> {
        &mut self.cuts
    }

    /// Where the rows end that every segment is read with.
    pub(super) fn head(&self) -> usize {
        self.head.1
    }

    /// Scans what has come, given from `from` on.
    pub(super) fn scan(&mut self, bytes: &[u8], from: usize, least: usize) {
        match self.kind {
            Kind::Lines => self.separated(bytes, from, least, b'\n', 1),
            Kind::Sequence => self.separated(bytes, from, least, SEPARATOR, 0),
            Kind::Events => self.lines(bytes, from, least, b'\n'),
            Kind::Cells => self.lines(bytes, from, least, b'"'),
        }
    }

    fn separated(&mut self, bytes: &[u8], from: usize, least: usize, mark: u8, behind: usize) {
        let end = from + bytes.len();
        loop {
            // Nothing before is far enough from the last cut.
            let start = self.scanned.max((self.last + least).saturating_sub(behind)).min(end);
            let rest = bytes.get(start - from..).unwrap_or_default();
            let Some(found) = memchr(mark, rest) else { break };
            self.scanned = start + found + 1;
            self.cut(start + found + behind, least);
        }
        self.scanned = end;
    }

    /// Goes from line to line, and over quotes where `quote` is one.
    fn lines(&mut self, bytes: &[u8], from: usize, least: usize, quote: u8) {
        while let Some(rest) = bytes.get(self.scanned - from..).filter(|rest| !rest.is_empty()) {
            if let Some(was_empty) = self.returned.take() {
                if rest.first() == Some(&b'\n') {
                    self.scanned += 1;
                }
                self.line = self.scanned;
                self.end_of_line(was_empty, least);
                continue;
            }
            let Some(found) = memchr3(b'\r', b'\n', quote, rest) else { break };
            let at = self.scanned + found;
            self.scanned = at + 1;
            match rest.get(found) {
                Some(b'\n') if !self.in_quotes => {
                    let was_empty = self.is_empty(bytes, from, at);
                    self.line = self.scanned;
                    self.end_of_line(was_empty, least);
                }
                Some(b'\r') if !self.in_quotes => self.returned = Some(self.is_empty(bytes, from, at)),
                Some(b'"') => self.in_quotes = !self.in_quotes,
                _ => {}
            }
        }
        if self.returned.is_none() {
            self.scanned = from + bytes.len();
        }
    }

    /// Whether the line that ends at an offset is none; a lonely empty cell makes no row either.
    fn is_empty(&self, bytes: &[u8], from: usize, at: usize) -> bool {
        let line = bytes.get(self.line.saturating_sub(from)..at - from).unwrap_or_default();
        line.is_empty() || self.kind == Kind::Cells && matches!(line, b"\"\"" | b"=\"\"")
    }

    fn end_of_line(&mut self, was_empty: bool, least: usize) {
        let (rows, end) = &mut self.head;
        if *rows > 0 && !was_empty {
            (*rows, *end) = (*rows - 1, self.scanned);
        }
        if *rows == 0 && was_empty == (self.kind == Kind::Events) {
            self.edge = self.scanned;
            self.cut(self.scanned, least);
        }
    }

    /// Cuts behind what is whole of what has come, however little.
    pub(super) fn flush(&mut self, bytes: &[u8], from: usize) {
        let edge = match self.kind {
            Kind::Lines => memrchr(b'\n', bytes).map(|at| from + at + 1),
            Kind::Sequence => memrchr(SEPARATOR, bytes).map(|at| from + at),
            Kind::Events => Some(self.edge),
            Kind::Cells => None,
        };
        edge.into_iter().for_each(|edge| self.cut(edge, 1));
    }

    fn cut(&mut self, at: usize, least: usize) {
        if at > self.last && at - self.last >= least {
            self.last = at;
            self.cuts.push_back(at);
        }
    }
}

/// What each document of a JSON text sequence begins with (RFC 7464 2.2).
const SEPARATOR: u8 = 0x1e;
