//! `yingbi audit …`: reads the audit log, also while a gateway writes it. All but `verify` put down in it that they did.
//!
//! Exit codes: 0 good, 1 the log is broken or can't be read, 64 wrong usage, 78 a key file that holds no key.

mod certificate;
mod collect;
mod copies;
pub(crate) mod filter;
pub(crate) mod incident;
mod prove;
mod report;
pub(crate) mod rows;
mod search;
pub(super) mod table;
mod verify;

use crate::config::{AuditPlaces, Config};
use incident::Question;
use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::process::ExitCode;
use yingbi_audit::journal::logs;
use yingbi_policies::{Language, Text};

/// Arguments of `yingbi audit`.
#[derive(Debug, clap::Args)]
pub struct AuditArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Lists accesses: who saw which investor's data, and how it was treated
    Search(Box<search::SearchArgs>),
    /// Writes exactly the accesses that a search finds to a file, with their count and digest
    Export(Box<search::ExportArgs>),
    /// Who saw this investor
    WhoSaw(Box<incident::QuestionArgs>),
    /// Whose data did this caller see, with counts by category
    SeenBy(Box<incident::QuestionArgs>),
    /// Which accesses touched this category, by caller and investor
    Touched(Box<incident::QuestionArgs>),
    /// What somebody could take with this caller's token: investors, categories, routes
    BlastRadius(Box<incident::QuestionArgs>),
    /// Copies every gateway's log from the central store, to search and verify them in one place
    Collect(collect::CollectArgs),
    /// Proves single records to others, without any other record
    Prove(prove::ProveArgs),
    /// Reports a period clause by clause, with registers, for people to read, print and file
    Report(Box<report::ReportArgs>),
    /// Proves that nothing in the log was changed, removed, added or moved; or checks a bundle of evidence
    Verify(verify::VerifyArgs),
}

/// Runs `yingbi audit`.
pub fn run(args: AuditArgs) -> ExitCode {
    let language = Language::of_environment();
    let done = match args.command {
        Command::Search(args) => search::run(&args, language),
        Command::Export(args) => search::export(&args, language),
        Command::WhoSaw(args) => incident::run(Question::WhoSaw, &args, language),
        Command::SeenBy(args) => incident::run(Question::SeenBy, &args, language),
        Command::Touched(args) => incident::run(Question::Touched, &args, language),
        Command::BlastRadius(args) => incident::run(Question::BlastRadius, &args, language),
        Command::Collect(args) => collect::run(&args, language),
        Command::Prove(args) => prove::run(&args, language),
        Command::Report(args) => report::run(&args, language),
        Command::Verify(args) => verify::run(&args, language),
    };
    done.unwrap_or_else(|failure| failure.tell(language))
}

/// Where a log is: named, or found by the configuration of its gateway.
#[derive(Debug, clap::Args)]
struct Location {
    /// Directory of the audit log: `audit` in the gateway's `data_dir`; or of the copies of many, as `audit collect` makes it
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// The gateway's configuration file: names the log, its anchors and its keys
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Location {
    /// The places that a configuration names, if one is given.
    fn places(&self) -> Result<Option<AuditPlaces>, Failure> {
        let Some(config) = &self.config else { return Ok(None) };
        Config::audit_places(config).map(Some).map_err(|problems| {
            let language = Language::of_environment();
            let text =
                problems.iter().map(|problem| super::text(problem, language)).collect::<Vec<_>>().join("\n");
            Failure::config(text.clone(), text)
        })
    }

    /// The directory, if it is one.
    fn dir(&self) -> Result<PathBuf, Failure> {
        let dir = match (&self.dir, self.places()?) {
            (Some(dir), _) => dir.clone(),
            (None, Some(places)) => places.dir,
            (None, None) => {
                return Err(Failure::usage("give `--dir` or `--config`", "请给出 `--dir` 或 `--config`"));
            }
        };
        Location::existing(dir)
    }

    /// The logs: that in the directory, or the copies of many.
    fn dirs(&self) -> Result<Vec<PathBuf>, Failure> {
        let dir = self.dir()?;
        let copies = logs(&dir).map_err(|error| Failure::unreadable(&dir, &error))?;
        Ok(if copies.is_empty() { vec![dir] } else { copies })
    }

    fn existing(dir: PathBuf) -> Result<PathBuf, Failure> {
        match std::fs::metadata(&dir) {
            Ok(metadata) if metadata.is_dir() => Ok(dir),
            Ok(_) => Err(Failure::unreadable(&dir, &io::ErrorKind::NotADirectory.into())),
            Err(error) => Err(Failure::unreadable(&dir, &error)),
        }
    }
}

/// Why a subcommand can't do its work.
#[derive(Debug)]
struct Failure {
    code: u8,
    text: Text,
}

impl Failure {
    fn usage(en: impl Into<String>, zh: impl Into<String>) -> Self {
        Failure { code: 64, text: Text::new(en, zh) }
    }

    fn config(en: impl Into<String>, zh: impl Into<String>) -> Self {
        Failure { code: 78, text: Text::new(en, zh) }
    }

    fn problem(en: impl Into<String>, zh: impl Into<String>) -> Self {
        Failure { code: 1, text: Text::new(en, zh) }
    }

    fn unreadable(path: &std::path::Path, error: &io::Error) -> Self {
        let path = path.display();
        Failure {
            code: 1,
            text: Text::new(format!("can't read `{path}`: {error}"), format!("无法读取 `{path}`：{error}")),
        }
    }

    fn tell(&self, language: Language) -> ExitCode {
        let start = Text::new("error: ", "错误：");
        warn(&format!("{}{}", start.to(language), self.text.to(language)));
        ExitCode::from(self.code)
    }
}

/// Puts down in the log that it is read (T/TSAC 001—2025 §7.5 g). A copy that can't be written to is read all the same:
/// there nobody could keep the record.
fn record_reading(dirs: &[PathBuf], what: &str, asked: &str, language: Language) {
    let user = std::fs::metadata("/proc/self").map_or_else(|_| "?".to_owned(), |own| own.uid().to_string());
    let detail = BTreeMap::from([
        ("by".to_owned(), format!("uid:{user}")),
        ("what".to_owned(), what.to_owned()),
        ("asked".to_owned(), asked.to_owned()),
    ]);
    let put = dirs.iter().try_for_each(|dir| yingbi_audit::readings::put_down(dir, detail.clone()));
    if let Err(error) = put {
        let text = Text::new(
            format!("note: this reading is not recorded: {error}"),
            format!("提示：本次查阅未能记录：{error}"),
        );
        warn(text.to(language));
    }
}

/// A line for the person at the terminal; nothing is to be done when nobody reads it.
fn warn(line: &str) {
    use io::Write as _;
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Whoever reads our output may stop reading (`| head`): that is no error.
fn unless_closed(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests;
