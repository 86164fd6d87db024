//! C6, C8, P6: streams of records and events, multipart bodies, and coded strings, through the running gateway.

use crate::FIRM;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde_json::{Value, json};
use yingbi_tests::{Answer, Stage, Who, canary};

const TELLER: Who<'_> = Who::Token("teller");

/// Asks for a body of a type; what came, when it was released.
fn asked(stage: &Stage, content_type: &str, body: impl Into<Vec<u8>>) -> Result<Vec<u8>, String> {
    let asked = stage.answers(Answer::of_type(content_type, body)).get(TELLER, "/customers/1");
    canary::assert_hidden(content_type, &asked.received);
    match asked.response.status {
        200 => Ok(asked.response.body.clone()),
        _ => Err(asked.response.problem_code().to_owned()),
    }
}

#[test]
fn c8_every_record_of_a_stream_is_treated() {
    let stage = Stage::start(FIRM);
    let person = canary::person_json();
    for content_type in
        ["application/x-ndjson", "application/ndjson", "application/jsonl", "application/jsonlines"]
    {
        let body = asked(&stage, content_type, format!("{person}\r\n\n{person}\n")).expect("released");
        let text = String::from_utf8(body).expect("UTF-8");
        let records: Vec<Value> = text
            .lines()
            .filter(|line| !line.trim().is_empty())
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect();
        assert_eq!(records.len(), 2);
        assert_eq!(records[0]["data"]["mobile_tel"], "139****5678");
        // One line that can't be read, and nothing is released.
        let spoilt = format!("{person}\n{{\"mobile_tel\":\"{}\"\n", canary::MOBILE);
        assert_eq!(asked(&stage, content_type, spoilt).expect_err("refused"), "YB4104");
    }
    let sequence = format!("\u{1e}{person}\n\u{1e}{person}\n");
    let body = asked(&stage, "application/json-seq", sequence).expect("released");
    assert_eq!(body.iter().filter(|byte| **byte == 0x1e).count(), 2);
    let behind = format!("{person}\n\u{1e}{person}\n");
    assert_eq!(asked(&stage, "application/geo+json-seq", behind).expect_err("refused"), "YB4104");
}

#[test]
fn c8_every_event_is_treated_however_it_is_cut() {
    let stage = Stage::start(FIRM);
    let person = canary::person_json();
    let (head, tail) = person.split_at(person.find(",\"id_kind").expect("a member"));
    for end in ["\n", "\r", "\r\n"] {
        let stream = [
            &format!(": {}", canary::MOBILE),
            &format!("id: {}", canary::ID),
            &format!("data: {head}"),
            &format!("data:{tail}"),
            "",
            "event: note",
            &format!("data: {}", canary::person_text()),
            "",
            &format!("{}: x", canary::EMAIL),
            "data: [DONE]",
            "",
            "",
        ]
        .join(end);
        let body = asked(&stage, "text/event-stream;charset=utf-8", stream.clone()).expect("released");
        let text = String::from_utf8(body).expect("UTF-8");
        assert_eq!(text.matches(end).count(), stream.matches(end).count(), "{text}");
        assert!(text.contains("139****5678") && text.contains("data: [DONE]"), "{text}");
    }
}

#[test]
fn c8_values_chopped_over_events_are_masked_in_each() {
    let stage = Stage::start(FIRM);
    // What a client would put together again.
    let joined = |body: &[u8], pick: &dyn Fn(&str) -> String| -> String {
        let text = String::from_utf8_lossy(body);
        text.lines().filter_map(|line| line.strip_prefix("data: ").map(pick)).collect()
    };
    type Wrap = fn(&str) -> String;
    let wrap: [(&str, Wrap); 4] = [
        ("", |piece| piece.to_owned()),
        ("/choices/0/delta/content", |piece| {
            json!({"id": "c", "choices": [{"index": 0, "delta": {"content": piece}}]}).to_string()
        }),
        ("/delta/text", |piece| {
            json!({"type": "d", "index": 1, "delta": {"type": "text_delta", "text": piece}}).to_string()
        }),
        ("/x9", |piece| json!({"x9": piece}).to_string()),
    ];
    for (pointer, wrap) in wrap {
        for width in [1, 2, 3, 4, 7] {
            let says_nothing = pointer == "/x9";
            let text = match says_nothing {
                true => format!("{} {} ", canary::MOBILE, canary::ID),
                false => format!("{} 谢谢", canary::person_text()),
            };
            let characters: Vec<char> = text.chars().collect();
            let stream: String = characters
                .chunks(width)
                .map(|piece| format!("data: {}\n\n", wrap(&piece.iter().collect::<String>())))
                .collect();
            let body = asked(&stage, "text/event-stream", stream).expect("released");
            let shown = joined(&body, &|data| match pointer {
                "" => data.to_owned(),
                _ => serde_json::from_str::<Value>(data)
                    .expect("JSON")
                    .pointer(pointer)
                    .expect("a piece")
                    .as_str()
                    .expect("text")
                    .to_owned(),
            });
            canary::assert_hidden(&format!("{pointer} by {width}: {shown}"), shown.as_bytes());
            // A piece may also be masked by itself, when it stands behind its label.
            assert!(shown.contains("5678"), "{shown}");
        }
    }
}

/// A form of several parts.
fn form(person: &str) -> Vec<u8> {
    let text = canary::person_text();
    let quoted: String = text.bytes().map(|byte| format!("={byte:02X}=\r\n")).collect();
    let inner = format!("--inner\r\nContent-Type: application/json\r\n\r\n{person}\r\n--inner--\r\n");
    let parts = [
        format!("Content-Disposition: form-data; name=\"mobile_tel\"\r\n\r\n{}", canary::MOBILE),
        format!("Content-Disposition: form-data; name=\"trade_pwd\"\r\n\r\n{}", canary::PASSWORD),
        format!(
            "Content-Disposition: form-data; name=\"memo\"; filename=\"{}.txt\"\r\n\r\n{text}",
            canary::ID
        ),
        format!(
            "Content-Disposition: attachment; filename*=UTF-8''{}.txt\r\nContent-Type: text/html\r\n\r\n<p>{text}</p>",
            canary::MOBILE
        ),
        format!(
            "Content-Type: application/json\r\nContent-Transfer-Encoding: base64\r\n\r\n{}",
            BASE64_STANDARD.encode(person)
        ),
        format!(
            "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n{quoted}"
        ),
        format!(
            "Content-Type: multipart/mixed; boundary=inner\r\nX-Customer-Mobile: {}\r\n\r\n{inner}",
            canary::MOBILE
        ),
    ];
    let parts: String = parts.iter().map(|part| format!("--outer\r\n{part}\r\n")).collect();
    format!("{parts}--outer--\r\n").into_bytes()
}

#[test]
fn c8_every_part_of_a_multipart_body_is_treated() {
    let stage = Stage::start(FIRM);
    let person = canary::person_json();
    for kind in ["form-data", "mixed", "related"] {
        let body =
            asked(&stage, &format!("multipart/{kind}; boundary=outer"), form(&person)).expect("released");
        let text = String::from_utf8(body).expect("UTF-8");
        assert_eq!(text.matches("--outer").count(), 8, "{text}");
        let code =
            text.split("base64\r\n\r\n").nth(1).and_then(|rest| rest.split("\r\n").next()).expect("a part");
        let decoded = BASE64_STANDARD.decode(code).expect("base64");
        canary::assert_hidden("the part in base64", &decoded);
        let decoded: Value = serde_json::from_slice(&decoded).expect("JSON");
        assert_eq!(decoded["data"]["mobile_tel"], "139****5678");
        let quoted = text
            .split("quoted-printable\r\n\r\n")
            .nth(1)
            .and_then(|rest| rest.split("\r\n--outer").next())
            .expect("a part");
        canary::assert_hidden("the part quoted", &unquoted(quoted));
    }
    let asked = stage
        .answers(Answer::of_type("multipart/mixed; boundary=outer", form(&person)))
        .get(TELLER, "/customers/1");
    assert_eq!(asked.response.header("content-type"), Some("multipart/mixed; boundary=outer"));
}

fn unquoted(text: &str) -> Vec<u8> {
    let text = text.replace("=\r\n", "");
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        match first {
            b'=' => {
                let hex = std::str::from_utf8(&behind[..2]).expect("ASCII");
                out.push(u8::from_str_radix(hex, 16).expect("hexadecimal"));
                rest = &behind[2..];
            }
            other => out.push(*other),
        }
    }
    out
}

#[test]
fn c6_a_face_in_a_part_never_leaves() {
    let stage = Stage::start(FIRM);
    let jpeg = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\xfe\xfe";
    let part = |name: &str, head: &str, content: &[u8]| {
        let head = format!(
            "--b\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"1.jpg\"\r\nContent-Type: image/jpeg\r\n{head}\r\n"
        );
        [head.as_bytes(), content, b"\r\n--b--\r\n"].concat()
    };
    for name in ["faceImage", "人脸照片", "face_photo"] {
        for (head, content) in [
            ("", jpeg.to_vec()),
            ("Content-Transfer-Encoding: base64\r\n", BASE64_STANDARD.encode(jpeg).into_bytes()),
        ] {
            let body = asked(&stage, "multipart/form-data; boundary=b", part(name, head, &content))
                .expect("released");
            assert!(
                !canary::contains(&body, &jpeg[..4]) && !canary::contains(&body, &content[..8]),
                "{name}"
            );
        }
    }
    // A picture of nobody knows what.
    let refused =
        asked(&stage, "multipart/form-data; boundary=b", part("attachment", "", jpeg)).expect_err("refused");
    assert_eq!(refused, "YB4101");
}

#[test]
fn p6_multipart_framing_that_can_be_read_in_two_ways_is_refused() {
    let stage = Stage::start(FIRM);
    let person = canary::person_json();
    let json = format!("--b\r\nContent-Type: application/json\r\n\r\n{person}\r\n");
    let bodies = [
        json.clone(),
        format!("{json}--b"),
        json.replace("\r\n", "\n") + "--b--\n",
        format!("{person}\r\n{json}--b--\r\n"),
        format!("{json}--b--\r\n{person}"),
        format!("{json}--b--\r\n{json}--b--\r\n"),
        format!("--b\r\n\r\nx --b\r\n{person}\r\n--b--\r\n"),
        format!("--b\r\nX-A: 1\r\n {}\r\n\r\nx\r\n--b--\r\n", canary::MOBILE),
        format!(
            "--b\r\nContent-Type: text/plain\r\nContent-Type: application/json\r\n\r\n{person}\r\n--b--\r\n"
        ),
        format!("--b\r\nContent-Type: text/plain; charset=utf-7\r\n\r\n{person}\r\n--b--\r\n"),
        format!("--b\r\nContent-Transfer-Encoding: x-uuencode\r\n\r\n{person}\r\n--b--\r\n"),
        format!("--b\r\nContent-Type: application/octet-stream\r\n\r\n{person}\r\n--b--\r\n"),
    ];
    for body in bodies {
        let refused = asked(&stage, "multipart/mixed; boundary=b", body.clone());
        assert!(refused.is_err(), "{body}");
    }
    for content_type in
        ["multipart/mixed", "multipart/mixed; boundary=\"\"", "multipart/byteranges; boundary=b"]
    {
        assert!(asked(&stage, content_type, format!("{json}--b--\r\n")).is_err(), "{content_type}");
    }
    let telling =
        json.replace("--b", &format!("--{}", canary::MOBILE)) + &format!("--{}--\r\n", canary::MOBILE);
    assert!(asked(&stage, &format!("multipart/mixed; boundary={}", canary::MOBILE), telling).is_err());
}

#[test]
fn c8_graphql_answers_are_treated_under_any_alias() {
    let stage = Stage::start(FIRM);
    let body = json!({
        "data": {"a1": canary::MOBILE, "b": {"stockName": canary::ID, "c": [{"zz": canary::CARD, "x": canary::EMAIL}]}},
        "errors": [{"message": format!("no client with id {}", canary::ID), "path": ["a1"], "extensions": {"q": format!("{{ c(mobile: \"{}\") {{ id }} }}", canary::MOBILE)}}],
    });
    let got = asked(&stage, "application/graphql-response+json; charset=utf-8", body.to_string())
        .expect("released");
    let got: Value = serde_json::from_slice(&got).expect("JSON");
    assert_eq!(got["data"]["a1"], "139****5678");
    // Incremental delivery.
    let part = |value: &Value| {
        format!(
            "\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: {}\r\n\r\n{value}\r\n---",
            value.to_string().len()
        )
    };
    let more = json!({"path": ["b"], "data": {"a2": canary::MOBILE}, "hasNext": false});
    let incremental = format!("---{}{}--\r\n", part(&body), part(&more));
    let got =
        asked(&stage, "multipart/mixed; boundary=\"-\"; deferSpec=20220824", incremental).expect("released");
    let text = String::from_utf8(got).expect("UTF-8");
    for part in text.split("\r\n---").filter(|part| part.contains("Content-Length")) {
        let (head, content) = part.split_once("\r\n\r\n").expect("a head");
        let length: usize =
            head.split("Content-Length: ").nth(1).expect("a length").parse().expect("a number");
        assert_eq!(content.len(), length, "{part}");
    }
}

#[test]
fn c8_coded_words_are_found_in_sentences_headers_and_bodies() {
    let stage = Stage::start(FIRM);
    let person = canary::person_json();
    let base64 = BASE64_STANDARD.encode(&person);
    let claims = |payload: &str| {
        let header = BASE64_URL_SAFE_NO_PAD.encode("{\n \"alg\":\"none\"}");
        format!("{header}.{}.c2ln", BASE64_URL_SAFE_NO_PAD.encode(payload))
    };
    let percent = |bytes: &[u8]| bytes.iter().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let gb = percent(&encoding_rs::GB18030.encode(&canary::person_text()).0);
    let references: String = canary::person_text().chars().map(|c| format!("&#{};", c as u32)).collect();
    let escapes: String = canary::person_text().encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
    let thrice = BASE64_STANDARD.encode(percent(BASE64_STANDARD.encode(&person).as_bytes()));
    let deep = (0..6).fold(person.clone(), |text, _| BASE64_STANDARD.encode(text));
    let cases = [
        (
            "a URL in a sentence",
            format!("查询 http://crm.internal/p?mobile_tel={}&id_no={} 失败", canary::MOBILE, canary::ID),
        ),
        ("base64 in a sentence", format!("请求参数{base64}，处理失败")),
        ("a path", format!("/api/v1/{base64}/x")),
        ("a token of claims", claims(&person)),
        ("a token in a sentence", format!("Authorization failed for {}.", claims(&person))),
        ("percent-encoded GB18030", gb.clone()),
        ("a form in GB18030", format!("memo={gb}&x=1")),
        ("character references", references.clone()),
        ("escapes", format!("log {escapes}")),
        ("escaped JSON", person.replace('"', "\\\"")),
        ("JSON with references", person.replace('"', "&quot;")),
        ("three deep", thrice),
        ("six deep", deep),
    ];
    let mut wrong = vec![];
    for (name, text) in &cases {
        let body = json!({"k7": text, "rows": [{"x": text}]}).to_string();
        let as_text = format!("first line\n{text}\nlast line\n");
        let page = stage
            .answers(Answer::with(
                &format!(
                    "Content-Type: text/plain\r\nX-Debug: {}\r\n",
                    if text.is_ascii() { text } else { "-" }
                ),
                as_text,
            ))
            .get(TELLER, "/customers/1");
        let received = [asked(&stage, "application/json", body).expect("released"), page.received];
        for received in received {
            if let Some(value) = decodings(&received, 8).iter().find_map(|text| canary::find(text)) {
                wrong.push(format!("{name}: `{value}` came through: {}", String::from_utf8_lossy(&received)));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Some bytes, and whatever their words are in base64, so deep.
fn decodings(bytes: &[u8], deep: usize) -> Vec<Vec<u8>> {
    let mut all = vec![bytes.to_vec()];
    let text = String::from_utf8_lossy(bytes).into_owned();
    let unquoted = text.replace("%3D", "=").replace("%2B", "+").replace("%2F", "/");
    let mut plain = Vec::new();
    let mut rest = unquoted.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let hex = behind.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        let octet = hex.filter(|_| *first == b'%').and_then(|hex| u8::from_str_radix(hex, 16).ok());
        plain.push(octet.unwrap_or(*first));
        rest = behind.get(if octet.is_some() { 2 } else { 0 }..).unwrap_or_default();
    }
    all.push(plain.clone());
    if deep > 0 {
        let plain = String::from_utf8_lossy(&plain).into_owned();
        for text in [&text, &plain] {
            for word in text
                .split(|c: char| !(c.is_ascii_alphanumeric() || "+/=-_".contains(c)))
                .filter(|word| word.len() >= 16)
            {
                let parts = [BASE64_STANDARD.decode(word), BASE64_URL_SAFE_NO_PAD.decode(word)];
                all.extend(parts.into_iter().flatten().flat_map(|decoded| decodings(&decoded, deep - 1)));
            }
        }
    }
    all
}
