//! Modules that keep keys: the double of a GM/T 0018 library, and SoftHSM's tokens.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The double's library, built when it is not there yet.
///
/// # Panics
/// It can't be built.
pub fn sdf_double() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let exe = std::env::current_exe().expect("a test knows where it is");
        let target = exe.ancestors().nth(3).expect("tests run from target/PROFILE/deps");
        let workspace =
            Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests are in the workspace");
        let built = Command::new(cargo)
            .args(["build", "--quiet", "--locked", "-p", "yingbi-sdf-double", "--target-dir"])
            .arg(target)
            .current_dir(workspace)
            .status();
        let library = target.join("debug/libyingbi_sdf_double.so");
        assert!(
            built.is_ok_and(|status| status.success()) && library.is_file(),
            "no {}: run `cargo build -p yingbi-sdf-double`",
            library.display()
        );
        library
    })
}

/// A token of SoftHSM in this directory, with an AES key on it: the library, and what must stand in the environment of
/// whoever uses it. `None` where SoftHSM (Debian's `softhsm2`) is not installed.
///
/// # Panics
/// It is installed and doesn't work.
pub fn soft_token(
    directory: &Path,
    token: &str,
    key: &str,
    pin: &str,
) -> Option<(PathBuf, (String, String))> {
    const PLACES: [&str; 3] = [
        "/usr/lib/softhsm/libsofthsm2.so",
        "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
        "/usr/lib64/pkcs11/libsofthsm2.so",
    ];
    let library = PLACES.map(PathBuf::from).into_iter().find(|place| place.is_file())?;
    let (tokens, conf, raw) =
        (directory.join("tokens"), directory.join("softhsm2.conf"), directory.join("aes.key"));
    std::fs::create_dir_all(&tokens).expect("writable");
    std::fs::write(&conf, format!("directories.tokendir = {}\nlog.level = ERROR\n", tokens.display()))
        .expect("writable");
    std::fs::write(&raw, [0x42; 32]).expect("writable");
    let util = |arguments: &[&str]| {
        let done = Command::new("softhsm2-util").args(arguments).env("SOFTHSM2_CONF", &conf).output();
        let done = done.expect("softhsm2-util is there");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    util(&["--init-token", "--free", "--label", token, "--pin", pin, "--so-pin", "12345678"]);
    let raw = raw.display().to_string();
    util(&["--import", &raw, "--aes", "--token", token, "--label", key, "--id", "01", "--pin", pin]);
    Some((library, ("SOFTHSM2_CONF".to_owned(), conf.display().to_string())))
}
