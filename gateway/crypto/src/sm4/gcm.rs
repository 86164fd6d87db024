//! Galois/Counter Mode (NIST SP 800-38D, with SM4 as in RFC 8998): nonces of 96 bits, tags of 128.

use super::ghash::GhashKey;
use super::{Block, Engine, Sm4};
use crate::constant_time_eq;
use std::fmt;
use zeroize::ZeroizeOnDrop;

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
        Gcm::on(Engine::fastest(), key)
    }

    /// The same, computed in a given way.
    pub fn on(engine: Engine, key: &[u8; 16]) -> Self {
        let cipher = Sm4::on(engine, key);
        let mut h = [[0; 16]];
        cipher.encrypt_each(&mut h);
        let [h] = h;
        Gcm { cipher, ghash: GhashKey::new(engine, h) }
    }

    /// Encrypts the text in place and gives the tag over it and the associated data.
    ///
    /// # Errors
    /// The text is too long; it is as it was.
    pub fn seal(&self, nonce: &Nonce, aad: &[u8], text: &mut [u8]) -> Result<Tag, TooLong> {
        if is_too_long(text) {
            return Err(TooLong(text.len()));
        }
        if text.len() <= SHORT {
            let stream = self.short_stream(nonce, text.len());
            let [mask, stream @ ..] = &stream;
            add(text, stream);
            return Ok(self.tag(mask, aad, text));
        }
        let mask = self.mask(nonce);
        let mut sum = self.ghash.start(aad);
        let mut counter = first_counter(nonce);
        // Each part is summed while the nearest cache still holds it.
        for part in text.chunks_mut(PART) {
            self.cipher.add_key_stream(counter, part);
            sum.add(part);
            counter = counter.wrapping_add((PART / 16) as u128);
        }
        Ok(masked(sum.finish(aad.len(), text.len()), mask))
    }

    /// Checks the tag, then decrypts the text in place.
    ///
    /// # Errors
    /// The tag is not that of this text, associated data and nonce under this key; the text is as it was.
    pub fn open(&self, nonce: &Nonce, aad: &[u8], text: &mut [u8], tag: &Tag) -> Result<(), Forged> {
        if is_too_long(text) {
            return Err(Forged);
        }
        if text.len() <= SHORT {
            let stream = self.short_stream(nonce, text.len());
            let [mask, stream @ ..] = &stream;
            self.check(mask, aad, text, tag)?;
            add(text, stream);
        } else {
            self.check(&self.mask(nonce), aad, text, tag)?;
            self.cipher.add_key_stream(first_counter(nonce), text);
        }
        Ok(())
    }

    /// Whether a tag is that of an encrypted text, `mask` being the key stream of counter 1.
    pub(crate) fn check(&self, mask: &Block, aad: &[u8], text: &[u8], tag: &Tag) -> Result<(), Forged> {
        if constant_time_eq(&self.tag(mask, aad, text), tag) { Ok(()) } else { Err(Forged) }
    }

    /// Encrypts counter blocks: the key stream at those places.
    pub(crate) fn key_stream(&self, counters: &mut [Block]) {
        self.cipher.encrypt_each(counters);
    }

    /// The tag of an encrypted text, `mask` being the key stream of counter 1.
    pub(crate) fn tag(&self, mask: &Block, aad: &[u8], text: &[u8]) -> Tag {
        masked(self.ghash.hash(aad, text), *mask)
    }

    /// The mask of the tag and, after it, the key stream of a short text: one call for both.
    fn short_stream(&self, nonce: &Nonce, length: usize) -> [Block; 1 + SHORT / 16] {
        let mut stream = [[0; 16]; 1 + SHORT / 16];
        let (used, _) = stream.split_at_mut(1 + length.div_ceil(16));
        for (counter, block) in (1..).zip(used.iter_mut()) {
            *block = counter_block(nonce, counter);
        }
        self.cipher.encrypt_each(used);
        stream
    }

    fn mask(&self, nonce: &Nonce) -> Block {
        let mut mask = [counter_block(nonce, 1)];
        self.cipher.encrypt_each(&mut mask);
        let [mask] = mask;
        mask
    }
}

impl ZeroizeOnDrop for Gcm {}

impl fmt::Debug for Gcm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gcm(..)")
    }
}

/// Whether the counter can't number so many blocks.
pub(crate) fn is_too_long(text: &[u8]) -> bool {
    text.len() as u64 > LONGEST
}

fn masked(hash: Block, mask: Block) -> Tag {
    (u128::from_ne_bytes(hash) ^ u128::from_ne_bytes(mask)).to_ne_bytes()
}

/// The block that counts `counter` under a nonce (7.1, step 2).
pub(crate) fn counter_block(nonce: &Nonce, counter: u32) -> Block {
    let mut block = [0; 16];
    if let Some((front, back)) = block.split_first_chunk_mut() {
        *front = *nonce;
        back.copy_from_slice(&counter.to_be_bytes());
    }
    block
}

/// The counter of a text's first block; that of the tag's mask is one less (7.1, steps 2 and 3).
fn first_counter(nonce: &Nonce) -> u128 {
    u128::from_be_bytes(counter_block(nonce, 2))
}

/// Adds as much of the stream as the text is long.
fn add(text: &mut [u8], stream: &[Block]) {
    text.iter_mut().zip(stream.as_flattened()).for_each(|(byte, key)| *byte ^= key);
}

/// Up to so many bytes, a text and the mask of its tag are encrypted by one call.
const SHORT: usize = 63 * 16;

/// Bytes that are encrypted and then summed.
const PART: usize = 16 * 1024;

/// 5.2.1.1: a text has at most 2³⁹ − 256 bits.
const LONGEST: u64 = (1 << 36) - 32;
