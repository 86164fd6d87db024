//! The request as the API behind gets it: built afresh from what was understood, never the client's bytes.

use super::connection::Peer;
use super::front::{Body, Head};
use super::headers;
use http::Method;
use http::header::{AUTHORIZATION, HeaderName, HeaderValue};
use std::io::Write as _;

/// What the gateway itself knows of a request and says to the API behind.
pub struct Said<'a> {
    /// Id of the decision, sent as `X-Request-Id` when the client sent none.
    pub decision_id: &'a str,
    /// Whether the credential was the gateway's own (an API token): it goes no further.
    pub keep_authorization: bool,
    /// The header besides `Authorization` that credentials come in.
    pub token_header: Option<&'a HeaderName>,
    /// Whether the answer may be treated.
    pub may_change: bool,
    /// What goes on in place of what came.
    pub changed: &'a Changed,
}

/// What a request was changed to before it goes on.
#[derive(Debug, Default)]
pub struct Changed {
    /// Another query.
    pub query: Option<String>,
    /// The length of another body; its codings are undone.
    pub body: Option<usize>,
    /// Headers whose values are others.
    pub headers: Vec<ChangedHeader>,
}

/// A header that goes on otherwise than it came.
#[derive(Debug)]
pub struct ChangedHeader {
    /// Its name.
    pub name: HeaderName,
    /// As it came; values that came alike are treated alike.
    pub from: HeaderValue,
    /// As it goes on; `None`: not at all.
    pub to: Option<String>,
}

/// A request on its way.
pub struct Outgoing {
    /// Its method.
    pub method: Method,
    /// Its head as it is sent.
    pub head: Vec<u8>,
    /// The body that follows.
    pub body: Body,
}

/// Builds the request.
///
/// INVARIANT: target, host, names and values were read by the strict head reader, which lets no control character
/// through, so none of them can end its line; a changed query is percent-encoded anew where it was changed.
pub fn upstream_request(head: &Head, peer: &Peer, said: &Said<'_>) -> Outgoing {
    let mut lines = Lines(Vec::with_capacity(HEAD_BYTES));
    let method = head.method.as_str().as_bytes();
    match &said.changed.query {
        None => lines.push(&[method, b" ", head.target.as_str().as_bytes(), b" HTTP/1.1\r\n"]),
        Some(query) => {
            let path = head.target.path().as_bytes();
            lines.push(&[method, b" ", path, b"?", query.as_bytes(), b" HTTP/1.1\r\n"]);
        }
    }
    lines.display("host", &head.host);
    for (name, value) in headers::for_upstream(head, said.may_change) {
        let is_credential = name == AUTHORIZATION || Some(name) == said.token_header;
        let is_stale = said.changed.body.is_some() && headers::is_about_the_body(name.as_str());
        if (said.keep_authorization || !is_credential) && !is_stale {
            let changed = said.changed.headers.iter().find(|one| one.name == *name && one.from == *value);
            match changed.map(|changed| &changed.to) {
                None => lines.header(name.as_str(), value.as_bytes()),
                Some(Some(treated)) => lines.header(name.as_str(), treated.as_bytes()),
                Some(None) => {}
            }
        }
    }
    let body = said.changed.body.map_or(head.body, |length| Body::Length(length as u64));
    match body {
        Body::Length(length) => lines.display("content-length", length),
        Body::Chunked => lines.header("transfer-encoding", b"chunked"),
        Body::None if !head.method.is_safe() => lines.header("content-length", b"0"),
        Body::None => {}
    }
    lines.header("accept-encoding", b"identity");
    if let Some(address) = peer.address {
        lines.display("x-forwarded-for", address);
    }
    lines.header("x-forwarded-proto", if peer.tls { b"https" } else { b"http" });
    if head.header("x-request-id").is_none() {
        lines.header("x-request-id", said.decision_id.as_bytes());
    }
    lines.push(&[b"\r\n"]);
    Outgoing { method: head.method.clone(), head: lines.0, body }
}

struct Lines(Vec<u8>);

impl Lines {
    fn header(&mut self, name: &str, value: &[u8]) {
        self.push(&[name.as_bytes(), b": ", value, b"\r\n"]);
    }

    fn display(&mut self, name: &str, value: impl std::fmt::Display) {
        // Writing to memory does not fail.
        let _ = write!(self.0, "{name}: {value}\r\n");
    }

    fn push(&mut self, parts: &[&[u8]]) {
        for part in parts {
            self.0.extend_from_slice(part);
        }
    }
}

/// Most heads are smaller.
const HEAD_BYTES: usize = 1 << 10;
