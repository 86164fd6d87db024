//! Checkpoints: short signed texts that say what a log was at a time. Whoever keeps one can tell later whether that log's
//! tail was cut or its past rewritten, which no chain tells by itself.
//!
//! A checkpoint is a C2SP signed note (`c2sp.org/signed-note`) whose text is a C2SP checkpoint (`c2sp.org/tlog-checkpoint`)
//! of the tree over slices (see [`crate::slice`]), with SM3 in place of SHA-256 and four lines more:
//!
//! ```text
//! yingbi-audit/0f1e…                       the log: its stream id
//! 3                                        how many slices are closed
//! q83vAdyX…=                               root of the tree over them, base64
//! records 123456                           how many sequence numbers are taken: the last record's and one
//! chain Hcm2…=                             the last record's chain hash
//! slice 3 123000 456 rT1v…=                of the open slice: number, first record, how many, root over them
//! time 2026-11-20T06:00:00.000000Z
//!
//! — yingbi-66c7f0f462eeedd9 Az3g…=         Ed25519: key id and signature, base64
//! — yingbi-66c7f0f462eeedd9 l0Xk…=         SM2 over SM3
//! ```
//!
//! The line `slice` is missing while no slice is open. The file `checkpoints` in a log's evidence directory, and every anchor, is
//! nothing but such notes, one behind the other.

use crate::notary::evidence_dir;
use crate::slice::Statement;
use crate::tree::{self, Frontier};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::path::Path;
use yingbi_crypto::{Digest, SigningKeys, VerifyingKey, hex};

/// Name of the file of checkpoints.
pub const FILE: &str = "checkpoints";
/// Suffix of an anchor's file; before it stands the stream id.
pub const ANCHOR_SUFFIX: &str = ".checkpoints";
const ORIGIN: &str = "yingbi-audit/";

/// What a log was at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Its stream id.
    pub stream: [u8; 16],
    /// How many slices were closed.
    pub slices: u64,
    /// Root over them.
    pub root: Digest,
    /// Sequence behind the last record.
    pub records: u64,
    /// The last record's chain hash.
    pub chain: Digest,
    /// The open slice.
    pub open: Option<OpenSlice>,
    /// When, RFC 3339.
    pub time: String,
}

/// A slice that still grew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenSlice {
    /// Its number.
    pub number: u64,
    /// Sequence of its first record.
    pub first: u64,
    /// How many records it had.
    pub records: u64,
    /// Root over them.
    pub root: Digest,
}

/// A checkpoint with its signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// What it says.
    pub checkpoint: Checkpoint,
    /// Each signature: name, key id, bytes.
    pub signatures: Vec<yingbi_crypto::Signature>,
    text: String,
}

/// Why a text is no checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadNote {
    /// The text ends within a note.
    #[error("the checkpoint is cut short")]
    Short,
    /// A line of the text is none of a checkpoint's.
    #[error("a line of the checkpoint can't be read")]
    Line,
    /// A signature line is none.
    #[error("a signature of the checkpoint can't be read")]
    Signature,
}

/// What signatures say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signed {
    /// A signer whose keys are given has signed by each of them.
    Good,
    /// No signature is of a signer whose keys are given.
    Unknown,
    /// A signature of such a signer is wrong or missing.
    Wrong,
}

impl Checkpoint {
    /// The checkpoint of a log with these closed slices.
    pub(crate) fn of(
        stream: [u8; 16],
        slices: &Frontier,
        last: (u64, Digest),
        open: Option<OpenSlice>,
    ) -> Self {
        Checkpoint {
            stream,
            slices: slices.size(),
            root: slices.root(),
            records: last.0,
            chain: last.1,
            open,
            time: format!("{:.6}", crate::record::now()),
        }
    }

    /// Its text, which is what is signed.
    pub fn text(&self) -> String {
        let mut text =
            format!("{ORIGIN}{}\n{}\n{}\n", hex::encode(&self.stream), self.slices, encode(&self.root));
        // Writing to a `String` can't fail.
        let _ = writeln!(text, "records {}\nchain {}", self.records, encode(&self.chain));
        if let Some(open) = &self.open {
            let _ = writeln!(
                text,
                "slice {} {} {} {}",
                open.number,
                open.first,
                open.records,
                encode(&open.root)
            );
        }
        let _ = writeln!(text, "time {}", self.time);
        text
    }

    /// Whether these statements are those of its closed slices.
    pub fn is_over(&self, statements: &[Statement]) -> bool {
        let leaves: Vec<Digest> = statements.iter().map(Statement::leaf).collect();
        leaves.len() as u64 == self.slices && tree::root(&leaves) == self.root
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        let stream = hex::decode(lines.next()?.strip_prefix(ORIGIN)?)?;
        let slices = number(lines.next()?)?;
        let root = decode(lines.next()?)?;
        let records = number(lines.next()?.strip_prefix("records ")?)?;
        let chain = decode(lines.next()?.strip_prefix("chain ")?)?;
        let mut line = lines.next()?;
        let mut open = None;
        if let Some(slice) = line.strip_prefix("slice ") {
            let mut parts = slice.split(' ');
            open = Some(OpenSlice {
                number: number(parts.next()?)?,
                first: number(parts.next()?)?,
                records: number(parts.next()?)?,
                root: decode(parts.next()?)?,
            });
            parts.next().is_none().then_some(())?;
            line = lines.next()?;
        }
        let time = line.strip_prefix("time ")?.to_owned();
        let _: jiff::Timestamp = time.parse().ok()?;
        let checkpoint = Checkpoint { stream, slices, root, records, chain, open, time };
        // What reads otherwise than it is written would let one signature stand for two texts.
        (lines.next().is_none() && checkpoint.text() == text).then_some(checkpoint)
    }
}

impl Note {
    /// Signs a checkpoint; without keys it stays unsigned.
    pub fn sign(checkpoint: Checkpoint, keys: Option<&SigningKeys>) -> Self {
        let text = checkpoint.text();
        let signatures = keys.map(|keys| keys.sign(text.as_bytes())).unwrap_or_default();
        Note { checkpoint, signatures, text }
    }

    /// Reads the notes of a file, each with the byte where it begins; the last may be none.
    pub fn read_all(text: &str) -> Vec<(usize, Result<Note, BadNote>)> {
        let mut notes = Vec::new();
        let mut at = 0;
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            let length = length(rest);
            let note = length
                .ok_or(BadNote::Short)
                .and_then(|length| Note::parse(rest.get(..length).unwrap_or_default()));
            notes.push((at, note));
            at += length.unwrap_or(rest.len());
        }
        notes
    }

    /// Reads one note.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(text: &str) -> Result<Note, BadNote> {
        let (body, signatures) = text.split_once("\n\n").ok_or(BadNote::Short)?;
        let body = format!("{body}\n");
        let checkpoint = Checkpoint::parse(&body).ok_or(BadNote::Line)?;
        let signatures = signatures
            .strip_suffix('\n')
            .unwrap_or(signatures)
            .split('\n')
            .filter(|line| !line.is_empty())
            .map(signature)
            .collect::<Option<_>>()
            .ok_or(BadNote::Signature)?;
        Ok(Note { checkpoint, signatures, text: body })
    }

    /// What the signatures say under these keys. Signatures of signers whose keys aren't given say nothing; a signer
    /// whose keys are given must have signed by each of them.
    pub fn signed(&self, keys: &[VerifyingKey]) -> Signed {
        let mut signed = Signed::Unknown;
        for key in keys {
            if !self.signatures.iter().any(|signature| signature.name == key.name()) {
                continue;
            }
            let mut own = self.signatures.iter().filter(|signature| signature.id == key.id());
            let is_good = own
                .next()
                .is_some_and(|own| own.name == key.name() && key.verifies(self.text.as_bytes(), &own.bytes));
            if !is_good {
                return Signed::Wrong;
            }
            signed = Signed::Good;
        }
        signed
    }
}

impl std::fmt::Display for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}", self.text)?;
        for signature in &self.signatures {
            let bytes = BASE64.encode([&signature.id[..], &signature.bytes].concat());
            writeln!(f, "{SIGNATURE}{} {bytes}", signature.name)?;
        }
        Ok(())
    }
}

/// The last whole checkpoint beside a log; only the end of the file is read.
///
/// # Errors
/// The file can't be read.
pub fn last(dir: &Path) -> io::Result<Option<Note>> {
    let mut file = match File::open(evidence_dir(dir).join(FILE)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let length = file.metadata()?.len();
    file.seek(io::SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let starts = text.rmatch_indices(ORIGIN).map(|(at, _)| at);
    let mut notes = starts.filter_map(|at| Note::read_all(text.get(at..)?).into_iter().next()?.1.ok());
    Ok(notes.next())
}

/// Where the note at the start of a text ends: behind its last signature.
fn length(text: &str) -> Option<usize> {
    let (body, mut rest) = text.split_once("\n\n")?;
    let mut length = body.len() + 2;
    while rest.starts_with(SIGNATURE) {
        let (line, after) = rest.split_once('\n')?;
        length += line.len() + 1;
        rest = after;
    }
    Some(length)
}

fn signature(line: &str) -> Option<yingbi_crypto::Signature> {
    let (name, bytes) = line.strip_prefix(SIGNATURE)?.split_once(' ')?;
    let bytes = BASE64.decode(bytes).ok()?;
    let (id, bytes) = bytes.split_first_chunk::<4>()?;
    Some(yingbi_crypto::Signature { name: name.to_owned(), id: *id, bytes: bytes.to_vec() })
}

fn encode(hash: &Digest) -> String {
    BASE64.encode(hash)
}

fn decode(text: &str) -> Option<Digest> {
    BASE64.decode(text).ok()?.try_into().ok()
}

fn number(text: &str) -> Option<u64> {
    text.parse().ok()
}

const SIGNATURE: &str = "\u{2014} ";

/// Several checkpoints fit in so much.
const TAIL_BYTES: u64 = 16 << 10;

#[cfg(test)]
mod tests;
