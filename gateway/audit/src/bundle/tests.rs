use super::*;
use crate::tests::{Scratch, block_on, intent, outcome};
use crate::{Evidence, Log, Options};
use std::time::Duration;
use yingbi_crypto::SigningKeys;

fn keys() -> SigningKeys {
    SigningKeys::from_secret(&[7; 32]).unwrap()
}

/// A log of closed slices and an open one; how many records it has.
fn sample(scratch: &Scratch) -> u64 {
    let evidence = Evidence {
        keys: Some(keys()),
        anchors: Vec::new(),
        every: Duration::from_secs(60),
        ..Evidence::default()
    };
    let options = Options { segment_bytes: 900, evidence, ..Options::default() };
    let (log, _) = Log::open(&scratch.0, options).unwrap();
    for i in 0..12 {
        block_on(log.append(intent(&format!("d-{i}")))).unwrap();
        log.note(outcome(&format!("d-{i}")));
    }
    log.close().unwrap();
    crate::verify::verify(&scratch.0, None).unwrap().records
}

#[test]
fn e4_every_record_is_proved_alone() {
    let scratch = Scratch::new("prove");
    let records = sample(&scratch);
    let keys = keys();
    let (mut open, mut closed) = (0, 0);
    for sequence in 0..records {
        let bundle = prove(&scratch.0, &[sequence]).unwrap();
        assert_eq!(Bundle::parse(&bundle.to_json()).as_ref(), Ok(&bundle));
        let proved = bundle.verify(keys.public()).unwrap();
        assert_eq!(proved.records.len(), 1);
        assert_eq!(proved.records[0].0, sequence);
        assert!(serde_json::from_str::<crate::Record>(&proved.records[0].1).is_ok());
        *(if bundle.records[0].statement.is_some() { &mut closed } else { &mut open }) += 1;
        // No other record is in it.
        let text = bundle.to_json();
        let own = &bundle.records[0].payload;
        let others = (0..12).map(|i| format!("d-{i}\"")).filter(|id| !own.contains(id.as_str()));
        assert_eq!(others.filter(|id| text.contains(&id.replace('"', "\\\""))).count(), 0);
    }
    assert!(open > 0 && closed > 0, "{open} {closed}");
    assert!(matches!(prove(&scratch.0, &[records]), Err(Unproved::NotWitnessed)));
    let both = prove(&scratch.0, &[1, 2]).unwrap().verify(keys.public()).unwrap();
    assert_eq!(both.records.iter().map(|(sequence, _)| *sequence).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn e4_no_forged_bundle_proves_anything() {
    let scratch = Scratch::new("forged-bundle");
    let records = sample(&scratch);
    let keys = keys();
    let strange = SigningKeys::from_secret(&[8; 32]).unwrap();
    for sequence in [1, records - 1] {
        let good = prove(&scratch.0, &[sequence]).unwrap();
        assert_eq!(good.verify(strange.public()), Err(Disproof::Unsigned));
        let text = good.to_json();
        let truth = good.verify(keys.public()).unwrap().records;
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] ^= 1 << (at % 7);
            let Ok(changed) = String::from_utf8(changed) else { continue };
            let proved = Bundle::parse(&changed).and_then(|bundle| bundle.verify(keys.public()));
            // White space and the case of hexadecimal digits say nothing.
            assert!(proved.is_err() || proved.unwrap().records == truth, "byte {at}: {changed}");
        }
        // Parts of another good bundle in place of its own.
        let other = prove(&scratch.0, &[sequence - 1]).unwrap();
        let swaps: [fn(&mut Proof, &Proof); 5] = [
            |own, other| own.head.clone_from(&other.head),
            |own, other| own.payload.clone_from(&other.payload),
            |own, other| own.previous.clone_from(&other.previous),
            |own, other| own.path.clone_from(&other.path),
            |own, _| own.statement = own.statement.is_none().then(|| "00".repeat(232)),
        ];
        for (number, swap) in swaps.iter().enumerate() {
            let mut forged = good.clone();
            swap(&mut forged.records[0], &other.records[0]);
            assert!(forged.verify(keys.public()).is_err(), "swap {number} of {sequence}");
        }
        let mut longer = good.clone();
        longer.records[0].path.push("00".repeat(32));
        assert!(longer.verify(keys.public()).is_err());
        let mut unsigned = good.clone();
        unsigned.checkpoint = unsigned.checkpoint.split("\n\n").next().unwrap().to_owned() + "\n\n";
        assert_eq!(unsigned.verify(keys.public()), Err(Disproof::Unsigned));
    }
    for text in ["", "{}", "[]", "{\"format\":\"yingbi-evidence/2\",\"records\":[],\"checkpoint\":\"\"}"] {
        assert!(matches!(Bundle::parse(text), Err(Disproof::Shape(_))), "{text}");
    }
}

#[test]
fn e4_nothing_is_proved_of_a_log_that_was_changed() {
    let scratch = Scratch::new("prove-changed");
    sample(&scratch);
    let path = scratch.0.join(format::name(0));
    let mut bytes = fs::read(&path).unwrap();
    let at = format::HEADER_BYTES + HEAD_BYTES + 30;
    bytes[at] ^= 1;
    fs::write(&path, bytes).unwrap();
    assert!(matches!(prove(&scratch.0, &[1]), Err(Unproved::Damaged)));
    fs::remove_file(scratch.beside().join(checkpoint::FILE)).unwrap();
    assert!(matches!(prove(&scratch.0, &[1]), Err(Unproved::Read(_))));
}

#[test]
fn e4_a_log_is_proved_to_have_only_grown_since_any_checkpoint() {
    let scratch = Scratch::new("growth");
    let evidence = Evidence { keys: Some(keys()), every: Duration::from_millis(1), ..Evidence::default() };
    let options = Options { segment_bytes: 900, evidence, ..Options::default() };
    for run in 0..3 {
        let (log, _) = Log::open(&scratch.0, options.clone()).unwrap();
        for i in 0..5 {
            block_on(log.append(intent(&format!("{run}-{i}")))).unwrap();
            std::thread::sleep(Duration::from_millis(5));
        }
        log.close().unwrap();
    }
    let text = fs::read_to_string(scratch.beside().join(checkpoint::FILE)).unwrap();
    let notes: Vec<Note> = Note::read_all(&text).into_iter().map(|(_, note)| note.unwrap()).collect();
    assert!(notes.len() > 5 && notes.iter().any(|note| note.checkpoint.open.is_some()));
    let keys = keys();
    let mut proofs = Vec::new();
    for old in &notes {
        let growth = Growth::prove(&scratch.0, old).unwrap();
        let (before, now) = growth.verify(keys.public()).unwrap();
        assert_eq!((&before, &now), (&old.checkpoint, &notes.last().unwrap().checkpoint));
        assert_eq!(Growth::parse(&growth.to_json()), Ok(growth.clone()));
        proofs.push(growth);
    }
    // No proof stands for another checkpoint, nor with a hash too many.
    for (number, own) in proofs.iter().enumerate() {
        for (place, other) in proofs.iter().enumerate().filter(|(_, other)| other.old != own.old) {
            let forged = Growth { old: other.old.clone(), ..own.clone() };
            let is_same = (&forged.slices_path, &forged.path, &forged.statement)
                == (&other.slices_path, &other.path, &other.statement);
            assert!(is_same || forged.verify(keys.public()).is_err(), "{number} with {place}");
        }
        for field in 0..3 {
            let mut forged = own.clone();
            let path = match field {
                0 => &mut forged.slices_path,
                1 => &mut forged.statement_path,
                _ => &mut forged.path,
            };
            path.push("00".repeat(32));
            assert!(forged.verify(keys.public()).is_err(), "{number}, path {field}");
        }
    }
    // Another log, signed by the same firm.
    let other = Scratch::new("growth-other");
    sample(&other);
    assert!(matches!(Growth::prove(&other.0, &notes[0]), Err(Unproved::Damaged)));
}
