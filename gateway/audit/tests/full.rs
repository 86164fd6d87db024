//! F6 on a disk that really fills up: a tmpfs of 8 MiB in a namespace of the test's own. What matters less is refused
//! first, then everything; that it was is recorded in room kept back; when there is room again, the log goes on and is whole.

#![expect(clippy::unwrap_used, reason = "a test, also outside its test functions")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use yingbi_audit::verify::verify;
use yingbi_audit::{AuditError, Evidence, Intent, Log, Options, Record, Room};

const DIR: &str = "YINGBI_TEST_SMALL_DISK";

#[test]
fn f6_a_disk_that_fills_up_refuses_by_degrees_and_recovers() {
    let dir = std::env::temp_dir().join(format!("yingbi-audit-full-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let mut try_it = Command::new("unshare");
    try_it.args(["-Urm", "mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs"]).arg(&dir);
    let may = try_it.output().is_ok_and(|output| output.status.success());
    if !may {
        // Some kernels give such namespaces to nobody; the ladder itself is tested without a disk, too.
        println!("no namespace with a disk of its own can be had here: nothing is shown");
        std::fs::remove_dir_all(&dir).unwrap();
        return;
    }
    let script = "mount -t tmpfs -o size=8m tmpfs \"$0\" && exec \"$1\" --exact on_a_small_disk --nocapture";
    let output = Command::new("unshare")
        .args(["-Urm", "sh", "-c", script])
        .arg(&dir)
        .arg(std::env::current_exe().unwrap())
        .env(DIR, &dir)
        .output()
        .unwrap();
    std::fs::remove_dir_all(&dir).unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("the small disk is done"), "{output:?}");
}

/// Not a test of its own: what runs on the small disk.
#[test]
fn on_a_small_disk() {
    let Some(disk) = std::env::var_os(DIR).map(PathBuf::from) else { return };
    let evidence = Evidence { every: Duration::from_millis(20), ..Evidence::default() };
    let options = Options {
        evidence,
        spare_bytes: 512 << 10,
        reserve_bytes: 64 << 10,
        segment_bytes: 256 << 10,
        ..Options::default()
    };
    let (log, _) = Log::open(&disk.join("audit"), options).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let append = |category: &str| runtime.block_on(log.append(access(category)));
    assert!(append("basic").is_ok() && append("derived").is_ok());
    room(&log, Room::Ample);

    fill(&disk, "first", 4);
    room(&log, Room::Low);
    assert!(matches!(append("derived"), Err(AuditError::Refused(_))), "level 2 goes first");
    assert!(append("basic").is_ok(), "level 3 may still be recorded");

    // Really full: beyond the ladder writes fail, and what is refused was never promised.
    fill(&disk, "second", 0);
    room(&log, Room::Gone);
    assert!(matches!(append("basic"), Err(AuditError::Refused(_))));
    assert!(!log.stats().up);
    log.flush().unwrap();

    std::fs::remove_file(disk.join("first")).unwrap();
    std::fs::remove_file(disk.join("second")).unwrap();
    room(&log, Room::Ample);
    assert!(append("basic").is_ok() && append("derived").is_ok() && log.stats().up);
    log.close().unwrap();
    let report = verify(&disk.join("audit"), None).unwrap();
    assert!(report.is_good(), "{:?}", report.failures);
    assert_eq!((report.permitted, report.refused), (5, 0), "what was promised, and nothing else");
    let mut text = String::new();
    for file in std::fs::read_dir(disk.join("audit")).unwrap().flatten() {
        text += &String::from_utf8_lossy(&std::fs::read(file.path()).unwrap());
    }
    for event in ["\"disk-low\"", "\"disk-recovered\"", "\"room\":\"gone\""] {
        assert!(text.contains(event), "{event} is not recorded");
    }
    println!("the small disk is done");
}

fn access(category: &str) -> Record {
    Record::Intent(Box::new(Intent {
        time: "2026-11-20T06:00:00.000001Z".to_owned(),
        decision: "permit".to_owned(),
        masked: [(category.to_owned(), 1)].into(),
        ..Intent::default()
    }))
}

/// Fills the disk up to so many percent.
fn fill(disk: &Path, name: &str, percent: u64) {
    use std::io::Write as _;
    let mut file = std::fs::File::create(disk.join(name)).unwrap();
    let block = [1; 4096];
    loop {
        let stat = nix::sys::statvfs::statvfs(disk).unwrap();
        if stat.blocks_available() * 100 <= stat.blocks() * percent || file.write_all(&block).is_err() {
            return;
        }
    }
}

/// Waits until the log has seen how much room there is.
fn room(log: &Log, expect: Room) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while log.evidence().room != expect {
        assert!(Instant::now() < deadline, "{:?} instead of {expect:?}", log.evidence().room);
        std::thread::sleep(Duration::from_millis(5));
    }
}
