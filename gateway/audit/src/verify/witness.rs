//! What bears witness to a log from outside its chain: statements of closed slices, checkpoints beside the log and at its
//! anchors. They are read before the segments, so that a log in use is never behind them.

use super::segment::Ending;
use super::{Expected, Failure, What};
use crate::checkpoint::{self, Note, Signed};
use crate::format;
use crate::index;
use crate::notary::{anchor_file, evidence_dir};
use crate::package::{self, Delivery};
use crate::slice::{self, Ended, Statement};
use crate::stamp::{self, Authority, BadToken, Stamp};
use crate::tree::Frontier;
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use yingbi_crypto::{Digest, VerifyingKey, hex, sm3};

/// What the checkpoints say of the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Witnessed {
    /// Checkpoints read, at all places.
    pub checkpoints: u64,
    /// Of them, those under which a given key's signature stands.
    pub signed: u64,
    /// Records that the latest of them covers: from 0 up to this sequence.
    pub records: u64,
    /// When that one was made.
    pub time: Option<String>,
    /// Time stamps that a trusted authority vouches for; without authorities, those that are over their checkpoint.
    pub stamps: u64,
    /// Records that the latest of them covers.
    pub stamped: u64,
    /// Its time.
    pub stamped_at: Option<String>,
}

#[derive(Default)]
pub(super) struct Witness {
    claims: Vec<Claim>,
    /// Claims by how many records the log had.
    by_records: HashMap<u64, Vec<usize>>,
    statements: Vec<Option<Statement>>,
    growing: Growing,
    /// What packages say of slices: file, byte, number, leaf.
    packaged: Vec<(String, u64, u64, Digest)>,
    /// And of the log's ends, by how many records it had.
    ends: HashMap<u64, Vec<End>>,
    found: Vec<Failure>,
    /// Sequences of segments in which something is wrong already.
    flawed: Vec<(u64, u64)>,
    witnessed: Witnessed,
    /// No key is given: signatures are checked under those that the log itself names.
    is_keyless: bool,
    own_keys: Vec<VerifyingKey>,
}

/// A checkpoint that the log must bear out.
struct Claim {
    file: String,
    byte: u64,
    note: Note,
    is_met: bool,
}

/// An end that an evidence chain knows of.
struct End {
    file: String,
    byte: u64,
    chain: Digest,
    is_met: bool,
}

impl Claim {
    /// SM3 of its note as it is written, and that.
    fn digest(&self) -> (String, String) {
        let text = self.note.to_string();
        (hex::encode(&sm3(&[text.as_bytes()])), text)
    }
}

/// The segment that is read.
#[derive(Default)]
struct Growing {
    number: u64,
    first: Option<u64>,
    next: u64,
    chain: Digest,
    frontier: Frontier,
    /// Failures that hold only if nothing else is wrong with the segment.
    doubts: Vec<Failure>,
}

/// Whether a slice's index is what the slice's records make.
pub(super) fn is_indexed(dir: &Path, statement: &Statement, segment: &[u8]) -> bool {
    let is_made = || -> io::Result<bool> {
        let beside = evidence_dir(dir);
        let salt = index::Index::open(&beside, statement.number)?.salt();
        let made = index::make(statement, segment, salt);
        Ok(made.root == statement.index
            && std::fs::read(beside.join(index::name(statement.number)))? == made.bytes)
    };
    is_made().unwrap_or(false)
}

impl Witness {
    /// Reads all that bears witness.
    pub fn read(dir: &Path, expected: &Expected, stream: Option<[u8; 16]>) -> io::Result<Self> {
        let Expected { anchors, keys, authorities, packages, .. } = expected;
        let mut witness = Witness { is_keyless: keys.is_empty(), ..Witness::default() };
        let beside = evidence_dir(dir);
        let local = beside.join(checkpoint::FILE);
        if local.try_exists()? {
            witness.notes(checkpoint::FILE, &std::fs::read(&local)?, keys, stream);
        }
        let has_local = !witness.claims.is_empty();
        for anchor in anchors {
            let file = match stream {
                Some(stream) if anchor.is_dir() => anchor_file(anchor, &stream),
                _ => anchor.clone(),
            };
            let name = file.display().to_string();
            match std::fs::read(&file) {
                Ok(bytes) => witness.notes(&name, &bytes, keys, stream),
                Err(error) => witness.fail(&name, 0, None, What::NoCheckpoint(error.kind().to_string())),
            }
        }
        if !keys.is_empty() && anchors.is_empty() && !has_local {
            witness.fail(checkpoint::FILE, 0, None, What::NoCheckpoint("there is none".to_owned()));
        }
        let statements = match std::fs::read(beside.join(slice::FILE)) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        for (number, statement) in slice::read(&statements).into_iter().enumerate() {
            let byte = number * slice::STATEMENT_BYTES;
            if let Err(bad) = &statement {
                witness.fail(slice::FILE, byte, None, What::Statement(bad.to_string()));
            }
            witness.statements.push(statement.ok());
        }
        witness.stamps(dir, authorities)?;
        witness.packages(dir, packages, stream)?;
        for (number, claim) in witness.claims.iter().enumerate() {
            witness.by_records.entry(claim.note.checkpoint.records).or_default().push(number);
        }
        Ok(witness)
    }

    /// Reads what an evidence chain was handed: the gateway's own file, and what is given.
    fn packages(&mut self, dir: &Path, given: &[PathBuf], stream: Option<[u8; 16]>) -> io::Result<()> {
        let local = evidence_dir(dir).join(package::FILE);
        if local.try_exists()? {
            self.package_file(package::FILE, &std::fs::read(&local)?, stream);
        }
        for path in given {
            let name = path.display().to_string();
            match std::fs::read(path) {
                Ok(bytes) => self.package_file(&name, &bytes, stream),
                Err(error) => self.fail(&name, 0, None, What::Package(error.kind().to_string())),
            }
        }
        Ok(())
    }

    fn package_file(&mut self, file: &str, bytes: &[u8], stream: Option<[u8; 16]>) {
        // One package, perhaps on many lines, or deliveries one a line.
        let whole = serde_json::from_slice::<serde_json::Value>(bytes).ok();
        let whole = whole.filter(|value| value.get("transaction_info_array").is_some());
        let lines: Vec<&[u8]> = match whole {
            Some(_) => vec![bytes],
            None => bytes.split_inclusive(|byte| *byte == b'\n').collect(),
        };
        let mut byte = 0;
        for line in lines {
            let at = byte;
            byte += line.len();
            if line == b"\n" {
                continue;
            }
            let value = serde_json::from_slice::<serde_json::Value>(line).ok();
            let package = value.map(|value| match serde_json::from_value::<Delivery>(value.clone()) {
                Ok(delivery) if delivery.is_of_its_subject() => delivery.package,
                // Particulars were changed: nothing is left of it.
                Ok(_) => serde_json::Value::Null,
                Err(_) => value,
            });
            let Some(claims) = package.as_ref().and_then(package::read) else {
                let why = "the package can't be read, or was changed".to_owned();
                self.fail(file, at, None, What::Package(why));
                continue;
            };
            let is_ours = |of: &[u8; 16]| stream.is_none_or(|stream| stream == *of);
            if !claims.ends.iter().any(|(of, ..)| is_ours(of)) {
                self.fail(file, at, None, What::Misplaced);
            }
            for (_, number, leaf) in claims.slices.into_iter().filter(|(of, ..)| is_ours(of)) {
                self.packaged.push((file.to_owned(), at as u64, number, leaf));
            }
            for (_, records, chain) in claims.ends.into_iter().filter(|(of, ..)| is_ours(of)) {
                let end = End { file: file.to_owned(), byte: at as u64, chain, is_met: false };
                self.ends.entry(records).or_default().push(end);
            }
        }
    }

    /// Reads the time stamps and what they are over.
    fn stamps(&mut self, dir: &Path, authorities: &[Authority]) -> io::Result<()> {
        let path = evidence_dir(dir).join(stamp::FILE);
        let lines = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        let texts: Vec<(String, String)> =
            if lines.is_empty() { Vec::new() } else { self.claims.iter().map(Claim::digest).collect() };
        let mut byte = 0;
        for line in lines.split_inclusive(|byte| *byte == b'\n') {
            let at = byte;
            byte += line.len();
            if line == b"\n" {
                continue;
            }
            let stamp = std::str::from_utf8(line).ok().and_then(Stamp::parse);
            let Some(stamp) = stamp.filter(|_| line.ends_with(b"\n")) else {
                self.fail(stamp::FILE, at, None, What::Stamp("the time stamp can't be read".to_owned()));
                continue;
            };
            let found = texts.iter().position(|(digest, _)| *digest == stamp.checkpoint);
            let claim = found.and_then(|place| Some((self.claims.get(place)?, &texts.get(place)?.1)));
            let record = stamp.records.checked_sub(1);
            let why = match claim {
                None => "the checkpoint that the time stamp is over is missing".to_owned(),
                Some((claim, text)) => match stamp.verify(text, authorities) {
                    // Of whom nobody asks who vouches, that is not asked.
                    Err(BadToken::Signature | BadToken::Untrusted) if authorities.is_empty() => continue,
                    Err(bad) => bad.to_string(),
                    Ok(time) => {
                        let made = claim.note.checkpoint.time.parse::<jiff::Timestamp>();
                        let made = made.map_or(i64::MIN, jiff::Timestamp::as_microsecond);
                        if time.saturating_add(CLOCK_SKEW) < made {
                            "the checkpoint says a later time than its time stamp: the clock was wrong"
                                .to_owned()
                        } else if stamp.records != claim.note.checkpoint.records {
                            "the time stamp tells of other records than its checkpoint".to_owned()
                        } else {
                            self.witnessed.stamps += 1;
                            if stamp.records >= self.witnessed.stamped {
                                self.witnessed.stamped = stamp.records;
                                self.witnessed.stamped_at =
                                    jiff::Timestamp::from_microsecond(time).ok().map(|time| time.to_string());
                            }
                            continue;
                        }
                    }
                },
            };
            self.fail(stamp::FILE, at, record, What::Stamp(why));
        }
        if !authorities.is_empty() && self.witnessed.stamps == 0 {
            self.fail(stamp::FILE, 0, None, What::NoStamp);
        }
        Ok(())
    }

    fn notes(&mut self, file: &str, bytes: &[u8], keys: &[VerifyingKey], stream: Option<[u8; 16]>) {
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                self.fail(file, error.valid_up_to(), None, What::Note("it is not UTF-8".to_owned()));
                std::str::from_utf8(bytes.get(..error.valid_up_to()).unwrap_or_default()).unwrap_or_default()
            }
        };
        let mut before: Option<(u64, u64)> = None;
        let mut signed = 0;
        for (byte, note) in Note::read_all(text) {
            let note = match note {
                Ok(note) => note,
                Err(bad) => {
                    self.fail(file, byte, None, What::Note(bad.to_string()));
                    continue;
                }
            };
            let now = (note.checkpoint.records, note.checkpoint.slices);
            let record = now.0.checked_sub(1);
            match note.signed(keys) {
                Signed::Good => signed += 1,
                Signed::Wrong => self.fail(file, byte, record, What::Signature),
                Signed::Unknown => {}
            }
            if stream.is_some_and(|stream| stream != note.checkpoint.stream) {
                self.fail(file, byte, record, What::Misplaced);
                continue;
            }
            if before.is_some_and(|before| now.0 < before.0 || now.1 < before.1) {
                self.fail(file, byte, record, What::Order);
            }
            before = Some(now);
            self.witnessed.checkpoints += 1;
            if now.0 >= self.witnessed.records {
                (self.witnessed.records, self.witnessed.time) = (now.0, Some(note.checkpoint.time.clone()));
            }
            self.claims.push(Claim { file: file.to_owned(), byte: byte as u64, note, is_met: false });
        }
        self.witnessed.signed += signed;
        if !keys.is_empty() && signed == 0 {
            self.fail(file, 0, None, What::NoCheckpoint("none is signed by the given key".to_owned()));
        }
    }

    /// The statement of a slice, if it is there and good.
    pub fn statement(&self, number: u64) -> Option<&Statement> {
        usize::try_from(number).ok().and_then(|number| self.statements.get(number)).and_then(Option::as_ref)
    }

    /// How a segment that is gone ended, as its statement says.
    pub fn ending(&self, number: u64) -> Option<Ending> {
        let statement = self.statement(number)?;
        Some(match statement.ended {
            Ended::Sealed => Ending::Sealed(statement.link, statement.next),
            Ended::Broken | Ended::Damaged => Ending::Abandoned(statement.link, statement.next),
        })
    }

    /// A segment begins.
    pub fn begin(&mut self, number: u64) {
        self.growing = Growing { number, ..Growing::default() };
    }

    /// The log names those who sign its checkpoints.
    pub fn signers(&mut self, keys: &str) {
        for key in keys.split(' ').filter_map(|key| key.parse::<VerifyingKey>().ok()) {
            if !self.own_keys.contains(&key) {
                self.own_keys.push(key);
            }
        }
    }

    /// The segment has this record next.
    pub fn record(&mut self, segment: &str, byte: u64, sequence: u64, hash: &Digest) {
        let Witness { growing, by_records, claims: all, ends, .. } = self;
        growing.first.get_or_insert(sequence);
        growing.frontier.push(slice::record_leaf(hash));
        growing.next = sequence.saturating_add(1);
        growing.chain = *hash;
        for end in ends.get_mut(&growing.next).into_iter().flatten() {
            end.is_met = true;
            if end.chain != *hash {
                growing.doubts.push(Failure {
                    segment: segment.to_owned(),
                    byte,
                    record: Some(sequence),
                    what: What::Rewritten(end.file.clone()),
                });
            }
        }
        let Some(claims) = by_records.get(&growing.next) else { return };
        for number in claims {
            let Some(claim) = all.get_mut(*number) else { continue };
            claim.is_met = true;
            let checkpoint = &claim.note.checkpoint;
            let is_open = checkpoint.open.as_ref().is_none_or(|open| {
                open.number != growing.number
                    || (open.records == growing.frontier.size()
                        && Some(open.first) == growing.first
                        && open.root == growing.frontier.root())
            });
            if checkpoint.chain != *hash || !is_open {
                growing.doubts.push(Failure {
                    segment: segment.to_owned(),
                    byte,
                    record: Some(sequence),
                    what: What::Rewritten(claim.file.clone()),
                });
            }
        }
    }

    /// The segment ended: whether anything was found wrong with it, and, if it is closed, how and what the next follows.
    /// Gives the statement by which its index is still to be checked.
    pub fn end(&mut self, is_flawed: bool, closed: Option<(Ended, Digest, u64)>) -> Option<Statement> {
        let growing = std::mem::take(&mut self.growing);
        let name = format::name(growing.number);
        if is_flawed {
            self.flawed.push((growing.first.unwrap_or(0), growing.next));
            return None;
        }
        self.found.extend(growing.doubts);
        let statement = self.statement(growing.number)?;
        let is_true = closed.is_some_and(|(ended, link, next)| {
            let first = growing.first.unwrap_or(next);
            (statement.ended, statement.link, statement.next, statement.first) == (ended, link, next, first)
                && (growing.first.is_none() || statement.chain == growing.chain)
                && statement.root == growing.frontier.root()
        });
        if !is_true {
            self.fail(&name, 0, None, What::Slice);
            return None;
        }
        (statement.index != [0; 32]).then(|| statement.clone())
    }

    /// The index of this slice is missing or wrong.
    pub fn wrong_index(&mut self, number: u64) {
        self.fail(&index::name(number), 0, None, What::Index);
    }

    /// The log ends before this sequence: what does it not bear out?
    pub fn finish(mut self, next: u64, expired: &[(u64, u64)]) -> (Vec<Failure>, Witnessed) {
        let mut roots = vec![Frontier::default().root()];
        let mut tree = Frontier::default();
        for statement in self.statements.iter().map_while(Option::as_ref) {
            tree.push(statement.leaf());
            roots.push(tree.root());
        }
        let claims = std::mem::take(&mut self.claims);
        let mut told: Vec<(String, &str)> = Vec::new();
        for claim in claims {
            let checkpoint = &claim.note.checkpoint;
            if self.is_keyless && claim.note.signed(&self.own_keys) == Signed::Wrong {
                let record = checkpoint.records.checked_sub(1);
                self.fail(&claim.file, usize::try_from(claim.byte).unwrap_or(0), record, What::Signature);
            }
            let records = checkpoint.records;
            let root = usize::try_from(checkpoint.slices).ok().and_then(|slices| roots.get(slices));
            let is_excused = self.flawed.iter().any(|(first, next)| (*first..=*next).contains(&records));
            let is_expired = records > 0 && self.is_expired(records - 1, expired);
            let what = match root {
                _ if records > next => What::Cut(next),
                None => What::Tree(claim.file.clone()),
                Some(root) if *root != checkpoint.root => What::Tree(claim.file.clone()),
                Some(_) if claim.is_met || records == 0 || is_excused || is_expired => continue,
                Some(_) => What::Cut(next),
            };
            // One is enough of each place and kind.
            let kind = (claim.file.clone(), what.id());
            if !told.contains(&kind) {
                told.push(kind);
                self.fail(
                    &claim.file,
                    usize::try_from(claim.byte).unwrap_or(0),
                    records.checked_sub(1),
                    what,
                );
            }
        }
        let mut ends: Vec<(u64, Vec<End>)> = std::mem::take(&mut self.ends).into_iter().collect();
        ends.sort_unstable_by_key(|(records, _)| *records);
        for (records, ends) in ends {
            let is_excused = self.flawed.iter().any(|(first, next)| (*first..=*next).contains(&records))
                || records.checked_sub(1).is_none_or(|last| self.is_expired(last, expired));
            for end in ends.into_iter().filter(|end| !end.is_met && (records > next || !is_excused)) {
                let byte = usize::try_from(end.byte).unwrap_or(0);
                self.fail(&end.file, byte, records.checked_sub(1), What::Cut(next));
            }
        }
        for (file, byte, number, leaf) in std::mem::take(&mut self.packaged) {
            let byte = usize::try_from(byte).unwrap_or(0);
            match self.statement(number).map(Statement::leaf) {
                Some(own) if own == leaf => {}
                Some(_) => self.fail(&file, byte, None, What::Tree(file.clone())),
                // A copy of the segments alone has no statements; that none is missing is said by the ends.
                None if self.statements.is_empty() => {}
                None => self.fail(&file, byte, None, What::Cut(next)),
            }
        }
        // A statement is written when its slice is durable.
        if let Some(last) = self.statements.iter().rev().flatten().next()
            && last.next > next
        {
            let byte = usize::try_from(last.number).unwrap_or(0) * slice::STATEMENT_BYTES;
            let record = last.next.checked_sub(1);
            self.fail(slice::FILE, byte, record, What::Cut(next));
        }
        (self.found, self.witnessed)
    }

    /// Whether a record's slice went because its time was over.
    fn is_expired(&self, sequence: u64, expired: &[(u64, u64)]) -> bool {
        let of = |statement: &&Statement| (statement.first..statement.next).contains(&sequence);
        let slice = self.statements.iter().flatten().find(of).map(|statement| statement.number);
        slice.is_some_and(|slice| expired.iter().any(|(first, last)| (*first..=*last).contains(&slice)))
    }

    fn fail(&mut self, file: &str, byte: usize, record: Option<u64>, what: What) {
        self.found.push(Failure { segment: file.to_owned(), byte: byte as u64, record, what });
    }
}

/// An authority's clock and the gateway's may differ by so much, in microseconds.
const CLOCK_SKEW: i64 = 300_000_000;
