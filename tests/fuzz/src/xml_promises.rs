//! What must hold of XML, on the fuzzer's bytes: what is clear is not touched, what is masked reads again, no number that
//! is somebody's is left.
//!
//! `cargo +nightly fuzz run xml_promises` fuzzes. A plain `cargo run --bin xml_promises` makes its inputs itself: `-- --seconds 60`,
//! `-- --count 1000000`, `-- --seed 7`; or treats the files it is given.

#![cfg_attr(fuzzing, no_main)]

use yingbi_protect::Format;
use yingbi_protect::reference::{documents, promises};

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    promises(Format::Xml, data);
});

#[cfg(not(fuzzing))]
fn main() -> std::process::ExitCode {
    yingbi_fuzz::run(
        env!("CARGO_BIN_NAME"),
        |data: &[u8]| promises(Format::Xml, data),
        |seed| documents(Format::Xml, seed),
    )
}
