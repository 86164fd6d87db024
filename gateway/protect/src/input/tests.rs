use super::*;
use crate::Protector;
use yingbi_classifiers::Classifier;
use yingbi_crypto::PseudonymKey;
use yingbi_policies::{Caller, Decision, Permit, PolicySet, Request, Source};

const FIRM: &str = r#"
apiVersion: yingbi/v1
kind: Binding
metadata: {id: open}
spec:
  route: {host: h, path: /open}
  validate:
    default: reject
    categories: {basic: flag, basic.mobile: reject, basic.postcode: pass}
    fields: [{path: $.tag, category: identity.document.resident-id}]
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: staff, title: 员工}
spec: {match: {routes: ["h/**"]}, allow: {level: "<=3"}}
"#;

fn permit(path: &str) -> Permit {
    let (set, _) = PolicySet::compile(&[Source::new("firm.yaml", FIRM)], "v1".into()).expect("good");
    let caller = Caller { id: "t".into(), authenticated: true, ..Caller::default() };
    let today = Day::new(2026, 6, 15).unwrap();
    match set.decide_caller(&caller, &Request { method: "POST", host: "h", path, purpose: None, today }) {
        Decision::Permit(permit) => permit,
        Decision::Refuse(refusal) => panic!("{refusal:?}"),
    }
}

/// Path, rule, and whether it is refused.
type Faults = &'static [(&'static str, &'static str, bool)];

fn check(path: &str, format: Format, body: &[u8]) -> Result<Vec<(String, &'static str, bool)>, Unchecked> {
    let protector = Protector::new(Classifier::shipped(), PseudonymKey::new([7; 32]), Limits::default());
    let faults = protector.check_input(&permit(path), format, body)?;
    Ok(faults.into_iter().map(|fault| (fault.path, fault.wrong.name(), fault.is_rejected)).collect())
}

#[test]
fn t12_wrong_values_are_named_by_path_and_rule() {
    let cases: &[(&str, Faults)] = &[
        (r#"{"id_no":"11010519491231002X","mobile_tel":"13812345678"}"#, &[]),
        (r#"{"id_no":"110105194912310020"}"#, &[("/id_no", "check-digit", true)]),
        (
            r#"{"cust":{"list":[{"mobile_tel":"12012345678"}]}}"#,
            &[("/cust/list/0/mobile_tel", "segment", true)],
        ),
        (r#"{"mobile_tel":13812345678,"email":"a@b"}"#, &[("/email", "format", false)]),
        (r#"{"mobile_tel":"","email":null,"postcode":"1"}"#, &[]),
        (r#"{"id_no":"1","id_no":"11010519491231002X"}"#, &[("/id_no", "format", true)]),
        (r#"{"body":"{\"mobile_tel\":\"138\"}"}"#, &[("/body/!json/mobile_tel", "format", true)]),
        (r#"{"tag":"110105194912310020"}"#, &[("/tag", "check-digit", true)]),
        (r#"{"13812345678":{"mobile_tel":"1"}}"#, &[("/*/mobile_tel", "format", true)]),
        (r#"{"birthday":"2027-01-01"}"#, &[("/birthday", "date", false)]),
        (r#"{"mobile_t\u0065l":"1\u0033812345678"}"#, &[]),
        (r#"{"stock_code":"600000","order_no":"1"}"#, &[]),
    ];
    for (body, expect) in cases {
        let found = check("/open", Format::Json, body.as_bytes()).unwrap();
        let expect: Vec<_> = expect.iter().map(|(path, rule, no)| ((*path).to_owned(), *rule, *no)).collect();
        assert_eq!(found, expect, "{body}");
    }
    let of_card = |number: &str| {
        check("/open", Format::Json, format!(r#"{{"bank_card_no":"{number}"}}"#).as_bytes()).unwrap().len()
    };
    let cards: usize = (0..10).map(|last| of_card(&format!("622202123456789012{last}"))).sum();
    assert_eq!(cards, 9, "one check digit of ten is right");
}

#[test]
fn t12_forms_and_queries_are_checked() {
    let cases: &[(&str, Faults)] = &[
        ("mobile_tel=138+1234+5678&id_no=11010519491231002X", &[]),
        ("mobile_tel=%31%32012345678", &[("mobile_tel", "segment", true)]),
        ("%E6%89%8B%E6%9C%BA%E5%8F%B7=1", &[("手机号", "format", true)]),
        ("tag=1&x", &[("tag", "format", true)]),
        ("", &[]),
    ];
    for (body, expect) in cases {
        let found = check("/open", Format::Form, body.as_bytes()).unwrap();
        let expect: Vec<_> = expect.iter().map(|(path, rule, no)| ((*path).to_owned(), *rule, *no)).collect();
        assert_eq!(found, expect, "{body}");
    }
}

#[test]
fn t12_what_cant_be_read_is_no_good_input() {
    for body in [&b"{\"a\":"[..], b"\xff\xfe", b"nope"] {
        assert!(check("/open", Format::Json, body).is_err());
    }
    assert!(check("/open", Format::Form, b"a=%ff%fe").is_err());
    assert!(check("/open", Format::Form, b"a=%zz").is_err());
    assert_eq!(check("/free", Format::Json, b"nope"), Ok(vec![]), "nothing is asked there");
}

fn multipart(parts: &[(&str, &str)]) -> String {
    let parts = parts.iter().map(|(head, content)| format!("--b\r\n{head}\r\n\r\n{content}\r\n"));
    parts.collect::<String>() + "--b--\r\n"
}

fn of_boundary() -> Format {
    Format::of("multipart/form-data", Some("b")).unwrap()
}

#[test]
fn t12_xml_and_tables_are_checked_by_element_attribute_and_column() {
    let cases: &[(Format, &str, Faults)] = &[
        (Format::Xml, "<c><mobileTel>13812345678</mobileTel></c>", &[]),
        (Format::Xml, "<c><mobileTel>12012345678</mobileTel></c>", &[("/c/mobileTel", "segment", true)]),
        (Format::Xml, "<c mobile_tel='120'/>", &[("/c/@mobile_tel", "format", true)]),
        (
            Format::Xml,
            "<s:Envelope xmlns:s='urn:s'><s:Body><r><c><id_no>1</id_no></c><c><id_no>11010519491231002X</id_no></c><c><id_no><![CDATA[11010519491231002&]]>0</id_no></c></r></s:Body></s:Envelope>",
            &[("/Envelope/Body/r/c/0/id_no", "format", true), ("/Envelope/Body/r/c/2/id_no", "format", true)],
        ),
        (
            Format::Xml,
            "<c><mobileTel>1&#51;812345678</mobileTel><tag>110105194912310020</tag></c>",
            &[("/c/tag", "check-digit", true)],
        ),
        (
            Format::Xml,
            r#"<c><body>{"mobile_tel":"138"}</body></c>"#,
            &[("/c/body/!json/mobile_tel", "format", true)],
        ),
        (
            Format::Csv,
            "姓名,手机号,证件号码\r\n张三丰,13812345678,11010519491231002X\r\n李四,\"12012345678\",110105194912310020\r\n",
            &[("/1/手机号", "segment", true), ("/1/证件号码", "check-digit", true)],
        ),
        (Format::Csv, "page;mobile_tel\n1;138\n", &[("/0/mobile_tel", "format", true)]),
        (Format::Csv, "page,mobile_tel\n1,\n", &[]),
        (Format::Tsv, "x\tbirthday\n1\t1990-02-30\n", &[("/0/birthday", "date", false)]),
        (
            Format::Lines,
            "{\"mobile_tel\":\"138\"}\n{}\n{\"mobile_tel\":\"1\"}\n",
            &[("/0/mobile_tel", "format", true), ("/2/mobile_tel", "format", true)],
        ),
        (Format::Sequence, "\u{1e}{\"mobile_tel\":\"138\"}\n", &[("/0/mobile_tel", "format", true)]),
        (Format::Form, "x=%7B%22mobile_tel%22%3A%221%22%7D", &[("x/!json/mobile_tel", "format", true)]),
    ];
    for (format, body, expect) in cases {
        let found = check("/open", *format, body.as_bytes()).unwrap();
        let expect: Vec<_> = expect.iter().map(|(path, rule, no)| ((*path).to_owned(), *rule, *no)).collect();
        assert_eq!(found, expect, "{body}");
    }
}

#[test]
fn t12_parts_are_checked_by_name_and_by_their_own_type() {
    let of = |name: &str| format!("Content-Disposition: form-data; name=\"{name}\"");
    let typed = |name: &str, media_type: &str| format!("{}\r\nContent-Type: {media_type}", of(name));
    let file = |name: &str, media_type: &str| {
        format!("{}; filename=\"a.b\"\r\nContent-Type: {media_type}", of(name))
    };
    let cases: &[(Vec<(String, &str)>, Faults)] = &[
        (vec![(of("mobile_tel"), "13812345678"), (of("note"), "12012345678")], &[]),
        (
            vec![(of("x"), "1"), (of("mobile_tel"), "12012345678"), (of("email"), "a@b")],
            &[("/mobile_tel", "segment", true), ("/email", "format", false)],
        ),
        (vec![(of("13812345678"), "{\"mobile_tel\":1}")], &[("/0/!json/mobile_tel", "format", true)]),
        (
            vec![(typed("data", "application/json"), "{\"mobile_tel\":\"1\"}"), (of("tag"), "1")],
            &[("/data/mobile_tel", "format", true), ("/tag", "format", true)],
        ),
        (
            vec![(file("list", "text/csv"), "mobile_tel,x\n138,1\n")],
            &[("/list/0/mobile_tel", "format", true)],
        ),
        (vec![(file("list", "text/xml"), "<c mobileTel='1'/>")], &[("/list/c/@mobileTel", "format", true)]),
        (
            vec![(of("mobile_tel") + "\r\nContent-Transfer-Encoding: base64", "MTM4")],
            &[("/mobile_tel", "format", true)],
        ),
        (vec![(file("photo", "image/jpeg"), "\u{0}\u{1}"), (file("scan", "application/pdf"), "%PDF")], &[]),
    ];
    for (parts, expect) in cases {
        let parts: Vec<(&str, &str)> =
            parts.iter().map(|(head, content)| (head.as_str(), *content)).collect();
        let found = check("/open", of_boundary(), multipart(&parts).as_bytes()).unwrap();
        let expect: Vec<_> = expect.iter().map(|(path, rule, no)| ((*path).to_owned(), *rule, *no)).collect();
        assert_eq!(found, expect, "{parts:?}");
    }
    let inner = multipart(&[(&of("mobile_tel"), "1")]);
    let nested =
        format!("--c\r\n{}\r\n\r\n{inner}\r\n--c--\r\n", typed("more", "multipart/mixed; boundary=b"));
    let found = check("/open", Format::of("multipart/form-data", Some("c")).unwrap(), nested.as_bytes());
    assert_eq!(found.unwrap(), [("/more/mobile_tel".to_owned(), "format", true)]);
}

#[test]
fn t12_what_cant_be_checked_is_named_by_its_place() {
    let of = |name: &str, more: &str| format!("Content-Disposition: form-data; name=\"{name}\"{more}");
    let part = |head: String, content: &str| multipart(&[(&of("a", ""), "1"), (&head, content)]);
    let malformed = |at| Uninspectable::Malformed { at };
    let media_type = Uninspectable::MediaType { at: 0 };
    let cases = [
        (Format::Xml, "<c><d></c>".to_owned(), "", None),
        (Format::Xml, "<!DOCTYPE c><c/>".to_owned(), "", None),
        (Format::Csv, "a,b\n\"1\"x,2\n".to_owned(), "", None),
        (Format::Lines, "{}\n{\"a\":}".to_owned(), "/1", Some(malformed(5))),
        (Format::Form, "a=1&b=%2".to_owned(), "", Some(malformed(6))),
        (Format::Text, "13812345678".to_owned(), "", Some(media_type)),
        (Format::Html, "<p>1".to_owned(), "", Some(media_type)),
        (
            of_boundary(),
            part(of("x", "\r\nContent-Type: application/json"), "{\"a\":}"),
            "/x",
            Some(malformed(5)),
        ),
        (
            of_boundary(),
            part(of("x", "; filename=\"a\"\r\nContent-Type: application/octet-stream"), "1"),
            "/x",
            Some(media_type),
        ),
        // What is no file is a field, whatever it is said to be.
        (of_boundary(), part(of("x", "\r\nContent-Type: image/png"), "1"), "/x", Some(media_type)),
        (of_boundary(), "--b\r\n\r\n1".to_owned(), "", None),
    ];
    for (format, body, path, why) in cases {
        let unchecked = check("/open", format, body.as_bytes()).expect_err(&body);
        assert_eq!(unchecked.path, path, "{body}");
        assert!(why.is_none_or(|why| why == unchecked.why), "{body}: {unchecked:?}");
    }
    let secret = "--b\r\nContent-Disposition: form-data; name=\"13812345678\"\r\nContent-Type: application/json\r\n\r\n{\r\n--b--\r\n";
    assert_eq!(check("/open", of_boundary(), secret.as_bytes()).unwrap_err().path, "/0");
}

/// Positions are found by looking at all members of one name, for so many faults only.
#[test]
fn t12_many_wrong_values_cost_no_more_than_they_weigh() {
    let body = format!("<r>{}</r>", "<mobileTel>1</mobileTel>".repeat(4_000));
    let found = check("/open", Format::Xml, body.as_bytes()).unwrap();
    assert_eq!((found.len(), found[255].0.as_str()), (4_000, "/r/mobileTel/255"));
    assert_eq!(found[3_999].0, "/r/mobileTel");
}
