use super::*;

fn checkpoint() -> Checkpoint {
    Checkpoint {
        stream: [0xab; 16],
        slices: 3,
        root: [1; 32],
        records: 123_456,
        chain: [2; 32],
        open: Some(OpenSlice { number: 3, first: 123_000, records: 456, root: [3; 32] }),
        time: "2026-11-20T06:00:00.000000Z".to_owned(),
    }
}

#[test]
fn e4_a_checkpoint_is_written_as_documented_and_read_back() {
    let keys = SigningKeys::from_secret(&[7; 32]).unwrap();
    let note = Note::sign(checkpoint(), Some(&keys));
    let text = note.to_string();
    let hash = |byte: u8| BASE64.encode([byte; 32]);
    let body = format!(
        "yingbi-audit/{}\n3\n{}\nrecords 123456\nchain {}\nslice 3 123000 456 {}\ntime 2026-11-20T06:00:00.000000Z\n\n\u{2014} yingbi-",
        "ab".repeat(16),
        hash(1),
        hash(2),
        hash(3)
    );
    assert!(text.starts_with(&body), "{text}");
    assert_eq!(text.lines().count(), 10);
    assert_eq!(Note::parse(&text), Ok(note.clone()));
    assert_eq!(note.signed(keys.public()), Signed::Good);
    assert_eq!(note.signed(&keys.public()[1..]), Signed::Good, "by SM2 alone");
    let other = SigningKeys::from_secret(&[8; 32]).unwrap();
    assert_eq!(note.signed(other.public()), Signed::Unknown);

    let closed = Note::sign(Checkpoint { open: None, ..checkpoint() }, None);
    assert_eq!(Note::parse(&closed.to_string()), Ok(closed.clone()));
    assert_eq!(closed.signed(keys.public()), Signed::Unknown);
    let all: String = [&note, &closed, &note].iter().map(|note| note.to_string()).collect();
    let read: Vec<_> = Note::read_all(&all).into_iter().map(|(_, note)| note.unwrap()).collect();
    assert_eq!(read, [note.clone(), closed, note]);
}

#[test]
fn e4_no_changed_byte_of_a_signed_checkpoint_passes() {
    let keys = SigningKeys::from_secret(&[7; 32]).unwrap();
    let note = Note::sign(checkpoint(), Some(&keys));
    let text = note.to_string().into_bytes();
    for at in 0..text.len() {
        for change in [1, 2, 16, 128] {
            let mut changed = text.clone();
            changed[at] ^= change;
            let Ok(changed) = String::from_utf8(changed) else { continue };
            let read = Note::parse(&changed);
            // A signature under another name is none of ours; the other signature holds what it holds.
            let passes = read.is_ok_and(|read| {
                read.signed(keys.public()) == Signed::Good && read.checkpoint != note.checkpoint
            });
            assert!(!passes, "byte {at}");
        }
    }
    for length in 0..text.len() {
        let Ok(cut) = std::str::from_utf8(&text[..length]) else { continue };
        let same = Note::parse(cut).is_ok_and(|read| read.checkpoint != note.checkpoint);
        assert!(!same, "{length} bytes");
    }
}

#[test]
fn e4_texts_that_read_alike_but_are_written_otherwise_are_refused() {
    let good = Note::sign(checkpoint(), None).to_string();
    let cases = [
        ("records 123456", "records +123456"),
        ("records 123456", "records 0123456"),
        ("slice 3 123000", "slice  3 123000"),
        ("\nrecords", "\r\nrecords"),
        ("time ", "note x\ntime "),
        ("abab", "ABAB"),
    ];
    for (from, to) in cases {
        assert_eq!(Note::parse(&good.replacen(from, to, 1)), Err(BadNote::Line), "{to}");
    }
    assert_eq!(Note::parse(&good.replace("\n\n", "\n")), Err(BadNote::Short));
    assert_eq!(Note::parse(&(good + "\u{2014} a\n")), Err(BadNote::Signature));
}
