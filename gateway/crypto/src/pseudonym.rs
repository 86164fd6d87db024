//! Pseudonyms: what stands for a person in records (T/TSAC 001—2025 §7.5 f: no personal information in logs).

use crate::{HmacSm3, hex};
use std::fmt;
use zeroize::Zeroizing;

/// A key under which personal identifiers become pseudonyms (HMAC-SM3); equal identifiers give equal pseudonyms.
/// Zeroized on drop; `Debug` shows nothing of it.
#[derive(Clone)]
pub struct PseudonymKey {
    mac: HmacSm3,
}

/// Keyed pseudonym of an investor or of a person who calls: 16 bytes of HMAC-SM3.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pseudonym(pub [u8; 16]);

/// Why a text is no pseudonym key. Says nothing of the text, which may be a secret all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKey {
    /// Not 64 characters.
    #[error("a pseudonym key is 64 hexadecimal digits, this has {0} characters")]
    Length(usize),
    /// Another character than a hexadecimal digit.
    #[error("a pseudonym key is 64 hexadecimal digits, this has other characters")]
    Digit,
}

impl PseudonymKey {
    /// Takes 32 secret bytes.
    pub fn new(key: [u8; 32]) -> Self {
        let key = Zeroizing::new(key);
        PseudonymKey { mac: HmacSm3::new(key.as_slice()) }
    }

    /// Reads the text of a key file: 64 hexadecimal digits, white space around them allowed.
    ///
    /// # Errors
    /// The text is no key; the error doesn't repeat it.
    pub fn from_hex(text: &str) -> Result<Self, InvalidKey> {
        let text = text.trim_ascii();
        let length = text.chars().count();
        if length != 64 {
            return Err(InvalidKey::Length(length));
        }
        let key = Zeroizing::new(hex::decode::<32>(text).ok_or(InvalidKey::Digit)?);
        Ok(PseudonymKey::new(*key))
    }

    /// The pseudonym of an identifier within a domain (`subject`, `caller`, `address`); domains are unlinkable.
    pub fn pseudonym(&self, domain: &str, identifier: &str) -> Pseudonym {
        // The domain's length goes first, so that no domain and identifier run together into another pair.
        let tag =
            self.mac.tag(&[&(domain.len() as u64).to_be_bytes(), domain.as_bytes(), identifier.as_bytes()]);
        let mut short = [0; 16];
        short.iter_mut().zip(tag).for_each(|(short, byte)| *short = byte);
        Pseudonym(short)
    }
}

impl Pseudonym {
    /// Reads the 32 digits that `Display` writes.
    pub fn from_hex(text: &str) -> Option<Self> {
        hex::decode(text).map(Pseudonym)
    }
}

impl fmt::Debug for PseudonymKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PseudonymKey(..)")
    }
}

impl fmt::Display for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl fmt::Debug for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
