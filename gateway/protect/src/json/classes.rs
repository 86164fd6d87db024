//! Sorting 64 bytes at a time into classes, one bit a byte: the only module of this crate with `unsafe`.
//!
//! It is unsafe for one reason: functions compiled for an instruction set may only be called where the machine has
//! it. No pointer is read. A safe twin does the same a byte at a time, and the tests compare them.

#![cfg_attr(
    target_arch = "x86_64",
    expect(unsafe_code, reason = "calls of functions for one instruction set")
)]

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

/// Classifies each block into the slot at its place.
pub(crate) fn classify(blocks: &[[u8; 64]], found: &mut [Classes]) {
    #[cfg(target_arch = "x86_64")]
    {
        if std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: the machine was just found to have AVX2.
            unsafe { x86::classify_avx2(blocks, found) }
        } else {
            // SAFETY: SSE2 is part of x86-64.
            unsafe { x86::classify_sse2(blocks, found) }
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    classify_plainly(blocks, found);
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::Classes;
    use std::arch::x86_64::*;

    #[target_feature(enable = "avx2")]
    pub(super) fn classify_avx2(blocks: &[[u8; 64]], found: &mut [Classes]) {
        for (block, found) in blocks.iter().zip(found) {
            let mut classes = Classes::default();
            let mut shift = 0;
            for chunk in block.as_chunks::<32>().0 {
                // SAFETY: the chunk is 32 bytes, and the load needs no alignment.
                let bytes = unsafe { _mm256_loadu_si256(chunk.as_ptr().cast()) };
                let is = |byte: u8| _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(byte as i8));
                let folded = _mm256_or_si256(bytes, _mm256_set1_epi8(0x20));
                let folds_to = |byte: u8| _mm256_cmpeq_epi8(folded, _mm256_set1_epi8(byte as i8));
                let word = |mask| u64::from(_mm256_movemask_epi8(mask) as u32) << shift;
                let brackets = _mm256_or_si256(folds_to(b'{'), folds_to(b'}'));
                let marks = _mm256_or_si256(is(b':'), is(b','));
                let low = _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, _mm256_set1_epi8(0x1f)), bytes);
                let control = word(low);
                classes.quote |= word(is(b'"'));
                classes.backslash |= word(is(b'\\'));
                classes.operator |= word(_mm256_or_si256(brackets, marks));
                classes.control |= control;
                classes.space |= word(is(b' '));
                if control != 0 {
                    classes.space |= word(is(b'\n')) | word(is(b'\r')) | word(is(b'\t'));
                }
                shift += 32;
            }
            *found = classes;
        }
    }

    #[target_feature(enable = "sse2")]
    pub(super) fn classify_sse2(blocks: &[[u8; 64]], found: &mut [Classes]) {
        for (block, found) in blocks.iter().zip(found) {
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
                classes.space |= word(is(b' '));
                if control != 0 {
                    classes.space |= word(is(b'\n')) | word(is(b'\r')) | word(is(b'\t'));
                }
                shift += 16;
            }
            *found = classes;
        }
    }
}

/// The same, a byte at a time.
#[cfg(any(test, not(target_arch = "x86_64")))]
fn classify_plainly(blocks: &[[u8; 64]], found: &mut [Classes]) {
    for (block, found) in blocks.iter().zip(found) {
        let word = |is: fn(u8) -> bool| {
            block.iter().enumerate().fold(0u64, |word, (at, byte)| word | u64::from(is(*byte)) << at)
        };
        *found = Classes {
            quote: word(|byte| byte == b'"'),
            backslash: word(|byte| byte == b'\\'),
            operator: word(|byte| matches!(byte, b'{' | b'}' | b'[' | b']' | b':' | b',')),
            space: word(|byte| matches!(byte, b' ' | b'\n' | b'\r' | b'\t')),
            control: word(|byte| byte < 0x20),
        };
    }
}

#[cfg(test)]
mod tests;
