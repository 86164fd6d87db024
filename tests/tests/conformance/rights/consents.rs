//! P3 to P5, P7: consents, their withdrawal, restrictions, and guardians.

use super::{ANNA, BO, CHEN, clear, code, consent, hidden, list, now_ms, record, stage};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use yingbi_tests::{Who, canary};

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
    let (status, again) = stage.gateway.office("dora", "POST", "/api/v1/consents/withdraw", &withdrawn);
    assert_eq!((status, &again["withdrawn"]), (200, &json!([])), "nothing more on record");
    let other = json!({"subject": ANNA, "id": "c-0000000000000000"});
    assert_eq!(stage.gateway.office("dora", "POST", "/api/v1/consents/withdraw", &other).0, 404);

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
