//! Who calls, as proven by JWT, API token or client certificate.
//!
//! A caller that presents nothing is nobody ([`IdentifiedBy::None`]); one that presents something wrong, twice, or in a
//! form not understood is refused, never taken for nobody. An error names the reason, never the credential.

mod api_token;
mod authorities;
mod cache;
mod error;
mod jwk;
mod jwks;
mod jwt;
mod mtls;
#[cfg(test)]
mod tests;

pub use api_token::{new_token, token_hash};
pub use authorities::ClientAuthorities;
pub use error::{IdentityError, Reason};
pub(crate) use jwk::usable_keys;
pub use mtls::{PeerCertificate, PeerCertificateCallback};

use crate::config::IdentityConfig;
use api_token::ApiTokens;
use http::HeaderMap;
use http::header::{AUTHORIZATION, HeaderName};
use jwt::JwtVerifier;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use yingbi_policies::{CallerFacts, Identity};

/// Verifies callers' proofs. Made once, shared by all exchanges; its background threads end with it.
pub struct Identifier {
    jwt: JwtVerifier,
    tokens: ApiTokens,
    mtls: crate::config::Mtls,
    token_header: Option<HeaderName>,
}

/// Who calls, and by which proof. `Debug` shows the kind of proof only: names of people are no log matter.
#[derive(Clone)]
pub struct Identified {
    /// What was proven.
    pub identity: Identity,
    /// The proof that names the caller.
    pub by: IdentifiedBy,
}

/// Kind of the proof that names the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IdentifiedBy {
    /// A JWT of a configured issuer.
    Jwt,
    /// An API token.
    ApiToken,
    /// A client certificate.
    Mtls,
    /// Nothing was presented.
    None,
}

impl Identifier {
    /// Prepares all proofs; starts one thread an issuer that reads its keys and keeps them fresh.
    ///
    /// # Errors
    /// A thread can't be started.
    pub fn new(config: &IdentityConfig) -> std::io::Result<Identifier> {
        Ok(Identifier {
            jwt: JwtVerifier::start(&config.jwt)?,
            tokens: ApiTokens::new(&config.api_tokens),
            mtls: config.mtls.clone(),
            token_header: config.token_header.clone(),
        })
    }

    /// Who calls. A token in `Authorization` names the caller; a certificate beside it (a service that acts for a user)
    /// stays known to policies.
    ///
    /// # Errors
    /// Something was presented that does not hold: answer 401 (or [`IdentityError::status`]) and stop.
    pub fn identify(
        &self,
        headers: &HeaderMap,
        certificate: Option<&PeerCertificate>,
        now: SystemTime,
    ) -> Result<Arc<Identified>, IdentityError> {
        let token = match presented(headers, self.token_header.as_ref())? {
            None => None,
            Some(token) if token.starts_with(api_token::PREFIX) => Some(self.tokens.identify(token, now)?),
            Some(token) => Some(self.jwt.identify(token, now)?),
        };
        let Some(certificate) = certificate else {
            return Ok(token.unwrap_or_else(|| Arc::new(Identified::NOBODY)));
        };
        let certificate = certificate.valid(now)?;
        match token {
            Some(token) => {
                let mut identified = Identified::clone(&token);
                identified.identity.certificate = Some(certificate.clone());
                Ok(Arc::new(identified))
            }
            None => mtls::identify(&self.mtls, certificate).map(Arc::new),
        }
    }

    /// The header besides `Authorization` that tokens may come in.
    pub fn token_header(&self) -> Option<&HeaderName> {
        self.token_header.as_ref()
    }

    /// Whether every issuer has keys; before that the gateway is not ready.
    pub fn is_ready(&self) -> bool {
        self.jwt.is_ready()
    }

    /// Age of the oldest issuer's keys; `None` without issuers, or while one has never had keys.
    pub fn jwks_age(&self) -> Option<Duration> {
        self.jwt.oldest_keys()
    }
}

impl Identified {
    /// A caller of whom nothing is known.
    pub const NOBODY: Identified = Identified {
        identity: Identity {
            id: String::new(),
            subjects: Vec::new(),
            jwt: None,
            certificate: None,
            api_token: None,
            stepped_up: false,
            facts: CallerFacts::UNKNOWN,
        },
        by: IdentifiedBy::None,
    };
}

impl std::fmt::Debug for Identified {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Identified(by {})", self.by.name())
    }
}

impl IdentifiedBy {
    /// Name in records: `jwt`, `api-token`, `mtls`, `none`.
    pub fn name(self) -> &'static str {
        match self {
            IdentifiedBy::Jwt => "jwt",
            IdentifiedBy::ApiToken => "api-token",
            IdentifiedBy::Mtls => "mtls",
            IdentifiedBy::None => "none",
        }
    }
}

/// The bearer token, if any; anything else in `Authorization` is wrong. Where a header of its own is configured, the bare
/// token may stand there instead, never in both.
fn presented<'h>(headers: &'h HeaderMap, own: Option<&HeaderName>) -> Result<Option<&'h str>, IdentityError> {
    let bare = own.into_iter().flat_map(|own| headers.get_all(own)).map(|value| (value, true));
    let mut values = headers.get_all(AUTHORIZATION).iter().map(|value| (value, false)).chain(bare);
    let Some((value, is_bare)) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Reason::Repeated.into());
    }
    let value = value.to_str().map_err(|_| Reason::Malformed)?;
    let token = if is_bare { value } else { bearer(value)? };
    // RFC 6750: token68 only, so that neither a second token nor a comma list hides in it.
    let is_token68 = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    if token.is_empty() || !token.bytes().all(is_token68) {
        return Err(Reason::Malformed.into());
    }
    if token.len() > TOKEN_BYTES {
        return Err(Reason::TooLong.into());
    }
    Ok(Some(token))
}

/// What follows the scheme.
fn bearer(value: &str) -> Result<&str, IdentityError> {
    let (scheme, token) = value.split_once(' ').ok_or(Reason::Scheme)?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(token) } else { Err(Reason::Scheme.into()) }
}

/// Twice what large identity providers send with many groups.
const TOKEN_BYTES: usize = 16 << 10;
