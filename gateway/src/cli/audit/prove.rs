//! `yingbi audit prove`: evidence of single records for others, without any other record.

use super::{Failure, Location, record_reading};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use yingbi_audit::bundle::{Growth, Unproved, prove};
use yingbi_audit::checkpoint::Note;
use yingbi_audit::search::{Filter, Order, search};
use yingbi_policies::Language;

/// Arguments of `yingbi audit prove`.
#[derive(Debug, clap::Args)]
pub(super) struct ProveArgs {
    /// Sequences or decision ids of records; of an access its outcome is proved too
    #[arg(required_unless_present = "since", value_name = "RECORD")]
    records: Vec<String>,
    /// File of checkpoints kept elsewhere: proves that the log only grew since the last of them
    #[arg(long, value_name = "FILE", conflicts_with = "records")]
    since: Option<PathBuf>,
    #[command(flatten)]
    location: Location,
    /// File to write; must not exist. Without it the bundle goes to standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn run(args: &ProveArgs, language: Language) -> Result<ExitCode, Failure> {
    let dir = &args.location.dir()?;
    if let Some(file) = &args.since {
        let text = std::fs::read_to_string(file).map_err(|error| Failure::unreadable(file, &error))?;
        let note = Note::read_all(&text).into_iter().rev().find_map(|(_, note)| note.ok());
        let note =
            note.ok_or_else(|| Failure::problem("the file holds no checkpoint", "文件中没有检查点"))?;
        let growth = Growth::prove(dir, &note).map_err(unproved)?;
        record_reading(std::slice::from_ref(dir), "prove", "growth", language);
        return write(args, &(growth.to_json() + "\n"));
    }
    let mut sequences = Vec::new();
    for record in &args.records {
        match record.parse() {
            Ok(sequence) => sequences.push(sequence),
            Err(_) => sequences.extend(of_decision(dir, record)?),
        }
    }
    sequences.sort_unstable();
    sequences.dedup();
    let bundle = prove(dir, &sequences).map_err(unproved)?;
    // What was typed may be anything; these are records.
    let shown: Vec<_> = sequences.iter().map(u64::to_string).collect();
    record_reading(std::slice::from_ref(dir), "prove", &shown.join(" "), language);
    write(args, &(bundle.to_json() + "\n"))
}

pub(super) fn unproved(error: Unproved) -> Failure {
    let zh = match &error {
        Unproved::Read(error) => format!("无法读取：{error}"),
        Unproved::NoRecord => "日志中没有此记录".to_owned(),
        Unproved::NotWitnessed => "尚无检查点覆盖此记录，请稍后再试".to_owned(),
        Unproved::Damaged => "日志此处已损坏：请运行 `yingbi audit verify`".to_owned(),
    };
    Failure::problem(error.to_string(), zh)
}

fn write(args: &ProveArgs, json: &str) -> Result<ExitCode, Failure> {
    let written = match &args.output {
        None => super::unless_closed(io::stdout().lock().write_all(json.as_bytes())),
        Some(path) => {
            let mut options = std::fs::OpenOptions::new();
            let file = options.write(true).create_new(true).mode(0o600).open(path);
            file.and_then(|mut file| file.write_all(json.as_bytes()).and_then(|()| file.sync_all()))
        }
    };
    let to = args.output.as_deref().unwrap_or(Path::new("-"));
    written.map_err(|error| Failure::unreadable(to, &error))?;
    Ok(ExitCode::SUCCESS)
}

/// The records of an access: what was about to be released, and how it ended.
fn of_decision(dir: &Path, id: &str) -> Result<Vec<u64>, Failure> {
    let filter = Filter { decision_id: Some(id.to_owned()), ..Filter::default() };
    let mut found = Vec::new();
    let searched = search(dir, &filter, Order::Oldest, None, &mut |entry| {
        found.push(entry.sequence);
        found.extend(entry.outcome_sequence);
        Ok(())
    });
    searched.map_err(|error| Failure::unreadable(dir, &error))?;
    if found.is_empty() {
        return Err(Failure::problem(
            format!("the log has no access `{id}`"),
            format!("日志中没有访问 `{id}`"),
        ));
    }
    Ok(found)
}
