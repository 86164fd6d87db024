//! The engine against the plain reference, on documents and plans made of the fuzzer's bytes.
//!
//! `cargo +nightly fuzz run json_differential` fuzzes. A plain `cargo run --bin json_differential` makes its inputs itself: `-- --seconds 60`,
//! `-- --count 1000000`, `-- --seed 7`; or treats the files it is given.

#![cfg_attr(fuzzing, no_main)]

use yingbi_protect::reference::{differential, seeds};

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    differential(data);
});

#[cfg(not(fuzzing))]
fn main() -> std::process::ExitCode {
    yingbi_fuzz::run(env!("CARGO_BIN_NAME"), differential, seeds)
}
