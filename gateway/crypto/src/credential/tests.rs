use super::*;
use crate::{Algorithm, SigningKeys};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// The vectors of the did:key method: a key's text and the coordinates of its point.
#[test]
fn p8_keys_of_the_did_key_method_are_read() {
    for (text, x, y) in [
        (
            "zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169",
            "fyNYMN0976ci7xqiSdag3buk-ZCwgXU4kz9XNkBlNUI",
            "hW2ojTNfH7Jbi8--CJUo3OCbH3y5n91g-IMA9MLMbTU",
        ),
        (
            "zDnaerx9CtbPJ1q36T5Ln5wYt3MQYeGRG5ehnPAmxcf5mDZpv",
            "igrFmi0whuihKnj9R3Om1SoMph72wUGeFaBbzG2vzns",
            "efsX5b10x8yjyrj4ny3pGfLcY7Xby1KzgqOdqnsrJIM",
        ),
    ] {
        let Some(PublicKey::P256(point)) = PublicKey::from_multikey(text) else { panic!("{text}") };
        let [x, y] = [x, y].map(|part| URL_SAFE_NO_PAD.decode(part).unwrap());
        assert_eq!(point[1..], x, "{text}");
        assert_eq!(point[0], 2 + (y[31] & 1), "the sign of y: {text}");
    }
    let ed25519 = PublicKey::from_multikey("z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp");
    let expect = "3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29";
    assert_eq!(ed25519, PublicKey::ed25519(&crate::hex::decode::<32>(expect).unwrap()));
    for wrong in [
        "",
        "z",
        "6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp",
        "z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooW0",
        "z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWpp",
        // secp256k1
        "zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme",
        "z11111111111111111111111111111111111111111111111111111111111111111111111111111111111111",
    ] {
        assert_eq!(PublicKey::from_multikey(wrong), None, "{wrong}");
    }
}

#[test]
fn p8_a_key_verifies_by_its_own_algorithm_alone() {
    let keys = SigningKeys::from_secret(&[9; 32]).unwrap();
    let read = |algorithm: Algorithm| {
        let text = keys.public().iter().find(|key| key.algorithm() == algorithm).unwrap().to_string();
        STANDARD.decode(text.splitn(3, '+').nth(2).unwrap()).unwrap()
    };
    let ed25519 = PublicKey::ed25519(&read(Algorithm::Ed25519)[1..]).unwrap();
    let sm2 = PublicKey::sm2(&read(Algorithm::Sm2)[b"\xffSM2-with-SM3".len()..]).unwrap();
    let signed = keys.sign(b"text");
    let signatures = [&signed[0].bytes, &signed[1].bytes];
    for (key, good) in [(&ed25519, 0), (&sm2, 1)] {
        for (nth, signature) in signatures.iter().enumerate() {
            assert_eq!(key.verifies(b"text", signature), nth == good);
            assert!(!key.verifies(b"test", signature));
            assert!(!key.verifies(b"text", &signature[..63]));
        }
    }
    assert_eq!(PublicKey::ed25519(&[0; 32]), None, "of small order");
    assert_eq!(PublicKey::p256(&read(Algorithm::Sm2)[b"\xffSM2-with-SM3".len()..]), None, "another curve's");
    assert_eq!(PublicKey::sm2(&[4; 65]), None);
}
