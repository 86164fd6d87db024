//! The requests.

use super::Case;
use super::Outcome::{One, Refused, RefusedOrOne};

/// `<A>` stands for the caller's credentials, `<S>` for the request an attacker would hide.
pub(super) const HEADS: &[Case] = &[
    // Two lengths.
    Case(
        "cl.te",
        "POST /a HTTP/1.1\r\nHost: crm.internal\r\n<A>Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n<S>",
        Refused,
    ),
    Case(
        "te.cl",
        "POST /a HTTP/1.1\r\nHost: crm.internal\r\n<A>Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n5c\r\n<S>\r\n0\r\n\r\n",
        Refused,
    ),
    Case(
        "cl.cl",
        "POST /a HTTP/1.1\r\nHost: crm.internal\r\n<A>Content-Length: 0\r\nContent-Length: 44\r\n\r\n<S>",
        Refused,
    ),
    Case(
        "cl twice alike",
        "POST /a HTTP/1.1\r\nHost: crm.internal\r\n<A>Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc<S>",
        Refused,
    ),
    Case(
        "cl list",
        "POST /a HTTP/1.1\r\nHost: crm.internal\r\n<A>Content-Length: 3, 3\r\n\r\nabc<S>",
        Refused,
    ),
    Case("cl plus", "POST /a HTTP/1.1\r\nHost: crm.internal\r\n<A>Content-Length: +3\r\n\r\nabc<S>", Refused),
    Case("cl minus", "POST /a HTTP/1.1\r\nHost: crm.internal\r\n<A>Content-Length: -1\r\n\r\n<S>", Refused),
    Case("cl hex", "POST /a HTTP/1.1\r\nHost: crm.internal\r\n<A>Content-Length: 0x3\r\n\r\nabc<S>", Refused),
    Case(
        "cl octal",
        "POST /a HTTP/1.1\r\nHost: crm.internal\r\n<A>Content-Length: 010\r\n\r\nabcdefgh<S>",
        Refused,
    ),
    Case(
        "cl fraction",
        "POST /a HTTP/1.1\r\nHost: crm.internal\r\n<A>Content-Length: 3.0\r\n\r\nabc<S>",
        Refused,
    ),
    Case(
        "cl exponent",
        "POST /a HTTP/1.1\r\nHost: crm.internal\r\n<A>Content-Length: 3e0\r\n\r\nabc<S>",
        Refused,
    ),
    Case(
        "cl two words",
        "POST /a HTTP/1.1\r\nHost: crm.internal\r\n<A>Content-Length: 3 4\r\n\r\nabc<S>",
        Refused,
    ),
    Case("cl empty", "POST /a HTTP/1.1\r\nHost: crm.internal\r\n<A>Content-Length:\r\n\r\n<S>", Refused),
    Case(
        "cl overflow",
        "POST /a HTTP/1.1\r\nHost: crm.internal\r\n<A>Content-Length: 18446744073709551619\r\n\r\nabc<S>",
        Refused,
    ),
    Case("cl alias", "POST /a HTTP/1.1\r\nHost: crm.internal\r\n<A>Content_Length: 44\r\n\r\n<S>", Refused),
    Case(
        "cl dotted alias",
        "POST /a HTTP/1.1\r\nHost: crm.internal\r\n<A>Content.Length: 44\r\n\r\n<S>",
        Refused,
    ),
    Case(
        "te alias",
        "POST /a HTTP/1.1\r\nHost: crm.internal\r\n<A>Content-Length: 5\r\nTransfer_Encoding: chunked\r\n\r\n0\r\n\r\n<S>",
        Refused,
    ),
    Case(
        "cl space before colon",
        "POST /a HTTP/1.1\r\nHost: crm.internal\r\n<A>Content-Length : 44\r\n\r\n<S>",
        Refused,
    ),
    Case(
        "te space before colon",
        "POST /a HTTP/1.1\r\nHost: crm.internal\r\n<A>Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n<S>",
        Refused,
    ),
    Case(
        "te tab before colon",
        "POST /a HTTP/1.1\r\nHost: crm.internal\r\n<A>Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n<S>",
        Refused,
    ),
    Case(
        "te folded",
        "POST /a HTTP/1.1\r\nHost: crm.internal\r\n<A>Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n<S>",
        Refused,
    ),
    Case(
        "te in a folded line",
        "POST /a HTTP/1.1\r\nHost: crm.internal\r\n<A>X: y\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n<S>",
        Refused,
    ),
    Case(
        "te behind a bare lf",
        "POST /a HTTP/1.1\r\nHost: crm.internal\r\n<A>X: y\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n<S>",
        Refused,
    ),
    Case(
        "te behind a bare cr",
        "POST /a HTTP/1.1\r\nHost: crm.internal\r\n<A>X: y\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n<S>",
        Refused,
    ),
    Case(
        "te behind nul",
        "POST /a HTTP/1.1\r\nHost: crm.internal\r\n<A>Transfer-Encoding: chunked\0\r\n\r\n0\r\n\r\n<S>",
        Refused,
    ),
    Case(
        "te vertical tab",
        "POST /a HTTP/1.1\r\nHost: crm.internal\r\n<A>Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n<S>",
        Refused,
    ),
    Case(
        "te list",
        "POST /a HTTP/1.1\r\nHost: crm.internal\r\n<A>Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n<S>",
        Refused,
    ),
    Case(
        "te chunked twice",
        "POST /a HTTP/1.1\r\nHost: crm.internal\r\n<A>Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n<S>",
        Refused,
    ),
    Case(
        "te chunked and cow",
        "POST /a HTTP/1.1\r\nHost: crm.internal\r\n<A>Transfer-Encoding: chunked\r\nTransfer-Encoding: cow\r\n\r\n0\r\n\r\n<S>",
        Refused,
    ),
    Case(
        "te identity",
        "POST /a HTTP/1.1\r\nHost: crm.internal\r\n<A>Transfer-Encoding: identity\r\nContent-Length: 3\r\n\r\nabc<S>",
        Refused,
    ),
    Case(
        "te xchunked",
        "POST /a HTTP/1.1\r\nHost: crm.internal\r\n<A>Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n<S>",
        Refused,
    ),
    Case(
        "te quoted",
        "POST /a HTTP/1.1\r\nHost: crm.internal\r\n<A>Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n<S>",
        Refused,
    ),
    Case(
        "te comma",
        "POST /a HTTP/1.1\r\nHost: crm.internal\r\n<A>Transfer-Encoding: ,chunked\r\n\r\n0\r\n\r\n<S>",
        Refused,
    ),
    Case(
        "te in 1.0",
        "POST /a HTTP/1.0\r\nHost: crm.internal\r\n<A>Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n<S>",
        Refused,
    ),
    Case(
        "get with a body",
        "GET /a HTTP/1.1\r\nHost: crm.internal\r\n<A>Content-Length: 44\r\n\r\n<S>",
        Refused,
    ),
    Case(
        "get with chunks",
        "GET /a HTTP/1.1\r\nHost: crm.internal\r\n<A>Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n<S>",
        Refused,
    ),
    Case(
        "head with a body",
        "HEAD /a HTTP/1.1\r\nHost: crm.internal\r\n<A>Content-Length: 44\r\n\r\n<S>",
        Refused,
    ),
    // Lines.
    Case("leading crlf", "\r\nGET /a HTTP/1.1\r\nHost: crm.internal\r\n<A>\r\n<S>", Refused),
    Case("all lf", "GET /a HTTP/1.1\nHost: crm.internal\n\n<S>", Refused),
    Case("lf ends the head", "GET /a HTTP/1.1\r\nHost: crm.internal\r\n<A>\n<S>", Refused),
    Case("first header folded", "GET /a HTTP/1.1\r\n Host: crm.internal\r\n<A>\r\n<S>", Refused),
    Case("no colon", "GET /a HTTP/1.1\r\nHost: crm.internal\r\n<A>Content-Length\r\n\r\n<S>", Refused),
    Case("no name", "GET /a HTTP/1.1\r\nHost: crm.internal\r\n<A>: x\r\n\r\n<S>", Refused),
    Case("name in brackets", "GET /a HTTP/1.1\r\nHost: crm.internal\r\n<A>[x]: y\r\n\r\n<S>", Refused),
    Case("nul in a name", "GET /a HTTP/1.1\r\nHost: crm.internal\r\n<A>X\0: y\r\n\r\n<S>", Refused),
    // Request line.
    Case("no version", "GET /a\r\nHost: crm.internal\r\n<A>\r\n<S>", Refused),
    Case("version 0.9", "GET /a HTTP/0.9\r\nHost: crm.internal\r\n<A>\r\n<S>", Refused),
    Case("version 1.10", "GET /a HTTP/1.10\r\nHost: crm.internal\r\n<A>\r\n<S>", Refused),
    Case("version 2.0", "GET /a HTTP/2.0\r\nHost: crm.internal\r\n<A>\r\n<S>", Refused),
    Case("version in lower case", "GET /a http/1.1\r\nHost: crm.internal\r\n<A>\r\n<S>", Refused),
    Case("space in the target", "GET /a /smuggled HTTP/1.1\r\nHost: crm.internal\r\n<A>\r\n", Refused),
    Case(
        "request in the target",
        "GET /a HTTP/1.1 /smuggled HTTP/1.1\r\nHost: crm.internal\r\n<A>\r\n",
        Refused,
    ),
    Case("tab in the request line", "GET\t/a HTTP/1.1\r\nHost: crm.internal\r\n<A>\r\n<S>", Refused),
    Case("method in lower case", "get /a HTTP/1.1\r\nHost: crm.internal\r\n<A>\r\n<S>", Refused),
    Case("connect", "CONNECT crm.internal:443 HTTP/1.1\r\nHost: crm.internal:443\r\n<A>\r\n<S>", Refused),
    Case("trace", "TRACE /a HTTP/1.1\r\nHost: crm.internal\r\n<A>\r\n", Refused),
    Case("options of the server", "OPTIONS * HTTP/1.1\r\nHost: crm.internal\r\n<A>\r\n", Refused),
    Case("h2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n<S>", Refused),
    // Host.
    Case("no host", "GET /a HTTP/1.1\r\n<A>\r\n<S>", Refused),
    Case("no host in 1.0", "GET /a HTTP/1.0\r\n<A>\r\n<S>", Refused),
    Case("empty host", "GET /a HTTP/1.1\r\nHost:\r\n<A>\r\n<S>", Refused),
    Case("two hosts", "GET /a HTTP/1.1\r\nHost: crm.internal\r\nHost: other.internal\r\n<A>\r\n<S>", Refused),
    Case(
        "the same host twice",
        "GET /a HTTP/1.1\r\nHost: crm.internal\r\n<A>Host: crm.internal\r\n\r\n<S>",
        Refused,
    ),
    Case("host list", "GET /a HTTP/1.1\r\nHost: crm.internal, other.internal\r\n<A>\r\n<S>", Refused),
    Case("host with user", "GET /a HTTP/1.1\r\nHost: crm.internal@other.internal\r\n<A>\r\n<S>", Refused),
    Case("host with path", "GET /a HTTP/1.1\r\nHost: crm.internal/smuggled\r\n<A>\r\n<S>", Refused),
    Case(
        "host alias",
        "GET /a HTTP/1.1\r\nHost: crm.internal\r\n<A>X_Forwarded_Host: other.internal\r\n\r\n<S>",
        Refused,
    ),
    Case(
        "absolute form differs",
        "GET http://other.internal/a HTTP/1.1\r\nHost: crm.internal\r\n<A>\r\n<S>",
        Refused,
    ),
    // Targets.
    Case("dot segments", "GET /a/../smuggled HTTP/1.1\r\nHost: crm.internal\r\n<A>\r\n", Refused),
    Case("encoded dot segments", "GET /a/%2e%2E/smuggled HTTP/1.1\r\nHost: crm.internal\r\n<A>\r\n", Refused),
    Case(
        "dot segment with a parameter",
        "GET /a/..;/smuggled HTTP/1.1\r\nHost: crm.internal\r\n<A>\r\n",
        Refused,
    ),
    Case("empty segment", "GET //smuggled HTTP/1.1\r\nHost: crm.internal\r\n<A>\r\n", Refused),
    Case("encoded slash", "GET /a%2fsmuggled HTTP/1.1\r\nHost: crm.internal\r\n<A>\r\n", Refused),
    Case("backslash", "GET /a\\smuggled HTTP/1.1\r\nHost: crm.internal\r\n<A>\r\n", Refused),
    Case("encoded twice", "GET /a%252fsmuggled HTTP/1.1\r\nHost: crm.internal\r\n<A>\r\n", Refused),
    Case("encoded nul", "GET /a%00/smuggled HTTP/1.1\r\nHost: crm.internal\r\n<A>\r\n", Refused),
    Case("encoded line end", "GET /a%0d%0ax HTTP/1.1\r\nHost: crm.internal\r\n<A>\r\n", Refused),
    Case("fragment", "GET /a#/smuggled HTTP/1.1\r\nHost: crm.internal\r\n<A>\r\n", Refused),
    Case("raw utf-8", "GET /客户 HTTP/1.1\r\nHost: crm.internal\r\n<A>\r\n", Refused),
    Case("overlong utf-8", "GET /a%c0%afsmuggled HTTP/1.1\r\nHost: crm.internal\r\n<A>\r\n", Refused),
    // Headers that change what a server behind does.
    Case(
        "upgrade",
        "GET /a HTTP/1.1\r\nHost: crm.internal\r\n<A>Connection: upgrade\r\nUpgrade: websocket\r\n\r\n<S>",
        Refused,
    ),
    Case(
        "h2c",
        "GET /a HTTP/1.1\r\nHost: crm.internal\r\n<A>Connection: HTTP2-Settings\r\nHTTP2-Settings: AAMA\r\n\r\n<S>",
        Refused,
    ),
    Case(
        "connection takes credentials",
        "GET /a HTTP/1.1\r\nHost: crm.internal\r\n<A>Connection: close, authorization\r\n\r\n<S>",
        Refused,
    ),
    Case(
        "connection takes the host",
        "GET /a HTTP/1.1\r\nHost: crm.internal\r\n<A>Connection: host\r\n\r\n<S>",
        Refused,
    ),
    Case(
        "connection takes the length",
        "POST /a HTTP/1.1\r\nHost: crm.internal\r\n<A>Connection: content-length\r\nContent-Length: 3\r\n\r\nabc<S>",
        Refused,
    ),
    Case(
        "connection takes the purpose",
        "GET /a HTTP/1.1\r\nHost: crm.internal\r\n<A>Connection: yingbi-purpose\r\n\r\n<S>",
        Refused,
    ),
    Case(
        "method override",
        "POST /a HTTP/1.1\r\nHost: crm.internal\r\n<A>X-HTTP-Method-Override: DELETE\r\nContent-Length: 0\r\n\r\n",
        Refused,
    ),
    Case(
        "target override",
        "GET /a HTTP/1.1\r\nHost: crm.internal\r\n<A>X-Original-URL: /smuggled\r\n\r\n",
        Refused,
    ),
    Case(
        "gateway's own header",
        "GET /a HTTP/1.1\r\nHost: crm.internal\r\n<A>Yingbi-Subject: 1\r\n\r\n<S>",
        Refused,
    ),
    Case(
        "unknown expectation",
        "POST /a HTTP/1.1\r\nHost: crm.internal\r\n<A>Expect: 200-maybe\r\nContent-Length: 44\r\n\r\n<S>",
        Refused,
    ),
    Case("two credentials", "GET /a HTTP/1.1\r\nHost: crm.internal\r\n<A><A>\r\n<S>", Refused),
    // What has one reading.
    Case("plain", "GET /a?b=1 HTTP/1.1\r\nHost: crm.internal\r\n<A>\r\n", One("GET", "/a?b=1", "")),
    Case(
        "normalised",
        "GET /%61/%7e%e5%ae%a2 HTTP/1.1\r\nHost: CRM.internal\r\n<A>\r\n",
        One("GET", "/a/~%E5%AE%A2", ""),
    ),
    Case(
        "absolute form",
        "GET http://crm.internal/a HTTP/1.1\r\nHost: crm.internal\r\n<A>\r\n",
        One("GET", "/a", ""),
    ),
    Case(
        "request in a body",
        "POST /a HTTP/1.1\r\nHost: crm.internal\r\n<A>Content-Type: text/plain\r\nContent-Length: 24\r\n\r\nGET /smuggled HTTP/1.1\r\n",
        One("POST", "/a", "GET /smuggled HTTP/1.1\r\n"),
    ),
    Case(
        "chunks",
        "POST /a HTTP/1.1\r\nHost: crm.internal\r\n<A>Content-Type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
        One("POST", "/a", "abc"),
    ),
    Case(
        "length 0",
        "POST /a HTTP/1.1\r\nHost: crm.internal\r\n<A>Content-Length: 0\r\n\r\n",
        One("POST", "/a", ""),
    ),
];

/// Bodies in chunks, the head being good.
pub(super) const CHUNKS: &[Case] = &[
    Case("size overflows", "100000000000000003\r\nabc\r\n0\r\n\r\n<S>", Refused),
    Case("size of 5 GiB wraps", "100000003\r\nabc\r\n0\r\n\r\n<S>", Refused),
    Case("size with plus", "+3\r\nabc\r\n0\r\n\r\n", Refused),
    Case("size with minus", "-3\r\nabc\r\n0\r\n\r\n", Refused),
    Case("size with 0x", "0x3\r\nabc\r\n0\r\n\r\n", Refused),
    Case("no size", "\r\nabc\r\n0\r\n\r\n", RefusedOrOne("")),
    Case("size of no digit", "xyz\r\nabc\r\n0\r\n\r\n", Refused),
    Case("size ends in lf", "3\nabc\r\n0\r\n\r\n", Refused),
    Case("size ends in cr", "3\rabc\r\n0\r\n\r\n", Refused),
    Case("extension ends in lf", "3;\nxx\r\n4c\r\n0\r\n\r\n<S>", Refused),
    Case("data longer than its size", "3\r\nabcdef\r\n0\r\n\r\n", Refused),
    Case("data without its end", "3\r\nabc0\r\n\r\n<S>", Refused),
    Case("data ends in lf", "3\r\nabc\n0\r\n\r\n", Refused),
    Case("last chunk ends in lf", "3\r\nabc\r\n0\n\n", Refused),
    Case("extension", "3;a=b\r\nabc\r\n0\r\n\r\n", RefusedOrOne("abc")),
    Case("quoted extension", "3;a=\"\r\n\"\r\nabc\r\n0\r\n\r\n", RefusedOrOne("abc")),
    Case("space after the size", "3 \r\nabc\r\n0\r\n\r\n", RefusedOrOne("abc")),
    Case("zeros before the size", "0003\r\nabc\r\n0\r\n\r\n", RefusedOrOne("abc")),
    Case(
        "trailers",
        "3\r\nabc\r\n0\r\nContent-Length: 44\r\nHost: other.internal\r\n\r\n",
        RefusedOrOne("abc"),
    ),
];
