use super::*;
use crate::exchange::front::{HeadLimits, parse_head};

fn upstream(request: &str, may_change: bool) -> Vec<String> {
    let head = parse_head(request.as_bytes(), &HeadLimits::default()).unwrap().unwrap();
    for_upstream(&head, may_change).map(|(name, _)| name.to_string()).collect()
}

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\nConnection: x-hop, close\r\nX-Hop: 1\r\nTE: trailers\r\nAccept: */*\r\n\
    Accept-Encoding: br\r\nX-Forwarded-For: 1.1.1.1\r\nX-Real-IP: 1.1.1.1\r\nForwarded: for=1\r\nYingbi-Purpose: p\r\n\
    X-Request-Id: 7\r\nRange: bytes=0-1\r\nIf-Range: x\r\nIf-None-Match: x\r\nIf-Modified-Since: x\r\nProxy-Connection: x\r\n\
    Keep-Alive: 5\r\nTrailer: x\r\nCookie: a=b\r\nX-SSL-Client-DN: x\r\nTrue-Client-IP: 1\r\n\r\n";

#[test]
fn p15_only_what_is_meant_goes_upstream() {
    assert_eq!(upstream(GET, true), ["accept", "x-request-id", "cookie"]);
    assert_eq!(
        upstream(GET, false),
        ["accept", "x-request-id", "range", "if-range", "if-none-match", "if-modified-since", "cookie"]
    );
}

#[test]
fn keeps_guards_of_writes() {
    let put = "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Type: application/json\r\nIf-Match: \"7\"\r\n\
        If-None-Match: *\r\nRange: bytes=0-1\r\nExpect: 100-continue\r\n\r\n";
    assert_eq!(upstream(put, true), ["content-type", "if-match", "if-none-match"]);
}

#[test]
fn t9_answers_tell_nothing_of_the_server() {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("server", "nginx/1.2"),
        ("x-powered-by", "PHP"),
        ("x-debug-token", "1"),
        ("x-accel-redirect", "/etc"),
        ("yingbi-subject", "x"),
        ("connection", "x-internal"),
        ("x-internal", "1"),
        ("keep-alive", "5"),
        ("transfer-encoding", "chunked"),
        ("trailer", "x"),
        ("alt-svc", "h3"),
        ("content-length", "3"),
        ("content-encoding", "gzip"),
        ("content-type", "text/plain"),
        ("content-md5", "x"),
        ("digest", "x"),
        ("repr-digest", "x"),
        ("etag", "\"1\""),
        ("last-modified", "x"),
        ("accept-ranges", "bytes"),
        ("cache-control", "public"),
        ("expires", "x"),
        ("location", "/x"),
        ("set-cookie", "a=1"),
        ("x-trace-id", "7"),
        ("x-13912345678", "1"),
    ] {
        headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    headers.append("x-name", HeaderValue::from_bytes("张三".as_bytes()).unwrap());
    for (name, value) in [
        ("x-a", "/next?name=%E5%8F%B8"),
        ("www-authenticate", "Basic realm=\"13912345678\""),
        ("x-request-id", "1234567890123456789"),
        ("x-b", "2026112006231"),
        ("x-total-count", "1234567890"),
    ] {
        headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    headers.append("x-gbk", HeaderValue::from_bytes(b"\xd5\xc5").unwrap());
    let names = |answer| {
        let mut names: Vec<_> =
            for_client(&headers, answer).map(|(name, _)| name.as_str().to_owned()).collect();
        names.sort();
        names
    };
    assert_eq!(
        names(Answer { may_change: true, no_store: true }),
        ["location", "set-cookie", "x-request-id", "x-total-count", "x-trace-id"]
    );
    assert_eq!(
        names(Answer { may_change: false, no_store: false }),
        [
            "accept-ranges",
            "cache-control",
            "content-md5",
            "digest",
            "etag",
            "expires",
            "last-modified",
            "location",
            "repr-digest",
            "set-cookie",
            "x-request-id",
            "x-total-count",
            "x-trace-id"
        ]
    );
}

#[test]
fn treated_answers_are_not_cached() {
    assert!(no_store(Some(Level::L2), false) && no_store(Some(Level::L4), false) && no_store(None, true));
    assert!(!no_store(Some(Level::L1), false) && !no_store(None, false));
}
