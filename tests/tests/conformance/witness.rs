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

fn beside(stage: &Stage) -> PathBuf {
    yingbi_audit::evidence_dir(&stage.gateway.audit_dir())
}

pub fn public_keys(stage: &Stage) {
    let output = stage.gateway.run(&["keys", "public", "--config", "yingbi.yaml"]);
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.lines().count(), 2, "Ed25519 and SM2: {text}");
    fs::write(stage.gateway.directory().join("public.keys"), "# the firm's signer\n".to_owned() + &text)
        .unwrap();
}

/// What verifying the log against its keys and anchor says.
pub fn verify(stage: &Stage) -> (i32, Value) {
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
    let local = beside(&stage).join("checkpoints");
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

/// Runs the second reader, written in another language from the format's description alone.
fn reader(stage: &Stage, arguments: &[&str]) -> (i32, Value) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/readers/audit_reader.py");
    let mut command = std::process::Command::new("python3");
    let output = command.arg(script).args(arguments).current_dir(stage.gateway.directory()).output().unwrap();
    (output.status.code().unwrap(), json_of(&output))
}

#[test]
fn e4_one_access_is_proved_to_a_third_party_without_any_other() {
    let mut stage = stage();
    public_keys(&stage);
    let trace = accesses(&stage, 4);
    assert!(stage.gateway.stop().success());
    let entries = stage.gateway.entries();
    let entry = entries.iter().find(|entry| entry.intent.trace == trace).unwrap();
    let id = entry.intent.decision_id.as_str();
    let prove = |record: &str, file: &str| {
        let arguments = ["audit", "prove", record, "--dir", "data/audit", "--output", file];
        let output = stage.gateway.run(&arguments);
        assert!(output.status.success(), "{output:?}");
        fs::read_to_string(stage.gateway.directory().join(file)).unwrap()
    };
    let bundle = prove(id, "bundle.json");
    // Nothing of any other access is in it.
    for other in entries.iter().filter(|other| other.intent.decision_id != id) {
        for text in [&other.intent.decision_id, &other.intent.trace] {
            let packed: String = text.chars().filter(char::is_ascii_hexdigit).collect();
            assert!(!bundle.contains(text.as_str()) && !bundle.contains(&packed));
        }
    }
    // Elsewhere, with the public key alone.
    fs::rename(stage.gateway.directory().join("data"), stage.gateway.directory().join("away")).unwrap();
    let check = |file: &str| {
        let arguments = ["audit", "verify", file, "--public-key", "public.keys", "--format", "json"];
        let output = stage.gateway.run(&arguments);
        (output.status.code().unwrap(), json_of(&output))
    };
    let (code, proved) = check("bundle.json");
    assert_eq!((code, &proved["good"]), (0, &json!(true)), "{proved}");
    let records = proved["records"].as_array().unwrap();
    assert_eq!(records.len(), 2, "the access and how it ended: {proved}");
    assert_eq!(records[0]["record"]["decision_id"], json!(id));
    assert_eq!(records[1]["record"]["result"], json!("handed-to-socket"));
    // The other reader says the same.
    let (code, again) = reader(&stage, &["bundle", "bundle.json", "--public-key", "public.keys"]);
    assert_eq!(code, 0, "{again}");
    assert_eq!(
        (&again["records"], &again["stream"], &again["time"]),
        (&proved["records"], &proved["stream"], &proved["time"])
    );
    let fields = records[0]["record"].as_object().unwrap();
    assert!(fields.len() >= 18 && fields["masked"].is_object() && fields["route"] != json!(""), "{fields:?}");
    // Forged in any way, to neither.
    let forgeries = [
        bundle.replacen("80", "81", 1),
        bundle.replacen("\"payload\": \"49", "\"payload\": \"4f", 1),
        // Another decision; another result; half a byte.
        bundle.replacen("aa21", "aa25", 1),
        bundle.replacen("b139", "b13d", 1),
        bundle.replacen("\"payload\": \"49", "\"payload\": \"4", 1),
        bundle.replacen("time 20", "time 21", 1),
        bundle.replacen("\"path\": [\n", "\"path\": [\n        \"00\",\n", 1),
    ];
    assert!(forgeries.iter().filter(|forged| **forged != bundle).count() >= 6);
    for (number, forged) in forgeries.iter().enumerate().filter(|(_, forged)| **forged != bundle) {
        fs::write(stage.gateway.directory().join("forged.json"), forged).unwrap();
        assert_eq!(check("forged.json").0, 1, "forgery {number}");
        let (code, said) = reader(&stage, &["bundle", "forged.json", "--public-key", "public.keys"]);
        assert_eq!((code, &said["good"]), (1, &json!(false)), "forgery {number}: {said}");
    }
}

#[test]
fn e4_whoever_kept_a_checkpoint_learns_that_the_log_only_grew() {
    let mut stage = stage();
    public_keys(&stage);
    accesses(&stage, 2);
    assert!(stage.gateway.stop().success());
    let kept = fs::read_to_string(beside(&stage).join("checkpoints")).unwrap();
    let directory = stage.gateway.directory().to_owned();
    fs::write(directory.join("kept"), &kept).unwrap();
    accesses_after_restart(&mut stage);
    let output = stage.gateway.run(&["audit", "prove", "--since", "kept", "--dir", "data/audit"]);
    assert!(output.status.success(), "{output:?}");
    let proof = String::from_utf8(output.stdout).unwrap();
    assert!(!proof.contains("decision"), "no record is in it");
    for (text, expect) in [(proof.clone(), 0), (proof.replacen("records ", "records 1", 1), 1)] {
        fs::write(directory.join("growth.json"), text).unwrap();
        let arguments = ["audit", "verify", "growth.json", "--public-key", "public.keys", "--format", "json"];
        let own = stage.gateway.run(&arguments);
        let (code, other) = reader(&stage, &["bundle", "growth.json", "--public-key", "public.keys"]);
        assert_eq!((own.status.code(), code), (Some(expect), expect), "{own:?} {other}");
        if expect == 0 {
            let own = json_of(&own);
            assert_eq!((&own["old"]["records"], &own["new"]["records"]), (&other["old"], &other["new"]));
            assert!(own["old"]["records"].as_u64() < own["new"]["records"].as_u64());
        }
    }
}

#[test]
fn e4_two_readers_agree_on_a_log_whole_cut_and_changed() {
    let mut stage = stage();
    public_keys(&stage);
    accesses(&stage, 3);
    assert!(stage.gateway.stop().success());
    accesses_after_restart(&mut stage);
    let anchor =
        fs::read_dir(stage.gateway.directory().join("anchor")).unwrap().next().unwrap().unwrap().path();
    let anchor = anchor.display().to_string();
    let both = || {
        let (code, own) = verify(&stage);
        let (other_code, other) =
            reader(&stage, &["log", "data/audit", "--public-key", "public.keys", "--anchor", &anchor]);
        assert_eq!(code, other_code, "{own}\n{other}");
        (code, own, other)
    };
    let (code, own, other) = both();
    assert_eq!(code, 0);
    assert_eq!(
        (&own["stream"], &own["records"], &own["head"]),
        (&other["stream"], &other["records"], &other["head"])
    );
    assert_eq!(own["witnessed"]["checkpoints"], other["checkpoints"]);
    let paths = [segment(&stage), beside(&stage).join("checkpoints")];
    for path in paths {
        let good = fs::read(&path).unwrap();
        for at in [9, 60, 130, good.len() / 2, good.len() - 40] {
            let mut changed = good.clone();
            changed[at] ^= 4;
            fs::write(&path, &changed).unwrap();
            assert_eq!(both().0, 1, "{} byte {at}", path.display());
        }
        fs::write(&path, &good[..good.len() - 200]).unwrap();
        assert_eq!(both().0, 1, "{} cut", path.display());
        fs::write(&path, &good).unwrap();
    }
    assert_eq!(both().0, 0);
}

fn accesses_after_restart(stage: &mut Stage) {
    stage.gateway.start_again();
    accesses(stage, 2);
    assert!(stage.gateway.stop().success());
}
