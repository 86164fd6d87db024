//! `keys`: secret key files, and who keeps the keys under which data keys are wrapped.

use super::limits::{millis, seconds};
use super::secret::{self, SecretError};
use serde::Deserialize;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use zeroize::Zeroizing;

/// `keys`: secret key files and data keys.
#[derive(Clone, Debug)]
pub struct Keys {
    /// `keys.pseudonym`: 64 hex digits, mode 0600: the key under which investors and callers become pseudonyms in the
    /// audit log. Losing it makes old pseudonyms unsearchable; leaking it makes them guessable.
    pub pseudonym: PathBuf,
    /// `keys.checkpoint`, default `checkpoint.key` beside the pseudonym key: the key that checkpoints of the audit log are
    /// signed with. `None` when it is not named and not there: then they are not signed.
    pub checkpoint: Option<PathBuf>,
    /// Data keys; `None` without `keys.primary`: then whatever is to be encrypted is masked instead.
    pub data: Option<DataKeys>,
}

/// Data keys: where they are kept, and who wraps them.
#[derive(Clone, Debug)]
pub struct DataKeys {
    /// `keys.store`, default `keystore.json` beside the pseudonym key: the wrapped data keys, mode 0600.
    pub store: PathBuf,
    /// `keys.cache_seconds`, default 900: how long data keys stay in use after no key service vouches for them any more.
    pub cache: Duration,
    /// `keys.health_ms`, default 500: how often a key service is asked whether it still vouches.
    pub health: Duration,
    /// `keys.timeout_ms`, default 400: the longest a key service may take; together with `health_ms` below a second, so
    /// that the standby is asked within one (FAILURES F9).
    pub timeout: Duration,
    /// `keys.primary`.
    pub primary: KeyService,
    /// `keys.standby`: asked when the primary does not answer.
    pub standby: Option<KeyService>,
}

impl DataKeys {
    /// The services, the primary first.
    pub fn services(&self) -> impl Iterator<Item = &KeyService> {
        std::iter::once(&self.primary).chain(&self.standby)
    }
}

/// `keys.primary`, `keys.standby`: who keeps a key-encrypting key.
#[derive(Clone, Debug)]
pub struct KeyService {
    /// `kek`: the name under which what it wrapped stands in the store; another key, another name.
    pub kek: String,
    /// How it is reached.
    pub reach: Reach,
}

/// How a key service is reached: exactly one of these keys.
#[derive(Clone, Debug)]
pub enum Reach {
    /// `file`: a key made of a passphrase, in software.
    File(FileService),
    /// `pkcs11`: a module with a PKCS#11 library.
    Pkcs11(Pkcs11Service),
    /// `kms_http`: a service with the API of Vault's transit engine.
    KmsHttp(KmsService),
    /// `sdf`: a module with a GM/T 0018 library.
    Sdf(SdfService),
}

/// `file`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileService {
    /// `passphrase`: at least 12 characters.
    pub passphrase: SecretSource,
}

/// `pkcs11`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pkcs11Service {
    /// `module`: the library.
    pub module: PathBuf,
    /// `token`: label of the token.
    pub token: String,
    /// `key`: label of the secret key on it, which must encrypt and decrypt.
    pub key: String,
    /// `pin`: of the user.
    pub pin: SecretSource,
}

/// `kms_http`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KmsService {
    /// `url`: `https`, or `http` on loopback; `/v1/transit/...` is appended.
    pub url: String,
    /// `mount`, default `transit`.
    #[serde(default = "transit")]
    pub mount: String,
    /// `key`: its name there.
    pub key: String,
    /// `token`: sent as `X-Vault-Token`; read anew for each call, so that an agent may renew it.
    pub token: SecretSource,
    /// `ca`: PEM authorities; without it the public ones.
    #[serde(default)]
    pub ca: Option<PathBuf>,
}

/// `sdf`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SdfService {
    /// `module`: the library.
    pub module: PathBuf,
    /// `kek_index`: of the key-encrypting key in the module.
    pub kek_index: u32,
    /// `kek_algorithm`, default 1025 (`SGD_SM4_ECB`, 0x401): with which it wraps session keys; vendors differ.
    #[serde(default = "sm4_ecb")]
    pub kek_algorithm: u32,
    /// `data_algorithm`, default 1026 (`SGD_SM4_CBC`, 0x402): with which a session key encrypts.
    #[serde(default = "sm4_cbc")]
    pub data_algorithm: u32,
}

/// Where a passphrase, PIN or token comes from: exactly one of these keys.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SecretSource {
    /// `file`: a file closed to others; its first line.
    File(PathBuf),
    /// `env`: an environment variable.
    Env(String),
    /// `credential`: a systemd credential (`LoadCredential=`) of this name.
    Credential(String),
}

/// Why a secret can't be had; never what it is.
#[derive(Debug, thiserror::Error)]
pub enum NoSecret {
    /// Its file.
    #[error("{0}")]
    File(#[from] SecretError),
    /// The environment has no such variable.
    #[error("the environment variable is not set")]
    Env,
    /// Not started with systemd's credentials.
    #[error("CREDENTIALS_DIRECTORY is not set: not started by systemd with `LoadCredential=`")]
    NoCredentials,
    /// Nothing in it, or more than one line of text.
    #[error("it is empty or not one line of text")]
    Empty,
}

impl SecretSource {
    /// The secret, without its line end.
    ///
    /// # Errors
    /// It can't be read, is open to others, or is empty.
    pub fn read(&self) -> Result<Zeroizing<String>, NoSecret> {
        let text = match self {
            SecretSource::File(path) => private_text(path)?,
            SecretSource::Env(name) => Zeroizing::new(std::env::var(name).map_err(|_| NoSecret::Env)?),
            SecretSource::Credential(name) => {
                let directory = std::env::var_os("CREDENTIALS_DIRECTORY").ok_or(NoSecret::NoCredentials)?;
                private_text(&Path::new(&directory).join(name))?
            }
        };
        let line = text.trim_end_matches(['\r', '\n']);
        if line.is_empty() || line.contains(['\r', '\n', '\0']) {
            return Err(NoSecret::Empty);
        }
        Ok(Zeroizing::new(line.to_owned()))
    }

    /// The same with its path counted from this directory.
    pub(super) fn within(self, directory: &Path) -> SecretSource {
        match self {
            SecretSource::File(path) => SecretSource::File(directory.join(path)),
            other => other,
        }
    }
}

fn private_text(path: &Path) -> Result<Zeroizing<String>, NoSecret> {
    let file = File::open(path).map_err(SecretError::from)?;
    secret::private(&file)?;
    let mut text = Zeroizing::new(String::with_capacity(SECRET_BYTES));
    file.take(SECRET_BYTES as u64).read_to_string(&mut text).map_err(SecretError::from)?;
    Ok(text)
}

/// `keys` as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeysFile {
    pub(super) pseudonym: PathBuf,
    #[serde(default)]
    pub(super) checkpoint: Option<PathBuf>,
    #[serde(default)]
    store: Option<PathBuf>,
    #[serde(default = "quarter_hour", rename = "cache_seconds", with = "seconds")]
    cache: Duration,
    #[serde(default = "half_second", rename = "health_ms", with = "millis")]
    health: Duration,
    #[serde(default = "short", rename = "timeout_ms", with = "millis")]
    timeout: Duration,
    #[serde(default)]
    primary: Option<KeyServiceFile>,
    #[serde(default)]
    standby: Option<KeyServiceFile>,
}

/// One key service as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyServiceFile {
    kek: String,
    #[serde(default)]
    file: Option<FileService>,
    #[serde(default)]
    pkcs11: Option<Pkcs11Service>,
    #[serde(default)]
    kms_http: Option<KmsService>,
    #[serde(default)]
    sdf: Option<SdfService>,
}

/// What is wrong with `keys` in itself: where, and what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeysProblem {
    /// Not exactly one way to reach a service.
    NotOne(&'static str),
    /// No name, or the other's name.
    Name(&'static str),
    /// A standby without a primary, or a store without either.
    NoPrimary,
}

impl KeysFile {
    /// The key of checkpoints: beside the other one, unless it is named.
    pub(super) fn checkpoint(&self) -> PathBuf {
        self.checkpoint.clone().unwrap_or_else(|| self.pseudonym.with_file_name("checkpoint.key"))
    }

    /// Data keys with their paths counted from this directory; nothing of what is named is looked at.
    pub(super) fn data(self, directory: &Path) -> Result<Option<DataKeys>, KeysProblem> {
        let store = self.store.clone().unwrap_or_else(|| self.pseudonym.with_file_name("keystore.json"));
        let Some(primary) = self.primary else {
            let lacks = self.standby.is_some() || self.store.is_some();
            return if lacks { Err(KeysProblem::NoPrimary) } else { Ok(None) };
        };
        let primary = primary.service("keys.primary", directory)?;
        let standby = self.standby.map(|standby| standby.service("keys.standby", directory)).transpose()?;
        if standby.as_ref().is_some_and(|standby| standby.kek == primary.kek) {
            return Err(KeysProblem::Name("keys.standby"));
        }
        let store = directory.join(store);
        let (cache, health, timeout) = (self.cache, self.health, self.timeout);
        Ok(Some(DataKeys { store, cache, health, timeout, primary, standby }))
    }
}

impl KeyServiceFile {
    fn service(self, at: &'static str, directory: &Path) -> Result<KeyService, KeysProblem> {
        let is_name = (1..=64).contains(&self.kek.len())
            && self.kek.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        if !is_name {
            return Err(KeysProblem::Name(at));
        }
        let reach = match (self.file, self.pkcs11, self.kms_http, self.sdf) {
            (Some(file), None, None, None) => {
                Reach::File(FileService { passphrase: file.passphrase.within(directory) })
            }
            (None, Some(module), None, None) => Reach::Pkcs11(Pkcs11Service {
                module: directory.join(&module.module),
                pin: module.pin.clone().within(directory),
                ..module
            }),
            (None, None, Some(kms), None) => Reach::KmsHttp(KmsService {
                token: kms.token.clone().within(directory),
                ca: kms.ca.as_ref().map(|ca| directory.join(ca)),
                ..kms
            }),
            (None, None, None, Some(sdf)) => {
                Reach::Sdf(SdfService { module: directory.join(&sdf.module), ..sdf })
            }
            _ => return Err(KeysProblem::NotOne(at)),
        };
        Ok(KeyService { kek: self.kek, reach })
    }
}

fn transit() -> String {
    "transit".to_owned()
}

/// `SGD_SM4_ECB` of GM/T 0006.
fn sm4_ecb() -> u32 {
    0x401
}

/// `SGD_SM4_CBC` of GM/T 0006.
fn sm4_cbc() -> u32 {
    0x402
}

fn quarter_hour() -> Duration {
    Duration::from_secs(900)
}

fn half_second() -> Duration {
    Duration::from_millis(500)
}

fn short() -> Duration {
    Duration::from_millis(400)
}

/// A passphrase or a token, and some grace.
const SECRET_BYTES: usize = 8 << 10;
