//! The command line: one file a subcommand.
//!
//! Exit codes: 0 good, 1 found a problem, 2 refused or denied, 64 wrong usage, 78 bad configuration or policy.

pub mod audit;
pub mod consent;
pub mod detoken;
pub mod drill;
pub mod grant;
pub mod inventory;
pub mod keys;
mod office;
pub mod policy;
pub mod response;
pub mod run;
pub mod scan;
pub mod switch;
#[cfg(test)]
mod tests;
pub mod token;

use clap::error::ErrorKind;
use clap::{Parser, Subcommand, ValueEnum};
use serde_json::json;
use std::io::Write as _;
use std::process::ExitCode;
use yingbi_policies::{Diagnostic, Language, Severity};

/// 影壁: protects investors' personal information in securities firms' APIs (T/TSAC 001—2025).
#[derive(Debug, Parser)]
#[command(name = "yingbi", version, disable_help_subcommand = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// How results are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the gateway.
    Run(run::RunArgs),
    /// Finds personal information in a file or standard input; one JSON object a finding.
    Scan(scan::ScanArgs),
    /// Checks, tests, explains and formats policies.
    Policy(policy::PolicyArgs),
    /// Searches and verifies the access log.
    Audit(audit::AuditArgs),
    /// Lists what each route returns and accepts, and what of it is new.
    Inventory(inventory::InventoryArgs),
    /// Records, lists and withdraws consents of investors, through a running gateway.
    Consent(consent::ConsentArgs),
    /// Asks for grants, approves, revokes and reviews them, through a running gateway.
    Grant(grant::GrantArgs),
    /// Says what tokens and envelopes stand for, under an approved grant, through a running gateway.
    Detoken(Box<detoken::DetokenArgs>),
    /// Stops a caller, role, recipient or route at once, through a running gateway.
    Switch(switch::SwitchArgs),
    /// Checks digests and signatures of answers.
    Response(response::ResponseArgs),
    /// Makes and hashes API tokens.
    Token(token::TokenArgs),
    /// Makes, rotates, destroys and backs up keys.
    Keys(keys::KeysArgs),
    /// Lets something fail on purpose, says what happened, and switches back.
    Drill(drill::DrillArgs),
    /// Prints the version.
    Version {
        /// How the result is printed.
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Good.
    Good,
    /// Found a problem: tests failed, a log is broken, a body can't be read.
    Problem,
    /// Refused or denied.
    Refused,
    /// Wrong usage (`EX_USAGE`).
    Usage,
    /// Bad configuration or policy (`EX_CONFIG`).
    Config,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
            Exit::Good => 0,
            Exit::Problem => 1,
            Exit::Refused => 2,
            Exit::Usage => 64,
            Exit::Config => 78,
        })
    }
}

/// Runs the command of this process's arguments.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let asked = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            let _ = error.print();
            return if asked { Exit::Good } else { Exit::Usage }.into();
        }
    };
    match cli.command {
        Command::Run(args) => run::run(&args),
        Command::Scan(args) => scan::run(&args).into(),
        Command::Policy(args) => policy::run(args),
        Command::Audit(args) => audit::run(args),
        Command::Inventory(args) => inventory::run(&args).into(),
        Command::Consent(args) => consent::run(&args).into(),
        Command::Grant(args) => grant::run(&args).into(),
        Command::Detoken(args) => detoken::run(&args).into(),
        Command::Switch(args) => switch::run(&args).into(),
        Command::Response(args) => response::run(&args).into(),
        Command::Token(args) => token::run(&args).into(),
        Command::Keys(args) => keys::run(&args).into(),
        Command::Drill(args) => drill::run(&args).into(),
        Command::Version { format } => {
            print_version(format);
            Exit::Good.into()
        }
    }
}

fn print_version(format: Format) {
    let version = env!("CARGO_PKG_VERSION");
    out(&match format {
        Format::Text => format!("yingbi {version}"),
        Format::Json => json!({ "name": "yingbi", "version": version }).to_string(),
    });
}

/// Prints problems of files: for people to standard error in their language, for programs to standard output.
pub fn report(problems: &[Diagnostic], format: Format) {
    let language = Language::of_environment();
    for problem in problems {
        match format {
            Format::Text => err(&text(problem, language)),
            Format::Json => out(&machine(problem).to_string()),
        }
    }
}

/// Writes a line to standard output; a reader that went away is no error.
pub(crate) fn out(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// Writes a line to standard error.
pub(crate) fn err(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

fn text(problem: &Diagnostic, language: Language) -> String {
    let place = &problem.place;
    let severity = match (problem.severity, language) {
        (Severity::Error, Language::English) => "error",
        (Severity::Warning, Language::English) => "warning",
        (Severity::Error, Language::Chinese) => "错误",
        (Severity::Warning, Language::Chinese) => "警告",
    };
    let help = match language {
        Language::English => "help",
        Language::Chinese => "建议",
    };
    let at = match place.line {
        0 => place.file.clone(),
        line => format!("{}:{line}:{}", place.file, place.column),
    };
    let (message, advice) = (problem.message.to(language), problem.help.to(language));
    let code = problem.code;
    format!("{at}: {severity}[{code}]: {message}\n  {help}: {advice}")
}

fn machine(problem: &Diagnostic) -> serde_json::Value {
    let place = &problem.place;
    json!({
        "code": problem.code,
        "severity": match problem.severity { Severity::Error => "error", Severity::Warning => "warning" },
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "bytes": [place.bytes.start, place.bytes.end],
        "message": { "en": problem.message.en, "zh": problem.message.zh },
        "help": { "en": problem.help.en, "zh": problem.help.zh },
    })
}
