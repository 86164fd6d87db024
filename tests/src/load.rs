//! A load of keep-alive connections on loopback, bounded in count, and what it cost another process.

use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Serves `bodies` (path → JSON body) over keep-alive connections until dropped.
pub async fn origin(bodies: Vec<(String, Vec<u8>)>) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let answers: Vec<(Vec<u8>, Vec<u8>)> = bodies
        .into_iter()
        .map(|(path, body)| {
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            (format!("GET {path} ").into_bytes(), [head.into_bytes(), body].concat())
        })
        .collect();
    let answers = std::sync::Arc::new(answers);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let answers = answers.clone();
            tokio::spawn(async move {
                let _ = answer(stream, &answers).await;
            });
        }
    });
    Ok(address)
}

async fn answer(mut stream: TcpStream, answers: &[(Vec<u8>, Vec<u8>)]) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::with_capacity(8192);
    loop {
        while let Some(end) = head_end(&buffer) {
            let known = answers.iter().find(|(start, _)| buffer.starts_with(start));
            let unknown: &[u8] = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n";
            stream.write_all(known.map_or(unknown, |(_, bytes)| bytes)).await?;
            buffer.drain(..end);
        }
        if stream.read_buf(&mut buffer).await? == 0 {
            return Ok(());
        }
    }
}

/// What a load saw.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    /// Answers with status 200.
    pub good: u64,
    /// Answers with another status.
    pub other: u64,
}

/// Sends `requests` copies of `request` over `connections` keep-alive connections.
pub async fn load(to: SocketAddr, request: &str, connections: u64, requests: u64) -> std::io::Result<Seen> {
    let mut clients = JoinSet::new();
    for _ in 0..connections {
        let request = request.as_bytes().to_vec();
        clients.spawn(async move { client(to, &request, requests / connections).await });
    }
    let mut seen = Seen::default();
    while let Some(client) = clients.join_next().await {
        let one = client.map_err(std::io::Error::other)??;
        seen.good += one.good;
        seen.other += one.other;
    }
    Ok(seen)
}

async fn client(to: SocketAddr, request: &[u8], requests: u64) -> std::io::Result<Seen> {
    let mut seen = Seen::default();
    let mut buffer = Vec::with_capacity(128 * 1024);
    let mut open = None;
    for _ in 0..requests {
        let mut stream = match open.take() {
            Some(stream) => stream,
            None => connect(to).await?,
        };
        stream.write_all(request).await?;
        let answer = loop {
            match Answer::read(&buffer) {
                Some(answer) if buffer.len() >= answer.length => break answer,
                _ if stream.read_buf(&mut buffer).await? == 0 => {
                    return Err(std::io::ErrorKind::UnexpectedEof.into());
                }
                _ => {}
            }
        };
        if buffer.starts_with(b"HTTP/1.1 200") {
            seen.good += 1;
        } else {
            seen.other += 1;
        }
        buffer.drain(..answer.length);
        // Servers close a connection after so many requests.
        open = (!answer.closes).then_some(stream);
    }
    Ok(seen)
}

async fn connect(to: SocketAddr) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect(to).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// The head of an answer, as far as a load needs it.
struct Answer {
    /// Bytes of head and body.
    length: usize,
    closes: bool,
}

impl Answer {
    fn read(buffer: &[u8]) -> Option<Answer> {
        let end = head_end(buffer)?;
        let head = String::from_utf8_lossy(buffer.get(..end)?).to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:"))?;
        let closes = head.lines().any(|line| line == "connection: close");
        Some(Answer { length: end + length.trim().parse::<usize>().ok()?, closes })
    }
}

fn head_end(buffer: &[u8]) -> Option<usize> {
    buffer.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4)
}

/// CPU time of a process, all threads, in nanoseconds.
pub fn cpu_ns(pid: u32) -> std::io::Result<u64> {
    let mut total = 0;
    for task in std::fs::read_dir(format!("/proc/{pid}/task"))? {
        // A thread may end between listing and reading; what it used is then not counted.
        let Ok(schedstat) = std::fs::read_to_string(task?.path().join("schedstat")) else { continue };
        total += schedstat.split_whitespace().next().and_then(|ns| ns.parse::<u64>().ok()).unwrap_or(0);
    }
    Ok(total)
}

/// Resident memory of a process in KiB.
pub fn rss_kib(pid: u32) -> std::io::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    kib.ok_or_else(|| std::io::Error::other("no VmRSS"))
}
