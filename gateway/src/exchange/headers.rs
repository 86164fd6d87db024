//! Which headers travel: fresh ones are built, known ones are left out, the rest is carried over by name.
//!
//! Towards the upstream: nothing hop-by-hop, nothing by which a client could claim an identity or an address, nothing
//! that only the gateway says. Towards the client: nothing that describes the upstream's bytes (lengths, digests,
//! validators) once they may have changed, nothing that tells about the server (T/TSAC 001—2025 8.5.3 c); every value
//! that is left must still be treated as text, for an upstream may put anything into any header. Trailers and the
//! reason phrase are never carried over.

use super::charset::has_long_number;
use super::front::{Head, is_hop_by_hop};
use http::header::{HeaderMap, HeaderName, HeaderValue};
use yingbi_taxonomy::Level;

/// What may happen to an answer on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its body may be treated, so that nothing said about the upstream's bytes holds.
    pub may_change: bool,
    /// No cache may keep it; see [`no_store`].
    pub no_store: bool,
}

/// The headers of a request that go upstream. The caller adds `Host`, the framing of the body, `Accept-Encoding` and
/// what it says itself (`Forwarded`, `traceparent`).
///
/// `may_change`: the answer's body may be treated, so a client can hold no piece of it nor judge it by a validator.
pub fn for_upstream(head: &Head, may_change: bool) -> impl Iterator<Item = &(HeaderName, HeaderValue)> {
    let safe = head.method.is_safe();
    let named = ConnectionNamed::of(head.headers_named("connection").map(HeaderValue::as_bytes));
    head.headers.iter().filter(move |(name, _)| {
        let name = name.as_str();
        goes_upstream(name, may_change, safe) && !named.contains(name)
    })
}

/// The headers of an answer that may go to the client, once treated. Values that can't be inspected are left out: what
/// is no ASCII, plainly or percent-encoded, for a name of a person has no other mark in a header that is named
/// anyhow; and numbers so long that they may be a person's. The caller adds `Content-Length`, `Content-Encoding`, `Content-Type` as it sends them and, when
/// asked for, `Cache-Control: no-store`.
pub fn for_client(headers: &HeaderMap, answer: Answer) -> impl Iterator<Item = (&HeaderName, &str)> {
    let named = ConnectionNamed::of(headers.get_all("connection").iter().map(HeaderValue::as_bytes));
    headers.iter().filter_map(move |(name, value)| {
        let kept = goes_to_client(name.as_str(), answer) && !named.contains(name.as_str());
        let text = std::str::from_utf8(value.as_bytes())
            .ok()
            .filter(|text| kept && is_plain(name.as_str(), text))?;
        Some((name, text))
    })
}

/// Whether a request header of this name (lower case) goes upstream. `safe`: the method is GET, HEAD or OPTIONS.
///
/// Conditions on writes (`If-Match` on PUT) are kept: to drop them would turn a guarded write into a blind one.
pub fn goes_upstream(name: &str, may_change: bool, safe: bool) -> bool {
    if is_hop_by_hop(name) || SET_BY_GATEWAY.contains(&name) || CLAIMS.contains(&name) {
        return false;
    }
    if CLAIM_PREFIXES.iter().any(|prefix| name.starts_with(prefix)) {
        return false;
    }
    match name {
        "range" | "if-range" => !may_change,
        "if-none-match" | "if-modified-since" | "if-match" | "if-unmodified-since" => !(may_change && safe),
        _ => true,
    }
}

/// Whether a request header of this name (lower case) says something about the bytes of its body, which no longer holds
/// once they are changed.
pub fn is_about_the_body(name: &str) -> bool {
    name == "content-encoding" || ABOUT_THE_BYTES.contains(&name)
}

/// Whether an answer's header of this name (lower case) may go to the client, once treated. A name is not treated, so
/// one that holds a long number stays behind.
pub fn goes_to_client(name: &str, answer: Answer) -> bool {
    if has_long_number(name) {
        return false;
    }
    if is_hop_by_hop(name) || SAID_ANEW.contains(&name) || REVEALING.contains(&name) {
        return false;
    }
    if REVEALING_PREFIXES.iter().any(|prefix| name.starts_with(prefix)) {
        return false;
    }
    let stale = answer.may_change && ABOUT_THE_BYTES.contains(&name);
    let cached = answer.no_store && ABOUT_CACHING.contains(&name);
    !stale && !cached
}

fn is_plain(name: &str, value: &str) -> bool {
    let bytes = value.as_bytes();
    let encoded = |three: &[u8]| matches!(three, [b'%', b'8' | b'9' | b'a'..=b'f' | b'A'..=b'F', _]);
    let number_allowed = MAY_BE_LONG_NUMBERS.contains(&name);
    bytes.is_ascii()
        && !bytes.windows(3).any(encoded)
        && (number_allowed || longest_number(bytes) < PERSONAL_NUMBER_DIGITS)
}

fn longest_number(bytes: &[u8]) -> usize {
    let runs = bytes.split(|byte| !byte.is_ascii_digit());
    runs.map(<[u8]>::len).max().unwrap_or(0)
}

/// Whether caches must not keep an answer: it holds personal information of level 2 or above, or was treated for its
/// caller, whose view is not another's.
pub fn no_store(highest: Option<Level>, treated: bool) -> bool {
    treated || highest.is_some_and(|level| level >= Level::L2)
}

/// `Cache-Control` of an answer that caches must not keep.
pub const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// The names that `Connection` lists beyond its own options; mostly none.
struct ConnectionNamed(Vec<String>);

impl ConnectionNamed {
    fn of<'a>(values: impl Iterator<Item = &'a [u8]>) -> Self {
        let options = values.flat_map(|value| value.split(|byte| *byte == b',')).map(<[u8]>::trim_ascii);
        let named = options.filter(|option| {
            !option.is_empty()
                && !option.eq_ignore_ascii_case(b"close")
                && !option.eq_ignore_ascii_case(b"keep-alive")
        });
        ConnectionNamed(named.map(|name| String::from_utf8_lossy(name).to_ascii_lowercase()).collect())
    }

    fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|named| named == name)
    }
}

/// The gateway says these itself; `Accept-Encoding` because it must be able to read the answer.
const SET_BY_GATEWAY: &[&str] = &["host", "content-length", "expect", "accept-encoding", "forwarded", "via"];

/// By these a client could claim an address, an identity or a certificate that servers behind may believe.
const CLAIMS: &[&str] = &[
    "x-real-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-originating-ip",
    "x-remote-ip",
    "x-remote-addr",
    "x-remote-user",
    "remote-user",
    "true-client-ip",
    "cf-connecting-ip",
    "fastly-client-ip",
    "x-authenticated-user",
    "x-authenticated-userid",
    "x-auth-request-user",
    "x-auth-request-email",
    "x-client-cert",
    "x-client-dn",
    "client-cert",
    "client-cert-chain",
    "x-forwarded",
    "x-accel-internal",
];
const CLAIM_PREFIXES: &[&str] =
    &["yingbi-", "x-forwarded-", "x-ssl-client", "ssl-client", "x-envoy-", "x-webauth-"];

/// A mobile number's, the shortest that identifies a person by itself.
const PERSONAL_NUMBER_DIGITS: usize = 11;

/// Ids of traces are long numbers in some systems; they are treated all the same.
const MAY_BE_LONG_NUMBERS: &[&str] =
    &["x-request-id", "x-trace-id", "x-b3-traceid", "traceparent", "tracestate"];

/// What the gateway says about the answer as it sends it.
const SAID_ANEW: &[&str] = &["content-length", "content-encoding", "content-type", "alt-svc"];

/// What tells about the server, or steers servers in between.
const REVEALING: &[&str] = &[
    "server",
    "via",
    "x-powered-by",
    "x-powered-cms",
    "x-aspnet-version",
    "x-aspnetmvc-version",
    "x-application-context",
    "x-generator",
    "x-runtime",
    "x-backend",
    "x-backend-server",
    "x-served-by",
    "x-server-name",
    "x-upstream",
    "x-exception",
    "x-error",
    "x-stacktrace",
    "x-stack-trace",
    "x-trace",
    "x-sql",
    "x-query",
    "x-sourcemap",
    "sourcemap",
    "server-timing",
    "x-sendfile",
    "x-reproxy-url",
    "x-clacks-overhead",
];
const REVEALING_PREFIXES: &[&str] = &[
    "yingbi-",
    "x-debug",
    "x-accel-",
    "x-envoy-",
    "x-litespeed-",
    "x-varnish",
    "x-chromelogger",
    "x-wf-",
    "x-php-",
];

/// What holds for the upstream's bytes only. `Last-Modified` is a validator too.
const ABOUT_THE_BYTES: &[&str] = &[
    "etag",
    "last-modified",
    "accept-ranges",
    "content-range",
    "content-md5",
    "digest",
    "content-digest",
    "repr-digest",
    "want-digest",
    "want-content-digest",
    "want-repr-digest",
    "signature",
    "signature-input",
    "x-content-signature",
    "x-amz-checksum-sha256",
    "x-goog-hash",
];

const ABOUT_CACHING: &[&str] = &[
    "cache-control",
    "expires",
    "pragma",
    "age",
    "etag",
    "last-modified",
    "cdn-cache-control",
    "surrogate-control",
    "cloudflare-cdn-cache-control",
    "cache-status",
];

#[cfg(test)]
mod tests;
