use super::*;
use crate::search::{Filter, Order, search};
use crate::tests::{Scratch, block_on, intent, outcome};
use crate::verify::verify;
use crate::{Evidence, Log, Options, evidence_dir};
use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;
use yingbi_crypto::hex;

fn options() -> Options {
    let evidence = Evidence { every: Duration::from_millis(5), ..Evidence::default() };
    Options { segment_bytes: 2000, reserve_bytes: 4096, evidence, ..Options::default() }
}

fn open(scratch: &Scratch) -> Log {
    Log::open(&scratch.0, options()).unwrap().0
}

fn append(log: &Log, ids: std::ops::Range<u32>) {
    for id in ids {
        let id = format!("d-{id:03}");
        block_on(log.append(intent(&id))).unwrap();
        log.note(outcome(&id));
    }
    log.flush().unwrap();
}

/// Takes whatever is there into the copy, in steps of at most `limit` bytes.
fn take(journal: &mut Journal, copy: &mut Collected, durable: u64, limit: usize) -> u64 {
    let mut idle = 0;
    let mut taken = 0;
    // What stands beside the log is taken when it stood still for a look.
    while idle < 3 {
        let before = journal.cursor().places;
        let pieces = decode(&encode(&journal.read(|| durable, limit).unwrap())).unwrap();
        idle = if pieces.is_empty() { idle + 1 } else { 0 };
        for (place, piece) in (before..).zip(&pieces) {
            assert_eq!(copy.take(place, piece).unwrap(), None, "{piece:?}");
            taken += 1;
        }
        copy.keep().unwrap();
        let cursor: Cursor = journal.cursor().to_string().parse().unwrap();
        assert_eq!((&cursor, copy.cursor()), (journal.cursor(), journal.cursor()));
    }
    taken
}

/// What the files of a log hold, reserves left out.
fn content(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut content = BTreeMap::new();
    for dir in [dir.to_owned(), evidence_dir(dir)] {
        for entry in fs::read_dir(dir).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().to_string_lossy().into_owned();
            if !matches!(&*name, "lock" | "collected" | "reads" | "spare") {
                let mut bytes = fs::read(entry.path()).unwrap();
                bytes.truncate(bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1));
                content.insert(name, bytes);
            }
        }
    }
    content
}

/// Not by `assert_eq!`: that would print every byte.
fn assert_same(copy: &Path, log: &Path) {
    let (copy, log) = (content(copy), content(log));
    let names = |content: &BTreeMap<String, Vec<u8>>| content.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&copy), names(&log));
    copy.iter().for_each(|(name, bytes)| assert!(log.get(name) == Some(bytes), "{name}"));
}

fn ids(dir: &Path) -> Vec<String> {
    let mut ids = Vec::new();
    search(dir, &Filter::default(), Order::Oldest, None, &mut |entry| {
        ids.push(format!("{} {} {}", entry.sequence, entry.intent.decision_id, entry.result()));
        Ok(())
    })
    .unwrap();
    ids
}

#[test]
fn e3_a_copy_has_every_byte_whatever_the_steps_and_breaks() {
    for limit in [1, 700, 5000, 1 << 20] {
        let (scratch, below) = (Scratch::new("journal"), Scratch::new("journal-copies"));
        let mut log = Some(open(&scratch));
        let stream = log.as_ref().unwrap().stream();
        let mut copy = Collected::open(&below.0, &stream).unwrap();
        let mut journal = Journal::open(&scratch.0, copy.cursor().clone()).unwrap();
        for round in 0..4 {
            append(log.as_ref().unwrap(), round * 20..round * 20 + 20);
            take(&mut journal, &mut copy, log.as_ref().unwrap().durable(), limit);
            // The shipper ends anywhere and goes on where it was; so does the log.
            journal = Journal::open(&scratch.0, copy.cursor().clone()).unwrap();
            copy = Collected::open(&below.0, &stream).unwrap();
            if round % 2 == 1 {
                drop(log.take());
                log = Some(open(&scratch));
                assert_eq!(log.as_ref().unwrap().stream(), stream);
            }
        }
        let log = log.unwrap();
        log.close().unwrap();
        take(&mut journal, &mut copy, log.durable(), limit);
        assert_same(copy.dir(), &scratch.0);
        let report = verify(copy.dir(), None).unwrap();
        assert!(report.is_good() && report.segments > 5 && report.witnessed.checkpoints > 3, "{report:?}");
        assert_eq!(ids(copy.dir()), ids(&scratch.0));
        assert_eq!(ids(copy.dir()).len(), 80);
        assert_eq!(take(&mut journal, &mut copy, log.durable(), limit), 0, "nothing comes twice");
        assert_eq!(logs(&below.0).unwrap(), [below.0.join(hex::encode(&stream))]);
    }
}

#[test]
fn e3_records_that_are_not_durable_stay_where_they_are() {
    let (scratch, below) = (Scratch::new("journal-durable"), Scratch::new("journal-durable-copies"));
    let log = open(&scratch);
    append(&log, 0..3);
    let mut copy = Collected::open(&below.0, &log.stream()).unwrap();
    let mut journal = Journal::open(&scratch.0, Cursor::default()).unwrap();
    take(&mut journal, &mut copy, 0, 1 << 20);
    assert_eq!((journal.cursor().next, journal.cursor().byte), (0, 0));
    take(&mut journal, &mut copy, 3, 1 << 20);
    assert_eq!(journal.cursor().next, 3);
    take(&mut journal, &mut copy, log.durable(), 1 << 20);
    assert_eq!(journal.cursor().next, log.durable());
}

#[test]
fn e3_a_record_longer_than_a_piece_survives_a_break_within_it() {
    let (scratch, below) = (Scratch::new("journal-long"), Scratch::new("journal-long-copies"));
    let log = open(&scratch);
    append(&log, 0..2);
    let mut long = crate::Intent { decision_id: "long".to_owned(), ..crate::Intent::default() };
    long.subjects = (0..60_000).map(|subject| format!("{subject:032x}")).collect();
    block_on(log.append(crate::Record::Intent(Box::new(long)))).unwrap();
    append(&log, 2..4);
    log.close().unwrap();
    let mut copy = Collected::open(&below.0, &log.stream()).unwrap();
    let mut longest = 0;
    // Each step is another reader's, that begins where the last piece ended.
    for _ in 0..200 {
        let mut journal = Journal::open(&scratch.0, copy.cursor().clone()).unwrap();
        for _ in 0..3 {
            let pieces = journal.read(|| log.durable(), 1).unwrap();
            let Some(piece) = pieces.first() else { continue };
            longest = longest.max(piece.bytes.len());
            assert_eq!(copy.take(copy.cursor().places, piece).unwrap(), None);
            break;
        }
        copy.keep().unwrap();
    }
    assert_eq!(longest, 256 << 10, "no piece is longer");
    assert_same(copy.dir(), &scratch.0);
    assert!(verify(copy.dir(), None).unwrap().is_good());
}

#[test]
fn e3_damage_travels_with_the_log() {
    let (scratch, below) = (Scratch::new("journal-damage"), Scratch::new("journal-damage-copies"));
    let log = open(&scratch);
    append(&log, 0..30);
    log.close().unwrap();
    let changed = scratch.0.join(format::name(1));
    let mut bytes = fs::read(&changed).unwrap();
    let at = format::HEADER_BYTES + 30;
    bytes[at] ^= 1;
    fs::write(&changed, &bytes).unwrap();
    // A head, too: from there on nothing is a frame for sure.
    let changed = scratch.0.join(format::name(2));
    let mut bytes = fs::read(&changed).unwrap();
    bytes[format::HEADER_BYTES + 2] ^= 1;
    fs::write(&changed, &bytes).unwrap();
    let mut copy = Collected::open(&below.0, &log.stream()).unwrap();
    let mut journal = Journal::open(&scratch.0, Cursor::default()).unwrap();
    take(&mut journal, &mut copy, log.durable(), 1 << 20);
    assert_same(copy.dir(), &scratch.0);
    let (here, there) = (verify(&scratch.0, None).unwrap(), verify(copy.dir(), None).unwrap());
    assert!(!here.is_good());
    assert_eq!(here.failures, there.failures);
}

#[test]
fn e3_another_log_in_the_place_of_the_first_is_not_gone_on_with() {
    let (scratch, below) = (Scratch::new("journal-other"), Scratch::new("journal-other-copies"));
    let log = open(&scratch);
    append(&log, 0..5);
    log.close().unwrap();
    let mut copy = Collected::open(&below.0, &log.stream()).unwrap();
    let mut journal = Journal::open(&scratch.0, Cursor::default()).unwrap();
    take(&mut journal, &mut copy, log.durable(), 1 << 20);
    let cursor = journal.cursor().clone();
    assert!(Journal::open(&scratch.0, cursor.clone()).is_ok());
    let segment = scratch.0.join(format::name(cursor.segment));
    let bytes = fs::read(&segment).unwrap();
    // An older copy of it, and one that was written otherwise.
    fs::write(&segment, &bytes[..bytes.len() - 40]).unwrap();
    assert_eq!(Journal::open(&scratch.0, cursor.clone()).err(), Some(Diverged));
    let mut other = bytes.clone();
    *other.last_mut().unwrap() ^= 1;
    fs::write(&segment, other).unwrap();
    assert_eq!(Journal::open(&scratch.0, cursor).err(), Some(Diverged));
}

#[test]
fn e3_a_piece_that_is_missing_or_changed_is_named() {
    let (scratch, below) = (Scratch::new("journal-gap"), Scratch::new("journal-gap-copies"));
    let log = open(&scratch);
    append(&log, 0..20);
    log.close().unwrap();
    let mut journal = Journal::open(&scratch.0, Cursor::default()).unwrap();
    let mut pieces = Vec::new();
    for _ in 0..3 {
        pieces.extend(journal.read(|| log.durable(), 1 << 20).unwrap());
    }
    let lost = pieces.iter().position(|piece| piece.sequence == Some(7)).unwrap();
    for case in ["missing", "changed"] {
        let mut copy = Collected::open(&below.0.join(case), &log.stream()).unwrap();
        let mut gaps = Vec::new();
        for (place, piece) in pieces.iter().enumerate() {
            let mut piece = piece.clone();
            if place == lost {
                if case == "missing" {
                    continue;
                }
                piece.bytes[40] ^= 1;
            }
            gaps.extend(copy.take(place as u64, &piece).unwrap());
        }
        copy.keep().unwrap();
        assert_eq!(gaps.first().map(|gap| gap.place), (case == "missing").then_some(lost as u64 + 1));
        let report = verify(copy.dir(), None).unwrap();
        let failure = report.failures.first().expect("it is found");
        assert_eq!(failure.record, Some(if case == "missing" { 8 } else { 7 }), "{report:?}");
    }
}

#[test]
fn cursors_and_parcels_are_read_strictly() {
    let cursor = Cursor { places: 9, time: -3, check: [7; 32], ..Cursor::default() };
    let text = cursor.to_string();
    assert_eq!(text.parse(), Ok(cursor));
    for bad in [
        "",
        "1",
        "2 0 0 0 0 0 0 0 0 0 0 0 0",
        text.get(..text.len() - 1).unwrap(),
        &format!("{text} "),
        &text.replacen('9', "+9", 1),
    ] {
        assert_eq!(bad.parse::<Cursor>(), Err(BadCursor), "{bad}");
    }
    let piece = Piece::new(Kind::Stamps, (0, 5), 1, b"ab".to_vec());
    let parcel = encode(&[piece.clone(), piece]);
    for length in 0..parcel.len() {
        let whole = [0, parcel.len() / 2].contains(&length);
        assert_eq!(decode(&parcel[..length]).is_some(), whole, "{length}");
    }
    let mut other = parcel.clone();
    other[0] = 7;
    assert_eq!(decode(&other), None);
}
