use super::*;

/// Signed with RSA keys that were thrown away; `exp` is the year 2100.
const RSA_N: &str = "iEB2vhGlpLZvzB-5529l3YhsQKmYIa4Icw4LiN938QUOLql6-8kgIok1aol4OovV-mfOQ0fPQzywf3Sqoz1AkCKlodYOIGMz-Eiqff0V25Bei4SlhRMxJOGzSZ6A-7qwaRMoqBC_Thz000tWxRnVNv5038AbbHpYVhoStqfv3OxoJ75Z6LuPakF5mpddqwKzWQu28Yk4zvtZYI0ig5Fo612SxUg306r02WnxW2ew2DyPcQjGMGJ3qPzuy-xkFrAaPGHDD2keyCh_oVYmTVnVfIcLXLXUsBN1M8q6K0oaTxGCEIqcuiyvRuAJSkgOFCT57DT5ZIMYY52TK_z2C9DgPw";
const RSA_SHORT_N: &str = "7JPeSnXB7uw5hevaMmj2fSSTe7yEwnife37aW96Jl0kOYvK5mUbWiQho-DyvzZ1_izJNcA47vZr2v3B1rdefn0Bmpztz24s0YsMB0MsmZCGLlU-ci10LTP9ZXOM9c9s_bm7OWkw7MvFBG3RlnGnfolgzb4gYYypThf__e5JZr7k";
const RS256: &str = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6InJzYSJ9.eyJpc3MiOiJodHRwczovL3Nzby5maXJtLnRlc3QiLCJhdWQiOiJ5aW5nYmkiLCJzdWIiOiJ1LTEiLCJleHAiOjQxMDI0NDQ4MDB9.gkC7rREvuwYmHjMPQaTm3P-qhu5XcT03oXUOzZkhSAieS-txsfpC3C1CKr8HqG1bE4gWVSE4u5EqbvRjgmhAuJwUe_jMmscmT02WQLXpSuu5DKrCfvEFRV9oUAu6r9AC5twr7S32U_CQVk9WL95ZrsK5FLfnwFLiqmnQwmpoEZikuVPzCZs3bi5inLgwqC91P4z80DLVYIsE8t4kf7ps08uXuQOEa4WIxBObBjvhsgP-F3cp1N_V2_C5svOA0KgGJKgBZ-weCAYzEVCclzknuHaQsDPLe4ksucdgg4pd0xH0YC8o8WPPVg5HKfO_PbtjpAM0Q5tgzFCNkn7jMxuq2g";
const PS256: &str = "eyJhbGciOiJQUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6InJzYSJ9.eyJpc3MiOiJodHRwczovL3Nzby5maXJtLnRlc3QiLCJhdWQiOiJ5aW5nYmkiLCJzdWIiOiJ1LTEiLCJleHAiOjQxMDI0NDQ4MDB9.TT5kUfiMpyy-GOZrb0FL9ewyPZf7Q9aTTlMs8icVZDDzu5oJbdE5xsBSCFSm0CzYaQqYQqLRW187ygUcPdxZ7owhjd6Y2jJM5WnqEXDgvJ6LPOAONg41lhjew5eRnNU_txuorH5U6IFus1lzNGvePVlOVTPauryfVio33uPsdX-tq0iMzMI4qGwYx5DGcZaq4Fjn73oVAUhYlc43xqXG3aAqY703N3VhVvSSRV91WGeyCnZqbiz9RpjKXhxUzwLzpmfbW-_EybK7sDJ5bSfezTMUUyC5H5LhHsoirDjhkjRLdqTyc493xgmZD0eL0WU-yCpEUq2BFSwr48MHoURo6w";

fn rsa_jwk(alg: Option<&str>) -> Value {
    let mut jwk = json!({"kty": "RSA", "kid": "rsa", "use": "sig", "n": RSA_N, "e": "AQAB"});
    if let Some(alg) = alg {
        jwk["alg"] = alg.into();
    }
    jwk
}

fn reason(identifier: &Identifier, token: &str, now: SystemTime) -> Option<Reason> {
    identifier.identify(&bearer(token), None, now).err().map(IdentityError::reason)
}

#[test]
fn a_verified_token_names_its_holder() {
    let signer = Signer::es256("k1");
    let file = KeyFile::of(&[&signer.jwk]);
    let identifier = Identifier::new(&file.config()).unwrap();
    assert!(identifier.is_ready());
    let token = signer.sign(&claims_with(json!({"client_id": "80001234", "groups": ["branch-teller"]})));
    // Twice: verified, and remembered.
    for _ in 0..2 {
        let identified = identifier.identify(&bearer(&token), None, now()).unwrap();
        assert_eq!(identified.by, IdentifiedBy::Jwt);
        assert_eq!(identified.identity.id, "https://sso.firm.test#u-1");
        assert_eq!(identified.identity.subjects, ["80001234"]);
        let jwt = identified.identity.jwt.as_ref().unwrap();
        assert_eq!((jwt.issuer.as_str(), &jwt.claims["groups"][0]), (ISSUER, &json!("branch-teller")));
        assert!(!identified.identity.stepped_up);
    }
}

#[test]
fn each_key_verifies_by_one_algorithm_only() {
    for (declared, rs256, ps256) in [
        (None, None, Some(Reason::Algorithm)),
        (Some("RS256"), None, Some(Reason::Algorithm)),
        (Some("PS256"), Some(Reason::Algorithm), None),
        (Some("RS512"), Some(Reason::Algorithm), Some(Reason::Algorithm)),
    ] {
        let file = KeyFile::of(&[&rsa_jwk(declared)]);
        let identifier = Identifier::new(&file.config()).unwrap();
        assert_eq!(reason(&identifier, RS256, now()), rs256, "{declared:?}");
        assert_eq!(reason(&identifier, PS256, now()), ps256, "{declared:?}");
    }
}

#[test]
fn a1_forged_headers_are_refused() {
    let (signer, stranger) = (Signer::es256("k1"), Signer::es256("k1"));
    let second = Signer::es256("k2");
    let file = KeyFile::of(&[&signer.jwk, &second.jwk, &rsa_jwk(None)]);
    let identifier = Identifier::new(&file.config()).unwrap();
    let header = |changes: Value| {
        let mut header = json!({"alg": "ES256", "typ": "JWT", "kid": "k1"});
        for (name, value) in changes.as_object().unwrap() {
            match value {
                Value::Null => header.as_object_mut().unwrap().remove(name),
                value => header.as_object_mut().unwrap().insert(name.clone(), value.clone()),
            };
        }
        header
    };
    let signed = |changes: Value| signer.sign_as(&header(changes), &claims());
    let hmac = |kid: &str, secret: &[u8]| {
        let parts =
            format!("{}.{}", b64(json!({"alg": "HS256", "kid": kid}).to_string()), b64(claims().to_string()));
        let key = EncodingKey::from_secret(secret);
        format!("{parts}.{}", jsonwebtoken::crypto::sign(parts.as_bytes(), &key, Algorithm::HS256).unwrap())
    };
    let unsigned =
        |alg: &str| format!("{}.{}.", b64(json!({"alg": alg}).to_string()), b64(claims().to_string()));
    let good = signer.sign(&claims());
    let (body, _) = good.rsplit_once('.').unwrap();
    let other_body = signer.sign(&claims_with(json!({"sub": "admin"})));
    let (_, other_signature) = other_body.rsplit_once('.').unwrap();
    let rsa_pem = format!("-----BEGIN PUBLIC KEY-----\n{RSA_N}\n-----END PUBLIC KEY-----\n");
    let embedded = stranger.sign_as(
        &header(
            json!({"jwk": stranger.jwk.clone(), "jku": "http://127.0.0.1:1/", "x5u": "http://127.0.0.1:1/"}),
        ),
        &claims(),
    );
    let cases = [
        ("alg none, empty signature", unsigned("none"), Reason::Malformed),
        ("alg NoNe", unsigned("NoNe"), Reason::Malformed),
        ("alg none with a signature", signed(json!({"alg": "none"})), Reason::Algorithm),
        ("alg empty", signed(json!({"alg": ""})), Reason::Algorithm),
        ("alg absent", signed(json!({"alg": null})), Reason::Malformed),
        ("alg a list", signed(json!({"alg": ["ES256"]})), Reason::Malformed),
        ("alg of another type", signed(json!({"alg": "RS256"})), Reason::Algorithm),
        ("alg lower case", signed(json!({"alg": "es256"})), Reason::Algorithm),
        ("alg of another curve", signed(json!({"alg": "ES384"})), Reason::Algorithm),
        ("HMAC by the RSA modulus", hmac("rsa", RSA_N.as_bytes()), Reason::Algorithm),
        (
            "HMAC by the RSA modulus' bytes",
            hmac("rsa", &URL_SAFE_NO_PAD.decode(RSA_N).unwrap()),
            Reason::Algorithm,
        ),
        ("HMAC by the public PEM", hmac("rsa", rsa_pem.as_bytes()), Reason::Algorithm),
        ("HMAC by the EC point", hmac("k1", signer.jwk["x"].as_str().unwrap().as_bytes()), Reason::Algorithm),
        ("HMAC by nothing", hmac("k1", b""), Reason::Algorithm),
        ("stranger's key under our kid", stranger.sign(&claims()), Reason::Signature),
        ("stranger's key inside", embedded, Reason::Signature),
        ("our other key's signature", second.sign_as(&header(json!({})), &claims()), Reason::Signature),
        ("signature of another body", format!("{body}.{other_signature}"), Reason::Signature),
        ("signature cut", good.split_at(good.len() - 4).0.to_owned(), Reason::Signature),
        ("signature of zeros", format!("{body}.{}", b64([0; 64])), Reason::Signature),
        ("signature in DER", format!("{body}.{}", b64([0x30; 70])), Reason::Signature),
        ("kid unknown", signed(json!({"kid": "k9"})), Reason::UnknownKey),
        ("kid absent among several", signed(json!({"kid": null})), Reason::UnknownKey),
        ("kid empty", signed(json!({"kid": ""})), Reason::UnknownKey),
        ("kid a path", signed(json!({"kid": "../../../../dev/null"})), Reason::UnknownKey),
        ("kid a query", signed(json!({"kid": "k1' OR '1'='1"})), Reason::UnknownKey),
        ("kid a number", signed(json!({"kid": 1})), Reason::Malformed),
        ("kid with a space", signed(json!({"kid": "k1 "})), Reason::UnknownKey),
        ("crit", signed(json!({"crit": ["exp"]})), Reason::Algorithm),
        ("crit empty", signed(json!({"crit": []})), Reason::Algorithm),
        ("b64 false", signed(json!({"b64": false, "crit": ["b64"]})), Reason::Algorithm),
        ("typ of a logout token", signed(json!({"typ": "logout+jwt"})), Reason::Algorithm),
        ("typ of a proof", signed(json!({"typ": "dpop+jwt"})), Reason::Algorithm),
        ("two parts", body.to_owned(), Reason::Malformed),
        ("four parts", format!("{good}.x"), Reason::Malformed),
        ("five parts, encrypted", format!("{good}.x.y"), Reason::Malformed),
        ("padding", format!("{body}=.{other_signature}"), Reason::Malformed),
        (
            "header no JSON",
            format!("{}.{other_signature}", b64("{") + "." + &b64(claims().to_string())),
            Reason::Malformed,
        ),
        ("claims a list", signer.sign_as(&header(json!({})), &json!([claims()])), Reason::Malformed),
        (
            "deep claims",
            signer.sign_as(
                &header(json!({})),
                &serde_json::from_str(&("{\"a\":".to_owned() + &"[".repeat(100) + &"]".repeat(100) + "}"))
                    .unwrap(),
            ),
            Reason::Claims,
        ),
        ("huge", signer.sign(&claims_with(json!({"pad": "x".repeat(20_000)}))), Reason::TooLong),
    ];
    for (name, token, expected) in cases {
        assert_eq!(reason(&identifier, &token, now()), Some(expected), "{name}");
    }
    for typ in [json!("JWT"), json!("jwt"), json!("at+jwt"), json!("application/at+jwt"), json!(null)] {
        assert_eq!(reason(&identifier, &signed(json!({"typ": typ})), now()), None, "{typ}");
    }
    assert_eq!(reason(&identifier, &good, now()), None, "and the good one is still good");
}

#[test]
fn a_single_key_needs_no_kid_but_a_named_one_must_be_there() {
    let signer = Signer::es256("k1");
    let file = KeyFile::of(&[&signer.jwk]);
    let identifier = Identifier::new(&file.config()).unwrap();
    let header = |kid: Option<&str>| match kid {
        Some(kid) => json!({"alg": "ES256", "kid": kid}),
        None => json!({"alg": "ES256"}),
    };
    for (kid, expected) in [(None, None), (Some("k1"), None), (Some("k2"), Some(Reason::UnknownKey))] {
        assert_eq!(reason(&identifier, &signer.sign_as(&header(kid), &claims()), now()), expected, "{kid:?}");
    }
}

#[test]
fn claims_bound_where_and_when_a_token_holds() {
    let signer = Signer::es256("k1");
    let file = KeyFile::of(&[&signer.jwk]);
    let identifier = Identifier::new(&file.config()).unwrap();
    let cases = [
        ("good", json!({}), None),
        ("our second audience", json!({"aud": ["x", "gateway"]}), None),
        ("exp within leeway", json!({"exp": NOW - 29}), None),
        ("exp beyond leeway", json!({"exp": NOW - 30}), Some(Reason::Expired)),
        ("exp long ago", json!({"exp": 0}), Some(Reason::Expired)),
        ("exp absent", json!({"exp": null}), Some(Reason::Claims)),
        ("exp text", json!({"exp": "4102444800"}), Some(Reason::Claims)),
        ("exp negative", json!({"exp": -1}), Some(Reason::Claims)),
        ("exp beyond time", json!({"exp": 1e300}), Some(Reason::Claims)),
        ("exp fraction", json!({"exp": NOW as f64 + 0.5}), None),
        ("nbf within leeway", json!({"nbf": NOW + 30}), None),
        ("nbf beyond leeway", json!({"nbf": NOW + 31}), Some(Reason::NotYetValid)),
        ("nbf text", json!({"nbf": "0"}), Some(Reason::Claims)),
        ("iat in the future", json!({"iat": NOW + 3600}), Some(Reason::NotYetValid)),
        ("iss of another", json!({"iss": "https://sso.other.test"}), Some(Reason::UnknownIssuer)),
        ("iss with a slash", json!({"iss": "https://sso.firm.test/"}), Some(Reason::UnknownIssuer)),
        ("iss in capitals", json!({"iss": "HTTPS://SSO.FIRM.TEST"}), Some(Reason::UnknownIssuer)),
        ("iss a list", json!({"iss": [ISSUER]}), Some(Reason::Claims)),
        ("iss absent", json!({"iss": null}), Some(Reason::Claims)),
        ("aud of another", json!({"aud": "crm"}), Some(Reason::Audience)),
        ("aud longer", json!({"aud": "yingbi2"}), Some(Reason::Audience)),
        ("aud absent", json!({"aud": null}), Some(Reason::Claims)),
        ("aud empty", json!({"aud": []}), Some(Reason::Audience)),
        ("aud of mixed types", json!({"aud": ["yingbi", 1]}), Some(Reason::Audience)),
        ("aud an object", json!({"aud": {"yingbi": true}}), Some(Reason::Claims)),
        ("sub absent", json!({"sub": null}), Some(Reason::Claims)),
        ("sub empty", json!({"sub": ""}), Some(Reason::Claims)),
        ("sub a number", json!({"sub": 7}), Some(Reason::Claims)),
    ];
    for (name, changes, expected) in cases {
        assert_eq!(reason(&identifier, &signer.sign(&claims_with(changes)), now()), expected, "{name}");
    }
}

#[test]
fn own_subjects_come_from_the_named_claim_alone() {
    let signer = Signer::es256("k1");
    let file = KeyFile::of(&[&signer.jwk]);
    let identifier = Identifier::new(&file.config()).unwrap();
    let subjects = |value: Value| {
        let token = signer.sign(&claims_with(json!({"client_id": value, "customer": "80009999"})));
        let identified = identifier.identify(&bearer(&token), None, now());
        identified.map(|identified| identified.identity.subjects.clone()).map_err(IdentityError::reason)
    };
    let some = |ids: &[&str]| Ok(ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>());
    assert_eq!(subjects(json!("80001234")), some(&["80001234"]));
    assert_eq!(subjects(json!(80001234)), some(&["80001234"]));
    assert_eq!(subjects(json!(["80001234", 80005678])), some(&["80001234", "80005678"]));
    assert_eq!(subjects(Value::Null), some(&[]), "absent");
    assert_eq!(subjects(json!("")), some(&[]), "an empty id must not match an empty field");
    assert_eq!(subjects(json!(["", "80001234"])), some(&["80001234"]));
    for strange in
        [json!(1.5), json!(-1), json!(true), json!({"id": "1"}), json!([["1"]]), json!(vec!["1"; 65])]
    {
        assert_eq!(subjects(strange.clone()), Err(Reason::Claims), "{strange}");
    }
}

#[test]
fn t3_step_up_is_strong_and_fresh_or_nothing() {
    let signer = Signer::es256("k1");
    let file = KeyFile::of(&[&signer.jwk]);
    let identifier = Identifier::new(&file.config()).unwrap();
    let cases = [
        ("acr and fresh", json!({"acr": "strong", "auth_time": NOW - 299}), true),
        ("amr and fresh", json!({"amr": ["pwd", "otp"], "auth_time": NOW}), true),
        ("acr but old", json!({"acr": "strong", "auth_time": NOW - 300}), false),
        ("acr without time", json!({"acr": "strong"}), false),
        ("fresh but weak", json!({"acr": "weak", "amr": ["pwd"], "auth_time": NOW}), false),
        ("fresh alone", json!({"auth_time": NOW}), false),
        ("acr a list", json!({"acr": ["strong"], "auth_time": NOW}), false),
        ("amr a string", json!({"amr": "otp", "auth_time": NOW}), false),
        ("time in the future", json!({"acr": "strong", "auth_time": NOW + 3600}), false),
        ("time a little ahead", json!({"acr": "strong", "auth_time": NOW + 20}), true),
    ];
    for (name, changes, expected) in cases {
        let token = signer.sign(&claims_with(changes));
        let identified = identifier.identify(&bearer(&token), None, now()).unwrap();
        assert_eq!(identified.identity.stepped_up, expected, "{name}");
    }
}

#[test]
fn t3_what_is_remembered_ends_with_freshness_and_expiry() {
    let signer = Signer::es256("k1");
    let file = KeyFile::of(&[&signer.jwk]);
    let identifier = Identifier::new(&file.config()).unwrap();
    let stepped_up = |token: &str, at_second: u64| {
        identifier
            .identify(&bearer(token), None, at(at_second))
            .map(|identified| identified.identity.stepped_up)
    };
    let token = signer.sign(&claims_with(json!({"acr": "strong", "auth_time": NOW - 290, "exp": NOW - 5})));
    assert_eq!(stepped_up(&token, NOW), Ok(true));
    assert_eq!(stepped_up(&token, NOW + 9), Ok(true));
    assert_eq!(stepped_up(&token, NOW + 10), Ok(false), "no longer fresh, though remembered a moment ago");
    assert_eq!(stepped_up(&token, NOW + 24), Ok(false));
    assert_eq!(stepped_up(&token, NOW + 25).unwrap_err().reason(), Reason::Expired);
    // A clock set back does not revive what was only valid later.
    let later = signer.sign(&claims_with(json!({"nbf": NOW + 100})));
    assert_eq!(stepped_up(&later, NOW + 100), Ok(false));
    assert_eq!(stepped_up(&later, NOW).unwrap_err().reason(), Reason::NotYetValid);
}

#[test]
fn a_key_taken_from_the_set_rules_for_a_minute_at_most() {
    let (old, new) = (Signer::es256("old"), Signer::es256("new"));
    let file = KeyFile::of(&[&old.jwk]);
    let pace = super::super::jwks::Pace { throttle: Duration::ZERO, ..Default::default() };
    let config = file.config();
    let verifier = JwtVerifier::start_at(&config.jwt, pace).unwrap();
    let token = old.sign(&claims());
    verifier.identify(&token, now()).unwrap();
    file.write(&json!({"keys": [new.jwk]}).to_string());
    // The new key's first token makes the set be read again.
    let fresh = new.sign(&claims());
    let mut tries = 0;
    while verifier.identify(&fresh, now()).is_err() {
        tries += 1;
        assert!(tries < 500, "the new key was never read");
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(verifier.identify(&token, at(NOW + 59)).is_ok(), "remembered");
    assert_eq!(verifier.identify(&token, at(NOW + 60)).unwrap_err().reason(), Reason::UnknownKey);
}

#[test]
fn the_memory_of_tokens_is_bounded() {
    let cache = super::super::cache::Cache::new();
    let nobody = Arc::new(Identified::NOBODY);
    for n in 0_u32..50_000 {
        let hash = yingbi_crypto::sm3(&[&n.to_be_bytes()]);
        cache.insert(hash, now(), at(NOW + 60), Arc::clone(&nobody));
        assert!(cache.find(&hash, now()).is_some(), "what was just put in is found");
    }
    assert!(cache.len() <= 16 * 2 * 256, "{}", cache.len());
}

#[test]
fn keys_that_are_not_for_signatures_or_too_weak_are_passed_over() {
    let good = Signer::es256("k1").jwk;
    let with = |changes: Value| {
        let mut jwk = good.clone();
        for (name, value) in changes.as_object().unwrap() {
            jwk[name] = value.clone();
        }
        jwk
    };
    let usable = |jwk: &Value| usable_keys(json!({"keys": [jwk]}).to_string().as_bytes()).is_some();
    assert!(usable(&good) && usable(&rsa_jwk(None)) && usable(&with(json!({"key_ops": ["verify"]}))));
    let unusable = [
        ("for encryption", with(json!({"use": "enc"}))),
        ("not for verifying", with(json!({"key_ops": ["sign"]}))),
        ("alg of another type", with(json!({"alg": "RS256"}))),
        ("alg symmetric", with(json!({"alg": "HS256"}))),
        ("alg none", with(json!({"alg": "none"}))),
        ("unknown curve", with(json!({"crv": "secp256k1"}))),
        ("short coordinate", with(json!({"x": b64([1; 31])}))),
        ("padded coordinate", with(json!({"x": format!("{}=", good["x"].as_str().unwrap())}))),
        ("no coordinate", with(json!({"y": null}))),
        ("symmetric key", json!({"kty": "oct", "kid": "k1", "k": b64([7; 32]), "alg": "HS256"})),
        (
            "symmetric key said to be asymmetric",
            json!({"kty": "oct", "kid": "k1", "k": b64([7; 32]), "alg": "RS256"}),
        ),
        ("RSA of 1024 bits", json!({"kty": "RSA", "kid": "k1", "n": RSA_SHORT_N, "e": "AQAB"})),
        (
            "RSA padded with zeros",
            json!({"kty": "RSA", "kid": "k1", "n": b64([vec![0; 200], URL_SAFE_NO_PAD.decode(RSA_SHORT_N).unwrap()].concat()), "e": "AQAB"}),
        ),
        ("RSA with exponent one", json!({"kty": "RSA", "kid": "k1", "n": RSA_N, "e": "AQ"})),
        ("RSA with even exponent", json!({"kty": "RSA", "kid": "k1", "n": RSA_N, "e": "AAI"})),
        ("RSA huge", json!({"kty": "RSA", "kid": "k1", "n": b64([0xff; 4096]), "e": "AQAB"})),
    ];
    for (name, jwk) in unusable {
        assert!(!usable(&jwk), "{name}");
    }
    let many: Vec<&Value> = vec![&good; 101];
    assert!(usable_keys(json!({"keys": many}).to_string().as_bytes()).is_none(), "too many");
    for text in ["", "{}", "[]", "null", r#"{"keys":[]}"#, r#"{"keys":{}}"#, "<html>"] {
        assert!(usable_keys(text.as_bytes()).is_none(), "{text}");
    }
}
