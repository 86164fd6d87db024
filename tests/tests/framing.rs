//! Masking is independent of framing: the same bytes in any split give the same output.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::io::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use yingbi_tests::{Answer, Client, Gateway, Origin, Step, Then, canary};

/// Numbers that are the same in every run.
struct Dice(u64);

impl Dice {
    fn up_to(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        1 + (self.0 % most as u64) as usize
    }

    fn pieces(&mut self, bytes: &[u8], most: usize) -> Vec<Vec<u8>> {
        let mut rest = bytes;
        let mut pieces = Vec::new();
        while !rest.is_empty() {
            let (piece, tail) = rest.split_at(self.up_to(most).min(rest.len()));
            pieces.push(piece.to_vec());
            rest = tail;
        }
        pieces
    }
}

fn rows() -> String {
    let row = format!(
        r#"{{"client_id":"80001234","client_name":"{}","id_no":"{}","mobile":"{}","memo":"{}","amount":100.10}}"#,
        canary::NAME,
        canary::ID,
        canary::MOBILE,
        canary::person_text(),
    );
    format!("{{\"rows\":[{}]}}", vec![row; 40].join(", "))
}

fn head(headers: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{headers}\r\n").into_bytes()
}

fn in_chunks(pieces: &[Vec<u8>]) -> Vec<u8> {
    let mut out = Vec::new();
    for piece in pieces {
        out.extend_from_slice(format!("{:X}\r\n", piece.len()).as_bytes());
        out.extend_from_slice(piece);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"0\r\n\r\n");
    out
}

fn send_all(pieces: Vec<Vec<u8>>, pause: Duration) -> Vec<Step> {
    pieces.into_iter().flat_map(|piece| [Step::Send(piece), Step::Wait(pause)]).collect()
}

/// The same body in many framings.
fn framings(body: &[u8]) -> Vec<(String, Answer)> {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let with_length = head(&format!("Content-Length: {}\r\n", body.len()));
    let mut answers = vec![
        ("whole".to_owned(), Answer::bytes([&with_length[..], body].concat())),
        ("close-delimited".to_owned(), Answer::bytes([&head("")[..], body].concat()).closing()),
    ];
    let gzip = {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(body).unwrap();
        encoder.finish().unwrap()
    };
    let coded = head(&format!("Content-Encoding: gzip\r\nContent-Length: {}\r\n", gzip.len()));
    answers.push(("gzip".to_owned(), Answer::bytes([&coded[..], &gzip].concat())));
    let chunked = head("Transfer-Encoding: chunked\r\n");
    for most in [1, 2, 3, 7, 64, 1000, 5000] {
        let pieces =
            if most == 1 { body.iter().map(|byte| vec![*byte]).collect() } else { dice.pieces(body, most) };
        let bytes = [&chunked[..], &in_chunks(&pieces)].concat();
        answers.push((format!("chunks up to {most}"), Answer::bytes(bytes.clone())));
        // The chunks' own bytes in pieces that have nothing to do with the chunks.
        let steps = send_all(dice.pieces(&bytes, 3000), Duration::from_millis(1));
        answers.push((format!("chunks up to {most}, split"), Answer::steps(steps, Then::KeepAlive)));
    }
    for most in [700, 2000, 9000] {
        let pieces = dice.pieces(&[&with_length[..], body].concat(), most);
        let steps = send_all(pieces, Duration::from_millis(1));
        answers.push((format!("split up to {most}"), Answer::steps(steps, Then::KeepAlive)));
    }
    answers
}

#[test]
fn p7_any_framing_gives_the_same_treated_body() {
    let body = rows();
    let answers = framings(body.as_bytes());
    let names: Vec<String> = answers.iter().map(|(name, _)| name.clone()).collect();
    let origin = Origin::start(move |request| {
        let index: usize = request.target.trim_start_matches('/').parse().unwrap();
        answers[index].1.clone()
    });
    let gateway = Gateway::of(&origin).start();
    let mut first: Option<Vec<u8>> = None;
    for (index, name) in names.iter().enumerate() {
        let mut client = Client::connect(gateway.address);
        client.send(&gateway.get(&format!("/{index}")));
        let response = client.response();
        assert_eq!(response.status, 200, "{name}: {response:?}");
        canary::assert_hidden(name, client.received());
        let first = first.get_or_insert_with(|| response.body.clone());
        assert_eq!(*first, response.body, "{name}");
    }
    let treated = String::from_utf8(first.unwrap()).unwrap();
    assert_eq!(treated.matches("139****5678").count() % 40, 0, "{treated}");
    assert_eq!(treated.matches("\"amount\":").count(), 40, "rows are kept");
    assert!(treated.contains("139****5678"));
}

#[test]
fn p7_any_split_of_a_request_is_the_same_request() {
    let origin = Origin::start(|_| Answer::json(canary::person_json()));
    let gateway = Gateway::of(&origin).start();
    let body = b"{\"remark\":\"nothing personal\"}";
    let whole = gateway.request("POST", "/a/%41?x=1", "Content-Type: application/json\r\n", body);
    let mut dice = Dice(7);
    let mut treated = None;
    for round in 0..40 {
        let lengths: Vec<usize> = match round {
            0 => vec![],
            1 => vec![1; whole.len()],
            _ => (0..dice.up_to(9)).map(|_| dice.up_to(90)).collect(),
        };
        origin.forget();
        let mut client = Client::connect(gateway.address);
        client.send_split(&whole, &lengths, Duration::from_millis(1));
        let response = client.response();
        let seen = origin.seen();
        assert_eq!(seen.len(), 1);
        assert_eq!((seen[0].request.target.as_str(), &seen[0].body[..]), ("/a/A?x=1", &body[..]));
        let treated = treated.get_or_insert_with(|| response.body.clone());
        assert_eq!((response.status, &response.body), (200, &*treated), "{lengths:?}");
    }
}

#[test]
fn p7_treated_bodies_do_not_mix_on_shared_connections() {
    let asked = Arc::new(Mutex::new(0_u32));
    let counted = Arc::clone(&asked);
    let origin = Origin::start(move |request| {
        *counted.lock().unwrap() += 1;
        Answer::json(format!("{{\"target\":\"{}\",\"mobile\":\"{}\"}}", request.target, canary::MOBILE))
    });
    let gateway = Gateway::of(&origin).start();
    let address = gateway.address;
    std::thread::scope(|scope| {
        for worker in 0..8 {
            let gateway = &gateway;
            scope.spawn(move || {
                let mut client = Client::connect(address);
                for round in 0..25 {
                    let path = format!("/w{worker}/r{round}");
                    client.send(&gateway.get(&path));
                    let response = client.response();
                    assert_eq!(response.json()["target"], path.as_str());
                }
                canary::assert_hidden("worker", client.received());
            });
        }
    });
    assert_eq!(*asked.lock().unwrap(), 200);
    assert!(origin.connections() < 200, "connections to the origin are kept");
}
