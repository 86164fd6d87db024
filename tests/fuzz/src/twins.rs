//! The ways to sort bytes into classes, by every instruction set of this machine and plainly, bit by bit.
//!
//! `cargo +nightly fuzz run twins` fuzzes. A plain `cargo run --bin twins` makes its inputs itself: `-- --seconds 60`,
//! `-- --count 1000000`, `-- --seed 7`; or treats the files it is given.

#![cfg_attr(fuzzing, no_main)]

use yingbi_protect::reference::{twin_documents, twins};

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    twins(data);
});

#[cfg(not(fuzzing))]
fn main() -> std::process::ExitCode {
    yingbi_fuzz::run(env!("CARGO_BIN_NAME"), twins, twin_documents)
}
