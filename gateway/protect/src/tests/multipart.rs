//! Multipart bodies.

use super::*;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use proptest::prelude::*;

fn form(boundary: &str) -> Format {
    Format::of("multipart/form-data", Some(boundary)).expect("a boundary")
}

/// Parts written as `HEADERS<blank line>CONTENT`, line feeds as line ends.
fn body(parts: &[&str]) -> String {
    let mut body = String::new();
    for part in parts {
        body += &format!("--b\r\n{}\r\n", part.replace('\n', "\r\n"));
    }
    body + "--b--\r\n"
}

fn treated(table: &Table, body: &str) -> Result<String, Uninspectable> {
    treat_as(form("b"), table, body.as_bytes()).map(|treated| String::from_utf8(treated.body).expect("UTF-8"))
}

#[test]
fn c8_parts_are_treated_by_type_name_and_coding() {
    let table = Table::all(fixed());
    let code = |text: &str| BASE64_STANDARD.encode(text);
    let nested =
        "--i\n\n{\"mobile\":\"1\"}\n--i\nContent-Type: application/json\n\n{\"mobile\":\"1\"}\n--i--";
    struct Case {
        part: String,
        expect: String,
    }
    let case = |part: &str, expect: &str| Case { part: part.into(), expect: expect.into() };
    let cases = [
        case(
            "Content-Disposition: form-data; name=\"mobile\"\n\n12",
            "Content-Disposition: form-data; name=\"mobile\"\n\n****",
        ),
        case(
            "Content-Disposition: form-data; name=x\n\ncall\n13800138000",
            "Content-Disposition: form-data; name=x\n\ncall\n****",
        ),
        case(
            "Content-Type: application/json; charset=UTF-8\n\n{\"mobile\":\"1\"}",
            "Content-Type: application/json; charset=UTF-8\n\n{\"mobile\":\"****\"}",
        ),
        case(
            "Content-Disposition: form-data; name=\"mobile\"\nContent-Type: application/json\n\n{\"a\":[1]}",
            "Content-Disposition: form-data; name=\"mobile\"\nContent-Type: application/json\n\n{\"a\":[0]}",
        ),
        case(
            "Content-Disposition: form-data; name=password\nContent-Type: text/html\n\n<b>",
            "Content-Disposition: form-data; name=password\nContent-Type: text/html\n\n****",
        ),
        case("Content-Type: text/html\n\n<b>138</b>00138000", "Content-Type: text/html\n\n<b>****</b>"),
        case("\n13800138000", "\n****"),
        case(
            "Content-Type: text/event-stream\n\ndata: 138\n\ndata: 00138000\n",
            "Content-Type: text/event-stream\n\ndata: ****\n\ndata: \n",
        ),
        Case {
            part: format!("Content-Type: multipart/mixed; boundary=i\n\n{nested}"),
            expect: format!(
                "Content-Type: multipart/mixed; boundary=i\n\n{}",
                nested.replace("\"1\"", "\"****\"")
            ),
        },
        // Names and file names.
        case(
            "Content-Disposition: form-data; name=\"13800138000\"; filename=\"a \\\"13800138000\\\".txt\"\n\nx",
            "Content-Disposition: form-data; name=\"****\"; filename=\"a \\\"****\\\".txt\"\n\nx",
        ),
        case(
            "Content-Disposition: attachment; filename=13800138000.txt; filename*=UTF-8''%313800138000.txt\n\nx",
            "Content-Disposition: attachment; filename=****.txt; filename*=UTF-8''****.txt\n\nx",
        ),
        case("X-Mobile: 12\nContent-ID: <13800138000@x>\n\nx", "X-Mobile: ****\nContent-ID: <****@x>\n\nx"),
        // Codings.
        Case {
            part: format!("Content-Transfer-Encoding: BASE64\n\n{}", code("call 13800138000")),
            expect: format!("Content-Transfer-Encoding: BASE64\n\n{}", code("call ****")),
        },
        case(
            "Content-Transfer-Encoding: quoted-printable\n\nx=31 call 1380013=\n80=30=30 =E5=BC=A0",
            "Content-Transfer-Encoding: quoted-printable\n\nx1 call **** =E5=BC=A0",
        ),
        // What the content's length was, and its digest.
        case("Content-Length: 13\nContent-MD5: abc\n\n[13800138000]", "Content-Length: 3\n\n[0]"),
        case("Content-Length: 3\n\nabc", "Content-Length: 3\n\nabc"),
    ];
    for Case { part, expect } in cases {
        assert_eq!(
            treated(&table, &body(&["\na", &part])).as_deref(),
            Ok(body(&["\na", &expect]).as_str()),
            "{part}"
        );
    }
    // Neighbours' names speak for a name that needs a record.
    let named = |name: &str, value: &str| format!("Content-Disposition: form-data; name={name}\n\n{value}");
    let pair = |name: &str| body(&[&named("name", name), &named("mobile", "")]);
    assert_eq!(treated(&table, &pair("张三")), Ok(pair("****")));
}

#[test]
fn c6_parts_that_are_no_text_are_refused_or_masked_whole() {
    let image = "Content-Disposition: form-data; name=NAME; filename=x.png\nContent-Type: image/png\n\n";
    let part = |name: &str, content: &[u8]| {
        let head = image.replace("NAME", name).replace('\n', "\r\n");
        [format!("--b\r\n{head}").as_bytes(), content, b"\r\n--b--"].concat()
    };
    let masking = Table::all(fixed());
    let treated =
        treat_as(form("b"), &masking, &part("password", b"\x89PNG\xff\r\n\x00")).expect("treatable");
    assert_eq!(treated.body, part("password", b"********"));
    assert_eq!(treated.summary.masked, BTreeMap::from([(Category::CredentialAccount, 1)]));
    let refused = |table: &Table, name: &str| treat_as(form("b"), table, &part(name, b"\x89PNG")).err();
    let at = part("x", b"").len() - b"\r\n--b--".len();
    assert_eq!(refused(&masking, "x"), Some(Uninspectable::MediaType { at }));
    // What may be seen has still not been looked at.
    assert!(matches!(
        refused(&Table::all(Treatment::Clear), "mobile"),
        Some(Uninspectable::MediaType { .. })
    ));
    assert!(matches!(refused(&Table::all(Treatment::Block), "mobile"), Some(Uninspectable::Blocked(_))));
    let dropped =
        treat_as(form("b"), &Table::all(Treatment::Drop), &part("mobile", b"\x89PNG")).expect("treatable");
    assert_eq!(dropped.body, part("mobile", b""));
    let opaque = Binding { id: "opaque".into(), opaque: vec!["image/png".into()], ..Binding::default() };
    let table = Table { binding: Some(opaque), ..Table::all(fixed()) };
    let passed = treat_as(form("b"), &table, &part("13800138000", b"\x89PNG\xff")).expect("treatable");
    assert_eq!(passed.body, part("****", b"\x89PNG\xff"));
}

#[test]
fn c8_dropped_parts_go_with_their_frame() {
    let table = Table {
        other: Rules::all(Treatment::Clear).with(Kind::Mobile, Treatment::Drop),
        ..Table::all(fixed())
    };
    let (mobile, other) = ("Content-Disposition: form-data; name=mobile\n\n1", "\nx");
    assert_eq!(treated(&table, &body(&[mobile, other, mobile])), Ok(body(&[other])));
    let emptied = "Content-Disposition: form-data; name=mobile\n\n";
    assert_eq!(treated(&table, &body(&[mobile, mobile])), Ok(body(&[emptied])));
}

#[test]
fn c8_frames_that_readers_differ_on_are_refused() {
    let table = Table::all(fixed());
    let good = body(&["Content-Disposition: form-data; name=x\n\n1"]);
    assert_eq!(treated(&table, &good).as_deref(), Ok(good.as_str()));
    let bad = [
        "",
        "--b--",
        "--b\r\n\r\nx",
        "--b\r\n\r\nx\r\n--b",
        "--b\r\n\r\nx\r\n--b\r\n",
        "--b\n\nx\n--b--\n",
        "--b\r\n\r\nx\n--b--\r\n",
        "--b \r\n\r\nx\r\n--b--\r\n",
        "13800138000\r\n--b\r\n\r\nx\r\n--b--\r\n",
        "--b\r\n\r\nx\r\n--b--\r\n13800138000",
        "--b\r\n\r\nx\r\n--b--\r\n--b\r\n\r\n13800138000\r\n--b--\r\n",
        "--b\r\n\r\nx --b y\r\n--b--\r\n",
        "--b\r\n\r\nx\r\n--bc\r\n\r\ny\r\n--b--\r\n",
        "--b\r\n--b--\r\n",
        "--b\r\nX: 1\r\n--b--\r\n",
        "--b\r\nX: 1\r\nx: 2\r\n\r\nx\r\n--b--\r\n",
        "--b\r\nX: 1\r\n 2\r\n\r\nx\r\n--b--\r\n",
        "--b\r\nX: 1\nY: 2\r\n\r\nx\r\n--b--\r\n",
        "--b\r\nX : 1\r\n\r\nx\r\n--b--\r\n",
        "--b\r\nnonsense\r\n\r\nx\r\n--b--\r\n",
        "--b\r\nContent-Disposition: form-data; name=a; name=b\r\n\r\nx\r\n--b--\r\n",
        "--b\r\nContent-Disposition: form-data; name*0=mob; name*1=ile\r\n\r\nx\r\n--b--\r\n",
        "--b\r\nContent-Disposition: form-data; name=\"a\r\n\r\nx\r\n--b--\r\n",
        "--b\r\nContent-Transfer-Encoding: x-other\r\n\r\nx\r\n--b--\r\n",
        "--b\r\nContent-Transfer-Encoding: base64\r\n\r\n13800138000\r\n--b--\r\n",
        "--b\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=3\r\n--b--\r\n",
        "--b\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nx \r\ny\r\n--b--\r\n",
        "--b\r\nContent-Length: 5\r\n\r\nx\r\n--b--\r\n",
        "--b\r\nContent-Type: application/json\r\n\r\n{\r\n--b--\r\n",
        "--b\r\nContent-Type: multipart/mixed; boundary=i\r\nContent-Transfer-Encoding: base64\r\n\r\nLS1p\r\n--b--\r\n",
    ];
    for body in bad {
        let refused = treated(&table, body);
        assert!(matches!(refused, Err(Uninspectable::Malformed { .. })), "{body:?}: {refused:?}");
        assert!(scan_as(form("b"), body.as_bytes()).is_err(), "{body:?}");
    }
    for charset in ["gbk", "utf-16", "utf-7", "x"] {
        let part = format!("Content-Type: text/plain; charset={charset}\n\nx");
        assert!(matches!(treated(&table, &body(&[&part])), Err(Uninspectable::Charset { .. })));
    }
    let charset = body(&["Content-Disposition: form-data; name=_charset_\n\ngbk"]);
    assert!(matches!(treated(&table, &charset), Err(Uninspectable::Charset { .. })));
    let mut deep = "x".to_owned();
    for boundary in ["d", "c", "b"] {
        deep = format!(
            "--{boundary}\r\nContent-Type: multipart/mixed; boundary=z{boundary}\r\n\r\n{deep}\r\n--{boundary}--\r\n"
        );
        deep = deep.replace("--d", "--zc").replace("--c\r", "--zb\r").replace("--c--", "--zb--");
    }
    assert!(treated(&table, &deep).is_err());
    let telling = b"--13800138000\r\n\r\nx\r\n--13800138000--";
    assert!(treat_as(form("13800138000"), &table, telling).is_err());
    for boundary in ["", "b ", "ä", "a\"b", &"x".repeat(71)] {
        assert_eq!(Format::of("multipart/mixed", Some(boundary)), None);
    }
    assert_eq!(Format::of("multipart/mixed", None), None);
    assert_eq!(Format::of("multipart/byteranges", Some("b")), None);
}

#[test]
fn c8_scan_names_parts_and_points_into_them() {
    let code = BASE64_STANDARD.encode("pw:abc");
    let body = body(&[
        "Content-Disposition: form-data; name=\"mobile\"\n\n12",
        "Content-Type: application/json\n\n{\"a\":{\"mobile\":\"34\"}}",
        &format!(
            "Content-Disposition: form-data; name=f; filename=\"13800138000\"\nContent-Transfer-Encoding: base64\n\n{code}"
        ),
    ]);
    let findings = scan_as(form("b"), body.as_bytes()).expect("readable");
    let found: Vec<(&str, &str)> =
        findings.iter().map(|finding| (finding.path.as_str(), at(&body, finding))).collect();
    let expect = [
        ("/mobile", "12"),
        ("/1/a/mobile", "34"),
        ("/f/!content-disposition", "\"13800138000\""),
        ("/f", code.as_str()),
    ];
    assert_eq!(found, expect);
}

proptest! {
    #[test]
    fn c8_any_multipart_body_is_treated_or_refused(
        parts in prop::collection::vec((0..6u8, 0..4u8, "[ -~\r\n]{0,30}"), 1..4),
        spoilt in prop::option::of((0..400usize, any::<u8>())),
    ) {
        let mut bytes = vec![];
        for (sort, coding, content) in &parts {
            let content = match sort {
                0 => format!("call 13800138000 {content}"),
                1 => "{\"mobile\":\"13800138000\",\"a\":[13800138000]}".to_owned(),
                2 => "--i\r\n\r\n13800138000\r\n--i--\r\n".to_owned(),
                _ => content.clone(),
            };
            let kind = ["text/plain", "application/json", "multipart/mixed; boundary=i", "text/html", "text/event-stream", "image/png"];
            let (name, content) = match coding {
                0 => ("base64", BASE64_STANDARD.encode(content)),
                1 => ("quoted-printable", content.bytes().map(|byte| format!("={byte:02X}")).collect()),
                _ => ("8bit", content),
            };
            let kind = kind[usize::from(*sort)];
            bytes.extend(format!("--b\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: {name}\r\nContent-Disposition: form-data; name=\"x\"; filename=\"13800138000\"\r\n\r\n{content}\r\n").bytes());
        }
        bytes.extend(b"--b--\r\n");
        if let Some((at, byte)) = spoilt {
            let length = bytes.len();
            bytes[at % length] = byte;
        }
        for table in [Table::all(fixed()), Table::all(Treatment::Drop), Table::all(keep(1, 1))] {
            let done = treat_as(form("b"), &table, &bytes);
            if let Ok(done) = done {
                prop_assert!(!String::from_utf8_lossy(&done.body).contains("13800138000"));
                // What comes out can be read again, by the same rules.
                prop_assert!(treat_as(form("b"), &table, &done.body).is_ok(), "{}", String::from_utf8_lossy(&done.body));
            }
            prop_assert_eq!(scan_as(form("b"), &bytes).is_ok() , treat_as(form("b"), &Table::all(fixed()), &bytes).is_ok());
        }
        // Where nothing is found to be hidden, not a byte changes.
        let clear = bytes.iter().map(|byte| if *byte == b'p' { b'q' } else { *byte }).collect::<Vec<u8>>();
        if let Ok(done) = treat_as(form("b"), &Table::all(Treatment::Clear), &clear) {
            prop_assert_eq!(done.body, clear);
        }
    }
}
