//! API tokens: random, opaque, known to the gateway only by their SM3.

use super::{Identified, IdentifiedBy, IdentityError, Reason};
use crate::config::{ApiTokenEntry, TokenHash};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;
use yingbi_policies::{ApiToken, Identity};
use zeroize::Zeroizing;

/// What every API token starts with, so that scanners of repositories and logs can find leaked ones.
pub(super) const PREFIX: &str = "yb_";

/// Tokens by hash.
pub(super) struct ApiTokens {
    by_hash: HashMap<[u8; 32], Entry>,
}

struct Entry {
    hash: [u8; 32],
    expires: Option<SystemTime>,
    identified: Arc<Identified>,
}

impl ApiTokens {
    pub(super) fn new(entries: &[ApiTokenEntry]) -> ApiTokens {
        let entry = |written: &ApiTokenEntry| {
            let identity = Identity {
                id: written.id.clone(),
                subjects: written.subjects.clone(),
                api_token: Some(ApiToken { id: written.id.clone() }),
                ..Identity::default()
            };
            let identified = Arc::new(Identified { identity, by: IdentifiedBy::ApiToken });
            Entry { hash: written.hash.0, expires: written.expires, identified }
        };
        ApiTokens { by_hash: entries.iter().map(|written| (written.hash.0, entry(written))).collect() }
    }

    pub(super) fn identify(&self, token: &str, now: SystemTime) -> Result<Arc<Identified>, IdentityError> {
        let hash = TokenHash::of(token);
        // The table compares hashes of 256 random bits, which tell nothing about other tokens; the last word is
        // a comparison whose time does not depend on where they differ.
        let entry = self.by_hash.get(&hash.0).filter(|entry| equal(&entry.hash, &hash.0));
        let entry = entry.ok_or(Reason::UnknownToken)?;
        if entry.expires.is_some_and(|expires| now >= expires) {
            return Err(Reason::Expired.into());
        }
        Ok(Arc::clone(&entry.identified))
    }
}

/// A new token: the prefix and 256 random bits.
///
/// # Errors
/// The system gives no random numbers.
pub fn new_token() -> std::io::Result<Zeroizing<String>> {
    let mut secret = Zeroizing::new([0; 32]);
    getrandom::fill(secret.as_mut_slice()).map_err(|_| std::io::Error::other("no random numbers"))?;
    let mut token = Zeroizing::new(String::with_capacity(PREFIX.len() + 43));
    token.push_str(PREFIX);
    URL_SAFE_NO_PAD.encode_string(secret.as_slice(), &mut token);
    Ok(token)
}

/// The hash of a token as the configuration writes it: `sm3:…`.
pub fn token_hash(token: &str) -> String {
    crate::config::token_hash_text(TokenHash::of(token))
}

/// Equality in constant time.
fn equal(left: &[u8; 32], right: &[u8; 32]) -> bool {
    let difference = left.iter().zip(right).fold(0, |seen, (l, r)| seen | (l ^ r));
    std::hint::black_box(difference) == 0
}
