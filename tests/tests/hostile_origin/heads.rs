//! Heads and trailers: values where nobody looks for them.

use super::*;

pub(super) fn cases() -> Vec<Case> {
    let json = person();
    let with =
        |headers: &str| Answer::with(&format!("Content-Type: application/json\r\n{headers}"), person());
    // A password has no form of its own; a header that holds one is known by its name.
    let traces: String = (canary::ALL.iter().filter(|value| **value != canary::PASSWORD))
        .enumerate()
        .map(|(i, value)| format!("X-Trace-{i}: {value}\r\n"))
        .collect();
    let all = format!("{traces}X-Trade-Pwd: {}\r\n", canary::PASSWORD);
    let reason = format!(
        "HTTP/1.1 200 {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        canary::MOBILE,
        json.len()
    );
    vec![
        case("values in headers", Whole, with(&all)),
        case(
            "value in a known header",
            Whole,
            with(&format!(
                "X-Request-Id: {}\r\nVia: {}\r\nServer: {}\r\n",
                canary::ID,
                canary::MOBILE,
                canary::EMAIL
            )),
        ),
        case("value in a cookie", Whole, with(&format!("Set-Cookie: mobile={}; Path=/\r\n", canary::MOBILE))),
        case(
            "value in a location",
            Whole,
            Answer::bytes(format!(
                "HTTP/1.1 302 Found\r\nLocation: /next?mobile={}&id_no={}\r\nContent-Length: 0\r\n\r\n",
                canary::MOBILE,
                canary::ID
            )),
        ),
        case(
            "value percent-encoded in a location",
            Whole,
            Answer::bytes(format!(
                "HTTP/1.1 302 Found\r\nLocation: /next?name={}\r\nContent-Length: 0\r\n\r\n",
                canary::NAME.bytes().map(|b| format!("%{b:02X}")).collect::<String>()
            )),
        ),
        case(
            "value in GBK in a header",
            Whole,
            Answer::bytes(
                [
                    b"HTTP/1.1 200 OK\r\nX-Name: ",
                    &encoding_rs::GB18030.encode(canary::NAME).0[..],
                    b"\r\nContent-Length: 0\r\n\r\n",
                ]
                .concat(),
            ),
        ),
        case("value in a header's name", Whole, with(&format!("X-{}: 1\r\n", canary::MOBILE))),
        case(
            "value in a media type's parameter",
            Whole,
            Answer::of_type(&format!("application/json; note={}", canary::MOBILE), person()),
        ),
        case(
            "value in a media type",
            Whole,
            Answer::of_type(&format!("application/{}+json", canary::MOBILE), person()),
        ),
        case(
            "value in a charset",
            Whole,
            Answer::of_type(&format!("application/json; charset={}", canary::MOBILE), person()),
        ),
        case(
            "value in a challenge",
            Whole,
            Answer::bytes(format!(
                "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"{}\"\r\nContent-Length: 0\r\n\r\n",
                canary::MOBILE
            )),
        ),
        case("value in the reason", Treated, Answer::bytes([reason.as_bytes(), &json].concat())),
        case(
            "value in an etag",
            Treated,
            with(&format!(
                "ETag: \"{}\"\r\nContent-MD5: {}\r\nDigest: md5={}\r\n",
                canary::ID,
                canary::ID,
                canary::ID
            )),
        ),
        case("folded header", Whole, with(&format!("X-Note: a\r\n {}\r\n", canary::MOBILE))),
        case("nul in a header", Whole, with("X-Note: a\0b\r\n")),
        case("header without a colon", Whole, with("X-Note\r\n")),
        case("space before a colon", Whole, with("X-Note : 1\r\n")),
        case("a header of 2 MiB", Refused, with(&format!("X-Note: {}\r\n", "x".repeat(2 << 20)))),
        case("10 000 headers", Refused, with(&"X-Note: x\r\n".repeat(10_000))),
        case(
            "a head without end",
            Refused,
            Answer::steps(
                vec![
                    Step::Send(b"HTTP/1.1 200 OK\r\n".to_vec()),
                    Step::Repeat(format!("X-Note: {}\r\n", canary::MOBILE).repeat(100).into_bytes(), 10_000),
                ],
                Then::Close,
            ),
        ),
        case(
            "values in trailers",
            Treated,
            Answer::bytes(raw(
                "Transfer-Encoding: chunked\r\nTrailer: X-Mobile\r\n",
                &[
                    &chunked(&json, 64)[..],
                    format!("0\r\nX-Mobile: {}\r\nX-Name: {}\r\n\r\n", canary::MOBILE, canary::NAME)
                        .as_bytes(),
                ]
                .concat(),
            )),
        ),
        case("refresh", Whole, with(&format!("Refresh: 0; url=/x?m={}\r\n", canary::MOBILE))),
        case("link", Whole, with(&format!("Link: </x?m={}>; rel=next\r\n", canary::MOBILE))),
    ]
}
