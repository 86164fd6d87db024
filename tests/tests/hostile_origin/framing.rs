//! Framing: lengths, chunks, versions, interim responses, silence, floods.

use super::*;

pub(super) fn cases() -> Vec<Case> {
    let json = person();
    let len = json.len();
    let good = raw(&format!("Content-Length: {len}\r\n"), &json);
    let te = "Transfer-Encoding: chunked\r\n";
    let chunks = chunked(&json, 40);
    let with_end = [&chunks[..], b"0\r\n\r\n"].concat();
    let half = &json[..len / 2];
    vec![
        case("good", Treated, Answer::bytes(good.clone())),
        closing("close-delimited", Treated, raw("", &json)),
        closing(
            "HTTP/1.0",
            Treated,
            [b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n", &json[..]].concat(),
        ),
        case("chunked", Treated, Answer::bytes(raw(te, &with_end))),
        closing("length cut", Refused, raw(&format!("Content-Length: {}\r\n", len + 10), &json)),
        closing("length cut in the middle", Refused, raw(&format!("Content-Length: {len}\r\n"), half)),
        closing("length without a body", Refused, raw(&format!("Content-Length: {len}\r\n"), b"")),
        closing("length too short", Refused, raw(&format!("Content-Length: {}\r\n", len - 10), &json)),
        closing("chunks without an end", Refused, raw(te, &chunks)),
        closing("chunk cut", Refused, raw(te, &chunks[..chunks.len() - 20])),
        closing(
            "chunk size overflows",
            Refused,
            raw(te, &[b"10000000000000028\r\n", &json[..40], b"\r\n0\r\n\r\n"].concat()),
        ),
        closing(
            "chunk size is no number",
            Refused,
            raw(te, &[b"zz\r\n", &json[..], b"\r\n0\r\n\r\n"].concat()),
        ),
        closing(
            "chunk longer than its size",
            Refused,
            raw(te, &[b"5\r\n", &json[..], b"\r\n0\r\n\r\n"].concat()),
        ),
        closing("not chunked at all", Refused, raw(te, &json)),
        closing("length and chunks", Whole, raw(&format!("Content-Length: {len}\r\n{te}"), &with_end)),
        closing("short length and chunks", Whole, raw(&format!("Content-Length: 5\r\n{te}"), &with_end)),
        closing(
            "two lengths",
            Refused,
            raw(&format!("Content-Length: {len}\r\nContent-Length: 5\r\n"), &json),
        ),
        closing(
            "the same length twice",
            Whole,
            raw(&format!("Content-Length: {len}\r\nContent-Length: {len}\r\n"), &json),
        ),
        closing("length with plus", Whole, raw(&format!("Content-Length: +{len}\r\n"), &json)),
        closing("length negative", Whole, raw("Content-Length: -1\r\n", &json)),
        closing("length overflows", Whole, raw("Content-Length: 18446744073709551626\r\n", &json)),
        closing("coded transfer", Whole, raw("Transfer-Encoding: gzip, chunked\r\n", &with_end)),
        closing("unknown transfer", Whole, raw("Transfer-Encoding: xchunked\r\n", &json)),
        case(
            "a second response behind",
            Treated,
            Answer::bytes([&good[..], b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison"].concat()),
        ),
        case("rubbish behind", Treated, Answer::bytes([&good[..], &person()].concat())),
        case(
            "204 with a body",
            Status(204),
            Answer::bytes([b"HTTP/1.1 204 No Content\r\n\r\n", &good[..]].concat()).closing(),
        ),
        case(
            "304 with a body",
            Whole,
            Answer::bytes([b"HTTP/1.1 304 Not Modified\r\n\r\n", &good[..]].concat()).closing(),
        ),
        case(
            "205 with a body",
            Whole,
            Answer::bytes(
                [format!("HTTP/1.1 205 Reset Content\r\nContent-Length: {len}\r\n\r\n").as_bytes(), &json]
                    .concat(),
            ),
        ),
        closing(
            "upgrade not asked for",
            Refused,
            [b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", &good[..]]
                .concat(),
        ),
        case(
            "a few interim responses",
            Treated,
            Answer::bytes(
                [
                    &b"HTTP/1.1 100 Continue\r\n\r\n".repeat(3)[..],
                    b"HTTP/1.1 103 Early Hints\r\nLink: </13912345678>\r\n\r\n",
                    &good,
                ]
                .concat(),
            ),
        ),
        case(
            "a storm of interim responses",
            Whole,
            Answer::steps(
                vec![
                    Step::Repeat(
                        b"HTTP/1.1 103 Early Hints\r\nLink: </13912345678>\r\n\r\n".repeat(100),
                        100,
                    ),
                    Step::Send(good.clone()),
                ],
                Then::Close,
            ),
        ),
        closing("no status line", Refused, json.clone()),
        closing("status of letters", Refused, [b"HTTP/1.1 abc OK\r\n\r\n", &json[..]].concat()),
        closing(
            "status 999",
            Whole,
            [
                format!(
                    "HTTP/1.1 999 {}\r\nContent-Type: application/json\r\nContent-Length: {len}\r\n\r\n",
                    canary::MOBILE
                )
                .as_bytes(),
                &json,
            ]
            .concat(),
        ),
        closing(
            "version 2.0",
            Whole,
            [b"HTTP/2.0 200 OK\r\nContent-Type: application/json\r\n\r\n", &json[..]].concat(),
        ),
        closing(
            "lines end in lf",
            Whole,
            [
                format!("HTTP/1.1 200 OK\nContent-Type: application/json\nContent-Length: {len}\n\n")
                    .as_bytes(),
                &json,
            ]
            .concat(),
        ),
        closing("nothing", Refused, b"".to_vec()),
        closing("half a head", Refused, b"HTTP/1.1 200 OK\r\nContent-Le".to_vec()),
        case("reset at once", Refused, Answer::steps(vec![], Then::Reset)),
        case(
            "reset in the body",
            Refused,
            Answer::steps(
                vec![
                    Step::Send(raw(&format!("Content-Length: {len}\r\n"), half)),
                    Step::Wait(Duration::from_millis(100)),
                ],
                Then::Reset,
            ),
        ),
        case("silence", Refused, Answer::steps(vec![], Then::Hold)),
        case(
            "silence in the head",
            Refused,
            Answer::steps(vec![Step::Send(b"HTTP/1.1 200 OK\r\n".to_vec())], Then::Hold),
        ),
        case(
            "silence in the body",
            Refused,
            Answer::steps(vec![Step::Send(raw(&format!("Content-Length: {len}\r\n"), half))], Then::Hold),
        ),
        case(
            "silence before the last chunk",
            Refused,
            Answer::steps(vec![Step::Send(raw(te, &chunks))], Then::Hold),
        ),
        case(
            "slow",
            Treated,
            Answer::steps(vec![Step::Drip(good.clone(), 40, Duration::from_millis(30))], Then::KeepAlive),
        ),
        case(
            "too slow",
            Refused,
            Answer::steps(vec![Step::Drip(good.clone(), 1, Duration::from_millis(400))], Then::Close),
        ),
        case(
            "flood with length",
            Refused,
            Answer::steps(
                vec![
                    // One text: a list would be cut, and flow.
                    Step::Send(raw("Content-Length: 4000000000\r\n", b"[\"")),
                    Step::Repeat(b"13912345678, ".repeat(5000), 60_000),
                ],
                Then::Close,
            ),
        ),
        case(
            "flood in chunks",
            Refused,
            Answer::steps(
                vec![Step::Send(raw(te, b"")), Step::Repeat(chunked(&b" ".repeat(65_536), 65_536), 60_000)],
                Then::Close,
            ),
        ),
        case(
            "flood without an end",
            Refused,
            Answer::steps(
                vec![Step::Send(raw("", b"[\"")), Step::Repeat(b"13912345678, ".repeat(5000), 60_000)],
                Then::Close,
            ),
        ),
    ]
}
