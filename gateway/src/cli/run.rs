//! `yingbi run --config FILE [--check]`.

use super::{Exit, Format, err, out, report};
use crate::config::Config;
use crate::logs;
use clap::Args;
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `yingbi run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// The configuration file.
    #[arg(long)]
    config: PathBuf,
    /// Checks configuration, keys and policies, and ends: 0 good, 78 not.
    #[arg(long)]
    check: bool,
}

/// Runs the gateway, or checks whether it would run.
pub fn run(args: &RunArgs, format: Format) -> ExitCode {
    let config = match Config::load(&args.config) {
        Ok(config) => config,
        Err(problems) => {
            report(&problems, format);
            return Exit::Config.into();
        }
    };
    report(&config.warnings, format);
    if args.check {
        out(&match format {
            Format::Text => format!("{}: good", config.file.display()),
            Format::Json => json!({ "file": config.file.display().to_string(), "good": true }).to_string(),
        });
        return Exit::Good.into();
    }
    logs::abort_on_panic();
    if let Err(error) = logs::keep_memory_private() {
        err(&format!("yingbi: memory could not be kept out of core files: {}", error.kind()));
    }
    logs::start(&config.telemetry);
    let exit = serve(config);
    logs::flush();
    exit
}

/// Serves until told to stop.
fn serve(config: Config) -> ExitCode {
    // The server is put together elsewhere; without it there is nothing to run.
    drop(config);
    err("yingbi: this build has no server");
    Exit::Problem.into()
}
