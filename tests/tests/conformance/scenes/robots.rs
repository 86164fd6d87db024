//! X6: software robots and their platform (T/TSAC 002—2025).

use super::{ANNA, Asked, BO, Scene, person};
use serde_json::{Value, json};
use yingbi_tests::{canary, credentials, token};

const POLICIES: &str = include_str!("../../../../policies/scenes/rpa/policies.yaml");
const QUEUE: &str = "/api/platform/queue/items";

const STAFF: &str = "\
- {id: robot-reconciliation, state: active, kind: robot, department: 运营管理部, owner: 运营管理部王经理}
- {id: robot-callback, state: active, kind: person, department: 客服中心}
";

fn scene() -> Scene {
    let scene = Scene::start(POLICIES, "rpa.internal", |setup| {
        setup
            .caller("robot-reconciliation")
            .caller("robot-callback")
            .identity("  token_header: token\n  directory: {file: staff.yaml}\n")
            .file("staff.yaml", STAFF)
    });
    scene.answers(QUEUE, answer(json!({"items": [person(ANNA), person(BO)]})));
    scene
}

/// As the platform answers (§6.1.1.5).
fn answer(data: Value) -> Value {
    json!({"resultCode": "00000", "message": "无业务异常。", "data": data})
}

/// A call as §6.1.1 has it.
fn call(scene: &Scene, path: &str, headers: &str) -> Asked {
    let headers = format!("content-type: application/json;charset=utf-8\r\nversion: 1.0.1\r\n{headers}");
    scene.ask("POST", path, &headers, r#"{"queueName":"对账","pageSize":20}"#)
}

fn robot(id: &str) -> String {
    format!("token: {}\r\n", token(id))
}

#[test]
fn x6_a_robot_with_an_owner_works_off_its_queue() {
    let scene = scene();
    let asked = call(&scene, QUEUE, &robot("robot-reconciliation"));
    assert_eq!(asked.response.status, 200, "{}", asked.response.json());
    let got = asked.response.json();
    assert_eq!((&got["resultCode"], &got["message"]), (&json!("00000"), &json!("无业务异常。")), "{got}");
    canary::assert_hidden("a robot", &asked.response.body);
    assert_eq!(got["data"]["items"][0]["client_name"], "司马**");
    let intent = scene.record(&asked).intent;
    assert_eq!((intent.identified_by.as_str(), intent.subjects.len()), ("api-token", 2), "{intent:?}");
    assert_eq!(intent.roles, ["robot"]);
    // The platform gets the version, the trace and the request, and no token of the gateway's.
    let seen = scene.origin.seen().remove(0);
    assert_eq!(seen.request.header("version"), Some("1.0.1"));
    assert!(seen.request.header("traceparent").is_some_and(|value| value.contains(&asked.trace)));
    assert_eq!(seen.request.header("token"), None);
    assert!(String::from_utf8_lossy(&seen.body).contains("对账"));
    scene.hidden();
}

#[test]
fn x6_refusals_carry_result_codes_where_the_route_asks() {
    let scene = scene();
    let good = robot("robot-reconciliation");
    let credential = "/api/platform/credential/query";
    struct Case {
        what: &'static str,
        path: &'static str,
        headers: String,
        expect: (u16, &'static str, &'static str),
    }
    let case = |what, path, headers, expect| Case { what, path, headers, expect };
    let cases = [
        case("no token", QUEUE, String::new(), (401, "32005", "YB2005")),
        case("a token nobody has", QUEUE, robot("ghost"), (401, "10001", "YB1205")),
        case("a token that is none", QUEUE, "token: ?!\r\n".to_owned(), (401, "10001", "YB1203")),
        case("two tokens", QUEUE, format!("{good}{good}"), (401, "10001", "YB1201")),
        case(
            "a token in both places",
            QUEUE,
            format!("{good}{}", credentials("robot-callback")),
            (401, "10001", "YB1201"),
        ),
        case("a person with a robot's token", QUEUE, robot("robot-callback"), (403, "32001", "YB2001")),
        case("a robot that wants credentials", credential, good.clone(), (403, "32001", "YB2001")),
        case(
            "the platform's own login",
            "/api/platform/account/authenticate",
            good.clone(),
            (403, "32001", "YB2001"),
        ),
    ];
    for Case { what, path, headers, expect: (status, result, code) } in cases {
        let asked = call(&scene, path, &headers);
        let got = asked.response.json();
        assert_eq!(asked.response.status, status, "{what}: {got}");
        assert_eq!(
            (got["resultCode"].as_str(), got["code"].as_str()),
            (Some(result), Some(code)),
            "{what}: {got}"
        );
        assert!(
            got["message"].as_str().is_some_and(|text| !text.is_empty()) && got["data"] == json!({}),
            "{what}: {got}"
        );
        assert!(got["decision_id"].is_string(), "{what}: {got}");
        let media = asked.response.headers.iter().find(|(name, _)| name == "content-type");
        assert_eq!(media.map(|(_, value)| value.as_str()), Some("application/json;charset=utf-8"), "{what}");
    }
    // Elsewhere refusals are problem documents and know no result code.
    let elsewhere = call(&scene, "/elsewhere", &good);
    let got = elsewhere.response.json();
    assert_eq!((got["code"].as_str(), got.get("resultCode")), (Some("YB2001"), None), "{got}");
    assert!(scene.origin.seen().is_empty(), "the platform was asked");
}

#[test]
fn x6_credentials_and_parameters_are_level_four() {
    let scene = scene();
    let operator = scene.staff("e6001", "rpa-operators");
    for (path, data) in [
        (
            "/api/platform/credential/query",
            json!({"credentials": [{"credentialName": "柜台登录", "value": canary::PASSWORD}]}),
        ),
        (
            "/api/platform/asset/query",
            json!({"assets": [{"assetName": "数据库口令", "assetType": "string", "value": canary::PASSWORD}]}),
        ),
    ] {
        scene.answers(path, answer(data));
        let asked = call(&scene, path, &operator);
        assert_eq!(asked.response.status, 200, "{path}: {}", asked.response.json());
        canary::assert_hidden(path, &asked.response.body);
        assert!(String::from_utf8_lossy(&asked.response.body).contains("********"), "{path}");
        assert_eq!(scene.record(&asked).intent.masked.get("credential.account"), Some(&1), "{path}");
    }
    // The header is a token's place for people, too: theirs goes on to the platform.
    let seen = scene.origin.seen().pop().unwrap();
    assert!(seen.request.header("authorization").is_some());
    scene.hidden();
}

#[test]
fn x6_a_robot_has_a_limit_of_its_own() {
    let scene = scene();
    let items = |from: u32, to: u32| {
        let rows: Vec<Value> = (from..to).map(|number| person(&format!("8{number:07}"))).collect();
        answer(json!({ "items": rows }))
    };
    scene.answers(QUEUE, items(0, 50));
    assert_eq!(call(&scene, QUEUE, &robot("robot-reconciliation")).response.status, 200);
    scene.answers(QUEUE, items(50, 51));
    let asked = call(&scene, QUEUE, &robot("robot-reconciliation"));
    let got = asked.response.json();
    assert_eq!((asked.response.status, got["resultCode"].as_str()), (429, Some("32111")), "{got}");
}
