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
//! refused by [`parse`].
//!
//! The gateway binds to tenant `main`, the category's id and, as the policy's mask says, to the record's subject and to the
//! path: the names that lead from the record to the value, `/contact/mobile`, each with `~` as `~0` and `/` as `~1`,
//! positions in lists left out, `/!` for a step into a string that is a document itself. For a JSON number `!number` stands
//! in front of the path, or alone, so that it is a number again once opened.
//!
//! Vectors for other languages are in `vectors/envelope.json`
//! beside this crate's sources, and a reader of some 100 lines in `tests/readers/envelope_reader.py`. All characters of an
//! envelope may stand in a JSON string, a CSV field,
//! a URL and an XML attribute as they are.
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

pub(crate) mod base64url;
mod binding;
mod open;
mod seal;

pub use binding::Binding;
pub use open::{OpenError, OpenKey};
pub use seal::{Field, SealError, SealKey};

use crate::sm4::gcm::{Nonce, Tag};

/// A well-formed envelope: its body has at least nonce and tag. That it is genuine only [`OpenKey::open`] can tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope<'a> {
    kid: &'a str,
    /// Nonce, text and tag.
    body: Vec<u8>,
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

    fn nonce(&self) -> Nonce {
        self.body.first_chunk().copied().unwrap_or_default()
    }

    fn text(&self) -> &[u8] {
        self.body.get(size_of::<Nonce>()..self.body.len() - size_of::<Tag>()).unwrap_or_default()
    }

    fn tag(&self) -> Tag {
        self.body.last_chunk().copied().unwrap_or_default()
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
    let body = base64url::decode(body).ok_or(EnvelopeError::Base64)?;
    if body.len() < OVERHEAD {
        return Err(EnvelopeError::Short);
    }
    Ok(Envelope { kid, body })
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

/// The tag's mask, and the text's.
fn blocks_of(text: &[u8]) -> usize {
    1 + text.len().div_ceil(16)
}

/// Blocks that an engine encrypts side by side.
const BATCH: usize = 64;

#[cfg(test)]
mod tests;
