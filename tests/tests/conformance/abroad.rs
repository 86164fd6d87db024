//! P2 and P6: what basis a purpose rests on, and data that goes abroad: recipient and country named, consent separate,
//! persons counted by recipient and year against thresholds that warn and then stop.

use crate::rights::{code, consent, hidden, list, metric, offices, record};
use serde_json::{Value, json};
use yingbi_tests::stage::Asked;
use yingbi_tests::{Stage, Who, canary};

/// A firm with a parent in Hong Kong and a custodian in Singapore.
const FIRM: &str = r#"apiVersion: yingbi/v1
kind: Role
metadata: {id: group}
spec: {any: [{api_token: {id: teller}}]}
---
apiVersion: yingbi/v1
kind: Role
metadata: {id: custody}
spec: {any: [{api_token: {id: officer}}]}
---
apiVersion: yingbi/v1
kind: Purpose
metadata: {id: group-research, clause: ["T/TSAC001:8.7.3"]}
spec: {basis: consent, recipient: parent-hk, country: HK, consent: {kind: separate}}
---
apiVersion: yingbi/v1
kind: Purpose
metadata: {id: custody, clause: ["T/TSAC001:8.6.2"]}
spec: {basis: contract, recipient: custodian-sg, country: SG}
---
apiVersion: yingbi/v1
kind: Purpose
metadata: {id: at-home}
spec: {basis: contract}
---
apiVersion: yingbi/v1
kind: Binding
metadata: {id: list}
spec:
  route: {host: crm.internal, method: GET, path: "/customers"}
  purpose: {header: true, default: at-home}
  records: $.data[*]
  subject: $.client_id
---
apiVersion: yingbi/v1
kind: Binding
metadata: {id: names}
spec:
  route: {host: crm.internal, method: GET, path: "/names"}
  purpose: {header: true, default: at-home}
  records: $.data[*]
  subject: $.client_id
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: research-with-consent, title: 经单独同意向境外母公司提供, clause: ["T/TSAC001:8.7"]}
spec:
  match: {roles: [group], purposes: [group-research], routes: ["GET crm.internal/customers"]}
  allow: {level: "<=3"}
  treat: clear
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: custody-in-clear, title: 境外托管, clause: ["T/TSAC001:8.7"]}
spec:
  match: {roles: [custody], purposes: [custody], routes: ["GET crm.internal/customers"]}
  allow: {level: "<=3"}
  treat: clear
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: custody-names, title: 境外托管仅姓名, clause: ["T/TSAC001:8.7"]}
spec:
  match: {roles: [custody], purposes: [custody], routes: ["GET crm.internal/names"]}
  allow: {categories: [basic.name, account.investor-code]}
  treat: clear
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: at-home-masked, title: 境内脱敏, clause: ["T/TSAC001:7.5.a"]}
spec:
  match: {roles: [custody, group], purposes: [at-home], routes: ["GET crm.internal/customers"]}
  allow: {level: "<=3"}
  treat: mask
"#;

/// Thresholds by recipient and year.
const THRESHOLDS: &str = r#"apiVersion: yingbi/v1
kind: Limit
metadata: {id: abroad-persons, title: 年度出境人数, clause: ["T/TSAC001:8.6.2"]}
spec: {match: {purposes: [group-research, custody]}, distinct: investors, by: recipient, per: year, warn_at: 4, at: 6}
---
apiVersion: yingbi/v1
kind: Limit
metadata: {id: abroad-sensitive, title: 年度出境敏感人数, clause: ["T/TSAC001:8.6.2"]}
spec: {match: {purposes: [group-research, custody]}, distinct: sensitive-investors, by: recipient, per: year, warn_at: 2, at: 3}
"#;

fn stage() -> Stage {
    Stage::with(FIRM, |setup| offices(setup).more_policy("thresholds.yaml", THRESHOLDS))
}

fn ask(stage: &Stage, who: &str, purpose: &str, path: &str, clients: &[&str]) -> Asked {
    stage.answers_json(&list(clients));
    stage.ask(Who::Token(who), "GET", path, &format!("Yingbi-Purpose: {purpose}\r\n"))
}

fn events(stage: &Stage, limit: &str) -> Vec<Value> {
    stage.gateway.events("limit-near").into_iter().filter(|event| event["limit"] == limit).collect()
}

#[test]
fn p6_data_goes_abroad_on_separate_consent_with_recipient_and_country_named() {
    let stage = stage();
    let clear = |stage: &Stage| {
        let asked = ask(stage, "teller", "group-research", "/customers", &["1", "2", "3"]);
        let got = asked.response.json();
        let clear: Vec<bool> = (0..3).map(|row| got["data"][row]["mobile_tel"] == canary::MOBILE).collect();
        (clear, asked)
    };
    assert_eq!(clear(&stage).0, [false; 3], "nobody consented");
    let research = |more: Value| {
        let mut all = json!({"purpose": "group-research", "recipient": "parent-hk"});
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    for (client, more) in [
        ("1", research(json!({}))),
        ("2", research(json!({"kind": "general"}))),
        ("3", research(json!({"recipient": "self"}))),
    ] {
        let (status, answer) =
            stage.gateway.office("dora", "POST", "/api/v1/consents", &consent(client, more));
        assert_eq!(status, 201, "{answer}");
    }
    let (shown, asked) = clear(&stage);
    assert_eq!(shown, [true, false, false], "separate, and to this recipient");
    let intent = stage.record(&asked).intent;
    assert_eq!((intent.recipient.as_deref(), intent.country.as_deref()), (Some("parent-hk"), Some("HK")));
    hidden(&stage);
}

#[test]
fn p6_thresholds_by_recipient_and_year_warn_and_then_stop() {
    let mut stage = stage();
    let custody = |stage: &Stage, path: &str, clients: &[&str]| {
        let asked = ask(stage, "officer", "custody", path, clients);
        match asked.response.status {
            200 => "",
            _ => match code(&asked).1.as_str() {
                "YB2111" => "stopped",
                other => panic!("{other}"),
            },
        }
    };
    // Names alone are not sensitive: they count as persons.
    assert_eq!(custody(&stage, "/names", &["1", "2", "3"]), "");
    assert!(events(&stage, "abroad-persons").is_empty());
    assert_eq!(custody(&stage, "/names", &["3", "4"]), "");
    let near = events(&stage, "abroad-persons");
    assert_eq!(near.len(), 1, "{near:?}");
    assert_eq!(
        (&near[0]["investors"], &near[0]["at"], &near[0]["recipient"], &near[0]["country"]),
        (&json!("4"), &json!("6"), &json!("custodian-sg"), &json!("SG"))
    );
    // Identity documents are: two of the same persons, then one too many.
    assert_eq!(custody(&stage, "/customers", &["1", "2"]), "");
    assert_eq!(events(&stage, "abroad-sensitive").len(), 1);
    assert_eq!(custody(&stage, "/customers", &["1", "2", "3", "4"]), "stopped");
    assert_eq!(custody(&stage, "/customers", &["3"]), "");
    assert_eq!(custody(&stage, "/customers", &["4"]), "stopped");
    assert_eq!(custody(&stage, "/names", &["4", "5", "6"]), "", "six persons");
    assert_eq!(custody(&stage, "/names", &["7"]), "stopped");
    // Whoever asks for the same recipient; another recipient has counts of its own; data that stays is not counted.
    let (status, _) = stage.gateway.office(
        "dora",
        "POST",
        "/api/v1/consents",
        &consent("7", json!({"purpose": "group-research", "recipient": "parent-hk"})),
    );
    assert_eq!(status, 201);
    assert_eq!(ask(&stage, "teller", "group-research", "/customers", &["7"]).response.status, 200);
    assert_eq!(ask(&stage, "officer", "at-home", "/customers", &["8"]).response.status, 200);
    assert_eq!(metric(&stage, "yingbi_limits_reached_total{limit=\"abroad-persons\",what=\"warned\"}"), 1.0);
    assert_eq!(metric(&stage, "yingbi_limits_reached_total{limit=\"abroad-persons\",what=\"refused\"}"), 1.0);
    assert_eq!(
        metric(&stage, "yingbi_limits_reached_total{limit=\"abroad-sensitive\",what=\"refused\"}"),
        2.0
    );
    // A crash forgets nobody.
    stage.gateway.kill();
    stage.gateway.start_again();
    assert_eq!(custody(&stage, "/names", &["7"]), "stopped");
    assert_eq!(custody(&stage, "/names", &["1", "6"]), "");
    hidden(&stage);
}

/// Of several investors in one answer each is counted by what is shown of that one.
#[test]
fn p6_a_sensitive_person_is_counted_and_who_stands_beside_is_not() {
    let mut stage = stage();
    let person = |id: &str, sensitive: bool| match sensitive {
        true => record(id),
        false => json!({"client_id": id, "client_name": canary::NAME}),
    };
    let ask = |stage: &Stage, rows: &[(&str, bool)]| {
        let rows: Vec<Value> = rows.iter().map(|(id, sensitive)| person(id, *sensitive)).collect();
        stage.answers_json(&json!({ "data": rows }));
        stage.ask(Who::Token("officer"), "GET", "/customers", "Yingbi-Purpose: custody\r\n")
    };
    // Of four persons one is sensitive: the threshold of persons warns, that of sensitive ones does not.
    let asked = ask(&stage, &[("1", true), ("2", false), ("3", false), ("4", false)]);
    assert_eq!(asked.response.status, 200, "{:?}", asked.response);
    assert_eq!((events(&stage, "abroad-persons").len(), events(&stage, "abroad-sensitive").len()), (1, 0));
    let limits: Vec<String> = stage.record(&asked).intent.limits.into_keys().collect();
    assert_eq!(limits.len(), 2, "{limits:?}");
    assert!(limits.contains(&"abroad-persons".to_owned()), "{limits:?}");
    assert!(limits.iter().any(|limit| limit.starts_with("abroad-sensitive ")), "{limits:?}");
    // A second, and nobody twice; then the third, and the fourth is one too many.
    assert_eq!(ask(&stage, &[("1", true), ("2", true), ("3", false)]).response.status, 200);
    assert_eq!(events(&stage, "abroad-sensitive").len(), 1);
    // After a crash those whom it counted count, and nobody else.
    stage.gateway.kill();
    stage.gateway.start_again();
    assert_eq!(ask(&stage, &[("2", true), ("3", true)]).response.status, 200);
    assert_eq!(code(&ask(&stage, &[("1", true), ("4", true)])), (429, "YB2111".to_owned()));
    assert_eq!(ask(&stage, &[("1", true), ("4", false)]).response.status, 200);
    // A child's data is sensitive whatever it is (§3.4); what stands in nobody's record is everybody's.
    let year = 1970 + crate::rights::now_ms() / 31_556_952_000 - 8;
    let child = json!({"data": [{"client_id": "5", "client_name": canary::NAME, "birth_date": format!("{year}-01-02")}]});
    stage.answers_json(&child);
    let custody = |stage: &Stage| {
        code(&stage.ask(Who::Token("officer"), "GET", "/customers", "Yingbi-Purpose: custody\r\n"))
    };
    assert_eq!(custody(&stage), (429, "YB2111".to_owned()), "a child");
    stage.answers_json(&json!({"id_no": canary::ID, "data": [person("6", false)]}));
    assert_eq!(custody(&stage), (429, "YB2111".to_owned()), "outside of records");
    stage.answers_json(&json!({"data": [person("6", false)]}));
    assert_eq!(custody(&stage).0, 200);
    hidden(&stage);
}

#[test]
fn p6_a_caller_abroad_is_given_nothing_that_is_not_counted() {
    let stage = Stage::with(FIRM, |setup| {
        offices(setup)
            .more_policy("thresholds.yaml", THRESHOLDS)
            .identity("  directory: {file: staff.yaml}\n")
            .file(
                "staff.yaml",
                "- {id: officer, state: active, kind: abroad}\n- {id: teller, state: active, kind: person}\n",
            )
    });
    assert_eq!(ask(&stage, "officer", "custody", "/names", &["1"]).response.status, 200);
    let refused = ask(&stage, "officer", "at-home", "/customers", &["1"]);
    assert_eq!(code(&refused), (403, "YB0630".to_owned()));
    canary::assert_hidden("a refusal", &refused.received);
    assert_eq!(ask(&stage, "teller", "at-home", "/customers", &["1"]).response.status, 200);
}

#[test]
fn p6_a_policy_that_names_no_recipient_or_threshold_abroad_does_not_rule() {
    let origin = yingbi_tests::Origin::start(|_| yingbi_tests::Answer::json("{}"));
    let whole = format!("{FIRM}---\n{THRESHOLDS}");
    let cases = [
        ("no recipient", whole.replace("recipient: custodian-sg, country: SG", "country: SG")),
        ("bundled", whole.replace("consent: {kind: separate}", "consent: {kind: general}")),
        ("no country", whole.replace("country: SG", "country: Singapore")),
        (
            "no threshold of persons",
            whole.replace(
                "distinct: investors, by: recipient, per: year",
                "distinct: investors, by: recipient, per: day",
            ),
        ),
        (
            "no threshold of sensitive persons",
            whole.replace("distinct: sensitive-investors", "distinct: investors"),
        ),
        (
            "watched only",
            whole.replace(
                "distinct: sensitive-investors, by",
                "mode: monitor, distinct: sensitive-investors, by",
            ),
        ),
        ("for some purposes", whole.replace("purposes: [group-research, custody]", "purposes: [custody]")),
        ("a warning behind", whole.replace("warn_at: 4", "warn_at: 7")),
    ];
    for (what, policy) in cases {
        assert_ne!(policy, whole, "{what}");
        let problem = yingbi_tests::Gateway::of(&origin).policy(&policy).caller("officer").try_start().err();
        let problem = problem.unwrap_or_else(|| panic!("{what}"));
        assert!(problem.contains("exit status: 78"), "{what}: {problem}");
        assert!(problem.contains("YB0206") || problem.contains("YB0105"), "{what}: {problem}");
    }
}

/// §8.1 a to g: consent is asked for where it is the basis, and nowhere else; each record says which basis it was.
#[test]
fn p2_an_exempt_basis_needs_no_consent_and_is_recorded_as_such() {
    let bases = [
        "consent",
        "contract",
        "legal-duty",
        "emergency",
        "public-interest",
        "public-information",
        "other-law",
    ];
    let mut policy = r#"apiVersion: yingbi/v1
kind: Role
metadata: {id: teller}
spec: {any: [{api_token: {id: teller}}]}
---
apiVersion: yingbi/v1
kind: Binding
metadata: {id: list}
spec:
  route: {host: crm.internal, method: GET, path: "/customers"}
  purpose: {header: true}
  records: $.data[*]
  subject: $.client_id
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: all, title: 各依据, clause: ["T/TSAC001:8.7"]}
spec:
  match: {roles: [teller], purposes: [for-consent, for-contract, for-legal-duty, for-emergency, for-public-interest, for-public-information, for-other-law], routes: ["GET crm.internal/customers"]}
  allow: {level: "<=3"}
  treat: clear
"#
    .to_owned();
    for basis in bases {
        policy.push_str(&format!("---\napiVersion: yingbi/v1\nkind: Purpose\nmetadata: {{id: for-{basis}}}\nspec: {{basis: {basis}}}\n"));
    }
    let stage = Stage::start(&policy);
    for basis in bases {
        let asked = ask(&stage, "teller", &format!("for-{basis}"), "/customers", &["1"]);
        let got = asked.response.json();
        assert_eq!(got["data"][0]["mobile_tel"] == canary::MOBILE, basis != "consent", "{basis}: {got}");
        let intent = stage.record(&asked).intent;
        assert_eq!(intent.basis.as_deref(), Some(basis));
        assert!(intent.consents.is_empty(), "{basis}");
    }
    let nowhere = ask(&stage, "teller", "for-fun", "/customers", &["1"]);
    assert_eq!(nowhere.response.status, 403, "an undeclared purpose");
}
