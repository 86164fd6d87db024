//! Streams of JSON documents and server-sent events, against what must hold of any.
//!
//! `cargo +nightly fuzz run streams` fuzzes. A plain `cargo run --bin streams` makes its inputs itself: `-- --seconds 60`,
//! `-- --count 1000000`, `-- --seed 7`; or treats the files it is given.

#![cfg_attr(fuzzing, no_main)]

use yingbi_protect::reference::streams::{STREAM_WORDS, bodies, stream};

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    stream(data);
});

#[cfg(not(fuzzing))]
fn main() -> std::process::ExitCode {
    yingbi_fuzz::run(env!("CARGO_BIN_NAME"), stream, |seed| bodies(STREAM_WORDS, seed))
}
