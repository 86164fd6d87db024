//! A signed JSON object in compact form (RFC 7515), and which key may have signed it.

use super::Fault;
use super::json;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use yingbi_crypto::PublicKey;

/// One, read but not yet verified.
pub(super) struct Jws<'t> {
    /// All of it.
    pub text: &'t str,
    signed: &'t str,
    signature: Vec<u8>,
    algorithm: String,
    kind: String,
    /// Which key signed it, as it says.
    pub kid: Option<String>,
    /// What it says.
    pub payload: Map<String, Value>,
}

impl<'t> Jws<'t> {
    /// Reads one. Keys inside it (`jwk`, `jku`, `x5c`, `x5u`) are never looked at: whoever signs does not choose what
    /// verifies.
    pub(super) fn read(text: &'t str) -> Result<Jws<'t>, Fault> {
        let (signed, signature) = text.rsplit_once('.').ok_or(Fault::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(Fault::Malformed)?;
        let Some(Value::Object(header)) = decode(header).and_then(|bytes| json::read(&bytes)) else {
            return Err(Fault::Malformed);
        };
        let Some(Value::Object(payload)) = decode(payload).and_then(|bytes| json::read(&bytes)) else {
            return Err(Fault::Malformed);
        };
        // An extension that must be understood is not.
        if header.contains_key("crit") || header.contains_key("b64") {
            return Err(Fault::Algorithm);
        }
        let text_of = |name: &str| match header.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(Fault::Malformed),
        };
        Ok(Jws {
            text,
            signed,
            signature: decode(signature).ok_or(Fault::Malformed)?,
            algorithm: text_of("alg")?.ok_or(Fault::Malformed)?,
            kind: text_of("typ")?.unwrap_or_default().to_ascii_lowercase(),
            kid: text_of("kid")?,
            payload,
        })
    }

    /// Of one of these types (RFC 8725 §3.11), so that nothing made for another use is taken for it.
    pub(super) fn expect_type(&self, types: &[&str]) -> Result<(), Fault> {
        let kind = self.kind.strip_prefix("application/").unwrap_or(&self.kind);
        if types.contains(&kind) { Ok(()) } else { Err(Fault::Type) }
    }

    /// Signed by this key, by the key's own algorithm; SM2 goes by names that its users agreed on.
    pub(super) fn verify(&self, key: &PublicKey, sm2_names: &[String]) -> Result<(), Fault> {
        let is_named = match key {
            PublicKey::Ed25519(_) => ["EdDSA", "Ed25519"].contains(&self.algorithm.as_str()),
            PublicKey::P256(_) => self.algorithm == "ES256",
            PublicKey::Sm2(_) => sm2_names.contains(&self.algorithm),
        };
        if !is_named {
            return Err(Fault::Algorithm);
        }
        if key.verifies(self.signed.as_bytes(), &self.signature) { Ok(()) } else { Err(Fault::Signature) }
    }
}

/// base64url without padding, nothing else.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}
