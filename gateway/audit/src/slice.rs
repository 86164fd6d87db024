//! Slices: what a closed segment was, in a few bytes that stay when the segment itself expires (T/SAC 004—2024 App. C.3).
//!
//! The file `slices` in a log's evidence directory ([`crate::evidence_dir`]) holds one statement of [`STATEMENT_BYTES`] for each closed segment, that of
//! segment *n* at *n* × [`STATEMENT_BYTES`]. All integers are big-endian.
//!
//! | at | bytes | statement |
//! |---:|---:|---|
//! | 0 | 8 | `YB-SLICE` |
//! | 8 | 4 | version of this format, 1 |
//! | 12 | 4 | how it ended ([`Ended`]): 1 sealed, 2 broken off, 3 found damaged |
//! | 16 | 16 | stream id |
//! | 32 | 8 | slice id: the number of the segment |
//! | 40 | 8 | start: sequence of its first record |
//! | 48 | 8 | end: sequence behind its last record |
//! | 56 | 8 | time of its beginning, microseconds since 1970 |
//! | 64 | 8 | time of its end |
//! | 72 | 32 | chain hash of its last record; of what it follows, when it has none |
//! | 104 | 32 | chain hash that the next segment follows |
//! | 136 | 32 | root of the tree over its records |
//! | 168 | 32 | root of the tree over its index of keywords (see [`crate::index`]); zeros when it has none |
//! | 200 | 32 | SM3(`yingbi/audit/slice/1` ‖ bytes 0 to 199) |
//!
//! A leaf of the tree over records is [`tree::leaf`] of a record's chain hash, in which the record's bytes and its place
//! are. Bytes 0 to 199 of each statement are a leaf of the tree over slices, whose root is in every checkpoint. Of a slice
//! that was found damaged only the records before the damage are in its tree.

use crate::format::{self, Begun, FrameKind, Header};
use crate::notary::evidence_dir;
use crate::tree::{self, Frontier};
use crate::walk::{Step, Walk};
use std::io;
use std::path::Path;
use yingbi_crypto::{Digest, sm3};

/// Name of the file of statements.
pub const FILE: &str = "slices";
/// Bytes of a statement.
pub const STATEMENT_BYTES: usize = 232;
/// Bytes of it that are a leaf.
const LEAF_BYTES: usize = 200;
const MAGIC: &[u8; 8] = b"YB-SLICE";
const VERSION: u32 = 1;
const DOMAIN: &[u8] = b"yingbi/audit/slice/1";

/// How a slice ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// With a seal.
    Sealed = 1,
    /// The disk failed; the next segment says what of it counts.
    Broken = 2,
    /// It was damaged when it was read.
    Damaged = 3,
}

/// What a closed segment was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// How it ended.
    pub ended: Ended,
    /// The log it belongs to.
    pub stream: [u8; 16],
    /// Its number.
    pub number: u64,
    /// Sequence of its first record.
    pub first: u64,
    /// Sequence behind its last record.
    pub next: u64,
    /// When it began, microseconds since 1970.
    pub created: i64,
    /// When it ended.
    pub closed: i64,
    /// Chain hash of its last record.
    pub chain: Digest,
    /// Chain hash that the next segment follows.
    pub link: Digest,
    /// Root over its records.
    pub root: Digest,
    /// Root over its keywords.
    pub index: Digest,
}

/// Why bytes are no statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadStatement {
    /// Fewer bytes than a statement has.
    #[error("the statement is cut short")]
    Short,
    /// It doesn't begin as one.
    #[error("this is no statement of a slice")]
    Magic,
    /// Another version of the format.
    #[error("the statement has format version {0}")]
    Version(u32),
    /// Its hash differs.
    #[error("the statement was changed")]
    Hash,
}

impl Statement {
    /// Its bytes.
    pub fn encode(&self) -> [u8; STATEMENT_BYTES] {
        let fields: [&[u8]; 12] = [
            MAGIC,
            &VERSION.to_be_bytes(),
            &(self.ended as u32).to_be_bytes(),
            &self.stream,
            &self.number.to_be_bytes(),
            &self.first.to_be_bytes(),
            &self.next.to_be_bytes(),
            &self.created.to_be_bytes(),
            &self.closed.to_be_bytes(),
            &[self.chain, self.link].concat(),
            &self.root,
            &self.index,
        ];
        let content = fields.concat();
        let hash = sm3(&[DOMAIN, &content]);
        let mut bytes = [0; STATEMENT_BYTES];
        bytes.iter_mut().zip(content.iter().chain(&hash)).for_each(|(to, from)| *to = *from);
        bytes
    }

    /// Reads a statement.
    ///
    /// # Errors
    /// The bytes are none.
    pub fn decode(bytes: &[u8]) -> Result<Self, BadStatement> {
        let (statement, _) = bytes.split_at_checked(STATEMENT_BYTES).ok_or(BadStatement::Short)?;
        let (content, hash) = statement.split_at_checked(LEAF_BYTES).ok_or(BadStatement::Short)?;
        if !content.starts_with(MAGIC) {
            return Err(BadStatement::Magic);
        }
        if sm3(&[DOMAIN, content]) != *hash {
            return Err(BadStatement::Hash);
        }
        let version = u32::from_be_bytes(format::field(content, 8));
        if version != VERSION {
            return Err(BadStatement::Version(version));
        }
        let ended = match u32::from_be_bytes(format::field(content, 12)) {
            1 => Ended::Sealed,
            2 => Ended::Broken,
            3 => Ended::Damaged,
            _ => return Err(BadStatement::Magic),
        };
        Ok(Statement {
            ended,
            stream: format::field(content, 16),
            number: u64::from_be_bytes(format::field(content, 32)),
            first: u64::from_be_bytes(format::field(content, 40)),
            next: u64::from_be_bytes(format::field(content, 48)),
            created: i64::from_be_bytes(format::field(content, 56)),
            closed: i64::from_be_bytes(format::field(content, 64)),
            chain: format::field(content, 72),
            link: format::field(content, 104),
            root: format::field(content, 136),
            index: format::field(content, 168),
        })
    }

    /// Its leaf in the tree over slices.
    pub fn leaf(&self) -> Digest {
        tree::leaf(self.encode().get(..LEAF_BYTES).unwrap_or_default())
    }

    /// How many records it has.
    pub fn records(&self) -> u64 {
        self.next.saturating_sub(self.first)
    }
}

/// What a closed segment is, from its bytes and the header of the segment behind it; records before the first flaw only.
pub(crate) fn of_segment(number: u64, bytes: &[u8], next: Option<&Header>) -> Statement {
    let cut = next.filter(|next| next.begun == Begun::Break);
    let mut statement = Statement {
        ended: Ended::Damaged,
        stream: [0; 16],
        number,
        first: 0,
        next: 0,
        created: 0,
        closed: next.map_or(0, |next| next.created),
        chain: [0; 32],
        link: [0; 32],
        root: tree::root(&[]),
        index: [0; 32],
    };
    let Ok((header, hash)) = Header::decode(bytes) else { return statement };
    statement.stream = header.stream;
    (statement.first, statement.next, statement.created) = (header.first, header.first, header.created);
    (statement.chain, statement.link) = (header.previous, hash);
    let mut walk = Walk::new(bytes, hash, header.first);
    let mut frontier = Frontier::default();
    loop {
        if cut.is_some_and(|cut| walk.next >= cut.first) {
            statement.ended = Ended::Broken;
            break;
        }
        match walk.step() {
            Step::Frame(frame) if frame.head.kind == FrameKind::Seal => {
                if !next.is_some_and(|next| next.begun == Begun::Damage) {
                    statement.ended = Ended::Sealed;
                }
                statement.link = walk.chain;
                break;
            }
            Step::Frame(frame) => {
                frontier.push(record_leaf(&frame.hash));
                (statement.chain, statement.link) = (frame.hash, frame.hash);
                statement.next = walk.next;
            }
            Step::End | Step::Flaw(_) => break,
        }
    }
    if statement.ended == Ended::Broken && frontier.size() == 0 {
        statement.link = header.previous;
    }
    statement.root = frontier.root();
    statement
}

/// A record's leaf, by its chain hash.
pub fn record_leaf(chain: &Digest) -> Digest {
    tree::leaf(chain)
}

/// The statements of a log's closed slices, as far as they are good.
///
/// # Errors
/// The file can't be read.
pub fn statements(dir: &Path) -> io::Result<Vec<Statement>> {
    match std::fs::read(evidence_dir(dir).join(FILE)) {
        Ok(bytes) => Ok(read(&bytes).into_iter().map_while(Result::ok).collect()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// The statements in the content of a file `slices`: each good one at its place.
pub(crate) fn read(bytes: &[u8]) -> Vec<Result<Statement, BadStatement>> {
    let read = |(number, bytes): (usize, &[u8])| {
        let statement = Statement::decode(bytes)?;
        if statement.number == number as u64 { Ok(statement) } else { Err(BadStatement::Magic) }
    };
    bytes.chunks(STATEMENT_BYTES).enumerate().map(read).collect()
}

#[cfg(test)]
mod tests;
