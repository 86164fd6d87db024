//! Room on the log's disk, and what is given up as it grows less (failure F6): first nothing but a word, then accesses to
//! nothing above level 2, then all. Some room is kept back from the start, so that the records that say so, and how
//! accesses under way ended, have a place all the same.

use nix::fcntl::posix_fallocate;
use nix::sys::statvfs::statvfs;
use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicU8, Ordering};

/// Name of the file that keeps room back.
pub const FILE: &str = "spare";

/// How much room there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Room {
    /// Enough.
    #[default]
    Ample,
    /// Less than 15 %: somebody should look after it.
    Scarce,
    /// Less than 5 %: what holds nothing above level 2 is refused.
    Low,
    /// Less than 2 %: everything is refused.
    Gone,
}

/// The room there is now, as all appenders see it.
#[derive(Debug, Default)]
pub(crate) struct Gauge(AtomicU8);

impl Room {
    /// Of a disk with so many bytes free and in all. A large disk's few percents are plenty, so the shares are bounded.
    pub fn of(free: u64, total: u64) -> Self {
        let is_below = |percent: u64, most: u64| free < (total / 100).saturating_mul(percent).min(most);
        match () {
            () if is_below(2, 1 << 30) => Room::Gone,
            () if is_below(5, 4 << 30) => Room::Low,
            () if is_below(15, 32 << 30) => Room::Scarce,
            () => Room::Ample,
        }
    }

    /// Its name in records and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Room::Ample => "ample",
            Room::Scarce => "scarce",
            Room::Low => "low",
            Room::Gone => "gone",
        }
    }
}

impl Gauge {
    pub fn set(&self, room: Room) {
        self.0.store(room as u8, Ordering::Relaxed);
    }

    pub fn room(&self) -> Room {
        match self.0.load(Ordering::Relaxed) {
            0 => Room::Ample,
            1 => Room::Scarce,
            2 => Room::Low,
            _ => Room::Gone,
        }
    }

    /// Whether there is room for a record that somebody waits for; `is_minor` is asked only when that matters.
    pub fn admits(&self, is_minor: impl FnOnce() -> bool) -> bool {
        match self.room() {
            Room::Ample | Room::Scarce => true,
            Room::Low => !is_minor(),
            Room::Gone => false,
        }
    }
}

/// Free bytes for the log, and all of the disk's.
pub(crate) fn look(dir: &Path) -> io::Result<(u64, u64)> {
    let found = statvfs(dir)?;
    let size = found.fragment_size();
    Ok((found.blocks_available().saturating_mul(size), found.blocks().saturating_mul(size)))
}

/// Keeps so much room back; what can't be had is not.
pub(crate) fn keep_back(dir: &Path, bytes: u64) -> io::Result<()> {
    let path = dir.join(FILE);
    if bytes == 0 || path.try_exists()? {
        return Ok(());
    }
    let mut options = OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o600).open(&path)?;
    let kept = posix_fallocate(&file, 0, i64::try_from(bytes).unwrap_or(i64::MAX));
    if kept.is_err() {
        // Half a reserve only fills the disk.
        let _ = std::fs::remove_file(&path);
    }
    kept.map_err(io::Error::from)
}

/// Gives the kept room back to the log.
pub(crate) fn let_go(dir: &Path) {
    // What isn't there can't be given back.
    let _ = std::fs::remove_file(dir.join(FILE));
}

#[cfg(test)]
mod tests;
