//! The request as the API behind gets it: built afresh from what was understood, never the client's bytes.

use super::connection::Peer;
use super::front::{Body, Head};
use super::headers;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use pingora_http::RequestHeader;

/// What the gateway itself knows of a request and says to the API behind.
pub struct Said<'a> {
    /// Id of the decision, sent as `X-Request-Id` when the client sent none.
    pub decision_id: &'a str,
    /// Whether the credential was the gateway's own (an API token): it goes no further.
    pub keep_authorization: bool,
    /// Whether the answer may be treated.
    pub may_change: bool,
}

/// Builds the request; `None` when a part does not fit an HTTP head, which a canonical head always does.
pub fn upstream_request(head: &Head, peer: &Peer, said: &Said<'_>) -> Option<RequestHeader> {
    let target = head.target.as_str().as_bytes();
    let mut request =
        RequestHeader::build_no_case(head.method.clone(), target, Some(head.headers.len() + 6)).ok()?;
    for (name, value) in headers::for_upstream(head, said.may_change) {
        if said.keep_authorization || name != AUTHORIZATION {
            request.append_header(name.clone(), value.clone()).ok()?;
        }
    }
    request.insert_header(HOST, head.host.to_string()).ok()?;
    match head.body {
        Body::Length(length) => request.insert_header(CONTENT_LENGTH, length).ok()?,
        Body::Chunked => request.insert_header(TRANSFER_ENCODING, "chunked").ok()?,
        Body::None if !head.method.is_safe() => request.insert_header(CONTENT_LENGTH, 0).ok()?,
        Body::None => {}
    }
    request.insert_header("accept-encoding", "identity").ok()?;
    if let Some(address) = peer.address {
        request.insert_header("x-forwarded-for", address.to_string()).ok()?;
    }
    request.insert_header("x-forwarded-proto", if peer.tls { "https" } else { "http" }).ok()?;
    if head.header("x-request-id").is_none() {
        request.insert_header("x-request-id", said.decision_id).ok()?;
    }
    Some(request)
}
