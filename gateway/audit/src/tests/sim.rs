//! A disk in memory that fails on command and loses what was not synced when the power goes.

use crate::disk::{Disk, DiskFile, Identity};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};

/// What goes wrong at one call, or from it on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The power goes: this call and all later ones fail.
    Cut,
    /// The call fails once, having done nothing.
    Fails(io::ErrorKind),
    /// A write writes some bytes, then fails; other calls just fail.
    Partly(io::ErrorKind),
    /// This call and all later ones of its kind fail.
    Stays(io::ErrorKind),
    /// A write writes one byte less than asked, which is no failure.
    Short,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Look,
    Read,
    Open,
    Create,
    Rename,
    Remove,
    SyncNames,
    Write,
    Sync,
    Truncate,
}

#[derive(Clone, Default)]
struct File {
    durable: Vec<u8>,
    content: Vec<u8>,
    unsynced: Vec<Change>,
}

#[derive(Clone)]
enum Change {
    Write(usize, Vec<u8>),
    Truncate(usize),
}

#[derive(Default)]
struct State {
    files: Vec<File>,
    durable_names: BTreeMap<String, usize>,
    names: BTreeMap<String, usize>,
    calls: Vec<Call>,
    fault: Option<(usize, Fault)>,
    /// Kind of call that keeps failing.
    stays: Option<(Call, io::ErrorKind)>,
    is_cut: bool,
    hangs: bool,
}

/// The disk; clones are the same one.
#[derive(Clone, Default)]
pub(crate) struct Sim {
    state: Arc<Mutex<State>>,
    released: Arc<Condvar>,
}

/// xorshift64*: trials must repeat.
pub(crate) struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % bound.max(1)
    }
}

impl Sim {
    /// Lets the call of this number, from now on, go wrong.
    pub fn fault(&self, after: usize, fault: Fault) {
        let mut state = self.state.lock().unwrap();
        let at = state.calls.len() + after;
        state.fault = Some((at, fault));
    }

    pub fn heal(&self) {
        let mut state = self.state.lock().unwrap();
        (state.fault, state.stays) = (None, None);
    }

    /// Calls so far.
    pub fn calls(&self) -> Vec<Call> {
        self.state.lock().unwrap().calls.clone()
    }

    /// Whether a text stands in what would outlive the power.
    pub fn is_durable(&self, text: &str) -> bool {
        let state = self.state.lock().unwrap();
        let mut files = state.durable_names.values().map(|file| &state.files[*file].durable);
        files.any(|bytes| bytes.windows(text.len()).any(|window| window == text.as_bytes()))
    }

    /// Whether the fault has struck.
    pub fn has_struck(&self) -> bool {
        let state = self.state.lock().unwrap();
        state.fault.is_none_or(|(at, _)| state.calls.len() > at)
    }

    /// Syncs of files hang from now on, or go on.
    pub fn hang(&self, hangs: bool) {
        self.state.lock().unwrap().hangs = hangs;
        self.released.notify_all();
    }

    /// The disk after the power came back: what was synced, and any part of what was not.
    pub fn after_power_cut(&self, random: &mut Random) -> Sim {
        let state = self.state.lock().unwrap();
        let mut names = state.durable_names.clone();
        for (name, file) in &state.names {
            if names.get(name) != Some(file) && random.below(2) == 0 {
                names.insert(name.clone(), *file);
            }
        }
        names.retain(|name, _| state.names.contains_key(name) || random.below(2) == 0);
        let files = state.files.iter().map(|file| file.after_power_cut(random)).collect();
        let state = State { files, durable_names: names.clone(), names, ..State::default() };
        Sim { state: Arc::new(Mutex::new(state)), released: Arc::default() }
    }

    /// Puts the files as they are now into a directory.
    pub fn copy_to(&self, dir: &Path) {
        let _ = std::fs::remove_dir_all(dir);
        std::fs::create_dir_all(dir).unwrap();
        let state = self.state.lock().unwrap();
        for (name, file) in &state.names {
            std::fs::write(dir.join(name), &state.files[*file].content).unwrap();
        }
    }

    fn call(&self, call: Call) -> io::Result<Option<Fault>> {
        let mut state = self.state.lock().unwrap();
        let number = state.calls.len();
        state.calls.push(call);
        if state.is_cut {
            return Err(io::Error::other("the power is gone"));
        }
        if let Some((kept, kind)) = state.stays
            && kept == call
        {
            return Err(kind.into());
        }
        match state.fault {
            Some((at, fault)) if at == number => match fault {
                Fault::Cut => {
                    state.is_cut = true;
                    Err(io::Error::other("the power is gone"))
                }
                Fault::Fails(kind) => Err(kind.into()),
                Fault::Stays(kind) => {
                    state.stays = Some((call, kind));
                    Err(kind.into())
                }
                Fault::Partly(kind) if call != Call::Write => Err(kind.into()),
                Fault::Partly(_) | Fault::Short => Ok(Some(fault)),
            },
            _ => Ok(None),
        }
    }

    fn find(&self, name: &str) -> io::Result<usize> {
        self.state.lock().unwrap().names.get(name).copied().ok_or(io::ErrorKind::NotFound.into())
    }

    fn describe(&self, file: usize) -> Identity {
        let length = self.state.lock().unwrap().files[file].content.len() as u64;
        Identity { inode: file as u64, links: 1, length, ..Identity::default() }
    }
}

impl File {
    fn after_power_cut(&self, random: &mut Random) -> File {
        let mut content = self.durable.clone();
        for change in &self.unsynced {
            match change {
                Change::Truncate(length) if random.below(2) == 0 => content.resize(*length, 0),
                Change::Truncate(_) => {}
                Change::Write(offset, bytes) => match random.below(4) {
                    0 => {}
                    1 => put(&mut content, *offset, bytes),
                    2 => put(&mut content, *offset, &bytes[..random.below(bytes.len())]),
                    _ => {
                        // Sectors reach the disk in any order; the file may have its new length at once.
                        if random.below(2) == 0 && content.len() < offset + bytes.len() {
                            content.resize(offset + bytes.len(), 0);
                        }
                        let mut start = 0;
                        while start < bytes.len() {
                            let end = (start + SECTOR - (offset + start) % SECTOR).min(bytes.len());
                            if random.below(2) == 0 {
                                put(&mut content, offset + start, &bytes[start..end]);
                            }
                            start = end;
                        }
                    }
                },
            }
        }
        File { durable: content.clone(), content, unsynced: Vec::new() }
    }
}

fn put(content: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    if content.len() < offset + bytes.len() {
        content.resize(offset + bytes.len(), 0);
    }
    content[offset..offset + bytes.len()].copy_from_slice(bytes);
}

impl Disk for Sim {
    fn names(&self) -> io::Result<Vec<String>> {
        self.call(Call::Look)?;
        Ok(self.state.lock().unwrap().names.keys().cloned().collect())
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        self.call(Call::Read)?;
        let file = self.find(name)?;
        Ok(self.state.lock().unwrap().files[file].content.clone())
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        self.call(Call::Open)?;
        Ok(Box::new(Handle { sim: self.clone(), file: self.find(name)?, failed: false }))
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        self.call(Call::Create)?;
        if self.find(name).is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let mut state = self.state.lock().unwrap();
        let file = state.files.len();
        state.files.push(File::default());
        state.names.insert(name.to_owned(), file);
        Ok(Box::new(Handle { sim: self.clone(), file, failed: false }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.call(Call::Rename)?;
        let mut state = self.state.lock().unwrap();
        let file = state.names.remove(from).ok_or(io::ErrorKind::NotFound)?;
        assert!(!state.names.contains_key(to), "a rename must replace nothing");
        state.names.insert(to.to_owned(), file);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.call(Call::Remove)?;
        let removed = self.state.lock().unwrap().names.remove(name);
        removed.map(|_| ()).ok_or(io::ErrorKind::NotFound.into())
    }

    fn sync(&self) -> io::Result<()> {
        self.call(Call::SyncNames)?;
        let mut state = self.state.lock().unwrap();
        state.durable_names = state.names.clone();
        Ok(())
    }

    fn identity(&self, name: &str) -> io::Result<Identity> {
        self.call(Call::Look)?;
        Ok(self.describe(self.find(name)?))
    }
}

struct Handle {
    sim: Sim,
    file: usize,
    failed: bool,
}

impl DiskFile for Handle {
    fn write_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        let fault = self.sim.call(Call::Write)?;
        let length = match fault {
            None => bytes.len(),
            Some(Fault::Short) => bytes.len().div_ceil(2),
            // File systems copy page by page: what a failed write leaves ends with one, or within its first.
            Some(_) => match offset as usize + bytes.len() / 3 {
                end if end / SECTOR > offset as usize / SECTOR => end / SECTOR * SECTOR - offset as usize,
                _ => bytes.len() / 3,
            },
        };
        let mut state = self.sim.state.lock().unwrap();
        let file = &mut state.files[self.file];
        put(&mut file.content, offset as usize, &bytes[..length]);
        file.unsynced.push(Change::Write(offset as usize, bytes[..length].to_vec()));
        match fault {
            Some(Fault::Partly(kind)) => Err(kind.into()),
            _ => Ok(length),
        }
    }

    fn sync(&mut self) -> io::Result<()> {
        assert!(!self.failed, "a descriptor must not be synced again after a failed sync");
        let called = self.sim.call(Call::Sync);
        self.failed = called.is_err();
        called?;
        let mut state = self.sim.state.lock().unwrap();
        while state.hangs {
            state = self.sim.released.wait(state).unwrap();
        }
        let file = &mut state.files[self.file];
        file.durable = file.content.clone();
        file.unsynced.clear();
        Ok(())
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.sim.call(Call::Truncate)?;
        let mut state = self.sim.state.lock().unwrap();
        let file = &mut state.files[self.file];
        file.content.resize(length as usize, 0);
        file.unsynced.push(Change::Truncate(length as usize));
        Ok(())
    }

    fn identity(&self) -> io::Result<Identity> {
        self.sim.call(Call::Look)?;
        Ok(self.sim.describe(self.file))
    }
}

const SECTOR: usize = 512;
