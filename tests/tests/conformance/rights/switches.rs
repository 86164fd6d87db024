//! A11: kill switches.

use super::{ANNA, code, get, hidden, list, metric, stage};
use serde_json::{Value, json};
use yingbi_tests::Who;

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

/// What stands open, and what is stopped, is told in figures: grants by state, emergency access nobody has looked at, and
/// switches.
#[test]
fn m1_grants_reviews_and_switches_are_told_in_figures() {
    let stage = stage();
    let figures = || {
        [
            "yingbi_grants{state=\"requested\"}",
            "yingbi_grants{state=\"active\"}",
            "yingbi_grants{state=\"revoked\"}",
            "yingbi_grants_ending ",
            "yingbi_grant_reviews_awaited ",
            "yingbi_kill_switches{stops=\"role\"}",
            "yingbi_kill_switches{stops=\"caller\"}",
        ]
        .map(|name| metric(&stage, name))
    };
    assert_eq!(figures(), [0.0; 7]);
    let asked = json!({"template": "complaint", "ticket": "TS-1", "subject": ANNA, "holder": "teller", "reason": "核实"});
    let (_, one) = stage.gateway.office("dora", "POST", "/api/v1/grants", &asked);
    let mut now = asked.clone();
    now.as_object_mut()
        .unwrap()
        .extend([("break_glass".to_owned(), json!(true)), ("ticket".to_owned(), json!("TS-2"))]);
    let (status, two) = stage.gateway.office("dora", "POST", "/api/v1/grants", &now);
    assert_eq!(status, 201, "{two}");
    assert_eq!(figures(), [1.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    assert!(metric(&stage, "yingbi_grant_review_age_seconds ") >= 1.0);
    let thrown = json!({"stops": "role", "name": "marketer", "reason": "演练"});
    let (_, switch) = stage.gateway.office("petra", "POST", "/api/v1/switches", &thrown);
    let of = |grant: &Value, what: &str| format!("/api/v1/grants/{}/{what}", grant["id"].as_str().unwrap());
    assert_eq!(stage.gateway.office("otto", "POST", &of(&one, "approve"), &Value::Null).0, 200);
    let review = json!({"justified": true});
    assert_eq!(stage.gateway.office("otto", "POST", &of(&two, "review"), &review).0, 200);
    assert_eq!(stage.gateway.office("otto", "POST", &of(&two, "revoke"), &Value::Null).0, 200);
    assert_eq!(figures(), [0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 0.0]);
    assert_eq!(metric(&stage, "yingbi_grant_review_age_seconds "), 0.0);
    let path = format!("/api/v1/switches/{}", switch["id"].as_str().unwrap());
    assert_eq!(stage.gateway.office("sara", "DELETE", &path, &Value::Null).0, 200);
    assert_eq!(figures()[5], 0.0);
}
