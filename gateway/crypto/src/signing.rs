//! Signatures of checkpoints: SM2 (GB/T 32918.2, for those who must) and Ed25519 (RFC 8032, for everybody's tools), as
//! C2SP signed notes name and carry them.
//!
//! ```
//! use yingbi_crypto::{SigningKeys, VerifyingKey};
//!
//! let keys = SigningKeys::from_secret(&[7; 32]).unwrap();
//! let public: Vec<VerifyingKey> = keys.public().iter().map(|key| key.to_string().parse().unwrap()).collect();
//! for signature in keys.sign(b"text") {
//!     let key = public.iter().find(|key| key.id() == signature.id).unwrap();
//!     assert!(key.verifies(b"text", &signature.bytes) && !key.verifies(b"test", &signature.bytes));
//! }
//! ```

use crate::{hex, hmac_sm3, sm3};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::Signer as _;
use sha2::Digest as _;
use sm2::dsa::signature::{Signer as _, Verifier as _};
use std::fmt;
use std::str::FromStr;
use zeroize::Zeroizing;

/// What a signature is made by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// Ed25519, RFC 8032.
    Ed25519,
    /// SM2 over SM3, GB/T 32918.2, with the identity of GM/T 0009 (`1234567812345678`).
    Sm2,
}

/// The secret keys of one signer, both made from one secret. `Debug` shows nothing of them.
#[derive(Clone)]
pub struct SigningKeys {
    ed25519: ed25519_dalek::SigningKey,
    sm2: sm2::dsa::SigningKey,
    public: [VerifyingKey; 2],
}

/// A signature and the key it is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Name of the key.
    pub name: String,
    /// Id of the key.
    pub id: [u8; 4],
    /// 64 bytes: of SM2 `r ‖ s`.
    pub bytes: Vec<u8>,
}

/// A public key with its name, written `NAME+ID+BASE64` on one line (a C2SP verifier key).
#[derive(Clone, PartialEq, Eq)]
pub struct VerifyingKey {
    name: String,
    algorithm: Algorithm,
    key: Vec<u8>,
}

/// Why a text is no public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPublicKey {
    /// Not `NAME+ID+BASE64`.
    #[error("a public key is written `NAME+ID+BASE64`")]
    Shape,
    /// Another algorithm, or no point of its curve.
    #[error("this is no key of Ed25519 or SM2")]
    Key,
    /// The id isn't that of name and key.
    #[error("the key's id does not fit its name and content")]
    Id,
}

impl SigningKeys {
    /// The keys that a secret stands for; `None` for the one secret in 2^128 that is no key of SM2.
    pub fn from_secret(secret: &[u8; 32]) -> Option<Self> {
        let part = |label: &[u8]| Zeroizing::new(hmac_sm3(secret, &[label]));
        let ed25519 = ed25519_dalek::SigningKey::from_bytes(&part(ED25519_LABEL));
        let sm2 = sm2::dsa::SigningKey::from_slice(SM2_IDENTITY, part(SM2_LABEL).as_slice()).ok()?;
        let point = sm2.verifying_key().to_sec1_bytes().into_vec();
        let name = sm3(&[b"yingbi/signer/1", &point]);
        let name = format!("yingbi-{}", hex::encode(name.first_chunk::<8>()?));
        let public =
            [(Algorithm::Ed25519, ed25519.verifying_key().to_bytes().to_vec()), (Algorithm::Sm2, point)]
                .map(|(algorithm, key)| VerifyingKey { name: name.clone(), algorithm, key });
        Some(SigningKeys { ed25519, sm2, public })
    }

    /// One signature by each key. SM2's is left out should its deterministic nonce be unusable, which no message of
    /// ours can bring about but in one case of 2^128.
    pub fn sign(&self, message: &[u8]) -> Vec<Signature> {
        let sm2 = self.sm2.try_sign(message).ok().map(|signature| signature.to_vec());
        let bytes = [Some(self.ed25519.sign(message).to_vec()), sm2];
        let named = self.public.iter().zip(bytes);
        named
            .filter_map(|(key, bytes)| {
                Some(Signature { name: key.name.clone(), id: key.id(), bytes: bytes? })
            })
            .collect()
    }

    /// The public keys.
    pub fn public(&self) -> &[VerifyingKey] {
        &self.public
    }
}

impl VerifyingKey {
    /// A key of SM2 that comes without a name, as in certificates; `None` when it is no uncompressed point of the curve.
    pub fn of_sm2(point: &[u8]) -> Option<Self> {
        let key = VerifyingKey { name: String::new(), algorithm: Algorithm::Sm2, key: point.to_vec() };
        key.is_valid().then_some(key)
    }

    /// The name of the signer.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What signatures of this key are made by.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The first four bytes of SHA-256(name ‖ line feed ‖ algorithm ‖ key), as C2SP has it.
    pub fn id(&self) -> [u8; 4] {
        let mut hash = sha2::Sha256::new();
        hash.update(&self.name);
        hash.update(b"\n");
        hash.update(self.algorithm.prefix());
        hash.update(&self.key);
        let hash: [u8; 32] = hash.finalize().into();
        let [a, b, c, d, ..] = hash;
        [a, b, c, d]
    }

    /// Whether a signature of this key stands under a message.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match self.algorithm {
            Algorithm::Ed25519 => {
                let key = self.key.as_slice().try_into().ok();
                let key = key.and_then(|key| ed25519_dalek::VerifyingKey::from_bytes(key).ok());
                let signature = ed25519_dalek::Signature::from_slice(signature).ok();
                key.zip(signature)
                    .is_some_and(|(key, signature)| key.verify_strict(message, &signature).is_ok())
            }
            Algorithm::Sm2 => {
                let key = sm2::dsa::VerifyingKey::from_sec1_bytes(SM2_IDENTITY, &self.key).ok();
                let signature = sm2::dsa::Signature::from_slice(signature).ok();
                key.zip(signature).is_some_and(|(key, signature)| key.verify(message, &signature).is_ok())
            }
        }
    }

    fn is_valid(&self) -> bool {
        match self.algorithm {
            Algorithm::Ed25519 => {
                let key = self.key.as_slice().try_into().ok();
                key.is_some_and(|key| {
                    ed25519_dalek::VerifyingKey::from_bytes(key).is_ok_and(|key| !key.is_weak())
                })
            }
            Algorithm::Sm2 => {
                self.key.len() == SM2_POINT_BYTES
                    && sm2::dsa::VerifyingKey::from_sec1_bytes(SM2_IDENTITY, &self.key).is_ok()
            }
        }
    }
}

impl Algorithm {
    /// What stands before a key in its text; SM2 has no number of its own there, so it has a name behind 0xff.
    fn prefix(self) -> &'static [u8] {
        match self {
            Algorithm::Ed25519 => &[1],
            Algorithm::Sm2 => b"\xffSM2-with-SM3",
        }
    }
}

impl FromStr for VerifyingKey {
    type Err = InvalidPublicKey;

    fn from_str(text: &str) -> Result<Self, InvalidPublicKey> {
        let mut parts = text.trim_ascii().splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(InvalidPublicKey::Shape);
        };
        if name.is_empty() || name.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(InvalidPublicKey::Shape);
        }
        let id = hex::decode::<4>(id).ok_or(InvalidPublicKey::Shape)?;
        let bytes = BASE64.decode(key).map_err(|_| InvalidPublicKey::Shape)?;
        let found = [Algorithm::Ed25519, Algorithm::Sm2].into_iter().find_map(|algorithm| {
            bytes.strip_prefix(algorithm.prefix()).map(|key| (algorithm, key.to_vec()))
        });
        let (algorithm, key) = found.ok_or(InvalidPublicKey::Key)?;
        let key = VerifyingKey { name: name.to_owned(), algorithm, key };
        match () {
            () if !key.is_valid() => Err(InvalidPublicKey::Key),
            () if key.id() != id => Err(InvalidPublicKey::Id),
            () => Ok(key),
        }
    }
}

impl fmt::Display for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = BASE64.encode([self.algorithm.prefix(), &self.key].concat());
        write!(f, "{}+{}+{key}", self.name, hex::encode(&self.id()))
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKeys").field("public", &self.public).finish_non_exhaustive()
    }
}

const ED25519_LABEL: &[u8] = b"yingbi/signing/ed25519/1";
const SM2_LABEL: &[u8] = b"yingbi/signing/sm2/1";
/// The identity that GM/T 0009 gives signers who agreed on none.
pub(crate) const SM2_IDENTITY: &str = "1234567812345678";
/// An uncompressed point.
const SM2_POINT_BYTES: usize = 65;

#[cfg(test)]
mod tests;
