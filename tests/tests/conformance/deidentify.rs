//! T6 (generalising), T7 and T10 (what other institutions and the public get).

use serde_json::json;
use yingbi_tests::{Stage, Who, canary};

fn generalising(treat: &str) -> Stage {
    Stage::start(&format!(
        r#"apiVersion: yingbi/v1
kind: Role
metadata: {{id: teller}}
spec: {{any: [{{api_token: {{id: teller}}}}]}}
---
apiVersion: yingbi/v1
kind: Policy
metadata: {{id: analysts, clause: ["T/TSAC001:8.4.2.1.f"]}}
spec:
  match: {{roles: [teller], routes: ["GET crm.internal/**"]}}
  allow: {{level: "<=3"}}
  treat: {treat}
"#
    ))
}

#[test]
fn t6_values_are_generalised_and_numbers_stay_numbers() {
    let stage = generalising(
        "{default: mask, categories: {basic.age: age-band, basic.birth-date: quarter, basic.address: region, wealth.cash: amount-band}}",
    );
    stage.answers_json(&json!({"rows": [
        {"age": 37, "birthday": "1990-03-07", "contact_address": "浙江省杭州市西湖区文三路1号", "enable_balance": 7_372_452.01},
        {"age": "8", "birthday": 19_900_307, "contact_address": "somewhere", "enable_balance": "52,300.10元"},
    ]}));
    let got = stage.get(Who::Token("teller"), "/analysis").response.json();
    assert_eq!(
        got,
        json!({"rows": [
            {"age": 30, "birthday": "1990-Q1", "contact_address": "浙江省杭州市***", "enable_balance": 1_000_000},
            {"age": "0-9", "birthday": 199_001, "contact_address": "********", "enable_balance": "10000..100000元"},
        ]})
    );
}

#[test]
fn t6_what_can_t_be_generalised_shows_nothing() {
    let stage = generalising("{default: age-band}");
    let body = json!({"client_name": "张三丰", "mobile_tel": canary::MOBILE, "id_no": canary::ID, "enable_balance": 1e300, "trade_pwd": 135_790});
    let asked = stage.answers_json(&body).get(Who::Token("teller"), "/analysis");
    let got = asked.response.json();
    for key in ["client_name", "mobile_tel", "id_no"] {
        assert_eq!(got[key], "********", "{key}");
    }
    assert_eq!((&got["enable_balance"], &got["trade_pwd"]), (&json!(0), &json!(0)));
}

/// A shipped scene, its roles given to API tokens.
fn scene(name: &str, teller: &str, officer: &str) -> Stage {
    let path = format!("{}/../policies/scenes/{name}/policies.yaml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let mut shown = Vec::new();
    for document in text.split("\n---\n") {
        let is = |id: &str| document.contains("kind: Role") && document.contains(&format!("id: {id},"));
        let role = [(teller, "teller"), (officer, "officer")].into_iter().find(|(id, _)| is(id));
        shown.push(match role {
            Some((id, token)) => {
                format!("apiVersion: yingbi/v1\nkind: Role\nmetadata: {{id: {id}}}\nspec: {{any: [{{api_token: {{id: {token}}}}}]}}")
            }
            None => ["disclosure.internal", "match.internal", "share.internal"].iter().fold(document.to_owned(), |text, host| text.replace(host, "crm.internal")),
        });
    }
    Stage::with(&shown.join("\n---\n"), |setup| {
        setup
            .file("kek.pass", "correct horse battery staple\n")
            .keys("  primary: {kek: soft, file: {passphrase: {file: kek.pass}}}\n")
    })
}

#[test]
fn t6_shipped_profiles_de_identify_through_the_gateway() {
    let person = json!({"data": [{
        "client_id": "80001234", "client_name": canary::NAME, "mobile_tel": canary::MOBILE, "id_no": canary::ID, "age": 37,
        "birthday": "1990-03-07", "contact_address": "浙江省杭州市西湖区文三路1号", "enable_balance": 7_372_452.01, "trade_pwd": "135790",
    }]});
    let raw =
        [canary::NAME, canary::MOBILE, canary::ID, "80001234", "135790", "7372452", "文三路", "1990-03-07"];
    for (profile, role, path) in
        [("test-data", "test-loader", "/exports/test"), ("analytics", "analyst", "/exports/analysis")]
    {
        let stage = scene(profile, role, "nobody");
        let asked = stage.answers_json(&person).get(Who::Token("teller"), path);
        let text = asked.response.text();
        assert_eq!(asked.response.status, 200, "{text}");
        for value in raw {
            assert!(!text.contains(value), "{profile}: {text}");
        }
        let row = &asked.response.json()["data"][0];
        assert!(
            row["client_id"].as_str().is_some_and(|token| token.starts_with("ybt1.")),
            "{profile}: {text}"
        );
        assert_eq!((&row["age"], &row["enable_balance"]), (&json!(30), &json!(1_000_000)), "{profile}");
        if profile == "test-data" {
            // FF1 keeps what a schema tests: a mobile of eleven digits, an ID number with its check digit.
            let digits = |key: &str| row[key].as_str().unwrap().to_owned();
            assert!(digits("mobile_tel").len() == 11 && digits("id_no").len() == 18, "{text}");
        }
        assert!(stage.record(&asked).intent.clear.is_empty());
    }
}

#[test]
fn x7_institutions_match_by_tokens_and_marketing_is_refused() {
    let stage = scene("suitability", "peer-institution", "nobody");
    let list = json!({"customers": [{"client_id": "80001234", "client_name": canary::NAME, "id_no": canary::ID}, {"client_id": "80005678", "id_no": "110101199003070118"}]});
    let ask = |path: &str, purpose: &str| {
        stage.answers_json(&list);
        stage.ask(Who::Token("teller"), "GET", path, &format!("Yingbi-Purpose: {purpose}\r\n"))
    };
    let matched = ask("/customers", "suitability");
    let (text, rows) = (matched.response.text(), matched.response.json()["customers"].clone());
    assert_eq!(matched.response.status, 200, "{text}");
    for raw in [canary::NAME, canary::ID, "80001234"] {
        assert!(!text.contains(raw), "nothing raw leaves: {text}");
    }
    assert_eq!(rows, ask("/customers", "suitability").response.json()["customers"], "tokens join");
    assert_ne!(rows[0], rows[1]);
    assert_eq!(ask("/customers", "marketing").response.status, 403);
    // Without the investor's consent no question is answered.
    assert_eq!(ask("/customers/80001234/suitability", "suitability").response.status, 403);
}

#[test]
fn t7_other_institutions_get_what_is_anonymous_on_a_lawful_basis_only() {
    let stage = scene("publication", "publisher", "other-institution");
    stage.answers_json(&json!([{"client_name": canary::NAME, "id_no": canary::ID, "age": 37, "contact_address": "浙江省杭州市西湖区文三路1号"}]));
    let purpose = "Yingbi-Purpose: statistics\r\n";
    let got = stage.ask(Who::Token("officer"), "GET", "/statistics/ages", purpose);
    assert_eq!(got.response.json(), json!([{"age": 30, "contact_address": "浙江省***"}]));
    assert_eq!(stage.record(&got).intent.purpose.as_deref(), Some("statistics"));
    for (path, headers) in [("/statistics/ages", ""), ("/holders", purpose)] {
        assert_eq!(stage.ask(Who::Token("officer"), "GET", path, headers).response.status, 403, "{path}");
    }
}

#[test]
fn t10_biometrics_and_beliefs_are_never_published() {
    let stage = scene("publication", "publisher", "other-institution");
    let purpose = "Yingbi-Purpose: disclosure\r\n";
    for body in [
        json!([{"age": 37, "face_feature": "c2FtcGxlIHRlbXBsYXRl"}]),
        json!([{"age": 37, "ethnic_group": "满族"}]),
    ] {
        let got = stage.answers_json(&body).ask(Who::Token("teller"), "GET", "/holders", purpose);
        assert_eq!((got.response.status, got.response.problem_code().as_str()), (403, "YB2101"), "{body}");
    }
    stage.answers_json(&json!([{"client_name": canary::NAME, "age": 37}]));
    let got = stage.ask(Who::Token("teller"), "GET", "/holders", purpose);
    assert_eq!(got.response.json(), json!([{"age": 30}]));
}
