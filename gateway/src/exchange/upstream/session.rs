//! One HTTP/1.1 exchange on one connection to the API behind: the request as it was built, the answer strictly read
//! (RFC 9112).
//!
//! What is read stays in one buffer that goes with the connection from exchange to exchange; a body of known length is
//! read past it, straight to where it is wanted. An answer that could be cut in two ways is refused, and a connection is
//! used again only when nothing on it is left unsaid by either side.

use super::super::forward::Outgoing;
use super::super::front::Body;
use super::body::{Broken as BodyBroken, Framing};
use bytes::{Buf, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use pingora_core::protocols::Stream;
use pingora_timeout::timeout;
use std::mem::MaybeUninit;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// A connection to the API behind and what was read of it beyond the last answer: nothing, while it is idle.
pub(super) struct Connection {
    pub stream: Stream,
    buffer: BytesMut,
}

/// An exchange under way.
pub(super) struct Session {
    connection: Connection,
    /// Longest wait for one write.
    write: Duration,
    /// What is yet to be sent of the request's body.
    unsent: Unsent,
    is_head: bool,
    /// Whether a byte of an answer has come.
    heard: bool,
    head: Option<Head>,
    framing: Framing,
}

/// The head of an answer.
pub(super) struct Head {
    pub status: StatusCode,
    pub headers: HeaderMap,
    keep_alive: bool,
}

/// What is yet to be sent of a request's body.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unsent {
    Bytes(u64),
    Chunks,
    Nothing,
}

/// Why an exchange can't go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// Closed or reset before a byte of an answer came.
    Unheard,
    /// Closed or reset later.
    Closed,
    /// One write or read took too long.
    Timeout,
    /// No answer of HTTP/1, or one with two readings.
    Malformed,
}

impl Connection {
    pub fn new(stream: Stream) -> Self {
        Connection { stream, buffer: BytesMut::new() }
    }
}

impl Session {
    pub fn new(connection: Connection, write: Duration) -> Self {
        Session {
            connection,
            write,
            unsent: Unsent::Nothing,
            is_head: false,
            heard: false,
            head: None,
            framing: Framing::None,
        }
    }

    /// Sends the head of a request.
    pub async fn send_head(&mut self, request: &Outgoing) -> Result<(), Broken> {
        self.is_head = request.method == http::Method::HEAD;
        self.unsent = match request.body {
            Body::None | Body::Length(0) => Unsent::Nothing,
            Body::Length(length) => Unsent::Bytes(length),
            Body::Chunked => Unsent::Chunks,
        };
        self.write(&request.head).await
    }

    /// Sends a piece of its body.
    pub async fn send_piece(&mut self, piece: &[u8]) -> Result<(), Broken> {
        match self.unsent {
            Unsent::Nothing => Err(Broken::Malformed),
            Unsent::Bytes(left) => {
                let left = left.checked_sub(piece.len() as u64).ok_or(Broken::Malformed)?;
                self.write(piece).await?;
                self.unsent = if left == 0 { Unsent::Nothing } else { Unsent::Bytes(left) };
                Ok(())
            }
            // An empty chunk would be the last one.
            Unsent::Chunks if piece.is_empty() => Ok(()),
            Unsent::Chunks => {
                let size = format!("{:x}\r\n", piece.len());
                self.write(&[size.as_bytes(), piece, b"\r\n"].concat()).await
            }
        }
    }

    /// Ends the request; one that is shorter than it said is none.
    pub async fn finish(&mut self) -> Result<(), Broken> {
        match self.unsent {
            Unsent::Nothing => Ok(()),
            Unsent::Bytes(_) => Err(Broken::Malformed),
            Unsent::Chunks => {
                self.write(b"0\r\n\r\n").await?;
                self.unsent = Unsent::Nothing;
                Ok(())
            }
        }
    }

    /// Reads the final head, passing over interim ones: their headers may hold personal information and nobody needs
    /// them. Cancelling loses nothing; what was read is kept.
    pub async fn head(&mut self) -> Result<&Head, Broken> {
        while self.head.is_none() {
            match self.parse()? {
                Some((head, framing)) => (self.head, self.framing) = (Some(head), framing),
                None => self.fill().await?,
            }
        }
        self.head.as_ref().ok_or(Broken::Malformed)
    }

    /// The final head and nothing else, once it was read.
    pub fn take_headers(&mut self) -> Option<(StatusCode, HeaderMap)> {
        let head = self.head.as_mut()?;
        Some((head.status, std::mem::take(&mut head.headers)))
    }

    /// Appends what comes next of the body, mostly one read; whether there may be more.
    pub async fn body(&mut self, into: &mut Vec<u8>, silence: Duration) -> Result<bool, Broken> {
        let before = into.len();
        loop {
            let Connection { stream, buffer } = &mut self.connection;
            self.framing.take(buffer, into)?;
            if self.framing == Framing::None || into.len() > before {
                return Ok(self.framing != Framing::None);
            }
            let read = match self.framing.plain() {
                // What is buffered is used up, so a long rest goes past the buffer.
                Some(left) if left >= READ_BYTES as u64 => {
                    let room = left.min(PIECE);
                    into.reserve(usize::try_from(room).unwrap_or_default());
                    timeout(silence, stream.take(room).read_buf(into)).await
                }
                _ => {
                    buffer.reserve(READ_BYTES);
                    timeout(silence, stream.read_buf(buffer)).await
                }
            };
            match read {
                Ok(Ok(0)) => self.framing.closed()?,
                Ok(Ok(_)) => self.framing.passed(into.len() - before),
                Ok(Err(_)) => return Err(Broken::Closed),
                Err(_) => return Err(Broken::Timeout),
            }
        }
    }

    /// The connection, if another exchange may follow on it; closed, if none may.
    pub async fn reuse(self) -> Option<Connection> {
        let keep = self.head.as_ref().is_some_and(|head| head.keep_alive);
        let done = self.framing == Framing::None && self.unsent == Unsent::Nothing;
        // More bytes than the answer has may be another answer, to nobody.
        if keep && done && self.connection.buffer.is_empty() {
            return Some(self.connection);
        }
        self.shutdown().await;
        None
    }

    /// Closes the connection.
    pub async fn shutdown(mut self) {
        let _ = self.connection.stream.shutdown().await;
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), Broken> {
        let stream = &mut self.connection.stream;
        let write = async {
            stream.write_all(bytes).await?;
            stream.flush().await
        };
        match timeout(self.write, write).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) if self.heard => Err(Broken::Closed),
            Ok(Err(_)) => Err(Broken::Unheard),
            Err(_) => Err(Broken::Timeout),
        }
    }

    async fn fill(&mut self) -> Result<(), Broken> {
        let Connection { stream, buffer } = &mut self.connection;
        buffer.reserve(READ_BYTES);
        match stream.read_buf(buffer).await {
            Ok(read @ 1..) => {
                self.heard |= read > 0;
                Ok(())
            }
            _ if self.heard => Err(Broken::Closed),
            _ => Err(Broken::Unheard),
        }
    }

    /// The final head at the start of the buffer, if it is whole.
    fn parse(&mut self) -> Result<Option<(Head, Framing)>, Broken> {
        loop {
            let buffer = &mut self.connection.buffer;
            let mut lines = [const { MaybeUninit::uninit() }; HEADERS];
            let mut response = httparse::Response::new(&mut []);
            let parsed = httparse::ParserConfig::default()
                .parse_response_with_uninit_headers(&mut response, buffer, &mut lines)
                .map_err(|_| Broken::Malformed)?;
            let httparse::Status::Complete(length) = parsed else {
                return if buffer.len() > HEAD_BYTES { Err(Broken::Malformed) } else { Ok(None) };
            };
            let status = response.code.and_then(|code| StatusCode::from_u16(code).ok());
            let status = status.ok_or(Broken::Malformed)?;
            if status.is_informational() && status != StatusCode::SWITCHING_PROTOCOLS {
                buffer.advance(length);
                continue;
            }
            let version_11 = response.version == Some(1);
            let headers = headers(buffer.get(..length).unwrap_or_default(), response.headers)?;
            buffer.advance(length);
            let (framing, is_delimited) = Framing::of(status, &headers, self.is_head, version_11)?;
            let keep_alive = is_delimited && wants_keep_alive(&headers, version_11);
            return Ok(Some((Head { status, headers, keep_alive }, framing)));
        }
    }
}

/// The headers of a head, which their values share.
fn headers(head: &[u8], lines: &[httparse::Header<'_>]) -> Result<HeaderMap, Broken> {
    let shared = Bytes::copy_from_slice(head);
    let start = head.as_ptr() as usize;
    let mut headers = HeaderMap::with_capacity(lines.len());
    for line in lines {
        let name = HeaderName::from_bytes(line.name.as_bytes()).map_err(|_| Broken::Malformed)?;
        let at = (line.value.as_ptr() as usize).wrapping_sub(start);
        let value = match shared.get(at..at.saturating_add(line.value.len())) {
            Some(value) => HeaderValue::from_maybe_shared(shared.slice_ref(value)),
            // httparse gives an empty value a place of its own.
            None => HeaderValue::from_bytes(line.value),
        };
        headers.append(name, value.map_err(|_| Broken::Malformed)?);
    }
    Ok(headers)
}

fn wants_keep_alive(headers: &HeaderMap, version_11: bool) -> bool {
    let options = || {
        headers
            .get_all(header::CONNECTION)
            .iter()
            .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
    };
    let says = |option: &[u8]| options().any(|one| one.trim_ascii().eq_ignore_ascii_case(option));
    !says(b"close") && (version_11 || says(b"keep-alive"))
}

impl From<BodyBroken> for Broken {
    fn from(error: BodyBroken) -> Self {
        match error {
            BodyBroken::Cut => Broken::Closed,
            BodyBroken::Malformed => Broken::Malformed,
        }
    }
}

/// Room for one read: the head of an answer, and the whole of a small one.
const READ_BYTES: usize = 8 << 10;

/// Read at once of a long body.
const PIECE: u64 = 64 << 10;

/// Header lines of an answer, at most.
const HEADERS: usize = 256;

/// Bytes of a head: beyond, it is none.
const HEAD_BYTES: usize = 64 << 10;
