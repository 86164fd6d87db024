//! The log on a disk that fails: at every call of an append, and by power cuts between any two.

use super::sim::{Call, Fault, Random, Sim};
use super::{Scratch, block_on, intent, outcome};
use crate::format;
use crate::verify::{Report, What, verify};
use crate::{AuditError, Log, Options, Record, Recovery};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Segments so small that the few appends of a trial fill several.
fn options() -> Options {
    let commit_timeout = Duration::from_secs(20);
    Options { segment_bytes: 800, reserve_bytes: 1, queue: 16, commit_timeout, ..Options::default() }
}

fn open(sim: &Sim) -> Result<(Log, Recovery), AuditError> {
    Log::open_on(Box::new(sim.clone()), options())
}

/// What was promised: sequence → decision id.
type Promised = BTreeMap<u64, String>;

/// Appends and closes, as far as the disk lets it, and gives what it was promised.
fn run(sim: &Sim, name: &str, promised: &mut Promised) {
    let Ok((log, _)) = open(sim) else { return };
    let mut promise = |id: String| {
        if let Ok(receipt) = block_on(log.append(intent(&id))) {
            assert_eq!(promised.insert(receipt.sequence(), id), None, "one place was promised twice");
        }
    };
    for i in 0..6 {
        promise(format!("{name}-{i}"));
        log.note(outcome(&format!("{name}-{i}")));
    }
    let several: Vec<_> = (6..9).map(|i| format!("{name}-{i}")).collect();
    let log = &log;
    let receipts = block_on(async {
        let (a, b, c) = tokio::join!(
            log.append(intent(&several[0])),
            log.append(intent(&several[1])),
            log.append(intent(&several[2])),
        );
        [a, b, c]
    });
    for (id, receipt) in several.into_iter().zip(receipts) {
        if let Ok(receipt) = receipt {
            assert_eq!(promised.insert(receipt.sequence(), id), None, "one place was promised twice");
        }
    }
    let _ = log.close();
}

/// Verifies the disk as it is and that every promise is kept.
fn check(sim: &Sim, scratch: &Scratch, promised: &Promised, trial: &str) -> Report {
    sim.copy_to(&scratch.0);
    let report = verify(&scratch.0, None).unwrap();
    assert_eq!(report.failures, [], "{trial}");
    let found = records(scratch);
    for (sequence, id) in promised {
        match found.get(sequence) {
            Some(Record::Intent(intent)) if intent.decision_id == *id => {}
            other => panic!("{trial}: record {sequence} should be {id}, is {other:?}"),
        }
    }
    report
}

/// The records of a log that verifies, by sequence; after a break the later segment counts.
fn records(scratch: &Scratch) -> BTreeMap<u64, Record> {
    let mut records = BTreeMap::new();
    let mut names: Vec<_> = std::fs::read_dir(&scratch.0).unwrap().map(|e| e.unwrap().path()).collect();
    names.sort();
    for name in names.iter().filter(|name| name.extension().is_some_and(|e| e == "ybl")) {
        let bytes = std::fs::read(name).unwrap();
        let (header, _) = format::Header::decode(&bytes).unwrap();
        records.split_off(&header.first);
        let mut at = format::HEADER_BYTES;
        while let Some(head) = format::Head::decode(&bytes[at..]) {
            if bytes.len() < at + head.frame_bytes() {
                break;
            }
            let payload = &bytes[at + format::HEAD_BYTES..][..head.length as usize];
            if head.kind == format::FrameKind::Record {
                records.extend(crate::compact::record(payload).map(|record| (head.sequence, record)));
            }
            at += head.frame_bytes();
        }
    }
    records
}

#[test]
fn e3_a_receipt_comes_after_the_sync_of_its_record() {
    let sim = Sim::default();
    let (log, _) = open(&sim).unwrap();
    // Over several segments, over reserves and beyond.
    for i in 0..60 {
        let id = format!("receipt-{i}-");
        assert!(!sim.is_durable(&id));
        let receipt = block_on(log.append(intent(&id)));
        assert!(receipt.is_ok() && sim.is_durable(&id), "record {i}");
        let noted = format!("note-{i}-");
        log.note(outcome(&noted));
        log.flush().unwrap();
        assert!(sim.is_durable(&noted), "outcome {i}");
    }
    let syncs = sim.calls().iter().filter(|call| **call == Call::Sync).count();
    assert!(syncs >= 120, "{syncs} syncs");
}

#[test]
fn e3_power_cut_at_every_call_keeps_every_promise() {
    let scratch = Scratch::new("cut");
    let mut cuts = 0;
    for seed in 0..12 {
        for at in 0.. {
            cuts += 1;
            let trial = format!("seed {seed}, power cut at call {at}");
            let mut random = Random::new(seed * 1000 + at as u64);
            let sim = Sim::default();
            sim.fault(at, Fault::Cut);
            let mut promised = Promised::new();
            run(&sim, "a", &mut promised);
            let struck = sim.has_struck();

            let sim = sim.after_power_cut(&mut random);
            sim.copy_to(&scratch.0);
            // What lies there now may have a torn tail, but nothing else that is wrong, and goes on.
            let before = verify(&scratch.0, None).unwrap();
            let unexpected = before.failures.iter().filter(|failure| failure.what != What::Empty);
            assert_eq!(unexpected.count(), 0, "{trial}: {before:?}");
            let torn = before.torn.map_or(0, |torn| torn.bytes);
            let (log, recovery) = open(&sim).unwrap();
            assert_eq!((recovery.torn_bytes, &recovery.damaged), (torn, &None), "{trial}");
            drop(log);
            run(&sim, "b", &mut promised);
            assert!(check(&sim, &scratch, &promised, &trial).is_good(), "{trial}");
            if !struck {
                break;
            }
        }
    }
    println!("{cuts} power cuts, at every call of the disk: no promise broken");
    assert!(cuts >= 500, "{cuts}");
}

#[test]
fn e3_power_cuts_during_recovery_keep_every_promise() {
    let scratch = Scratch::new("cuts");
    for seed in 0..150 {
        let mut random = Random::new(seed);
        let mut promised = Promised::new();
        let mut sim = Sim::default();
        for round in 0..6 {
            sim.fault(random.below(40), Fault::Cut);
            run(&sim, &format!("r{round}"), &mut promised);
            sim = sim.after_power_cut(&mut random);
        }
        run(&sim, "last", &mut promised);
        assert!(check(&sim, &scratch, &promised, &format!("seed {seed}")).is_good());
    }
    println!("{} power cuts one upon the other: no promise broken", 150 * 6);
}

#[test]
fn f1_f2_every_call_failing_once_keeps_every_promise() {
    let scratch = Scratch::new("once");
    let kinds = [
        Fault::Fails(ErrorKind::StorageFull),
        Fault::Partly(ErrorKind::StorageFull),
        Fault::Fails(ErrorKind::Other),
        Fault::Partly(ErrorKind::Other),
        Fault::Fails(ErrorKind::Interrupted),
        Fault::Fails(ErrorKind::ReadOnlyFilesystem),
        Fault::Short,
    ];
    for fault in kinds {
        for at in 0.. {
            let trial = format!("{fault:?} at call {at}");
            let sim = Sim::default();
            sim.fault(at, fault);
            let mut promised = Promised::new();
            run(&sim, "a", &mut promised);
            let struck = sim.has_struck();
            sim.heal();
            // The process ends, the machine doesn't.
            run(&sim, "b", &mut promised);
            assert!(check(&sim, &scratch, &promised, &trial).is_good(), "{trial}");
            assert!(promised.len() >= 9, "{trial}: the second run must succeed");

            // And when the power goes right after, too.
            let mut random = Random::new(at as u64);
            let cut = Sim::default();
            cut.fault(at, fault);
            let mut promised = Promised::new();
            run(&cut, "a", &mut promised);
            let cut = cut.after_power_cut(&mut random);
            run(&cut, "b", &mut promised);
            check(&cut, &scratch, &promised, &format!("{trial}, then a power cut"));
            if !struck {
                break;
            }
        }
    }
}

#[test]
fn f1_a_full_disk_refuses_and_serves_again_when_it_is_not() {
    let scratch = Scratch::new("full");
    let sim = Sim::default();
    let (log, _) = open(&sim).unwrap();
    let first = block_on(log.append(intent("before"))).unwrap();
    log.note(outcome("before"));
    let write = sim.calls().len();
    sim.fault(0, Fault::Stays(ErrorKind::StorageFull));
    // Whatever call comes first, all writes fail now.
    while sim.calls().len() == write {
        assert!(matches!(block_on(log.append(intent("full"))), Err(AuditError::Refused(_))));
    }
    assert!(!log.stats().up && log.stats().refused > 0);
    sim.heal();
    let after = block_on(log.append(intent("after"))).unwrap();
    assert!(log.stats().up);
    log.close().unwrap();
    let promised =
        Promised::from([(first.sequence(), "before".to_owned()), (after.sequence(), "after".to_owned())]);
    let report = check(&sim, &scratch, &promised, "full");
    // The outcome noted before the disk was full was kept.
    assert_eq!((report.outcomes, report.unknown_outcomes), (1, 1));
}

#[test]
fn f2_a_failed_sync_moves_on_to_a_new_segment_with_a_break_record() {
    let scratch = Scratch::new("eio");
    let sim = Sim::default();
    let (log, _) = open(&sim).unwrap();
    let first = block_on(log.append(intent("one"))).unwrap();
    // The next commit is a write and a sync.
    sim.fault(1, Fault::Fails(ErrorKind::Other));
    let second = block_on(log.append(intent("two"))).unwrap();
    assert_eq!(sim.calls().iter().filter(|call| **call == Call::Create).count(), 2);
    assert_eq!(log.stats().sync_errors, 1);
    // The break record stands between them.
    assert_eq!(second.sequence(), first.sequence() + 2);
    log.close().unwrap();
    let promised =
        Promised::from([(first.sequence(), "one".to_owned()), (second.sequence(), "two".to_owned())]);
    let report = check(&sim, &scratch, &promised, "eio");
    assert!(report.is_good() && report.superseded == 1);
    let found = records(&scratch);
    let Some(Record::Event { event, detail, .. }) = found.get(&(first.sequence() + 1)) else {
        panic!("no break record: {found:?}")
    };
    assert_eq!((event.as_str(), detail["segment"].as_str()), ("break", "0000000000000000.ybl"));
}

#[test]
fn f2_syncs_that_keep_failing_close_the_log_for_good() {
    let sim = Sim::default();
    let (log, _) = open(&sim).unwrap();
    sim.fault(1, Fault::Stays(ErrorKind::Other));
    assert!(matches!(block_on(log.append(intent("one"))), Err(AuditError::Closed(_))));
    sim.heal();
    assert!(matches!(block_on(log.append(intent("two"))), Err(AuditError::Closed(_))));
    assert!(!log.stats().up);
    assert!(log.close().is_err());
}

#[test]
fn f3_a_hanging_sync_times_out_and_the_queue_stays_bounded() {
    let scratch = Scratch::new("hang");
    let sim = Sim::default();
    let timeout = Duration::from_millis(80);
    let options = Options { queue: 4, commit_timeout: timeout, ..Options::default() };
    let (log, _) = Log::open_on(Box::new(sim.clone()), options).unwrap();
    let log = Arc::new(log);
    sim.hang(true);
    let began = Instant::now();
    assert!(matches!(block_on(log.append(intent("hung"))), Err(AuditError::Timeout)));
    assert!(began.elapsed() < timeout * 3, "{:?}", began.elapsed());
    let threads: Vec<_> = (0..12)
        .map(|i| {
            let log = Arc::clone(&log);
            std::thread::spawn(move || block_on(log.append(intent(&format!("w-{i}")))))
        })
        .collect();
    let errors: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap().unwrap_err()).collect();
    let timed_out = errors.iter().filter(|error| matches!(error, AuditError::Timeout)).count();
    let overloaded = errors.iter().filter(|error| matches!(error, AuditError::Overloaded)).count();
    assert_eq!((timed_out, overloaded), (4, 8));
    assert!(!log.stats().up);
    sim.hang(false);
    let promised = loop {
        match block_on(log.append(intent("after"))) {
            Ok(receipt) => break receipt,
            Err(_) => assert!(began.elapsed() < Duration::from_secs(10), "it does not come back"),
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    log.close().unwrap();
    let promised = Promised::from([(promised.sequence(), "after".to_owned())]);
    assert!(check(&sim, &scratch, &promised, "hang").is_good());
}

#[test]
fn f3_close_does_not_wait_for_a_hanging_disk_for_ever() {
    let sim = Sim::default();
    let options = Options { commit_timeout: Duration::from_millis(40), ..Options::default() };
    let (log, _) = Log::open_on(Box::new(sim.clone()), options).unwrap();
    sim.hang(true);
    assert!(matches!(log.close(), Err(AuditError::Timeout)));
    sim.hang(false);
}

#[test]
fn f4_a_segment_lost_under_the_writer_is_noticed_within_a_second() {
    type Trial = (&'static str, fn(&std::path::Path));
    let trials: [Trial; 5] = [
        ("deleted", |path| std::fs::remove_file(path).unwrap()),
        ("moved", |path| std::fs::rename(path, path.with_extension("away")).unwrap()),
        ("replaced", |path| {
            let bytes = std::fs::read(path).unwrap();
            std::fs::remove_file(path).unwrap();
            std::fs::write(path, bytes).unwrap();
        }),
        ("its permissions", |path| {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644)).unwrap();
        }),
        ("its length", |path| {
            std::fs::OpenOptions::new().write(true).open(path).unwrap().set_len(200).unwrap();
        }),
    ];
    for (trial, harm) in trials {
        let scratch = Scratch::new("lost");
        let (log, _) = Log::open(&scratch.0, Options::default()).unwrap();
        block_on(log.append(intent("before"))).unwrap();
        harm(&scratch.0.join(format::name(0)));
        std::thread::sleep(Duration::from_millis(900));
        assert_eq!(log.stats().lost_segments, 1, "{trial}");
        let receipt = block_on(log.append(intent("after"))).unwrap();
        log.close().unwrap();
        let bytes = std::fs::read(scratch.0.join(format::name(1))).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(text.contains("\"break\"") && text.contains("after"), "{trial}");
        assert_eq!(receipt.sequence(), 3, "{trial}: `opened`, `before`, `break`, `after`");
        let report = verify(&scratch.0, None).unwrap();
        let is_whole = matches!(trial, "replaced" | "its permissions");
        assert_eq!(report.is_good(), is_whole, "{trial}: {:?}", report.failures);
    }
}

#[test]
fn f8_damage_is_not_cut_as_if_torn_and_stays_to_be_seen() {
    let scratch = Scratch::new("damage");
    let (log, _) = Log::open(&scratch.0, Options::default()).unwrap();
    for i in 0..4 {
        block_on(log.append(intent(&format!("d-{i}")))).unwrap();
    }
    log.close().unwrap();
    let path = scratch.0.join(format::name(0));
    let good = std::fs::read(&path).unwrap();
    let mut starts = vec![format::HEADER_BYTES];
    while let Some(head) = format::Head::decode(&good[starts[starts.len() - 1]..]) {
        starts.push(starts[starts.len() - 1] + head.frame_bytes());
    }
    // Within the header, the first record, a middle one, the last; and rubbish behind it.
    let mut trials: Vec<(usize, Vec<u8>)> = [3, starts[0] + 30, starts[2] + 2, starts[5] + 40]
        .map(|at| {
            let mut bad = good.clone();
            bad[at] ^= 1;
            (at, bad)
        })
        .into();
    trials.push((good.len(), [&good[..], b"rubbish"].concat()));
    for (at, bad) in trials {
        // Each trial is a log of its own: nothing bears witness to those before.
        let _ = std::fs::remove_file(scratch.0.join(format::name(1)));
        let _ = std::fs::remove_dir_all(scratch.beside());
        std::fs::write(&path, &bad).unwrap();
        let (log, recovery) = Log::open(&scratch.0, Options::default()).unwrap();
        assert!(recovery.damaged.is_some() && recovery.torn_bytes == 0, "byte {at}: {recovery:?}");
        let receipt = block_on(log.append(intent("after"))).unwrap();
        assert!(receipt.sequence() > 6, "byte {at}: no sequence may be given twice");
        log.close().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), bad, "the evidence is untouched");
        let report = verify(&scratch.0, None).unwrap();
        let place = starts.iter().rfind(|start| **start <= at).copied().unwrap_or(0);
        // Checkpoints of a log whose very name can't be read any more are found to be another's.
        let mut in_log = report.failures.iter().filter(|failure| failure.segment.ends_with(format::SUFFIX));
        let first = in_log.next().map(|failure| (failure.segment.clone(), failure.byte as usize));
        assert_eq!(first, Some((format::name(0), place)), "byte {at}: {:?}", report.failures);
        assert_eq!(in_log.next(), None, "byte {at}");
    }
}
