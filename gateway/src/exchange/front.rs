//! The strict head reader: nothing ambiguous reaches the parser or the upstream.
//!
//! It stands before Pingora's parser and reads one HTTP/1 request head from the stream, under a size limit and a
//! deadline that runs from the first byte and is not renewed by later ones. Whatever two servers could read in two
//! ways is refused ([`HeadError`] is the whole list); what is accepted has one method, one canonical target, one host,
//! one body length and headers whose names no server behind will take for others.
//!
//! Choices where RFC 9110 and 9112 leave one:
//! - a request always names its host, HTTP/1.0 too, for policies match on it;
//! - GET and HEAD take no body (`Content-Length: 0` is let through and means none);
//! - an upgrade is refused, not ignored: the client is told what it won't get;
//! - any refusal ends the connection.
//!
//! The same bytes give the same outcome however they are split into reads.

mod error;
mod host;
mod names;
mod parse;

pub use error::{Close, HeadError, Refusal, Words};
pub use host::Host;
pub use names::{is_end_to_end, is_hop_by_hop};

use super::target::Target;
use bytes::{Bytes, BytesMut};
use http::{HeaderName, HeaderValue, Method};
use pingora_timeout::timeout;
use std::fmt;
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncReadExt};

/// Bounds on a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeadLimits {
    /// Bytes of the whole head, its last empty line counted in.
    pub bytes: usize,
    /// Header lines.
    pub headers: usize,
    /// Bytes of one header value.
    pub value: usize,
    /// From the first byte to the last.
    pub deadline: Duration,
}

impl Default for HeadLimits {
    fn default() -> Self {
        HeadLimits { bytes: 32 * 1024, headers: 100, value: 8 * 1024, deadline: Duration::from_secs(5) }
    }
}

/// One unambiguous request head.
#[derive(Clone)]
pub struct Head {
    /// GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS.
    pub method: Method,
    /// Canonical target; forward this, never the bytes received.
    pub target: Target,
    /// HTTP/1.1, else HTTP/1.0.
    pub version_11: bool,
    /// The one host.
    pub host: Host,
    /// Headers in order, names in lower case. `Host`, `Content-Length` and the like are among them;
    /// [`super::headers`] says which travel on.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The body that follows. A request without body that needs a length upstream (POST) is forwarded with length 0.
    pub body: Body,
    /// The client waits for `100 Continue` before it sends the body.
    pub expect_continue: bool,
    /// The client wants the connection kept.
    pub keep_alive: bool,
    /// Bytes of the head in the buffer; what follows them belongs to the body or to the next request.
    pub raw_len: usize,
}

/// How the body's end is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// There is none.
    None,
    /// By its length in bytes.
    Length(u64),
    /// By chunks.
    Chunked,
}

impl Head {
    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&HeaderValue> {
        self.headers.iter().find(|(of, _)| of.as_str() == name).map(|(_, value)| value)
    }

    /// All headers of this name, in order.
    pub fn headers_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a HeaderValue> {
        self.headers.iter().filter(move |(of, _)| of.as_str() == name).map(|(_, value)| value)
    }
}

/// Headers and target may hold personal information: only their number and size are shown.
impl fmt::Debug for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Head")
            .field("method", &self.method)
            .field("target", &self.target)
            .field("headers", &self.headers.len())
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}

/// Reads one head. `buffer` may hold bytes that came with the request before, and keeps everything read.
///
/// `Ok(None)`: the client closed, or sent nothing for `idle`, before any byte; close without an answer. Cancelling
/// the future loses nothing: what was read is in `buffer`, and a new call starts from there (with a new deadline).
///
/// # Errors
/// The head is refused: answer as [`HeadError::refusal`] says and close.
pub async fn read_head<S: AsyncRead + Unpin>(
    stream: &mut S,
    buffer: &mut BytesMut,
    limits: &HeadLimits,
    idle: Duration,
) -> Result<Option<Head>, HeadError> {
    if buffer.is_empty() {
        match timeout(idle, fill(stream, buffer)).await {
            Ok(Ok(0)) | Err(_) => return Ok(None),
            Ok(Ok(_)) => {}
            Ok(Err(error)) => return Err(error),
        }
    }
    let mut scan = parse::Scan::default();
    let mut deadline = None;
    loop {
        if let Some(lines) = scan.advance(buffer, limits)? {
            return parse::head(buffer, lines, limits).map(Some);
        }
        // The clock is read once a head comes in pieces, which few do.
        let deadline = *deadline.get_or_insert_with(|| Instant::now() + limits.deadline);
        let left = deadline.saturating_duration_since(Instant::now());
        match timeout(left, fill(stream, buffer)).await {
            Ok(Ok(0)) => return Err(HeadError::Truncated),
            Ok(Ok(_)) => {}
            Ok(Err(error)) => return Err(error),
            Err(_) => return Err(HeadError::Timeout),
        }
    }
}

/// Reads a head that is wholly in memory, as tests and benches have it; `None` when it is not complete.
///
/// # Errors
/// As [`read_head`].
pub fn parse_head(bytes: &[u8], limits: &HeadLimits) -> Result<Option<Head>, HeadError> {
    match parse::Scan::default().advance(bytes, limits)? {
        Some(lines) => parse::head(bytes, lines, limits).map(Some),
        None => Ok(None),
    }
}

async fn fill<S: AsyncRead + Unpin>(stream: &mut S, buffer: &mut BytesMut) -> Result<usize, HeadError> {
    if buffer.capacity() - buffer.len() < READ_BYTES / 4 {
        buffer.reserve(READ_BYTES);
    }
    stream.read_buf(buffer).await.map_err(|_| HeadError::Connection)
}

/// One read's room: most heads are smaller.
const READ_BYTES: usize = 4096;

/// The bytes of a head, shared by its header values.
type Shared = Bytes;

#[cfg(test)]
mod tests;
