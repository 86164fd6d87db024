use super::*;
use std::collections::HashMap;
use yingbi_policies::Treatment;

#[test]
fn engine_and_reference_agree_on_thousands_of_documents() {
    let mut seen: HashMap<String, u32> = HashMap::new();
    for data in seeds(0).take(2000) {
        *seen.entry(format!("{:?}", differential(&data))).or_default() += 1;
    }
    // A comparison of documents that are all refused would show nothing.
    let share = |what: &str| seen.get(what).copied().unwrap_or(0);
    assert!(share("Changed") > 600, "{seen:?}");
    assert!(share("Kept") > 100 && share("Unreadable") > 100 && share("Blocked") > 5, "{seen:?}");
}

#[test]
fn an_all_clear_plan_changes_nothing() {
    let clear = crate::plan::table::Table::all(Treatment::Clear);
    let kept = [
        "{ \"mobile\" : \"1\\u0032\" , \"a\":[ 100.10 ,1E400]}",
        "[\"{\\\"mobile\\\":1}\"]",
        "{\"mobile\":1,\"mobile\":2}",
    ];
    for text in kept {
        assert_eq!(arbitrary::compare(&clear, 16, text), Compared::Kept);
    }
}

#[test]
fn what_must_hold_holds_of_thousands_of_documents() {
    use crate::Format;
    for format in [Format::Xml, Format::Csv, Format::Tsv, Format::Form] {
        let mut seen: HashMap<String, u32> = HashMap::new();
        for data in documents(format, 0).take(2000) {
            *seen.entry(format!("{:?}", promises(format, &data))).or_default() += 1;
        }
        assert!(seen.get("Changed").copied().unwrap_or(0) > 100, "{format:?}: {seen:?}");
        assert!(seen.get("Refused").copied().unwrap_or(0) > 100, "{format:?}: {seen:?}");
    }
}

#[test]
fn what_must_hold_of_streams_holds() {
    use streams::{CODED_WORDS, MULTIPART_WORDS, STREAM_WORDS, bodies};
    type Check = fn(&[u8]) -> bool;
    let all: [(&'static [&'static str], Check); 3] = [
        (STREAM_WORDS, streams::stream),
        (MULTIPART_WORDS, streams::multipart),
        (CODED_WORDS, streams::coded),
    ];
    for (words, check) in all {
        let released = bodies(words, 0).take(500).filter(|data| check(data)).count();
        assert!(released > 30, "{released}");
    }
}

#[test]
fn what_must_hold_of_segments_holds() {
    let mut seen: HashMap<String, u32> = HashMap::new();
    for data in seeds(0).take(2000) {
        *seen.entry(format!("{:?}", segments::segments(&data))).or_default() += 1;
    }
    let share = |what: &str| seen.get(what).copied().unwrap_or(0);
    assert!(share("Cut") > 500 && share("Stricter") > 3 && share("Refused") > 100, "{seen:?}");
}

#[test]
fn what_must_hold_of_texts_holds() {
    let found = texts::texts(0).take(400).filter(|data| texts::text(data)).count();
    assert!(found > 200, "{found}");
}

/// The fuzz section makes it a million.
#[test]
fn every_instruction_set_sorts_thousands_of_documents_alike() {
    let compared: usize = twin_documents(0).take(20_000).map(|document| twins(&document)).sum();
    // Of two sets and a dispatching function at least one is compared everywhere.
    assert!(compared >= 20_000, "{compared}");
}

#[test]
fn another_seed_makes_other_documents() {
    assert_eq!(seeds(7).take(3).collect::<Vec<_>>(), seeds(7).take(3).collect::<Vec<_>>());
    let firsts: std::collections::HashSet<Option<Vec<u8>>> =
        (0..100).map(|seed| seeds(seed).next()).collect();
    assert_eq!(firsts.len(), 100);
}
