mod mutations;
mod reserve;
mod witness;

use super::*;
use crate::tests::{Scratch, block_on, intent, outcome};
use crate::{Log, Options};

/// A closed log of three segments: `d-0` has no outcome.
fn sample(scratch: &Scratch) -> Report {
    let options = Options { segment_bytes: 560, ..Options::default() };
    let (log, _) = Log::open(&scratch.0, options).unwrap();
    for i in 0..5 {
        let id = format!("d-{i}");
        block_on(log.append(intent(&id))).unwrap();
        if i > 0 {
            log.note(outcome(&id));
        }
    }
    log.close().unwrap();
    verify(&scratch.0, None).unwrap()
}

fn segment(scratch: &Scratch, number: u64) -> std::path::PathBuf {
    scratch.0.join(format::name(number))
}

/// Where the records of a segment end and its reserve begins.
fn written(bytes: &[u8]) -> usize {
    frames(bytes).last().map_or(format::HEADER_BYTES, |frame| frame.end)
}

/// Offsets of the frames of a segment.
fn frames(bytes: &[u8]) -> Vec<std::ops::Range<usize>> {
    let mut frames = Vec::new();
    let mut at = format::HEADER_BYTES;
    while let Some(head) = format::Head::decode(&bytes[at..]) {
        let end = at + head.frame_bytes();
        frames.push(at..end);
        at = end;
    }
    frames
}

#[test]
fn e3_a_good_log_verifies_and_is_counted() {
    let scratch = Scratch::new("good");
    let report = sample(&scratch);
    assert_eq!(report.failures, []);
    assert!(report.is_good() && !report.live && report.torn.is_none());
    assert!(report.segments >= 3, "{}", report.segments);
    // `opened`, five intents, four outcomes, `closed`.
    assert_eq!((report.records, report.permitted, report.outcomes, report.events), (11, 5, 4, 2));
    assert_eq!((report.unknown_outcomes, report.unknown_ids.as_slice()), (1, &["d-0".to_owned()][..]));
    assert_eq!(report.head.unwrap().sequence, 10);
}

#[test]
fn e3_every_flipped_byte_is_detected_and_located() {
    let scratch = Scratch::new("flip");
    let segments = sample(&scratch).segments;
    for number in 0..segments {
        let path = segment(&scratch, number);
        let good = std::fs::read(&path).unwrap();
        let frames = frames(&good);
        for at in 0..good.len() {
            let mut changed = good.clone();
            changed[at] ^= 1 << (at % 8);
            std::fs::write(&path, &changed).unwrap();
            let report = verify(&scratch.0, None).unwrap();
            assert!(!report.is_good(), "segment {number} byte {at}");
            let place =
                report.failures.first().map(|failure| (failure.segment.clone(), failure.byte as usize));
            let torn = report.torn.as_ref().map(|torn| (torn.segment.clone(), torn.byte as usize));
            let (name, byte) = place.or(torn).unwrap();
            assert_eq!(name, format::name(number), "byte {at}: {report:?}");
            match frames.iter().find(|frame| frame.contains(&at)) {
                Some(frame) => assert_eq!(byte, frame.start, "byte {at}: {report:?}"),
                None => assert!(byte < format::HEADER_BYTES, "byte {at}: {report:?}"),
            }
        }
        std::fs::write(&path, &good).unwrap();
    }
    assert!(verify(&scratch.0, None).unwrap().is_good());
}

#[test]
fn e3_one_changed_record_is_one_failure() {
    let scratch = Scratch::new("changed");
    sample(&scratch);
    let path = segment(&scratch, 0);
    let good = std::fs::read(&path).unwrap();
    let frames = frames(&good);
    let (payload, hash, head) = (frames[1].start + 40, frames[1].end - 1, frames[1].start + 9);
    for (at, what) in [(payload, What::Changed), (hash, What::Changed), (head, What::NoRecord)] {
        let mut changed = good.clone();
        changed[at] ^= 0x20;
        std::fs::write(&path, &changed).unwrap();
        let failures = verify(&scratch.0, None).unwrap().failures;
        let expect =
            Failure { segment: format::name(0), byte: frames[1].start as u64, record: Some(1), what };
        assert_eq!(failures, [expect], "byte {at}");
    }
}

#[test]
fn e3_removed_repeated_swapped_and_added_frames_are_detected() {
    let scratch = Scratch::new("frames");
    let segments = sample(&scratch).segments;
    let head = verify(&scratch.0, None).unwrap().head.unwrap();
    let anchor = Anchor { hash: head.hash, sequence: Some(head.sequence) };
    for number in 0..segments {
        let path = segment(&scratch, number);
        let good = std::fs::read(&path).unwrap();
        let frames = frames(&good);
        for (index, frame) in frames.iter().enumerate() {
            let (before, this, after) = (&good[..frame.start], &good[frame.clone()], &good[frame.end..]);
            let mut trials = vec![
                ("removed", [before, after].concat()),
                ("repeated", [before, this, this, after].concat()),
                ("added", [before, b"x", this, after].concat()),
                ("moved to the end", [before, after, this].concat()),
            ];
            if let Some(next) = frames.get(index + 1) {
                let swapped = [before, &good[next.clone()], this, &good[next.end..]].concat();
                trials.push(("swapped", swapped));
            } else {
                trials.retain(|(trial, _)| *trial != "moved to the end");
            }
            for (trial, bytes) in trials {
                std::fs::write(&path, &bytes).unwrap();
                let report = verify(&scratch.0, Some(&anchor)).unwrap();
                let of = format!("{trial} frame {index} of segment {number}: {report:?}");
                assert!(!report.is_good(), "{of}");
                let named = report.failures.first().map(|failure| failure.segment.clone());
                assert_eq!(named, Some(format::name(number)), "{of}");
            }
        }
        std::fs::write(&path, &good).unwrap();
    }
}

#[test]
fn e3_missing_swapped_and_foreign_segments_are_detected() {
    let scratch = Scratch::new("segments");
    let segments = sample(&scratch).segments;
    let head = verify(&scratch.0, None).unwrap().head.unwrap();
    let anchor = Anchor { hash: head.hash, sequence: None };
    for number in 0..segments {
        let path = segment(&scratch, number);
        let good = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        let report = verify(&scratch.0, Some(&anchor)).unwrap();
        assert!(!report.is_good(), "without segment {number}");

        let other = segment(&scratch, (number + 1) % segments);
        let other_bytes = std::fs::read(&other).unwrap();
        std::fs::write(&path, &other_bytes).unwrap();
        assert!(!verify(&scratch.0, None).unwrap().is_good(), "segment {number} replaced by its neighbour");
        std::fs::write(&other, &good).unwrap();
        assert!(!verify(&scratch.0, None).unwrap().is_good(), "segment {number} swapped with its neighbour");
        std::fs::write(&other, &other_bytes).unwrap();
        std::fs::write(&path, &good).unwrap();
    }
    let last = std::fs::read(segment(&scratch, segments - 1)).unwrap();
    std::fs::write(segment(&scratch, segments), &last).unwrap();
    assert!(!verify(&scratch.0, None).unwrap().is_good(), "a copy of the last segment behind it");
    std::fs::remove_file(segment(&scratch, segments)).unwrap();
    std::fs::write(scratch.0.join("7.ybl"), &last).unwrap();
    assert_eq!(verify(&scratch.0, None).unwrap().failures[0].what, What::Stranger);
    std::fs::remove_file(scratch.0.join("7.ybl")).unwrap();

    // A segment of another log in the same place.
    let other = Scratch::new("other");
    sample(&other);
    std::fs::copy(segment(&other, 1), segment(&scratch, 1)).unwrap();
    assert!(!verify(&scratch.0, None).unwrap().is_good());
    let none = Scratch::new("none");
    std::fs::create_dir(&none.0).unwrap();
    assert_eq!(verify(&none.0, None).unwrap().failures[0].what, What::Empty);
}

#[test]
fn e3_truncation_is_a_torn_tail_or_missed_by_the_anchor() {
    let scratch = Scratch::new("truncate");
    let report = sample(&scratch);
    let head = report.head.unwrap();
    let anchor = Anchor { hash: head.hash, sequence: Some(head.sequence) };
    for number in 0..report.segments {
        let path = segment(&scratch, number);
        let good = std::fs::read(&path).unwrap();
        let frames = frames(&good);
        for length in 0..good.len() {
            std::fs::write(&path, &good[..length]).unwrap();
            let alone = verify(&scratch.0, None).unwrap();
            let at_a_border =
                length == format::HEADER_BYTES || frames.iter().any(|frame| frame.end == length);
            if number + 1 < report.segments || !at_a_border {
                assert!(!alone.is_good(), "segment {number} cut to {length}");
            }
            assert!(
                !verify(&scratch.0, Some(&anchor)).unwrap().is_good(),
                "segment {number} cut to {length}"
            );
        }
        std::fs::write(&path, &good).unwrap();
    }
    assert!(verify(&scratch.0, Some(&anchor)).unwrap().is_good());
    let wrong = Anchor { sequence: Some(head.sequence - 1), ..anchor };
    assert_eq!(verify(&scratch.0, Some(&wrong)).unwrap().failures[0].what, What::Anchor);
}

#[test]
fn e3_a_log_in_use_verifies() {
    let scratch = Scratch::new("live");
    let (log, _) = Log::open(&scratch.0, Options::default()).unwrap();
    block_on(log.append(intent("d-1"))).unwrap();
    let report = verify(&scratch.0, None).unwrap();
    assert!(report.is_good() && report.live);
    assert_eq!(report.records, 2);
    // Half a frame behind its records is one being written.
    let path = segment(&scratch, 0);
    let mut bytes = std::fs::read(&path).unwrap();
    let end = written(&bytes);
    let next = format::Head { kind: format::FrameKind::Record, length: 9, sequence: 2, position: 0 }.encode();
    bytes[end..end + 20].copy_from_slice(&next[..20]);
    std::fs::write(&path, &bytes).unwrap();
    let report = verify(&scratch.0, None).unwrap();
    assert!(report.is_good() && report.torn.is_some());
    drop(log);
}
