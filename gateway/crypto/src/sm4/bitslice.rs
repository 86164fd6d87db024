//! SM4 on bit planes: portable, no look-up, no branch that depends on a secret.
//!
//! A word of the state of 16 blocks lies in eight planes of 64 bits. Plane `p` holds bit `p` of every byte: the 16 bits
//! from `16 j` on are for byte `j` of the words, one bit a block. So a rotation of the words by eight bits is a rotation of
//! the planes by 16, and one by two moves planes.

use super::s_box::s_box;
use super::{Block, RoundKeys};
use std::array;

/// Encrypts each block; with the keys reversed, decrypts.
pub(crate) fn encrypt(round_keys: &RoundKeys, blocks: &mut [Block]) {
    let (full, rest) = blocks.as_chunks_mut::<BLOCKS>();
    for some in full {
        encrypt_chunk(round_keys, some);
    }
    if !rest.is_empty() {
        let mut some = [[0; 16]; BLOCKS];
        some.iter_mut().zip(&*rest).for_each(|(padded, block)| *padded = *block);
        encrypt_chunk(round_keys, &mut some);
        rest.iter_mut().zip(some).for_each(|(block, done)| *block = done);
    }
}

/// The S-box on each byte of a word.
pub(crate) fn substitute(word: u32) -> u32 {
    let planes = s_box(array::from_fn(|plane| word >> plane));
    (0..8).zip(planes).fold(0, |word, (at, plane)| word | (plane & 0x0101_0101) << at)
}

fn encrypt_chunk(round_keys: &RoundKeys, blocks: &mut [Block; BLOCKS]) {
    let [mut x0, mut x1, mut x2, mut x3] = array::from_fn(|word| load(blocks, word));
    for [k0, k1, k2, k3] in round_keys.as_chunks().0 {
        round(&mut x0, &x1, &x2, &x3, *k0);
        round(&mut x1, &x2, &x3, &x0, *k1);
        round(&mut x2, &x3, &x0, &x1, *k2);
        round(&mut x3, &x0, &x1, &x2, *k3);
    }
    // The reverse transformation R of 7.1 b).
    for (word, planes) in [x3, x2, x1, x0].into_iter().enumerate() {
        store(blocks, word, planes);
    }
}

/// One round (6.1): `x0 ^= T(x1 ^ x2 ^ x3 ^ key)`.
#[inline(always)]
fn round(x0: &mut Word, x1: &Word, x2: &Word, x3: &Word, key: u32) {
    let key = spread(key);
    let mut mixed = *x1;
    for (plane, ((mixed, b), c)) in mixed.iter_mut().zip(x2).zip(x3).enumerate() {
        // Each bit of the key, for all blocks.
        *mixed ^= b ^ c ^ ((key >> plane & 0x0001_0001_0001_0001) * 0xffff);
    }
    let b = s_box(mixed);
    let [b0, b1, b2, b3, b4, b5, b6, b7] = b;
    // L(B) = B ^ B<<<24 ^ (B ^ B<<<8 ^ B<<<16)<<<2; a rotation by two takes planes 6 and 7 on to the next byte.
    let shifted = [b6.rotate_left(16), b7.rotate_left(16), b0, b1, b2, b3, b4, b5];
    for ((x, b), two) in x0.iter_mut().zip(b).zip(shifted) {
        *x ^= b ^ b.rotate_left(48) ^ two ^ two.rotate_left(16) ^ two.rotate_left(32);
    }
}

/// Takes one word of each block into planes.
#[inline(always)]
fn load(blocks: &[Block; BLOCKS], word: usize) -> Word {
    let at = |block: &Block| block.as_chunks().0.get(word).map_or(0, |bytes| u32::from_be_bytes(*bytes));
    let mut planes = [0; 8];
    let (low, high) = blocks.split_at(BLOCKS / 2);
    for (plane, (low, high)) in planes.iter_mut().zip(low.iter().zip(high)) {
        *plane = spread(at(low)) | spread(at(high)) << 8;
    }
    transpose(planes)
}

#[inline(always)]
fn store(blocks: &mut [Block; BLOCKS], word: usize, planes: Word) {
    let (low, high) = blocks.split_at_mut(BLOCKS / 2);
    for (plane, (low, high)) in transpose(planes).into_iter().zip(low.iter_mut().zip(high)) {
        for (block, word_of_block) in [(low, gather(plane)), (high, gather(plane >> 8))] {
            if let Some(bytes) = block.as_chunks_mut().0.get_mut(word) {
                *bytes = word_of_block.to_be_bytes();
            }
        }
    }
}

/// Byte `j` of the word goes to byte `2 j`.
#[inline(always)]
fn spread(word: u32) -> u64 {
    let halves = (u64::from(word) | u64::from(word) << 16) & 0x0000_ffff_0000_ffff;
    (halves | halves << 8) & 0x00ff_00ff_00ff_00ff
}

/// The opposite of [`spread`]; the other bytes are forgotten.
#[inline(always)]
fn gather(plane: u64) -> u32 {
    let bytes = plane & 0x00ff_00ff_00ff_00ff;
    let halves = (bytes | bytes >> 8) & 0x0000_ffff_0000_ffff;
    (halves | halves >> 16) as u32
}

/// Exchanges, in every byte, the number of the bit with the number of the plane; its own inverse.
#[inline(always)]
fn transpose(mut planes: Word) -> Word {
    exchange::<1>(&mut planes, 0x5555_5555_5555_5555);
    exchange::<2>(&mut planes, 0x3333_3333_3333_3333);
    exchange::<4>(&mut planes, 0x0f0f_0f0f_0f0f_0f0f);
    planes
}

/// Between planes whose numbers differ in the bit `BY`, exchanges the bits whose places in a byte differ in it.
#[inline(always)]
fn exchange<const BY: usize>(planes: &mut Word, mask: u64) {
    for pairs in planes.chunks_exact_mut(2 * BY) {
        let (low, high) = pairs.split_at_mut(BY);
        for (low, high) in low.iter_mut().zip(high) {
            let moved = (*low >> BY ^ *high) & mask;
            *high ^= moved;
            *low ^= moved << BY;
        }
    }
}

/// One word of the state of 16 blocks.
type Word = [u64; 8];

/// Blocks that fill the planes.
const BLOCKS: usize = 16;
