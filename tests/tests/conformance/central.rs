//! E3, E7: many gateways' logs in one central store, PostgreSQL or NATS JetStream: in order, without loss or duplicate,
//! whatever is killed; the same answers as where they were written; each chain verified, and what was tampered with named.

use crate::FIRM;
use crate::witness::{accesses, json_of, public_keys};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use yingbi_audit::format;
use yingbi_tests::evidence::{entries, run};
use yingbi_tests::nats::Nats;
use yingbi_tests::postgres::Postgres;
use yingbi_tests::{Scratch, Stage};

/// A store that a test kills and starts again.
trait Central {
    fn address(&self) -> String;
    fn kill(&mut self);
    fn start_again(&mut self);
}

struct OnPostgres {
    server: Postgres,
    database: String,
}

impl OnPostgres {
    fn start() -> Self {
        let server = Postgres::start();
        let database = server.database();
        OnPostgres { server, database }
    }

    fn sql(&self, statement: &str) -> String {
        self.server.sql("d0", statement)
    }
}

impl Central for OnPostgres {
    fn address(&self) -> String {
        self.database.clone()
    }

    fn kill(&mut self) {
        self.server.kill();
    }

    fn start_again(&mut self) {
        self.server.start_again();
    }
}

impl Central for Nats {
    fn address(&self) -> String {
        self.url()
    }

    fn kill(&mut self) {
        Nats::kill(self);
    }

    fn start_again(&mut self) {
        Nats::start_again(self);
    }
}

fn stage(address: &str, name: &str) -> Stage {
    Stage::with(FIRM, |setup| {
        setup.file("checkpoint.key", &"a7".repeat(32)).file("audit.store", address).config(&format!(
            "audit:\n  checkpoint_interval_ms: 20\n  ship: {{store: audit.store, gateway: {name}}}\n"
        ))
    })
}

fn lag(stage: &Stage) -> f64 {
    stage.gateway.metrics().sum("yingbi_audit_anchor_lag_seconds", &[("anchor", "store")])
}

fn wait(what: &str, mut is: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(90);
    while !is() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Collects what the store has: exit code, and what was said of each log.
fn collect(scratch: &Scratch, into: &str) -> (i32, Vec<Value>) {
    let output = run(
        scratch.path(),
        &["audit", "collect", "--from", "audit.store", "--into", into, "--format", "json"],
    );
    let lines = String::from_utf8(output.stdout.clone()).unwrap();
    let logs = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (output.status.code().unwrap_or_else(|| panic!("{output:?}")), logs)
}

fn verify(scratch: &Scratch, dir: &str) -> (i32, String) {
    let output = run(
        scratch.path(),
        &["audit", "verify", "--dir", dir, "--public-key", "public.keys", "--format", "json"],
    );
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

fn copy_of(scratch: &Scratch, into: &str, stage: &Stage) -> PathBuf {
    let first = fs::read(stage.gateway.audit_dir().join(format::name(0))).unwrap();
    let (header, _) = format::Header::decode(&first).unwrap();
    scratch.path().join(into).join(yingbi_crypto::hex::encode(&header.stream))
}

/// Every segment is there, byte by byte.
fn assert_same(copy: &Path, log: &Path) {
    let mut segments = 0;
    for number in 0.. {
        let Ok(mut there) = fs::read(log.join(format::name(number))) else { break };
        there.truncate(there.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1));
        let here = fs::read(copy.join(format::name(number))).unwrap();
        assert!(here == there, "segment {number}: {} bytes of {}", here.len(), there.len());
        segments += 1;
    }
    assert!(segments > 0);
}

/// Two gateways into one store; each and the store are killed mid-way, again and again.
fn survives(mut store: impl Central) -> (Scratch, Vec<Stage>, impl Central) {
    let mut stages = vec![stage(&store.address(), "one"), stage(&store.address(), "two")];
    let scratch = Scratch::new();
    scratch.write_secret("audit.store", &store.address());
    public_keys(&stages[0]);
    fs::copy(stages[0].gateway.directory().join("public.keys"), scratch.path().join("public.keys")).unwrap();
    for round in 0..3 {
        stages.iter().for_each(|stage| {
            accesses(stage, 20);
        });
        // While what was just written is under way.
        stages[round % 2].gateway.kill();
        store.kill();
        stages[round % 2].gateway.start_again();
        stages.iter().for_each(|stage| {
            accesses(stage, 20);
        });
        if round == 1 {
            wait("the lag shows", || stages.iter().all(|stage| lag(stage) >= 2.0));
        }
        store.start_again();
        accesses(&stages[0], 20);
        stages[(round + 1) % 2].gateway.kill();
        stages[(round + 1) % 2].gateway.start_again();
    }
    accesses(&stages[1], 5);
    wait("nothing lags", || stages.iter().all(|stage| lag(stage) == 0.0));
    // What is written last, the end of the gateway waits for.
    stages.iter_mut().for_each(|stage| assert!(stage.gateway.stop().success()));
    let (code, logs) = collect(&scratch, "copies");
    assert_eq!(code, 0, "{logs:?}");
    assert_eq!(logs.len(), 2);
    for stage in &stages {
        let copy = copy_of(&scratch, "copies", stage);
        assert_same(&copy, &stage.gateway.audit_dir());
        let (here, there) = (entries(&copy), entries(&stage.gateway.audit_dir()));
        assert!(here == there && here.len() >= 120, "{} accesses of {}", here.len(), there.len());
        let distinct: BTreeSet<u64> = here.iter().map(|entry| entry.sequence).collect();
        assert_eq!(distinct.len(), here.len(), "nothing twice");
    }
    let (code, reports) = verify(&scratch, "copies");
    assert_eq!(code, 0, "{reports}");
    for report in reports.lines() {
        let report: Value = serde_json::from_str(report).unwrap();
        assert!(report["witnessed"]["signed"].as_u64() > Some(3), "the checkpoints came along: {report}");
    }
    (scratch, stages, store)
}

/// Asked in one place, the logs of both answer as each does for itself.
fn answers_alike(scratch: &Scratch, stages: &[Stage]) {
    let ask = |directory: &Path, dir: &str, command: &[&str]| {
        let key = stages[0].gateway.directory().join("pseudonym.key");
        let mut arguments = vec!["audit"];
        arguments.extend(command);
        arguments.extend([
            "--dir",
            dir,
            "--key",
            key.to_str().unwrap(),
            "--subject",
            "80001234",
            "--format",
            "json",
        ]);
        let output = run(directory, &arguments);
        assert!(output.status.success(), "{output:?}");
        output
    };
    let listed = |directory: &Path, dir: &str| -> Vec<Value> {
        let output = ask(directory, dir, &["search", "--oldest-first", "--limit", "10000"]);
        String::from_utf8(output.stdout)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    };
    let central = listed(scratch.path(), "copies");
    let mut local = Vec::new();
    for stage in stages {
        let own = listed(stage.gateway.directory(), "data/audit");
        let name = copy_of(scratch, "copies", stage);
        let name = name.file_name().unwrap().to_str().unwrap();
        let of_it: Vec<Value> = central
            .iter()
            .filter_map(|entry| {
                let segment = entry["segment"].as_str().unwrap().strip_prefix(name)?.trim_start_matches('/');
                let mut entry = entry.clone();
                entry["segment"] = json!(segment);
                Some(entry)
            })
            .collect();
        assert_eq!(of_it, own, "each log's own answer, in its order");
        local.extend(own);
    }
    assert_eq!(central.len(), local.len());
    let times: Vec<&str> = central.iter().map(|entry| entry["intent"]["time"].as_str().unwrap()).collect();
    assert!(times.is_sorted(), "in order of time");
    let saw = json_of(&ask(scratch.path(), "copies", &["who-saw"]));
    let each = stages.iter().map(|stage| {
        json_of(&ask(stage.gateway.directory(), "data/audit", &["who-saw"]))["accesses"].as_u64().unwrap()
    });
    assert_eq!(saw["accesses"].as_u64().unwrap(), each.sum::<u64>());
    let few = ask(scratch.path(), "copies", &["search", "--limit", "3"]);
    assert_eq!(String::from_utf8(few.stdout).unwrap().lines().count(), 3);
}

#[test]
fn e3_e7_two_gateways_ship_to_postgres_without_loss_or_duplicate_whatever_is_killed() {
    let (scratch, stages, _store) = survives(OnPostgres::start());
    answers_alike(&scratch, &stages);
}

#[test]
fn e3_e7_two_gateways_ship_to_jetstream_without_loss_or_duplicate_whatever_is_killed() {
    let (scratch, stages, _store) = survives(Nats::start());
    answers_alike(&scratch, &stages);
    // Collected again there is nothing more; from the beginning, the same.
    let (code, logs) = collect(&scratch, "copies");
    assert_eq!((code, logs.iter().map(|log| log["pieces"].as_u64().unwrap()).sum::<u64>()), (0, 0));
    assert_eq!(collect(&scratch, "again").0, 0);
    for stage in &stages {
        assert_same(&copy_of(&scratch, "again", stage), &stage.gateway.audit_dir());
    }
}

#[test]
fn e3_a_row_changed_taken_or_cut_in_the_central_store_is_found_and_named() {
    let store = OnPostgres::start();
    let mut stage = stage(&store.address(), "one");
    let scratch = Scratch::new();
    scratch.write_secret("audit.store", &store.address());
    public_keys(&stage);
    fs::copy(stage.gateway.directory().join("public.keys"), scratch.path().join("public.keys")).unwrap();
    accesses(&stage, 12);
    wait("nothing lags", || lag(&stage) == 0.0);
    assert!(stage.gateway.stop().success());
    let places = store.sql("SELECT count(*), count(DISTINCT place), max(place) + 1 FROM yingbi_audit");
    let places: Vec<&str> = places.split('|').collect();
    assert!(places.iter().all(|count| *count == places[0]), "{places:?}");
    let today = store.sql("SELECT to_char(now() AT TIME ZONE 'UTC', '\"yingbi_audit_\"YYYYMMDD')");
    let partitions =
        store.sql("SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'yingbi_audit'::regclass");
    assert!(partitions.lines().any(|partition| partition == today), "{partitions}");
    let inside = store.sql(&format!("SELECT count(*) FROM ONLY {today}"));
    assert!(inside.parse::<u64>().unwrap() > 24, "{inside}");

    assert_eq!(collect(&scratch, "whole").0, 0);
    assert_eq!(verify(&scratch, "whole").0, 0);
    for (name, statement, collected, place) in [
        (
            "changed",
            "UPDATE yingbi_audit SET bytes = set_byte(bytes, 40, get_byte(bytes, 40) # 1) WHERE sequence = 9",
            0,
            Some(9),
        ),
        ("taken", "DELETE FROM yingbi_audit WHERE sequence = 14", 1, Some(15)),
        (
            "cut",
            "DELETE FROM yingbi_audit WHERE place >= (SELECT place FROM yingbi_audit WHERE sequence = 20)",
            1,
            None,
        ),
        ("moved", "UPDATE yingbi_audit SET number = 7 WHERE sequence = 6", 1, Some(7)),
    ] {
        store.sql("CREATE TABLE kept AS SELECT * FROM yingbi_audit");
        store.sql(statement);
        let (code, logs) = collect(&scratch, name);
        assert_eq!(code, collected, "{name}: {logs:?}");
        let (code, report) = verify(&scratch, name);
        let report: Value = serde_json::from_str(&report).unwrap();
        match place {
            Some(record) => {
                assert_eq!(code, 1, "{name}: {report}");
                let named = report["failures"].as_array().unwrap();
                assert!(named.iter().any(|failure| failure["record"] == json!(record)), "{name}: {report}");
            }
            // A tail that went with all that bears witness to it: the store's own count tells, and any anchor would.
            None => assert!(logs[0]["store_names"].as_u64() > logs[0]["places"].as_u64(), "{logs:?}"),
        }
        store.sql("DELETE FROM yingbi_audit");
        store.sql("INSERT INTO yingbi_audit SELECT * FROM kept");
        store.sql("DROP TABLE kept");
    }
}

#[test]
fn e3_a_log_put_back_to_an_older_state_is_not_shipped_behind_the_newer() {
    let store = OnPostgres::start();
    let mut stage = stage(&store.address(), "one");
    accesses(&stage, 5);
    wait("nothing lags", || lag(&stage) == 0.0);
    assert!(stage.gateway.stop().success());
    let old = stage.gateway.directory().join("old");
    let data = stage.gateway.data_dir();
    let copy = |from: &Path, to: &Path| {
        let status = std::process::Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap();
        assert!(status.success());
    };
    copy(&data, &old);
    stage.gateway.start_again();
    accesses(&stage, 5);
    wait("nothing lags", || lag(&stage) == 0.0);
    assert!(stage.gateway.stop().success());
    let before = store.sql("SELECT cursor FROM yingbi_audit_logs");
    fs::remove_dir_all(&data).unwrap();
    copy(&old, &data);
    stage.gateway.start_again();
    accesses(&stage, 5);
    wait("the lag shows", || lag(&stage) >= 2.0);
    assert_eq!(store.sql("SELECT cursor FROM yingbi_audit_logs"), before);
    assert!(stage.gateway.logs().contains("the central store has another log than this one"));
}

#[test]
fn e3_where_the_log_is_shipped_is_checked_before_anything_listens() {
    for (address, expect) in [
        ("nats://nats.firm.example:4222", "YB1635"),
        ("host=db.firm.example user=yingbi", "YB1635"),
        ("", "YB1635"),
    ] {
        let refused = Stage::try_with(FIRM, |setup| {
            setup.file("audit.store", address).config("audit:\n  ship: {store: audit.store}\n")
        });
        let why = refused.err().expect("it must not start");
        assert!(why.contains(expect), "{address}: {why}");
    }
    let refused = Stage::try_with(FIRM, |setup| {
        setup
            .file("audit.store", "nats://127.0.0.1:4222")
            .config("audit:\n  ship: {store: audit.store, gateway: \"张三\"}\n")
    });
    assert!(refused.err().expect("it must not start").contains("YB1636"));
}
