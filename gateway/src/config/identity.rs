//! `identity`: how callers prove who they are.

use super::directory::{AccountUse, BehaviourUse, DirectoryEntry, DirectoryFile, Zone};
use super::file::OURS;
use super::limits::seconds;
use http::HeaderName;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, de::value::SeqAccessDeserializer};
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use yingbi_crypto::hex;
use yingbi_policies::Diagnostic;

/// `identity`. All three may be used at once; a caller that presents nothing is nobody, and one that presents
/// something wrong is refused.
#[derive(Clone, Debug, Default)]
pub struct IdentityConfig {
    /// `jwt`: issuers whose tokens are accepted.
    pub jwt: Vec<JwtIssuer>,
    /// `api_tokens`: opaque tokens of services and robots, as hashes.
    pub api_tokens: Vec<ApiTokenEntry>,
    /// `token_header`: a header besides `Authorization` in which the bare token may come (`token`, T/TSAC 002—2025 §6.1.1.4).
    pub token_header: Option<HeaderName>,
    /// `mtls`: what a verified client certificate says.
    pub mtls: Mtls,
    /// `directory.file`: what the firm knows of callers; read again when it changes.
    pub directory: Option<(PathBuf, Vec<DirectoryEntry>)>,
    /// `zones`: parts of the network, by address.
    pub zones: Vec<Zone>,
    /// `accounts`: from how many places an account may be used at once.
    pub accounts: Option<AccountUse>,
    /// `behaviour`: what is unusual of a caller.
    pub behaviour: Option<BehaviourUse>,
}

/// `identity.jwt[]`: one issuer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JwtIssuer {
    /// `iss`, compared byte by byte.
    pub issuer: String,
    /// `aud`: at least one of these must be in the token; one string or a list.
    #[serde(deserialize_with = "one_or_many")]
    pub audience: Vec<String>,
    /// Where its keys are.
    pub jwks: Jwks,
    /// Claim that holds the investor ids which are the caller's own: a string, a whole number, or a list of them.
    /// Without it nobody has data of their own.
    #[serde(default)]
    pub subject_claim: Option<String>,
    /// `leeway_s`, default 30: clock difference tolerated for `exp`, `nbf` and `auth_time`.
    #[serde(default = "half_minute", rename = "leeway_s", with = "seconds")]
    pub leeway: Duration,
    /// What counts as fresh strong authentication (T/TSAC 001 §8.4.4 c); without it nothing does.
    #[serde(default)]
    pub step_up: Option<StepUp>,
}

/// `identity.jwt[].jwks`: where an issuer's keys are.
#[derive(Clone, Debug)]
pub struct Jwks {
    /// `file` or `url`; exactly one.
    pub source: JwksSource,
    /// `refresh_s`, default 300: how often the set is read again.
    pub refresh: Duration,
    /// `max_stale_s`, default 3600: how long known keys stay good when reading fails.
    pub max_stale: Duration,
    /// `ca`: PEM authorities for an `https` URL; without it the public ones of the build.
    pub ca: Option<PathBuf>,
}

/// A source of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JwksSource {
    /// A file with a JWK set.
    File(PathBuf),
    /// An `https` URL, or `http` on loopback.
    Url(String),
}

/// `identity.jwt[].step_up`: what proves a fresh strong authentication.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepUp {
    /// `acr` values, one of which is enough.
    #[serde(default)]
    pub acr: Vec<String>,
    /// `amr` values, one of which is enough (`otp`, `hwk`, `face` …).
    #[serde(default)]
    pub amr: Vec<String>,
    /// `max_age_s`, default 300: age of `auth_time`; a token without `auth_time` is never fresh.
    #[serde(default = "five_minutes", rename = "max_age_s", with = "seconds")]
    pub max_age: Duration,
}

/// One API token: its hash, never itself.
#[derive(Clone, Debug)]
pub struct ApiTokenEntry {
    /// Name of its holder in policies and records.
    pub id: String,
    /// `hash: "sm3:…"`, as `yingbi token new` prints it.
    pub hash: TokenHash,
    /// Investor ids that are the holder's own; empty for services.
    pub subjects: Vec<String>,
    /// `expires`, RFC 3339: refused from then on.
    pub expires: Option<SystemTime>,
}

/// SM3 of a token.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash(pub [u8; 32]);

/// `identity.mtls`: what a verified client certificate says about its holder.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mtls {
    /// `id_from`, default `[uri, common-name]`: the first of these names that is there identifies the holder.
    pub id_from: Vec<CertificateName>,
    /// `subject_from`: the name that is an investor id of the holder's own; default none: services have no such data.
    pub subject_from: Option<CertificateName>,
}

/// A kind of name in a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CertificateName {
    /// First URI subject alternative name (SPIFFE id).
    Uri,
    /// First DNS subject alternative name.
    Dns,
    /// Subject common name.
    CommonName,
}

impl Default for Mtls {
    fn default() -> Self {
        Mtls { id_from: vec![CertificateName::Uri, CertificateName::CommonName], subject_from: None }
    }
}

impl TokenHash {
    /// The hash of a token.
    pub fn of(token: &str) -> TokenHash {
        TokenHash(yingbi_crypto::sm3(&[token.as_bytes()]))
    }

    fn parse(text: &str) -> Option<TokenHash> {
        text.strip_prefix("sm3:").and_then(hex::decode).map(TokenHash)
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(..)")
    }
}

/// A hash as the configuration writes it.
pub(crate) fn token_hash_text(hash: TokenHash) -> String {
    format!("sm3:{}", hex::encode(&hash.0))
}

/// Reads a token file: a YAML list of entries.
pub(crate) fn parse_token_file(path: &Path, text: &str) -> Result<Vec<ApiTokenEntry>, Box<Diagnostic>> {
    super::file::parse(path, text)
}

/// `identity` as written.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct IdentityFile {
    pub(super) jwt: Vec<JwtIssuer>,
    pub(super) api_tokens: ApiTokensFile,
    pub(super) token_header: Option<String>,
    pub(super) mtls: Mtls,
    pub(super) directory: Option<DirectoryFile>,
    pub(super) zones: Vec<Zone>,
    pub(super) accounts: Option<AccountUse>,
    pub(super) behaviour: Option<BehaviourUse>,
}

/// `identity.api_tokens` as written: a list, or `{file: …}`.
#[derive(Default)]
pub(super) struct ApiTokensFile {
    pub(super) file: Option<PathBuf>,
    pub(super) tokens: Vec<ApiTokenEntry>,
}

impl<'de> Deserialize<'de> for ApiTokensFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ListOrFile;

        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Named {
            file: PathBuf,
        }

        impl<'de> Visitor<'de> for ListOrFile {
            type Value = ApiTokensFile;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of tokens, or `file`")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<ApiTokensFile, A::Error> {
                let tokens = Vec::deserialize(SeqAccessDeserializer::new(seq))?;
                Ok(ApiTokensFile { file: None, tokens })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ApiTokensFile, A::Error> {
                let Named { file } = Named::deserialize(MapAccessDeserializer::new(map))?;
                Ok(ApiTokensFile { file: Some(file), tokens: vec![] })
            }
        }

        deserializer.deserialize_any(ListOrFile)
    }
}

impl<'de> Deserialize<'de> for ApiTokenEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Written {
            id: String,
            hash: HashText,
            #[serde(default)]
            subjects: Vec<String>,
            #[serde(default)]
            expires: Option<Instant>,
        }
        let Written { id, hash: HashText(hash), subjects, expires } = Written::deserialize(deserializer)?;
        Ok(ApiTokenEntry { id, hash, subjects, expires: expires.map(|Instant(at)| at) })
    }
}

/// A hash as written.
pub(super) struct HashText(pub(super) TokenHash);

impl<'de> Deserialize<'de> for HashText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // What stands here by mistake may be a token: never quote it.
        let text = String::deserialize(deserializer)?;
        TokenHash::parse(&text).map(HashText).ok_or_else(|| {
            said::<D::Error>(
                "hash must be `sm3:` and 64 hex digits, as `yingbi token hash` prints it",
                "hash 应为 `sm3:` 加 64 位十六进制，可由 `yingbi token hash` 生成",
            )
        })
    }
}

/// A time as written.
pub(super) struct Instant(pub(super) SystemTime);

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse::<jiff::Timestamp>().map(|at| Instant(at.into())).map_err(|_| {
            said::<D::Error>(
                "a time in RFC 3339 is expected, such as 2026-12-31T16:00:00Z",
                "应为 RFC 3339 时间，如 2026-12-31T16:00:00Z",
            )
        })
    }
}

impl<'de> Deserialize<'de> for Jwks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Written {
            #[serde(default)]
            file: Option<PathBuf>,
            #[serde(default)]
            url: Option<String>,
            #[serde(default = "five_minutes", rename = "refresh_s", with = "seconds")]
            refresh: Duration,
            #[serde(default = "hour", rename = "max_stale_s", with = "seconds")]
            max_stale: Duration,
            #[serde(default)]
            ca: Option<PathBuf>,
        }
        let Written { file, url, refresh, max_stale, ca } = Written::deserialize(deserializer)?;
        let source = match (file, url) {
            (Some(file), None) => JwksSource::File(file),
            (None, Some(url)) => JwksSource::Url(url),
            _ => {
                return Err(said::<D::Error>(
                    "exactly one of `file` and `url` is expected",
                    "`file` 与 `url` 必须且只能给出一个",
                ));
            }
        };
        Ok(Jwks { source, refresh, max_stale, ca })
    }
}

/// A string, or a list of strings.
fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    struct OneOrMany;

    impl<'de> Visitor<'de> for OneOrMany {
        type Value = Vec<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string or a list of strings")
        }

        fn visit_str<E: de::Error>(self, one: &str) -> Result<Vec<String>, E> {
            Ok(vec![one.to_owned()])
        }

        fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Vec<String>, A::Error> {
            Vec::deserialize(SeqAccessDeserializer::new(seq))
        }
    }

    deserializer.deserialize_any(OneOrMany)
}

/// A message of ours in both languages, through the parser's error type.
fn said<E: de::Error>(en: &str, zh: &str) -> E {
    E::custom(format!("{OURS}{en}|{zh}"))
}

fn half_minute() -> Duration {
    Duration::from_secs(30)
}

fn five_minutes() -> Duration {
    Duration::from_secs(300)
}

fn hour() -> Duration {
    Duration::from_secs(3600)
}
