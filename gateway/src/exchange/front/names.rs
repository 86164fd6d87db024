//! Header names that the gateway manages, their aliases, and what `Connection` may name.

use super::HeadError;

/// Checks a name in lower case: no alias of a managed name, no reserved or overriding one.
///
/// `odd`: the name holds token characters beyond letters, digits and hyphens.
pub(super) fn check(name: &str, odd: bool) -> Result<(), HeadError> {
    if odd {
        return check_alias(name);
    }
    match name.as_bytes() {
        [b'y', ..] if name.starts_with("yingbi-") && !CLIENT_YINGBI.contains(&name) => {
            Err(HeadError::Reserved)
        }
        [b'x', ..] if OVERRIDES.contains(&name) => Err(HeadError::Override),
        [b'h', ..] if name == "http2-settings" => Err(HeadError::Upgrade),
        _ => Ok(()),
    }
}

/// Gateways of the CGI family turn whatever is no letter or digit into `_`, so `Content.Length` and `Content!Length`
/// may reach an application as `CONTENT_LENGTH`.
fn check_alias(name: &str) -> Result<(), HeadError> {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    let managed = is_managed(&plain) || OVERRIDES.contains(&plain.as_str()) || is_end_to_end(&plain);
    if managed || is_hop_by_hop(&plain) { Err(HeadError::Alias) } else { Ok(()) }
}

/// Whether the gateway reads, sets or removes headers of this name (lower case).
pub(super) fn is_managed(name: &str) -> bool {
    MANAGED.contains(&name) || MANAGED_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Whether a name (lower case) may appear once only.
pub(super) fn is_single(name: &str) -> bool {
    SINGLE.contains(&name) || CLIENT_YINGBI.contains(&name)
}

/// Whether a header of this name (lower case) is between two neighbours only (RFC 9110 §7.6.1).
pub fn is_hop_by_hop(name: &str) -> bool {
    HOP_BY_HOP.contains(&name)
}

/// Whether a header of this name (lower case) is meant for the far end, so that no `Connection` may take it away.
pub fn is_end_to_end(name: &str) -> bool {
    is_managed(name) && !is_hop_by_hop(name)
        || END_TO_END.contains(&name)
        || name.starts_with("content-")
        || name.starts_with("if-")
        || name.starts_with("accept")
}

/// What a `Connection` header says.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ConnectionOptions {
    pub(super) close: bool,
    pub(super) keep_alive: bool,
}

impl ConnectionOptions {
    /// Reads one `Connection` value.
    pub(super) fn read(&mut self, value: &[u8]) -> Result<(), HeadError> {
        for option in value.split(|byte| *byte == b',') {
            let option = option.trim_ascii();
            if option.is_empty() || !option.iter().all(|byte| super::parse::is_token(*byte)) {
                return Err(HeadError::ConnectionOption);
            }
            let lower = option.to_ascii_lowercase();
            match lower.as_slice() {
                b"close" => self.close = true,
                b"keep-alive" => self.keep_alive = true,
                b"upgrade" | b"http2-settings" => return Err(HeadError::Upgrade),
                name => check_named(name)?,
            }
        }
        Ok(())
    }
}

fn check_named(name: &[u8]) -> Result<(), HeadError> {
    let plain: String =
        name.iter().map(|byte| if byte.is_ascii_alphanumeric() { char::from(*byte) } else { '-' }).collect();
    // `transfer-encoding` is hop by hop, but to take it away would change where the body ends.
    if is_end_to_end(&plain) || plain == "transfer-encoding" {
        Err(HeadError::ConnectionOption)
    } else {
        Ok(())
    }
}

/// The `Yingbi-` headers that a client may send; the probe is the gateway's own, and refused from anyone who does not
/// know its secret.
const CLIENT_YINGBI: &[&str] = &["yingbi-purpose", "yingbi-ticket", "yingbi-consent", "yingbi-probe"];

/// Headers by which frameworks let a client say another method, path or host than the request line does.
const OVERRIDES: &[&str] = &[
    "x-http-method-override",
    "x-http-method",
    "x-method-override",
    "x-original-url",
    "x-original-uri",
    "x-original-method",
    "x-original-host",
    "x-rewrite-url",
    "x-host",
];

const MANAGED: &[&str] = &[
    "host",
    "content-length",
    "content-encoding",
    "content-type",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "proxy-connection",
    "authorization",
    "proxy-authorization",
    "forwarded",
    "via",
    "x-real-ip",
    "x-request-id",
    "traceparent",
    "tracestate",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "cookie",
    "range",
    "accept-encoding",
];

const MANAGED_PREFIXES: &[&str] = &["yingbi-", "x-forwarded-"];

const SINGLE: &[&str] =
    &["host", "authorization", "content-type", "content-encoding", "expect", "traceparent", "x-request-id"];

const HOP_BY_HOP: &[&str] = &[
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-authentication-info",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "http2-settings",
];

const END_TO_END: &[&str] = &[
    "range",
    "cookie",
    "cache-control",
    "pragma",
    "date",
    "origin",
    "referer",
    "user-agent",
    "from",
    "prefer",
    "vary",
    "age",
    "warning",
    "max-forwards",
];
