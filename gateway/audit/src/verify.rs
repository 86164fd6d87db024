//! The verifier: reads a log's files as [`crate::format`] lays them down, writes nothing, and trusts nothing it can
//! check. Missing, extra, duplicated, reordered or changed anything is a [`Failure`] with its place.
//!
//! A chain can't see its own tail cut, nor that someone rewrote all of it: for that there are checkpoints (see
//! [`crate::checkpoint`]), beside the log and at its anchors, and [`Anchor`], the head that an earlier [`Report`] printed
//! and that was kept elsewhere.

mod segment;
mod witness;

pub use witness::Witnessed;

use crate::compact::{Fields, Text, tag};
use crate::format::{self, Begun, Header};
use crate::retention;
use crate::slice::{Ended, Statement};
use crate::stamp::Authority;
use segment::{Ending, Segment};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use witness::{Witness, is_indexed};
use yingbi_crypto::{Digest, VerifyingKey};

/// A record known from elsewhere to be in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// Its chain hash.
    pub hash: Digest,
    /// Its sequence, where known.
    pub sequence: Option<u64>,
}

/// What is known of a log from elsewhere.
#[derive(Clone, Debug, Default)]
pub struct Expected {
    /// A record that is in it.
    pub head: Option<Anchor>,
    /// Keys that its checkpoints are signed with; when there are some, every place must have a signed one.
    pub keys: Vec<VerifyingKey>,
    /// Anchors: files of checkpoints, or directories of such files.
    pub anchors: Vec<PathBuf>,
    /// Packages that an evidence chain has: files of one, or of deliveries one a line.
    pub packages: Vec<PathBuf>,
    /// Authorities of time stamps; when there are some, a checkpoint must be stamped by one of them.
    pub authorities: Vec<Authority>,
}

/// The last record of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its sequence.
    pub sequence: u64,
    /// Its chain hash.
    pub hash: Digest,
}

/// What verifying found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Whether a writer holds the log now: then its end may be mid-way in being written.
    pub live: bool,
    /// Stream id of the log.
    pub stream: Option<[u8; 16]>,
    /// Segments read.
    pub segments: u64,
    /// Records that stand in the chain.
    pub records: u64,
    /// Of them, accesses that were permitted.
    pub permitted: u64,
    /// Accesses that were refused.
    pub refused: u64,
    /// Outcomes of accesses.
    pub outcomes: u64,
    /// Events of the log itself.
    pub events: u64,
    /// Records of types this version doesn't know.
    pub others: u64,
    /// Permitted accesses without outcome: nobody knows how much reached the client.
    pub unknown_outcomes: u64,
    /// Decision ids of some of them.
    pub unknown_ids: Vec<String>,
    /// Frames superseded after a break: never acknowledged, written anew.
    pub superseded: u64,
    /// The last record.
    pub head: Option<Head>,
    /// A torn tail: what a crash may leave, and what opening the log will cut.
    pub torn: Option<Torn>,
    /// Slices whose segments are gone because their time was over.
    pub expired: u64,
    /// What checkpoints say.
    pub witnessed: Witnessed,
    /// Everything wrong, in the order of the log; at most [`MAX_FAILURES`].
    pub failures: Vec<Failure>,
    /// Files that are no part of a log.
    pub strangers: Vec<String>,
}

/// Place of a torn tail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Torn {
    /// File name of the segment.
    pub segment: String,
    /// Where whole records end.
    pub byte: u64,
    /// Bytes behind it.
    pub bytes: u64,
}

/// Something wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// File name of the segment.
    pub segment: String,
    /// Byte in the file.
    pub byte: u64,
    /// Sequence of the record, when it concerns one.
    pub record: Option<u64>,
    /// What.
    pub what: What,
}

/// What may be wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// There is no segment at all.
    Empty,
    /// Segments from this number up to the one before the failure's place are missing.
    MissingSegments(u64),
    /// A file is named like a segment but isn't one of this log's.
    Stranger,
    /// The file can't be read.
    Unreadable(String),
    /// The header is none, or was changed.
    Header(String),
    /// The segment belongs to another log or place.
    Misplaced,
    /// The segment does not follow the one before.
    Link,
    /// Bytes that are no record.
    NoRecord,
    /// The records from this one up to the one at the failure's place are missing.
    MissingRecords(u64),
    /// The record stands there a second time, or out of order.
    Repeated,
    /// The record, or its hash, was changed.
    Changed,
    /// The record isn't one.
    Payload,
    /// The segment ends within a record.
    CutShort,
    /// The segment has no seal though another follows.
    Unsealed,
    /// The seal says otherwise than the segment.
    Seal,
    /// Something follows the seal.
    AfterSeal,
    /// The anchor's record isn't in the log: its tail was cut, or it was rewritten.
    Anchor,
    /// The checkpoint knows of records that are not there: the log's tail was cut before this sequence.
    Cut(u64),
    /// The record is another than a checkpoint of this file says: the log was rewritten.
    Rewritten(String),
    /// The slices are others than a checkpoint of this file says.
    Tree(String),
    /// The segment is another than the statement of its slice says.
    Slice,
    /// The index of the slice is another than its records make.
    Index,
    /// A statement of a slice can't be read.
    Statement(String),
    /// A checkpoint can't be read.
    Note(String),
    /// A signature is wrong.
    Signature,
    /// The checkpoint says less than the one before it.
    Order,
    /// There is no signed checkpoint where one must be.
    NoCheckpoint(String),
    /// A package can't be read, or was changed.
    Package(String),
    /// A time stamp proves nothing, or is over no checkpoint that is there.
    Stamp(String),
    /// No checkpoint is stamped.
    NoStamp,
}

/// Failures beyond these are not listed.
pub const MAX_FAILURES: usize = 1000;
const MAX_IDS: usize = 100;

/// Verifies the log in `dir`.
///
/// # Errors
/// The directory can't be read; what is wrong with a log is in the report.
pub fn verify(dir: &Path, anchor: Option<&Anchor>) -> io::Result<Report> {
    verify_against(dir, &Expected { head: anchor.copied(), ..Expected::default() })
}

/// Verifies the log in `dir` against what is known of it from elsewhere.
///
/// # Errors
/// The directory can't be read; what is wrong with a log is in the report.
pub fn verify_against(dir: &Path, expected: &Expected) -> io::Result<Report> {
    let live = is_live(dir)?;
    let mut check = Check {
        report: Report { live, ..Report::default() },
        open: HashMap::new(),
        anchor: expected.head.as_ref(),
        anchored: expected.head.is_none(),
        witness: Witness::read(dir, expected, stream(dir)?)?,
        missing: Vec::new(),
        expired: Vec::new(),
    };
    let numbers = check.list(dir)?;
    // Chain and trees are one thread's work, indexes another's: each of a segment while the other has the next.
    std::thread::scope(|scope| {
        let (to_index, segments) = mpsc::sync_channel::<(Statement, Vec<u8>)>(1);
        let indexing = scope.spawn(move || {
            let wrong = segments.into_iter().filter(|(statement, bytes)| !is_indexed(dir, statement, bytes));
            wrong.map(|(statement, _)| statement.number).collect::<Vec<u64>>()
        });
        check.segments(dir, &numbers, &to_index);
        drop(to_index);
        match indexing.join() {
            Ok(wrong) => wrong.into_iter().for_each(|number| check.witness.wrong_index(number)),
            // What could not be checked is not good.
            Err(_) => numbers.iter().for_each(|number| check.witness.wrong_index(*number)),
        }
    });
    Ok(check.finish(numbers.last().copied()))
}

/// Whether a process writes the log now.
///
/// # Errors
/// The lock file can't be opened.
pub fn is_live(dir: &Path) -> io::Result<bool> {
    match File::open(dir.join(format::LOCK)) {
        // The shared lock is held for a moment only; a writer that starts just then tries again.
        Ok(lock) => Ok(matches!(lock.try_lock_shared(), Err(std::fs::TryLockError::WouldBlock))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

impl Report {
    /// Whether nothing is wrong: a torn tail is, unless the log is being written.
    pub fn is_good(&self) -> bool {
        self.failures.is_empty() && (self.live || self.torn.is_none())
    }
}

/// What is gathered while the segments pass by.
struct Check<'a> {
    report: Report,
    /// Permitted accesses whose outcome hasn't come yet.
    open: HashMap<String, u64>,
    anchor: Option<&'a Anchor>,
    anchored: bool,
    witness: Witness,
    /// Segments that are missing: from this number up to that.
    missing: Vec<(u64, u64)>,
    /// Slices that went because their time was over.
    expired: Vec<(u64, u64)>,
}

impl Check<'_> {
    /// Checks all segments, in order.
    fn segments(&mut self, dir: &Path, numbers: &[u64], to_index: &mpsc::SyncSender<(Statement, Vec<u8>)>) {
        let headers: Vec<Option<Header>> = numbers.iter().map(|number| header(dir, *number)).collect();
        let mut before: Option<(u64, Ending)> = None;
        for (index, number) in numbers.iter().enumerate() {
            let name = format::name(*number);
            let expected = before.as_ref().map_or(0, |(number, _)| number.saturating_add(1));
            if *number != expected {
                self.missing.push((expected, *number));
                before = number.checked_sub(1).and_then(|last| Some((last, self.witness.ending(last)?)));
            }
            let next = headers.get(index + 1);
            let segment = Segment {
                name: &name,
                number: *number,
                next: next.and_then(Option::as_ref),
                is_last: next.is_none(),
            };
            let ending = match std::fs::read(dir.join(&name)) {
                Ok(bytes) => {
                    let before = before.as_ref().map(|(_, ending)| ending);
                    let (ending, statement) = self.segment(&segment, &bytes, before);
                    if let Some(statement) = statement
                        && to_index.send((statement, bytes)).is_err()
                    {
                        // Nobody is there to check it.
                        self.witness.wrong_index(*number);
                    }
                    ending
                }
                Err(error) => {
                    self.fail(&name, 0, None, What::Unreadable(error.kind().to_string()));
                    Ending::Unknown
                }
            };
            self.report.segments += 1;
            before = Some((*number, ending));
        }
    }

    /// Checks one segment; gives its statement when its index is still to be checked.
    fn segment(
        &mut self,
        segment: &Segment<'_>,
        bytes: &[u8],
        before: Option<&Ending>,
    ) -> (Ending, Option<Statement>) {
        let flaws = self.report.failures.len();
        self.witness.begin(segment.number);
        let ending = segment.check(self, bytes, before);
        let is_flawed = self.report.failures.len() > flaws || flaws >= MAX_FAILURES;
        let closed = match &ending {
            Ending::Sealed(link, next) => Some((Ended::Sealed, *link, *next)),
            Ending::Abandoned(link, next) if !segment.is_last => Some((Ended::Broken, *link, *next)),
            Ending::Abandoned(..) | Ending::Unknown => None,
        };
        let statement = self.witness.end(is_flawed, closed);
        (ending, statement)
    }

    /// The numbers of all segments in order; what else lies there is noted.
    fn list(&mut self, dir: &Path) -> io::Result<Vec<u64>> {
        let mut numbers = Vec::new();
        let mut names: Vec<String> = std::fs::read_dir(dir)?
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect::<io::Result<_>>()?;
        names.sort_unstable();
        for name in names {
            match format::number(&name) {
                Some(number) => numbers.push(number),
                None if name == format::LOCK => {}
                None if name.ends_with(format::SUFFIX) => self.fail(&name, 0, None, What::Stranger),
                None => self.report.strangers.push(name),
            }
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    fn fail(&mut self, segment: &str, byte: usize, record: Option<u64>, what: What) {
        if self.report.failures.len() < MAX_FAILURES {
            self.report.failures.push(Failure {
                segment: segment.to_owned(),
                byte: byte as u64,
                record,
                what,
            });
        }
    }

    /// A record that stands in the chain.
    fn count(&mut self, place: (&str, usize), sequence: u64, hash: &Digest, payload: &[u8]) -> bool {
        self.witness.record(place.0, place.1 as u64, sequence, hash);
        self.report.records += 1;
        self.report.head = Some(Head { sequence, hash: *hash });
        if let Some(anchor) = self.anchor {
            self.anchored |= anchor.hash == *hash && anchor.sequence.is_none_or(|expect| expect == sequence);
        }
        self.tally(payload).is_some()
    }

    /// Counts a record by what it is; `None` when it is none.
    fn tally(&mut self, payload: &[u8]) -> Option<()> {
        let Some(mut fields) = Fields::of(payload) else { return self.tally_json(payload) };
        let (mut id, mut is_permit) = (String::new(), false);
        while let Some(field) = fields.next()? {
            match field.tag {
                tag::DECISION_ID => field.text.push_to(&mut id),
                tag::DECISION => is_permit = field.text == Text::Plain("permit"),
                _ => {}
            }
        }
        match (fields.is_outcome, is_permit) {
            (true, _) => self.ended(&id),
            (false, true) => self.permitted(id),
            (false, false) => self.report.refused += 1,
        }
        Some(())
    }

    fn tally_json(&mut self, payload: &[u8]) -> Option<()> {
        let Peek { kind, decision, decision_id, event, detail } = serde_json::from_slice(payload).ok()?;
        let id = decision_id.unwrap_or_default();
        match &*kind {
            "intent" if decision.as_deref() == Some("permit") => self.permitted(id),
            "intent" => self.report.refused += 1,
            "outcome" => self.ended(&id),
            "event" => {
                self.report.events += 1;
                if event.as_deref() == Some("opened") {
                    let signers = detail.as_ref().and_then(|detail| detail.get(crate::log::SIGNERS));
                    signers.into_iter().for_each(|signers| self.witness.signers(signers));
                }
                if event.as_deref() == Some(retention::EVENT) {
                    let slices = detail.and_then(|detail| detail.get(retention::SLICES).cloned());
                    self.expired.extend(slices.iter().flat_map(|slices| retention::parse(slices)));
                }
            }
            _ => self.report.others += 1,
        }
        Some(())
    }

    fn permitted(&mut self, id: String) {
        self.report.permitted += 1;
        *self.open.entry(id).or_default() += 1;
    }

    fn ended(&mut self, id: &str) {
        self.report.outcomes += 1;
        self.open.remove(id);
    }

    fn finish(mut self, last: Option<u64>) -> Report {
        if last.is_none() {
            self.fail(&format::name(0), 0, None, What::Empty);
        }
        if !self.anchored {
            let sequence = self.anchor.and_then(|anchor| anchor.sequence);
            self.fail(&format::name(last.unwrap_or(0)), 0, sequence, What::Anchor);
        }
        let expired = std::mem::take(&mut self.expired);
        for (from, to) in std::mem::take(&mut self.missing) {
            let is_over = |number: &u64| expired.iter().any(|(first, last)| (first..=last).contains(&number));
            match (from..to).find(|number| !is_over(number)) {
                None => self.report.expired += to - from,
                Some(number) => self.fail(&format::name(to), 0, None, What::MissingSegments(number)),
            }
        }
        let next = self.report.head.map_or(0, |head| head.sequence.saturating_add(1));
        let witness = std::mem::take(&mut self.witness);
        let (failures, witnessed) = witness.finish(next, &expired);
        let room = MAX_FAILURES.saturating_sub(self.report.failures.len());
        self.report.failures.extend(failures.into_iter().take(room));
        self.report.witnessed = witnessed;
        self.report.unknown_outcomes = self.open.values().sum();
        self.report.unknown_ids = self.open.into_keys().collect();
        self.report.unknown_ids.sort_unstable();
        self.report.unknown_ids.truncate(MAX_IDS);
        self.report
    }
}

/// The little of a record that is counted.
#[derive(serde::Deserialize)]
struct Peek {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    decision: Option<String>,
    #[serde(default)]
    decision_id: Option<String>,
    #[serde(default)]
    event: Option<String>,
    #[serde(default)]
    detail: Option<BTreeMap<String, String>>,
}

/// Which log it is: by the first segment whose header can be read.
fn stream(dir: &Path) -> io::Result<Option<[u8; 16]>> {
    let mut numbers: Vec<u64> = std::fs::read_dir(dir)?
        .filter_map(|entry| {
            entry.map(|entry| format::number(&entry.file_name().to_string_lossy())).transpose()
        })
        .collect::<io::Result<_>>()?;
    numbers.sort_unstable();
    Ok(numbers.into_iter().find_map(|number| header(dir, number)).map(|header| header.stream))
}

fn header(dir: &Path, number: u64) -> Option<Header> {
    let mut bytes = [0; format::HEADER_BYTES];
    File::open(dir.join(format::name(number))).and_then(|mut file| file.read_exact(&mut bytes)).ok()?;
    Header::decode(&bytes).ok().map(|(header, _)| header)
}

impl What {
    /// A stable name for machines.
    pub fn id(&self) -> &'static str {
        match self {
            What::Empty => "empty",
            What::MissingSegments(_) => "missing-segments",
            What::Stranger => "stranger",
            What::Unreadable(_) => "unreadable",
            What::Header(_) => "header",
            What::Misplaced => "misplaced",
            What::Link => "link",
            What::NoRecord => "no-record",
            What::MissingRecords(_) => "missing-records",
            What::Repeated => "repeated",
            What::Changed => "changed",
            What::Payload => "payload",
            What::CutShort => "cut-short",
            What::Unsealed => "unsealed",
            What::Seal => "seal",
            What::AfterSeal => "after-seal",
            What::Anchor => "anchor",
            What::Cut(_) => "cut",
            What::Rewritten(_) => "rewritten",
            What::Tree(_) => "tree",
            What::Slice => "slice",
            What::Index => "index",
            What::Statement(_) => "statement",
            What::Note(_) => "checkpoint",
            What::Signature => "signature",
            What::Order => "order",
            What::NoCheckpoint(_) => "no-checkpoint",
            What::Package(_) => "package",
            What::Stamp(_) => "time-stamp",
            What::NoStamp => "no-time-stamp",
        }
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            What::Empty => f.write_str("there is no segment"),
            What::MissingSegments(from) => write!(f, "segments from {from} up to here are missing"),
            What::Stranger => f.write_str("a file named like a segment that is none of this log's"),
            What::Unreadable(why) => write!(f, "the file can't be read: {why}"),
            What::Header(why) => f.write_str(why),
            What::Misplaced => f.write_str("the segment or statement belongs to another log or place"),
            What::Link => f.write_str("the segment does not follow the one before"),
            What::NoRecord => f.write_str("bytes that are no record"),
            What::MissingRecords(from) => write!(f, "records from {from} up to here are missing"),
            What::Repeated => f.write_str("a record repeated or out of order"),
            What::Changed => f.write_str("a record that was changed"),
            What::Payload => f.write_str("a frame whose content is no record"),
            What::CutShort => f.write_str("the segment ends within a record"),
            What::Unsealed => f.write_str("the segment has no seal though another follows"),
            What::Seal => f.write_str("the seal says otherwise than the segment"),
            What::AfterSeal => f.write_str("something follows the seal"),
            What::Cut(next) => {
                write!(
                    f,
                    "a checkpoint knows this record, the log ends before record {next}: its tail was cut"
                )
            }
            What::Rewritten(file) => {
                write!(f, "the record is another than a checkpoint in `{file}` says: the log was rewritten")
            }
            What::Tree(_) => f.write_str("the checkpoint's slices are others than the log's"),
            What::Slice => f.write_str("the segment is another than the statement of its slice says"),
            What::Index => f.write_str("the index is missing or another than the slice's records make"),
            What::Statement(why) => f.write_str(why),
            What::Note(why) => f.write_str(why),
            What::Signature => f.write_str("a signature of the checkpoint is wrong or missing"),
            What::Package(why) => f.write_str(why),
            What::Stamp(why) => f.write_str(why),
            What::NoStamp => f.write_str("no checkpoint is stamped by an authority that is trusted"),
            What::Order => f.write_str("the checkpoint says less than the one before it"),
            What::NoCheckpoint(why) => write!(f, "no signed checkpoint: {why}"),
            What::Anchor => {
                f.write_str("the anchor's record is not in the log: its tail was cut or it was rewritten")
            }
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.segment, self.byte)?;
        if let Some(record) = self.record {
            write!(f, ": record {record}")?;
        }
        write!(f, ": {}", self.what)
    }
}

/// Whether a segment begins after an abandoned one.
fn is_break(header: &Header) -> bool {
    matches!(header.begun, Begun::Break | Begun::Damage)
}

#[cfg(test)]
mod tests;
