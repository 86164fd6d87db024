//! T6, A5, E1: what tokens and envelopes stand for is told under an approved grant, for one ticket and one subject, and
//! recorded; to nobody else.

use crate::rights::{ANNA, BO, hidden, metric};
use serde_json::{Value, json};
use std::fs;
use yingbi_tests::{Gateway, Scratch, Stage, Who, canary, token};

const POLICY: &str = r#"apiVersion: yingbi/v1
kind: Role
metadata: {id: analyst}
spec: {any: [{api_token: {id: teller}}]}
---
apiVersion: yingbi/v1
kind: Role
metadata: {id: supervisor}
spec: {any: [{api_token: {id: supervisor}}]}
---
apiVersion: yingbi/v1
kind: Purpose
metadata: {id: analysis}
spec: {basis: contract}
---
apiVersion: yingbi/v1
kind: Purpose
metadata: {id: test-data}
spec: {basis: contract}
---
apiVersion: yingbi/v1
kind: Mask
metadata: {id: sealed-to-subject}
spec: {algorithm: encrypt, bind: subject}
---
apiVersion: yingbi/v1
kind: Mask
metadata: {id: same-form}
spec: {algorithm: ff1, not_a_national_standard: true}
---
apiVersion: yingbi/v1
kind: Binding
metadata: {id: export}
spec:
  route: {host: crm.internal, method: GET, path: "/export"}
  purpose: {header: true, default: analysis}
  records: $.data[*]
  subject: $.client_id
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: exports, clause: ["T/TSAC001:8.4.6.e"]}
spec:
  match: {roles: [analyst], purposes: [analysis, test-data], routes: ["GET crm.internal/export"]}
  allow: {level: "<=3"}
  treat:
    default: nothing
    categories:
      account.investor-code: hash-token
      basic.mobile: hash-token
      basic.name: encrypt
      basic.email: same-form
      basic.phone: same-form
      identity.document: sealed-to-subject
      wealth.bank: same-form
      "level:4": encrypt
---
apiVersion: yingbi/v1
kind: GrantTemplate
metadata: {id: unmask, title: 还原去标识化数据, clause: ["T/TSAC001:3.8"]}
spec: {asked_by: [analyst], approved_by: [supervisor], purposes: [analysis], lasts: 2h, detoken: true}
---
apiVersion: yingbi/v1
kind: GrantTemplate
metadata: {id: unmask-documents, title: 还原证件, clause: ["T/TSAC001:3.8"]}
spec: {asked_by: [analyst], approved_by: [supervisor], categories: [identity.document], lasts: 2h, once: true, detoken: true}
---
apiVersion: yingbi/v1
kind: GrantTemplate
metadata: {id: reading, title: 查询授权, clause: ["T/TSAC001:7.5.k"]}
spec: {asked_by: [analyst], approved_by: [supervisor], lasts: 2h, break_glass: true}
"#;

fn stage() -> Stage {
    Stage::with(POLICY, |setup| {
        setup
            .file("kek.pass", "correct horse battery staple\n")
            .keys("  primary: {kek: soft, file: {passphrase: {file: kek.pass}}}\n")
            .caller("supervisor")
            .officer("dora", &["data-operator"], &["analyst"])
            .officer("dirk", &["data-operator"], &["analyst"])
            .officer("otto", &["approver"], &["supervisor"])
            .officer("sara", &["security-admin"], &[])
            .officer("alan", &["auditor"], &[])
            .file("dora.token", &token("dora"))
    })
}

/// What analysts get of two investors.
fn exported(stage: &Stage) -> Value {
    stage.answers_json(&json!({"data": [
        {"client_id": ANNA, "client_name": canary::NAME, "mobile_tel": canary::MOBILE, "id_no": canary::ID, "bank_account": "6222020200112233445", "trade_pwd": canary::PASSWORD},
        {"client_id": BO, "client_name": "李四", "mobile_tel": "13712345678", "id_no": "110101199003070118"},
    ]}));
    let asked = stage.get(Who::Token("teller"), "/export");
    assert_eq!(asked.response.status, 200, "{}", asked.response.text());
    asked.response.json()["data"].clone()
}

/// Has a grant asked for and approved; its id.
fn granted(gateway: &Gateway, template: &str, ticket: &str, subject: &str) -> String {
    let asked = json!({"template": template, "ticket": ticket, "subject": subject, "holder": "dora", "reason": "可疑交易核查"});
    let (status, grant) = gateway.office("dora", "POST", "/api/v1/grants", &asked);
    assert_eq!(status, 201, "{grant}");
    let id = grant["id"].as_str().unwrap().to_owned();
    let (status, grant) =
        gateway.office("otto", "POST", &format!("/api/v1/grants/{id}/approve"), &Value::Null);
    assert_eq!(status, 200, "{grant}");
    id
}

fn detoken(gateway: &Gateway, officer: &str, asked: &Value) -> (u16, Value) {
    gateway.office(officer, "POST", "/api/v1/detoken", asked)
}

fn told(answer: &Value) -> Vec<&str> {
    let results = answer["results"].as_array().unwrap_or_else(|| panic!("{answer}"));
    results.iter().map(|one| one["plain"].as_str().or(one["code"].as_str()).unwrap()).collect()
}

#[test]
fn t6_detoken_tells_what_an_approved_grant_is_for_and_nothing_else() {
    let stage = stage();
    let gateway = &stage.gateway;
    let rows = exported(&stage);
    let [anna, bo] = [0, 1].map(|row| &rows[row]);
    let id = granted(gateway, "unmask", "AML-7", ANNA);
    // The investor's own number by its token and what is bound to the investor; what could be anybody's is not told.
    let ask = json!({"grant": id, "ticket": "AML-7", "subject": ANNA, "purpose": "analysis", "candidates": [canary::MOBILE, BO],
        "values": [anna["client_id"], anna["id_no"], bo["client_id"], bo["id_no"], anna["mobile_tel"], anna["client_name"], anna["trade_pwd"], "nothing"]});
    let (status, answer) = detoken(gateway, "dora", &ask);
    assert_eq!(status, 200, "{answer}");
    assert_eq!(
        told(&answer),
        [ANNA, canary::ID, "YB0734", "YB0725", "YB0734", "YB0734", "YB0735", "YB0736"],
        "{answer}"
    );
    // It is in the log as an access to this investor's data, before it is told.
    let decision = answer["decision_id"].as_str().unwrap();
    let entry = gateway.entries().into_iter().find(|entry| entry.intent.decision_id == decision).unwrap();
    let intent = entry.intent;
    assert_eq!((intent.route.as_str(), intent.decision.as_str()), ("/api/v1/detoken", "permit"));
    assert_eq!((intent.grants.as_slice(), intent.records), ([id.clone()].as_slice(), 2));
    assert_eq!(intent.clear.get("identity.document"), Some(&1));
    assert_eq!(intent.keyed.get("detoken: YB0734"), Some(&3), "{:?}", intent.keyed);
    let event = gateway.events("detoken").remove(0);
    assert_eq!((&event["by"], &event["ticket"], &event["id"]), (&json!("dora"), &json!("AML-7"), &json!(id)));
    assert_eq!((&event["subject"], &event["decision_id"]), (&json!(intent.subjects[0]), &json!(decision)));
    assert!((metric(&stage, "yingbi_detoken_total{outcome=\"resolved\"}") - 2.0).abs() < 0.5);
    // Whoever asks who saw this investor is told of it.
    let (_, seen) = gateway.office("alan", "POST", "/api/v1/audit/who-saw", &json!({"subject": ANNA}));
    assert!(seen["routes"].to_string().contains("POST /api/v1/detoken"), "{seen}");
    hidden(&stage);
}

#[test]
fn t6_detoken_resolves_the_very_token_that_a_grant_names_by_candidates() {
    let stage = stage();
    let gateway = &stage.gateway;
    let rows = exported(&stage);
    let (mobile, name) = (rows[0]["mobile_tel"].as_str().unwrap(), rows[0]["client_name"].as_str().unwrap());
    let id = granted(gateway, "unmask", "AML-8", mobile);
    // The officer's own machine.
    let scratch = Scratch::new();
    let file = scratch.path().join("candidates").display().to_string();
    let candidates: String = (0..2000).map(|n| format!("1390000{n:04}\n")).collect();
    fs::write(&file, format!("{candidates}{}\n", canary::MOBILE)).unwrap();
    let run = |more: &[&str]| {
        let fixed = [
            "detoken",
            "--grant",
            &id,
            "--ticket",
            "AML-8",
            "--subject",
            mobile,
            "--token-file",
            "dora.token",
        ];
        let done = gateway.yingbi(&fixed.iter().chain(more).copied().collect::<Vec<_>>());
        let shown =
            format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        (done.status.code().unwrap(), shown)
    };
    let (code, shown) = run(&["--purpose", "analysis", "--candidates", &file]);
    assert_eq!((code, shown.trim()), (0, format!("{mobile}  basic  {}", canary::MOBILE).as_str()));
    // Tokens go one way: without the value among the candidates nothing is told; nor for another purpose's token.
    assert_eq!(run(&["--purpose", "analysis"]).0, 1);
    assert!(run(&["--purpose", "analysis"]).1.contains("YB0733"));
    let (code, shown) = run(&["--purpose", "test-data", "--candidates", &file]);
    assert_eq!((code, shown.contains("YB0732")), (2, true), "{shown}");
    // Another token under this grant.
    let other = rows[1]["mobile_tel"].as_str().unwrap();
    let (code, shown) = run(&["--purpose", "analysis", "--candidates", &file, other]);
    assert_eq!((code, shown.contains("YB0734")), (1, true), "{shown}");
    // An envelope that is bound to nobody, named itself; a value of the same form, by its kind.
    let named = granted(gateway, "unmask", "AML-9", name);
    let ask =
        json!({"grant": named, "ticket": "AML-9", "subject": name, "purpose": "analysis", "values": [name]});
    assert_eq!(told(&detoken(gateway, "dora", &ask).1), [canary::NAME]);
    let card = rows[0]["bank_account"].as_str().unwrap();
    assert!(card.len() == 19 && card != "6222020200112233445", "{rows}");
    let formed = granted(gateway, "unmask", "AML-10", card);
    let ask = json!({"grant": formed, "ticket": "AML-10", "subject": card, "purpose": "analysis", "kind": "wealth.bank.card", "values": [card]});
    let (_, answer) = detoken(gateway, "dora", &ask);
    assert_eq!(told(&answer), ["6222020200112233445"], "{answer}");
    hidden(&stage);
}

#[test]
fn t6_detoken_is_refused_without_an_approved_grant_of_ones_own_for_it() {
    let stage = stage();
    let gateway = &stage.gateway;
    let rows = exported(&stage);
    let value = &rows[0]["client_id"];
    let asked =
        json!({"template": "unmask", "ticket": "AML-1", "subject": ANNA, "holder": "dora", "reason": "核查"});
    let (_, grant) = gateway.office("dora", "POST", "/api/v1/grants", &asked);
    let id = grant["id"].as_str().unwrap().to_owned();
    let ask = |grant: &str, ticket: &str, subject: &str| json!({"grant": grant, "ticket": ticket, "subject": subject, "purpose": "analysis", "values": [value]});
    let code = |(status, answer): (u16, Value)| (status, answer["code"].as_str().unwrap_or("-").to_owned());
    let refused = |number: u16, name: &str| (number, name.to_owned());
    let good = ask(&id, "AML-1", ANNA);
    assert_eq!(code(detoken(gateway, "dora", &good)), refused(403, "YB0730"), "asked is not approved");
    assert_eq!(gateway.office("otto", "POST", &format!("/api/v1/grants/{id}/approve"), &Value::Null).0, 200);
    assert_eq!(detoken(gateway, "dora", &good).0, 200);
    // Nobody else, no other ticket, no other subject, no other grant.
    assert_eq!(code(detoken(gateway, "dirk", &good)), refused(403, "YB0730"));
    for who in ["otto", "sara", "alan"] {
        assert_eq!(code(detoken(gateway, who, &good)), refused(403, "YB1906"), "{who}");
    }
    assert_eq!(detoken(gateway, "", &good).0, 401);
    assert_eq!(code(detoken(gateway, "dora", &ask(&id, "AML-2", ANNA))), refused(403, "YB0731"));
    assert_eq!(code(detoken(gateway, "dora", &ask(&id, "AML-1", BO))), refused(403, "YB0731"));
    assert_eq!(code(detoken(gateway, "dora", &ask("g-0", "AML-1", ANNA))), refused(403, "YB0730"));
    // A grant to read, approved or taken in an emergency, is none to resolve.
    let reading = granted(gateway, "reading", "AML-3", ANNA);
    assert_eq!(code(detoken(gateway, "dora", &ask(&reading, "AML-3", ANNA))), refused(403, "YB0732"));
    let glass = json!({"template": "reading", "ticket": "AML-4", "subject": ANNA, "holder": "dora", "reason": "紧急", "break_glass": true});
    let (_, glass) = gateway.office("dora", "POST", "/api/v1/grants", &glass);
    let glass = ask(glass["id"].as_str().unwrap(), "AML-4", ANNA);
    assert_eq!(code(detoken(gateway, "dora", &glass)), refused(403, "YB0730"));
    // Only what its template names, and once.
    let documents = granted(gateway, "unmask-documents", "AML-5", ANNA);
    let of_documents =
        |value: &Value| json!({"grant": documents, "ticket": "AML-5", "subject": ANNA, "values": [value]});
    assert_eq!(told(&detoken(gateway, "dora", &of_documents(&rows[0]["client_name"])).1), ["YB0735"]);
    assert_eq!(told(&detoken(gateway, "dora", &of_documents(&rows[0]["id_no"])).1), [canary::ID]);
    assert_eq!(
        code(detoken(gateway, "dora", &of_documents(&rows[0]["id_no"]))),
        refused(403, "YB0730"),
        "used"
    );
    // Taken back, it tells nothing from then on.
    assert_eq!(gateway.office("otto", "POST", &format!("/api/v1/grants/{id}/revoke"), &Value::Null).0, 200);
    assert_eq!(code(detoken(gateway, "dora", &good)), refused(403, "YB0730"));
    // Without a ticket and a subject there is no such grant; wrong questions are no questions.
    for wrong in [
        json!({"template": "unmask", "subject": ANNA, "holder": "dora", "reason": "核查"}),
        json!({"template": "unmask", "ticket": "AML-6", "holder": "dora", "reason": "核查"}),
    ] {
        assert_eq!(gateway.office("dora", "POST", "/api/v1/grants", &wrong).0, 400, "{wrong}");
    }
    for wrong in [json!({}), json!({"grant": id, "ticket": "AML-1", "subject": ANNA, "values": []})] {
        assert_eq!(detoken(gateway, "dora", &wrong).0, 400, "{wrong}");
    }
    // Each refusal is in the log.
    let refusals = gateway
        .entries()
        .into_iter()
        .filter(|entry| entry.intent.route == "/api/v1/detoken" && entry.intent.decision == "refuse");
    assert_eq!(refusals.count(), 9);
    assert!(gateway.metric("yingbi_detoken_total{outcome=\"YB0730\"}").is_some_and(|count| count == "6"));
    hidden(&stage);
}
