//! Who presents a credential: the key-binding JWT (RFC 9901 §4.3), made by the holder's key for this gateway, a moment
//! ago, over exactly what is presented; and used by one caller only.

use super::Fault;
use super::claims::{LEEWAY, number};
use super::did::{Resolver, jwk};
use super::disclosures::digest;
use super::jws::Jws;
use crate::config::Credentials;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use yingbi_crypto::{Pseudonym, PublicKey};

/// The key of the holder: as the issuer confirmed it (RFC 7800), else the investor's own.
pub(super) fn key(
    payload: &Map<String, Value>,
    did: Option<&str>,
    resolver: &Resolver<'_>,
) -> Result<PublicKey, Fault> {
    match payload.get("cnf") {
        None => resolver.key(did.ok_or(Fault::HolderMissing)?, None),
        Some(confirmed) => match (confirmed.get("jwk"), confirmed.get("kid").and_then(Value::as_str)) {
            (Some(Value::Object(key)), None) => jwk(key).ok_or(Fault::Key),
            (None, Some(kid)) => resolver.key(kid.split_once('#').map_or(kid, |(name, _)| name), Some(kid)),
            _ => Err(Fault::Key),
        },
    }
}

/// Checks the proof over what stands before it; what tells this proof from others.
pub(super) fn check(
    proof: &str,
    signed: &str,
    (key, config): (&PublicKey, &Credentials),
    now: i64,
) -> Result<[u8; 32], Fault> {
    if proof.is_empty() {
        return Err(Fault::HolderMissing);
    }
    let jws = Jws::read(proof)?;
    let proven = jws.expect_type(&["kb+jwt"]).and_then(|()| jws.verify(key, &config.sm2_names));
    proven.map_err(|_| Fault::Holder)?;
    let text = |name: &str| jws.payload.get(name).and_then(Value::as_str);
    let age = jws.payload.get("iat").and_then(number).map(|at| now.saturating_sub(at));
    let most = i64::try_from(config.max_age.as_secs()).unwrap_or(i64::MAX);
    let is_fresh = age.is_some_and(|age| (-LEEWAY..=most).contains(&age));
    let is_ours = text("aud") == Some(&config.audience);
    let is_whole = text("sd_hash") == Some(&digest(&format!("{signed}~")));
    let nonce = text("nonce").filter(|nonce| (NONCE_LEAST..=NONCE_MOST).contains(&nonce.len()));
    match nonce {
        Some(nonce) if is_fresh && is_ours && is_whole => {
            let mut hash = Sha256::new();
            hash.update(signed.split('~').next().unwrap_or_default());
            hash.update([0]);
            hash.update(nonce);
            Ok(hash.finalize().into())
        }
        _ => Err(Fault::Holder),
    }
}

/// Which caller presented which proof, as long as it could be presented again.
#[derive(Default)]
pub(super) struct Shown(Mutex<HashMap<[u8; 32], By>>);

/// By whom, and until when it could be.
type By = (Option<Pseudonym>, i64);

impl Shown {
    /// Whether nobody else presented this proof; who did is remembered for as long as it is fresh.
    pub(super) fn once_to(
        &self,
        caller: Option<Pseudonym>,
        proof: &[u8; 32],
        now: i64,
        max_age: u64,
    ) -> Result<(), Fault> {
        let mut shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if shown.len() >= MOST {
            shown.retain(|_, (_, until)| *until > now);
        }
        match shown.get(proof) {
            Some((by, _)) if *by == caller => Ok(()),
            Some(_) => Err(Fault::Replayed),
            // Rather none than one that may have been presented before.
            None if shown.len() >= MOST => Err(Fault::Replayed),
            None => {
                let until =
                    now.saturating_add(i64::try_from(max_age).unwrap_or(i64::MAX)).saturating_add(2 * LEEWAY);
                shown.insert(*proof, (caller, until));
                Ok(())
            }
        }
    }
}

/// RFC 9901 asks for one; shorter ones are guessed.
const NONCE_LEAST: usize = 8;
const NONCE_MOST: usize = 256;
/// Some ten megabytes.
const MOST: usize = 1 << 16;
