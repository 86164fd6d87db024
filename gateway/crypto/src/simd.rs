//! SM4 and GHASH by vector instructions: the only module of this crate with `unsafe`.
//!
//! It is unsafe for two reasons: functions compiled for an instruction set may only be called where the machine has it,
//! which an [`Engine`] proves, and vectors are loaded and stored through pointers to arrays of exactly their size. The
//! portable code that the tests compare it with is `sm4::bitslice` and `sm4::ghash`.
//!
//! No engine looks anything up in memory at a secret place: the S-box is inverted in a field by an instruction
//! (`gf2p8affineinvqb`, `aesenclast`, `aese`), and small tables stay in registers.

#![cfg_attr(
    any(target_arch = "x86_64", target_arch = "aarch64"),
    expect(unsafe_code, reason = "calls of functions for one instruction set, loads and stores of vectors")
)]

#[cfg(target_arch = "x86_64")]
mod aes_ni;
mod field;
#[cfg(target_arch = "x86_64")]
mod gfni_avx2;
#[cfg(target_arch = "x86_64")]
mod gfni_avx512;
#[cfg(target_arch = "aarch64")]
mod neon;
#[cfg(target_arch = "x86_64")]
mod pclmul;
#[cfg(target_arch = "x86_64")]
mod vpclmul;

use crate::sm4::{Block, RoundKeys, bitslice, ghash};
use std::sync::OnceLock;

/// A way to compute SM4 and GHASH that this machine is known to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Engine(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    #[cfg(target_arch = "x86_64")]
    GfniAvx512,
    #[cfg(target_arch = "x86_64")]
    GfniAvx2,
    #[cfg(target_arch = "x86_64")]
    AesNi,
    #[cfg(target_arch = "aarch64")]
    Neon,
    Portable,
}

impl Engine {
    /// The fastest that this machine has. Chosen once, and only if it encrypts the example of GB/T 32907 as it should.
    pub fn fastest() -> Self {
        static FASTEST: OnceLock<Engine> = OnceLock::new();
        *FASTEST.get_or_init(|| {
            let mut proven = Engine::available().filter(|engine| crate::sm4::passes_self_test(*engine));
            proven.next().unwrap_or(Engine::PORTABLE)
        })
    }

    /// All that this machine has, the fastest first.
    pub fn available() -> impl Iterator<Item = Self> {
        KINDS.iter().filter(|kind| kind.is_available()).copied().map(Engine)
    }

    /// The one every machine has.
    pub const PORTABLE: Self = Engine(Kind::Portable);

    /// What it is called in reports.
    pub fn name(self) -> &'static str {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Kind::GfniAvx512 => "gfni-avx512",
            #[cfg(target_arch = "x86_64")]
            Kind::GfniAvx2 => "gfni-avx2",
            #[cfg(target_arch = "x86_64")]
            Kind::AesNi => "aes-ni",
            #[cfg(target_arch = "aarch64")]
            Kind::Neon => "neon",
            Kind::Portable => "portable",
        }
    }

    /// Encrypts each block.
    pub(crate) fn encrypt(self, round_keys: &RoundKeys, blocks: &mut [Block]) {
        match self.0 {
            // SAFETY: an `Engine` of this kind is only made where the machine has what it needs; so in every arm.
            #[cfg(target_arch = "x86_64")]
            Kind::GfniAvx512 => unsafe { gfni_avx512::encrypt(round_keys, blocks) },
            #[cfg(target_arch = "x86_64")]
            Kind::GfniAvx2 => unsafe { gfni_avx2::encrypt(round_keys, blocks) },
            #[cfg(target_arch = "x86_64")]
            Kind::AesNi => unsafe { aes_ni::encrypt(round_keys, blocks) },
            #[cfg(target_arch = "aarch64")]
            Kind::Neon => unsafe { neon::encrypt(round_keys, blocks) },
            Kind::Portable => bitslice::encrypt(round_keys, blocks),
        }
    }

    /// Adds the key stream from `counter` on, which is written big-endian and counts 128 bits.
    pub(crate) fn add_key_stream(
        self,
        round_keys: &RoundKeys,
        mut counter: u128,
        chunk: &mut [Block; Engine::STREAM],
    ) {
        match self.0 {
            // The vectors count 32 bits: the rare chunk that carries further is for the general way below.
            #[cfg(target_arch = "x86_64")]
            Kind::GfniAvx512 if (counter as u32).checked_add(Engine::STREAM as u32).is_some() => {
                // SAFETY: as in `encrypt`.
                return unsafe { gfni_avx512::add_key_stream(round_keys, counter, chunk) };
            }
            _ => {}
        }
        let mut stream = [[0; 16]; Engine::STREAM];
        for block in &mut stream {
            *block = counter.to_be_bytes();
            counter = counter.wrapping_add(1);
        }
        self.encrypt(round_keys, &mut stream);
        for (block, key) in chunk.iter_mut().zip(stream) {
            *block = (u128::from_ne_bytes(*block) ^ u128::from_ne_bytes(key)).to_ne_bytes();
        }
    }

    /// Blocks of key stream that are made at once.
    pub(crate) const STREAM: usize = 64;

    /// The sum of GHASH after these blocks.
    pub(crate) fn ghash(self, powers: &ghash::Powers, sum: u128, blocks: &[Block]) -> u128 {
        match self.0 {
            // SAFETY: as in `encrypt`.
            #[cfg(target_arch = "x86_64")]
            Kind::GfniAvx512 => unsafe { vpclmul::ghash(powers, sum, blocks) },
            #[cfg(target_arch = "x86_64")]
            Kind::GfniAvx2 | Kind::AesNi => unsafe { pclmul::ghash(powers, sum, blocks) },
            #[cfg(target_arch = "aarch64")]
            Kind::Neon => unsafe { neon::ghash(powers, sum, blocks) },
            Kind::Portable => ghash::portable(powers, sum, blocks),
        }
    }
}

impl Kind {
    /// Whether the machine has every instruction set that the functions of this kind are compiled for.
    fn is_available(self) -> bool {
        #[cfg(target_arch = "aarch64")]
        use std::arch::is_aarch64_feature_detected as has;
        #[cfg(target_arch = "x86_64")]
        use std::arch::is_x86_feature_detected as has;
        match self {
            #[cfg(target_arch = "x86_64")]
            Kind::GfniAvx512 => {
                has!("gfni")
                    && has!("avx512f")
                    && has!("avx512bw")
                    && has!("avx512vl")
                    && has!("vpclmulqdq")
                    && has!("pclmulqdq")
            }
            #[cfg(target_arch = "x86_64")]
            Kind::GfniAvx2 => has!("gfni") && has!("avx2") && has!("pclmulqdq"),
            #[cfg(target_arch = "x86_64")]
            Kind::AesNi => has!("aes") && has!("avx2") && has!("pclmulqdq"),
            #[cfg(target_arch = "aarch64")]
            Kind::Neon => has!("neon") && has!("aes"),
            Kind::Portable => true,
        }
    }
}

/// Every kind, the fastest first.
const KINDS: &[Kind] = &[
    #[cfg(target_arch = "x86_64")]
    Kind::GfniAvx512,
    #[cfg(target_arch = "x86_64")]
    Kind::GfniAvx2,
    #[cfg(target_arch = "x86_64")]
    Kind::AesNi,
    #[cfg(target_arch = "aarch64")]
    Kind::Neon,
    Kind::Portable,
];

/// All rounds on an array of groups of four vectors.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
macro_rules! rounds {
    ($round_keys:ident, $state:ident, $round:ident) => {
        for [k0, k1, k2, k3] in $round_keys.as_chunks().0 {
            // Round by round across the groups: each waits long for itself, and the others fill the time.
            for [x0, x1, x2, x3] in &mut $state {
                *x0 = $round(*x0, *x1, *x2, *x3, *k0);
            }
            for [x0, x1, x2, x3] in &mut $state {
                *x1 = $round(*x1, *x2, *x3, *x0, *k1);
            }
            for [x0, x1, x2, x3] in &mut $state {
                *x2 = $round(*x2, *x3, *x0, *x1, *k2);
            }
            for [x0, x1, x2, x3] in &mut $state {
                *x3 = $round(*x3, *x0, *x1, *x2, *k3);
            }
        }
    };
}
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
use rounds;

/// Writes `groups::<G>`, which encrypts `G` groups of as many blocks as fill four vectors, and `padded::<G>`, which
/// encrypts fewer. Beside it stand `load`, `store` and `round` for the vector.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
macro_rules! groups {
    ($features:literal, $vector:ty, $blocks:expr, $groups:ident, $padded:ident, $load:ident, $store:ident, $round:ident) => {
        #[target_feature(enable = $features)]
        fn $groups<const G: usize>(
            round_keys: &crate::sm4::RoundKeys,
            groups: &mut [[crate::sm4::Block; $blocks]; G],
        ) {
            let mut state: [[$vector; 4]; G] = [$load(&[[0; 16]; $blocks]); G];
            for (state, blocks) in state.iter_mut().zip(groups.iter()) {
                *state = $load(blocks);
            }
            crate::simd::rounds!(round_keys, state, $round);
            // The reverse transformation R of GB/T 32907—2016, 7.1 b).
            for ([x0, x1, x2, x3], blocks) in state.into_iter().zip(groups) {
                $store([x3, x2, x1, x0], blocks);
            }
        }

        #[target_feature(enable = $features)]
        fn $padded<const G: usize>(round_keys: &crate::sm4::RoundKeys, blocks: &mut [crate::sm4::Block]) {
            let mut groups = [[[0; 16]; $blocks]; G];
            let all = groups.as_flattened_mut();
            all.iter_mut().zip(&*blocks).for_each(|(padded, block)| *padded = *block);
            $groups::<G>(round_keys, &mut groups);
            blocks.iter_mut().zip(groups.as_flattened()).for_each(|(block, done)| *block = *done);
        }
    };
}
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
use groups;

#[cfg(test)]
mod tests;
