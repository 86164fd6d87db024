//! A3, A4, A7: tickets, grants and break-glass.

use super::{ANNA, BO, CHEN, code, get, granted, hidden, list, now_ms, record, stage};
use serde_json::{Value, json};
use yingbi_crypto::{hex, hmac_sm3};
use yingbi_tests::{Stage, Who, canary};

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
