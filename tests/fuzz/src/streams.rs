//! Streams of JSON documents and server-sent events, against what must hold of any.
//!
//! `cargo +nightly fuzz run streams` fuzzes. A plain `cargo run` treats the files it is given (a crash's artifact, a
//! corpus), or a fixed sequence of bodies: `cargo run --release --bin streams -- 1000000`.

#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    yingbi_protect::reference::streams::stream(data);
});

#[cfg(not(fuzzing))]
fn main() -> std::io::Result<()> {
    yingbi_fuzz::run(yingbi_protect::reference::streams::stream, |count| {
        use yingbi_protect::reference::streams::{STREAM_WORDS, bodies};
        Box::new(bodies(STREAM_WORDS).take(count))
    })
}
