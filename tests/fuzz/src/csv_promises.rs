//! What must hold of CSV, on the fuzzer's bytes: what is clear is not touched, what is masked reads again, no number
//! that is somebody's is left.
//!
//! `cargo +nightly fuzz run csv_promises` fuzzes. A plain `cargo run` treats the files it is given (a crash's artifact, a
//! corpus), or a fixed sequence of documents: `cargo run --release --bin csv_promises -- 1000000`.

#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    yingbi_protect::reference::promises(yingbi_protect::Format::Csv, data);
});

#[cfg(not(fuzzing))]
fn main() -> std::io::Result<()> {
    use std::collections::BTreeMap;
    use yingbi_protect::Format;
    use yingbi_protect::reference::{documents, promises};

    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let count = match arguments.as_slice() {
        [] => Some(100_000),
        [count] => count.parse().ok(),
        _ => None,
    };
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut run = |data: &[u8]| *seen.entry(format!("{:?}", promises(Format::Csv, data))).or_default() += 1;
    match count {
        Some(count) => documents(Format::Csv).take(count).for_each(|data| run(&data)),
        None => {
            for path in &arguments {
                run(&std::fs::read(path)?);
            }
        }
    }
    println!("{seen:?}");
    Ok(())
}
