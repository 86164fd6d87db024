//! Counts what a process asks of the allocator, by a small library in C that is loaded before it (`LD_PRELOAD`): a
//! counting allocator in Rust would need `unsafe`.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The library that counts; removed when dropped.
pub struct Counter(PathBuf);

impl Counter {
    /// Compiles it; needs `cc`.
    pub fn build() -> Counter {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/payloads/allocations.c");
        let library = std::env::temp_dir().join(format!("yingbi-allocations-{}.so", std::process::id()));
        let built =
            Command::new("cc").args(["-O2", "-shared", "-fPIC", "-o"]).arg(&library).arg(source).status();
        assert!(built.expect("`cc` is needed").success(), "the counter does not compile");
        Counter(library)
    }

    /// Calls and bytes of this program, run again with `[CHILD, name, count]`.
    pub fn count(&self, name: &str, count: usize) -> Vec<f64> {
        let program = std::env::current_exe().expect("this program");
        let output = Command::new(program)
            .args([CHILD, name, &count.to_string()])
            .env("LD_PRELOAD", &self.0)
            .output()
            .expect("a process");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{name}: {said}");
        let counted = said.lines().find_map(|line| line.strip_prefix("allocations ")).expect("figures");
        counted.split(' ').map(|number| number.parse().expect("a number")).collect()
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// The word by which a program knows that it is the one that is counted.
pub const CHILD: &str = "--counted";
