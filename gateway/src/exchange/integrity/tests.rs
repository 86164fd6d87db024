use super::*;
use bytes::Bytes;
use pingora_http::ResponseHeader;

const BODY: &[u8] = br#"{"client_name":"x"}"#;

fn asked(headers: &[(&'static str, &str)]) -> RequestHeader {
    let mut request = RequestHeader::build("GET", b"/customers/1?x=1", None).unwrap();
    request.insert_header("host", "CRM.internal").unwrap();
    for (name, value) in headers {
        request.insert_header(*name, *value).unwrap();
    }
    request
}

fn answer() -> Treated {
    let mut head = ResponseHeader::build(200, None).unwrap();
    head.insert_header("content-type", "application/json").unwrap();
    Treated { head, body: Bytes::from_static(BODY) }
}

fn header<'t>(treated: &'t Treated, name: &str) -> Option<&'t str> {
    treated.head.headers.get(name).map(|value| value.to_str().unwrap())
}

#[test]
fn t13_digests_are_made_when_asked_for() {
    let cases = [
        (When::Asked, "", None),
        (When::Asked, "sha-256=10", Some("sha-256=")),
        (When::Asked, "sha-256=0, sm3=3", Some("sm3=")),
        (When::Asked, "unixsum=3", None),
        (When::Always, "", Some("sha-256=")),
        (When::Never, "sha-256=10", None),
    ];
    for (when, wanted, expect) in cases {
        let mut treated = answer();
        let request = if wanted.is_empty() { asked(&[]) } else { asked(&[("want-content-digest", wanted)]) };
        Integrity::new(when, None).add(&request, &mut treated).unwrap();
        let made = header(&treated, "content-digest");
        assert_eq!(made.is_some(), expect.is_some(), "{when:?} {wanted}");
        assert!(made.is_none_or(|made| made.starts_with(expect.unwrap())), "{made:?}");
    }
    // RFC 9530, Appendix A.
    assert_eq!(
        digest("sha-256", b"{\"hello\": \"world\"}\n"),
        "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"
    );
    // GB/T 32905—2016, Appendix A.1.
    let sm3_of_abc =
        yingbi_crypto::hex::decode::<32>("66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");
    assert_eq!(digest("sm3", b"abc"), format!("sm3=:{}:", BASE64_STANDARD.encode(sm3_of_abc.unwrap())));
}

#[test]
fn t13_signatures_hold_for_this_answer_to_this_request_alone() {
    let keys = response_keys(&[7; 32]).unwrap();
    let mut treated = answer();
    Integrity::new(When::Asked, Some(keys.clone())).add(&asked(&[]), &mut treated).unwrap();
    let headers = &treated.head.headers;
    let request = Asked::parse("GET crm.internal/customers/1?x=1").unwrap();
    let good = verify(&request, 200, headers, BODY, keys.public());
    assert_eq!((good.digests.len(), good.signatures.len(), good.problems.len()), (2, 2, 0), "{good:?}");
    let others = response_keys(&[8; 32]).unwrap();
    let bad = [
        verify(&request, 200, headers, b"{}", keys.public()),
        verify(&request, 404, headers, BODY, keys.public()),
        verify(&Asked::parse("GET crm.internal/customers/2?x=1").unwrap(), 200, headers, BODY, keys.public()),
        verify(&Asked::parse("GET crm.internal/customers/1").unwrap(), 200, headers, BODY, keys.public()),
        verify(&request, 200, headers, BODY, others.public()),
        verify(&request, 200, &HeaderMap::new(), BODY, keys.public()),
    ];
    for found in bad {
        assert!(!found.problems.is_empty(), "{found:?}");
    }
    // A signature over less than it must cover is none.
    let mut less = headers.clone();
    let input = header(&treated, "signature-input").unwrap().replace(" \"content-digest\"", "");
    less.insert("signature-input", input.parse().unwrap());
    assert!(!verify(&request, 200, &less, BODY, keys.public()).problems.is_empty());
}
