//! SM4, GB/T 32907—2016, without a look-up table.
//!
//! The usual implementation looks its S-box up in memory at a place that depends on key and text, and whoever shares
//! the processor's cache learns of both by timing. Here the S-box is computed: by instructions for field inversion where
//! the machine has them (see [`Engine`]), else by a circuit over bit planes, which takes the same steps whatever the bits
//! are.
//!
//! [`Sm4`] implements RustCrypto's block cipher traits, so every mode written for them takes it; [`gcm`], [`ccm`] and
//! the counter mode ([`Sm4::apply_ctr`]) are our own, which encrypt many blocks at a time.
//!
//! ```
//! use cipher::{BlockCipherEncrypt as _, KeyInit as _};
//! use yingbi_crypto::sm4::Sm4;
//!
//! // GB/T 32907—2016, example 1: the key encrypts itself.
//! let key = 0x0123456789abcdeffedcba9876543210_u128.to_be_bytes();
//! let mut block = key.into();
//! Sm4::new(&key.into()).encrypt_block(&mut block);
//! assert_eq!(block, 0x681edf34d206965e86b3e94f536e4246_u128.to_be_bytes());
//! ```

pub(crate) mod bitslice;
pub mod ccm;
mod ctr;
pub mod gcm;
pub(crate) mod ghash;
mod s_box;
mod traits;

pub use crate::simd::Engine;

use cipher::consts::{U16, U64};
use cipher::inout::{InOut, InOutBuf};
use cipher::{
    AlgorithmName, Array, BlockCipherDecBackend, BlockCipherDecClosure, BlockCipherDecrypt,
    BlockCipherEncBackend, BlockCipherEncClosure, BlockCipherEncrypt, BlockSizeUser, Key, KeyInit,
    KeySizeUser, ParBlocksSizeUser,
};
use std::fmt;
use zeroize::{Zeroize as _, ZeroizeOnDrop, Zeroizing};

/// 128 bits of text.
pub(crate) type Block = [u8; 16];

/// One word for each round.
pub(crate) type RoundKeys = [u32; 32];

/// SM4 under one key. Zeroized on drop; `Debug` shows nothing of the key.
#[derive(Clone)]
pub struct Sm4 {
    round_keys: RoundKeys,
    engine: Engine,
}

impl Sm4 {
    /// Expands a key of 128 bits.
    pub fn with_key(key: &[u8; 16]) -> Self {
        Sm4::on(Engine::fastest(), key)
    }

    /// The same, computed in a given way.
    pub fn on(engine: Engine, key: &[u8; 16]) -> Self {
        Sm4 { round_keys: expand(key), engine }
    }

    /// How it is computed.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Encrypts each block in place; many at once cost far less than one at a time.
    pub fn encrypt_each(&self, blocks: &mut [[u8; 16]]) {
        self.engine.encrypt(&self.round_keys, blocks);
    }

    /// Decrypts each block in place.
    pub fn decrypt_each(&self, blocks: &mut [[u8; 16]]) {
        // The same rounds with the keys in the opposite order (7.2).
        let mut reversed = Zeroizing::new(self.round_keys);
        reversed.reverse();
        self.engine.encrypt(&reversed, blocks);
    }
}

/// Whether an engine encrypts example 1 of GB/T 32907—2016 as the standard does, wherever the block lies among others,
/// and multiplies as the portable code does.
pub(crate) fn passes_self_test(engine: Engine) -> bool {
    let key = 0x0123_4567_89ab_cdef_fedc_ba98_7654_3210_u128.to_be_bytes();
    let mut blocks = [key; 91];
    Sm4::on(engine, &key).encrypt_each(&mut blocks);
    let expected = 0x681e_df34_d206_965e_86b3_e94f_536e_4246_u128.to_be_bytes();
    let [ours, portable] = [engine, Engine::PORTABLE]
        .map(|engine| ghash::GhashKey::new(engine, key).hash(&key, blocks.as_flattened()));
    blocks.iter().all(|block| *block == expected) && ours == portable
}

/// The key expansion (7.3).
fn expand(key: &[u8; 16]) -> RoundKeys {
    let mut state = [0; 4];
    for ((word, bytes), system) in state.iter_mut().zip(key.as_chunks().0).zip(SYSTEM_PARAMETERS) {
        *word = u32::from_be_bytes(*bytes) ^ system;
    }
    let mut round_keys = [0; 32];
    for (round, round_key) in (0u32..).zip(&mut round_keys) {
        let [k0, k1, k2, k3] = state;
        let mixed = bitslice::substitute(k1 ^ k2 ^ k3 ^ fixed_parameter(round));
        *round_key = k0 ^ mixed ^ mixed.rotate_left(13) ^ mixed.rotate_left(23);
        state = [k1, k2, k3, *round_key];
    }
    state.zeroize();
    round_keys
}

/// CK of 7.3 c): byte `j` of word `i` is `(4 i + j) · 7 mod 256`.
fn fixed_parameter(round: u32) -> u32 {
    (0..4).fold(0, |word, byte| word << 8 | ((4 * round + byte) * 7) & 0xff)
}

/// FK of 7.3 b).
const SYSTEM_PARAMETERS: [u32; 4] = [0xa3b1_bac6, 0x56aa_3350, 0x677d_9197, 0xb270_22dc];

impl fmt::Debug for Sm4 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sm4(..)")
    }
}

impl Drop for Sm4 {
    fn drop(&mut self) {
        self.round_keys.zeroize();
    }
}

impl ZeroizeOnDrop for Sm4 {}

impl AlgorithmName for Sm4 {
    fn write_alg_name(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sm4")
    }
}

impl KeySizeUser for Sm4 {
    type KeySize = U16;
}

impl KeyInit for Sm4 {
    fn new(key: &Key<Self>) -> Self {
        Sm4::with_key(&key.0)
    }
}

impl BlockSizeUser for Sm4 {
    type BlockSize = U16;
}

impl ParBlocksSizeUser for Sm4 {
    type ParBlocksSize = U64;
}

impl BlockCipherEncrypt for Sm4 {
    fn encrypt_with_backend(&self, work: impl BlockCipherEncClosure<BlockSize = U16>) {
        work.call(self);
    }
}

impl BlockCipherDecrypt for Sm4 {
    fn decrypt_with_backend(&self, work: impl BlockCipherDecClosure<BlockSize = U16>) {
        work.call(self);
    }
}

impl BlockCipherEncBackend for Sm4 {
    fn encrypt_block(&self, mut block: InOut<'_, '_, Array<u8, U16>>) {
        let mut one = [block.clone_in().0];
        self.encrypt_each(&mut one);
        let [one] = one;
        *block.get_out() = Array(one);
    }

    fn encrypt_par_blocks(&self, mut blocks: InOut<'_, '_, Array<Array<u8, U16>, U64>>) {
        let mut many = blocks.clone_in();
        self.encrypt_each(Array::cast_slice_to_core_mut(&mut many));
        *blocks.get_out() = many;
    }

    fn encrypt_tail_blocks(&self, blocks: InOutBuf<'_, '_, Array<u8, U16>>) {
        self.encrypt_each(Array::cast_slice_to_core_mut(blocks.into_out_with_copied_in()));
    }
}

impl BlockCipherDecBackend for Sm4 {
    fn decrypt_block(&self, mut block: InOut<'_, '_, Array<u8, U16>>) {
        let mut one = [block.clone_in().0];
        self.decrypt_each(&mut one);
        let [one] = one;
        *block.get_out() = Array(one);
    }

    fn decrypt_par_blocks(&self, mut blocks: InOut<'_, '_, Array<Array<u8, U16>, U64>>) {
        let mut many = blocks.clone_in();
        self.decrypt_each(Array::cast_slice_to_core_mut(&mut many));
        *blocks.get_out() = many;
    }

    fn decrypt_tail_blocks(&self, blocks: InOutBuf<'_, '_, Array<u8, U16>>) {
        self.decrypt_each(Array::cast_slice_to_core_mut(blocks.into_out_with_copied_in()));
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod timing;
