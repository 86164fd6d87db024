//! E2, M1, F23: events for a security team's own systems: strictly as RFC 5424 and OTLP have them, nobody's data in them,
//! nothing held up by a receiver that doesn't keep up.

use crate::FIRM;
use crate::witness::accesses;
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use yingbi_tests::{Stage, Who, canary};

/// A message of RFC 5424, read by its grammar alone.
#[derive(Debug)]
struct Message {
    priority: u32,
    timestamp: String,
    hostname: String,
    app: String,
    id: String,
    parameters: Vec<(String, String)>,
}

impl Message {
    fn parse(text: &str) -> Option<Message> {
        let rest = text.strip_prefix('<')?;
        let (priority, rest) = rest.split_once('>')?;
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number(priority) || priority.len() > 3 || (priority.len() > 1 && priority.starts_with('0')) {
            return None;
        }
        let priority: u32 = priority.parse().ok().filter(|priority| *priority <= 191)?;
        let rest = rest.strip_prefix("1 ")?;
        let mut fields = rest.splitn(6, ' ');
        let mut field = |longest: usize| {
            let text = fields.next()?;
            let is_print = text.bytes().all(|byte| byte.is_ascii_graphic());
            (!text.is_empty() && text.len() <= longest && is_print).then(|| text.to_owned())
        };
        let (timestamp, hostname, app) = (field(64)?, field(255)?, field(48)?);
        let (_process, id) = (field(128)?, field(32)?);
        let shape: String = timestamp.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        if shape != "0000-00-00T00:00:00.000000Z" {
            return None;
        }
        // One element; nothing behind it, for there is no free text.
        let element = fields.next()?.strip_prefix('[')?;
        let (name, mut rest) = element.split_once(' ')?;
        let (name, number) = name.split_once('@')?;
        if name.is_empty() || !is_number(number) {
            return None;
        }
        let mut parameters = Vec::new();
        loop {
            let (name, after) = rest.split_once("=\"")?;
            let is_name = !name.is_empty()
                && name.len() <= 32
                && name.bytes().all(|byte| byte.is_ascii_graphic() && !b"=]\"".contains(&byte));
            if !is_name {
                return None;
            }
            let mut value = String::new();
            let mut characters = after.char_indices();
            let end = loop {
                match characters.next()? {
                    (at, '"') => break at,
                    (_, ']') => return None,
                    (_, '\\') => value.push(characters.next().filter(|(_, c)| "\"\\]".contains(*c))?.1),
                    (_, c) if c.is_control() => return None,
                    (_, c) => value.push(c),
                }
            };
            parameters.push((name.to_owned(), value));
            rest = &after[end + 1..];
            match rest {
                "]" => break,
                _ => rest = rest.strip_prefix(' ')?,
            }
        }
        Some(Message { priority, timestamp, hostname, app, id, parameters })
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(own, _)| own == name).map(|(_, value)| &**value)
    }
}

/// Reads octet-counted frames until the stream ends.
fn frames(stream: &mut dyn std::io::Read, sender: &Sender<String>) {
    let mut stream = BufReader::new(stream);
    loop {
        let mut count = Vec::new();
        match stream.read_until(b' ', &mut count) {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let count = String::from_utf8(count).unwrap();
        let count = count.strip_suffix(' ').expect("a count ends in a space");
        assert!(!count.starts_with('0') && count.bytes().all(|byte| byte.is_ascii_digit()), "{count:?}");
        let mut message = vec![0; count.parse().unwrap()];
        if stream.read_exact(&mut message).is_err()
            || sender.send(String::from_utf8(message).unwrap()).is_err()
        {
            return;
        }
    }
}

/// A receiver on loopback, and what it was told.
fn receiver() -> (u16, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, told) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, sender) = (stream.unwrap(), sender.clone());
            std::thread::spawn(move || frames(&mut stream, &sender));
        }
    });
    (port, told)
}

fn stage(siem: &str) -> Stage {
    Stage::with(FIRM, |setup| setup.config(&format!("audit:\n  siem:\n    gateway: gw-1\n{siem}")))
}

/// What is told within the time, until `enough`.
fn told(told: &Receiver<String>, enough: impl Fn(&[String]) -> bool) -> Vec<String> {
    let deadline = Instant::now() + Duration::from_secs(60);
    let mut all = Vec::new();
    while !enough(&all) {
        let left = deadline.saturating_duration_since(Instant::now());
        all.push(told.recv_timeout(left).unwrap_or_else(|_| panic!("not told in time: {all:?}")));
    }
    all
}

fn count(stage: &Stage, receiver: &str, outcome: &str) -> f64 {
    stage.gateway.metrics().sum("yingbi_siem_records_total", &[("receiver", receiver), ("outcome", outcome)])
}

#[test]
fn e2_m1_syslog_has_every_record_once_in_the_grammar_of_rfc_5424_and_nobody_in_it() {
    let (port, receiver) = receiver();
    let mut stage = stage(&format!("    syslog: {{address: \"tcp://127.0.0.1:{port}\"}}\n"));
    let trace = accesses(&stage, 8);
    let refused = stage.get(Who::Nobody, "/customers");
    assert_eq!(refused.response.status, 401);
    let all = told(&receiver, |all| {
        let of = |id: &str| all.iter().filter(|text| text.contains(&format!(" {id} [yingbi@"))).count();
        of("access") == 8 && of("outcome") >= 8 && of("refusal") == 1
    });
    for person in [canary::NAME, canary::MOBILE, "80001234", "138****"] {
        assert!(!all.iter().any(|text| text.contains(person)), "{person}");
    }
    let subjects: Vec<String> =
        stage.gateway.entries().into_iter().flat_map(|entry| entry.intent.subjects).collect();
    assert!(
        !subjects.is_empty() && !all.iter().any(|text| subjects.iter().any(|subject| text.contains(subject)))
    );
    let messages: Vec<Message> =
        all.iter().map(|text| Message::parse(text).unwrap_or_else(|| panic!("{text}"))).collect();
    let mut sequences: Vec<u64> =
        messages.iter().map(|message| message.get("sequence").unwrap().parse().unwrap()).collect();
    let in_order = sequences.is_sorted();
    sequences.dedup();
    assert!(in_order && sequences.len() == messages.len(), "each once, in order");
    for message in &messages {
        assert_eq!((&*message.hostname, &*message.app), ("gw-1", "yingbi"));
        assert_eq!(message.priority / 8, 13, "log audit");
        assert!(message.timestamp.starts_with("20"));
    }
    let access = messages.iter().find(|message| message.get("trace") == Some(&*trace)).unwrap();
    let recorded = stage.gateway.entries_of(&trace).remove(0);
    assert_eq!(access.id, "access");
    assert_eq!(access.priority % 8, 6);
    for (name, value) in [
        ("decision_id", recorded.intent.decision_id.clone()),
        ("caller", recorded.intent.caller.clone()),
        ("route", recorded.intent.route.clone()),
        ("subjects", recorded.intent.subjects.len().to_string()),
        ("status", "200".to_owned()),
    ] {
        assert_eq!(access.get(name), Some(&*value), "{name}");
    }
    let refusal = messages.iter().find(|message| message.id == "refusal").unwrap();
    assert_eq!(refusal.priority % 8, 5);
    // Told again after a restart is only what is new.
    assert!(stage.gateway.stop().success());
    stage.gateway.start_again();
    accesses(&stage, 1);
    let more = told(&receiver, |all| all.iter().any(|text| text.contains(" access [")));
    let last = sequences.last().copied().unwrap();
    for text in &more {
        let sequence: u64 = Message::parse(text).unwrap().get("sequence").unwrap().parse().unwrap();
        assert!(sequence > last, "{text}");
    }
    assert!(count(&stage, "syslog", "sent") >= 1.0 && count(&stage, "syslog", "dropped") == 0.0);
}

#[test]
fn e2_syslog_goes_by_tls_to_whom_the_authority_vouches_for_alone() {
    let certified = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let other = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let serve = |certified: &rcgen::CertifiedKey<rcgen::KeyPair>| {
        let key = rustls::pki_types::PrivatePkcs8KeyDer::from(certified.signing_key.serialize_der());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certified.cert.der().clone()], key.into())
            .unwrap();
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, told) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (config, sender) = (Arc::clone(&config), sender.clone());
                std::thread::spawn(move || {
                    let connection = rustls::ServerConnection::new(config).unwrap();
                    let mut stream = rustls::StreamOwned::new(connection, stream.unwrap());
                    frames(&mut stream, &sender);
                });
            }
        });
        (port, told)
    };
    for (name, served, is_told) in [("right", &certified, true), ("wrong", &other, false)] {
        let (port, receiver) = serve(served);
        let stage = Stage::with(FIRM, |setup| {
            setup.file("siem.pem", &certified.cert.pem()).config(&format!(
                "audit:\n  siem:\n    syslog: {{address: \"tls://localhost:{port}\", ca: siem.pem}}\n"
            ))
        });
        accesses(&stage, 2);
        match is_told {
            true => {
                let all = told(&receiver, |all| all.iter().any(|text| text.contains(" access [")));
                assert!(all.iter().all(|text| Message::parse(text).is_some()), "{all:?}");
            }
            false => {
                assert!(receiver.recv_timeout(Duration::from_secs(3)).is_err(), "{name}: told to a stranger");
                assert_eq!(count(&stage, "syslog", "sent"), 0.0);
            }
        }
    }
}

#[test]
fn f23_a_receiver_that_hangs_holds_up_nobody_and_what_it_misses_is_counted() {
    // It takes connections, and never reads.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let held = Arc::new(Mutex::new(Vec::<TcpStream>::new()));
    let (holds, stuck) = (Arc::clone(&held), listener.try_clone().unwrap());
    std::thread::spawn(move || {
        stuck.incoming().for_each(|stream| holds.lock().unwrap().push(stream.unwrap()))
    });
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let stage = stage(&format!(
        "    backlog: 10\n    syslog: {{address: \"tcp://127.0.0.1:{gone}\"}}\n    \
         otlp: {{url: \"http://127.0.0.1:{port}/v1/logs\"}}\n"
    ));
    let began = Instant::now();
    accesses(&stage, 40);
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    let deadline = Instant::now() + Duration::from_secs(60);
    while count(&stage, "syslog", "dropped") < 50.0 || count(&stage, "otlp", "dropped") < 1.0 {
        assert!(Instant::now() < deadline, "what is missed is counted");
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(count(&stage, "syslog", "sent"), 0.0);
    assert_eq!(stage.gateway.entries().len(), 40, "the log has them all");
    // It comes up: told is what is not further back than the backlog, each record once, and the counts are of all.
    let listener = TcpListener::bind(("127.0.0.1", gone)).unwrap();
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, sender) = (stream.unwrap(), sender.clone());
            std::thread::spawn(move || frames(&mut stream, &sender));
        }
    });
    let all = told(&receiver, |all| all.len() >= 10);
    assert!(all.iter().all(|text| Message::parse(text).is_some()), "{all:?}");
    let deadline = Instant::now() + Duration::from_secs(30);
    let records = || {
        let dir = stage.gateway.audit_dir();
        let report = yingbi_audit::verify::verify(&dir, None).unwrap();
        report.records as f64
    };
    while count(&stage, "syslog", "sent") + count(&stage, "syslog", "dropped") < records() {
        assert!(Instant::now() < deadline, "sent and dropped are all there are");
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(count(&stage, "syslog", "sent") + count(&stage, "syslog", "dropped"), records());
}

/// Answers a request with a length; `None` closes.
fn answer(stream: &mut TcpStream, sender: &Sender<String>, status: u16, body: &str) -> Option<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap().to_lowercase();
    assert!(head.starts_with("post /v1/logs http/1.1\r\n"), "{head}");
    assert!(head.contains("content-type: application/json\r\n"), "{head}");
    let length = head.split("content-length: ").nth(1)?.split("\r\n").next()?.parse().ok()?;
    let mut content = vec![0; length];
    stream.read_exact(&mut content).ok()?;
    sender.send(String::from_utf8(content).unwrap()).ok()?;
    let text = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    stream.write_all(text.as_bytes()).ok()
}

#[test]
fn e2_m1_otlp_has_every_record_in_the_forms_of_its_json() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        // Busy at first: what it says may be tried again is.
        let mut statuses = [503, 429].into_iter();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            loop {
                let status = statuses.next().unwrap_or(200);
                let (quiet, _) = channel();
                let sender = if status == 200 { &sender } else { &quiet };
                let body = if status == 200 { "{\"partialSuccess\":{}}" } else { "" };
                if answer(&mut stream, sender, status, body).is_none() && status == 200 {
                    break;
                }
                if status != 200 {
                    let text =
                        format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                    let _ = stream.write_all(text.as_bytes());
                    break;
                }
            }
        }
    });
    let stage = stage(&format!("    otlp: {{url: \"http://127.0.0.1:{port}/v1/logs\"}}\n"));
    let trace = accesses(&stage, 5);
    let all = told(&receiver, |all| all.iter().any(|text| text.contains(&trace)));
    assert!(!all.iter().any(|text| text.contains(canary::MOBILE) || text.contains(canary::NAME)));
    let mut records = Vec::new();
    for text in &all {
        let request: Value = serde_json::from_str(text).unwrap();
        let resources = request["resourceLogs"].as_array().unwrap();
        let attributes = resources[0]["resource"]["attributes"].to_string();
        assert!(attributes.contains("service.name") && attributes.contains("gw-1"), "{attributes}");
        records.extend(resources[0]["scopeLogs"][0]["logRecords"].as_array().unwrap().clone());
    }
    let text = |record: &Value, key: &str| {
        let attributes = record["attributes"].as_array().unwrap();
        let found = attributes.iter().find(|attribute| attribute["key"] == key);
        found.map(|attribute| attribute["value"]["stringValue"].as_str().unwrap().to_owned())
    };
    let sequences: Vec<u64> =
        records.iter().map(|record| text(record, "yingbi.sequence").unwrap().parse().unwrap()).collect();
    assert!(sequences.windows(2).all(|pair| pair[0] < pair[1]), "each once, in order: {sequences:?}");
    for record in &records {
        let time = record["timeUnixNano"].as_str().expect("a string, as 64-bit integers are");
        assert_eq!(time.len(), 19, "{record}");
        assert!((1..=24).contains(&record["severityNumber"].as_u64().unwrap()));
    }
    let access = records.iter().find(|record| record["traceId"] == *trace).expect("by its trace");
    assert_eq!(access["body"]["stringValue"], "access");
    assert_eq!(text(access, "yingbi.subjects").as_deref(), Some("1"));
}

#[test]
fn e2_events_go_nowhere_in_clear_but_on_this_host() {
    for (lines, expect) in [
        ("    syslog: {address: \"tcp://siem.firm.example:514\"}\n", "YB1637"),
        ("    syslog: {address: \"tls://siem.firm.example:6514\"}\n", "YB1637"),
        ("    syslog: {address: \"udp://127.0.0.1:514\"}\n", "YB1637"),
        ("    syslog: {address: \"tcp://127.0.0.1\"}\n", "YB1637"),
        ("    otlp: {url: \"http://collector.firm.example:4318/v1/logs\"}\n", "YB1631"),
        ("    syslog: {address: \"tcp://127.0.0.1:601\"}\n    gateway: \"a b\"\n", "YB1636"),
    ] {
        let refused = Stage::try_with(FIRM, |setup| setup.config(&format!("audit:\n  siem:\n{lines}")));
        let why = refused.err().expect("it must not start");
        assert!(why.contains(expect), "{lines}: {why}");
    }
}
