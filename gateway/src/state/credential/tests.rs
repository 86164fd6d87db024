use super::*;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use yingbi_crypto::{Algorithm, SigningKeys};

const NOW: i64 = 1_748_537_300;

fn config(change: impl FnOnce(&mut Credentials)) -> Credentials {
    let mut config = Credentials {
        audience: "https://verifier.example.org".to_owned(),
        max_age: Duration::from_secs(300),
        lifetime: Duration::MAX,
        registry: None,
        status_lists: Default::default(),
        types: vec!["InvestorConsent".to_owned(), "urn:eudi:pid:de:1".to_owned()],
        sm2_names: vec!["SM2".to_owned()],
        issuers: vec![],
    };
    change(&mut config);
    config
}

fn verifier(registry: &str, config: Credentials) -> Verifier {
    let registry = Registry::read(registry).unwrap();
    let loaded = ArcSwap::from_pointee(Loaded { registry, lists: HashMap::new() });
    Verifier { config, loaded, shown: Shown::default() }
}

/// RFC 9901, Appendix A.5: the key of the examples' issuer.
const ISSUER: &str = r#"{"https://pid-issuer.bund.de.example": {"keys": [{"kty":"EC","crv":"P-256",
    "x":"b28d4MwZMjw8-00CG4xfnn9SLMVMM19SlqZpVb_uNtQ","y":"Xv5zWwuoaTgdS6hV43yI6gBwTnjukmFQQnJ_kCxzqk8"}]}}"#;

/// RFC 9901, Appendix A.3: the presentation, with its key binding.
const A3: &str = include_str!("tests/rfc9901-a3.txt");

fn a3() -> String {
    A3.split_ascii_whitespace().collect()
}

#[test]
fn p8_the_presentation_of_rfc_9901_verifies_as_far_as_it_is_a_consent() {
    let text = a3();
    let verify = |text: &str, config: Credentials, now: i64| verifier(ISSUER, config).verify(text, None, now);
    // All of it holds, and then it is no consent: it names no purpose.
    assert_eq!(verify(&text, config(|_| ()), NOW), Err(Fault::Purpose));
    let (_, proof) = text.rsplit_once('~').unwrap();
    let parts: Vec<&str> = text.split('~').collect();
    let without = |nth: usize| {
        let mut parts = parts.clone();
        parts.remove(nth);
        parts.join("~")
    };
    let swapped = |from: &str, to: &str| text.replacen(from, to, 1);
    let cases: Vec<(&str, String, Fault)> = vec![
        ("no proof", text.strip_suffix(proof).unwrap().to_owned(), Fault::HolderMissing),
        ("no tilde", parts[0].to_owned(), Fault::HolderMissing),
        // Taken away, what remains is another presentation than the holder's.
        ("a disclosure less", without(3), Fault::Holder),
        ("the inner one without its outer", without(1), Fault::Disclosure),
        ("one twice", text.replacen(parts[3], &format!("{}~{}", parts[3], parts[3]), 1), Fault::Disclosure),
        (
            "one of somebody's",
            text.replacen(parts[3], "WyJhYWFhYWFhYSIsInB1cnBvc2UiLCJtYXJrZXRpbmciXQ", 1),
            Fault::Disclosure,
        ),
        ("a signature's bit", swapped("97_Q~", "97_A~"), Fault::Signature),
        ("another payload", swapped("IWm1u", "IWm1v"), Fault::Signature),
        ("a proof's bit", swapped("G_3mw", "G_3mg"), Fault::Holder),
    ];
    for (what, text, fault) in cases {
        assert_eq!(verify(&text, config(|_| ()), NOW), Err(fault), "{what}");
    }
    for (what, change, now, fault) in [
        ("another audience", "aud", NOW, Fault::Holder),
        ("an old proof", "", NOW + 400, Fault::Holder),
        ("a proof of later", "", NOW - 400, Fault::Holder),
        ("over", "", 1_883_000_100, Fault::Time),
        ("another type", "types", NOW, Fault::Type),
    ] {
        let config = config(|config| match change {
            "aud" => config.audience.push('x'),
            "types" => config.types.clear(),
            _ => {}
        });
        assert_eq!(verify(&text, config, now), Err(fault), "{what}");
    }
    assert_eq!(verifier("{}", config(|_| ())).verify(&text, None, NOW), Err(Fault::Key));
}

#[test]
fn p8_only_what_is_disclosed_is_told() {
    let text = a3();
    let (signed, _) = text.rsplit_once('~').unwrap();
    let mut parts = signed.split('~');
    let credential = Jws::read(parts.next().unwrap()).unwrap();
    let told = disclosures::disclosed(&credential.payload, parts).unwrap();
    assert_eq!(told["nationalities"], json!(["DE"]));
    assert_eq!(told["age_equal_or_over"], json!({"18": true}));
    assert!(!told.contains_key("_sd") && !told.contains_key("family_name") && !told.contains_key("_sd_alg"));
}

/// Draft-ietf-oauth-status-list, §4.1 and §4.2: the examples of one and two bits.
#[test]
fn p8_statuses_stand_where_the_specifications_put_them() {
    let list = |bits, statuses: &[u8], is_bitstring| StatusList {
        issuer: "did:web:x".to_owned(),
        bits,
        statuses: statuses.to_vec(),
        until: NOW + 10,
        is_bitstring,
    };
    let all =
        |list: &StatusList, many: usize| (0..many).map(|at| list.status(at).unwrap()).collect::<Vec<_>>();
    let one = list(1, &[0xb9, 0xa3], false);
    assert_eq!(all(&one, 16), [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1]);
    let two = list(2, &[0xc9, 0x44, 0xf9], false);
    assert_eq!(all(&two, 12), [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3]);
    // W3C Bitstring Status List §3: index 0 is the left-most bit.
    let bits = list(1, &[0b1000_0001], true);
    assert_eq!(all(&bits, 8), [1, 0, 0, 0, 0, 0, 0, 1]);
    assert_eq!(one.status(16), None);
    let entry = status::entry(&payload(json!({"status": {"status_list": {"idx": 1, "uri": "u"}}})))
        .unwrap()
        .unwrap()
        .uri
        .to_owned();
    assert_eq!(entry, "u");
    for wrong in [
        json!({"status": {"other": 1}}),
        json!({"status": {"status_list": {"idx": -1, "uri": "u"}}}),
        json!({"credentialStatus": {"type": "RevocationList2020Status"}}),
        json!({"credentialStatus": {"type": "BitstringStatusListEntry", "statusPurpose": "message", "statusListIndex": "1", "statusListCredential": "u"}}),
    ] {
        assert!(status::entry(&payload(wrong.clone())).is_err(), "{wrong}");
    }
}

fn payload(value: Value) -> serde_json::Map<String, Value> {
    value.as_object().unwrap().clone()
}

/// Somebody who signs, by Ed25519 or SM2.
struct Signer {
    keys: SigningKeys,
    algorithm: Algorithm,
}

impl Signer {
    fn new(secret: u8, algorithm: Algorithm) -> Signer {
        Signer { keys: SigningKeys::from_secret(&[secret; 32]).unwrap(), algorithm }
    }

    fn jwk(&self) -> Value {
        let public =
            self.keys.public().iter().find(|key| key.algorithm() == self.algorithm).unwrap().to_string();
        let bytes = STANDARD.decode(public.splitn(3, '+').nth(2).unwrap()).unwrap();
        match self.algorithm {
            Algorithm::Ed25519 => {
                json!({"kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(&bytes[1..])})
            }
            Algorithm::Sm2 => {
                let point = &bytes[bytes.len() - 64..];
                let [x, y] = [&point[..32], &point[32..]].map(|part| URL_SAFE_NO_PAD.encode(part));
                json!({"kty": "EC", "crv": "SM2", "x": x, "y": y})
            }
        }
    }

    fn did(&self) -> String {
        format!("did:jwk:{}", URL_SAFE_NO_PAD.encode(self.jwk().to_string()))
    }

    fn sign(&self, header: &str, payload: &str) -> String {
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
        let nth = usize::from(self.algorithm == Algorithm::Sm2);
        let signature = self.keys.sign(signed.as_bytes())[nth].bytes.clone();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn alg(&self) -> &'static str {
        match self.algorithm {
            Algorithm::Ed25519 => "EdDSA",
            Algorithm::Sm2 => "SM2",
        }
    }

    /// A consent of their own, and its proof.
    fn consents(&self, header: Value, change: impl FnOnce(&mut Value)) -> String {
        let mut payload = json!({
            "iss": self.did(), "sub": self.did(), "iat": NOW - 60, "exp": NOW + 600,
            "vc": {
                "type": ["VerifiableCredential", "InvestorConsent"],
                "credentialSubject": {"id": self.did(), "purpose": "marketing", "notice": "v3"},
            },
        });
        change(&mut payload);
        let mut whole = json!({"alg": self.alg(), "typ": "vc+jwt"});
        whole.as_object_mut().unwrap().extend(header.as_object().unwrap().clone());
        self.prove(&self.sign(&whole.to_string(), &payload.to_string()), "n-0123456789")
    }

    fn prove(&self, credential: &str, nonce: &str) -> String {
        let signed = format!("{credential}~");
        let proof = json!({
            "iat": NOW, "aud": "https://verifier.example.org", "nonce": nonce, "sd_hash": disclosures::digest(&signed),
        });
        let header = json!({"alg": self.alg(), "typ": "kb+jwt"});
        format!("{signed}{}", self.sign(&header.to_string(), &proof.to_string()))
    }
}

#[test]
fn p8_an_investor_signs_with_ed25519_or_sm2_and_for_themselves_alone() {
    let verifier = verifier("{}", config(|_| ()));
    let other = Signer::new(3, Algorithm::Ed25519).did();
    for (nth, algorithm) in [Algorithm::Ed25519, Algorithm::Sm2].into_iter().enumerate() {
        let anna = Signer::new(7 + u8::try_from(nth).unwrap(), algorithm);
        let presented = verifier.verify(&anna.consents(json!({}), |_| ()), None, NOW).unwrap();
        assert_eq!(presented.subject, Named::Did(anna.did()));
        assert_eq!((presented.purpose.as_str(), presented.recipient.as_str()), ("marketing", "self"));
        assert!(presented.separate && !presented.by_guardian && presented.reference.starts_with("vc-"));
        let header = |header: Value| anna.consents(header, |_| ());
        let claims =
            |change: fn(&mut Value, &str)| anna.consents(json!({}), |payload| change(payload, &other));
        // Keys inside it are not looked at.
        let embedded = header(json!({"jwk": {"kty": "oct", "k": "AA"}, "jku": "https://evil.example"}));
        assert!(verifier.verify(&embedded, None, NOW).is_ok());
        let cases: Vec<(&str, String, Fault)> = vec![
            ("none", header(json!({"alg": "none"})), Fault::Algorithm),
            ("another algorithm", header(json!({"alg": "ES256"})), Fault::Algorithm),
            ("in lower case", header(json!({"alg": anna.alg().to_lowercase()})), Fault::Algorithm),
            ("critical", header(json!({"crit": ["x"]})), Fault::Algorithm),
            ("another use", header(json!({"typ": "logout+jwt"})), Fault::Type),
            ("a key of others", header(json!({"kid": format!("{other}#0")})), Fault::Key),
            (
                "for somebody else",
                claims(|payload, other| {
                    payload["sub"] = json!(other);
                    payload["vc"]["credentialSubject"]["id"] = json!(other);
                }),
                Fault::Holder,
            ),
            ("of two", claims(|payload, other| payload["sub"] = json!(other)), Fault::Malformed),
            ("two issuers", claims(|payload, other| payload["issuer"] = json!(other)), Fault::Malformed),
            ("over", claims(|payload, _| payload["exp"] = json!(NOW - 31)), Fault::Time),
            (
                "without end",
                claims(|payload, _| drop(payload.as_object_mut().unwrap().remove("exp"))),
                Fault::Time,
            ),
            ("an end that is no time", claims(|payload, _| payload["exp"] = json!("soon")), Fault::Time),
            ("not yet", claims(|payload, _| payload["nbf"] = json!(NOW + 60)), Fault::Time),
            (
                "over by the other clock",
                claims(|payload, _| payload["vc"]["expirationDate"] = json!("2020-01-01T00:00:00Z")),
                Fault::Time,
            ),
            (
                "another type",
                claims(|payload, _| payload["vc"]["type"] = json!(["VerifiableCredential"])),
                Fault::Type,
            ),
            (
                "no purpose",
                claims(|payload, _| payload["vc"]["credentialSubject"]["purpose"] = json!(7)),
                Fault::Purpose,
            ),
            (
                "a status nobody knows",
                claims(|payload, _| {
                    payload["status"] = json!({"status_list": {"idx": 0, "uri": "https://x"}})
                }),
                Fault::StatusUnknown,
            ),
        ];
        for (what, text, fault) in cases {
            assert_eq!(verifier.verify(&text, None, NOW), Err(fault), "{what} {algorithm:?}");
        }
    }
}

#[test]
fn p8_a_credential_holds_no_longer_than_is_taken() {
    let anna = Signer::new(7, Algorithm::Ed25519);
    let verify = |most: u64, change: fn(&mut Value)| {
        let config = config(|config| config.lifetime = Duration::from_secs(most));
        verifier("{}", config).verify(&anna.consents(json!({}), change), None, NOW).err()
    };
    // Given a minute ago, for 660 seconds.
    assert_eq!((verify(660, |_| ()), verify(659, |_| ())), (None, Some(Fault::Time)));
    let endless = |payload: &mut Value| payload["exp"] = json!(i64::MAX);
    assert_eq!(verify(3600, endless), Some(Fault::Time));
    // The last of all beginnings and the first of all ends count.
    let later = |payload: &mut Value| payload["nbf"] = json!(NOW - 1);
    assert_eq!((verify(601, later), verify(600, later)), (None, Some(Fault::Time)));
}

#[test]
fn p8_a_member_named_twice_is_no_json() {
    let anna = Signer::new(7, Algorithm::Ed25519);
    let header = r#"{"alg":"EdDSA","typ":"vc+jwt"}"#;
    let did = anna.did();
    let twice = format!(
        r#"{{"iss":"{did}","sub":"{did}","iat":{NOW},"exp":{},"vc":{{"type":["VerifiableCredential","InvestorConsent"],"credentialSubject":{{"id":"{did}","purpose":"reporting","purpose":"marketing"}}}}}}"#,
        NOW + 60
    );
    let verifier = verifier("{}", config(|_| ()));
    let text = anna.prove(&anna.sign(header, &twice), "n-0123456789");
    assert_eq!(verifier.verify(&text, None, NOW), Err(Fault::Malformed));
    let text = anna.prove(&anna.sign(r#"{"alg":"none","alg":"EdDSA","typ":"vc+jwt"}"#, "{}"), "n-0123456789");
    assert_eq!(verifier.verify(&text, None, NOW), Err(Fault::Malformed));
    assert_eq!(verifier.verify(&format!("{}~x", "a".repeat(20_000)), None, NOW), Err(Fault::TooLarge));
}

#[test]
fn p8_a_proof_is_one_callers_and_by_the_holders_key() {
    let (anna, thief) = (Signer::new(7, Algorithm::Sm2), Signer::new(8, Algorithm::Sm2));
    let verifier = verifier("{}", config(|_| ()));
    let [one, two] = [1, 2].map(|nth| Some(Pseudonym([nth; 16])));
    let text = anna.consents(json!({}), |_| ());
    assert!(verifier.verify(&text, one, NOW).is_ok());
    assert!(verifier.verify(&text, one, NOW + 100).is_ok(), "the same caller goes on");
    assert_eq!(verifier.verify(&text, two, NOW + 100), Err(Fault::Replayed));
    assert_eq!(verifier.verify(&text, None, NOW + 100), Err(Fault::Replayed));
    // A credential that leaked, and a proof by another key.
    let leaked = text.split('~').next().unwrap();
    assert_eq!(verifier.verify(&thief.prove(leaked, "n-9876543210"), two, NOW), Err(Fault::Holder));
    // A new proof by the holder is good for another caller; one without a real nonce is not.
    assert!(verifier.verify(&anna.prove(leaked, "n-9876543210"), two, NOW).is_ok());
    assert_eq!(verifier.verify(&anna.prove(leaked, "1"), two, NOW), Err(Fault::Holder));
}

#[test]
fn p8_codes_are_each_of_one_fault() {
    let codes: std::collections::BTreeSet<&str> = Fault::ALL.iter().map(|fault| fault.code()).collect();
    assert_eq!(codes.len(), Fault::ALL.len());
    assert!(codes.iter().all(|code| ("YB0611".."YB0640").contains(code)));
}
