//! X4, K4: encryption goes live on a route that carries traffic (T/SAC 003—2024 §6.2 to §6.4).

use super::{ANNA, Scene, person};
use serde_json::json;
use std::time::{Duration, Instant};
use yingbi_tests::{canary, credentials};

const POLICIES: &str = include_str!("../../../../policies/scenes/go-live/policies.yaml");

/// What a hundred requests in a row came to.
#[derive(Debug, Default, PartialEq, Eq)]
struct Hundred {
    /// Answers with the card in clear, as before.
    before: u64,
    /// Answers with the card encrypted.
    after: u64,
    /// Records that say that the new rule would have treated something otherwise.
    watched: u64,
}

#[test]
fn x4_encryption_goes_live_by_degrees_and_back_by_one_word() {
    let stage = |mode: &str| POLICIES.replacen("  mode: enforce\n  share: 25\n", mode, 1);
    assert_ne!(stage(""), POLICIES, "the scene has the words that are changed");
    let observe = stage("  mode: monitor\n");
    let scene = Scene::start(&observe, "ledger.internal", |setup| {
        setup
            .caller("settlement")
            .file("kek.pass", "correct horse battery staple\n")
            .keys("  primary: {kek: soft, file: {passphrase: {file: kek.pass}}}\n")
    });
    scene.answers("/accounts", json!({ "rows": [person(ANNA)] }));

    let all = |before, after, watched| Hundred { before, after, watched };
    assert_eq!(hundred(&scene), all(100, 0, 100), "observed: nothing changes, every difference is counted");
    rule(&scene, &stage("  mode: enforce\n  share: 25\n"));
    assert_eq!(hundred(&scene), all(75, 25, 75), "a quarter of the traffic");
    rule(&scene, &stage("  mode: enforce\n  share: 60\n"));
    assert_eq!(hundred(&scene), all(40, 60, 40), "more of it");
    rule(&scene, &stage("  mode: enforce\n"));
    assert_eq!(hundred(&scene), all(0, 100, 0), "all of it");
    rule(&scene, &observe);
    assert_eq!(hundred(&scene), all(100, 0, 100), "back");

    // A version that may not rule leaves the one before.
    let version = ruling(&scene);
    scene.gateway.write_policy("test.yaml", &stage("  mode: enforce\n  share: 250\n"));
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(ruling(&scene), version);
}

#[test]
fn k4_a_rule_goes_live_route_by_route_is_switched_back_at_once_and_before_and_after_are_compared() {
    let stage = |mode: &str| POLICIES.replacen("  mode: enforce\n  share: 25\n", mode, 1);
    let observe = stage("  mode: monitor\n");
    let scene = Scene::start(&observe, "ledger.internal", |setup| {
        setup
            .caller("settlement")
            .file("kek.pass", "correct horse battery staple\n")
            .keys("  primary: {kek: soft, file: {passphrase: {file: kek.pass}}}\n")
    });
    for path in ["/accounts", "/archive"] {
        scene.answers(path, json!({ "rows": [person(ANNA)] }));
    }
    let card = |path: &str| {
        let asked = scene.get(path, &credentials("settlement"));
        assert_eq!(asked.response.status, 200);
        String::from_utf8_lossy(&asked.response.body).contains(canary::CARD)
    };
    // Another route with the same rule in force there: what goes live is one route, not all.
    let archive = observe
        .replace("GET ledger.internal/accounts", "GET ledger.internal/archive")
        .replace("path: /accounts", "path: /archive");
    let renamed = [
        "settlement-reads-accounts",
        "bank-cards-protected",
        "before-and-after",
        "as-before",
        "id: accounts",
    ]
    .iter()
    .fold(archive, |text, id| text.replace(id, &format!("{id}-2")));
    let rules: Vec<&str> = renamed
        .split("---\n")
        .filter(|part| {
            !part.contains("kind: Role")
                && !part.contains("kind: Purpose")
                && !part.contains("kind: PolicyTest")
        })
        .collect();
    let rules = rules.join("---\n").trim_end().trim_end_matches("---").to_owned();
    let live = stage("  mode: enforce\n");
    rule(&scene, &format!("{observe}\n---\n{rules}"));
    assert!(card("/accounts") && card("/archive"), "both observed");
    rule(&scene, &format!("{live}\n---\n{rules}"));
    assert!(!card("/accounts") && card("/archive"), "one is live, the other observed");
    // What would differ is told before, route by kind, from the recorded traffic and from the two versions.
    let scratch = yingbi_tests::Scratch::new();
    for (name, text) in [("before", &observe), ("after", &live)] {
        scratch.write(&format!("{name}/policies.yaml"), text);
    }
    let [before, after] = ["before", "after"].map(|name| scratch.path().join(name).display().to_string());
    let compared = yingbi(&["policy", "diff", &before, &after]);
    assert!(compared.contains("wealth.bank") && compared.contains("encrypted with SM4-GCM"), "{compared}");
    assert!(compared.contains("\n0 freer"), "nothing is shown that was not: {compared}");
    let data = scene.gateway.audit_dir().parent().unwrap().display().to_string();
    let replayed = yingbi(&["policy", "replay", &after, "--data-dir", &data]);
    assert!(replayed.contains("GET ledger.internal") || replayed.contains("/accounts"), "{replayed}");
    // One switch back rules from the next request on, and the records say what was done under which version.
    rule(&scene, &format!("{observe}\n---\n{rules}"));
    assert!(card("/accounts") && card("/archive"), "back");
    let versions: std::collections::BTreeSet<String> =
        scene.gateway.entries().into_iter().map(|entry| entry.intent.policy).collect();
    assert!(versions.len() >= 3, "{versions:?}");
}

fn yingbi(arguments: &[&str]) -> String {
    let done = std::process::Command::new(yingbi_tests::binary())
        .args(arguments)
        .env("LC_ALL", "C")
        .output()
        .unwrap();
    format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr))
}

/// A hundred requests; whatever the stage, the password is never in clear.
fn hundred(scene: &Scene) -> Hundred {
    let mut hundred = Hundred::default();
    let mut traces = Vec::new();
    for _ in 0..100 {
        let asked = scene.get("/accounts", &credentials("settlement"));
        assert_eq!(asked.response.status, 200);
        let text = String::from_utf8_lossy(&asked.response.body).into_owned();
        assert!(!text.contains(canary::PASSWORD), "{text}");
        match text.contains(canary::CARD) {
            true => hundred.before += 1,
            false => {
                assert!(text.contains("\"yb1."), "encrypted, and nothing weaker or other: {text}");
                hundred.after += 1;
            }
        }
        traces.push(asked.trace);
    }
    for entry in scene.gateway.entries().iter().filter(|entry| traces.contains(&entry.intent.trace)) {
        let intent = &entry.intent;
        hundred.watched += u64::from(intent.monitored.contains_key("wealth.bank"));
        // Before and after can be compared by the records alone.
        let shown = u64::from(intent.clear.contains_key("wealth.bank"));
        assert_eq!(shown, 1 - u64::from(intent.masked.contains_key("wealth.bank")), "{intent:?}");
    }
    hundred
}

/// Lets a version rule, and waits until it does.
fn rule(scene: &Scene, policies: &str) {
    let before = ruling(scene);
    scene.gateway.write_policy("test.yaml", policies);
    let begun = Instant::now();
    while ruling(scene) == before {
        assert!(begun.elapsed() < Duration::from_secs(20), "no reload");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// The version that the record of one more request names.
fn ruling(scene: &Scene) -> String {
    let asked = scene.get("/accounts", &credentials("settlement"));
    scene.record(&asked).intent.policy
}
