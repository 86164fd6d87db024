//! GHASH by `vpclmulqdq` on registers of 512 bits: 16 blocks with one reduction.

use super::pclmul::reduced;
use crate::sm4::{Block, ghash::Powers};
use std::arch::x86_64::*;

/// The sum of GHASH after these blocks.
#[target_feature(enable = "vpclmulqdq,pclmulqdq,avx512f,avx512bw,avx512vl")]
pub(super) fn ghash(powers: &Powers, mut sum: u128, blocks: &[Block]) -> u128 {
    let (full, rest) = blocks.as_chunks::<{ Powers::COUNT }>();
    for blocks in full {
        sum = hash(powers.all(), sum, blocks);
    }
    match rest.len() {
        0 => sum,
        1..=4 => front_padded::<4>(powers, sum, rest),
        5..=8 => front_padded::<8>(powers, sum, rest),
        9..=12 => front_padded::<12>(powers, sum, rest),
        _ => front_padded::<16>(powers, sum, rest),
    }
}

/// Zero blocks before the first add nothing.
#[inline]
#[target_feature(enable = "vpclmulqdq,pclmulqdq,avx512f,avx512bw,avx512vl")]
fn front_padded<const N: usize>(powers: &Powers, sum: u128, blocks: &[Block]) -> u128 {
    let mut padded = [[0; 16]; N];
    padded.iter_mut().rev().zip(blocks.iter().rev()).for_each(|(padded, block)| *padded = *block);
    if let Some(first) = padded.iter_mut().rev().nth(blocks.len().saturating_sub(1)) {
        *first = (u128::from_be_bytes(*first) ^ sum).to_be_bytes();
    }
    hash(powers.last(N), 0, &padded)
}

/// The sum of each block times its power, which are as many.
#[inline]
#[target_feature(enable = "vpclmulqdq,pclmulqdq,avx512f,avx512bw,avx512vl")]
fn hash(powers: &[u128], sum: u128, blocks: &[Block]) -> u128 {
    let order = _mm512_set4_epi32(0x0001_0203, 0x0405_0607, 0x0809_0a0b, 0x0c0d_0e0f);
    let mut first = _mm512_zextsi128_si512(_mm_set_epi64x((sum >> 64) as i64, sum as i64));
    let [mut low, mut middle, mut high] = [_mm512_setzero_si512(); 3];
    for (blocks, powers) in blocks.as_chunks::<4>().0.iter().zip(powers.as_chunks::<4>().0) {
        // SAFETY: four blocks are 64 bytes, and the load needs no alignment.
        let blocks = unsafe { _mm512_loadu_si512(blocks.as_ptr().cast()) };
        // SAFETY: four numbers of 128 bits are 64 bytes, and the load needs no alignment.
        let powers = unsafe { _mm512_loadu_si512(powers.as_ptr().cast()) };
        let blocks = _mm512_xor_si512(_mm512_shuffle_epi8(blocks, order), first);
        first = _mm512_setzero_si512();
        low = _mm512_xor_si512(low, _mm512_clmulepi64_epi128::<0x00>(blocks, powers));
        let (one, other) = (
            _mm512_clmulepi64_epi128::<0x01>(blocks, powers),
            _mm512_clmulepi64_epi128::<0x10>(blocks, powers),
        );
        middle = _mm512_ternarylogic_epi64::<0x96>(middle, one, other);
        high = _mm512_xor_si512(high, _mm512_clmulepi64_epi128::<0x11>(blocks, powers));
    }
    reduced([folded(low), folded(middle), folded(high)])
}

/// The sum of the four numbers of 128 bits.
#[inline]
#[target_feature(enable = "vpclmulqdq,pclmulqdq,avx512f,avx512bw,avx512vl")]
fn folded(sums: __m512i) -> __m128i {
    let two = _mm256_xor_si256(_mm512_castsi512_si256(sums), _mm512_extracti64x4_epi64::<1>(sums));
    _mm_xor_si128(_mm256_castsi256_si128(two), _mm256_extracti128_si256::<1>(two))
}
