//! Text in which anything may be coded, against what must hold of any.
//!
//! `cargo +nightly fuzz run coded` fuzzes. A plain `cargo run` treats the files it is given (a crash's artifact, a
//! corpus), or a fixed sequence of bodies: `cargo run --release --bin coded -- 1000000`.

#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    yingbi_protect::reference::streams::coded(data);
});

#[cfg(not(fuzzing))]
fn main() -> std::io::Result<()> {
    yingbi_fuzz::run(yingbi_protect::reference::streams::coded, |count| {
        use yingbi_protect::reference::streams::{CODED_WORDS, bodies};
        Box::new(bodies(CODED_WORDS).take(count))
    })
}
