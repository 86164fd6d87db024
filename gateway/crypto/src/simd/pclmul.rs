//! GHASH by `pclmulqdq`: up to 16 products are summed before the sum is reduced once.

use crate::sm4::{Block, ghash::Powers};
use std::arch::x86_64::*;

/// The sum of GHASH after these blocks.
#[target_feature(enable = "pclmulqdq,avx")]
pub(super) fn ghash(powers: &Powers, mut sum: u128, blocks: &[Block]) -> u128 {
    for some in blocks.chunks(Powers::COUNT) {
        let mut product = [_mm_setzero_si128(); 3];
        for (block, power) in some.iter().zip(powers.last(some.len())) {
            // Only the first of each chunk meets the sum so far.
            let block = split(u128::from_be_bytes(*block) ^ sum);
            sum = 0;
            let power = split(*power);
            let [low, middle, high] = &mut product;
            *low = _mm_xor_si128(*low, _mm_clmulepi64_si128::<0x00>(block, power));
            *middle = _mm_xor_si128(*middle, _mm_clmulepi64_si128::<0x01>(block, power));
            *middle = _mm_xor_si128(*middle, _mm_clmulepi64_si128::<0x10>(block, power));
            *high = _mm_xor_si128(*high, _mm_clmulepi64_si128::<0x11>(block, power));
        }
        sum = reduced(product);
    }
    sum
}

/// `low + middle·x⁶⁴ + high·x¹²⁸`, times `x⁻¹²⁸`, modulo the polynomial.
#[inline]
#[target_feature(enable = "pclmulqdq,avx")]
pub(super) fn reduced([low, middle, high]: [__m128i; 3]) -> u128 {
    let low = _mm_xor_si128(low, _mm_slli_si128::<8>(middle));
    let high = _mm_xor_si128(high, _mm_srli_si128::<8>(middle));
    // Montgomery's reduction: the low word times the polynomial is added, which clears the word; twice.
    let polynomial = _mm_set_epi64x(0, 0xc200_0000_0000_0000_u64 as i64);
    let low = _mm_xor_si128(_mm_shuffle_epi32::<0x4e>(low), _mm_clmulepi64_si128::<0x00>(low, polynomial));
    let low = _mm_xor_si128(_mm_shuffle_epi32::<0x4e>(low), _mm_clmulepi64_si128::<0x00>(low, polynomial));
    let sum = _mm_xor_si128(high, low);
    let (low, high) = (_mm_cvtsi128_si64(sum) as u64, _mm_extract_epi64::<1>(sum) as u64);
    u128::from(high) << 64 | u128::from(low)
}

#[inline]
#[target_feature(enable = "pclmulqdq,avx")]
fn split(number: u128) -> __m128i {
    _mm_set_epi64x((number >> 64) as i64, number as i64)
}
