use super::*;
use crate::tests::{Scratch, block_on, intent};
use crate::verify::verify;
use crate::{Log, Options, format};
use std::time::{Duration, Instant};

fn reading(who: &str) -> BTreeMap<String, String> {
    BTreeMap::from([("by".to_owned(), who.to_owned())])
}

fn content(scratch: &Scratch) -> String {
    let bytes = fs::read(scratch.0.join(format::name(0))).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn e10_a_reading_is_in_the_log_within_moments_or_at_the_next_start() {
    let scratch = Scratch::new("readings");
    let (log, _) = Log::open(&scratch.0, Options::default()).unwrap();
    block_on(log.append(intent("d-1"))).unwrap();
    put_down(&scratch.0, reading("uid:7")).unwrap();
    put_down(&scratch.0, reading("uid:8")).unwrap();
    let deadline = Instant::now() + Duration::from_secs(10);
    while !content(&scratch).contains("uid:8") {
        assert!(Instant::now() < deadline, "not taken");
        std::thread::sleep(Duration::from_millis(10));
    }
    log.close().unwrap();
    let report = verify(&scratch.0, None).unwrap();
    assert!(report.is_good() && report.strangers.is_empty(), "{report:?}");
    // `opened`, two readings, `closed`.
    assert_eq!(report.events, 4);
    // While no gateway runs: what isn't a reading is not taken for one, but its being there is told.
    put_down(&scratch.0, reading("uid:9")).unwrap();
    let forged = serde_json::to_string(&intent("forged")).unwrap();
    let lines = fs::read_to_string(scratch.beside().join(FILE)).unwrap() + &forged + "\nrubbish\n";
    fs::write(scratch.beside().join(FILE), lines).unwrap();
    assert!(verify(&scratch.0, None).unwrap().strangers.is_empty());
    let (log, _) = Log::open(&scratch.0, Options::default()).unwrap();
    let deadline = Instant::now() + Duration::from_secs(10);
    while scratch.beside().join(FILE).exists() || scratch.beside().join(TAKEN).exists() {
        assert!(Instant::now() < deadline, "not taken");
        std::thread::sleep(Duration::from_millis(10));
    }
    log.close().unwrap();
    let content = content(&scratch);
    assert!(content.contains("uid:9") && !content.contains("forged"));
    assert_eq!(content.matches("unreadable_bytes").count(), 2);
    assert!(verify(&scratch.0, None).unwrap().is_good());
}
