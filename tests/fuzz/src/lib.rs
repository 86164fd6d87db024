//! Running a fuzz target without a fuzzer: over files, or over a fixed sequence.

use std::collections::BTreeMap;
use std::fmt::Debug;

/// Bodies that a target makes for itself.
pub type Bodies = Box<dyn Iterator<Item = Vec<u8>>>;

/// Runs a target over the files named as arguments, or over as many bodies as the only argument says, and prints how
/// often each outcome came.
///
/// # Errors
/// A file can't be read.
pub fn run<O: Debug>(target: impl Fn(&[u8]) -> O, bodies: impl Fn(usize) -> Bodies) -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let count = match arguments.as_slice() {
        [] => Some(100_000),
        [count] => count.parse().ok(),
        _ => None,
    };
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut run = |data: &[u8]| *seen.entry(format!("{:?}", target(data))).or_default() += 1;
    match count {
        Some(count) => bodies(count).for_each(|data| run(&data)),
        None => {
            for path in &arguments {
                run(&std::fs::read(path)?);
            }
        }
    }
    println!("{seen:?}");
    Ok(())
}
