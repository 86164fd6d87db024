//! A client on a raw socket: sends any bytes, reads strictly, keeps everything it received.

use std::fmt;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// A connection to a gateway.
pub struct Client {
    stream: TcpStream,
    received: Vec<u8>,
    /// Bytes of `received` that earlier responses took.
    taken: usize,
    ended: bool,
}

/// One final response.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// Status code.
    pub status: u16,
    /// Headers in order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Body without its framing.
    pub body: Vec<u8>,
    /// Interim statuses before it.
    pub interim: Vec<u16>,
    /// Trailer lines, as they came.
    pub trailers: Vec<String>,
}

/// Why there is no response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unfinished {
    /// The connection ended before any byte of a response.
    Nothing,
    /// The connection ended, or time ran out, within a response.
    Cut,
    /// Nothing came in time.
    Silence,
    /// What came is no HTTP.
    Malformed(String),
}

impl Client {
    /// Connects.
    pub fn connect(address: SocketAddr) -> Client {
        let stream = TcpStream::connect(address).expect("the gateway listens");
        stream.set_nodelay(true).expect("a TCP socket");
        stream.set_write_timeout(Some(PATIENCE)).expect("a TCP socket");
        Client { stream, received: Vec::new(), taken: 0, ended: false }
    }

    /// Connects from a local address of its own, such as `127.0.0.2`.
    pub fn connect_from(from: &str, address: SocketAddr) -> Client {
        let from: std::net::IpAddr = from.parse().expect("an address");
        let socket =
            socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("a socket");
        socket.bind(&SocketAddr::new(from, 0).into()).expect("an address of this machine");
        socket.connect(&address.into()).expect("the gateway listens");
        let stream = TcpStream::from(socket);
        stream.set_nodelay(true).expect("a TCP socket");
        stream.set_write_timeout(Some(PATIENCE)).expect("a TCP socket");
        Client { stream, received: Vec::new(), taken: 0, ended: false }
    }

    /// Sends bytes; a peer that has closed is no error, for it may have answered before.
    pub fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes);
    }

    /// Sends bytes in pieces of these lengths, the last one taking the rest, a moment between them.
    pub fn send_split(&mut self, bytes: &[u8], lengths: &[usize], pause: Duration) {
        let mut rest = bytes;
        for length in lengths {
            let (piece, tail) = rest.split_at((*length).min(rest.len()));
            self.send(piece);
            rest = tail;
            std::thread::sleep(pause);
        }
        self.send(rest);
    }

    /// The next final response to a request other than HEAD.
    ///
    /// # Panics
    /// There is none; the message shows what came instead.
    pub fn response(&mut self) -> Response {
        match self.try_response(false, PATIENCE) {
            Ok(response) => response,
            Err(unfinished) => panic!("{unfinished:?} instead of a response: {}", self.shown()),
        }
    }

    /// The next final response, `to_head` when it has no body.
    ///
    /// # Errors
    /// There is none within the time.
    pub fn try_response(&mut self, to_head: bool, within: Duration) -> Result<Response, Unfinished> {
        let deadline = Instant::now() + within;
        loop {
            let pending = &self.received[self.taken..];
            match parse(pending, to_head, self.ended).map_err(Unfinished::Malformed)? {
                Some((response, used)) => {
                    self.taken += used;
                    return Ok(response);
                }
                None if self.ended && pending.is_empty() => return Err(Unfinished::Nothing),
                None if self.ended => return Err(Unfinished::Cut),
                None => {}
            }
            if !self.read_until(deadline) {
                let nothing = self.received.len() == self.taken;
                return Err(if nothing { Unfinished::Silence } else { Unfinished::Cut });
            }
        }
    }

    /// Reads until the connection ends or is quiet for so long; whether it ended.
    pub fn drain(&mut self, quiet: Duration) -> bool {
        while !self.ended && self.read_until(Instant::now() + quiet) {}
        self.ended
    }

    /// Every byte received on this connection.
    pub fn received(&self) -> &[u8] {
        &self.received
    }

    /// The same, readable.
    pub fn shown(&self) -> String {
        String::from_utf8_lossy(&self.received).into_owned()
    }

    /// The socket.
    pub fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// One read; false when the deadline passed first.
    fn read_until(&mut self, deadline: Instant) -> bool {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        self.stream.set_read_timeout(Some(left)).expect("a TCP socket");
        let mut piece = [0; 16 * 1024];
        match self.stream.read(&mut piece) {
            Ok(0) => self.ended = true,
            Ok(read) => self.received.extend_from_slice(&piece[..read]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return false;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => self.ended = true,
        }
        true
    }
}

impl Response {
    /// The first header of this name (lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(of, _)| of == name).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// It is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in body of {self:?}"))
    }

    /// The stable code of a refusal: a problem document that says its own status and a `YB` code.
    ///
    /// # Panics
    /// The response is no such document.
    pub fn problem_code(&self) -> String {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        let problem = self.json();
        assert_eq!(problem["status"], self.status, "{self:?}");
        let code = problem["code"].as_str().unwrap_or_default().to_owned();
        assert!(code.len() == 6 && code.starts_with("YB"), "{self:?}");
        code
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?} {:?}", self.status, self.headers, self.text())
    }
}

/// Parses one final response and the interim ones before it; `None` when it is not complete.
fn parse(bytes: &[u8], to_head: bool, ended: bool) -> Result<Option<(Response, usize)>, String> {
    let mut interim = Vec::new();
    let mut start = 0;
    loop {
        let Some(head_len) = find(&bytes[start..], b"\r\n\r\n") else { return Ok(None) };
        let head = std::str::from_utf8(&bytes[start..start + head_len]).map_err(|_| "head is not UTF-8")?;
        let body_start = start + head_len + 4;
        let (status, headers) = parse_head(head)?;
        if (100..200).contains(&status) && status != 101 {
            interim.push(status);
            start = body_start;
            continue;
        }
        let body = Body::of(status, &headers, to_head)?;
        let Some((body, trailers, used)) = body.take(&bytes[body_start..], ended)? else { return Ok(None) };
        return Ok(Some((Response { status, headers, body, interim, trailers }, body_start + used)));
    }
}

type Head = (u16, Vec<(String, String)>);

fn parse_head(head: &str) -> Result<Head, String> {
    let mut lines = head.split("\r\n");
    let status_line = lines.next().unwrap_or_default();
    let status = status_line.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
    let status = status.ok_or_else(|| format!("status line `{status_line}`"))?;
    let mut headers = Vec::new();
    for line in lines {
        let (name, value) = line.split_once(':').ok_or_else(|| format!("header line `{line}`"))?;
        if name.is_empty() || name.contains([' ', '\t', '\r', '\n']) || value.contains(['\r', '\n', '\0']) {
            return Err(format!("header line `{line}`"));
        }
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    Ok((status, headers))
}

enum Body {
    None,
    Length(usize),
    Chunked,
    UntilEnd,
}

type Taken = (Vec<u8>, Vec<String>, usize);

impl Body {
    fn of(status: u16, headers: &[(String, String)], to_head: bool) -> Result<Body, String> {
        let all = |name: &str| {
            headers.iter().filter(|(of, _)| of == name).map(|(_, value)| value.as_str()).collect()
        };
        let lengths: Vec<&str> = all("content-length");
        let codings: Vec<&str> = all("transfer-encoding");
        if to_head || matches!(status, 204 | 304) {
            return Ok(Body::None);
        }
        match (&lengths[..], &codings[..]) {
            ([], []) => Ok(Body::UntilEnd),
            ([], ["chunked"]) => Ok(Body::Chunked),
            ([length], []) => {
                length.parse().map(Body::Length).map_err(|_| format!("content-length `{length}`"))
            }
            _ => Err(format!("ambiguous framing: {lengths:?} {codings:?}")),
        }
    }

    fn take(&self, bytes: &[u8], ended: bool) -> Result<Option<Taken>, String> {
        match self {
            Body::None => Ok(Some((Vec::new(), Vec::new(), 0))),
            Body::Length(length) => Ok(bytes.get(..*length).map(|body| (body.to_vec(), Vec::new(), *length))),
            Body::UntilEnd => Ok(ended.then(|| (bytes.to_vec(), Vec::new(), bytes.len()))),
            Body::Chunked => take_chunks(bytes),
        }
    }
}

fn take_chunks(bytes: &[u8]) -> Result<Option<Taken>, String> {
    let mut body = Vec::new();
    let mut at = 0;
    loop {
        let Some(line) = find(&bytes[at..], b"\r\n") else { return Ok(None) };
        let size = std::str::from_utf8(&bytes[at..at + line]).map_err(|_| "chunk size")?;
        let size = usize::from_str_radix(size, 16).map_err(|_| format!("chunk size `{size}`"))?;
        at += line + 2;
        if size == 0 {
            break;
        }
        let Some(data) = bytes.get(at..at + size) else { return Ok(None) };
        match bytes.get(at + size..at + size + 2) {
            Some(b"\r\n") => {}
            Some(_) => return Err("chunk without its end".into()),
            None => return Ok(None),
        }
        body.extend_from_slice(data);
        at += size + 2;
    }
    let mut trailers = Vec::new();
    loop {
        let Some(line) = find(&bytes[at..], b"\r\n") else { return Ok(None) };
        let text = String::from_utf8_lossy(&bytes[at..at + line]).into_owned();
        at += line + 2;
        if text.is_empty() {
            return Ok(Some((body, trailers, at)));
        }
        trailers.push(text);
    }
}

fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|window| window == needle)
}

/// Far beyond what any answer takes, so that a slow machine fails no test.
const PATIENCE: Duration = Duration::from_secs(20);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_strictly() {
        let ok = |bytes: &[u8]| parse(bytes, false, false).unwrap().unwrap();
        let (response, used) =
            ok(b"HTTP/1.1 103 x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabHTTP");
        assert_eq!((response.status, &response.body[..], used), (200, &b"ab"[..], 58));
        assert_eq!(response.interim, [103]);
        let (response, _) =
            ok(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nx: y\r\n\r\n");
        assert_eq!((&response.body[..], &response.trailers[..]), (&b"ab"[..], &["x: y".to_owned()][..]));
        assert!(parse(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nab", false, true).unwrap().is_none());
        assert!(
            parse(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n", false, true)
                .is_err()
        );
        assert!(parse(b"nonsense\r\n\r\n", false, false).is_err());
    }
}
