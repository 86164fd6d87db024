//! The quality of what is found, measured: labelled documents of invented people, given to the shipped binary.
//!
//! `report` prints recall and precision of both halves; `check` prints them in short and fails below the thresholds;
//! `misses` prints what of the open half was missed, found where nothing is, altered or broken; `readme` writes the
//! figures into both READMEs and `thresholds` prints new ones; `blind` prints the figures of field names written down
//! before the lexicon knew them, `written` those of texts written by hand; `documents` prints the open half as a batch
//! for `yingbi scan`.
//!
//! ```sh
//! cargo run -p yingbi-tests --bin corpus -- report
//! cargo run -p yingbi-tests --bin corpus -- misses basic.name
//! ```
//!
//! The data files were written from the standard and from knowledge of securities systems, not from the classifiers.
//! Of the held half only figures are printed: whoever works on the classifiers looks at the open half alone.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a measuring program fails by panicking and says why"
)]

mod align;
mod blind;
mod digits;
mod disguises;
mod documents;
mod formats;
mod halves;
mod marked;
mod measure;
mod misses;
mod publish;
mod records;
mod report;
mod rng;
#[cfg(test)]
mod tests;
mod values;
mod views;
mod wellformed;
mod written;

use documents::Document;
use halves::Half;
use measure::Outcome;
use report::Report;
use std::process::ExitCode;

/// Documents of a half in a run, and the seed, when nothing else is said.
const COUNT: usize = 2240;
const SEED: u64 = 20_251_101;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (command, rest) = arguments.split_first().map_or(("report", &[][..]), |(first, rest)| (first, rest));
    let option = |name: &str, otherwise: u64| {
        let place = rest.iter().position(|argument| argument == name)?;
        Some(rest.get(place + 1).and_then(|value| value.parse().ok()).unwrap_or(otherwise))
    };
    let count = option("--count", 0).map_or(COUNT, |count| count as usize);
    let seed = option("--seed", SEED).unwrap_or(SEED);
    let open = Half::open();
    match command {
        "report" | "check" | "readme" | "thresholds" => {
            let open = measured(&open, seed, count, Report::of);
            let held = measured(&Half::held(), seed, count, Report::of);
            match command {
                "report" => {
                    print!("{}{}", open.text("open"), held.text("held"));
                    ExitCode::SUCCESS
                }
                "thresholds" => {
                    publish::thresholds(&open, &held);
                    ExitCode::SUCCESS
                }
                "readme" => publish::readme(&held),
                _ => publish::check(&open, &held),
            }
        }
        "misses" => {
            let about = rest.first().filter(|word| !word.starts_with("--")).map(String::as_str);
            print!("{}", measured(&open, seed, count, |outcomes| misses::text(outcomes, about)));
            ExitCode::SUCCESS
        }
        "written" => {
            let file = rest.first().map_or("first", String::as_str);
            let documents = written::documents(written::file(file));
            let answers = measure::scan(yingbi_tests::binary(), &documents);
            let outcomes: Vec<Outcome> = documents
                .iter()
                .zip(&answers)
                .map(|(document, answer)| measure::judge(document, answer))
                .collect();
            if rest.iter().any(|word| word == "misses") {
                print!("{}", misses::text(&outcomes, None));
            }
            print!("{}", written::figures(&outcomes));
            ExitCode::SUCCESS
        }
        "blind" => {
            let misses = rest.iter().any(|argument| argument == "--misses");
            let wanted =
                |name: &str| rest.first().is_none_or(|first| first.starts_with("--") || first == name);
            for (name, set) in blind::SETS.iter().filter(|(name, _)| wanted(name)) {
                print!("{name} blind set\n{}", blind::text(set, yingbi_tests::binary(), misses));
            }
            ExitCode::SUCCESS
        }
        "documents" => {
            for document in documents::documents(&open, seed, count) {
                print!("{}", measure::job(&document));
            }
            ExitCode::SUCCESS
        }
        _ => {
            eprintln!(
                "usage: corpus report|check|misses [WORD]|blind [SET] [--misses]|written [FILE] [misses]|documents|readme|thresholds [--count N] [--seed N]"
            );
            ExitCode::from(64)
        }
    }
}

/// Makes, scans and judges the documents of a half.
fn measured<T>(half: &Half, seed: u64, count: usize, then: impl Fn(&[Outcome]) -> T) -> T {
    let documents: Vec<Document> = documents::documents(half, seed, count);
    let answers = measure::scan(yingbi_tests::binary(), &documents);
    let outcomes: Vec<Outcome> =
        documents.iter().zip(&answers).map(|(document, answer)| measure::judge(document, answer)).collect();
    then(&outcomes)
}
