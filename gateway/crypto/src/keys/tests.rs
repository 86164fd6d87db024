use super::*;
use crate::hex;
use std::sync::Arc;

fn name(kid: &str, category: &str, version: u32) -> KeyName {
    KeyName { kid: kid.to_owned(), category: category.to_owned(), version }
}

fn slot(kid: &str, version: u32, state: KeyState, lasting: bool) -> Slot {
    let name = name(kid, "wealth.cash", version);
    let key = Arc::new(DataKey::new(name.clone(), [version as u8; 32].into(), version).unwrap());
    Slot { name, state, lasting, key: Some(key).filter(|_| state != KeyState::Destroyed) }
}

#[test]
fn k2_a_rotated_ring_opens_the_old_and_seals_with_the_new() {
    let ring = Ring::new(vec![
        slot("cccccccccccc", 3, KeyState::Active, false),
        slot("aaaaaaaaaaaa", 1, KeyState::Destroyed, true),
        slot("bbbbbbbbbbbb", 2, KeyState::DecryptOnly, true),
    ]);
    assert_eq!(ring.active("wealth.cash").map(DataKey::version), Some(3));
    assert_eq!(ring.lasting("wealth.cash").map(DataKey::version), Some(2), "a destroyed key makes nothing");
    assert_eq!(ring.by_id("bbbbbbbbbbbb").map(DataKey::version), Ok(2));
    assert_eq!(ring.by_id("aaaaaaaaaaaa").unwrap_err(), KeyFault::Destroyed);
    assert_eq!(ring.by_id("dddddddddddd").unwrap_err(), KeyFault::Unknown);
    assert!(ring.active("credit").is_none() && ring.lasting("credit").is_none());
    assert!(!ring.lacks_keys());
}

#[test]
fn k5_an_emptied_ring_knows_its_keys_and_gives_none() {
    let ring = Ring::new(vec![
        slot("aaaaaaaaaaaa", 1, KeyState::Destroyed, false),
        slot("bbbbbbbbbbbb", 2, KeyState::Active, true),
    ])
    .emptied();
    assert!(ring.active("wealth.cash").is_none() && ring.lasting("wealth.cash").is_none());
    assert_eq!(ring.by_id("bbbbbbbbbbbb").unwrap_err(), KeyFault::Unavailable);
    assert_eq!(ring.by_id("aaaaaaaaaaaa").unwrap_err(), KeyFault::Destroyed);
    assert!(ring.lacks_keys());
    assert!(!Ring::default().lacks_keys());
}

#[test]
fn k2_two_claims_to_one_place_go_to_the_later_version() {
    let ring = Ring::new(vec![
        slot("cccccccccccc", 3, KeyState::Active, true),
        slot("bbbbbbbbbbbb", 2, KeyState::Active, true),
    ]);
    assert_eq!(ring.active("wealth.cash").map(DataKey::version), Some(3));
    assert_eq!(ring.lasting("wealth.cash").map(DataKey::version), Some(3));
}

#[test]
fn k2_sub_keys_differ_by_use_key_and_secret() {
    let key = |kid: &str, secret: u8| DataKey::new(name(kid, "credit", 1), [secret; 32].into(), 0).unwrap();
    let one = key("aaaaaaaaaaaa", 1);
    let all = |key: &DataKey| [key.token().to_vec(), key.ff1().to_vec(), key.shift().to_vec()];
    let mut seen: Vec<Vec<u8>> =
        [all(&one), all(&key("bbbbbbbbbbbb", 1)), all(&key("aaaaaaaaaaaa", 2))].concat();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 9);
    assert_eq!(all(&one), all(&key("aaaaaaaaaaaa", 1)));
}

#[test]
fn k2_a_parcel_opens_for_its_own_key_only() {
    let own = name("3f9a01bc77de", "credit", 1);
    let parcel = pack(&own, &[9; 32]);
    assert_eq!(parcel.len(), PARCEL_BYTES);
    assert_eq!(unpack(&own, &parcel).as_deref(), Some(&[9; 32]));
    for other in [
        name("3f9a01bc77df", "credit", 1),
        name("3f9a01bc77de", "contract", 1),
        name("3f9a01bc77de", "credit", 2),
    ] {
        assert!(unpack(&other, &parcel).is_none(), "{other:?}");
    }
    for at in 0..parcel.len() {
        let mut torn = parcel.to_vec();
        torn[at] ^= 1;
        assert!(unpack(&own, &torn).is_none(), "byte {at}");
    }
    assert!((0..parcel.len()).all(|length| unpack(&own, &parcel[..length]).is_none()));
    assert!(unpack(&own, &[parcel.as_slice(), &[0]].concat()).is_none());
}

#[test]
fn k2_a_key_seals_and_its_own_kind_alone_opens() {
    let key = |kid: &str, secret: u8| DataKey::new(name(kid, "credit", 1), [secret; 32].into(), 5).unwrap();
    let (own, other) = (key("aaaaaaaaaaaa", 1), key("aaaaaaaaaaaa", 2));
    let mut sealed = Vec::new();
    own.seal().seal_into(b"here", b"value", &mut sealed).unwrap();
    let envelope = crate::envelope::parse(std::str::from_utf8(&sealed).unwrap()).unwrap();
    assert_eq!(envelope.kid(), "aaaaaaaaaaaa");
    assert_eq!(*own.open().open(&envelope, b"here").unwrap(), b"value");
    assert!(own.open().open(&envelope, b"there").is_err() && other.open().open(&envelope, b"here").is_err());
    assert!(DataKey::new(name("A.b", "credit", 1), [1; 32].into(), 5).is_none());
}

#[test]
fn k1_sub_keys_are_hkdf_sm3() {
    // RFC 5869 by OpenSSL: `openssl kdf -keylen 32 -kdfopt digest:SM3 -kdfopt hexkey:… -kdfopt info:… HKDF`.
    let key = DataKey::new(name("3f9a01bc77de", "credit", 1), [7; 32].into(), 0).unwrap();
    assert_eq!(hex::encode(key.token().as_slice()), TOKEN);
    let secret = crate::hkdf::Hkdf::extract(b"", &[7; 32]);
    let seal = super::data_key::sub_key::<16>(&secret, b"seal", "3f9a01bc77de");
    assert_eq!(hex::encode(seal.as_slice()), SEAL);
}

#[test]
fn e2_debug_shows_no_secret() {
    let key = DataKey::new(name("3f9a01bc77de", "credit", 1), [0xab; 32].into(), 0).unwrap();
    let shown = format!("{key:?}");
    assert!(shown.contains("3f9a01bc77de"));
    assert!(!shown.contains("171") && !shown.contains("ab, ") && !shown.contains("secret"), "{shown}");
}

#[test]
fn ids_are_letters_and_digits() {
    for good in ["3f9a01bc77de", "abcdefgh", &"z9".repeat(16)] {
        assert!(is_kid(good), "{good}");
    }
    for bad in
        ["", "abcdefg", &"a".repeat(33), "3F9A01BC77DE", "3f9a.1bc77de", "3f9a 1bc77de", "钥匙钥匙钥匙"]
    {
        assert!(!is_kid(bad), "{bad}");
    }
}

const TOKEN: &str = "1650d61b685ff0e97b0dd06376d59ef18e4596b9041b553d9e9782caed0eeb4d";
const SEAL: &str = "5b8e5e122491762acf23c83f348ab39e";
