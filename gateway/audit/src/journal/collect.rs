//! Puts a log's pieces down again: byte by byte the files that they were read from, to search, to verify and to prove from
//! as where they were written.

use super::{Cursor, Kind, Piece};
use crate::notary::make_dir;
use crate::{evidence_dir, format};
use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use yingbi_crypto::hex;

/// Copies of logs below a directory, in order of their streams: the directories whose names are stream ids.
///
/// # Errors
/// The directory can't be read.
pub fn logs(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut logs = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() && stream(&entry.file_name().to_string_lossy()).is_some() {
            logs.push(entry.path());
        }
    }
    logs.sort_unstable();
    Ok(logs)
}

fn stream(name: &str) -> Option<[u8; 16]> {
    hex::decode(name).filter(|stream| hex::encode(stream) == name)
}

/// A copy of a log that grows.
pub struct Collected {
    dir: PathBuf,
    cursor: Cursor,
    files: HashMap<(Kind, u64), File>,
}

/// A piece that is missing, or not the one that comes next.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("piece {place} is missing, or another stands there: {file} goes on at byte {byte}, not {expected}")]
pub struct Gap {
    /// Which piece.
    pub place: u64,
    /// Name of its file.
    pub file: String,
    /// Where the piece that came belongs.
    pub byte: u64,
    /// Where one should.
    pub expected: u64,
}

impl Collected {
    /// Goes on with the copy of a log below `below`, or begins it. What a crash left half written is taken back.
    ///
    /// # Errors
    /// It can't be written there.
    pub fn open(below: &Path, stream: &[u8; 16]) -> io::Result<Collected> {
        let dir = below.join(hex::encode(stream));
        make_dir(&dir)?;
        make_dir(&evidence_dir(&dir))?;
        let cursor = match std::fs::read_to_string(evidence_dir(&dir).join(FILE)) {
            Ok(text) => text.trim_end().parse().map_err(io::Error::other)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Cursor::default(),
            Err(error) => return Err(error),
        };
        let collected = Collected { dir, cursor, files: HashMap::new() };
        collected.take_back()?;
        Ok(collected)
    }

    /// Its directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where it stands.
    pub fn cursor(&self) -> &Cursor {
        &self.cursor
    }

    /// Takes the piece at a place in. One that doesn't follow is taken all the same, behind what is there: what is wrong
    /// with that the verifier locates.
    ///
    /// # Errors
    /// It can't be written.
    pub fn take(&mut self, place: u64, piece: &Piece) -> io::Result<Option<Gap>> {
        let expected = self.cursor.reach(piece.kind, piece.number).unwrap_or(0);
        let is_next = place == self.cursor.places;
        let follows = self.cursor.pass(piece);
        self.cursor.places = place.saturating_add(1);
        let path = piece.kind.file(&self.dir, piece.number);
        let file = match self.files.entry((piece.kind, piece.number)) {
            std::collections::hash_map::Entry::Occupied(file) => file.into_mut(),
            std::collections::hash_map::Entry::Vacant(place) => place.insert(open(&path)?),
        };
        file.write_all(&piece.bytes)?;
        let name = || path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Ok((!is_next || !follows).then(|| Gap { place, file: name(), byte: piece.byte, expected }))
    }

    /// Makes durable what was taken in.
    ///
    /// # Errors
    /// It can't be written.
    pub fn keep(&mut self) -> io::Result<()> {
        for (_, file) in self.files.drain() {
            file.sync_data()?;
        }
        crate::notary::replace(&evidence_dir(&self.dir), FILE, format!("{}\n", self.cursor).as_bytes())
    }

    /// Cuts what came after the cursor was last kept.
    fn take_back(&self) -> io::Result<()> {
        for kind in Kind::ALL {
            let number = match kind {
                Kind::Segment => self.cursor.segment,
                Kind::Index => self.cursor.index,
                _ => 0,
            };
            let reach = self.cursor.reach(kind, number).unwrap_or(0);
            match OpenOptions::new().write(true).open(kind.file(&self.dir, number)) {
                Ok(file) if file.metadata()?.len() > reach => file.set_len(reach)?,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        let is_later = |name: &str| {
            let index = name.strip_suffix(crate::index::SUFFIX).and_then(|digits| digits.parse::<u64>().ok());
            format::number(name).is_some_and(|number| number > self.cursor.segment)
                || index.is_some_and(|number| number > self.cursor.index)
        };
        for dir in [self.dir.clone(), evidence_dir(&self.dir)] {
            for entry in std::fs::read_dir(dir)? {
                let entry = entry?;
                if is_later(&entry.file_name().to_string_lossy()) {
                    std::fs::remove_file(entry.path())?;
                }
            }
        }
        Ok(())
    }
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    let options = options.write(true).create(true).truncate(false).mode(0o600);
    let mut file = options.custom_flags(libc::O_NOFOLLOW).open(path)?;
    file.seek(io::SeekFrom::End(0))?;
    Ok(file)
}

/// Where the cursor of a copy is kept.
const FILE: &str = "collected";
