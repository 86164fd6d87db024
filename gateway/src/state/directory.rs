//! What the firm knows of callers beyond their proofs: a directory file, read again when it changes, so that whoever left
//! is out at once whatever their tokens say (T/TSAC 001—2025 §7.3 b, A12); and network zones, by address (§7.5 d, e).
//!
//! A directory that can't be read, or is half written, never rules: the one before it stays, and that is said.

use crate::config::{DirectoryEntry, Zone, read_directory};
use arc_swap::ArcSwap;
use std::collections::HashMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use yingbi_policies::{CallerFact, CallerFacts, Certificate};

/// What is known of callers.
pub struct Directory {
    file: Option<PathBuf>,
    entries: ArcSwap<HashMap<String, DirectoryEntry>>,
    zones: Vec<Zone>,
}

/// Why a caller is not let in whatever they present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Out {
    /// Their account is closed.
    Left,
    /// Their account is bound to other devices.
    Device,
}

impl Directory {
    /// A directory that was read already.
    pub fn new(file: Option<PathBuf>, entries: Vec<DirectoryEntry>, zones: Vec<Zone>) -> Directory {
        Directory { file, entries: ArcSwap::from_pointee(by_id(entries)), zones }
    }

    /// What is known of a caller at an address, with a device of these names.
    ///
    /// # Errors
    /// They have left, or come from a device that is not theirs.
    pub fn facts(
        &self,
        caller: &str,
        address: Option<IpAddr>,
        device: Option<&Certificate>,
    ) -> Result<CallerFacts, Out> {
        let mut facts = CallerFacts::UNKNOWN;
        let entries = self.entries.load();
        if let Some(entry) = entries.get(caller) {
            if entry.has_left {
                return Err(Out::Left);
            }
            if !entry.devices.is_empty() {
                let device = device.and_then(|device| entry.devices.iter().find(|own| is_of(own, device)));
                facts.set(CallerFact::Device, device.ok_or(Out::Device)?.clone());
            }
            for (fact, value) in &entry.facts {
                facts.set(*fact, value.clone());
            }
        }
        let zone = address.and_then(|address| self.zones.iter().find(|zone| zone.holds(address)));
        if let Some(zone) = zone {
            facts.set(CallerFact::Zone, zone.name.clone());
        }
        Ok(facts)
    }

    /// Watches the file in a thread of its own.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn watch(self: &Arc<Self>) -> std::io::Result<()> {
        let Some(file) = self.file.clone() else { return Ok(()) };
        let directory = Arc::clone(self);
        let mut seen = stamp(&file);
        let watch = move || {
            loop {
                std::thread::sleep(POLL);
                let now = stamp(&file);
                if now == seen {
                    continue;
                }
                seen = now;
                match read_directory(&file) {
                    Ok(entries) => {
                        tracing::info!(entries = entries.len(), "directory of callers read");
                        directory.entries.store(Arc::new(by_id(entries)));
                    }
                    Err(problem) => {
                        tracing::error!(%problem, "directory of callers refused, the old one stays")
                    }
                }
            }
        };
        std::thread::Builder::new().name("yingbi-directory".to_owned()).spawn(watch).map(drop)
    }
}

fn is_of(name: &str, certificate: &Certificate) -> bool {
    let names = certificate.uris.iter().chain(&certificate.dns_names).chain(&certificate.common_name);
    names.into_iter().any(|own| own == name)
}

fn by_id(entries: Vec<DirectoryEntry>) -> HashMap<String, DirectoryEntry> {
    entries.into_iter().map(|entry| (entry.id.clone(), entry)).collect()
}

/// What changes with the file: renamed over, written or touched.
fn stamp(file: &std::path::Path) -> Option<(SystemTime, u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = std::fs::metadata(file).ok()?;
    Some((metadata.modified().ok()?, metadata.len(), metadata.ino()))
}

/// How often the file is looked at: whoever left is out within a second.
const POLL: Duration = Duration::from_millis(400);
