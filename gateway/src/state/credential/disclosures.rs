//! What is disclosed of an SD-JWT (RFC 9901 §7.1): each disclosure stands for one digest in what was signed, and all else
//! that is hidden stays away.

use super::Fault;
use super::json;
use super::jws::decode;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;

/// The payload with what the disclosures tell put where it belongs, and without digests.
pub(super) fn disclosed<'d>(
    payload: &Map<String, Value>,
    disclosures: impl Iterator<Item = &'d str>,
) -> Result<Map<String, Value>, Fault> {
    let mut told = HashMap::new();
    for text in disclosures {
        let Some(Value::Array(parts)) = decode(text).and_then(|bytes| json::read(&bytes)) else {
            return Err(Fault::Malformed);
        };
        if told.len() == MOST || told.insert(digest(text), parts).is_some() {
            return Err(Fault::Disclosure);
        }
    }
    if payload.get("_sd_alg").is_some_and(|algorithm| algorithm != "sha-256") {
        return Err(Fault::Algorithm);
    }
    let mut open = Open { told, met: Vec::new() };
    let mut whole = open.object(payload)?;
    whole.remove("_sd_alg");
    // One that stands for nothing was added by somebody.
    if open.told.is_empty() { Ok(whole) } else { Err(Fault::Disclosure) }
}

/// The digest that stands for a text.
pub(super) fn digest(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(text.as_bytes()))
}

struct Open {
    told: HashMap<String, Vec<Value>>,
    met: Vec<String>,
}

impl Open {
    fn value(&mut self, value: &Value) -> Result<Value, Fault> {
        match value {
            Value::Object(object) => self.object(object).map(Value::Object),
            Value::Array(elements) => {
                let mut whole = Vec::new();
                for element in elements {
                    match element.get("...") {
                        None => whole.push(self.value(element)?),
                        Some(hidden) => {
                            if element.as_object().is_none_or(|object| object.len() != 1) {
                                return Err(Fault::Disclosure);
                            }
                            if let Some(parts) = self.take(hidden)? {
                                let [_, value] = &parts[..] else { return Err(Fault::Disclosure) };
                                whole.push(self.value(value)?);
                            }
                        }
                    }
                }
                Ok(Value::Array(whole))
            }
            plain => Ok(plain.clone()),
        }
    }

    fn object(&mut self, object: &Map<String, Value>) -> Result<Map<String, Value>, Fault> {
        let mut whole = Map::new();
        for (name, value) in object.iter().filter(|(name, _)| *name != "_sd") {
            whole.insert(name.clone(), self.value(value)?);
        }
        let hidden = match object.get("_sd") {
            None => return Ok(whole),
            Some(Value::Array(hidden)) => hidden,
            Some(_) => return Err(Fault::Malformed),
        };
        for hidden in hidden {
            let Some(parts) = self.take(hidden)? else { continue };
            let [_, Value::String(name), value] = &parts[..] else { return Err(Fault::Disclosure) };
            if ["_sd", "..."].contains(&name.as_str()) || whole.contains_key(name) {
                return Err(Fault::Disclosure);
            }
            let value = self.value(value)?;
            whole.insert(name.clone(), value);
        }
        Ok(whole)
    }

    /// The disclosure that a digest stands for, if it was shown; a digest that stands twice is refused.
    fn take(&mut self, hidden: &Value) -> Result<Option<Vec<Value>>, Fault> {
        let hidden = hidden.as_str().ok_or(Fault::Malformed)?;
        if self.met.iter().any(|met| met == hidden) {
            return Err(Fault::Disclosure);
        }
        self.met.push(hidden.to_owned());
        Ok(self.told.remove(hidden))
    }
}

/// A consent has fewer claims.
const MOST: usize = 64;
