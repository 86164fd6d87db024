//! Finding the `yingbi` binary under test.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::SystemTime;

/// The binary under test: `YINGBI_BIN`, or the one in the target directory of this test, built when it is missing or
/// older than its sources.
///
/// # Panics
/// There is none and it can't be built; the message says what to run.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        if let Some(named) = std::env::var_os("YINGBI_BIN") {
            let named = PathBuf::from(named);
            assert!(named.is_file(), "YINGBI_BIN names no file: {}", named.display());
            return named;
        }
        let profile = profile_directory();
        let built = profile.join("yingbi");
        if !is_fresh(&built) {
            build(&profile);
        }
        assert!(
            built.is_file(),
            "no binary at {}: run `cargo build -p yingbi --bin yingbi`",
            built.display()
        );
        built
    })
}

/// `target/debug`: tests run from `target/debug/deps`.
fn profile_directory() -> PathBuf {
    let exe = std::env::current_exe().expect("a test knows where it is");
    let directory = exe.parent().expect("a file is in a directory");
    if directory.ends_with("deps") || directory.ends_with("examples") {
        return directory.parent().expect("deps is in a profile's directory").to_owned();
    }
    directory.to_owned()
}

fn is_fresh(binary: &Path) -> bool {
    let Ok(built) = binary.metadata().and_then(|metadata| metadata.modified()) else { return false };
    let root = workspace();
    ["gateway", "policies", "classifiers", "Cargo.lock"].iter().all(|part| newest(&root.join(part)) <= built)
}

fn newest(path: &Path) -> SystemTime {
    let Ok(metadata) = path.metadata() else { return SystemTime::UNIX_EPOCH };
    if metadata.is_file() {
        // Tests of the crates are not in the binary.
        let is_test = path.ends_with("tests.rs");
        return if is_test {
            SystemTime::UNIX_EPOCH
        } else {
            metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH)
        };
    }
    let entries = path.read_dir().into_iter().flatten().flatten();
    entries.map(|entry| newest(&entry.path())).max().unwrap_or(SystemTime::UNIX_EPOCH)
}

fn build(profile: &Path) {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args(["build", "--quiet", "--locked", "-p", "yingbi", "--bin", "yingbi"])
        .current_dir(workspace());
    if let Some(target) = profile.parent() {
        command.arg("--target-dir").arg(target);
    }
    match profile.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => {}
        Some(name) => drop(command.args(["--profile", name])),
    }
    let built = command.status().is_ok_and(|status| status.success());
    assert!(built, "the binary under test could not be built: run `cargo build -p yingbi --bin yingbi`");
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests are in the workspace").to_owned()
}
