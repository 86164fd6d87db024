//! A log on its way to another machine: everything it consists of, segments and what bears witness to them, as one ordered
//! sequence of [`Piece`]s, each with its place in its file, so that who collects them has the same bytes again.
//!
//! [`Journal`] reads the pieces of a log that a gateway writes, durable ones only; [`Collected`] puts them down again. Where
//! a reader stands is a [`Cursor`], which travels with the pieces: who keeps them knows where to go on, after whatever
//! break, and what comes twice or out of turn is seen. Nothing here touches sockets.
//!
//! Order: of each segment the header, its frames, each alone, and whatever a damage left behind them; behind the records
//! that they cover the statements of closed slices, the slices' indexes, checkpoints, time stamps and deliveries.
//!
//! # Bytes
//! A parcel of pieces ([`encode`]) is nothing but them, one behind the other; all integers are big-endian:
//!
//! | at | bytes | piece |
//! |---:|---:|---|
//! | 0 | 1 | [`Kind`]: 1 segment, 2 index, 3 slices, 4 checkpoints, 5 stamps, 6 deliveries |
//! | 1 | 8 | number of the segment or index; 0 of the others |
//! | 9 | 8 | where in the file its bytes stand |
//! | 17 | 8 | microseconds since 1970: of the record, or of what stands before it |
//! | 25 | 4 | *n*, how many bytes, at most 256 KiB |
//! | 29 | *n* | the bytes |

mod collect;
mod read;

pub use collect::{Collected, Gap, logs};
pub use read::{Diverged, Journal};

use crate::{Record, checkpoint, compact, format, index, package, slice, stamp};
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use yingbi_crypto::{Digest, hex};

/// What a piece is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A segment: its header, or one of its frames.
    Segment = 1,
    /// The index of a closed slice.
    Index = 2,
    /// Statements of closed slices.
    Slices = 3,
    /// Checkpoints.
    Checkpoints = 4,
    /// Time stamps.
    Stamps = 5,
    /// What an evidence chain's gateway took.
    Deliveries = 6,
}

/// Some bytes of a log, with their place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// What it is of.
    pub kind: Kind,
    /// Number of the segment or index.
    pub number: u64,
    /// Where in its file it begins.
    pub byte: u64,
    /// Microseconds since 1970: of the record, or of what stands before it.
    pub time: i64,
    /// Sequence of the record whose frame begins here, if one does.
    pub sequence: Option<u64>,
    /// The bytes as they stand in the file.
    pub bytes: Vec<u8>,
}

/// Where somebody stands who reads a log's pieces, or keeps them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// Pieces before this place.
    pub places: u64,
    /// The segment that is read, and how far.
    pub segment: u64,
    /// Bytes of it.
    pub byte: u64,
    /// Sequence of the next record.
    pub next: u64,
    /// Bytes of a frame that is longer than a piece, still to come.
    pub rest: u64,
    /// The index that is read, and how far.
    pub index: u64,
    /// Bytes of it.
    pub index_byte: u64,
    /// Bytes of the files of statements, checkpoints, stamps and deliveries.
    pub beside: [u64; 4],
    /// Time of the last record.
    pub time: i64,
    /// The last bytes of the segment so far: a log in which others stand there is not the one that was read before.
    pub check: Digest,
}

impl Piece {
    /// Bytes of a file of this kind and number, from a place on.
    pub fn new(kind: Kind, (number, byte): (u64, u64), time: i64, bytes: Vec<u8>) -> Self {
        let head = format::Head::decode(&bytes).filter(|head| head.kind == format::FrameKind::Record);
        let sequence = head.filter(|_| kind == Kind::Segment).map(|head| head.sequence);
        Piece { kind, number, byte, time, sequence, bytes }
    }
}

impl Piece {
    /// The record in it, if it is the whole frame of one.
    pub fn record(&self) -> Option<Record> {
        let end = self.bytes.len().checked_sub(format::HASH_BYTES)?;
        self.sequence?;
        compact::record(self.bytes.get(format::HEAD_BYTES..end)?)
    }
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 6] =
        [Kind::Segment, Kind::Index, Kind::Slices, Kind::Checkpoints, Kind::Stamps, Kind::Deliveries];

    /// By its number.
    pub fn of_number(number: u8) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| *kind as u8 == number)
    }

    /// The file that its bytes stand in, of the log in `dir`.
    fn file(self, dir: &Path, number: u64) -> PathBuf {
        let beside = crate::evidence_dir(dir);
        match self {
            Kind::Segment => dir.join(format::name(number)),
            Kind::Index => beside.join(index::name(number)),
            Kind::Slices => beside.join(slice::FILE),
            Kind::Checkpoints => beside.join(checkpoint::FILE),
            Kind::Stamps => beside.join(stamp::FILE),
            Kind::Deliveries => beside.join(package::FILE),
        }
    }

    /// Its place among the files beside the segments that only grow.
    fn beside(self) -> Option<usize> {
        (self as usize).checked_sub(Kind::Slices as usize)
    }
}

impl Cursor {
    /// Goes behind a piece; `false` when it is not the one that comes next.
    pub fn pass(&mut self, piece: &Piece) -> bool {
        let end = piece.byte.saturating_add(piece.bytes.len() as u64);
        let is_next = match (piece.kind, piece.kind.beside()) {
            (Kind::Segment, _) => {
                let is_next = (piece.number, piece.byte) == (self.segment, self.byte)
                    || (piece.number > self.segment && piece.byte == 0);
                let rest = self.rest;
                (self.segment, self.byte) = (piece.number, end);
                let last = piece.bytes.len().saturating_sub(self.check.len());
                let last = piece.bytes.get(last..).unwrap_or_default();
                self.check = [0; 32];
                self.check.iter_mut().zip(last).for_each(|(to, from)| *to = *from);
                self.time = piece.time;
                self.rest = self.rest.saturating_sub(piece.bytes.len() as u64);
                if piece.byte == 0 {
                    self.rest = 0;
                    self.next =
                        format::Header::decode(&piece.bytes).map_or(self.next, |(header, _)| header.first);
                } else if let (0, Some(head)) = (rest, format::Head::decode(&piece.bytes)) {
                    self.rest = (head.frame_bytes() as u64).saturating_sub(piece.bytes.len() as u64);
                    self.next = piece.sequence.map_or(self.next, |sequence| sequence.saturating_add(1));
                }
                is_next
            }
            (Kind::Index, _) => {
                let is_next = (piece.number, piece.byte) == (self.index, self.index_byte)
                    || (piece.number > self.index && piece.byte == 0);
                (self.index, self.index_byte) = (piece.number, end);
                is_next
            }
            (_, Some(place)) => match self.beside.get_mut(place) {
                Some(at) => std::mem::replace(at, end) == piece.byte,
                None => false,
            },
            (_, None) => false,
        };
        self.places = self.places.saturating_add(1);
        is_next
    }

    /// How far a file of this kind and number has been read; `None`: it was read before, or not begun.
    fn reach(&self, kind: Kind, number: u64) -> Option<u64> {
        match (kind, kind.beside()) {
            (Kind::Segment, _) => (number == self.segment).then_some(self.byte),
            (Kind::Index, _) => (number == self.index).then_some(self.index_byte),
            (_, place) => place.and_then(|place| self.beside.get(place).copied()),
        }
    }
}

/// One line: numbers, and the check in hexadecimal.
impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Cursor { places, segment, byte, next, rest, index, index_byte, beside, time, check } = self;
        write!(f, "1 {places} {segment} {byte} {next} {rest} {index} {index_byte}")?;
        beside.iter().try_for_each(|at| write!(f, " {at}"))?;
        write!(f, " {time} {}", hex::encode(check))
    }
}

/// A text is no cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no cursor of a log")]
pub struct BadCursor;

impl FromStr for Cursor {
    type Err = BadCursor;

    fn from_str(text: &str) -> Result<Self, BadCursor> {
        let mut parts = text.split(' ');
        let mut number =
            || -> Result<u64, BadCursor> { parts.next().and_then(|part| part.parse().ok()).ok_or(BadCursor) };
        if number()? != VERSION {
            return Err(BadCursor);
        }
        let mut cursor = Cursor {
            places: number()?,
            segment: number()?,
            byte: number()?,
            next: number()?,
            rest: number()?,
            index: number()?,
            index_byte: number()?,
            ..Cursor::default()
        };
        for at in &mut cursor.beside {
            *at = number()?;
        }
        cursor.time = parts.next().and_then(|part| part.parse().ok()).ok_or(BadCursor)?;
        cursor.check = parts.next().and_then(hex::decode).ok_or(BadCursor)?;
        // What reads otherwise than it is written is none.
        if cursor.to_string() == text { Ok(cursor) } else { Err(BadCursor) }
    }
}

/// Pieces as a parcel.
pub fn encode(pieces: &[Piece]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(pieces.iter().map(|piece| HEAD_BYTES + piece.bytes.len()).sum());
    for piece in pieces {
        bytes.push(piece.kind as u8);
        bytes.extend_from_slice(&piece.number.to_be_bytes());
        bytes.extend_from_slice(&piece.byte.to_be_bytes());
        bytes.extend_from_slice(&piece.time.to_be_bytes());
        bytes.extend_from_slice(&u32::try_from(piece.bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend_from_slice(&piece.bytes);
    }
    bytes
}

/// The pieces of a parcel; `None` when it is none.
pub fn decode(mut parcel: &[u8]) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    while !parcel.is_empty() {
        let (head, rest) = parcel.split_at_checked(HEAD_BYTES)?;
        let length = u32::from_be_bytes(format::field(head, 25)) as usize;
        let (bytes, rest) = rest.split_at_checked(length)?;
        let kind = Kind::of_number(*head.first()?)?;
        pieces.push(Piece::new(
            kind,
            (u64::from_be_bytes(format::field(head, 1)), u64::from_be_bytes(format::field(head, 9))),
            i64::from_be_bytes(format::field(head, 17)),
            bytes.to_vec(),
        ));
        parcel = rest;
    }
    Some(pieces)
}

const VERSION: u64 = 1;
const HEAD_BYTES: usize = 29;

#[cfg(test)]
mod tests;
