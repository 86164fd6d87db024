//! `yingbi run --config FILE [--check]`.

use super::{Exit, Format, err, out, report};
use crate::config::Config;
use crate::{logs, server};
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
    /// How problems and the check's result are printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs the gateway, or checks whether it would run.
pub fn run(args: &RunArgs) -> ExitCode {
    let format = args.format;
    let config = match Config::load(&args.config) {
        Ok(config) => config,
        Err(problems) => {
            report(&problems, format);
            return Exit::Config.into();
        }
    };
    report(&config.warnings, format);
    let file = config.file.display().to_string();
    let ready = match server::prepare(config) {
        Ok(ready) => ready,
        Err(error) => {
            err(&error.to_string());
            return error.exit_code();
        }
    };
    if args.check {
        out(&match format {
            Format::Text => format!("{file}: good"),
            Format::Json => json!({ "file": file, "good": true }).to_string(),
        });
        return Exit::Good.into();
    }
    let config = ready.config();
    if let Err(error) = config.make_data_dir() {
        err(&format!("yingbi: {}: {}", config.data_dir.display(), error.kind()));
        return Exit::Config.into();
    }
    logs::abort_on_panic();
    if let Err(error) = logs::keep_memory_private() {
        err(&format!("yingbi: memory could not be kept out of core files: {}", error.kind()));
    }
    logs::start(&config.telemetry);
    // Never returns unless it could not start: a drained gateway ends its process.
    let Err(error) = server::run(ready);
    logs::flush();
    err(&error.to_string());
    error.exit_code()
}
