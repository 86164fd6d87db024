//! `yingbi keys status`.

use super::super::{Exit, Format, out};
use super::{Done, places, store_trouble};
use crate::config::Secret;
use crate::keys::{Fault, Service, Services, Store, StoredKey};
use serde_json::{Value, json};
use std::path::Path;
use yingbi_crypto::SigningKeys;
use yingbi_crypto::keys::KeyState;

/// What a service said to being asked for every key.
struct Asked {
    role: &'static str,
    kek: String,
    unwrapped: usize,
    asked: usize,
    fault: Option<Fault>,
}

pub(super) fn run(config: &Path, format: Format) -> Done {
    let (data, places) = places(config, format)?;
    let store = Store::read(&data.store).map_err(|error| store_trouble(&data.store, &error))?;
    let mut services = Services::of(&data, &store).patient();
    let asked: Vec<Asked> = services.iter_mut().map(|service| ask(service, &store)).collect();
    let secret = Secret::read(&places.checkpoint).ok();
    let signer = secret.and_then(|secret| SigningKeys::from_secret(secret.expose()));
    let is_proven = |key: &StoredKey| {
        key.destroyed
            .as_ref()
            .map(|record| signer.as_ref().is_some_and(|signer| record.verifies(&key.name(), signer.public())))
    };
    let all_proven = store.keys.iter().all(|key| is_proven(key) != Some(false));
    let all_answer = asked.iter().all(|asked| asked.fault.is_none());
    match format {
        Format::Json => {
            let keys: Vec<Value> = store.keys.iter().map(|key| shown(key, is_proven(key))).collect();
            let services: Vec<Value> = asked.iter().map(Asked::json).collect();
            let store_file = data.store.display().to_string();
            out(&json!({
                "store": store_file, "revision": store.revision, "services": services, "keys": keys,
            })
            .to_string());
        }
        Format::Text => {
            for asked in &asked {
                out(&asked.text());
            }
            for key in &store.keys {
                out(&line(key, is_proven(key)));
            }
        }
    }
    Ok(if all_answer && all_proven { Exit::Good } else { Exit::Problem })
}

fn ask(service: &mut Service, store: &Store) -> Asked {
    let live: Vec<&StoredKey> = store.keys.iter().filter(|key| key.state != KeyState::Destroyed).collect();
    let (role, kek, asked) = (service.role.name(), service.kek.clone(), live.len());
    let mut unwrapped = 0;
    for key in live {
        match service.unwrap(key) {
            Ok(_) => unwrapped += 1,
            Err(fault) => return Asked { role, kek, unwrapped, asked, fault: Some(fault) },
        }
    }
    Asked { role, kek, unwrapped, asked, fault: None }
}

impl Asked {
    fn text(&self) -> String {
        let Asked { role, kek, unwrapped, asked, .. } = self;
        match self.fault {
            None => format!("{role} {kek}: unwraps all {asked} keys"),
            Some(fault) => format!("{role} {kek}: {fault}, after {unwrapped} of {asked} keys"),
        }
    }

    fn json(&self) -> Value {
        json!({
            "role": self.role,
            "kek": self.kek,
            "up": self.fault.is_none(),
            "fault": self.fault.map(Fault::name),
            "unwrapped": self.unwrapped,
            "asked": self.asked,
        })
    }
}

fn shown(key: &StoredKey, proven: Option<bool>) -> Value {
    let wrapped: Vec<&String> = key.wrapped.keys().collect();
    json!({
        "kid": key.kid,
        "category": key.category,
        "version": key.version,
        "state": key.state.name(),
        "lasting": key.lasting,
        "created": key.created,
        "wrapped_by": wrapped,
        "destroyed": key.destroyed,
        "record_verifies": proven,
    })
}

fn line(key: &StoredKey, proven: Option<bool>) -> String {
    let more = match (proven, key.lasting) {
        (Some(true), _) => ", its record verifies",
        (Some(false), _) => ", ITS RECORD DOES NOT VERIFY",
        (None, true) => ", makes tokens",
        (None, false) => "",
    };
    format!(
        "{} {} version {} {} since {}{more}",
        key.kid,
        key.category,
        key.version,
        key.state.name(),
        key.created
    )
}
