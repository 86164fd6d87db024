//! GHASH (NIST SP 800-38D 6.4) without a look-up or a branch on secrets.
//!
//! GHASH numbers bits from the wrong end. Read each block as a big-endian integer and take the key times x instead of the
//! key, and the same sums come out in POLYVAL's field (RFC 8452, appendix A): GF(2¹²⁸) modulo
//! x¹²⁸+x¹²⁷+x¹²⁶+x¹²¹+1 with the product `a·b·x⁻¹²⁸`, where nothing has to be turned round.

use super::Block;
use zeroize::{Zeroize as _, ZeroizeOnDrop};

/// The key `H` of GHASH, made ready. Zeroized on drop.
#[derive(Clone)]
pub(super) struct GhashKey {
    key: u128,
}

impl GhashKey {
    /// Takes `H`, the cipher of the zero block.
    pub(super) fn new(h: Block) -> Self {
        let h = u128::from_be_bytes(h);
        // Times x; what leaves at the top comes back as the field's polynomial.
        let carried = (h >> 127).wrapping_neg();
        GhashKey { key: h << 1 ^ carried & POLYNOMIAL }
    }

    /// GHASH of both texts, each padded with zeros to whole blocks, and of their lengths in bits.
    pub(super) fn hash(&self, aad: &[u8], text: &[u8]) -> Block {
        let sum = self.update(self.update(0, aad), text);
        let lengths = u128::from(bits(aad)) << 64 | u128::from(bits(text));
        dot(sum ^ lengths, self.key).to_be_bytes()
    }

    fn update(&self, mut sum: u128, text: &[u8]) -> u128 {
        let (blocks, rest) = text.as_chunks::<16>();
        for block in blocks {
            sum = dot(sum ^ u128::from_be_bytes(*block), self.key);
        }
        if !rest.is_empty() {
            let mut block = [0; 16];
            block.iter_mut().zip(rest).for_each(|(padded, byte)| *padded = *byte);
            sum = dot(sum ^ u128::from_be_bytes(block), self.key);
        }
        sum
    }
}

impl Drop for GhashKey {
    fn drop(&mut self) {
        self.key.zeroize();
    }
}

impl ZeroizeOnDrop for GhashKey {}

fn bits(text: &[u8]) -> u64 {
    text.len() as u64 * 8
}

/// `a·b·x⁻¹²⁸` modulo the polynomial.
fn dot(a: u128, b: u128) -> u128 {
    let (a1, a0, b1, b0) = ((a >> 64) as u64, a as u64, (b >> 64) as u64, b as u64);
    let (high, low) = (multiply(a1, b1), multiply(a0, b0));
    let middle = multiply(a1 ^ a0, b1 ^ b0) ^ high ^ low;
    let (low, high) = (low ^ middle << 64, high ^ middle >> 64);
    // Montgomery's reduction: each of the low words times the polynomial is added, which clears the word.
    let first = low as u64;
    let second = (low >> 64) as u64 ^ first << 63 ^ first << 62 ^ first << 57;
    let cleared = u128::from(second) << 64 | u128::from(first);
    high ^ cleared ^ cleared >> 1 ^ cleared >> 2 ^ cleared >> 7
}

/// The product of two polynomials over GF(2).
fn multiply(a: u64, b: u64) -> u128 {
    let low = multiply_low(a, b);
    let high = multiply_low(a.reverse_bits(), b.reverse_bits()).reverse_bits() >> 1;
    u128::from(high) << 64 | u128::from(low)
}

/// The low half of the product. Integer multiplication of every fourth bit by every fourth: at most 16 ones meet at a
/// place, and what they carry beyond the three places between is beyond the highest bit as well.
fn multiply_low(a: u64, b: u64) -> u64 {
    let [a0, a1, a2, a3] = FOURTHS.map(|mask| a & mask);
    let [b0, b1, b2, b3] = FOURTHS.map(|mask| b & mask);
    let sums = [
        a0.wrapping_mul(b0) ^ a1.wrapping_mul(b3) ^ a2.wrapping_mul(b2) ^ a3.wrapping_mul(b1),
        a0.wrapping_mul(b1) ^ a1.wrapping_mul(b0) ^ a2.wrapping_mul(b3) ^ a3.wrapping_mul(b2),
        a0.wrapping_mul(b2) ^ a1.wrapping_mul(b1) ^ a2.wrapping_mul(b0) ^ a3.wrapping_mul(b3),
        a0.wrapping_mul(b3) ^ a1.wrapping_mul(b2) ^ a2.wrapping_mul(b1) ^ a3.wrapping_mul(b0),
    ];
    sums.into_iter().zip(FOURTHS).fold(0, |product, (sum, mask)| product | sum & mask)
}

const FOURTHS: [u64; 4] =
    [0x1111_1111_1111_1111, 0x2222_2222_2222_2222, 0x4444_4444_4444_4444, 0x8888_8888_8888_8888];

/// x¹²⁸+x¹²⁷+x¹²⁶+x¹²¹+1 without its highest term.
const POLYNOMIAL: u128 = 0xc200_0000_0000_0000_0000_0000_0000_0001;
