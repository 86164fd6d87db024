use super::*;
use crate::tests::sim::Sim;
use crate::tests::{Scratch, block_on, intent, outcome};
use crate::{AuditError, Log, Options, Record};

#[test]
fn f6_the_ladder_is_by_share_and_bounded_on_large_disks() {
    const GIB: u64 = 1 << 30;
    let cases = [
        (100, 100, Room::Ample),
        (15, 100, Room::Ample),
        (14, 100, Room::Scarce),
        (5, 100, Room::Scarce),
        (4, 100, Room::Low),
        (2, 100, Room::Low),
        (1, 100, Room::Gone),
        (0, 100, Room::Gone),
        (33 * GIB, 4000 * GIB, Room::Ample),
        (31 * GIB, 4000 * GIB, Room::Scarce),
        (3 * GIB, 4000 * GIB, Room::Low),
        (GIB - 1, 4000 * GIB, Room::Gone),
        // What knows of no blocks, as some network file systems, is not full.
        (0, 0, Room::Ample),
    ];
    for (free, total, expect) in cases {
        assert_eq!(
            Room::of(free * if total == 100 { 100 } else { 1 }, total * if total == 100 { 100 } else { 1 }),
            expect,
            "{free} of {total}"
        );
    }
}

fn access(decision: &str, category: &str) -> Record {
    let Record::Intent(mut record) = intent("d") else { unreachable!() };
    record.decision = decision.to_owned();
    record.masked = [(category.to_owned(), 1)].into();
    Record::Intent(record)
}

#[test]
fn f6_a_low_disk_refuses_what_matters_less_first_and_then_everything() {
    let sim = Sim::default();
    let (log, _) = Log::open_on(Box::new(sim), Options::default()).unwrap();
    let is_taken = |record: Record| match block_on(log.append(record)) {
        Ok(_) => true,
        Err(AuditError::Refused(_)) => false,
        Err(other) => panic!("{other}"),
    };
    // Level 3, level 2, refused, an event.
    let trials = || {
        [
            access("permit", "basic"),
            access("permit", "derived"),
            access("refuse", "derived"),
            crate::record::event("x", Default::default()),
        ]
        .map(is_taken)
    };
    for (room, expect) in [
        (Room::Ample, [true; 4]),
        (Room::Scarce, [true; 4]),
        (Room::Low, [true, false, true, true]),
        (Room::Gone, [false; 4]),
        (Room::Ample, [true; 4]),
    ] {
        log.room().set(room);
        assert_eq!(trials(), expect, "{room:?}");
        assert_eq!(log.stats().up, room != Room::Gone, "{room:?}");
        // How accesses under way ended is written to the last.
        let before = log.stats().records;
        log.note(outcome("d"));
        log.flush().unwrap();
        assert_eq!(log.stats().records, before + 1, "{room:?}");
    }
}

#[test]
fn f6_room_is_kept_back_and_let_go() {
    let scratch = Scratch::new("spare");
    std::fs::create_dir_all(&scratch.0).unwrap();
    keep_back(&scratch.0, 1 << 20).unwrap();
    keep_back(&scratch.0, 1 << 20).unwrap();
    use std::os::unix::fs::MetadataExt as _;
    let found = std::fs::metadata(scratch.0.join(FILE)).unwrap();
    assert!(found.len() == 1 << 20 && found.blocks() * 512 >= 1 << 20, "allocated, not only long");
    let (free, total) = look(&scratch.0).unwrap();
    assert!(free <= total && total > 0);
    let_go(&scratch.0);
    let_go(&scratch.0);
    assert!(!scratch.0.join(FILE).exists());
}
