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

/// A list whose rows are generalised, under a rule for small groups.
fn grouped(rule: &str) -> Stage {
    Stage::start(&format!(
        r#"apiVersion: yingbi/v1
kind: Role
metadata: {{id: teller}}
spec: {{any: [{{api_token: {{id: teller}}}}]}}
---
apiVersion: yingbi/v1
kind: Binding
metadata: {{id: list}}
spec:
  route: {{host: crm.internal, method: GET, path: /analysis}}
  records: $.rows[*]
  small_groups: {rule}
---
apiVersion: yingbi/v1
kind: Policy
metadata: {{id: analysts, clause: ["T/TSAC001:8.4.2.1.f"]}}
spec:
  match: {{roles: [teller], routes: ["GET crm.internal/**"]}}
  allow: {{level: "<=3"}}
  treat: {{default: nothing, categories: {{basic.age: age-band, basic.address: region, wealth.cash: amount-band}}}}
"#
    ))
}

/// Four people alike, and one who is not.
fn rows() -> serde_json::Value {
    let alike = |age: u32, balance: f64| json!({"client_name": canary::NAME, "age": age, "contact_address": "浙江省杭州市西湖区文三路1号", "enable_balance": balance});
    let mut rows: Vec<_> = (30..34).map(|age| alike(age, 1000.0 + f64::from(age))).collect();
    rows.push(json!({"client_name": canary::NAME, "age": 91, "contact_address": "西藏自治区拉萨市城关区北京路1号", "enable_balance": 990_000_000.5}));
    json!({ "rows": rows })
}

#[test]
fn t6_small_groups_are_warned_of_in_answer_record_and_metric() {
    let stage = grouped("{below: 3}");
    let before = stage.gateway.metrics();
    let asked = stage.answers_json(&rows()).get(Who::Token("teller"), "/analysis");
    let got = asked.response.json();
    assert_eq!(got["rows"][4]["age"], 90, "warned of, and released: {got}");
    assert_eq!(
        asked.response.header("yingbi-warning"),
        Some("small-groups; below=3; smallest=1; records=1; action=warn")
    );
    assert_eq!(stage.record(&asked).intent.marks, ["small-groups"]);
    let grown = stage.gateway.metrics().grown(&before, "yingbi_small_groups_total");
    assert_eq!(
        grown.into_iter().map(|(labels, by)| (labels["action"].clone(), by)).collect::<Vec<_>>(),
        [("warn".to_owned(), 1.0)]
    );
    // In tables too, each row a record.
    let csv = "age,contact_address\n31,浙江省杭州市西湖区1号\n32,浙江省杭州市上城区2号\n33,浙江省杭州市余杭区3号\n91,西藏自治区拉萨市1号\n";
    stage.answers(yingbi_tests::Answer::of_type("text/csv", csv));
    let asked = stage.get(Who::Token("teller"), "/analysis");
    assert_eq!(
        asked.response.header("yingbi-warning"),
        Some("small-groups; below=3; smallest=1; records=1; action=warn"),
        "{}",
        asked.response.text()
    );
    // Where all look like enough others nothing is said; nor on a route that doesn't ask.
    let mut rows = rows();
    rows["rows"].as_array_mut().unwrap().pop();
    for path in ["/analysis", "/elsewhere"] {
        let asked = stage.answers_json(&rows).get(Who::Token("teller"), path);
        assert_eq!((asked.response.status, asked.response.header("yingbi-warning")), (200, None), "{path}");
        assert!(stage.record(&asked).intent.marks.is_empty());
    }
}

#[test]
fn t6_small_groups_are_suppressed_or_refused_where_the_policy_says_so() {
    let stage = grouped("{below: 3, then: suppress}");
    let asked = stage.answers_json(&rows()).get(Who::Token("teller"), "/analysis");
    let got = asked.response.json();
    assert_eq!(
        got["rows"][4],
        json!({"client_name": "********", "age": 0, "contact_address": "********", "enable_balance": 0}),
        "nothing of whom it singles out"
    );
    assert_eq!(got["rows"][0]["age"], 30, "{got}");
    assert_eq!(got["rows"][0]["contact_address"], "浙江省杭州市***");
    assert_eq!(stage.record(&asked).intent.marks, ["small-groups-suppressed"]);
    assert_eq!(stage.record(&asked).intent.masked.get("wealth.cash"), Some(&5), "counted once");
    let stage = grouped("{below: 3, then: refuse}");
    let asked = stage.answers_json(&rows()).get(Who::Token("teller"), "/analysis");
    assert_eq!((asked.response.status, asked.response.problem_code().as_str()), (403, "YB0740"));
    assert!(!asked.response.text().contains("浙江"));
    let intent = stage.record(&asked).intent;
    assert_eq!(
        (intent.code.as_deref(), intent.marks.as_slice()),
        (Some("YB0740"), ["small-groups-refused".to_owned()].as_slice())
    );
}

#[test]
fn t11_pages_and_exports_carry_a_trace_of_caller_and_time() {
    let stage = Stage::start(
        r#"apiVersion: yingbi/v1
kind: Role
metadata: {id: teller}
spec: {any: [{api_token: {id: teller}}, {api_token: {id: officer}}]}
---
apiVersion: yingbi/v1
kind: Binding
metadata: {id: pages}
spec:
  route: {host: crm.internal, path: "/marked/{id}"}
  watermark: true
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: tellers, clause: ["T/TSAC001:7.4.f"]}
spec:
  match: {roles: [teller], routes: ["GET crm.internal/**"]}
  allow: {level: "<=3"}
  treat: mask
"#,
    );
    let ask = |who: &str, path: &str, media_type: &str, body: &str| {
        stage.answers(yingbi_tests::Answer::of_type(media_type, body));
        let asked = stage.get(Who::Token(who), path);
        assert_eq!(asked.response.status, 200, "{}", asked.response.text());
        asked
    };
    let page = "<html><body><p>手机 13912345678</p><script>var s='</body>';</script></body></html>";
    let asked = ask("teller", "/marked/1", "text/html", page);
    let (text, mark) = (asked.response.text(), asked.response.header("yingbi-watermark").unwrap().to_owned());
    // Who and when: time, the decision in the log, and the caller's pseudonym, by which auditors find the access.
    let intent = stage.record(&asked).intent;
    let parts: Vec<&str> = mark.split('.').collect();
    assert_eq!((parts[1], parts[2]), (intent.decision_id.as_str(), intent.caller.as_str()), "{mark}");
    assert_eq!(parts[0].replace(['-', ':'], "").get(..13), intent.time.replace(['-', ':'], "").get(..13));
    assert!(intent.marks.contains(&"watermark".to_owned()), "{:?}", intent.marks);
    let div = text.find("<div class=\"yingbi-watermark\"").unwrap();
    assert!(text.get(div..).unwrap().contains(&mark) && text.ends_with("</div></body></html>"), "{text}");
    assert!(text.contains("139****5678"), "{text}");
    // Another caller, another moment: another mark.
    let other = ask("officer", "/marked/1", "text/html", page);
    assert_ne!(other.response.header("yingbi-watermark").unwrap().split('.').nth(2), Some(parts[2]));
    // Tables in a last row, in one piece or in segments; in a charset of their own.
    let rows = |count: usize| format!("n,mobile\r\n{}", "1,13912345678\r\n".repeat(count));
    for count in [1, 60_000] {
        let asked = ask("teller", "/marked/2", "text/csv", &rows(count));
        let mark = asked.response.header("yingbi-watermark").unwrap().to_owned();
        assert!(asked.response.text().ends_with(&format!("1,139****5678\r\n#{mark}\r\n")), "{count}");
        assert_eq!(asked.response.text().matches(&mark).count(), 1);
    }
    let json = ask("teller", "/marked/3", "application/json", r#"{"mobile":"13912345678"}"#);
    assert_eq!(json.response.text(), r#"{"mobile":"139****5678"}"#, "what a program reads is as it was");
    assert!(json.response.header("yingbi-watermark").is_some());
    // A route that doesn't ask has none.
    let plain = ask("teller", "/plain", "text/html", page);
    assert!(plain.response.header("yingbi-watermark").is_none() && !plain.response.text().contains("yingbi"));
}
