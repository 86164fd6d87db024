use super::*;
use proptest::prelude::*;

fn typed(value: &str) -> MediaType {
    MediaType::parse(value).unwrap()
}

fn decode(content_type: &str, body: &[u8]) -> Result<Text, CharsetError> {
    let charset = Charset::of(typed(content_type).charset(), None)?;
    Text::decode(charset, Bytes::copy_from_slice(body))
}

#[test]
fn reads_media_types() {
    let json = typed("Application/JSON;charset=\"UTF\\-8\" ; ;Boundary=\"a;b\\\"c\"");
    assert_eq!((json.essence(), json.kind(), json.subtype()), ("application/json", "application", "json"));
    assert_eq!((json.charset(), json.boundary()), (Some("UTF-8"), Some("a;b\"c")));
    assert_eq!(json.to_string(), "application/json; charset=UTF-8; boundary=\"a;b\\\"c\"");
    assert_eq!(typed("text/html ").with_charset().to_string(), "text/html; charset=utf-8");
    assert_eq!(typed("text/html;charset=GBK").with_charset().to_string(), "text/html; charset=GBK");
    for bad in [
        "",
        "text",
        "text/",
        "/html",
        "text/html/x",
        "text/ html",
        "text/html, text/plain",
        "text/html; charset",
        "text/html; charset=",
        "text/html; charset =utf-8",
        "text/html; charset= utf-8",
        "text/html; charset=gbk; charset=gbk",
        "text/html; charset=utf-8; CHARSET=gbk",
        "text/html; charset=\"gbk",
        "text/html; charset=\"gbk\"x",
        "text/html; charset=gbk utf-8",
        "text/html; 字=1",
        "text/html; charset='gbk';charset",
        "application/13912345678+json",
    ] {
        assert_eq!(MediaType::parse(bad), Err(MediaTypeError), "{bad}");
    }
    assert_eq!(typed(&json.to_string()), json);
    assert_eq!(typed("text/csv; header=present; x=13912345678").to_string(), "text/csv");
}

#[test]
fn reads_utf8_and_the_gb_family() {
    let text = "{\"姓名\":\"张三丰\",\"性别\":\"女\"}";
    let (gbk, _, _) = GBK.encode(text);
    for (content_type, body) in [
        ("application/json", text.as_bytes()),
        ("application/json; charset=UTF-8", text.as_bytes()),
        ("application/json; charset=gbk", &gbk),
        ("application/json; charset=GB2312", &gbk),
        ("application/json; charset=\"gb18030\"", &gbk),
    ] {
        let decoded = decode(content_type, body).unwrap();
        assert_eq!(decoded.utf8, text, "{content_type}");
        assert_eq!(decoded.encode(decoded.utf8.clone()).unwrap(), body, "{content_type}");
    }
    // A short GB text that happens to be UTF-8 of two-byte characters is still what it says.
    assert_eq!(decode("text/plain;charset=gbk", b"\xc5\xae").unwrap().utf8, "女");
    assert_eq!(decode("text/plain", b"abc").unwrap().utf8, "abc");
}

#[test]
fn p6_refuses_what_it_cannot_read() {
    let (gbk, _, _) = GBK.encode("张三丰");
    for (content_type, body, error) in [
        ("text/plain", &gbk[..], CharsetError::Malformed),
        ("text/plain;charset=utf-8", &gbk, CharsetError::Malformed),
        ("text/plain;charset=us-ascii", "张".as_bytes(), CharsetError::Malformed),
        ("text/plain;charset=gbk", b"\x81", CharsetError::Malformed),
        ("text/plain;charset=gbk", b"\xff\xff", CharsetError::Malformed),
        ("text/plain;charset=gb18030", b"\x81\x30\x81", CharsetError::Malformed),
        ("text/plain;charset=gb18030", "张三丰a".as_bytes(), CharsetError::Ambiguous),
        ("text/plain;charset=gbk", b"\xef\xbb\xbfabc ", CharsetError::Ambiguous),
        ("text/plain;charset=gbk", b"\xff\xfea\0", CharsetError::Ambiguous),
        ("text/plain", b"\xff\xfea\0", CharsetError::Malformed),
        ("text/plain;charset=utf-16", b"a\0", CharsetError::Unsupported),
        ("text/plain;charset=utf-7", b"+AGE-", CharsetError::Unsupported),
        ("text/plain;charset=iso-8859-1", b"a", CharsetError::Unsupported),
        ("text/plain;charset=big5", b"a", CharsetError::Unsupported),
        ("text/plain;charset=iso-2022-jp", b"a", CharsetError::Unsupported),
        ("text/plain;charset=\"\"", b"a", CharsetError::Unsupported),
        ("text/plain;charset=\"utf-8 \"", b"a", CharsetError::Unsupported),
    ] {
        assert_eq!(decode(content_type, body), Err(error), "{content_type} {body:?}");
    }
}

#[test]
fn what_a_document_declares_must_agree() {
    struct Case {
        said: Option<&'static str>,
        declared: Option<&'static str>,
        expect: Result<Charset, CharsetError>,
    }
    let case = |said, declared, expect| Case { said, declared, expect };
    let cases = [
        case(None, None, Ok(Charset::Utf8)),
        case(None, Some("GBK"), Ok(Charset::Gbk)),
        case(Some("utf-8"), Some("UTF-8"), Ok(Charset::Utf8)),
        case(Some("gb2312"), Some("GB18030"), Ok(Charset::Gbk)),
        case(Some("us-ascii"), Some("utf-8"), Ok(Charset::Ascii)),
        case(Some("utf-8"), Some("gbk"), Err(CharsetError::Ambiguous)),
        case(Some("gbk"), Some("utf-8"), Err(CharsetError::Ambiguous)),
        case(None, Some("utf-7"), Err(CharsetError::Unsupported)),
        case(Some("utf-8"), Some("utf-16"), Err(CharsetError::Unsupported)),
    ];
    for Case { said, declared, expect } in cases {
        assert_eq!(Charset::of(said, declared), expect, "{said:?} {declared:?}");
    }
}

#[test]
fn keeps_the_mark_and_the_charset() {
    let csv = decode("text/csv", b"\xef\xbb\xbfa,b").unwrap();
    assert_eq!((&csv.utf8[..], csv.mark), (&b"a,b"[..], true));
    assert_eq!(csv.encode("c".into()).unwrap(), &b"\xef\xbb\xbfc"[..]);
    // GBK decodes four-byte characters, and they are written back as they came.
    let rare = decode("text/plain;charset=gbk", b"\x82\x35\x8f\x33").unwrap();
    assert_eq!(rare.encode(rare.utf8.clone()).unwrap(), &b"\x82\x35\x8f\x33"[..]);
    let ascii = decode("text/plain;charset=us-ascii", b"a").unwrap();
    assert_eq!(ascii.encode("张".into()), Err(CharsetError::Unmappable));
    assert_eq!(csv.encode(Bytes::from_static(b"\xff")), Err(CharsetError::Malformed));
    assert!(!format!("{csv:?}").contains("a,b"));
}

proptest! {
    #[test]
    fn any_text_survives_gb18030(text in "\\PC{0,60}") {
        let (bytes, _, unmappable) = GB18030.encode(&text);
        prop_assert!(!unmappable);
        if let Ok(decoded) = decode("text/plain;charset=gb18030", &bytes) {
            let written = decoded.encode(decoded.utf8.clone()).unwrap();
            prop_assert_eq!(GB18030.decode(&written).0, GB18030.decode(&bytes).0);
        }
    }

    #[test]
    fn never_panics(value in "[ -~]{0,40}", body in proptest::collection::vec(any::<u8>(), 0..60)) {
        let _ = MediaType::parse(&value).map(|media_type| MediaType::parse(&media_type.to_string()).unwrap());
        let _ = decode("text/plain;charset=gb18030", &body);
        let _ = decode("text/plain;charset=gbk", &body);
    }
}
