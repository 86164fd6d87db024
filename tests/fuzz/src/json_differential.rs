//! The engine against the plain reference, on documents and plans made of the fuzzer's bytes.
//!
//! `cargo +nightly fuzz run json_differential` fuzzes. A plain `cargo run` treats the files it is given (a crash's
//! artifact, a corpus), or a fixed sequence of inputs: `cargo run --release -- 1000000`.

#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    yingbi_protect::reference::differential(data);
});

#[cfg(not(fuzzing))]
fn main() -> std::io::Result<()> {
    use yingbi_protect::reference::{differential, seeds};
    yingbi_fuzz::run(differential, |count| Box::new(seeds().take(count)))
}
