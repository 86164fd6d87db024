//! Text in which anything may be coded, against what must hold of any: the decoders.
//!
//! `cargo +nightly fuzz run coded` fuzzes. A plain `cargo run --bin coded` makes its inputs itself: `-- --seconds 60`,
//! `-- --count 1000000`, `-- --seed 7`; or treats the files it is given.

#![cfg_attr(fuzzing, no_main)]

use yingbi_protect::reference::streams::{CODED_WORDS, bodies, coded};

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    coded(data);
});

#[cfg(not(fuzzing))]
fn main() -> std::process::ExitCode {
    yingbi_fuzz::run(env!("CARGO_BIN_NAME"), coded, |seed| bodies(CODED_WORDS, seed))
}
