//! A data key and the sub-keys that are made of it.

use crate::envelope::{OpenKey, SealKey};
use crate::hkdf::Hkdf;
use std::fmt;
use zeroize::Zeroizing;

/// Which key: what may be shown of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyName {
    /// Id in envelopes, unique among all keys ever made; see [`is_kid`].
    pub kid: String,
    /// Category of Appendix A whose values it protects, by its stable id.
    pub category: String,
    /// Counts from 1 within the category.
    pub version: u32,
}

/// A data key with its secret, wiped when dropped. `Debug` shows its name only.
///
/// Its nonces are made of an instance number and a counter of this value, so it is shared, never made twice with one
/// instance number: whoever reads the secret again draws a new one.
pub struct DataKey {
    name: KeyName,
    secret: Hkdf,
    seal: SealKey,
    open: OpenKey,
}

impl DataKey {
    /// Bytes of a data key's secret.
    pub const SECRET_BYTES: usize = 32;

    /// A key from its secret; `None` when the id is none ([`is_kid`]). `instance` is 32 random bits, drawn anew for every
    /// value that is made: nonces are made of it and a counter.
    pub fn new(
        name: KeyName,
        secret: Zeroizing<[u8; DataKey::SECRET_BYTES]>,
        instance: u32,
    ) -> Option<DataKey> {
        if !is_kid(&name.kid) {
            return None;
        }
        let secret = Hkdf::extract(b"", secret.as_slice());
        let key = sub_key(&secret, b"seal", &name.kid);
        let seal = SealKey::new(&name.kid, &key, instance.to_be_bytes()).ok()?;
        let open = OpenKey::new(&name.kid, &key).ok()?;
        Some(DataKey { name, secret, seal, open })
    }

    /// Id in envelopes.
    pub fn kid(&self) -> &str {
        &self.name.kid
    }

    /// Category whose values it protects.
    pub fn category(&self) -> &str {
        &self.name.category
    }

    /// Version within the category.
    pub fn version(&self) -> u32 {
        self.name.version
    }

    /// Seals fields into envelopes of this key (SM4-GCM).
    pub fn seal(&self) -> &SealKey {
        &self.seal
    }

    /// Opens envelopes of this key.
    pub fn open(&self) -> &OpenKey {
        &self.open
    }

    /// The HMAC-SM3 key of tokens.
    pub fn token(&self) -> Zeroizing<[u8; 32]> {
        sub_key(&self.secret, b"token", &self.name.kid)
    }

    /// The SM4 key of FF1.
    pub fn ff1(&self) -> Zeroizing<[u8; 16]> {
        sub_key(&self.secret, b"ff1", &self.name.kid)
    }

    /// The HMAC-SM3 key of date shifts.
    pub fn shift(&self) -> Zeroizing<[u8; 32]> {
        sub_key(&self.secret, b"shift", &self.name.kid)
    }
}

/// HKDF-SM3 without salt: the secret is uniform.
pub(super) fn sub_key<const N: usize>(secret: &Hkdf, label: &[u8], kid: &str) -> Zeroizing<[u8; N]> {
    secret.key(&[SUB_KEY, label, b"/", kid.as_bytes()])
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataKey").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Whether a text has the shape of a key's id: 8 to 32 lower-case letters and digits. No separator of an envelope.
pub fn is_kid(text: &str) -> bool {
    (8..=32).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

const SUB_KEY: &[u8] = b"yingbi/sub-key/1/";
