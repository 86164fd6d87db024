//! Consent as a verifiable credential (T/TSAC 001—2025 §8.2.1.4, §8.2.2.1 h): a W3C credential secured as a JWT, or an
//! SD-JWT VC (RFC 9901), signed by the investor's own DID or by an issuer the firm trusts, and shown by its holder.
//!
//! ```text
//! <credential>~<disclosure>~…~<key-binding JWT>        in `Yingbi-Consent`
//!      │ who signed: did:key, did:jwk, or the registry (did:web)       │ holder's key, audience, nonce, fresh
//!      └ when it holds, not revoked, which purpose, whose              ┘
//! ```
//!
//! Small and strict: sizes are bounded, a key verifies by its own algorithm and no other, JSON that names a member twice
//! is none, what is not understood is not accepted. No network: documents and status lists are files, read again when
//! they change. A credential that does not hold is no consent; it says by a code what is wrong, never what it held.

mod claims;
mod did;
mod disclosures;
mod fault;
mod holder;
mod json;
mod jws;
mod status;
#[cfg(test)]
mod tests;

pub use did::Registry;
pub use fault::Fault;
pub use status::StatusList;

use crate::config::{CredentialIssuer, Credentials};
use arc_swap::ArcSwap;
use claims::Claims;
use did::Resolver;
use holder::Shown;
use jws::Jws;
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use yingbi_crypto::{Pseudonym, hex};

/// Verifies credentials.
pub struct Verifier {
    config: Credentials,
    loaded: ArcSwap<Loaded>,
    shown: Shown,
}

/// What files say.
#[derive(Default)]
struct Loaded {
    registry: Registry,
    lists: HashMap<String, StatusList>,
}

/// What a credential says, once all of it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presented {
    /// Whose consent it is.
    pub subject: Named,
    /// The purpose as policies name it.
    pub purpose: String,
    /// Rows or kinds it covers; empty: all that the purpose needs.
    pub categories: Vec<String>,
    /// Who receives the data; `self` is the firm.
    pub recipient: String,
    /// Version of the notice that was shown.
    pub notice: String,
    /// Given for this purpose alone.
    pub separate: bool,
    /// Given by a guardian, as an issuer says whom the firm trusts.
    pub by_guardian: bool,
    /// When it was given, in seconds since 1970.
    pub given: i64,
    /// Until when it holds, in seconds since 1970.
    pub until: i64,
    /// What records name it by: a digest of what its issuer signed.
    pub reference: Arc<str>,
}

/// How a credential names its investor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// By the identifier that the firm has for them.
    Identifier(String),
    /// By a DID, which must be on record for an investor.
    Did(String),
}

impl Verifier {
    /// Reads what the configuration names.
    ///
    /// # Errors
    /// The path of the file that can't be used.
    pub fn open(config: &Credentials, now: i64) -> Result<Verifier, PathBuf> {
        let loaded = ArcSwap::from_pointee(Loaded::read(config, now)?);
        Ok(Verifier { config: config.clone(), loaded, shown: Shown::default() })
    }

    /// Verifies what a caller presented; `now` in seconds since 1970, by a clock that does not step.
    ///
    /// # Errors
    /// It is no consent; why.
    pub fn verify(&self, text: &str, caller: Option<Pseudonym>, now: i64) -> Result<Presented, Fault> {
        if text.len() > TEXT_BYTES {
            return Err(Fault::TooLarge);
        }
        let loaded = self.loaded.load();
        let (signed, proof) = text.rsplit_once('~').ok_or(Fault::HolderMissing)?;
        let mut parts = signed.split('~');
        let credential = Jws::read(parts.next().unwrap_or_default())?;
        credential.expect_type(&["vc+jwt", "dc+sd-jwt", "vc+sd-jwt", "jwt"])?;

        let resolver = Resolver { registry: &loaded.registry };
        let issuer = claims::issuer(&credential.payload)?;
        let trusted = self.config.issuers.iter().find(|trusted| trusted.id == issuer);
        let names = trusted.map_or(&self.config.sm2_names, |trusted| &trusted.sm2_names);
        let key = resolver.key(issuer, credential.kid.as_deref())?;
        credential.verify(&key, names)?;

        let payload = disclosures::disclosed(&credential.payload, parts)?;
        let claims = Claims::read(&payload, &self.config, trusted, now)?;
        if let Some(entry) = status::entry(&payload)? {
            let list = loaded.lists.get(entry.uri).ok_or(Fault::StatusUnknown)?;
            list.check(&entry, issuer, now)?;
        }
        let holder = holder::key(&payload, claims.did, &resolver)?;
        let nonce = holder::check(proof, signed, (&holder, &self.config), now)?;
        let presented = claims.presented(issuer, trusted, reference(&credential))?;
        self.shown.once_to(caller, &nonce, now, self.config.max_age.as_secs())?;
        Ok(presented)
    }

    /// Reads files again as they change, in a thread of its own.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn watch(self: &Arc<Self>) -> std::io::Result<()> {
        let verifier = Arc::clone(self);
        let mut seen = verifier.stamps();
        let watch = move || {
            loop {
                std::thread::sleep(POLL);
                let stamps = verifier.stamps();
                if stamps == seen {
                    continue;
                }
                seen = stamps;
                match Loaded::read(&verifier.config, now()) {
                    Ok(loaded) => {
                        tracing::info!("documents and status lists of credentials read");
                        verifier.loaded.store(Arc::new(loaded));
                    }
                    Err(file) => {
                        // What rules is what was read before, until each list's own time is over.
                        tracing::error!(file = %file.display(), "a file of credentials can't be used, the old ones stay");
                    }
                }
            }
        };
        std::thread::Builder::new().name("yingbi-credentials".to_owned()).spawn(watch).map(drop)
    }

    fn stamps(&self) -> Vec<Option<(SystemTime, u64, u64)>> {
        use std::os::unix::fs::MetadataExt as _;
        let stamp = |file: &PathBuf| {
            let metadata = std::fs::metadata(file).ok()?;
            Some((metadata.modified().ok()?, metadata.len(), metadata.ino()))
        };
        self.config.registry.iter().chain(self.config.status_lists.values()).map(stamp).collect()
    }
}

impl Loaded {
    fn read(config: &Credentials, now: i64) -> Result<Loaded, PathBuf> {
        let read = |path: &Path| -> Option<String> {
            let metadata = std::fs::metadata(path).ok().filter(|metadata| metadata.len() <= FILE_BYTES);
            metadata.and_then(|_| std::fs::read_to_string(path).ok())
        };
        let registry = match &config.registry {
            None => Registry::default(),
            Some(path) => {
                let registry = read(path).and_then(|text| Registry::read(&text));
                registry.ok_or_else(|| path.clone())?
            }
        };
        let mut lists = HashMap::new();
        for (uri, path) in &config.status_lists {
            let resolver = Resolver { registry: &registry };
            let list =
                read(path).and_then(|text| StatusList::read(text.trim_ascii(), uri, &resolver, config, now));
            lists.insert(uri.clone(), list.ok_or_else(|| path.clone())?);
        }
        Ok(Loaded { registry, lists })
    }
}

impl CredentialIssuer {
    /// A purpose of theirs as the policies name it; none when they may not speak of it.
    fn purpose<'p>(&'p self, told: &'p str) -> Option<&'p str> {
        match self.purposes.is_empty() {
            true => Some(told),
            false => self.purposes.get(told).map(String::as_str),
        }
    }
}

/// A digest of what an issuer signed: it names the credential and tells nothing of it.
fn reference(credential: &Jws<'_>) -> Arc<str> {
    let digest: [u8; 32] =
        Sha256::new().chain_update(b"yingbi/consent/1").chain_update(credential.text).finalize().into();
    let short = digest.first_chunk::<16>().copied().unwrap_or_default();
    format!("vc-{}", hex::encode(&short)).into()
}

fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

/// As long as a header's value may be; credentials of two signatures and some disclosures take two.
const TEXT_BYTES: usize = 8 << 10;
/// A status list of a million holders takes at most 128 KiB.
const FILE_BYTES: u64 = 8 << 20;
/// How often files are looked at: what is revoked there rules within a second.
const POLL: Duration = Duration::from_millis(400);
