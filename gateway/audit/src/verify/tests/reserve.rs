//! The zeros that a writer lays down ahead of its records, as a kill leaves them.

use super::*;
use crate::Recovery;

/// A log whose writer was killed: the files of a running one, copied.
fn killed(scratch: &Scratch) -> Vec<u8> {
    let live = Scratch::new("reserve-live");
    let options = Options { reserve_bytes: 2 * format::RESERVE_ALIGN, ..Options::default() };
    let (log, _) = Log::open(&live.0, options).unwrap();
    for i in 0..3 {
        block_on(log.append(intent(&format!("d-{i}")))).unwrap();
    }
    std::fs::create_dir_all(&scratch.0).unwrap();
    let bytes = std::fs::read(segment(&live, 0)).unwrap();
    std::fs::write(segment(scratch, 0), &bytes).unwrap();
    bytes
}

/// Takes away what bears witness to records that a trial lets no disk ever have had.
fn unwitnessed(scratch: &Scratch) {
    let _ = std::fs::remove_dir_all(scratch.beside());
}

fn reopened(scratch: &Scratch) -> Recovery {
    let (log, recovery) = Log::open(&scratch.0, Options::default()).unwrap();
    block_on(log.append(intent("after"))).unwrap();
    log.close().unwrap();
    recovery
}

#[test]
fn e3_a_killed_writers_reserve_is_whole_and_is_written_on() {
    let scratch = Scratch::new("reserve");
    let bytes = killed(&scratch);
    assert_eq!(bytes.len() as u64 % format::RESERVE_ALIGN, 0);
    assert!(bytes.len() - written(&bytes) >= 4096, "there is a reserve");
    let report = verify(&scratch.0, None).unwrap();
    assert!(report.is_good() && !report.live, "{report:?}");
    // `opened` and three intents.
    assert_eq!((report.records, report.permitted), (4, 3));
    let recovery = reopened(&scratch);
    assert_eq!(recovery, Recovery { records: 4, ..Recovery::default() });
    let report = verify(&scratch.0, None).unwrap();
    assert!(report.is_good(), "{report:?}");
    assert_eq!((report.segments, report.records), (1, 7));
    // Closing leaves records only.
    let closed = std::fs::read(segment(&scratch, 0)).unwrap();
    assert_eq!(written(&closed), closed.len());
}

#[test]
fn e3_anything_in_the_reserve_is_damage_and_is_kept() {
    let scratch = Scratch::new("reserve-changed");
    let good = killed(&scratch);
    let path = segment(&scratch, 0);
    let end = written(&good);
    for at in end..good.len() {
        let mut changed = good.clone();
        changed[at] ^= 1 << (at % 8);
        std::fs::write(&path, &changed).unwrap();
        let report = verify(&scratch.0, None).unwrap();
        let failed = report.failures.iter().map(|failure| (failure.byte as usize, &failure.what));
        assert!(failed.eq([(end, &What::NoRecord)]) && report.torn.is_none(), "byte {at}: {report:?}");
    }
    // Rubbish behind zeros, wherever it begins, is not cut as if torn.
    let mut rubbish = good.clone();
    rubbish[end + 700..end + 2000].fill(b'x');
    std::fs::write(&path, &rubbish).unwrap();
    assert_eq!(verify(&scratch.0, None).unwrap().failures.len(), 1);
    let recovery = reopened(&scratch);
    assert!(recovery.damaged.is_some() && recovery.torn_bytes == 0, "{recovery:?}");
    assert_eq!(std::fs::read(&path).unwrap(), rubbish, "the evidence is untouched");
}

#[test]
fn e3_a_reserve_that_was_cut_or_grown_is_noticed() {
    let scratch = Scratch::new("reserve-cut");
    let good = killed(&scratch);
    let path = segment(&scratch, 0);
    let end = written(&good);
    let cuts = (end + 1..good.len()).step_by(97).map(|length| good[..length].to_vec());
    let grown = [1, 511, 4095].map(|zeros| [&good[..], &vec![0; zeros]].concat());
    for bytes in cuts.chain(grown) {
        std::fs::write(&path, &bytes).unwrap();
        let report = verify(&scratch.0, None).unwrap();
        let is_aligned = bytes.len().is_multiple_of(4096);
        assert_eq!(report.is_good(), is_aligned, "{} bytes: {report:?}", bytes.len());
        assert_eq!(report.records, 4);
    }
}

#[test]
fn e3_a_changed_last_record_before_a_reserve_is_damage() {
    let scratch = Scratch::new("reserve-last");
    let good = killed(&scratch);
    let path = segment(&scratch, 0);
    let last = frames(&good).pop().unwrap();
    for at in last.clone() {
        let mut changed = good.clone();
        changed[at] ^= 1 << (at % 8);
        std::fs::write(&path, &changed).unwrap();
        let report = verify(&scratch.0, None).unwrap();
        assert_eq!(report.failures.len(), 1, "byte {at}: {report:?}");
        assert_eq!(report.failures[0].byte as usize, last.start, "byte {at}");
        assert_eq!(report.torn, None, "byte {at}");
    }
    std::fs::write(&path, &good).unwrap();
    let before = good[..last.start].to_vec();
    // A frame that was written only in part is torn, whatever zeros stand behind it.
    for kept in 1..last.len() {
        let mut torn = good.clone();
        torn[last.start + kept..].fill(0);
        std::fs::write(&path, &torn).unwrap();
        unwitnessed(&scratch);
        let report = verify(&scratch.0, None).unwrap();
        if torn == good {
            continue;
        }
        assert_eq!((report.failures.len(), report.records), (0, 3), "{kept} bytes kept: {report:?}");
        assert_eq!(report.torn.unwrap().byte as usize, last.start, "{kept} bytes kept");
        if kept % 41 == 0 {
            let recovery = reopened(&scratch);
            assert!(recovery.damaged.is_none() && recovery.torn_bytes > 0, "{kept} bytes kept");
            assert!(verify(&scratch.0, None).unwrap().is_good(), "{kept} bytes kept");
            assert!(std::fs::read(&path).unwrap().starts_with(&before));
        }
    }
}

#[test]
fn e3_a_seal_ends_its_segment_reserve_and_all() {
    let scratch = Scratch::new("reserve-seal");
    let segments = sample(&scratch).segments;
    for number in 0..segments {
        let path = segment(&scratch, number);
        let good = std::fs::read(&path).unwrap();
        let mut padded = good.clone();
        padded.resize(good.len().next_multiple_of(4096), 0);
        std::fs::write(&path, &padded).unwrap();
        let report = verify(&scratch.0, None).unwrap();
        // Behind the last records of all a whole reserve may stand; nowhere else.
        assert_eq!(report.is_good(), number + 1 == segments, "segment {number}: {report:?}");
        std::fs::write(&path, &good).unwrap();
    }
    // The power went before the sealed segment's reserve was cut: it is cut before the next is begun.
    let sealed = segment(&scratch, 0);
    for number in 1..segments {
        std::fs::remove_file(segment(&scratch, number)).unwrap();
    }
    let good = std::fs::read(&sealed).unwrap();
    let mut padded = good.clone();
    padded.resize(good.len().next_multiple_of(4096), 0);
    std::fs::write(&sealed, &padded).unwrap();
    unwitnessed(&scratch);
    assert!(verify(&scratch.0, None).unwrap().is_good());
    assert_eq!(reopened(&scratch).damaged, None);
    assert_eq!(std::fs::read(&sealed).unwrap(), good);
    assert!(verify(&scratch.0, None).unwrap().is_good());
}
