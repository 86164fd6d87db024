//! Requests that two servers could read in two ways: each is refused, or forwarded as exactly one request that has one
//! reading. What an attacker hides behind the first request never reaches the origin.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

#[path = "smuggling/cases.rs"]
mod cases;

use cases::{CHUNKS, HEADS};
use std::time::Duration;
use yingbi_tests::{Answer, Client, Gateway, Origin, credentials};

/// What must become of a request.
#[derive(Clone, Copy, Debug)]
enum Outcome {
    /// Refused by the head reader.
    Refused,
    /// Refused, or forwarded as one clean request with this body: it has an odd form that may be made plain.
    RefusedOrOne(&'static str),
    /// Forwarded as this one request: method, target, body.
    One(&'static str, &'static str, &'static str),
}
use Outcome::{One, Refused, RefusedOrOne};

struct Case(&'static str, &'static str, Outcome);

struct Bench {
    origin: Origin,
    gateway: Gateway,
}

impl Bench {
    fn new() -> Bench {
        let origin = Origin::start(|_| Answer::json("{\"ok\":true}"));
        // A body that never ends must not hold up the table.
        let gateway = Gateway::of(&origin)
            .limit("head_timeout_ms", 1500)
            .limit("body_idle_timeout_ms", 1500)
            .limit("exchange_timeout_ms", 5000)
            .start();
        Bench { origin, gateway }
    }

    /// Sends a case in pieces of these lengths; what is wrong with the outcome.
    fn check(&self, bytes: &[u8], outcome: Outcome, pieces: &[usize]) -> Result<(), String> {
        self.origin.forget();
        let mut client = Client::connect(self.gateway.address);
        client.send_split(bytes, pieces, Duration::from_millis(2));
        let first = client.try_response(bytes.starts_with(b"HEAD"), Duration::from_secs(8));
        let response = first.map_err(|none| format!("{none:?} instead of a response: {}", client.shown()))?;
        let refused = (400..500).contains(&response.status) || matches!(response.status, 501 | 505);
        let seen = self.origin.seen();
        if let Some(request) = seen.iter().find(|seen| seen.request.target.contains("smuggled")) {
            return Err(format!("smuggled: {request:?}"));
        }
        if let Some(odd) = seen.iter().find(|seen| !seen.request.anomalies.is_empty()) {
            return Err(format!("forwarded ambiguously: {odd:?}"));
        }
        let reads: Vec<_> = seen
            .iter()
            .map(|seen| (seen.request.method.as_str(), seen.request.target.as_str(), &seen.body[..]))
            .collect();
        match outcome {
            Refused | RefusedOrOne(_) if refused => {
                // Refused for its form, not for its caller; an answer to HEAD is told by its status alone.
                let code = if bytes.starts_with(b"HEAD") { "YB".to_owned() } else { response.problem_code() };
                if !code.starts_with("YB") || matches!(response.status, 401 | 403) {
                    return Err(format!("refused for another reason: {response:?}"));
                }
                if !reads.is_empty() {
                    return Err(format!("refused, and forwarded {reads:?}"));
                }
                if !client.drain(Duration::from_secs(4)) {
                    return Err("the connection stays open after a refusal".to_owned());
                }
                match client.try_response(false, Duration::from_millis(1)) {
                    Ok(second) => Err(format!("a second response: {second:?}")),
                    Err(_) => Ok(()),
                }
            }
            RefusedOrOne(body) if response.status == 200 && reads == [("POST", "/a", body.as_bytes())] => {
                Ok(())
            }
            One(method, target, body)
                if response.status == 200 && reads == [(method, target, body.as_bytes())] =>
            {
                Ok(())
            }
            outcome => Err(format!("{outcome:?} expected: {response:?}, forwarded {reads:?}")),
        }
    }

    fn run(&self, cases: &[Case], head: &str) {
        let mut wrong = Vec::new();
        for Case(name, text, outcome) in cases {
            let bytes = filled(&format!("{head}{text}"));
            for pieces in [&[][..], &[1, 7, 20, 40]] {
                if let Err(why) = self.check(&bytes, *outcome, pieces) {
                    wrong.push(format!("{name} {pieces:?}: {why}"));
                }
            }
        }
        assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
    }
}

fn filled(text: &str) -> Vec<u8> {
    let smuggled = "GET /smuggled HTTP/1.1\r\nHost: crm.internal\r\n<A>\r\n";
    text.replace("<S>", smuggled).replace("<A>", &credentials("teller")).into_bytes()
}

#[test]
fn p15_ambiguous_heads_are_refused_or_made_plain() {
    assert!(HEADS.len() >= 60);
    Bench::new().run(HEADS, "");
}

#[test]
fn p15_ambiguous_chunks_are_refused_or_made_plain() {
    let head = "POST /a HTTP/1.1\r\nHost: crm.internal\r\n<A>Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n";
    Bench::new().run(CHUNKS, head);
}

/// The table's other half: a gateway that answered one request a connection would pass it.
#[test]
fn p15_pipelined_requests_are_each_answered_in_order() {
    let bench = Bench::new();
    let post = "POST /b HTTP/1.1\r\nHost: crm.internal\r\n<A>Content-Type: text/plain\r\nContent-Length: 3\r\n\r\nabc";
    let get = "GET /a HTTP/1.1\r\nHost: crm.internal\r\n<A>\r\n";
    let bytes = filled(&[get, post, get].concat());
    for pieces in [&[][..], &[30, 100, 200, 10]] {
        bench.origin.forget();
        let mut client = Client::connect(bench.gateway.address);
        client.send_split(&bytes, pieces, Duration::from_millis(2));
        for _ in 0..3 {
            let response = client.response();
            assert_eq!((response.status, response.text().as_str()), (200, "{\"ok\":true}"));
        }
        let targets: Vec<_> =
            bench.origin.seen().into_iter().map(|seen| (seen.request.target, seen.body)).collect();
        assert_eq!(targets, [("/a".into(), vec![]), ("/b".into(), b"abc".to_vec()), ("/a".into(), vec![])]);
    }
}

#[test]
fn p15_a_request_hidden_behind_a_refused_one_is_not_answered() {
    let bench = Bench::new();
    let good = "GET /a HTTP/1.1\r\nHost: crm.internal\r\n<A>\r\n";
    let bad = "GET /b HTTP/1.1\r\nHost: crm.internal\r\n<A>X_Forwarded_For: 1\r\n\r\n";
    let mut client = Client::connect(bench.gateway.address);
    client.send(&filled(&[good, bad, "<S>"].concat()));
    assert_eq!(client.response().status, 200);
    assert_eq!(client.response().status, 400);
    assert!(client.drain(Duration::from_secs(4)));
    let targets: Vec<_> = bench.origin.seen().into_iter().map(|seen| seen.request.target).collect();
    assert_eq!(targets, ["/a"]);
}

#[test]
fn p15_clients_claim_no_identity() {
    let bench = Bench::new();
    let claims = "X-Forwarded-For: 198.51.100.7\r\nX-Real-IP: 198.51.100.7\r\nForwarded: for=198.51.100.7\r\n\
        X-Forwarded-User: admin\r\nTrue-Client-IP: 198.51.100.7\r\nX-SSL-Client-S-DN: CN=admin\r\nX-Remote-User: admin\r\n\
        Connection: x-hop\r\nX-Hop: 1\r\nTE: trailers\r\nProxy-Authorization: Basic YWRtaW4=\r\nVia: 1.1 admin\r\n";
    let mut client = Client::connect(bench.gateway.address);
    client.send(&bench.gateway.request("GET", "/a", claims, b""));
    assert_eq!(client.response().status, 200);
    let seen = bench.origin.seen();
    let headers = &seen[0].request.headers;
    for forged in ["198.51.100.7", "admin", "YWRtaW4="] {
        assert!(!headers.iter().any(|(_, value)| value.contains(forged)), "{forged} in {headers:?}");
    }
    for hop in ["x-hop", "te", "proxy-authorization"] {
        assert_eq!(seen[0].request.header(hop), None);
    }
    assert_eq!(seen[0].request.anomalies, Vec::<String>::new());
}

#[test]
fn p16_slow_and_huge_heads_end() {
    let bench = Bench::new();
    let mut slow = Client::connect(bench.gateway.address);
    let started = std::time::Instant::now();
    for byte in b"GET /a HTTP/1.1\r\nHost: crm.internal\r\nX: aaaaaaaaaaaaaaaaaaaaaaa" {
        slow.send(&[*byte]);
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(slow.drain(Duration::from_secs(5)), "still open after {:?}", started.elapsed());
    assert!(slow.shown().starts_with("HTTP/1.1 408 "), "{}", slow.shown());
    for (headers, status) in [
        (format!("X: {}\r\n", "x".repeat(40_000)), 431),
        ("X: y\r\n".repeat(101), 431),
        (format!("X: {}\r\n", "x".repeat(9_000)), 431),
    ] {
        let mut huge = Client::connect(bench.gateway.address);
        huge.send(&bench.gateway.request("GET", "/a", &headers, b""));
        assert_eq!(huge.response().status, status);
    }
    let mut long = Client::connect(bench.gateway.address);
    long.send(&bench.gateway.get(&format!("/{}", "a".repeat(9_000))));
    assert_eq!(long.response().status, 414);
    assert_eq!(bench.origin.seen(), []);
}
