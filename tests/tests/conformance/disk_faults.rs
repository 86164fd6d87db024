//! F2, F3: a disk whose sync fails, or hangs, under the running gateway: faults are put into its system calls by strace,
//! into those on one segment alone.

use crate::FIRM;
use crate::witness::accesses;
use serde_json::json;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use yingbi_audit::format;
use yingbi_tests::{Stage, Who, canary};

/// strace on a gateway; ended when dropped.
struct Faults {
    child: Child,
    trace: PathBuf,
}

impl Faults {
    /// Puts a fault into syncs of this file; `None` where processes may not be traced.
    fn put(stage: &Stage, segment: &Path, fault: &str) -> Option<Faults> {
        let trace = stage.gateway.directory().join("strace.txt");
        let mut strace = Command::new("strace");
        strace.args(["-f", "-y", "-e", "trace=fsync,fdatasync,sync_file_range,pwrite64,write,openat"]);
        strace.arg("-e").arg(format!("inject=fsync,fdatasync:{fault}")).arg("-P").arg(segment);
        strace.arg("-o").arg(&trace).args(["-p", &stage.gateway.pid().to_string()]);
        let mut child =
            strace.stderr(Stdio::piped()).spawn().expect("strace is there: apt-get install strace");
        let mut said = String::new();
        let mut lines = BufReader::new(child.stderr.take().unwrap());
        while lines.read_line(&mut said).unwrap_or(0) > 0 {
            if said.contains("attached") {
                // Whatever it says later nobody reads.
                std::thread::spawn(move || lines.lines().for_each(drop));
                return Some(Faults { child, trace });
            }
        }
        let _ = child.wait();
        assert!(said.contains("Operation not permitted"), "{said}");
        println!("processes may not be traced here: the disk's faults are not tried");
        None
    }

    /// What was done with the segment.
    fn end(mut self) -> String {
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
        fs::read_to_string(&self.trace).unwrap()
    }
}

impl Drop for Faults {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn segment(stage: &Stage, number: u64) -> PathBuf {
    fs::canonicalize(stage.gateway.audit_dir()).unwrap().join(format::name(number))
}

fn ask(stage: &Stage) -> yingbi_tests::stage::Asked {
    let body = json!({"data": [{"client_id": "80001234", "client_name": canary::NAME, "mobile_tel": canary::MOBILE}]});
    stage.answers_json(&body).get(Who::Token("teller"), "/customers")
}

#[test]
fn f2_a_sync_that_fails_is_never_tried_again_on_that_descriptor_and_nothing_is_lost() {
    let mut stage = Stage::start(FIRM);
    accesses(&stage, 5);
    let Some(faults) = Faults::put(&stage, &segment(&stage, 0), "error=EIO") else { return };
    let traces: Vec<String> = (0..20)
        .map(|_| {
            let asked = ask(&stage);
            // The record is durable elsewhere, or the answer withheld.
            assert_eq!(asked.response.status, 200, "{:?}", asked.response);
            asked.trace
        })
        .collect();
    let done = faults.end();
    let syncs: Vec<&str> = done.lines().filter(|line| line.contains("sync(")).collect();
    assert_eq!(syncs.len(), 1, "one sync failed, none came after it:\n{done}");
    assert!(syncs[0].contains("EIO") && syncs[0].contains("INJECTED"), "{done}");
    let (_, after) = done.split_once(syncs[0]).unwrap();
    assert!(!after.contains("write"), "nothing is written there any more:\n{after}");
    assert!(segment(&stage, 1).exists(), "a new segment goes on");
    assert!(stage.gateway.stop().success());
    let recorded: Vec<String> = stage.gateway.entries().into_iter().map(|entry| entry.intent.trace).collect();
    for trace in &traces {
        assert_eq!(recorded.iter().filter(|own| *own == trace).count(), 1, "{trace} is recorded once");
    }
    let report = stage.gateway.verify();
    assert!(report.is_good() && report.unknown_outcomes == 0, "{report:?}");
    let mut breaks = Vec::new();
    let filter = yingbi_audit::search::Filter::default();
    yingbi_audit::search::events(&stage.gateway.audit_dir(), &filter, &mut |event| {
        breaks.extend((event.event == "break").then_some(event.detail));
        Ok(())
    })
    .unwrap();
    assert_eq!(breaks.len(), 1);
    assert!(breaks[0]["reason"].contains("sync"), "{breaks:?}");
}

#[test]
fn f3_a_sync_that_hangs_holds_answers_back_for_two_seconds_and_then_refuses_them() {
    let mut stage = Stage::start(FIRM);
    accesses(&stage, 5);
    let Some(faults) = Faults::put(&stage, &segment(&stage, 0), "delay_enter=6000000:when=1") else { return };
    let began = Instant::now();
    let threads = || {
        let tasks = format!("/proc/{}/task", stage.gateway.pid());
        fs::read_dir(tasks).unwrap().count()
    };
    let before = threads();
    let mut refused = 0;
    let mut most = 0;
    std::thread::scope(|scope| {
        let asking: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    let began = Instant::now();
                    (ask(&stage), began.elapsed())
                })
            })
            .collect();
        std::thread::sleep(Duration::from_secs(1));
        most = threads();
        for asked in asking {
            let (asked, took) = asked.join().unwrap();
            canary::assert_hidden("answer", &asked.received);
            assert_eq!(asked.response.status, 503, "{:?}", asked.response);
            assert_eq!(asked.response.problem_code(), "YB5001");
            assert!(!asked.response.text().contains("5678"));
            assert!(took < Duration::from_secs(4), "{took:?}");
            refused += 1;
        }
    });
    assert_eq!(refused, 8);
    assert!(most <= before + 4, "threads don't pile up: {before}, then {most}");
    // The disk answers again, and so does the gateway.
    let served = loop {
        let asked = ask(&stage);
        if asked.response.status == 200 {
            break asked;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "{:?}", asked.response);
        std::thread::sleep(Duration::from_millis(200));
    };
    let done = faults.end();
    assert!(done.contains("DELAYED"), "{done}");
    assert!(began.elapsed() >= Duration::from_secs(6), "the sync hung");
    assert!(stage.gateway.stop().success());
    let recorded: Vec<String> = stage.gateway.entries().into_iter().map(|entry| entry.intent.trace).collect();
    assert!(recorded.contains(&served.trace));
    assert!(stage.gateway.verify().is_good());
}
