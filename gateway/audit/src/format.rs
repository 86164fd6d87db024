//! The log on disk, byte by byte. All integers are big-endian.
//!
//! # Directory
//! A log is a directory of segments named `0000000000000000.ybl`, `0000000000000001.ybl`, … (the segment's number in
//! 16 decimal digits, so that names sort as the log runs) and a file `lock` that the writer holds locked. A name ending
//! in `.new` is a segment that was being begun when its writer died; it is no part of the log.
//!
//! # Segment
//! A header, then frames without gaps, then, while the segment is written, a reserve: zeros up to a file length that is
//! a multiple of [`RESERVE_ALIGN`]. Frames are written over it, so that most commits change no length and cost the file
//! system nothing but their own bytes. Sealing a segment and closing the log cut the reserve away.
//!
//! | at | bytes | header |
//! |---:|---:|---|
//! | 0 | 8 | `YB-AUDIT` |
//! | 8 | 4 | version of this format, 3; 1 and 2 are read too |
//! | 12 | 4 | why the segment was begun ([`Begun`]): 0 first of the log, 1 the one before is sealed, 2 break, 3 damage |
//! | 16 | 16 | stream id: random, the same in every segment of a log |
//! | 32 | 8 | number of the segment, from 0, as in its name |
//! | 40 | 8 | sequence of its first record |
//! | 48 | 8 | time of creation, microseconds since 1970-01-01T00:00:00Z |
//! | 56 | 32 | chain hash that the segment follows: of the seal of the segment before (1), of the last record there that is known durable or whole (2, 3), zeros (0) |
//! | 88 | 32 | SM3(`yingbi/audit/segment/1` ‖ bytes 0 to 87): the first chain hash of the segment |
//!
//! | at | bytes | frame |
//! |---:|---:|---|
//! | 0 | 2 | `YB` |
//! | 2 | 1 | `R` record, `S` seal |
//! | 3 | 1 | 0 |
//! | 4 | 4 | length of the payload, at most 16 MiB |
//! | 8 | 8 | sequence of the record, from 0 in the log's first segment; in a seal, of the record that follows |
//! | 16 | 4 | how many records of the same commit stand before it: everything before that commit was durable when this frame was written |
//! | 20 | 4 | CRC-32 (ISO-HDLC, as in zlib) of bytes 0 to 19 |
//! | 24 | length | payload: a record in JSON (UTF-8) or, since version 3, as [`crate::compact`] has it; of a seal 8 bytes count of records in the segment, 32 bytes the chain hash before the seal; behind either up to 40 spaces |
//! | 24 + length | 32 | chain hash: SM3(`yingbi/audit/record/1` ‖ chain hash before ‖ bytes 0 to 23 + length) |
//!
//! The spaces stand in the last frame of a commit that would otherwise end within the first 40 bytes of a sector: so no
//! commit does, and whatever stands alone at the start of a sector is none's end (in version 1 there are none).
//! A segment of an earlier version is sealed before a writer of this one goes on.
//!
//! A seal ends its segment: nothing follows it there, and the next segment is begun with reason 1. A segment without
//! seal that isn't the last was abandoned: the next one says by its own first sequence and the hash it follows what of
//! it counts; frames from that sequence on are superseded (they were never acknowledged, and are written anew).
//!
//! # What a torn tail is
//! A commit is one write and one sync, and writes where only zeros or nothing stood. So a power cut leaves of it a
//! prefix, or lacks some of its sectors ([`SECTOR_BYTES`], counted from the start of the file). Only this is torn: what
//! was written ends within a frame, or whole sectors of it are zeros, or the zeros behind end at no multiple; and no
//! frame of a later commit follows, and nothing stands behind zeros within one sector (16 in a row never occur in whole
//! frames), nor zeros within a sector before one that has something, nor less than 17 bytes in the last sector behind
//! a sector of zeros. Anything else is damage and is never cut away: a byte changed in the reserve, too.

use yingbi_crypto::{Digest, sm3};

/// Suffix of a segment's name.
pub const SUFFIX: &str = ".ybl";
/// Suffix of a segment that is being begun.
pub const NEW_SUFFIX: &str = ".new";
/// Name of the file that the writer holds locked.
pub const LOCK: &str = "lock";
/// Version of this format.
pub const VERSION: u32 = 3;
/// The first version, which is read too, as are all between.
pub const FIRST_VERSION: u32 = 1;
/// Bytes of a segment's header.
pub const HEADER_BYTES: usize = 120;
/// Bytes of a frame before its payload.
pub const HEAD_BYTES: usize = 24;
/// Bytes of a chain hash.
pub const HASH_BYTES: usize = 32;
/// Bytes of a seal's payload.
pub const SEAL_BYTES: usize = 40;
/// The reserve ends at a multiple of this.
pub const RESERVE_ALIGN: u64 = 4096;
/// What disks write whole or not at all.
pub const SECTOR_BYTES: usize = 512;
/// So many zeros in a row never occur in whole frames.
pub(crate) const HOLE_BYTES: usize = 16;
/// No commit ends within so many bytes of a sector's start: its hash may end in zeros, but not in so many.
pub(crate) const GUARD_BYTES: usize = 40;
/// What payloads are padded with.
pub(crate) const PADDING: [u8; GUARD_BYTES] = [b' '; GUARD_BYTES];
/// Longest payload.
pub const MAX_PAYLOAD: usize = 16 << 20;

const MAGIC: &[u8; 8] = b"YB-AUDIT";
const SEGMENT_DOMAIN: &[u8] = b"yingbi/audit/segment/1";
const RECORD_DOMAIN: &[u8] = b"yingbi/audit/record/1";

/// Why a segment was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begun {
    /// The log begins here.
    First = 0,
    /// The segment before is sealed.
    Continued = 1,
    /// The segment before could no longer be written: what counts of it ends where this one starts.
    Break = 2,
    /// The segment before was found damaged and is not extended.
    Damage = 3,
}

/// A segment's header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Why the segment was begun.
    pub begun: Begun,
    /// The log it belongs to.
    pub stream: [u8; 16],
    /// Its number.
    pub number: u64,
    /// Sequence of its first record.
    pub first: u64,
    /// Microseconds since 1970.
    pub created: i64,
    /// Chain hash it follows.
    pub previous: Digest,
}

/// Why bytes are no header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadHeader {
    /// Fewer bytes than a header has.
    #[error("the header is cut short")]
    Short,
    /// Does not begin as a segment does.
    #[error("this is not a segment of an audit log")]
    Magic,
    /// Another version of the format.
    #[error("the segment has format version {0}")]
    Version(u32),
    /// The hash over the header differs.
    #[error("the header was changed")]
    Hash,
    /// A reason of beginning that doesn't exist.
    #[error("the header gives no known reason of beginning")]
    Begun,
}

impl Header {
    /// The header's bytes; the last 32 are the segment's first chain hash.
    pub fn encode(&self) -> ([u8; HEADER_BYTES], Digest) {
        let mut bytes = Vec::with_capacity(HEADER_BYTES);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&VERSION.to_be_bytes());
        bytes.extend_from_slice(&(self.begun as u32).to_be_bytes());
        bytes.extend_from_slice(&self.stream);
        bytes.extend_from_slice(&self.number.to_be_bytes());
        bytes.extend_from_slice(&self.first.to_be_bytes());
        bytes.extend_from_slice(&self.created.to_be_bytes());
        bytes.extend_from_slice(&self.previous);
        let hash = sm3(&[SEGMENT_DOMAIN, &bytes]);
        bytes.extend_from_slice(&hash);
        let mut header = [0; HEADER_BYTES];
        header.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
        (header, hash)
    }

    /// Reads the header at the start of a segment, with the segment's first chain hash.
    ///
    /// # Errors
    /// It is none.
    pub fn decode(bytes: &[u8]) -> Result<(Header, Digest), BadHeader> {
        let (header, _) = bytes.split_at_checked(HEADER_BYTES).ok_or(BadHeader::Short)?;
        if !header.starts_with(MAGIC) {
            return Err(BadHeader::Magic);
        }
        let (content, hash) = header.split_at_checked(HEADER_BYTES - HASH_BYTES).ok_or(BadHeader::Short)?;
        if sm3(&[SEGMENT_DOMAIN, content]) != *hash {
            return Err(BadHeader::Hash);
        }
        let version = u32::from_be_bytes(field(header, 8));
        if !(FIRST_VERSION..=VERSION).contains(&version) {
            return Err(BadHeader::Version(version));
        }
        let begun = match u32::from_be_bytes(field(header, 12)) {
            0 => Begun::First,
            1 => Begun::Continued,
            2 => Begun::Break,
            3 => Begun::Damage,
            _ => return Err(BadHeader::Begun),
        };
        Ok((
            Header {
                begun,
                stream: field(header, 16),
                number: u64::from_be_bytes(field(header, 32)),
                first: u64::from_be_bytes(field(header, 40)),
                created: i64::from_be_bytes(field(header, 48)),
                previous: field(header, 56),
            },
            field(header, 88),
        ))
    }
}

/// The version that a segment's header names.
pub(crate) fn version(bytes: &[u8]) -> u32 {
    u32::from_be_bytes(field(bytes, 8))
}

/// What a frame holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameKind {
    /// A record.
    Record,
    /// The end of a segment.
    Seal,
}

/// The start of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// What the frame holds.
    pub kind: FrameKind,
    /// Bytes of its payload.
    pub length: u32,
    /// Sequence of the record.
    pub sequence: u64,
    /// Records of the same commit before it.
    pub position: u32,
}

impl Head {
    /// The head's bytes.
    pub fn encode(&self) -> [u8; HEAD_BYTES] {
        let kind = match self.kind {
            FrameKind::Record => b'R',
            FrameKind::Seal => b'S',
        };
        let mut head = [0; HEAD_BYTES];
        let (checked, crc) = head.split_at_mut(HEAD_BYTES - 4);
        let fields: [&[u8]; 4] = [
            &[b'Y', b'B', kind, 0],
            &self.length.to_be_bytes(),
            &self.sequence.to_be_bytes(),
            &self.position.to_be_bytes(),
        ];
        checked.iter_mut().zip(fields.into_iter().flatten()).for_each(|(to, from)| *to = *from);
        crc.copy_from_slice(&crc32(checked).to_be_bytes());
        head
    }

    /// Reads the head at the start of `bytes`, if one stands there whole.
    pub fn decode(bytes: &[u8]) -> Option<Head> {
        let kind = match bytes {
            [b'Y', b'B', b'R', 0, ..] => FrameKind::Record,
            [b'Y', b'B', b'S', 0, ..] => FrameKind::Seal,
            _ => return None,
        };
        let (checked, _) = bytes.split_at_checked(HEAD_BYTES - 4)?;
        let (head, _) = bytes.split_at_checked(HEAD_BYTES)?;
        let length = u32::from_be_bytes(field(head, 4));
        let whole = crc32(checked) == u32::from_be_bytes(field(head, 20)) && length as usize <= MAX_PAYLOAD;
        whole.then(|| Head {
            kind,
            length,
            sequence: u64::from_be_bytes(field(head, 8)),
            position: u32::from_be_bytes(field(head, 16)),
        })
    }

    /// Bytes of the whole frame.
    pub fn frame_bytes(&self) -> usize {
        HEAD_BYTES + self.length as usize + HASH_BYTES
    }

    /// First record of the commit the frame belongs to.
    pub fn commit(&self) -> u64 {
        self.sequence.saturating_sub(u64::from(self.position))
    }
}

/// The chain hash of a frame after `previous`.
pub fn chain(previous: &Digest, head: &[u8; HEAD_BYTES], payload: &[u8]) -> Digest {
    sm3(&[RECORD_DOMAIN, previous, head, payload])
}

/// Spaces that must stand behind a payload of this length whose frame begins at this byte of its file, were it the last of
/// its commit.
pub(crate) fn padding(at: u64, payload: usize) -> usize {
    let end = at + (HEAD_BYTES + payload + HASH_BYTES) as u64;
    match usize::try_from(end % SECTOR_BYTES as u64).unwrap_or(0) {
        within @ 1..=GUARD_BYTES => GUARD_BYTES + 1 - within,
        _ => 0,
    }
}

/// Whether a seal's payload says this.
pub(crate) fn is_seal(payload: &[u8], records: u64, last: &Digest) -> bool {
    let padding = payload.strip_prefix(&seal(records, last));
    padding.is_some_and(|padding| padding.len() <= GUARD_BYTES && padding.iter().all(|byte| *byte == b' '))
}

/// Payload of a seal.
pub fn seal(records: u64, last: &Digest) -> [u8; SEAL_BYTES] {
    let mut payload = [0; SEAL_BYTES];
    payload.iter_mut().zip(records.to_be_bytes().iter().chain(last)).for_each(|(to, from)| *to = *from);
    payload
}

/// Name of a segment.
pub fn name(number: u64) -> String {
    format!("{number:016}{SUFFIX}")
}

/// Number of the segment of this name.
pub fn number(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(SUFFIX)?;
    let number = digits.parse().ok().filter(|_| digits.len() >= 16)?;
    (self::name(number) == name).then_some(number)
}

/// `N` bytes at an offset; zeros beyond the end, which callers rule out by length.
pub(crate) fn field<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).copied().unwrap_or([0; N])
}

/// CRC-32 ISO-HDLC.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        let index = (crc ^ u32::from(*byte)) & 0xff;
        (crc >> 8) ^ CRC_TABLE.get(index as usize).copied().unwrap_or_default()
    })
}

static CRC_TABLE: [u32; 256] = crc_table();

#[expect(clippy::indexing_slicing, reason = "evaluated at compile time, where a wrong index fails the build")]
const fn crc_table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut value = index as u32;
        let mut bit = 0;
        while bit < 8 {
            value = if value & 1 == 1 { value >> 1 ^ 0xedb8_8320 } else { value >> 1 };
            bit += 1;
        }
        table[index] = value;
        index += 1;
    }
    table
}

#[cfg(test)]
mod tests;
