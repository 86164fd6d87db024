//! A5, A8, A9, A10: what the firm knows of callers decides: second persons, shared accounts, zones, devices, environments,
//! licences, robots with owners and limits.

use crate::rights::{FIRM, code, granted, list, metric, now_ms, offices, record};
use serde_json::{Value, json};
use yingbi_tests::stage::Asked;
use yingbi_tests::{Setup, Stage, Who, canary};

/// Tellers in the office on their own devices; partners with a licence; a robot with a limit.
const POLICY: &str = r#"apiVersion: yingbi/v1
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
kind: Role
metadata: {id: robot}
spec: {any: [{api_token: {id: robot}}]}
---
apiVersion: yingbi/v1
kind: Binding
metadata: {id: list}
spec:
  route: {host: crm.internal, method: GET, path: "/customers"}
  records: $.data[*]
  subject: $.client_id
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: one-person-an-account, title: 账号不得共用, clause: ["T/TSAC001:7.5.a"]}
spec:
  match: {roles: [teller], routes: ["GET crm.internal/customers"]}
  when: caller.shared == "" && caller.environment == "production"
  allow: {level: "<=3"}
  treat: mask
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: licensed-see-three, title: 持牌机构方可接触3级, clause: ["T/TSAC001:8.2.2.1.a"]}
spec:
  match: {roles: [partner], routes: ["GET crm.internal/customers"]}
  when: caller.licence != ""
  allow: {level: "<=3"}
  treat: clear
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: anybody-sees-two, title: 其他机构仅2级, clause: ["T/TSAC001:8.2.2.1.a"]}
spec:
  match: {roles: [partner], routes: ["GET crm.internal/customers"]}
  allow: {level: "<=2"}
  treat: clear
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: robots-with-owners, title: 机器人须有责任人, clause: ["T/TSAC002:6.1"]}
spec:
  match: {roles: [robot], routes: ["GET crm.internal/customers"]}
  when: caller.kind == "robot" && caller.owner != ""
  allow: {level: "<=3"}
  treat: mask
---
apiVersion: yingbi/v1
kind: Limit
metadata: {id: robot-per-minute, title: 机器人每分钟人数, clause: ["T/TSAC002:6.1"]}
spec: {match: {roles: [robot]}, distinct: investors, per: minute, at: 2}
"#;

const STAFF: &str = "\
- {id: teller, state: active, kind: person, environment: production}
- {id: officer, state: active, kind: third-party}
- {id: robot, state: active, kind: robot, owner: ops-1001}
";

fn stage_of(staff: &str, accounts: &str) -> Stage {
    let lines = format!("  directory: {{file: staff.yaml}}\n{accounts}");
    Stage::with(POLICY, |setup: Setup| setup.caller("robot").identity(&lines).file("staff.yaml", staff))
}

fn ask_from(stage: &Stage, who: &str, from: &str) -> Asked {
    stage.ask_from(from, Who::Token(who), "GET", "/customers", "")
}

#[test]
fn a8_an_account_used_from_several_places_at_once_is_flagged_and_stopped_by_policy() {
    let stage = stage_of(STAFF, "  accounts: {window_s: 2, places: 1}\n");
    stage.answers_json(&list(&["1"]));
    assert_eq!(ask_from(&stage, "teller", "127.0.0.1").response.status, 200);
    assert_eq!(metric(&stage, "yingbi_shared_accounts_total"), 0.0);
    let refused = ask_from(&stage, "teller", "127.0.0.2");
    assert_eq!(code(&refused), (403, "YB2001".to_owned()));
    assert_eq!(stage.record(&refused).intent.marks, ["shared-account"]);
    assert_eq!(code(&ask_from(&stage, "teller", "127.0.0.1")).0, 403, "both of them");
    assert!(metric(&stage, "yingbi_shared_accounts_total") >= 2.0);
    // Another account from the same two places is another matter: no rule blocks it, its records say so.
    assert_eq!(ask_from(&stage, "officer", "127.0.0.2").response.status, 200);
    let flagged = ask_from(&stage, "officer", "127.0.0.1");
    assert_eq!(flagged.response.status, 200);
    assert_eq!(stage.record(&flagged).intent.marks, ["shared-account"]);
    // Whoever moves is not shared.
    std::thread::sleep(std::time::Duration::from_millis(2500));
    let moved = ask_from(&stage, "teller", "127.0.0.2");
    assert_eq!(moved.response.status, 200);
    assert!(stage.record(&moved).intent.marks.is_empty());
}

#[test]
fn a8_environment_and_bound_devices_decide() {
    let stage = stage_of(&STAFF.replace("environment: production", "environment: test"), "");
    stage.answers_json(&list(&["1"]));
    assert_eq!(code(&ask_from(&stage, "teller", "127.0.0.1")).0, 403, "a test account");
    // An account bound to devices is nobody's without one of them.
    let policy = POLICY
        .replace("caller.shared == \"\" && caller.environment == \"production\"", "caller.device != \"\"");
    let bound = STAFF.replace("kind: person", "kind: person, devices: [laptop-7]");
    let stage = Stage::with(&policy, |setup| {
        setup.caller("robot").identity("  directory: {file: staff.yaml}\n").file("staff.yaml", &bound)
    });
    stage.answers_json(&list(&["1"]));
    assert_eq!(code(&ask_from(&stage, "teller", "127.0.0.1")), (403, "YB0631".to_owned()));
    assert_eq!(ask_from(&stage, "robot", "127.0.0.1").response.status, 200, "others are bound to none");
}

#[test]
fn a9_no_licence_no_level_three() {
    let stage = stage_of(STAFF, "");
    stage.answers_json(&list(&["1"]));
    let got = ask_from(&stage, "officer", "127.0.0.1").response.json();
    assert_eq!(got["data"][0]["client_id"], "1", "level 2: {got}");
    for level_three in ["mobile_tel", "client_name", "id_no"] {
        assert!(got["data"][0].get(level_three).is_none(), "{level_three}: {got}");
    }
    std::fs::write(
        stage.gateway.directory().join("staff.yaml"),
        STAFF.replace("kind: third-party", "kind: third-party, licence: Z-100"),
    )
    .unwrap();
    let begun = std::time::Instant::now();
    loop {
        let got = ask_from(&stage, "officer", "127.0.0.1").response.json();
        if got["data"][0]["mobile_tel"] == "139****5678" {
            assert_ne!(got["data"][0]["trade_pwd"], canary::PASSWORD, "level 4 never");
            break;
        }
        assert!(begun.elapsed().as_secs() < 10, "{got}");
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
}

#[test]
fn a10_a_robot_has_an_owner_and_limits_of_its_own() {
    let stage = stage_of(STAFF, "");
    let ask = |clients: &[&str]| {
        stage.answers_json(&list(clients));
        ask_from(&stage, "robot", "127.0.0.1").response.status
    };
    assert_eq!([ask(&["1"]), ask(&["2"]), ask(&["3"]), ask(&["1", "2"])], [200, 200, 429, 200]);
    stage.answers_json(&list(&["1", "2", "3", "4"]));
    assert_eq!(ask_from(&stage, "teller", "127.0.0.1").response.status, 200, "people have other limits");
    // A robot that nobody answers for any more is out.
    let orphan = STAFF.replace(", owner: ops-1001", "");
    std::fs::write(stage.gateway.directory().join("staff.yaml"), &orphan).unwrap();
    let begun = std::time::Instant::now();
    while ask(&["1"]) != 403 {
        assert!(begun.elapsed().as_secs() < 10, "still in");
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    assert_eq!(code(&ask_from(&stage, "robot", "127.0.0.1")), (403, "YB2001".to_owned()));
}

/// Whoever wants more than a limit lets through needs somebody else's word, whoever they are.
#[test]
fn a5_an_export_needs_a_second_person() {
    const LIMIT: &str = r#"apiVersion: yingbi/v1
kind: Limit
metadata: {id: export, title: 导出人数, clause: ["T/TSAC001:7.5.h"]}
spec: {match: {roles: [complaint-handler]}, distinct: investors, per: day, at: 1, lift: {template: bulk-read}}
"#;
    let stage = Stage::with(FIRM, |setup| offices(setup).more_policy("limit.yaml", LIMIT));
    let clients: Vec<String> = (0..40).map(|nth| format!("6{nth:03}")).collect();
    stage.answers_json(&list(&clients.iter().map(String::as_str).collect::<Vec<_>>()));
    let export = |grant: &str| {
        stage.ask(Who::Token("teller"), "GET", "/customers", &format!("Yingbi-Ticket: {grant}\r\n"))
    };
    let asked = json!({"template": "bulk-read", "holder": "teller", "reason": "年度核对"});
    let (status, grant) = stage.gateway.office("dora", "POST", "/api/v1/grants", &asked);
    assert_eq!((status, &grant["state"]), (201, &json!("requested")));
    let id = grant["id"].as_str().unwrap();
    assert_eq!(code(&export(id)), (429, "YB2111".to_owned()), "asked for is not approved");
    for who in ["dora", "paul", "sara", "alan", "petra"] {
        let approve = format!("/api/v1/grants/{id}/approve");
        assert_eq!(stage.gateway.office(who, "POST", &approve, &Value::Null).0, 403, "{who}");
    }
    assert_eq!(code(&export(id)).0, 429);
    let approved = granted(&stage, asked);
    let before = now_ms();
    let whole = export(&approved);
    assert_eq!(
        (whole.response.status, whole.response.json()["data"].as_array().map(Vec::len)),
        (200, Some(40))
    );
    let intent = stage.record(&whole).intent;
    assert_eq!((intent.grants.as_slice(), intent.subjects.len()), (&[approved.clone()][..], 40));
    assert!(intent.limits.is_empty(), "lifted, so not held against the caller");
    assert_eq!(code(&export(&approved)).0, 429, "once");
    assert!(now_ms() >= before && record("1").is_object());
}
