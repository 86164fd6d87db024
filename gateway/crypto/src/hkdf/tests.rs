use super::*;
use crate::hex;
use proptest::prelude::*;

#[test]
fn k1_hkdf_sm3_meets_vectors_of_another_implementation() {
    // The inputs of RFC 5869 A.1 to A.3; the keys by `openssl kdf -kdfopt digest:SM3 … HKDF` of OpenSSL 3.0.
    let cases = [
        (
            &[0x0b; 22][..],
            range(0, 13),
            range(0xf0, 10),
            "c69fe91b7aaee2dd5718d72dcaee0cce93f1b8e41f792da51261b6a517e68b36ed2c595572b01dfa359b",
        ),
        (
            &range(0, 80)[..],
            range(0x60, 80),
            range(0xb0, 80),
            "c1226236bbdefa7921f9febe27b864f33e449201b436d8844ea53f58170dd6426defbd22ed1f3c5960f35523e62e3b6c0d657f2c61893436f539013199bfaef25aafd1e7726ede927623a9f5cbb8885c7e5d",
        ),
        (
            &[0x0b; 22][..],
            range(0, 0),
            range(0, 0),
            "c8c91a38ae2fb3b023a7c38ce9f0748f28230d59b6b950ba3ba949bf0d713a5774815778801741cb2034",
        ),
    ];
    for (secret, salt, info, expected) in cases {
        let mut out = vec![0; expected.len() / 2];
        Hkdf::extract(&salt, secret).expand(&[&info], &mut out).unwrap();
        assert_eq!(hex::encode(&out), expected);
    }
}

fn range(first: u8, count: u8) -> Vec<u8> {
    (0..count).map(|n| first + n).collect()
}

#[test]
fn no_more_is_given_than_there_is() {
    let mut out = vec![0; LONGEST + 1];
    assert_eq!(Hkdf::extract(b"", b"x").expand(&[], &mut out), Err(TooMuch));
    assert!(out.iter().all(|byte| *byte == 0));
    out.pop();
    assert_eq!(Hkdf::extract(b"", b"x").expand(&[], &mut out), Ok(()));
}

proptest! {
    #[test]
    fn pieces_of_info_are_one_info(a: Vec<u8>, b: Vec<u8>, secret: Vec<u8>) {
        let secret = Hkdf::extract(b"salt", &secret);
        prop_assert_eq!(secret.key::<40>(&[&a, &b]), secret.key::<40>(&[&[a, b].concat()]));
    }
}
