//! Walks the frames of one segment from its header on, strictly, and says what its end is.

use crate::format::{
    self, FrameKind, HASH_BYTES, HEAD_BYTES, HEADER_BYTES, HOLE_BYTES, Head, RESERVE_ALIGN, SECTOR_BYTES,
};
use yingbi_crypto::Digest;

/// A whole frame that follows the chain.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame<'a> {
    pub at: usize,
    pub head: Head,
    pub payload: &'a [u8],
    pub hash: Digest,
}

/// What stands at a place of a segment.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step<'a> {
    /// A good frame; the walk stands behind it.
    Frame(Frame<'a>),
    /// The end of the frames: nothing follows, or a whole reserve.
    End,
    /// No good frame; the walk stays.
    Flaw(Flaw<'a>),
}

/// Why there is no good frame.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Flaw<'a> {
    /// The bytes end within the frame.
    Short,
    /// No head of a frame.
    Head,
    /// A frame whose sequence is another.
    Sequence(Frame<'a>),
    /// A frame whose hash doesn't follow; `expected` is what it should be.
    Hash { found: Frame<'a>, expected: Digest },
}

/// A place in a segment: where, after which chain hash, before which sequence.
#[derive(Clone, Debug)]
pub(crate) struct Walk<'a> {
    bytes: &'a [u8],
    pub at: usize,
    pub chain: Digest,
    pub next: u64,
}

impl<'a> Walk<'a> {
    /// Behind the header of `bytes`.
    pub fn new(bytes: &'a [u8], header_hash: Digest, first: u64) -> Self {
        Walk { bytes, at: HEADER_BYTES, chain: header_hash, next: first }
    }

    /// In the middle of a segment, where a walk stood before.
    #[cfg(test)]
    pub fn at(bytes: &'a [u8], at: usize, chain: Digest, next: u64) -> Self {
        Walk { bytes, at, chain, next }
    }

    /// The bytes from here on, reserve included.
    pub fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// Reads the frame here and goes behind it if it is good.
    pub fn step(&mut self) -> Step<'a> {
        let rest = self.rest();
        if rest.is_empty() || self.is_at_reserve() {
            return Step::End;
        }
        let Some((head, frame)) = frame(rest, self.at) else {
            return Step::Flaw(if Head::decode(rest).is_some() { Flaw::Short } else { Flaw::Head });
        };
        if frame.head.sequence != self.next {
            return Step::Flaw(Flaw::Sequence(frame));
        }
        let expected = format::chain(&self.chain, head, frame.payload);
        if expected != frame.hash {
            return Step::Flaw(Flaw::Hash { found: frame, expected });
        }
        self.pass(&frame);
        Step::Frame(frame)
    }

    /// Goes behind a frame whatever is wrong with it, trusting its own hash.
    pub fn pass(&mut self, frame: &Frame<'a>) {
        self.at = frame.at + frame.head.frame_bytes();
        self.chain = frame.hash;
        self.next = match frame.head.kind {
            FrameKind::Record => self.next.max(frame.head.sequence.saturating_add(1)),
            FrameKind::Seal => self.next,
        };
    }

    /// Whether nothing but a whole reserve follows: zeros, at least one, to where reserves end.
    pub fn is_at_reserve(&self) -> bool {
        let rest = self.rest();
        !rest.is_empty()
            && (self.bytes.len() as u64).is_multiple_of(RESERVE_ALIGN)
            && rest.iter().all(|byte| *byte == 0)
    }

    /// What stands here, if it is a torn tail (see [`format`]) rather than damage; without the reserve behind it.
    pub fn torn(&self) -> Option<&'a [u8]> {
        let rest = self.rest();
        let written = without_zeros(rest);
        if written.is_empty() {
            return Some(rest);
        }
        if heads(rest).any(|(_, head)| head.commit() > self.next) {
            return None;
        }
        let is_guarded = format::version(self.bytes) != format::FIRST_VERSION;
        let mut holes = false;
        let mut sectors = sectors(written, self.at).peekable();
        while let Some(sector) = sectors.next() {
            let hole = sector.iter().all(|byte| *byte == 0);
            let is_last = sectors.peek().is_none();
            // What was written goes on behind this sector: so it was full, or is gone as a whole.
            let is_short =
                !is_last && sector.iter().rev().take_while(|byte| **byte == 0).count() >= HOLE_BYTES;
            // No commit ends here (see `format::padding`).
            let is_stray = is_guarded && is_last && holes && sector.len() <= HOLE_BYTES;
            if !hole && (is_behind_zeros(sector) || is_short || is_stray) {
                return None;
            }
            holes |= hole;
        }
        (holes || self.is_cut_off(rest, written.len())).then_some(written)
    }

    /// Whether the frame that is due stands here, but only its first bytes; behind them there is nothing, or zeros.
    fn is_cut_off(&self, rest: &[u8], written: usize) -> bool {
        let Some(head) = Head::decode(rest) else {
            let start = rest.get(..written).unwrap_or_default();
            return written < HEAD_BYTES && is_start_of_head(start);
        };
        if head.sequence != self.next {
            return false;
        }
        let Some((bytes, frame)) = frame(rest, self.at) else { return true };
        let hash_at = head.frame_bytes() - HASH_BYTES;
        let Some(kept) = written.checked_sub(hash_at).filter(|kept| *kept > 0) else { return true };
        let expected = format::chain(&self.chain, bytes, frame.payload);
        kept <= HASH_BYTES && frame.hash.get(..kept) == expected.get(..kept)
    }
}

/// Byte, head and payload of every frame of a segment whose head is whole, hashes unread: for those who look something up,
/// not for those who verify.
pub(crate) fn skim(bytes: &[u8]) -> impl Iterator<Item = (usize, Head, &[u8])> {
    let mut at = HEADER_BYTES;
    std::iter::from_fn(move || {
        loop {
            let rest = bytes.get(at..).filter(|rest| rest.len() >= HEAD_BYTES)?;
            let Some(head) = Head::decode(rest) else {
                at += heads(rest).next()?.0;
                continue;
            };
            let found =
                rest.get(HEAD_BYTES..HEAD_BYTES + head.length as usize).map(|payload| (at, head, payload));
            at = at.checked_add(head.frame_bytes())?;
            if head.kind == FrameKind::Record || found.is_none() {
                return found;
            }
        }
    })
}

/// Every place in `bytes` where the head of a frame stands. Payloads hold none: they have no zero bytes.
pub(crate) fn heads(bytes: &[u8]) -> impl Iterator<Item = (usize, Head)> {
    bytes
        .windows(HEAD_BYTES)
        .enumerate()
        .filter_map(|(at, window)| Head::decode(window).map(|head| (at, head)))
}

/// The frame at the start of `rest`, if its head is good and all its bytes are there.
fn frame(rest: &[u8], at: usize) -> Option<(&[u8; HEAD_BYTES], Frame<'_>)> {
    let head = Head::decode(rest)?;
    let (bytes, after) = rest.split_first_chunk::<HEAD_BYTES>()?;
    let (payload, after) = after.split_at_checked(head.length as usize)?;
    let hash = *after.first_chunk::<HASH_BYTES>()?;
    Some((bytes, Frame { at, head, payload, hash }))
}

/// The bytes without the zeros at their end.
fn without_zeros(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    bytes.get(..end).unwrap_or_default()
}

/// Cuts bytes that stand at this offset of a file where the file's sectors begin.
fn sectors(bytes: &[u8], at: usize) -> impl Iterator<Item = &[u8]> {
    let first = SECTOR_BYTES - at % SECTOR_BYTES;
    let (head, rest) = bytes.split_at_checked(first).unwrap_or((bytes, &[]));
    std::iter::once(head).chain(rest.chunks(SECTOR_BYTES))
}

/// Whether something stands behind more zeros than frames have in a row.
fn is_behind_zeros(sector: &[u8]) -> bool {
    let mut zeros = 0;
    sector.iter().any(|byte| {
        let behind = *byte != 0 && zeros >= HOLE_BYTES;
        zeros = if *byte == 0 { zeros + 1 } else { 0 };
        behind
    })
}

/// Whether these are the first bytes of a head, as far as they go.
fn is_start_of_head(bytes: &[u8]) -> bool {
    let agrees = |head: &[u8; 4]| bytes.iter().zip(head).all(|(a, b)| a == b);
    agrees(b"YBR\0") || agrees(b"YBS\0")
}
