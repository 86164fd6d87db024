//! GHASH (NIST SP 800-38D 6.4) without a look-up or a branch on secrets.
//!
//! GHASH numbers bits from the wrong end. Read each block as a big-endian integer and take the key times x instead of the
//! key, and the same sums come out in POLYVAL's field (RFC 8452, appendix A): GF(2¹²⁸) modulo
//! x¹²⁸+x¹²⁷+x¹²⁶+x¹²¹+1 with the product `a·b·x⁻¹²⁸`, where nothing has to be turned round.

use super::Block;
use crate::simd::Engine;
use zeroize::{Zeroize as _, ZeroizeOnDrop};

/// The key `H` of GHASH, made ready. Zeroized on drop.
#[derive(Clone)]
pub(super) struct GhashKey {
    powers: Powers,
    engine: Engine,
}

/// `H¹⁶` to `H¹` in POLYVAL's field.
#[derive(Clone)]
pub(crate) struct Powers([u128; Powers::COUNT]);

impl Powers {
    /// So many blocks can be multiplied before their sum is reduced.
    pub(crate) const COUNT: usize = 16;

    /// Those for the last `count` blocks, the highest first.
    pub(crate) fn last(&self, count: usize) -> &[u128] {
        self.0.get(Powers::COUNT.saturating_sub(count)..).unwrap_or_default()
    }
}

impl GhashKey {
    /// Takes `H`, the cipher of the zero block.
    pub(super) fn new(engine: Engine, h: Block) -> Self {
        let h = u128::from_be_bytes(h);
        // Times x; what leaves at the top comes back as the field's polynomial.
        let carried = (h >> 127).wrapping_neg();
        let key = h << 1 ^ carried & POLYNOMIAL;
        // One block is multiplied by the last power, which is the key.
        let mut powers = Powers([key; Powers::COUNT]);
        let mut power = key;
        for place in (0..Powers::COUNT - 1).rev() {
            power = engine.ghash(&powers, 0, &[power.to_be_bytes()]);
            if let Some(place) = powers.0.get_mut(place) {
                *place = power;
            }
        }
        GhashKey { powers, engine }
    }

    /// GHASH of both texts, each padded with zeros to whole blocks, and of their lengths in bits.
    pub(super) fn hash(&self, aad: &[u8], text: &[u8]) -> Block {
        let count = aad.len().div_ceil(16) + text.len().div_ceil(16) + 1;
        if count <= Powers::COUNT {
            // All that a short field has, one reduction for the whole.
            let mut blocks = [[0; 16]; Powers::COUNT];
            let (blocks, _) = blocks.split_at_mut(count);
            let (front, back) = blocks.split_at_mut(aad.len().div_ceil(16));
            copy(aad, front);
            copy(text, back);
            if let Some(last) = back.last_mut() {
                *last = lengths(aad.len(), text.len());
            }
            return self.engine.ghash(&self.powers, 0, blocks).to_be_bytes();
        }
        let mut sum = self.start(aad);
        sum.add(text);
        sum.finish(aad.len(), text.len())
    }

    /// GHASH of associated data and a text that comes in pieces.
    pub(super) fn start(&self, aad: &[u8]) -> Sum<'_> {
        let mut sum = Sum { key: self, sum: 0, waiting: [[0; 16]; Powers::COUNT], count: 0 };
        sum.add(aad);
        sum
    }
}

/// GHASH of blocks that come in pieces. Short pieces wait for each other, so that their products are reduced together.
pub(super) struct Sum<'a> {
    key: &'a GhashKey,
    sum: u128,
    waiting: [Block; Powers::COUNT],
    count: usize,
}

impl Sum<'_> {
    /// Adds a piece, padded with zeros to whole blocks: all but the last have whole blocks.
    pub(super) fn add(&mut self, text: &[u8]) {
        let (mut blocks, rest) = text.as_chunks::<16>();
        if blocks.len() >= Powers::COUNT {
            self.flush();
            let (now, later) = blocks.split_at(blocks.len() / Powers::COUNT * Powers::COUNT);
            self.sum = self.key.engine.ghash(&self.key.powers, self.sum, now);
            blocks = later;
        }
        for block in blocks {
            self.push(*block);
        }
        if !rest.is_empty() {
            let mut block = [0; 16];
            block.iter_mut().zip(rest).for_each(|(padded, byte)| *padded = *byte);
            self.push(block);
        }
    }

    #[inline]
    fn push(&mut self, block: Block) {
        if self.count == Powers::COUNT {
            self.flush();
        }
        if let Some(place) = self.waiting.get_mut(self.count) {
            *place = block;
            self.count += 1;
        }
    }

    fn flush(&mut self) {
        let (waiting, _) = self.waiting.split_at(self.count);
        self.sum = self.key.engine.ghash(&self.key.powers, self.sum, waiting);
        self.count = 0;
    }

    /// Adds the lengths of both, in bytes.
    pub(super) fn finish(mut self, aad: usize, text: usize) -> Block {
        self.push(lengths(aad, text));
        self.flush();
        self.sum.to_be_bytes()
    }
}

impl Drop for GhashKey {
    fn drop(&mut self) {
        self.powers.0.zeroize();
    }
}

impl ZeroizeOnDrop for GhashKey {}

/// Copies to the front of blocks that are long enough.
fn copy(text: &[u8], blocks: &mut [Block]) {
    if let Some((front, _)) = blocks.as_flattened_mut().split_at_mut_checked(text.len()) {
        front.copy_from_slice(text);
    }
}

/// The last block: how many bits associated data and text have.
fn lengths(aad: usize, text: usize) -> Block {
    (u128::from(aad as u64 * 8) << 64 | u128::from(text as u64 * 8)).to_be_bytes()
}

/// The sum of GHASH after these blocks, on any machine.
pub(crate) fn portable(powers: &Powers, sum: u128, blocks: &[Block]) -> u128 {
    let [.., key] = powers.0;
    blocks.iter().fold(sum, |sum, block| dot(sum ^ u128::from_be_bytes(*block), key))
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
