//! Policies that change under load (P11, F14): each answer agrees with the one version that its record names, and what
//! may not rule never does.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::collections::HashMap;
use std::fs;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use yingbi_policies::Source;
use yingbi_tests::stage::trace;
use yingbi_tests::{Answer, Client, Gateway, HOST, Origin, canary, credentials};

const HEAD: &str =
    "apiVersion: yingbi/v1\nkind: Role\nmetadata: {id: teller}\nspec: {any: [{api_token: {id: teller}}]}\n";

/// A policy under which a mobile number is shown as `shape` says.
fn policy(number: usize) -> String {
    let rule = |treat: &str| {
        format!(
            "{HEAD}---\napiVersion: yingbi/v1\nkind: Policy\nmetadata: {{id: rule-{number}, title: 规则, clause: [\"T/TSAC001:7.5.a\"]}}\nspec:\n  match: {{roles: [teller], routes: [\"*/**\"]}}\n  allow: {{level: \"<=3\"}}\n  treat: {treat}\n"
        )
    };
    match number % 4 {
        0 => rule("mask"),
        1 => rule("{default: mask, categories: {basic.mobile: drop}}"),
        2 => rule("{default: mask, categories: {basic.mobile: nothing}}"),
        // Nothing is allowed.
        _ => HEAD.to_owned(),
    }
}

/// What an answer under it looks like.
fn shape(number: usize) -> &'static str {
    ["139****5678", "left out", "********", "refused"][number % 4]
}

fn seen(response: &yingbi_tests::Response) -> &'static str {
    match response.status {
        403 => "refused",
        200 => match response.json()["mobile_tel"].as_str() {
            Some("139****5678") => "139****5678",
            Some("********") => "********",
            None => "left out",
            Some(_) => "something else",
        },
        _ => "something else",
    }
}

fn version(text: &str) -> String {
    yingbi::policy_store::version(&[Source::new("test.yaml", text)])
}

fn ask(client: &mut Client) -> (String, yingbi_tests::Response) {
    let trace = trace();
    let request = format!(
        "GET /customers/1 HTTP/1.1\r\nHost: {HOST}\r\n{}traceparent: 00-{trace}-00000000000000aa-01\r\n\r\n",
        credentials("teller")
    );
    client.send(request.as_bytes());
    (trace, client.response())
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(15);
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(25));
    }
}

fn rules(gateway: &Gateway, version: &str) -> bool {
    gateway.metrics().sum("yingbi_policy_info", &[("version", version)]) == 1.0
}

fn origin() -> Origin {
    Origin::start(|_| {
        Answer::json(format!("{{\"mobile_tel\":\"{}\",\"id_no\":\"{}\"}}", canary::MOBILE, canary::ID))
    })
}

#[test]
fn p11_each_answer_agrees_with_the_version_in_its_record() {
    let origin = origin();
    let gateway = Gateway::of(&origin).policy(&policy(0)).limit("requests_per_connection", 1_000_000).start();
    let stop = AtomicBool::new(false);
    let answers: Mutex<Vec<(String, &'static str)>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut client = Client::connect(gateway.address);
                while !stop.load(Ordering::Relaxed) {
                    let (trace, response) = ask(&mut client);
                    answers.lock().unwrap().push((trace, seen(&response)));
                    std::thread::sleep(Duration::from_millis(2));
                }
                canary::assert_hidden("client", client.received());
            });
        }
        let swapped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            for number in 1..8 {
                let text = policy(number);
                let file = gateway.directory().join("policies/test.yaml");
                if number % 2 == 0 {
                    // As an editor does: truncated, then written in pieces.
                    let pieces: Vec<&[u8]> = text.as_bytes().chunks(97).collect();
                    fs::write(&file, b"").unwrap();
                    for written in 1..=pieces.len() {
                        fs::write(&file, pieces[..written].concat()).unwrap();
                        std::thread::sleep(Duration::from_millis(20));
                    }
                } else {
                    // As a careful tool does.
                    let beside = gateway.directory().join("policies/.new");
                    fs::write(&beside, &text).unwrap();
                    fs::rename(&beside, &file).unwrap();
                }
                until("the new version rules", || rules(&gateway, &version(&text)));
                std::thread::sleep(Duration::from_millis(100));
            }
        }));
        stop.store(true, Ordering::Relaxed);
        if let Err(panic) = swapped {
            std::panic::resume_unwind(panic);
        }
    });
    let shapes: HashMap<String, &'static str> =
        (0..8).map(|number| (version(&policy(number)), shape(number))).collect();
    let answers = answers.into_inner().unwrap();
    until("refusals are recorded", || gateway.entries().len() >= answers.len());
    let recorded: HashMap<String, String> =
        gateway.entries().into_iter().map(|entry| (entry.intent.trace, entry.intent.policy)).collect();
    let mut by_shape: HashMap<&str, usize> = HashMap::new();
    for (trace, seen) in &answers {
        let version = recorded.get(trace).expect("every answer is recorded");
        assert_eq!(shapes.get(version), Some(seen), "version {version}");
        *by_shape.entry(seen).or_default() += 1;
    }
    assert!(answers.len() > 200 && by_shape.len() == 4, "too little to mean anything: {by_shape:?}");
    assert!(gateway.entries().iter().all(|entry| entry.intent.rules.len() <= 1), "one rule an answer");
}

#[test]
fn f14_what_may_not_rule_never_does() {
    let origin = origin();
    let good = policy(0);
    let gateway = Gateway::of(&origin).policy(&good).start();
    let file = gateway.directory().join("policies/test.yaml");
    let rejected = || gateway.metrics().sum("yingbi_policy_reject_total", &[]);
    let still = |what: &str| {
        let mut client = Client::connect(gateway.address);
        let (trace, response) = ask(&mut client);
        assert_eq!(seen(&response), shape(0), "{what}: {response:?}");
        assert_eq!(gateway.entries_of(&trace)[0].intent.policy, version(&good), "{what}");
    };
    still("before");
    let cases: [(&str, Vec<u8>); 8] = [
        ("no YAML", b"kind: [".to_vec()),
        ("unknown key", good.replace("treat:", "treet:").into_bytes()),
        ("half written", good.as_bytes()[..good.len() - 40].to_vec()),
        ("empty", Vec::new()),
        (
            "level 4 in clear",
            good.replace("\"<=3\"", "\"<=4\"").replace("treat: mask", "treat: clear").into_bytes(),
        ),
        ("an unknown role", good.replace("roles: [teller]", "roles: [tailor]").into_bytes()),
        ("not UTF-8", [good.as_bytes(), b"# \xff\n"].concat()),
        ("a key twice", format!("{good}  treat: mask\n").into_bytes()),
    ];
    for (what, bad) in cases {
        let before = rejected();
        fs::write(&file, bad).unwrap();
        until(&format!("{what}: counted"), || rejected() > before);
        still(what);
        assert!(rules(&gateway, &version(&good)), "{what}");
        // Told once, not at every look.
        std::thread::sleep(Duration::from_millis(1200));
        assert_eq!(rejected(), before + 1.0, "{what}");
    }
    let before = rejected();
    fs::remove_file(&file).unwrap();
    until("no file: counted", || rejected() > before);
    still("no file");
    fs::rename(gateway.directory().join("policies"), gateway.directory().join("elsewhere")).unwrap();
    std::thread::sleep(Duration::from_millis(1500));
    still("no directory");
    fs::rename(gateway.directory().join("elsewhere"), gateway.directory().join("policies")).unwrap();
    // A good one rules again, and no restart is needed.
    gateway.write_policy("test.yaml", &policy(1));
    until("the next good one rules", || rules(&gateway, &version(&policy(1))));
    let mut client = Client::connect(gateway.address);
    assert_eq!(seen(&ask(&mut client).1), shape(1));
    let events = gateway.verify();
    assert!(events.is_good() && events.events >= 10, "loads and rejections are recorded: {events:?}");
    canary::assert_hidden("logs", gateway.logs().as_bytes());
}

#[test]
fn f14_a_second_file_counts_as_one_set() {
    let origin = origin();
    let gateway = Gateway::of(&origin).policy(&policy(0)).start();
    gateway.write_policy(
        "deny.yaml",
        "apiVersion: yingbi/v1\nkind: Policy\nmetadata: {id: closed, title: 停用, clause: [\"T/TSAC001:7.10.c\"]}\nspec:\n  match: {roles: [teller]}\n  deny: all\n",
    );
    let mut client = Client::connect(gateway.address);
    until("the second file rules", || seen(&ask(&mut client).1) == "refused");
    // Sets with a bad part don't rule in part.
    fs::write(gateway.directory().join("policies/test.yaml"), policy(1).replace("kind: Role", "kind: Rolle"))
        .unwrap();
    fs::remove_file(gateway.directory().join("policies/deny.yaml")).unwrap();
    std::thread::sleep(Duration::from_millis(2000));
    assert_eq!(seen(&ask(&mut client).1), "refused", "the old set as a whole");
}
