//! X10: distribution of funds, marketing, disclosure (T/TSAC 001—2025 Appendix B.3, B.4, B.6).

use super::{ANNA, BO, CHEN, STAFF, Scene, granted, offices, person, refused};
use serde_json::{Value, json};
use yingbi_tests::{canary, credentials};

const POLICIES: &str = include_str!("../../../../policies/scenes/distribution/policies.yaml");

fn scene() -> Scene {
    Scene::start(POLICIES, "funds.internal", |setup| {
        offices(setup.caller("fund-manager"), ["discloser", "disclosure-lead"])
    })
}

fn consent(scene: &Scene, subject: &str, purpose: &str, recipient: &str, kind: &str) {
    let consent = json!({
        "subject": subject, "purpose": purpose, "recipient": recipient, "kind": kind, "notice": "v1", "channel": "app",
        "evidence": format!("sm3:{}", "ab".repeat(32)),
    });
    let (status, answer) = scene.gateway.office("dora", "POST", "/api/v1/consents", &consent);
    assert_eq!(status, 201, "{answer}");
}

#[test]
fn x10_the_manager_gets_what_the_contract_needs_and_more_only_by_consent() {
    let scene = scene();
    let path = "/funds/000001/holders";
    scene.answers(path, json!({"holders": [person(ANNA), person(BO)]}));
    let manager = credentials("fund-manager");
    let asked = scene.get(path, &manager);
    let row = &asked.response.json()["holders"][0];
    assert_eq!((&row["client_name"], &row["id_no"]), (&json!(canary::NAME), &json!(canary::ID)), "{row}");
    for field in ["client_id", "mobile_tel", "bank_account", "e_mail"] {
        assert!(row.get(field).is_none(), "`{field}` is not of the contract: {row}");
    }
    // The register of what third parties got: to whom, for what, of how many, which categories (§8.7.2 e).
    let intent = scene.record(&asked).intent;
    assert_eq!(
        (intent.purpose.as_deref(), intent.basis.as_deref()),
        (Some("fund-contract"), Some("contract"))
    );
    assert_eq!((intent.subjects.len(), intent.clear["identity.document"]), (2, 2), "{intent:?}");

    let beyond = format!("{manager}Yingbi-Purpose: manager-service\r\n");
    assert_eq!(refused(&scene.get(path, &beyond)), (403, "YB2008".to_owned()));
    // A consent for the firm itself, or a bundled one, is none for the manager.
    consent(&scene, ANNA, "manager-service", "self", "separate");
    consent(&scene, BO, "manager-service", "fund-manager", "general");
    let got = scene.get(path, &beyond);
    canary::assert_hidden("no consent for the manager", &got.response.body);
    consent(&scene, ANNA, "manager-service", "fund-manager", "separate");
    let got = scene.get(path, &beyond).response.json();
    assert_eq!(got["holders"][0]["mobile_tel"], canary::MOBILE, "{got}");
    assert!(got["holders"][0].get("id_no").is_none(), "{got}");
    canary::assert_hidden("who did not consent", got["holders"][1].to_string().as_bytes());
    scene.hidden();
}

#[test]
fn x10_marketing_reaches_who_agreed_and_nobody_who_opted_out() {
    let scene = scene();
    let audience = |client: &str| {
        let mut row = person(client);
        row["risk_label"] = json!("稳健型");
        row
    };
    scene.answers("/audience", json!({"audience": [audience(ANNA), audience(BO), audience(CHEN)]}));
    let marketer = scene.staff("e1010", "marketing");
    let reached = || -> Vec<bool> {
        let asked = scene.get("/audience", &marketer);
        canary::assert_hidden("marketing", &asked.response.body);
        let got = asked.response.json();
        let rows = got["audience"].as_array().cloned().unwrap_or_default();
        rows.iter().map(|row| row["risk_label"] == "稳健型").collect()
    };
    assert_eq!(refused(&scene.get("/audience", &marketer)), (403, "YB2008".to_owned()));
    for client in [ANNA, CHEN] {
        consent(&scene, client, "marketing", "self", "separate");
    }
    assert_eq!(reached(), [true, false, true]);
    let withdrawn = json!({"subject": CHEN, "purpose": "marketing"});
    assert_eq!(scene.gateway.office("dora", "POST", "/api/v1/consents/withdraw", &withdrawn).0, 200);
    assert_eq!(reached(), [true, false, false], "opted out");
    scene.hidden();
}

#[test]
fn x10_disclosure_is_reviewed_by_another_and_registered() {
    let scene = scene();
    let path = "/announcements/2026-01";
    let holder = |client: &str| {
        let mut row = person(client);
        row["hold_amount"] = json!(500_000);
        row
    };
    scene.answers(path, json!({"shareholders": [holder(ANNA), holder(BO)]}));
    let discloser = scene.staff("e1020", "disclosure");
    assert_eq!(refused(&scene.get(path, &discloser)), (403, "YB2007".to_owned()));
    let asked = json!({
        "template": "publication", "ticket": "PUB-1", "subject": ANNA, "holder": format!("{STAFF}#e1020"),
        "reason": "定期报告前十大股东",
    });
    granted(&scene, &asked);
    let with_ticket = format!("{discloser}Yingbi-Ticket: PUB-1\r\n");
    let asked = scene.get(path, &with_ticket);
    let got = asked.response.json();
    let row = &got["shareholders"][0];
    assert_eq!((&row["client_name"], &row["hold_amount"]), (&json!(canary::NAME), &json!(500_000)), "{got}");
    assert!(row.get("id_no").is_none() && row.get("mobile_tel").is_none(), "{got}");
    canary::assert_hidden("who was not reviewed", got["shareholders"][1].to_string().as_bytes());
    // The register of publications: when, how much, for what, by which right (§8.8.1.2 f).
    let intent = scene.record(&asked).intent;
    assert_eq!(
        (intent.purpose.as_deref(), intent.basis.as_deref()),
        (Some("disclosure"), Some("legal-duty"))
    );
    assert_eq!((intent.grants.len(), intent.route.as_str()), (1, "/announcements/{id}"), "{intent:?}");

    // What must never be published stops the whole page (§8.8.1.2 e).
    let mut face: Value = holder(ANNA);
    face["face_image"] = json!("iVBORw0KGgoAAAANSUhEUgAA");
    scene.answers(path, json!({ "shareholders": [face] }));
    assert_eq!(refused(&scene.get(path, &with_ticket)), (403, "YB2101".to_owned()));
    scene.hidden();
}
