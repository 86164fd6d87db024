//! T5 (encrypt on write, decrypt on read), T6 (tokens, date shift), K5 (keys that are lost): through the gateway.

use serde_json::{Value, json};
use std::time::Duration;
use yingbi_tests::{Answer, Client, HOST, Response, Stage, Who, canary, stage};

const KEYS: &str = "  primary: {kek: soft, file: {passphrase: {file: kek.pass}}}\n";

/// A gateway with data keys; tellers see masks, officers read in clear what is theirs to read.
fn start(policy: &str) -> Stage {
    Stage::with(&format!("{ROLES}{policy}"), |setup| {
        setup
            .file("kek.pass", "correct horse battery staple\n")
            .file("checkpoint.key", &"c3".repeat(32))
            .keys(KEYS)
    })
}

const ROLES: &str = r#"apiVersion: yingbi/v1
kind: Role
metadata: {id: teller}
spec: {any: [{api_token: {id: teller}}]}
---
apiVersion: yingbi/v1
kind: Role
metadata: {id: officer}
spec: {any: [{api_token: {id: officer}}]}
---
"#;

const STORE: &str = r#"apiVersion: yingbi/v1
kind: Purpose
metadata: {id: reporting}
spec: {basis: legal-duty}
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: writes, clause: ["T/TSAC001:7.5.a"]}
spec:
  match: {roles: [teller, officer], routes: ["POST crm.internal/store"]}
  allow: {level: "<=2"}
  treat: mask
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: encrypt-on-write, clause: ["T/TSAC001:8.3.3.2.c"]}
spec:
  match: {routes: ["POST crm.internal/store"]}
  direction: request
  treat: {categories: {"level:>=3": encrypt}}
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: teller-sees-masks, clause: ["T/TSAC001:8.4.4.a"]}
spec:
  match: {roles: [teller], routes: ["GET crm.internal/store"]}
  allow: {level: "<=3"}
  treat: mask
  decrypt: ["level:<=3"]
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: officer-reads, clause: ["T/TSAC001:8.1.c"]}
spec:
  match: {roles: [officer], purposes: [reporting], routes: ["GET crm.internal/store"]}
  allow: {level: "<=3"}
  treat: clear
  decrypt: [identity.document, basic, wealth.cash]
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: officer-copies, clause: ["T/TSAC001:8.1.c"]}
spec:
  match: {roles: [officer], purposes: [reporting], routes: ["GET crm.internal/copy"]}
  allow: {level: "<=3"}
  treat: clear
"#;

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

const JSON: &str = "Content-Type: application/json\r\n";
const REPORTING: &str = "Yingbi-Purpose: reporting\r\n";

fn person() -> Value {
    json!({
        "client_name": canary::NAME, "id_no": canary::ID, "mobile_tel": canary::MOBILE, "trade_pwd": "135790",
        "enable_balance": 7372452.01, "memo": "row \"1\"\n", "serial": 17,
    })
}

#[test]
fn t5_what_is_stored_is_encrypted_and_read_by_those_allowed() {
    let stage = start(STORE);
    let (response, trace) = post(&stage, "/store", JSON, person().to_string().as_bytes());
    assert_eq!(response.status, 200, "{}", response.text());
    let stored = String::from_utf8(stage.origin.seen().remove(0).body).unwrap();
    for hidden in [canary::ID, canary::MOBILE, "135790", "7372452"] {
        assert!(!stored.contains(hidden), "{stored}");
    }
    let row: Value = serde_json::from_str(&stored).unwrap();
    for key in ["id_no", "mobile_tel", "trade_pwd", "enable_balance"] {
        assert!(row[key].as_str().is_some_and(|text| text.starts_with("yb1.")), "{key}: {row}");
    }
    assert_eq!((&row["memo"], &row["serial"]), (&json!("row \"1\"\n"), &json!(17)), "the rest is as it came");
    let intent = stage.gateway.entries_of(&trace).remove(0).intent;
    assert_eq!(intent.request.get("identity.document: encrypt"), Some(&1), "{:?}", intent.request);
    assert_eq!(intent.request.get("credential.account: encrypt"), Some(&1));

    // A client that stores what it read stores it as it is.
    stage.origin.forget();
    post(&stage, "/store", JSON, stored.as_bytes());
    assert_eq!(
        String::from_utf8(stage.origin.seen().remove(0).body).unwrap(),
        stored,
        "nothing is encrypted twice"
    );

    stage.answers(Answer::json(stored.clone()));
    let before = stage.gateway.metrics();
    let masked = stage.get(Who::Token("teller"), "/store");
    let got = masked.response.json();
    assert_eq!(
        (&got["id_no"], &got["mobile_tel"]),
        (&json!("110*************74"), &json!("139****5678")),
        "{got}"
    );
    assert_eq!((&got["trade_pwd"], &got["enable_balance"]), (&json!("********"), &json!(0)), "{got}");
    let clear = stage.ask(Who::Token("officer"), "GET", "/store", REPORTING);
    let got = clear.response.json();
    assert_eq!((&got["id_no"], &got["mobile_tel"]), (&json!(canary::ID), &json!(canary::MOBILE)), "{got}");
    assert_eq!(got["enable_balance"], json!(7372452.01), "a number is one again");
    assert_eq!(got["trade_pwd"], "********", "level 4 is decrypted for nobody");
    let intent = stage.record(&clear).intent;
    assert_eq!(intent.keyed.get("identity.document: decrypt"), Some(&1), "{:?}", intent.keyed);
    let grown = stage.gateway.metrics().grown(&before, "yingbi_field_keys_total");
    assert!(grown.keys().any(|labels| labels["outcome"] == "decrypt"), "{grown:?}");
    // Whose rule lets nothing be decrypted gets envelopes, level 4 not even these.
    let copy = stage.ask(Who::Token("officer"), "GET", "/copy", REPORTING).response.json();
    assert_eq!((&copy["id_no"], &copy["trade_pwd"]), (&row["id_no"], &json!("********")));
}

#[test]
fn t5_every_format_is_encrypted_on_write_and_decrypted_on_read() {
    let stage = start(STORE);
    let (id, mobile) = (canary::ID, canary::MOBILE);
    let cases = [
        ("application/json", format!("[{{\"id_no\":\"{id}\"}}]")),
        ("application/x-ndjson", format!("{{\"id_no\":\"{id}\"}}\n{{\"mobile_tel\":\"{mobile}\"}}\n")),
        ("text/csv", format!("id_no,mobile_tel,n\n{id},{mobile},1\n")),
        ("application/xml", format!("<p><id_no>{id}</id_no><mobile_tel>{mobile}</mobile_tel></p>")),
        ("application/x-www-form-urlencoded", format!("id_no={id}&mobile_tel={mobile}&n=1")),
    ];
    for (media_type, body) in cases {
        stage.origin.forget();
        let (response, _) =
            post(&stage, "/store", &format!("Content-Type: {media_type}\r\n"), body.as_bytes());
        assert_eq!(response.status, 200, "{media_type}: {}", response.text());
        let stored = String::from_utf8(stage.origin.seen().remove(0).body).unwrap();
        assert!(!stored.contains(id) && !stored.contains(mobile) && stored.contains("yb1."), "{stored}");
        stage.answers(Answer::of_type(media_type, stored));
        let read = stage.ask(Who::Token("officer"), "GET", "/store", REPORTING).response.text();
        assert_eq!(read, body, "{media_type}");
    }
}

#[test]
fn t5_envelopes_that_do_not_open_are_masked_and_the_rest_is_served() {
    let stage = start(STORE);
    post(
        &stage,
        "/store",
        JSON,
        json!({"id_no": canary::ID, "mobile_tel": canary::MOBILE}).to_string().as_bytes(),
    );
    let stored: Value = serde_json::from_slice(&stage.origin.seen().remove(0).body).unwrap();
    let (id, mobile) = (stored["id_no"].as_str().unwrap(), stored["mobile_tel"].as_str().unwrap());
    let mut altered = id.to_owned().into_bytes();
    let at = altered.len() - 6;
    altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
    let altered = String::from_utf8(altered).unwrap();
    let (_, kid) = id.split_once('.').unwrap();
    let (kid, _) = kid.split_once('.').unwrap();
    let unknown = id.replace(kid, "nobodyskey01");
    // Whole groups of base64 are left.
    let cut = &id[..id.len() - 2];
    let short = &id[..kid.len() + 12];
    let cases = [
        (altered.as_str(), "YB0725"),
        (cut, "YB0725"),
        (mobile, "YB0725"),
        (&unknown, "YB0722"),
        (short, "YB0726"),
        ("yb1.", "YB0726"),
    ];
    for (envelope, code) in cases {
        let before = stage.gateway.metrics();
        stage.answers_json(&json!({"id_no": envelope, "mobile_tel": mobile, "rows": [1, 2]}));
        let asked = stage.ask(Who::Token("officer"), "GET", "/store", REPORTING);
        let expect = json!({"id_no": "********", "mobile_tel": canary::MOBILE, "rows": [1, 2]});
        assert_eq!(asked.response.json(), expect, "{envelope}");
        let intent = stage.record(&asked).intent;
        assert_eq!(intent.keyed.get(&format!("identity.document: {code}")), Some(&1), "{:?}", intent.keyed);
        let grown = stage.gateway.metrics().grown(&before, "yingbi_field_keys_total");
        assert!(grown.keys().any(|labels| labels["outcome"] == code), "{grown:?}");
    }
}

/// The same rules, with envelopes bound as a mask says, and records named.
fn bound(bind: &str) -> String {
    let mask = format!(
        "apiVersion: yingbi/v1\nkind: Mask\nmetadata: {{id: bound}}\nspec: {{algorithm: encrypt, bind: {bind}}}\n---\n"
    );
    let records = r#"apiVersion: yingbi/v1
kind: Binding
metadata: {id: store}
spec:
  route: {host: crm.internal, path: /store}
  purpose: {header: true}
  records: $.data[*]
  subject: $.client_id
  request: {records: "$[*]", subject: $.client_id}
---
"#;
    format!(
        "{mask}{records}{}",
        STORE.replace(r#"{"level:>=3": encrypt}"#, r#"{"basic.mobile": bound, "identity.document": bound}"#)
    )
}

#[test]
fn t5_a_moved_envelope_is_masked_and_the_rest_is_served() {
    for (bind, moves_person, moves_name) in [
        ("subject", "YB0725", "decrypt"),
        ("path", "decrypt", "YB0725"),
        ("[subject, path]", "YB0725", "YB0725"),
    ] {
        let stage = start(&bound(bind));
        let people = json!([
            {"client_id": "80001234", "mobile_tel": canary::MOBILE, "contact": {"mobile_tel": "13712345678"}},
            {"client_id": "80005678", "mobile_tel": "13698765432"},
        ]);
        post(&stage, "/store", JSON, people.to_string().as_bytes());
        let stored: Value = serde_json::from_slice(&stage.origin.seen().remove(0).body).unwrap();
        let sealed = |row: usize| stored[row]["mobile_tel"].clone();
        assert!(sealed(0).as_str().is_some_and(|text| text.starts_with("yb1.")), "{bind}: {stored}");
        let read = |data: &Value| {
            stage.answers_json(&json!({ "data": data }));
            stage.ask(Who::Token("officer"), "GET", "/store", REPORTING)
        };
        assert_eq!(read(&stored).response.json()["data"], people, "{bind}: where it was put");
        let mut other_person = stored.clone();
        other_person[1]["mobile_tel"] = sealed(0);
        let mut other_name = stored.clone();
        other_name[0]["contact"]["mobile_tel"] = sealed(0);
        for (moved, outcome, at) in [
            (other_person, moves_person, "/data/1/mobile_tel"),
            (other_name, moves_name, "/data/0/contact/mobile_tel"),
        ] {
            let before = stage.gateway.metrics();
            let asked = read(&moved);
            let (got, intent) = (asked.response.json(), stage.record(&asked).intent);
            let (value, served) = (got.pointer(at).unwrap(), &got["data"][0]["mobile_tel"]);
            assert_eq!(*served, canary::MOBILE, "{bind}: the rest is served");
            assert_eq!(*value == "********", outcome != "decrypt", "{bind}: {got}");
            let expect = if outcome == "decrypt" { 3 } else { 1 };
            assert_eq!(
                intent.keyed.get(&format!("basic: {outcome}")),
                Some(&expect),
                "{bind}: {:?}",
                intent.keyed
            );
            let grown = stage.gateway.metrics().grown(&before, "yingbi_field_keys_total");
            assert!(grown.keys().any(|labels| labels["outcome"] == outcome), "{bind}: {grown:?}");
        }
    }
}

#[test]
fn t5_envelopes_among_words_are_opened_where_permitted_and_never_cut() {
    let stage = start(STORE);
    post(&stage, "/store", JSON, json!({"id_no": canary::ID, "trade_pwd": "135790"}).to_string().as_bytes());
    let stored: Value = serde_json::from_slice(&stage.origin.seen().remove(0).body).unwrap();
    let (id, password) = (stored["id_no"].as_str().unwrap(), stored["trade_pwd"].as_str().unwrap());
    let note = |id: &str, password: &str| format!("客户证件 {id}，已核实；口令 {password} 。");
    type Written = fn(&str) -> String;
    let bodies: [(&str, Written); 6] = [
        ("text/plain", str::to_owned),
        ("text/html", |note| format!("<p>{note}</p>")),
        ("application/json", |note| json!({ "memo": note }).to_string()),
        ("text/csv", |note| format!("memo,n\n\"{note}\",1\n")),
        ("application/xml", |note| format!("<memo>{note}</memo>")),
        ("text/event-stream", |note| format!("data: {note}\n\n")),
    ];
    for (media_type, body) in bodies {
        let head = format!("Content-Type: {media_type}\r\nX-Customer-Note: {id}\r\n");
        stage.answers(Answer::with(&head, body(&note(id, password))));
        let opened = stage.ask(Who::Token("officer"), "GET", "/store", REPORTING);
        assert_eq!(opened.response.text(), body(&note(canary::ID, "********")), "{media_type}");
        assert_eq!(opened.response.header("x-customer-note"), Some(canary::ID), "{media_type}");
        let intent = stage.record(&opened).intent;
        assert_eq!(intent.keyed.get("identity.document: decrypt"), Some(&2), "{:?}", intent.keyed);
        let masked = stage.get(Who::Token("teller"), "/store").response;
        assert_eq!(masked.text(), body(&note("110*************74", "********")), "{media_type}");
        // Whose rule opens nothing gets it as it is; level 4 not even that.
        let shut = stage.ask(Who::Token("officer"), "GET", "/copy", REPORTING).response;
        assert_eq!(shut.text(), body(&note(id, "********")), "{media_type}");
        assert_eq!(shut.header("x-customer-note"), Some(id));
        // What comes in with an envelope in it is stored with it, not with an envelope of it.
        stage.origin.forget();
        let (response, _) = post(
            &stage,
            "/store",
            &format!("Content-Type: {media_type}\r\n"),
            body(&note(id, canary::MOBILE)).as_bytes(),
        );
        if response.status == 200 {
            let stored = String::from_utf8(stage.origin.seen().remove(0).body).unwrap();
            assert!(stored.contains(id) && !stored.contains(canary::MOBILE), "{media_type}: {stored}");
        }
    }
}

#[test]
fn t5_headers_of_requests_are_treated_as_their_rules_say() {
    let stage = start(STORE);
    let headers = format!(
        "{JSON}X-Customer-Mobile: {}\r\nX-Note: id {}\r\nX-Trade-Pwd: 135790\r\nX-Serial: 17\r\nCookie: s=13612345670\r\n",
        canary::MOBILE,
        canary::ID
    );
    let (response, trace) = post(&stage, "/store", &headers, b"{}");
    assert_eq!(response.status, 200, "{}", response.text());
    let seen = stage.origin.seen().remove(0);
    let lines =
        seen.request.headers.iter().map(|(name, value)| format!("{}: {value}\n", name.to_ascii_lowercase()));
    let head: String = lines.collect();
    for hidden in [canary::MOBILE, canary::ID, "135790"] {
        assert!(!head.contains(hidden), "{head}");
    }
    let line =
        |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().to_owned();
    assert!(line("x-customer-mobile: ").starts_with("yb1."), "{head}");
    assert!(line("x-note: ").starts_with("id yb1."), "{head}");
    assert_eq!(
        (line("x-serial: "), line("cookie: ")),
        ("17".to_owned(), "s=13612345670".to_owned()),
        "{head}"
    );
    let intent = stage.gateway.entries_of(&trace).remove(0).intent;
    assert_eq!(intent.request.get("basic: encrypt"), Some(&1), "{:?}", intent.request);
    // And `policy explain` says which rules these are.
    let explained = std::process::Command::new(yingbi_tests::binary())
        .args([
            "policy",
            "explain",
            "policies",
            "--route",
            "POST crm.internal/store",
            "--caller-role",
            "teller",
        ])
        .current_dir(stage.gateway.directory())
        .env("LC_ALL", "C")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&explained.stdout).into_owned();
    assert!(told.contains("rules for requests") && told.contains("encrypt-on-write"), "{told}");
    assert!(told.contains("encrypted with SM4-GCM): "), "{told}");
}

#[test]
fn k5_without_keys_what_is_to_be_encrypted_is_masked_never_clear() {
    let stage = Stage::start(&format!("{ROLES}{STORE}"));
    let before = stage.gateway.metrics();
    let (response, trace) = post(&stage, "/store", JSON, person().to_string().as_bytes());
    assert_eq!(response.status, 200, "{}", response.text());
    let stored: Value = serde_json::from_slice(&stage.origin.seen().remove(0).body).unwrap();
    for key in ["id_no", "mobile_tel", "trade_pwd", "enable_balance"] {
        assert_eq!(stored[key], "********", "{key}: {stored}");
    }
    let intent = stage.gateway.entries_of(&trace).remove(0).intent;
    assert_eq!(intent.request.get("identity.document: mask"), Some(&1), "{:?}", intent.request);
    let grown = stage.gateway.metrics().grown(&before, "yingbi_field_keys_total");
    assert!(grown.keys().any(|labels| labels["outcome"] == "YB0720"), "{grown:?}");
}

const PSEUDONYMS: &str = r#"apiVersion: yingbi/v1
kind: Purpose
metadata: {id: test-data}
spec: {basis: contract}
---
apiVersion: yingbi/v1
kind: Purpose
metadata: {id: analysis}
spec: {basis: contract}
---
apiVersion: yingbi/v1
kind: Binding
metadata: {id: export}
spec:
  route: {host: crm.internal, method: GET, path: "/export"}
  records: $.data[*]
  subject: $.client_id
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: exports, clause: ["T/TSAC001:8.4.6.e"]}
spec:
  match: {roles: [teller], purposes: [test-data, analysis], routes: ["GET crm.internal/export"]}
  allow: {level: "<=3"}
  treat:
    default: nothing
    categories:
      basic.name: hash-token
      basic.mobile: hash-token
      identity.document: hash-token
      account.investor-code: hash-token
      basic.birth-date: date-shift
      wealth.cash: amount-band
"#;

#[test]
fn t6_pseudonyms_join_within_a_purpose_and_not_across() {
    let stage = start(PSEUDONYMS);
    let list = json!({"data": [
        {"client_id": "80001234", "mobile_tel": canary::MOBILE, "birthday": "1990-03-07", "enable_balance": 52},
        {"client_id": "80001234", "mobile_tel": format!(" {}", canary::MOBILE), "birthday": "1990-03-17", "enable_balance": 5200},
        {"client_id": "80005678", "mobile_tel": "13712345678", "birthday": "1990-03-07", "enable_balance": 1},
    ]});
    let ask = |purpose: &str| {
        stage.answers_json(&list);
        let asked =
            stage.ask(Who::Token("teller"), "GET", "/export", &format!("Yingbi-Purpose: {purpose}\r\n"));
        assert_eq!(asked.response.status, 200, "{}", asked.response.text());
        (asked.response.json()["data"].clone(), asked)
    };
    let (test, asked) = ask("test-data");
    let (analysis, _) = ask("analysis");
    assert_eq!(test, ask("test-data").0, "the same tomorrow");
    assert_eq!(test[0]["mobile_tel"], test[1]["mobile_tel"]);
    assert_eq!(test[0]["client_id"], test[1]["client_id"]);
    assert_ne!(test[0]["mobile_tel"], test[2]["mobile_tel"]);
    for key in ["client_id", "mobile_tel"] {
        assert!(test[0][key].as_str().is_some_and(|token| token.starts_with("ybt1.")), "{test}");
        assert_ne!(test[0][key], analysis[0][key], "unlinkable across purposes");
    }
    assert_eq!(test[0]["enable_balance"], 10);
    let shifted = test[0]["birthday"].as_str().unwrap();
    assert!(shifted.len() == 10 && shifted != "1990-03-07", "{shifted}");
    assert_eq!(day_number(&test[1]["birthday"]) - day_number(&test[0]["birthday"]), 10);
    assert_ne!(test[2]["birthday"], test[0]["birthday"]);
    let intent = stage.record(&asked).intent;
    assert_eq!(intent.keyed.get("basic: hash-token"), Some(&3), "{:?}", intent.keyed);
    assert_eq!(intent.keyed.get("basic: date-shift"), Some(&3));
}

/// Days since the year 0, by years that begin with March.
fn day_number(date: &Value) -> i64 {
    let parts: Vec<i64> = date.as_str().unwrap().split('-').map(|part| part.parse().unwrap()).collect();
    let year = if parts[1] <= 2 { parts[0] - 1 } else { parts[0] };
    365 * year + year / 4 - year / 100 + year / 400 + (153 * ((parts[1] + 9) % 12) + 2) / 5 + parts[2]
}
