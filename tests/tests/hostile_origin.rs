//! Origins that break HTTP, codings, charsets and JSON, on purpose or not: the client gets the whole treated body or a
//! clean refusal, never a value in clear, and the next exchange is not harmed.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

#[path = "hostile_origin/codings.rs"]
mod codings;
#[path = "hostile_origin/contents.rs"]
mod contents;
#[path = "hostile_origin/framing.rs"]
mod framing;
#[path = "hostile_origin/heads.rs"]
mod heads;

use std::time::Duration;
use yingbi_tests::{Answer, Client, Gateway, Origin, Response, Step, Then, canary};

/// What the client must get. Whatever it is, no value is in clear in any byte it received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    /// 200 and the person, masked.
    Treated,
    /// A refusal by the gateway: 502 or 504, a problem document with a code.
    Refused,
    /// Any complete response.
    Whole,
    /// A complete response of this status.
    Status(u16),
}
use Expect::{Refused, Status, Treated, Whole};

struct Case {
    name: &'static str,
    expect: Expect,
    answer: Answer,
}

fn case(name: &'static str, expect: Expect, answer: Answer) -> Case {
    Case { name, expect, answer }
}

/// Bytes, then the connection closed.
fn closing(name: &'static str, expect: Expect, bytes: impl Into<Vec<u8>>) -> Case {
    case(name, expect, Answer::bytes(bytes).closing())
}

fn person() -> Vec<u8> {
    canary::person_json().into_bytes()
}

/// A response with these header lines and body, no length added.
fn raw(headers: &str, body: &[u8]) -> Vec<u8> {
    [format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{headers}\r\n").as_bytes(), body].concat()
}

fn chunked(body: &[u8], size: usize) -> Vec<u8> {
    let mut out = Vec::new();
    for piece in body.chunks(size) {
        out.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
        out.extend_from_slice(piece);
        out.extend_from_slice(b"\r\n");
    }
    out
}
/// Runs a table, its cases being paths of one origin, and after each the good answer again.
fn run(cases: Vec<Case>) {
    let answers: Vec<Answer> = cases.iter().map(|case| case.answer.clone()).collect();
    let origin = Origin::start(move |request| {
        let index = request.target.strip_prefix("/case/").and_then(|index| index.parse::<usize>().ok());
        index
            .and_then(|index| answers.get(index).cloned())
            .unwrap_or_else(|| Answer::json(canary::person_json()))
    });
    let gateway = Gateway::of(&origin)
        .upstream("first_byte_timeout_ms", 1500)
        .upstream("read_timeout_ms", 1500)
        .limit("exchange_timeout_ms", 8000)
        .start();
    let mut wrong = Vec::new();
    let control = ask(&gateway, "/control").expect("the control is answered").0;
    for (index, Case { name, expect, .. }) in cases.iter().enumerate() {
        if let Err(why) = check(&gateway, index, *expect, &control) {
            wrong.push(format!("{name}: {why}"));
        }
    }
    assert!(control.text().contains(MASKED), "{control:?}");
    for (path, bytes) in gateway.written() {
        canary::assert_hidden(&path.display().to_string(), &bytes);
    }
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
}

fn ask(gateway: &Gateway, path: &str) -> Result<(Response, Vec<u8>), String> {
    let mut client = Client::connect(gateway.address);
    client.send(&gateway.get(path));
    let response = client.try_response(false, Duration::from_secs(15));
    client.drain(Duration::from_millis(20));
    let received = client.received().to_vec();
    match response {
        Ok(response) => Ok((response, received)),
        Err(unfinished) => Err(format!("{unfinished:?}: {}", client.shown())),
    }
}

fn check(gateway: &Gateway, index: usize, expect: Expect, control: &Response) -> Result<(), String> {
    let (response, received) = ask(gateway, &format!("/case/{index}"))?;
    if let Some(value) = canary::find(&received) {
        return Err(format!("`{value}` in clear: {response:?}"));
    }
    let refused = matches!(response.status, 502 | 504);
    if refused {
        response.problem_code();
    }
    let as_expected = match expect {
        Treated => response.status == 200 && response.text().contains(MASKED),
        Refused => refused,
        Whole => true,
        Status(status) => response.status == status,
    };
    if !as_expected {
        return Err(format!("{expect:?} expected: {response:?}"));
    }
    if !response.trailers.is_empty() {
        return Err(format!("trailers: {:?}", response.trailers));
    }
    for name in ["server", "x-powered-by", "trailer", "transfer-encoding", "etag", "digest", "content-md5"] {
        if response.header(name).is_some()
            && !(name == "transfer-encoding" && response.header(name) == Some("chunked"))
        {
            return Err(format!("{name} came through: {response:?}"));
        }
    }
    // What an origin left on its connection is nobody's answer.
    let (next, _) = ask(gateway, "/control").map_err(|why| format!("the next exchange: {why}"))?;
    if (next.status, &next.body) != (control.status, &control.body) {
        return Err(format!("the next exchange was harmed: {next:?}"));
    }
    Ok(())
}

/// The canary's mobile number under the customary mask.
const MASKED: &str = "139****5678";

#[test]
fn f19_broken_framing_yields_all_or_nothing() {
    run(framing::cases());
}

#[test]
fn t9_no_value_leaves_in_headers_or_trailers() {
    run(heads::cases());
}

#[test]
fn f17_codings_are_undone_within_bounds_or_refused() {
    run(codings::cases());
}

#[test]
fn p6_what_cannot_be_read_is_not_passed() {
    run(contents::cases());
}

#[test]
fn t9_head_has_the_headers_and_no_body() {
    let origin = Origin::start(|_| {
        Answer::bytes(format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 512\r\nX-Mobile: {}\r\nETag: \"x\"\r\n\r\n",
            canary::MOBILE
        ))
    });
    let gateway = Gateway::of(&origin).start();
    let mut client = Client::connect(gateway.address);
    client.send(&gateway.request("HEAD", "/a", "", b""));
    let response = client.try_response(true, Duration::from_secs(10)).unwrap();
    assert_eq!((response.status, response.header("etag")), (200, None));
    assert!(!client.drain(Duration::from_millis(200)), "kept for the next request");
    assert_eq!(
        client.try_response(false, Duration::from_millis(1)).err(),
        Some(yingbi_tests::Unfinished::Silence)
    );
    canary::assert_hidden("HEAD", client.received());
}

#[test]
fn an_early_refusal_reaches_a_client_that_still_sends() {
    let origin = Origin::start(|_| {
        let mut answer =
            Answer::bytes("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        answer.early = true;
        answer.closing()
    });
    let gateway = Gateway::of(&origin).start();
    let mut client = Client::connect(gateway.address);
    client.send(&gateway.request("POST", "/a", "Content-Type: text/plain\r\n", &vec![b'x'; 4 << 20]));
    assert_eq!(client.response().status, 413);
}

#[test]
fn f20_a_client_that_leaves_harms_nobody() {
    let origin = Origin::start(|_| {
        let whole = Answer::json(canary::person_json());
        Answer::steps([vec![Step::Wait(Duration::from_millis(300))], whole.steps].concat(), Then::KeepAlive)
    });
    let gateway = Gateway::of(&origin).start();
    for _ in 0..20 {
        let mut client = Client::connect(gateway.address);
        client.send(&gateway.get("/a"));
        std::thread::sleep(Duration::from_millis(20));
    }
    let mut client = Client::connect(gateway.address);
    client.send(&gateway.get("/a"));
    let response = client.response();
    assert!(response.status == 200 && response.text().contains(MASKED), "{response:?}");
}
