//! `yingbi policy check|test|coverage|explain|diff|replay|matrix|fmt|sign|verify DIR`: what a security team does with policy
//! files before they rule; and `yingbi policy schema`, for their editors.
//!
//! All use the gateway's own loader and engine. Exit codes: 0 good, 1 a test failed, a file is not formatted, or something
//! differs, 64
//! wrong usage, 78 a policy that may not rule.

mod bound;
mod check;
mod coverage;
mod diff;
mod explain;
mod layout;
mod matrix;
mod replay;
mod sign;
mod test_run;

pub use test_run::{CaseResult, Failure, run_cases};

use crate::policy_store::{self, Problems};
use clap::{Args, Subcommand, ValueEnum};
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use yingbi_policies::{Language, PolicySet, render_with};

/// Wrong usage (`EX_USAGE`).
pub(crate) const USAGE: u8 = 64;

/// A policy that may not rule (`EX_CONFIG`).
pub(crate) const BAD_POLICY: u8 = 78;

/// `yingbi policy …`
#[derive(Debug, Args)]
pub struct PolicyArgs {
    #[command(subcommand)]
    command: Command,
    /// How results are printed.
    #[arg(long, value_enum, default_value_t = Format::Text, global = true)]
    format: Format,
    /// Language of messages; the locale's when not given.
    #[arg(long, value_enum, global = true)]
    lang: Option<Lang>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Refuse what can't be right: wrong, contradictory, dead, shadowed, untested rules.
    Check {
        /// The policy directory.
        dir: PathBuf,
    },
    /// Run every case of every PolicyTest through the gateway's own engine.
    Test {
        /// The policy directory.
        dir: PathBuf,
    },
    /// Say which rules the cases of the tests exercise; exit 1 when one is not.
    Coverage {
        /// The policy directory.
        dir: PathBuf,
    },
    /// Say what another version changes, by endpoint, caller, purpose and kind; exit 1 when anything does.
    Diff {
        /// The version before.
        before: PathBuf,
        /// The version after.
        after: PathBuf,
    },
    /// Judge past accesses by this version: which decisions and treatments would be others; exit 1 when one would.
    Replay(replay::ReplayArgs),
    /// Print what happens to every row of Appendix A for whom, or compare it with the file that was reviewed.
    Matrix {
        /// The policy directory.
        dir: PathBuf,
        /// The reviewed file; exit 1 and its differences when it is out of date.
        #[arg(long, value_name = "FILE")]
        golden: Option<PathBuf>,
        /// Write that file anew.
        #[arg(long, requires = "golden")]
        write: bool,
    },
    /// Sign a version with SM2 and Ed25519, so that gateways with `policy_signers` let it rule.
    Sign(sign::SignArgs),
    /// Say whether a version is signed; exit 78 when it is not.
    Verify(sign::VerifyArgs),
    /// Print a signer's public keys as `policy_signers` takes them; the key is made when there is none.
    Signer {
        /// The signer's secret key file.
        key: PathBuf,
    },
    /// Say in words how one request is decided and treated, and why.
    Explain(Box<explain::ExplainArgs>),
    /// Print the JSON Schema of a policy document, for editors that complete and check YAML.
    Schema,
    /// Lay files out canonically, keeping comments and line breaks of their authors.
    Fmt {
        /// The policy directory.
        dir: PathBuf,
        /// Change nothing; exit 1 when a file is not laid out.
        #[arg(long)]
        check: bool,
    },
}

/// How results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// For programs: one JSON object.
    Json,
}

/// Language of messages.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Lang {
    /// English.
    En,
    /// Chinese.
    Zh,
}

/// How a subcommand speaks.
#[derive(Clone, Copy)]
pub(crate) struct Speech {
    pub format: Format,
    pub language: Language,
}

impl Speech {
    /// One of two texts.
    pub(crate) fn say<'t>(self, en: &'t str, zh: &'t str) -> &'t str {
        match self.language {
            Language::English => en,
            Language::Chinese => zh,
        }
    }
}

/// Runs the subcommand.
pub fn run(args: PolicyArgs) -> ExitCode {
    let language = match args.lang {
        Some(Lang::En) => Language::English,
        Some(Lang::Zh) => Language::Chinese,
        None => Language::of_environment(),
    };
    let speech = Speech { format: args.format, language };
    match args.command {
        Command::Check { dir } => check::run(&dir, speech),
        Command::Test { dir } => test_run::run(&dir, speech),
        Command::Explain(args) => explain::run(*args, speech),
        Command::Coverage { dir } => coverage::run(&dir, speech),
        Command::Diff { before, after } => diff::run(&before, &after, speech),
        Command::Replay(args) => replay::run(&args, speech),
        Command::Matrix { dir, golden, write } => matrix::run(&dir, golden.as_deref(), write, speech),
        Command::Sign(args) => sign::sign(&args, speech),
        Command::Verify(args) => sign::verify(&args, speech),
        Command::Signer { key } => sign::signer(&key, speech),
        Command::Schema => {
            print(&format!("{:#}", yingbi_policies::schema()));
            ExitCode::SUCCESS
        }
        Command::Fmt { dir, check } => layout::run(&dir, check, speech),
    }
}

/// Loads a directory, or prints why it may not rule.
pub(crate) fn load(directory: &Path, speech: Speech) -> Result<(PolicySet, Problems), ExitCode> {
    policy_store::load(directory).map_err(|problems| {
        match speech.format {
            Format::Text => print_problems(&problems, speech.language),
            Format::Json => print(
                &serde_json::json!({ "good": false, "diagnostics": as_json(&problems, speech.language) }),
            ),
        }
        ExitCode::from(BAD_POLICY)
    })
}

/// Prints diagnostics with their lines, in colour on a terminal.
pub(crate) fn print_problems(problems: &Problems, language: Language) {
    let mut out = io::stdout().lock();
    let colour = out.is_terminal() && std::env::var_os("NO_COLOR").is_none();
    for (diagnostic, source) in problems {
        let _ = writeln!(out, "{}\n", render_with(diagnostic, source, language, colour));
    }
}

/// Diagnostics for programs.
pub(crate) fn as_json(problems: &Problems, language: Language) -> serde_json::Value {
    let one = |(diagnostic, _): &(yingbi_policies::Diagnostic, String)| {
        serde_json::json!({
            "code": diagnostic.code,
            "severity": if diagnostic.is_refused_by_check() { "error" } else { "warning" },
            "file": diagnostic.place.file,
            "line": diagnostic.place.line,
            "column": diagnostic.place.column,
            "bytes": [diagnostic.place.bytes.start, diagnostic.place.bytes.end],
            "message": diagnostic.message.to(language),
            "help": diagnostic.help.to(language),
        })
    };
    problems.iter().map(one).collect()
}

/// Prints one line; a closed pipe ends nothing but the printing.
pub(crate) fn print(line: &impl std::fmt::Display) {
    let _ = writeln!(io::stdout().lock(), "{line}");
}

#[cfg(test)]
mod tests;
