//! An origin that answers any bytes the test says, and keeps every byte it was sent.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A server on loopback.
pub struct Origin {
    /// Where it listens.
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    seen: Mutex<Vec<Seen>>,
    raw: Mutex<Vec<Vec<u8>>>,
    connections: AtomicUsize,
    stop: AtomicBool,
    respond: Box<dyn Fn(&Request) -> Answer + Send + Sync>,
}

/// A request's head, as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Method.
    pub method: String,
    /// Target, as it came.
    pub target: String,
    /// Headers in order, names as they came.
    pub headers: Vec<(String, String)>,
    /// What a strict reader finds ambiguous in the head: must be empty behind a gateway.
    pub anomalies: Vec<String>,
}

/// A whole request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its head.
    pub request: Request,
    /// Its body without framing.
    pub body: Vec<u8>,
    /// The connection it came on, counted from 0.
    pub connection: usize,
}

/// What is sent back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// What happens, in order.
    pub steps: Vec<Step>,
    /// What happens to the connection after.
    pub then: Then,
    /// Answer at once, without reading the request's body.
    pub early: bool,
}

/// One step of an answer.
#[derive(Clone, Debug)]
pub enum Step {
    /// Sends bytes.
    Send(Vec<u8>),
    /// Sends bytes in pieces of so many bytes, a pause after each.
    Drip(Vec<u8>, usize, Duration),
    /// Sends bytes so many times, or until the peer has had enough.
    Repeat(Vec<u8>, usize),
    /// Waits.
    Wait(Duration),
}

/// What happens to a connection after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// The next request is read.
    KeepAlive,
    /// It is closed.
    Close,
    /// It is reset.
    Reset,
    /// It stays open, silent, until the peer closes.
    Hold,
}

impl Origin {
    /// Starts an origin that answers each request as told.
    pub fn start(respond: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Origin {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("loopback has a free port");
        let address = listener.local_addr().expect("bound");
        let shared = Arc::new(Shared {
            seen: Mutex::default(),
            raw: Mutex::default(),
            connections: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
            respond: Box::new(respond),
        });
        let serving = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if serving.stop.load(Ordering::SeqCst) {
                    return;
                }
                let shared = Arc::clone(&serving);
                thread::spawn(move || Connection::open(stream, shared).serve());
            }
        });
        Origin { address, shared }
    }

    /// Every request so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().expect("no test holds it").clone()
    }

    /// Forgets what was seen.
    pub fn forget(&self) {
        self.shared.seen.lock().expect("no test holds it").clear();
        self.shared.raw.lock().expect("no test holds it").iter_mut().for_each(Vec::clear);
    }

    /// Every byte it was sent, by connection.
    pub fn raw(&self) -> Vec<Vec<u8>> {
        self.shared.raw.lock().expect("no test holds it").clone()
    }

    /// Connections so far.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        // Wakes the listener.
        let _ = TcpStream::connect(self.address);
    }
}

impl Answer {
    /// These bytes, connection kept.
    pub fn bytes(bytes: impl Into<Vec<u8>>) -> Answer {
        Answer { steps: vec![Step::Send(bytes.into())], then: Then::KeepAlive, early: false }
    }

    /// These steps, then the connection's end.
    pub fn steps(steps: Vec<Step>, then: Then) -> Answer {
        Answer { steps, then, early: false }
    }

    /// 200 with a body of this type.
    pub fn of_type(content_type: &str, body: impl Into<Vec<u8>>) -> Answer {
        Answer::with(&format!("Content-Type: {content_type}\r\n"), body)
    }

    /// 200 with these header lines, a correct `Content-Length` and a body.
    pub fn with(headers: &str, body: impl Into<Vec<u8>>) -> Answer {
        let body = body.into();
        let mut bytes =
            format!("HTTP/1.1 200 OK\r\n{headers}Content-Length: {}\r\n\r\n", body.len()).into_bytes();
        bytes.extend_from_slice(&body);
        Answer::bytes(bytes)
    }

    /// 200 with JSON.
    pub fn json(body: impl Into<Vec<u8>>) -> Answer {
        Answer::of_type("application/json", body)
    }

    /// The same, then the connection closed.
    pub fn closing(mut self) -> Answer {
        self.then = Then::Close;
        self
    }
}

impl Request {
    /// The first header of this name, any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(of, _)| of.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    fn all(&self, name: &str) -> Vec<&str> {
        let named = self.headers.iter().filter(|(of, _)| of.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str()).collect()
    }

    /// Reads a head as a strict server would, noting all that another might read otherwise.
    fn read(head: &[u8]) -> Request {
        let text = String::from_utf8_lossy(head);
        let mut anomalies = Vec::new();
        if text.contains('\u{fffd}') || text.contains('\0') {
            anomalies.push("bytes that are no text".to_owned());
        }
        if text.replace("\r\n", "").contains(['\r', '\n']) {
            anomalies.push("bare CR or LF".to_owned());
        }
        let mut lines = text.split("\r\n");
        let mut words = lines.next().unwrap_or_default().split(' ');
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        if words.next() != Some("HTTP/1.1") || words.next().is_some() || !target.starts_with('/') {
            anomalies.push("request line".to_owned());
        }
        if target.contains("//") || target.contains("/.") || target.contains([';', '\\', '#']) {
            anomalies.push(format!("target `{target}`"));
        }
        let mut headers: Vec<(String, String)> = Vec::new();
        for line in lines.take_while(|line| !line.is_empty()) {
            let (name, value) = line.split_once(':').unwrap_or((line, "?"));
            if line.starts_with([' ', '\t']) || name.ends_with([' ', '\t']) || name.contains(['_', '.']) {
                anomalies.push(format!("header line `{line}`"));
            }
            headers.push((name.to_owned(), value.trim().to_owned()));
        }
        let mut request =
            Request { method: method.to_owned(), target: target.to_owned(), headers, anomalies: Vec::new() };
        let (lengths, codings) = (request.all("content-length"), request.all("transfer-encoding"));
        if lengths.len() + codings.len() > 1 {
            anomalies.push(format!("framing {lengths:?} {codings:?}"));
        }
        if lengths.iter().any(|length| length.is_empty() || !length.bytes().all(|b| b.is_ascii_digit())) {
            anomalies.push(format!("content-length {lengths:?}"));
        }
        if codings.iter().any(|coding| *coding != "chunked") {
            anomalies.push(format!("transfer-encoding {codings:?}"));
        }
        if request.all("host").len() != 1 {
            anomalies.push(format!("host {:?}", request.all("host")));
        }
        for forbidden in ["expect", "te", "trailer", "upgrade", "proxy-connection", "keep-alive"] {
            if request.header(forbidden).is_some() {
                anomalies.push(format!("hop-by-hop header {forbidden}"));
            }
        }
        request.anomalies = anomalies;
        request
    }
}

struct Connection {
    stream: TcpStream,
    shared: Arc<Shared>,
    number: usize,
    pending: Vec<u8>,
}

impl Connection {
    fn open(stream: TcpStream, shared: Arc<Shared>) -> Connection {
        let number = shared.connections.fetch_add(1, Ordering::SeqCst);
        let mut raw = shared.raw.lock().expect("no test holds it");
        if raw.len() <= number {
            raw.resize(number + 1, Vec::new());
        }
        drop(raw);
        let _ = stream.set_nodelay(true);
        let _ = stream.set_read_timeout(Some(PATIENCE));
        let _ = stream.set_write_timeout(Some(PATIENCE));
        Connection { stream, shared, number, pending: Vec::new() }
    }

    fn serve(mut self) {
        while let Some(head) = self.take_head() {
            let request = Request::read(&head);
            let answer = (self.shared.respond)(&request);
            let body = if answer.early { Some(Vec::new()) } else { self.take_body(&request) };
            let Some(body) = body else { return };
            let seen = Seen { request, body, connection: self.number };
            self.shared.seen.lock().expect("no test holds it").push(seen);
            for step in &answer.steps {
                if self.play(step).is_err() {
                    return;
                }
            }
            match answer.then {
                Then::KeepAlive => {}
                Then::Close => return self.close(),
                Then::Hold => return while self.fill() {},
                Then::Reset => {
                    let socket = socket2::SockRef::from(&self.stream);
                    let _ = socket.set_linger(Some(Duration::ZERO));
                    return;
                }
            }
        }
    }

    fn play(&mut self, step: &Step) -> std::io::Result<()> {
        match step {
            Step::Send(bytes) => self.stream.write_all(bytes),
            Step::Drip(bytes, size, pause) => bytes.chunks(*size).try_for_each(|piece| {
                thread::sleep(*pause);
                self.stream.write_all(piece)
            }),
            Step::Repeat(bytes, times) => (0..*times).try_for_each(|_| self.stream.write_all(bytes)),
            Step::Wait(pause) => {
                thread::sleep(*pause);
                Ok(())
            }
        }
    }

    /// Closes so that what was sent arrives: a close with unread bytes would reset.
    fn close(mut self) {
        let _ = self.stream.shutdown(Shutdown::Write);
        let _ = self.stream.set_read_timeout(Some(Duration::from_millis(500)));
        while self.fill() {}
    }

    fn take_head(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some(at) = find(&self.pending, b"\r\n\r\n") {
                return Some(self.pending.drain(..at + 4).collect());
            }
            if !self.fill() {
                // Bytes that never become a head are a request to somebody who reads otherwise.
                if !self.pending.is_empty() {
                    let mut request = Request::read(&self.pending);
                    request.anomalies.push("head without end".to_owned());
                    let seen = Seen { request, body: Vec::new(), connection: self.number };
                    self.shared.seen.lock().expect("no test holds it").push(seen);
                }
                return None;
            }
        }
    }

    fn take_body(&mut self, request: &Request) -> Option<Vec<u8>> {
        if request.header("transfer-encoding").is_some() {
            return self.take_chunks();
        }
        let length = request.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        self.take(length)
    }

    fn take_chunks(&mut self) -> Option<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line = self.take_line()?;
            let size = usize::from_str_radix(std::str::from_utf8(&line).ok()?.trim(), 16).ok()?;
            if size == 0 {
                while !self.take_line()?.is_empty() {}
                return Some(body);
            }
            body.extend(self.take(size)?);
            self.take_line()?;
        }
    }

    fn take_line(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some(at) = find(&self.pending, b"\r\n") {
                let line = self.pending.drain(..at + 2).collect::<Vec<_>>();
                return Some(line[..at].to_vec());
            }
            if !self.fill() {
                return None;
            }
        }
    }

    fn take(&mut self, length: usize) -> Option<Vec<u8>> {
        while self.pending.len() < length {
            if !self.fill() {
                return None;
            }
        }
        Some(self.pending.drain(..length).collect())
    }

    fn fill(&mut self) -> bool {
        let mut piece = [0; 16 * 1024];
        loop {
            match self.stream.read(&mut piece) {
                Ok(0) => return false,
                Ok(read) => {
                    self.pending.extend_from_slice(&piece[..read]);
                    let mut raw = self.shared.raw.lock().expect("no test holds it");
                    raw[self.number].extend_from_slice(&piece[..read]);
                    return true;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return false,
            }
        }
    }
}

fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|window| window == needle)
}

/// Longer than any timeout of a gateway under test.
const PATIENCE: Duration = Duration::from_secs(30);
