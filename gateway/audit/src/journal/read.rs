//! Reads a log's pieces while a gateway writes it.

use super::{Cursor, Kind, Piece};
use crate::checkpoint::Note;
use crate::compact::{Fields, tag};
use crate::format::{self, Begun, FrameKind, HEAD_BYTES, HEADER_BYTES, Head, Header};
use crate::record::Keys;
use crate::slice;
use crate::slice::STATEMENT_BYTES;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

/// What somebody has is not of the log that is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the log here is not the one that was read before")]
pub struct Diverged;

/// A log's pieces from a cursor on.
pub struct Journal {
    dir: PathBuf,
    cursor: Cursor,
    /// Segment and byte that are read next: behind those of the cursor when nothing of the segment there has come yet.
    at: (u64, u64),
    /// What stands beside the log and is not read yet: kind, number, from where, bytes.
    beside: Vec<(Kind, u64, u64, Vec<u8>)>,
    /// Records before this one are read before what stands beside them.
    until: u64,
    /// Lengths of the files beside the log when they were last looked at.
    lengths: [u64; 4],
}

impl Journal {
    /// Goes on with the log in `dir` where this cursor stands.
    ///
    /// # Errors
    /// The log is not the one that the cursor was in: an older copy was put in its place, or it was changed.
    pub fn open(dir: &Path, cursor: Cursor) -> Result<Journal, Diverged> {
        let at = (cursor.segment, cursor.byte);
        let journal =
            Journal { dir: dir.to_owned(), cursor, at, beside: Vec::new(), until: 0, lengths: [0; 4] };
        if journal.is_known() { Ok(journal) } else { Err(Diverged) }
    }

    /// Begins with the segment that the record of this sequence is in or comes into: records before it are read too.
    ///
    /// # Errors
    /// The directory or a header can't be read.
    pub fn near(dir: &Path, sequence: u64) -> io::Result<Journal> {
        let mut numbers = Vec::new();
        for entry in std::fs::read_dir(dir)? {
            numbers.extend(format::number(&entry?.file_name().to_string_lossy()));
        }
        numbers.sort_unstable();
        let mut cursor = Cursor::default();
        for number in numbers.into_iter().rev() {
            cursor.segment = number;
            let bytes = part(&File::open(dir.join(format::name(number)))?, 0, HEADER_BYTES)?;
            if Header::decode(&bytes).is_ok_and(|(header, _)| header.first <= sequence) {
                break;
            }
        }
        let at = (cursor.segment, 0);
        Ok(Journal { dir: dir.to_owned(), cursor, at, beside: Vec::new(), until: 0, lengths: [0; 4] })
    }

    /// Where it stands.
    pub fn cursor(&self) -> &Cursor {
        &self.cursor
    }

    /// Whether the log has what was read of it. A segment whose time was over is gone, and a later one is there.
    fn is_known(&self) -> bool {
        let Cursor { segment, byte, check, .. } = &self.cursor;
        if *byte == 0 {
            return true;
        }
        let Ok(file) = File::open(self.dir.join(format::name(*segment))) else {
            return matches!(following(&self.dir, *segment), Ok(Some(_)));
        };
        // The first piece of a segment is its header, which is longer.
        let mut bytes = [0; 32];
        let Some(at) = byte.checked_sub(bytes.len() as u64) else { return false };
        file.read_exact_at(&mut bytes, at).is_ok() && bytes == *check
    }

    /// The next pieces, about `limit` bytes of them; none while there is nothing new. `durable` tells how many records are
    /// durable: those behind them may yet be written anew.
    ///
    /// # Errors
    /// A file can't be read: later it may be.
    pub fn read(&mut self, durable: impl FnOnce() -> u64, limit: usize) -> io::Result<Vec<Piece>> {
        if self.beside.is_empty() {
            self.look_beside(limit)?;
            // Not before: what stands beside the log is never about more than this.
            self.until = durable();
        }
        let mut pieces = Vec::new();
        let mut size = 0;
        let is_all = self.segments(&mut pieces, &mut size, limit)?;
        if !is_all {
            return Ok(pieces);
        }
        while let Some((kind, number, byte, bytes)) = self.beside.first_mut() {
            let length = bytes.len().min(CHUNK_BYTES);
            let rest = bytes.split_off(length);
            let bytes = std::mem::replace(bytes, rest);
            let (kind, number, at) = (*kind, *number, *byte);
            *byte = byte.saturating_add(length as u64);
            if self.beside.first().is_some_and(|(.., rest)| rest.is_empty()) {
                self.beside.remove(0);
            }
            size += bytes.len();
            let time = self.cursor.time;
            self.put(&mut pieces, Piece::new(kind, (number, at), time, bytes));
            if size >= limit {
                break;
            }
        }
        Ok(pieces)
    }

    fn put(&mut self, pieces: &mut Vec<Piece>, piece: Piece) {
        self.cursor.pass(&piece);
        if piece.kind == Kind::Segment {
            self.at = (self.cursor.segment, self.cursor.byte);
        }
        pieces.push(piece);
    }

    /// Takes what is new beside the log. Files that grow are read to the end of the last whole thing in them, and only when
    /// they stood still: what a crash leaves half written is cut away by the next run.
    fn look_beside(&mut self, limit: usize) -> io::Result<()> {
        for kind in [Kind::Slices, Kind::Checkpoints, Kind::Stamps, Kind::Deliveries] {
            let (Some(place), file) = (kind.beside(), kind.file(&self.dir, 0)) else { continue };
            let length = match std::fs::metadata(&file) {
                Ok(metadata) => metadata.len(),
                Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
                Err(error) => return Err(error),
            };
            let from = self.cursor.beside.get(place).copied().unwrap_or(0);
            let stood = self.lengths.get_mut(place).map(|before| std::mem::replace(before, length));
            if length <= from || stood != Some(length) {
                continue;
            }
            let mut bytes =
                vec![0; usize::try_from(length - from).unwrap_or(limit).min(limit.max(CHUNK_BYTES))];
            File::open(&file)?.read_exact_at(&mut bytes, from)?;
            bytes.truncate(whole(kind, &bytes));
            if kind == Kind::Slices {
                self.indexes(&bytes)?;
            }
            if !bytes.is_empty() {
                self.beside.push((kind, 0, from, bytes));
            }
        }
        Ok(())
    }

    /// Takes the indexes of these closed slices, before their statements.
    fn indexes(&mut self, statements: &[u8]) -> io::Result<()> {
        for statement in statements.chunks(STATEMENT_BYTES) {
            let Ok(statement) = slice::Statement::decode(statement) else { continue };
            let number = statement.number;
            let from = match number.cmp(&self.cursor.index) {
                std::cmp::Ordering::Less => continue,
                std::cmp::Ordering::Equal => self.cursor.index_byte,
                std::cmp::Ordering::Greater => 0,
            };
            match std::fs::read(Kind::Index.file(&self.dir, number)) {
                Ok(mut bytes) => {
                    let bytes = bytes.split_off(usize::try_from(from).unwrap_or(usize::MAX).min(bytes.len()));
                    if !bytes.is_empty() {
                        self.beside.push((Kind::Index, number, from, bytes));
                    }
                }
                // It has none, or its time was over.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Reads segments; `true` when there is no more of them before what stands beside the log.
    fn segments(&mut self, pieces: &mut Vec<Piece>, size: &mut usize, limit: usize) -> io::Result<bool> {
        while *size < limit {
            let (number, byte) = self.at;
            // First of all: a segment behind which another stands does not change any more.
            let next = following(&self.dir, number)?;
            let bytes = match File::open(self.dir.join(format::name(number))) {
                Ok(file) if self.cursor.rest > 0 && byte > 0 => part(&file, byte, CHUNK_BYTES)?,
                Ok(file) => whole_frame(&file, byte, limit)?,
                // Its time was over before it was read, or it was taken away; the verifier tells which.
                Err(error) if error.kind() == io::ErrorKind::NotFound => match next {
                    Some((next, _)) => {
                        self.at = (next, 0);
                        continue;
                    }
                    None => return Ok(true),
                },
                Err(error) => return Err(error),
            };
            let mut at = 0;
            if self.cursor.rest > 0 && byte > 0 && !bytes.is_empty() {
                // A frame of which the first pieces were read before a break.
                let length = usize::try_from(self.cursor.rest).unwrap_or(CHUNK_BYTES).min(CHUNK_BYTES);
                let bytes = bytes.get(..length).unwrap_or(&bytes).to_vec();
                *size += bytes.len();
                let piece = Piece::new(Kind::Segment, (number, byte), self.cursor.time, bytes);
                self.put(pieces, piece);
                continue;
            }
            if byte == 0 {
                match Header::decode(&bytes) {
                    Ok((header, _)) if header.first < self.until || next.is_some() => {
                        let bytes = bytes.get(..HEADER_BYTES).unwrap_or_default().to_vec();
                        *size += bytes.len();
                        at = bytes.len();
                        let time = header.created;
                        let piece = Piece::new(Kind::Segment, (number, 0), time, bytes);
                        self.put(pieces, piece);
                    }
                    Ok(_) => return Ok(true),
                    Err(_) if next.is_none() => return Ok(true),
                    Err(_) => {}
                }
            }
            let end = next.as_ref().map(|(_, header)| header);
            let taken = self.frames(pieces, size, number, bytes.get(at..).unwrap_or_default(), end);
            if taken > 0 || at > 0 && *size >= limit {
                continue;
            }
            let Some((next, header)) = next else { return Ok(true) };
            // Frames from where a break says are written anew there; all else is part of the log.
            let rest = bytes.get(at..).unwrap_or_default();
            let is_over = header.is_some_and(|header| header.begun == Begun::Break);
            match rest.len().min(CHUNK_BYTES) {
                length if length > 0 && !is_over => {
                    let bytes = rest.get(..length).unwrap_or_default().to_vec();
                    *size += length;
                    let (byte, time) = (byte + at as u64, self.cursor.time);
                    let piece = Piece::new(Kind::Segment, (number, byte), time, bytes);
                    self.put(pieces, piece);
                }
                _ => self.at = (next, 0),
            }
        }
        Ok(false)
    }

    /// Takes the frames at the start of these bytes; gives how many bytes they are.
    fn frames(
        &mut self,
        pieces: &mut Vec<Piece>,
        size: &mut usize,
        number: u64,
        bytes: &[u8],
        next: Option<&Option<Header>>,
    ) -> usize {
        let cut = match next {
            None => self.until,
            Some(Some(header)) if header.begun == Begun::Break => header.first,
            Some(_) => u64::MAX,
        };
        let mut at = 0;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let Some(head) = Head::decode(rest) else { break };
            let Some(frame) = rest.get(..head.frame_bytes()) else { break };
            let is_due = match head.kind {
                FrameKind::Record => head.sequence == self.cursor.next && head.sequence < cut,
                FrameKind::Seal => next.is_some() && cut == u64::MAX,
            };
            if !is_due {
                break;
            }
            at += frame.len();
            *size += frame.len();
            let is_record = head.kind == FrameKind::Record;
            let payload = frame.get(HEAD_BYTES..HEAD_BYTES + head.length as usize).unwrap_or_default();
            let time = is_record.then(|| time(payload)).flatten().unwrap_or(self.cursor.time);
            // A frame may be longer than what stores take at once.
            for bytes in frame.chunks(CHUNK_BYTES) {
                self.put(pieces, Piece::new(Kind::Segment, (number, self.at.1), time, bytes.to_vec()));
            }
        }
        at
    }
}

/// The next segment that is there, with its header.
fn following(dir: &Path, number: u64) -> io::Result<Option<(u64, Option<Header>)>> {
    let header = |number: u64| -> io::Result<Option<Header>> {
        let bytes = part(&File::open(dir.join(format::name(number)))?, 0, HEADER_BYTES)?;
        Ok(Header::decode(&bytes).ok().map(|(header, _)| header))
    };
    let next = number.saturating_add(1);
    if dir.join(format::name(next)).try_exists()? {
        return Ok(Some((next, header(next)?)));
    }
    // Mostly there is none; those in between may be gone because their time was over.
    let mut later = None;
    for entry in std::fs::read_dir(dir)? {
        let found = format::number(&entry?.file_name().to_string_lossy()).filter(|found| *found > number);
        later = match (later, found) {
            (Some(least), Some(found)) => Some(std::cmp::min::<u64>(least, found)),
            (least, found) => least.or(found),
        };
    }
    later.map(|later| Ok((later, header(later)?))).transpose()
}

/// Up to so many bytes of a file.
fn part(file: &File, at: u64, limit: usize) -> io::Result<Vec<u8>> {
    let length = file.metadata()?.len().saturating_sub(at);
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(limit).min(limit)];
    file.read_exact_at(&mut bytes, at)?;
    Ok(bytes)
}

/// Up to so many bytes of a segment, more if its next frame is longer.
fn whole_frame(file: &File, at: u64, limit: usize) -> io::Result<Vec<u8>> {
    let bytes = part(file, at, limit.max(HEADER_BYTES))?;
    match Head::decode(&bytes) {
        Some(head) if head.frame_bytes() > bytes.len() => part(file, at, head.frame_bytes()),
        _ => Ok(bytes),
    }
}

/// How many of these bytes are whole.
fn whole(kind: Kind, bytes: &[u8]) -> usize {
    match kind {
        Kind::Slices => bytes.len() - bytes.len() % STATEMENT_BYTES,
        Kind::Checkpoints => {
            let text = match std::str::from_utf8(bytes) {
                Ok(text) => text,
                Err(error) => std::str::from_utf8(bytes.get(..error.valid_up_to()).unwrap_or_default())
                    .unwrap_or_default(),
            };
            match Note::read_all(text).pop() {
                Some((at, Err(crate::checkpoint::BadNote::Short))) => at,
                _ => text.len(),
            }
        }
        _ => memchr::memrchr(b'\n', bytes).map_or(0, |last| last + 1),
    }
}

/// When a record was made.
fn time(payload: &[u8]) -> Option<i64> {
    let Some(mut fields) = Fields::of(payload) else {
        let keys: Keys<'_> = serde_json::from_slice(payload).ok()?;
        return keys.time.parse().ok().map(jiff::Timestamp::as_microsecond);
    };
    while let Some(field) = fields.next()? {
        if field.tag == tag::TIME {
            return i64::try_from(field.number).ok();
        }
    }
    None
}

/// Longest piece.
const CHUNK_BYTES: usize = 256 << 10;
