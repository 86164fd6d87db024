//! The key store: one JSON file of mode 0600 with wrapped data keys, replaced as a whole.
//!
//! Nothing in it is a key in clear. Which key is whose is bound by the check inside each wrapped parcel; a store whose
//! entries contradict each other is refused.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use yingbi_crypto::hex;
use yingbi_crypto::keys::{KeyName, KeyState, is_kid};

/// All data keys of one gateway, wrapped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Store {
    pub(super) format: Format,
    /// Counts changes.
    pub revision: u64,
    /// How the key-encrypting keys of passphrases are made, by their names.
    pub keks: BTreeMap<String, Kdf>,
    /// The keys, oldest first.
    pub keys: Vec<StoredKey>,
    /// The last backup that was made of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backed_up: Option<BackedUp>,
    /// The last backup that was brought into it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restored: Option<BackedUp>,
}

/// A backup that was made or brought back: the running gateway tells the access log of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackedUp {
    /// RFC 3339.
    pub at: String,
    /// How many keys it holds, or brought.
    pub keys: usize,
}

impl BackedUp {
    /// Now, of so many keys.
    pub fn now(keys: usize) -> BackedUp {
        BackedUp { at: crate::exchange::record::now(), keys }
    }
}

/// Names the format, and so its version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Format {
    #[default]
    #[serde(rename = "yingbi-keystore/1")]
    One,
}

/// Argon2id (RFC 9106) with its parameters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kdf {
    /// 16 random bytes, base64.
    pub argon2id_salt: String,
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes.
    pub passes: u32,
}

/// One data key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredKey {
    /// Id in envelopes.
    pub kid: String,
    /// Category it protects.
    pub category: String,
    /// Counts from 1 within the category.
    pub version: u32,
    /// What it may be used for.
    #[serde(with = "state")]
    pub state: KeyState,
    /// Whether it makes what carries no key id.
    pub lasting: bool,
    /// RFC 3339.
    pub created: String,
    /// Parcels by the name of the key-encrypting key, base64; none once destroyed.
    pub wrapped: BTreeMap<String, String>,
    /// Who destroyed it and why, signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destroyed: Option<super::Destruction>,
}

/// Why a store can't be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is none yet: `yingbi keys init` makes it.
    #[error("there is no key store yet")]
    Missing,
    /// Others may read or change it: `chmod 600`.
    #[error("key store has mode {0:04o}, others can read or change it")]
    Loose(u32),
    /// The file can't be read or written.
    #[error("key store can't be read or written: {}", .0.kind())]
    Disk(#[from] io::Error),
    /// Not a key store, or one whose entries contradict each other: restore a backup.
    #[error("this is no sound key store: {0}")]
    Unsound(&'static str),
}

impl Store {
    /// Reads and checks a store.
    ///
    /// # Errors
    /// It is not there, open to others, or unsound.
    pub fn read(path: &Path) -> Result<Store, StoreError> {
        Store::parse(&Store::bytes(path)?)
    }

    /// The bytes of a store, if only its owner can read them.
    pub(super) fn bytes(path: &Path) -> Result<Vec<u8>, StoreError> {
        let file = File::open(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => StoreError::Missing,
            _ => StoreError::Disk(error),
        })?;
        let mode = file.metadata()?.permissions().mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(StoreError::Loose(mode));
        }
        let mut bytes = Vec::new();
        file.take(STORE_BYTES + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > STORE_BYTES { Err(StoreError::Unsound("too large")) } else { Ok(bytes) }
    }

    /// Checks what was read.
    pub(super) fn parse(bytes: &[u8]) -> Result<Store, StoreError> {
        let store: Store =
            serde_json::from_slice(bytes).map_err(|_| StoreError::Unsound("not its format"))?;
        let (mut kids, mut versions, mut active) = (HashSet::new(), HashSet::new(), HashSet::new());
        for key in &store.keys {
            let category = key.category.as_str();
            let unsound = match () {
                () if !is_kid(&key.kid) => "an id is none",
                () if !kids.insert(key.kid.as_str()) => "an id stands twice",
                () if key.version == 0 || !versions.insert((category, key.version)) => {
                    "a version stands twice"
                }
                () if key.state == KeyState::Active && !active.insert(category) => {
                    "a category has two active keys"
                }
                () if (key.state == KeyState::Destroyed) != key.wrapped.is_empty() => {
                    "a destroyed key is there, or another is not"
                }
                () if (key.state == KeyState::Destroyed) != key.destroyed.is_some() => {
                    "a destroyed key has no record, or another has one"
                }
                () => continue,
            };
            return Err(StoreError::Unsound(unsound));
        }
        let is_bounded = |kdf: &Kdf| kdf.memory_kib <= MEMORY_KIB_MOST && kdf.passes <= PASSES_MOST;
        if !store.keks.values().all(is_bounded) {
            return Err(StoreError::Unsound("a passphrase would take too long"));
        }
        Ok(store)
    }

    /// Replaces the file as a whole: written beside it, synced, renamed. What stood there before is overwritten with
    /// zeros, as far as the file system writes in place.
    ///
    /// # Errors
    /// The place can't be written; the old file stays.
    pub fn write(&self, path: &Path, _held: &Held) -> Result<(), StoreError> {
        let text = serde_json::to_vec_pretty(self).map_err(io::Error::from)?;
        let mut suffix = [0; 6];
        getrandom::fill(&mut suffix).map_err(|_| io::Error::other("no random numbers"))?;
        let beside = with_suffix(path, &format!(".{}", hex::encode(&suffix)));
        let before = OpenOptions::new().write(true).open(path).ok();
        let written = (|| {
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
            // Whoever runs the command, the gateway's user goes on reading what it could read.
            if let Some(owner) = before.as_ref().map(File::metadata).transpose()?
                && owner.uid() != file.metadata()?.uid()
            {
                std::os::unix::fs::fchown(&file, Some(owner.uid()), Some(owner.gid()))?;
            }
            file.write_all(&text)?;
            file.sync_all()?;
            std::fs::rename(&beside, path)?;
            File::open(directory(path))?.sync_all()
        })();
        if let Err(error) = written {
            let _ = std::fs::remove_file(&beside);
            return Err(error.into());
        }
        if let Some(before) = before {
            // Best effort: journals and flash keep copies, which is why what stood there was wrapped.
            let _ = overwrite(before);
        }
        Ok(())
    }

    /// The key of this id.
    pub fn key(&self, kid: &str) -> Option<&StoredKey> {
        self.keys.iter().find(|key| key.kid == kid)
    }
}

impl StoredKey {
    /// What may be shown of it.
    pub fn name(&self) -> KeyName {
        KeyName { kid: self.kid.clone(), category: self.category.clone(), version: self.version }
    }

    /// The parcel that this key-encrypting key wrapped.
    pub fn wrapped_by(&self, kek: &str) -> Option<Vec<u8>> {
        BASE64.decode(self.wrapped.get(kek)?).ok()
    }

    pub(super) fn wrap(&mut self, kek: &str, parcel: &[u8]) {
        self.wrapped.insert(kek.to_owned(), BASE64.encode(parcel));
    }
}

impl Kdf {
    /// The parameters that RFC 9106 recommends where memory is scarce, with a new salt.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn new() -> io::Result<Kdf> {
        let mut salt = [0; 16];
        getrandom::fill(&mut salt).map_err(|_| io::Error::other("no random numbers"))?;
        Ok(Kdf { argon2id_salt: BASE64.encode(salt), memory_kib: 65_536, passes: 3 })
    }

    pub(super) fn salt(&self) -> Option<Vec<u8>> {
        BASE64.decode(&self.argon2id_salt).ok().filter(|salt| salt.len() >= 8)
    }
}

/// The right to change a store: one process at a time has it.
#[derive(Debug)]
pub struct Held(#[expect(dead_code, reason = "the lock ends with the file")] File);

impl Held {
    /// Waits for the right.
    ///
    /// # Errors
    /// The directory can't be written.
    pub fn take(store: &Path) -> Result<Held, StoreError> {
        let path = with_suffix(store, ".lock");
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
        file.lock()?;
        Ok(Held(file))
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn directory(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn overwrite(mut file: File) -> io::Result<()> {
    let length = file.metadata()?.len();
    io::copy(&mut io::repeat(0).take(length), &mut file)?;
    file.sync_all()
}

mod state {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};
    use std::borrow::Cow;
    use yingbi_crypto::keys::KeyState;

    pub(super) fn serialize<S: Serializer>(state: &KeyState, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(state.name())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<KeyState, D::Error> {
        let name = Cow::<str>::deserialize(from)?;
        KeyState::from_name(&name).ok_or_else(|| D::Error::custom("no state of a key"))
    }
}

/// Thousands of keys; a larger file is none of ours.
const STORE_BYTES: u64 = 8 << 20;
/// 1 GiB and 16 passes: whoever can write the store must not be able to hold up the gateway.
const MEMORY_KIB_MOST: u32 = 1 << 20;
const PASSES_MOST: u32 = 16;
