//! Proofs that somebody else can check: that a record stood in a log, without any other record; that one checkpoint's log
//! is the beginning of another's (T/SAC 004—2024 App. C.5).
//!
//! A bundle is one JSON object. Hashes are written in hexadecimal, lowest first in paths.
//!
//! ```json
//! {
//!   "format": "yingbi-evidence/2",       1 is read too: there every payload is text
//!   "records": [{
//!     "head": "5942…",            24 bytes before the payload, as in the segment (crate::format)
//!     "payload": "49…",           the record byte for byte: as text when it is JSON, else in hexadecimal (crate::compact)
//!     "previous": "31c9…",        chain hash before it
//!     "path": ["…"],              to the root over its slice's records; its index is its sequence less the slice's start
//!     "statement": "59422d…",     of its slice (crate::slice); null while the checkpoint has it open
//!     "slice_path": ["…"]         from the statement to the checkpoint's root; empty while it is open
//!   }],
//!   "checkpoint": "yingbi-audit/…"  signed note (crate::checkpoint)
//! }
//! ```
//!
//! [`Bundle::verify`] and [`Growth::verify`] trust nothing but the public keys they are given.

mod growth;

pub use growth::Growth;

use crate::checkpoint::{self, Checkpoint, Note, Signed};
use crate::compact;
use crate::format::{self, FrameKind, HEAD_BYTES, Head, Header};
use crate::notary::evidence_dir;
use crate::record;
use crate::slice::{self, Statement};
use crate::tree;
use crate::walk::{Step, Walk};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::path::Path;
use yingbi_crypto::{Digest, VerifyingKey, hex};

/// What `format` says.
pub const FORMAT: &str = "yingbi-evidence/2";
/// The version before, which is read too.
pub const FIRST_FORMAT: &str = "yingbi-evidence/1";

/// Records of one log with all that proves them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// [`FORMAT`].
    pub format: String,
    /// The records.
    pub records: Vec<Proof>,
    /// The checkpoint that covers them.
    pub checkpoint: String,
}

/// A record and what leads from it to the checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// Bytes before the payload.
    pub head: String,
    /// The record: JSON as text, anything else in hexadecimal.
    pub payload: String,
    /// Chain hash before it.
    pub previous: String,
    /// Path to its slice's root.
    pub path: Vec<String>,
    /// Statement of its slice.
    pub statement: Option<String>,
    /// Path from the statement to the checkpoint's root.
    pub slice_path: Vec<String>,
}

/// What a good bundle proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proved {
    /// The log.
    pub stream: [u8; 16],
    /// Sequence of each record, and what it says, in JSON.
    pub records: Vec<(u64, String)>,
    /// When the checkpoint was made that covers them.
    pub time: String,
    /// Who signed it.
    pub signer: String,
}

/// Why a bundle proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Disproof {
    /// It isn't one.
    #[error("this is no bundle of evidence: {0}")]
    Shape(String),
    /// The checkpoint can't be read.
    #[error("{0}")]
    Checkpoint(#[from] checkpoint::BadNote),
    /// The checkpoint isn't signed by any given key.
    #[error("the checkpoint is not signed by the given key")]
    Unsigned,
    /// A signature is wrong.
    #[error("a signature of the checkpoint is wrong or missing")]
    Signature,
    /// The record of this place in the bundle isn't one.
    #[error("record {0} of the bundle is no record of a log")]
    Record(usize),
    /// The record of this place isn't in the slice.
    #[error("record {0} of the bundle was changed, or is not in the slice it is said to be in")]
    NotInSlice(usize),
    /// The later checkpoint's log doesn't begin with the earlier one's.
    #[error("the log of the later checkpoint does not begin with that of the earlier one")]
    NoGrowth,
    /// The slice of the record of this place isn't in the log.
    #[error("the slice of record {0} of the bundle is not one that the checkpoint covers")]
    NotInLog(usize),
}

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
pub enum Unproved {
    /// A file can't be read.
    #[error("{0}")]
    Read(#[from] io::Error),
    /// There is no such record.
    #[error("the log has no such record")]
    NoRecord,
    /// No checkpoint covers it yet.
    #[error("no checkpoint covers the record yet")]
    NotWitnessed,
    /// What lies there is damaged.
    #[error("the log is damaged there: run `yingbi audit verify`")]
    Damaged,
}

/// Proves records of the log in `dir`, by their sequences.
///
/// # Errors
/// They are not there, or nothing proves them yet.
pub fn prove(dir: &Path, sequences: &[u64]) -> Result<Bundle, Unproved> {
    let (note, statements) = witnessed(dir)?;
    let records = sequences.iter().map(|sequence| proof(dir, *sequence, &note.checkpoint, &statements));
    Ok(Bundle {
        format: FORMAT.to_owned(),
        records: records.collect::<Result<_, _>>()?,
        checkpoint: note.to_string(),
    })
}

/// The last checkpoint of a log, and the statements it is over.
fn witnessed(dir: &Path) -> Result<(Note, Vec<Statement>), Unproved> {
    let text = fs::read_to_string(evidence_dir(dir).join(checkpoint::FILE))?;
    let notes = Note::read_all(&text);
    let note = notes.into_iter().rev().find_map(|(_, note)| note.ok()).ok_or(Unproved::NotWitnessed)?;
    let mut statements: Vec<Statement> = match fs::read(evidence_dir(dir).join(slice::FILE)) {
        Ok(bytes) => slice::read(&bytes).into_iter().map_while(Result::ok).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    statements.truncate(usize::try_from(note.checkpoint.slices).unwrap_or(usize::MAX));
    if note.checkpoint.is_over(&statements) { Ok((note, statements)) } else { Err(Unproved::Damaged) }
}

fn proof(
    dir: &Path,
    sequence: u64,
    checkpoint: &Checkpoint,
    statements: &[Statement],
) -> Result<Proof, Unproved> {
    let closed = statements.iter().find(|statement| (statement.first..statement.next).contains(&sequence));
    let (number, size, root) = match (closed, &checkpoint.open) {
        (Some(statement), _) => (statement.number, statement.records(), statement.root),
        (None, Some(open)) if (open.first..open.first + open.records).contains(&sequence) => {
            (open.number, open.records, open.root)
        }
        (None, _) if sequence >= checkpoint.records => return Err(Unproved::NotWitnessed),
        (None, _) => return Err(Unproved::NoRecord),
    };
    let bytes = fs::read(dir.join(format::name(number)))?;
    let Ok((header, hash)) = Header::decode(&bytes) else { return Err(Unproved::Damaged) };
    let mut walk = Walk::new(&bytes, hash, header.first);
    let mut leaves = Vec::new();
    let mut found = None;
    while (leaves.len() as u64) < size {
        let previous = walk.chain;
        let Step::Frame(frame) = walk.step() else { return Err(Unproved::Damaged) };
        leaves.push(slice::record_leaf(&frame.hash));
        if frame.head.sequence == sequence {
            found = Some((frame, previous));
        }
    }
    let (frame, previous) = found.ok_or(Unproved::NoRecord)?;
    if tree::root(&leaves) != root {
        return Err(Unproved::Damaged);
    }
    let index = usize::try_from(sequence - header.first).unwrap_or(usize::MAX);
    let path = tree::inclusion(&leaves, index).ok_or(Unproved::Damaged)?;
    let slice_path = match closed {
        None => Vec::new(),
        Some(_) => {
            let leaves: Vec<Digest> = statements.iter().map(Statement::leaf).collect();
            tree::inclusion(&leaves, usize::try_from(number).unwrap_or(usize::MAX))
                .ok_or(Unproved::Damaged)?
        }
    };
    let payload = match frame.payload {
        [b'{', ..] => String::from_utf8(frame.payload.to_vec()).map_err(|_| Unproved::Damaged)?,
        payload => hex::encode(payload),
    };
    Ok(Proof {
        head: hex::encode(&frame.head.encode()),
        payload,
        previous: hex::encode(&previous),
        path: path.iter().map(|hash| hex::encode(hash)).collect(),
        statement: closed.map(|statement| hex::encode(&statement.encode())),
        slice_path: slice_path.iter().map(|hash| hex::encode(hash)).collect(),
    })
}

impl Bundle {
    /// Reads a bundle.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(text: &str) -> Result<Self, Disproof> {
        let bundle: Bundle = serde_json::from_str(text)
            .map_err(|error| Disproof::Shape(format!("line {}, column {}", error.line(), error.column())))?;
        match bundle.format.as_str() {
            FORMAT | FIRST_FORMAT if !bundle.records.is_empty() => Ok(bundle),
            FORMAT | FIRST_FORMAT => Err(Disproof::Shape("it has no record".to_owned())),
            _ => Err(Disproof::Shape("it has another format".to_owned())),
        }
    }

    /// The bundle as JSON.
    pub fn to_json(&self) -> String {
        // Strings and lists of strings: nothing that can't be written.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// What it proves to whoever believes these keys.
    ///
    /// # Errors
    /// It proves nothing.
    pub fn verify(&self, keys: &[VerifyingKey]) -> Result<Proved, Disproof> {
        let note = Note::parse(&self.checkpoint)?;
        match note.signed(keys) {
            Signed::Good => {}
            Signed::Unknown => return Err(Disproof::Unsigned),
            Signed::Wrong => return Err(Disproof::Signature),
        }
        let signer = keys.iter().find(|key| note.signatures.iter().any(|signature| signature.id == key.id()));
        let records = self.records.iter().enumerate();
        let checkpoint = &note.checkpoint;
        Ok(Proved {
            stream: checkpoint.stream,
            records: records
                .map(|(place, proof)| proof.verify(place, checkpoint))
                .collect::<Result<_, _>>()?,
            time: checkpoint.time.clone(),
            signer: signer.map(|key| key.name().to_owned()).unwrap_or_default(),
        })
    }
}

impl Proof {
    fn verify(&self, place: usize, checkpoint: &Checkpoint) -> Result<(u64, String), Disproof> {
        let not_record = Disproof::Record(place);
        let head: [u8; HEAD_BYTES] = hex::decode(&self.head).ok_or(not_record.clone())?;
        let read = Head::decode(&head).ok_or(not_record.clone())?;
        let payload = self.bytes().ok_or(not_record.clone())?;
        if read.kind != FrameKind::Record || read.length as usize != payload.len() {
            return Err(not_record);
        }
        let text = match &*payload {
            [b'{', ..] => self.payload.clone(),
            payload => compact::record(payload)
                .and_then(|record| String::from_utf8(record::json(&record)).ok())
                .ok_or(not_record.clone())?,
        };
        let previous: Digest = hex::decode(&self.previous).ok_or(not_record.clone())?;
        let leaf = slice::record_leaf(&format::chain(&previous, &head, &payload));
        let path = digests(&self.path).ok_or(not_record.clone())?;
        let slice_path = digests(&self.slice_path).ok_or(not_record)?;
        let sequence = read.sequence;
        let within = |first: u64, size: u64, root: &Digest| {
            let index = sequence.checked_sub(first);
            index.and_then(|index| tree::root_by(index, size, leaf, &path)).as_ref() == Some(root)
        };
        match &self.statement {
            Some(statement) => {
                let bytes: [u8; slice::STATEMENT_BYTES] =
                    hex::decode(statement).ok_or(Disproof::NotInLog(place))?;
                let statement = Statement::decode(&bytes).map_err(|_| Disproof::NotInLog(place))?;
                if !within(statement.first, statement.records(), &statement.root) {
                    return Err(Disproof::NotInSlice(place));
                }
                let root = tree::root_by(statement.number, checkpoint.slices, statement.leaf(), &slice_path);
                if root != Some(checkpoint.root) || statement.stream != checkpoint.stream {
                    return Err(Disproof::NotInLog(place));
                }
            }
            None => {
                let open = checkpoint.open.as_ref().ok_or(Disproof::NotInLog(place))?;
                if !slice_path.is_empty() {
                    return Err(Disproof::NotInLog(place));
                }
                if !within(open.first, open.records, &open.root) {
                    return Err(Disproof::NotInSlice(place));
                }
            }
        }
        Ok((sequence, text))
    }

    fn bytes(&self) -> Option<Vec<u8>> {
        if self.payload.starts_with('{') {
            return Some(self.payload.as_bytes().to_vec());
        }
        let (pairs, rest) = self.payload.as_bytes().as_chunks::<2>();
        let byte = |pair: &[u8; 2]| hex::decode::<1>(std::str::from_utf8(pair).ok()?).map(|[byte]| byte);
        rest.is_empty().then_some(())?;
        pairs.iter().map(byte).collect()
    }
}

fn digests(texts: &[String]) -> Option<Vec<Digest>> {
    texts.iter().map(|text| hex::decode(text)).collect()
}

#[cfg(test)]
mod tests;
