//! Connections on both sides: reuse, 100-continue, leaving clients, slow clients, answers without body.

use std::io::Read as _;
use std::time::{Duration, Instant};
use yingbi_tests::{Answer, Client, Gateway, Origin, Step, Then, Unfinished, canary};

fn person() -> Origin {
    Origin::start(|_| Answer::json(canary::person_json()))
}

#[test]
fn keep_alive_holds_on_both_sides() {
    let origin = person();
    let gateway = Gateway::of(&origin).start();
    let before = origin.connections();
    let mut client = Client::connect(gateway.address);
    for _ in 0..20 {
        client.send(&gateway.get("/customers/1"));
        let response = client.response();
        assert_eq!((response.status, response.header("connection")), (200, Some("keep-alive")));
    }
    assert_eq!(origin.connections() - before, 1, "twenty requests, one connection to the API behind");
    client.send(&gateway.request("GET", "/customers/1", "Connection: close\r\n", b""));
    assert_eq!(client.response().header("connection"), Some("close"));
    assert!(client.drain(Duration::from_secs(2)));
    // A refusal does not end a connection either.
    let mut client = Client::connect(gateway.address);
    client.send(&gateway.request("GET", "/customers/1", "Yingbi-Purpose: nothing\r\n", b""));
    assert_eq!(client.response().status, 403);
    client.send(&gateway.get("/customers/1"));
    assert_eq!(client.response().status, 200);
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let origin = Origin::start(|request| Answer::json(format!("{{\"target\":\"{}\"}}", request.target)));
    let gateway = Gateway::of(&origin).start();
    let mut client = Client::connect(gateway.address);
    let requests: Vec<u8> = (0..5).flat_map(|number| gateway.get(&format!("/r{number}"))).collect();
    client.send(&requests);
    for number in 0..5 {
        assert_eq!(client.response().json()["target"], format!("/r{number}"));
    }
}

#[test]
fn a_stale_connection_to_the_api_behind_is_no_error() {
    let origin = Origin::start(|_| Answer::json(canary::person_json()).closing());
    let gateway = Gateway::of(&origin).start();
    for _ in 0..10 {
        let mut client = Client::connect(gateway.address);
        client.send(&gateway.get("/customers/1"));
        assert_eq!(client.response().status, 200);
    }
}

#[test]
fn requests_per_connection_are_bounded() {
    let origin = person();
    let gateway = Gateway::of(&origin).limit("requests_per_connection", 3).start();
    let mut client = Client::connect(gateway.address);
    for last in [false, false, true] {
        client.send(&gateway.get("/customers/1"));
        assert_eq!(client.response().header("connection") == Some("close"), last);
    }
    assert!(client.drain(Duration::from_secs(2)));
}

#[test]
fn an_idle_connection_is_closed_in_time() {
    let origin = person();
    let gateway =
        Gateway::of(&origin).limit("keepalive_timeout_ms", 400).limit("head_timeout_ms", 400).start();
    let mut idle = Client::connect(gateway.address);
    idle.send(&gateway.get("/customers/1"));
    assert_eq!(idle.response().status, 200);
    let started = Instant::now();
    assert!(idle.drain(Duration::from_secs(3)), "closed");
    assert!(started.elapsed() > Duration::from_millis(200), "{:?}", started.elapsed());
    // A head that drips is no request.
    let mut dripping = Client::connect(gateway.address);
    for byte in gateway.get("/customers/1").iter().take(20) {
        dripping.send(&[*byte]);
        std::thread::sleep(Duration::from_millis(40));
    }
    let response = dripping.try_response(false, Duration::from_secs(2)).unwrap();
    assert_eq!((response.status, response.problem_code().as_str()), (408, "YB1003"));
}

#[test]
fn expect_100_continue_is_answered_once_and_the_connection_lives_on() {
    let origin = person();
    let gateway = Gateway::of(&origin).start();
    let mut client = Client::connect(gateway.address);
    for _ in 0..2 {
        let body = b"{\"a\":1}";
        let whole = gateway.request(
            "POST",
            "/customers/1",
            "Expect: 100-continue\r\nContent-Type: application/json\r\n",
            body,
        );
        let (head, body) = whole.split_at(whole.len() - body.len());
        client.send(head);
        assert_eq!(
            client.try_response(false, Duration::from_millis(700)).unwrap_err(),
            Unfinished::Cut,
            "the interim answer alone"
        );
        assert!(client.shown().ends_with("HTTP/1.1 100 Continue\r\n\r\n"), "{}", client.shown());
        client.send(body);
        let response = client.response();
        assert_eq!((response.status, response.interim.as_slice()), (200, &[100][..]));
        let seen = origin.seen();
        assert_eq!(
            (&seen.last().unwrap().body[..], seen.last().unwrap().request.anomalies.len()),
            (&b"{\"a\":1}"[..], 0)
        );
    }
    // Refused before the body: no interim answer, none is asked for.
    let whole = gateway.request(
        "POST",
        "/customers/1",
        "Expect: 100-continue\r\nYingbi-Purpose: nothing\r\n",
        b"12345",
    );
    let mut client = Client::connect(gateway.address);
    client.send(&whole[..whole.len() - 5]);
    let response = client.response();
    assert_eq!((response.status, response.interim.len()), (403, 0));
    let mut client = Client::connect(gateway.address);
    client.send(&gateway.request("GET", "/customers/1", "Expect: miracles\r\n", b""));
    assert_eq!(client.response().status, 417);
}

#[test]
fn f20_a_client_that_leaves_ends_the_call_behind() {
    let origin = Origin::start(|_| {
        Answer::steps(
            vec![
                Step::Wait(Duration::from_millis(200)),
                Step::Send(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9000000\r\n\r\n"
                        .to_vec(),
                ),
                Step::Drip(vec![b' '; 9_000_000], 1000, Duration::from_millis(20)),
            ],
            Then::Close,
        )
    });
    let gateway = Gateway::of(&origin).limit("response_body_bytes", 16 << 20).start();
    let client = {
        let mut client = Client::connect(gateway.address);
        client.send(&gateway.get("/customers/1"));
        client
    };
    let deadline = Instant::now() + Duration::from_secs(5);
    while gateway.metrics().sum("yingbi_in_flight", &[]) < 1.0 {
        assert!(Instant::now() < deadline, "under way");
        std::thread::sleep(Duration::from_millis(10));
    }
    std::thread::sleep(Duration::from_millis(400));
    drop(client);
    let left = Instant::now();
    while gateway.metrics().sum("yingbi_in_flight", &[]) > 0.0 {
        assert!(left.elapsed() < Duration::from_secs(3), "the call behind goes on without its client");
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(gateway.metrics().sum("yingbi_client_aborts_total", &[]), 1.0);
}

#[test]
fn f20_a_client_that_leaves_while_it_is_answered_is_recorded() {
    let rows = vec![canary::person_json(); 60_000].join(",");
    let origin = Origin::start(move |_| Answer::json(format!("[{rows}]")));
    // More than the buffers of both sockets take.
    let gateway = Gateway::of(&origin).limit("response_body_bytes", 32 << 20).start();
    let mut client = Client::connect(gateway.address);
    client.send(&gateway.get("/customers/1"));
    let mut some = [0; 4096];
    client.stream().set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut stream = client.stream();
    assert!(stream.read(&mut some).unwrap() > 0);
    canary::assert_hidden("the beginning", &some);
    let socket = socket2::SockRef::from(client.stream());
    socket.set_linger(Some(Duration::ZERO)).unwrap();
    drop(client);
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let entries = gateway.entries();
        let ended: Vec<&str> = entries.iter().map(|entry| entry.result()).collect();
        // One for each segment that was recorded, all of one outcome.
        if ended.first() == Some(&"aborted") && ended.iter().all(|result| *result == "aborted") {
            break;
        }
        assert!(Instant::now() < deadline, "{ended:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_slow_client_gets_all_of_it() {
    let rows = vec![canary::person_json(); 4000].join(",");
    let length = rows.len();
    let origin = Origin::start(move |_| Answer::json(format!("[{rows}]")));
    let gateway = Gateway::of(&origin).start();
    let mut client = Client::connect(gateway.address);
    client.send(&gateway.get("/customers/1"));
    std::thread::sleep(Duration::from_millis(1500));
    let response = client.response();
    assert_eq!(response.status, 200);
    assert!(response.body.len() > length / 2);
    assert_eq!(response.json().as_array().unwrap().len(), 4000);
    canary::assert_hidden("slow", client.received());
}

#[test]
fn answers_without_body_have_none() {
    let origin = Origin::start(|request| {
        Answer::bytes(match request.target.as_str() {
            "/204" => "HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n".to_owned(),
            "/304" => "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n".to_owned(),
            "/205" => "HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n".to_owned(),
            _ if request.method == "HEAD" => {
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 300\r\n\r\n".to_owned()
            }
            _ => "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_owned(),
        })
    });
    let gateway = Gateway::of(&origin).start();
    let mut client = Client::connect(gateway.address);
    for (method, path, status) in [
        ("GET", "/204", 204),
        ("GET", "/304", 304),
        ("GET", "/205", 205),
        ("HEAD", "/h", 200),
        ("GET", "/e", 200),
        ("HEAD", "/204", 204),
    ] {
        client.send(&gateway.request(method, path, "", b""));
        let response = client.try_response(method == "HEAD", Duration::from_secs(10)).unwrap();
        assert_eq!((response.status, response.body.len()), (status, 0), "{method} {path}: {response:?}");
        if status == 204 {
            assert_eq!(
                (response.header("content-length"), response.header("transfer-encoding")),
                (None, None),
                "RFC 9110 8.6"
            );
        }
        assert!(
            !client.drain(Duration::from_millis(50)),
            "{method} {path}: the connection is kept, and nothing follows"
        );
    }
    client.send(&gateway.get("/e"));
    assert_eq!(client.response().status, 200);
}

#[test]
fn http_1_0_clients_get_a_length_and_an_end() {
    let origin = person();
    let gateway = Gateway::of(&origin).start();
    let mut client = Client::connect(gateway.address);
    let request = String::from_utf8(gateway.get("/customers/1")).unwrap().replace("HTTP/1.1", "HTTP/1.0");
    client.send(request.as_bytes());
    let response = client.response();
    assert_eq!((response.status, response.header("transfer-encoding")), (200, None), "{response:?}");
    assert!(client.drain(Duration::from_secs(2)), "closed");
}
