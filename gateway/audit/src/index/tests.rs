use super::*;
use crate::tests::{Scratch, block_on, intent, outcome};
use crate::{Log, Options, slice};

fn sample(scratch: &Scratch) -> (Statement, Vec<u8>, Vec<u8>) {
    let options = Options { segment_bytes: 1500, ..Options::default() };
    let (log, _) = Log::open(&scratch.0, options).unwrap();
    for i in 0..12 {
        block_on(log.append(intent(&format!("d-{i}")))).unwrap();
        log.note(outcome(&format!("d-{i}")));
    }
    log.close().unwrap();
    let statements = slice::read(&std::fs::read(scratch.beside().join(slice::FILE)).unwrap());
    let index = std::fs::read(scratch.beside().join(name(0))).unwrap();
    (statements[0].clone().unwrap(), index, std::fs::read(scratch.0.join(format::name(0))).unwrap())
}

#[test]
fn e4_keywords_are_counted_and_each_is_shown_without_others() {
    let scratch = Scratch::new("index");
    let (statement, bytes, segment) = sample(&scratch);
    let index = Index::open(&scratch.beside(), 0).unwrap();
    let keywords = index.keywords().unwrap();
    assert!(keywords.is_sorted());
    let accesses = walk::skim(&segment).filter(|(_, _, payload)| payload.starts_with(b"I")).count();
    let caller = format!("caller={}", "0".repeat(32));
    for keyword in [caller.as_str(), "route=crm.internal/customers/{id}", "decision=permit"] {
        let tag = tag(&index.opening(keyword), keyword);
        let found = keywords.iter().find(|found| found.tag == tag).unwrap_or_else(|| panic!("{keyword}"));
        assert_eq!(found.count as usize, accesses, "{keyword}");
        // The opening of one tells nothing of another.
        let other = keywords
            .iter()
            .filter(|other| other.tag == super::tag(&index.opening(keyword), "decision=refuse"));
        assert_eq!(other.count(), 0);
    }
    assert_eq!(keywords.len(), 3);
    // Neither keyword nor pseudonym stands in the file.
    for text in ["customers", "permit", "00000000000000000000000000000000"] {
        assert!(!bytes.windows(text.len()).any(|window| window == text.as_bytes()), "{text}");
    }
    let root = root(&keywords);
    assert_eq!((root, check(&bytes)), (statement.index, Some(root)));
    assert_eq!(make(&statement, &segment, index.salt()).bytes, bytes);
    assert_ne!(make(&statement, &segment, [9; 32]).root, root, "tags are the slice's own");
}

#[test]
fn e7_places_lead_to_the_records() {
    let scratch = Scratch::new("places");
    let (statement, _, segment) = sample(&scratch);
    let index = Index::open(&scratch.beside(), 0).unwrap();
    for (at, head, payload) in walk::skim(&segment) {
        assert_eq!(index.offset(head.sequence).unwrap(), Some(at as u64));
        let id = match crate::compact::record(payload).unwrap() {
            crate::Record::Intent(intent) => intent.decision_id,
            crate::Record::Outcome(outcome) => outcome.decision_id,
            crate::Record::Event { .. } => continue,
        };
        if !id.is_empty() {
            let places = index.places(&format!("id={id}")).unwrap();
            assert!(places.contains(&head.sequence) && places.len() <= 2, "{places:?}");
        }
    }
    assert_eq!(index.offset(statement.next).unwrap(), None);
    assert!(index.places("id=none").unwrap().is_empty());
}

#[test]
fn a_file_that_is_no_whole_index_is_not_opened() {
    let scratch = Scratch::new("no-index");
    let (_, bytes, _) = sample(&scratch);
    let path = scratch.beside().join(name(0));
    for length in [0, 100, 136, bytes.len() - 1] {
        std::fs::write(&path, &bytes[..length]).unwrap();
        assert!(Index::open(&scratch.beside(), 0).is_err() && check(&bytes[..length]).is_none(), "{length}");
    }
    std::fs::write(scratch.beside().join(name(5)), &bytes).unwrap();
    assert!(Index::open(&scratch.beside(), 5).is_err(), "another slice's");
}
