use super::*;
use crate::tests::{Scratch, block_on};
use crate::verify::{Report, verify};
use crate::{Evidence, Intent, Log, Options, Outcome, Record, format, index, record, slice};

#[test]
fn e11_ranges_read_back() {
    for (numbers, text) in [(&[][..], ""), (&[3], "3"), (&[0, 1, 2], "0-2"), (&[0, 2, 3, 9], "0,2-3,9")] {
        assert_eq!(ranges(numbers), text);
        let back: Vec<u64> = parse(text).into_iter().flat_map(|(first, last)| first..=last).collect();
        assert_eq!(back, numbers);
    }
    assert_eq!(parse("x,1-,-2,4"), [(4, 4)]);
}

const DAY: Duration = Duration::from_secs(86_400);

fn options(retention: Retention) -> Options {
    let evidence = Evidence { retention, ..Evidence::default() };
    Options { segment_bytes: 560, evidence, ..Options::default() }
}

/// A log of which the first accesses are ten days old, all after them of now.
fn sample(scratch: &Scratch) -> Report {
    let (log, _) = Log::open(&scratch.0, options(Retention::default())).unwrap();
    for i in 0..40 {
        let age = if i < 20 { 10 } else { 0 };
        let time = record::now() - jiff::SignedDuration::from_hours(24 * age);
        let time = format!("{time:.6}");
        let decision = if i % 8 == 7 { "refuse" } else { "permit" }.to_owned();
        let intent =
            Intent { time: time.clone(), decision_id: format!("d-{i:02}"), decision, ..Intent::default() };
        block_on(log.append(Record::Intent(Box::new(intent)))).unwrap();
        log.note(Record::Outcome(Outcome {
            time,
            decision_id: format!("d-{i:02}"),
            result: "handed-to-socket".to_owned(),
            bytes: 1,
        }));
    }
    log.close().unwrap();
    let report = verify(&scratch.0, None).unwrap();
    assert!(report.is_good());
    report
}

fn segments(scratch: &Scratch) -> Vec<u64> {
    let names = std::fs::read_dir(&scratch.0).unwrap().map(|entry| entry.unwrap().file_name());
    let mut numbers: Vec<u64> = names.filter_map(|name| format::number(&name.to_string_lossy())).collect();
    numbers.sort_unstable();
    numbers
}

/// Opens and closes the log, and waits until what goes is gone.
fn run(scratch: &Scratch, retention: Retention) -> Vec<u64> {
    let (log, _) = Log::open(&scratch.0, options(retention)).unwrap();
    // The first round of the notary is over when it has signed.
    while log.evidence().rounds == 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    log.close().unwrap();
    assert_eq!(log.evidence().failures, 0);
    segments(scratch)
}

#[test]
fn e11_what_is_over_goes_and_the_rest_still_verifies() {
    let scratch = Scratch::new("retention");
    let before = sample(&scratch);
    let all = segments(&scratch);
    assert_eq!(run(&scratch, Retention::default()), segments(&scratch));
    let kept = Retention {
        accesses: Some(DAY),
        refusals: Some(30 * DAY),
        events: Some(DAY),
        ..Retention::default()
    };
    let left = run(&scratch, kept.clone());
    assert!(left.len() < all.len(), "{left:?} of {all:?}");
    // The slices with events of now, and the refusal that is kept longer, stay.
    assert!(left.contains(&0) && left.contains(all.last().unwrap()), "{left:?}");
    let mut text = String::new();
    for number in &left {
        text.push_str(&String::from_utf8_lossy(
            &std::fs::read(scratch.0.join(format::name(*number))).unwrap(),
        ));
    }
    assert!(text.contains("d-07") && text.contains("d-21") && !text.contains("d-03"));
    let gone: Vec<u64> = all.iter().copied().filter(|number| !left.contains(number)).collect();
    assert!(gone.iter().all(|number| !scratch.beside().join(index::name(*number)).exists()));
    let report = verify(&scratch.0, None).unwrap();
    assert!(report.is_good(), "{:?}", report.failures);
    assert_eq!(report.stream, before.stream);
    assert!(report.expired == gone.len() as u64 && report.records < before.records);
    let statements = std::fs::read(scratch.beside().join(slice::FILE)).unwrap();
    assert!(statements.len() / slice::STATEMENT_BYTES > gone.len());

    // Again and again.
    assert!(run(&scratch, kept).len() >= left.len());
    assert!(verify(&scratch.0, None).unwrap().is_good());

    // One more segment that is missing was taken away.
    let stolen = left[left.len() / 2];
    std::fs::remove_file(scratch.0.join(format::name(stolen))).unwrap();
    let report = verify(&scratch.0, None).unwrap();
    let failures: Vec<_> = report.failures.iter().map(|failure| failure.what.id()).collect();
    assert!(failures.contains(&"missing-segments"), "{failures:?}");
}

#[test]
fn e11_a_legal_hold_keeps_everything_of_its_time() {
    let scratch = Scratch::new("hold");
    sample(&scratch);
    let all = segments(&scratch);
    let now = record::now().as_microsecond();
    let hold = (now - 3_600_000_000, i64::MAX);
    let kept = Retention { accesses: Some(DAY), refusals: Some(DAY), events: Some(DAY), holds: vec![hold] };
    let left = run(&scratch, kept.clone());
    assert!(all.iter().all(|number| left.contains(number)), "{left:?}");
    let past = (i64::MIN, now - 3_600_000_000);
    assert!(run(&scratch, Retention { holds: vec![past], ..kept }).len() < all.len());
    assert!(verify(&scratch.0, None).unwrap().is_good());
}

#[test]
fn e11_a_forged_event_outside_the_chain_excuses_nothing() {
    let scratch = Scratch::new("forged-expiry");
    sample(&scratch);
    // Without an event in the chain a missing segment is a missing segment, statement or not.
    std::fs::remove_file(scratch.0.join(format::name(1))).unwrap();
    let report = verify(&scratch.0, None).unwrap();
    assert_eq!(report.failures[0].what.id(), "missing-segments", "{:?}", report.failures);
}
