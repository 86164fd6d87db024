//! JWTs (RFC 7519, with the cautions of RFC 8725): signature by a key pinned to one algorithm, then every claim that
//! bounds where and when the token holds.

use super::cache::Cache;
use super::jwks::{Jwks, Pace};
use super::{Identified, IdentifiedBy, IdentityError, Reason};
use crate::config::{JwtIssuer, StepUp};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use yingbi_policies::{Identity, Jwt};

/// Verifies JWTs of the configured issuers.
pub(super) struct JwtVerifier {
    issuers: Vec<Issuer>,
    cache: Cache,
}

struct Issuer {
    config: JwtIssuer,
    jwks: Jwks,
}

/// The part of a JOSE header that decides; `jku`, `jwk`, `x5u` and `x5c` are never looked at: keys come from the
/// configuration, not from the token.
#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<Value>,
}

/// When a token holds.
struct Times {
    expires: SystemTime,
    authenticated: Option<SystemTime>,
}

impl JwtVerifier {
    pub(super) fn start(issuers: &[JwtIssuer]) -> std::io::Result<JwtVerifier> {
        JwtVerifier::start_at(issuers, Pace::default())
    }

    pub(super) fn start_at(issuers: &[JwtIssuer], pace: Pace) -> std::io::Result<JwtVerifier> {
        let issuer = |config: &JwtIssuer| {
            Ok(Issuer { config: config.clone(), jwks: Jwks::start(&config.jwks, pace)? })
        };
        let issuers = issuers.iter().map(issuer).collect::<std::io::Result<_>>()?;
        Ok(JwtVerifier { issuers, cache: Cache::new() })
    }

    pub(super) fn is_ready(&self) -> bool {
        self.issuers.iter().all(|issuer| issuer.jwks.with(|_| ()).is_some())
    }

    pub(super) fn oldest_keys(&self) -> Option<Duration> {
        let ages: Option<Vec<_>> = self.issuers.iter().map(|issuer| issuer.jwks.age()).collect();
        ages?.into_iter().max()
    }

    pub(super) fn identify(&self, token: &str, now: SystemTime) -> Result<Arc<Identified>, IdentityError> {
        // Every request pays for this: SHA-256 has instructions of its own on servers, SM3 has not.
        let hash = Sha256::digest(token).into();
        if let Some(identified) = self.cache.find(&hash, now) {
            return Ok(identified);
        }
        let (identified, until) = self.verify(token, now)?;
        let identified = Arc::new(identified);
        self.cache.insert(hash, now, until, Arc::clone(&identified));
        Ok(identified)
    }

    /// Who a token names, and until when that may be remembered.
    fn verify(&self, token: &str, now: SystemTime) -> Result<(Identified, SystemTime), Reason> {
        let (signed, signature) = token.rsplit_once('.').ok_or(Reason::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(Reason::Malformed)?;
        if claims.contains('.') || signature.is_empty() {
            return Err(Reason::Malformed);
        }
        let header: Header = part(header)?;
        header.check()?;
        let claims: Map<String, Value> = part(claims)?;

        // Not verified yet: it only chooses whose keys must have signed.
        let named = claims.get("iss").and_then(Value::as_str).ok_or(Reason::Claims)?;
        let issuer = self.issuers.iter().find(|issuer| issuer.config.issuer == named);
        let issuer = issuer.ok_or(Reason::UnknownIssuer)?;
        issuer.signed(&header, signed, signature)?;
        issuer.identify(claims, now)
    }
}

impl Header {
    fn check(&self) -> Result<(), Reason> {
        // A critical extension must be understood (RFC 7515 §4.1.11), and none is.
        if self.crit.is_some() {
            return Err(Reason::Algorithm);
        }
        // Tokens made for another use (logout, proof of possession, events) say so here (RFC 8725 §3.11).
        let typ = self.typ.as_deref().unwrap_or("JWT");
        let typ = typ.strip_prefix("application/").unwrap_or(typ);
        if !["jwt", "at+jwt"].iter().any(|known| typ.eq_ignore_ascii_case(known)) {
            return Err(Reason::Algorithm);
        }
        Ok(())
    }
}

impl Issuer {
    fn signed(&self, header: &Header, signed: &str, signature: &str) -> Result<(), Reason> {
        let verified = self.jwks.with(|keys| {
            let key = keys.find(header.kid.as_deref(), &header.alg)?;
            match jsonwebtoken::crypto::verify(signature, signed.as_bytes(), &key.key, key.algorithm) {
                Ok(true) => Ok(()),
                Ok(false) | Err(_) => Err(Reason::Signature),
            }
        });
        match verified {
            Some(Ok(())) => Ok(()),
            Some(Err(Reason::UnknownKey)) => {
                self.jwks.ask();
                Err(Reason::UnknownKey)
            }
            Some(Err(reason)) => Err(reason),
            None => {
                self.jwks.ask();
                Err(Reason::KeysUnavailable)
            }
        }
    }

    /// Claims of a token whose signature holds.
    fn identify(
        &self,
        claims: Map<String, Value>,
        now: SystemTime,
    ) -> Result<(Identified, SystemTime), Reason> {
        self.check_audience(&claims)?;
        let times = self.check_times(&claims, now)?;
        let sub =
            claims.get("sub").and_then(Value::as_str).filter(|sub| !sub.is_empty()).ok_or(Reason::Claims)?;
        let id = format!("{}#{sub}", self.config.issuer);
        let subjects = match &self.config.subject_claim {
            Some(claim) => subjects(claims.get(claim))?,
            None => Vec::new(),
        };
        let fresh_until = self.config.step_up.as_ref().and_then(|step_up| step_up.until(&claims, &times));
        let stepped_up = fresh_until.is_some_and(|until| now < until);
        let identity = Identity {
            id,
            subjects,
            jwt: Some(Jwt { issuer: self.config.issuer.clone(), claims }),
            stepped_up,
            ..Identity::default()
        };
        let until = [
            Some(now + REMEMBER),
            Some(times.expires + self.config.leeway),
            fresh_until.filter(|_| stepped_up),
        ];
        let until = until.into_iter().flatten().min().unwrap_or(now);
        Ok((Identified { identity, by: IdentifiedBy::Jwt }, until))
    }

    fn check_audience(&self, claims: &Map<String, Value>) -> Result<(), Reason> {
        let ours = |value: &Value| {
            value.as_str().is_some_and(|aud| self.config.audience.iter().any(|our| our == aud))
        };
        match claims.get("aud") {
            Some(one @ Value::String(_)) if ours(one) => Ok(()),
            Some(Value::Array(many)) if many.iter().all(Value::is_string) && many.iter().any(ours) => Ok(()),
            Some(Value::String(_) | Value::Array(_)) => Err(Reason::Audience),
            _ => Err(Reason::Claims),
        }
    }

    fn check_times(&self, claims: &Map<String, Value>, now: SystemTime) -> Result<Times, Reason> {
        let leeway = self.config.leeway;
        let expires = time(claims, "exp")?.ok_or(Reason::Claims)?;
        if now >= expires + leeway {
            return Err(Reason::Expired);
        }
        for claim in ["nbf", "iat"] {
            if time(claims, claim)?.is_some_and(|from| now + leeway < from) {
                return Err(Reason::NotYetValid);
            }
        }
        let authenticated = time(claims, "auth_time")?;
        // From the future beyond doubt: no proof of anything recent.
        let authenticated = authenticated.filter(|at| *at <= now + leeway);
        Ok(Times { expires, authenticated })
    }
}

impl StepUp {
    /// Until when the caller counts as freshly and strongly authenticated; `None`: not at all.
    fn until(&self, claims: &Map<String, Value>, times: &Times) -> Option<SystemTime> {
        if !self.is_strong(claims) {
            return None;
        }
        Some(times.authenticated? + self.max_age)
    }

    /// Whether the token names a strong authentication, however old.
    pub(crate) fn is_strong(&self, claims: &Map<String, Value>) -> bool {
        let acr = claims.get("acr").and_then(Value::as_str);
        let strong_acr = acr.is_some_and(|acr| self.acr.iter().any(|known| known == acr));
        let amr = claims.get("amr").and_then(Value::as_array);
        let known = |method: &Value| {
            method.as_str().is_some_and(|method| self.amr.iter().any(|known| known == method))
        };
        let strong_amr = amr.is_some_and(|methods| methods.iter().any(known));
        strong_acr || strong_amr
    }
}

/// Decodes one part of a token.
fn part<T: serde::de::DeserializeOwned>(encoded: &str) -> Result<T, Reason> {
    let bytes = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| Reason::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| Reason::Malformed)
}

/// A NumericDate claim.
fn time(claims: &Map<String, Value>, claim: &str) -> Result<Option<SystemTime>, Reason> {
    let Some(value) = claims.get(claim) else { return Ok(None) };
    let seconds =
        value.as_f64().filter(|seconds| (0.0..=TIME_MOST).contains(seconds)).ok_or(Reason::Claims)?;
    Ok(Some(UNIX_EPOCH + Duration::from_secs_f64(seconds)))
}

/// Investor ids: a string, a whole number, or a list of them. What is absent or empty owns nothing; any other shape is
/// not understood, and refused.
fn subjects(claim: Option<&Value>) -> Result<Vec<String>, Reason> {
    let one = |value: &Value| match value {
        Value::String(text) if text.is_empty() => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        Value::Number(number) if number.is_u64() => Ok(Some(number.to_string())),
        _ => Err(Reason::Claims),
    };
    match claim {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(many)) if many.len() <= SUBJECTS_MOST => {
            many.iter().filter_map(|value| one(value).transpose()).collect()
        }
        Some(value) => Ok(one(value)?.into_iter().collect()),
    }
}

/// How long a verified token is remembered: short, so that a key taken from the set stops ruling soon.
const REMEMBER: Duration = Duration::from_secs(60);
/// The year 9999; later dates are mistakes, and would overflow sums.
const TIME_MOST: f64 = 253_402_300_799.0;
/// Accounts of one person.
const SUBJECTS_MOST: usize = 64;
