//! A key service over HTTP with the API of Vault's transit engine: `POST /v1/MOUNT/encrypt/KEY` and `decrypt`.

use super::{Fault, Provider};
use crate::config::{KmsService, SecretSource};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};
use std::time::Duration;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use zeroize::Zeroizing;

/// One transit key.
pub(in crate::keys) struct Transit {
    agent: ureq::Agent,
    base: String,
    key: String,
    token: SecretSource,
}

impl Transit {
    pub(super) fn new(service: &KmsService) -> Result<Transit, Fault> {
        let mut config = ureq::Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None);
        if let Some(ca) = &service.ca {
            let pem = std::fs::read(ca).map_err(|_| Fault::Unreachable)?;
            let roots: Vec<Certificate<'static>> = parse_pem(&pem)
                .filter_map(|item| match item {
                    Ok(PemItem::Certificate(certificate)) => Some(certificate),
                    _ => None,
                })
                .collect();
            config =
                config.tls_config(TlsConfig::builder().root_certs(RootCerts::new_with_certs(&roots)).build());
        }
        let base = format!("{}/v1/{}", service.url.trim_end_matches('/'), service.mount.trim_matches('/'));
        Ok(Transit {
            agent: config.build().into(),
            base,
            key: service.key.clone(),
            token: service.token.clone(),
        })
    }

    fn ask(&self, verb: &str, body: &Value, answer: &str) -> Result<Zeroizing<String>, Fault> {
        let token = self.token.read().map_err(|_| Fault::Refused)?;
        let asked = self
            .agent
            .post(format!("{}/{verb}/{}", self.base, self.key))
            .header("x-vault-token", token.as_str())
            .header("content-type", "application/json")
            .send(Zeroizing::new(body.to_string()).as_str());
        let mut response = asked.map_err(|error| match error {
            ureq::Error::Timeout(_) => Fault::Slow,
            _ => Fault::Unreachable,
        })?;
        match response.status().as_u16() {
            200 => {}
            // Vault says 400 to a ciphertext of another key.
            400 => return Err(Fault::WrongKey),
            401 | 403 => return Err(Fault::Refused),
            status => return Err(Fault::Failed(u64::from(status))),
        }
        let text = response.body_mut().with_config().limit(ANSWER_BYTES).read_to_string();
        let text = Zeroizing::new(text.map_err(|error| match error {
            ureq::Error::Timeout(_) => Fault::Slow,
            ureq::Error::BodyExceedsLimit(_) => Fault::Garbage,
            _ => Fault::Unreachable,
        })?);
        let Answer { data } = serde_json::from_str(&text).map_err(|_| Fault::Garbage)?;
        data.into_iter()
            .find(|(name, _)| name == answer)
            .map(|(_, value)| Zeroizing::new(value))
            .ok_or(Fault::Garbage)
    }
}

/// `{"data": {"plaintext": …}}`; other members of the answer are of no concern.
#[derive(serde::Deserialize)]
struct Answer {
    #[serde(deserialize_with = "texts")]
    data: Vec<(String, String)>,
}

fn texts<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<(String, String)>, D::Error> {
    let members = <std::collections::BTreeMap<String, Value> as serde::Deserialize>::deserialize(from)?;
    Ok(members
        .into_iter()
        .filter_map(|(name, value)| match value {
            Value::String(text) => Some((name, text)),
            _ => None,
        })
        .collect())
}

impl Provider for Transit {
    fn wrap(&mut self, parcel: &[u8]) -> Result<Vec<u8>, Fault> {
        let plaintext = Zeroizing::new(BASE64.encode(parcel));
        let wrapped = self.ask("encrypt", &json!({ "plaintext": *plaintext }), "ciphertext")?;
        Ok(wrapped.as_bytes().to_vec())
    }

    fn unwrap(&mut self, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, Fault> {
        let ciphertext = std::str::from_utf8(wrapped).map_err(|_| Fault::Garbage)?;
        let plaintext = self.ask("decrypt", &json!({ "ciphertext": ciphertext }), "plaintext")?;
        BASE64.decode(plaintext.as_bytes()).map(Zeroizing::new).map_err(|_| Fault::Garbage)
    }
}

/// The last resort; the caller waits less.
const PATIENCE: Duration = Duration::from_secs(10);
/// A wrapped key is some hundred bytes.
const ANSWER_BYTES: u64 = 64 << 10;
