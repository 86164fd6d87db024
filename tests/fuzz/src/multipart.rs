//! Multipart bodies with the boundary `b`, against what must hold of any.
//!
//! `cargo +nightly fuzz run multipart` fuzzes. A plain `cargo run` treats the files it is given (a crash's artifact, a
//! corpus), or a fixed sequence of bodies: `cargo run --release --bin multipart -- 1000000`.

#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    yingbi_protect::reference::streams::multipart(data);
});

#[cfg(not(fuzzing))]
fn main() -> std::io::Result<()> {
    yingbi_fuzz::run(yingbi_protect::reference::streams::multipart, |count| {
        use yingbi_protect::reference::streams::{MULTIPART_WORDS, bodies};
        Box::new(bodies(MULTIPART_WORDS).take(count))
    })
}
