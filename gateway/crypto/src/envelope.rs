//! Sealed fields: text that stands where a value stood, which only its key opens, and only where it was put.
//!
//! ```text
//! yb1.<kid>.<body>
//!
//! kid    which key: 1 to 64 of A-Z a-z 0-9 - _
//! body   base64url without padding (RFC 4648 5, unused bits zero) of
//!        nonce  12 bytes: instance id (4), counter (8, big-endian)
//!        text   as many bytes as the plain text has
//!        tag    16 bytes
//! ```
//!
//! Text and tag are those of SM4-GCM (GB/T 32907—2016, NIST SP 800-38D) under the key that `kid` names, with this nonce
//! and the associated data that [`Binding`] writes. There is one way to write an envelope; whatever else resembles one is
//! refused by [`parse`]. All its characters may stand in a JSON string, a CSV field, a URL and an XML attribute as they are.
//!
//! ```
//! use yingbi_crypto::envelope::{self, Binding, OpenKey, SealKey};
//!
//! let aad = Binding { tenant: "main", category: "id-document", path: Some("/id"), subject: None }.to_bytes();
//! let key = SealKey::new("id-document-1", &[7; 16], *b"\0\0\0\x01")?;
//! let mut text = Vec::new();
//! key.seal_into(&aad, b"11010519491231002X", &mut text)?;
//! let text = String::from_utf8(text)?;
//! assert!(text.starts_with("yb1.id-document-1.AAAAAQAAAAAAAAAA"));
//! assert!(envelope::looks_sealed(&text));
//!
//! let sealed = envelope::parse(&text)?;
//! let key = OpenKey::new(sealed.kid(), &[7; 16])?;
//! assert_eq!(*key.open(&sealed, &aad)?, b"11010519491231002X");
//!
//! let elsewhere = Binding { tenant: "main", category: "id-document", path: Some("/note"), subject: None };
//! assert!(key.open(&sealed, &elsewhere.to_bytes()).is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod base64url;
mod binding;
mod open;
mod seal;

pub use binding::Binding;
pub use open::{OpenError, OpenKey};
pub use seal::{Field, SealError, SealKey};

use crate::sm4::gcm::{Nonce, Tag};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

/// A well-formed envelope. That it is genuine only [`OpenKey::open`] can tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope<'a> {
    kid: &'a str,
    nonce: Nonce,
    text: Vec<u8>,
    tag: Tag,
}

/// Why a text is no envelope. Says nothing of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// It doesn't begin with `yb1.`; so it was never sealed.
    #[error("not a sealed field: it doesn't begin with `yb1.`")]
    Prefix,
    /// No key id, or one too long or with other characters.
    #[error("a sealed field names its key by 1 to 64 letters, digits, `-` and `_`")]
    Kid,
    /// Other characters than base64url's, padding, or a last character that says more than it may.
    #[error("the body of a sealed field is canonical base64url without padding")]
    Base64,
    /// Shorter than nonce and tag.
    #[error("a sealed field is cut")]
    Short,
}

/// A text that can't be a key id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key id is 1 to 64 letters, digits, `-` and `_`")]
pub struct InvalidKid;

impl Envelope<'_> {
    /// Which key opens it, says the envelope.
    pub fn kid(&self) -> &str {
        self.kid
    }
}

/// Reads an envelope: all of the text must be one, written the one way there is.
///
/// # Errors
/// The text is no envelope.
pub fn parse(text: &str) -> Result<Envelope<'_>, EnvelopeError> {
    let rest = text.strip_prefix(PREFIX).ok_or(EnvelopeError::Prefix)?;
    let (kid, body) = rest.split_once('.').ok_or(EnvelopeError::Kid)?;
    check_kid(kid).map_err(|InvalidKid| EnvelopeError::Kid)?;
    // This engine takes neither padding nor a last character with unused bits set.
    let body = BASE64_URL_SAFE_NO_PAD.decode(body).map_err(|_| EnvelopeError::Base64)?;
    let (nonce, rest) = body.split_first_chunk().ok_or(EnvelopeError::Short)?;
    let (text, tag) = rest.split_last_chunk().ok_or(EnvelopeError::Short)?;
    Ok(Envelope { kid, nonce: *nonce, text: text.to_vec(), tag: *tag })
}

/// Whether the text is a well-formed envelope already, so that it isn't sealed twice.
///
/// Form proves nothing: a caller who writes an envelope of his own, to keep a value from being sealed, also passes. Where
/// that matters let only envelopes stand whose `kid` is known, or that open.
pub fn looks_sealed(text: &str) -> bool {
    parse(text).is_ok()
}

fn check_kid(kid: &str) -> Result<(), InvalidKid> {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if (1..=LONGEST_KID).contains(&kid.len()) && kid.bytes().all(known) { Ok(()) } else { Err(InvalidKid) }
}

const PREFIX: &str = "yb1.";

const LONGEST_KID: usize = 64;

/// Bytes of a body beside the text.
const OVERHEAD: usize = size_of::<Nonce>() + size_of::<Tag>();

#[cfg(test)]
mod tests;
