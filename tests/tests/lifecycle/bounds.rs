//! F17, F21: bodies, concurrency and connections have bounds; what is beyond is refused, never passed uninspected.

use std::time::{Duration, Instant};
use yingbi_tests::{Answer, Client, Gateway, Origin, Step, Then, canary};

fn rows(bytes: usize) -> String {
    let row = canary::person_json();
    format!("[{}]", vec![row.as_str(); bytes / (row.len() + 1)].join(","))
}

#[test]
fn f17_a_large_answer_within_the_limit_is_treated_whole() {
    let body = rows(7 << 20);
    let count = body.matches(canary::MOBILE).count();
    let origin = Origin::start(move |_| Answer::json(body.clone()));
    let gateway = Gateway::of(&origin).start();
    let mut client = Client::connect(gateway.address);
    client.send(&gateway.get("/customers/1"));
    let response = client.try_response(false, Duration::from_secs(60)).unwrap();
    assert_eq!(response.status, 200);
    assert_eq!(response.text().matches("139****5678").count(), count);
    assert!(!yingbi_tests::canary::contains(&response.body, canary::MOBILE.as_bytes()));
    assert!(!yingbi_tests::canary::contains(&response.body, canary::PASSWORD.as_bytes()));
}

#[test]
fn f17_an_answer_over_the_limit_is_refused() {
    // One record: what has no list can't be cut.
    let row = canary::person_json();
    let members: Vec<String> = (0..70_000 / row.len() + 1).map(|at| format!("\"k{at}\":{row}")).collect();
    let over = format!("{{{}}}", members.join(","));
    let origin = Origin::start(move |request| {
        let chunked = |body: &str| {
            let head =
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
            let chunks: String = body
                .as_bytes()
                .chunks(1000)
                .map(|chunk| format!("{:x}\r\n{}\r\n", chunk.len(), String::from_utf8_lossy(chunk)))
                .collect();
            Answer::bytes(format!("{head}{chunks}0\r\n\r\n"))
        };
        match request.target.as_str() {
            "/length" => Answer::json(over.clone()),
            "/chunked" => chunked(&" ".repeat(70_000)),
            "/close" => {
                Answer::bytes(format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{over}"))
                    .closing()
            }
            "/exact" => Answer::json(format!("\"{}\"", "x".repeat(65_534))),
            "/one-more" => Answer::json(format!("\"{}\"", "x".repeat(65_535))),
            _ => Answer::json("{}"),
        }
    });
    let gateway = Gateway::of(&origin).limit("response_body_bytes", 65_536).start();
    for (path, expect) in [
        ("/length", 502),
        ("/chunked", 502),
        ("/close", 502),
        ("/one-more", 502),
        ("/exact", 200),
        ("/next", 200),
    ] {
        let mut client = Client::connect(gateway.address);
        client.send(&gateway.get(path));
        let response = client.response();
        assert_eq!(response.status, expect, "{path}: {:?}", response.headers);
        if expect == 502 {
            assert_eq!(response.problem_code(), "YB4005", "{path}");
        }
        canary::assert_hidden(path, client.received());
    }
}

#[test]
fn f17_a_request_over_the_limit_is_refused() {
    let origin = Origin::start(|_| Answer::json("{}"));
    let gateway = Gateway::of(&origin).limit("request_body_bytes", 10_000).start();
    let sized = |size: usize| {
        gateway.request("POST", "/customers/1", "Content-Type: text/plain\r\n", &vec![b'x'; size])
    };
    let chunked = |size: usize| {
        let head = gateway.request(
            "POST",
            "/customers/1",
            "Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n",
            b"",
        );
        let chunks: Vec<u8> = (0..size / 1000)
            .flat_map(|_| [b"3e8\r\n".to_vec(), vec![b'x'; 1000], b"\r\n".to_vec()].concat())
            .collect();
        [head, chunks, b"0\r\n\r\n".to_vec()].concat()
    };
    for (name, request, expect) in [
        ("exact", sized(10_000), 200),
        ("one more", sized(10_001), 413),
        ("far more", sized(4 << 20), 413),
        ("chunked", chunked(10_000), 200),
        ("chunked, more", chunked(11_000), 413),
        ("chunked, far more", chunked(2_000_000), 413),
    ] {
        let mut client = Client::connect(gateway.address);
        client.send(&request);
        let response = client.response();
        assert_eq!(response.status, expect, "{name}: {response:?}");
        if expect == 413 {
            assert_eq!(response.problem_code(), "YB1301", "{name}");
        }
    }
    let whole = origin.seen().iter().filter(|seen| !seen.body.is_empty()).map(|seen| seen.body.len()).max();
    assert_eq!(whole, Some(10_000), "nothing larger arrived whole");
}

#[test]
fn f21_more_exchanges_than_allowed_get_503_and_the_rest_goes_on() {
    let origin = Origin::start(|_| {
        let answer = Answer::json(canary::person_json());
        Answer::steps([vec![Step::Wait(Duration::from_millis(1200))], answer.steps].concat(), Then::KeepAlive)
    });
    let gateway = Gateway::of(&origin).limit("exchanges", 4).start();
    let mut clients: Vec<Client> = (0..4)
        .map(|_| {
            let mut client = Client::connect(gateway.address);
            client.send(&gateway.get("/customers/1"));
            client
        })
        .collect();
    let deadline = Instant::now() + Duration::from_secs(5);
    while gateway.metrics().sum("yingbi_in_flight", &[]) < 4.0 {
        assert!(Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(5));
    }
    for _ in 0..3 {
        let mut client = Client::connect(gateway.address);
        client.send(&gateway.get("/customers/1"));
        let response = client.response();
        assert_eq!((response.status, response.problem_code().as_str()), (503, "YB5002"));
        assert!(response.header("retry-after").is_some());
    }
    for client in &mut clients {
        assert_eq!(client.response().status, 200);
    }
    assert_eq!(gateway.metrics().sum("yingbi_shed_total", &[("reason", "exchanges")]), 3.0);
    let mut client = Client::connect(gateway.address);
    client.send(&gateway.get("/customers/1"));
    assert_eq!(client.response().status, 200, "and afterwards all is well");
}

#[test]
fn f21_more_connections_than_allowed_are_told() {
    let origin = Origin::start(|_| Answer::json("{}"));
    let gateway = Gateway::of(&origin).limit("connections", 5).start();
    let _held: Vec<Client> = (0..5).map(|_| Client::connect(gateway.address)).collect();
    let deadline = Instant::now() + Duration::from_secs(5);
    while gateway.metrics().sum("yingbi_connections", &[]) < 5.0 {
        assert!(Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(5));
    }
    let mut client = Client::connect(gateway.address);
    client.send(&gateway.get("/customers/1"));
    assert_eq!(client.response().problem_code(), "YB5002");
}
