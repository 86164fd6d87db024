//! Attacks on identification. Synthetic keys and people; nothing leaves loopback.

mod jwks;
mod jwt;
mod mtls;
mod tokens;

use super::*;
use crate::config::{Jwks as JwksConfig, JwksSource, JwtIssuer, StepUp};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderValue;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::UNIX_EPOCH;

/// The moment of all tests that need none of their own.
const NOW: u64 = 1_800_000_000;
const ISSUER: &str = "https://sso.firm.test";

fn now() -> SystemTime {
    at(NOW)
}

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn authorization(value: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.append(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
    headers
}

fn bearer(token: &str) -> HeaderMap {
    authorization(&format!("Bearer {token}"))
}

/// A signing key and the JWK an issuer would publish for it.
struct Signer {
    kid: &'static str,
    algorithm: Algorithm,
    key: EncodingKey,
    jwk: Value,
}

impl Signer {
    fn es256(kid: &'static str) -> Signer {
        let pair = rcgen::KeyPair::generate().unwrap();
        let (x, y) = pair.public_key_raw()[1..].split_at(32);
        Signer {
            kid,
            algorithm: Algorithm::ES256,
            key: EncodingKey::from_ec_der(&pair.serialize_der()),
            jwk: json!({"kty": "EC", "crv": "P-256", "kid": kid, "use": "sig", "alg": "ES256", "x": b64(x), "y": b64(y)}),
        }
    }

    fn sign(&self, claims: &Value) -> String {
        self.sign_as(&json!({"alg": format!("{:?}", self.algorithm), "typ": "JWT", "kid": self.kid}), claims)
    }

    /// Signs whatever the header says, by the key's own algorithm.
    fn sign_as(&self, header: &Value, claims: &Value) -> String {
        let signed = format!("{}.{}", b64(header.to_string()), b64(claims.to_string()));
        let signature = jsonwebtoken::crypto::sign(signed.as_bytes(), &self.key, self.algorithm).unwrap();
        format!("{signed}.{signature}")
    }
}

fn claims() -> Value {
    json!({"iss": ISSUER, "aud": "yingbi", "sub": "u-1", "exp": NOW + 600})
}

/// Good claims with some replaced; `null` removes one.
fn claims_with(changes: Value) -> Value {
    let mut claims = claims();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => claims.as_object_mut().unwrap().remove(name),
            value => claims.as_object_mut().unwrap().insert(name.clone(), value.clone()),
        };
    }
    claims
}

fn issuer(source: JwksSource) -> JwtIssuer {
    JwtIssuer {
        issuer: ISSUER.to_owned(),
        audience: vec!["yingbi".to_owned(), "gateway".to_owned()],
        jwks: JwksConfig {
            source,
            refresh: Duration::from_secs(300),
            max_stale: Duration::from_secs(3600),
            ca: None,
        },
        subject_claim: Some("client_id".to_owned()),
        leeway: Duration::from_secs(30),
        step_up: Some(StepUp {
            acr: vec!["strong".to_owned()],
            amr: vec!["otp".to_owned(), "hwk".to_owned()],
            max_age: Duration::from_secs(300),
        }),
    }
}

/// A JWK set in a file; removed when dropped.
struct KeyFile(PathBuf);

impl KeyFile {
    fn of(jwks: &[&Value]) -> KeyFile {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name =
            format!("yingbi-jwks-{}-{}.json", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let file = KeyFile(std::env::temp_dir().join(name));
        file.write(&json!({ "keys": jwks }).to_string());
        file
    }

    fn write(&self, text: &str) {
        std::fs::write(&self.0, text).unwrap();
    }

    fn config(&self) -> IdentityConfig {
        IdentityConfig { jwt: vec![issuer(JwksSource::File(self.0.clone()))], ..IdentityConfig::default() }
    }
}

impl Drop for KeyFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
