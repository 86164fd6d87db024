//! `yingbi policy fmt DIR`.

use super::{BAD_POLICY, Format, Speech, as_json, print, print_problems};
use crate::policy_store;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use yingbi_policies::{Diagnostic, Text, format};

pub(super) fn run(directory: &Path, check: bool, speech: Speech) -> ExitCode {
    let sources = match policy_store::read(directory) {
        Ok(sources) => sources,
        Err(problems) => return refuse(problems, speech),
    };
    let changed: Vec<(String, String)> = sources
        .into_iter()
        // A tab at a line's end means something in a data file.
        .filter(|source| !source.is_data())
        .map(|source| (format(&source.text), source))
        .filter(|(laid, source)| *laid != source.text)
        .map(|(laid, source)| (source.name, laid))
        .collect();
    if !check {
        for (name, laid) in &changed {
            if let Err(error) = write(&directory.join(name), laid) {
                let why = error.kind().to_string();
                return refuse(
                    vec![(Diagnostic::unreadable(name, Text::new(&why, &why)), String::new())],
                    speech,
                );
            }
        }
    }
    let names: Vec<&str> = changed.iter().map(|(name, _)| name.as_str()).collect();
    match speech.format {
        Format::Json => print(&serde_json::json!({ "good": !check || names.is_empty(), "changed": names })),
        Format::Text => names.iter().for_each(print),
    }
    if check && !names.is_empty() { ExitCode::from(1) } else { ExitCode::SUCCESS }
}

/// Replaces the file in one step, so that a gateway that watches never reads half of it.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let path = std::fs::canonicalize(path)?;
    let mut beside = path.clone().into_os_string();
    beside.push(".fmt");
    let beside = PathBuf::from(beside);
    std::fs::write(&beside, text)?;
    std::fs::set_permissions(&beside, std::fs::metadata(&path)?.permissions())?;
    std::fs::rename(&beside, &path)
}

fn refuse(problems: policy_store::Problems, speech: Speech) -> ExitCode {
    match speech.format {
        Format::Text => print_problems(&problems, speech.language),
        Format::Json => {
            print(&serde_json::json!({ "good": false, "diagnostics": as_json(&problems, speech.language) }))
        }
    }
    ExitCode::from(BAD_POLICY)
}
