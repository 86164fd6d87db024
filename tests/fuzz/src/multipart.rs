//! Multipart bodies with the boundary `b`, against what must hold of any.
//!
//! `cargo +nightly fuzz run multipart` fuzzes. A plain `cargo run --bin multipart` makes its inputs itself: `-- --seconds 60`,
//! `-- --count 1000000`, `-- --seed 7`; or treats the files it is given.

#![cfg_attr(fuzzing, no_main)]

use yingbi_protect::reference::streams::{MULTIPART_WORDS, bodies, multipart};

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    multipart(data);
});

#[cfg(not(fuzzing))]
fn main() -> std::process::ExitCode {
    yingbi_fuzz::run(env!("CARGO_BIN_NAME"), multipart, |seed| bodies(MULTIPART_WORDS, seed))
}
