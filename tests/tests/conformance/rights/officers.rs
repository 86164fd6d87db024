//! A6: who may change what, at the administration port and at the command line.

use super::{ANNA, clear, get, list, stage};
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[test]
fn p5_a3_a11_officers_work_at_the_command_line() {
    let stage = stage();
    stage.answers_json(&list(&[ANNA]));
    let run = |officer: &str, arguments: &[&str]| {
        let file = stage.gateway.directory().join(format!("{officer}.token"));
        std::fs::write(&file, yingbi_tests::token(officer)).unwrap();
        let token = format!("{officer}.token");
        let all: Vec<&str> =
            arguments.iter().copied().chain(["--config", "yingbi.yaml", "--token-file", &token]).collect();
        let output = stage.gateway.run(&all);
        (output.status.code(), String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let evidence = format!("sm3:{}", "ab".repeat(32));
    let add = [
        "consent",
        "add",
        "--subject",
        ANNA,
        "--purpose",
        "marketing",
        "--kind",
        "separate",
        "--notice",
        "v3",
        "--channel",
        "counter",
        "--evidence",
        &evidence,
    ];
    assert_eq!(run("alan", &add).0, Some(2), "an auditor");
    assert_eq!(run("dora", &add).0, Some(0));
    assert_eq!(clear(&stage), [true]);
    let (code, listed) = run("alan", &["consent", "list", "--subject", ANNA]);
    assert!(code == Some(0) && listed.contains("marketing") && listed.contains("counter"), "{listed}");
    assert_eq!(run("dora", &["consent", "withdraw", "--subject", ANNA]).0, Some(0));
    assert_eq!(clear(&stage), [false]);
    let (code, listed) = run("alan", &["consent", "list", "--subject", ANNA]);
    assert!(code == Some(0) && listed.contains("dora"), "the withdrawal: {listed}");
    assert_eq!(run("dora", &["consent", "withdraw", "--subject", ANNA]).0, Some(0), "what else was signed");
    assert_eq!(
        run("dora", &["consent", "withdraw", "--subject", ANNA, "--id", "c-1"]).0,
        Some(1),
        "none of this id"
    );
    assert_eq!(run("dora", &["consent", "withdraw", "--id", "vc-1"]).0, Some(0));
    assert_eq!(run("dora", &["consent", "withdraw", "--id", "c-1"]).0, Some(1), "whose?");
    assert_eq!(run("dora", &["consent", "withdraw"]).0, Some(64));

    let ask = [
        "grant",
        "ask",
        "--template",
        "complaint",
        "--holder",
        "teller",
        "--subject",
        ANNA,
        "--ticket",
        "TS-1",
        "--reason",
        "核实",
    ];
    let (code, asked) = run("dora", &ask);
    assert!(code == Some(0) && asked.ends_with("requested"), "{asked}");
    let id = asked.split(' ').next().unwrap();
    assert_eq!(run("dora", &["grant", "approve", id]).0, Some(2));
    assert!(run("otto", &["grant", "approve", id]).1.ends_with("active"));
    assert!(run("alan", &["grant", "list", "--active"]).1.contains(id));
    assert!(run("otto", &["grant", "revoke", id]).1.ends_with("revoked"));

    let (code, switch) = run("petra", &["switch", "throw", "role", "complaint-handler", "--reason", "演练"]);
    assert_eq!(code, Some(0), "{switch}");
    assert_eq!(get(&stage, "/customers", "").response.status, 403);
    assert!(run("alan", &["switch", "list"]).1.contains("complaint-handler"));
    assert_eq!(run("sara", &["switch", "reset", &switch]).0, Some(0));
    assert_eq!(get(&stage, "/customers", "").response.status, 200);
    let nobody = stage.gateway.run(&["consent", "list", "--subject", ANNA, "--config", "yingbi.yaml"]);
    assert_eq!(nobody.status.code(), Some(64), "no token");
}

/// Every role against every route: the rows are those of the golden matrix, which the gateway's own table writes.
#[test]
fn a6_every_role_may_do_what_its_row_says_and_nothing_else() {
    let stage = stage();
    let matrix = include_str!("../../../../gateway/src/admin/matrix.txt");
    let officers = [
        ("sara", "security-admin"),
        ("otto", "approver"),
        ("dora", "data-operator"),
        ("alan", "auditor"),
        ("petra", "platform"),
    ];
    let mut tried: BTreeMap<(&str, bool), u32> = BTreeMap::new();
    for line in matrix.lines() {
        let (route, may) = line.split_once(": ").unwrap();
        let (method, path) = route.split_once(' ').unwrap();
        let path = path.replace("{id}", "x-0").replace("{source}", "complaints");
        let may: Vec<&str> = may.split(' ').collect();
        if may == ["signed"] {
            for (officer, _) in officers {
                assert_eq!(
                    stage.gateway.office(officer, method, &path, &json!({})).0,
                    401,
                    "{route} {officer}"
                );
            }
            continue;
        }
        assert_eq!(stage.gateway.office("", method, &path, &json!({})).0, 401, "{route} nobody");
        for (officer, role) in officers {
            let (status, answer) = stage.gateway.office(officer, method, &path, &json!({}));
            let refused = status == 403 && answer["code"] == "YB1906";
            assert_eq!(!refused, may.contains(&role), "{route} {role}: {status} {answer}");
            assert_ne!(status, 401, "{route} {role}");
            *tried.entry((role, refused)).or_default() += 1;
        }
    }
    assert_eq!(tried.len(), 10, "every role has what it may and what it may not: {tried:?}");
    assert!(!stage.gateway.events("officer-refused").is_empty());
    // What is in no row does not exist.
    for (method, path) in [
        ("GET", "/api/v1/policies"),
        ("PUT", "/api/v1/grants"),
        ("PATCH", "/api/v1/consents"),
        ("DELETE", "/api/v1/audit/records"),
    ] {
        let (status, _) = stage.gateway.office("sara", method, path, &Value::Null);
        assert!([404, 405].contains(&status), "{method} {path}: {status}");
    }
}

#[test]
fn a6_one_person_never_has_roles_that_exclude_each_other() {
    let origin = yingbi_tests::Origin::start(|_| yingbi_tests::Answer::json("{}"));
    for roles in [["auditor", "data-operator"], ["approver", "data-operator"], ["security-admin", "auditor"]]
    {
        let problem = yingbi_tests::Gateway::of(&origin)
            .officer("max", &roles, &[])
            .try_start()
            .err()
            .expect("refused");
        assert!(problem.contains("exit status: 78") && problem.contains("YB0024"), "{roles:?}: {problem}");
    }
}
