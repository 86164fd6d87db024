//! K3: modules and services that keep keys; K5: what happens when they fail; M5: what is measured of them.

use crate::keys::{soft, status, within};
use std::fs;
use std::time::Duration;
use yingbi_tests::{Answer, Client, Gateway, Kms, Mood, Origin, Setup, kms, sdf_double, soft_token};

const UP: &str = "yingbi_kms_up{node=\"primary\"}";
const ACTIVE: &str = "yingbi_data_keys{state=\"active\"}";
const UNAVAILABLE: &str = "yingbi_data_keys{state=\"unavailable\"}";

fn origin() -> Origin {
    Origin::start(|_| Answer::json("{}"))
}

fn serves(gateway: &Gateway) -> bool {
    let mut client = Client::connect(gateway.address);
    client.send(&gateway.get("/customers/1"));
    client.response().status == 200 && gateway.admin_get("/readyz").is_ok_and(|(status, _)| status == 200)
}

fn is(gateway: &Gateway, series: &str, value: &str) -> bool {
    gateway.metric(series).as_deref() == Some(value)
}

/// Everything that is asked of a key service that works.
fn works(gateway: &Gateway) {
    let shown = status(gateway);
    assert_eq!(shown["services"][0]["unwrapped"], 35, "{shown}");
    assert!(is(gateway, UP, "1") && is(gateway, ACTIVE, "35") && is(gateway, UNAVAILABLE, "0"));
    assert_eq!(gateway.yingbi(&["keys", "rotate", "--category", "credit"]).status.code(), Some(0));
    within(Duration::from_secs(2), "the rotation", || {
        is(gateway, "yingbi_data_keys{state=\"decrypt-only\"}", "1") && is(gateway, UNAVAILABLE, "0")
    });
    assert_eq!(status(gateway)["services"][0]["unwrapped"], 36);
}

fn over_http(origin: &Origin, kms: &Kms) -> Setup {
    Gateway::of(origin).file(kms::TOKEN_FILE, kms::TOKEN).keys(&kms.lines("primary", "transit"))
}

#[test]
fn k3_a_kms_over_http_keeps_the_key() {
    let (origin, kms) = (origin(), Kms::start());
    let mut gateway = over_http(&origin, &kms).start();
    works(&gateway);
    gateway.start_again();
    assert!(is(&gateway, ACTIVE, "35") && is(&gateway, UNAVAILABLE, "0"));
    // The token stands in no file that was written, and in no log.
    for (path, bytes) in gateway.written() {
        let own = path.ends_with(kms::TOKEN_FILE);
        assert!(own || memchr::memmem::find(&bytes, kms::TOKEN.as_bytes()).is_none(), "{}", path.display());
    }
}

#[test]
fn k3_softhsm_keeps_the_key_over_pkcs11() {
    let origin = origin();
    let place = yingbi_tests::Scratch::new();
    let Some((library, (name, value))) = soft_token(place.path(), "yingbi", "kek", "4711-synthetic") else {
        println!("softhsm2 is not installed: PKCS#11 is not tried");
        return;
    };
    let keys = format!(
        "  primary:\n    kek: hsm\n    pkcs11: {{module: {}, token: yingbi, key: kek, pin: {{file: pin}}}}\n",
        library.display()
    );
    let setup = Gateway::of(&origin).file("pin", "4711-synthetic").keys(&keys).environment(&name, &value);
    let mut gateway = setup.start();
    works(&gateway);
    gateway.start_again();
    assert!(is(&gateway, ACTIVE, "35") && is(&gateway, UNAVAILABLE, "0"));

    // A wrong PIN is tried once, not until the token locks itself.
    fs::write(gateway.directory().join("pin"), "0000-wrong").unwrap();
    let refused = gateway.yingbi(&["keys", "status", "--format", "json"]);
    assert!(String::from_utf8_lossy(&refused.stdout).contains("\"fault\":\"refused\""));
    gateway.start_again();
    within(Duration::from_secs(3), "the loss", || is(&gateway, UNAVAILABLE, "36"));
    std::thread::sleep(Duration::from_secs(3));
    fs::write(gateway.directory().join("pin"), "4711-synthetic").unwrap();
    assert_eq!(status(&gateway)["services"][0]["unwrapped"], 36, "the token is not locked");
}

#[test]
fn k3_a_module_with_the_interface_of_gm_t_0018_keeps_the_key() {
    let origin = origin();
    let keys =
        format!("  primary:\n    kek: sdf\n    sdf: {{module: {}, kek_index: 3}}\n", sdf_double().display());
    let mut gateway = Gateway::of(&origin).keys(&keys).start();
    works(&gateway);
    gateway.start_again();
    assert!(is(&gateway, ACTIVE, "35") && is(&gateway, UNAVAILABLE, "0"));

    // Numbers of algorithms are the vendor's: those that the module does not know are refused by it.
    let config = fs::read_to_string(gateway.config()).unwrap();
    for (from, to) in
        [("kek_index: 3", "kek_index: 4"), ("kek_index: 3", "kek_index: 3, kek_algorithm: 2049")]
    {
        fs::write(gateway.config(), config.replace(from, to)).unwrap();
        let shown = status(&gateway);
        assert_eq!(
            (&shown["services"][0]["up"], &shown["services"][0]["unwrapped"]),
            (&false.into(), &0.into()),
            "{to}"
        );
    }
}

#[test]
fn k3_a_key_moves_from_software_into_a_module_without_stopping() {
    let (origin, kms) = (origin(), Kms::start());
    let mut gateway = soft(&origin).file(kms::TOKEN_FILE, kms::TOKEN).start();
    let before = status(&gateway)["keys"].clone();
    let config = fs::read_to_string(gateway.config()).unwrap();
    let soft_line = "  primary: {kek: soft, file: {passphrase: {file: kek.pass}}}\n";
    let both = format!("{}{}", kms.lines("primary", "transit"), soft_line.replace("primary", "standby"));
    fs::write(gateway.config(), config.replace(soft_line, &both)).unwrap();
    // Until the new one has wrapped the keys, the old one goes on.
    gateway.start_again();
    assert!(is(&gateway, UP, "0") && is(&gateway, ACTIVE, "35") && is(&gateway, UNAVAILABLE, "0"));
    assert_eq!(gateway.yingbi(&["keys", "init"]).status.code(), Some(0));
    within(Duration::from_secs(3), "the module", || is(&gateway, UP, "1"));
    fs::write(gateway.config(), config.replace(soft_line, &kms.lines("primary", "transit"))).unwrap();
    gateway.start_again();
    assert!(is(&gateway, UP, "1") && is(&gateway, ACTIVE, "35") && is(&gateway, UNAVAILABLE, "0"));
    let kids = |keys: &serde_json::Value| -> Vec<String> {
        keys.as_array().unwrap().iter().map(|key| key["kid"].to_string()).collect()
    };
    assert_eq!(kids(&status(&gateway)["keys"]), kids(&before), "the same data keys");
}

#[test]
fn k5_the_standby_vouches_within_a_second_however_the_primary_fails() {
    let (origin, primary, standby) = (origin(), Kms::start(), Kms::start());
    let gateway = over_http(&origin, &primary).keys(&standby.lines("standby", "other")).start();
    for mood in [
        Mood::Down,
        Mood::Hang,
        Mood::Fail,
        Mood::Refuse,
        Mood::Garbage,
        Mood::Shape,
        Mood::WrongKey,
        Mood::Endless,
        Mood::Redirect,
    ] {
        let switches = || {
            let events = gateway.events("key-service-switched");
            events.iter().filter(|event| event["to"] == "standby").count()
        };
        let before = switches();
        primary.is(mood);
        let took = within(Duration::from_secs(3), "the standby", || switches() > before);
        assert!(took < Duration::from_millis(1500), "{mood:?}: {took:?}");
        assert!(
            is(&gateway, UP, "0") && is(&gateway, ACTIVE, "35") && is(&gateway, UNAVAILABLE, "0"),
            "{mood:?}"
        );
        assert!(serves(&gateway), "{mood:?}");
        primary.is(Mood::Good);
        within(Duration::from_secs(8), "the primary", || is(&gateway, UP, "1"));
    }
    assert!(is(&gateway, "yingbi_kms_degraded_total", "0"));
}

#[test]
fn k5_without_any_service_the_keys_last_for_the_cache_and_are_gone_then() {
    let (origin, kms) = (origin(), Kms::start());
    for mood in [Mood::Down, Mood::Hang, Mood::WrongKey] {
        kms.is(Mood::Good);
        let gateway = over_http(&origin, &kms).keys("  cache_seconds: 2\n").start();
        kms.is(mood);
        within(Duration::from_secs(2), "the fall", || is(&gateway, UP, "0"));
        assert!(is(&gateway, UNAVAILABLE, "0"), "{mood:?}: still cached");
        let took = within(Duration::from_secs(5), "the end of the cache", || is(&gateway, UNAVAILABLE, "35"));
        assert!(took > Duration::from_millis(500), "{mood:?}: {took:?}");
        assert!(
            is(&gateway, "yingbi_kms_degraded_total", "1") && is(&gateway, "yingbi_kms_cache_seconds", "0")
        );
        assert!(gateway.logs().contains("YB0701") && gateway.logs().contains("YB0702"));
        assert!(serves(&gateway), "{mood:?}: masks need no keys");
        within(Duration::from_secs(2), "its record", || gateway.events("keys-lost").len() == 1);

        kms.is(Mood::Good);
        within(Duration::from_secs(8), "the keys", || {
            is(&gateway, UNAVAILABLE, "0") && is(&gateway, UP, "1")
        });
        within(Duration::from_secs(1), "its record", || gateway.events("keys-back").len() == 1);
    }
}

#[test]
fn k5_a_gateway_starts_without_its_key_service_and_finds_it_later() {
    let (origin, kms) = (origin(), Kms::start());
    let mut gateway = over_http(&origin, &kms).start();
    kms.is(Mood::Down);
    gateway.start_again();
    assert!(is(&gateway, UNAVAILABLE, "35") && serves(&gateway));
    assert_eq!(
        gateway.yingbi(&["keys", "rotate"]).status.code(),
        Some(1),
        "nothing is made that can't be wrapped"
    );
    kms.is(Mood::Good);
    within(Duration::from_secs(8), "the keys", || is(&gateway, UNAVAILABLE, "0"));
}

#[test]
fn k5_a_module_that_fails_is_left_for_the_standby() {
    let origin = origin();
    let place = yingbi_tests::Scratch::new();
    let mode = place.write("mode", "good");
    let keys = format!(
        "  primary:\n    kek: sdf\n    sdf: {{module: {}, kek_index: 3}}\n  standby: {{kek: soft, file: {{passphrase: {{file: kek.pass}}}}}}\n",
        sdf_double().display()
    );
    let gateway = Gateway::of(&origin)
        .file("kek.pass", "correct horse battery staple")
        .keys(&keys)
        .environment("SDF_DOUBLE_MODE", &mode.display().to_string())
        .start();
    for fault in ["down", "hang", "fail", "garbage", "wrong-key"] {
        fs::write(&mode, fault).unwrap();
        within(Duration::from_secs(2), fault, || is(&gateway, UP, "0"));
        assert!(
            is(&gateway, UNAVAILABLE, "0") && is(&gateway, "yingbi_kms_up{node=\"standby\"}", "1"),
            "{fault}"
        );
        fs::write(&mode, "good").unwrap();
        within(Duration::from_secs(8), "the module", || is(&gateway, UP, "1"));
    }
    // A module that tells wrong lengths makes no key.
    fs::write(&mode, "overlong").unwrap();
    assert_eq!(gateway.yingbi(&["keys", "rotate"]).status.code(), Some(1));
}

#[test]
fn m5_health_and_latency_of_key_services_are_measured() {
    let (origin, kms) = (origin(), Kms::start());
    let gateway = over_http(&origin, &kms).start();
    let count =
        |series: &str| gateway.metric(series).and_then(|value| value.parse::<f64>().ok()).unwrap_or(-1.0);
    let asked = || count("yingbi_kms_duration_seconds_count{node=\"primary\"}");
    let before = asked();
    within(Duration::from_secs(3), "calls", || asked() > before + 1.0);
    assert!(is(&gateway, "yingbi_kms_up{node=\"standby\"}", "NaN"), "there is none");
    assert!((895.0..=900.0).contains(&count("yingbi_kms_cache_seconds")));
    for (mood, reason) in [(Mood::Fail, "failed"), (Mood::Hang, "slow"), (Mood::Garbage, "garbage")] {
        let series = format!("yingbi_kms_errors_total{{node=\"primary\",reason=\"{reason}\"}}");
        let before = count(&series);
        kms.is(mood);
        within(Duration::from_secs(8), reason, || count(&series) > before);
        kms.is(Mood::Good);
        within(Duration::from_secs(8), "the service", || is(&gateway, UP, "1"));
    }
}

#[test]
fn k5_drills_fail_on_purpose_say_what_happened_and_switch_back() {
    let (origin, kms) = (origin(), Kms::start());
    let gateway = soft(&origin)
        .file(kms::TOKEN_FILE, kms::TOKEN)
        .keys("  health_ms: 100\n")
        .keys(&kms.lines("standby", "transit"))
        .start();
    for what in ["standby", "kms-down", "kms-hang", "kms-garbage", "kms-wrong-key"] {
        let output = gateway.yingbi(&["drill", what, "--format", "json"]);
        let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!((output.status.code(), &told["good"]), (Some(0), &true.into()), "{what}: {told}");
        let steps = told["steps"].as_array().unwrap();
        assert!(steps.len() >= 6, "{what}: {told}");
        assert!(
            steps[steps.len() - 2]["step"]["en"].as_str().unwrap().starts_with("switched back"),
            "{what}"
        );
        let output = gateway.yingbi(&["drill", what]);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(text.lines().all(|line| line.starts_with("good ")), "{what}: {text}");
    }
    assert!(is(&gateway, "yingbi_kms_degraded_total", "0"), "the gateway that runs is not touched");
    // What really is down, no drill can call good.
    kms.is(Mood::Down);
    assert_eq!(gateway.yingbi(&["drill", "standby"]).status.code(), Some(1));
    let alone = soft(&origin).start();
    let output = alone.yingbi(&["drill", "standby"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.code() == Some(1) && text.contains("no `keys.standby`"), "{text}");
}

/// Tellers write, and what they write is encrypted; officers read it in clear.
const STORE: &str = r#"apiVersion: yingbi/v1
kind: Role
metadata: {id: teller}
spec: {any: [{api_token: {id: teller}}]}
---
apiVersion: yingbi/v1
kind: Role
metadata: {id: officer}
spec: {any: [{api_token: {id: officer}}]}
---
apiVersion: yingbi/v1
kind: Purpose
metadata: {id: reporting}
spec: {basis: legal-duty}
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: writes, clause: ["T/TSAC001:7.5.a"]}
spec:
  match: {roles: [teller], routes: ["POST crm.internal/store"]}
  allow: {level: "<=2"}
  treat: mask
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: encrypt-on-write, clause: ["T/TSAC001:8.3.3.2.c"]}
spec:
  match: {routes: ["POST crm.internal/store"]}
  direction: request
  treat: {categories: {"level:>=3": encrypt}}
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: officer-reads, clause: ["T/TSAC001:8.1.c"]}
spec:
  match: {roles: [officer], purposes: [reporting], routes: ["GET crm.internal/store"]}
  allow: {level: "<=3"}
  treat: clear
  decrypt: [identity.document, basic, wealth.cash]
"#;

/// FAILURES F10: under load, through every way a key service can fail and a rotation in between, nothing of level 3 or 4
/// is stored in clear, and what was encrypted can be read in the end.
#[test]
fn k5_nothing_is_stored_in_clear_while_key_services_come_and_go() {
    use yingbi_tests::{HOST, Stage, Who, canary};
    let kms = Kms::start();
    let stage = Stage::with(STORE, |setup| {
        setup
            .file(kms::TOKEN_FILE, kms::TOKEN)
            .keys(&kms.lines("primary", "transit"))
            .keys("  cache_seconds: 1\n  health_ms: 100\n  timeout_ms: 200\n")
    });
    let body =
        serde_json::json!({"id_no": canary::ID, "mobile_tel": canary::MOBILE, "trade_pwd": canary::PASSWORD});
    let body = body.to_string();
    let request = format!(
        "POST /store HTTP/1.1\r\nHost: {HOST}\r\n{}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        yingbi_tests::credentials("teller"),
        body.len()
    );
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    let mut client = Client::connect(stage.gateway.address);
                    client.send(request.as_bytes());
                    let status = client.response().status;
                    assert!(matches!(status, 200 | 503), "{status}");
                    std::thread::sleep(Duration::from_millis(5));
                }
            });
        }
        for mood in [Mood::Down, Mood::WrongKey, Mood::Hang] {
            kms.is(mood);
            within(Duration::from_secs(10), "the loss", || !is(&stage.gateway, UNAVAILABLE, "0"));
            std::thread::sleep(Duration::from_millis(300));
            kms.is(Mood::Good);
            within(Duration::from_secs(15), "the keys", || is(&stage.gateway, UNAVAILABLE, "0"));
            assert_eq!(stage.gateway.yingbi(&["keys", "rotate"]).status.code(), Some(0));
            std::thread::sleep(Duration::from_millis(300));
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    let (mut sealed, mut masked) = (std::collections::BTreeMap::new(), 0);
    for seen in stage.origin.seen() {
        let stored = String::from_utf8(seen.body).unwrap();
        for clear in [canary::ID, canary::MOBILE, canary::PASSWORD] {
            assert!(!stored.contains(clear), "{stored}");
        }
        let row: serde_json::Value = serde_json::from_str(&stored).unwrap();
        let text = row["id_no"].as_str().unwrap_or_default().to_owned();
        match text.strip_prefix("yb1.").and_then(|rest| rest.split_once('.')) {
            Some((kid, _)) => sealed.entry(kid.to_owned()).or_insert_with(Vec::new).push(text.clone()),
            None => masked += 1,
        }
    }
    assert!(sealed.len() >= 4 && masked > 0, "{} keys, {masked} masked", sealed.len());
    // No nonce twice under one key: then two envelopes of one value would begin alike.
    for (kid, all) in &sealed {
        let nonces: std::collections::BTreeSet<_> =
            all.iter().map(|text| &text[5 + kid.len()..21 + kid.len()]).collect();
        assert_eq!(nonces.len(), all.len(), "{kid}");
    }
    let rows: Vec<_> = sealed.values().filter_map(|all| all.first()).collect();
    let rows: Vec<_> = rows.into_iter().map(|text| serde_json::json!({ "id_no": text })).collect();
    stage.answers_json(&serde_json::json!(rows));
    let got = stage.ask(Who::Token("officer"), "GET", "/store", "Yingbi-Purpose: reporting\r\n");
    for row in got.response.json().as_array().unwrap() {
        assert_eq!(row["id_no"], canary::ID);
    }
}
