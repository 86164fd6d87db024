//! T2, T3, T4: who sees what of whom.

use crate::FIRM;
use serde_json::{Value, json};
use yingbi_tests::{Answer, Gateway, Origin, Stage, Who, canary};

const ANNA: &str = "80001234";
const OTHER: &str = "80005678";

/// A record of every level: the subject comes last, after all it rules.
fn record(client_id: impl Into<Value>) -> Value {
    let mut record = json!({
        "client_name": canary::NAME, "mobile_tel": canary::MOBILE, "id_no": canary::ID, "bank_account": canary::CARD,
        "e_mail": canary::EMAIL, "trade_pwd": canary::PASSWORD, "enable_balance": "987654.32",
    });
    record["client_id"] = client_id.into();
    record
}

/// The same spelt so that the subject stands where it is said to.
fn spelt(records: &[(Option<Value>, bool)]) -> Answer {
    let rows: Vec<String> = records
        .iter()
        .map(|(subject, first)| {
            let fields = format!(
                r#""client_name":"{}","mobile_tel":"{}","id_no":"{}","trade_pwd":"{}""#,
                canary::NAME,
                canary::MOBILE,
                canary::ID,
                canary::PASSWORD
            );
            match (subject, first) {
                (None, _) => format!("{{{fields}}}"),
                (Some(subject), true) => format!("{{\"client_id\":{subject},{fields}}}"),
                (Some(subject), false) => format!("{{{fields},\"client_id\":{subject}}}"),
            }
        })
        .collect();
    Answer::json(format!("{{\"data\":[{}]}}", rows.join(",")))
}

#[test]
fn t2_the_unauthenticated_never_get_level_two() {
    let stage = Stage::start(FIRM);
    let body = json!({
        "notice": "休市安排", "turnover": 12.5, "client_id": ANNA, "risk_level": "C3", "client_name": canary::NAME,
        "mobile_tel": canary::MOBILE, "trade_pwd": canary::PASSWORD,
        "nested": {"list": [{"id_no": canary::ID, "keep": 1}], "text": canary::person_text()},
        "payload": canary::person_json(),
    });
    let asked = stage.answers_json(&body).get(Who::Nobody, "/notices");
    let got = asked.response.json();
    assert_eq!(asked.response.status, 200, "{got}");
    assert_eq!((&got["notice"], &got["nested"]["list"][0]["keep"]), (&json!("休市安排"), &json!(1)));
    for left_out in ["client_id", "client_name", "mobile_tel", "trade_pwd"] {
        assert!(got.get(left_out).is_none(), "{left_out}: {got}");
    }
    canary::assert_hidden("JSON", &asked.received);
    let partly: &[&str] = &["司马", "139****", "5678", "110***", "6222", "g***"];
    for part in partly {
        assert!(!asked.response.text().contains(part), "`{part}` is part of a value: {got}");
    }
    let intent = stage.record(&asked).intent;
    // What stands within a text can't be left out of it; it is filled so that nothing of it shows.
    assert!(intent.clear.is_empty() && !intent.dropped.is_empty(), "{intent:?}");
    assert_eq!(intent.caller, "");
    for answer in [
        Answer::of_type("text/plain", canary::person_text()),
        Answer::of_type("text/html", format!("<p>{}</p>", canary::person_text())),
        Answer::with(&format!("Content-Type: application/json\r\nX-Mobile: {}\r\n", canary::MOBILE), "{}"),
    ] {
        let asked = stage.answers(answer).get(Who::Nobody, "/notices");
        canary::assert_hidden("other content", &asked.received);
        for part in partly {
            assert!(
                !String::from_utf8_lossy(&asked.received).contains(part),
                "`{part}`: {:?}",
                asked.response
            );
        }
    }
}

#[test]
fn t2_a_caller_with_a_wrong_proof_is_not_taken_for_nobody() {
    let stage = Stage::start(FIRM);
    stage.answers_json(&json!({"notice": "x"}));
    for wrong in
        ["Bearer nonsense", "Bearer yb_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "Basic dGVsbGVyOng="]
    {
        let asked = stage.get(Who::Says(wrong), "/notices");
        assert_eq!(asked.response.status, 401, "{wrong}");
        asked.response.problem_code();
    }
    assert!(stage.origin.seen().is_empty());
}

#[test]
fn t3_level_four_never_leaves_in_clear() {
    let rules = [
        (
            "clear with a mask named for level 4",
            "enforce",
            "allow: {level: \"<=4\"}\n  treat: {default: clear, categories: {\"level:4\": mask}}",
        ),
        ("clear below, level 4 not named", "enforce", "allow: {level: \"<=3\"}\n  treat: clear"),
        ("another's rule that only monitors", "monitor", "allow: {level: \"<=3\"}\n  treat: clear"),
    ];
    for (name, mode, action) in rules {
        let policy = format!(
            "{FIRM}---\napiVersion: yingbi/v1\nkind: Policy\nmetadata: {{id: too-much, title: 试图明文, clause: [\"T/TSAC001:8.4.4.d\"]}}\nspec:\n  mode: {mode}\n  match: {{routes: [\"GET crm.internal/customers\", \"GET crm.internal/customers/*\"]}}\n  {action}\n"
        );
        let stage = Stage::start(&policy);
        let body = json!({"data": [record(ANNA)], "password": canary::PASSWORD, "fingerprint": "Zx9-qW81p", "text": format!("交易密码：{}", canary::PASSWORD)});
        stage.answers_json(&body);
        for who in [Who::Token("teller"), Who::Investor(ANNA), Who::SteppedUp(ANNA), Who::SteppedUp(OTHER)] {
            for path in ["/customers", "/customers/80001234"] {
                let asked = stage.get(who, path);
                let text = asked.response.text();
                assert!(!text.contains(canary::PASSWORD), "{name}, {who:?} {path}: {text}");
                if asked.response.status == 200 {
                    let intent = stage.record(&asked).intent;
                    assert_eq!(intent.clear.get("credential.account"), None, "{name}: {intent:?}");
                    assert!(
                        intent.masked.contains_key("credential.account")
                            || intent.dropped.contains_key("credential.account"),
                        "{name}: {intent:?}"
                    );
                }
            }
        }
        let metrics = stage.gateway.metrics();
        assert_eq!(metrics.sum("yingbi_level_released_clear_total", &[("level", "4")]), 0.0);
    }
}

#[test]
fn t3_a_policy_for_level_four_in_clear_never_rules() {
    let origin = Origin::start(|_| Answer::json(canary::person_json()));
    for action in [
        "allow: {level: \"<=4\"}\n  treat: clear",
        "allow: {categories: [credential.account]}\n  treat: clear",
    ] {
        let policy = format!(
            "{FIRM}---\napiVersion: yingbi/v1\nkind: Policy\nmetadata: {{id: too-much, title: 试图明文}}\nspec:\n  match: {{roles: [teller]}}\n  {action}\n"
        );
        let problem =
            Gateway::of(&origin).caller("officer").policy(&policy).try_start().err().expect("refused");
        assert!(problem.contains("exit status: 78") && problem.contains("YB0501"), "{problem}");
    }
}

#[test]
fn t3_own_data_is_masked_before_step_up_and_clear_after() {
    let stage = Stage::start(FIRM);
    stage.answers_json(&record(ANNA));
    let path = format!("/customers/{ANNA}");
    let asked = stage.get(Who::Investor(ANNA), &path);
    canary::assert_hidden("before step-up", &asked.received);
    assert_eq!(asked.response.json()["mobile_tel"], "139****5678");
    let intent = stage.record(&asked).intent;
    assert!(
        !intent.clear.contains_key("basic") && !intent.clear.contains_key("identity.document"),
        "{intent:?}"
    );

    let asked = stage.get(Who::SteppedUp(ANNA), &path);
    let got = asked.response.json();
    assert_eq!(
        (&got["mobile_tel"], &got["id_no"], &got["client_name"]),
        (&json!(canary::MOBILE), &json!(canary::ID), &json!(canary::NAME))
    );
    assert_eq!(got["trade_pwd"], "********");
    let intent = stage.record(&asked).intent;
    assert_eq!(intent.clear.get("basic"), Some(&3), "the full display is recorded: {intent:?}");
    assert_eq!(intent.clear.get("identity.document"), Some(&1), "{intent:?}");
    assert_eq!(intent.masked, [("credential.account".to_owned(), 1)].into(), "{intent:?}");
    assert_eq!(intent.subjects.len(), 1);

    // A step-up that is old, from the future, or of the wrong kind is none.
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    for claims in [
        json!({"acr": "strong", "auth_time": now - 400}),
        json!({"acr": "strong", "auth_time": now + 400}),
        json!({"acr": "weak", "auth_time": now}),
        json!({"acr": "strong"}),
        json!({"auth_time": now}),
    ] {
        let jwt = format!("Bearer {}", stage.jwt(ANNA, claims.clone()));
        let asked = stage.get(Who::Says(&jwt), &path);
        canary::assert_hidden(&claims.to_string(), &asked.received);
    }
    // Stepping up opens nobody else's.
    let asked = stage.get(Who::SteppedUp(OTHER), &path);
    assert_eq!(asked.response.status, 403);
}

#[test]
fn t4_in_a_list_own_is_clear_and_others_are_masked() {
    let stage = Stage::start(FIRM);
    let own = || Some(json!(ANNA));
    let other = || Some(json!(OTHER));
    stage.answers(spelt(&[(own(), false), (other(), false), (own(), true), (other(), true), (None, false)]));
    let asked = stage.get(Who::SteppedUp(ANNA), "/customers");
    let got = asked.response.json();
    let clear: Vec<bool> = (0..5).map(|row| got["data"][row]["mobile_tel"] == canary::MOBILE).collect();
    assert_eq!(clear, [true, false, true, false, false], "{got}");
    for row in [1, 3, 4] {
        canary::assert_hidden("another's", got["data"][row].to_string().as_bytes());
        assert_eq!(got["data"][row]["mobile_tel"], "139****5678");
    }
    for row in 0..5 {
        assert_eq!(got["data"][row]["trade_pwd"], "********");
    }
    let intent = stage.record(&asked).intent;
    assert_eq!((intent.records, intent.subjects.len()), (5, 2), "{intent:?}");
    assert_eq!((intent.clear.get("basic"), intent.masked.get("basic")), (Some(&4), Some(&6)), "{intent:?}");

    // Without step-up nothing of level 3 is clear, whoever's it is.
    let asked = stage.get(Who::Investor(ANNA), "/customers");
    canary::assert_hidden("before step-up", &asked.received);
}

#[test]
fn t4_a_subject_that_does_not_prove_ownership_is_anothers() {
    let stage = Stage::start(FIRM);
    let cases = [
        ("missing", None),
        ("null", Some(json!(null))),
        ("empty", Some(json!(""))),
        ("another", Some(json!(OTHER))),
        ("a prefix", Some(json!("8000123"))),
        ("longer", Some(json!("800012345"))),
        ("padded", Some(json!(" 80001234"))),
        ("a list with the own", Some(json!([ANNA, OTHER]))),
        ("an object", Some(json!({"id": ANNA}))),
        ("true", Some(json!(true))),
    ];
    for (name, subject) in cases {
        for first in [true, false] {
            let asked =
                stage.answers(spelt(&[(subject.clone(), first)])).get(Who::SteppedUp(ANNA), "/customers");
            assert_eq!(asked.response.status, 200, "{name}: {:?}", asked.response);
            canary::assert_hidden(name, &asked.received);
        }
    }
    for (name, subject) in [("text", json!(ANNA)), ("number", json!(80_001_234))] {
        let asked = stage.answers(spelt(&[(Some(subject), false)])).get(Who::SteppedUp(ANNA), "/customers");
        assert_eq!(asked.response.json()["data"][0]["mobile_tel"], canary::MOBILE, "{name}");
    }
    // Two subjects in one record: nobody's own.
    let twice = format!(
        r#"{{"data":[{{"client_id":"{ANNA}","mobile_tel":"{}","client_id":"{OTHER}"}}]}}"#,
        canary::MOBILE
    );
    let asked = stage.answers(Answer::json(twice)).get(Who::SteppedUp(ANNA), "/customers");
    canary::assert_hidden("two subjects", &asked.received);
}

#[test]
fn t4_staff_see_level_three_in_clear_only_on_a_stated_ground() {
    let stage = Stage::start(FIRM);
    stage.answers_json(&json!([record(ANNA)]));
    let asked = stage.ask(Who::Token("officer"), "GET", "/report", "Yingbi-Purpose: reporting\r\n");
    let got = asked.response.json();
    assert_eq!((&got[0]["mobile_tel"], &got[0]["trade_pwd"]), (&json!(canary::MOBILE), &json!("********")));
    let intent = stage.record(&asked).intent;
    assert_eq!(
        (intent.basis.as_deref(), intent.clear.get("basic")),
        (Some("legal-duty"), Some(&3)),
        "{intent:?}"
    );

    let ungrounded =
        FIRM.replace("allow: {level: \"<=3\"}\n  treat: mask", "allow: {level: \"<=3\"}\n  treat: clear");
    let stage = Stage::start(&ungrounded);
    let asked = stage.answers_json(&record(ANNA)).get(Who::Token("teller"), "/customers/80001234");
    assert_eq!(asked.response.status, 200);
    canary::assert_hidden("no ground", &asked.received);
}
