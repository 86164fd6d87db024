//! NDJSON, JSON text sequences and server-sent events.

use super::*;
use proptest::prelude::*;

fn text(format: Format, table: &Table, body: &str) -> String {
    let treated = treat_as(format, table, body.as_bytes()).expect("treatable");
    String::from_utf8(treated.body).expect("UTF-8")
}

/// What a client of an event stream is given: kind and data of each event.
fn events(stream: &str) -> Vec<(String, String)> {
    let stream = stream.strip_prefix('\u{feff}').unwrap_or(stream);
    let stream = stream.replace("\r\n", "\n").replace('\r', "\n");
    let (mut events, mut kind, mut data) = (vec![], String::new(), None::<String>);
    for line in stream.split('\n') {
        if line.is_empty() {
            events.extend(data.take().map(|data| (std::mem::take(&mut kind), data)));
            kind.clear();
            continue;
        }
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "event" => kind = value.to_owned(),
            "data" => match &mut data {
                Some(data) => *data += &format!("\n{value}"),
                None => data = Some(value.to_owned()),
            },
            _ => {}
        }
    }
    events
}

#[test]
fn c8_lines_and_sequences_of_documents_are_read_each_by_itself() {
    let table = Table::all(fixed());
    let body = "{\"mobile\":\"1\"}\r\n\n[13800138000]\n \"call 13800138000\" ";
    assert_eq!(text(Format::Lines, &table, body), "{\"mobile\":\"****\"}\r\n\n[0]\n \"call ****\" ");
    let body = "\u{1e}{\"mobile\":\"1\"}\n\u{1e}\n\u{1e}{\n\"mobile\":1}\n";
    let expect = "\u{1e}{\"mobile\":\"****\"}\n\u{1e}\n\u{1e}{\n\"mobile\":0}\n";
    assert_eq!(text(Format::Sequence, &table, body), expect);
    assert_eq!(treat_as(Format::Lines, &table, b"1\n2\n").expect("treatable").summary.records, 2);
    assert_eq!(text(Format::Lines, &table, ""), "");
    let malformed = [
        (Format::Lines, "{\"mobile\":\"1\"}\n{\"mobile\":", 25),
        (Format::Lines, "{\"mobile\":\n\"1\"}", 10),
        (Format::Lines, "{}{}", 2),
        (Format::Lines, "call 13800138000", 0),
        (Format::Sequence, "{}\n\u{1e}{}\n", 0),
        (Format::Sequence, "\u{1e}{}{}\n", 3),
    ];
    for (format, body, at) in malformed {
        let refused = treat_as(format, &table, body.as_bytes()).err();
        assert_eq!(refused, Some(Uninspectable::Malformed { at }), "{body}");
        assert!(scan_as(format, body.as_bytes()).is_err());
    }
}

#[test]
fn c8_events_are_read_as_clients_read_them() {
    let table = Table::all(fixed());
    let cases = [
        ("data: {\"mobile\":\"1\"}\n\n", "data: {\"mobile\":\"****\"}\n\n"),
        ("data:{\rdata: \"mobile\":\r\ndata:\"1\"}\r\r", "data:{\rdata: \"mobile\":\r\ndata:\"****\"}\r\r"),
        // What stands between data lines doesn't part them.
        (
            "data: {\"mobile\":\n: at 13800138000\nid: 13800138000\ndata: \"1\"}",
            "data: {\"mobile\":\n: at ****\nid: ****\ndata: \"****\"}",
        ),
        ("event: 13800138000\nretry: 3000\ndata\n\n", "event: ****\nretry: 3000\ndata\n\n"),
        // Unknown fields, also those of another case, hold anything.
        (
            "13800138000\nDATA: pw:abc\nx: {\"mobile\":\"1\"}\n",
            "****\nDATA: ****\nx: {\"mobile\":\"****\"}\n",
        ),
        ("data: call 13800138000\n\ndata: [DONE]\n\n", "data: call ****\n\ndata: [DONE]\n\n"),
        ("data: pw:abc\ndata: def\n\n", "data: ****\ndata: def\n\n"),
        // An event that isn't finished reaches clients as bytes.
        ("\u{feff}data: 13800138000", "\u{feff}data: ****"),
        ("", ""),
    ];
    for (body, expect) in cases {
        assert_eq!(text(Format::Events, &table, body), expect, "{body}");
    }
    let body = "data: {\"mobile\":1}\n\ndata: [1,2]\n\n";
    assert_eq!(treat_as(Format::Events, &table, body.as_bytes()).expect("treatable").summary.records, 2);
}

#[test]
fn c8_what_spans_events_is_masked_in_each() {
    let table = Table::all(keep(3, 4));
    let cases = [
        ("data: 138\n\ndata: 0013\n\ndata: 8000\n\n", "data: 138\n\ndata: ****\n\ndata: 8000\n\n"),
        (
            r#"data: {"choices":[{"delta":{"content":"tel 1380"}}]}|data: {"choices":[{"delta":{"content":"0138000."}}]}"#,
            r#"data: {"choices":[{"delta":{"content":"tel 138*"}}]}|data: {"choices":[{"delta":{"content":"***8000."}}]}"#,
        ),
        // Spelt with escapes, under a name that says nothing.
        (
            r#"data: {"k7":"\u00313800"}|data: {"k7":"13\u0038000"}"#,
            r#"data: {"k7":"\u003138**"}|data: {"k7":"**\u0038000"}"#,
        ),
        // A number that is whole in its piece, and one that goes on.
        (
            "data: 13900139000 and 138\n\ndata: 00138000\n\n",
            "data: 139****9000 and 138\n\ndata: ****8000\n\n",
        ),
        // JSON in pieces: arguments of a call.
        (
            r#"data: {"delta":"{\"mobile\":\"13"}|data: {"delta":"\",\"a\":1}"}"#,
            r#"data: {"delta":"{\"mobile\":\"*3"}|data: {"delta":"\",\"a\":1}"}"#,
        ),
        // Several streams, interleaved, told apart by an index.
        (
            r#"data: {"index":0,"text":"138001"}|data: {"index":1,"text":"x"}|data: {"index":0,"text":"38000"}"#,
            r#"data: {"index":0,"text":"138***"}|data: {"index":1,"text":"x"}|data: {"index":0,"text":"*8000"}"#,
        ),
        // Base64 in pieces.
        (
            r#"data: {"chunk":"MTM4MDAx"}|data: {"chunk":"MzgwMDA="}"#,
            r#"data: {"chunk":"MTM4Kioq"}|data: {"chunk":"KjgwMDA="}"#,
        ),
        // Ids and comments.
        (": 1380013\n\n: 8000\n\n", ": 138****\n\n: 8000\n\n"),
        // Prices are no pieces, and no record's name is another's.
        (r#"data: {"v":"138.0"}|data: {"v":"0138000.1"}"#, r#"data: {"v":"138.0"}|data: {"v":"0138000.1"}"#),
        (
            r#"data: {"stock_name":"138"}|data: {"stock_name":"00138000"}"#,
            r#"data: {"stock_name":"138"}|data: {"stock_name":"00138000"}"#,
        ),
    ];
    for (body, expect) in cases {
        let (body, expect) = (body.replace('|', "\n\n"), expect.replace('|', "\n\n"));
        assert_eq!(text(Format::Events, &table, &body), expect);
    }
    let body = "data: 13900139000 and 138\n\ndata: 00138000\n\n";
    let summary = treat_as(Format::Events, &table, body.as_bytes()).expect("treatable").summary;
    assert_eq!(summary.masked, BTreeMap::from([(Category::Basic, 2)]), "each counted once");
    let found = scan_as(Format::Events, body.as_bytes()).expect("readable");
    let found: Vec<(&str, &str)> =
        found.iter().map(|finding| (finding.path.as_str(), at(body, finding))).collect();
    assert_eq!(found, [("/0", "13900139000"), ("/0", "138"), ("/1", "00138000")]);
    // Lines of documents hold texts in pieces as well.
    let body = "{\"message\":{\"content\":\"1380\"}}\n{\"message\":{\"content\":\"0138000\"}}\n";
    let expect = "{\"message\":{\"content\":\"138*\"}}\n{\"message\":{\"content\":\"***8000\"}}\n";
    assert_eq!(text(Format::Lines, &table, body), expect);
}

#[test]
fn c8_what_is_dropped_across_events_leaves_valid_ones() {
    let table = Table::all(Treatment::Drop);
    let body =
        r#"data: {"content":"13800","mobile":"1"}|data: {"content":"138000","a":1}|"#.replace('|', "\n\n");
    let treated = text(Format::Events, &table, &body);
    let expect = r#"data: {"content":"********"}|data: {"content":"","a":1}|"#.replace('|', "\n\n");
    assert_eq!(treated, expect);
    // What is dropped by one reading stays dropped under another.
    let body = "data: {\"content\":13800138000,\"text\":\"138\"}\n\ndata: {\"text\":\"00138000\"}\n\n";
    let expect = "data: {\"text\":\"********\"}\n\ndata: {\"text\":\"\"}\n\n";
    assert_eq!(text(Format::Events, &table, body), expect);
    assert!(
        treat_as(Format::Events, &Table::all(Treatment::Block), b"data: 138\n\ndata: 00138000\n\n").is_err()
    );
}

/// A value cut anywhere into pieces of at least a byte.
fn pieces(value: &'static str) -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(any::<bool>(), value.len() - 1).prop_map(move |cuts| {
        let mut pieces = vec![String::new()];
        for (at, character) in value.chars().enumerate() {
            if at > 0 && cuts.get(at - 1) == Some(&true) {
                pieces.push(String::new());
            }
            pieces.last_mut().expect("one is there").push(character);
        }
        pieces
    })
}

proptest! {
    #[test]
    fn c8_a_value_chopped_over_events_is_masked(
        pieces in pieces("138001380009"),
        style in 0..5u8,
        ends in prop::sample::select(vec!["\n", "\r", "\r\n"]),
        before in "[a-z ]{0,5}",
        eager in any::<bool>(),
    ) {
        // The last character belongs to what follows, and is no digit.
        let mut stream = String::new();
        let table = Table::all(fixed());
        let all: Vec<String> = pieces.iter().map(|piece| piece.replace('9', " ")).collect();
        for (number, piece) in all.iter().enumerate() {
            let lead = if number == 0 { before.as_str() } else { "" };
            let content = format!("{lead}{piece}");
            let spelt = match eager {
                true => content.chars().map(|c| format!("\\u{:04x}", c as u32)).collect(),
                false => content.clone(),
            };
            let data = match style {
                0 => content,
                1 => format!("{{\"choices\":[{{\"delta\":{{\"content\":\"{spelt}\"}}}}]}}"),
                2 => format!("{{\"type\":\"x\",\"seq\":{number},\"delta\":\"{spelt}\"}}"),
                3 => format!("{{\"x9\":[[\"{spelt}\"]]}}"),
                _ => format!("{{{ends}data: \"output\":{ends}data:\"{spelt}\"}}"),
            };
            if number % 3 == 1 {
                stream += &format!(": keep-alive{ends}id: {number}{ends}");
            }
            stream += &format!("data: {data}{ends}{ends}");
            if number % 4 == 2 {
                stream += &format!("event: ping{ends}data: {{}}{ends}{ends}");
            }
        }
        let treated = text(Format::Events, &table, &stream);
        let shown: String = events(&treated).iter().map(|(_, data)| {
            let decoded: Option<serde_json::Value> = serde_json::from_str(data).ok();
            match decoded {
                Some(value) if value.is_object() => strings(&value),
                _ => data.clone(),
            }
        }).collect();
        let digits: String = shown.chars().filter(char::is_ascii_digit).collect();
        prop_assert!(!shown.contains("13800138000") && !digits.contains("0013800"), "{treated}");
        prop_assert_eq!(events(&treated).len(), events(&stream).len(), "{}", treated);
        // Every line that isn't part of the value stays.
        prop_assert_eq!(treated.matches(ends).count(), stream.matches(ends).count());
    }

    #[test]
    fn c8_any_stream_is_treated_or_refused_and_keeps_its_frame(body in "(data|id|event|:|[ -~]{0,3}|\"|\\{|\\}|: ?| 13800138000 |pw:[a-z]{1,4}|\n|\r|\n\n|\r\n|\\\\u0031 |[1380]{1,6}|\"mobile\":\"1\"){0,24}") {
        for table in [Table::all(fixed()), Table::all(Treatment::Drop), Table::all(keep(1, 1))] {
            let treated = text(Format::Events, &table, &body);
            let frame = |text: &str| text.matches(['\r', '\n']).collect::<String>();
            prop_assert_eq!(frame(&treated), frame(&body));
            prop_assert!(!treated.contains("13800138000"), "{}", treated);
            // What has been treated needs it no more, and scanning agrees on what is readable.
            prop_assert!(scan_as(Format::Events, body.as_bytes()).is_ok());
        }
        let kept = text(Format::Events, &Table::all(Treatment::Clear), &body.replace("pw:", "pv:"));
        prop_assert_eq!(kept, body.replace("pw:", "pv:"));
    }
}

/// All strings of a value, in order.
fn strings(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Array(values) => values.iter().map(strings).collect(),
        serde_json::Value::Object(members) => {
            members.iter().filter(|(name, _)| *name != "type").map(|(_, value)| strings(value)).collect()
        }
        _ => String::new(),
    }
}
