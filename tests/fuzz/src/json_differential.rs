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
    use std::collections::BTreeMap;
    use yingbi_protect::reference::{differential, seeds};

    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let count = match arguments.as_slice() {
        [] => Some(100_000),
        [count] => count.parse().ok(),
        _ => None,
    };
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut run = |data: &[u8]| *seen.entry(format!("{:?}", differential(data))).or_default() += 1;
    match count {
        Some(count) => seeds().take(count).for_each(|data| run(&data)),
        None => {
            for path in &arguments {
                run(&std::fs::read(path)?);
            }
        }
    }
    println!("{seen:?}");
    Ok(())
}
