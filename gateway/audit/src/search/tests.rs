use super::*;
use crate::format;
use crate::record::Record;
use crate::tests::{Scratch, block_on};
use crate::{Log, Options};

/// Two runs of a gateway: the first ends without closing `lost`; the second writes the outcomes in another order.
fn sample(scratch: &Scratch) {
    let access = |log: &Log, id: &str, change: fn(&mut Intent)| {
        let mut intent = Intent {
            time: format!("2026-11-20T06:00:0{}.000000Z", id.chars().next().unwrap()),
            decision_id: id.to_owned(),
            caller: "caller-a".to_owned(),
            route: "crm.internal/customers/{id}".to_owned(),
            decision: "permit".to_owned(),
            subjects: vec!["subject-a".to_owned()],
            ..Intent::default()
        };
        change(&mut intent);
        block_on(log.append(Record::Intent(Box::new(intent)))).unwrap();
    };
    let end = |log: &Log, id: &str, result: &str| {
        log.note(Record::Outcome(Outcome {
            time: "2026-11-20T07:00:00.000000Z".to_owned(),
            decision_id: id.to_owned(),
            result: result.to_owned(),
            bytes: 1,
        }));
    };
    let options = Options { segment_bytes: 450, ..Options::default() };
    let (log, _) = Log::open(&scratch.0, options.clone()).unwrap();
    access(&log, "0-plain", |intent| intent.masked = [("basic".to_owned(), 2)].into());
    access(&log, "1-lost", |intent| intent.subjects.push("subject-b".to_owned()));
    end(&log, "0-plain", "handed-to-socket");
    drop(log);
    let (log, _) = Log::open(&scratch.0, options).unwrap();
    access(&log, "2-refused", |intent| {
        intent.decision = "refuse".to_owned();
        intent.code = Some("YB2001".to_owned());
        intent.subjects.clear();
    });
    access(&log, "3-other", |intent| {
        intent.caller = "caller-b".to_owned();
        intent.route = "oms.internal/orders".to_owned();
        intent.clear = [("derived".to_owned(), 1)].into();
        intent.trace = "trace-3".to_owned();
    });
    access(&log, "4-top", |intent| intent.dropped = [("credential.account".to_owned(), 1)].into());
    end(&log, "4-top", "aborted");
    end(&log, "3-other", "write-failed");
}

fn found(scratch: &Scratch, filter: &Filter, order: Order, limit: Option<u64>) -> (Vec<String>, Searched) {
    let mut found = Vec::new();
    let searched = search(&scratch.0, filter, order, limit, &mut |entry| {
        found.push(format!("{} {}", entry.intent.decision_id, entry.result()));
        Ok(())
    });
    (found, searched.unwrap())
}

#[test]
fn e8_each_filter_finds_what_it_says() {
    let scratch = Scratch::new("search");
    sample(&scratch);
    let all = ["0-plain", "1-lost", "2-refused", "3-other", "4-top"];
    let time = |text: &str| Some(text.parse().unwrap());
    let cases: Vec<(Filter, &[&str])> = vec![
        (Filter::default(), &all),
        (Filter { caller: Some("caller-b".into()), ..Filter::default() }, &["3-other"]),
        (Filter { subject: Some("subject-b".into()), ..Filter::default() }, &["1-lost"]),
        (Filter { subject: Some("subject".into()), ..Filter::default() }, &[]),
        (Filter { route: Some("orders".into()), ..Filter::default() }, &["3-other"]),
        (Filter { category: Some(Category::Basic), ..Filter::default() }, &["0-plain"]),
        (Filter { level: Some(Level::L2), ..Filter::default() }, &["0-plain", "3-other", "4-top"]),
        (Filter { level: Some(Level::L3), ..Filter::default() }, &["0-plain", "4-top"]),
        (Filter { level: Some(Level::L4), ..Filter::default() }, &["4-top"]),
        (Filter { decision: Some("refuse".into()), ..Filter::default() }, &["2-refused"]),
        (Filter { code: Some("YB2001".into()), ..Filter::default() }, &["2-refused"]),
        (Filter { trace: Some("trace-3".into()), ..Filter::default() }, &["3-other"]),
        (Filter { decision_id: Some("4-top".into()), ..Filter::default() }, &["4-top"]),
        (Filter { from: time("2026-11-20T06:00:03Z"), ..Filter::default() }, &["3-other", "4-top"]),
        (Filter { to: time("2026-11-20T14:00:01+08:00"), ..Filter::default() }, &["0-plain"]),
        (
            Filter { caller: Some("caller-a".into()), level: Some(Level::L2), ..Filter::default() },
            &["0-plain", "4-top"],
        ),
    ];
    for (filter, expect) in cases {
        let id = |entry: &String| entry.split(' ').next().unwrap().to_owned();
        let (oldest, _) = found(&scratch, &filter, Order::Oldest, None);
        assert_eq!(oldest.iter().map(id).collect::<Vec<_>>(), expect, "{filter:?}");
        let (mut newest, _) = found(&scratch, &filter, Order::Newest, None);
        newest.reverse();
        assert_eq!(oldest, newest, "{filter:?}");
    }
}

#[test]
fn e1_an_access_is_joined_with_its_outcome_or_said_to_be_unknown() {
    let scratch = Scratch::new("join");
    sample(&scratch);
    let expect = [
        "4-top aborted",
        "3-other write-failed",
        "2-refused refused",
        "1-lost unknown",
        "0-plain handed-to-socket",
    ];
    let (newest, searched) = found(&scratch, &Filter::default(), Order::Newest, None);
    assert_eq!(newest, expect);
    assert_eq!((searched.found, searched.more, searched.unreadable), (5, false, 0));
    let (first, searched) = found(&scratch, &Filter::default(), Order::Newest, Some(2));
    assert_eq!((first.as_slice(), searched.more), (&expect.map(str::to_owned)[..2], true));
    let (first, searched) = found(&scratch, &Filter::default(), Order::Oldest, Some(2));
    assert_eq!((first, searched.more), (vec![expect[4].to_owned(), expect[3].to_owned()], true));
    assert!(!found(&scratch, &Filter::default(), Order::Oldest, Some(5)).1.more);
}

#[test]
fn a_damaged_record_hides_no_other() {
    let scratch = Scratch::new("hides");
    sample(&scratch);
    let path = scratch.0.join(format::name(0));
    let mut bytes = std::fs::read(&path).unwrap();
    // The head of `opened`, the first record.
    bytes[format::HEADER_BYTES + 5] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let (all, searched) = found(&scratch, &Filter::default(), Order::Newest, None);
    assert_eq!(all.len(), 5);
    assert!(searched.unreadable > 0);
}

/// A log of many small slices, each access of one of a few callers and investors.
fn many(scratch: &Scratch, count: u32) {
    let options = Options { segment_bytes: 2000, ..Options::default() };
    let (log, _) = Log::open(&scratch.0, options).unwrap();
    for i in 0..count {
        let id = format!("{i:04}");
        let intent = Intent {
            time: format!("2026-11-20T06:{:02}:{:02}.000000Z", i / 60, i % 60),
            decision_id: id.clone(),
            caller: format!("caller-{}", i % 3),
            route: "/customers".to_owned(),
            decision: if i % 7 == 0 { "refuse" } else { "permit" }.to_owned(),
            code: (i % 7 == 0).then(|| "YB2001".to_owned()),
            subjects: (0..i % 4).map(|other| format!("subject-{}", (i + other) % 11)).collect(),
            masked: if i % 5 == 0 { [("basic".to_owned(), 1)].into() } else { [].into() },
            rules: vec![format!("rule-{}", i % 2)],
            purpose: (i % 2 == 0).then(|| "service".to_owned()),
            trace: format!("trace-{i}"),
            ..Intent::default()
        };
        block_on(log.append(Record::Intent(Box::new(intent)))).unwrap();
        if i % 7 != 0 && i % 10 != 0 {
            log.note(Record::Outcome(Outcome {
                time: "2026-11-20T07:00:00.000000Z".to_owned(),
                decision_id: id,
                result: "handed-to-socket".to_owned(),
                bytes: 1,
            }));
        }
    }
    log.close().unwrap();
}

#[test]
fn e7_the_index_finds_what_reading_everything_finds() {
    let scratch = Scratch::new("indexed");
    many(&scratch, 300);
    let with: Vec<_> =
        std::fs::read_dir(scratch.beside()).unwrap().map(|entry| entry.unwrap().path()).collect();
    let indexes: Vec<_> = with.iter().filter(|path| path.extension().is_some_and(|e| e == "ybi")).collect();
    assert!(indexes.len() > 10, "{}", indexes.len());
    let text = |text: &str| Some(text.to_owned());
    let time = |text: &str| Some(text.parse().unwrap());
    let filters = [
        Filter::default(),
        Filter { subject: text("subject-3"), ..Filter::default() },
        Filter { subject: text("subject-3"), caller: text("caller-1"), ..Filter::default() },
        Filter { subject: text("nobody"), ..Filter::default() },
        Filter { caller: text("caller-2"), decision: text("refuse"), ..Filter::default() },
        Filter { trace: text("trace-123"), ..Filter::default() },
        Filter { decision_id: text("0123"), ..Filter::default() },
        Filter { code: text("YB2001"), ..Filter::default() },
        Filter { rule: text("rule-1"), category: Some(Category::Basic), ..Filter::default() },
        Filter { purpose: text("service"), route: text("custom"), ..Filter::default() },
        Filter { level: Some(Level::L3), from: time("2026-11-20T06:02:00Z"), ..Filter::default() },
        Filter { from: time("2026-11-20T06:01:30Z"), to: time("2026-11-20T06:02:10Z"), ..Filter::default() },
        Filter { before: Some(200), after: Some(100), caller: text("caller-0"), ..Filter::default() },
    ];
    let results = |scratch: &Scratch| -> Vec<_> {
        let both =
            filters.iter().flat_map(|filter| [Order::Newest, Order::Oldest].map(|order| (filter, order)));
        both.map(|(filter, order)| found(scratch, filter, order, None)).collect()
    };
    let indexed = results(&scratch);
    assert_eq!(indexed[0].0.len(), 300);
    assert!(
        indexed.iter().enumerate().all(|(at, (found, _))| (at / 2 == 3) == found.is_empty()),
        "{indexed:?}"
    );
    indexes.iter().for_each(|path| std::fs::remove_file(path).unwrap());
    assert_eq!(results(&scratch), indexed);
}

#[test]
fn e7_a_cursor_goes_on_where_the_page_before_ended() {
    let scratch = Scratch::new("cursor");
    many(&scratch, 100);
    let filter = Filter { caller: Some("caller-1".to_owned()), ..Filter::default() };
    for order in [Order::Newest, Order::Oldest] {
        let (all, _) = found(&scratch, &filter, order, None);
        let (mut paged, mut page) = (Vec::new(), filter.clone());
        loop {
            let (some, searched) = found(&scratch, &page, order, Some(7));
            paged.extend(some);
            if !searched.more {
                break;
            }
            match order {
                Order::Newest => page.before = searched.last,
                Order::Oldest => page.after = searched.last,
            }
        }
        assert_eq!(paged, all);
    }
}

#[test]
fn e8_a_summary_counts_each_access_once_by_caller_investor_and_route() {
    let scratch = Scratch::new("summary");
    sample(&scratch);
    let mut summary = summary::Summary::default();
    search(&scratch.0, &Filter::default(), Order::Oldest, None, &mut |entry| {
        summary.add(&entry);
        Ok(())
    })
    .unwrap();
    assert_eq!((summary.total.accesses, summary.total.refused, summary.total.unknown), (4, 1, 1));
    assert_eq!(
        summary.callers.iter().map(|(id, group)| (id.as_str(), group.accesses)).collect::<Vec<_>>(),
        [("caller-a", 3), ("caller-b", 1)]
    );
    assert_eq!(summary.subjects["subject-a"].accesses, 4);
    assert_eq!(summary.subjects["subject-b"].accesses, 1);
    assert_eq!(summary.total.masked["basic"], 2);
    assert_eq!(summary.total.clear["derived"], 1);
    assert_eq!(summary.total.first, "2026-11-20T06:00:00.000000Z");
    assert_eq!(summary.total.last, "2026-11-20T06:00:04.000000Z");
}

#[test]
fn e8_an_answer_in_segments_is_one_access_to_each_investor_in_it() {
    let mut summary = summary::Summary::default();
    let entry = |sequence, id: &str, part, subjects: &[&str], outcome: Option<&str>| Entry {
        sequence,
        segment: String::new(),
        intent: Intent {
            time: format!("2026-11-20T06:00:0{sequence}.000000Z"),
            decision_id: id.to_owned(),
            caller: "teller".to_owned(),
            decision: "permit".to_owned(),
            trace: format!("trace-{id}"),
            subjects: subjects.iter().map(|subject| (*subject).to_owned()).collect(),
            masked: [("basic".to_owned(), subjects.len() as u64)].into(),
            part,
            ..Intent::default()
        },
        outcome: outcome.map(|result| Outcome {
            time: String::new(),
            decision_id: id.to_owned(),
            result: result.to_owned(),
            bytes: 1,
        }),
        outcome_sequence: None,
    };
    summary.add(&entry(1, "flow", Some(1), &["anna", "anna", "ben"], None));
    summary.add(&entry(2, "whole", None, &["anna"], Some("handed-to-socket")));
    summary.add(&entry(3, "flow", Some(2), &["anna", "carl"], None));
    let total = &summary.total;
    assert_eq!((total.accesses, total.unknown, total.masked["basic"]), (2, 1, 6));
    assert_eq!(total.traces, ["trace-flow", "trace-whole"]);
    assert_eq!((total.first.as_str(), total.sequence), ("2026-11-20T06:00:01.000000Z", 3));
    let accesses = |groups: &std::collections::BTreeMap<String, summary::Group>| -> Vec<_> {
        groups.iter().map(|(id, group)| (id.clone(), group.accesses, group.unknown)).collect()
    };
    assert_eq!(accesses(&summary.callers), [("teller".to_owned(), 2, 1)]);
    let expect = [("anna", 2, 1), ("ben", 1, 1), ("carl", 1, 1)];
    assert_eq!(accesses(&summary.subjects), expect.map(|(id, all, open)| (id.to_owned(), all, open)));
}

#[test]
fn e8_an_outcome_is_found_however_many_segments_later() {
    let scratch = Scratch::new("late");
    let options = Options { segment_bytes: 450, ..Options::default() };
    let (log, _) = Log::open(&scratch.0, options).unwrap();
    let access = |id: String| {
        block_on(log.append(crate::tests::intent(&id))).unwrap();
    };
    access("slow".to_owned());
    (0..40).for_each(|number| access(format!("other-{number}")));
    log.note(crate::tests::outcome("slow"));
    (0..4).for_each(|number| access(format!("after-{number}")));
    log.close().unwrap();
    let filter = Filter { decision_id: Some("slow".to_owned()), ..Filter::default() };
    for _ in 0..2 {
        for order in [Order::Newest, Order::Oldest] {
            assert_eq!(found(&scratch, &filter, order, None).0, ["slow handed-to-socket"]);
            let (all, searched) = found(&scratch, &Filter::default(), order, None);
            assert_eq!(all.iter().filter(|found| found.ends_with("unknown")).count(), 44);
            assert_eq!(searched.unreadable, 0);
        }
        // The same without any index.
        let _ = std::fs::remove_dir_all(scratch.beside());
    }
}
