//! A1, A2, P1: what no policy allows is refused before anybody behind hears of it; purposes; the smallest set.

use crate::FIRM;
use serde_json::json;
use yingbi_tests::{Stage, Who, canary};

const ANNA: &str = "80001234";

#[test]
fn a1_nothing_goes_on_that_no_policy_allows() {
    let stage = Stage::with(FIRM, |setup| setup.caller("stranger"));
    stage.answers_json(&json!({"data": [{"client_id": ANNA, "mobile_tel": canary::MOBILE}]}));
    struct Case {
        what: &'static str,
        who: Who<'static>,
        method: &'static str,
        path: &'static str,
        headers: &'static str,
        expect: (u16, &'static str),
    }
    let case = |what, who, method, path, headers, expect| Case { what, who, method, path, headers, expect };
    let teller = Who::Token("teller");
    let cases = [
        case("nobody", Who::Nobody, "GET", "/customers", "", (401, "YB2005")),
        case("nobody, nowhere", Who::Nobody, "GET", "/elsewhere", "", (403, "YB2001")),
        case("an unknown token", Who::Token("unheard-of"), "GET", "/customers", "", (401, "YB1205")),
        case("a token that is none", Who::Says("Bearer x.y.z"), "GET", "/customers", "", (401, "YB1203")),
        case("no role", Who::Token("stranger"), "GET", "/customers", "", (403, "YB2001")),
        case("another role", Who::Token("officer"), "GET", "/customers", "", (403, "YB2001")),
        case("another route", teller, "GET", "/elsewhere", "", (403, "YB2001")),
        case("a deeper route", teller, "GET", "/customers/1/orders", "", (403, "YB2001")),
        case(
            "the route with a slash",
            Who::Token("officer"),
            "GET",
            "/report/",
            "Yingbi-Purpose: reporting\r\n",
            (403, "YB2001"),
        ),
        case("the route in capitals", teller, "GET", "/Customers", "", (403, "YB2001")),
        case("another method", teller, "POST", "/customers", "Content-Length: 0\r\n", (403, "YB2001")),
        case("a method that only reads", teller, "OPTIONS", "/customers", "", (403, "YB2001")),
        case(
            "an undeclared purpose",
            teller,
            "GET",
            "/customers",
            "Yingbi-Purpose: curiosity\r\n",
            (403, "YB2002"),
        ),
        case(
            "a purpose of another case",
            teller,
            "GET",
            "/customers",
            "Yingbi-Purpose: Account-Service\r\n",
            (403, "YB2002"),
        ),
        case(
            "two purposes in one",
            teller,
            "GET",
            "/customers",
            "Yingbi-Purpose: account-service, reporting\r\n",
            (403, "YB2002"),
        ),
        case(
            "another purpose",
            teller,
            "GET",
            "/customers",
            "Yingbi-Purpose: reporting\r\n",
            (403, "YB2003"),
        ),
        case("no purpose where one is needed", Who::Token("officer"), "GET", "/report", "", (403, "YB2003")),
        case("another's data", Who::SteppedUp(ANNA), "GET", "/customers/80005678", "", (403, "YB2001")),
    ];
    let mut wrong = Vec::new();
    for Case { what, who, method, path, headers, expect } in cases {
        let asked = stage.ask(who, method, path, headers);
        if asked.response.status < 400 {
            wrong.push(format!("{what}: went on, {:?}", asked.response));
            continue;
        }
        let got = (asked.response.status, asked.response.problem_code());
        if (got.0, got.1.as_str()) != expect {
            wrong.push(format!("{what}: {got:?}, expected {expect:?}"));
            continue;
        }
        let intent = stage.record(&asked).intent;
        if intent.decision != "refuse" || intent.code.as_deref() != Some(&got.1) || intent.status != got.0 {
            wrong.push(format!("{what}: recorded {intent:?}"));
        }
        let told = asked.response.json()["decision_id"].clone();
        if told != intent.decision_id {
            wrong.push(format!("{what}: the decision is told as {told}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(stage.origin.raw().iter().all(Vec::is_empty), "not a byte reached the API behind");
    let host = stage.gateway.get("/customers");
    let mut client = yingbi_tests::Client::connect(stage.gateway.address);
    client.send(
        String::from_utf8(host).unwrap().replace("Host: crm.internal", "Host: other.internal").as_bytes(),
    );
    assert_eq!(client.response().problem_code(), "YB2001", "another host");
    assert!(stage.origin.seen().is_empty());
}

#[test]
fn a1_a_deny_beats_whatever_allows() {
    let policy = format!(
        "{FIRM}---\napiVersion: yingbi/v1\nkind: Policy\nmetadata: {{id: never, title: 禁止, clause: [\"T/TSAC001:7.5.b\"]}}\nspec:\n  match: {{roles: [teller], routes: [\"GET crm.internal/customers\"]}}\n  deny: all\n---\n\
         apiVersion: yingbi/v1\nkind: Policy\nmetadata: {{id: no-biometrics, title: 禁止生物信息, clause: [\"T/TSAC001:8.8.1.2.e\"]}}\nspec:\n  deny: {{categories: [credential.biometric]}}\n"
    );
    let stage = Stage::start(&policy);
    stage.answers_json(&json!({"mobile_tel": canary::MOBILE}));
    let asked = stage.get(Who::Token("teller"), "/customers");
    assert_eq!(asked.response.problem_code(), "YB2004");
    assert_eq!(stage.record(&asked).intent.rules, ["never"]);
    assert!(stage.origin.seen().is_empty());
    // An answer that holds what is denied is not released at all.
    stage.answers_json(&json!({"mobile_tel": canary::MOBILE, "face_feature": "c2FtcGxlIHRlbXBsYXRl"}));
    let asked = stage.get(Who::Token("teller"), "/customers/1");
    assert_eq!((asked.response.status, asked.response.problem_code().as_str()), (403, "YB2101"));
    assert!(!asked.response.text().contains("5678"));
}

#[test]
fn a2_each_caller_gets_the_smallest_set_and_the_record_names_the_rule() {
    let stage = Stage::start(FIRM);
    stage.answers_json(&json!({"data": [{"client_id": ANNA, "client_name": canary::NAME, "mobile_tel": canary::MOBILE, "id_no": canary::ID, "risk_level": "C3", "enable_balance": "1.00"}]}));
    let asked = stage.get(Who::Token("teller"), "/customers");
    let intent = stage.record(&asked).intent;
    assert_eq!(
        (intent.rules.as_slice(), intent.roles.as_slice()),
        (&["teller-sees-masked".to_owned()][..], &["teller".to_owned()][..])
    );
    // Marketing gets name and label only, the rest is left out; consent that nobody verified shows neither in clear.
    let asked = stage.ask(Who::Token("teller"), "GET", "/customers", "Yingbi-Purpose: marketing\r\n");
    let row = asked.response.json()["data"][0].clone();
    let keys: Vec<&String> = row.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["client_name", "risk_level"], "{row}");
    canary::assert_hidden("unverified consent", &asked.received);
    let intent = stage.record(&asked).intent;
    assert_eq!(intent.rules, ["teller-markets"]);
    assert_eq!((intent.purpose.as_deref(), intent.basis.as_deref()), (Some("marketing"), Some("consent")));
    assert_eq!(intent.dropped.values().sum::<u64>(), 4, "{intent:?}");
    assert!(intent.clear.is_empty(), "{intent:?}");
}

#[test]
fn p1_each_access_names_its_purpose_and_basis() {
    let stage = Stage::start(FIRM);
    stage.answers_json(&json!({"data": [{"client_id": ANNA, "mobile_tel": canary::MOBILE}]}));
    for (headers, purpose) in
        [("", "account-service"), ("Yingbi-Purpose: account-service\r\n", "account-service")]
    {
        let asked = stage.ask(Who::Token("teller"), "GET", "/customers", headers);
        assert_eq!(asked.response.status, 200);
        let intent = stage.record(&asked).intent;
        assert_eq!((intent.purpose.as_deref(), intent.basis.as_deref()), (Some(purpose), Some("contract")));
    }
    let seen = stage.origin.seen();
    assert!(
        seen.iter().all(|seen| seen.request.header("yingbi-purpose").is_none()),
        "the API behind hears nothing of it"
    );
    // Said twice it is not one purpose.
    let asked = stage.ask(
        Who::Token("teller"),
        "GET",
        "/customers",
        "Yingbi-Purpose: account-service\r\nYingbi-Purpose: marketing\r\n",
    );
    assert_eq!(asked.response.status, 400);
    // No client may set what the gateway says of itself.
    let asked = stage.ask(Who::Token("teller"), "GET", "/customers", "Yingbi-Caller: somebody\r\n");
    assert_eq!(asked.response.problem_code(), "YB1026");
    assert_eq!(stage.origin.seen().len(), seen.len());
}
