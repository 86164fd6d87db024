//! `yingbi policy matrix DIR`: what happens to every row for whom, to be kept beside the policies and reviewed as a diff.

use super::{Format, Speech, USAGE, load, print};
use serde_json::json;
use std::path::Path;
use std::process::ExitCode;

pub(super) fn run(directory: &Path, golden: Option<&Path>, write: bool, speech: Speech) -> ExitCode {
    let set = match load(directory, speech) {
        Ok((set, _)) => set,
        Err(exit) => return exit,
    };
    let matrix = set.matrix();
    let Some(golden) = golden else {
        match speech.format {
            Format::Json => print(&json!({ "version": set.version(), "matrix": matrix })),
            Format::Text => print(&matrix.trim_end()),
        }
        return ExitCode::SUCCESS;
    };
    let shown = golden.display();
    if write {
        return match std::fs::write(golden, &matrix) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                print(&format!(
                    "YB1553 {} `{shown}`: {}",
                    speech.say("can't write", "无法写入"),
                    error.kind()
                ));
                ExitCode::from(USAGE)
            }
        };
    }
    let reviewed = match std::fs::read_to_string(golden) {
        Ok(text) => text,
        Err(error) => {
            print(&format!("YB1552 {} `{shown}`: {}", speech.say("can't read", "无法读取"), error.kind()));
            return ExitCode::from(USAGE);
        }
    };
    let lines = differing(&reviewed, &matrix);
    match speech.format {
        Format::Json => {
            print(&json!({ "good": lines.is_empty(), "version": set.version(), "differences": lines }))
        }
        Format::Text => lines.iter().for_each(print),
    }
    ExitCode::from(u8::from(!lines.is_empty()))
}

/// Lines that are gone and lines that came, each under the route it belongs to.
fn differing(before: &str, after: &str) -> Vec<String> {
    let sections = |text: &str| -> Vec<(String, Vec<String>)> {
        let mut sections: Vec<(String, Vec<String>)> = Vec::new();
        for line in text.lines() {
            match (line.starts_with(' '), sections.last_mut()) {
                (true, Some((_, lines))) => lines.push(line.to_owned()),
                _ => sections.push((line.to_owned(), Vec::new())),
            }
        }
        sections
    };
    let (before, after) = (sections(before), sections(after));
    let mut names: Vec<&String> = before.iter().chain(&after).map(|(name, _)| name).collect();
    names.sort();
    names.dedup();
    let lines = |sections: &[(String, Vec<String>)], wanted: &str| -> Vec<String> {
        sections.iter().filter(|(name, _)| name == wanted).flat_map(|(_, lines)| lines.clone()).collect()
    };
    let mut found = Vec::new();
    for name in names {
        let (old, new) = (lines(&before, name), lines(&after, name));
        if old == new {
            continue;
        }
        found.push(name.clone());
        let head = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
        let tail = old
            .iter()
            .skip(head)
            .rev()
            .zip(new.iter().skip(head).rev())
            .take_while(|(old, new)| old == new)
            .count();
        found.extend(old.iter().take(old.len() - tail).skip(head).map(|line| format!("-{line}")));
        found.extend(new.iter().take(new.len() - tail).skip(head).map(|line| format!("+{line}")));
    }
    found
}
