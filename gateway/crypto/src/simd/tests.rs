use super::*;
use crate::sm4::gcm::Gcm;
use crate::sm4::{Sm4, passes_self_test};
use cipher::{BlockCipherEncrypt as _, KeyInit as _};

/// A small generator (xorshift), so that a failure can be repeated.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| (self.next() >> 32) as u8)
    }
}

#[test]
fn every_engine_passes_its_self_test() {
    let names: Vec<_> = Engine::available().map(Engine::name).collect();
    println!("engines here: {names:?}");
    assert_eq!(Engine::available().last(), Some(Engine::PORTABLE));
    assert!(Engine::available().all(passes_self_test));
    assert_eq!(Engine::available().next(), Some(Engine::fastest()));
}

/// How many blocks are compared: `YINGBI_SM4_BLOCKS`, 200,000 unless told otherwise.
fn blocks_to_compare() -> usize {
    std::env::var("YINGBI_SM4_BLOCKS").ok().and_then(|count| count.parse().ok()).unwrap_or(200_000)
}

#[test]
fn k1_every_engine_encrypts_random_blocks_as_another_implementation() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut left = blocks_to_compare();
    while left > 0 {
        let key = random.bytes();
        // Every length of a tail comes in its turn.
        let count = (random.next() % 200) as usize + 1;
        let blocks: Vec<[u8; 16]> = (0..count).map(|_| random.bytes()).collect();
        let mut expected = blocks.clone();
        let other = sm4::Sm4::new(&key.into());
        for block in &mut expected {
            other.encrypt_block(block.into());
        }
        for engine in Engine::available() {
            let cipher = Sm4::on(engine, &key);
            let mut ours = blocks.clone();
            cipher.encrypt_each(&mut ours);
            assert!(ours == expected, "{} differs in {count} blocks", engine.name());
            cipher.decrypt_each(&mut ours);
            assert!(ours == blocks, "{} doesn't come back", engine.name());
        }
        left = left.saturating_sub(count);
    }
}

#[test]
fn every_engine_seals_alike() {
    let mut random = Random(42);
    for length in (0..400).chain([1007, 1008, 1009, 1023, 1024, 1025, 4096, 10_000]) {
        let (key, nonce) = (random.bytes(), random.bytes());
        let aad: Vec<u8> = (0..random.next() % 300).map(|n| n as u8).collect();
        let plain: Vec<u8> = (0..length).map(|_| random.next() as u8).collect();
        let sealed: Vec<_> = Engine::available()
            .map(|engine| {
                let mut text = plain.clone();
                let tag = Gcm::on(engine, &key).seal(&nonce, &aad, &mut text).unwrap();
                (text, tag)
            })
            .collect();
        assert!(sealed.iter().all(|one| Some(one) == sealed.last()), "{length} bytes");
    }
}
