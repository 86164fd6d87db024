//! A11: kill switches.

use super::{ANNA, code, get, hidden, list, stage};
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
