//! Walks the frames of one segment from its header on, strictly, and says what its end is.

use crate::format::{self, FrameKind, HASH_BYTES, HEAD_BYTES, HEADER_BYTES, Head};
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
    /// The end of the bytes.
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

    /// The bytes from here on.
    pub fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// Reads the frame here and goes behind it if it is good.
    pub fn step(&mut self) -> Step<'a> {
        let rest = self.rest();
        if rest.is_empty() {
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

    /// Whether what stands here is a torn tail (see [`format`]) rather than damage.
    pub fn is_torn(&self) -> bool {
        let rest = self.rest();
        if heads(rest).any(|(_, head)| head.commit() > self.next) {
            return false;
        }
        if rest.iter().all(|byte| *byte == 0) || has_hole(rest) {
            return true;
        }
        let Some(head) = Head::decode(rest) else {
            return rest.len() < HEAD_BYTES && is_start_of_head(rest);
        };
        match frame(rest, self.at) {
            None => head.sequence == self.next,
            // Whole but for zeros at the very end, too few to be a hole.
            Some((bytes, frame)) => {
                let expected = format::chain(&self.chain, bytes, frame.payload);
                let zeros = frame.hash.iter().rev().take_while(|byte| **byte == 0).count();
                let kept = HASH_BYTES - zeros;
                frame.head.sequence == self.next
                    && frame.head.frame_bytes() == rest.len()
                    && frame.hash.get(..kept) == expected.get(..kept)
            }
        }
    }
}

/// Every place in `bytes` where the head of a frame stands. Payloads hold none: JSON has no zero bytes.
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

fn has_hole(bytes: &[u8]) -> bool {
    let mut zeros = 0;
    bytes.iter().any(|byte| {
        zeros = if *byte == 0 { zeros + 1 } else { 0 };
        zeros == 16
    })
}

fn is_start_of_head(bytes: &[u8]) -> bool {
    let record = b"YBR\0";
    let seal = b"YBS\0";
    bytes.iter().zip(record).all(|(a, b)| a == b) || bytes.iter().zip(seal).all(|(a, b)| a == b)
}
