//! E4: what bears witness to the log outside of it, through the shipped binary: signed checkpoints, anchors, statements of
//! slices.

use crate::FIRM;
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use std::process::Output;
use yingbi_audit::format;
use yingbi_tests::{Stage, Who, canary};

const TELLER: Who<'_> = Who::Token("teller");

/// A gateway that signs checkpoints often and keeps them in `anchor` too.
pub fn stage() -> Stage {
    Stage::with(FIRM, |setup| {
        setup
            .file("checkpoint.key", &"a7".repeat(32))
            .config("audit:\n  anchors: [anchor]\n  checkpoint_interval_ms: 20\n")
    })
}

/// Some accesses, the answer of one investor's data.
pub fn accesses(stage: &Stage, count: usize) -> String {
    let body = json!({"data": [{"client_id": "80001234", "client_name": canary::NAME, "mobile_tel": canary::MOBILE}]});
    let mut last = String::new();
    for _ in 0..count {
        let asked = stage.answers_json(&body).get(TELLER, "/customers");
        assert_eq!(asked.response.status, 200);
        last = asked.trace;
    }
    last
}

pub fn json_of(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

fn segment(stage: &Stage) -> PathBuf {
    stage.gateway.audit_dir().join(format::name(0))
}

fn public_keys(stage: &Stage) {
    let output = stage.gateway.run(&["keys", "public", "--config", "yingbi.yaml"]);
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.lines().count(), 2, "Ed25519 and SM2: {text}");
    fs::write(stage.gateway.directory().join("public.keys"), "# the firm's signer\n".to_owned() + &text)
        .unwrap();
}

fn verify(stage: &Stage) -> (i32, Value) {
    let output = stage.gateway.run(&[
        "audit",
        "verify",
        "--dir",
        "data/audit",
        "--public-key",
        "public.keys",
        "--anchor",
        "anchor",
        "--format",
        "json",
    ]);
    (output.status.code().unwrap(), json_of(&output))
}

#[test]
fn e4_keys_are_made_once_and_shown_in_public_only() {
    let stage = Stage::start(FIRM);
    let run = |arguments: &[&str]| stage.gateway.run(arguments);
    // The harness made the pseudonym key; the key of checkpoints comes beside it.
    let made = run(&["keys", "init", "--config", "yingbi.yaml", "--format", "json"]);
    assert!(made.status.success(), "{made:?}");
    let secret = fs::read_to_string(stage.gateway.directory().join("checkpoint.key")).unwrap();
    assert_eq!(secret.trim().len(), 64);
    let again = run(&["keys", "init", "--config", "yingbi.yaml"]);
    assert!(again.status.success());
    assert_eq!(fs::read_to_string(stage.gateway.directory().join("checkpoint.key")).unwrap(), secret);
    let public = run(&["keys", "public", "--config", "yingbi.yaml"]);
    let text = String::from_utf8(public.stdout).unwrap();
    assert!(public.status.success() && !text.contains(secret.trim()));
    for line in text.lines() {
        line.parse::<yingbi_crypto::VerifyingKey>().unwrap();
    }
}

#[test]
fn e4_a_tail_cut_beside_the_gateway_is_found_with_public_key_and_anchor() {
    let mut stage = stage();
    public_keys(&stage);
    accesses(&stage, 5);
    // While the gateway writes.
    let (code, report) = verify(&stage);
    assert_eq!((code, &report["good"], &report["live"]), (0, &json!(true), &json!(true)), "{report}");
    assert!(stage.gateway.stop().success());
    let (code, report) = verify(&stage);
    assert_eq!((code, &report["good"]), (0, &json!(true)), "{report}");
    // F26: the last checkpoint covers the last record.
    assert_eq!(report["witnessed"]["records"], json!(report["head"]["sequence"].as_u64().unwrap() + 1));
    assert_eq!(report["witnessed"]["signed"], report["witnessed"]["checkpoints"]);

    let good = fs::read(segment(&stage)).unwrap();
    let mut borders = vec![format::HEADER_BYTES];
    while let Some(head) = format::Head::decode(&good[*borders.last().unwrap()..]) {
        borders.push(borders.last().unwrap() + head.frame_bytes());
    }
    assert_eq!(*borders.last().unwrap(), good.len());
    let local = stage.gateway.audit_dir().join("checkpoints");
    let notes = fs::read(&local).unwrap();
    for border in borders.iter().rev().skip(1).step_by(4) {
        fs::write(segment(&stage), &good[..*border]).unwrap();
        let _ = fs::remove_file(&local);
        let (code, report) = verify(&stage);
        assert_eq!(code, 1, "cut at {border}: {report}");
        let failures = report["failures"].as_array().unwrap();
        assert!(failures.iter().any(|failure| failure["what"] == "cut"), "{report}");
        // The chain alone can't see it: that is what anchors are for.
        let alone = stage.gateway.run(&["audit", "verify", "--dir", "data/audit"]);
        assert!(alone.status.success(), "{alone:?}");
    }
    fs::write(segment(&stage), &good).unwrap();
    fs::write(&local, &notes).unwrap();
    assert_eq!(verify(&stage).0, 0);
    // By the gateway's configuration alone: the same places.
    let output = stage.gateway.run(&["audit", "verify", "--config", "yingbi.yaml", "--format", "json"]);
    assert_eq!(json_of(&output)["witnessed"]["signed"], report["witnessed"]["signed"]);
    // A key of somebody else.
    let strange = yingbi_crypto::SigningKeys::from_secret(&[1; 32]).unwrap().public()[0].to_string();
    fs::write(stage.gateway.directory().join("public.keys"), strange).unwrap();
    assert_eq!(verify(&stage).0, 1);
}

#[test]
fn e4_checkpoints_go_on_over_a_restart_and_a_kill() {
    let mut stage = stage();
    public_keys(&stage);
    for _ in 0..3 {
        accesses(&stage, 3);
        stage.gateway.kill();
        let (code, report) = verify(&stage);
        assert_eq!(code, 0, "{report}");
        stage.gateway.start_again();
    }
    accesses(&stage, 1);
    assert!(stage.gateway.stop().success());
    let (code, report) = verify(&stage);
    assert_eq!(code, 0, "{report}");
    assert!(report["witnessed"]["checkpoints"].as_u64().unwrap() >= 8, "{report}");
}
