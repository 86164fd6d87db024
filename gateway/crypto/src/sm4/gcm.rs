//! Galois/Counter Mode (NIST SP 800-38D, with SM4 as in RFC 8998): nonces of 96 bits, tags of 128.

use super::ghash::GhashKey;
use super::{Block, Sm4};
use crate::constant_time_eq;
use std::fmt;

/// A nonce; never use one twice under a key.
pub type Nonce = [u8; 12];

/// What shows that text and associated data are as they were sealed.
pub type Tag = [u8; 16];

/// SM4-GCM under one key. Zeroized on drop; `Debug` shows nothing of the key.
///
/// ```
/// use yingbi_crypto::sm4::gcm::{Forged, Gcm};
///
/// let gcm = Gcm::new(&[7; 16]);
/// let mut text = *b"6222021234567890128";
/// let tag = gcm.seal(&[1; 12], b"account", &mut text)?;
/// assert_ne!(&text, b"6222021234567890128");
/// assert_eq!(gcm.open(&[1; 12], b"telephone", &mut text, &tag), Err(Forged));
/// assert_eq!(gcm.open(&[1; 12], b"account", &mut text, &tag), Ok(()));
/// assert_eq!(&text, b"6222021234567890128");
/// # Ok::<(), yingbi_crypto::sm4::gcm::TooLong>(())
/// ```
#[derive(Clone)]
pub struct Gcm {
    cipher: Sm4,
    ghash: GhashKey,
}

/// The text or associated data is not what was sealed, or was sealed under another key or nonce. Nothing was decrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the sealed text or what it is bound to was altered, or the key is another")]
pub struct Forged;

/// The text is longer than the counter can number: 2³² − 2 blocks. Nothing was encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a text of {0} bytes is more than one seal of SM4-GCM can hold")]
pub struct TooLong(pub usize);

impl Gcm {
    /// Expands a key of 128 bits.
    pub fn new(key: &[u8; 16]) -> Self {
        let cipher = Sm4::with_key(key);
        let mut h = [[0; 16]];
        cipher.encrypt_each(&mut h);
        let [h] = h;
        Gcm { cipher, ghash: GhashKey::new(h) }
    }

    /// Encrypts the text in place and gives the tag over it and the associated data.
    ///
    /// # Errors
    /// The text is too long; it is as it was.
    pub fn seal(&self, nonce: &Nonce, aad: &[u8], text: &mut [u8]) -> Result<Tag, TooLong> {
        if text.len() as u64 > LONGEST {
            return Err(TooLong(text.len()));
        }
        let mask = self.crypt(nonce, text);
        Ok(masked(self.ghash.hash(aad, text), mask))
    }

    /// Checks the tag, then decrypts the text in place.
    ///
    /// # Errors
    /// The tag is not that of this text, associated data and nonce under this key; the text is as it was.
    pub fn open(&self, nonce: &Nonce, aad: &[u8], text: &mut [u8], tag: &Tag) -> Result<(), Forged> {
        if text.len() as u64 > LONGEST {
            return Err(Forged);
        }
        let mask = self.crypt(nonce, &mut []);
        if !constant_time_eq(&masked(self.ghash.hash(aad, text), mask), tag) {
            return Err(Forged);
        }
        self.crypt(nonce, text);
        Ok(())
    }

    /// Adds the key stream to the text; returns its first block, which masks the tag.
    fn crypt(&self, nonce: &Nonce, text: &mut [u8]) -> Block {
        let mut mask = [0; 16];
        // The counter of the tag's mask is 1 (7.1, steps 2 and 3).
        let mut counter = 1u32;
        let mut first = true;
        let mut rest = text;
        loop {
            let mut stream = [[0; 16]; STRIDE];
            let spare = usize::from(first);
            let length = rest.len().min((STRIDE - spare) * 16);
            let used = spare + length.div_ceil(16);
            for block in stream.iter_mut().take(used) {
                *block = counter_block(nonce, counter);
                counter = counter.wrapping_add(1);
            }
            let (used, _) = stream.split_at_mut(used);
            self.cipher.encrypt_each(used);
            if let (true, Some(block)) = (first, used.first()) {
                mask = *block;
            }
            let (now, later) = rest.split_at_mut(length);
            let stream = used.iter().skip(spare).flatten();
            now.iter_mut().zip(stream).for_each(|(byte, key)| *byte ^= key);
            if later.is_empty() {
                return mask;
            }
            (rest, first) = (later, false);
        }
    }
}

impl fmt::Debug for Gcm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gcm(..)")
    }
}

fn masked(hash: Block, mask: Block) -> Tag {
    (u128::from_ne_bytes(hash) ^ u128::from_ne_bytes(mask)).to_ne_bytes()
}

fn counter_block(nonce: &Nonce, counter: u32) -> Block {
    let mut block = [0; 16];
    block.iter_mut().zip(nonce.iter().chain(&counter.to_be_bytes())).for_each(|(block, byte)| *block = *byte);
    block
}

/// Blocks of key stream made at once.
const STRIDE: usize = 64;

/// 5.2.1.1: a text has at most 2³⁹ − 256 bits.
const LONGEST: u64 = (1 << 36) - 32;
