//! `yingbi audit search|verify`: reads the audit log, also while a gateway writes it; never writes.
//!
//! Exit codes: 0 good, 1 the log is broken or can't be read, 64 wrong usage, 78 a key file that holds no key.

mod search;
pub(super) mod table;
mod verify;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
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
    /// Proves that nothing in the log was changed, removed, added or moved
    Verify(verify::VerifyArgs),
}

/// Runs `yingbi audit`.
pub fn run(args: AuditArgs) -> ExitCode {
    let language = Language::of_environment();
    let done = match args.command {
        Command::Search(args) => search::run(&args, language),
        Command::Verify(args) => verify::run(&args, language),
    };
    done.unwrap_or_else(|failure| failure.tell(language))
}

/// Where a log and its key are. One place for all subcommands, so that a configuration file can stand in for both.
#[derive(Debug, clap::Args)]
struct Location {
    /// Directory of the audit log: `audit` in the gateway's `data_dir`
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
}

impl Location {
    /// The directory, if it is one.
    fn dir(&self) -> Result<&std::path::Path, Failure> {
        match std::fs::metadata(&self.dir) {
            Ok(metadata) if metadata.is_dir() => Ok(&self.dir),
            Ok(_) => Err(Failure::unreadable(&self.dir, &io::ErrorKind::NotADirectory.into())),
            Err(error) => Err(Failure::unreadable(&self.dir, &error)),
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
