//! Segments on disk: the one place that writes the log. A commit is one write and one sync.
//!
//! Mostly it overwrites zeros that an earlier commit left behind its records: then the sync changes neither length nor
//! extents, and the file system needs no commit of its own.

use crate::disk::{Disk, DiskFile, Identity};
use crate::format::{self, Begun, FrameKind, Head, Header};
use crate::record::{self, Record};
use crate::slice::Ended;
use crate::slices::Slices;
use std::collections::BTreeMap;
use std::io;
use std::time::{Duration, Instant};
use yingbi_crypto::Digest;

/// Payloads of records, back to back.
#[derive(Default)]
pub(crate) struct Batch {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

/// Why a commit isn't durable.
#[derive(Clone, Debug)]
pub(crate) enum Failure {
    /// Not now; a later commit may be.
    Refused(String),
    /// Never again.
    Closed(String),
}

/// What went wrong so far, for metrics.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Faults {
    pub sync_errors: u64,
    pub write_errors: u64,
    pub lost_segments: u64,
    pub breaks: u64,
}

/// Writes segments.
pub(crate) struct Writer {
    pub disk: Box<dyn Disk>,
    pub stream: [u8; 16],
    /// Number of the segment that is begun next.
    pub next_number: u64,
    /// Chain hash after the last durable frame.
    pub chain: Digest,
    /// Sequence of the next record.
    pub next: u64,
    pub place: Place,
    pub sizes: Sizes,
    pub faults: Faults,
    /// What the segments are, for those who sign it.
    pub slices: Slices,
    buffer: Vec<u8>,
    /// Chain hashes of the records in the buffer.
    hashes: Vec<Digest>,
}

/// How large segments grow, and in which steps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    /// A segment is sealed past this.
    pub segment: u64,
    /// Zeros written ahead.
    pub reserve: u64,
}

/// Where the next record goes.
pub(crate) enum Place {
    /// At the end of this segment.
    Open(Segment),
    /// Into a new segment, because of this.
    New(Begun, Option<Reason>),
}

/// The segment that is written.
pub(crate) struct Segment {
    pub file: Box<dyn DiskFile>,
    pub name: String,
    pub identity: Identity,
    /// Durable bytes; what stands behind them doesn't count.
    pub length: u64,
    /// Length of the file: zeros stand behind `length`, or whatever a failed write left.
    pub reserved: u64,
    /// Sequence of its first record.
    pub first: u64,
    pub checked: Instant,
    /// Of an earlier version of the format: it is sealed before anything is written.
    pub is_outdated: bool,
}

/// Why a segment is not written any more.
#[derive(Clone, Debug)]
pub(crate) struct Reason {
    pub segment: String,
    pub text: String,
}

impl Writer {
    pub fn new(disk: Box<dyn Disk>, stream: [u8; 16], sizes: Sizes) -> Self {
        Writer {
            disk,
            stream,
            next_number: 0,
            chain: [0; 32],
            next: 0,
            place: Place::New(Begun::First, None),
            sizes,
            faults: Faults::default(),
            slices: Slices::new(stream),
            buffer: Vec::new(),
            hashes: Vec::new(),
        }
    }

    /// Where the next commit to the open segment goes.
    fn open_length(&self) -> u64 {
        match &self.place {
            Place::Open(segment) => segment.length,
            Place::New(..) => 0,
        }
    }

    /// Number of the segment that is written, or the next one's.
    pub fn open_number(&self) -> u64 {
        match &self.place {
            Place::Open(segment) => format::number(&segment.name).unwrap_or(self.next_number),
            Place::New(..) => self.next_number,
        }
    }

    /// Makes the records durable, in order; gives the sequence of the first.
    pub fn commit(&mut self, batch: &Batch) -> Result<u64, Failure> {
        self.check();
        if let Place::Open(segment) = &self.place
            && (segment.is_outdated || segment.length >= self.sizes.segment && segment.first < self.next)
        {
            self.seal()?;
        }
        match &self.place {
            Place::Open(_) if batch.is_empty() => Ok(self.next),
            Place::Open(_) => self.extend(batch),
            Place::New(Begun::Continued, _) if batch.is_empty() => Ok(self.next),
            Place::New(..) => self.begin(batch),
        }
    }

    /// Looks, not too often, whether the segment's name still means the file that is written (failure F4).
    fn check(&mut self) {
        let Place::Open(segment) = &mut self.place else { return };
        if segment.checked.elapsed() < CHECK_EVERY {
            return;
        }
        segment.checked = Instant::now();
        let text = match self.disk.identity(&segment.name) {
            Ok(now) => {
                let was = Identity { length: segment.reserved, ..segment.identity };
                match () {
                    () if (now.device, now.inode) != (was.device, was.inode) => "replaced",
                    () if (now.mode, now.owner) != (was.mode, was.owner) => "its permissions were changed",
                    () if now.length != was.length => "its length was changed",
                    () => return,
                }
            }
            Err(_) => "deleted",
        };
        self.faults.lost_segments += 1;
        self.abandon(text.to_owned());
    }

    fn extend(&mut self, batch: &Batch) -> Result<u64, Failure> {
        let (first, mut chain) = (self.next, self.chain);
        self.buffer.clear();
        let at = self.open_length();
        frames(&mut self.buffer, at, &mut self.hashes, &mut chain, first, batch.iter());
        match self.write(Reserve::Keep, || format!("{} records", batch.len())) {
            Ok(()) => {
                self.chain = chain;
                self.next += batch.len() as u64;
                self.slices.grow(&self.hashes);
                Ok(first)
            }
            Err(error) => self.survive(error, batch),
        }
    }

    /// Writes the buffer over the reserve of the open segment, with a new reserve if that doesn't suffice, and syncs.
    fn write(&mut self, reserve: Reserve, what: impl Fn() -> String) -> Result<(), WriteError> {
        let Place::Open(segment) = &mut self.place else { return Ok(()) };
        let length = segment.length + self.buffer.len() as u64;
        let mut written = write_all(segment.file.as_mut(), &self.buffer, segment.length);
        let mut reserved = segment.reserved.max(length);
        if written.is_ok() {
            written = match reserve {
                Reserve::Keep if length > segment.reserved => {
                    self.sizes.extend(segment.file.as_mut(), length)
                }
                Reserve::Keep => Ok(reserved),
                Reserve::Cut if reserved > length => segment.file.truncate(length).map(|()| length),
                Reserve::Cut => Ok(length),
            }
            .map(|now| reserved = now);
        }
        written.map_err(|error| {
            self.faults.write_errors += 1;
            WriteError { at_sync: false, text: format!("writing {} failed: {error}", what()), error }
        })?;
        segment.file.sync().map_err(|error| {
            self.faults.sync_errors += 1;
            WriteError { at_sync: true, text: format!("syncing {} failed: {error}", what()), error }
        })?;
        (segment.length, segment.reserved) = (length, reserved);
        Ok(())
    }

    /// After a failed write or sync of the open segment: back to its durable end when the disk is only full (F1), else
    /// on to a new segment with all that isn't durable (F2). The descriptor is never synced again after a failed sync:
    /// the kernel may have dropped the pages and would report success.
    fn survive(&mut self, error: WriteError, batch: &Batch) -> Result<u64, Failure> {
        if !error.at_sync && error.is_full() {
            if let Place::Open(segment) = &mut self.place
                && segment.file.truncate(segment.length).and_then(|()| segment.file.sync()).is_ok()
            {
                segment.reserved = segment.length;
                return Err(Failure::Refused(error.text));
            }
            self.abandon(error.text.clone());
            return Err(Failure::Refused(error.text));
        }
        let full = error.is_full();
        self.abandon(error.text.clone());
        match self.begin(batch) {
            Ok(first) => Ok(first),
            Err(Failure::Refused(_)) if full => Err(Failure::Refused(error.text)),
            Err(Failure::Refused(then) | Failure::Closed(then)) => {
                Err(Failure::Closed(format!("{}; then {then}", error.text)))
            }
        }
    }

    fn abandon(&mut self, text: String) {
        if let Place::Open(segment) = &self.place {
            self.faults.breaks += 1;
            self.place = Place::New(Begun::Break, Some(Reason { segment: segment.name.clone(), text }));
            self.slices.close(Ended::Broken, self.chain);
        }
    }

    /// Ends the open segment.
    fn seal(&mut self) -> Result<(), Failure> {
        let Place::Open(segment) = &self.place else { return Ok(()) };
        let payload = format::seal(self.next - segment.first, &self.chain);
        let mut chain = self.chain;
        self.buffer.clear();
        let padding = format::padding(segment.length, payload.len());
        frame(&mut self.buffer, &mut chain, FrameKind::Seal, self.next, 0, &payload, padding);
        match self.write(Reserve::Cut, || "a seal".to_owned()) {
            Ok(()) => {
                self.chain = chain;
                self.place = Place::New(Begun::Continued, None);
                self.slices.close(Ended::Sealed, chain);
                Ok(())
            }
            Err(error) => self.survive(error, &Batch::default()).map(|_| ()),
        }
    }

    /// Begins a segment with the records in it, behind a break record where one is due.
    fn begin(&mut self, batch: &Batch) -> Result<u64, Failure> {
        let Place::New(begun, reason) = &self.place else { return Ok(self.next) };
        let note = reason.as_ref().map(|reason| {
            let mut detail = BTreeMap::new();
            detail.insert("segment".to_owned(), reason.segment.clone());
            detail.insert("reason".to_owned(), reason.text.clone());
            record::json(&record::event("break", detail))
        });
        let header = Header {
            begun: *begun,
            stream: self.stream,
            number: self.next_number,
            first: self.next,
            created: record::now().as_microsecond(),
            previous: self.chain,
        };
        let (bytes, mut chain) = header.encode();
        self.buffer.clear();
        self.buffer.extend_from_slice(&bytes);
        let payloads = note.iter().map(Vec::as_slice).chain(batch.iter());
        frames(&mut self.buffer, 0, &mut self.hashes, &mut chain, self.next, payloads);
        let length = self.buffer.len() as u64;

        let name = format::name(self.next_number);
        let (file, identity, reserved) = self.create(&name).map_err(|error| error.into_failure(&name))?;
        self.slices.begin(&header);
        self.slices.grow(&self.hashes);
        self.next_number += 1;
        let first = self.next + note.iter().len() as u64;
        self.place = Place::Open(Segment {
            file,
            name,
            identity,
            length,
            reserved,
            first: self.next,
            checked: Instant::now(),
            is_outdated: false,
        });
        self.chain = chain;
        self.next = first + batch.len() as u64;
        Ok(first)
    }

    /// Leaves nothing but records behind: the log is closed.
    pub fn cut_reserve(&mut self) {
        if let Place::Open(segment) = &mut self.place
            && segment.reserved > segment.length
            && segment.file.truncate(segment.length).is_ok()
        {
            segment.reserved = segment.length;
            // All records are durable already; a reserve that comes back is as good as none.
            let _ = segment.file.sync();
        }
    }

    /// Creates a segment with the buffer's content; durable in content and name when it returns.
    fn create(&mut self, name: &str) -> Result<(Box<dyn DiskFile>, Identity, u64), WriteError> {
        let failed = |at_sync, what: &str, error: io::Error| WriteError {
            at_sync,
            text: format!("{what} a segment failed: {error}"),
            error,
        };
        if self.disk.identity(name).is_ok() {
            // Renaming over it would destroy what someone put there: evidence.
            let error = io::Error::from(io::ErrorKind::AlreadyExists);
            return Err(failed(false, "naming", error));
        }
        let new = format!("{name}{}", format::NEW_SUFFIX);
        let _ = self.disk.remove(&new);
        let mut file = self.disk.create(&new).map_err(|error| failed(false, "creating", error))?;
        let content = write_all(file.as_mut(), &self.buffer, 0)
            .and_then(|()| self.sizes.extend(file.as_mut(), self.buffer.len() as u64))
            .map_err(|error| failed(false, "writing", error))
            .and_then(|reserved| {
                file.sync().map_err(|error| failed(true, "syncing", error))?;
                self.disk.rename(&new, name).map_err(|error| failed(false, "naming", error))?;
                Ok(reserved)
            });
        let reserved = match content {
            Ok(reserved) => reserved,
            Err(error) => {
                self.faults.sync_errors += u64::from(error.at_sync);
                self.faults.write_errors += u64::from(!error.at_sync);
                let _ = self.disk.remove(&new);
                return Err(error);
            }
        };
        let named =
            self.disk.sync().and_then(|()| file.identity()).map_err(|error| failed(true, "syncing", error));
        named.map(|identity| (file, identity, reserved)).inspect_err(|error| {
            // The name may stand or not after a power cut; the next segment has another and says that this one doesn't
            // count.
            self.faults.sync_errors += 1;
            self.faults.breaks += 1;
            self.slices.never_was(self.next_number, self.next, self.chain);
            self.next_number += 1;
            let reason = Reason { segment: name.to_owned(), text: error.text.clone() };
            self.place = Place::New(Begun::Break, Some(reason));
        })
    }
}

impl Sizes {
    /// Writes zeros behind a file's records, which end here; gives its length with them. A disk that has no room for
    /// them may have room for records all the same.
    fn extend(&self, file: &mut dyn DiskFile, length: u64) -> io::Result<u64> {
        let reserved = length.saturating_add(self.reserve).next_multiple_of(format::RESERVE_ALIGN);
        let zeros = vec![0; usize::try_from(reserved - length).unwrap_or(0)];
        match write_all(file, &zeros, length) {
            Ok(()) => Ok(reserved),
            Err(_) => file.truncate(length).map(|()| length),
        }
    }
}

/// What becomes of the reserve in a write.
enum Reserve {
    Keep,
    Cut,
}

impl Batch {
    /// Appends a record that `write` serialises.
    pub fn push(&mut self, payload: &[u8]) {
        self.bytes.extend_from_slice(payload);
        self.ends.push(self.bytes.len());
    }

    pub fn push_record(&mut self, record: &Record) {
        self.push(&record::json(record));
    }

    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| self.bytes.get(start..*end).unwrap_or_default())
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
        self.bytes.shrink_to(KEPT_BYTES);
    }
}

struct WriteError {
    at_sync: bool,
    text: String,
    error: io::Error,
}

impl WriteError {
    /// Whether the disk is full, over quota or read-only: states that pass.
    fn is_full(&self) -> bool {
        use io::ErrorKind::{FileTooLarge, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
        matches!(self.error.kind(), StorageFull | QuotaExceeded | ReadOnlyFilesystem | FileTooLarge)
    }

    fn into_failure(self, name: &str) -> Failure {
        let text = format!("{name}: {}", self.text);
        if self.at_sync && !self.is_full() { Failure::Closed(text) } else { Failure::Refused(text) }
    }
}

/// Appends one commit's records as frames, and puts their chain hashes aside; the buffer goes to this byte of the file.
fn frames<'a>(
    buffer: &mut Vec<u8>,
    at: u64,
    hashes: &mut Vec<Digest>,
    chain: &mut Digest,
    first: u64,
    payloads: impl Iterator<Item = &'a [u8]>,
) {
    hashes.clear();
    let mut payloads = payloads.peekable();
    let mut position = 0;
    while let Some(payload) = payloads.next() {
        let sequence = first + u64::from(position);
        let padding = match payloads.peek() {
            Some(_) => 0,
            None => format::padding(at + buffer.len() as u64, payload.len()),
        };
        frame(buffer, chain, FrameKind::Record, sequence, position, payload, padding);
        hashes.push(*chain);
        position += 1;
    }
}

fn frame(
    buffer: &mut Vec<u8>,
    chain: &mut Digest,
    kind: FrameKind,
    sequence: u64,
    position: u32,
    payload: &[u8],
    padding: usize,
) {
    let padded;
    let payload = match padding {
        0 => payload,
        _ => {
            padded = [payload, format::PADDING.get(..padding).unwrap_or_default()].concat();
            &padded
        }
    };
    // INVARIANT: payloads are at most `MAX_PAYLOAD` long with their padding, `Log` refuses longer ones.
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    let head = Head { kind, length, sequence, position }.encode();
    *chain = format::chain(chain, &head, payload);
    buffer.extend_from_slice(&head);
    buffer.extend_from_slice(payload);
    buffer.extend_from_slice(chain);
}

fn write_all(file: &mut dyn DiskFile, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.write_at(bytes, offset) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => {
                bytes = bytes.get(written..).unwrap_or_default();
                offset += written as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Failure F4 must be seen within a second.
const CHECK_EVERY: Duration = Duration::from_millis(400);

/// Memory a batch keeps between commits.
const KEPT_BYTES: usize = 4 << 20;
