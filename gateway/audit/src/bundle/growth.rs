//! Proof that a log only grew: that what one checkpoint says is the beginning of what a later one says. Whoever kept the
//! earlier one learns so without reading a record.
//!
//! ```json
//! {
//!   "format": "yingbi-growth/1",
//!   "old": "yingbi-audit/…",        signed notes (crate::checkpoint)
//!   "new": "yingbi-audit/…",
//!   "slices_path": ["…"],           that the old slices are the first of the new
//!   "statement": "59422d…",         of the slice that was open in the old one; null when it still is, or there was none
//!   "statement_path": ["…"],        from it to the new root
//!   "path": ["…"]                   that the records of that slice are the first of what it became
//! }
//! ```

use super::{Disproof, Unproved, digests};
use crate::checkpoint::{Checkpoint, Note, Signed};
use crate::format::{self, Header};
use crate::slice::{self, STATEMENT_BYTES, Statement};
use crate::tree;
use crate::walk::{Step, Walk};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::Path;
use yingbi_crypto::{Digest, VerifyingKey, hex};

/// What `format` says.
pub const FORMAT: &str = "yingbi-growth/1";

/// Two checkpoints of one log, and what leads from one to the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Growth {
    /// What this is, and its version.
    pub format: String,
    /// The earlier checkpoint.
    pub old: String,
    /// The later one.
    pub new: String,
    /// That the earlier slices are the first of the later.
    pub slices_path: Vec<String>,
    /// What became of the slice that was open.
    pub statement: Option<String>,
    /// From there to the later root.
    pub statement_path: Vec<String>,
    /// That its records are the first of what it became.
    pub path: Vec<String>,
}

impl Growth {
    /// Proves that the log in `dir` begins with what an earlier checkpoint says.
    ///
    /// # Errors
    /// It doesn't, or nothing proves it.
    pub fn prove(dir: &Path, old: &Note) -> Result<Self, Unproved> {
        let (note, statements) = super::witnessed(dir)?;
        let (before, now) = (&old.checkpoint, &note.checkpoint);
        let leaves: Vec<Digest> = statements.iter().map(Statement::leaf).collect();
        let count = usize::try_from(before.slices).unwrap_or(usize::MAX);
        let slices_path = tree::consistency(&leaves, count).ok_or(Unproved::Damaged)?;
        let (mut statement, mut statement_path, mut path) = (None, Vec::new(), Vec::new());
        if let Some(open) = &before.open {
            let became = statements.iter().find(|statement| statement.number == open.number);
            let size = match (became, &now.open) {
                (Some(became), _) => {
                    statement = Some(hex::encode(&became.encode()));
                    let index = usize::try_from(became.number).unwrap_or(usize::MAX);
                    statement_path = tree::inclusion(&leaves, index).ok_or(Unproved::Damaged)?;
                    became.records()
                }
                (None, Some(now)) if now.number == open.number => now.records,
                (None, _) => return Err(Unproved::Damaged),
            };
            let records = leaves_of(dir, open.number, size)?;
            let count = usize::try_from(open.records).unwrap_or(usize::MAX);
            path = tree::consistency(&records, count).ok_or(Unproved::Damaged)?;
        }
        let encode = |path: Vec<Digest>| path.iter().map(|hash| hex::encode(hash)).collect();
        let growth = Growth {
            format: FORMAT.to_owned(),
            old: old.to_string(),
            new: note.to_string(),
            slices_path: encode(slices_path),
            statement,
            statement_path: encode(statement_path),
            path: encode(path),
        };
        // A proof that doesn't hold would blame the proof for what is wrong with the log.
        growth.leads(before, now).map_err(|_| Unproved::Damaged)?;
        Ok(growth)
    }

    /// Reads a proof.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(text: &str) -> Result<Self, Disproof> {
        let growth: Growth = serde_json::from_str(text)
            .map_err(|error| Disproof::Shape(format!("line {}, column {}", error.line(), error.column())))?;
        match growth.format.as_str() {
            FORMAT => Ok(growth),
            _ => Err(Disproof::Shape("it has another format".to_owned())),
        }
    }

    /// The proof as JSON.
    pub fn to_json(&self) -> String {
        // Strings and lists of strings: nothing that can't be written.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// Whether it holds for whoever believes these keys; gives both checkpoints.
    ///
    /// # Errors
    /// It doesn't.
    pub fn verify(&self, keys: &[VerifyingKey]) -> Result<(Checkpoint, Checkpoint), Disproof> {
        let read = |text: &str| {
            let note = Note::parse(text)?;
            match note.signed(keys) {
                Signed::Good => Ok(note.checkpoint),
                Signed::Unknown => Err(Disproof::Unsigned),
                Signed::Wrong => Err(Disproof::Signature),
            }
        };
        let (old, new) = (read(&self.old)?, read(&self.new)?);
        self.leads(&old, &new)?;
        Ok((old, new))
    }

    fn leads(&self, old: &Checkpoint, new: &Checkpoint) -> Result<(), Disproof> {
        let path = |texts: &[String]| digests(texts).ok_or(Disproof::NoGrowth);
        let slices_path = path(&self.slices_path)?;
        let is_one_log = old.stream == new.stream
            && old.records <= new.records
            && tree::is_consistent(old.slices, new.slices, &old.root, &new.root, &slices_path);
        let of_open = path(&self.path)?;
        let is_grown = match (&old.open, &self.statement, &new.open) {
            (None, None, _) => of_open.is_empty() && self.statement_path.is_empty(),
            (Some(open), Some(statement), _) => {
                let bytes: Option<[u8; STATEMENT_BYTES]> = hex::decode(statement);
                let statement =
                    bytes.and_then(|bytes| Statement::decode(&bytes).ok()).ok_or(Disproof::NoGrowth)?;
                let statement_path = path(&self.statement_path)?;
                let root = tree::root_by(statement.number, new.slices, statement.leaf(), &statement_path);
                root == Some(new.root)
                    && (statement.number, statement.first) == (open.number, open.first)
                    && tree::is_consistent(
                        open.records,
                        statement.records(),
                        &open.root,
                        &statement.root,
                        &of_open,
                    )
            }
            (Some(open), None, Some(now)) => {
                (now.number, now.first) == (open.number, open.first)
                    && self.statement_path.is_empty()
                    && tree::is_consistent(open.records, now.records, &open.root, &now.root, &of_open)
            }
            _ => false,
        };
        if is_one_log && is_grown { Ok(()) } else { Err(Disproof::NoGrowth) }
    }
}

/// Leaves of a segment's first records.
fn leaves_of(dir: &Path, number: u64, size: u64) -> Result<Vec<Digest>, Unproved> {
    let bytes = fs::read(dir.join(format::name(number)))?;
    let Ok((header, hash)) = Header::decode(&bytes) else { return Err(Unproved::Damaged) };
    let mut walk = Walk::new(&bytes, hash, header.first);
    let mut leaves = Vec::new();
    while (leaves.len() as u64) < size {
        let Step::Frame(frame) = walk.step() else { return Err(Unproved::Damaged) };
        leaves.push(slice::record_leaf(&frame.hash));
    }
    Ok(leaves)
}
