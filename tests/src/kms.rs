//! A double of a key service over HTTP with the API of Vault's transit engine, that can misbehave in every way.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use yingbi_crypto::sm4::gcm::Gcm;

/// How the service behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// As it should.
    Good,
    /// Closes every connection at once.
    Down,
    /// Reads and never answers.
    Hang,
    /// 500.
    Fail,
    /// 403, as to a token that was revoked.
    Refuse,
    /// 200 with what is no JSON.
    Garbage,
    /// 200 with JSON of another shape.
    Shape,
    /// 200, and another key's plaintext.
    WrongKey,
    /// 200 and an endless body.
    Endless,
    /// Redirects to somewhere else.
    Redirect,
}

/// The service; it ends with the process.
pub struct Kms {
    /// Where it listens.
    pub address: SocketAddr,
    mood: Arc<Mutex<Mood>>,
    asked: Arc<AtomicU64>,
}

impl Kms {
    /// Starts one on a port of its own.
    ///
    /// # Panics
    /// There is no free port.
    pub fn start() -> Kms {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it listens");
        let (mood, asked) = (Arc::new(Mutex::new(Mood::Good)), Arc::new(AtomicU64::new(0)));
        let (told, count) = (Arc::clone(&mood), Arc::clone(&asked));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (told, count) = (Arc::clone(&told), Arc::clone(&count));
                std::thread::spawn(move || serve(stream, &told, &count));
            }
        });
        Kms { address, mood, asked }
    }

    /// How it behaves from now on.
    pub fn is(&self, mood: Mood) {
        *self.mood.lock().expect("no thread dies with it") = mood;
    }

    /// How often it was asked.
    pub fn asked(&self) -> u64 {
        self.asked.load(Ordering::SeqCst)
    }

    /// The lines of `keys.primary` or `keys.standby` that reach it.
    pub fn lines(&self, role: &str, kek: &str) -> String {
        format!(
            "  {role}:\n    kek: {kek}\n    kms_http: {{url: 'http://{}', key: yingbi, token: {{file: {TOKEN_FILE}}}}}\n",
            self.address
        )
    }
}

fn serve(mut stream: TcpStream, mood: &Mutex<Mood>, asked: &AtomicU64) {
    let _ = stream.set_read_timeout(Some(Duration::from_secs(30)));
    let Ok(reading) = stream.try_clone() else { return };
    let mut reader = BufReader::new(reading);
    while let Some((head, body)) = request(&mut reader) {
        asked.fetch_add(1, Ordering::SeqCst);
        let now = *mood.lock().expect("no thread dies with it");
        let authorized =
            head.to_ascii_lowercase().contains(&format!("x-vault-token: {TOKEN}").to_ascii_lowercase());
        let (status, answer) = match now {
            Mood::Down => return,
            Mood::Hang => {
                while *mood.lock().expect("no thread dies with it") == Mood::Hang {
                    std::thread::sleep(Duration::from_millis(20));
                }
                return;
            }
            Mood::Fail => ("500 Internal Server Error", json!({"errors": ["internal"]}).to_string()),
            Mood::Garbage => ("200 OK", "<html>login</html>".to_owned()),
            Mood::Shape => ("200 OK", json!({"data": {"plaintext": 7}}).to_string()),
            Mood::Endless => {
                let head = "HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n";
                let _ = stream.write_all(head.as_bytes());
                while stream.write_all(&[b' '; 4096]).is_ok() {}
                return;
            }
            Mood::Redirect => {
                let _ = stream.write_all(
                    b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/v1/transit\r\nContent-Length: 0\r\n\r\n",
                );
                continue;
            }
            Mood::Refuse => ("403 Forbidden", json!({"errors": ["permission denied"]}).to_string()),
            Mood::Good | Mood::WrongKey if !authorized => {
                ("403 Forbidden", json!({"errors": []}).to_string())
            }
            Mood::Good | Mood::WrongKey => answer(&head, &body, now == Mood::WrongKey),
        };
        let text = format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{answer}",
            answer.len()
        );
        if stream.write_all(text.as_bytes()).is_err() {
            return;
        }
    }
}

fn request(reader: &mut BufReader<TcpStream>) -> Option<(String, Value)> {
    let mut head = String::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line == "\r\n" {
            break;
        }
        head.push_str(&line);
    }
    let length = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    Some((head, serde_json::from_slice(&body).unwrap_or(Value::Null)))
}

fn answer(head: &str, body: &Value, wrong: bool) -> (&'static str, String) {
    let gcm = Gcm::new(b"a key of a test.");
    let bad = ("400 Bad Request", json!({"errors": ["cipher: message authentication failed"]}).to_string());
    if head.starts_with("POST /v1/transit/encrypt/yingbi ") {
        let mut text = BASE64.decode(body["plaintext"].as_str().unwrap_or_default()).expect("base64");
        let tag = gcm.seal(&[0; 12], b"", &mut text).expect("short");
        let sealed = BASE64.encode([text, tag.to_vec()].concat());
        return (
            "200 OK",
            json!({"data": {"ciphertext": format!("vault:v1:{sealed}"), "key_version": 1}}).to_string(),
        );
    }
    if head.starts_with("POST /v1/transit/decrypt/yingbi ") {
        let sealed = body["ciphertext"].as_str().and_then(|text| text.strip_prefix("vault:v1:"));
        let Some(bytes) = sealed.and_then(|text| BASE64.decode(text).ok()) else { return bad };
        let Some((text, tag)) = bytes.split_last_chunk() else { return bad };
        let mut text = text.to_vec();
        if gcm.open(&[0; 12], b"", &mut text, tag).is_err() {
            return bad;
        }
        if wrong {
            text.iter_mut().for_each(|byte| *byte = byte.wrapping_add(1));
        }
        return ("200 OK", json!({"data": {"plaintext": BASE64.encode(text)}}).to_string());
    }
    ("404 Not Found", json!({"errors": []}).to_string())
}

/// The token that it takes.
pub const TOKEN: &str = "hvs.synthetic-token-of-a-test";
/// Where tests keep it.
pub const TOKEN_FILE: &str = "kms.token";
