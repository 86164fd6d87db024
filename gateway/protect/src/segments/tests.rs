//! Bodies cut into segments, against the same bodies treated whole.

use super::*;
use crate::Limits;
use crate::plan::table::Table;
use crate::reference::Fake;
use crate::tests::{fixed, keep, path, treat_as};
use proptest::prelude::*;
use yingbi_policies::{Binding, FieldBinding, Selector, Step as PathStep, SubjectSelector, Treatment};
use yingbi_taxonomy::{Category, Kind};

/// What came out: the bytes, the segments, and how it ended.
#[derive(Debug, PartialEq)]
struct Cutting {
    body: Vec<u8>,
    pieces: Vec<usize>,
    error: Option<Uninspectable>,
    masked: u64,
    records: u64,
    subjects: usize,
}

impl Cutting {
    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("UTF-8")
    }
}

/// Treats a body that comes in chunks of these sizes, repeated.
fn cut(format: Format, table: &Table, body: &[u8], limits: (usize, usize), chunks: &[usize]) -> Cutting {
    let limits = SegmentLimits { segment_bytes: limits.0, held_bytes: limits.1 };
    let mut segments = Segments::new(format, limits).expect("cut");
    let pseudonyms = PseudonymKey::new([7; 32]);
    let mut workspace = Workspace::new([3, 4]);
    let mut out = Cutting { body: vec![], pieces: vec![], error: None, masked: 0, records: 0, subjects: 0 };
    let mut rest = body;
    let mut subjects = std::collections::BTreeSet::new();
    for size in chunks.iter().cycle() {
        let (chunk, behind) = rest.split_at(rest.len().min(*size));
        segments.push(chunk);
        rest = behind;
        if rest.is_empty() {
            segments.end();
        }
        loop {
            let engine = Engine {
                classifier: &Fake,
                limits: Limits::default(),
                plan: table.plan(),
                pseudonyms: &pseudonyms,
            };
            workspace.begin(0);
            match segments.next(&engine, &mut workspace) {
                Ok(Some(treated)) => {
                    out.pieces.push(treated.body.len());
                    out.body.extend(treated.body);
                    out.masked += treated.summary.masked.values().sum::<u64>();
                    out.records += treated.summary.records;
                    subjects.extend(treated.summary.subjects);
                }
                Ok(None) => break,
                Err(error) => {
                    out.error = Some(error);
                    out.subjects = subjects.len();
                    return out;
                }
            }
        }
        if rest.is_empty() {
            break;
        }
    }
    assert!(segments.is_done());
    out.subjects = subjects.len();
    out
}

/// One chunk.
const WHOLE: &[usize] = &[usize::MAX];

/// Far more than any test needs.
const ROOM: usize = 1 << 20;

fn array(count: usize) -> String {
    let records: Vec<String> = (0..count)
        .map(|at| format!(r#"{{"client_id":"8{at:07}","name":"张三","mobile":"138{at:08}","n":{at}}}"#))
        .collect();
    format!("[{}]", records.join(", "))
}

fn bound(records: Option<&str>, subject: Option<&str>) -> Table {
    let mut table = Table::all(fixed());
    table.own = crate::plan::table::Rules::all(Treatment::Clear);
    table.own_subjects = (0..50).map(|at| format!("8{:07}", at * 3)).collect();
    table.binding = Some(Binding {
        records: records.map(path),
        subject: subject.map(|subject| SubjectSelector::Record(path(subject))),
        ..Binding::default()
    });
    table
}

#[test]
fn c8_a_list_is_cut_between_its_elements_and_nothing_changes() {
    let body = array(40);
    for table in [Table::all(fixed()), Table::all(keep(1, 2)), Table::all(Treatment::Drop)] {
        let whole = treat_as(Format::Json, &table, body.as_bytes()).expect("treatable");
        let one = cut(Format::Json, &table, body.as_bytes(), (body.len(), ROOM), WHOLE);
        assert_eq!(one.pieces.len(), 1, "up to the threshold it is one segment");
        for least in [1, 100, 500] {
            let got = cut(Format::Json, &table, body.as_bytes(), (least, ROOM), WHOLE);
            assert_eq!(got.error, None);
            assert_eq!(got.text(), String::from_utf8_lossy(&whole.body));
            assert!(got.pieces.len() > 2, "{:?}", got.pieces);
            assert_eq!(got.masked, whole.summary.masked.values().sum::<u64>());
        }
    }
}

#[test]
fn c8_subjects_and_positions_are_those_of_the_whole() {
    let body = array(40);
    let mut tables = vec![bound(Some("*"), Some("client_id")), bound(Some("*"), None)];
    for index in [0, 1, 7, 39] {
        let mut table = bound(Some("*"), Some("client_id"));
        let step = PathStep::Child(vec![Selector::Index(index)]);
        if let Some(binding) = &mut table.binding {
            binding.records = Some(yingbi_policies::Path { steps: vec![step] });
        }
        tables.push(table);
        let mut table = Table::all(fixed());
        let slice = Selector::Slice { start: index, end: None, step: 5 };
        let steps = vec![PathStep::Child(vec![slice]), PathStep::Child(vec![Selector::Name("n".into())])];
        let field = FieldBinding { path: yingbi_policies::Path { steps }, kind: Some(Kind::Balance) };
        table.binding = Some(Binding { fields: vec![field], ..Binding::default() });
        tables.push(table);
    }
    for table in tables {
        let whole = treat_as(Format::Json, &table, body.as_bytes()).expect("treatable");
        let got = cut(Format::Json, &table, body.as_bytes(), (100, ROOM), WHOLE);
        assert_eq!(got.text(), String::from_utf8_lossy(&whole.body), "{:?}", table.binding);
        assert!(got.pieces.len() > 5);
        if table.binding.as_ref().is_some_and(|binding| binding.records.is_some()) {
            assert_eq!(got.records, whole.summary.records);
            assert_eq!(got.subjects, whole.summary.subjects.len());
        }
        assert_eq!(got.masked, whole.summary.masked.values().sum::<u64>());
    }
}

#[test]
fn c8_an_envelope_is_held_and_then_cut_under_its_own_names() {
    let list = array(40);
    let body = format!(
        "{{ \"code\":0, \"note\":\"13900139000\",\"data\":{{\"pages\":[[1],[2]],\"list\":{list}, \"total\" : 9}},\"mobile\":\"13800138000\"}}"
    );
    for table in
        [Table::all(fixed()), Table::all(Treatment::Drop), bound(Some("data.list.*"), Some("client_id"))]
    {
        let whole = treat_as(Format::Json, &table, body.as_bytes()).expect("treatable");
        let held = cut(Format::Json, &table, body.as_bytes(), (100, body.len()), &[7]);
        assert_eq!(held.pieces.len(), 1);
        assert_eq!(held.body, whole.body);
        let got = cut(Format::Json, &table, body.as_bytes(), (100, body.len() - 1), &[7]);
        assert!(got.pieces.len() > 5);
        assert_eq!(got.text(), String::from_utf8_lossy(&whole.body));
        assert_eq!(got.masked, whole.summary.masked.values().sum::<u64>(), "each counted once");
        if table.binding.is_some() {
            assert_eq!(got.records, whole.summary.records);
            assert_eq!(got.subjects, whole.summary.subjects.len());
        }
    }
}

#[test]
fn p4_what_is_still_to_come_is_supposed_to_be_the_worst() {
    // Whether a name is a person's is told by a member behind the list.
    let names: Vec<String> = (0..60).map(|at| format!(r#"{{"name":"张三{at}"}}"#)).collect();
    let names = names.join(",");
    let table = Table::all(fixed());
    for behind in ["", ",\"mobile\":\"13800138000\"", ",\"total\":9"] {
        let body = format!("{{\"list\":[{names}]{behind}}}");
        let got = cut(Format::Json, &table, body.as_bytes(), (64, 256), WHOLE);
        assert_eq!(got.error, None);
        assert!(got.pieces.len() > 5 && !got.text().contains("张三"), "{}", got.text());
    }
    // Where it stands in one list, nothing is supposed of it.
    let body = format!("[{names}]");
    let whole = treat_as(Format::Json, &table, body.as_bytes()).expect("treatable");
    assert_eq!(cut(Format::Json, &table, body.as_bytes(), (64, 256), WHOLE).body, whole.body);
}

#[test]
fn c8_rows_are_read_under_the_columns_before_them() {
    let table = Table::all(fixed());
    let rows: Vec<String> = (0..60).map(|at| format!(r#"["x{at}","y{at}",{at}]"#)).collect();
    let rows = rows.join(",");
    let cases = [
        (format!(r#"{{"cols":["mobile","k","balance"],"rows":[{rows}]}}"#), true),
        (
            format!(
                r#"{{"data":{{"cols":[{{"field":"mobile"}},{{"field":"k"}},{{"field":"balance"}}],"rows":[{rows}],"n":1}}}}"#
            ),
            true,
        ),
        (format!(r#"[["mobile","k","balance"],{rows}]"#), true),
        // Named behind, or perhaps behind.
        (format!(r#"{{"rows":[{rows}],"cols":["mobile","k","balance"]}}"#), false),
        (format!(r#"{{"rows":[{rows}]}}"#), false),
        (
            format!(
                r#"[{}]"#,
                (0..60).map(|at| format!(r#"["mobile","{at:04}"]"#)).collect::<Vec<_>>().join(",")
            ),
            false,
        ),
    ];
    for (body, is_cut) in cases {
        let whole = treat_as(Format::Json, &table, body.as_bytes()).expect("treatable");
        let got = cut(Format::Json, &table, body.as_bytes(), (64, 300), WHOLE);
        match is_cut {
            true => assert_eq!(got.text(), String::from_utf8_lossy(&whole.body)),
            false => {
                assert_eq!(
                    (got.error, got.body.len()),
                    (Some(Uninspectable::TooLarge { limit: 300 }), 0),
                    "{body}"
                );
                // What may be held is treated as ever.
                let held = cut(Format::Json, &table, body.as_bytes(), (64, ROOM), WHOLE);
                assert_eq!(held.body, whole.body);
            }
        }
    }
}

#[test]
fn c8_a_record_is_never_cut() {
    // All of it is one person's, who is named at the end.
    let trades = vec![r#"{"balance":1}"#; 60].join(",");
    let body = format!(r#"{{"trades":[{trades}],"client_id":"80000003"}}"#);
    let table = bound(None, Some("client_id"));
    let got = cut(Format::Json, &table, body.as_bytes(), (64, 300), WHOLE);
    assert_eq!((got.error, got.body.len()), (Some(Uninspectable::TooLarge { limit: 300 }), 0));
    let held = cut(Format::Json, &table, body.as_bytes(), (64, ROOM), WHOLE);
    assert_eq!(held.text(), body, "one's own");
    // A list in a record.
    let body = format!("[{}]", vec![format!(r#"{{"trades":[{trades}],"mobile":"1"}}"#); 4].join(","));
    let got = cut(Format::Json, &table, body.as_bytes(), (64, 900), WHOLE);
    assert_eq!(got.pieces.len(), 0, "the record is the document");
    let table = bound(Some("*"), Some("client_id"));
    let got = cut(Format::Json, &table, body.as_bytes(), (64, 900), WHOLE);
    assert_eq!((got.pieces.len(), got.error), (4, None));
    let got = cut(Format::Json, &table, body.as_bytes(), (64, 800), WHOLE);
    assert_eq!((got.pieces.len(), got.error), (0, Some(Uninspectable::TooLarge { limit: 800 })));
}

#[test]
fn p6_what_turns_out_not_to_be_json_is_cut_off() {
    let table = Table::all(fixed());
    let good = array(20);
    let good = good.trim_end_matches(']');
    for (behind, is_begun) in [
        ("", true),
        (", {\"mobile\":\"1\"", true),
        (", {\"mobile\":\"13800138000\"}}", true),
        ("] [13800138000]", true),
        ("]]", true),
        (", \"13800138000", true),
        (", 13800138000", true),
        (",]", true),
        (",,1]", true),
        (",{\"mobile\":\"\\x\"}]", true),
        ("] // 13800138000", true),
    ] {
        let body = format!("{good}{behind}");
        for chunks in [&[1][..], &[1000][..]] {
            let got = cut(Format::Json, &table, body.as_bytes(), (200, ROOM), chunks);
            assert!(matches!(got.error, Some(Uninspectable::Malformed { .. })), "{behind}: {:?}", got.error);
            assert_eq!(!got.body.is_empty(), is_begun);
            assert!(!got.text().contains("13800138000"));
        }
    }
    let torn = [array(20).into_bytes(), b"\xff".to_vec()].concat();
    assert!(matches!(
        cut(Format::Json, &table, &torn, (200, ROOM), WHOLE).error,
        Some(Uninspectable::Charset { .. })
    ));
}

#[test]
fn c8_long_strings_are_held_to_their_end() {
    let table = Table::all(fixed());
    let long = "x\\\"\\\\,[{".repeat(200);
    let body = format!(r#"[{{"a":"{long}"}},{{"mobile":"1"}},{{"b":"{long}\\"}},{{"mobile":"2"}},3]"#);
    let whole = treat_as(Format::Json, &table, body.as_bytes()).expect("treatable");
    for chunks in [&[1][..], &[3, 61, 64, 65], &[256], WHOLE] {
        let got = cut(Format::Json, &table, body.as_bytes(), (100, 4000), chunks);
        assert_eq!((got.text(), got.error), (std::str::from_utf8(&whole.body).expect("UTF-8"), None));
        assert_eq!(got.pieces.len(), 3);
        let got = cut(Format::Json, &table, body.as_bytes(), (100, 1300), chunks);
        assert_eq!((got.pieces.len(), got.error), (0, Some(Uninspectable::TooLarge { limit: 1300 })));
    }
}

#[test]
fn c8_tables_of_cells_are_read_with_their_first_rows() {
    for end in ["\n", "\r\n", "\r"] {
        for (format, separator) in [(Format::Csv, ","), (Format::Csv, ";"), (Format::Tsv, "\t")] {
            let row = |cells: [&str; 3]| cells.join(separator) + end;
            let mut body = row(["mobile", "remark", "balance"]);
            for at in 0..60 {
                let mobile = format!("138{at:08}");
                let remark = match at % 4 {
                    0 => format!("\"call 13900139000{end}x\"\"{separator}\""),
                    1 => "\"\"".to_owned(),
                    _ => "x".to_owned(),
                };
                body += &row([&mobile, &remark, &at.to_string()]);
                if at % 7 == 0 {
                    body += end;
                }
            }
            for table in [Table::all(fixed()), Table::all(Treatment::Drop)] {
                let whole = treat_as(format, &table, body.as_bytes()).expect("treatable");
                let got = cut(format, &table, body.as_bytes(), (200, ROOM), &[5]);
                assert_eq!(got.text(), String::from_utf8_lossy(&whole.body));
                assert_eq!(got.masked, whole.summary.masked.values().sum::<u64>());
                assert!(got.pieces.len() > 3, "{:?}", got.pieces);
            }
        }
    }
    let marked = format!("\u{feff}mobile,k\n{}", "138,x\n".repeat(100));
    let whole = treat_as(Format::Csv, &Table::all(fixed()), marked.as_bytes()).expect("treatable");
    let got = cut(Format::Csv, &Table::all(fixed()), marked.as_bytes(), (100, ROOM), &[1]);
    assert_eq!(got.text(), String::from_utf8_lossy(&whole.body));
}

#[test]
fn c8_positions_of_rows_go_on() {
    let mut table = Table::all(fixed());
    let steps =
        vec![PathStep::Child(vec![Selector::Index(70)]), PathStep::Child(vec![Selector::Name("k".into())])];
    let field = FieldBinding { path: yingbi_policies::Path { steps }, kind: Some(Kind::Balance) };
    table.binding = Some(Binding { fields: vec![field], ..Binding::default() });
    let rows: String = (0..100).map(|at| format!("1,v{at}\n")).collect();
    let body = format!("mobile,k\n{rows}");
    let whole = treat_as(Format::Csv, &table, body.as_bytes()).expect("treatable");
    assert_eq!(whole.summary.masked.get(&Category::WealthCash).copied().or(Some(1)), Some(1));
    let got = cut(Format::Csv, &table, body.as_bytes(), (100, ROOM), &[9]);
    assert_eq!(got.text(), String::from_utf8_lossy(&whole.body));
    assert!(!got.text().contains("v70") && got.text().contains("v69"));
}

#[test]
fn c8_lines_sequences_and_events_are_cut_between_records() {
    let table = Table::all(keep(3, 4));
    let record = |at: usize| format!(r#"{{"mobile":"138{at:08}","text":"call 139{at:08}"}}"#);
    let lines: String = (0..200).map(|at| record(at) + "\n").collect();
    let sequence: String = (0..200).map(|at| format!("\u{1e}{}\n", record(at))).collect();
    let events: String = (0..200).map(|at| format!("id: {at}\r\ndata: {}\r\n\r\n", record(at))).collect();
    for (format, body) in [(Format::Lines, lines), (Format::Sequence, sequence), (Format::Events, events)] {
        let whole = treat_as(format, &table, body.as_bytes()).expect("treatable");
        for chunks in [&[1][..], &[100], WHOLE] {
            let got = cut(format, &table, body.as_bytes(), (500, ROOM), chunks);
            assert_eq!(got.text(), String::from_utf8_lossy(&whole.body));
            assert!(got.pieces.len() > 5, "{:?}", got.pieces);
            assert_eq!(got.masked, whole.summary.masked.values().sum::<u64>());
            assert_eq!(got.records, whole.summary.records);
        }
    }
}

#[test]
fn c8_what_spans_events_is_found_wherever_the_stream_is_cut() {
    let table = Table::all(fixed());
    let mut stream = String::new();
    for at in 0..40 {
        for piece in ["to ", "138", "0013", "8", "000", " ok, ", "pw:a", "bc", " . "] {
            stream += &format!("id: {at}\ndata: {{\"delta\":{{\"content\":\"{piece}\"}}}}\n\n");
        }
    }
    let whole = treat_as(Format::Events, &table, stream.as_bytes()).expect("treatable");
    for (least, chunk, flushes) in [(1, 1, false), (300, 64, false), (1, 7, true), (100_000, 200, true)] {
        let limits = SegmentLimits { segment_bytes: least, held_bytes: ROOM };
        let mut segments = Segments::new(Format::Events, limits).expect("cut");
        let (pseudonyms, mut workspace) = (PseudonymKey::new([7; 32]), Workspace::new([3, 4]));
        let (mut out, mut pieces, mut masked) = (vec![], 0, 0);
        for chunk in stream.as_bytes().chunks(chunk).map(Some).chain([None]) {
            match chunk {
                Some(chunk) => segments.push(chunk),
                None => segments.end(),
            }
            if flushes {
                segments.flush();
            }
            let engine = Engine {
                classifier: &Fake,
                limits: Limits::default(),
                plan: table.plan(),
                pseudonyms: &pseudonyms,
            };
            workspace.begin(0);
            while let Some(treated) = segments.next(&engine, &mut workspace).expect("treatable") {
                out.extend(treated.body);
                masked += treated.summary.masked.values().sum::<u64>();
                pieces += 1;
            }
        }
        assert_eq!(String::from_utf8_lossy(&out), String::from_utf8_lossy(&whole.body), "{least} {chunk}");
        assert!(pieces > 10, "{pieces}");
        assert_eq!(masked, whole.summary.masked.values().sum::<u64>(), "each counted once");
    }
}

#[test]
fn p7_a_working_space_keeps_nothing_of_the_body_before() {
    let table = Table::all(fixed());
    let (pseudonyms, mut workspace) = (PseudonymKey::new([7; 32]), Workspace::new([3, 4]));
    let mut treat = |format, body: &str| {
        let input = Input { classifier: &Fake, limits: Limits::default(), format, body: body.as_bytes() };
        workspace.begin(0);
        let treated = body::treat(&input, table.plan(), &pseudonyms, &mut workspace).expect("treatable");
        workspace.finish();
        String::from_utf8(treated.body).expect("UTF-8")
    };
    let json = r#"[{"mobile":"138","balance":1,"x":"y"},{"mobile":"139","balance":2,"x":"z"}]"#;
    for (format, body) in [
        (Format::Csv, "mobile,x,balance\n138,xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx,1\n139,y,2\n"),
        (Format::Xml, "<a><mobile>138</mobile><x>yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy</x></a>"),
        (Format::Form, "mobile=138&x=yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy&balance=1"),
    ] {
        let fresh = treat_as(format, &table, body.as_bytes()).expect("treatable").body;
        treat(Format::Json, json);
        assert_eq!(treat(format, body), String::from_utf8_lossy(&fresh));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 64 } else { 512 }))]

    #[test]
    fn c8_any_chunking_gives_the_same_bytes(
        body in "(\\[|\\{|\\}|\\]|,|:|\"|\\\\\\\\|\\\\\"|\"mobile\":\"1\"|\"name\":\"x\"| 13800138000 |\\{\"mobile\":\"1\"\\},|\\{\"name\":[1]\\},|\n|\u{1e}|data: x\n\n|\r|x,y\n|\"a,b\"|[0-9]{1,3}|张){0,60}",
        chunks in prop::collection::vec(1usize..90, 1..6),
        least in 1usize..200,
        held in 1usize..400,
        wrap in 0..3u8,
    ) {
        let body = match wrap {
            0 => body,
            1 => format!("[{body}{{\"mobile\":\"1\"}}]"),
            _ => format!("{{\"a\":[{body}1],\"b\":[[{body}2]]}}"),
        };
        let table = Table::all(fixed());
        for format in [Format::Json, Format::Lines, Format::Sequence, Format::Events, Format::Csv, Format::Tsv] {
            let at_once = cut(format, &table, body.as_bytes(), (least, held), WHOLE);
            let in_chunks = cut(format, &table, body.as_bytes(), (least, held), &chunks);
            prop_assert_eq!(&at_once, &in_chunks, "{:?} {}", format, body);
        }
    }
}
