use super::*;
use proptest::prelude::*;

#[test]
fn k1_sm3_meets_the_published_vectors() {
    // GB/T 32905—2016, Annex A.1 and A.2; the empty message from the standard's padding rule, checked with OpenSSL.
    let cases: [(Vec<u8>, &str); 3] = [
        (b"abc".to_vec(), "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
        (b"abcd".repeat(16), "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"),
        (Vec::new(), "1ab21d8355cfa17f8e61194831e81a8f22bec8c728fefb747ed035eb5082aa2b"),
    ];
    for (message, expect) in cases {
        assert_eq!(hex::encode(&sm3(&[&message])), expect);
    }
}

#[test]
fn k1_hmac_sm3_meets_known_vectors() {
    // The messages and keys of RFC 4231 cases 1, 2 and 6, tags computed with OpenSSL's SM3; the last is GmSSL's.
    let long_key: Vec<u8> = (1..=32).collect();
    let cases: [(Vec<u8>, &[u8], &str); 4] = [
        (vec![0x0b; 20], b"Hi There", "51b00d1fb49832bfb01c3ce27848e59f871d9ba938dc563b338ca964755cce70"),
        (
            b"Jefe".to_vec(),
            b"what do ya want for nothing?",
            "2e87f1d16862e6d964b50a5200bf2b10b764faa9680a296a2405f24bec39f882",
        ),
        (
            vec![0xaa; 131],
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            "b4fd844e13342002f0b2e0690ea7741f1497d993a70494cea601e657bedf67a0",
        ),
        (
            long_key,
            b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopqabcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "ca05e144ed05d1857840d1f318a4a8669e559fc8391f414485bfdf7bb408963a",
        ),
    ];
    for (key, message, expect) in cases {
        assert_eq!(hex::encode(&hmac_sm3(&key, &[message])), expect);
    }
}

#[test]
fn e2_pseudonyms_keep_domains_apart() {
    let key = PseudonymKey::new(std::array::from_fn(|i| i as u8));
    // HMAC-SM3 of length, domain and identifier, computed with OpenSSL's SM3.
    assert_eq!(key.pseudonym("subject", "80001234").to_string(), "d47bfb831e4fdf177316980cfe5f5344");
    assert_eq!(key.pseudonym("caller", "80001234").to_string(), "036ea04eeb5a6873aae6697741c20ed9");
    // Without the length these two would be one.
    assert_ne!(key.pseudonym("a", "bc"), key.pseudonym("ab", "c"));
    let other = PseudonymKey::new([9; 32]);
    assert_ne!(key.pseudonym("subject", "80001234"), other.pseudonym("subject", "80001234"));
}

#[test]
fn key_text_is_read_strictly_and_never_repeated() {
    let good = "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF";
    let read = PseudonymKey::from_hex(&format!("{good}\n")).unwrap();
    let bytes = hex::decode::<32>(good).unwrap();
    assert_eq!(read.pseudonym("subject", "x"), PseudonymKey::new(bytes).pseudonym("subject", "x"));

    let secret = "s3cr3t";
    let cases = [
        (String::new(), InvalidKey::Length(0)),
        (good.chars().skip(1).collect(), InvalidKey::Length(63)),
        (format!("{good}0"), InvalidKey::Length(65)),
        (good.replace("00", "zz"), InvalidKey::Digit),
        (good.replacen('0', "零", 1), InvalidKey::Digit),
        (secret.to_owned(), InvalidKey::Length(6)),
    ];
    for (text, expect) in cases {
        let error = PseudonymKey::from_hex(&text).unwrap_err();
        assert_eq!(error, expect);
        assert!(text.is_empty() || !error.to_string().contains(&text));
    }
    assert_eq!(format!("{read:?}"), "PseudonymKey(..)");
}

#[test]
fn hex_refuses_other_lengths_and_digits() {
    assert_eq!(hex::decode::<2>("0aF9"), Some([0x0a, 0xf9]));
    for text in ["", "0", "0a", "0aF", "0aF90", "0aF900", "0aG9", " 0aF", "０a"] {
        assert_eq!(hex::decode::<2>(text), None, "{text}");
    }
}

proptest! {
    #[test]
    fn hex_round_trips(bytes: [u8; 16]) {
        prop_assert_eq!(hex::decode(&hex::encode(&bytes)), Some(bytes));
        prop_assert_eq!(Pseudonym::from_hex(&Pseudonym(bytes).to_string()), Some(Pseudonym(bytes)));
    }

    #[test]
    fn pieces_do_not_change_the_digest(message: Vec<u8>, cut: prop::sample::Index) {
        let (a, b) = message.split_at(cut.index(message.len() + 1));
        let mut pieces = Sm3::new();
        pieces.update(a);
        pieces.update(b);
        prop_assert_eq!(pieces.finish(), sm3(&[&message]));
        prop_assert_eq!(hmac_sm3(b"k", &[a, b]), hmac_sm3(b"k", &[&message]));
    }

    #[test]
    fn equality_is_equality(a: Vec<u8>, b: Vec<u8>) {
        prop_assert_eq!(constant_time_eq(&a, &b), a == b);
        prop_assert!(constant_time_eq(&a, &a.clone()));
    }
}
