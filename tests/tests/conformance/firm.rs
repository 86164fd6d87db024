//! C1 (a firm's own classifiers), C2 (service scenes), C3 (combination), C4 (minors), T12 (data that comes in).

use crate::FIRM;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use yingbi_tests::{Client, Response, Stage, Who, canary, credentials};

const TELLER: Who<'_> = Who::Token("teller");

/// What the tests of this file add to the firm: level 2 in clear to tellers, one route on which funds are level 2, a
/// route that checks what comes in, classifiers of the firm's own.
const MORE: &str = r#"apiVersion: yingbi/v1
kind: Binding
metadata: {id: branch-figures}
spec:
  route: {host: crm.internal, path: /scene/figures}
  overrides:
    - {category: wealth.cash, level: 2, reason: 营业部汇总口径，不对应单一投资者, clause: "T/TSAC001:6.3"}
    - {category: derived, level: 3, reason: 此处的标签揭示风险承受能力, clause: "T/TSAC001:6.3"}
    - {category: basic.name, as: service-staff, reason: 本接口中的姓名均为员工}
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: officer-by-level, title: 合规人员按级别查看, clause: ["T/TSAC001:7.5.k"]}
spec:
  match: {roles: [officer], routes: ["GET crm.internal/scene/*"]}
  allow: {level: "<=3"}
  treat: {default: mask, categories: {"level:2": clear}}
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: teller-by-level, title: 柜员按级别查看, clause: ["T/TSAC001:7.5.a"]}
spec:
  match: {roles: [teller], routes: ["GET crm.internal/scene/*"]}
  allow: {level: "<=3"}
  treat: {default: mask, categories: {"level:2": clear}}
---
apiVersion: yingbi/v1
kind: Combination
metadata: {id: behaviour-and-channel, title: 行为与渠道合在一起, clause: ["T/TSAC001:6.3"]}
spec: {all: [behaviour, channel], level: 3}
---
apiVersion: yingbi/v1
kind: Binding
metadata: {id: people}
spec:
  route: {host: crm.internal, path: /scene/people}
  records: $.data[*]
  fields:
    - {path: $.b, category: behaviour}
    - {path: $.c, category: channel}
---
apiVersion: yingbi/v1
kind: Binding
metadata: {id: open-account}
spec:
  route: {host: crm.internal, method: POST, path: /open}
  validate:
    categories: {identity.document: reject, basic.mobile: reject, wealth.bank.card: reject, basic: flag}
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: teller-opens, title: 柜员办理开户, clause: ["T/TSAC001:7.5.a"]}
spec:
  match: {roles: [teller], routes: ["POST crm.internal/open", "POST crm.internal/unchecked"]}
  allow: {level: "<=3"}
---
apiVersion: yingbi/v1
kind: Classifier
metadata: {id: house-account, title: 自有账号}
spec:
  category: account.opening.fund-account
  patterns: ['QX\d{8}']
  tests:
    - {value: 账号QX12345678}
    - {value: QX1234567, found: false}
---
apiVersion: yingbi/v1
kind: Classifier
metadata: {id: house-names, title: 自有字段}
spec: {lexicon: house.tsv, tests: [{key: qx_zdbz, category: derived}]}
---
apiVersion: yingbi/v1
kind: Classifier
metadata: {id: house-words, title: 客群名单}
spec: {category: derived, words: [钻石卡客户, 极危客群], tests: [{value: 系钻石卡客户}]}
"#;

fn stage() -> Stage {
    Stage::with(FIRM, |setup| {
        setup.more_policy("more.yaml", MORE).more_policy("house.tsv", "QX_ZDBZ\tderived\tdecides\t重点标志\n")
    })
}

fn post(stage: &Stage, path: &str, headers: &str, body: &[u8]) -> (Response, String) {
    let trace = yingbi_tests::stage::trace();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {}\r\n{}traceparent: 00-{trace}-00000000000000aa-01\r\n{headers}",
        yingbi_tests::HOST,
        credentials("teller"),
    );
    let mut client = Client::connect(stage.gateway.address);
    client.send(format!("{head}Content-Length: {}\r\n\r\n", body.len()).as_bytes());
    client.send(body);
    (client.response(), trace)
}

const JSON: &str = "Content-Type: application/json\r\n";

#[test]
fn c1_a_firm_extends_what_is_found_without_code() {
    let stage = stage();
    let body = json!({"x": "转入QX12345678", "qx_zdbz": "是", "y": "极危客群", "z": "QX123456789"});
    let asked = stage.answers_json(&body).get(TELLER, "/customers/1");
    assert_eq!(
        asked.response.json(),
        json!({"x": "转入******5678", "qx_zdbz": "********", "y": "********", "z": "QX123456789"})
    );
    let masked = stage.record(&asked).intent.masked;
    assert_eq!((masked.get("account.opening"), masked.get("derived")), (Some(&1), Some(&2)), "{masked:?}");
}

#[test]
fn c1_classifiers_are_reloaded_as_a_whole() {
    let stage = stage();
    let body = json!({"x": "QX12345678"});
    stage.answers_json(&body);
    assert_ne!(stage.get(TELLER, "/customers/1").response.json(), body);
    stage
        .gateway
        .write_policy("more.yaml", &MORE.replace(r"QX\d{8}", r"QZ\d{8}").replace("QX12345678", "QZ12345678"));
    let deadline = Instant::now() + Duration::from_secs(10);
    while stage.get(TELLER, "/customers/1").response.json() != body {
        assert!(Instant::now() < deadline, "{}", stage.gateway.logs());
        std::thread::sleep(Duration::from_millis(50));
    }
    let changed = json!({"x": "QZ12345678"});
    assert_ne!(stage.answers_json(&changed).get(TELLER, "/customers/1").response.json(), changed);
    // A pattern without bounds never rules: the last good version stays.
    stage.gateway.write_policy("more.yaml", &MORE.replace(r"QX\d{8}", r"QX\d+"));
    std::thread::sleep(Duration::from_millis(1500));
    assert_ne!(stage.get(TELLER, "/customers/1").response.json(), changed);
}

#[test]
fn c2_a_scene_gives_a_category_another_level() {
    let stage = stage();
    let body = json!({"total_asset": 1200.5, "enable_balance": "88.00", "risk_label": "积极型", "client_name": "张三丰", "trade_pwd": "135790"});
    let officer = Who::Token("officer");
    let asked = stage.answers_json(&body).get(officer, "/scene/figures");
    let shown = asked.response.json();
    // Funds are of level 2 here and shown; a label is of level 3 and masked; what are names elsewhere are staff's.
    assert_eq!(shown["total_asset"], json!(1200.5), "{shown}");
    assert_eq!(shown["enable_balance"], "88.00");
    assert_eq!(shown["risk_label"], "********");
    assert_eq!(shown["client_name"], "张三丰");
    assert_eq!(shown["trade_pwd"], "********");
    let intent = stage.record(&asked).intent;
    let mut overrides = intent.overrides.clone();
    overrides.sort();
    assert_eq!(overrides, ["basic.name: as service-staff", "derived: level 3", "wealth.cash: level 2"]);
    // On another route the same fields have the standard's levels.
    let elsewhere = stage.get(officer, "/scene/other").response.json();
    assert_eq!(
        (&elsewhere["total_asset"], &elsewhere["risk_label"]),
        (&json!(0), &json!("积极型")),
        "{elsewhere}"
    );
    assert_eq!(elsewhere["client_name"], "张**");
}

#[test]
fn c2_no_override_escapes_a_floor() {
    let stage = stage();
    let body = json!({"total_asset": 1200.5, "risk_label": "积极型", "client_name": "张三丰", "trade_pwd": "135790"});
    // The teller's rule states no ground for others' level 3, so what is level 3 by the standard stays masked.
    let asked = stage.answers_json(&body).get(TELLER, "/scene/figures");
    let shown = asked.response.json();
    assert_eq!((&shown["total_asset"], &shown["risk_label"]), (&json!(0), &json!("********")), "{shown}");
    assert_eq!((&shown["client_name"], &shown["trade_pwd"]), (&json!("张**"), &json!("********")), "{shown}");
    let lowered = "apiVersion: yingbi/v1\nkind: Binding\nmetadata: {id: bad}\nspec: {route: {host: h, path: /}, overrides: [{category: credential.account, level: 2, reason: x}]}\n";
    let refused =
        std::panic::catch_unwind(|| Stage::with(FIRM, |setup| setup.more_policy("bad.yaml", lowered)));
    assert!(refused.is_err(), "a file that lowers level 4 is refused");
}

#[test]
fn c2_overrides_are_explained() {
    let stage = stage();
    let run = stage.gateway.run(&[
        "policy",
        "explain",
        "policies",
        "--route",
        "GET crm.internal/scene/figures",
        "--caller-role",
        "officer",
        "--lang",
        "en",
    ]);
    let text = String::from_utf8_lossy(&run.stdout).into_owned();
    for part in [
        "`wealth.cash` is of level 2",
        "营业部汇总口径",
        "T/TSAC001:6.3",
        "baseline.minors",
        "under 14",
        "behaviour-and-channel",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
}

#[test]
fn c3_items_that_say_more_together_are_treated_at_the_higher_level() {
    let stage = stage();
    let before = stage.gateway.metrics();
    let body = json!({"data": [
        {"b": "夜间频繁登录", "c": "抖音投放"},
        {"b": "夜间频繁登录"},
        {"client_id": "80001234", "position_qty": 300},
        {"client_id": "80005678"},
    ]});
    let asked = stage.answers_json(&body).get(TELLER, "/scene/people");
    assert_eq!(
        asked.response.json(),
        json!({"data": [
            {"b": "********", "c": "********"},
            {"b": "夜间频繁登录"},
            {"client_id": "****1234", "position_qty": 0},
            {"client_id": "80005678"},
        ]})
    );
    let raised = stage.record(&asked).intent.raised;
    let expect = [("baseline.code-holdings", 1), ("behaviour-and-channel", 1)];
    assert_eq!(raised, expect.map(|(id, count)| (id.to_owned(), count)).into());
    let grown = stage.gateway.metrics().grown(&before, "yingbi_raised_records_total");
    assert_eq!(grown.values().sum::<f64>(), 2.0, "{grown:?}");
}

/// A resident's number of somebody of this age today, with a right check digit.
fn resident_id(age: i64) -> String {
    let days =
        i64::try_from(std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap() / 86_400;
    let year = 1970 + days / 365 - age;
    let digits = format!("110105{year}0101123");
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = digits.bytes().zip(weights).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    format!("{digits}{}", b"10X98765432"[(sum % 11) as usize] as char)
}

#[test]
fn c4_personal_information_of_a_minor_is_sensitive_whatever_the_field() {
    let stage = stage();
    for (evidence, is_minor) in [
        (json!({"id_no": resident_id(9)}), true),
        (json!({"remark": format!("随同{}办理", resident_id(9))}), true),
        (json!({"birthday": "2020-05-01"}), true),
        (json!({"age": 13}), true),
        (json!({"id_no": resident_id(30)}), false),
        (json!({"birthday": "1980-05-01"}), false),
        (json!({"age": 14}), false),
    ] {
        let mut record = evidence.clone();
        record["client_id"] = json!("80001234");
        record["b"] = json!("夜间频繁登录");
        let body = json!({"data": [record, {"client_id": "80005678", "b": "日间登录"}]});
        let asked = stage.answers_json(&body).get(TELLER, "/scene/people");
        let shown = asked.response.json();
        let expect = if is_minor { ("****1234", "********") } else { ("80001234", "夜间频繁登录") };
        assert_eq!(
            (shown["data"][0]["client_id"].as_str().unwrap(), shown["data"][0]["b"].as_str().unwrap()),
            expect,
            "{evidence}"
        );
        assert_eq!(shown["data"][1], json!({"client_id": "80005678", "b": "日间登录"}), "{evidence}");
        let raised = stage.record(&asked).intent.raised;
        assert_eq!(raised.get("baseline.minors").copied(), is_minor.then_some(1), "{evidence}");
    }
}

#[test]
fn t12_wrong_data_is_refused_by_path_and_rule_and_never_by_value() {
    let stage = stage();
    let before = stage.gateway.metrics();
    let mut wrong_id = canary::ID.to_owned();
    wrong_id.replace_range(17.., if canary::ID.ends_with('4') { "5" } else { "4" });
    let body = json!({"customer": {"id_no": wrong_id, "mobile_tel": "12012345678", "client_name": "张三丰"}});
    let (response, trace) = post(&stage, "/open", JSON, body.to_string().as_bytes());
    assert_eq!((response.status, response.problem_code().as_str()), (422, "YB1310"), "{}", response.text());
    let errors = response.json()["errors"].clone();
    assert_eq!(
        errors,
        json!([
            {"path": "/customer/id_no", "category": errors[0]["category"], "rule": "check-digit"},
            {"path": "/customer/mobile_tel", "category": "basic.mobile", "rule": "segment"},
        ])
    );
    assert!(errors[0]["category"].as_str().unwrap().starts_with("identity.document"));
    for value in [wrong_id.as_str(), "12012345678", "张三丰"] {
        assert!(!response.text().contains(value), "{}", response.text());
        assert!(!stage.gateway.logs().contains(value));
    }
    assert!(stage.origin.seen().is_empty(), "nothing went on");
    let grown = stage.gateway.metrics().grown(&before, "yingbi_input_faults_total");
    assert_eq!(grown.values().sum::<f64>(), 2.0, "{grown:?}");
    let deadline = Instant::now() + Duration::from_secs(10);
    let intent = loop {
        match stage.gateway.entries_of(&trace).pop() {
            Some(entry) => break entry.intent,
            None => assert!(Instant::now() < deadline, "no record of the refusal"),
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    assert_eq!(intent.code.as_deref(), Some("YB1310"));
    let expect = [("basic: segment", 1), ("identity.document: check-digit", 1)];
    assert_eq!(intent.input_faults, expect.map(|(what, count)| (what.to_owned(), count)).into());
}

#[test]
fn t12_right_data_goes_on_byte_for_byte() {
    let stage = stage();
    let body = format!("{{ \"id_no\" : \"{}\",\n\t\"amount\": 100.10, \"amount\": 100.10 }}\n", canary::ID);
    let (response, _) = post(&stage, "/open", JSON, body.as_bytes());
    assert_eq!(response.status, 200, "{}", response.text());
    let big = format!("{{\"note\":\"{}\"}}", "x".repeat(300_000));
    assert_eq!(
        post(&stage, "/open", &format!("{JSON}Expect: 100-continue\r\n"), big.as_bytes()).0.status,
        200
    );
    let form = "mobile_tel=13812345678&note=%E5%BC%A0";
    let (response, _) =
        post(&stage, "/open?x=1", "Content-Type: application/x-www-form-urlencoded\r\n", form.as_bytes());
    assert_eq!(response.status, 200, "{}", response.text());
    let bodies: Vec<Vec<u8>> = stage.origin.seen().into_iter().map(|seen| seen.body).collect();
    assert_eq!(bodies, [body.into_bytes(), big.into_bytes(), form.as_bytes().to_vec()]);
}

#[test]
fn t12_xml_tables_and_parts_are_checked_as_well() {
    let stage = stage();
    let gbk = [&b"\xd0\xd5\xc3\xfb,\xca\xd6\xbb\xfa\xba\xc5\n\xd5\xc5\xc8\xfd,12012345678\n"[..]].concat();
    let parts = "--q\r\nContent-Disposition: form-data; name=\"mobile_tel\"\r\n\r\n12012345678\r\n\
                 --q\r\nContent-Disposition: form-data; name=\"list\"; filename=\"a.csv\"\r\nContent-Type: text/csv\r\n\r\n\
                 x,mobile_tel\n1,13812345678\n2,12012345678\n\r\n--q--\r\n";
    let xml = "<r><c><mobileTel>13812345678</mobileTel></c><c><mobileTel>12012345678</mobileTel></c></r>";
    let cases: [(&str, &[u8], &[&str]); 5] = [
        ("text/xml", xml.as_bytes(), &["/r/c/1/mobileTel"]),
        ("application/soap+xml; charset=utf-8", xml.as_bytes(), &["/r/c/1/mobileTel"]),
        ("text/csv; charset=GBK", &gbk, &["/0/手机号"]),
        ("application/x-ndjson", b"{}\n{\"mobile_tel\":\"12012345678\"}\n", &["/1/mobile_tel"]),
        ("multipart/form-data; boundary=q", parts.as_bytes(), &["/mobile_tel", "/list/1/mobile_tel"]),
    ];
    for (media_type, body, paths) in cases {
        let (response, _) = post(&stage, "/open", &format!("Content-Type: {media_type}\r\n"), body);
        assert_eq!((response.status, response.problem_code().as_str()), (422, "YB1310"), "{media_type}");
        let told = response.json()["errors"].clone();
        let expect: Vec<Value> = paths
            .iter()
            .map(|path| json!({"path": path, "category": "basic.mobile", "rule": "segment"}))
            .collect();
        assert_eq!(told, Value::from(expect), "{media_type}");
        assert!(!response.text().contains("12012345678"), "{media_type}");
    }
    assert!(stage.origin.seen().is_empty(), "nothing went on");
    let unreadable: [(&str, &[u8], u16, Value); 4] = [
        ("text/xml", b"<c><d></c>", 422, json!([{"path": "", "rule": "malformed", "at": 6}])),
        ("text/csv", b"a,b\n\"1\"x,2\n", 422, json!([{"path": "", "rule": "malformed", "at": 7}])),
        (
            "multipart/form-data; boundary=q",
            b"--q\r\nContent-Disposition: form-data; name=\"x\"\r\nContent-Type: application/json\r\n\r\n{\"a\":}\r\n--q--\r\n",
            422,
            json!([{"path": "/x", "rule": "malformed", "at": 5}]),
        ),
        (
            "multipart/form-data; boundary=q",
            b"--q\r\nContent-Disposition: form-data; name=\"x\"; filename=\"x\"\r\nContent-Type: application/zip\r\n\r\nPK\r\n--q--\r\n",
            415,
            json!([{"path": "/x", "rule": "media-type"}]),
        ),
    ];
    for (media_type, body, status, errors) in unreadable {
        let (response, _) = post(&stage, "/open", &format!("Content-Type: {media_type}\r\n"), body);
        assert_eq!((response.status, &response.json()["errors"]), (status, &errors), "{media_type}");
    }
    assert!(stage.origin.seen().is_empty(), "nothing went on");
    let right = parts.replace("12012345678", "13912345678");
    let (response, _) =
        post(&stage, "/open", "Content-Type: multipart/form-data; boundary=q\r\n", right.as_bytes());
    assert_eq!(response.status, 200, "{}", response.text());
    assert_eq!(stage.origin.seen().remove(0).body, right.as_bytes(), "byte for byte");
}

#[test]
fn t12_what_is_only_flagged_goes_on_and_is_recorded() {
    let stage = stage();
    let (response, trace) =
        post(&stage, "/open", JSON, br#"{"e_mail":"zhang.san@example","birthday":"1990-02-30"}"#);
    assert_eq!(response.status, 200, "{}", response.text());
    assert_eq!(stage.origin.seen().len(), 1);
    let intent = stage.gateway.entries_of(&trace).remove(0).intent;
    let expect = [("basic: date", 1), ("basic: format", 1)];
    assert_eq!(intent.input_faults, expect.map(|(what, count)| (what.to_owned(), count)).into());
    assert_eq!(intent.decision, "permit");
}

#[test]
fn t12_queries_forms_and_unreadable_bodies() {
    let stage = stage();
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let cases: [(&str, &str, &[u8], u16, &str); 8] = [
        ("/open?mobile_tel=1381234567", JSON, b"{}", 422, "YB1310"),
        ("/open?mobile_tel=%ff%fe", JSON, b"{}", 422, "YB1311"),
        ("/open", form, b"mobile_tel=1381234567", 422, "YB1310"),
        ("/open", JSON, b"{\"mobile_tel\":", 422, "YB1311"),
        ("/open", JSON, b"\xff\xfe", 422, "YB1311"),
        ("/open", "Content-Type: application/octet-stream\r\n", b"x", 415, "YB1312"),
        ("/open", "", b"{}", 415, "YB1312"),
        ("/open", "Content-Type: application/json\r\nContent-Encoding: lzma\r\n", b"{}", 422, "YB1311"),
    ];
    for (path, headers, body, status, code) in cases {
        let (response, _) = post(&stage, path, headers, body);
        let what = String::from_utf8_lossy(body);
        assert_eq!(
            (response.status, response.problem_code().as_str()),
            (status, code),
            "{path} {headers}{what}"
        );
    }
    assert!(stage.origin.seen().is_empty(), "nothing went on");
    let named: Value = post(&stage, "/open?mobile_tel=1", JSON, b"{}").0.json();
    assert_eq!(named["errors"][0]["path"], "?mobile_tel");
    // A route that asks for nothing reads nothing.
    assert_eq!(post(&stage, "/unchecked", "", b"\xff mobile_tel=1").0.status, 200);
    assert_eq!(stage.origin.seen().remove(0).body, b"\xff mobile_tel=1");
}
