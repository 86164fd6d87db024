use super::*;
use proptest::prelude::*;

fn keys() -> (SealKey, OpenKey) {
    (SealKey::new("k-1", &[3; 16], [1, 2, 3, 4]).unwrap(), OpenKey::new("k-1", &[3; 16]).unwrap())
}

fn sealed(key: &SealKey, aad: &[u8], plain: &[u8]) -> String {
    let mut out = Vec::new();
    key.seal_into(aad, plain, &mut out).unwrap();
    assert_eq!(out.len(), key.sealed_length(plain.len()));
    String::from_utf8(out).unwrap()
}

#[test]
fn k1_what_is_sealed_opens_in_its_place_only() {
    let (seal, open) = keys();
    for plain in ["", "x", "13800138000", "11010519491231002X", &"上海市浦东新区".repeat(100)] {
        let text = sealed(&seal, b"here", plain.as_bytes());
        let envelope = parse(&text).unwrap();
        assert_eq!(envelope.kid(), "k-1");
        assert_eq!(*open.open(&envelope, b"here").unwrap(), plain.as_bytes());
        assert!(matches!(open.open(&envelope, b"there"), Err(OpenError::Forged(_))));
        let wrong_key = OpenKey::new("k-1", &[4; 16]).unwrap();
        assert!(matches!(wrong_key.open(&envelope, b"here"), Err(OpenError::Forged(_))));
        let wrong_name = OpenKey::new("k-2", &[3; 16]).unwrap();
        assert_eq!(wrong_name.open(&envelope, b"here"), Err(OpenError::OtherKey));
    }
}

#[test]
fn a_batch_is_as_good_as_one_by_one() {
    let (batch, single) = (keys().0, keys().0);
    let plains: Vec<Vec<u8>> = (0..200u8).map(|n| vec![n; usize::from(n) % 53]).collect();
    let fields: Vec<Field<'_>> =
        plains.iter().enumerate().map(|(n, plain)| Field { aad: &plains[n / 2], plain }).collect();
    let (mut together, mut apart) = (Vec::new(), Vec::new());
    batch.seal_batch(&fields, &mut together).unwrap();
    for field in &fields {
        single.seal_into(field.aad, field.plain, &mut apart).unwrap();
    }
    assert_eq!(String::from_utf8(together), String::from_utf8(apart));
}

#[test]
fn a_batch_is_opened_as_one_by_one() {
    let (seal, open) = keys();
    let other = SealKey::new("k-2", &[3; 16], [1, 2, 3, 4]).unwrap();
    let plains: Vec<Vec<u8>> =
        (0..150u32).map(|n| vec![n as u8; [n % 53, 1100, 990, 18][n as usize % 4] as usize]).collect();
    let texts: Vec<String> = plains
        .iter()
        .enumerate()
        .map(|(n, plain)| {
            let mut text = sealed(if n % 7 == 3 { &other } else { &seal }, b"aad", plain);
            if n % 5 == 2 {
                // The first character of the tag or of the nonce's counter.
                let at = if n % 2 == 0 { text.len() - 20 } else { 12 };
                let changed = if text.as_bytes()[at] == b'A' { "B" } else { "A" };
                text.replace_range(at..at + 1, changed);
            }
            text
        })
        .collect();
    let envelopes: Vec<_> = texts.iter().map(|text| parse(text).unwrap()).collect();
    let fields: Vec<(&Envelope<'_>, &[u8])> = envelopes
        .iter()
        .enumerate()
        .map(|(n, one)| (one, if n % 11 == 5 { &b"moved"[..] } else { b"aad" }))
        .collect();
    let mut opened = Vec::new();
    open.open_batch(&fields, |value| opened.push(value.map(<[u8]>::to_vec)));
    let expected: Vec<_> =
        fields.iter().map(|(envelope, aad)| open.open(envelope, aad).map(|value| value.to_vec())).collect();
    assert_eq!(opened, expected);
    let good = opened.iter().zip(&plains).filter(|(opened, plain)| opened.as_ref() == Ok(*plain)).count();
    assert!(good > 70 && opened.iter().filter(|one| **one == Err(OpenError::OtherKey)).count() > 10);
    open.open_batch(&[], |_| panic!("nothing was sealed"));
}

#[test]
fn no_nonce_is_used_twice() {
    let key = keys().0;
    let nonces = std::sync::Mutex::new(std::collections::BTreeSet::new());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let fields = [Field { aad: b"", plain: b"same" }; 7];
                for _ in 0..50 {
                    let mut out = Vec::new();
                    key.seal_batch(&fields, &mut out).unwrap();
                    for text in out.chunks_exact(key.sealed_length(4)) {
                        let envelope = parse(std::str::from_utf8(text).unwrap()).unwrap();
                        assert_eq!(envelope.nonce()[..4], [1, 2, 3, 4]);
                        assert!(nonces.lock().unwrap().insert(envelope.nonce()), "a nonce came twice");
                    }
                }
            });
        }
    });
    assert_eq!(nonces.lock().unwrap().len(), 4 * 50 * 7);
}

#[test]
fn spent_nonces_are_an_error_for_ever() {
    let key = keys().0;
    key.exhaust();
    for _ in 0..3 {
        let mut out = b"before".to_vec();
        assert_eq!(key.seal_into(b"", b"x", &mut out), Err(SealError::NoncesSpent));
        assert_eq!(out, b"before");
    }
}

#[test]
fn only_the_one_form_is_an_envelope() {
    let (seal, _) = keys();
    let good = sealed(&seal, b"", b"");
    assert_eq!(good.len(), "yb1.k-1.".len() + 38);
    assert!(looks_sealed(&good));
    let body = good.strip_prefix("yb1.k-1.").unwrap();
    let long = "k".repeat(65);
    for (text, error) in [
        (String::new(), EnvelopeError::Prefix),
        ("yb1".into(), EnvelopeError::Prefix),
        (format!("yb2.k-1.{body}"), EnvelopeError::Prefix),
        (format!("YB1.k-1.{body}"), EnvelopeError::Prefix),
        (format!(" {good}"), EnvelopeError::Prefix),
        ("yb1.".into(), EnvelopeError::Kid),
        (format!("yb1.{body}"), EnvelopeError::Kid),
        (format!("yb1..{body}"), EnvelopeError::Kid),
        (format!("yb1.{long}.{body}"), EnvelopeError::Kid),
        (format!("yb1.k 1.{body}"), EnvelopeError::Kid),
        (format!("yb1.k/1.{body}"), EnvelopeError::Kid),
        (format!("yb1.键.{body}"), EnvelopeError::Kid),
        ("yb1.k-1.".into(), EnvelopeError::Short),
        ("yb1.k-1.AAAA".into(), EnvelopeError::Short),
        (format!("yb1.k-1.{}", body.get(..body.len() - 2).unwrap()), EnvelopeError::Short),
        (format!("yb1.k-1.{}", body.get(..body.len() - 1).unwrap()), EnvelopeError::Base64),
        (format!("{good}="), EnvelopeError::Base64),
        (format!("{good}=="), EnvelopeError::Base64),
        (format!("{good} "), EnvelopeError::Base64),
        (format!("{good}\n"), EnvelopeError::Base64),
        (format!("{good}.x"), EnvelopeError::Base64),
        (format!("yb1.k-1.+{}", body.get(1..).unwrap()), EnvelopeError::Base64),
        (format!("yb1.k-1./{}", body.get(1..).unwrap()), EnvelopeError::Base64),
        (format!("yb1.k-1.é{}", body.get(2..).unwrap()), EnvelopeError::Base64),
    ] {
        assert_eq!(parse(&text), Err(error), "{text}");
        assert!(!looks_sealed(&text));
    }
    // 28 bytes leave four unused bits in the last of 38 characters, which must be zero: one in sixteen is canonical.
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let canonical = alphabet
        .chars()
        .filter(|last| looks_sealed(&format!("yb1.k-1.{}{last}", body.get(..37).unwrap())))
        .count();
    assert_eq!(canonical, 4);
}

#[test]
fn a_key_id_that_cannot_be_written_is_refused() {
    for kid in ["", "a.b", "a b", "钥", &"k".repeat(65)] {
        assert_eq!(SealKey::new(kid, &[0; 16], [0; 4]).err(), Some(InvalidKid), "{kid}");
        assert_eq!(OpenKey::new(kid, &[0; 16]).err(), Some(InvalidKid), "{kid}");
    }
    assert_eq!(SealKey::new("A-z_0", &[0; 16], [0; 4]).unwrap().kid(), "A-z_0");
}

#[test]
fn nothing_secret_is_shown() {
    let (seal, open) = keys();
    assert_eq!(format!("{seal:?} {open:?}"), "SealKey(k-1) OpenKey(k-1)");
    assert_eq!(format!("{:?}", Field { aad: b"a", plain: b"secret" }), "Field(6 bytes)");
    let binding = Binding { tenant: "t", category: "c", path: Some("/p"), subject: Some("80001234") };
    assert!(!format!("{binding:?}").contains("8000"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn every_altered_bit_is_found(plain in proptest::collection::vec(any::<u8>(), 0..60), at in any::<prop::sample::Index>()) {
        let (seal, open) = keys();
        let text = sealed(&seal, b"aad", &plain);
        let mut envelope = parse(&text).unwrap();
        let at = at.index(envelope.body.len() * 8);
        envelope.body[at / 8] ^= 1 << (at % 8);
        prop_assert!(matches!(open.open(&envelope, b"aad"), Err(OpenError::Forged(_))));
    }

    #[test]
    fn different_bindings_have_different_bytes(
        a in ("[a-c]{0,3}", "[a-c]{0,3}", proptest::option::of("[a-c]{0,3}"), proptest::option::of("[a-c]{0,3}")),
        b in ("[a-c]{0,3}", "[a-c]{0,3}", proptest::option::of("[a-c]{0,3}"), proptest::option::of("[a-c]{0,3}")),
    ) {
        let bytes = |parts: &(String, String, Option<String>, Option<String>)| {
            let (tenant, category, path, subject) = parts;
            Binding { tenant, category, path: path.as_deref(), subject: subject.as_deref() }.to_bytes()
        };
        prop_assert_eq!(bytes(&a) == bytes(&b), a == b);
    }

    #[test]
    fn any_text_is_read_without_harm(text in "(yb1\\.)?[a-z.]{0,6}\\.?[A-Za-z0-9_=+/-]{0,60}") {
        if let Ok(envelope) = parse(&text) {
            prop_assert!(envelope.kid().len() <= 64);
        }
    }
}

#[test]
fn bindings_are_written_as_documented() {
    let path = "/".repeat(200);
    for (binding, expected) in [
        (
            Binding { tenant: "main", category: "mobile", path: None, subject: None },
            "01046d61696e02066d6f62696c65".to_owned(),
        ),
        (
            Binding { tenant: "", category: "mobile", path: None, subject: Some("张") },
            "010002066d6f62696c650403e5bca0".to_owned(),
        ),
        (
            Binding { tenant: "t", category: "c", path: Some(&path), subject: None },
            format!("01017402016303c801{}", "2f".repeat(200)),
        ),
    ] {
        assert_eq!(crate::hex::encode(&binding.to_bytes()), expected);
    }
}
