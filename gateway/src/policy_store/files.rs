//! Policy files on disk: which are read, and what they are called together.

use super::Problems;
use super::signature::{LARGEST, SIGNATURE_FILE};
use std::fs;
use std::path::{Path, PathBuf};
use yingbi_policies::{Diagnostic, Source, Text};

/// Largest policy file, in bytes.
const LARGEST_FILE: u64 = 4 << 20;

/// Most policy files.
const MOST_FILES: usize = 1024;

/// Deepest folder below the policy directory.
const DEEPEST: usize = 8;

/// Reads every `*.yaml` and `*.yml` of the directory and its folders, and the data files (`*.tsv`) that they may refer
/// to, by name. Names that start with `.` are skipped:
/// editors and config maps keep their own there. A link is followed inside the directory, never out of it.
///
/// # Errors
/// Anything that can't be read, leads out of the directory, is not UTF-8 or is too large; and a directory without any
/// policy file.
pub fn read(directory: &Path) -> Result<Vec<Source>, Problems> {
    let mut problems = Vec::new();
    let mut sources = Vec::new();
    match fs::canonicalize(directory) {
        Ok(root) => folder(&Walk { root: &root, at: directory }, "", 0, &mut sources, &mut problems),
        Err(error) => problems.push(problem(&directory.display().to_string(), &error.kind().to_string())),
    }
    if problems.is_empty() && sources.iter().all(Source::is_data) {
        problems.push(problem(&directory.display().to_string(), "no `*.yaml` file in it"));
    }
    sources.sort_by(|a, b| a.name.cmp(&b.name));
    if problems.is_empty() { Ok(sources) } else { Err(problems) }
}

/// What is read of a policy directory.
#[derive(Debug)]
pub(super) struct Reading {
    /// The files that rule.
    pub sources: Vec<Source>,
    /// Their signature, where there is one.
    pub note: Option<String>,
}

/// The policies of a directory and their signature. A signature that can't be read is none.
pub(super) fn read_signed(directory: &Path) -> Result<Reading, Problems> {
    let sources = read(directory)?;
    let path = directory.join(SIGNATURE_FILE);
    let is_small = fs::metadata(&path).is_ok_and(|metadata| metadata.len() <= LARGEST);
    let root = fs::canonicalize(directory).ok().filter(|_| is_small);
    Ok(Reading { sources, note: root.and_then(|root| file(&root, &path).ok()) })
}

/// Hex SM3 over names and contents in the order of names, each preceded by its length: what a set is called.
pub fn version(sources: &[Source]) -> String {
    let mut sorted: Vec<&Source> = sources.iter().collect();
    sorted.sort_by(|a, b| a.name.cmp(&b.name));
    let lengths: Vec<[[u8; 8]; 2]> = sorted
        .iter()
        .map(|source| [source.name.len(), source.text.len()].map(|length| (length as u64).to_be_bytes()))
        .collect();
    let mut parts: Vec<&[u8]> = Vec::with_capacity(sorted.len() * 4);
    for (source, [name, text]) in sorted.iter().zip(&lengths) {
        parts.extend([name.as_slice(), source.name.as_bytes(), text.as_slice(), source.text.as_bytes()]);
    }
    yingbi_crypto::sm3(&parts).iter().map(|byte| format!("{byte:02x}")).collect()
}

struct Walk<'w> {
    root: &'w Path,
    at: &'w Path,
}

fn folder(walk: &Walk<'_>, prefix: &str, depth: usize, sources: &mut Vec<Source>, problems: &mut Problems) {
    let entries = match fs::read_dir(walk.at) {
        Ok(entries) => entries,
        Err(error) => return problems.push(problem(&shown(walk, prefix), &error.kind().to_string())),
    };
    for entry in entries {
        let Ok(entry) = entry else {
            problems.push(problem(&shown(walk, prefix), "an entry can't be read"));
            continue;
        };
        let name = entry.file_name();
        let Some(name) = name.to_str() else {
            problems.push(problem(&shown(walk, prefix), "a file name is not UTF-8"));
            continue;
        };
        if name.starts_with('.') {
            continue;
        }
        let path = entry.path();
        let own = format!("{prefix}{name}");
        let is_folder = entry.file_type().is_ok_and(|file_type| file_type.is_dir());
        if is_folder && depth < DEEPEST {
            folder(&Walk { root: walk.root, at: &path }, &format!("{own}/"), depth + 1, sources, problems);
        } else if is_folder {
            problems.push(problem(&own, "folders nested too deeply"));
        } else if [".yaml", ".yml", ".tsv"].iter().any(|ending| name.ends_with(ending)) {
            match file(walk.root, &path) {
                Ok(_) if sources.len() >= MOST_FILES => problems.push(problem(&own, "too many files")),
                // What an editor leaves between truncating and writing is no policy that allows nothing.
                Ok(text) if text.trim().is_empty() => problems.push(problem(&own, "the file is empty")),
                Ok(text) => sources.push(Source::new(own, text)),
                Err(why) => problems.push(problem(&own, &why)),
            }
        }
    }
}

fn file(root: &Path, path: &PathBuf) -> Result<String, String> {
    let real = fs::canonicalize(path).map_err(|error| error.kind().to_string())?;
    if !real.starts_with(root) {
        return Err("a link that leads out of the policy directory".to_owned());
    }
    let metadata = fs::metadata(&real).map_err(|error| error.kind().to_string())?;
    if !metadata.is_file() {
        return Err("not a file".to_owned());
    }
    if metadata.len() > LARGEST_FILE {
        return Err(format!("larger than {LARGEST_FILE} bytes"));
    }
    let bytes = fs::read(&real).map_err(|error| error.kind().to_string())?;
    String::from_utf8(bytes).map_err(|_| "not UTF-8".to_owned())
}

fn shown(walk: &Walk<'_>, prefix: &str) -> String {
    if prefix.is_empty() { walk.root.display().to_string() } else { prefix.to_owned() }
}

fn problem(file: &str, why: &str) -> (Diagnostic, String) {
    (Diagnostic::unreadable(file, Text::new(why, why)), String::new())
}
