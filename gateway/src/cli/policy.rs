//! `yingbi policy check|test|explain|fmt DIR`: what a security team does with policy files before they rule; and
//! `yingbi policy schema`, for their editors.
//!
//! All use the gateway's own loader and engine. Exit codes: 0 good, 1 a test failed or a file is not formatted, 64
//! wrong usage, 78 a policy that may not rule.

mod bound;
mod check;
mod explain;
mod layout;
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
