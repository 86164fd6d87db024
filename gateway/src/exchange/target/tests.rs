use super::*;
use proptest::prelude::*;

fn path(raw: &str) -> Result<String, TargetError> {
    Target::parse(raw.as_bytes()).map(|parsed| parsed.target.path().to_owned())
}

#[test]
fn normalises() {
    for (raw, canonical) in [
        ("/", "/"),
        ("/a/b", "/a/b"),
        ("/a/b/", "/a/b/"),
        ("/%61%2D%5f%7E", "/a-_~"),
        ("/%e5%ae%a2", "/%E5%AE%A2"),
        ("/a%20b%2b", "/a%20b%2B"),
        ("/100%25", "/100%25"),
        ("/a:b@c!$&'()*+,=", "/a:b@c!$&'()*+,="),
        ("/...", "/..."),
        ("/a.b/.c", "/a.b/.c"),
    ] {
        assert_eq!(path(raw).as_deref(), Ok(canonical), "{raw}");
    }
}

#[test]
fn refuses() {
    use TargetError::*;
    for (raw, error) in [
        ("", Form),
        ("a", Form),
        ("*", Form),
        ("a:443", Form),
        ("http:///a", Form),
        ("javascript://a/", Form),
        ("//", EmptySegment),
        ("//a", EmptySegment),
        ("/a//b", EmptySegment),
        ("/a//", EmptySegment),
        ("/.", DotSegment),
        ("/a/..", DotSegment),
        ("/./a", DotSegment),
        ("/%2e/a", DotSegment),
        ("/a/%2E%2e/b", DotSegment),
        ("/a/.%2e", DotSegment),
        ("/a;b=c", Parameter),
        ("/..;/a", Parameter),
        ("/a%3bb", Parameter),
        ("/a%2fb", EncodedSeparator),
        ("/a%5Cb", EncodedSeparator),
        ("/a\\b", Character),
        ("/a%252fb", DoubleEncoding),
        ("/a%25%32%66b", DoubleEncoding),
        ("/a%2%35", Encoding),
        ("/%", Encoding),
        ("/%4", Encoding),
        ("/%g0", Encoding),
        ("/%u0041", Encoding),
        ("/%00", Encoding),
        ("/a%0d%0ab", Encoding),
        ("/%7f", Encoding),
        ("/%c2%80", Encoding),
        ("/%c0%af", Charset),
        ("/%ff", Charset),
        ("/%e5%ae", Charset),
        ("/%ed%a0%80", Charset),
        ("/a b", Character),
        ("/a#b", Character),
        ("/a?b#c", Character),
        ("/客", Character),
        ("/a?客", Character),
        ("/a?b\"c", Character),
        ("/a?%", Encoding),
        ("/a?%00", Encoding),
        ("/a\0", Character),
        ("/{a}", Character),
        ("/[a]", Character),
    ] {
        assert_eq!(path(raw), Err(error), "{raw}");
    }
}

#[test]
fn keeps_the_query() {
    let parsed = Target::parse(b"/a?b=%e5&c[d]=;/?&&").unwrap();
    assert_eq!(parsed.target.query(), Some("b=%e5&c[d]=;/?&&"));
    assert_eq!(parsed.target.as_str(), "/a?b=%e5&c[d]=;/?&&");
    assert_eq!(Target::parse(b"/a?").unwrap().target.query(), Some(""));
    assert_eq!(Target::parse(b"/a").unwrap().target.query(), None);
    let absolute = Target::parse(b"HTTP://a:8?x").unwrap();
    assert_eq!((absolute.authority, absolute.target.as_str()), (Some(&b"a:8"[..]), "/?x"));
}

#[test]
fn decodes_segments() {
    let target =
        Target::parse("/customers/%E5%BC%A0%20三/".replace('三', "%E4%B8%89").as_bytes()).unwrap().target;
    assert_eq!(target.segments().collect::<Vec<_>>(), ["customers", "张 三", ""]);
}

proptest! {
    #[test]
    fn canonical_is_final(raw in "/([a-zA-Z0-9./%;?#&~_-]|%[0-9A-Fa-f]{2}){0,24}") {
        if let Ok(parsed) = Target::parse(raw.as_bytes()) {
            let again = Target::parse(parsed.target.as_str().as_bytes());
            prop_assert_eq!(again.map(|again| again.target), Ok(parsed.target.clone()));
            for segment in parsed.target.segments() {
                prop_assert!(segment != "." && segment != ".." && !segment.contains(['/', '\\', ';', '\0']));
            }
        }
    }

    #[test]
    fn never_panics(raw in proptest::collection::vec(any::<u8>(), 0..80)) {
        let _ = Target::parse(&raw);
        let _ = Target::parse(&[b"/", &raw[..]].concat());
    }
}
