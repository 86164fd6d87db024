//! GHASH by `vpclmulqdq` on registers of 512 bits: 16 blocks with one reduction.

use super::pclmul::reduced;
use crate::sm4::{Block, ghash::Powers};
use std::arch::x86_64::*;

/// The sum of GHASH after these blocks.
#[target_feature(enable = "vpclmulqdq,pclmulqdq,avx512f,avx512bw,avx512vl")]
pub(super) fn ghash(powers: &Powers, mut sum: u128, blocks: &[Block]) -> u128 {
    for some in blocks.chunks(Powers::COUNT) {
        sum = hash(powers.last(some.len()), sum, some);
    }
    sum
}

/// The sum of each block times its power, which are as many; `sum` is added to the first block.
#[inline]
#[target_feature(enable = "vpclmulqdq,pclmulqdq,avx512f,avx512bw,avx512vl")]
fn hash(powers: &[u128], sum: u128, blocks: &[Block]) -> u128 {
    let order = _mm512_set4_epi32(0x0001_0203, 0x0405_0607, 0x0809_0a0b, 0x0c0d_0e0f);
    let mut first = _mm512_zextsi128_si512(_mm_set_epi64x((sum >> 64) as i64, sum as i64));
    let [mut low, mut middle, mut high] = [_mm512_setzero_si512(); 3];
    for (blocks, powers) in blocks.chunks(4).zip(powers.chunks(4)) {
        let there = ((1u32 << (2 * blocks.len())) - 1) as __mmask8;
        // SAFETY: the mask lets only bytes of the one to four blocks be read.
        let blocks = unsafe { _mm512_maskz_loadu_epi64(there, blocks.as_ptr().cast()) };
        // SAFETY: there are as many powers as blocks, and each has 128 bits.
        let powers = unsafe { _mm512_maskz_loadu_epi64(there, powers.as_ptr().cast()) };
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
