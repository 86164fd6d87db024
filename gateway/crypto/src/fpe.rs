//! Format-preserving encryption: FF1 (NIST SP 800-38G) with SM4 as its cipher, for fields whose schema takes nothing else.
//!
//! No national standard names FF1, and what it gives is weaker than an envelope: equal values stay equal, nothing shows that
//! one was altered, and a domain of a million can be tried through. Where a schema lets an envelope or a token stand, use
//! that.
//!
//! ```
//! use yingbi_crypto::fpe::{Ff1, Format};
//!
//! let ff1 = Ff1::new(&[7; 16]);
//! let id = ff1.encrypt(Format::ResidentId, b"identity.document", "11010519491231002X")?;
//! assert_eq!(id.len(), 18);
//! assert_eq!(*ff1.decrypt(Format::ResidentId, b"identity.document", &id)?, "11010519491231002X");
//! # Ok::<(), yingbi_crypto::fpe::Unfit>(())
//! ```

mod format;

pub use format::Format;

use crate::sm4::{Engine, Sm4};
use std::fmt;
use zeroize::Zeroizing;

/// FF1-SM4 of decimal digits under one key. Zeroized on drop; `Debug` shows nothing of the key.
#[derive(Clone)]
pub struct Ff1 {
    cipher: Sm4,
}

/// Why a text isn't of its format. Says nothing of the text; the caller masks the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Fewer digits than a million values need, or more than the format has.
    #[error("the value has too few or too many digits for format-preserving encryption")]
    Length,
    /// Another character than a digit where one must be.
    #[error("the value has other characters than its format")]
    Digit,
    /// The check digit is wrong, so it could not be given back.
    #[error("the check digit of the value is wrong")]
    CheckDigit,
    /// A part is none of those that the format knows: a province, a birthday.
    #[error("a part of the value is none that its format knows")]
    Part,
}

impl Ff1 {
    /// Expands a key of 128 bits.
    pub fn new(key: &[u8; 16]) -> Self {
        Ff1::on(Engine::fastest(), key)
    }

    /// The same, computed in a given way.
    pub fn on(engine: Engine, key: &[u8; 16]) -> Self {
        Ff1 { cipher: Sm4::on(engine, key) }
    }

    /// Encrypts a value into another of its format. `tweak` tells values apart that are encrypted for different ends, as
    /// associated data does: by category, or by category and subject.
    ///
    /// # Errors
    /// The text isn't of the format.
    pub fn encrypt(&self, format: Format, tweak: &[u8], text: &str) -> Result<String, Unfit> {
        Ok(std::mem::take(&mut *format.apply(self, Direction::Encrypt, tweak, text)?))
    }

    /// The value that [`encrypt`](Self::encrypt) made this one of. A value that never was encrypted also gives one.
    ///
    /// # Errors
    /// The text isn't of the format.
    pub fn decrypt(&self, format: Format, tweak: &[u8], text: &str) -> Result<Zeroizing<String>, Unfit> {
        format.apply(self, Direction::Decrypt, tweak, text)
    }

    /// FF1 for numerals of `count` digits under a tweak, made ready.
    fn prepare(&self, tweak: &[&[u8]], count: usize) -> Result<Prepared<'_>, Unfit> {
        if !(SHORTEST..=LONGEST).contains(&count) {
            return Err(Unfit::Length);
        }
        let (u, v) = (count / 2, count - count / 2);
        let (modulus_u, modulus_v) = (10u128.pow(u as u32), 10u128.pow(v as u32));
        // Step 3: bytes of the right half's greatest number.
        let number_bytes = (modulus_v - 1).ilog2() as usize / 8 + 1;
        let tweak = tweak.concat();
        let tweak_length = u32::try_from(tweak.len()).map_err(|_| Unfit::Length)?;
        // Step 5: 1 ‖ 2 ‖ 1 ‖ radix (3) ‖ 10 ‖ u ‖ n (4) ‖ t (4).
        let head = 0x0102_0100_000a_0a00_u64 | u as u64;
        let tail = u64::from(count as u32) << 32 | u64::from(tweak_length);
        let mut chain = self.block(u128::from(head) << 64 | u128::from(tail));
        // Step 6 i: the tweak, zeros, the round's number and the right half fill whole blocks; all but the last are the
        // same in every round.
        let (blocks, rest) = tweak.as_chunks::<16>();
        let mut last = [0; 16];
        last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        for block in blocks {
            chain = self.block(chain ^ u128::from_be_bytes(*block));
        }
        let mut last = u128::from_be_bytes(last);
        if rest.len() + 1 + number_bytes > 16 {
            chain = self.block(chain ^ last);
            last = 0;
        }
        Ok(Prepared { ff1: self, number_bytes, modulus_u, modulus_v, chain: chain ^ last })
    }

    fn block(&self, number: u128) -> u128 {
        let mut block = [number.to_be_bytes()];
        self.cipher.encrypt_each(&mut block);
        let [block] = block;
        u128::from_be_bytes(block)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Encrypt,
    Decrypt,
}

/// FF1 for one length and tweak.
struct Prepared<'a> {
    ff1: &'a Ff1,
    number_bytes: usize,
    modulus_u: u128,
    modulus_v: u128,
    /// The sum that goes into the last block, but for round and right half.
    chain: u128,
}

impl Prepared<'_> {
    /// Algorithms 7 and 8 on the two halves.
    fn permute(&self, direction: Direction, (mut a, mut b): (u128, u128)) -> (u128, u128) {
        match direction {
            Direction::Encrypt => {
                for round in 0..ROUNDS {
                    let modulus = self.modulus(round);
                    (a, b) = (b, (a + self.of(round, b) % modulus) % modulus);
                }
            }
            Direction::Decrypt => {
                for round in (0..ROUNDS).rev() {
                    let modulus = self.modulus(round);
                    (a, b) = ((b + modulus - self.of(round, a) % modulus) % modulus, a);
                }
            }
        }
        (a, b)
    }

    /// The same on a whole number below ten to the number of digits, until the result is below `limit`: the permutation
    /// of the numbers below it (cycle walking), of which `number` must be one.
    fn walk(&self, direction: Direction, number: u128, limit: u128) -> u128 {
        let mut number = number;
        loop {
            let (a, b) = self.permute(direction, (number / self.modulus_v, number % self.modulus_v));
            number = a * self.modulus_v + b;
            if number < limit {
                return number;
            }
        }
    }

    /// Steps 6 ii to iv: y, at most 16 bytes of it.
    fn of(&self, round: u128, b: u128) -> u128 {
        let r = self.ff1.block(self.chain ^ round << (8 * self.number_bytes) ^ b);
        let bytes = 4 * self.number_bytes.div_ceil(4) + 4;
        r >> (128 - 8 * bytes)
    }

    fn modulus(&self, round: u128) -> u128 {
        if round.is_multiple_of(2) { self.modulus_u } else { self.modulus_v }
    }
}

impl fmt::Debug for Ff1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ff1(..)")
    }
}

const ROUNDS: u128 = 10;

/// Revision 1 of the publication asks for a million values at least.
const SHORTEST: usize = 6;

/// Halves of 28 digits are below 2⁹⁶, so y fits one block.
const LONGEST: usize = 56;

#[cfg(test)]
mod tests;
