//! X2 and X3: complaints (T/SAC 001) and call-backs (T/SAC 002); T/TSAC 001—2025 §7.5 h, k.

use super::{ANNA, BO, STAFF, Scene, VENDOR, granted, hook, offices, person, refused};
use serde_json::{Value, json};
use yingbi_tests::canary;

const COMPLAINTS: &str = include_str!("../../../../policies/scenes/complaints/policies.yaml");
const CALL_BACKS: &str = include_str!("../../../../policies/scenes/call-backs/policies.yaml");

#[test]
fn x2_a_complaint_opens_one_investor_to_its_handler_until_it_closes() {
    let scene = Scene::start(COMPLAINTS, "crm.internal", |setup| {
        offices(setup, ["complaint-handler", "complaint-supervisor"])
    });
    let path = format!("/customers/{ANNA}");
    for client in [ANNA, BO] {
        scene.answers(&format!("/customers/{client}"), person(client));
    }
    let handler = scene.staff("e2001", "complaint-handlers");
    let with = |ticket: &str| format!("{handler}Yingbi-Ticket: {ticket}\r\n");
    assert_eq!(refused(&scene.get(&path, &with("TS-7"))), (403, "YB2007".to_owned()), "no complaint yet");

    let open = json!({
        "event": "open", "ticket": "TS-7", "template": "complaint", "subject": ANNA,
        "handler": format!("{STAFF}#e2001"),
    });
    assert_eq!(hook(&scene, &open), 200);
    let asked = scene.get(&path, &with("TS-7"));
    let got = asked.response.json();
    assert_eq!(
        (&got["client_name"], &got["mobile_tel"]),
        (&json!(canary::NAME), &json!(canary::MOBILE)),
        "{got}"
    );
    assert!(got.get("id_no").is_none() && got.get("bank_account").is_none(), "not of the task: {got}");
    assert_eq!(got["trade_pwd"], "********");
    let intent = scene.record(&asked).intent;
    assert_eq!((intent.grants.len(), intent.purpose.as_deref()), (1, Some("complaint")), "{intent:?}");

    // Nobody else's record, and nobody else by this ticket.
    assert_eq!(refused(&scene.get(&format!("/customers/{BO}"), &with("TS-7"))), (403, "YB2007".to_owned()));
    let colleague = scene.staff("e2002", "complaint-handlers");
    let borrowed = scene.get(&path, &format!("{colleague}Yingbi-Ticket: TS-7\r\n"));
    assert_eq!(refused(&borrowed), (403, "YB2007".to_owned()));

    assert_eq!(hook(&scene, &json!({"event": "close", "ticket": "TS-7"})), 200);
    assert_eq!(refused(&scene.get(&path, &with("TS-7"))), (403, "YB2007".to_owned()), "closed");
    scene.hidden();
}

#[test]
fn x2_the_supervisor_sees_figures_only() {
    let scene = Scene::start(COMPLAINTS, "crm.internal", |setup| {
        offices(setup, ["complaint-handler", "complaint-supervisor"])
    });
    let figures =
        json!({"open": 12, "closed": 40, "overdue": 1, "by_branch": [{"branch": "0101", "count": 7}]});
    scene.answers("/complaints/figures", figures.clone());
    scene.answers(&format!("/customers/{ANNA}"), person(ANNA));
    let supervisor = scene.staff("e2900", "complaint-supervisors");
    assert_eq!(scene.get("/complaints/figures", &supervisor).response.json(), figures);
    let open = json!({
        "event": "open", "ticket": "TS-8", "template": "complaint", "subject": ANNA,
        "handler": format!("{STAFF}#e2900"),
    });
    assert_eq!(hook(&scene, &open), 200);
    let path = format!("/customers/{ANNA}");
    let customer = scene.get(&path, &format!("{supervisor}Yingbi-Ticket: TS-8\r\n"));
    assert_eq!(refused(&customer), (403, "YB2001".to_owned()), "not even with a ticket");
    // Figures that name a complainant after all lose them.
    scene.answers("/complaints/figures", json!({"open": 12, "latest": person(ANNA)}));
    let page = scene.get("/complaints/figures", &supervisor);
    canary::assert_hidden("figures", &page.response.body);
    assert_eq!(page.response.json()["open"], 12);
    scene.hidden();
}

fn task(client: &str) -> Value {
    let mut task = person(client);
    task["dial_ref"] = json!("dt-7Qm2xK9");
    task["fund_account"] = json!("100012345678");
    task
}

fn call_centre(zone: &str) -> Scene {
    let zones = format!("  zones:\n    - {{name: {zone}, networks: [127.0.0.0/8]}}\n");
    let scene = Scene::start(CALL_BACKS, "calls.internal", |setup| {
        offices(setup.identity(&zones), ["call-agent", "call-lead"])
    });
    scene.answers("/tasks", json!({"tasks": [task(ANNA), task(BO)]}));
    scene
}

#[test]
fn x3_agents_dial_by_token_and_see_the_task_only() {
    let scene = call_centre("office");
    let agent = scene.staff("e3001", "call-agents");
    let vendor = scene.bearer(VENDOR, "v01", json!({"groups": ["call-agents"]}));
    assert_eq!(refused(&scene.get("/tasks", &agent)), (403, "YB2007".to_owned()), "no task");
    for (ticket, handler) in [("CB-1", format!("{STAFF}#e3001")), ("CB-2", format!("{VENDOR}#v01"))] {
        let open = json!({
            "event": "open", "ticket": ticket, "template": "call-back", "subject": ANNA, "handler": handler,
        });
        assert_eq!(hook(&scene, &open), 200);
    }
    let asked = scene.get("/tasks", &format!("{agent}Yingbi-Ticket: CB-1\r\n"));
    let got = asked.response.json();
    let row = &got["tasks"][0];
    assert_eq!(
        (&row["client_name"], &row["mobile_tel"], &row["dial_ref"], &row["fund_account"]),
        (&json!(canary::NAME), &json!("139****5678"), &json!("dt-7Qm2xK9"), &json!("100012345678")),
        "{got}"
    );
    assert!(
        row.get("id_no").is_none() && row.get("bank_account").is_none() && row.get("e_mail").is_none(),
        "{got}"
    );
    // The task of somebody else's tells nothing of its investor.
    let other = got["tasks"][1].to_string();
    canary::assert_hidden("another task", other.as_bytes());
    assert!(!other.contains("100012345678"), "{other}");

    let asked = scene.get("/tasks", &format!("{vendor}Yingbi-Ticket: CB-2\r\n"));
    canary::assert_hidden("the vendor", &asked.response.body);
    let got = asked.response.json();
    assert_eq!(
        (&got["tasks"][0]["client_name"], &got["tasks"][0]["dial_ref"]),
        (&json!("司马**"), &json!("dt-7Qm2xK9"))
    );
    assert!(got["tasks"][0].get("fund_account").is_none(), "{got}");
    scene.hidden();
}

#[test]
fn x3_the_vendor_sees_nothing_from_outside_the_call_centre() {
    let scene = call_centre("remote");
    let vendor = scene.bearer(VENDOR, "v01", json!({"groups": ["call-agents"]}));
    let open = json!({
        "event": "open", "ticket": "CB-2", "template": "call-back", "subject": ANNA, "handler": format!("{VENDOR}#v01"),
    });
    assert_eq!(hook(&scene, &open), 200);
    assert_eq!(scene.get("/tasks", &format!("{vendor}Yingbi-Ticket: CB-2\r\n")).response.status, 403);
}

#[test]
fn x3_a_day_has_its_limit_and_another_lifts_it() {
    let scene = call_centre("office");
    let agent = scene.staff("e3001", "call-agents");
    let open = json!({
        "event": "open", "ticket": "CB-1", "template": "call-back", "subject": ANNA, "handler": format!("{STAFF}#e3001"),
    });
    assert_eq!(hook(&scene, &open), 200);
    let tasks = |from: u32, to: u32| {
        let rows: Vec<Value> = (from..to).map(|number| task(&format!("8{number:07}"))).collect();
        json!({ "tasks": rows })
    };
    let ask = |ticket: &str| scene.get("/tasks", &format!("{agent}Yingbi-Ticket: {ticket}\r\n"));
    scene.answers("/tasks", tasks(0, 100));
    assert_eq!(ask("CB-1").response.status, 200);
    scene.answers("/tasks", tasks(80, 130));
    assert_eq!(refused(&ask("CB-1")), (429, "YB2111".to_owned()), "130 investors in a day");
    scene.answers("/tasks", tasks(80, 120));
    assert_eq!(ask("CB-1").response.status, 200, "120 of them");
    scene.answers("/tasks", tasks(120, 121));
    assert_eq!(refused(&ask("CB-1")), (429, "YB2111".to_owned()));
    let asked = json!({"template": "more-call-backs", "holder": format!("{STAFF}#e3001"), "ticket": "MORE-1", "reason": "月末集中回访"});
    granted(&scene, &asked);
    let both = scene.get("/tasks", &format!("{agent}Yingbi-Ticket: MORE-1\r\n"));
    // The grant lifts the limit; it opens nobody's data.
    assert_ne!(both.response.status, 429, "{}", both.response.json());
    canary::assert_hidden("beyond the limit", &both.response.body);
}
