use super::*;

fn bytes(text: &str) -> Vec<u8> {
    let (pairs, _) = text.as_bytes().as_chunks::<2>();
    pairs.iter().map(|pair| hex::decode::<1>(std::str::from_utf8(pair).unwrap()).unwrap()[0]).collect()
}

#[test]
fn k1_sm2_meets_the_published_example() {
    // GB/T 32918.5—2017, Annex A.2: the signer ALICE's default identity, message "message digest".
    let point = "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13";
    let signature = "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa";
    let key = VerifyingKey { name: "alice".to_owned(), algorithm: Algorithm::Sm2, key: bytes(point) };
    assert!(key.verifies(b"message digest", &bytes(signature)));
    assert!(!key.verifies(b"message digesT", &bytes(signature)));
    // The key pair of A.2, and Z of 5.5 in SM3 of identity, curve and key.
    let secret = bytes("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8");
    let pair = sm2::dsa::SigningKey::from_slice(SM2_IDENTITY, &secret).unwrap();
    assert_eq!(pair.verifying_key().to_sec1_bytes().as_ref(), bytes(point));
    let curve = [
        "fffffffeffffffffffffffffffffffffffffffff00000000fffffffffffffffc",
        "28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93",
        "32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7",
        "bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0",
    ];
    let point = bytes(point);
    let z = sm3(&[&[0, 128], SM2_IDENTITY.as_bytes(), &curve.map(bytes).concat(), &point[1..]]);
    assert_eq!(hex::encode(&z), "b2e14c5c79c6df5b85f4fe7ed8db7a262b9da7e07ccb0ea9f4747b8ccda8a4f3");
    let e = sm3(&[&z, b"message digest"]);
    assert_eq!(hex::encode(&e), "f0b43e94ba45accaace692ed534382eb17e6ab5a19ce7b31f4486fdfc0d28640");
    // What this implementation signs, with a nonce of its own, is as good.
    let ours = pair.sign(b"message digest");
    assert!(key.verifies(b"message digest", &ours.to_vec()));
}

#[test]
fn e4_signatures_of_another_implementation_are_read() {
    // Made by OpenSSL 3.0: `openssl pkeyutl -sign -rawin`, for SM2 with `-digest sm3 -pkeyopt distid:1234567812345678`.
    let cases = [
        (
            Algorithm::Ed25519,
            "50912ff411306ab77a0123b861d04a9534d2857a2d0788e8c568f956af0efb33",
            "35fe46c51c1978aef24a8d6b0df1e7009794edee78ea6b6193f203ae4c5b51be9d22860b3409caa8b06f5f522ca74f49218c4cee42ae33e2d16ace076c2be80c",
        ),
        (
            Algorithm::Sm2,
            "04079ca2d1b673023256e80e6c666f21eaf5704e9b8b9edb52f50f844566549c23d6b6e30314ca0d5b0c3fd3454f61d8d616b652d505453a332b361373a8733be3",
            "e3db725e7b5da0fddbb32ea7ba56a6a13dd298ea4bb8bea1797e404dd8c5adb61255af46f94e8600c8163f4171c41e8d79c4523905f76d31806ea2ff70ef963d",
        ),
    ];
    for (algorithm, key, signature) in cases {
        let key = VerifyingKey { name: "openssl".to_owned(), algorithm, key: bytes(key) };
        let signature = bytes(signature);
        assert!(key.verifies(b"checkpoint\n", &signature), "{algorithm:?}");
        assert!(!key.verifies(b"checkpoint", &signature));
        for at in 0..signature.len() {
            let mut changed = signature.clone();
            changed[at] ^= 1;
            assert!(!key.verifies(b"checkpoint\n", &changed), "{algorithm:?} byte {at}");
        }
        for length in 0..signature.len() {
            assert!(!key.verifies(b"checkpoint\n", &signature[..length]));
        }
    }
}

#[test]
fn e4_the_same_secret_gives_the_same_keys_and_another_does_not() {
    let keys = SigningKeys::from_secret(&[7; 32]).unwrap();
    assert_eq!(keys.public(), SigningKeys::from_secret(&[7; 32]).unwrap().public());
    let other = SigningKeys::from_secret(&[8; 32]).unwrap();
    let signatures = keys.sign(b"text");
    assert_eq!(signatures.len(), 2);
    for (signature, (own, strange)) in signatures.iter().zip(keys.public().iter().zip(other.public())) {
        assert_eq!(signature.id, own.id());
        assert!(own.verifies(b"text", &signature.bytes) && !strange.verifies(b"text", &signature.bytes));
    }
    assert!(!format!("{keys:?}").contains("070707"));
}

#[test]
fn e4_public_keys_are_read_strictly() {
    let keys = SigningKeys::from_secret(&[9; 32]).unwrap();
    for key in keys.public() {
        let text = key.to_string();
        assert_eq!(text.parse::<VerifyingKey>().as_ref(), Ok(key));
        let renamed = text.replacen("yingbi-", "yingbi_", 1);
        assert_eq!(renamed.parse::<VerifyingKey>(), Err(InvalidPublicKey::Id));
        for bad in ["", "a+b", "a b+00000000+AQ==", "+00000000+AQ==", "a+0000000+AQ==", "a+00000000+%"] {
            assert_eq!(bad.parse::<VerifyingKey>(), Err(InvalidPublicKey::Shape), "{bad}");
        }
    }
    // Another algorithm, too short a key, and a point of small order.
    let weak = BASE64.encode([&[1][..], &[0; 32]].concat());
    for key in ["AgAA", "AQAA", &weak] {
        assert_eq!(format!("a+00000000+{key}").parse::<VerifyingKey>(), Err(InvalidPublicKey::Key), "{key}");
    }
}
