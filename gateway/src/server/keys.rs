//! Starts the keeper of data keys and tells people, metrics and the access log what it sees.

use super::StartError;
use crate::config::Config;
use crate::exchange::record;
use crate::keys::{Keeper, Keys, KeysEvent, Round};
use crate::metrics::Metrics;
use std::collections::BTreeMap;
use std::sync::Arc;
use yingbi_audit::{Log, Record};
use yingbi_crypto::keys::KeyName;

/// The ring that requests take, kept by a thread of its own; an empty one without data keys in the configuration.
pub(super) fn start(
    config: &Config,
    audit: &Arc<Log>,
    metrics: &Arc<Metrics>,
) -> Result<Arc<Keys>, StartError> {
    let Some(data) = &config.keys.data else { return Ok(Arc::default()) };
    let (mut keeper, round) =
        Keeper::open(data).map_err(|error| StartError::Bad(format!("{}: {error}", data.store.display())))?;
    let keys = keeper.keys();
    let (audit, metrics, pace) = (audit.clone(), metrics.clone(), data.health);
    tell(&round, &keys, &audit, &metrics);
    let watched = Arc::downgrade(&keys);
    let watch = move || {
        loop {
            std::thread::sleep(pace);
            let Some(keys) = watched.upgrade() else { return };
            tell(&keeper.round(), &keys, &audit, &metrics);
        }
    };
    let started = std::thread::Builder::new().name("yingbi-keys".to_owned()).spawn(watch);
    started.map_err(|error| StartError::Unusable(error.to_string()))?;
    Ok(keys)
}

fn tell(round: &Round, keys: &Keys, audit: &Log, metrics: &Metrics) {
    metrics.keys.round(round, &keys.ring());
    for event in &round.events {
        tell_event(event, &faults(round), audit, metrics);
    }
}

/// Which services failed in this round, and how.
fn faults(round: &Round) -> String {
    let failed = round.services.iter().filter_map(|(role, _, answer)| Some((role, answer.err()?)));
    failed.map(|(role, fault)| format!("{}: {fault}", role.name())).collect::<Vec<_>>().join("; ")
}

fn tell_event(event: &KeysEvent, faults: &str, audit: &Log, metrics: &Metrics) {
    match event {
        KeysEvent::Loaded(revision, usable) => {
            tracing::info!(revision, usable, "data keys loaded");
            let detail = [("revision", revision.to_string()), ("usable", usable.to_string())];
            note(audit, "keys-loaded", detail);
        }
        KeysEvent::Changed(revision) => {
            tracing::info!(revision, "another key store rules");
            note(audit, "keys-changed", [("revision", revision.to_string())]);
        }
        KeysEvent::Added(name) => note(audit, "key-added", named(name)),
        KeysEvent::BackedUp(keys) => {
            tracing::info!(keys, "a backup of the data keys was made");
            note(audit, "keys-backed-up", [("keys", keys.to_string())]);
        }
        KeysEvent::Restored(keys) => {
            tracing::warn!(keys, "data keys were brought back from a backup");
            note(audit, "keys-restored", [("keys", keys.to_string())]);
        }
        KeysEvent::Destroyed(name, asked, approved) => {
            tracing::warn!(kid = name.kid, category = name.category, "a data key is destroyed");
            let [kid, category, version] = named(name);
            let by = [("asked", asked.clone()), ("approved", approved.clone())];
            let [asked, approved] = by;
            note(audit, "key-destroyed", [kid, category, version, asked, approved]);
        }
        KeysEvent::Rejected(why) => {
            tracing::error!(code = "YB0703", why, "the key store was refused, the keys before stay");
            metrics.keys.rejected();
            note(audit, "keystore-rejected", []);
        }
        KeysEvent::Switched(role) => {
            let service = role.name();
            tracing::info!(service, faults, "this key service vouches for the data keys");
            note(audit, "key-service-switched", [("to", service.to_owned())]);
        }
        KeysEvent::Cached => {
            tracing::error!(
                code = "YB0702",
                faults,
                "no key service answers; the keys in memory stay in use for `keys.cache_seconds`"
            );
            note(audit, "key-services-down", []);
        }
        KeysEvent::Lost => {
            tracing::error!(
                code = "YB0701",
                faults,
                "data keys can't be had: values are masked in place of being encrypted, nothing is decrypted"
            );
            metrics.keys.degraded();
            note(audit, "keys-lost", []);
        }
        KeysEvent::Back => {
            tracing::info!("data keys are there again");
            note(audit, "keys-back", []);
        }
        KeysEvent::NotLocked => {
            tracing::warn!(
                "pages with keys can't be locked into memory here: allow it (LimitMEMLOCK) or turn swap off"
            );
        }
    }
}

fn named(name: &KeyName) -> [(&'static str, String); 3] {
    [("kid", name.kid.clone()), ("category", name.category.clone()), ("version", name.version.to_string())]
}

fn note<const N: usize>(audit: &Log, event: &str, detail: [(&str, String); N]) {
    let detail: BTreeMap<String, String> =
        detail.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    audit.note(Record::Event { time: record::now(), event: event.to_owned(), detail });
}
