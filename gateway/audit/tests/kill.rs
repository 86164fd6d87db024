//! A process that appends is killed, again and again, on one log: every receipt it printed must be in the log, and the
//! log must verify. (What a kill doesn't show, lost unsynced writes, the power-cut trials on a simulated disk do.)

#![expect(clippy::unwrap_used, reason = "a test, also outside its test functions")]

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use yingbi_audit::search::{Filter, Order, search};
use yingbi_audit::verify::verify;
use yingbi_audit::{Intent, Log, Options, Outcome, Record};

const DIR: &str = "YINGBI_TEST_AUDIT_DIR";
const ROUND: &str = "YINGBI_TEST_AUDIT_ROUND";

/// Not a test of its own: the process that is killed.
#[test]
fn writer_process() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    let round = std::env::var(ROUND).unwrap();
    let options = Options { segment_bytes: 20_000, ..Options::default() };
    let (log, _) = Log::open(&PathBuf::from(dir), options).unwrap();
    let log = Arc::new(log);
    let threads: Vec<_> = (0..4)
        .map(|thread| {
            let (log, round) = (Arc::clone(&log), round.clone());
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                for number in 0.. {
                    let id = format!("{round}-{thread}-{number}");
                    let record = Record::Intent(Box::new(Intent {
                        time: "2026-11-20T06:00:00.000001Z".to_owned(),
                        decision_id: id.clone(),
                        decision: "permit".to_owned(),
                        ..Intent::default()
                    }));
                    let receipt = runtime.block_on(log.append(record)).unwrap();
                    // One write a line: what is printed was promised.
                    let line = format!("receipt {} {id}\n", receipt.sequence());
                    std::io::stdout().write_all(line.as_bytes()).unwrap();
                    log.note(Record::Outcome(Outcome {
                        time: "2026-11-20T06:00:00.000002Z".to_owned(),
                        decision_id: id,
                        result: "handed-to-socket".to_owned(),
                        bytes: 1,
                    }));
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

#[test]
fn e3_kill_keeps_every_receipt() {
    let dir = std::env::temp_dir().join(format!("yingbi-audit-kill-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&dir);
    let mut promised: BTreeMap<u64, String> = BTreeMap::new();
    for round in 0..50 {
        let before = promised.len();
        promised.extend(run_and_kill(&dir, round));
        assert!(promised.len() > before, "round {round} promised nothing");
        let report = verify(&dir, None).unwrap();
        assert_eq!(report.failures, [], "round {round}");
        assert!(!report.live);
        let found = found(&dir);
        for (sequence, id) in &promised {
            assert_eq!(found.get(sequence), Some(id), "round {round}: record {sequence}");
        }
    }
    println!("50 kills, {} receipts: none broken", promised.len());
    std::fs::remove_dir_all(&dir).unwrap();
}

/// Lets a writer run for a while and gives the receipts it printed.
fn run_and_kill(dir: &Path, round: u32) -> BTreeMap<u64, String> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "writer_process", "--nocapture"])
        .env(DIR, dir)
        .env(ROUND, round.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut promised = BTreeMap::new();
    let receipt = |line: String| {
        let (sequence, id) = line.strip_prefix("receipt ")?.split_once(' ')?;
        Some((sequence.parse().ok()?, id.to_owned()))
    };
    // Killed some time after its first receipt, another each round.
    promised.extend(lines.by_ref().find_map(receipt));
    std::thread::sleep(Duration::from_millis(u64::from(round) * 7 % 40));
    child.kill().unwrap();
    child.wait().unwrap();
    promised.extend(lines.filter_map(receipt));
    promised
}

fn found(dir: &Path) -> BTreeMap<u64, String> {
    let mut found = BTreeMap::new();
    search(dir, &Filter::default(), Order::Oldest, None, &mut |entry| {
        assert_eq!(found.insert(entry.sequence, entry.intent.decision_id), None);
        Ok(())
    })
    .unwrap();
    found
}
