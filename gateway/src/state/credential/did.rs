//! Keys of those who sign, from names alone (did:key, did:jwk) or from the firm's registry (did:web, issuers by URL).
//! Nothing is fetched.

use super::jws::decode;
use super::{Fault, json};
use serde_json::{Map, Value};
use std::collections::HashMap;
use yingbi_crypto::PublicKey;

/// Documents of those whose names hold no key: by name, each key by its id.
#[derive(Default)]
pub struct Registry(HashMap<String, Vec<(String, PublicKey)>>);

impl Registry {
    /// Reads a file: an object of names, each with a DID document (`verificationMethod`) or a JWK set (`keys`).
    pub fn read(text: &str) -> Option<Registry> {
        let Some(Value::Object(entries)) = json::read(text.as_bytes()) else { return None };
        let mut registry = HashMap::new();
        for (name, document) in entries {
            if !(name.starts_with("did:web:") || name.starts_with("https://")) {
                return None;
            }
            let document = document.as_object()?;
            // A document filed under another name is a mistake that must be seen.
            if document.get("id").is_some_and(|id| *id != *name) {
                return None;
            }
            let methods = document.get("verificationMethod").or_else(|| document.get("keys"))?.as_array()?;
            let keys: Option<Vec<_>> = methods.iter().map(method).collect();
            registry.insert(name, keys.filter(|keys| !keys.is_empty())?);
        }
        Some(Registry(registry))
    }
}

/// Finds keys.
#[derive(Clone, Copy)]
pub(super) struct Resolver<'r> {
    pub registry: &'r Registry,
}

impl Resolver<'_> {
    /// The key of a name: the one that `kid` says, where there may be several.
    pub(super) fn key(self, name: &str, kid: Option<&str>) -> Result<PublicKey, Fault> {
        if name.len() > NAME_BYTES {
            return Err(Fault::TooLarge);
        }
        // A key of somebody else's is none.
        let fragment = match kid {
            None => None,
            Some(kid) => Some(match kid.split_once('#') {
                Some((of, fragment)) if of.is_empty() || of == name => fragment,
                Some(_) => return Err(Fault::Key),
                None if kid == name => "",
                None => kid,
            }),
        };
        let single = |key: Option<PublicKey>, own: &str| match fragment {
            None => key.ok_or(Fault::Key),
            Some(fragment) if fragment.is_empty() || fragment == own => key.ok_or(Fault::Key),
            Some(_) => Err(Fault::Key),
        };
        if let Some(text) = name.strip_prefix("did:key:") {
            return single(PublicKey::from_multikey(text), text);
        }
        if let Some(text) = name.strip_prefix("did:jwk:") {
            let key = decode(text).and_then(|bytes| json::read(&bytes));
            return single(key.as_ref().and_then(Value::as_object).and_then(jwk), "0");
        }
        let keys = self.registry.0.get(name).ok_or(Fault::Key)?;
        match (fragment, keys.as_slice()) {
            (None | Some(""), [(_, key)]) => Ok(key.clone()),
            (Some(fragment), keys) => {
                let found = keys.iter().find(|(id, _)| id == fragment);
                found.map(|(_, key)| key.clone()).ok_or(Fault::Key)
            }
            (None, _) => Err(Fault::Key),
        }
    }
}

/// One key of a document, with its id behind `#`.
fn method(method: &Value) -> Option<(String, PublicKey)> {
    let method = method.as_object()?;
    let text = |name: &str| method.get(name).and_then(Value::as_str);
    let id = text("id").or_else(|| text("kid")).unwrap_or_default();
    let id = id.rsplit_once('#').map_or(id, |(_, fragment)| fragment).to_owned();
    let key = match (method.get("publicKeyJwk"), text("publicKeyMultibase")) {
        (Some(key), None) => jwk(key.as_object()?),
        (None, Some(key)) => PublicKey::from_multikey(key),
        (None, None) => jwk(method),
        _ => None,
    };
    Some((id, key?))
}

/// A public key as JWK (RFC 7517, RFC 8037); of SM2 by the names its curve goes by.
pub(super) fn jwk(jwk: &Map<String, Value>) -> Option<PublicKey> {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    if text("use").is_some_and(|of| of != "sig") || jwk.contains_key("d") || jwk.contains_key("k") {
        return None;
    }
    let coordinate = |name: &str| text(name).and_then(decode).filter(|bytes| bytes.len() == 32);
    let point = || Some([&[4][..], &coordinate("x")?, &coordinate("y")?].concat());
    match (text("kty")?, text("crv")?) {
        ("OKP", "Ed25519") => PublicKey::ed25519(&coordinate("x")?),
        ("EC", "P-256") => PublicKey::p256(&point()?),
        ("EC", "SM2" | "sm2p256v1" | "curveSM2") => PublicKey::sm2(&point()?),
        _ => None,
    }
}

/// A did:jwk of a key with names takes some hundred bytes.
const NAME_BYTES: usize = 2048;
