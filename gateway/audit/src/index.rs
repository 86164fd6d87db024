//! Indexes of closed slices: how often each keyword occurs, provable without showing others (T/SAC 004—2024 App. C.4), and
//! where its records stand.
//!
//! The index of segment *n* is a file named like it with the suffix `.ybi` in the log's evidence directory. It can be made anew from the segment but for
//! its salt, which is random. Its keywords are `caller=…`, `subject=…`, `route=…`, `category=…`, `level=…`, `decision=…`,
//! `code=…`, `rule=…` and `purpose=…`, as in the records. A keyword's *opening* is HMAC-SM3(salt, `k` ‖ keyword), its
//! *tag* the first 16 bytes of HMAC-SM3(opening, keyword): who is shown an opening can check its keyword's tag, and learns
//! of no other. A leaf of the tree over keywords is [`tree::leaf`] of tag and count; the leaves stand in order of their tags.
//!
//! All integers are big-endian.
//!
//! | at | bytes | index |
//! |---:|---:|---|
//! | 0 | 8 | `YB-INDEX` |
//! | 8 | 4 | version of this format, 1 |
//! | 12 | 4 | 0 |
//! | 16 | 16 | stream id |
//! | 32 | 8 | slice id |
//! | 40 | 8 | start: sequence of the first record |
//! | 48 | 8 | *n*, how many records |
//! | 56 | 8 | *k*, how many keywords |
//! | 64 | 8 | *p*, how many places |
//! | 72 | 8 | earliest time of a record, microseconds since 1970 |
//! | 80 | 8 | latest time of a permitted access or outcome; the least integer when there is none |
//! | 88 | 8 | latest time of a refusal |
//! | 96 | 8 | latest time of an event |
//! | 104 | 32 | salt |
//! | 136 | 4 *n* | byte of each record's frame in its segment |
//! | … | 20 *k* | keywords: tag, 4 bytes count |
//! | … | 8 *p* | places, in ascending order: 4 bytes hash of the keyword, 4 bytes number of the record from the start |
//! | … | 32 | SM3(`yingbi/audit/index/1` ‖ all before) |
//!
//! Places have the keywords `trace=…` and `id=…` too, the latter also for outcomes, but not `decision=` and `level=`, which
//! nearly every record has. The hash is FNV-1a of 64 bits, its halves joined by exclusive or.

mod tally;

use crate::format;
use crate::slice::Statement;
use crate::tree;
use crate::walk;
use std::cell::RefCell;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use tally::Tally;
use yingbi_crypto::{Digest, HmacSm3, hmac_sm3, sm3};

/// Suffix of an index's name.
pub const SUFFIX: &str = ".ybi";
const MAGIC: &[u8; 8] = b"YB-INDEX";
const VERSION: u32 = 1;
const HEADER_BYTES: usize = 136;
const KEYWORD_BYTES: usize = 20;
const DOMAIN: &[u8] = b"yingbi/audit/index/1";

/// A keyword's tag and how often it occurs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Keyword {
    /// Tag.
    pub tag: [u8; 16],
    /// Records that have it.
    pub count: u32,
}

/// Latest times of the kinds of records, in microseconds since 1970; `i64::MIN` when there are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latest {
    /// Permitted accesses and outcomes.
    pub accesses: i64,
    /// Refusals.
    pub refusals: i64,
    /// Events of the log itself.
    pub events: i64,
}

/// An index that is made.
pub(crate) struct Made {
    /// The file's content.
    pub bytes: Vec<u8>,
    /// Root over its keywords.
    pub root: Digest,
}

/// An index on disk, read in small parts. Its file is open only from a question to [`Index::close`]: a log may have more
/// slices than a process may have files.
pub struct Index {
    path: PathBuf,
    file: RefCell<Option<File>>,
    records: u64,
    keywords: u64,
    places: u64,
    /// Sequence of the first record.
    pub first: u64,
    /// Slice id.
    pub number: u64,
    /// Stream id.
    pub stream: [u8; 16],
    /// Earliest time of a record.
    pub earliest: i64,
    /// Latest times.
    pub latest: Latest,
    salt: [u8; 32],
}

/// Name of the index of a segment.
pub fn name(number: u64) -> String {
    format!("{number:016}{SUFFIX}")
}

/// The hash of a keyword in places.
pub fn place_hash(keyword: &str) -> u32 {
    let hash = keyword
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    (hash >> 32) as u32 ^ hash as u32
}

/// The opening of a keyword.
pub fn opening(salt: &[u8; 32], keyword: &str) -> Digest {
    hmac_sm3(salt, &[b"k", keyword.as_bytes()])
}

/// The tag of a keyword by its opening.
pub fn tag(opening: &Digest, keyword: &str) -> [u8; 16] {
    let tag = hmac_sm3(opening, &[keyword.as_bytes()]);
    format::field(&tag, 0)
}

impl Keyword {
    /// Its leaf.
    pub fn leaf(&self) -> Digest {
        tree::leaf(&[&self.tag[..], &self.count.to_be_bytes()].concat())
    }
}

/// Makes the index of a closed segment.
pub(crate) fn make(statement: &Statement, segment: &[u8], salt: [u8; 32]) -> Made {
    let mut tally = Tally::new(usize::try_from(statement.records()).unwrap_or(0));
    for (at, head, payload) in walk::skim(segment) {
        let Some(ordinal) = head.sequence.checked_sub(statement.first) else { continue };
        tally.record(ordinal, at, payload);
    }
    let Tally { offsets, mut places, earliest, latest, .. } = tally;
    places.sort_unstable();
    places.dedup();
    let salted = HmacSm3::new(&salt);
    let mut tagged: Vec<Keyword> = tally
        .counted
        .iter()
        .map(|counted| {
            let opening = salted.tag(&[b"k", counted.keyword.as_bytes()]);
            Keyword { tag: tag(&opening, &counted.keyword), count: counted.count }
        })
        .collect();
    tagged.sort_unstable();
    let root = root(&tagged);
    let mut bytes = Vec::with_capacity(
        HEADER_BYTES + 4 * offsets.len() + KEYWORD_BYTES * tagged.len() + 8 * places.len() + 32,
    );
    let header: [&[u8]; 14] = [
        MAGIC,
        &VERSION.to_be_bytes(),
        &[0; 4],
        &statement.stream,
        &statement.number.to_be_bytes(),
        &statement.first.to_be_bytes(),
        &statement.records().to_be_bytes(),
        &(tagged.len() as u64).to_be_bytes(),
        &(places.len() as u64).to_be_bytes(),
        &earliest.to_be_bytes(),
        &latest.accesses.to_be_bytes(),
        &latest.refusals.to_be_bytes(),
        &latest.events.to_be_bytes(),
        &salt,
    ];
    header.iter().for_each(|field| bytes.extend_from_slice(field));
    offsets.iter().for_each(|offset| bytes.extend_from_slice(&offset.to_be_bytes()));
    for keyword in &tagged {
        bytes.extend_from_slice(&keyword.tag);
        bytes.extend_from_slice(&keyword.count.to_be_bytes());
    }
    places.iter().for_each(|place| bytes.extend_from_slice(&place.to_be_bytes()));
    let hash = sm3(&[DOMAIN, &bytes]);
    bytes.extend_from_slice(&hash);
    Made { bytes, root }
}

fn root(keywords: &[Keyword]) -> Digest {
    let leaves: Vec<Digest> = keywords.iter().map(Keyword::leaf).collect();
    tree::root(&leaves)
}

/// Whether a file is an index, whole, and its root over keywords.
pub fn check(bytes: &[u8]) -> Option<Digest> {
    let (content, hash) = bytes.split_last_chunk::<32>()?;
    (content.starts_with(MAGIC) && sm3(&[DOMAIN, content]) == *hash).then_some(())?;
    let count = |at| usize::try_from(u64::from_be_bytes(format::field(content, at))).ok();
    let (records, keywords, places) = (count(48)?, count(56)?, count(64)?);
    let at = HEADER_BYTES.checked_add(records.checked_mul(4)?)?;
    let end = at.checked_add(keywords.checked_mul(KEYWORD_BYTES)?)?;
    (end.checked_add(places.checked_mul(8)?)? == content.len()).then_some(())?;
    Some(root(&keywords_in(content.get(at..end)?)))
}

fn keywords_in(bytes: &[u8]) -> Vec<Keyword> {
    let (entries, _) = bytes.as_chunks::<KEYWORD_BYTES>();
    let keyword = |entry: &[u8; KEYWORD_BYTES]| Keyword {
        tag: format::field(entry, 0),
        count: u32::from_be_bytes(format::field(entry, 16)),
    };
    entries.iter().map(keyword).collect()
}

impl Index {
    /// Opens the index of a segment.
    ///
    /// # Errors
    /// There is none, or it can't be read.
    pub fn open(dir: &Path, number: u64) -> io::Result<Index> {
        let path = dir.join(name(number));
        let file = File::open(&path)?;
        let mut header = [0; HEADER_BYTES];
        file.read_exact_at(&mut header, 0)?;
        let int = |at| u64::from_be_bytes(format::field(&header, at));
        let time = |at| i64::from_be_bytes(format::field(&header, at));
        let index = Index {
            records: int(48),
            keywords: int(56),
            places: int(64),
            first: int(40),
            number: int(32),
            stream: format::field(&header, 16),
            earliest: time(72),
            latest: Latest { accesses: time(80), refusals: time(88), events: time(96) },
            salt: format::field(&header, 104),
            path,
            file: RefCell::new(None),
        };
        let is_ours = header.starts_with(MAGIC)
            && u32::from_be_bytes(format::field(&header, 8)) == VERSION
            && index.number == number
            && index.end().is_some_and(|end| file.metadata().is_ok_and(|found| found.len() == end));
        if is_ours { Ok(index) } else { Err(io::ErrorKind::InvalidData.into()) }
    }

    /// Sequences of the records that may have a keyword, ascending: hashes may collide.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn places(&self, keyword: &str) -> io::Result<Vec<u64>> {
        let hash = u64::from(place_hash(keyword)) << 32;
        let start = self.places_at().ok_or(io::ErrorKind::InvalidData)?;
        let place = |number: u64| {
            let mut bytes = [0; 8];
            self.read(&mut bytes, start + number * 8).map(|()| u64::from_be_bytes(bytes))
        };
        let (mut low, mut high) = (0, self.places);
        while low < high {
            let middle = low + (high - low) / 2;
            if place(middle)? < hash { low = middle + 1 } else { high = middle }
        }
        let mut found = Vec::new();
        let mut buffer = vec![0; READ_BYTES];
        'read: while low < self.places {
            let count = (self.places - low).min(READ_BYTES as u64 / 8);
            let part = buffer.get_mut(..count as usize * 8).unwrap_or_default();
            self.read(part, start + low * 8)?;
            for place in part.as_chunks::<8>().0 {
                let place = u64::from_be_bytes(*place);
                if place >> 32 != hash >> 32 {
                    break 'read;
                }
                found.push(self.first + (place & 0xffff_ffff));
            }
            low += count;
        }
        Ok(found)
    }

    /// Byte of a record's frame in the segment.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn offset(&self, sequence: u64) -> io::Result<Option<u64>> {
        let Some(ordinal) = sequence.checked_sub(self.first).filter(|ordinal| *ordinal < self.records) else {
            return Ok(None);
        };
        let mut bytes = [0; 4];
        self.read(&mut bytes, HEADER_BYTES as u64 + ordinal * 4)?;
        let offset = u64::from(u32::from_be_bytes(bytes));
        Ok((offset != 0).then_some(offset))
    }

    /// Lets go of the file until the next question.
    pub fn close(&self) {
        self.file.replace(None);
    }

    fn read(&self, bytes: &mut [u8], at: u64) -> io::Result<()> {
        let mut file = self.file.borrow_mut();
        let file = match &mut *file {
            Some(file) => file,
            none => none.insert(File::open(&self.path)?),
        };
        file.read_exact_at(bytes, at)
    }

    /// How many records the slice has.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// All keywords, in order of their tags.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn keywords(&self) -> io::Result<Vec<Keyword>> {
        let size = usize::try_from(self.keywords * KEYWORD_BYTES as u64).map_err(io::Error::other)?;
        let mut bytes = vec![0; size];
        self.read(&mut bytes, HEADER_BYTES as u64 + self.records * 4)?;
        Ok(keywords_in(&bytes))
    }

    /// The opening of a keyword, to show it to others.
    pub fn opening(&self, keyword: &str) -> Digest {
        opening(&self.salt, keyword)
    }

    /// The salt, under which the index can be made anew.
    pub(crate) fn salt(&self) -> [u8; 32] {
        self.salt
    }

    fn places_at(&self) -> Option<u64> {
        let keywords = self.keywords.checked_mul(KEYWORD_BYTES as u64)?;
        self.records.checked_mul(4)?.checked_add(keywords)?.checked_add(HEADER_BYTES as u64)
    }

    fn end(&self) -> Option<u64> {
        self.places_at()?.checked_add(self.places.checked_mul(8)?)?.checked_add(32)
    }
}

/// Places read at once.
const READ_BYTES: usize = 4096;

#[cfg(test)]
mod tests;
