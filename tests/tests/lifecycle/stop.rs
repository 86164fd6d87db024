//! SIGTERM: nobody is cut, the log is closed in order, the exit is 0.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use yingbi_tests::stage::trace;
use yingbi_tests::{Answer, Client, Gateway, HOST, Origin, Step, Then, Unfinished, canary, credentials};

fn slow(pause: u64) -> Origin {
    Origin::start(move |_| {
        let answer = Answer::json(canary::person_json());
        Answer::steps(
            [vec![Step::Wait(Duration::from_millis(pause))], answer.steps].concat(),
            Then::KeepAlive,
        )
    })
}

#[test]
fn f26_a_drain_under_load_cuts_no_request() {
    let origin = slow(40);
    let mut gateway = Gateway::of(&origin).start();
    let address = gateway.address;
    let stop = AtomicBool::new(false);
    let (whole, cut) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut client = Client::connect(address);
                loop {
                    let trace = trace();
                    let request = format!(
                        "GET /customers/1 HTTP/1.1\r\nHost: {HOST}\r\n{}traceparent: 00-{trace}-00000000000000aa-01\r\n\r\n",
                        credentials("teller")
                    );
                    let stopping = stop.load(Ordering::SeqCst);
                    client.send(request.as_bytes());
                    match client.try_response(false, Duration::from_secs(10)) {
                        Ok(response) => {
                            assert_eq!(response.status, 200, "{response:?}");
                            whole.lock().unwrap().push(trace);
                            if response.header("connection") == Some("close") {
                                return;
                            }
                        }
                        // A connection that was idle when the gateway stopped may be closed under a request that is
                        // sent just then; not a byte of an answer came, so it is safe to repeat (RFC 9110 9.2.2).
                        Err(Unfinished::Nothing) if stopping || stop.load(Ordering::SeqCst) => return,
                        Err(why) => {
                            cut.lock().unwrap().push(format!("{why:?}"));
                            return;
                        }
                    }
                }
            });
        }
        std::thread::sleep(Duration::from_millis(500));
        stop.store(true, Ordering::SeqCst);
        let started = Instant::now();
        let status = gateway.stop();
        assert!(status.success(), "{status}");
        assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    });
    assert_eq!(cut.into_inner().unwrap(), Vec::<String>::new());
    let whole = whole.into_inner().unwrap();
    assert!(whole.len() > 40, "too little load: {}", whole.len());
    let report = gateway.verify();
    assert!(report.is_good() && report.torn.is_none() && report.unknown_outcomes == 0, "{report:?}");
    let entries = gateway.entries();
    for trace in &whole {
        let of = entries.iter().filter(|entry| entry.intent.trace == *trace);
        assert!(of.clone().count() == 1 && of.clone().all(|entry| entry.result() == "handed-to-socket"));
    }
}

#[test]
fn f26_a_drain_waits_for_the_slow_and_closes_the_idle() {
    let origin = slow(1500);
    let mut gateway = Gateway::of(&origin).start();
    let mut idle = Client::connect(gateway.address);
    let mut used = Client::connect(gateway.address);
    used.send(&gateway.get("/customers/1"));
    assert_eq!(used.response().status, 200);
    let mut busy = Client::connect(gateway.address);
    busy.send(&gateway.get("/customers/2"));
    std::thread::sleep(Duration::from_millis(200));
    gateway.signal("TERM");
    let started = Instant::now();
    assert!(
        idle.drain(Duration::from_secs(1)) && used.drain(Duration::from_secs(1)),
        "idle connections are closed"
    );
    assert!(started.elapsed() < Duration::from_secs(1), "at once: {:?}", started.elapsed());
    let response = busy.response();
    assert_eq!((response.status, response.header("connection")), (200, Some("close")), "{response:?}");
    assert!(response.text().contains("139****5678"));
    assert!(gateway.stop().success());
    assert!(std::net::TcpStream::connect(gateway.address).is_err());
}

#[test]
fn f26_what_outlasts_the_grace_is_cut_and_recorded() {
    let origin = slow(8000);
    let mut gateway = Gateway::of(&origin).config("drain: {grace_ms: 500}\n").start();
    let mut busy = Client::connect(gateway.address);
    busy.send(&gateway.get("/customers/1"));
    std::thread::sleep(Duration::from_millis(200));
    let started = Instant::now();
    assert!(gateway.stop().success());
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
    assert!(busy.try_response(false, Duration::from_secs(1)).is_err());
    assert!(gateway.verify().is_good());
}

#[test]
fn f26_readiness_ends_before_the_process() {
    let origin = slow(1500);
    let mut gateway = Gateway::of(&origin).start();
    let mut busy = Client::connect(gateway.address);
    busy.send(&gateway.get("/customers/1"));
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(gateway.admin_get("/readyz").unwrap().0, 200);
    gateway.signal("TERM");
    std::thread::sleep(Duration::from_millis(300));
    let (status, body) = gateway.admin_get("/readyz").expect("still there while it drains");
    assert_eq!(status, 503, "{body}");
    assert_eq!(gateway.admin_get("/livez").unwrap().0, 200);
    assert_eq!(busy.response().status, 200);
    assert!(gateway.stop().success());
}
