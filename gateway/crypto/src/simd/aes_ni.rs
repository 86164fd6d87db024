//! SM4 on AVX2 with AES-NI: AES's S-box between two affine maps is SM4's. Eight blocks fill four registers of 256 bits,
//! which only AES's instruction takes by halves; two such groups run side by side.

use super::field::{BACK_FROM_AES, INTO, RESTORING};
use super::groups;
use crate::sm4::{Block, RoundKeys};
use std::arch::x86_64::*;

/// Encrypts each block.
#[target_feature(enable = "aes,avx2")]
pub(super) fn encrypt(round_keys: &RoundKeys, blocks: &mut [Block]) {
    let (full, rest) = blocks.as_chunks_mut::<8>();
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

groups!("aes,avx2", __m256i, 8, groups, padded, load, store, round);

/// `x0 ^ T(x1 ^ x2 ^ x3 ^ key)` with L(B) = B ^ B<<<24 ^ (B ^ B<<<8 ^ B<<<16)<<<2.
#[inline]
#[target_feature(enable = "aes,avx2")]
fn round(x0: __m256i, x1: __m256i, x2: __m256i, x3: __m256i, key: u32) -> __m256i {
    let sum = _mm256_xor_si256(_mm256_xor_si256(x1, x2), _mm256_set1_epi32(key as i32));
    let inside = affine(_mm256_xor_si256(sum, x3), const { &INTO.nibbles() });
    let zero = _mm_setzero_si128();
    let low = _mm_aesenclast_si128(_mm256_castsi256_si128(inside), zero);
    let high = _mm_aesenclast_si128(_mm256_extracti128_si256::<1>(inside), zero);
    let s = affine(_mm256_set_m128i(high, low), const { &BACK_FROM_AES.nibbles() });
    // `aesenclast` has moved the rows of its state; each shuffle moves them back, and rotates as well.
    let [straight, by_8, by_16, by_24] = &RESTORING;
    let (straight, by_8) = (_mm256_shuffle_epi8(s, table(straight)), _mm256_shuffle_epi8(s, table(by_8)));
    let (by_16, by_24) = (_mm256_shuffle_epi8(s, table(by_16)), _mm256_shuffle_epi8(s, table(by_24)));
    let two = _mm256_xor_si256(_mm256_xor_si256(straight, by_8), by_16);
    let two = _mm256_or_si256(_mm256_slli_epi32::<2>(two), _mm256_srli_epi32::<30>(two));
    _mm256_xor_si256(_mm256_xor_si256(x0, straight), _mm256_xor_si256(by_24, two))
}

/// An affine map of each byte, by two look-ups in registers.
#[inline]
#[target_feature(enable = "aes,avx2")]
fn affine(bytes: __m256i, (low, high): &([u8; 16], [u8; 16])) -> __m256i {
    let nibble = _mm256_set1_epi8(15);
    let low = _mm256_shuffle_epi8(table(low), _mm256_and_si256(bytes, nibble));
    let high = _mm256_shuffle_epi8(table(high), _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), nibble));
    _mm256_xor_si256(low, high)
}

/// The same 16 bytes in both halves.
#[inline]
#[target_feature(enable = "aes,avx2")]
fn table(bytes: &[u8; 16]) -> __m256i {
    // SAFETY: the table is 16 bytes, and the load needs no alignment.
    _mm256_broadcastsi128_si256(unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) })
}

/// Word `i` of every block into register `i`.
#[inline]
#[target_feature(enable = "aes,avx2")]
fn load(blocks: &[Block; 8]) -> [__m256i; 4] {
    let mut rows = [_mm256_setzero_si256(); 4];
    for (row, blocks) in rows.iter_mut().zip(blocks.as_chunks::<2>().0) {
        // SAFETY: two blocks are 32 bytes, and the load needs no alignment.
        let bytes = unsafe { _mm256_loadu_si256(blocks.as_ptr().cast()) };
        *row = _mm256_shuffle_epi8(bytes, table(&SWAPPED));
    }
    transpose(rows)
}

#[inline]
#[target_feature(enable = "aes,avx2")]
fn store(words: [__m256i; 4], blocks: &mut [Block; 8]) {
    for (row, blocks) in transpose(words).into_iter().zip(blocks.as_chunks_mut::<2>().0) {
        let bytes = _mm256_shuffle_epi8(row, table(&SWAPPED));
        // SAFETY: two blocks are 32 bytes, and the store needs no alignment.
        unsafe { _mm256_storeu_si256(blocks.as_mut_ptr().cast(), bytes) };
    }
}

/// Transposes the four by four words of each 128 bits; its own inverse.
#[inline]
#[target_feature(enable = "aes,avx2")]
fn transpose([a, b, c, d]: [__m256i; 4]) -> [__m256i; 4] {
    let (ab, cd) = (_mm256_unpacklo_epi32(a, b), _mm256_unpacklo_epi32(c, d));
    let (ab_high, cd_high) = (_mm256_unpackhi_epi32(a, b), _mm256_unpackhi_epi32(c, d));
    [
        _mm256_unpacklo_epi64(ab, cd),
        _mm256_unpackhi_epi64(ab, cd),
        _mm256_unpacklo_epi64(ab_high, cd_high),
        _mm256_unpackhi_epi64(ab_high, cd_high),
    ]
}

/// The bytes of each word in the opposite order.
const SWAPPED: [u8; 16] = [3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12];
