//! Commercial cryptography to the national standards, free of I/O.
//!
//! Now: SM3 (GB/T 32905), HMAC-SM3 and subject pseudonyms. Yingbi is not itself a certified cryptographic module.

use std::fmt;
use zeroize::Zeroizing;

/// An SM3 digest.
pub type Digest = [u8; 32];

/// SM3 (GB/T 32905—2016) of the concatenation of `parts`.
pub fn sm3(parts: &[&[u8]]) -> Digest {
    use sm3::Digest as _;
    let mut hasher = sm3::Sm3::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// A key under which personal identifiers become pseudonyms (HMAC-SM3); equal identifiers give equal pseudonyms.
pub struct PseudonymKey {
    key: Zeroizing<[u8; 32]>,
}

/// Keyed pseudonym of an investor or of a person who calls: 16 bytes of HMAC-SM3.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pseudonym(pub [u8; 16]);

impl PseudonymKey {
    /// Takes 32 secret bytes.
    pub fn new(key: [u8; 32]) -> Self {
        PseudonymKey { key: Zeroizing::new(key) }
    }

    /// The pseudonym of an identifier within a domain (`subject`, `caller`, `address`); domains are unlinkable.
    pub fn pseudonym(&self, domain: &str, identifier: &str) -> Pseudonym {
        use hmac::{KeyInit as _, Mac as _};
        let Ok(mut mac) = hmac::Hmac::<sm3::Sm3>::new_from_slice(self.key.as_slice()) else {
            unreachable!("HMAC takes keys of any length")
        };
        mac.update(&[u8::try_from(domain.len()).unwrap_or(u8::MAX)]);
        mac.update(domain.as_bytes());
        mac.update(identifier.as_bytes());
        let tag: [u8; 32] = mac.finalize().into_bytes().into();
        let mut short = [0; 16];
        short.copy_from_slice(tag.first_chunk::<16>().unwrap_or(&[0; 16]));
        Pseudonym(short)
    }
}

impl fmt::Debug for PseudonymKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PseudonymKey(..)")
    }
}

impl fmt::Display for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
