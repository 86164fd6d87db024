//! T13: digests and signatures of what a client receives, and how it verifies them.

use crate::FIRM;
use serde_json::json;
use std::fs;
use yingbi_tests::{Stage, Who, canary};

fn stage(integrity: &str) -> Stage {
    Stage::with(FIRM, |setup| {
        setup.file("checkpoint.key", &"c3".repeat(32)).config(&format!("integrity: {integrity}\n"))
    })
}

#[test]
fn t13_a_digest_of_the_treated_body_comes_when_asked_for() {
    let stage = stage("{}");
    stage.answers_json(&json!({"mobile_tel": canary::MOBILE}));
    assert_eq!(stage.get(Who::Token("teller"), "/customers/1").response.header("content-digest"), None);
    let want = "Want-Content-Digest: sha-256=5, sm3=3\r\n";
    let asked = stage.ask(Who::Token("teller"), "GET", "/customers/1", want);
    let digest = asked.response.header("content-digest").expect("a digest").to_owned();
    assert!(digest.contains("sha-256=:") && digest.contains("sm3=:"), "{digest}");
    fs::write(stage.gateway.directory().join("answer"), &asked.received).unwrap();
    let verify = ["response", "verify", "answer", "--request", "GET crm.internal/customers/1"];
    let done = stage.gateway.run(&verify);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    // The upstream's own digest, which no longer holds, does not come.
    stage.answers(yingbi_tests::Answer::with(
        "Content-Type: application/json\r\nContent-Digest: sha-256=:AAAA:\r\n",
        "{\"mobile_tel\":\"13912345678\"}",
    ));
    let again = stage.get(Who::Token("teller"), "/customers/1").response;
    assert_eq!(again.header("content-digest"), None);
    let asked = stage.ask(Who::Token("teller"), "HEAD", "/customers/1", want);
    assert_eq!(asked.response.header("content-digest"), None);
}

#[test]
fn t13_signed_answers_are_verified_and_changed_ones_are_not() {
    let stage = stage("{sign: true}");
    stage.answers_json(&json!({"mobile_tel": canary::MOBILE, "n": 1}));
    let asked = stage.get(Who::Token("teller"), "/customers/1?x=1");
    let keys = stage.gateway.run(&["response", "keys", "--config", "yingbi.yaml"]);
    let keys = String::from_utf8(keys.stdout).unwrap();
    assert_eq!(keys.lines().count(), 2, "{keys}");
    let verify = |received: &[u8], request: &str, key: &str| {
        fs::write(stage.gateway.directory().join("answer"), received).unwrap();
        let verify = ["response", "verify", "answer", "--request", request, "--key", key, "--format", "json"];
        let done = stage.gateway.run(&verify);
        (done.status.code(), String::from_utf8(done.stdout).unwrap())
    };
    let request = "GET crm.internal/customers/1?x=1";
    for key in keys.lines() {
        let (code, said) = verify(&asked.received, request, key);
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("\"good\":true"), "{said}");
        let mut changed = asked.received.clone();
        let at = changed.len() - 2;
        changed[at] = b'2';
        assert_eq!(verify(&changed, request, key).0, Some(1));
        assert_eq!(verify(&asked.received, "GET crm.internal/customers/2?x=1", key).0, Some(1));
    }
    let status = String::from_utf8_lossy(&asked.received).replacen("200", "201", 1).into_bytes();
    assert_eq!(verify(&status, request, keys.lines().next().unwrap()).0, Some(1));
}

#[test]
fn t13_signing_needs_a_key() {
    let refused = Stage::try_with(FIRM, |setup| setup.config("integrity: {sign: true}\n"));
    assert!(refused.err().is_some_and(|why| why.contains("YB0710")));
}
