//! E2, P8: whatever passes, is refused or fails, no value of anybody is in a log, a metric, a problem document or a file.
//!
//! The sample API's investors pass through the gateway in every role and shape, their values stand in paths, queries
//! and headers of good and malformed requests; then all that the gateway wrote or told is searched for them, in clear
//! and in every coding a reader could undo.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use yingbi_sample_api::{DEMO_SEED, Firm, Person, Search, canaries_of, people, router};
use yingbi_tests::{Client, Gateway, HOST, Origin, Response, Setup, Stage, Step, Then, Who, credentials};

const INVESTORS: usize = 12;

/// Values worth a search: short ones occur by chance.
fn values() -> Vec<String> {
    let all = people(DEMO_SEED, INVESTORS);
    let mut values: Vec<String> =
        all.iter().flat_map(canaries_of).filter(|value| value.len() >= 8 || !value.is_ascii()).collect();
    values.sort();
    values.dedup();
    values
}

/// A value in every coding that a reader could undo, named.
fn codings(value: &str) -> Vec<String> {
    let hex = |upper: bool| -> String {
        value.bytes().map(|byte| if upper { format!("{byte:02X}") } else { format!("{byte:02x}") }).collect()
    };
    let percent = |upper: bool, all: bool| -> String {
        let encode = |byte: u8| match byte {
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'-' | b'.' | b'_' | b'~' if !all => {
                char::from(byte).to_string()
            }
            _ if upper => format!("%{byte:02X}"),
            _ => format!("%{byte:02x}"),
        };
        value.bytes().map(encode).collect()
    };
    let mut codings = vec![
        value.to_owned(),
        hex(true),
        hex(false),
        percent(true, true),
        percent(false, true),
        percent(true, false),
        percent(false, false),
        format!("{:?}", value.as_bytes()),
    ];
    // Within a longer text base64 depends on where a value begins: the middle is the same for each of three places.
    for pad in 0..3 {
        let shifted = [&vec![b' '; pad][..], value.as_bytes()].concat();
        for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
            let text = engine.encode(&shifted);
            let (from, to) = ((pad * 8).div_ceil(6), shifted.len() * 8 / 6);
            codings.push(text[from..to].to_owned());
        }
    }
    if value.bytes().all(|byte| byte.is_ascii_digit()) && value.len() >= 11 {
        let grouped = |sizes: &[usize], by: &str| {
            let mut rest = value;
            let mut parts = Vec::new();
            for size in sizes.iter().chain(std::iter::repeat(&4)) {
                if rest.is_empty() {
                    break;
                }
                let (part, tail) = rest.split_at((*size).min(rest.len()));
                parts.push(part);
                rest = tail;
            }
            parts.join(by)
        };
        for by in [" ", "-", ".", ","] {
            codings.push(grouped(&[3, 4], by));
            codings.push(grouped(&[4], by));
        }
    }
    codings.retain(|coding| coding.len() >= 8 || !coding.is_ascii());
    codings
}

/// Everything to be searched for.
struct Needles {
    texts: Vec<String>,
    search: Search,
}

impl Needles {
    fn new() -> Needles {
        let mut texts: Vec<String> = values().iter().flat_map(|value| codings(value)).collect();
        texts.sort();
        texts.dedup();
        Needles { search: Search::new(&texts), texts }
    }

    /// What is found and not by chance: a run of digits within a digest or an id is none of a person's.
    fn find(&self, bytes: &[u8]) -> Vec<String> {
        let is_hex = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let by_chance = |offset: usize, text: &str| {
            let before = bytes[..offset].iter().rev().take_while(|byte| is_hex(byte)).count();
            let after = bytes[offset..].iter().take_while(|byte| is_hex(byte)).count();
            text.bytes().all(|byte| byte.is_ascii_digit()) && matches!(before + after, 16 | 32 | 64)
        };
        let found = self
            .search
            .find(bytes)
            .into_iter()
            .filter(|found| !by_chance(found.offset, &self.texts[found.canary]));
        found.map(|found| format!("`{}` at byte {}", self.texts[found.canary], found.offset)).collect()
    }
}

/// The sample API on a port of its own, for as long as the process lives.
fn sample_api() -> SocketAddr {
    let (told, address) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            told.send(listener.local_addr().unwrap()).unwrap();
            let firm = Arc::new(Firm::new(DEMO_SEED, INVESTORS, None));
            axum::serve(listener, router(firm)).await.unwrap();
        });
    });
    address.recv_timeout(Duration::from_secs(20)).expect("the sample API listens")
}

/// The demo's policies, its issuer being the stage's.
fn demo_policies(setup: Setup) -> Setup {
    let read = |name: &str| {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/policies").join(name);
        std::fs::read_to_string(path).unwrap()
    };
    let callers = read("callers.yaml")
        .replace("https://idp.demo.example", yingbi_tests::stage::ISSUER)
        .replace("claim: role,", "claim: kind,")
        .replace(
            "- api_token: {id: analytics}",
            "- api_token: {id: analytics}\n    - api_token: {id: officer}",
        );
    // Tokens stand for the staff's JWTs.
    let callers = callers
        .replace(
            &format!(
                "- jwt: {{issuer: \"{}\", claim: groups, contains: branch-teller}}",
                yingbi_tests::stage::ISSUER
            ),
            "- api_token: {id: teller}",
        )
        .replace(
            &format!(
                "- jwt: {{issuer: \"{}\", claim: groups, contains: complaints}}",
                yingbi_tests::stage::ISSUER
            ),
            "- api_token: {id: complaints}",
        );
    assert!(callers.contains("{id: teller}") && callers.contains("{id: complaints}"), "{callers}");
    setup
        .policy(&callers)
        .more_policy("routes.yaml", &read("routes.yaml"))
        .more_policy("rules.yaml", &read("rules.yaml"))
        .caller("complaints")
        .caller("analytics")
}

/// Header lines full of a person.
fn headers_of(person: &Person) -> Vec<String> {
    let name: String = person.name.bytes().map(|byte| format!("%{byte:02X}")).collect();
    vec![
        format!("X-Request-Id: {}\r\n", person.mobile),
        format!("User-Agent: app/{} ({})\r\n", person.mobile, person.id_no),
        format!("Cookie: mobile={}; name={name}; id={}\r\n", person.mobile, person.id_no),
        format!("Referer: https://crm.internal/c/{}?m={}\r\n", person.client_id, person.mobile),
        format!("X-Customer: {}\r\n", person.name),
        format!("traceparent: 00-{}-{}-01\r\n", person.mobile, person.client_id),
        format!("tracestate: c={}\r\n", person.mobile),
        format!("Yingbi-Purpose: {}\r\n", person.mobile),
        format!("Yingbi-Ticket: {}\r\n", person.id_no),
        format!("Yingbi-Subject: {}\r\n", person.id_no),
        format!("X-Forwarded-For: {}\r\n", person.device.ip),
        format!("Accept-Encoding: {}\r\n", person.mobile),
        format!("Expect: {}\r\n", person.mobile),
        format!("Content-Length: {}\r\n", person.mobile),
        format!("Transfer-Encoding: {}\r\n", person.id_no),
        format!("Connection: {}\r\n", person.mobile),
        format!("X_{}: x\r\n", person.mobile),
        format!("{}: x\r\n", person.mobile),
        format!("X: a\r\n {}\r\n", person.mobile),
        format!("{}\r\n", person.id_no),
        format!("Host: {}.internal\r\n", person.mobile),
        format!("Range: bytes={}-\r\n", person.mobile),
        format!("If-None-Match: \"{}\"\r\n", person.id_no),
    ]
}

/// Targets full of a person.
fn targets_of(person: &Person) -> Vec<String> {
    let name: String = person.name.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let id = &person.client_id;
    vec![
        format!("/investors/{id}"),
        format!("/investors/{id}?mobile={}&name={name}", person.mobile),
        format!("/investors/{id}/accounts"),
        format!("/investors/{id}/holdings"),
        format!("/investors/{id}/trades"),
        format!("/investors/{id}/orders"),
        format!("/investors/{id}/bank-transfers"),
        format!("/investors/{id}/devices"),
        format!("/investors/{id}/contact"),
        format!("/gbk/investors/{id}"),
        format!("/pages/investor/{id}"),
        format!("/notes/{id}"),
        format!("/investors/{}", person.mobile),
        format!("/search/{}/{name}", person.id_no),
        format!("/{}", person.email),
        format!("/investors/{}?q={}", person.id_no, person.bank_card),
        format!("//{}", person.mobile),
        format!("/investors/{};{}", person.mobile, person.id_no),
        format!("/investors/../{}", person.mobile),
        format!("/investors/{}#x", person.mobile),
        format!("/investors/%zz{}", person.mobile),
        format!("/{}", person.name),
        format!("http://{}.internal/{}", person.mobile, person.id_no),
        "/investors?size=12".to_owned(),
        "/compressed/investors?size=12".to_owned(),
        "/export/investors?count=12".to_owned(),
        "/tickets".to_owned(),
        "/errors/trace".to_owned(),
        "/quotes".to_owned(),
        "/tickets/TS202600001".to_owned(),
    ]
}

struct Told {
    /// Documents by which clients were refused.
    refusals: Vec<Vec<u8>>,
    /// How many answers were released.
    released: usize,
}

/// Sends bytes as they are; any answer, or none.
fn send(address: SocketAddr, bytes: &[u8], told: &mut Told) {
    let mut client = Client::connect(address);
    client.send(bytes);
    match client.try_response(false, Duration::from_secs(3)) {
        Ok(Response { status: 200, .. }) => told.released += 1,
        Ok(response) if response.header("content-type") == Some("application/problem+json") => {
            told.refusals.push(client.received().to_vec());
        }
        // An answer of the API behind that is no success, treated; or the end of the connection.
        _ => {}
    }
}

fn traffic(address: SocketAddr, callers: &[(String, &str)]) -> Told {
    let mut told = Told { refusals: Vec::new(), released: 0 };
    let people = people(DEMO_SEED, INVESTORS);
    for (index, person) in people.iter().enumerate() {
        let (authorization, more) = &callers[index % callers.len()];
        for target in targets_of(person) {
            let head = format!(
                "GET {target} HTTP/1.1\r\nHost: {HOST}\r\n{authorization}{more}Connection: close\r\n\r\n"
            );
            send(address, head.as_bytes(), &mut told);
        }
        for line in headers_of(person) {
            let head = format!(
                "GET /investors/{} HTTP/1.1\r\nHost: {HOST}\r\n{authorization}{line}Accept: */*\r\n\r\n",
                person.client_id
            );
            send(address, head.as_bytes(), &mut told);
        }
        let id = &person.client_id;
        let body = format!(
            "{{\"mobile_tel\":\"{}\",\"id_no\":\"{}\",\"trade_pwd\":\"{}\"}}",
            person.mobile, person.id_no, person.login_password
        );
        for (method, path) in [
            ("PUT", format!("/investors/{id}/contact")),
            ("POST", "/login".to_owned()),
            (person.mobile.as_str(), "/".to_owned()),
        ] {
            let head = format!(
                "{method} {path} HTTP/1.1\r\nHost: {HOST}\r\n{authorization}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
            send(address, head.as_bytes(), &mut told);
        }
        for proof in [
            format!("Bearer {}", person.mobile),
            format!("Basic {}", STANDARD.encode(format!("{}:{}", person.name, person.login_password))),
            format!("Bearer yb_{}", person.id_no),
            format!(
                "Bearer {}.{}.x",
                URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#),
                URL_SAFE_NO_PAD.encode(format!("{{\"sub\":\"{}\"}}", person.id_no))
            ),
        ] {
            let head =
                format!("GET /investors/{id} HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: {proof}\r\n\r\n");
            send(address, head.as_bytes(), &mut told);
        }
        for raw in [
            format!("{}\r\n\r\n", person.id_no),
            format!("GET /{} HTTP/9.9\r\n\r\n", person.mobile),
            format!("GET /{}\r\n\r\n", person.mobile),
            format!("GET /a HTTP/1.1\r\nHost: {}\r\n\r\n", person.name),
        ] {
            send(address, raw.as_bytes(), &mut told);
        }
    }
    told
}

/// Searches all that the gateway wrote and tells, and its clients' refusals.
fn search_all(needles: &Needles, gateway: &Gateway, told: &Told) {
    let mut searched: Vec<(String, Vec<u8>)> =
        gateway.written().into_iter().map(|(path, bytes)| (path.display().to_string(), bytes)).collect();
    for path in ["/metrics", "/readyz", "/livez", "/"] {
        if let Ok((_, body)) = gateway.admin_get(path) {
            searched.push((path.to_owned(), body.into_bytes()));
        }
    }
    searched.extend(told.refusals.iter().map(|document| ("a refusal".to_owned(), document.clone())));
    let mut found = Vec::new();
    for (what, bytes) in &searched {
        found.extend(needles.find(bytes).into_iter().take(5).map(|found| format!("{what}: {found}")));
    }
    assert!(found.is_empty(), "{} values where none may be:\n{}", found.len(), found.join("\n"));
    let names: Vec<&str> = searched.iter().map(|(name, _)| name.as_str()).collect();
    assert!(
        names.iter().any(|name| name.contains("audit"))
            && names.iter().any(|name| name.ends_with("yingbi.err")),
        "{names:?}"
    );
}

#[test]
fn e2_the_search_finds_what_is_there() {
    let needles = Needles::new();
    let person = &people(DEMO_SEED, INVESTORS)[3];
    let log = "2026-11-20T07:28:01.123456Z INFO a1b2c3d4e5f60718 request";
    assert!(needles.find(log.as_bytes()).is_empty());
    let spaced = format!("{} {} {}", &person.mobile[..3], &person.mobile[3..7], &person.mobile[7..]);
    let spellings = [
        person.mobile.clone(),
        spaced,
        STANDARD.encode(format!("{{\"m\":\"{}\"}}", person.mobile)),
        URL_SAFE_NO_PAD.encode(format!("xx{}yy", person.name)),
        person.name.bytes().map(|byte| format!("%{byte:02X}")).collect(),
        person.id_no.bytes().map(|byte| format!("{byte:02x}")).collect(),
        format!("{:?}", person.email.as_bytes()),
        person.name.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect(),
        format!("Duplicate entry '{}'", person.id_no),
    ];
    for spelling in spellings {
        assert!(!needles.find(format!("{log} {spelling} more").as_bytes()).is_empty(), "{spelling}");
    }
    assert!(!needles.find(&encoding_rs::GB18030.encode(&person.name).0).is_empty());
    // And through a gateway: where the policy shows a value in clear, the search sees it in the answer.
    let api = sample_api();
    let stage = Stage::with("", |setup| demo_policies(setup.toward(api)));
    let mut client = Client::connect(stage.gateway.address);
    client.send(format!("GET /quotes HTTP/1.1\r\nHost: {HOST}\r\n\r\n").as_bytes());
    assert_eq!(client.response().status, 200);
    let mut direct = Client::connect(api);
    direct.send(format!("GET /investors/{} HTTP/1.1\r\nHost: x\r\n\r\n", person.client_id).as_bytes());
    assert!(needles.find(&direct.response().body).len() > 10, "the API behind holds them");
}

#[test]
fn e2_no_value_is_in_any_log_metric_file_or_refusal() {
    let needles = Needles::new();
    let api = sample_api();
    for (level, format) in [("debug", "text"), ("trace", "json")] {
        let stage = Stage::with("", |setup| {
            demo_policies(setup.toward(api))
                .config(&format!("telemetry: {{log_level: {level}, log_format: {format}}}\n"))
        });
        let people = people(DEMO_SEED, INVESTORS);
        let callers = [
            (credentials("teller"), ""),
            (stage.credentials(Who::SteppedUp(&people[1].client_id)), ""),
            (credentials("complaints"), "Yingbi-Purpose: complaint\r\n"),
            (credentials("analytics"), "Yingbi-Purpose: analytics\r\n"),
            (String::new(), ""),
            (stage.credentials(Who::Investor(&people[5].client_id)), ""),
        ];
        let told = traffic(stage.gateway.address, &callers);
        assert!(
            told.released > 50 && told.refusals.len() > 200,
            "{} released, {} refused",
            told.released,
            told.refusals.len()
        );
        search_all(&needles, &stage.gateway, &told);
        let records = stage.gateway.entries();
        assert!(records.len() > 250, "{}", records.len());
        let mut gateway = stage.gateway;
        gateway.stop();
        let logs = gateway.logs();
        assert!(needles.find(logs.as_bytes()).is_empty());
        assert!(!logs.contains("panicked"), "{logs}");
    }
}

#[test]
fn e2_failures_of_the_api_behind_leave_no_value_either() {
    let needles = Needles::new();
    let person = people(DEMO_SEED, 1).remove(0);
    let body = format!(
        "{{\"mobile_tel\":\"{}\",\"id_no\":\"{}\",\"client_name\":\"{}\"",
        person.mobile, person.id_no, person.name
    );
    let broken: Vec<Vec<u8>> = vec![
        format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{body}").into_bytes(),
        format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes(),
        format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{}\r\n", person.mobile).into_bytes(),
        format!("{body}\r\n\r\n").into_bytes(),
        format!("HTTP/1.1 {}\r\n\r\n", person.mobile).into_bytes(),
        format!("HTTP/1.1 200 OK\r\n{}\r\n\r\n", person.id_no).into_bytes(),
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nContent-Length: 5\r\n\r\nhello", person.mobile).into_bytes(),
        format!("HTTP/1.1 200 OK\r\nContent-Type: {}\r\nContent-Length: 2\r\n\r\n{{}}", person.mobile).into_bytes(),
        format!("HTTP/1.1 200 OK\r\nContent-Type: application/json; charset={}\r\nContent-Length: 2\r\n\r\n{{}}", person.mobile).into_bytes(),
        format!("HTTP/1.1 200 OK\r\nContent-Encoding: {}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}", person.id_no).into_bytes(),
        format!("HTTP/1.1 101 {}\r\nUpgrade: {}\r\n\r\n", person.mobile, person.id_no).into_bytes(),
        format!("HTTP/1.1 302 Found\r\nLocation: /c/{}\r\nContent-Length: 0\r\n\r\n", person.mobile).into_bytes(),
        [b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 300\r\n\r\n\xff\xfe".to_vec(), body.clone().into_bytes()].concat(),
    ];
    let count = broken.len();
    let origin = Origin::start(move |request| {
        let index: usize =
            request.target.rsplit('/').next().and_then(|index| index.parse().ok()).unwrap_or(0);
        yingbi_tests::Answer::steps(
            vec![Step::Send(broken[index % count].clone())],
            if index < count { Then::Close } else { Then::Reset },
        )
    });
    let gateway = Gateway::of(&origin)
        .config("telemetry: {log_level: trace}\n")
        .upstream("first_byte_timeout_ms", 1000)
        .upstream("read_timeout_ms", 1000)
        .start();
    let mut told = Told { refusals: Vec::new(), released: 0 };
    for index in 0..2 * count {
        send(gateway.address, &gateway.get(&format!("/c/{index}")), &mut told);
    }
    assert!(told.refusals.len() > 12, "{}", told.refusals.len());
    search_all(&needles, &gateway, &told);
    // Nobody behind at all.
    let gateway = Gateway::before(SocketAddr::from(([127, 0, 0, 1], 9)))
        .config("telemetry: {log_level: trace}\n")
        .start();
    let mut told = Told { refusals: Vec::new(), released: 0 };
    send(gateway.address, &gateway.get(&format!("/c/{}?m={}", person.mobile, person.id_no)), &mut told);
    assert_eq!(told.refusals.len(), 1);
    search_all(&needles, &gateway, &told);
}
