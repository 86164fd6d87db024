//! SM4 on AVX2 with GFNI: 8 blocks fill four registers of 256 bits, and three such groups run side by side.

use super::field::{BACK, INTO};
use super::groups;
use crate::sm4::{Block, RoundKeys};
use std::arch::x86_64::*;

/// Encrypts each block.
#[target_feature(enable = "gfni,avx2")]
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

groups!("gfni,avx2", __m256i, 8, groups, padded, load, store, round);

/// `x0 ^ T(x1 ^ x2 ^ x3 ^ key)` with L(B) = B ^ B<<<24 ^ (B ^ B<<<8 ^ B<<<16)<<<2.
#[inline]
#[target_feature(enable = "gfni,avx2")]
fn round(x0: __m256i, x1: __m256i, x2: __m256i, x3: __m256i, key: u32) -> __m256i {
    let sum = _mm256_xor_si256(_mm256_xor_si256(x1, x2), _mm256_set1_epi32(key as i32));
    let sum = _mm256_xor_si256(sum, x3);
    let s = _mm256_gf2p8affine_epi64_epi8::<{ INTO.constant() }>(sum, _mm256_set1_epi64x(INTO.matrix()));
    let s = _mm256_gf2p8affineinv_epi64_epi8::<{ BACK.constant() }>(s, _mm256_set1_epi64x(BACK.matrix()));
    let by_8 = shuffled(s, [0x0201_0003, 0x0605_0407, 0x0a09_080b, 0x0e0d_0c0f]);
    let by_16 = shuffled(s, [0x0100_0302, 0x0504_0706, 0x0908_0b0a, 0x0d0c_0f0e]);
    let by_24 = shuffled(s, [0x0003_0201, 0x0407_0605, 0x080b_0a09, 0x0c0f_0e0d]);
    let two = _mm256_xor_si256(_mm256_xor_si256(s, by_8), by_16);
    let two = _mm256_or_si256(_mm256_slli_epi32::<2>(two), _mm256_srli_epi32::<30>(two));
    _mm256_xor_si256(_mm256_xor_si256(x0, s), _mm256_xor_si256(by_24, two))
}

/// Word `i` of every block into register `i`.
#[inline]
#[target_feature(enable = "gfni,avx2")]
fn load(blocks: &[Block; 8]) -> [__m256i; 4] {
    let mut rows = [_mm256_setzero_si256(); 4];
    for (row, blocks) in rows.iter_mut().zip(blocks.as_chunks::<2>().0) {
        // SAFETY: two blocks are 32 bytes, and the load needs no alignment.
        *row = swapped(unsafe { _mm256_loadu_si256(blocks.as_ptr().cast()) });
    }
    transpose(rows)
}

#[inline]
#[target_feature(enable = "gfni,avx2")]
fn store(words: [__m256i; 4], blocks: &mut [Block; 8]) {
    for (row, blocks) in transpose(words).into_iter().zip(blocks.as_chunks_mut::<2>().0) {
        // SAFETY: two blocks are 32 bytes, and the store needs no alignment.
        unsafe { _mm256_storeu_si256(blocks.as_mut_ptr().cast(), swapped(row)) };
    }
}

/// The bytes of each word in the opposite order.
#[inline]
#[target_feature(enable = "gfni,avx2")]
fn swapped(row: __m256i) -> __m256i {
    shuffled(row, [0x0001_0203, 0x0405_0607, 0x0809_0a0b, 0x0c0d_0e0f])
}

/// Moves the bytes of each 128 bits.
#[inline]
#[target_feature(enable = "gfni,avx2")]
fn shuffled(bytes: __m256i, [a, b, c, d]: [i32; 4]) -> __m256i {
    _mm256_shuffle_epi8(bytes, _mm256_setr_epi32(a, b, c, d, a, b, c, d))
}

/// Transposes the four by four words of each 128 bits; its own inverse.
#[inline]
#[target_feature(enable = "gfni,avx2")]
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
