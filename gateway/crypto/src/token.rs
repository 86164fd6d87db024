//! Tokens: what stands for a value where values must be told apart and joined, but not known (T/TSAC 001—2025 3.8).
//!
//! ```text
//! ybt1.<base64url without padding, 22 characters, of the first 16 bytes of HMAC-SM3(key, value)>
//!
//! key    HKDF-SM3 without salt, 32 bytes, info = "yingbi/token/1/" ‖ length of the category in bytes (8, big-endian)
//!        ‖ category ‖ purpose
//! ```
//!
//! Equal values of a category give equal tokens within a purpose, and nothing links them across purposes. Only who has the
//! key can try values; whoever does can try all identity documents of a region, so the key is as secret as they are.
//!
//! ```
//! use yingbi_crypto::token::TokenKey;
//!
//! let risk = TokenKey::new(&[7; 32], "contact.mobile", "risk-model");
//! assert_eq!(risk.token(b"13800138000"), "ybt1.TGWqIX-zpYg3CLras8kM-Q");
//! assert_ne!(TokenKey::new(&[7; 32], "contact.mobile", "marketing").token(b"13800138000"), risk.token(b"13800138000"));
//! ```

use crate::envelope::base64url;
use crate::hkdf::Hkdf;
use crate::{Digest, HmacSm3};
use std::fmt;

/// Makes the tokens of one category for one purpose. Zeroized on drop; `Debug` shows nothing of it.
#[derive(Clone)]
pub struct TokenKey {
    mac: HmacSm3,
}

impl TokenKey {
    /// The key that a secret holds for a category and purpose.
    pub fn new(secret: &[u8; 32], category: &str, purpose: &str) -> Self {
        // The category's length goes first, so that no category and purpose run together into another pair.
        let length = (category.len() as u64).to_be_bytes();
        let info: [&[u8]; 4] = [LABEL, &length, category.as_bytes(), purpose.as_bytes()];
        let key = Hkdf::extract(b"", secret).key::<32>(&info);
        TokenKey { mac: HmacSm3::new(key.as_slice()) }
    }

    /// The token of a value: ASCII, [`LENGTH`](TokenKey::LENGTH) long.
    pub fn token(&self, value: &[u8]) -> String {
        let mut text = Vec::with_capacity(TokenKey::LENGTH);
        self.write(value, &mut text);
        text.into_iter().map(char::from).collect()
    }

    /// Appends the token of a value.
    pub fn write(&self, value: &[u8], out: &mut Vec<u8>) {
        let tag: Digest = self.mac.tag(&[value]);
        let (short, _) = tag.split_at(SHORT);
        out.extend_from_slice(PREFIX.as_bytes());
        base64url::encode(short, out);
    }

    /// Bytes of a token.
    pub const LENGTH: usize = PREFIX.len() + (SHORT * 4).div_ceil(3);
}

/// Whether a text has the form of a token, so that no token of a token is made.
pub fn looks_like_token(text: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let body = text.strip_prefix(PREFIX);
    // The last character holds two bits of the tag; the other four are zero.
    body.is_some_and(|body| {
        text.len() == TokenKey::LENGTH && body.bytes().all(known) && body.ends_with(['A', 'Q', 'g', 'w'])
    })
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenKey(..)")
    }
}

const PREFIX: &str = "ybt1.";

/// Bytes of the tag that are kept: among 2³² values two tokens meet once in 2⁶⁵ times.
const SHORT: usize = 16;

const LABEL: &[u8] = b"yingbi/token/1/";

#[cfg(test)]
mod tests;
