//! C7: what each route returns and accepts, at what level, how often, to whom, and what of it is new.

use crate::FIRM;
use serde_json::{Value, json};
use std::process::Output;
use std::time::{Duration, Instant};
use yingbi_tests::{Answer, Client, Stage, Who, canary, credentials};

/// A route that no binding names.
const OPEN: &str = "POST crm.internal/open";
const TELLER: Who<'_> = Who::Token("teller");

fn inventory(stage: &Stage, query: &str) -> Value {
    let (status, body) = stage.gateway.admin_get(&format!("/api/v1/inventory{query}")).expect("answers");
    assert_eq!(status, 200, "{body}");
    serde_json::from_str(&body).expect("JSON")
}

/// The row of a route, and in it the field of a path.
fn route<'v>(inventory: &'v Value, template: &str) -> &'v Value {
    let routes = inventory["routes"].as_array().expect("routes");
    routes
        .iter()
        .find(|route| route["route"] == template)
        .unwrap_or_else(|| panic!("{template}: {inventory}"))
}

fn field<'v>(route: &'v Value, side: &str, path: &str) -> &'v Value {
    let fields = route[side].as_array().expect("fields");
    fields.iter().find(|field| field["path"] == path).unwrap_or_else(|| panic!("{path}: {route}"))
}

/// `drift path` of each difference, as the command line tells them, and its exit code.
fn drift(stage: &Stage) -> (i32, Vec<String>) {
    let output = stage.gateway.run(&["inventory", "drift", "--config", "yingbi.yaml", "--format", "json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    let entries = report["drift"].as_array().expect("a list");
    let shown = entries.iter().map(|entry| {
        format!("{} {}", entry["drift"].as_str().unwrap_or(""), entry["path"].as_str().unwrap_or("-"))
    });
    (output.status.code().expect("ended"), shown.collect())
}

/// An answer with an address in a header of this name.
fn with_header(name: &str, body: &Value) -> Answer {
    let headers = format!("Content-Type: application/json\r\n{name}: {}\r\n", canary::EMAIL);
    Answer::with(&headers, body.to_string())
}

/// What was counted is in the file.
fn written(stage: &Stage) {
    drop(inventory(stage, ""));
}

/// The inventory once a request's field of this path is listed: that is done when the client has its answer already.
fn listed(stage: &Stage, template: &str, path: &str) -> Value {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let told = inventory(stage, "");
        let routes = told["routes"].as_array().expect("routes");
        let of_route = routes.iter().filter(|route| route["route"] == template);
        let mut fields = of_route.flat_map(|route| route["accepts"].as_array().expect("fields"));
        if fields.any(|field| field["path"] == path) {
            return told;
        }
        assert!(Instant::now() < deadline, "{path}: {told}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Sends a body; the status of its answer.
fn post(stage: &Stage, path: &str, media_type: &str, body: &[u8]) -> u16 {
    let mut client = Client::connect(stage.gateway.address);
    let (host, credentials, length) = (yingbi_tests::HOST, credentials("teller"), body.len());
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\n{credentials}Content-Type: {media_type}\r\nContent-Length: {length}\r\n\r\n"
    );
    client.send(head.as_bytes());
    client.send(body);
    client.response().status
}

fn accept(stage: &Stage) -> Output {
    written(stage);
    stage.gateway.run(&["inventory", "accept", "--config", "yingbi.yaml", "--by", "sec-007"])
}

#[test]
fn c7_a_route_is_listed_with_its_fields_levels_counts_and_callers() {
    let stage = Stage::start(FIRM);
    stage.answers(Answer::json(canary::person_json()));
    for _ in 0..3 {
        assert_eq!(stage.get(TELLER, "/customers/80001234").response.status, 200);
    }
    let query = format!("/customers/80001234?page=1&mobile={}&80001234=x", canary::MOBILE);
    stage.get(Who::SteppedUp("80001234"), &query);
    let list = json!({"data": [{"client_id": "80001234", "client_name": canary::NAME, "notes": []},
                               {"client_id": "80001235", "client_name": "李四光", "notes": ["请回电13800138000"]}]});
    stage.answers_json(&list).get(TELLER, "/customers");

    let inventory = inventory(&stage, "");
    let one = route(&inventory, "/customers/{client_id}");
    assert_eq!(one["answers"], 4);
    let mobile = field(one, "returns", "/data/mobile_tel");
    assert_eq!(
        (&mobile["kind"], &mobile["category"], &mobile["level"]),
        (&json!("basic.mobile"), &json!("basic"), &json!(3))
    );
    assert_eq!(
        (&mobile["masked"], &mobile["clear"]),
        (&json!(3), &json!(1)),
        "three masked, one's own in clear"
    );
    assert_eq!(mobile["how"], "key");
    let password = field(one, "returns", "/data/trade_pwd");
    assert_eq!((&password["level"], &password["clear"]), (&json!(4), &json!(0)));
    let first = |field: &Value| field["first_seen"].as_str().expect("a time").to_owned();
    assert!(first(mobile).as_str() <= mobile["last_seen"].as_str().expect("a time"));
    assert_eq!(field(one, "accepts", "!path/client_id")["clear"], 4, "what comes in is listed too");
    let mobile = field(one, "accepts", "!query/mobile");
    assert_eq!((&mobile["kind"], &mobile["clear"]), (&json!("basic.mobile"), &json!(1)));
    let roles: Vec<&Value> =
        one["callers"].as_array().unwrap().iter().map(|caller| &caller["roles"]).collect();
    assert_eq!(roles, [&json!(["investor"]), &json!(["teller"])]);
    let teller = &one["callers"][1];
    assert_eq!(
        (&teller["answers"], &teller["method"], &teller["identified_by"]),
        (&json!(3), &json!("GET"), &json!("api-token"))
    );
    assert_eq!(teller["caller"].as_str().map(str::len), Some(32), "a pseudonym");

    let list = route(&inventory, "/customers");
    assert_eq!(field(list, "returns", "/data/*/client_name")["masked"], 2);
    assert_eq!(field(list, "returns", "/data/*/notes/*")["kind"], "basic.mobile");
}

#[test]
fn c7_what_requests_hold_is_listed_and_its_drift_reported() {
    let stage = Stage::with(FIRM, |setup| {
        setup.more_policy(
            "opening.yaml",
            r#"apiVersion: yingbi/v1
kind: Binding
metadata: {id: open-account}
spec:
  route: {host: crm.internal, method: POST, path: /checked}
  validate: {categories: {basic.mobile: reject}}
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: teller-opens, title: 柜员办理开户, clause: ["T/TSAC001:7.5.a"]}
spec:
  match: {roles: [teller], routes: ["POST crm.internal/open", "POST crm.internal/checked"]}
  allow: {level: "<=3"}
"#,
        )
    });
    stage.answers_json(&json!({"ok": true}));
    let person = json!({"customers": [{"id_no": canary::ID, "mobile_tel": canary::MOBILE, "trade_pwd": "135790"},
                                      {"mobile_tel": canary::MOBILE, "80001234": {"mobile_tel": canary::MOBILE}}]});
    let json_type = "application/json";
    assert_eq!(post(&stage, "/open", json_type, person.to_string().as_bytes()), 200);
    assert_eq!(post(&stage, "/open", json_type, person.to_string().as_bytes()), 200);
    let form = format!("mobile_tel={}&page=1", canary::MOBILE);
    assert_eq!(post(&stage, "/open", "application/x-www-form-urlencoded", form.as_bytes()), 200);
    let part = format!(
        "--q\r\nContent-Disposition: form-data; name=\"list\"; filename=\"a.csv\"\r\nContent-Type: text/csv\r\n\r\n\
         x,e_mail\n1,{}\n\r\n--q--\r\n",
        canary::EMAIL
    );
    assert_eq!(post(&stage, "/open", "multipart/form-data; boundary=q", part.as_bytes()), 200);
    assert_eq!(post(&stage, "/checked", json_type, person.to_string().as_bytes()), 200);
    // Nothing of these is read: they pass, and list nothing.
    assert_eq!(post(&stage, "/open", "application/octet-stream", b"\xff mobile_tel=13800138000"), 200);
    assert_eq!(post(&stage, "/open", json_type, b"{\"mobile_tel\":"), 200);
    // Of a body beyond what is looked at the whole lines are.
    let rows = format!("row,bank_account\n{}", format!("1,{}\n", canary::CARD).repeat(20_000));
    assert_eq!(post(&stage, "/open", "text/csv", rows.as_bytes()), 200);
    assert_eq!(stage.origin.seen().last().map(|seen| seen.body.len()), Some(rows.len()), "passed whole");

    let told = listed(&stage, OPEN, "/*/bank_account");
    let open = route(&told, OPEN);
    let mobile = field(open, "accepts", "/customers/*/mobile_tel");
    assert_eq!(
        (&mobile["kind"], &mobile["level"], &mobile["clear"]),
        (&json!("basic.mobile"), &json!(3), &json!(4))
    );
    assert_eq!(field(open, "accepts", "/customers/*/trade_pwd")["level"], 4);
    assert_eq!(field(open, "accepts", "/customers/*/*/mobile_tel")["clear"], 2, "no name that is somebody's");
    assert_eq!(field(open, "accepts", "/mobile_tel")["clear"], 1);
    assert_eq!(field(open, "accepts", "/list/*/e_mail")["kind"], "basic.email");
    let rows = field(open, "accepts", "/*/bank_account")["clear"].as_u64().expect("a count");
    assert!((5_000..20_000).contains(&rows), "{rows}");
    assert_eq!(open["callers"][0]["roles"], json!(["teller"]));
    assert_eq!(field(route(&told, "/checked"), "accepts", "/customers/*/mobile_tel")["clear"], 2);
    let text = told.to_string();
    for value in [canary::MOBILE, canary::ID, canary::CARD, "80001234"] {
        assert!(!text.contains(value), "{value} in {text}");
    }
    let (_, csv) = stage.gateway.admin_get("/api/v1/inventory?format=csv").expect("answers");
    assert!(
        csv.lines().any(|line| line.contains("accepts") && line.contains("/customers/*/mobile_tel")),
        "{csv}"
    );

    assert_eq!(accept(&stage).status.code(), Some(0));
    assert_eq!(drift(&stage), (0, vec![]));
    post(
        &stage,
        "/open",
        json_type,
        json!({"address": "上海市浦东新区世纪大道100号"}).to_string().as_bytes(),
    );
    listed(&stage, OPEN, "/address");
    assert_eq!(drift(&stage), (1, vec!["new-field /address".to_owned()]));
}

#[test]
fn c7_drift_stands_out_until_a_person_accepts_it() {
    let mut stage = Stage::start(FIRM);
    stage.answers_json(&json!({"client_id": "80001234", "mobile_tel": canary::MOBILE}));
    stage.get(TELLER, "/customers/80001234");
    written(&stage);
    let (code, all) = drift(&stage);
    assert_eq!(code, 1);
    assert!(
        all.contains(&"new-route -".to_owned()) && all.contains(&"new-category /mobile_tel".to_owned()),
        "{all:?}"
    );
    assert_eq!(accept(&stage).status.code(), Some(0));
    assert_eq!(drift(&stage), (0, vec![]));

    // The same again is no drift; one more field of a known category and one of a new one are, before any restart.
    stage.get(TELLER, "/customers/80001234");
    written(&stage);
    assert_eq!(drift(&stage), (0, vec![]));
    let before = stage.gateway.metrics();
    stage.answers_json(
        &json!({"client_id": "80001234", "mobile_tel": canary::MOBILE, "e_mail": canary::EMAIL,
        "nested": [{"bank_account": canary::CARD}]}),
    );
    stage.get(TELLER, "/customers/80001234");
    written(&stage);
    let expected = vec!["new-field /e_mail".to_owned(), "new-category /nested/*/bank_account".to_owned()];
    assert_eq!(drift(&stage), (1, expected.clone()));
    let after = stage.gateway.metrics();
    for (drift, count) in
        [("new-field", 1.0), ("new-category", 1.0), ("new-route", 0.0), ("changed-level", 0.0)]
    {
        let grown = |metrics: &yingbi_tests::evidence::Metrics| {
            metrics.sum("yingbi_inventory_drift_total", &[("type", drift)])
        };
        assert_eq!(grown(&after) - grown(&before), count, "{drift}");
    }
    assert!(after.sum("yingbi_inventory_fields", &[]) > before.sum("yingbi_inventory_fields", &[]));

    // A kill loses nothing that was written; neither does a stop what was not.
    stage.gateway.start_again();
    assert_eq!(drift(&stage), (1, expected.clone()));
    let all = inventory(&stage, "");
    assert_eq!(field(route(&all, "/customers/{client_id}"), "returns", "/mobile_tel")["masked"], 3);
    stage.get(TELLER, "/customers/80001234");
    assert!(stage.gateway.stop().success());
    let output = stage.gateway.run(&["inventory", "--config", "yingbi.yaml", "--format", "json"]);
    let stopped: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let mobile = field(route(&stopped, "/customers/{client_id}"), "returns", "/mobile_tel");
    assert_eq!(mobile["masked"], 4, "the last seconds before a stop are there");
    stage.gateway.start_again();

    assert_eq!(accept(&stage).status.code(), Some(0));
    assert_eq!(drift(&stage), (0, vec![]));
    let (_, report) = stage.gateway.admin_get("/api/v1/inventory/drift").expect("answers");
    let report: Value = serde_json::from_str(&report).expect("JSON");
    assert_eq!((&report["drift"], &report["baseline"]["by"]), (&json!([]), &json!("sec-007")));
}

#[test]
fn c7_what_is_blocked_or_stands_in_headers_and_strings_is_listed() {
    let policy = format!(
        "{FIRM}---\napiVersion: yingbi/v1\nkind: Policy\nmetadata: {{id: no-health, title: 不得提供健康信息, clause: [\"T/TSAC001:7.5.a\"]}}\n\
         spec:\n  match: {{routes: [\"GET crm.internal/customers\"]}}\n  deny: {{categories: [health.status]}}\n"
    );
    let stage = Stage::start(&policy);
    let inner = json!({"mobile_tel": canary::MOBILE}).to_string();
    stage.answers(with_header("X-Contact", &json!({"payload": inner})));
    stage.get(TELLER, "/customers");
    stage.answers_json(&json!({"health_status": "高血压"}));
    let blocked = stage.get(TELLER, "/customers");
    assert_eq!(blocked.response.status, 403, "{}", blocked.response.text());
    let inventory = inventory(&stage, "?route=%2Fcustomers");
    let route = route(&inventory, "/customers");
    assert_eq!(field(route, "returns", "/payload/!json/mobile_tel")["masked"], 1);
    assert_eq!(field(route, "returns", "!header/x-contact")["masked"], 1);
    let health = field(route, "returns", "/health_status");
    assert_eq!((&health["blocked"], &health["clear"]), (&json!(1), &json!(0)));
}

#[test]
fn e2_no_value_is_in_the_inventory_or_what_is_told_of_it() {
    let mut stage = Stage::start(FIRM);
    // Values where names should be: keys, headers, paths, queries.
    let mut members = serde_json::Map::new();
    for value in canary::ALL {
        members.insert((*value).to_owned(), json!({"mobile_tel": canary::MOBILE, *value: [*value]}));
        members.insert(format!("{value}的手机"), json!(canary::MOBILE));
    }
    members.insert("list".into(), serde_json::from_str(&canary::person_json()).expect("JSON"));
    members.insert("text".into(), json!(canary::person_text()));
    members.insert("inner".into(), json!(canary::person_json()));
    stage.answers(with_header(&format!("X-{}", canary::MOBILE), &Value::Object(members)));
    for path in
        ["/customers", &format!("/customers/{}?mobile={}&{}=1", canary::MOBILE, canary::MOBILE, canary::ID)]
    {
        assert_eq!(stage.get(TELLER, path).response.status, 200);
        stage.get(Who::Investor(canary::MOBILE), path);
    }
    let mut told = vec![];
    for path in ["", "/drift", "?format=csv", "/drift?format=csv"] {
        let (status, body) = stage.gateway.admin_get(&format!("/api/v1/inventory{path}")).expect("answers");
        assert_eq!(status, 200, "{body}");
        assert!(body.contains("basic.mobile") && body.contains("!key"), "{body}");
        told.push((path.to_owned(), body.into_bytes()));
    }
    for arguments in [&["inventory"][..], &["inventory", "drift"]] {
        for format in ["text", "json", "csv"] {
            let output =
                stage.gateway.run(&[arguments, &["--config", "yingbi.yaml", "--format", format]].concat());
            assert!(String::from_utf8_lossy(&output.stdout).contains("basic.mobile"), "{output:?}");
            told.push((format!("{arguments:?} {format}"), [output.stdout, output.stderr].concat()));
        }
    }
    let refused =
        stage.gateway.run(&["inventory", "accept", "--config", "yingbi.yaml", "--by", canary::MOBILE]);
    assert_eq!(refused.status.code(), Some(64));
    told.push(("accept".to_owned(), [refused.stdout, refused.stderr].concat()));
    for (what, bytes) in &told {
        canary::assert_hidden(what, bytes);
    }
    // Files while it runs, write-ahead log included, and once it has stopped.
    for _ in 0..2 {
        let state: Vec<_> = stage
            .gateway
            .written()
            .into_iter()
            .filter(|(path, _)| path.to_string_lossy().contains("inventory.db"))
            .collect();
        assert!(!state.is_empty());
        for (path, bytes) in state {
            canary::assert_hidden(&path.display().to_string(), &bytes);
        }
        if stage.gateway.admin_get("/livez").is_ok() {
            stage.gateway.stop();
        }
    }
}

#[test]
fn c7_an_origin_that_makes_up_names_neither_fills_nor_hides() {
    let stage = Stage::start(FIRM);
    let word = |n: usize| {
        format!("f{}", n.to_string().bytes().map(|digit| char::from(digit + 49)).collect::<String>())
    };
    for round in 0..5 {
        let members: Vec<String> = (0..20_000)
            .map(|n| format!(r#""{}":{{"mobile_tel":"13800138000"}}"#, word(round * 20_000 + n)))
            .collect();
        stage.answers(Answer::json(format!("{{{}}}", members.join(","))));
        assert_eq!(stage.get(TELLER, "/customers").response.status, 200);
    }
    stage.answers_json(&json!({"trade_pwd": "Zx9-qW81p"})).get(TELLER, "/customers");
    let all = inventory(&stage, "");
    let returns = route(&all, "/customers")["returns"].as_array().expect("fields");
    assert!((100..1100).contains(&returns.len()), "{}", returns.len());
    let sum: u64 = returns
        .iter()
        .filter(|field| field["kind"] == "basic.mobile")
        .filter_map(|field| field["masked"].as_u64())
        .sum();
    assert_eq!(sum, 100_000, "all are counted");
    assert!(
        returns.iter().any(|field| field["kind"] == "credential.account.password"),
        "what is new all the same is told"
    );
    let size: u64 = stage
        .gateway
        .written()
        .iter()
        .filter(|(path, _)| path.to_string_lossy().contains("inventory.db"))
        .map(|(_, bytes)| bytes.len() as u64)
        .sum();
    assert!(size < 8 << 20, "{size} bytes");
    // Another route is not crowded out.
    stage.answers_json(&json!({"mobile_tel": canary::MOBILE})).get(TELLER, "/customers/1");
    let all = inventory(&stage, "");
    field(route(&all, "/customers/{client_id}"), "returns", "/mobile_tel");
}

#[test]
fn c7_exit_codes_tell_drift_usage_and_configuration_apart() {
    let stage = Stage::start(FIRM);
    stage.answers_json(&json!({"mobile_tel": canary::MOBILE})).get(TELLER, "/customers/1");
    written(&stage);
    let template = "/customers/{client_id}";
    for (arguments, code) in [
        ("inventory --config yingbi.yaml".to_owned(), 0),
        ("inventory --dir data/state --since 2020-01-01 --route customers".to_owned(), 0),
        ("inventory drift --dir data/state".to_owned(), 1),
        ("inventory drift --dir data/state --route nothing-like-it".to_owned(), 0),
        ("inventory drift".to_owned(), 64),
        ("inventory --dir data/state --since yesterday".to_owned(), 64),
        ("inventory --dir data/state --format xml".to_owned(), 64),
        ("inventory accept --dir data/state".to_owned(), 64),
        ("inventory accept --dir data/state --by sec-1 --route /no".to_owned(), 64),
        ("inventory --dir nowhere".to_owned(), 1),
        ("inventory --config nowhere.yaml".to_owned(), 78),
        (format!("inventory accept --dir data/state --by sec-1 --route {template}"), 0),
        ("inventory drift --dir data/state".to_owned(), 0),
    ] {
        let output = stage.gateway.run(&arguments.split(' ').collect::<Vec<_>>());
        assert_eq!(output.status.code(), Some(code), "{arguments}: {output:?}");
    }
    // The act is in the audit log.
    written(&stage);
    let log = stage.gateway.audit_dir();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    loop {
        let told = std::fs::read_dir(&log).expect("a log").flatten().any(|file| {
            std::fs::read(file.path()).is_ok_and(|bytes| canary::contains(&bytes, b"inventory-accepted"))
        });
        if told {
            break;
        }
        assert!(std::time::Instant::now() < deadline, "no record of the acceptance");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}
