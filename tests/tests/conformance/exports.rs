//! C8, E1, E3, F17, F19, F20: answers of any length through the running gateway, in bounded memory, each segment
//! recorded before it leaves.
//!
//! `YINGBI_EXPORT_MB=1024 YINGBI_BIN=target/release/yingbi cargo test -p yingbi-tests --test conformance export` sends a
//! gigabyte of each.

use std::io::{Read, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use yingbi_audit::search::Entry;
use yingbi_tests::{Answer, Gateway, Origin, Step, Then, canary};

const SEGMENT: usize = 64 << 10;

/// An answer that is read as it comes.
struct Reading {
    stream: TcpStream,
    head: String,
    /// What has come of the body and was not taken yet, chunks and all.
    pending: Vec<u8>,
    left: usize,
    is_whole: bool,
}

impl Reading {
    fn ask(gateway: &Gateway, path: &str, headers: &str) -> Reading {
        let mut stream = TcpStream::connect(gateway.address).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a socket");
        stream.write_all(&gateway.request("GET", path, headers, b"")).expect("it reads");
        let mut reading =
            Reading { stream, head: String::new(), pending: Vec::new(), left: 0, is_whole: false };
        while reading.head.is_empty() {
            assert!(reading.fill(), "no head: {}", String::from_utf8_lossy(&reading.pending));
            if let Some(at) = reading.pending.windows(4).position(|window| window == b"\r\n\r\n") {
                let head = reading.pending.drain(..at + 4).collect();
                reading.head = String::from_utf8(head).expect("a head is text").to_ascii_lowercase();
            }
        }
        reading
    }

    fn fill(&mut self) -> bool {
        let mut piece = vec![0; 64 << 10];
        let read = self.stream.read(&mut piece).unwrap_or(0);
        self.pending.extend_from_slice(&piece[..read]);
        read > 0
    }

    /// The next bytes of a body in chunks; none at its end, told or not.
    fn next(&mut self) -> Option<Vec<u8>> {
        loop {
            if self.left > 0 && !self.pending.is_empty() {
                let count = self.left.min(self.pending.len());
                self.left -= count;
                return Some(self.pending.drain(..count).collect());
            }
            if self.left == 0 {
                let rest = self.pending.strip_prefix(b"\r\n").unwrap_or(&self.pending);
                if let Some(at) = rest.windows(2).position(|window| window == b"\r\n") {
                    let size = usize::from_str_radix(std::str::from_utf8(&rest[..at]).expect("text"), 16);
                    self.left = size.expect("a chunk size");
                    let taken = self.pending.len() - rest.len() + at + 2;
                    self.pending.drain(..taken);
                    if self.left == 0 {
                        self.is_whole = true;
                        return None;
                    }
                    continue;
                }
            }
            if !self.fill() {
                return None;
            }
        }
    }

    /// All of the body that comes.
    fn body(&mut self) -> Vec<u8> {
        assert!(self.head.contains("\r\ntransfer-encoding: chunked\r\n"), "{}", self.head);
        let mut body = Vec::new();
        while let Some(piece) = self.next() {
            body.extend(piece);
        }
        body
    }
}

fn row() -> String {
    format!(
        r#"{{"client_id":"80001234","client_name":"{}","id_no":"{}","mobile_tel":"{}","memo":"x\u0022, [{{","trade_pwd":"{}","n":1.50}}"#,
        canary::NAME,
        canary::ID,
        canary::MOBILE,
        canary::PASSWORD
    )
}

/// A body of a type: what it begins with, what is repeated, what it ends with.
struct Export {
    content_type: &'static str,
    begin: String,
    repeat: String,
    end: &'static str,
}

impl Export {
    fn list() -> Export {
        let (begin, repeat) = (format!("[{}", row()), format!(",\n{}", row()));
        Export { content_type: "application/json", begin, repeat, end: "]" }
    }

    fn all() -> [Export; 5] {
        let cells = format!("张三,{},\"{}, 请回电\",1.50\r\n", canary::MOBILE, canary::ID);
        let line = row() + "\n";
        let event = format!("id: 1\ndata: {}\n\n", row());
        let envelope = format!(r#"{{"code":0,"data":{{"list":[{}"#, row());
        [
            Export::list(),
            Export {
                begin: envelope,
                end: r#"],"total":9},"msg":"ok"}"#,
                content_type: "application/json; charset=utf-8",
                ..Export::list()
            },
            Export { content_type: "application/x-ndjson", begin: String::new(), repeat: line, end: "" },
            Export { content_type: "text/event-stream", begin: String::new(), repeat: event, end: "" },
            Export {
                content_type: "text/csv",
                begin: "姓名,手机,备注,余额\r\n".to_owned(),
                repeat: cells,
                end: "",
            },
        ]
    }

    fn times(&self, bytes: usize) -> usize {
        bytes / self.repeat.len()
    }

    fn length(&self, bytes: usize) -> usize {
        self.begin.len() + self.times(bytes) * self.repeat.len() + self.end.len()
    }

    fn head(&self, length: usize) -> String {
        let content_type = self.content_type;
        format!(
            "HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\nETag: \"x\"\r\n\r\n"
        )
    }

    /// About so many bytes, made as they are sent.
    fn answer(&self, bytes: usize) -> Answer {
        // Many rows at a time: the origin is not what is measured.
        let many = 64.min(self.times(bytes));
        let times = self.times(bytes);
        let steps = vec![
            Step::Send((self.head(self.length(bytes)) + &self.begin).into_bytes()),
            Step::Repeat(self.repeat.repeat(many).into_bytes(), times / many),
            Step::Repeat(self.repeat.clone().into_bytes(), times % many),
            Step::Send(self.end.into()),
        ];
        Answer::steps(steps, Then::KeepAlive)
    }

    /// The same at once, cut behind so many bytes and something put there.
    fn torn(&self, bytes: usize, at: usize, behind: &str, then: Then) -> Answer {
        let body = self.begin.clone() + &self.repeat.repeat(self.times(bytes)) + self.end;
        let body = format!("{}{behind}", String::from_utf8_lossy(&body.as_bytes()[..at]));
        let length = if then == Then::KeepAlive { body.len() } else { self.length(bytes) };
        Answer::steps(vec![Step::Send((self.head(length) + &body).into_bytes())], then)
    }
}

fn gateway(origin: &Origin) -> yingbi_tests::Setup {
    Gateway::of(origin).limit("segment_bytes", SEGMENT).limit("response_body_bytes", 4 * SEGMENT)
}

/// The most memory the process ever had, in bytes.
fn peak(gateway: &Gateway) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", gateway.pid())).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux tells");
    line.trim().trim_end_matches(" kB").parse::<usize>().expect("a number") << 10
}

/// The parts of the only answer so far, once it has ended.
fn parts(gateway: &Gateway) -> Vec<Entry> {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let entries = gateway.entries();
        if entries.last().is_some_and(|entry| entry.outcome.is_some()) {
            return entries;
        }
        assert!(Instant::now() < deadline, "no outcome: {entries:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn result(entries: &[Entry]) -> (String, u64) {
    let outcome = entries.last().and_then(|entry| entry.outcome.clone()).expect("an outcome");
    (outcome.result, outcome.bytes)
}

#[test]
fn c8_an_export_of_any_length_flows_in_bounded_memory() {
    let said = std::env::var("YINGBI_EXPORT_MB").ok().and_then(|said| said.parse::<usize>().ok());
    let bytes = said.map_or(24 << 20, |megabytes| megabytes << 20);
    for (number, export) in Export::all().into_iter().enumerate() {
        // The first shows the bound, the others that they are cut as well.
        let bytes = if number == 0 || said.is_some() { bytes } else { 2 << 20 };
        let (times, answer) = (export.times(bytes), export.answer(bytes));
        let first = export.answer(8 * SEGMENT);
        let origin = Origin::start(move |request| match request.target.as_str() {
            "/customers/0" => first.clone(),
            _ => answer.clone(),
        });
        let gateway = gateway(&origin).start();
        // Names are learned, and room is made, once.
        let mut reading = Reading::ask(&gateway, "/customers/0", "");
        canary::assert_hidden(export.content_type, &reading.body());
        let before = peak(&gateway);
        let started = Instant::now();
        let mut reading = Reading::ask(&gateway, "/customers/1", "");
        assert!(
            reading.head.starts_with("http/1.1 200") && !reading.head.contains("etag"),
            "{}",
            reading.head
        );
        assert!(reading.head.contains("cache-control: no-store"), "{}", reading.head);
        let (mut masked, mut length, mut tail) = (0, 0, Vec::new());
        while let Some(piece) = reading.next() {
            length += piece.len();
            tail.extend(piece);
            // A value may be torn between two pieces.
            if tail.len() > 1 << 20 || reading.is_whole {
                let kept = tail.len() - 64;
                masked += count(&tail[..kept], b"139****5678");
                canary::assert_hidden(export.content_type, &tail[..SEGMENT.min(tail.len())]);
                let begin = tail[kept..].to_vec();
                let torn = count(&[&tail[kept - 10..kept], &begin[..10]].concat(), b"139****5678");
                masked += torn;
                tail = begin;
            }
        }
        masked += count(&tail, b"139****5678");
        assert!(reading.is_whole, "{}: {length} bytes", export.content_type);
        let rows = if export.begin.contains(canary::MOBILE) { times + 1 } else { times };
        assert_eq!(masked, rows, "{}", export.content_type);
        let grown = peak(&gateway).saturating_sub(before);
        let most = 16 << 20;
        assert!(grown < most, "{}: {grown} bytes for {bytes}", export.content_type);
        if said.is_some() {
            let seconds = started.elapsed().as_secs_f64();
            let rate = bytes as f64 / seconds / 1e6;
            println!(
                "{}: {bytes} bytes in {seconds:.1} s, {rate:.0} MB/s, {grown} bytes more",
                export.content_type
            );
        }
    }
}

fn count(bytes: &[u8], what: &[u8]) -> usize {
    bytes.windows(what.len()).filter(|window| *window == what).count()
}

#[test]
fn e3_each_segment_is_recorded_before_it_leaves() {
    let export = Export::list();
    let (answer, rows) = (export.answer(20 * SEGMENT), export.times(20 * SEGMENT) + 1);
    let origin = Origin::start(move |_| answer.clone());
    let gateway = gateway(&origin).start();
    let mut reading = Reading::ask(&gateway, "/customers/1", "");
    let mut length = 0;
    while let Some(piece) = reading.next() {
        length += piece.len();
        let recorded: u64 = gateway.entries().iter().map(|entry| entry.intent.bytes).sum();
        assert!(recorded >= length as u64, "{length} bytes came, {recorded} were recorded");
    }
    assert!(reading.is_whole);
    let entries = parts(&gateway);
    assert!(entries.len() > 10, "{}", entries.len());
    let id = &entries[0].intent.decision_id;
    for (entry, number) in entries.iter().zip(1..) {
        assert_eq!((&entry.intent.decision_id, entry.intent.part), (id, Some(number)));
        assert_eq!((entry.intent.status, entry.intent.decision.as_str()), (200, "permit"));
        assert!(entry.outcome.is_some(), "the outcome is that of all parts");
    }
    let masked: u64 = entries.iter().flat_map(|entry| entry.intent.masked.get("basic")).sum();
    assert_eq!(masked, 2 * rows as u64, "a name and a mobile each, each counted once");
    let bytes: u64 = entries.iter().map(|entry| entry.intent.bytes).sum();
    assert_eq!((bytes, result(&entries)), (length as u64, ("handed-to-socket".to_owned(), length as u64)));
    assert!(gateway.verify().is_good());
    let metrics = gateway.metrics();
    assert_eq!(
        metrics.sum("yingbi_values_total", &[("category", "basic"), ("treatment", "mask")]),
        2.0 * rows as f64
    );
    assert_eq!(metrics.sum("yingbi_requests_total", &[]), 1.0, "one exchange");
}

#[test]
fn f19_what_breaks_off_or_spoils_stays_a_torso() {
    let export = Export::list();
    let bytes = 6 * SEGMENT;
    let cases = [
        ("the API dies in a record", export.torn(bytes, bytes - 100, "", Then::Close)),
        ("it resets", {
            let mut torn = export.torn(bytes, 5 * SEGMENT, "", Then::Reset);
            // What is on its way is lost with the connection.
            torn.steps.push(Step::Wait(Duration::from_secs(3)));
            torn
        }),
        ("it says less than it has", {
            let text = export.begin.clone() + &export.repeat.repeat(export.times(bytes));
            Answer::steps(vec![Step::Send((export.head(text.len()) + &text).into_bytes())], Then::KeepAlive)
        }),
        ("a record is malformed", export.torn(bytes, 4 * SEGMENT, "\u{1}\"}]", Then::KeepAlive)),
        ("brackets don't match", export.torn(bytes, 4 * SEGMENT, "\"}}}}", Then::KeepAlive)),
        ("a record is too long", {
            let long = "x".repeat(5 * SEGMENT);
            let text = format!("{}{},\"{long}\"]", export.begin, export.repeat.repeat(export.times(bytes)));
            Answer::steps(vec![Step::Send((export.head(text.len()) + &text).into_bytes())], Then::KeepAlive)
        }),
        ("bytes that are no text", {
            let mut sent = (export.head(export.length(bytes)) + &export.begin).into_bytes();
            sent.extend(export.repeat.repeat(export.times(bytes) / 2).bytes());
            sent.extend(
                export
                    .repeat
                    .repeat(export.times(bytes) - export.times(bytes) / 2)
                    .bytes()
                    .map(|byte| byte | 0x80),
            );
            sent.push(b']');
            Answer::steps(vec![Step::Send(sent)], Then::KeepAlive)
        }),
    ];
    for (what, answer) in cases {
        let origin = Origin::start(move |_| answer.clone());
        let gateway = gateway(&origin).start();
        let mut reading = Reading::ask(&gateway, "/customers/1", "");
        assert!(reading.head.starts_with("http/1.1 200"), "{what}: {}", reading.head);
        let body = reading.body();
        assert!(!reading.is_whole && body.len() > SEGMENT / 2, "{what}: {} bytes", body.len());
        canary::assert_hidden(what, &body);
        let entries = parts(&gateway);
        assert_eq!(result(&entries), ("partial".to_owned(), body.len() as u64), "{what}");
        assert!(gateway.verify().is_good(), "{what}");
    }
}

#[test]
fn f17_what_can_not_be_cut_is_held_and_refused_beyond_the_limit() {
    let [list, envelope, ..] = Export::all();
    let bytes = 6 * SEGMENT;
    let record = format!("[{{\"a\":\"{}\"}}]", "x".repeat(5 * SEGMENT));
    let rows = format!("{{\"rows\":[{}[1]],\"cols\":[\"mobile\"]}}", "[\"13912345678\"],".repeat(bytes / 16));
    let list_of_xml = format!("<a>{}</a>", "<b>1</b>".repeat(bytes / 8));
    for (what, answer, expect) in [
        ("a list", list.answer(bytes), 200),
        ("in an envelope", envelope.answer(bytes), 200),
        ("a long record", Answer::json(record), 502),
        ("rows without columns before them", Answer::json(rows), 502),
        ("markup", Answer::of_type("application/xml", list_of_xml), 502),
        (
            "a spoilt beginning",
            list.torn(bytes, 100, &format!("\u{1}{}", " ".repeat(bytes)), Then::KeepAlive),
            502,
        ),
        ("a short list", list.answer(SEGMENT / 2), 200),
        ("an envelope that is held", envelope.answer(3 * SEGMENT), 200),
    ] {
        let origin = Origin::start(move |_| answer.clone());
        let gateway = gateway(&origin).start();
        let mut client = yingbi_tests::Client::connect(gateway.address);
        client.send(&gateway.get("/customers/1"));
        let response = client.response();
        assert_eq!(response.status, expect, "{what}: {:?}", response.headers);
        canary::assert_hidden(what, client.received());
        if expect == 502 {
            assert!(["YB4005", "YB4104"].contains(&response.problem_code().as_str()), "{what}");
            assert!(
                gateway.entries().iter().all(|entry| entry.intent.decision == "refuse"),
                "{what}: nothing was released"
            );
        }
        let chunked = response.header("transfer-encoding").is_some();
        assert_eq!(chunked, what == "a list" || what == "in an envelope", "{what}");
    }
}

#[test]
fn f20_a_client_that_leaves_ends_the_call_behind() {
    let export = Export::list();
    let answer = export.answer(1 << 30);
    let (origin, started) = (Origin::start(move |_| answer.clone()), Instant::now());
    let gateway = gateway(&origin).start();
    let mut reading = Reading::ask(&gateway, "/customers/1", "");
    assert!(reading.next().is_some());
    drop(reading);
    let entries = parts(&gateway);
    assert_eq!(result(&entries).0, "aborted");
    assert!(started.elapsed() < Duration::from_secs(30));
    // The same connection would still carry the rest: the next call comes on another.
    let mut reading = Reading::ask(&gateway, "/customers/1", "");
    assert!(reading.next().is_some());
    assert_eq!(origin.connections(), 2);
}

#[test]
fn c8_a_slow_client_slows_the_api_behind_down() {
    let export = Export::list();
    let answer = export.answer(16 << 20);
    let origin = Origin::start(move |_| answer.clone());
    let gateway = gateway(&origin).start();
    let mut reading = Reading::ask(&gateway, "/customers/1", "");
    assert!(reading.next().is_some());
    // What both sockets hold, and no more.
    let released = || gateway.entries().iter().map(|entry| entry.intent.bytes).sum::<u64>();
    let (mut held, deadline) = (0, Instant::now() + Duration::from_secs(60));
    loop {
        std::thread::sleep(Duration::from_secs(3));
        let now = released();
        if now == held {
            break;
        }
        assert!(Instant::now() < deadline, "{now}");
        held = now;
    }
    assert!(held < 12 << 20, "{held}");
    while reading.next().is_some() {}
    assert!(reading.is_whole);
}

#[test]
fn c8_coded_and_chinese_exports_flow_and_old_clients_get_whole_ones() {
    use std::io::Write;
    let export = Export::list();
    let text = export.begin.clone() + &export.repeat.repeat(export.times(20 * SEGMENT)) + export.end;
    let rows = export.times(20 * SEGMENT) + 1;
    let gzip = |text: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).expect("memory");
        encoder.finish().expect("memory")
    };
    let [.., cells] = Export::all();
    let chinese = cells.begin.clone() + &cells.repeat.repeat(cells.times(5 * SEGMENT));
    let chinese = encoding_rs::GB18030.encode(&chinese).0.into_owned();
    let coded = gzip(&noisy(&text));
    assert!(coded.len() > 2 * SEGMENT, "{}", coded.len());
    let answers = [
        Answer::with("Content-Type: application/json\r\nContent-Encoding: gzip\r\n", coded.clone()),
        Answer::with(
            "Content-Type: application/json\r\nContent-Encoding: gzip\r\n",
            coded[..coded.len() - 9].to_vec(),
        ),
        Answer::of_type("text/csv; charset=GBK", chinese),
        export.answer(20 * SEGMENT),
    ];
    let origin = Origin::start(move |request| {
        let number = request.target.rsplit('/').next().and_then(|number| number.parse::<usize>().ok());
        answers[number.unwrap_or_default()].clone()
    });
    let gateway = gateway(&origin).start();
    let mut reading = Reading::ask(&gateway, "/customers/0", "Accept-Encoding: gzip\r\n");
    let body = reading.body();
    assert!(reading.is_whole && !reading.head.contains("content-encoding"), "{}", reading.head);
    assert_eq!(count(&body, b"139****5678"), rows);
    let mut reading = Reading::ask(&gateway, "/customers/1", "");
    let body = reading.body();
    assert!(!reading.is_whole, "the coding ends too early");
    canary::assert_hidden("a torso", &body[..SEGMENT]);
    let mut reading = Reading::ask(&gateway, "/customers/2", "");
    let body = reading.body();
    assert!(reading.is_whole && reading.head.contains("charset=gbk"), "{}", reading.head);
    let body = encoding_rs::GB18030.decode(&body).0.into_owned();
    assert!(body.starts_with("姓名,手机") && !body.contains("张三"));
    canary::assert_hidden("GBK", body.as_bytes());
    // Who can't tell a torso from a whole answer, or takes nothing as it is, gets only what can be held.
    let mut stream = TcpStream::connect(gateway.address).expect("it listens");
    let request = gateway.get("/customers/3");
    let request = String::from_utf8(request).expect("text").replace("HTTP/1.1", "HTTP/1.0");
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut received = Vec::new();
    stream.read_to_end(&mut received).expect("it answers");
    assert!(received.starts_with(b"HTTP/1.1 502"), "{}", String::from_utf8_lossy(&received[..200]));
    let mut client = yingbi_tests::Client::connect(gateway.address);
    client.send(&gateway.request("GET", "/customers/3", "Accept-Encoding: gzip, identity;q=0\r\n", b""));
    assert_eq!(client.response().status, 502);
}

/// A list with members that don't compress.
fn noisy(text: &str) -> Vec<u8> {
    let mut state = 1u64;
    let mut noise = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        format!(r#""n":1.50,"k":"{:016x}{:08x}""#, state, state >> 17)
    };
    let parts: Vec<&str> = text.split(r#""n":1.50"#).collect();
    let last = parts.len() - 1;
    let mut out = String::new();
    for (number, part) in parts.into_iter().enumerate() {
        out.push_str(part);
        if number < last {
            out.push_str(&noise());
        }
    }
    out.into_bytes()
}

#[test]
fn c8_events_reach_their_readers_while_the_stream_goes_on() {
    let event = |at: usize| format!("id: {at}\nevent: fill\ndata: {}\n\n", row());
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
    let chunk = |text: String| Step::Send(format!("{:x}\r\n{text}\r\n", text.len()).into_bytes());
    let mut steps = vec![Step::Send(head.into())];
    for at in 0..80 {
        steps.push(chunk(event(at)));
        steps.push(Step::Wait(Duration::from_millis(100)));
    }
    steps.extend([Step::Wait(Duration::from_secs(3)), Step::Send(b"0\r\n\r\n".to_vec())]);
    let origin = Origin::start(move |_| Answer::steps(steps.clone(), Then::KeepAlive));
    let gateway = gateway(&origin).start();
    let mut reading = Reading::ask(&gateway, "/customers/1", "");
    let (mut body, mut first) = (Vec::new(), None);
    while let Some(piece) = reading.next() {
        first.get_or_insert_with(Instant::now);
        body.extend(piece);
    }
    let before_end = first.map_or(Duration::ZERO, |first| first.elapsed());
    assert!(
        reading.is_whole && before_end > Duration::from_secs(2),
        "the first came {before_end:?} before the end"
    );
    canary::assert_hidden("events", &body);
    assert_eq!(count(&body, b"139****5678"), 80);
    assert_eq!(count(&body, b"event: fill\n"), 80);
}
