//! Appends a second at several numbers of concurrent appenders, beside serial syncs of the same records in the same run:
//! what group commit is worth on this disk, and what a record costs in CPU.
//!
//! Then a log of ten million records: how large it is, how fast it verifies, how fast searches answer, and how that
//! compares with reading it from one end to the other. It takes some 3 GB of disk, removed after.
//!
//! `cargo bench -p yingbi-tests --bench audit [DIR]`; the directory should be on the disk the log will be on.
//! `YINGBI_BENCH_ACCESSES` sets how many accesses, each with its outcome: 5,000,000 unless told otherwise; with `--test` a
//! thousandth of it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use yingbi_audit::search::{Filter, Order, search};
use yingbi_audit::{Intent, Log, Options, Outcome, Record};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Outcomes<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcomes<()> {
    let given = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let base = given.map_or_else(std::env::temp_dir, PathBuf::from);
    let dir = base.join(format!("yingbi-bench-audit-{}", std::process::id()));
    std::fs::create_dir_all(&dir)?;
    let result = measure(&dir);
    std::fs::remove_dir_all(&dir)?;
    result
}

fn measure(dir: &Path) -> Outcomes<()> {
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{:<24} {:>10} {:>12} {:>14} {:>12}",
        "", "appends/s", "µs each", "CPU µs each", "per commit"
    )?;
    let (rate, cpu) = serial(dir)?;
    writeln!(
        out,
        "{:<24} {:>10.0} {:>12.1} {:>14.1} {:>12}",
        "serial write and sync",
        rate,
        1e6 / rate,
        cpu,
        1
    )?;
    for appenders in [1, 16, 64, 256] {
        let (rate, cpu, batch) = grouped(&dir.join(appenders.to_string()), appenders)?;
        let name = format!("log, {appenders} appenders");
        let each = 1e6 * f64::from(appenders) / rate;
        writeln!(out, "{name:<24} {rate:>10.0} {each:>12.1} {cpu:>14.1} {batch:>12.1}")?;
    }
    let accesses = std::env::var("YINGBI_BENCH_ACCESSES").ok().and_then(|count| count.parse().ok());
    let share = if std::env::args().any(|argument| argument == "--test") { 1000 } else { 1 };
    large(&dir.join("large"), accesses.unwrap_or(5_000_000) / share, &mut out)
}

/// Fills a log, then verifies and searches it.
fn large(dir: &Path, accesses: u64, out: &mut dyn Write) -> Outcomes<()> {
    let (log, _) = Log::open(dir, Options::default())?;
    for number in 0..accesses {
        let Record::Intent(mut record) = intent(number) else { continue };
        // A hundred thousand investors, a hundred callers, most of them seen and seeing many times.
        record.subjects = vec![format!("{:032x}", number.wrapping_mul(7919) % 100_000)];
        record.caller = format!("{:032x}", number % 100);
        record.trace = format!("{number:032x}");
        log.note(Record::Intent(record));
        log.note(outcome(number));
        if number % 1000 == 0 {
            log.flush()?;
        }
    }
    log.close()?;
    let bytes: u64 =
        std::fs::read_dir(dir)?.map(|entry| Ok(entry?.metadata()?.len())).sum::<std::io::Result<_>>()?;
    writeln!(
        out,
        "\n{accesses} accesses and as many outcomes, {} bytes a record",
        bytes / (2 * accesses.max(1))
    )?;
    let began = Instant::now();
    let report = yingbi_audit::verify::verify(dir, None)?;
    let rate = report.records as f64 / began.elapsed().as_secs_f64();
    writeln!(out, "verify, indexes too      {rate:>10.0} records/s, good: {}", report.is_good())?;
    let investor = Filter { subject: Some(format!("{:032x}", 4711)), ..Filter::default() };
    let trace = Filter { trace: Some(format!("{:032x}", accesses / 3)), ..Filter::default() };
    let both = Filter { caller: Some(format!("{:032x}", 11)), ..investor.clone() };
    let caller = Filter { caller: Some(format!("{:032x}", 11)), ..Filter::default() };
    let searches = [
        ("by investor", &investor),
        ("by trace", &trace),
        ("by investor, caller", &both),
        ("by caller", &caller),
    ];
    for (name, filter) in searches {
        let began = Instant::now();
        let searched = search(dir, filter, Order::Newest, None, &mut |_| Ok(()))?;
        let took = began.elapsed().as_secs_f64() * 1e3;
        writeln!(out, "{name:<24} {took:>10.1} ms, {} found", searched.found)?;
    }
    // Without indexes every record is read: what they are worth, in the same run on the same disk.
    let began = Instant::now();
    let by_index = search(dir, &investor, Order::Newest, None, &mut |_| Ok(()))?;
    let indexed = began.elapsed().as_secs_f64();
    std::fs::remove_dir_all(yingbi_audit::evidence_dir(dir))?;
    let began = Instant::now();
    let by_reading = search(dir, &investor, Order::Newest, None, &mut |_| Ok(()))?;
    let read = began.elapsed().as_secs_f64();
    if by_index.found != by_reading.found {
        return Err("the index and the records disagree".into());
    }
    let ratio = read / indexed.max(1e-9);
    writeln!(out, "{:<24} {:>10.1} ms, {ratio:.0} times as long", "by investor, all read", read * 1e3)?;
    Ok(())
}

/// One write and one sync a record.
fn serial(dir: &Path) -> Outcomes<(f64, f64)> {
    let mut file = std::fs::File::create(dir.join("serial"))?;
    let record = serde_json::to_vec(&intent(0))?;
    let (began, cpu) = (Instant::now(), cpu_time());
    let mut count = 0u32;
    while began.elapsed() < DURATION {
        file.write_all(&record)?;
        file.sync_data()?;
        count += 1;
    }
    let count = f64::from(count);
    Ok((count / began.elapsed().as_secs_f64(), (cpu_time() - cpu).as_secs_f64() * 1e6 / count))
}

/// Each appender waits for its receipt, then notes the outcome, as an exchange does.
fn grouped(dir: &Path, appenders: u32) -> Outcomes<(f64, f64, f64)> {
    let (log, _) = Log::open(dir, Options::default())?;
    let log = Arc::new(log);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build()?;
    let (began, cpu) = (Instant::now(), cpu_time());
    let count = runtime.block_on(async {
        let tasks: Vec<_> = (0..appenders)
            .map(|appender| {
                let log = Arc::clone(&log);
                tokio::spawn(async move {
                    let mut count = 0u32;
                    while began.elapsed() < DURATION {
                        let number = u64::from(appender) << 32 | u64::from(count);
                        if log.append(intent(number)).await.is_ok() {
                            count += 1;
                            log.note(outcome(number));
                        }
                    }
                    count
                })
            })
            .collect();
        let mut count = 0;
        for task in tasks {
            count += task.await.unwrap_or(0);
        }
        count
    });
    let (elapsed, cpu) = (began.elapsed().as_secs_f64(), cpu_time() - cpu);
    let commits = log.stats().commits as f64;
    log.close()?;
    let count = f64::from(count);
    Ok((count / elapsed, cpu.as_secs_f64() * 1e6 / count, count / commits))
}

/// A record as long as a typical one.
fn intent(number: u64) -> Record {
    Record::Intent(Box::new(Intent {
        time: "2026-11-20T06:00:00.000001Z".to_owned(),
        decision_id: format!("{number:032x}"),
        caller: "0123456789abcdef0123456789abcdef".to_owned(),
        identified_by: "jwt".to_owned(),
        roles: vec!["teller".to_owned()],
        source: "fedcba9876543210fedcba9876543210".to_owned(),
        method: "GET".to_owned(),
        route: "crm.internal/customers/{id}".to_owned(),
        purpose: Some("account-service".to_owned()),
        basis: Some("contract".to_owned()),
        decision: "permit".to_owned(),
        code: None,
        status: 200,
        rules: vec!["teller-sees-masked".to_owned()],
        policy: "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0".to_owned(),
        trace: "4bf92f3577b34da6a3ce929d0e0e4736".to_owned(),
        records: 1,
        subjects: vec!["00112233445566778899aabbccddeeff".to_owned()],
        masked: [("basic".to_owned(), 4), ("identity.document".to_owned(), 1)].into(),
        bytes: 4096,
        ..Intent::default()
    }))
}

fn outcome(number: u64) -> Record {
    Record::Outcome(Outcome {
        time: "2026-11-20T06:00:00.000002Z".to_owned(),
        decision_id: format!("{number:032x}"),
        result: "handed-to-socket".to_owned(),
        bytes: 4096,
    })
}

/// CPU time of this process, user and system, in steps of 10 ms.
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    // Fields 14 and 15 of proc(5); the name was field 2.
    let ticks: u64 =
        after_name.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

const DURATION: Duration = Duration::from_secs(3);
