//! HKDF (RFC 5869) over SM3: keys from a secret, one a label.
//!
//! ```
//! use yingbi_crypto::hkdf::Hkdf;
//!
//! let secret = Hkdf::extract(b"", &[7; 32]);
//! let (seal, token) = (secret.key::<16>(&[b"seal"]), secret.key::<32>(&[b"token"]));
//! assert_ne!(seal.as_slice(), &token[..16]);
//! ```

use crate::HmacSm3;
use zeroize::Zeroizing;

/// A secret that keys are made of: HKDF's pseudorandom key. Zeroized on drop.
#[derive(Clone)]
pub struct Hkdf {
    mac: HmacSm3,
}

/// More was asked for than HKDF gives: 255 digests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("HKDF-SM3 gives at most 8160 bytes")]
pub struct TooMuch;

impl Hkdf {
    /// HKDF-Extract (2.2); the salt may be empty.
    pub fn extract(salt: &[u8], secret: &[u8]) -> Self {
        let key = Zeroizing::new(HmacSm3::new(salt).tag(&[secret]));
        Hkdf { mac: HmacSm3::new(key.as_slice()) }
    }

    /// HKDF-Expand (2.3), the concatenation of `info` telling what the bytes are for.
    ///
    /// # Errors
    /// `out` is longer than 255 digests; nothing was written.
    pub fn expand(&self, info: &[&[u8]], out: &mut [u8]) -> Result<(), TooMuch> {
        if out.len() > LONGEST {
            return Err(TooMuch);
        }
        let mut last: Zeroizing<[u8; 32]> = Zeroizing::new([0; 32]);
        for (number, chunk) in (1..=u8::MAX).zip(out.chunks_mut(32)) {
            let number = [number];
            // The first block has none before it.
            let before = if number == [1] { &[][..] } else { last.as_slice() };
            let mut parts = Vec::with_capacity(info.len() + 2);
            parts.push(before);
            parts.extend_from_slice(info);
            parts.push(&number);
            let next = Zeroizing::new(self.mac.tag(&parts));
            chunk.iter_mut().zip(next.iter()).for_each(|(out, byte)| *out = *byte);
            last = next;
        }
        Ok(())
    }

    /// A key for what `info` says.
    pub fn key<const N: usize>(&self, info: &[&[u8]]) -> Zeroizing<[u8; N]> {
        const { assert!(N <= LONGEST, "HKDF gives at most 255 digests") };
        let mut key = Zeroizing::new([0; N]);
        let Ok(()) = self.expand(info, key.as_mut_slice()) else { unreachable!("the length was checked") };
        key
    }
}

const LONGEST: usize = 255 * 32;

#[cfg(test)]
mod tests;
