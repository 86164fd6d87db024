//! E11: how long records are kept, through the running gateway: by kind, with what stays of a slice that went, and legal
//! holds.

use crate::FIRM;
use crate::witness::{accesses, public_keys, verify};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};
use yingbi_audit::{Intent, Log, Options, Outcome, Record, evidence_dir, format};
use yingbi_tests::Stage;

/// Days ago, and what was decided, of the accesses of a log that an earlier gateway wrote: a segment for a few of each.
const PAST: [(i64, &str); 5] =
    [(40, "refuse"), (40, "permit"), (20, "refuse"), (20, "permit"), (1, "permit")];

fn write_past(dir: &Path) {
    let options = Options { segment_bytes: 3000, ..Options::default() };
    let (log, _) = Log::open(dir, options).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() as i64;
    for (age, decision) in PAST {
        for number in 0..60 {
            let at = now - age * 86_400;
            let time = timestamp(at);
            let decision_id = format!("{age}-{decision}-{number}");
            let intent = Intent {
                time: time.clone(),
                decision_id: decision_id.clone(),
                decision: decision.to_owned(),
                ..Intent::default()
            };
            runtime.block_on(log.append(Record::Intent(Box::new(intent)))).unwrap();
            if decision == "permit" {
                let result = "handed-to-socket".to_owned();
                log.note(Record::Outcome(Outcome { time, decision_id, result, bytes: 1 }));
            }
        }
    }
    log.close().unwrap();
}

/// RFC 3339 in UTC, by the civil calendar.
fn timestamp(seconds: i64) -> String {
    let output = std::process::Command::new("date")
        .args(["-u", "-d", &format!("@{seconds}"), "+%Y-%m-%dT%H:%M:%S.000000Z"])
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn kinds(stage: &Stage) -> BTreeSet<String> {
    let entries = stage.gateway.entries().into_iter().map(|entry| entry.intent.decision_id);
    entries
        .filter_map(|id| id.rsplit_once('-').map(|(kind, _)| kind.to_owned()))
        .filter(|kind| PAST.iter().any(|(age, decision)| *kind == format!("{age}-{decision}")))
        .collect()
}

fn segments(stage: &Stage) -> Vec<u64> {
    let names = fs::read_dir(stage.gateway.audit_dir()).unwrap();
    let mut numbers: Vec<u64> =
        names.filter_map(|entry| format::number(&entry.unwrap().file_name().to_string_lossy())).collect();
    numbers.sort_unstable();
    numbers
}

fn restart_with(stage: &mut Stage, retention: &str) {
    let config = stage.gateway.config();
    let text = fs::read_to_string(&config).unwrap();
    let (kept, _) = text.split_once("  retention:").unwrap();
    fs::write(&config, format!("{kept}  retention: {retention}\n")).unwrap();
    stage.gateway.start_again();
}

fn wait(what: &str, mut is: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !is() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn e11_each_kind_is_kept_its_time_and_what_went_leaves_its_root() {
    let mut stage = Stage::with(FIRM, |setup| {
        setup
            .file("checkpoint.key", &"a7".repeat(32))
            .config("audit:\n  anchors: [anchor]\n  checkpoint_interval_ms: 20\n  retention: {}\n")
    });
    public_keys(&stage);
    stage.gateway.kill();
    let data = stage.gateway.data_dir();
    fs::remove_dir_all(data.join("audit")).unwrap();
    fs::remove_dir_all(evidence_dir(&data.join("audit"))).unwrap();
    let _ = fs::remove_dir_all(stage.gateway.directory().join("anchor"));
    write_past(&data.join("audit"));
    stage.gateway.start_again();
    accesses(&stage, 3);
    let all: BTreeSet<String> = PAST.iter().map(|(age, decision)| format!("{age}-{decision}")).collect();
    assert_eq!(kinds(&stage), all, "nothing goes unless it is said");
    let before = segments(&stage);
    let statements = || fs::metadata(evidence_dir(&data.join("audit")).join("slices")).unwrap().len();
    let stated = statements();

    // A legal hold over all of the time: nothing goes, however old.
    let kept = "access_days: 10, refusal_days: 30, event_days: 0";
    let hold = "holds: [{from: \"2020-01-01T00:00:00Z\", reason: 诉讼保全}]";
    restart_with(&mut stage, &format!("{{{kept}, {hold}}}"));
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(kinds(&stage), all);

    // The hold is over: accesses of more than ten days go, refusals of more than thirty, nothing younger.
    restart_with(&mut stage, &format!("{{{kept}}}"));
    let left: BTreeSet<String> = ["1-permit", "20-refuse"].map(str::to_owned).into();
    let count = |id: &str| {
        stage.gateway.entries().iter().filter(|entry| entry.intent.decision_id.starts_with(id)).count()
    };
    // Slices go as a whole: of what is over only those stay that share a slice with something younger.
    wait("old slices go", || count("40-permit") < 20);
    let remains = kinds(&stage);
    assert!(left.is_subset(&remains), "{remains:?}");
    assert_eq!((count("1-permit"), count("20-refuse")), (60, 60), "whole");
    assert!(
        count("20-permit") < 20 && count("40-refuse") < 20,
        "{} {}",
        count("20-permit"),
        count("40-refuse")
    );
    let after = segments(&stage);
    let gone: Vec<u64> = before.iter().copied().filter(|number| !after.contains(number)).collect();
    assert!(gone.len() > 3 && gone.first() < after.first().map(|_| &u64::MAX), "{gone:?}");
    assert!(statements() >= stated, "statements with their roots stay");
    accesses(&stage, 2);
    assert!(stage.gateway.stop().success());
    let (code, report) = verify(&stage);
    assert_eq!((code, &report["failures"]), (0, &serde_json::json!([])), "{report}");
    assert!(report["witnessed"]["signed"].as_u64() > Some(2), "{report}");
    // What is left is proved as ever, though slices before it are gone.
    let one =
        stage.gateway.entries().into_iter().rfind(|entry| entry.intent.decision_id.starts_with("1-permit"));
    let record = one.unwrap().sequence.to_string();
    let proved =
        stage.gateway.run(&["audit", "prove", "--dir", "data/audit", &record, "--output", "proof.json"]);
    assert!(proved.status.success(), "{proved:?}");
    let shown = stage.gateway.run(&["audit", "verify", "proof.json", "--public-key", "public.keys"]);
    assert!(shown.status.success(), "{shown:?}");
    // What goes without having been over is missed.
    let taken = segments(&stage)[1];
    fs::remove_file(stage.gateway.audit_dir().join(format::name(taken))).unwrap();
    let (code, report) = verify(&stage);
    assert_eq!(code, 1, "{report}");
    let missing = report["failures"].as_array().unwrap();
    assert!(missing.iter().any(|failure| failure["what"] == "missing-segments"), "{report}");
}
