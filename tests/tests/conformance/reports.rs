//! E7, E9, X5, X9: the report of a period, clause by clause, with its registers, its grades and its proof.

use crate::FIRM;
use crate::witness::{accesses, json_of, public_keys};
use serde_json::{Value, json};
use std::fs;
use yingbi_tests::{Stage, Who, canary};

/// What the firm provides: to a clearing house, to a custodian abroad, to the public.
const PROVIDES: &str = r#"
---
apiVersion: yingbi/v1
kind: Purpose
metadata: {id: clearing}
spec: {basis: contract, recipient: clearing-house}
---
apiVersion: yingbi/v1
kind: Purpose
metadata: {id: custody}
spec: {basis: legal-duty, recipient: custodian-abroad, country: SG}
---
apiVersion: yingbi/v1
kind: Limit
metadata: {id: abroad-persons, title: 年度出境人数, clause: ["T/TSAC001:8.6.2"]}
spec: {match: {purposes: [custody]}, distinct: investors, by: recipient, per: year, warn_at: 400, at: 600}
---
apiVersion: yingbi/v1
kind: Limit
metadata: {id: abroad-sensitive, title: 年度出境敏感人数, clause: ["T/TSAC001:8.6.2"]}
spec: {match: {purposes: [custody]}, distinct: sensitive-investors, by: recipient, per: year, warn_at: 200, at: 300}
---
apiVersion: yingbi/v1
kind: Purpose
metadata: {id: announcing}
spec: {basis: legal-duty, recipient: public}
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: officer-provides, title: 对外提供, clause: ["T/TSAC001:8.7.2"]}
spec:
  match: {roles: [officer], purposes: [clearing, custody], routes: ["GET crm.internal/report"]}
  allow: {level: "<=3"}
  treat: clear
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: officer-announces, title: 公告, clause: ["T/TSAC001:8.8"]}
spec:
  match: {roles: [officer], purposes: [announcing], routes: ["GET crm.internal/report"]}
  allow: {level: "<=3"}
  treat: mask
"#;

fn stage() -> Stage {
    Stage::with(&format!("{FIRM}{PROVIDES}"), |setup| {
        setup
            .file("checkpoint.key", &"a7".repeat(32))
            .config("audit:\n  checkpoint_interval_ms: 20\n  anchors: [anchor]\n")
            .officer("auditor", &["auditor"], &[])
            .officer("guard", &["security-admin"], &[])
    })
}

fn provide(stage: &Stage, purpose: &str, clients: &[&str]) {
    let person =
        |id: &&str| json!({"client_id": id, "client_name": canary::NAME, "mobile_tel": canary::MOBILE});
    let body = Value::Array(clients.iter().map(person).collect());
    let header = format!("Yingbi-Purpose: {purpose}\r\n");
    let asked = stage.answers_json(&body).ask(Who::Token("officer"), "GET", "/report", &header);
    assert_eq!(asked.response.status, 200, "{purpose}: {}", asked.response.text());
}

fn report(stage: &Stage, arguments: &[&str]) -> (i32, String) {
    let all = [&["audit", "report", "--config", "yingbi.yaml"][..], arguments].concat();
    let output = stage.gateway.run(&all);
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

/// A gateway that has provided, published and refused, its report of all of that in JSON.
fn reported() -> (Stage, Value) {
    let mut stage = stage();
    public_keys(&stage);
    accesses(&stage, 2);
    provide(&stage, "clearing", &["80001234", "80005678"]);
    provide(&stage, "clearing", &["80001234"]);
    provide(&stage, "custody", &["80001234"]);
    provide(&stage, "announcing", &["80009012"]);
    // Somebody with another role tries to read the log.
    let (status, _) = stage.gateway.office("guard", "GET", "/api/v1/audit/records", &Value::Null);
    assert_eq!(status, 403);
    assert!(stage.gateway.stop().success());

    let (code, text) = report(
        &stage,
        &["--format", "json", "--lang", "en", "--public-key", "public.keys", "--from", "2020-01-01"],
    );
    assert_eq!(code, 0, "{text}");
    let found: Value = serde_json::from_str(&text).unwrap();
    (stage, found)
}

#[test]
fn e9_registers_and_clauses_are_counted_from_the_log_with_its_proof() {
    let (stage, found) = reported();
    assert_eq!((&found["format"], &found["proof"]["good"]), (&json!("yingbi-report/1"), &json!(true)));
    assert!(found["proof"]["signed"].as_u64() > Some(0) && found["proof"]["head_sm3"].is_string());
    let register = |name: &str| found["registers"][name].as_array().unwrap().clone();
    let third = register("third_parties");
    assert_eq!(third.len(), 2, "{third:?}");
    let clearing = third.iter().find(|one| one["recipient"] == "clearing-house").unwrap();
    assert_eq!(
        (&clearing["purpose"], &clearing["basis"], &clearing["accesses"], &clearing["investors"]),
        (&json!("clearing"), &json!("contract"), &json!(2), &json!(2))
    );
    assert!(clearing["clear"]["basic"].as_u64() >= Some(3) && clearing["first"].is_string(), "{clearing}");
    let abroad = register("abroad");
    assert_eq!((abroad.len(), &abroad[0]["recipient"]), (1, &json!("custodian-abroad")));
    assert_eq!(abroad[0]["country"], json!("SG"));
    let published = register("publications");
    assert_eq!((published.len(), &published[0]["investors"]), (1, &json!(1)), "{published:?}");
    assert!(
        published[0]["clear"].as_object().unwrap().keys().all(|category| category == "account.investor-code"),
        "{published:?}"
    );
    assert!(
        register("exceptions").iter().any(|one| one["event"] == "officer-refused" && one["by"] == "guard")
    );
    let clauses = found["clauses"].as_array().unwrap();
    let clause =
        |of: &str| clauses.iter().find(|clause| clause["clause"].as_str().unwrap().contains(of)).unwrap();
    assert!(clause("8.7.2 e)")["figures"].as_str().unwrap().starts_with("3 times"), "{}", clause("8.7.2 e)"));
    assert_eq!(clause("7.5 g)")["findings"].as_array().unwrap().len(), 1, "{}", clause("7.5 g)"));
    assert!(clause("8.4.4 c)")["findings"].as_array().unwrap().is_empty());
    assert!(found["open_findings"].as_u64() >= Some(1));
    // Another period has other figures.
    let (_, text) = report(&stage, &["--format", "json", "--to", "2020-01-01"]);
    let empty: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (&empty["figures"]["permitted"], &empty["registers"]["third_parties"]),
        (&json!(0), &json!([]))
    );

    // For people: whole pages in both languages, nothing from elsewhere, nobody in clear.
    for (language, words) in
        [("zh", ["登记簿", "8.7.2 e", "未决发现"]), ("en", ["Register", "8.7.2 e", "Open findings"])]
    {
        let file = format!("report.{language}.html");
        let (code, _) = report(&stage, &["--lang", language, "--output", &file]);
        assert_eq!(code, 0);
        let page = fs::read_to_string(stage.gateway.directory().join(&file)).unwrap();
        for word in words {
            assert!(page.contains(word), "{language}: {word}");
        }
        for elsewhere in ["http://", "https://", "<script", "<img", "<link", "@import", "url("] {
            assert!(!page.contains(elsewhere), "{elsewhere}");
        }
        canary::assert_hidden("the report", page.as_bytes());
        assert!(!page.contains("80001234") && page.contains("@page"));
        assert_eq!(page.matches("<table").count(), page.matches("</table>").count());
        if let Some(keep) = std::env::var_os("YINGBI_KEEP_REPORTS") {
            fs::write(std::path::Path::new(&keep).join(&file), &page).unwrap();
        }
    }

    // On a log that isn't whole the report says so, and is a problem itself.
    let segment = stage.gateway.audit_dir().join(yingbi_audit::format::name(0));
    let mut bytes = fs::read(&segment).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&segment, bytes).unwrap();
    let (code, text) = report(&stage, &["--format", "json", "--lang", "en"]);
    let broken: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, &broken["proof"]["good"]), (1, &json!(false)));
    assert!(!broken["proof"]["failures"].as_array().unwrap().is_empty());
    // What accesses say is read by people who did not write it.
    let _ = json_of(&stage.gateway.run(&["audit", "verify", "--dir", "data/audit", "--format", "json"]));
}

#[test]
fn x9_grades_are_given_by_stated_criteria_from_the_gateways_own_figures() {
    let (_stage, found) = reported();
    let note = found["grades_note"].as_str().unwrap();
    assert!(note.contains("not the maturity grades of T/SAC 005"), "whose grades they are not: {note}");
    let grades = found["grades"].as_array().unwrap();
    assert_eq!(grades.len(), 4);
    assert!(grades.iter().all(|grade| grade["criteria"].as_array().unwrap().len() == 5));
    let audit = grades.iter().find(|grade| grade["area"] == "Audit and evidence").unwrap();
    assert_eq!(audit["grade"], json!(5), "{audit}");
}

#[test]
fn x5_regulatory_reporting_is_a_legal_duty_in_clear_and_registered() {
    let (stage, found) = reported();
    let entries = stage.gateway.entries();
    let duty = entries.iter().find(|entry| entry.intent.purpose.as_deref() == Some("custody")).unwrap();
    assert_eq!(duty.intent.basis.as_deref(), Some("legal-duty"));
    assert!(
        duty.intent.clear.values().sum::<u64>() >= 2 && duty.intent.masked.is_empty(),
        "{:?}",
        duty.intent
    );
    let registered = found["registers"]["third_parties"].as_array().unwrap().clone();
    let registered = registered.iter().find(|one| one["purpose"] == "custody").expect("it is registered");
    assert_eq!(
        (&registered["basis"], &registered["recipient"], &registered["accesses"]),
        (&json!("legal-duty"), &json!("custodian-abroad"), &json!(1))
    );
    assert_eq!(found["proof"]["good"], json!(true), "by a log that is whole");
}
