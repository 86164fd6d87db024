//! SM4 and GHASH on ARMv8 with its AES instructions: AES's S-box between two affine maps is SM4's. Four blocks fill four
//! registers, and several such groups run side by side.

use super::field::{BACK_FROM_AES, INTO, RESTORING};
use super::groups;
use crate::sm4::{Block, RoundKeys, ghash::Powers};
use std::arch::aarch64::*;

/// Encrypts each block.
#[target_feature(enable = "neon,aes")]
pub(super) fn encrypt(round_keys: &RoundKeys, blocks: &mut [Block]) {
    let (full, rest) = blocks.as_chunks_mut::<4>();
    let (many, few) = full.as_chunks_mut::<4>();
    for four in many {
        groups(round_keys, four);
    }
    for one in few.as_chunks_mut::<1>().0 {
        groups(round_keys, one);
    }
    if !rest.is_empty() {
        padded::<1>(round_keys, rest);
    }
}

groups!("neon,aes", uint32x4_t, 4, groups, padded, load, store, round);

/// `x0 ^ T(x1 ^ x2 ^ x3 ^ key)` with L(B) = B ^ B<<<24 ^ (B ^ B<<<8 ^ B<<<16)<<<2.
#[inline]
#[target_feature(enable = "neon,aes")]
fn round(x0: uint32x4_t, x1: uint32x4_t, x2: uint32x4_t, x3: uint32x4_t, key: u32) -> uint32x4_t {
    let sum = veorq_u32(veorq_u32(veorq_u32(x1, x2), vdupq_n_u32(key)), x3);
    let inside = affine(vreinterpretq_u8_u32(sum), const { &INTO.nibbles() });
    // `aese` adds its key, here zero, and then moves the rows of its state and applies AES's S-box.
    let s = affine(vaeseq_u8(inside, vdupq_n_u8(0)), const { &BACK_FROM_AES.nibbles() });
    let [straight, by_8, by_16, by_24] = &RESTORING;
    let (straight, by_8) = (moved(s, straight), moved(s, by_8));
    let (by_16, by_24) = (moved(s, by_16), moved(s, by_24));
    let two = veorq_u32(veorq_u32(straight, by_8), by_16);
    let two = vorrq_u32(vshlq_n_u32::<2>(two), vshrq_n_u32::<30>(two));
    veorq_u32(veorq_u32(x0, straight), veorq_u32(by_24, two))
}

/// An affine map of each byte, by two look-ups in registers.
#[inline]
#[target_feature(enable = "neon,aes")]
fn affine(bytes: uint8x16_t, (low, high): &([u8; 16], [u8; 16])) -> uint8x16_t {
    let low = vqtbl1q_u8(table(low), vandq_u8(bytes, vdupq_n_u8(15)));
    let high = vqtbl1q_u8(table(high), vshrq_n_u8::<4>(bytes));
    veorq_u8(low, high)
}

#[inline]
#[target_feature(enable = "neon,aes")]
fn moved(bytes: uint8x16_t, order: &[u8; 16]) -> uint32x4_t {
    vreinterpretq_u32_u8(vqtbl1q_u8(bytes, table(order)))
}

#[inline]
#[target_feature(enable = "neon,aes")]
fn table(bytes: &[u8; 16]) -> uint8x16_t {
    // SAFETY: the array is 16 bytes.
    unsafe { vld1q_u8(bytes.as_ptr()) }
}

/// Word `i` of every block into register `i`.
#[inline]
#[target_feature(enable = "neon,aes")]
fn load(blocks: &[Block; 4]) -> [uint32x4_t; 4] {
    let mut rows = [vdupq_n_u32(0); 4];
    for (row, block) in rows.iter_mut().zip(blocks) {
        *row = vreinterpretq_u32_u8(vrev32q_u8(table(block)));
    }
    transpose(rows)
}

#[inline]
#[target_feature(enable = "neon,aes")]
fn store(words: [uint32x4_t; 4], blocks: &mut [Block; 4]) {
    for (row, block) in transpose(words).into_iter().zip(blocks) {
        // SAFETY: a block is 16 bytes.
        unsafe { vst1q_u8(block.as_mut_ptr(), vrev32q_u8(vreinterpretq_u8_u32(row))) };
    }
}

/// Transposes the four by four words; its own inverse.
#[inline]
#[target_feature(enable = "neon,aes")]
fn transpose([a, b, c, d]: [uint32x4_t; 4]) -> [uint32x4_t; 4] {
    let (ab, ab_odd) = (vtrn1q_u32(a, b), vtrn2q_u32(a, b));
    let (cd, cd_odd) = (vtrn1q_u32(c, d), vtrn2q_u32(c, d));
    [low_halves(ab, cd), low_halves(ab_odd, cd_odd), high_halves(ab, cd), high_halves(ab_odd, cd_odd)]
}

#[inline]
#[target_feature(enable = "neon,aes")]
fn low_halves(a: uint32x4_t, b: uint32x4_t) -> uint32x4_t {
    vreinterpretq_u32_u64(vtrn1q_u64(vreinterpretq_u64_u32(a), vreinterpretq_u64_u32(b)))
}

#[inline]
#[target_feature(enable = "neon,aes")]
fn high_halves(a: uint32x4_t, b: uint32x4_t) -> uint32x4_t {
    vreinterpretq_u32_u64(vtrn2q_u64(vreinterpretq_u64_u32(a), vreinterpretq_u64_u32(b)))
}

/// The sum of GHASH after these blocks; up to 16 products are summed before the sum is reduced once.
#[target_feature(enable = "neon,aes")]
pub(super) fn ghash(powers: &Powers, mut sum: u128, blocks: &[Block]) -> u128 {
    for some in blocks.chunks(Powers::COUNT) {
        let [mut low, mut middle, mut high] = [0; 3];
        for (block, power) in some.iter().zip(powers.last(some.len())) {
            // Only the first of each chunk meets the sum so far.
            let block = u128::from_be_bytes(*block) ^ sum;
            sum = 0;
            let (b1, b0) = ((block >> 64) as u64, block as u64);
            let (p1, p0) = ((power >> 64) as u64, *power as u64);
            low ^= vmull_p64(b0, p0);
            high ^= vmull_p64(b1, p1);
            middle ^= vmull_p64(b1, p0) ^ vmull_p64(b0, p1);
        }
        let (low, high) = (low ^ middle << 64, high ^ middle >> 64);
        // Montgomery's reduction: the low word times the polynomial is added, which clears the word; twice.
        let low = low.rotate_left(64) ^ vmull_p64(low as u64, POLYNOMIAL);
        let low = low.rotate_left(64) ^ vmull_p64(low as u64, POLYNOMIAL);
        sum = high ^ low;
    }
    sum
}

const POLYNOMIAL: u64 = 0xc200_0000_0000_0000;
