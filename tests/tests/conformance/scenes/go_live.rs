//! X4: a new protection goes live on a route that carries traffic (T/SAC 003—2024 §6.2 to §6.4).

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
    /// Answers with the card masked.
    after: u64,
    /// Records that say that the new rule would have treated something otherwise.
    watched: u64,
}

#[test]
fn x4_a_protection_goes_live_by_degrees_and_back_by_one_word() {
    let stage = |mode: &str| POLICIES.replacen("  mode: enforce\n  share: 25\n", mode, 1);
    assert_ne!(stage(""), POLICIES, "the scene has the words that are changed");
    let observe = stage("  mode: monitor\n");
    let scene = Scene::start(&observe, "ledger.internal", |setup| setup.caller("settlement"));
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
            false => hundred.after += 1,
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
