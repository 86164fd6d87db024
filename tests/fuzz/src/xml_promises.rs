//! What must hold of XML, on the fuzzer's bytes: what is clear is not touched, what is masked reads again, no number
//! that is somebody's is left.
//!
//! `cargo +nightly fuzz run xml_promises` fuzzes. A plain `cargo run` treats the files it is given (a crash's artifact, a
//! corpus), or a fixed sequence of documents: `cargo run --release --bin xml_promises -- 1000000`.

#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    yingbi_protect::reference::promises(yingbi_protect::Format::Xml, data);
});

#[cfg(not(fuzzing))]
fn main() -> std::io::Result<()> {
    use yingbi_protect::Format;
    use yingbi_protect::reference::{documents, promises};

    yingbi_fuzz::run(
        |data| promises(Format::Xml, data),
        |count| Box::new(documents(Format::Xml).take(count)),
    )
}
