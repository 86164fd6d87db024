use super::*;
use crate::tests::{Scratch, block_on, intent, outcome};

fn open(scratch: &Scratch) -> (Log, Recovery) {
    Log::open(&scratch.0, Options::default()).unwrap()
}

#[test]
fn e3_a_receipt_means_the_record_is_in_the_file() {
    let scratch = Scratch::new("receipt");
    let (log, recovery) = open(&scratch);
    assert_eq!(recovery, Recovery::default());
    let receipt = block_on(log.append(intent("d-1"))).unwrap();
    // `opened` is record 0.
    assert_eq!(receipt.sequence(), 1);
    let bytes = std::fs::read(scratch.0.join(format::name(0))).unwrap();
    assert!(bytes.windows(3).any(|window| window == b"d-1"));
    assert_eq!(log.stats().records, 1);
    assert!(log.stats().up);
}

#[test]
fn e3_the_sequence_goes_on_after_reopening() {
    let scratch = Scratch::new("reopen");
    for round in 0..3 {
        let (log, recovery) = open(&scratch);
        // Each round wrote `opened`, an intent, its outcome and `closed`.
        assert_eq!(recovery, Recovery { records: round * 4, ..Recovery::default() });
        assert_eq!(block_on(log.append(intent("d"))).unwrap().sequence(), round * 4 + 1);
        log.note(outcome("d"));
        log.close().unwrap();
        log.close().unwrap();
        assert!(matches!(block_on(log.append(intent("late"))), Err(AuditError::Closed(_))));
    }
}

#[test]
fn one_directory_has_one_writer() {
    let scratch = Scratch::new("lock");
    let (log, _) = open(&scratch);
    assert!(matches!(Log::open(&scratch.0, Options::default()), Err(AuditError::Open(_))));
    drop(log);
    open(&scratch);
}

#[test]
fn many_appenders_share_commits_and_each_has_its_own_place() {
    let scratch = Scratch::new("group");
    let (log, _) = open(&scratch);
    let log = Arc::new(log);
    let threads: Vec<_> = (0..8)
        .map(|thread| {
            let log = Arc::clone(&log);
            std::thread::spawn(move || {
                let ids = (0..20).map(|i| format!("d-{thread}-{i}"));
                ids.map(|id| block_on(log.append(intent(&id))).unwrap().sequence()).collect::<Vec<_>>()
            })
        })
        .collect();
    let mut sequences: Vec<u64> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    sequences.sort_unstable();
    assert_eq!(sequences, (1..=160).collect::<Vec<_>>());
    assert!(log.stats().commits < 160);
}

#[test]
fn a_note_is_written_without_any_append() {
    let scratch = Scratch::new("note");
    let (log, _) = open(&scratch);
    log.note(outcome("d-1"));
    log.flush().unwrap();
    assert_eq!(log.stats().records, 1);
    log.note(outcome("d-2"));
    let deadline = std::time::Instant::now() + Duration::from_secs(5);
    while log.stats().records < 2 {
        assert!(std::time::Instant::now() < deadline, "the note was never written");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The segment as an earlier version would have begun it; all its records are in JSON.
fn of_version(bytes: &[u8], version: u8) -> Vec<u8> {
    let mut old = bytes[..88].to_vec();
    old[11] = version;
    let mut chain = yingbi_crypto::sm3(&[b"yingbi/audit/segment/1", &old]);
    old.extend_from_slice(&chain);
    let mut at = format::HEADER_BYTES;
    while let Some(head) = format::Head::decode(&bytes[at..]) {
        let end = at + head.frame_bytes() - format::HASH_BYTES;
        let frame = bytes[at..end].first_chunk().unwrap();
        chain = format::chain(&chain, frame, &bytes[at + format::HEAD_BYTES..end]);
        old.extend_from_slice(&bytes[at..end]);
        old.extend_from_slice(&chain);
        at = end + format::HASH_BYTES;
    }
    old
}

#[test]
fn e3_a_segment_of_an_earlier_version_is_sealed_before_the_log_goes_on() {
    for version in [1, 2] {
        let scratch = Scratch::new("earlier");
        let (log, _) = Log::open(&scratch.0, Options::default()).unwrap();
        log.close().unwrap();
        let path = scratch.0.join(format::name(0));
        let old = of_version(&std::fs::read(&path).unwrap(), version);
        std::fs::write(&path, &old).unwrap();
        std::fs::remove_dir_all(scratch.beside()).unwrap();
        assert!(crate::verify::verify(&scratch.0, None).unwrap().is_good());
        let (log, recovery) = Log::open(&scratch.0, Options::default()).unwrap();
        assert_eq!((recovery.damaged, recovery.records), (None, 2));
        block_on(log.append(intent("new"))).unwrap();
        log.close().unwrap();
        // Nothing of the new form stands in the old segment.
        let sealed = std::fs::read(&path).unwrap();
        assert!(sealed.starts_with(&old) && sealed[old.len()..].starts_with(b"YBS"));
        let report = crate::verify::verify(&scratch.0, None).unwrap();
        assert!(report.is_good(), "{:?}", report.failures);
        assert_eq!((report.segments, report.records, report.permitted), (2, 5, 1));
    }
}
