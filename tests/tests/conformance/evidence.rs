//! E1, E2, E3: what is recorded of an access, and that nothing leaves before it is.

use crate::FIRM;
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use yingbi_audit::verify::verify;
use yingbi_tests::evidence::entries;
use yingbi_tests::{Scratch, Stage, Who, canary};

const ANNA: &str = "80001234";
const TELLER: Who<'_> = Who::Token("teller");

fn list() -> serde_json::Value {
    json!({"data": [
        {"client_id": ANNA, "client_name": canary::NAME, "mobile_tel": canary::MOBILE, "trade_pwd": canary::PASSWORD},
        {"client_id": "80005678", "client_name": "李四", "mobile_tel": "13900139000"},
    ]})
}

#[test]
fn e1_the_record_of_an_access_says_all_that_the_clause_lists() {
    let stage = Stage::start(FIRM);
    let started = jiff_now();
    let asked = stage.answers_json(&list()).get(TELLER, "/customers");
    let entry = stage.record(&asked);
    let intent = &entry.intent;
    assert!(
        intent.time.as_str() >= started.as_str() && intent.time.ends_with('Z') && intent.time.len() == 27,
        "{}",
        intent.time
    );
    assert_eq!(asked.response.body.len() as u64, intent.bytes);
    let is_pseudonym = |text: &str| text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    assert!(is_pseudonym(&intent.caller), "{}", intent.caller);
    assert!(is_pseudonym(&intent.source), "{}", intent.source);
    assert_eq!(intent.subjects.len(), 2);
    assert!(intent.subjects.iter().all(|subject| is_pseudonym(subject)));
    assert_eq!(intent.identified_by, "api-token");
    assert_eq!(intent.roles, ["teller"]);
    assert_eq!((intent.method.as_str(), intent.route.as_str()), ("GET", "/customers"));
    assert_eq!(
        (intent.purpose.as_deref(), intent.basis.as_deref()),
        (Some("account-service"), Some("contract"))
    );
    assert_eq!((intent.decision.as_str(), intent.code.as_deref(), intent.status), ("permit", None, 200));
    assert_eq!(intent.rules, ["teller-sees-masked"]);
    assert!(intent.policy.len() == 64, "an SM3 digest: {}", intent.policy);
    assert_eq!(stage.gateway.metrics().sum("yingbi_policy_info", &[("version", &intent.policy)]), 1.0);
    assert_eq!(intent.trace, asked.trace);
    assert_eq!(intent.records, 2);
    let expect = [("account.investor-code", 2), ("basic", 4), ("credential.account", 1)];
    assert_eq!(intent.masked, expect.map(|(id, count)| (id.to_owned(), count)).into());
    assert!(intent.clear.is_empty() && intent.dropped.is_empty() && intent.monitored.is_empty());
    // The outcome follows.
    let deadline = Instant::now() + Duration::from_secs(5);
    let outcome = loop {
        match stage.record(&asked).outcome {
            Some(outcome) => break outcome,
            None => assert!(Instant::now() < deadline, "no outcome"),
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!((outcome.result.as_str(), outcome.bytes), ("handed-to-socket", intent.bytes));

    // The same caller and investors bear the same pseudonyms, others other ones.
    let again = stage.record(&stage.get(TELLER, "/customers")).intent;
    assert_eq!((&again.caller, &again.subjects), (&intent.caller, &intent.subjects));
    assert_ne!(again.decision_id, intent.decision_id);
    let other = stage.record(&stage.get(Who::Investor(ANNA), "/customers")).intent;
    assert_ne!(other.caller, intent.caller);
    assert_eq!(other.identified_by, "jwt");
    let one = stage.record(&stage.get(TELLER, "/customers/80001234")).intent;
    assert_eq!(one.route, "/customers/{client_id}", "the template, never the path");
    assert!(intent.subjects.contains(&one.subjects[0]) || one.subjects.len() == 1, "{one:?}");
}

#[test]
fn e1_refusals_are_recorded_too() {
    let stage = Stage::start(FIRM);
    let asked = stage.get(TELLER, "/customers/80001234/secret");
    let intent = stage.record(&asked).intent;
    assert_eq!(
        (intent.decision.as_str(), intent.code.as_deref(), intent.status),
        ("refuse", Some("YB2001"), 403)
    );
    assert_eq!(
        (intent.caller.len(), intent.roles.as_slice(), intent.route.as_str()),
        (32, &["teller".to_owned()][..], "")
    );
    assert!(intent.bytes == 0 && intent.masked.is_empty());
    // A head that is refused before anybody is known is recorded as well.
    let before = stage.gateway.entries().len();
    let mut client = yingbi_tests::Client::connect(stage.gateway.address);
    client.send(
        format!("GET /customers HTTP/1.1\r\nHost: a\r\nHost: b\r\nX-Mobile: {}\r\n\r\n", canary::MOBILE)
            .as_bytes(),
    );
    assert_eq!(client.response().status, 400);
    let deadline = Instant::now() + Duration::from_secs(5);
    while stage.gateway.entries().len() == before {
        assert!(Instant::now() < deadline, "not recorded");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn e1_auditors_find_who_saw_whom() {
    let stage = Stage::start(FIRM);
    let asked = stage.answers_json(&list()).get(TELLER, "/customers");
    stage.record(&asked);
    let search = |arguments: &[&str]| {
        let all = [&["audit", "search", "--dir", "data/audit", "--format", "json"], arguments].concat();
        let output = stage.gateway.run(&all);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().lines().filter(|line| line.contains(&asked.trace)).count()
    };
    assert_eq!(search(&[]), 1);
    assert_eq!(search(&["--key", "pseudonym.key", "--subject", ANNA]), 1);
    assert_eq!(search(&["--key", "pseudonym.key", "--subject", "80009999"]), 0);
    assert_eq!(search(&["--key", "pseudonym.key", "--caller", "teller"]), 1);
    assert_eq!(search(&["--key", "pseudonym.key", "--caller", "officer"]), 0);
    assert_eq!(search(&["--category", "credential.account", "--level", "4", "--trace", &asked.trace]), 1);
    assert_eq!(search(&["--decision", "refuse"]), 0);
}

/// Each way in which a disk stops taking records.
enum Break {
    RemoveDirectory,
    RemoveSegment,
    ReplaceSegment,
    FillDisk,
}

/// A directory on a file system so small that it fills up; `None` where this user may not mount one.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: &Path, bytes: u32) -> Option<SmallDisk> {
        fs::create_dir_all(at).unwrap();
        let done = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={bytes},mode=0700"), "tmpfs"])
            .arg(at)
            .output();
        done.is_ok_and(|done| done.status.success()).then(|| SmallDisk(at.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).output();
    }
}

/// Whatever happens to the disk: an answer with personal information has its record in the log, or is a refusal.
///
/// A log that is taken away under the writer is noticed within a second; what was acknowledged until then is lost with
/// it, as it would be had it been taken away a second later. Nothing is released without a record after that.
fn released_only_what_is_recorded(stage: &Stage, audit: &Path, how: &Break, ballast: &Path) {
    for _ in 0..10 {
        assert_eq!(stage.get(TELLER, "/customers").response.status, 200, "before the disk failed");
    }
    match how {
        Break::RemoveDirectory => fs::remove_dir_all(audit).unwrap(),
        Break::RemoveSegment => fs::remove_file(segment(audit)).unwrap(),
        Break::ReplaceSegment => {
            let file = segment(audit);
            fs::remove_file(&file).unwrap();
            fs::write(&file, b"").unwrap();
        }
        Break::FillDisk => {
            let _ = fs::write(ballast, vec![0; 64 << 20]);
        }
    }
    let failed = Instant::now();
    let mut released = Vec::new();
    let mut refused = 0;
    while failed.elapsed() < Duration::from_secs(4) {
        let began = failed.elapsed();
        let asked = stage.get(TELLER, "/customers");
        canary::assert_hidden("answer", &asked.received);
        match asked.response.status {
            200 => released.push((asked.trace, began)),
            503 => {
                assert_eq!(asked.response.problem_code(), "YB5001");
                assert!(!asked.response.text().contains("5678"), "{:?}", asked.response);
                refused += 1;
            }
            _ => panic!("{:?}", asked.response),
        }
    }
    let recorded: Vec<String> = match audit.is_dir() {
        true => entries(audit).into_iter().map(|entry| entry.intent.trace).collect(),
        false => Vec::new(),
    };
    released.retain(|(trace, _)| !recorded.contains(trace));
    let noticed = match how {
        Break::FillDisk => Duration::ZERO,
        _ => Duration::from_millis(1200),
    };
    let late: Vec<_> = released.iter().filter(|(_, began)| *began >= noticed).collect();
    assert!(late.is_empty(), "{} released without a record, the last {:?} after", late.len(), late.last());
    match how {
        Break::RemoveDirectory | Break::FillDisk => assert!(refused > 0, "the disk was to fail"),
        Break::RemoveSegment | Break::ReplaceSegment => {
            assert!(
                recorded.len() > 10,
                "a new segment goes on: {} records, {refused} refused",
                recorded.len()
            );
        }
    }
}

#[test]
fn e3_a_segment_taken_away_is_noticed_and_a_new_one_begun() {
    for how in [Break::RemoveSegment, Break::ReplaceSegment] {
        let stage = Stage::start(FIRM);
        stage.answers_json(&list());
        released_only_what_is_recorded(&stage, &stage.gateway.audit_dir(), &how, Path::new(""));
        let report = stage.gateway.verify();
        assert!(!report.is_good(), "the gap is told: {report:?}");
    }
}

#[test]
fn e3_nothing_is_released_when_the_log_is_gone() {
    let stage = Stage::start(FIRM);
    stage.answers_json(&list());
    let audit = stage.gateway.audit_dir();
    released_only_what_is_recorded(&stage, &audit, &Break::RemoveDirectory, Path::new(""));
    let metrics = stage.gateway.metrics();
    assert_eq!(metrics.sum("yingbi_audit_up", &[]), 0.0);
    assert!(metrics.sum("yingbi_audit_refused_total", &[]) > 0.0);
    let deadline = Instant::now() + Duration::from_secs(5);
    while stage.gateway.admin_get("/readyz").unwrap().0 == 200 {
        assert!(Instant::now() < deadline, "still ready");
        std::thread::sleep(Duration::from_millis(50));
    }
    // What holds nothing personal owes no record.
    stage.answers_json(&json!({"ok": true}));
    assert_eq!(stage.get(TELLER, "/customers").response.status, 200);
}

#[test]
fn e3_nothing_is_released_when_the_disk_is_full() {
    let scratch = Scratch::new();
    let data = scratch.path().join("small");
    let Some(disk) = SmallDisk::mount(&data, 1 << 20) else {
        // Without the right to mount, the audit crate's own failing disk stands for this; see its tests of faults.
        return;
    };
    let stage = Stage::with(FIRM, |setup| setup.data_dir(&data));
    stage.answers_json(&list());
    let ballast = data.join("ballast");
    released_only_what_is_recorded(&stage, &data.join("audit"), &Break::FillDisk, &ballast);
    // With room again the log goes on, unless it said that it won't.
    fs::remove_file(&ballast).unwrap();
    let again = stage.get(TELLER, "/customers");
    match again.response.status {
        200 => assert_eq!(stage.record(&again).intent.trace, again.trace),
        status => assert_eq!((status, again.response.problem_code().as_str()), (503, "YB5001")),
    }
    let report = verify(&data.join("audit"), None).unwrap();
    assert!(report.failures.is_empty(), "{:?}", report.failures);
    drop(stage);
    drop(disk);
}

/// A log of a stopped gateway, with some permitted and some refused accesses.
fn closed_log(scratch: &Scratch) -> PathBuf {
    let mut stage = Stage::start(FIRM);
    stage.answers_json(&list());
    for _ in 0..3 {
        stage.get(TELLER, "/customers");
    }
    stage.get(TELLER, "/elsewhere");
    assert!(stage.gateway.stop().success());
    assert!(stage.gateway.verify().is_good());
    let copy = scratch.path().join("audit");
    fs::create_dir_all(&copy).unwrap();
    for entry in fs::read_dir(stage.gateway.audit_dir()).unwrap().flatten() {
        fs::copy(entry.path(), copy.join(entry.file_name())).unwrap();
    }
    copy
}

fn segment(log: &Path) -> PathBuf {
    let mut files: Vec<PathBuf> = fs::read_dir(log).unwrap().flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.metadata().unwrap().len() > 0);
    files.sort();
    files.pop().unwrap()
}

#[test]
fn e3_every_changed_byte_is_detected_and_located() {
    let scratch = Scratch::new();
    let log = closed_log(&scratch);
    let file = segment(&log);
    let good = fs::read(&file).unwrap();
    let anchor = verify(&log, None).unwrap();
    assert!(anchor.is_good() && anchor.records >= 8, "{anchor:?}");
    let audit_verify = || yingbi_tests::evidence::run(scratch.path(), &["audit", "verify", "--dir", "audit"]);
    assert_eq!(audit_verify().status.code(), Some(0));
    fs::write(&file, &good[..good.len() - 1]).unwrap();
    let last_frame = verify(&log, None).unwrap().torn.expect("a frame without its end").byte as usize;
    let mut undetected = Vec::new();
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 1 << (at % 8);
        fs::write(&file, &bad).unwrap();
        let report = verify(&log, None).unwrap();
        let located = report
            .failures
            .iter()
            .any(|failure| failure.byte <= at as u64 && file.ends_with(&failure.segment));
        // A flip in the last frame may read as a tail that a crash tore; that is told as well, and only there.
        let torn = at >= last_frame && report.torn.is_some_and(|torn| torn.byte == last_frame as u64);
        if !(located || torn) {
            undetected.push(at);
        }
        if at % 97 == 0 {
            let output = audit_verify();
            let said = String::from_utf8_lossy(&output.stdout).into_owned()
                + &String::from_utf8_lossy(&output.stderr);
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            assert_eq!(output.status.code(), Some(1), "byte {at}: {said}");
            assert!(said.contains(&name), "byte {at}: no place in: {said}");
        }
    }
    assert!(undetected.is_empty(), "{} flips of {} undetected: {undetected:?}", undetected.len(), good.len());
}

#[test]
fn e3_cut_moved_and_repeated_records_are_detected() {
    let scratch = Scratch::new();
    let log = closed_log(&scratch);
    let file = segment(&log);
    let good = fs::read(&file).unwrap();
    let head = verify(&log, None).unwrap().head.unwrap();
    // The tail cut at any byte: within a record it shows by itself, between two only against an anchor.
    for cut in (100..good.len()).step_by(41) {
        fs::write(&file, &good[..cut]).unwrap();
        let known = yingbi_audit::verify::Anchor { hash: head.hash, sequence: Some(head.sequence) };
        let report = verify(&log, Some(&known)).unwrap();
        assert!(!report.is_good(), "cut at {cut} of {}", good.len());
    }
    let anchor: String = head.hash.iter().map(|byte| format!("{byte:02x}")).collect();
    let against_anchor = || {
        let arguments = ["audit", "verify", "--dir", "audit", "--head", &anchor];
        yingbi_tests::evidence::run(scratch.path(), &arguments).status.code()
    };
    assert_eq!(against_anchor(), Some(1), "cut");
    fs::write(&file, &good).unwrap();
    assert_eq!(against_anchor(), Some(0), "whole");
    // Blocks moved, repeated, taken out.
    for (name, bad) in [
        ("taken out", [&good[..400], &good[700..]].concat()),
        ("repeated", [&good[..700], &good[400..700], &good[700..]].concat()),
        ("moved", [&good[..400], &good[700..1000], &good[400..700], &good[1000..]].concat()),
        ("added", [&good[..], &good[400..700]].concat()),
    ] {
        fs::write(&file, &bad).unwrap();
        assert!(!verify(&log, None).unwrap().is_good(), "{name}");
    }
    fs::remove_file(&file).unwrap();
    assert!(!verify(&log, None).unwrap().is_good(), "removed");
}

fn jiff_now() -> String {
    yingbi::exchange::record::now()
}
