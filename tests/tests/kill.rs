//! Killed at any moment, the gateway loses no record of what it released (F7, P2): intents are durable before the
//! first byte leaves, and a torn tail is told.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::collections::HashMap;
use std::net::{SocketAddr, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use yingbi_tests::stage::trace;
use yingbi_tests::{Answer, Client, Gateway, HOST, Origin, Step, canary, credentials};

const ROUNDS: u64 = 20;
const CLIENTS: usize = 6;

/// What the clients know for certain.
#[derive(Default)]
struct Delivered {
    /// Trace ids of answers that came whole.
    whole: Mutex<Vec<String>>,
    /// Trace ids of answers of which at least the head came.
    begun: Mutex<Vec<String>>,
    stop: AtomicBool,
}

/// Asks until told to stop; the gateway is gone now and then.
fn ask_on(address: SocketAddr, delivered: &Delivered) {
    while !delivered.stop.load(Ordering::Relaxed) {
        if TcpStream::connect_timeout(&address, Duration::from_millis(200)).is_err() {
            std::thread::sleep(Duration::from_millis(5));
            continue;
        }
        let Ok(mut client) = std::panic::catch_unwind(|| Client::connect(address)) else { continue };
        loop {
            let trace = trace();
            let request = format!(
                "GET /customers/1 HTTP/1.1\r\nHost: {HOST}\r\n{}traceparent: 00-{trace}-00000000000000aa-01\r\n\r\n",
                credentials("teller")
            );
            let before = client.received().len();
            client.send(request.as_bytes());
            let answered = client.try_response(false, Duration::from_secs(5));
            if client.received().len() > before {
                delivered.begun.lock().unwrap().push(trace.clone());
            }
            match answered {
                Ok(response) => {
                    assert_eq!(response.status, 200, "{response:?}");
                    assert!(response.text().contains("139****5678"), "{response:?}");
                    delivered.whole.lock().unwrap().push(trace);
                }
                Err(_) => break,
            }
            if delivered.stop.load(Ordering::Relaxed) {
                return;
            }
        }
        canary::assert_hidden("client", client.received());
    }
}

#[test]
fn f7_twenty_kills_under_load_lose_no_record_of_a_delivered_answer() {
    let origin = Origin::start(|request| {
        // Some answers take a moment, so that kills meet exchanges in every stage.
        let body = Answer::json(canary::person_json());
        if request.header("traceparent").is_some_and(|value| value.contains("7-00")) {
            let slow = vec![Step::Wait(Duration::from_millis(15))];
            return Answer::steps([slow, body.steps].concat(), yingbi_tests::Then::KeepAlive);
        }
        body
    });
    let mut gateway = Gateway::of(&origin).start();
    let address = gateway.address;
    let delivered = Delivered::default();
    let mut segments = 0;
    let mut seen_before = 0;
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| ask_on(address, &delivered));
        }
        let checked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            for round in 0..ROUNDS {
                std::thread::sleep(Duration::from_millis(60 + round * round * 37 % 400));
                gateway.kill();
                let killed = gateway.verify();
                assert!(killed.failures.is_empty(), "round {round}: {:?}", killed.failures);
                let torn = killed.torn.as_ref().map_or(0, |torn| torn.bytes);
                let recorded = traces(&gateway);
                assert!(recorded.len() >= seen_before, "round {round}: records vanished");
                seen_before = recorded.len();
                let begun = delivered.begun.lock().unwrap().clone();
                let lost: Vec<&String> =
                    begun.iter().filter(|trace| !recorded.contains_key(*trace)).collect();
                assert!(
                    lost.is_empty(),
                    "round {round}: {} of {} delivered without a record",
                    lost.len(),
                    begun.len()
                );
                gateway.start_again();
                let report = gateway.verify();
                assert!(report.failures.is_empty(), "round {round}, restarted: {:?}", report.failures);
                let told = gateway.metrics().sum("yingbi_audit_recovered_tail_bytes", &[]);
                assert_eq!(
                    told, torn as f64,
                    "round {round}: the torn tail is told, and no more than it is cut"
                );
                segments = report.segments;
            }
        }));
        delivered.stop.store(true, Ordering::Relaxed);
        if let Err(panic) = checked {
            std::panic::resume_unwind(panic);
        }
    });
    assert!(gateway.stop().success());
    let whole = delivered.whole.into_inner().unwrap();
    assert!(whole.len() > 200, "too little load to mean anything: {}", whole.len());
    let recorded = traces(&gateway);
    for trace in &whole {
        assert_eq!(recorded.get(trace), Some(&1), "exactly one intent for a delivered answer");
    }
    // Exchanges that the kills cut are shown as such.
    let report = gateway.verify();
    assert!(report.is_good(), "{:?}", report.failures);
    assert_eq!(report.permitted, recorded.values().sum::<u64>());
    assert!(report.permitted - report.outcomes == report.unknown_outcomes, "{report:?}");
    assert!(segments >= 1);
}

/// How many permits are recorded for each trace id.
fn traces(gateway: &Gateway) -> HashMap<String, u64> {
    let mut traces = HashMap::new();
    for entry in gateway.entries() {
        if entry.intent.decision == "permit" {
            *traces.entry(entry.intent.trace).or_default() += 1;
        }
    }
    traces
}

#[test]
fn f7_a_torn_tail_is_cut_told_and_nothing_more_is_lost() {
    let origin = Origin::start(|_| Answer::json(canary::person_json()));
    let mut gateway = Gateway::of(&origin).start();
    for _ in 0..5 {
        let mut client = Client::connect(gateway.address);
        client.send(&gateway.get("/customers/1"));
        assert_eq!(client.response().status, 200);
    }
    let deadline = Instant::now() + Duration::from_secs(5);
    while gateway.entries().iter().any(|entry| entry.outcome.is_none()) {
        assert!(Instant::now() < deadline, "outcomes follow");
        std::thread::sleep(Duration::from_millis(50));
    }
    gateway.kill();
    let whole = gateway.entries().len();
    let names = || std::fs::read_dir(gateway.audit_dir()).unwrap().flatten().map(|entry| entry.path());
    let before: Vec<_> = names().collect();
    let file = before.iter().max_by_key(|path| path.metadata().unwrap().len()).unwrap().clone();
    let good = std::fs::read(&file).unwrap();
    // The zeros that a writer keeps ahead of its records are no part of them.
    let written = good.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    assert!(written > 1000);
    let records = gateway.verify().records;
    // What was attested of the log, which goes back with it.
    let evidence = gateway.audit_dir().with_extension("evidence");
    let attested: Vec<_> = std::fs::read_dir(&evidence)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| (entry.path(), std::fs::read(entry.path()).unwrap()))
        .collect();
    for cut in [1, 20, 40] {
        // What a power cut leaves of the record that was being written: its first bytes.
        std::fs::write(&file, &good[..written - cut]).unwrap();
        let torn = gateway.verify();
        assert_eq!(torn.records, records - 1, "the last record was an outcome, and is torn");
        let bytes = torn.torn.expect("told by the verifier").bytes;
        gateway.start_again();
        assert_eq!(gateway.metrics().sum("yingbi_audit_recovered_tail_bytes", &[]), bytes as f64);
        assert!(gateway.logs().contains("in the middle of a record"), "{}", gateway.logs());
        assert_eq!(gateway.entries().len(), whole, "{cut}: no whole record is lost");
        let mut client = Client::connect(gateway.address);
        client.send(&gateway.get("/customers/1"));
        assert_eq!(client.response().status, 200);
        gateway.kill();
        assert!(gateway.verify().failures.is_empty(), "{cut}: {:?}", gateway.verify().failures);
        let begun = std::fs::read_dir(gateway.audit_dir()).unwrap().flatten().map(|entry| entry.path());
        for path in begun.filter(|path| !before.contains(path)).collect::<Vec<_>>() {
            std::fs::remove_file(path).unwrap();
        }
        std::fs::write(&file, &good).unwrap();
        for entry in std::fs::read_dir(&evidence).into_iter().flatten().flatten() {
            std::fs::remove_file(entry.path()).unwrap();
        }
        for (path, bytes) in &attested {
            std::fs::write(path, bytes).unwrap();
        }
    }
}

#[test]
fn f26_started_again_it_answers_within_seconds() {
    let origin = Origin::start(|_| Answer::json(canary::person_json()));
    let mut gateway = Gateway::of(&origin).start();
    gateway.kill();
    let started = Instant::now();
    gateway.start_again();
    assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
    let mut client = Client::connect(gateway.address);
    client.send(&gateway.get("/customers/1"));
    assert_eq!(client.response().status, 200);
}
