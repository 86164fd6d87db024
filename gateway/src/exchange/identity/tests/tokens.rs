use super::*;
use crate::config::{ApiTokenEntry, TokenHash};

fn identifier(token: &str, expires: Option<SystemTime>) -> Identifier {
    let entry = ApiTokenEntry {
        id: "robot-1".to_owned(),
        hash: TokenHash::of(token),
        subjects: vec!["80001234".to_owned()],
        expires,
    };
    Identifier::new(&IdentityConfig { api_tokens: vec![entry], ..IdentityConfig::default() }).unwrap()
}

#[test]
fn nothing_presented_is_nobody() {
    let identified = identifier("yb_x", None).identify(&HeaderMap::new(), None, now()).unwrap();
    assert_eq!(identified.by, IdentifiedBy::None);
    assert!(!identified.identity.is_authenticated());
    assert!(identified.identity.subjects.is_empty() && !identified.identity.stepped_up);
}

#[test]
fn a10_a_token_names_its_holder() {
    let token = new_token().unwrap();
    let identifier = identifier(&token, Some(at(NOW + 1)));
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let identified =
            identifier.identify(&authorization(&format!("{scheme} {}", *token)), None, now()).unwrap();
        assert_eq!(identified.by, IdentifiedBy::ApiToken);
        assert_eq!(identified.identity.id, "robot-1");
        assert_eq!(identified.identity.subjects, ["80001234"]);
        assert_eq!(identified.identity.api_token.as_ref().unwrap().id, "robot-1");
        assert!(!identified.identity.stepped_up);
    }
    let late = identifier.identify(&bearer(&token), None, at(NOW + 1)).unwrap_err();
    assert_eq!((late.reason(), late.status(), late.code()), (Reason::Expired, 401, "YB1206"));
}

#[test]
fn a1_what_is_presented_wrongly_is_never_nobody() {
    let token = new_token().unwrap();
    let identifier = identifier(&token, None);
    let (short, last) = token.split_at(token.len() - 1);
    let flipped = format!("{short}{}", if last == "A" { "B" } else { "A" });
    let cases = [
        ("another token", format!("Bearer {}", *new_token().unwrap()), Reason::UnknownToken),
        ("one character off", format!("Bearer {flipped}"), Reason::UnknownToken),
        ("a prefix", format!("Bearer {short}"), Reason::UnknownToken),
        ("only the prefix", "Bearer yb_".to_owned(), Reason::UnknownToken),
        ("the hash itself", format!("Bearer yb_{}", token_hash(&token)), Reason::Malformed),
        ("basic", "Basic dTpw".to_owned(), Reason::Scheme),
        ("no scheme", token.to_string(), Reason::Scheme),
        ("no token", "Bearer ".to_owned(), Reason::Malformed),
        ("nothing", String::new(), Reason::Scheme),
        ("two spaces", format!("Bearer  {}", *token), Reason::Malformed),
        ("space behind", format!("Bearer {} ", *token), Reason::Malformed),
        ("two tokens", format!("Bearer {0},{0}", *token), Reason::Malformed),
        ("two schemes", format!("Bearer {0}, Basic dTpw", *token), Reason::Malformed),
        ("tab", format!("Bearer\t{}", *token), Reason::Scheme),
        ("neither kind", "Bearer abcdef".to_owned(), Reason::Malformed),
        ("huge", format!("Bearer yb_{}", "a".repeat(20_000)), Reason::TooLong),
    ];
    for (name, value, reason) in cases {
        let error = identifier.identify(&authorization(&value), None, now()).unwrap_err();
        assert_eq!((error.reason(), error.status()), (reason, 401), "{name}");
        assert!(error.challenge().starts_with("Bearer "), "{name}");
    }
    let mut twice = bearer(&token);
    twice.append(AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {}", *token)).unwrap());
    assert_eq!(identifier.identify(&twice, None, now()).unwrap_err().reason(), Reason::Repeated);
    let mut binary = HeaderMap::new();
    binary.insert(AUTHORIZATION, HeaderValue::from_bytes(b"Bearer \xff\xfe").unwrap());
    assert_eq!(identifier.identify(&binary, None, now()).unwrap_err().reason(), Reason::Malformed);
}

#[test]
fn tokens_are_random_and_only_their_hash_is_kept() {
    let (one, two) = (new_token().unwrap(), new_token().unwrap());
    assert_ne!(*one, *two);
    assert_eq!(one.len(), 46);
    assert_eq!(URL_SAFE_NO_PAD.decode(one.strip_prefix("yb_").unwrap()).unwrap().len(), 32);
    let hash = token_hash(&one);
    assert_eq!(hash.len(), 4 + 64);
    assert_eq!(hash, token_hash(&one));
    assert_ne!(hash, token_hash(&two));
    // SM3 of the standard's first example (GB/T 32905, A.1).
    assert_eq!(token_hash("abc"), "sm3:66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");
}

#[test]
fn e2_errors_and_debug_hold_no_credential() {
    let token = new_token().unwrap();
    let identifier = identifier(&token, None);
    let identified = identifier.identify(&bearer(&token), None, now()).unwrap();
    assert_eq!(format!("{identified:?}"), "Identified(by api-token)");
    let error = identifier.identify(&bearer("yb_13800138000"), None, now()).unwrap_err();
    assert!(!format!("{error} {error:?} {}", error.challenge()).contains("13800138000"));
}
