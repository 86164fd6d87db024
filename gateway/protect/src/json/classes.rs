//! Sorting 64 bytes at a time into classes, one bit a byte: the only module of this crate with `unsafe`.
//!
//! It is unsafe for one reason: functions compiled for an instruction set may only be called where the machine has
//! it. No pointer is read. A safe twin does the same a byte at a time, and the tests compare them.

#![cfg_attr(
    target_arch = "x86_64",
    expect(unsafe_code, reason = "calls of functions for one instruction set")
)]

use crate::Uninspectable;

/// One bit a byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Classes {
    pub(crate) quote: u64,
    pub(crate) backslash: u64,
    /// `{}[]:,`
    pub(crate) operator: u64,
    /// White space of JSON.
    pub(crate) space: u64,
    /// Below 0x20.
    pub(crate) control: u64,
}

/// What is done with each block, compiled once for each instruction set.
pub(crate) trait Blocks {
    /// Takes a block's classes; an error ends the work.
    fn block<M: Machine>(&mut self, machine: M, classes: &Classes) -> Result<(), Uninspectable>;
}

/// Word arithmetic as a machine does it best.
pub(crate) trait Machine: Copy {
    /// Every bit becomes the parity of itself and all lower ones.
    fn prefix_xor(self, word: u64) -> u64;
}

/// Classifies each block and hands it on.
pub(crate) fn each(blocks: &[[u8; 64]], work: &mut impl Blocks) -> Result<(), Uninspectable> {
    #[cfg(target_arch = "x86_64")]
    {
        if x86::has_avx2() {
            // SAFETY: the machine was just found to have AVX2 and the bit arithmetic that came with it.
            unsafe { x86::each_avx2(blocks, work) }
        } else {
            // SAFETY: SSE2 is part of x86-64.
            unsafe { x86::each_sse2(blocks, work) }
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    each_plainly(blocks, work)
}

/// What every machine can do.
#[derive(Clone, Copy)]
struct Plain;

impl Machine for Plain {
    #[inline(always)]
    fn prefix_xor(self, mut word: u64) -> u64 {
        for shift in [1, 2, 4, 8, 16, 32] {
            word ^= word << shift;
        }
        word
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{Blocks, Classes, Machine, Plain};
    use crate::Uninspectable;
    use std::arch::is_x86_feature_detected as has;
    use std::arch::x86_64::*;

    /// Whether [`each_avx2`] may be called.
    pub(super) fn has_avx2() -> bool {
        has!("avx2") && has!("bmi1") && has!("bmi2") && has!("lzcnt") && has!("popcnt") && has!("pclmulqdq")
    }

    /// A machine with carry-less multiplication; made in [`each_avx2`] alone.
    #[derive(Clone, Copy)]
    struct Avx2(());

    impl Machine for Avx2 {
        #[inline(always)]
        fn prefix_xor(self, word: u64) -> u64 {
            // SAFETY: where this type is made the machine is known to multiply without carries.
            unsafe { multiply_by_ones(word) }
        }
    }

    #[inline]
    #[target_feature(enable = "pclmulqdq")]
    fn multiply_by_ones(word: u64) -> u64 {
        let product = _mm_clmulepi64_si128::<0>(_mm_cvtsi64_si128(word as i64), _mm_set1_epi8(-1));
        _mm_cvtsi128_si64(product) as u64
    }

    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
    pub(super) fn each_avx2(blocks: &[[u8; 64]], work: &mut impl Blocks) -> Result<(), Uninspectable> {
        // Each table has at the low four bits of a byte the one byte of its class that ends with them. Where the high
        // bit of a byte is set the look-up yields zero, which is neither white space nor an operator.
        let spaces = repeated(b" \xff\xff\xff\xff\xff\xff\xff\xff\t\n\xff\xff\r\xff\xff");
        let operators = repeated(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff:{,}\xff\xff");
        for block in blocks {
            let mut classes = Classes::default();
            let mut shift = 0;
            for chunk in block.as_chunks::<32>().0 {
                // SAFETY: the chunk is 32 bytes, and the load needs no alignment.
                let bytes = unsafe { _mm256_loadu_si256(chunk.as_ptr().cast()) };
                let is = |byte: u8| _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(byte as i8));
                let word = |mask| u64::from(_mm256_movemask_epi8(mask) as u32) << shift;
                // Brackets become braces; so do some control characters become operators, which are taken out again.
                let folded = _mm256_or_si256(bytes, _mm256_set1_epi8(0x20));
                let low = _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, _mm256_set1_epi8(0x1f)), bytes);
                let control = word(low);
                classes.quote |= word(is(b'"'));
                classes.backslash |= word(is(b'\\'));
                classes.control |= control;
                classes.operator |=
                    word(_mm256_cmpeq_epi8(_mm256_shuffle_epi8(operators, folded), folded)) & !control;
                classes.space |= word(_mm256_cmpeq_epi8(_mm256_shuffle_epi8(spaces, bytes), bytes));
                shift += 32;
            }
            work.block(Avx2(()), &classes)?;
        }
        Ok(())
    }

    #[target_feature(enable = "avx2")]
    fn repeated(table: &[u8; 16]) -> __m256i {
        // SAFETY: the table is 16 bytes, and the load needs no alignment.
        _mm256_broadcastsi128_si256(unsafe { _mm_loadu_si128(table.as_ptr().cast()) })
    }

    #[target_feature(enable = "sse2")]
    pub(super) fn each_sse2(blocks: &[[u8; 64]], work: &mut impl Blocks) -> Result<(), Uninspectable> {
        for block in blocks {
            let mut classes = Classes::default();
            let mut shift = 0;
            for chunk in block.as_chunks::<16>().0 {
                // SAFETY: the chunk is 16 bytes, and the load needs no alignment.
                let bytes = unsafe { _mm_loadu_si128(chunk.as_ptr().cast()) };
                let is = |byte: u8| _mm_cmpeq_epi8(bytes, _mm_set1_epi8(byte as i8));
                let folded = _mm_or_si128(bytes, _mm_set1_epi8(0x20));
                let folds_to = |byte: u8| _mm_cmpeq_epi8(folded, _mm_set1_epi8(byte as i8));
                let word = |mask| u64::from(_mm_movemask_epi8(mask) as u16) << shift;
                let brackets = _mm_or_si128(folds_to(b'{'), folds_to(b'}'));
                let marks = _mm_or_si128(is(b':'), is(b','));
                let control = word(_mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes));
                classes.quote |= word(is(b'"'));
                classes.backslash |= word(is(b'\\'));
                classes.operator |= word(_mm_or_si128(brackets, marks));
                classes.control |= control;
                let breaks = _mm_or_si128(is(b'\n'), is(b'\r'));
                classes.space |= word(_mm_or_si128(breaks, _mm_or_si128(is(b' '), is(b'\t'))));
                shift += 16;
            }
            work.block(Plain, &classes)?;
        }
        Ok(())
    }
}

/// The same, a byte at a time.
#[cfg(any(test, feature = "reference", not(target_arch = "x86_64")))]
fn each_plainly(blocks: &[[u8; 64]], work: &mut impl Blocks) -> Result<(), Uninspectable> {
    for block in blocks {
        let word = |is: fn(u8) -> bool| {
            block.iter().enumerate().fold(0u64, |word, (at, byte)| word | u64::from(is(*byte)) << at)
        };
        let classes = Classes {
            quote: word(|byte| byte == b'"'),
            backslash: word(|byte| byte == b'\\'),
            operator: word(|byte| matches!(byte, b'{' | b'}' | b'[' | b']' | b':' | b',')),
            space: word(|byte| matches!(byte, b' ' | b'\n' | b'\r' | b'\t')),
            control: word(|byte| byte < 0x20),
        };
        work.block(Plain, &classes)?;
    }
    Ok(())
}

#[cfg(any(test, feature = "reference"))]
pub(super) mod twins;

#[cfg(test)]
mod tests;
