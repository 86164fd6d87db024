//! The policies that rule now: loaded from a directory, reloaded as one whole, never half.
//!
//! A request takes [`PolicyStore::current`] once and keeps it to its end, so that it sees one version. A directory that
//! can't be read or does not compile never rules: the set before it stays.

mod classifiers;
mod files;
mod signature;
mod watch;

#[cfg(test)]
mod tests;

pub use files::{read, version};
pub use signature::{SIGNATURE_FILE, sign, verify};
pub use watch::ReloadEvent;

use arc_swap::ArcSwap;
use files::Reading;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use yingbi_crypto::VerifyingKey;
use yingbi_policies::{Diagnostic, PolicySet};

/// Problems, each with the text of the file it stands in (empty where the file could not be read).
pub type Problems = Vec<(Diagnostic, String)>;

/// The policy directory and the set compiled from it.
#[derive(Debug)]
pub struct PolicyStore {
    directory: PathBuf,
    /// Who may let a version rule; empty: whoever can write to the directory.
    signers: Vec<VerifyingKey>,
    current: ArcSwap<PolicySet>,
    /// Held while reloading, so that an older reading never replaces a newer one.
    reloading: Mutex<()>,
}

/// What a reload came to.
#[derive(Debug)]
pub struct Reloaded {
    /// Version that rules now: hex SM3 of names and contents.
    pub version: String,
    /// Version that ruled before.
    pub previous: String,
    /// What a person should know of the new set.
    pub warnings: Problems,
}

impl PolicyStore {
    /// Reads and compiles the directory.
    ///
    /// # Errors
    /// The directory can't be read, holds no policy file, or does not compile: nothing may start with it.
    pub fn open(directory: &Path) -> Result<PolicyStore, Problems> {
        PolicyStore::open_signed(directory, &[])
    }

    /// The same where only what one of these signers stands for may rule, now and later; none: whatever is there.
    ///
    /// # Errors
    /// As [`PolicyStore::open`]; and there is no signature, or not a good one.
    pub fn open_signed(directory: &Path, signers: &[VerifyingKey]) -> Result<PolicyStore, Problems> {
        let (set, _) = judge(files::read_signed(directory)?, directory, signers)?;
        Ok(PolicyStore {
            directory: directory.to_owned(),
            signers: signers.to_vec(),
            current: ArcSwap::from_pointee(set),
            reloading: Mutex::new(()),
        })
    }

    /// The set that rules now. Lock-free; keep it for the whole of one request.
    pub fn current(&self) -> Arc<PolicySet> {
        self.current.load_full()
    }

    /// The directory the policies come from.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Reads and compiles the directory anew and lets it rule, as one step.
    ///
    /// # Errors
    /// As [`PolicyStore::open`]; the set before stays.
    pub fn reload(&self) -> Result<Reloaded, Problems> {
        let _held = self.reloading.lock().unwrap_or_else(PoisonError::into_inner);
        let reading = files::read_signed(&self.directory)?;
        let (set, warnings) = judge(reading, &self.directory, &self.signers)?;
        Ok(self.rule(set, warnings))
    }

    fn rule(&self, set: PolicySet, warnings: Problems) -> Reloaded {
        let version = set.version().to_owned();
        let previous = self.current.swap(Arc::new(set));
        Reloaded { version, previous: previous.version().to_owned(), warnings }
    }
}

/// Reads and compiles a directory; the set's version is [`version`] of what was read. The second part are warnings.
///
/// # Errors
/// As [`PolicyStore::open`].
pub fn load(directory: &Path) -> Result<(PolicySet, Problems), Problems> {
    compile(read(directory)?)
}

/// Compiles what was read, if somebody who may stands for it.
fn judge(
    reading: Reading,
    directory: &Path,
    signers: &[VerifyingKey],
) -> Result<(PolicySet, Problems), Problems> {
    verify(directory, &version(&reading.sources), reading.note.as_deref(), signers)?;
    compile(reading.sources)
}

fn compile(sources: Vec<yingbi_policies::Source>) -> Result<(PolicySet, Problems), Problems> {
    let with_text = |diagnostic: Diagnostic| {
        let source = sources.iter().find(|source| source.name == diagnostic.place.file);
        let text = source.map(|source| source.text.clone()).unwrap_or_default();
        (diagnostic, text)
    };
    match PolicySet::compile(&sources, version(&sources)) {
        Ok((set, mut warnings)) => {
            warnings.extend(classifiers::failed(&set));
            Ok((set, warnings.into_iter().map(with_text).collect()))
        }
        Err(errors) => Err(errors.into_iter().map(with_text).collect()),
    }
}
