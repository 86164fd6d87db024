//! The thread that turns a log into evidence while it is written: statements and indexes of closed slices, checkpoints
//! signed and delivered to every anchor. It never holds up the writer, and what fails is tried again.

use crate::checkpoint::{self, BadNote, Checkpoint, Note, OpenSlice};
use crate::format::{self, Header};
use crate::index::{self, Index};
use crate::log::Options;
use crate::queue::Queue;
use crate::readings;
use crate::record;
use crate::retention::{self, Retention};
use crate::slice::{self, Ended, STATEMENT_BYTES, Statement};
use crate::slices::{State, Told};
use crate::space::{self, Gauge, Room};
use crate::tree::Frontier;
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use yingbi_crypto::{Digest, SigningKeys, hex};

/// How a log becomes evidence.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// Keys that checkpoints are signed with; without them they bear witness, but not whose.
    pub keys: Option<SigningKeys>,
    /// Directories, best on other machines, that get every checkpoint too: against them a cut tail is seen.
    pub anchors: Vec<PathBuf>,
    /// Checkpoints are this far apart while records come.
    pub every: Duration,
    /// How long records are kept.
    pub retention: Retention,
    /// Segments and indexes from this number on are still to be shipped, and kept until then whatever their age.
    pub unshipped: Option<Arc<AtomicU64>>,
}

impl Default for Evidence {
    fn default() -> Self {
        Evidence {
            keys: None,
            anchors: Vec::new(),
            every: Duration::from_secs(10),
            retention: Retention::default(),
            unshipped: None,
        }
    }
}

/// What was done for evidence since the log was opened, for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EvidenceStats {
    /// Times that the thread has done all there was to do.
    pub rounds: u64,
    /// Checkpoints made.
    pub checkpoints: u64,
    /// Failed attempts to write a statement, an index or a checkpoint.
    pub failures: u64,
    /// Most checkpoints that an anchor has not got yet.
    pub behind: u64,
    /// When the oldest checkpoint was made that an anchor has not got yet, microseconds since 1970; 0 when there is none.
    pub behind_since: i64,
    /// Free bytes of the log's disk.
    pub free_bytes: u64,
    /// What that means.
    pub room: Room,
    /// Checkpoints found at the start that the log does not bear out: it was cut, or an old copy put in its place.
    pub contradicted: u64,
}

/// What the thread shares.
pub(crate) type Shared = Arc<Mutex<EvidenceStats>>;

pub(crate) struct Notary {
    dir: PathBuf,
    /// Where all but the segments is.
    beside: PathBuf,
    stream: [u8; 16],
    /// Slices before this one were closed when the log was opened.
    from: u64,
    evidence: Evidence,
    told: Arc<Told>,
    queue: Arc<Queue>,
    room: Arc<Gauge>,
    spare_bytes: u64,
    stats: Shared,
    statements: Vec<Statement>,
    tree: Frontier,
    /// How many statements the file holds; `None` when it must be written anew.
    written: Option<u64>,
    /// A statement can't be had any more: no root over slices can be.
    is_broken: bool,
    last: Option<(u64, u64)>,
    places: Vec<Place>,
}

/// A file of checkpoints, and those it has not got yet.
struct Place {
    path: PathBuf,
    file: Option<File>,
    pending: Vec<(i64, String)>,
}

impl Notary {
    pub fn new(
        dir: &Path,
        stream: [u8; 16],
        from: u64,
        options: &Options,
        shared: (Arc<Told>, Arc<Queue>, Arc<Gauge>),
    ) -> Self {
        let evidence = options.evidence.clone();
        let (told, queue, room) = shared;
        let anchors = evidence.anchors.iter().map(|anchor| anchor_file(anchor, &stream));
        let beside = evidence_dir(dir);
        let places = std::iter::once(beside.join(checkpoint::FILE)).chain(anchors);
        let place = |path| Place { path, file: None, pending: Vec::new() };
        Notary {
            dir: dir.to_owned(),
            beside,
            stream,
            from,
            places: places.map(place).collect(),
            evidence,
            told,
            queue,
            room,
            spare_bytes: options.spare_bytes,
            stats: Shared::default(),
            statements: Vec::new(),
            tree: Frontier::default(),
            written: None,
            is_broken: false,
            last: None,
        }
    }

    pub fn stats(&self) -> Shared {
        Arc::clone(&self.stats)
    }

    pub fn run(mut self) {
        // What the log is at its opening is witnessed at once.
        let mut wait = Duration::ZERO;
        if make_dir(&self.beside).is_err() {
            self.count(|stats| stats.failures += 1);
        }
        self.catch_up();
        let mut is_first = true;
        let (mut witnessed, mut expired) = (Instant::now(), Instant::now());
        loop {
            let state = self.told.take(wait);
            wait = self.evidence.every.min(TICK);
            self.look_at_room();
            if !state.ended && readings::take(&self.dir, &self.queue, TICK).is_err() {
                self.count(|stats| stats.failures += 1);
            }
            for mut statement in state.closed.iter().cloned() {
                self.index(&mut statement);
                self.add(statement);
            }
            self.write_statements();
            if is_first {
                self.look_back(&state);
            }
            if is_first
                || state.ended
                || !state.closed.is_empty()
                || witnessed.elapsed() >= self.evidence.every
            {
                self.witness(&state);
                witnessed = Instant::now();
            }
            self.deliver();
            if is_first || expired.elapsed() >= EXPIRY {
                is_first = false;
                expired = Instant::now();
                if self.expire().is_err() {
                    self.count(|stats| stats.failures += 1);
                }
            }
            self.count(|stats| stats.rounds += 1);
            if state.ended {
                return;
            }
        }
    }

    /// Failure F6: tells appenders how much room there is, and records when that changes what is refused.
    fn look_at_room(&self) {
        // A file system that doesn't say is no reason to stop; writes will.
        let Ok((free, total)) = space::look(&self.dir) else { return };
        let (before, now) = (self.room.room(), Room::of(free, total));
        self.count(|stats| (stats.free_bytes, stats.room) = (free, now));
        if now == Room::Gone && before != now {
            space::let_go(&self.beside);
        }
        if now < Room::Low {
            // Without a reserve there is only less time to act.
            let _ = space::keep_back(&self.beside, self.spare_bytes.min(free / 4));
        }
        self.room.set(now);
        if before != now && before.max(now) >= Room::Low {
            let detail = BTreeMap::from([
                ("room".to_owned(), now.name().to_owned()),
                ("free_bytes".to_owned(), free.to_string()),
            ]);
            let event = if now >= Room::Low { "disk-low" } else { "disk-recovered" };
            // A full queue loses this note as any other: counted, and the count recorded.
            let _ = self.queue.push(&record::json(&record::event(event, detail)), None);
        }
    }

    /// Takes the statements that are there and makes those that are missing.
    fn catch_up(&mut self) {
        let bytes = std::fs::read(self.beside.join(slice::FILE)).unwrap_or_default();
        let mut found = slice::read(&bytes).into_iter();
        let mut is_whole = bytes.len().is_multiple_of(STATEMENT_BYTES);
        for number in 0..self.from {
            let good = found.next().and_then(Result::ok).filter(|good| good.stream == self.stream);
            let statement = good.or_else(|| {
                is_whole = false;
                self.state(number)
            });
            match statement {
                Some(statement) => self.add(statement),
                None => {
                    self.is_broken = true;
                    self.count(|stats| stats.failures += 1);
                    return;
                }
            }
        }
        if is_whole && found.next().is_none() && !bytes.is_empty() {
            self.written = Some(self.from);
        }
    }

    /// States what a segment is that was closed before the log was opened.
    fn state(&self, number: u64) -> Option<Statement> {
        let bytes = std::fs::read(self.dir.join(format::name(number))).ok()?;
        let next = std::fs::read(self.dir.join(format::name(number.checked_add(1)?))).ok();
        let next = next.and_then(|next| Header::decode(&next).ok()).map(|(header, _)| header);
        let mut statement = slice::of_segment(number, &bytes, next.as_ref());
        statement.stream = self.stream;
        self.index(&mut statement);
        Some(statement)
    }

    /// Makes the index of a closed slice; one whose segment can't be read has none.
    fn index(&self, statement: &mut Statement) {
        if statement.ended == Ended::Damaged {
            return;
        }
        let make = || -> io::Result<Digest> {
            let segment = std::fs::read(self.dir.join(format::name(statement.number)))?;
            let mut salt = [0; 32];
            getrandom::fill(&mut salt).map_err(io::Error::other)?;
            let made = index::make(statement, &segment, salt);
            replace(&self.beside, &index::name(statement.number), &made.bytes)?;
            Ok(made.root)
        };
        match make() {
            Ok(root) => statement.index = root,
            Err(_) => self.count(|stats| stats.failures += 1),
        }
    }

    fn add(&mut self, statement: Statement) {
        if statement.number != self.tree.size() {
            self.is_broken = true;
            return;
        }
        self.tree.push(statement.leaf());
        self.statements.push(statement);
    }

    fn write_statements(&mut self) {
        let count = self.statements.len() as u64;
        if self.is_broken || self.written == Some(count) {
            return;
        }
        let encode = |statements: &[Statement]| -> Vec<u8> {
            statements.iter().flat_map(|statement| statement.encode()).collect()
        };
        let written = match self.written.and_then(|written| Some((written, usize::try_from(written).ok()?))) {
            Some((at, from)) => append(&self.beside.join(slice::FILE), at * STATEMENT_BYTES as u64, || {
                encode(self.statements.get(from..).unwrap_or_default())
            }),
            None => replace(&self.beside, slice::FILE, &encode(&self.statements)),
        };
        // After a failure the file is written anew, under another descriptor.
        self.written = written.is_ok().then_some(count);
        if written.is_err() {
            self.count(|stats| stats.failures += 1);
        }
    }

    /// Makes a checkpoint when there is something new.
    fn witness(&mut self, state: &State) {
        let Some(last) = self.end(state).filter(|_| !self.is_broken) else { return };
        if self.last == Some((last.0, self.tree.size())) {
            return;
        }
        self.last = Some((last.0, self.tree.size()));
        let open = state.open.as_ref().map(|open| OpenSlice {
            number: open.number,
            first: open.first,
            records: open.frontier.size(),
            root: open.frontier.root(),
        });
        let checkpoint = Checkpoint::of(self.stream, &self.tree, last, open);
        let note = Note::sign(checkpoint, self.evidence.keys.as_ref()).to_string();
        let now = record::now().as_microsecond();
        for place in &mut self.places {
            if place.pending.len() == MAX_PENDING {
                // Any later one bears witness to all before it.
                place.pending.remove(1);
            }
            place.pending.push((now, note.clone()));
        }
        self.count(|stats| stats.checkpoints += 1);
    }

    /// Sequence behind the last record, and its chain hash.
    fn end(&self, state: &State) -> Option<(u64, Digest)> {
        let open = state.open.as_ref().map(|open| (open.next(), open.chain));
        open.or_else(|| self.statements.last().map(|statement| (statement.next, statement.chain)))
    }

    fn deliver(&mut self) {
        let (mut behind, mut since, mut failures) = (0, 0, 0);
        let signatures = self.evidence.keys.as_ref().map_or(0, |keys| keys.public().len());
        for place in &mut self.places {
            failures += u64::from(place.deliver(signatures).is_err());
            behind = behind.max(place.pending.len() as u64);
            if let Some((made, _)) = place.pending.first() {
                since = if since == 0 { *made } else { since.min(*made) };
            }
        }
        self.count(|stats| {
            stats.failures += failures;
            (stats.behind, stats.behind_since) = (behind, since);
        });
    }

    /// Removes the segments of slices that are over; only what a checkpoint covers at every place, and only after the
    /// record of it is durable.
    fn expire(&mut self) -> io::Result<()> {
        let retention = &self.evidence.retention;
        let is_witnessed = self.last.is_some_and(|(_, slices)| slices == self.tree.size())
            && self.written == Some(self.tree.size())
            && self.places.iter().all(|place| place.pending.is_empty());
        if retention.is_for_ever() || self.is_broken || !is_witnessed {
            return Ok(());
        }
        let now = record::now().as_microsecond();
        let is_there = |number: u64| self.dir.join(format::name(number)).try_exists();
        let unshipped =
            self.evidence.unshipped.as_ref().map_or(u64::MAX, |from| from.load(Ordering::Relaxed));
        let (mut over, mut gone) = (Vec::new(), Vec::new());
        for statement in &self.statements {
            let number = statement.number;
            if !is_there(number)? {
                gone.push(number);
            } else if let Ok(index) = Index::open(&self.beside, number)
                && retention.is_over(statement, &index.latest, now)
                && number < unshipped
            {
                over.push(number);
                gone.push(number);
            }
        }
        if over.is_empty() {
            return Ok(());
        }
        let detail = BTreeMap::from([
            (retention::SLICES.to_owned(), retention::ranges(&gone)),
            ("now".to_owned(), retention::ranges(&over)),
        ]);
        let event = record::json(&record::event(retention::EVENT, detail));
        self.queue.push(&event, None).map_err(io::Error::other)?;
        self.queue.flush(TICK).map_err(io::Error::other)?;
        for number in over {
            std::fs::remove_file(self.dir.join(format::name(number)))?;
            let _ = std::fs::remove_file(self.beside.join(index::name(number)));
        }
        File::open(&self.dir)?.sync_all()
    }

    /// Whether the log still bears out the last checkpoint of each place: it does not after its tail was cut, or an older
    /// copy was put in its place. That is recorded; nobody who could do it can undo the record without being seen again.
    fn look_back(&self, state: &State) {
        let end = self.end(state).map_or(0, |(next, _)| next);
        for place in &self.places {
            let text = std::fs::read_to_string(&place.path).unwrap_or_default();
            let mut notes = Note::read_all(&text).into_iter().rev();
            let Some(last) = notes.find_map(|(_, note)| note.ok()) else { continue };
            let Checkpoint { stream, records, slices, .. } = last.checkpoint;
            if stream == self.stream && records <= end && slices <= self.tree.size() {
                continue;
            }
            self.count(|stats| stats.contradicted += 1);
            let detail = BTreeMap::from([
                ("file".to_owned(), place.path.display().to_string()),
                ("records".to_owned(), records.to_string()),
                ("found".to_owned(), end.to_string()),
            ]);
            // A full queue loses this note as any other: counted, and the count recorded.
            let _ = self.queue.push(&record::json(&record::event("checkpoint-contradicted", detail)), None);
        }
    }

    fn count(&self, change: impl FnOnce(&mut EvidenceStats)) {
        change(&mut self.stats.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// The directory beside a log's own in which all is that bears witness to it or helps to read it: `audit.evidence` beside
/// `audit`. The log's own directory holds segments only.
pub fn evidence_dir(dir: &Path) -> PathBuf {
    match dir.file_name() {
        Some(name) => dir.with_file_name(format!("{}.evidence", name.to_string_lossy())),
        None => dir.join("evidence"),
    }
}

/// Makes a directory that is nobody else's business.
pub(crate) fn make_dir(dir: &Path) -> io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

/// The file of an anchor for this log.
pub fn anchor_file(anchor: &Path, stream: &[u8; 16]) -> PathBuf {
    anchor.join(format!("{}{}", hex::encode(stream), checkpoint::ANCHOR_SUFFIX))
}

impl Place {
    fn deliver(&mut self, signatures: usize) -> io::Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let delivered = self.append(signatures);
        match delivered {
            Ok(()) => self.pending.clear(),
            // A descriptor that failed is never synced again.
            Err(_) => self.file = None,
        }
        delivered
    }

    fn append(&mut self, signatures: usize) -> io::Result<()> {
        let is_there = |file: &File| -> io::Result<bool> {
            let (now, own) = (std::fs::symlink_metadata(&self.path)?, file.metadata()?);
            Ok((now.dev(), now.ino()) == (own.dev(), own.ino()))
        };
        if !self.file.as_ref().is_some_and(|file| is_there(file).unwrap_or(false)) {
            self.file = Some(open_notes(&self.path, signatures)?);
        }
        let Some(file) = &mut self.file else { return Ok(()) };
        let text: String = self.pending.iter().map(|(_, note)| note.as_str()).collect();
        file.write_all(text.as_bytes())?;
        file.sync_data()
    }
}

/// Opens a file of checkpoints behind its last whole one, with so many signatures: what a crash left half written is cut.
fn open_notes(path: &Path, signatures: usize) -> io::Result<File> {
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        make_dir(parent)?;
    }
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true).mode(0o600).custom_flags(libc::O_NOFOLLOW);
    let mut file = options.open(path)?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    if let Some(at) = torn(&bytes, signatures) {
        file.set_len(at as u64)?;
    }
    file.seek(io::SeekFrom::End(0))?;
    if let Some(parent) = path.parent() {
        File::open(parent)?.sync_all()?;
    }
    Ok(file)
}

/// Where a tail begins that a crash left of the last write: a checkpoint without its end, or without all its signatures. A
/// changed checkpoint is no torn one, and stays to be seen.
fn torn(bytes: &[u8], signatures: usize) -> Option<usize> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        // Cut within a character, or changed.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(bytes.get(..error.valid_up_to())?).ok()?
        }
        Err(_) => return None,
    };
    let mut notes = Note::read_all(text);
    let mut torn = (text.len() < bytes.len()).then_some(text.len());
    while let Some((at, note)) = notes.pop() {
        match note {
            Err(BadNote::Short) => torn = Some(at),
            Err(_) if text.get(at..).is_some_and(|note| note.contains('\0')) => torn = Some(at),
            Ok(note) if (1..signatures).contains(&note.signatures.len()) => return Some(at),
            Ok(_) | Err(_) => break,
        }
    }
    torn
}

/// Writes behind this many bytes of a file.
fn append(path: &Path, at: u64, bytes: impl FnOnce() -> Vec<u8>) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).custom_flags(libc::O_NOFOLLOW).open(path)?;
    if file.metadata()?.len() != at {
        return Err(io::ErrorKind::InvalidData.into());
    }
    file.seek(io::SeekFrom::Start(at))?;
    file.write_all(&bytes())?;
    file.sync_data()
}

/// Puts a file in place of another, whole or not at all.
pub(crate) fn replace(dir: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let new = dir.join(format!("{name}{}", format::NEW_SUFFIX));
    let _ = std::fs::remove_file(&new);
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(&new)?;
    file.write_all(bytes)?;
    file.sync_data()?;
    std::fs::rename(&new, dir.join(name))?;
    File::open(dir)?.sync_all()
}

/// How soon readings are taken into the log.
const TICK: Duration = Duration::from_secs(1);

/// How often it is looked for slices that are over.
const EXPIRY: Duration = Duration::from_secs(600);

/// Checkpoints that wait for a place; beyond these the older ones give way.
const MAX_PENDING: usize = 1000;
