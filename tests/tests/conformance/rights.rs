//! A3 to A7, A11, P2 to P7: grants and tickets, limits in investors, kill switches, consents and restrictions, and who
//! may change them.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use yingbi_crypto::{hex, hmac_sm3};
use yingbi_tests::stage::Asked;
use yingbi_tests::{Client, Setup, Stage, Who, canary};

pub(crate) const ANNA: &str = "80001234";
pub(crate) const BO: &str = "80005678";
pub(crate) const CHEN: &str = "80009012";

/// A firm with a complaints desk, a marketing team and a branch.
pub(crate) const FIRM: &str = r#"apiVersion: yingbi/v1
kind: Role
metadata: {id: complaint-handler}
spec: {any: [{api_token: {id: teller}}]}
---
apiVersion: yingbi/v1
kind: Role
metadata: {id: marketer}
spec: {any: [{api_token: {id: officer}}]}
---
apiVersion: yingbi/v1
kind: Role
metadata: {id: supervisor}
spec: {any: [{api_token: {id: supervisor}}]}
---
apiVersion: yingbi/v1
kind: Purpose
metadata: {id: complaint, clause: ["T/TSAC001:8.1.b"]}
spec: {basis: contract}
---
apiVersion: yingbi/v1
kind: Purpose
metadata: {id: marketing, clause: ["T/TSAC001:8.4.2"]}
spec: {basis: consent, consent: {kind: separate, recipient: self, notices: [v3, v4]}}
---
apiVersion: yingbi/v1
kind: Purpose
metadata: {id: reporting, clause: ["T/TSAC001:8.1.c"]}
spec: {basis: legal-duty, recipient: regulator}
---
apiVersion: yingbi/v1
kind: Binding
metadata: {id: one}
spec:
  route: {host: crm.internal, method: GET, path: "/customers/{id}"}
  purpose: {header: true, default: complaint}
  subject: {parameter: id}
---
apiVersion: yingbi/v1
kind: Binding
metadata: {id: list}
spec:
  route: {host: crm.internal, method: GET, path: "/customers"}
  purpose: {header: true, default: complaint}
  records: $.data[*]
  subject: $.client_id
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: complaint-opens-one-investor, title: 投诉处理人仅见投诉人信息, clause: ["T/TSAC001:7.5.k"]}
spec:
  match: {roles: [complaint-handler], purposes: [complaint], routes: ["GET crm.internal/customers/*", "GET crm.internal/customers"]}
  when: grant.active(subject)
  allow: {categories: [basic, account.opening]}
  treat: clear
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: lists-are-masked, title: 名单脱敏, clause: ["T/TSAC001:7.5.a"]}
spec:
  match: {roles: [complaint-handler, supervisor], purposes: [complaint], routes: ["GET crm.internal/customers"]}
  allow: {level: "<=3"}
  treat: mask
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: marketing-with-consent, title: 经单独同意的营销, clause: ["T/TSAC001:8.7"]}
spec:
  match: {roles: [marketer], purposes: [marketing], routes: ["GET crm.internal/customers"]}
  allow: {level: "<=3"}
  treat: clear
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: marketing-one-with-consent, title: 经单独同意方可营销, clause: ["T/TSAC001:8.7"]}
spec:
  match: {roles: [marketer], purposes: [marketing], routes: ["GET crm.internal/customers/*"]}
  when: consent.covers(purpose)
  allow: {level: "<=3"}
  treat: clear
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: reporting-in-clear, title: 监管报送, clause: ["T/TSAC001:8.1.c"]}
spec:
  match: {roles: [marketer], purposes: [reporting], routes: ["GET crm.internal/customers", "GET crm.internal/customers/*"]}
  allow: {level: "<=3"}
  treat: clear
---
apiVersion: yingbi/v1
kind: GrantTemplate
metadata: {id: complaint, title: 投诉处理授权, clause: ["T/TSAC001:7.5.k"]}
spec:
  {asked_by: [complaint-handler], approved_by: [supervisor], not: self, purposes: [complaint], lasts: 2h, by_ticket: true, break_glass: true}
---
apiVersion: yingbi/v1
kind: GrantTemplate
metadata: {id: phone-only, title: 仅电话, clause: ["T/TSAC001:7.5.k"]}
spec: {asked_by: [complaint-handler], approved_by: [supervisor], categories: [basic.mobile], lasts: 2h}
---
apiVersion: yingbi/v1
kind: GrantTemplate
metadata: {id: bulk-read, title: 批量查询审批, clause: ["T/TSAC001:7.5.h"]}
spec: {asked_by: [complaint-handler], approved_by: [supervisor], lasts: 2h, once: true}
"#;

/// A limit on those lists.
const LIMIT: &str = r#"apiVersion: yingbi/v1
kind: Limit
metadata: {id: handler-investors-per-hour, title: 每小时可查人数, clause: ["T/TSAC001:7.5.h"]}
spec: {match: {roles: [complaint-handler]}, distinct: investors, per: hour, at: 3, then: refuse, lift: {template: bulk-read}}
"#;

pub(crate) fn offices(setup: Setup) -> Setup {
    setup
        .caller("supervisor")
        .officer("dora", &["data-operator"], &["complaint-handler"])
        .officer("otto", &["approver"], &["supervisor"])
        .officer("paul", &["approver"], &[])
        .officer("sara", &["security-admin"], &[])
        .officer("alan", &["auditor"], &[])
        .officer("petra", &["platform"], &[])
        .admin("  webhooks:\n    - {id: complaints, secret: hook.key}\n")
        .file("hook.key", &"3c".repeat(32))
}

pub(crate) fn stage() -> Stage {
    let stage = Stage::with(FIRM, offices);
    stage.answers_json(&record(ANNA));
    stage
}

pub(crate) fn record(client_id: &str) -> Value {
    json!({
        "client_id": client_id, "client_name": canary::NAME, "mobile_tel": canary::MOBILE, "id_no": canary::ID,
        "trade_pwd": canary::PASSWORD,
    })
}

pub(crate) fn list(clients: &[&str]) -> Value {
    json!({ "data": clients.iter().map(|id| record(id)).collect::<Vec<_>>() })
}

pub(crate) fn get(stage: &Stage, path: &str, ticket: &str) -> Asked {
    let header = if ticket.is_empty() { String::new() } else { format!("Yingbi-Ticket: {ticket}\r\n") };
    stage.ask(Who::Token("teller"), "GET", path, &header)
}

pub(crate) fn code(asked: &Asked) -> (u16, String) {
    (asked.response.status, asked.response.json()["code"].as_str().unwrap_or_default().to_owned())
}

/// Asks for a grant and has it approved; its id.
pub(crate) fn granted(stage: &Stage, asked: Value) -> String {
    let (status, grant) = stage.gateway.office("dora", "POST", "/api/v1/grants", &asked);
    assert_eq!((status, &grant["state"]), (201, &json!("requested")), "{grant}");
    let id = grant["id"].as_str().unwrap().to_owned();
    let (status, grant) =
        stage.gateway.office("otto", "POST", &format!("/api/v1/grants/{id}/approve"), &Value::Null);
    assert_eq!((status, &grant["state"]), (200, &json!("active")), "{grant}");
    id
}

#[test]
fn a4_a_ticket_opens_one_investor_to_its_handler_while_it_is_open() {
    let stage = stage();
    let path = format!("/customers/{ANNA}");
    let refused = get(&stage, &path, "");
    assert_eq!(code(&refused), (403, "YB2007".to_owned()));
    assert_eq!(code(&get(&stage, &path, "TS-1")), (403, "YB2007".to_owned()), "no such ticket");

    let now = now_ms();
    let open = json!({"event": "open", "ticket": "TS-1", "template": "complaint", "subject": ANNA, "handler": "teller"});
    assert_eq!(hook(&stage, now, &open).0, 200);
    let shown = get(&stage, &path, "TS-1");
    let got = shown.response.json();
    assert_eq!(
        (&got["mobile_tel"], &got["client_name"]),
        (&json!(canary::MOBILE), &json!(canary::NAME)),
        "{got}"
    );
    assert!(got.get("id_no").is_none(), "not among the categories: {got}");
    assert_eq!(got["trade_pwd"], "********");
    let intent = stage.record(&shown).intent;
    assert_eq!(intent.grants.len(), 1, "{intent:?}");
    assert_eq!(intent.rules, ["complaint-opens-one-investor"]);

    // Nobody else's data, no other caller, no other purpose, no other ticket, not without naming it.
    assert_eq!(code(&get(&stage, &format!("/customers/{BO}"), "TS-1")), (403, "YB2007".to_owned()));
    assert_eq!(code(&get(&stage, &path, "TS-2")), (403, "YB2007".to_owned()));
    assert_eq!(code(&get(&stage, &path, "")), (403, "YB2007".to_owned()));
    assert_ne!(
        stage.ask(Who::Token("officer"), "GET", &path, "Yingbi-Ticket: TS-1\r\n").response.status,
        200
    );
    // In a list the one record is clear, the others are masked.
    stage.answers_json(&list(&[BO, ANNA, CHEN]));
    let asked = get(&stage, "/customers", "TS-1");
    let got = asked.response.json();
    let clear: Vec<bool> = (0..3).map(|row| got["data"][row]["mobile_tel"] == canary::MOBILE).collect();
    assert_eq!(clear, [false, true, false], "{got}");

    // Closed, it opens nothing from the next request on; old news does not open it again.
    stage.answers_json(&record(ANNA));
    assert_eq!(hook(&stage, now + 1, &json!({"event": "close", "ticket": "TS-1"})).0, 200);
    assert_eq!(code(&get(&stage, &path, "TS-1")), (403, "YB2007".to_owned()));
    assert_eq!(hook(&stage, now, &open).0, 409, "a message that is told again");
    assert_eq!(code(&get(&stage, &path, "TS-1")), (403, "YB2007".to_owned()));
    let (opened, closed) = (stage.gateway.events("ticket-opened"), stage.gateway.events("ticket-closed"));
    assert_eq!((opened.len(), closed.len()), (1, 1));
    assert_eq!(opened[0]["subject"], intent.subjects[0], "the same pseudonym as in records");
    hidden(&stage);
}

#[test]
fn a4_a_webhook_without_a_right_signature_opens_nothing() {
    let stage = stage();
    let open = json!({"event": "open", "ticket": "TS-1", "template": "complaint", "subject": ANNA, "handler": "teller"});
    let text = open.to_string();
    let now = now_ms();
    let right = signature(&"3c".repeat(32), now, &text);
    let wrong = [
        ("none", String::new()),
        ("another key", signature(&"3d".repeat(32), now, &text)),
        ("another body", signature(&"3c".repeat(32), now, "{}")),
        ("another time", right.replacen(&format!("t={now}"), &format!("t={}", now + 1), 1)),
        ("an old message", signature(&"3c".repeat(32), now - 400_000, &text)),
        ("of tomorrow", signature(&"3c".repeat(32), now + 86_400_000, &text)),
        ("half a tag", right[..right.len() - 10].to_owned()),
        ("twice", format!("{right}\r\nYingbi-Signature: {right}")),
        ("a token instead", format!("x\r\nAuthorization: Bearer {}", yingbi_tests::token("dora"))),
    ];
    for (what, signature) in wrong {
        let header = format!("Yingbi-Signature: {signature}\r\n");
        let (status, answer) = stage.gateway.admin_ask("POST", "/api/v1/webhooks/complaints", &header, &text);
        assert_eq!((status, &answer["code"]), (401, &json!("YB1913")), "{what}");
    }
    let header = format!("Yingbi-Signature: {right}\r\n");
    let (status, _) = stage.gateway.admin_ask("POST", "/api/v1/webhooks/elsewhere", &header, &text);
    assert_eq!(status, 401, "an unknown source");
    // A template that tickets don't open, a subject left out, a key too many.
    for wrong in [
        json!({"event": "open", "ticket": "TS-1", "template": "bulk-read", "subject": ANNA, "handler": "teller"}),
        json!({"event": "open", "ticket": "TS-1", "template": "complaint", "handler": "teller"}),
        json!({"event": "open", "ticket": "TS-1", "template": "complaint", "subject": ANNA, "handler": "teller", "more": 1}),
        json!({"event": "open", "ticket": canary::MOBILE, "template": "complaint", "subject": ANNA, "handler": "teller"}),
    ] {
        assert_eq!(hook(&stage, now, &wrong).0, 400, "{wrong}");
    }
    assert_eq!(code(&get(&stage, &format!("/customers/{ANNA}"), "TS-1")), (403, "YB2007".to_owned()));
    assert!(stage.gateway.events("ticket-opened").is_empty());
}

#[test]
fn a3_a_grant_is_asked_approved_by_another_and_taken_back_at_once() {
    let stage = stage();
    let path = format!("/customers/{ANNA}");
    let asked = json!({"template": "complaint", "ticket": "TS-7", "subject": ANNA, "holder": "teller", "reason": "投诉核实"});
    let (status, grant) = stage.gateway.office("dora", "POST", "/api/v1/grants", &asked);
    assert_eq!((status, &grant["state"]), (201, &json!("requested")));
    let id = grant["id"].as_str().unwrap();
    assert_eq!(code(&get(&stage, &path, "TS-7")), (403, "YB2007".to_owned()), "asked is not approved");
    let approve = format!("/api/v1/grants/{id}/approve");
    // Not by who asked, not by an approver of other things, not by whoever has no role for it, not by nobody.
    for (who, expect) in
        [("dora", 403), ("paul", 403), ("sara", 403), ("alan", 403), ("", 401), ("ghost", 401)]
    {
        assert_eq!(stage.gateway.office(who, "POST", &approve, &Value::Null).0, expect, "{who}");
    }
    assert_eq!(code(&get(&stage, &path, "TS-7")), (403, "YB2007".to_owned()));
    assert_eq!(stage.gateway.office("otto", "POST", &approve, &Value::Null).0, 200);
    assert_eq!(get(&stage, &path, "TS-7").response.json()["mobile_tel"], canary::MOBILE);
    assert_eq!(get(&stage, &path, id).response.json()["mobile_tel"], canary::MOBILE, "by its own id");
    assert_eq!(stage.gateway.office("otto", "POST", &approve, &Value::Null).0, 409, "twice");

    let revoke = format!("/api/v1/grants/{id}/revoke");
    assert_eq!(stage.gateway.office("sara", "POST", &revoke, &Value::Null).0, 200);
    assert_eq!(code(&get(&stage, &path, "TS-7")), (403, "YB2007".to_owned()));
    let told: Vec<usize> = ["grant-requested", "grant-approved", "grant-revoked"]
        .map(|event| stage.gateway.events(event).len())
        .to_vec();
    assert_eq!(told, [1, 1, 1]);
    assert_eq!(stage.gateway.events("grant-approved")[0]["by"], "otto");
    hidden(&stage);
}

#[test]
fn a3_a_grant_for_some_kinds_opens_those_alone() {
    let stage = stage();
    granted(
        &stage,
        json!({"template": "phone-only", "ticket": "TS-8", "subject": ANNA, "holder": "teller", "reason": "回电"}),
    );
    let asked = get(&stage, &format!("/customers/{ANNA}"), "TS-8");
    let got = asked.response.json();
    assert_eq!(got["mobile_tel"], canary::MOBILE, "{got}");
    assert!(got.get("client_name").is_none(), "{got}");
}

#[test]
fn a3_grants_are_remembered_by_the_next_run() {
    let mut stage = stage();
    let id = granted(
        &stage,
        json!({"template": "complaint", "ticket": "TS-9", "subject": ANNA, "holder": "teller", "reason": "核实"}),
    );
    let open = json!({"template": "complaint", "ticket": "TS-10", "subject": BO, "holder": "teller", "reason": "核实"});
    let ended = granted(&stage, open);
    let revoke = format!("/api/v1/grants/{ended}/revoke");
    assert_eq!(stage.gateway.office("otto", "POST", &revoke, &Value::Null).0, 200);
    stage.gateway.kill();
    stage.gateway.start_again();
    assert_eq!(get(&stage, &format!("/customers/{ANNA}"), &id).response.status, 200);
    assert_eq!(code(&get(&stage, &format!("/customers/{BO}"), "TS-10")), (403, "YB2007".to_owned()));
}

#[test]
fn a7_break_glass_is_loud_short_and_reviewed_by_another() {
    let stage = stage();
    let asked = json!({"template": "complaint", "ticket": "TS-3", "subject": ANNA, "holder": "teller", "reason": "夜间紧急", "break_glass": true});
    for without in [
        json!({"reason": ""}),
        json!({"reason": format!("客户电话{}", canary::MOBILE)}),
        json!({"template": "phone-only"}),
    ] {
        let mut wrong = asked.clone();
        wrong.as_object_mut().unwrap().extend(without.as_object().unwrap().clone());
        assert_eq!(stage.gateway.office("dora", "POST", "/api/v1/grants", &wrong).0, 400, "{without}");
    }
    let (status, grant) = stage.gateway.office("dora", "POST", "/api/v1/grants", &asked);
    assert_eq!((status, &grant["state"]), (201, &json!("active")), "{grant}");
    assert!(grant["ends"].is_string());
    assert_eq!(
        get(&stage, &format!("/customers/{ANNA}"), "TS-3").response.json()["mobile_tel"],
        canary::MOBILE
    );
    let event = stage.gateway.events("break-glass");
    assert_eq!((event.len(), &event[0]["reason"], &event[0]["by"]), (1, &json!("夜间紧急"), &json!("dora")));
    assert!(stage.gateway.logs().contains("break-glass"), "not loud");

    let queue = || stage.gateway.office("otto", "GET", "/api/v1/grants?review=pending", &Value::Null).1;
    assert_eq!(queue()["grants"].as_array().map(Vec::len), Some(1));
    let review = format!("/api/v1/grants/{}/review", grant["id"].as_str().unwrap());
    let found = json!({"justified": false, "note": "应走审批"});
    assert_eq!(stage.gateway.office("dora", "POST", &review, &found).0, 403);
    assert_eq!(stage.gateway.office("otto", "POST", &review, &found).0, 200);
    assert_eq!(queue()["grants"].as_array().map(Vec::len), Some(0));
    assert_eq!(stage.gateway.office("otto", "POST", &review, &found).0, 409);
    hidden(&stage);
}

pub(crate) fn consent(subject: &str, more: Value) -> Value {
    let mut consent = json!({
        "subject": subject, "purpose": "marketing", "notice": "v3", "channel": "app", "kind": "separate",
        "evidence": format!("sm3:{}", "ab".repeat(32)),
    });
    consent.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    consent
}

/// Which records of the list a marketer sees in clear.
pub(crate) fn clear(stage: &Stage) -> Vec<bool> {
    let asked = stage.ask(Who::Token("officer"), "GET", "/customers", "Yingbi-Purpose: marketing\r\n");
    let got = asked.response.json();
    let rows = got["data"].as_array().unwrap_or_else(|| panic!("{got}"));
    rows.iter().map(|row| row["mobile_tel"] == canary::MOBILE).collect()
}

#[test]
fn p3_consent_is_checked_record_by_record_at_access() {
    let stage = stage();
    let clients =
        ["1000001", "1000002", "1000003", "1000004", "1000005", "1000006", "1000007", "1000008", "1000009"];
    stage.answers_json(&list(&clients));
    assert_eq!(clear(&stage), [false; 9]);
    let soon = jiff_after(3600).to_string();
    let past = jiff_after(-3600).to_string();
    let records = [
        ("good", json!({}), 201, true),
        ("bundled", json!({"kind": "general"}), 201, false),
        ("another recipient", json!({"recipient": "partner"}), 201, false),
        ("another version", json!({"notice": "v1"}), 201, false),
        ("not yet", json!({"from": soon}), 201, false),
        ("over", json!({"until": past}), 400, false),
        ("other categories", json!({"categories": ["basic.name"]}), 201, false),
        ("its category", json!({"categories": ["basic"], "until": soon}), 201, true),
    ];
    for (client, (what, more, status, _)) in clients.iter().zip(&records) {
        let (found, answer) =
            stage.gateway.office("dora", "POST", "/api/v1/consents", &consent(client, more.clone()));
        assert_eq!(found, *status, "{what}: {answer}");
    }
    let expect: Vec<bool> = records.iter().map(|(.., clear)| *clear).chain([false]).collect();
    assert_eq!(clear(&stage), expect);
    // The consent for another purpose opens nothing here; nor this one there.
    let (status, _) = stage.gateway.office(
        "dora",
        "POST",
        "/api/v1/consents",
        &consent(clients[8], json!({"purpose": "curiosity"})),
    );
    assert_eq!(status, 400);
    let text = stage
        .ask(Who::Token("officer"), "GET", "/customers", "Yingbi-Purpose: marketing\r\n")
        .response
        .json();
    assert_eq!(text["data"][6]["client_name"], canary::NAME, "covered");
    assert_eq!(
        text["data"][7].get("id_no").map(|id| *id == canary::ID),
        Some(false),
        "beyond what it covers"
    );
    for row in 0..9 {
        assert_eq!(text["data"][row]["trade_pwd"], "********");
    }
    hidden(&stage);
}

#[test]
fn p3_one_investor_without_consent_is_refused_with_what_is_missing() {
    let stage = stage();
    let path = format!("/customers/{ANNA}");
    let ask = || stage.ask(Who::Token("officer"), "GET", &path, "Yingbi-Purpose: marketing\r\n");
    assert_eq!(code(&ask()), (403, "YB2008".to_owned()));
    assert!(stage.origin.seen().is_empty(), "the API behind was asked");
    assert_eq!(stage.gateway.office("dora", "POST", "/api/v1/consents", &consent(ANNA, json!({}))).0, 201);
    assert_eq!(ask().response.json()["mobile_tel"], canary::MOBILE);
    let intent = stage.record(&ask()).intent;
    assert_eq!((intent.purpose.as_deref(), intent.basis.as_deref()), (Some("marketing"), Some("consent")));
}

#[test]
fn p4_withdrawal_and_restriction_rule_from_the_next_request_on() {
    let stage = stage();
    stage.answers_json(&list(&[ANNA, BO]));
    for subject in [ANNA, BO] {
        assert_eq!(
            stage.gateway.office("dora", "POST", "/api/v1/consents", &consent(subject, json!({}))).0,
            201
        );
    }
    assert_eq!(clear(&stage), [true, true]);
    let begun = Instant::now();
    let withdrawn = json!({"subject": ANNA, "purpose": "marketing"});
    assert_eq!(stage.gateway.office("dora", "POST", "/api/v1/consents/withdraw", &withdrawn).0, 200);
    assert_eq!(clear(&stage), [false, true]);
    assert!(begun.elapsed() < Duration::from_secs(1));
    assert_eq!(stage.gateway.office("dora", "POST", "/api/v1/consents/withdraw", &withdrawn).0, 404);

    // Restricted: nothing of the record, for whatever purpose but a legal duty.
    let restricted = json!({"subject": BO, "state": "restricted", "reason": "本人申请"});
    let (status, answer) = stage.gateway.office("dora", "POST", "/api/v1/restrictions", &restricted);
    assert_eq!(status, 201);
    for (purpose, who) in [("marketing", "officer"), ("complaint", "teller")] {
        let asked =
            stage.ask(Who::Token(who), "GET", "/customers", &format!("Yingbi-Purpose: {purpose}\r\n"));
        assert_eq!(asked.response.json()["data"][1], json!({}), "{purpose}");
    }
    let asked = stage.ask(Who::Token("officer"), "GET", "/customers", "Yingbi-Purpose: reporting\r\n");
    assert_eq!(asked.response.json()["data"][1]["mobile_tel"], canary::MOBILE, "a lawful exception");
    let intent = stage.record(&asked).intent;
    assert_eq!(intent.basis.as_deref(), Some("legal-duty"), "P2: exempt, and recorded as such");
    let path = format!("/api/v1/restrictions/{}", answer["id"].as_str().unwrap());
    assert_eq!(stage.gateway.office("alan", "DELETE", &path, &Value::Null).0, 403);
    assert_eq!(stage.gateway.office("dora", "DELETE", &path, &Value::Null).0, 200);
    assert_eq!(clear(&stage), [false, true]);
    hidden(&stage);
}

#[test]
fn p5_a_consent_needs_its_evidence_and_is_kept_with_it() {
    let mut stage = stage();
    let wrong = [
        json!({"evidence": "sm3:abc"}),
        json!({"evidence": "seen by me"}),
        json!({"notice": ""}),
        json!({"notice": canary::MOBILE}),
        json!({"channel": "a counter in town"}),
        json!({"kind": "implied"}),
        json!({"subject": ""}),
        json!({"categories": ["everything"]}),
        json!({"guardian": ANNA}),
        json!({"more": true}),
    ];
    for wrong in wrong {
        let (status, answer) =
            stage.gateway.office("dora", "POST", "/api/v1/consents", &consent(ANNA, wrong.clone()));
        assert_eq!((status, &answer["code"]), (400, &json!("YB1907")), "{wrong}");
        assert!(!answer.to_string().contains(canary::MOBILE));
    }
    assert_eq!(stage.gateway.office("dora", "POST", "/api/v1/consents", &consent(ANNA, json!({}))).0, 201);
    stage.gateway.start_again();
    let (status, found) =
        stage.gateway.office("alan", "POST", "/api/v1/consents/search", &json!({"subject": ANNA}));
    assert_eq!(status, 200);
    let kept = &found["consents"][0];
    assert_eq!(
        (&kept["notice"], &kept["channel"], &kept["separate"]),
        (&json!("v3"), &json!("app"), &json!(true))
    );
    assert_eq!(
        (&kept["evidence"], &kept["recorded_by"]),
        (&json!(format!("sm3:{}", "ab".repeat(32))), &json!("dora"))
    );
    assert_eq!(stage.gateway.events("consent-recorded").len(), 1);
    assert_eq!(stage.gateway.events("consents-read").len(), 1, "E10: reading is recorded too");
    stage.answers_json(&list(&[ANNA]));
    assert_eq!(clear(&stage), [true], "remembered by the next run");
    hidden(&stage);
}

#[test]
fn p7_a_minor_needs_a_guardians_consent() {
    let stage = stage();
    let year = 1970 + now_ms() / 31_557_600_000;
    let mut young = record(ANNA);
    young["birth_date"] = json!(format!("{}-06-15", year - 9));
    let mut guarded = young.clone();
    guarded["client_id"] = json!(BO);
    stage.answers_json(&json!({"data": [young, guarded, record(CHEN)]}));
    for (subject, more) in [(ANNA, json!({})), (BO, json!({"guardian": "90000001"})), (CHEN, json!({}))] {
        assert_eq!(stage.gateway.office("dora", "POST", "/api/v1/consents", &consent(subject, more)).0, 201);
    }
    assert_eq!(clear(&stage), [false, true, true]);
}

#[test]
fn p3_a_thousand_investors_cost_no_sql() {
    let stage = stage();
    let clients: Vec<String> = (0..1000).map(|nth| format!("8{nth:07}")).collect();
    let names: Vec<&str> = clients.iter().map(String::as_str).collect();
    for subject in names.iter().step_by(100) {
        assert_eq!(
            stage.gateway.office("dora", "POST", "/api/v1/consents", &consent(subject, json!({}))).0,
            201
        );
    }
    // The store is gone: what is in memory rules on (F12), and nothing new is opened.
    let state = stage.gateway.data_dir().join("state");
    stage.answers_json(&list(&names));
    for file in ["rights.db", "rights.db-wal"] {
        let _ = std::fs::remove_file(state.join(file));
    }
    let clear = clear(&stage);
    assert_eq!(clear.iter().filter(|clear| **clear).count(), 10);
    assert!(clear.iter().step_by(100).all(|clear| *clear));
}

#[test]
fn a11_a_kill_switch_stops_caller_role_recipient_and_route_at_once() {
    let stage = stage();
    stage.answers_json(&list(&[ANNA]));
    let teller = || get(&stage, "/customers", "").response.status;
    let report = || {
        stage.ask(Who::Token("officer"), "GET", "/customers", "Yingbi-Purpose: reporting\r\n").response.status
    };
    let market = || {
        stage.ask(Who::Token("officer"), "GET", "/customers", "Yingbi-Purpose: marketing\r\n").response.status
    };
    assert_eq!([teller(), report(), market()], [200; 3]);
    let cases = [
        ("caller", "teller", [403, 200, 200]),
        ("role", "marketer", [200, 403, 403]),
        ("recipient", "regulator", [200, 403, 200]),
        ("route", "/customers", [403, 403, 403]),
    ];
    for (stops, name, expect) in cases {
        let thrown = json!({"stops": stops, "name": name, "reason": "演练"});
        let (status, switch) = stage.gateway.office("petra", "POST", "/api/v1/switches", &thrown);
        assert_eq!(status, 201, "{switch}");
        assert_eq!([teller(), report(), market()], expect, "{stops}");
        let refused = get(&stage, "/customers", "");
        if refused.response.status == 403 {
            assert_eq!(code(&refused), (403, "YB2110".to_owned()));
        }
        let path = format!("/api/v1/switches/{}", switch["id"].as_str().unwrap());
        assert_eq!(
            stage.gateway.office("petra", "DELETE", &path, &Value::Null).0,
            403,
            "who stops does not start"
        );
        assert_eq!(stage.gateway.office("sara", "DELETE", &path, &Value::Null).0, 200);
        assert_eq!([teller(), report(), market()], [200; 3], "{stops}");
    }
    assert_eq!(
        stage
            .gateway
            .office(
                "sara",
                "POST",
                "/api/v1/switches",
                &json!({"stops": "role", "name": "ghost", "reason": "x"})
            )
            .0,
        400
    );
    assert_eq!(
        (stage.gateway.events("switch-thrown").len(), stage.gateway.events("switch-reset").len()),
        (4, 4)
    );
    hidden(&stage);
}

#[test]
fn a11_a_switch_outlives_the_process() {
    let mut stage = stage();
    stage.answers_json(&list(&[ANNA]));
    let thrown = json!({"stops": "caller", "name": "teller", "reason": "演练"});
    assert_eq!(stage.gateway.office("sara", "POST", "/api/v1/switches", &thrown).0, 201);
    stage.gateway.start_again();
    assert_eq!(code(&get(&stage, "/customers", "")), (403, "YB2110".to_owned()));
}

#[test]
fn a5_a_limit_counts_distinct_investors_and_an_approval_lifts_it_once() {
    let mut stage = Stage::with(FIRM, |setup| offices(setup).more_policy("limit.yaml", LIMIT));
    let ask = |stage: &Stage, clients: &[&str], ticket: &str| {
        stage.answers_json(&list(clients));
        let asked = get(stage, "/customers", ticket);
        (asked.response.status, asked)
    };
    // The same investor counts once, however often.
    for _ in 0..5 {
        assert_eq!(ask(&stage, &["1", "1", "2"], "").0, 200);
    }
    let (status, refused) = ask(&stage, &["2", "3", "4"], "");
    assert_eq!((status, code(&refused).1.as_str()), (429, "YB2111"));
    canary::assert_hidden("a refusal", &refused.received);
    // What was refused was not seen.
    assert_eq!(ask(&stage, &["3"], "").0, 200);
    assert_eq!(ask(&stage, &["4"], "").0, 429);
    assert_eq!(ask(&stage, &["3", "2", "1"], "").0, 200);
    // Another caller has a count of their own.
    assert_eq!(stage.ask(Who::Token("supervisor"), "GET", "/customers", "").response.status, 200);
    // A second person lifts it, for one export.
    let bulk = granted(&stage, json!({"template": "bulk-read", "holder": "teller", "reason": "年度核对"}));
    let many: Vec<String> = (0..50).map(|nth| format!("9{nth}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(ask(&stage, &many, &bulk).0, 200);
    assert_eq!(ask(&stage, &many, &bulk).0, 429, "once");
    let (_, used) = stage.gateway.office("alan", "GET", "/api/v1/grants", &Value::Null);
    assert_eq!(used["grants"][0]["state"], "expired", "{used}");
    // Counts are remembered by the next run.
    stage.gateway.stop();
    stage.gateway.start_again();
    assert_eq!(ask(&stage, &["5"], "").0, 429);
    assert_eq!(ask(&stage, &["1"], "").0, 200);
}

#[test]
fn a5_a_long_answer_ends_where_a_limit_is_reached() {
    let stage = Stage::with(FIRM, |setup| {
        offices(setup)
            .more_policy("limit.yaml", LIMIT)
            .limit("segment_bytes", 64 << 10)
            .limit("response_body_bytes", 100 << 10)
    });
    // Four investors, one after the other, and the fourth is one too many.
    let clients: Vec<String> = (0..2000).map(|nth| (nth / 500).to_string()).collect();
    stage.answers_json(&list(&clients.iter().map(String::as_str).collect::<Vec<_>>()));
    let mut client = Client::connect(stage.gateway.address);
    client.send(&stage.gateway.request("GET", "/customers", "", b""));
    assert!(client.try_response(false, Duration::from_secs(20)).is_err(), "a torso");
    let shown = client.shown().matches("client_name").count();
    assert!((1000..=1500).contains(&shown), "{shown}");
    canary::assert_hidden("a torso", client.received());
    let deadline = Instant::now() + Duration::from_secs(10);
    let ended = loop {
        let outcome = stage.gateway.entries().last().and_then(|entry| entry.outcome.clone());
        if outcome.is_some() || Instant::now() > deadline {
            break outcome;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(ended.map(|outcome| outcome.result).as_deref(), Some("partial"));
    let entry = stage.gateway.entries().pop().expect("recorded");
    assert_eq!(entry.intent.limits.keys().collect::<Vec<_>>(), ["handler-investors-per-hour"]);
    // Each of the three investors stands in several segments and is one.
    assert_eq!(metric(&stage, "yingbi_subjects_total"), 3.0);
    // Lifted once, all of it flows, though its first segment uses the approval up.
    let bulk = granted(&stage, json!({"template": "bulk-read", "holder": "teller", "reason": "年度核对"}));
    let whole = get(&stage, "/customers", &bulk);
    assert_eq!(whole.response.status, 200);
    assert_eq!(whole.response.json()["data"].as_array().map(Vec::len), Some(2000));
    let mut again = Client::connect(stage.gateway.address);
    again.send(&stage.gateway.request("GET", "/customers", &format!("Yingbi-Ticket: {bulk}\r\n"), b""));
    assert!(again.try_response(false, Duration::from_secs(20)).is_err(), "once");
}

/// The count is a promise about people: a kill between an answer and the second's write forgets nobody.
#[test]
fn a5_p2_a_kill_forgets_nobody_whom_a_limit_counted() {
    let mut stage = Stage::with(FIRM, |setup| offices(setup).more_policy("limit.yaml", LIMIT));
    for round in 0..3 {
        // Counts are written once a second: all three rounds die before.
        stage.answers_json(&list(&[&format!("7{round}")]));
        assert_eq!(get(&stage, "/customers", "").response.status, 200, "{round}");
        stage.gateway.kill();
        stage.gateway.start_again();
    }
    for client in ["70", "71", "72"] {
        stage.answers_json(&list(&[client]));
        assert_eq!(get(&stage, "/customers", "").response.status, 200, "{client} was seen before");
    }
    stage.answers_json(&list(&["73"]));
    assert_eq!(code(&get(&stage, "/customers", "")), (429, "YB2111".to_owned()));
    hidden(&stage);
}

/// What one limit refuses, another does not count.
#[test]
fn a5_an_answer_that_is_refused_counts_under_no_limit() {
    let roomy =
        LIMIT.replace("handler-investors-per-hour", "roomy").replace("per: hour, at: 3", "per: day, at: 5");
    let more = format!("{roomy}---\n{LIMIT}");
    let stage = Stage::with(FIRM, |setup| offices(setup).more_policy("limit.yaml", &more));
    let ask = |clients: &[&str]| {
        stage.answers_json(&list(clients));
        get(&stage, "/customers", "").response.status
    };
    assert_eq!(ask(&["1", "2", "3"]), 200);
    for other in ["4", "5", "6", "7"] {
        assert_eq!(ask(&[other]), 429);
    }
    assert_eq!(ask(&["1", "2", "3"]), 200);
    let entry = stage.gateway.entries().pop().expect("recorded");
    assert_eq!(entry.intent.limits.len(), 2, "{entry:?}");
}

#[test]
fn a12_a_leaver_is_out_at_once_and_zones_and_licences_decide() {
    let policy = r#"apiVersion: yingbi/v1
kind: Role
metadata: {id: teller}
spec: {any: [{api_token: {id: teller}}]}
---
apiVersion: yingbi/v1
kind: Role
metadata: {id: partner}
spec: {any: [{api_token: {id: officer}}]}
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: staff-in-the-office, title: 职场内, clause: ["T/TSAC001:7.5.d"]}
spec:
  match: {roles: [teller], routes: ["GET crm.internal/customers"]}
  when: caller.zone == "office" && caller.kind == "person"
  allow: {level: "<=3"}
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: licensed-partners, title: 持牌机构, clause: ["T/TSAC001:8.2.2.1.a"]}
spec:
  match: {roles: [partner], routes: ["GET crm.internal/customers"]}
  when: caller.licence != ""
  allow: {level: "<=3"}
"#;
    let listed = |teller: &str, licence: &str| {
        format!(
            "- {{id: teller, state: {teller}, kind: person, department: counter}}\n- {{id: officer, state: active, kind: third-party{licence}}}\n"
        )
    };
    let stage = Stage::with(policy, |setup| {
        setup
            .identity(
                "  directory: {file: staff.yaml}\n  zones:\n    - {name: office, networks: [127.0.0.0/8]}\n",
            )
            .file("staff.yaml", &listed("active", ", licence: Z-100"))
    });
    stage.answers_json(&record(ANNA));
    let status = |who| stage.get(Who::Token(who), "/customers").response.status;
    assert_eq!([status("teller"), status("officer")], [200, 200]);
    let file = stage.gateway.directory().join("staff.yaml");
    std::fs::write(&file, listed("left", "")).unwrap();
    let begun = Instant::now();
    while status("teller") == 200 {
        assert!(begun.elapsed() < Duration::from_secs(5), "still in");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(code(&stage.get(Who::Token("teller"), "/customers")), (403, "YB2109".to_owned()));
    assert_eq!(
        code(&stage.get(Who::Token("officer"), "/customers")),
        (403, "YB2001".to_owned()),
        "no licence"
    );
    // A half written directory never rules.
    std::fs::write(&file, "- {id: teller, state: act").unwrap();
    std::thread::sleep(Duration::from_millis(1200));
    assert_eq!(status("teller"), 403);
    std::fs::write(&file, listed("active", ", licence: Z-100")).unwrap();
    while status("teller") != 200 {
        assert!(begun.elapsed() < Duration::from_secs(30), "not back");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn t3_a_refusal_for_want_of_step_up_says_what_is_missing() {
    let policy = r#"apiVersion: yingbi/v1
kind: Role
metadata: {id: investor}
spec: {any: [{jwt: {issuer: "https://sso.test.internal", claim: kind, equals: investor}}]}
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: only-stepped-up, title: 再次鉴别, clause: ["T/TSAC001:8.4.4.c"]}
spec:
  match: {roles: [investor], routes: ["GET crm.internal/customers"]}
  when: caller.stepped_up
  allow: {level: "<=3"}
"#;
    let stage = Stage::start(policy);
    stage.answers_json(&record(ANNA));
    let now = now_ms() / 1000;
    for (claims, missing) in [
        (json!({}), "acr or amr"),
        (json!({"acr": "weak", "auth_time": now}), "acr or amr"),
        (json!({"acr": "strong"}), "auth_time"),
        (json!({"acr": "strong", "auth_time": now - 4000}), "auth_time"),
    ] {
        let asked =
            stage.get(Who::Says(&format!("Bearer {}", stage.jwt(ANNA, claims.clone()))), "/customers");
        assert_eq!(code(&asked), (401, "YB2006".to_owned()), "{claims}");
        let challenge = asked.response.header("www-authenticate").unwrap_or_default().to_owned();
        for part in ["insufficient_user_authentication", missing, "acr_values=\"strong\"", "max_age=300"] {
            assert!(challenge.contains(part), "{claims}: {challenge}");
        }
    }
    assert_eq!(stage.get(Who::SteppedUp(ANNA), "/customers").response.status, 200);
}

#[test]
fn p5_a3_a11_officers_work_at_the_command_line() {
    let stage = stage();
    stage.answers_json(&list(&[ANNA]));
    let run = |officer: &str, arguments: &[&str]| {
        let file = stage.gateway.directory().join(format!("{officer}.token"));
        std::fs::write(&file, yingbi_tests::token(officer)).unwrap();
        let token = format!("{officer}.token");
        let all: Vec<&str> =
            arguments.iter().copied().chain(["--config", "yingbi.yaml", "--token-file", &token]).collect();
        let output = stage.gateway.run(&all);
        (output.status.code(), String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let evidence = format!("sm3:{}", "ab".repeat(32));
    let add = [
        "consent",
        "add",
        "--subject",
        ANNA,
        "--purpose",
        "marketing",
        "--kind",
        "separate",
        "--notice",
        "v3",
        "--channel",
        "counter",
        "--evidence",
        &evidence,
    ];
    assert_eq!(run("alan", &add).0, Some(2), "an auditor");
    assert_eq!(run("dora", &add).0, Some(0));
    assert_eq!(clear(&stage), [true]);
    let (code, listed) = run("alan", &["consent", "list", "--subject", ANNA]);
    assert!(code == Some(0) && listed.contains("marketing") && listed.contains("counter"), "{listed}");
    assert_eq!(run("dora", &["consent", "withdraw", "--subject", ANNA]).0, Some(0));
    assert_eq!(clear(&stage), [false]);
    assert_eq!(run("dora", &["consent", "withdraw", "--subject", ANNA]).0, Some(1), "there is none left");

    let ask = [
        "grant",
        "ask",
        "--template",
        "complaint",
        "--holder",
        "teller",
        "--subject",
        ANNA,
        "--ticket",
        "TS-1",
        "--reason",
        "核实",
    ];
    let (code, asked) = run("dora", &ask);
    assert!(code == Some(0) && asked.ends_with("requested"), "{asked}");
    let id = asked.split(' ').next().unwrap();
    assert_eq!(run("dora", &["grant", "approve", id]).0, Some(2));
    assert!(run("otto", &["grant", "approve", id]).1.ends_with("active"));
    assert!(run("alan", &["grant", "list", "--active"]).1.contains(id));
    assert!(run("otto", &["grant", "revoke", id]).1.ends_with("revoked"));

    let (code, switch) = run("petra", &["switch", "throw", "role", "complaint-handler", "--reason", "演练"]);
    assert_eq!(code, Some(0), "{switch}");
    assert_eq!(get(&stage, "/customers", "").response.status, 403);
    assert!(run("alan", &["switch", "list"]).1.contains("complaint-handler"));
    assert_eq!(run("sara", &["switch", "reset", &switch]).0, Some(0));
    assert_eq!(get(&stage, "/customers", "").response.status, 200);
    let nobody = stage.gateway.run(&["consent", "list", "--subject", ANNA, "--config", "yingbi.yaml"]);
    assert_eq!(nobody.status.code(), Some(64), "no token");
}

/// Every role against every route: the rows are those of the golden matrix, which the gateway's own table writes.
#[test]
fn a6_every_role_may_do_what_its_row_says_and_nothing_else() {
    let stage = stage();
    let matrix = include_str!("../../../gateway/src/admin/matrix.txt");
    let officers = [
        ("sara", "security-admin"),
        ("otto", "approver"),
        ("dora", "data-operator"),
        ("alan", "auditor"),
        ("petra", "platform"),
    ];
    let mut tried: BTreeMap<(&str, bool), u32> = BTreeMap::new();
    for line in matrix.lines() {
        let (route, may) = line.split_once(": ").unwrap();
        let (method, path) = route.split_once(' ').unwrap();
        let path = path.replace("{id}", "x-0").replace("{source}", "complaints");
        let may: Vec<&str> = may.split(' ').collect();
        if may == ["signed"] {
            for (officer, _) in officers {
                assert_eq!(
                    stage.gateway.office(officer, method, &path, &json!({})).0,
                    401,
                    "{route} {officer}"
                );
            }
            continue;
        }
        assert_eq!(stage.gateway.office("", method, &path, &json!({})).0, 401, "{route} nobody");
        for (officer, role) in officers {
            let (status, answer) = stage.gateway.office(officer, method, &path, &json!({}));
            let refused = status == 403 && answer["code"] == "YB1906";
            assert_eq!(!refused, may.contains(&role), "{route} {role}: {status} {answer}");
            assert_ne!(status, 401, "{route} {role}");
            *tried.entry((role, refused)).or_default() += 1;
        }
    }
    assert_eq!(tried.len(), 10, "every role has what it may and what it may not: {tried:?}");
    assert!(!stage.gateway.events("officer-refused").is_empty());
    // What is in no row does not exist.
    for (method, path) in [
        ("GET", "/api/v1/policies"),
        ("PUT", "/api/v1/grants"),
        ("PATCH", "/api/v1/consents"),
        ("DELETE", "/api/v1/audit/records"),
    ] {
        let (status, _) = stage.gateway.office("sara", method, path, &Value::Null);
        assert!([404, 405].contains(&status), "{method} {path}: {status}");
    }
}

#[test]
fn a6_one_person_never_has_roles_that_exclude_each_other() {
    let origin = yingbi_tests::Origin::start(|_| yingbi_tests::Answer::json("{}"));
    for roles in [["auditor", "data-operator"], ["approver", "data-operator"], ["security-admin", "auditor"]]
    {
        let problem = yingbi_tests::Gateway::of(&origin)
            .officer("max", &roles, &[])
            .try_start()
            .err()
            .expect("refused");
        assert!(problem.contains("exit status: 78") && problem.contains("YB0024"), "{roles:?}: {problem}");
    }
}

/// Nothing that the gateway has written tells of anybody in clear.
pub(crate) fn hidden(stage: &Stage) {
    for (path, bytes) in stage.gateway.written() {
        canary::assert_hidden(&path.display().to_string(), &bytes);
        for client in [ANNA, BO, CHEN] {
            let found = bytes.windows(client.len()).any(|window| window == client.as_bytes());
            assert!(!found, "{client} in {}", path.display());
        }
    }
}

pub(crate) fn metric(stage: &Stage, name: &str) -> f64 {
    let (_, text) = stage.gateway.admin_get("/metrics").unwrap();
    let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{name}"));
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

pub(crate) fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    since.as_millis() as i64
}

/// A time so many seconds from now, RFC 3339.
fn jiff_after(seconds: i64) -> String {
    let now = now_ms() / 1000 + seconds;
    let (days, rest) = (now.div_euclid(86_400), now.rem_euclid(86_400));
    // Days to a date, after Hinnant.
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let (day, month) = (doy - (153 * mp + 2) / 5 + 1, if mp < 10 { mp + 3 } else { mp - 9 });
    let year = yoe + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", rest / 3600, rest / 60 % 60, rest % 60)
}

fn signature(key: &str, at: i64, body: &str) -> String {
    let key: [u8; 32] = hex::decode(key).unwrap();
    let tag = hmac_sm3(&key, &[at.to_string().as_bytes(), b".", body.as_bytes()]);
    format!("t={at},sm3={}", hex::encode(&tag))
}

fn hook(stage: &Stage, at: i64, message: &Value) -> (u16, Value) {
    let text = message.to_string();
    let header = format!("Yingbi-Signature: {}\r\n", signature(&"3c".repeat(32), at, &text));
    stage.gateway.admin_ask("POST", "/api/v1/webhooks/complaints", &header, &text)
}
