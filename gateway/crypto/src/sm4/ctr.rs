//! Counter mode (GB/T 17964—2021, NIST SP 800-38A 6.5).

use super::{Engine, Sm4};

impl Sm4 {
    /// Adds the key stream that begins with this counter block, so encrypts or decrypts in place. The whole block counts,
    /// big-endian. No counter block may come twice under a key.
    pub fn apply_ctr(&self, counter: &[u8; 16], text: &mut [u8]) {
        self.add_key_stream(u128::from_be_bytes(*counter), text);
    }

    pub(super) fn add_key_stream(&self, mut counter: u128, text: &mut [u8]) {
        let (chunks, rest) = text.as_chunks_mut::<{ Engine::STREAM * 16 }>();
        for chunk in chunks {
            let (blocks, _) = chunk.as_chunks_mut::<16>();
            if let Some(blocks) = blocks.as_mut_array() {
                self.engine.add_key_stream(&self.round_keys, counter, blocks);
            }
            counter = counter.wrapping_add(Engine::STREAM as u128);
        }
        let mut stream = [[0; 16]; Engine::STREAM];
        let (stream, _) = stream.split_at_mut(rest.len().div_ceil(16));
        for block in stream.iter_mut() {
            *block = counter.to_be_bytes();
            counter = counter.wrapping_add(1);
        }
        self.encrypt_each(stream);
        rest.iter_mut().zip(stream.as_flattened()).for_each(|(byte, key)| *byte ^= key);
    }
}
