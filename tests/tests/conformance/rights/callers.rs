//! A8, A9, A12, T3: what is known of callers, and what they must show.

use super::{ANNA, code, now_ms, record};
use serde_json::json;
use std::time::{Duration, Instant};
use yingbi_tests::{Stage, Who};

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
