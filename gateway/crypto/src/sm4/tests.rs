use super::ccm::Ccm;
use super::gcm::{Forged, Gcm, TooLong};
use super::{Engine, Sm4};
use crate::hex;
use aead::{Aead as _, AeadInOut as _, KeyInit};
use cipher::BlockCipherDecrypt as _;
use cipher::BlockCipherEncrypt as _;
use cipher::{KeyIvInit as _, StreamCipher as _};
use proptest::prelude::*;

fn bytes<const N: usize>(text: &str) -> [u8; N] {
    hex::decode(text).unwrap()
}

#[test]
fn k1_sm4_encrypts_the_standards_example() {
    let key = bytes("0123456789abcdeffedcba9876543210");
    let cipher = Sm4::with_key(&key);
    let mut blocks = [key];
    cipher.encrypt_each(&mut blocks);
    assert_eq!(hex::encode(&blocks[0]), "681edf34d206965e86b3e94f536e4246");
    cipher.decrypt_each(&mut blocks);
    assert_eq!(blocks[0], key);
}

#[test]
fn k1_sm4_encrypts_the_standards_example_a_million_times() {
    let key = bytes("0123456789abcdeffedcba9876543210");
    let cipher = Sm4::with_key(&key);
    let mut blocks = [key];
    for _ in 0..1_000_000 {
        cipher.encrypt_each(&mut blocks);
    }
    assert_eq!(hex::encode(&blocks[0]), "595298c7c6fd271f0402f804c33d3f66");
}

#[test]
fn the_circuit_is_the_s_box_of_its_definition() {
    for byte in 0..=255u8 {
        let word = u32::from(byte) << 16;
        let got = super::bitslice::substitute(word);
        assert_eq!((got >> 16) as u8, defined_s_box(byte), "{byte:02x}");
        assert_eq!((got >> 24) as u8, defined_s_box(0));
    }
}

/// `A·I(A·x + c) + c` by the plainest arithmetic.
fn defined_s_box(byte: u8) -> u8 {
    let affine = |x: u8| {
        (0..8).fold(0u8, |out, i| out | (((0xa7u8.rotate_left(i) & x).count_ones() & 1) as u8) << i) ^ 0xd3
    };
    let multiply = |mut a: u16, b: u8| {
        let mut product = 0;
        for bit in 0..8 {
            product ^= if b >> bit & 1 == 1 { a } else { 0 };
            a <<= 1;
            a ^= if a & 0x100 == 0 { 0 } else { 0x1f5 };
        }
        product as u8
    };
    let x = affine(byte);
    affine((0..254).fold(1, |power, _| multiply(u16::from(power), x)))
}

#[test]
fn the_defined_s_box_begins_and_ends_as_the_standards_table() {
    assert_eq!([0, 1, 2, 3].map(defined_s_box), [0xd6, 0x90, 0xe9, 0xfe]);
    assert_eq!([0xfc, 0xfd, 0xfe, 0xff].map(defined_s_box), [0xd7, 0xcb, 0x39, 0x48]);
}

#[test]
fn k1_gcm_seals_the_example_of_rfc_8998_a_1() {
    let gcm = Gcm::new(&bytes("0123456789abcdeffedcba9876543210"));
    let nonce = bytes("00001234567800000000abcd");
    let aad: [u8; 20] = bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2");
    let plain: [u8; 64] = bytes(
        "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccddddddddddddddddeeeeeeeeeeeeeeeeffffffffffffffffeeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa",
    );
    let mut text = plain;
    let tag = gcm.seal(&nonce, &aad, &mut text).unwrap();
    assert_eq!(
        hex::encode(&text),
        "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
    );
    assert_eq!(hex::encode(&tag), "83de3541e4c2b58177e065a9bf7b62ec");
    assert_eq!(gcm.open(&nonce, &aad, &mut text, &tag), Ok(()));
    assert_eq!(text, plain);
}

#[test]
fn k1_ccm_seals_the_example_of_rfc_8998_a_2() {
    let ccm = Ccm::new(&bytes("0123456789abcdeffedcba9876543210"));
    let nonce = bytes("00001234567800000000abcd");
    let aad: [u8; 20] = bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2");
    let plain: [u8; 64] = bytes(
        "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccddddddddddddddddeeeeeeeeeeeeeeeeffffffffffffffffeeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa",
    );
    let mut text = plain;
    let tag = ccm.seal(&nonce, &aad, &mut text).unwrap();
    assert_eq!(
        hex::encode(&text),
        "48af93501fa62adbcd414cce6034d895dda1bf8f132f042098661572e7483094fd12e518ce062c98acee28d95df4416bed31a2f04476c18bb40c84a74b97dc5b"
    );
    assert_eq!(hex::encode(&tag), "16842d4fa186f56ab33256971fa110f4");
    assert_eq!(ccm.open(&nonce, &aad, &mut text, &tag), Ok(()));
    assert_eq!(text, plain);
}

#[test]
fn a_counter_carries_through_all_its_bits() {
    for start in [u128::MAX - 3, (1 << 64) - 70, (1 << 32) - 1, (1 << 32) - 64, (1 << 32) - 65, 7] {
        for engine in Engine::available() {
            let mut ours = vec![0x5a; 3000];
            Sm4::on(engine, &[9; 16]).apply_ctr(&start.to_be_bytes(), &mut ours);
            let mut expected = vec![0x5a; 3000];
            let mut other = ctr::Ctr128BE::<sm4::Sm4>::new(&[9; 16].into(), &start.to_be_bytes().into());
            other.apply_keystream(&mut expected);
            assert!(ours == expected, "{} from {start:x}", engine.name());
        }
    }
}

#[test]
fn ccm_writes_long_lengths_of_associated_data() {
    let other = ccm::Ccm::<sm4::Sm4, cipher::consts::U16, cipher::consts::U12>::new(&[4; 16].into());
    for length in [0xfeff, 0xff00, 0xffff, 0x1_0000] {
        let aad = vec![3; length];
        let expected = other.encrypt_inout_detached(&[5; 12].into(), &aad, (&mut [][..]).into()).unwrap();
        assert_eq!(Ccm::new(&[4; 16]).seal(&[5; 12], &aad, &mut []).unwrap(), expected.0, "{length:x}");
    }
}

#[test]
fn a_text_too_long_for_ccm_is_refused() {
    let mut text = vec![0; 1 << 24];
    assert_eq!(Ccm::new(&[0; 16]).seal(&[0; 12], b"", &mut text), Err(TooLong(1 << 24)));
    assert!(text.iter().all(|byte| *byte == 0));
}

#[test]
fn rustcrypto_traits_take_text_in_two_buffers() {
    let gcm = <Gcm as KeyInit>::new(&[1; 16].into());
    let (input, mut output) = ([7u8; 40], [0u8; 40]);
    let buffers = cipher::inout::InOutBuf::new(&input, &mut output).unwrap();
    let tag = gcm.encrypt_inout_detached(&[2; 12].into(), b"a", buffers).unwrap();
    let mut expected = input;
    assert_eq!(gcm.seal(&[2; 12], b"a", &mut expected).unwrap(), tag.0);
    assert_eq!(output, expected);
    let mut back = [0u8; 40];
    let buffers = cipher::inout::InOutBuf::new(&output, &mut back).unwrap();
    gcm.decrypt_inout_detached(&[2; 12].into(), b"a", buffers, &tag).unwrap();
    assert_eq!(back, input);
}

#[test]
fn nothing_of_a_key_is_shown() {
    let shown = format!("{:?} {:?} {:?}", Sm4::with_key(&[7; 16]), Gcm::new(&[7; 16]), Ccm::new(&[7; 16]));
    assert_eq!(shown, "Sm4(..) Gcm(..) Ccm(..)");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn ccm_is_that_of_another_implementation(
        key in any::<[u8; 16]>(),
        nonce in any::<[u8; 12]>(),
        aad in proptest::collection::vec(any::<u8>(), 0..100),
        plain in proptest::collection::vec(any::<u8>(), 0..3000),
    ) {
        let other = ccm::Ccm::<sm4::Sm4, cipher::consts::U16, cipher::consts::U12>::new(&key.into());
        let ours = Ccm::new(&key);
        let mut text = plain.clone();
        let mut tag = ours.seal(&nonce, &aad, &mut text).unwrap();
        let mut expected = plain.clone();
        let expected_tag =
            other.encrypt_inout_detached(&nonce.into(), &aad, expected.as_mut_slice().into()).unwrap();
        prop_assert_eq!(&text, &expected);
        prop_assert_eq!(tag, expected_tag.0);
        tag[15] ^= 1;
        prop_assert_eq!(ours.open(&nonce, &aad, &mut text, &tag), Err(Forged));
        prop_assert_eq!(&text, &expected);
        tag[15] ^= 1;
        prop_assert_eq!(ours.open(&nonce, &aad, &mut text, &tag), Ok(()));
        prop_assert_eq!(text, plain);
    }

    /// Modes written for RustCrypto's traits work on our cipher.
    #[test]
    fn other_modes_run_on_this_cipher(
        key in any::<[u8; 16]>(),
        start in any::<[u8; 16]>(),
        plain in proptest::collection::vec(any::<u8>(), 0..3000),
    ) {
        let mut expected = plain.clone();
        Sm4::with_key(&key).apply_ctr(&start, &mut expected);
        let mut through_ctr = plain.clone();
        ctr::Ctr128BE::<Sm4>::new(&key.into(), &start.into()).apply_keystream(&mut through_ctr);
        prop_assert_eq!(through_ctr, expected);
        let nonce = [5; 12];
        let other_gcm = aes_gcm::AesGcm::<Sm4, cipher::consts::U12>::new(&key.into());
        let ours = <Gcm as KeyInit>::new(&key.into());
        let aead = |aead: &dyn Fn() -> Result<Vec<u8>, aes_gcm::Error>| aead().unwrap();
        prop_assert_eq!(
            aead(&|| other_gcm.encrypt(&nonce.into(), plain.as_slice())),
            aead(&|| ours.encrypt(&nonce.into(), plain.as_slice()))
        );
    }

    #[test]
    fn blocks_are_those_of_another_implementation(
        key in any::<[u8; 16]>(),
        blocks in proptest::collection::vec(any::<[u8; 16]>(), 0..200),
    ) {
        let (ours, other) = (Sm4::with_key(&key), sm4::Sm4::new(&key.into()));
        let mut many = blocks.clone();
        ours.encrypt_each(&mut many);
        let mut one_by_one = blocks.clone();
        for block in &mut one_by_one {
            other.encrypt_block(block.into());
        }
        prop_assert_eq!(&many, &one_by_one);
        ours.decrypt_each(&mut many);
        prop_assert_eq!(&many, &blocks);
        let mut through_trait: Vec<_> = blocks.iter().copied().map(cipher::Array).collect();
        ours.encrypt_blocks(&mut through_trait);
        prop_assert_eq!(through_trait.iter().map(|block| block.0).collect::<Vec<_>>(), one_by_one);
        ours.decrypt_blocks(&mut through_trait);
        prop_assert_eq!(through_trait.iter().map(|block| block.0).collect::<Vec<_>>(), blocks);
    }

    #[test]
    fn gcm_is_that_of_another_implementation(
        key in any::<[u8; 16]>(),
        nonce in any::<[u8; 12]>(),
        aad in proptest::collection::vec(any::<u8>(), 0..100),
        plain in proptest::collection::vec(any::<u8>(), 0..3000),
        flipped in any::<prop::sample::Index>(),
    ) {
        let (gcm, other) =
            (Gcm::new(&key), aes_gcm::AesGcm::<sm4::Sm4, cipher::consts::U12>::new(&key.into()));
        let mut text = plain.clone();
        let tag = gcm.seal(&nonce, &aad, &mut text).unwrap();
        let mut expected = plain.clone();
        let expected_tag =
            other.encrypt_inout_detached(&nonce.into(), &aad, expected.as_mut_slice().into()).unwrap();
        prop_assert_eq!(&text, &expected);
        prop_assert_eq!(tag, expected_tag.0);
        let mut cut = [text.as_slice(), &tag].concat();
        let at = flipped.index(cut.len());
        cut[at] ^= 1 << (at % 8);
        let (altered, altered_tag) = cut.split_last_chunk_mut::<16>().unwrap();
        let before = altered.to_vec();
        prop_assert_eq!(gcm.open(&nonce, &aad, altered, altered_tag), Err(Forged));
        prop_assert_eq!(altered, before);
        prop_assert_eq!(gcm.open(&nonce, &aad, &mut text, &tag), Ok(()));
        prop_assert_eq!(text, plain);
    }
}
