//! From bytes to a head: first the lines, then what they say.

use super::names::{self, ConnectionOptions};
use super::{Body, Head, HeadError, HeadLimits, Host, Shared};
use crate::exchange::target::{Target, TargetError};
use http::{HeaderName, HeaderValue, Method};

/// Finds the lines of a head as it arrives. Its outcome depends on the bytes, not on how they came: every error is
/// tied to a position, and positions are looked at in order.
#[derive(Default)]
pub(super) struct Scan {
    line_start: usize,
    searched: usize,
    lines: usize,
    request_line: Option<RequestLine>,
}

/// The lines are complete.
pub(super) struct Lines {
    request_line: RequestLine,
    first_header: usize,
    end: usize,
    count: usize,
}

struct RequestLine {
    method: Method,
    target: Target,
    authority: Option<Host>,
    version_11: bool,
    len: usize,
}

impl Scan {
    /// Looks at what has arrived since; `None` when the head goes on.
    pub(super) fn advance(&mut self, bytes: &[u8], limits: &HeadLimits) -> Result<Option<Lines>, HeadError> {
        let full = bytes.len() >= limits.bytes;
        let bytes = bytes.get(..limits.bytes).unwrap_or(bytes);
        if bytes.first().is_some_and(|first| !first.is_ascii_alphabetic()) {
            return Err(HeadError::NotHttp);
        }
        while let Some(found) = memchr::memchr(b'\n', bytes.get(self.searched..).unwrap_or(&[])) {
            let newline = self.searched + found;
            let line = bytes.get(self.line_start..newline).unwrap_or(&[]);
            let line = line.strip_suffix(b"\r").ok_or(HeadError::LineEnd)?;
            let start = self.line_start;
            self.searched = newline + 1;
            self.line_start = newline + 1;
            match self.request_line.take() {
                None => self.request_line = Some(RequestLine::parse(line)?),
                Some(request_line) if line.is_empty() => {
                    let first_header = request_line.len;
                    return Ok(Some(Lines { request_line, first_header, end: start, count: self.lines }));
                }
                Some(request_line) => {
                    self.request_line = Some(request_line);
                    self.lines += 1;
                    if self.lines > limits.headers {
                        return Err(HeadError::TooManyHeaders);
                    }
                }
            }
        }
        self.searched = bytes.len();
        if full { Err(HeadError::TooLarge) } else { Ok(None) }
    }
}

impl RequestLine {
    fn parse(line: &[u8]) -> Result<RequestLine, HeadError> {
        if line.iter().any(|byte| matches!(byte, 0..=0x1f | 0x7f)) {
            return Err(if line.contains(&b'\r') { HeadError::LineEnd } else { HeadError::RequestLine });
        }
        let method_end = memchr::memchr(b' ', line).ok_or(HeadError::RequestLine)?;
        let version_start =
            memchr::memrchr(b' ', line).filter(|at| *at > method_end).ok_or(HeadError::RequestLine)?;
        let method = line.get(..method_end).unwrap_or(&[]);
        let target = line.get(method_end + 1..version_start).unwrap_or(&[]);
        let version_11 = version_11(line.get(version_start + 1..).unwrap_or(&[]))?;
        let method = known_method(method)?;
        if target.is_empty() || target.contains(&b' ') {
            return Err(HeadError::RequestLine);
        }
        if target == b"*" {
            // `OPTIONS *` asks about the server, which is no route.
            return Err(HeadError::Method);
        }
        let parsed = Target::parse(target)?;
        let authority = parsed.authority.map(Host::parse).transpose()?;
        Ok(RequestLine { method, target: parsed.target, authority, version_11, len: line.len() + 2 })
    }
}

/// Reads the headers once their lines are known.
pub(super) fn head(buffer: &[u8], lines: Lines, limits: &HeadLimits) -> Result<Head, HeadError> {
    let shared = Shared::copy_from_slice(buffer.get(lines.first_header..lines.end).unwrap_or(&[]));
    let block: &[u8] = &shared;
    let mut headers = Vec::with_capacity(lines.count);
    let mut seen = Seen::default();
    let mut start = 0;
    for newline in memchr::memchr_iter(b'\n', block) {
        let line =
            block.get(start..newline).and_then(|line| line.strip_suffix(b"\r")).ok_or(HeadError::LineEnd)?;
        let (name, value) = split(line)?;
        if value.len() > limits.value {
            return Err(HeadError::ValueTooLong);
        }
        // A slice of the shared copy: the values cost no allocation each. The type refuses control characters.
        let value = HeaderValue::from_maybe_shared(shared.slice_ref(value)).map_err(|_| control_in(value))?;
        seen.take(&name, value.as_bytes(), &headers)?;
        headers.push((name, value));
        start = newline + 1;
    }
    let RequestLine { method, target, authority, version_11, .. } = lines.request_line;
    let host = seen.host.ok_or(HeadError::Host)?;
    if authority.is_some_and(|authority| authority != host) {
        return Err(HeadError::HostMismatch);
    }
    let body = body(seen.content_length, seen.chunked, version_11)?;
    let bodyless = matches!(method, Method::GET | Method::HEAD);
    let body = match body {
        Body::Length(0) if bodyless => Body::None,
        Body::None => Body::None,
        _ if bodyless => return Err(HeadError::UnexpectedBody),
        body => body,
    };
    Ok(Head {
        expect_continue: seen.expect_continue && version_11 && !matches!(body, Body::None | Body::Length(0)),
        keep_alive: !seen.connection.close && (version_11 || seen.connection.keep_alive),
        raw_len: lines.end + 2,
        method,
        target,
        version_11,
        host,
        headers,
        body,
    })
}

/// Name in lower case and value without the white space around it.
fn split(line: &[u8]) -> Result<(HeaderName, &[u8]), HeadError> {
    if matches!(line.first(), Some(b' ' | b'\t')) {
        return Err(HeadError::Folded);
    }
    let mut odd = false;
    let mut len = 0;
    for byte in line {
        match class(*byte) {
            PLAIN => {}
            ODD => odd = true,
            _ => break,
        }
        len += 1;
    }
    let (name, rest) = line.split_at_checked(len).ok_or(HeadError::HeaderName)?;
    let value = match rest.split_first() {
        Some((b':', value)) if len > 0 => value,
        Some((b'\r', _)) => return Err(HeadError::LineEnd),
        _ => return Err(HeadError::HeaderName),
    };
    let name = HeaderName::from_bytes(name).map_err(|_| HeadError::HeaderName)?;
    names::check(name.as_str(), odd)?;
    let value = trim(value);
    Ok((name, value))
}

/// A bare CR may end a line for some reader behind.
fn control_in(value: &[u8]) -> HeadError {
    if value.contains(&b'\r') { HeadError::LineEnd } else { HeadError::HeaderValue }
}

/// What the framing, the host and the connection turn out to be.
#[derive(Default)]
struct Seen {
    host: Option<Host>,
    content_length: Option<u64>,
    chunked: bool,
    expect_continue: bool,
    connection: ConnectionOptions,
}

impl Seen {
    fn take(
        &mut self,
        name: &HeaderName,
        value: &[u8],
        before: &[(HeaderName, HeaderValue)],
    ) -> Result<(), HeadError> {
        let name = name.as_str();
        match name {
            "host" if self.host.is_some() => return Err(HeadError::Duplicate),
            "host" => self.host = Some(Host::parse(value)?),
            "content-length" if self.content_length.is_some() => return Err(HeadError::Framing),
            "content-length" => self.content_length = Some(content_length(value)?),
            "transfer-encoding" if self.chunked => return Err(HeadError::Framing),
            "transfer-encoding" if value.eq_ignore_ascii_case(b"chunked") => self.chunked = true,
            "transfer-encoding" => return Err(HeadError::TransferCoding),
            "connection" => self.connection.read(value)?,
            "upgrade" => return Err(HeadError::Upgrade),
            "expect" if !value.eq_ignore_ascii_case(b"100-continue") => return Err(HeadError::Expectation),
            "expect" if self.expect_continue => return Err(HeadError::Duplicate),
            "expect" => self.expect_continue = true,
            _ if names::is_single(name) => {
                if before.iter().any(|(of, _)| of.as_str() == name) {
                    return Err(HeadError::Duplicate);
                }
                if !value.is_ascii() {
                    return Err(HeadError::HeaderValue);
                }
            }
            _ => {}
        }
        Ok(())
    }
}

fn body(content_length: Option<u64>, chunked: bool, version_11: bool) -> Result<Body, HeadError> {
    match (content_length, chunked) {
        (Some(_), true) => Err(HeadError::Framing),
        // HTTP/1.0 knows no chunks; a server that ignores the header would take the body for a request.
        (None, true) if !version_11 => Err(HeadError::Framing),
        (None, true) => Ok(Body::Chunked),
        (Some(length), false) => Ok(Body::Length(length)),
        (None, false) => Ok(Body::None),
    }
}

/// Digits only. A leading zero is refused as well: some readers take it for octal.
fn content_length(value: &[u8]) -> Result<u64, HeadError> {
    match value {
        [] => return Err(HeadError::ContentLength),
        [b'0'] => return Ok(0),
        [b'0', ..] => return Err(HeadError::ContentLength),
        _ => {}
    }
    let mut length: u64 = 0;
    for byte in value {
        if !byte.is_ascii_digit() {
            return Err(HeadError::ContentLength);
        }
        length = length
            .checked_mul(10)
            .and_then(|tens| tens.checked_add(u64::from(byte - b'0')))
            .ok_or(HeadError::ContentLength)?;
    }
    // Beyond i64 some readers turn it negative.
    if i64::try_from(length).is_ok() { Ok(length) } else { Err(HeadError::ContentLength) }
}

fn version_11(version: &[u8]) -> Result<bool, HeadError> {
    match version {
        b"HTTP/1.1" => Ok(true),
        b"HTTP/1.0" => Ok(false),
        [b'H', b'T', b'T', b'P', b'/', major, b'.', minor]
            if major.is_ascii_digit() && minor.is_ascii_digit() =>
        {
            Err(HeadError::Version)
        }
        _ => Err(HeadError::RequestLine),
    }
}

fn known_method(method: &[u8]) -> Result<Method, HeadError> {
    Ok(match method {
        b"GET" => Method::GET,
        b"POST" => Method::POST,
        b"PUT" => Method::PUT,
        b"HEAD" => Method::HEAD,
        b"PATCH" => Method::PATCH,
        b"DELETE" => Method::DELETE,
        b"OPTIONS" => Method::OPTIONS,
        other if !other.is_empty() && other.iter().all(|byte| is_token(*byte)) => {
            return Err(HeadError::Method);
        }
        _ => return Err(HeadError::RequestLine),
    })
}

impl From<TargetError> for HeadError {
    fn from(error: TargetError) -> Self {
        match error {
            TargetError::TooLong => HeadError::TargetTooLong,
            TargetError::Form | TargetError::Character | TargetError::Encoding => HeadError::Target,
            TargetError::DotSegment
            | TargetError::EmptySegment
            | TargetError::EncodedSeparator
            | TargetError::DoubleEncoding
            | TargetError::Parameter => HeadError::AmbiguousPath,
            TargetError::Charset => HeadError::PathCharset,
        }
    }
}

/// Whether a byte may stand in a token (RFC 9110 §5.6.2).
pub(super) fn is_token(byte: u8) -> bool {
    matches!(class(byte), PLAIN | ODD)
}

/// Optional white space is space and tab, nothing else.
fn trim(value: &[u8]) -> &[u8] {
    let mut value = value;
    while let [b' ' | b'\t', rest @ ..] = value {
        value = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

fn class(byte: u8) -> u8 {
    CLASSES.get(usize::from(byte)).copied().unwrap_or(OTHER)
}

const OTHER: u8 = 0;
/// Letters, digits, hyphen.
const PLAIN: u8 = 1;
/// The other token characters.
const ODD: u8 = 2;

const CLASSES: [u8; 256] = {
    let mut table = [OTHER; 256];
    let mut byte = 0;
    while byte < 256 {
        #[expect(clippy::indexing_slicing, reason = "byte < 256, evaluated while compiling")]
        {
            table[byte] = match byte as u8 {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' => PLAIN,
                b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'.' | b'^' | b'_' | b'`' | b'|'
                | b'~' => ODD,
                _ => OTHER,
            };
        }
        byte += 1;
    }
    table
};
