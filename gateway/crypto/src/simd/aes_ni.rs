//! SM4 on AES-NI: AES's S-box between two affine maps is SM4's. Four blocks fill four registers of 128 bits, and several
//! such groups run side by side.

use super::field::{BACK_FROM_AES, INTO, RESTORING};
use super::groups;
use crate::sm4::{Block, RoundKeys};
use std::arch::x86_64::*;

/// Encrypts each block.
#[target_feature(enable = "aes,avx")]
pub(super) fn encrypt(round_keys: &RoundKeys, blocks: &mut [Block]) {
    let (full, rest) = blocks.as_chunks_mut::<4>();
    let (many, few) = full.as_chunks_mut::<2>();
    for two in many {
        groups(round_keys, two);
    }
    for one in few.as_chunks_mut::<1>().0 {
        groups(round_keys, one);
    }
    if !rest.is_empty() {
        padded::<1>(round_keys, rest);
    }
}

groups!("aes,avx", __m128i, 4, groups, padded, load, store, round);

/// `x0 ^ T(x1 ^ x2 ^ x3 ^ key)` with L(B) = B ^ B<<<24 ^ (B ^ B<<<8 ^ B<<<16)<<<2.
#[inline]
#[target_feature(enable = "aes,avx")]
fn round(x0: __m128i, x1: __m128i, x2: __m128i, x3: __m128i, key: u32) -> __m128i {
    let sum = _mm_xor_si128(_mm_xor_si128(x1, x2), _mm_set1_epi32(key as i32));
    let inside = affine(_mm_xor_si128(sum, x3), const { &INTO.nibbles() });
    let s = affine(_mm_aesenclast_si128(inside, _mm_setzero_si128()), const { &BACK_FROM_AES.nibbles() });
    // `aesenclast` has moved the rows of its state; each shuffle moves them back, and rotates as well.
    let [straight, by_8, by_16, by_24] = &RESTORING;
    let (straight, by_8) = (_mm_shuffle_epi8(s, table(straight)), _mm_shuffle_epi8(s, table(by_8)));
    let (by_16, by_24) = (_mm_shuffle_epi8(s, table(by_16)), _mm_shuffle_epi8(s, table(by_24)));
    let two = _mm_xor_si128(_mm_xor_si128(straight, by_8), by_16);
    let two = _mm_or_si128(_mm_slli_epi32::<2>(two), _mm_srli_epi32::<30>(two));
    _mm_xor_si128(_mm_xor_si128(x0, straight), _mm_xor_si128(by_24, two))
}

/// An affine map of each byte, by two look-ups in registers.
#[inline]
#[target_feature(enable = "aes,avx")]
fn affine(bytes: __m128i, (low, high): &([u8; 16], [u8; 16])) -> __m128i {
    let nibble = _mm_set1_epi8(15);
    let low = _mm_shuffle_epi8(table(low), _mm_and_si128(bytes, nibble));
    let high = _mm_shuffle_epi8(table(high), _mm_and_si128(_mm_srli_epi16::<4>(bytes), nibble));
    _mm_xor_si128(low, high)
}

#[inline]
#[target_feature(enable = "aes,avx")]
fn table(bytes: &[u8; 16]) -> __m128i {
    // SAFETY: the table is 16 bytes, and the load needs no alignment.
    unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) }
}

/// Word `i` of every block into register `i`.
#[inline]
#[target_feature(enable = "aes,avx")]
fn load(blocks: &[Block; 4]) -> [__m128i; 4] {
    let mut rows = [_mm_setzero_si128(); 4];
    for (row, block) in rows.iter_mut().zip(blocks) {
        *row = _mm_shuffle_epi8(table(block), table(&SWAPPED));
    }
    transpose(rows)
}

#[inline]
#[target_feature(enable = "aes,avx")]
fn store(words: [__m128i; 4], blocks: &mut [Block; 4]) {
    for (row, block) in transpose(words).into_iter().zip(blocks) {
        // SAFETY: a block is 16 bytes, and the store needs no alignment.
        unsafe { _mm_storeu_si128(block.as_mut_ptr().cast(), _mm_shuffle_epi8(row, table(&SWAPPED))) };
    }
}

/// Transposes the four by four words; its own inverse.
#[inline]
#[target_feature(enable = "aes,avx")]
fn transpose([a, b, c, d]: [__m128i; 4]) -> [__m128i; 4] {
    let (ab, cd) = (_mm_unpacklo_epi32(a, b), _mm_unpacklo_epi32(c, d));
    let (ab_high, cd_high) = (_mm_unpackhi_epi32(a, b), _mm_unpackhi_epi32(c, d));
    [
        _mm_unpacklo_epi64(ab, cd),
        _mm_unpackhi_epi64(ab, cd),
        _mm_unpacklo_epi64(ab_high, cd_high),
        _mm_unpackhi_epi64(ab_high, cd_high),
    ]
}

/// The bytes of each word in the opposite order.
const SWAPPED: [u8; 16] = [3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12];
