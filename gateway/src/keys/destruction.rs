//! The record of a destruction: which key, why, on whose word, signed with the gateway's own keys.
//!
//! It takes two: a security administrator asks, an approver agrees, each with a token of their own. No person may have
//! both roles, so no person can destroy a key alone (T/TSAC 001—2025 §7.5 i).

use crate::admin::{OfficerEntry, OfficerRole};
use crate::config::TokenHash;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::SystemTime;
use yingbi_crypto::keys::KeyName;
use yingbi_crypto::{SigningKeys, VerifyingKey, hex};

/// A signed record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Destruction {
    /// JSON in one line: exactly what is signed.
    pub record: String,
    /// By each of the gateway's keys.
    pub signatures: Vec<Signed>,
}

/// One signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signed {
    /// Id of the key, hex, as `yingbi keys public` prints it.
    pub key: String,
    /// 64 bytes, base64.
    pub signature: String,
}

/// Why two people are not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DestructionError {
    /// A token is nobody's, or no longer good.
    #[error("a token is not that of an officer in `admin.officers`, or has expired")]
    Nobody,
    /// One person, or two without the roles.
    #[error("a `security-admin` must ask and an `approver`, somebody else, agree")]
    NotTwo,
}

/// Who asked and who agreed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Two {
    /// The security administrator.
    pub asked: String,
    /// The approver.
    pub approved: String,
}

impl Two {
    /// The two whose tokens these are, in either order.
    ///
    /// # Errors
    /// They are not two officers with these roles.
    pub fn of(officers: &[OfficerEntry], tokens: [&str; 2]) -> Result<Two, DestructionError> {
        let find = |token: &str| {
            let hash = TokenHash::of(token.trim());
            let entry = officers.iter().find(|entry| entry.hash == hash);
            entry.filter(|entry| entry.expires.is_none_or(|expires| SystemTime::now() < expires))
        };
        let [Some(one), Some(other)] = tokens.map(find) else { return Err(DestructionError::Nobody) };
        let two = |asks: &OfficerEntry, agrees: &OfficerEntry| {
            let good = asks.id != agrees.id
                && asks.roles.contains(&OfficerRole::SecurityAdmin)
                && agrees.roles.contains(&OfficerRole::Approver);
            good.then(|| Two { asked: asks.id.clone(), approved: agrees.id.clone() })
        };
        two(one, other).or_else(|| two(other, one)).ok_or(DestructionError::NotTwo)
    }
}

impl Destruction {
    /// Writes and signs the record.
    pub fn sign(keys: &SigningKeys, key: &KeyName, reason: &str, two: &Two) -> Destruction {
        let record = json!({
            "type": "yingbi-key-destroyed/1",
            "kid": key.kid,
            "category": key.category,
            "version": key.version,
            "time": jiff::Timestamp::now().strftime("%FT%TZ").to_string(),
            "reason": reason,
            "asked": two.asked,
            "approved": two.approved,
        })
        .to_string();
        let signed = |signature: yingbi_crypto::Signature| Signed {
            key: hex::encode(&signature.id),
            signature: BASE64.encode(&signature.bytes),
        };
        let signatures = keys.sign(record.as_bytes()).into_iter().map(signed).collect();
        Destruction { record, signatures }
    }

    /// Whether it is the record of this key, signed by all of these keys.
    pub fn verifies(&self, key: &KeyName, public: &[VerifyingKey]) -> bool {
        let record: serde_json::Value = serde_json::from_str(&self.record).unwrap_or_default();
        let is = |member: &str, value: serde_json::Value| record.get(member) == Some(&value);
        let is_of_key = is("kid", json!(key.kid))
            && is("category", json!(key.category))
            && is("version", json!(key.version));
        let signed = |public: &VerifyingKey| {
            let id = hex::encode(&public.id());
            let own = self.signatures.iter().find(|signature| signature.key == id);
            let bytes = own.and_then(|own| BASE64.decode(&own.signature).ok());
            bytes.is_some_and(|bytes| public.verifies(self.record.as_bytes(), &bytes))
        };
        is_of_key && !public.is_empty() && public.iter().all(signed)
    }

    /// A member of the record.
    pub fn told(&self, member: &str) -> String {
        let record: serde_json::Value = serde_json::from_str(&self.record).unwrap_or_default();
        record.get(member).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
    }
}
