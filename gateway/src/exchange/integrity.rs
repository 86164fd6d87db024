//! Integrity of what a client receives (T/TSAC 001—2025 §8.6.1 a 4): `Content-Digest` (RFC 9530) of the treated body, with
//! SHA-256 and, under the name `sm3` which no registry has yet, SM3; and signatures of the answer (RFC 9421), by Ed25519
//! and by SM2 (`sm2-sm3`), over status, content type, digest and what was asked for.
//!
//! Without being asked for or configured nothing is computed. An answer that flows in segments has neither: its head
//! leaves before its end is known, and HTTP/1.1 clients rarely read trailers. Each of its segments has its record instead.

use super::problem::{self, Problem};
use super::release::Treated;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName};
use pingora_http::RequestHeader;
use serde::Deserialize;
use sha2::Digest as _;
use std::fmt::Write as _;
use yingbi_crypto::{Algorithm, SigningKeys, VerifyingKey, hmac_sm3, sm3};

/// `integrity`.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IntegrityConfig {
    /// `digest`, default `asked`: when answers carry `Content-Digest`.
    pub digest: When,
    /// `sign`, default false: answers are signed with keys made of `keys.checkpoint`; `yingbi response keys` prints the
    /// public ones.
    pub sign: bool,
}

/// When answers carry a digest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum When {
    /// When the client sends `Want-Content-Digest`.
    #[default]
    Asked,
    /// Always.
    Always,
    /// Never, but under a signature.
    Never,
}

/// Makes digests and signatures.
#[derive(Clone, Debug, Default)]
pub struct Integrity {
    digest: When,
    keys: Option<SigningKeys>,
}

/// The keys that answers are signed with, of the secret of checkpoints: others than those, so that no answer is ever
/// taken for a checkpoint.
pub fn response_keys(secret: &[u8; 32]) -> Option<SigningKeys> {
    SigningKeys::from_secret(&hmac_sm3(secret, &[b"yingbi/response-signing/1"]))
}

impl Integrity {
    /// Digests as configured; signatures where there are keys.
    pub fn new(digest: When, keys: Option<SigningKeys>) -> Self {
        Integrity { digest, keys }
    }

    /// Adds what was asked for or configured to the head of a whole answer.
    ///
    /// # Errors
    /// A header can't be written.
    pub fn add(&self, request: &RequestHeader, treated: &mut Treated) -> Result<(), Problem> {
        let wanted = request.headers.get(WANT);
        if self.keys.is_none()
            && (self.digest == When::Never || (self.digest == When::Asked && wanted.is_none()))
        {
            return Ok(());
        }
        // What has no body of its own says nothing of one.
        let status = treated.head.status.as_u16();
        if request.method == http::Method::HEAD || status == 204 || status == 304 {
            return Ok(());
        }
        let mut algorithms = [false; 2];
        if self.digest != When::Never
            && let Some(wanted) = wanted.and_then(|value| value.to_str().ok())
        {
            algorithms = DIGESTS.map(|name| is_wanted(wanted, name));
        }
        algorithms[0] |= self.digest == When::Always || self.keys.is_some();
        algorithms[1] |= self.keys.is_some();
        let digests = DIGESTS.iter().zip(algorithms).filter(|(_, is_made)| *is_made);
        let digests: Vec<String> = digests.map(|(name, _)| digest(name, &treated.body)).collect();
        if digests.is_empty() {
            return Ok(());
        }
        let internal = |_| problem::INTERNAL;
        treated.head.insert_header(CONTENT_DIGEST, digests.join(", ")).map_err(internal)?;
        let Some(keys) = &self.keys else { return Ok(()) };
        let created = jiff::Timestamp::now().as_second();
        let (mut inputs, mut signatures) = (Vec::new(), Vec::new());
        for key in keys.public() {
            let params = parameters(&treated.head.headers, key, created);
            let base =
                base(&Asked::of(request), status, &treated.head.headers, &params).ok_or(problem::INTERNAL)?;
            let made = keys.sign(base.as_bytes()).into_iter().find(|made| made.id == key.id());
            let Some(made) = made else { continue };
            let label = label(key.algorithm());
            inputs.push(format!("{label}={params}"));
            signatures.push(format!("{label}=:{}:", BASE64_STANDARD.encode(made.bytes)));
        }
        treated.head.insert_header(SIGNATURE_INPUT, inputs.join(", ")).map_err(internal)?;
        treated.head.insert_header(SIGNATURE, signatures.join(", ")).map_err(internal)?;
        Ok(())
    }
}

/// What a signature says was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Method.
    pub method: String,
    /// `Host`.
    pub authority: String,
    /// Path.
    pub path: String,
    /// Query with its question mark; alone where there is none.
    pub query: String,
}

impl Asked {
    fn of(request: &RequestHeader) -> Asked {
        let host = request.headers.get("host").and_then(|host| host.to_str().ok());
        let authority = host.or(request.uri.host()).unwrap_or_default().to_ascii_lowercase();
        Asked {
            method: request.method.as_str().to_owned(),
            authority,
            path: request.uri.path().to_owned(),
            query: format!("?{}", request.uri.query().unwrap_or_default()),
        }
    }

    /// `GET host/path?query`.
    pub fn parse(text: &str) -> Option<Asked> {
        let (method, rest) = text.trim().split_once(' ')?;
        let at = rest.find('/')?;
        let (authority, target) = rest.split_at_checked(at)?;
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let (method, authority) = (method.to_ascii_uppercase(), authority.to_ascii_lowercase());
        (!authority.is_empty()).then(|| Asked {
            method,
            authority,
            path: path.to_owned(),
            query: format!("?{query}"),
        })
    }
}

/// One digest as `Content-Digest` says it.
fn digest(name: &str, body: &[u8]) -> String {
    let bytes: [u8; 32] = match name {
        SM3 => sm3(&[body]),
        _ => sha2::Sha256::digest(body).into(),
    };
    format!("{name}=:{}:", BASE64_STANDARD.encode(bytes))
}

/// Whether a list of preferences (`sha-256=10, sm3=0`) wants an algorithm.
fn is_wanted(wanted: &str, name: &str) -> bool {
    wanted.split(',').filter_map(|member| member.trim().split_once('=')).any(|(own, weight)| {
        let weight = weight.split(';').next().unwrap_or_default().trim();
        own.trim() == name && weight.parse::<u8>().is_ok_and(|weight| weight > 0)
    })
}

/// Components and parameters of a signature: what is said of it in `Signature-Input`, and signed with it.
fn parameters(headers: &HeaderMap, key: &VerifyingKey, created: i64) -> String {
    let mut components = String::from("\"@status\"");
    if headers.contains_key(CONTENT_TYPE) {
        components.push_str(" \"content-type\"");
    }
    components
        .push_str(" \"content-digest\" \"@method\";req \"@authority\";req \"@path\";req \"@query\";req");
    let algorithm = algorithm(key.algorithm());
    let mut params = format!("({components});created={created}");
    let _ = write!(params, ";keyid=\"{}\";alg=\"{algorithm}\"", key_id(key));
    params
}

/// How signatures name a key.
fn key_id(key: &VerifyingKey) -> String {
    format!("{}+{}", key.name(), yingbi_crypto::hex::encode(&key.id()))
}

/// The text that is signed (RFC 9421 §2.5); `None` when a component is none of ours or is not there.
fn base(asked: &Asked, status: u16, headers: &HeaderMap, params: &str) -> Option<String> {
    let (components, _) = params.strip_prefix('(')?.split_once(')')?;
    let mut text = String::new();
    for component in components.split(' ').filter(|component| !component.is_empty()) {
        let value = match component {
            "\"@status\"" => status.to_string(),
            "\"@method\";req" => asked.method.clone(),
            "\"@authority\";req" => asked.authority.clone(),
            "\"@path\";req" => asked.path.clone(),
            "\"@query\";req" => asked.query.clone(),
            header => {
                let name = header.strip_prefix('"')?.strip_suffix('"')?;
                let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
                let values: Option<Vec<&str>> =
                    headers.get_all(name).iter().map(|value| value.to_str().ok().map(str::trim)).collect();
                values.filter(|values| !values.is_empty())?.join(", ")
            }
        };
        let _ = writeln!(text, "{component}: {value}");
    }
    let _ = write!(text, "\"@signature-params\": {params}");
    Some(text)
}

/// What is found out about an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Digests that are those of the body.
    pub digests: Vec<String>,
    /// Key ids whose signatures hold.
    pub signatures: Vec<String>,
    /// What is wrong.
    pub problems: Vec<String>,
}

/// Looks at an answer as its receiver got it, and at keys that are known to be the gateway's.
pub fn verify(
    asked: &Asked,
    status: u16,
    headers: &HeaderMap,
    body: &[u8],
    keys: &[VerifyingKey],
) -> Verified {
    let mut found = Verified::default();
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    for (name, _) in members(text("content-digest")) {
        if !DIGESTS.contains(&name.as_str()) {
            continue;
        }
        match members(text("content-digest")).contains(&split(&digest(&name, body))) {
            true => found.digests.push(name),
            false => found.problems.push(format!("the body is not what its {name} digest says")),
        }
    }
    if found.digests.is_empty() && found.problems.is_empty() {
        found.problems.push("the answer has no digest".to_owned());
    }
    let signatures = members(text("signature"));
    for (label, params) in members(text("signature-input")) {
        let id = parameter(&params, "keyid").unwrap_or_default();
        let Some(key) = keys.iter().find(|key| key_id(key) == id) else { continue };
        let covers =
            ["\"@status\"", "\"content-digest\"", "\"@authority\";req", "\"@path\";req", "\"@query\";req"];
        let (components, _) = params.split_once(')').unwrap_or_default();
        let is_whole =
            covers.iter().all(|part| components.trim_start_matches('(').split(' ').any(|own| own == *part));
        let signature = signatures
            .iter()
            .find(|(of, _)| *of == label)
            .and_then(|(_, value)| BASE64_STANDARD.decode(value.strip_prefix(':')?.strip_suffix(':')?).ok());
        let base = base(asked, status, headers, &params);
        let holds = signature.zip(base).is_some_and(|(made, base)| key.verifies(base.as_bytes(), &made));
        match (is_whole, holds) {
            (true, true) => found.signatures.push(id),
            (false, _) => {
                found.problems.push(format!("the signature of {id} does not cover all that it must"))
            }
            (_, false) => found.problems.push(format!("the signature of {id} does not hold")),
        }
    }
    if !keys.is_empty() && found.signatures.is_empty() && found.problems.is_empty() {
        found.problems.push("none of the keys signed the answer".to_owned());
    }
    found
}

/// Members of a dictionary (RFC 8941) as they are written: commas in lists and texts part nothing.
fn members(text: &str) -> Vec<(String, String)> {
    let (mut members, mut from, mut is_text, mut depth) = (Vec::new(), 0, false, 0_u32);
    for (at, character) in text.char_indices().chain([(text.len(), ',')]) {
        match character {
            '"' => is_text = !is_text,
            '(' if !is_text => depth += 1,
            ')' if !is_text => depth = depth.saturating_sub(1),
            ',' if at == text.len() || (!is_text && depth == 0) => {
                let member = text.get(from..at).unwrap_or_default().trim();
                if !member.is_empty() {
                    members.push(split(member));
                }
                from = at + 1;
            }
            _ => {}
        }
    }
    members
}

fn split(member: &str) -> (String, String) {
    let (name, value) = member.split_once('=').unwrap_or((member, ""));
    (name.trim().to_owned(), value.trim().to_owned())
}

/// A text parameter behind a list.
fn parameter(params: &str, name: &str) -> Option<String> {
    let (_, behind) = params.split_once(')')?;
    let own = behind.split(';').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix("=\""));
    own?.strip_suffix('"').map(str::to_owned)
}

fn label(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::Ed25519 => "ed25519",
        Algorithm::Sm2 => "sm2",
    }
}

fn algorithm(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::Ed25519 => "ed25519",
        Algorithm::Sm2 => "sm2-sm3",
    }
}

const SM3: &str = "sm3";
const DIGESTS: [&str; 2] = ["sha-256", SM3];
const WANT: HeaderName = HeaderName::from_static("want-content-digest");
const CONTENT_DIGEST: HeaderName = HeaderName::from_static("content-digest");
const SIGNATURE_INPUT: HeaderName = HeaderName::from_static("signature-input");
const SIGNATURE: HeaderName = HeaderName::from_static("signature");

#[cfg(test)]
mod tests;
