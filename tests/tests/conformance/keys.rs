//! K2: the hierarchy of keys, rotation without stopping, destruction by two, backup; never on disk in clear.

use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Output;
use std::time::{Duration, Instant};
use yingbi::config::Config;
use yingbi::keys::{Services, Store};
use yingbi_tests::{Answer, Client, Gateway, Origin, Setup, token};

/// A gateway whose data keys are wrapped under a passphrase.
pub(super) fn soft(origin: &Origin) -> Setup {
    Gateway::of(origin)
        .file("kek.pass", "correct horse battery staple\n")
        .file("checkpoint.key", &"c3".repeat(32))
        .keys("  primary: {kek: soft, file: {passphrase: {file: kek.pass}}}\n")
}

/// Officers of every role, and a file with each one's token.
fn officers(setup: Setup) -> Setup {
    let named = [
        ("sun", "security-admin"),
        ("an", "approver"),
        ("ou", "approver"),
        ("da", "data-operator"),
        ("au", "auditor"),
    ];
    named.into_iter().fold(setup, |setup, (id, role)| {
        setup.officer(id, &[role], &[]).file(&format!("{id}.token"), &token(id))
    })
}

fn origin() -> Origin {
    Origin::start(|_| Answer::json("{}"))
}

fn json_of(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    let last = text.lines().last().unwrap_or_default();
    serde_json::from_str(last)
        .unwrap_or_else(|_| panic!("no JSON: {text} {}", String::from_utf8_lossy(&output.stderr)))
}

pub(super) fn status(gateway: &Gateway) -> Value {
    json_of(&gateway.yingbi(&["keys", "status", "--format", "json"]))
}

fn key(status: &Value, category: &str, version: u64) -> Value {
    let keys = status["keys"].as_array().unwrap();
    keys.iter().find(|key| key["category"] == category && key["version"] == version).unwrap().clone()
}

/// Waits until something holds, for as long as it may take.
pub(super) fn within(limit: Duration, what: &str, holds: impl Fn() -> bool) -> Duration {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < limit, "{what} did not come within {limit:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
    began.elapsed()
}

#[test]
fn k2_every_category_has_a_key_and_none_lies_on_disk_in_clear() {
    let origin = origin();
    let gateway = soft(&origin).start();
    let status = status(&gateway);
    assert_eq!(status["keys"].as_array().unwrap().len(), 35);
    assert_eq!(status["services"][0]["unwrapped"], 35);
    assert_eq!(gateway.metric("yingbi_data_keys{state=\"active\"}").as_deref(), Some("35"));

    let places = Config::key_places(&gateway.config()).unwrap().data.unwrap();
    let store = Store::read(&places.store).unwrap();
    let mut services = Services::of(&places, &store).patient();
    let secrets: Vec<_> =
        store.keys.iter().map(|key| services.iter_mut().next().unwrap().unwrap(key).unwrap()).collect();
    assert_eq!(fs::metadata(&places.store).unwrap().permissions().mode() & 0o777, 0o600);
    for (path, bytes) in gateway.written() {
        for secret in &secrets {
            let shown = [
                secret.to_vec(),
                yingbi_crypto::hex::encode(secret.as_slice()).into_bytes(),
                base64(&secret[..30]),
            ];
            for form in shown {
                let found = memchr::memmem::find(&bytes, &form);
                assert!(found.is_none(), "a secret in {}", path.display());
            }
        }
    }
    // Two of one category, or of none, are never one secret.
    let mut distinct = secrets.iter().map(|secret| secret.to_vec()).collect::<Vec<_>>();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), 35);
}

fn base64(bytes: &[u8]) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes).into_bytes()
}

#[test]
fn k2_loose_or_unsound_stores_are_refused_with_help() {
    let origin = origin();
    let gateway = soft(&origin).start();
    let store = gateway.directory().join("keystore.json");
    let good = fs::read_to_string(&store).unwrap();
    let check = || gateway.yingbi(&["run", "--check"]);
    assert_eq!(check().status.code(), Some(0));

    for mode in [0o640, 0o604, 0o660, 0o644, 0o602] {
        fs::set_permissions(&store, fs::Permissions::from_mode(mode)).unwrap();
        for command in [&["run", "--check"][..], &["keys", "status"], &["keys", "rotate"], &["keys", "init"]]
        {
            let output = gateway.yingbi(command);
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(78), "{mode:o} {command:?}");
            assert!(said.contains("YB1507") && said.contains("chmod 600"), "{command:?}: {said}");
        }
    }
    fs::set_permissions(&store, fs::Permissions::from_mode(0o600)).unwrap();

    let mut twice: Value = serde_json::from_str(&good).unwrap();
    let first = twice["keys"][0].clone();
    twice["keys"].as_array_mut().unwrap().push(first);
    let mut two_active: Value = serde_json::from_str(&good).unwrap();
    let mut other = two_active["keys"][0].clone();
    other["kid"] = json!("ffffffffffff");
    other["version"] = json!(2);
    two_active["keys"].as_array_mut().unwrap().push(other);
    let mut revived: Value = serde_json::from_str(&good).unwrap();
    revived["keys"][0]["state"] = json!("destroyed");
    let mut bomb: Value = serde_json::from_str(&good).unwrap();
    bomb["keks"]["soft"]["memory_kib"] = json!(u32::MAX);
    for unsound in [
        String::new(),
        "{}".to_owned(),
        good[..good.len() / 2].to_owned(),
        good.replace("yingbi-keystore/1", "yingbi-keystore/9"),
        twice.to_string(),
        two_active.to_string(),
        revived.to_string(),
        bomb.to_string(),
    ] {
        fs::write(&store, &unsound).unwrap();
        let output = check();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(78), "{unsound:.60}");
        assert!(said.contains("YB1508"), "{said}");
    }
    fs::remove_file(&store).unwrap();
    let said = String::from_utf8_lossy(&check().stderr).into_owned();
    assert!(said.contains("YB1506") && said.contains("keys init"), "{said}");
    // What a running gateway has, it keeps.
    within(Duration::from_secs(3), "the refusal", || {
        gateway.metric("yingbi_keystore_reject_total").is_some_and(|count| count != "0")
    });
    assert_eq!(gateway.metric("yingbi_data_keys{state=\"active\"}").as_deref(), Some("35"));
    assert!(gateway.logs().contains("YB0703"));
}

#[test]
fn k2_passphrases_come_from_a_file_the_environment_or_systemd() {
    let origin = origin();
    let credentials = yingbi_tests::Scratch::new();
    credentials.write_secret("kek", "a passphrase of systemd\n");
    let sources = [
        ("{file: kek.pass}", None),
        ("{env: YINGBI_KEK}", Some(("YINGBI_KEK", "a passphrase of the environment".to_owned()))),
        ("{credential: kek}", Some(("CREDENTIALS_DIRECTORY", credentials.path().display().to_string()))),
    ];
    for (source, variable) in sources {
        let mut setup = Gateway::of(&origin)
            .file("kek.pass", "correct horse battery staple")
            .keys(&format!("  primary: {{kek: soft, file: {{passphrase: {source}}}}}\n"));
        if let Some((name, value)) = variable {
            setup = setup.environment(name, &value);
        }
        let gateway = setup.start();
        assert_eq!(gateway.metric("yingbi_data_keys{state=\"active\"}").as_deref(), Some("35"), "{source}");
    }
    for (source, content, code) in [
        ("{file: other.pass}", "correct horse battery staple", "YB0011"),
        ("{file: kek.pass}", "short", "YB1504"),
        ("{file: kek.pass}", "\n", "YB1504"),
        ("{file: kek.pass}", "two\nlines of a passphrase", "YB1504"),
        ("{env: YINGBI_NOT_THERE}", "", "YB1504"),
        ("{credential: ../kek.pass}", "", "YB1504"),
    ] {
        let gateway = Gateway::of(&origin).file("kek.pass", content).start();
        let config = fs::read_to_string(gateway.config()).unwrap();
        let keys = format!("keys:\n  primary: {{kek: soft, file: {{passphrase: {source}}}}}\n");
        fs::write(gateway.config(), config.replace("keys:\n", &keys)).unwrap();
        let output = gateway.yingbi(&["run", "--check"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(78));
        assert!(said.contains(code), "{source} {content:?}: {said}");
    }
}

#[test]
fn k2_a_wrong_passphrase_opens_nothing_and_clears_nothing() {
    let origin = origin();
    let mut gateway = soft(&origin).start();
    fs::write(gateway.directory().join("kek.pass"), "another passphrase than before").unwrap();
    let output = gateway.yingbi(&["keys", "status", "--format", "json"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(json_of(&output)["services"][0]["fault"], "wrong-key");
    let before = fs::read(gateway.directory().join("keystore.json")).unwrap();
    for command in
        [&["keys", "rotate"][..], &["keys", "backup", "--out", "b", "--share-file", "a", "--share-file", "b"]]
    {
        assert_ne!(gateway.yingbi(command).status.code(), Some(0));
    }
    // The running one has its keys; one that starts with the wrong passphrase has none, serves, and says so.
    assert_eq!(gateway.metric("yingbi_data_keys{state=\"active\"}").as_deref(), Some("35"));
    gateway.start_again();
    assert_eq!(gateway.metric("yingbi_data_keys{state=\"unavailable\"}").as_deref(), Some("35"));
    assert_eq!(gateway.metric("yingbi_kms_up{node=\"primary\"}").as_deref(), Some("0"));
    assert!(gateway.logs().contains("YB0701"));
    assert_eq!(fs::read(gateway.directory().join("keystore.json")).unwrap(), before);
}

#[test]
fn k2_rotation_rules_within_a_second_under_load_and_loses_nothing() {
    let origin = origin();
    let gateway = soft(&origin).start();
    let stop = std::sync::atomic::AtomicBool::new(false);
    let (good, bad) = std::thread::scope(|scope| {
        let load: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let (mut good, mut bad) = (0, 0);
                    let mut client = Client::connect(gateway.address);
                    while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                        // Connections end after some requests: a client that stays would be answered for that.
                        if (good + bad) % 100 == 99 {
                            client = Client::connect(gateway.address);
                        }
                        client.send(&gateway.get("/customers/1"));
                        if client.response().status == 200 { good += 1 } else { bad += 1 }
                    }
                    (good, bad)
                })
            })
            .collect();
        for version in 2..=4_u64 {
            let made = json_of(&gateway.yingbi(&["keys", "rotate", "--format", "json"]));
            assert_eq!(made["made"].as_array().unwrap().len(), 35);
            let old = (35 * (version - 1)).to_string();
            let took = within(Duration::from_secs(2), "the rotation", || {
                gateway.metric("yingbi_data_keys{state=\"decrypt-only\"}").as_deref() == Some(&old)
            });
            assert!(took < Duration::from_millis(1500), "{took:?}");
            assert_eq!(gateway.metric("yingbi_data_keys{state=\"active\"}").as_deref(), Some("35"));
            assert_eq!(gateway.metric("yingbi_data_keys{state=\"unavailable\"}").as_deref(), Some("0"));
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        let load = load.into_iter().map(|thread| thread.join().unwrap());
        load.fold((0, 0), |(good, bad), (g, b)| (good + g, bad + b))
    });
    assert!(good > 20 && bad == 0, "{good} good, {bad} bad");
    let status = status(&gateway);
    assert_eq!(key(&status, "credit", 1)["state"], "decrypt-only");
    assert_eq!(key(&status, "credit", 1)["lasting"], true, "tokens go on joining");
    assert_eq!(key(&status, "credit", 4)["state"], "active");
    within(Duration::from_secs(2), "the record", || gateway.events("key-added").len() == 105);
    assert_eq!(gateway.events("keys-changed").len(), 3);

    // Tokens too, but only when told.
    assert_eq!(
        gateway.yingbi(&["keys", "rotate", "--category", "credit", "--lasting"]).status.code(),
        Some(0)
    );
    let status = self::status(&gateway);
    assert_eq!(key(&status, "credit", 5)["lasting"], true);
    assert_eq!(key(&status, "credit", 1)["lasting"], false);
    assert_eq!(key(&status, "contract", 1)["lasting"], true);
    assert_eq!(gateway.yingbi(&["keys", "rotate", "--category", "nonsense"]).status.code(), Some(64));
}

#[test]
fn k2_destroying_takes_two_and_leaves_a_signed_record() {
    let origin = origin();
    let gateway = officers(soft(&origin)).start();
    gateway.yingbi(&["keys", "rotate", "--category", "credit", "--lasting"]);
    let kid = key(&status(&gateway), "credit", 1)["kid"].as_str().unwrap().to_owned();
    let active = key(&status(&gateway), "credit", 2)["kid"].as_str().unwrap().to_owned();
    let destroy = |kid: &str, tokens: &[&str]| {
        let mut arguments = vec!["keys", "destroy", kid, "--reason", "客户注销满五年", "--format", "json"];
        let files: Vec<String> = tokens
            .iter()
            .map(|id| gateway.directory().join(format!("{id}.token")).display().to_string())
            .collect();
        for file in &files {
            arguments.extend(["--token-file", file]);
        }
        gateway.yingbi(&arguments)
    };
    let before = fs::read(gateway.directory().join("keystore.json")).unwrap();
    for tokens in [
        &["sun"][..],
        &["sun", "sun"],
        &["an", "ou"],
        &["sun", "da"],
        &["sun", "au"],
        &["da", "an"],
        &["sun", "nobody"],
        &["sun", "an", "ou"],
    ] {
        let output = destroy(&kid, tokens);
        assert_eq!(output.status.code(), Some(2), "{tokens:?}");
        assert!(String::from_utf8_lossy(&output.stdout).contains("YB1512"), "{tokens:?}");
    }
    // In use, unknown.
    let output = destroy(&active, &["sun", "an"]);
    assert_eq!((output.status.code(), json_of(&output)["code"].as_str()), (Some(2), Some("YB1514")));
    assert_eq!(json_of(&destroy("ffffffffffff", &["sun", "an"]))["code"], "YB1513");
    assert_eq!(fs::read(gateway.directory().join("keystore.json")).unwrap(), before);

    assert_eq!(destroy(&kid, &["an", "sun"]).status.code(), Some(0));
    assert_eq!(json_of(&destroy(&kid, &["an", "sun"]))["code"], "YB1513");
    let destroyed = key(&status(&gateway), "credit", 1);
    assert_eq!((&destroyed["state"], &destroyed["record_verifies"]), (&json!("destroyed"), &json!(true)));
    assert_eq!(destroyed["wrapped_by"], json!([]));
    let record: Value = serde_json::from_str(destroyed["destroyed"]["record"].as_str().unwrap()).unwrap();
    assert_eq!((&record["asked"], &record["approved"]), (&json!("sun"), &json!("an")));
    assert_eq!(destroyed["destroyed"]["signatures"].as_array().unwrap().len(), 2, "Ed25519 and SM2");

    within(Duration::from_secs(2), "the destruction", || {
        gateway.metric("yingbi_data_keys{state=\"destroyed\"}").as_deref() == Some("1")
    });
    within(Duration::from_secs(2), "its record", || gateway.events("key-destroyed").len() == 1);
    let event = &gateway.events("key-destroyed")[0];
    assert_eq!(
        (&event["kid"], &event["asked"], &event["approved"]),
        (&json!(kid), &json!("sun"), &json!("an"))
    );

    // A record that somebody bent is found.
    let path = gateway.directory().join("keystore.json");
    let bent = fs::read_to_string(&path).unwrap().replace("客户注销满五年", "客户注销满六年");
    fs::write(&path, bent).unwrap();
    let output = gateway.yingbi(&["keys", "status", "--format", "json"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(key(&json_of(&output), "credit", 1)["record_verifies"], false);
}

#[test]
fn k2_a_backup_opens_for_both_custodians_only_and_revives_nothing() {
    let origin = origin();
    let gateway = officers(soft(&origin))
        .file("li.share", "the share of custodian Li")
        .file("wu.share", "the share of custodian Wu")
        .file("no.share", "the share of nobody at all")
        .start();
    let at = |name: &str| gateway.directory().join(name).display().to_string();
    let (li, wu, no) = (at("li.share"), at("wu.share"), at("no.share"));
    let backup = at("keys.backup");
    let make = |shares: [&str; 2]| {
        gateway.yingbi(&[
            "keys",
            "backup",
            "--out",
            &backup,
            "--share-file",
            shares[0],
            "--share-file",
            shares[1],
        ])
    };
    assert_eq!(make([&li, &li]).status.code(), Some(2), "one person's");
    let output = make([&li, &wu]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(make([&li, &wu]).status.code(), Some(64), "never overwritten");
    let told = Instant::now();
    while gateway.events("keys-backed-up").is_empty() {
        assert!(told.elapsed() < Duration::from_secs(10), "the access log tells of a backup");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(gateway.events("keys-backed-up")[0]["keys"], "35");
    assert_eq!(fs::metadata(&backup).unwrap().permissions().mode() & 0o777, 0o600);
    let kept = status(&gateway);

    // Destroyed after the backup was made.
    let kid = key(&kept, "credit", 1)["kid"].as_str().unwrap().to_owned();
    gateway.yingbi(&["keys", "rotate", "--category", "credit", "--lasting"]);
    let (sun, an) = (at("sun.token"), at("an.token"));
    let destroyed = gateway.yingbi(&[
        "keys",
        "destroy",
        &kid,
        "--reason",
        "drill",
        "--token-file",
        &sun,
        "--token-file",
        &an,
    ]);
    assert_eq!(destroyed.status.code(), Some(0));

    let restore = |shares: [&str; 2]| {
        gateway.yingbi(&[
            "keys",
            "restore",
            "--from",
            &backup,
            "--share-file",
            shares[0],
            "--share-file",
            shares[1],
        ])
    };
    for shares in [[&li, &no], [&no, &wu], [&li, &li]] {
        assert_eq!(restore(shares.map(String::as_str)).status.code(), Some(2));
    }
    assert_eq!(restore([&wu, &li]).status.code(), Some(0), "in either order");
    assert_eq!(key(&status(&gateway), "credit", 1)["state"], "destroyed");

    // The store is lost, and the passphrase with it: another one wraps what the backup brings.
    let store = PathBuf::from(at("keystore.json"));
    fs::remove_file(&store).unwrap();
    fs::write(gateway.directory().join("kek.pass"), "a new passphrase, the old one is lost").unwrap();
    assert_eq!(restore([&li, &wu]).status.code(), Some(0));
    let back = status(&gateway);
    assert_eq!(back["services"][0]["unwrapped"], 35);
    let kids = |status: &Value| {
        let keys = status["keys"].as_array().unwrap().iter();
        keys.map(|key| (key["kid"].clone(), key["category"].clone(), key["version"].clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(kids(&back), kids(&kept));

    // One byte of a backup changed: nothing comes of it.
    let whole = fs::read_to_string(&backup).unwrap();
    let at_wrapped = whole.find("\"two-custodians\": \"").unwrap() + 40;
    let bent = if &whole[at_wrapped..=at_wrapped] == "A" { "B" } else { "A" };
    fs::write(&backup, [&whole[..at_wrapped], bent, &whole[at_wrapped + 1..]].concat()).unwrap();
    let before = fs::read(&store).unwrap();
    assert_ne!(restore([&li, &wu]).status.code(), Some(0));
    assert_eq!(fs::read(&store).unwrap(), before);
}

#[test]
fn k2_a_killed_command_leaves_a_whole_store() {
    use std::process::{Command, Stdio};
    let origin = origin();
    let gateway = soft(&origin).start();
    let store = gateway.directory().join("keystore.json");
    let mut revisions = Vec::new();
    for round in 0..12 {
        let mut child = Command::new(yingbi_tests::binary())
            .args(["keys", "rotate", "--config"])
            .arg(gateway.config())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(60 + 45 * round));
        let _ = child.kill();
        let _ = child.wait();
        revisions.push(Store::read(&store).unwrap().revision);
    }
    assert!(revisions.is_sorted());
    let status = status(&gateway);
    assert!(status["services"][0]["up"].as_bool().unwrap());
    assert_eq!(gateway.yingbi(&["keys", "rotate"]).status.code(), Some(0), "no lock is left");
}
