//! SM4 on bit planes: portable, no look-up, no branch that depends on a secret.
//!
//! A word of the state of 32 blocks lies in eight planes of 128 bits. Plane `p` holds bit `p` of every byte: a lane of 32
//! bits is for eight blocks, byte `j` of the lane for byte `j` of their words, and bit `k` of that byte for block `k`. So
//! a rotation of the word by eight bits is a rotation of the lane by eight, and one by two moves planes.

use super::s_box::{Planes, s_box};
use super::{Block, RoundKeys};
use std::array;
use std::ops::{BitAnd, BitXor, Not};

/// Encrypts each block; with the keys reversed, decrypts.
pub(super) fn encrypt(round_keys: &RoundKeys, blocks: &mut [Block]) {
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
pub(super) fn substitute(word: u32) -> u32 {
    let planes = s_box(array::from_fn(|plane| word >> plane));
    (0..8).zip(planes).fold(0, |word, (at, plane)| word | (plane & BYTES) << at)
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
    let mut mixed = *x1;
    for (plane, ((mixed, b), c)) in mixed.iter_mut().zip(x2).zip(x3).enumerate() {
        // Each byte of the key's plane is all ones or all zeros: one bit for eight blocks.
        let key = Lanes([(key >> plane & BYTES) * 0xff; LANES]);
        *mixed = *mixed ^ *b ^ *c ^ key;
    }
    let b = s_box(mixed);
    let [b0, b1, b2, b3, b4, b5, b6, b7] = b;
    // L(B) = B ^ B<<<24 ^ (B ^ B<<<8 ^ B<<<16)<<<2; a rotation by two takes planes 6 and 7 on to the next byte.
    let shifted = [b6, b7, b0, b1, b2, b3, b4, b5];
    for (plane, ((x, b), two)) in x0.iter_mut().zip(b).zip(shifted).enumerate() {
        let spread = two ^ two.rotate::<8>() ^ two.rotate::<16>();
        let spread = if plane < 2 { spread.rotate::<8>() } else { spread };
        *x = *x ^ b ^ b.rotate::<24>() ^ spread;
    }
}

/// Takes one word of each block into planes.
#[inline(always)]
fn load(blocks: &[Block; BLOCKS], word: usize) -> Word {
    let mut planes = [Lanes([0; LANES]); 8];
    let (lanes, []) = blocks.as_chunks::<8>() else { return planes };
    for (lane, blocks) in lanes.iter().enumerate() {
        for (plane, block) in planes.iter_mut().zip(blocks) {
            if let (Some(bytes), Some(lane)) = (block.as_chunks().0.get(word), plane.0.get_mut(lane)) {
                *lane = u32::from_be_bytes(*bytes);
            }
        }
    }
    transpose(planes)
}

#[inline(always)]
fn store(blocks: &mut [Block; BLOCKS], word: usize, planes: Word) {
    let planes = transpose(planes);
    let (lanes, []) = blocks.as_chunks_mut::<8>() else { return };
    for (lane, blocks) in lanes.iter_mut().enumerate() {
        for (plane, block) in planes.iter().zip(blocks) {
            if let (Some(bytes), Some(lane)) = (block.as_chunks_mut().0.get_mut(word), plane.0.get(lane)) {
                *bytes = lane.to_be_bytes();
            }
        }
    }
}

/// Exchanges, in every byte, the number of the bit with the number of the plane; its own inverse.
#[inline(always)]
fn transpose(mut planes: Word) -> Word {
    exchange::<1>(&mut planes, 0x5555_5555);
    exchange::<2>(&mut planes, 0x3333_3333);
    exchange::<4>(&mut planes, 0x0f0f_0f0f);
    planes
}

/// Between planes whose numbers differ in the bit `BY`, exchanges the bits whose places in a byte differ in it.
#[inline(always)]
fn exchange<const BY: usize>(planes: &mut Word, mask: u32) {
    for pairs in planes.chunks_exact_mut(2 * BY) {
        let (low, high) = pairs.split_at_mut(BY);
        for (low, high) in low.iter_mut().zip(high) {
            let moved = low.each(|bits| bits >> BY);
            let moved = (moved ^ *high) & Lanes([mask; LANES]);
            *high = *high ^ moved;
            *low = *low ^ moved.each(|bits| bits << BY);
        }
    }
}

/// One word of the state of many blocks.
type Word = [Lanes; 8];

/// 128 bits of a plane; compilers put it in a vector register.
#[derive(Clone, Copy)]
struct Lanes([u32; LANES]);

impl Lanes {
    #[inline(always)]
    fn each(self, f: impl Fn(u32) -> u32) -> Self {
        Lanes(self.0.map(f))
    }

    #[inline(always)]
    fn rotate<const BY: u32>(self) -> Self {
        self.each(|lane| lane.rotate_left(BY))
    }

    #[inline(always)]
    fn with(self, other: Self, f: impl Fn(u32, u32) -> u32) -> Self {
        let ([a0, a1, a2, a3], [b0, b1, b2, b3]) = (self.0, other.0);
        Lanes([f(a0, b0), f(a1, b1), f(a2, b2), f(a3, b3)])
    }
}

impl BitAnd for Lanes {
    type Output = Self;
    #[inline(always)]
    fn bitand(self, other: Self) -> Self {
        self.with(other, |a, b| a & b)
    }
}

impl BitXor for Lanes {
    type Output = Self;
    #[inline(always)]
    fn bitxor(self, other: Self) -> Self {
        self.with(other, |a, b| a ^ b)
    }
}

impl Not for Lanes {
    type Output = Self;
    #[inline(always)]
    fn not(self) -> Self {
        self.each(|lane| !lane)
    }
}

impl Planes for Lanes {}

const LANES: usize = 4;

/// Blocks that fill the planes.
const BLOCKS: usize = 8 * LANES;

/// The lowest bit of each byte.
const BYTES: u32 = 0x0101_0101;
