//! T8 (channels that the firm doesn't run), T5 (what comes in): what a request holds is treated before it goes on.

use serde_json::json;
use std::time::Duration;
use yingbi_tests::{Answer, Client, HOST, Response, Stage, Who, canary, stage};

/// `POST`; the answer and the trace id.
fn post(stage: &Stage, path: &str, headers: &str, body: &[u8]) -> (Response, String) {
    let trace = stage::trace();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {HOST}\r\n{}traceparent: 00-{trace}-00000000000000aa-01\r\nContent-Length: {}\r\n{headers}\r\n",
        stage.credentials(Who::Token("teller")),
        body.len()
    );
    let mut client = Client::connect(stage.gateway.address);
    client.send(&[head.as_bytes(), body].concat());
    let response = client.try_response(false, Duration::from_secs(20));
    (response.unwrap_or_else(|why| panic!("{why:?}: {}", client.shown())), trace)
}

const POLICY: &str = r#"apiVersion: yingbi/v1
kind: Role
metadata: {id: teller}
spec: {any: [{api_token: {id: teller}}]}
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: send, clause: ["T/TSAC001:7.5.a"]}
spec:
  match: {roles: [teller], routes: ["POST,GET crm.internal/**"]}
  allow: {level: "<=3"}
  treat: mask
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: mask-numbers, clause: ["T/TSAC001:8.4.2.1"]}
spec:
  match: {routes: ["crm.internal/sms", "crm.internal/sms/**"]}
  direction: request
  treat: {categories: {identity.document: mask, account.opening: mask, wealth.bank: mask, basic.age: age-band, credential.account: mask}}
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: no-faces, clause: ["T/TSAC001:8.8.1.2.e"]}
spec:
  match: {routes: ["crm.internal/sms"]}
  direction: request
  deny: {categories: [credential.biometric]}
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: watched, clause: ["T/TSAC001:8.4.2.1"]}
spec:
  mode: monitor
  match: {routes: ["crm.internal/watched"]}
  direction: request
  treat: mask
"#;

const JSON: &str = "Content-Type: application/json\r\n";

#[test]
fn t8_account_and_id_numbers_are_masked_in_what_channels_get() {
    let stage = Stage::start(POLICY);
    let text = format!("您的证件号{}已更新，银行卡{}可用", canary::ID, canary::CARD);
    let body =
        json!({"to": canary::MOBILE, "content": text, "id_no": canary::ID, "amount": 100.10}).to_string();
    let (response, trace) = post(&stage, "/sms", JSON, body.as_bytes());
    assert_eq!(response.status, 200, "{}", response.text());
    let seen = stage.origin.seen().remove(0);
    let sent = String::from_utf8(seen.body.clone()).unwrap();
    for hidden in [canary::ID, canary::CARD] {
        assert!(!sent.contains(hidden), "{sent}");
    }
    assert!(sent.contains(canary::MOBILE) && sent.contains("100.1"), "whom it goes to stays: {sent}");
    let head = String::from_utf8_lossy(&stage.origin.raw().remove(0)).to_lowercase();
    assert!(head.contains(&format!("content-length: {}\r\n", seen.body.len())), "{head}");
    let intent = stage.gateway.entries_of(&trace).remove(0).intent;
    assert_eq!(intent.request.get("identity.document: mask"), Some(&2), "{:?}", intent.request);
    assert_eq!(intent.request.get("wealth.bank: mask"), Some(&1));
    assert!(intent.rules.contains(&"mask-numbers".to_owned()));
}

#[test]
fn t8_every_format_and_the_query_are_treated() {
    let stage = Stage::start(POLICY);
    let id = canary::ID;
    let gzip = |text: &str| {
        use std::io::Write as _;
        let mut coder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        coder.write_all(text.as_bytes()).unwrap();
        coder.finish().unwrap()
    };
    let cases: [(&str, &str, Vec<u8>); 8] = [
        (
            "/sms",
            "Content-Type: application/x-www-form-urlencoded\r\n",
            format!("id_no={id}&x=1").into_bytes(),
        ),
        ("/sms", "Content-Type: text/csv\r\n", format!("id_no,age\n{id},37\n").into_bytes()),
        ("/sms", "Content-Type: application/xml\r\n", format!("<m><id_no>{id}</id_no></m>").into_bytes()),
        ("/sms", "Content-Type: application/x-ndjson\r\n", format!("{{\"id_no\":\"{id}\"}}\n").into_bytes()),
        ("/sms", "Content-Type: text/plain\r\n", format!("证件号{id}").into_bytes()),
        (
            "/sms",
            "Content-Type: multipart/form-data; boundary=q\r\n",
            format!("--q\r\nContent-Disposition: form-data; name=\"id_no\"\r\n\r\n{id}\r\n--q--\r\n")
                .into_bytes(),
        ),
        (
            "/sms",
            "Content-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Digest: sha-256=:x:\r\n",
            gzip(&format!("{{\"id_no\":\"{id}\"}}")),
        ),
        (&format!("/sms?id_no={id}&note=a%20b"), JSON, b"{}".to_vec()),
    ];
    for (path, headers, body) in cases {
        stage.origin.forget();
        let (response, _) = post(&stage, path, headers, &body);
        assert_eq!(response.status, 200, "{headers}: {}", response.text());
        let raw = stage.origin.raw().pop().unwrap();
        let seen = String::from_utf8_lossy(&raw).into_owned();
        assert!(!seen.contains(id), "{seen}");
        assert!(seen.contains("110*************74"), "{seen}");
        let head = seen.to_lowercase();
        assert!(!head.contains("content-encoding") && !head.contains("content-digest"), "{seen}");
    }
}

#[test]
fn t8_what_can_t_be_read_or_is_denied_does_not_go_on() {
    let stage = Stage::start(POLICY);
    let cases: [(&str, &[u8], u16, &str); 6] = [
        (JSON, b"{\"id_no\":", 422, "YB1311"),
        (JSON, b"\xff\xfe", 422, "YB1311"),
        ("Content-Type: application/octet-stream\r\n", b"x", 415, "YB1312"),
        ("", b"{}", 415, "YB1312"),
        (JSON, br#"{"face_feature":"c2FtcGxlIHRlbXBsYXRl"}"#, 403, "YB0711"),
        ("Content-Type: application/json\r\nContent-Encoding: lzma\r\n", b"{}", 422, "YB1311"),
    ];
    for (headers, body, status, code) in cases {
        let (response, _) = post(&stage, "/sms", headers, body);
        assert_eq!((response.status, response.problem_code().as_str()), (status, code), "{headers}");
        assert!(!response.text().contains("c2FtcGxl"));
    }
    assert!(stage.origin.seen().is_empty(), "nothing went on");
    // Elsewhere bodies pass byte for byte, read or not.
    assert_eq!(post(&stage, "/other", "", b"\xff id_no=1").0.status, 200);
    assert_eq!(stage.origin.seen().remove(0).body, b"\xff id_no=1");
}

#[test]
fn t8_a_rule_that_only_watches_changes_nothing() {
    let stage = Stage::start(POLICY);
    let body = json!({"id_no": canary::ID}).to_string();
    let (response, _) = post(&stage, "/watched", JSON, body.as_bytes());
    assert_eq!(response.status, 200, "{}", response.text());
    assert_eq!(stage.origin.seen().remove(0).body, body.as_bytes());
}

#[test]
fn t5_level_four_never_passes_in_clear_where_requests_are_treated() {
    let stage = Stage::start(POLICY);
    for body in [json!({"trade_pwd": "135790"}), json!({"trade_pwd": 135790}), json!({"sms_code": "482913"})]
    {
        stage.origin.forget();
        let (response, _) = post(&stage, "/sms/login", JSON, body.to_string().as_bytes());
        assert_eq!(response.status, 200, "{}", response.text());
        let seen = String::from_utf8(stage.origin.seen().remove(0).body).unwrap();
        assert!(!seen.contains("135790") && !seen.contains("482913"), "{seen}");
    }
    stage.answers(Answer::json("{}"));
}
