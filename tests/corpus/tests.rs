//! The measure measured: what it says must be so by hand.

use crate::align::align;
use crate::documents::{Document, documents};
use crate::halves::{Half, Wrappers};
use crate::marked::Tag;
use crate::measure::{Answer, Finding, judge};
use crate::report::Report;
use crate::rng::Rng;
use crate::{digits, disguises, views, wellformed};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeSet;
use yingbi_taxonomy::{Category, Kind};

fn halves() -> [Half; 2] {
    [Half::open(), Half::held()]
}

fn wrapper_names(wrappers: &Wrappers) -> Vec<&'static str> {
    let mut names: Vec<&str> = wrappers.envelopes.iter().flatten().copied().collect();
    names.extend(wrappers.pairs.iter().chain(wrappers.columns).chain(wrappers.groups).flatten());
    names.extend(wrappers.notes.iter().chain(wrappers.parcels).chain(wrappers.deltas).chain(wrappers.maps));
    names.push(wrappers.row);
    names
}

#[test]
fn the_halves_share_no_name_and_no_template() {
    let plain = |name: &str| name.to_lowercase().replace(['_', '-'], "");
    let [open, held] = halves().map(|half| {
        let fields = half.families.iter().flat_map(|(_, fields)| fields).filter(|field| field.is_personal());
        let mut names: BTreeSet<String> = fields.map(|field| plain(field.name)).collect();
        names.extend(wrapper_names(half.wrappers).into_iter().map(plain));
        names.extend(half.templates.iter().map(|template| format!("{template:?}")));
        names
    });
    assert_eq!(open.intersection(&held).collect::<Vec<_>>(), Vec::<&String>::new());
    assert!(open.len() > 300 && held.len() > 300);
}

#[test]
fn every_row_of_the_standard_has_fields_in_both_halves() {
    for half in halves() {
        let kinds: Vec<Kind> =
            half.families.iter().flat_map(|(_, fields)| fields).filter_map(|field| field.kind()).collect();
        for category in Category::all() {
            let fields = kinds.iter().filter(|kind| kind.category() == category).count();
            assert!(fields >= 3, "{}: {} has {fields} fields", half.name, category.id());
        }
    }
}

#[test]
fn a_seed_always_makes_the_same_documents_and_another_seed_makes_others() {
    let half = Half::open();
    let bodies =
        |seed| documents(&half, seed, 120).into_iter().map(|document| document.body).collect::<Vec<_>>();
    assert_eq!(bodies(7), bodies(7));
    assert_ne!(bodies(7), bodies(8));
}

#[test]
fn documents_are_well_formed_and_marks_stand_on_their_values() {
    for half in halves() {
        for document in documents(&half, 3, 600) {
            let body = &document.body;
            assert_eq!(wellformed::broken(document.format, document.shape, body, body), None, "{body}");
            let seen = views::all(document.format, body);
            for mark in &document.marks {
                let text = body.get(mark.start..mark.end).expect("marks end between characters");
                assert!(!text.is_empty());
                if let Tag::Label(label) = &mark.tag
                    && let Some(needle) = &label.needle
                    && document.format != "multipart"
                {
                    assert!(seen.contains(needle.as_str()), "{needle} can't be read in {body}");
                }
            }
        }
    }
}

#[test]
fn untouched_documents_have_no_recall_and_starred_ones_all_of_it() {
    let half = Half::open();
    let documents = documents(&half, 5, 300);
    let mut untouched = Vec::new();
    let mut starred = Vec::new();
    for document in &documents {
        untouched.push(judge(document, &answer(document.body.clone())));
        let mut body = document.body.clone().into_bytes();
        for mark in &document.marks {
            if matches!(mark.tag, Tag::Label(_)) {
                body[mark.start..mark.end].fill(b'*');
            }
        }
        starred.push(judge(document, &answer(String::from_utf8(body).unwrap())));
    }
    let [untouched, starred] =
        [untouched, starred].map(|outcomes| *Report::of(&outcomes).at("all", "all").unwrap());
    assert!(untouched.values > 1000 && untouched.values == untouched.missed);
    assert_eq!((untouched.altered, untouched.mixed), (0, 0));
    assert_eq!((starred.values, starred.missed, starred.altered), (untouched.values, 0, 0));
}

#[test]
fn a_value_that_survives_in_another_coding_is_missed() {
    let half = Half::open();
    let documents = documents(&half, 5, 300);
    let mobile = |document: &&Document| {
        document.shape == "object"
            && document.format == "JSON"
            && document
                .marks
                .iter()
                .any(|mark| matches!(&mark.tag, Tag::Label(label) if label.kind == Kind::Mobile))
    };
    let document = documents.iter().find(mobile).expect("some have a mobile number");
    let mut body = document.body.clone().into_bytes();
    let mut number = String::new();
    for mark in &document.marks {
        if let Tag::Label(label) = &mark.tag {
            body[mark.start..mark.end].fill(b'*');
            if label.kind == Kind::Mobile {
                number = label.needle.clone().unwrap();
            }
        }
    }
    let masked = String::from_utf8(body).unwrap();
    let escaped: String = number.chars().map(|digit| format!("\\u{:04x}", digit as u32)).collect();
    let percent: String = number.bytes().map(|byte| format!("%{byte:02X}")).collect();
    for copy in [STANDARD.encode(format!("m={number}")), escaped, percent, format!("+86 {}", &number)] {
        let outcome = judge(document, &answer(format!("{masked}{copy}")));
        let missed = outcome.values.iter().filter(|value| value.missed).count();
        assert_eq!(missed, 1, "{copy}");
    }
}

#[test]
fn findings_on_nothing_are_false_and_altered_look_alikes_are_seen() {
    let half = Half::open();
    let documents = documents(&half, 5, 300);
    let document = documents.iter().find(|document| document.shape == "public").unwrap();
    let keep = document.marks.iter().find(|mark| matches!(mark.tag, Tag::Keep(_))).unwrap();
    let mut body = document.body.clone().into_bytes();
    body[keep.start] = b'*';
    let finding = Finding {
        path: String::new(),
        span: (keep.start, keep.end),
        category: "basic".into(),
        kind: "basic.mobile".into(),
        how: "value".into(),
    };
    let redacted = Ok(String::from_utf8_lossy(&body).into_owned());
    let outcome = judge(document, &Answer { redacted, findings: vec![finding] });
    let count = *Report::of(&[outcome]).at("all", "all").unwrap();
    assert_eq!((count.hits, count.false_hits, count.altered), (0, 1, 1));
}

#[test]
fn alignment_finds_what_stayed_whatever_replaced_the_rest() {
    let half = Half::held();
    for (number, document) in documents(&half, 11, 200).iter().enumerate() {
        let before = document.body.as_bytes();
        let mut rng = Rng::of(1, "align", number);
        let (mut after, mut stayed) = (Vec::new(), Vec::new());
        let mut at = 0;
        while at < before.len() {
            let keep = rng.between(12, 60).min(before.len() - at);
            after.extend(&before[at..at + keep]);
            stayed.push((at, at + keep));
            at += keep;
            let cut = rng.between(1, 9).min(before.len() - at);
            after.extend(std::iter::repeat_n(0, rng.between(1, 12)));
            at += cut;
        }
        let places = align(before, &after);
        let wrong =
            places.iter().enumerate().filter(|(from, to)| to.is_some_and(|to| before[*from] != after[to]));
        assert_eq!(wrong.count(), 0);
        let kept: usize = stayed.iter().map(|(from, to)| to - from).sum();
        assert!(places.iter().flatten().count() >= kept, "the longest common text is found");
        assert!(places.iter().flatten().is_sorted());
    }
}

#[test]
fn broken_documents_are_seen() {
    let cases = [
        ("JSON", "", r#"{"a":1}"#, r#"{"a":138****1234}"#),
        ("JSON", "", r#"{"a":[1,2]}"#, r#"{"a":[1]}"#),
        ("NDJSON", "", "{}\n{}\n", "{}\n"),
        ("NDJSON", "", "{}\n{}\n", "{}\n{\n"),
        ("SSE", "", "data: {}\n\n", "data: {\n\n"),
        ("SSE", "", "data: {}\n\n", "data: {}\n"),
        ("form", "", "a=1&b=2", "a=1b=2"),
        ("multipart", "", "--x\r\n\r\n1\r\n--x--", "--x\r\n\r\n1\r\n"),
        ("XML", "", "<a>1</a>", "<a>1</b>"),
        ("XML", "", "<a>1</a>", "<a>&</a>"),
        ("XML", "", "<a>1</a>", "<a>1"),
        ("HTML", "", "<p>1</p>", "<p>1<"),
        ("CSV", "list", "a,b\n1,2\n", "a,b\n1*2\n"),
        ("CSV", "TSV", "a\tb\n1\t2\n", "a\tb\n1 2\n"),
    ];
    for (format, shape, before, after) in cases {
        assert!(wellformed::broken(format, shape, before, after).is_some(), "{format}: {after}");
        assert_eq!(wellformed::broken(format, shape, before, before), None, "{format}: {before}");
    }
}

#[test]
fn check_digits_are_those_of_the_standards() {
    assert_eq!(digits::resident_check("11010519491231002"), 'X');
    assert_eq!(digits::resident_check("44052418800101001"), '4');
    assert_eq!(digits::luhn("7992739871"), 3);
    let mut rng = Rng::of(1, "credit", 0);
    let code = digits::credit_code(&mut rng);
    assert_eq!(code.len(), 18);
    let value = |byte| "0123456789ABCDEFGHJKLMNPQRTUWXY".find(char::from(byte)).unwrap();
    let weighted = |code: &str| {
        let weights = std::iter::successors(Some(1), |weight| Some(weight * 3 % 31));
        code.bytes().zip(weights).take(17).map(|(byte, weight)| value(byte) * weight).sum::<usize>() % 31
    };
    // The example of GB 32100—2015 and one of ours satisfy the same equation.
    for code in ["91350100M000100Y43", &code] {
        assert_eq!((weighted(code) + value(code.as_bytes()[17])) % 31, 0, "{code}");
    }
}

#[test]
fn disguises_change_the_look_and_not_what_is_read() {
    let mut seen = BTreeSet::new();
    let values = [
        ("basic.mobile", "13800138000"),
        ("identity.document.resident-id", "11010519491231002X"),
        ("identity.document.resident-id", "440524188001010014"),
        ("wealth.bank.card", "6222021234567890123"),
        ("basic.name", "程望舒"),
        ("account.opening.fund-account", "88001234"),
    ];
    for round in 0..2000 {
        let mut rng = Rng::of(9, "disguise", round);
        let (kind, value) = *rng.pick(&values);
        let written = disguises::write(&mut rng, kind, value, true);
        seen.insert(written.disguise);
        if written.disguise != "none" {
            assert_ne!(written.text, value, "{}", written.disguise);
        }
        assert!(
            disguises::read(&written.text).contains(&disguises::read(&written.value)),
            "{}",
            written.text
        );
    }
    assert!(seen.len() >= 16, "{seen:?}");
}

fn answer(redacted: String) -> Answer {
    Answer { redacted: Ok(redacted), findings: Vec::new() }
}

#[test]
fn texts_written_by_hand_are_read_and_marked() {
    for name in ["first", "second", "third"] {
        let documents = crate::written::documents(crate::written::file(name));
        let labels = documents.iter().flat_map(|document| &document.marks);
        let values = labels.filter(|mark| matches!(mark.tag, Tag::Label(_))).count();
        assert!(
            documents.len() > 100 && values > 200,
            "{name}: {} documents, {values} values",
            documents.len()
        );
        for document in &documents {
            let is_inside = |mark: &crate::marked::Mark| {
                document.body.get(mark.start..mark.end).is_some_and(|text| !text.is_empty())
            };
            assert!(document.marks.iter().all(is_inside), "{}", document.body);
            assert!(document.format == "JSON" || !document.body.contains("{basic."), "{}", document.body);
        }
    }
}
