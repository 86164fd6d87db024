//! SM4 on AVX-512 with GFNI: 16 blocks fill four registers of 512 bits, and four such groups run side by side.

use super::field::{BACK, INTO};
use super::{groups, rounds};
use crate::sm4::{Block, RoundKeys};
use std::arch::x86_64::*;

/// Encrypts each block.
#[target_feature(enable = "gfni,avx512f,avx512bw,avx512vl")]
pub(super) fn encrypt(round_keys: &RoundKeys, blocks: &mut [Block]) {
    let (full, rest) = blocks.as_chunks_mut::<16>();
    let (many, few) = full.as_chunks_mut::<4>();
    for groups in many {
        wide_groups(round_keys, groups);
    }
    let rest = match few.len() {
        // One pass for whole groups and what is left over.
        2.. => {
            wide_padded::<4>(round_keys, tail(blocks, 64));
            return;
        }
        1 => {
            wide_padded::<2>(round_keys, tail(blocks, 64));
            return;
        }
        0 => rest,
    };
    match rest.len() {
        0 => {}
        1..=4 => narrow_padded::<1>(round_keys, rest),
        _ => wide_padded::<1>(round_keys, rest),
    }
}

/// What is left over after whole chunks.
fn tail(blocks: &mut [Block], chunk: usize) -> &mut [Block] {
    let whole = blocks.len() / chunk * chunk;
    blocks.split_at_mut(whole).1
}

/// Adds the key stream from `counter` on; its low 32 bits don't overflow on the way.
#[target_feature(enable = "gfni,avx512f,avx512bw,avx512vl")]
pub(super) fn add_key_stream(round_keys: &RoundKeys, counter: u128, chunk: &mut [Block; 64]) {
    // What `wide_load` would make of the counter blocks: word `i` of all in one register, only the last of them counts.
    let [x0, x1, x2, x3] = [96, 64, 32, 0].map(|shift| (counter >> shift) as i32);
    let (x0, x1, x2) = (_mm512_set1_epi32(x0), _mm512_set1_epi32(x1), _mm512_set1_epi32(x2));
    let places = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    let mut count = _mm512_add_epi32(_mm512_set1_epi32(x3), places);
    let mut state = [[x0, x1, x2, count]; 4];
    for [_, _, _, x3] in &mut state {
        *x3 = count;
        count = _mm512_add_epi32(count, _mm512_set1_epi32(16));
    }
    rounds!(round_keys, state, wide_round);
    let order = _mm512_set4_epi32(0x0c0d_0e0f, 0x0809_0a0b, 0x0405_0607, 0x0001_0203);
    for ([x0, x1, x2, x3], blocks) in state.into_iter().zip(chunk.as_chunks_mut::<16>().0) {
        let stream = wide_transpose([x3, x2, x1, x0]);
        for (stream, blocks) in stream.into_iter().zip(blocks.as_chunks_mut::<4>().0) {
            // SAFETY: four blocks are 64 bytes, and the load needs no alignment.
            let text = unsafe { _mm512_loadu_si512(blocks.as_ptr().cast()) };
            let text = _mm512_xor_si512(text, _mm512_shuffle_epi8(stream, order));
            // SAFETY: the same for the store.
            unsafe { _mm512_storeu_si512(blocks.as_mut_ptr().cast(), text) };
        }
    }
}

groups!(
    "gfni,avx512f,avx512bw,avx512vl",
    __m512i,
    16,
    wide_groups,
    wide_padded,
    wide_load,
    wide_store,
    wide_round
);
groups!(
    "gfni,avx512f,avx512bw,avx512vl",
    __m128i,
    4,
    narrow_groups,
    narrow_padded,
    narrow_load,
    narrow_store,
    narrow_round
);

/// `x0 ^ T(x1 ^ x2 ^ x3 ^ key)` with L(B) = B ^ B<<<24 ^ (B ^ B<<<8 ^ B<<<16)<<<2.
#[inline]
#[target_feature(enable = "gfni,avx512f,avx512bw,avx512vl")]
fn wide_round(x0: __m512i, x1: __m512i, x2: __m512i, x3: __m512i, key: u32) -> __m512i {
    // `x3` is the newest, so it comes last.
    let sum = _mm512_ternarylogic_epi32::<XOR>(x1, x2, _mm512_set1_epi32(key as i32));
    let sum = _mm512_xor_si512(sum, x3);
    let s = _mm512_gf2p8affine_epi64_epi8::<{ INTO.constant() }>(sum, _mm512_set1_epi64(INTO.matrix()));
    let s = _mm512_gf2p8affineinv_epi64_epi8::<{ BACK.constant() }>(s, _mm512_set1_epi64(BACK.matrix()));
    let two = _mm512_ternarylogic_epi32::<XOR>(s, _mm512_rol_epi32::<8>(s), _mm512_rol_epi32::<16>(s));
    let rest = _mm512_ternarylogic_epi32::<XOR>(x0, s, _mm512_rol_epi32::<24>(s));
    _mm512_xor_si512(rest, _mm512_rol_epi32::<2>(two))
}

#[inline]
#[target_feature(enable = "gfni,avx512f,avx512bw,avx512vl")]
fn narrow_round(x0: __m128i, x1: __m128i, x2: __m128i, x3: __m128i, key: u32) -> __m128i {
    let sum = _mm_ternarylogic_epi32::<XOR>(x1, x2, _mm_set1_epi32(key as i32));
    let sum = _mm_xor_si128(sum, x3);
    let s = _mm_gf2p8affine_epi64_epi8::<{ INTO.constant() }>(sum, _mm_set1_epi64x(INTO.matrix()));
    let s = _mm_gf2p8affineinv_epi64_epi8::<{ BACK.constant() }>(s, _mm_set1_epi64x(BACK.matrix()));
    let two = _mm_ternarylogic_epi32::<XOR>(s, _mm_rol_epi32::<8>(s), _mm_rol_epi32::<16>(s));
    let rest = _mm_ternarylogic_epi32::<XOR>(x0, s, _mm_rol_epi32::<24>(s));
    _mm_xor_si128(rest, _mm_rol_epi32::<2>(two))
}

/// Word `i` of every block into register `i`.
#[inline]
#[target_feature(enable = "gfni,avx512f,avx512bw,avx512vl")]
fn wide_load(blocks: &[Block; 16]) -> [__m512i; 4] {
    let order = _mm512_set4_epi32(0x0c0d_0e0f, 0x0809_0a0b, 0x0405_0607, 0x0001_0203);
    let mut rows = [_mm512_setzero_si512(); 4];
    for (row, blocks) in rows.iter_mut().zip(blocks.as_chunks::<4>().0) {
        // SAFETY: four blocks are 64 bytes, and the load needs no alignment.
        *row = _mm512_shuffle_epi8(unsafe { _mm512_loadu_si512(blocks.as_ptr().cast()) }, order);
    }
    wide_transpose(rows)
}

#[inline]
#[target_feature(enable = "gfni,avx512f,avx512bw,avx512vl")]
fn wide_store(words: [__m512i; 4], blocks: &mut [Block; 16]) {
    let order = _mm512_set4_epi32(0x0c0d_0e0f, 0x0809_0a0b, 0x0405_0607, 0x0001_0203);
    for (row, blocks) in wide_transpose(words).into_iter().zip(blocks.as_chunks_mut::<4>().0) {
        // SAFETY: four blocks are 64 bytes, and the store needs no alignment.
        unsafe { _mm512_storeu_si512(blocks.as_mut_ptr().cast(), _mm512_shuffle_epi8(row, order)) };
    }
}

/// Transposes the four by four words of each 128 bits; its own inverse.
#[inline]
#[target_feature(enable = "gfni,avx512f,avx512bw,avx512vl")]
fn wide_transpose([a, b, c, d]: [__m512i; 4]) -> [__m512i; 4] {
    let (ab, cd) = (_mm512_unpacklo_epi32(a, b), _mm512_unpacklo_epi32(c, d));
    let (ab_high, cd_high) = (_mm512_unpackhi_epi32(a, b), _mm512_unpackhi_epi32(c, d));
    [
        _mm512_unpacklo_epi64(ab, cd),
        _mm512_unpackhi_epi64(ab, cd),
        _mm512_unpacklo_epi64(ab_high, cd_high),
        _mm512_unpackhi_epi64(ab_high, cd_high),
    ]
}

#[inline]
#[target_feature(enable = "gfni,avx512f,avx512bw,avx512vl")]
fn narrow_load(blocks: &[Block; 4]) -> [__m128i; 4] {
    let order = _mm_set_epi32(0x0c0d_0e0f, 0x0809_0a0b, 0x0405_0607, 0x0001_0203);
    let mut rows = [_mm_setzero_si128(); 4];
    for (row, block) in rows.iter_mut().zip(blocks) {
        // SAFETY: a block is 16 bytes, and the load needs no alignment.
        *row = _mm_shuffle_epi8(unsafe { _mm_loadu_si128(block.as_ptr().cast()) }, order);
    }
    narrow_transpose(rows)
}

#[inline]
#[target_feature(enable = "gfni,avx512f,avx512bw,avx512vl")]
fn narrow_store(words: [__m128i; 4], blocks: &mut [Block; 4]) {
    let order = _mm_set_epi32(0x0c0d_0e0f, 0x0809_0a0b, 0x0405_0607, 0x0001_0203);
    for (row, block) in narrow_transpose(words).into_iter().zip(blocks) {
        // SAFETY: a block is 16 bytes, and the store needs no alignment.
        unsafe { _mm_storeu_si128(block.as_mut_ptr().cast(), _mm_shuffle_epi8(row, order)) };
    }
}

#[inline]
#[target_feature(enable = "gfni,avx512f,avx512bw,avx512vl")]
fn narrow_transpose([a, b, c, d]: [__m128i; 4]) -> [__m128i; 4] {
    let (ab, cd) = (_mm_unpacklo_epi32(a, b), _mm_unpacklo_epi32(c, d));
    let (ab_high, cd_high) = (_mm_unpackhi_epi32(a, b), _mm_unpackhi_epi32(c, d));
    [
        _mm_unpacklo_epi64(ab, cd),
        _mm_unpackhi_epi64(ab, cd),
        _mm_unpacklo_epi64(ab_high, cd_high),
        _mm_unpackhi_epi64(ab_high, cd_high),
    ]
}

/// The truth table of the exclusive or of three.
const XOR: i32 = 0x96;
