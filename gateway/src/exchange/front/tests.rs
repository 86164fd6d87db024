use super::*;
use proptest::prelude::*;
use std::collections::HashSet;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::ReadBuf;

const LIMITS: HeadLimits =
    HeadLimits { bytes: 32 * 1024, headers: 100, value: 8 * 1024, deadline: Duration::from_secs(5) };

/// A request with these header lines beside `Host: a`.
fn get(headers: &str) -> Vec<u8> {
    format!("GET / HTTP/1.1\r\nHost: a\r\n{headers}\r\n").into_bytes()
}

fn post(headers: &str) -> Vec<u8> {
    format!("POST / HTTP/1.1\r\nHost: a\r\n{headers}\r\n").into_bytes()
}

fn error(bytes: &[u8]) -> HeadError {
    match parse_head(bytes, &LIMITS) {
        Err(error) => error,
        Ok(head) => panic!("accepted {:?}: {head:?}", String::from_utf8_lossy(bytes)),
    }
}

fn accept(bytes: &[u8]) -> Head {
    match parse_head(bytes, &LIMITS) {
        Ok(Some(head)) => head,
        other => panic!("not accepted {:?}: {other:?}", String::from_utf8_lossy(bytes)),
    }
}

/// Hands out its pieces one read at a time, then the end of the stream.
struct Pieces(std::collections::VecDeque<Vec<u8>>);

impl AsyncRead for Pieces {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        if let Some(mut piece) = self.0.pop_front() {
            let rest = piece.split_off(piece.len().min(out.remaining()));
            out.put_slice(&piece);
            if !rest.is_empty() {
                self.0.push_front(rest);
            }
        }
        Poll::Ready(Ok(()))
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap()
}

fn read_pieces(pieces: Vec<Vec<u8>>) -> (Result<Option<Head>, HeadError>, BytesMut) {
    let mut buffer = BytesMut::new();
    let mut stream = Pieces(pieces.into_iter().filter(|piece| !piece.is_empty()).collect());
    let read = runtime().block_on(read_head(&mut stream, &mut buffer, &LIMITS, Duration::from_secs(1)));
    (read, buffer)
}

fn view(head: &Head) -> impl PartialEq + std::fmt::Debug {
    (
        (head.method.clone(), head.target.as_str().to_owned(), head.version_11, head.host.clone()),
        head.headers.iter().map(|(n, v)| (n.to_string(), v.as_bytes().to_vec())).collect::<Vec<_>>(),
        (head.body, head.expect_continue, head.keep_alive, head.raw_len),
    )
}

#[test]
fn reads_a_plain_request() {
    let bytes = b"POST /customers/%7e42?x=%201 HTTP/1.1\r\nHost: CRM.internal:8080\r\nContent-Type: application/json\r\n\
        Accept:\t text/html \r\nAccept: */*\r\nX-Empty:\r\nContent-Length: 17\r\nExpect: 100-Continue\r\n\r\n{\"next\":1}";
    let head = accept(bytes);
    assert_eq!(head.method, Method::POST);
    assert_eq!(head.target.as_str(), "/customers/~42?x=%201");
    assert_eq!((head.host.name.as_str(), head.host.port), ("crm.internal", Some(8080)));
    assert_eq!(head.body, Body::Length(17));
    assert!(head.version_11 && head.expect_continue && head.keep_alive);
    assert_eq!(
        head.headers_named("accept").map(|v| v.to_str().unwrap()).collect::<Vec<_>>(),
        ["text/html", "*/*"]
    );
    assert_eq!(head.header("x-empty").unwrap(), "");
    assert_eq!(head.header("content-type").unwrap(), "application/json");
    assert_eq!(&bytes[head.raw_len..], b"{\"next\":1}");
}

#[test]
fn refuses_what_has_two_readings() {
    use HeadError::*;
    let cases: &[(&str, Vec<u8>, HeadError)] = &[
        ("tls", b"\x16\x03\x01\x02\x00\x01\x00".to_vec(), NotHttp),
        ("leading crlf", b"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(), NotHttp),
        ("leading lf", b"\nGET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(), NotHttp),
        ("bare lf", b"GET / HTTP/1.1\nHost: a\n\n".to_vec(), LineEnd),
        ("mixed line ends", b"GET / HTTP/1.1\r\nHost: a\n\r\n".to_vec(), LineEnd),
        ("lf ends the head", b"GET / HTTP/1.1\r\nHost: a\r\n\n".to_vec(), LineEnd),
        ("bare cr in a value", get("X: a\rContent-Length: 5\r\n"), LineEnd),
        ("double cr", get("X: a\r\r\n"), LineEnd),
        ("bare cr in the request line", b"GET /\rx HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(), LineEnd),
        ("cr before the empty line", get("\r\r\n"), LineEnd),
        ("no version", b"GET /\r\n".to_vec(), RequestLine),
        ("no target", b"GET HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(), RequestLine),
        ("two spaces", b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(), RequestLine),
        ("two spaces after", b"GET /  HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(), RequestLine),
        ("tab for space", b"GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(), RequestLine),
        ("space in target", b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(), RequestLine),
        ("space at the end", b"GET / HTTP/1.1 \r\nHost: a\r\n\r\n".to_vec(), RequestLine),
        ("lower-case http", b"GET / http/1.1\r\nHost: a\r\n\r\n".to_vec(), RequestLine),
        ("HTTP/1.10", b"GET / HTTP/1.10\r\nHost: a\r\n\r\n".to_vec(), RequestLine),
        ("HTTP/1.2", b"GET / HTTP/1.2\r\nHost: a\r\n\r\n".to_vec(), Version),
        ("HTTP/0.9", b"GET / HTTP/0.9\r\nHost: a\r\n\r\n".to_vec(), Version),
        ("h2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), Version),
        ("method in lower case", b"get / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(), Method),
        ("connect", b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n".to_vec(), Method),
        ("trace", b"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(), Method),
        ("unknown method", b"BREW / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(), Method),
        ("options *", b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(), Method),
        ("method no token", b"GE(T / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(), RequestLine),
        ("relative target", b"GET a HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(), Target),
        ("fragment", b"GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(), Target),
        ("raw utf-8", "GET /客户 HTTP/1.1\r\nHost: a\r\n\r\n".into(), Target),
        ("dot segments", b"GET /a/../b HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(), AmbiguousPath),
        ("other scheme", b"GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(), Target),
        ("absolute form differs", b"GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(), HostMismatch),
        ("absolute form, other port", b"GET http://a:81/ HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(), HostMismatch),
        ("absolute form, user", b"GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(), Host),
        ("no host", b"GET / HTTP/1.1\r\n\r\n".to_vec(), Host),
        ("no host in 1.0", b"GET / HTTP/1.0\r\n\r\n".to_vec(), Host),
        ("empty host", b"GET / HTTP/1.1\r\nHost:\r\n\r\n".to_vec(), Host),
        ("two hosts", get("Host: a\r\n"), Duplicate),
        ("two other hosts", get("hOST: b\r\n"), Duplicate),
        ("host list", b"GET / HTTP/1.1\r\nHost: a, b\r\n\r\n".to_vec(), Host),
        ("host with user", b"GET / HTTP/1.1\r\nHost: u@a\r\n\r\n".to_vec(), Host),
        ("host with path", b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n".to_vec(), Host),
        ("host with bad port", b"GET / HTTP/1.1\r\nHost: a:b\r\n\r\n".to_vec(), Host),
        ("host with empty port", b"GET / HTTP/1.1\r\nHost: a:\r\n\r\n".to_vec(), Host),
        ("host with port 65536", b"GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n".to_vec(), Host),
        ("host with dot at the end", b"GET / HTTP/1.1\r\nHost: a.\r\n\r\n".to_vec(), Host),
        ("host with two dots", b"GET / HTTP/1.1\r\nHost: a..b\r\n\r\n".to_vec(), Host),
        ("host in brackets", b"GET / HTTP/1.1\r\nHost: [a]\r\n\r\n".to_vec(), Host),
        ("folded", get("X: a\r\n b\r\n"), Folded),
        ("folded by tab", get("X: a\r\n\tb\r\n"), Folded),
        ("first line folded", b"GET / HTTP/1.1\r\n Host: a\r\n\r\n".to_vec(), Folded),
        ("space before colon", get("Content-Length : 5\r\n"), HeaderName),
        ("tab before colon", get("Transfer-Encoding\t: chunked\r\n"), HeaderName),
        ("no colon", get("Content-Length\r\n"), HeaderName),
        ("no name", get(": a\r\n"), HeaderName),
        ("name with bracket", get("X(: a\r\n"), HeaderName),
        ("name with non-ascii", get("Ｘ: a\r\n"), HeaderName),
        ("nul in name", get("X\0: a\r\n"), HeaderName),
        ("nul in value", get("X: a\0b\r\n"), HeaderValue),
        ("vertical tab", get("X: a\x0bb\r\n"), HeaderValue),
        ("del", get("X: a\x7fb\r\n"), HeaderValue),
        ("authorization with non-ascii", get("Authorization: Bearer ä\r\n"), HeaderValue),
        ("cl +5", post("Content-Length: +5\r\n"), ContentLength),
        ("cl -5", post("Content-Length: -5\r\n"), ContentLength),
        ("cl 0x5", post("Content-Length: 0x5\r\n"), ContentLength),
        ("cl 5 5", post("Content-Length: 5 5\r\n"), ContentLength),
        ("cl list", post("Content-Length: 5, 5\r\n"), ContentLength),
        ("cl empty", post("Content-Length:\r\n"), ContentLength),
        ("cl leading zero", post("Content-Length: 010\r\n"), ContentLength),
        ("cl 5.0", post("Content-Length: 5.0\r\n"), ContentLength),
        ("cl full width", post("Content-Length: ５\r\n"), ContentLength),
        ("cl overflow", post("Content-Length: 18446744073709551617\r\n"), ContentLength),
        ("cl beyond i64", post("Content-Length: 9223372036854775808\r\n"), ContentLength),
        ("cl twice, same", post("Content-Length: 5\r\nContent-Length: 5\r\n"), Framing),
        ("cl twice", post("Content-Length: 5\r\nContent-Length: 6\r\n"), Framing),
        ("cl and te", post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), Framing),
        ("te and cl", post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), Framing),
        ("te twice", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), Framing),
        ("te then identity", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"), Framing),
        ("te list", post("Transfer-Encoding: gzip, chunked\r\n"), TransferCoding),
        ("te chunked list", post("Transfer-Encoding: chunked, chunked\r\n"), TransferCoding),
        ("te identity", post("Transfer-Encoding: identity\r\n"), TransferCoding),
        ("te xchunked", post("Transfer-Encoding: xchunked\r\n"), TransferCoding),
        ("te quoted", post("Transfer-Encoding: \"chunked\"\r\n"), TransferCoding),
        ("te with parameter", post("Transfer-Encoding: chunked;a=b\r\n"), TransferCoding),
        ("te with comma", post("Transfer-Encoding: chunked,\r\n"), TransferCoding),
        ("te empty", post("Transfer-Encoding:\r\n"), TransferCoding),
        ("te vertical tab", post("Transfer-Encoding: \x0bchunked\r\n"), HeaderValue),
        ("te in 1.0", b"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec(), Framing),
        ("get with body", get("Content-Length: 5\r\n"), UnexpectedBody),
        ("get with chunks", get("Transfer-Encoding: chunked\r\n"), UnexpectedBody),
        ("alias cl", post("Content_Length: 5\r\n"), Alias),
        ("alias te", post("Transfer.Encoding: chunked\r\n"), Alias),
        ("alias te by mark", post("Transfer!Encoding: chunked\r\n"), Alias),
        ("alias host", get("Ho_st: a\r\nX_Forwarded_For: 1.1.1.1\r\n"), Alias),
        ("alias purpose", get("Yingbi_Purpose: x\r\n"), Alias),
        ("alias authorization", get("x_http_method_override: PUT\r\n"), Alias),
        ("alias range", get("If.Range: x\r\n"), Alias),
        ("reserved", get("Yingbi-Subject: x\r\n"), Reserved),
        ("reserved, case", get("YINGBI-decision: x\r\n"), Reserved),
        ("purpose twice", get("Yingbi-Purpose: a\r\nYingbi-Purpose: a\r\n"), Duplicate),
        ("authorization twice", get("Authorization: a\r\nauthorization: b\r\n"), Duplicate),
        ("content-type twice", post("Content-Type: a/b\r\nContent-Type: a/b\r\n"), Duplicate),
        ("override", get("X-HTTP-Method-Override: DELETE\r\n"), Override),
        ("rewrite", get("X-Original-URL: /admin\r\n"), Override),
        ("upgrade", get("Upgrade: websocket\r\nConnection: upgrade\r\n"), Upgrade),
        ("connection upgrade", get("Connection: keep-alive, Upgrade\r\n"), Upgrade),
        ("h2c", get("HTTP2-Settings: AAMAAABkAAQAAP__\r\n"), Upgrade),
        ("connection host", get("Connection: host\r\n"), ConnectionOption),
        ("connection authorization", get("Connection: close, Authorization\r\n"), ConnectionOption),
        ("connection purpose", get("Connection: yingbi-purpose\r\n"), ConnectionOption),
        (
            "connection content-length",
            post("Connection: Content-Length\r\nContent-Length: 5\r\n"),
            ConnectionOption,
        ),
        ("connection te", post("Connection: transfer-encoding\r\n"), ConnectionOption),
        ("connection cookie", get("Connection: cookie\r\n"), ConnectionOption),
        ("connection alias", get("Connection: content_length\r\n"), ConnectionOption),
        ("connection no token", get("Connection: clo se\r\n"), ConnectionOption),
        ("connection empty", get("Connection:\r\n"), ConnectionOption),
        ("expect", post("Content-Length: 5\r\nExpect: 200-ok\r\n"), Expectation),
        ("expect twice", post("Expect: 100-continue\r\nExpect: 100-continue\r\n"), Duplicate),
    ];
    for (name, bytes, expected) in cases {
        assert_eq!(error(bytes), *expected, "{name}");
    }
}

#[test]
fn accepts_what_has_one_reading() {
    let cases: &[(&str, Vec<u8>, Body, bool)] = &[
        ("1.1 keeps", get(""), Body::None, true),
        ("1.1 close", get("Connection: Close\r\n"), Body::None, false),
        ("close wins", get("Connection: keep-alive, close\r\n"), Body::None, false),
        ("hop-by-hop named", get("Connection: x-debug, TE\r\nTE: trailers\r\n"), Body::None, true),
        ("1.0 closes", b"GET / HTTP/1.0\r\nHost: a\r\n\r\n".to_vec(), Body::None, false),
        (
            "1.0 keeps",
            b"GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n".to_vec(),
            Body::None,
            true,
        ),
        ("length", post("content-length:5\r\n"), Body::Length(5), true),
        ("length with blanks", post("Content-Length: \t 5 \t\r\n"), Body::Length(5), true),
        ("length 0", post("Content-Length: 0\r\n"), Body::Length(0), true),
        ("get with length 0", get("Content-Length: 0\r\n"), Body::None, true),
        ("chunked", post("Transfer-Encoding: Chunked\r\n"), Body::Chunked, true),
        ("no length", post(""), Body::None, true),
        ("odd name, no alias", get("X_Trace.Id: 1\r\n"), Body::None, true),
        ("client's own", get("Yingbi-Purpose: marketing\r\nYingbi-Ticket: t\r\n"), Body::None, true),
        ("obs-text", get("X-Name: 张三\r\n"), Body::None, true),
        ("ipv6", b"GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n".to_vec(), Body::None, true),
        ("absolute", b"GET http://A:80/x HTTP/1.1\r\nHost: a:80\r\n\r\n".to_vec(), Body::None, true),
    ];
    for (name, bytes, body, keep_alive) in cases {
        let head = accept(bytes);
        assert_eq!((head.body, head.keep_alive, head.raw_len), (*body, *keep_alive, bytes.len()), "{name}");
    }
    assert_eq!(accept(b"GET http://a HTTP/1.1\r\nHost: a\r\n\r\n").target.as_str(), "/");
    assert!(!accept(&get("Expect: 100-continue\r\n")).expect_continue, "no body to wait with");
}

#[test]
fn bounds_size_and_number() {
    let limits = HeadLimits { bytes: 200, headers: 3, value: 40, ..LIMITS };
    let long = format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\nY: {}\r\n", "x".repeat(40), "y".repeat(200));
    assert_eq!(parse_head(long.as_bytes(), &limits).unwrap_err(), HeadError::TooLarge);
    assert_eq!(parse_head(&[b'A'; 200], &limits).unwrap_err(), HeadError::TooLarge);
    assert!(parse_head(&[b'A'; 199], &limits).unwrap().is_none());
    assert_eq!(parse_head(&get("A: 1\r\nB: 1\r\nC: 1\r\n"), &limits).unwrap_err(), HeadError::TooManyHeaders);
    assert!(parse_head(&get("A: 1\r\nB: 1\r\n"), &limits).is_ok());
    let value = get(&format!("A: {}\r\n", "x".repeat(41)));
    assert_eq!(parse_head(&value, &limits).unwrap_err(), HeadError::ValueTooLong);
    let target = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(9000));
    assert_eq!(error(target.as_bytes()), HeadError::TargetTooLong);
    // The last byte of the head may be the last allowed, and the body behind it does not count.
    let exact = get(&format!("A: {}\r\nB: {}\r\nC: c\r\n", "x".repeat(40), "y".repeat(40)));
    let limits = HeadLimits { bytes: exact.len(), headers: 4, ..limits };
    assert!(parse_head(&[exact.as_slice(), &[b'z'; 999]].concat(), &limits).unwrap().is_some());
    let limits = HeadLimits { bytes: exact.len() - 1, ..limits };
    assert_eq!(parse_head(&exact, &limits).unwrap_err(), HeadError::TooLarge);
}

#[test]
fn keeps_pipelined_bytes() {
    let two = [get(""), post("Content-Length: 2\r\n"), b"{}".to_vec()].concat();
    let (head, mut buffer) = read_pieces(vec![two.clone()]);
    assert_eq!(&buffer[..], &two[..]);
    let first = head.unwrap().unwrap();
    drop(buffer.split_to(first.raw_len));
    let second = runtime()
        .block_on(read_head(&mut tokio::io::empty(), &mut buffer, &LIMITS, Duration::from_secs(1)))
        .unwrap()
        .unwrap();
    assert_eq!((second.body, &buffer[second.raw_len..]), (Body::Length(2), &b"{}"[..]));
}

#[test]
fn ends_without_a_head() {
    let closed = |bytes: &'static [u8]| read_pieces(vec![bytes.to_vec()]).0;
    assert!(closed(b"").unwrap().is_none());
    assert_eq!(closed(b"GET / HTTP/1.1\r\nHost: a\r\n").unwrap_err(), HeadError::Truncated);
}

#[test]
fn clocks_run_as_said() {
    let limits = HeadLimits { deadline: Duration::from_millis(80), ..LIMITS };
    runtime().block_on(async {
        // Nothing at all: the idle time, and no error.
        let (mut ours, theirs) = tokio::io::duplex(1024);
        let started = std::time::Instant::now();
        let read = read_head(&mut ours, &mut BytesMut::new(), &limits, Duration::from_millis(30)).await;
        assert!(read.unwrap().is_none() && started.elapsed() < Duration::from_millis(75));
        drop(theirs);
        // A byte every 20 ms does not renew the deadline.
        let (mut ours, mut theirs) = tokio::io::duplex(1024);
        let drip = async {
            loop {
                if tokio::io::AsyncWriteExt::write_all(&mut theirs, b"A").await.is_err() {
                    std::future::pending::<()>().await;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let started = std::time::Instant::now();
        let mut buffer = BytesMut::new();
        tokio::select! {
            read = read_head(&mut ours, &mut buffer, &limits, Duration::from_secs(9)) => {
                assert_eq!(read.unwrap_err(), HeadError::Timeout);
                assert!((80..2000).contains(&started.elapsed().as_millis()));
            }
            () = drip => unreachable!(),
        }
    });
}

#[test]
fn refusals_are_told_apart() {
    let codes: HashSet<_> = HeadError::ALL.iter().map(|error| error.code()).collect();
    assert_eq!(codes.len(), HeadError::ALL.len());
    for error in HeadError::ALL {
        let refusal = error.refusal();
        assert!(refusal.code.starts_with("YB1") && refusal.code.len() == 6);
        assert!((400..=505).contains(&refusal.status));
        assert!(!refusal.zh.help.is_ascii() && refusal.en.help.is_ascii());
    }
}

#[test]
fn p8_shows_no_value() {
    let head = accept(&get("Authorization: Bearer 13800138000\r\n"));
    assert!(!format!("{head:?}").contains("138"));
    let head = accept(b"GET /customers/13800138000 HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(!format!("{head:?}").contains("138"));
}

/// Pieces that heads are made of, in wrong places too.
fn head_bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        3 => Just(&b"GET / HTTP/1.1\r\n"[..]),
        1 => Just(&b"POST /a/%41 HTTP/1.0\r\n"[..]),
        3 => Just(&b"Host: a\r\n"[..]),
        1 => Just(&b"Content-Length: 5\r\n"[..]),
        1 => Just(&b"Transfer-Encoding: chunked\r\n"[..]),
        1 => Just(&b"Connection: close\r\n"[..]),
        1 => Just(&b"X: \xff\r\n"[..]),
        2 => Just(&b"\r\n"[..]),
        1 => Just(&b"\n"[..]),
        1 => Just(&b"\r"[..]),
        1 => Just(&b" :"[..]),
        1 => Just(&b"\0"[..]),
    ];
    prop_oneof![
        4 => proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat()),
        1 => proptest::collection::vec(any::<u8>(), 0..200),
        2 => proptest::sample::select(vec![
            get("A: b\r\nAccept: */*\r\n"),
            post("Content-Length: 5\r\nExpect: 100-continue\r\n"),
        ]),
    ]
}

proptest! {
    #[test]
    fn p7_any_split_reads_alike(bytes in head_bytes(), cuts in proptest::collection::vec(0usize..200, 0..12)) {
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let pieces = cuts.windows(2).map(|pair| bytes[pair[0]..pair[1]].to_vec()).collect();
        let (split, _) = read_pieces(pieces);
        let (whole, buffer) = read_pieces(vec![bytes.clone()]);
        prop_assert_eq!(&buffer[..], &bytes[..]);
        match (&split, &whole) {
            (Ok(Some(split)), Ok(Some(whole))) => prop_assert_eq!(view(split), view(whole)),
            (split, whole) => prop_assert_eq!(format!("{split:?}"), format!("{whole:?}")),
        }
    }

    #[test]
    fn p15_what_is_read_twice_reads_alike(bytes in head_bytes()) {
        if let Ok(Some(head)) = parse_head(&bytes, &LIMITS) {
            let mut again = format!("{} {} HTTP/1.1\r\n", head.method, head.target.as_str()).into_bytes();
            for (name, value) in &head.headers {
                again.extend_from_slice(name.as_str().as_bytes());
                again.extend_from_slice(b": ");
                again.extend_from_slice(value.as_bytes());
                again.extend_from_slice(b"\r\n");
            }
            again.extend_from_slice(b"\r\n");
            let again = accept(&again);
            prop_assert_eq!(again.target, head.target);
            prop_assert_eq!(again.headers, head.headers);
            prop_assert_eq!(again.body, head.body);
        }
    }

    #[test]
    fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = parse_head(&bytes, &LIMITS);
        let _ = parse_head(&[b"GET / HTTP/1.1\r\n", &bytes[..], b"\r\n\r\n"].concat(), &LIMITS);
    }
}
