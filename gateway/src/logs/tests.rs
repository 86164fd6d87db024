use super::*;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex, mpsc};

/// Runs one test of this binary in a process of its own, where hooks and limits may be set.
fn alone(test: &str, mode: &str) -> Output {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--nocapture", "--test-threads=1"]).env("YINGBI_LOGS_TEST", mode);
    command.env("RUST_BACKTRACE", "full").output().unwrap()
}

fn mode() -> Option<String> {
    std::env::var("YINGBI_LOGS_TEST").ok()
}

#[test]
fn e2_a_panic_shows_its_place_and_not_its_message() {
    if mode().as_deref() == Some("panic") {
        abort_on_panic();
        let secret = "13800138000";
        std::thread::spawn(move || panic!("can't mask {secret}")).join().ok();
        unreachable!("a panic in any thread ends the process");
    }
    let output = alone("logs::tests::e2_a_panic_shows_its_place_and_not_its_message", "panic");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&output.status), Some(6), "{said}");
    assert!(said.contains("logs/tests.rs:"), "{said}");
    assert!(!said.contains("13800138000") && !said.contains("can't mask"), "{said}");
    assert!(!said.contains("stack backtrace"), "{said}");
}

#[test]
fn e2_libraries_words_never_reach_the_log() {
    if let Some(mode) = mode() {
        let log_format = if mode == "json" { LogFormat::Json } else { LogFormat::Text };
        start(&Telemetry { log_level: LogLevel::Trace, log_format });
        log::error!("buf: GET /customers/13800138000 HTTP/1.1");
        log::warn!(target: "target-13800138000", "张三丰");
        log::info!("13800138000");
        tracing::error!(target: "h2::codec", header = "13800138000", "frame");
        tracing::info!(route = "/customers/{id}", "our own event");
        flush();
        return;
    }
    for format in ["text", "json"] {
        let output = alone("logs::tests::e2_libraries_words_never_reach_the_log", format);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!said.contains("13800138000") && !said.contains("张三丰"), "{said}");
        assert!(
            said.contains("a library reported an error") && said.contains("a library reported a warning"),
            "{said}"
        );
        assert!(said.contains("our own event") && said.contains("/customers/{id}"), "{said}");
        assert!(!said.contains("frame"), "{said}");
        let lines: Vec<&str> = said.lines().collect();
        assert_eq!(lines.len(), 3, "{said}");
        let is_json = |line: &&str| {
            serde_json::from_str::<serde_json::Value>(line).is_ok_and(|v| v["level"].is_string())
        };
        assert_eq!(lines.iter().all(is_json), format == "json", "{said}");
    }
}

#[test]
fn levels_below_the_chosen_one_are_not_written() {
    if mode().is_some() {
        start(&Telemetry { log_level: LogLevel::Warn, log_format: LogFormat::Text });
        tracing::info!("quiet");
        tracing::warn!("loud");
        flush();
        return;
    }
    let output = alone("logs::tests::levels_below_the_chosen_one_are_not_written", "warn");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("loud") && !said.contains("quiet"), "{said}");
}

#[test]
fn memory_stays_out_of_core_files() {
    if mode().is_some() {
        keep_memory_private().unwrap();
        let (soft, hard) = nix::sys::resource::getrlimit(nix::sys::resource::Resource::RLIMIT_CORE).unwrap();
        assert_eq!((soft, hard), (0, 0));
        assert!(!nix::sys::prctl::get_dumpable().unwrap());
        return;
    }
    assert!(alone("logs::tests::memory_stays_out_of_core_files", "core").status.success());
}

/// A reader that stands still until told.
struct Stuck(mpsc::Receiver<()>, Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Stuck {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let _ = self.0.recv();
        self.1.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_reader_that_stands_still_holds_nobody_up() {
    use tracing_subscriber::fmt::MakeWriter as _;
    let (go, stop) = mpsc::channel();
    let written = Arc::default();
    let lines = Lines::start(Stuck(stop, Arc::clone(&written)));
    for _ in 0..10_000 {
        lines.make_writer().write_all(b"line\n").unwrap();
    }
    assert!(lines.dropped() >= 10_000 - 4096 - 1);
    drop(go);
    lines.flush(Duration::from_secs(5));
    while written.lock().unwrap().len() / 5 + usize::try_from(lines.dropped()).unwrap() < 10_000 {
        std::thread::yield_now();
    }
}

#[test]
fn one_place_of_a_library_speaks_once_a_minute() {
    let libraries = Redacted::new();
    let start = Instant::now();
    assert_eq!(libraries.hear("pingora_core::a", 1, start), Some(0));
    for second in 0..59 {
        assert_eq!(libraries.hear("pingora_core::a", 1, start + Duration::from_secs(second)), None);
    }
    assert_eq!(libraries.hear("pingora_core::a", 2, start), Some(0), "another place");
    assert_eq!(libraries.hear("pingora_core::a", 1, start + Duration::from_secs(60)), Some(59));
    assert_eq!(libraries.hear("pingora_core::a", 1, start + Duration::from_secs(120)), Some(0));
}
