//! Public keys of an issuer (RFC 7517): which are usable, and for which algorithm each is pinned.

use super::Reason;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;

/// Usable keys of one set.
pub(crate) struct KeySet {
    keys: Vec<Key>,
}

/// One key and the only algorithm it may verify.
pub(super) struct Key {
    kid: Option<String>,
    pub(super) algorithm: Algorithm,
    pub(super) key: DecodingKey,
}

/// Reads a JWK set; `None` when it is none, too large, or holds no usable key.
///
/// Keys of other types, for encryption, too short or malformed are passed over: issuers publish such beside good ones.
pub(crate) fn usable_keys(bytes: &[u8]) -> Option<KeySet> {
    #[derive(Deserialize)]
    struct Set {
        keys: Vec<serde_json::Value>,
    }
    let Set { keys } = serde_json::from_slice(bytes).ok()?;
    if bytes.len() > SET_BYTES || keys.len() > SET_KEYS {
        return None;
    }
    let keys: Vec<Key> = keys.into_iter().filter_map(Key::read).collect();
    (!keys.is_empty()).then_some(KeySet { keys })
}

impl KeySet {
    /// The key that a token names, if it may verify by the token's algorithm.
    pub(super) fn find(&self, kid: Option<&str>, algorithm: &str) -> Result<&Key, Reason> {
        let named = |key: &&Key| kid.is_none() || key.kid.as_deref() == kid;
        if kid.is_none() && self.keys.len() > 1 {
            return Err(Reason::UnknownKey);
        }
        let mut candidates = self.keys.iter().filter(named).peekable();
        if candidates.peek().is_none() {
            return Err(Reason::UnknownKey);
        }
        candidates.find(|key| name(key.algorithm) == Some(algorithm)).ok_or(Reason::Algorithm)
    }
}

impl Key {
    fn read(value: serde_json::Value) -> Option<Key> {
        #[derive(Deserialize)]
        struct Written {
            kty: String,
            kid: Option<String>,
            alg: Option<String>,
            r#use: Option<String>,
            key_ops: Option<Vec<String>>,
            crv: Option<String>,
            n: Option<String>,
            e: Option<String>,
            x: Option<String>,
            y: Option<String>,
        }
        let jwk: Written = serde_json::from_value(value).ok()?;
        if jwk.r#use.is_some_and(|purpose| purpose != "sig") {
            return None;
        }
        if jwk.key_ops.is_some_and(|operations| !operations.iter().any(|operation| operation == "verify")) {
            return None;
        }
        // The pin: a declared algorithm must fit the key's type; without one each type has a single default. Shared
        // secrets (`oct`) have no place in a published set and are passed over like any unknown type.
        let (allowed, key): (&[Algorithm], DecodingKey) = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
            ("RSA", _) => (&RSA, rsa(jwk.n.as_deref()?, jwk.e.as_deref()?)?),
            ("EC", Some("P-256")) => (&[Algorithm::ES256], ec(jwk.x.as_deref()?, jwk.y.as_deref()?, 32)?),
            ("EC", Some("P-384")) => (&[Algorithm::ES384], ec(jwk.x.as_deref()?, jwk.y.as_deref()?, 48)?),
            ("OKP", Some("Ed25519")) => (&[Algorithm::EdDSA], ed(jwk.x.as_deref()?)?),
            _ => return None,
        };
        let algorithm = match jwk.alg {
            None => *allowed.first()?,
            Some(declared) => *allowed.iter().find(|algorithm| name(**algorithm) == Some(&declared))?,
        };
        Some(Key { kid: jwk.kid, algorithm, key })
    }
}

fn rsa(n: &str, e: &str) -> Option<DecodingKey> {
    let (n, e) = (URL_SAFE_NO_PAD.decode(n).ok()?, URL_SAFE_NO_PAD.decode(e).ok()?);
    let (n, e) = (significant(&n), significant(&e));
    let bits = n.len() * 8 - n.first()?.leading_zeros() as usize;
    let odd = |bytes: &[u8]| bytes.last().is_some_and(|byte| byte & 1 == 1);
    let good =
        (RSA_BITS_LEAST..=RSA_BITS_MOST).contains(&bits) && odd(n) && odd(e) && e.len() <= 4 && e != [1];
    good.then(|| DecodingKey::from_rsa_raw_components(n, e))
}

fn ec(x: &str, y: &str, bytes: usize) -> Option<DecodingKey> {
    let whole = |text: &str| URL_SAFE_NO_PAD.decode(text).is_ok_and(|decoded| decoded.len() == bytes);
    (whole(x) && whole(y)).then(|| DecodingKey::from_ec_components(x, y).ok()).flatten()
}

fn ed(x: &str) -> Option<DecodingKey> {
    let whole = URL_SAFE_NO_PAD.decode(x).is_ok_and(|decoded| decoded.len() == 32);
    whole.then(|| DecodingKey::from_ed_components(x).ok()).flatten()
}

/// The registered name (RFC 7518) of an algorithm that is accepted at all: asymmetric ones.
fn name(algorithm: Algorithm) -> Option<&'static str> {
    Some(match algorithm {
        Algorithm::ES256 => "ES256",
        Algorithm::ES384 => "ES384",
        Algorithm::RS256 => "RS256",
        Algorithm::RS384 => "RS384",
        Algorithm::RS512 => "RS512",
        Algorithm::PS256 => "PS256",
        Algorithm::PS384 => "PS384",
        Algorithm::PS512 => "PS512",
        Algorithm::EdDSA => "EdDSA",
        _ => return None,
    })
}

/// Big-endian bytes without leading zeros.
fn significant(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.get(zeros..).unwrap_or_default()
}

/// What an RSA key may be pinned to; the first is the pin of a key that declares nothing.
const RSA: [Algorithm; 6] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
];
/// NIST SP 800-131A: shorter ones are no longer acceptable.
const RSA_BITS_LEAST: usize = 2048;
/// The verifier's own bound.
const RSA_BITS_MOST: usize = 4096;
/// Large sets are about 30 KiB.
pub(super) const SET_BYTES: usize = 256 << 10;
/// Issuers publish two or three.
const SET_KEYS: usize = 100;
