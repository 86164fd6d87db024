//! `yingbi keys init --config FILE`.

use super::{Exit, Format, err, out, report};
use crate::config::{Config, Secret};
use clap::{Args, Subcommand};
use serde_json::json;
use std::path::PathBuf;

/// Arguments of `yingbi keys`.
#[derive(Debug, Args)]
pub struct KeysArgs {
    #[command(subcommand)]
    command: KeysCommand,
    /// How results are printed.
    #[arg(long, global = true, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, Subcommand)]
enum KeysCommand {
    /// Makes the key files that the configuration names and that do not exist; never touches existing ones.
    Init {
        /// The configuration file.
        #[arg(long)]
        config: PathBuf,
    },
}

/// Runs `yingbi keys`.
pub fn run(args: &KeysArgs) -> Exit {
    let format = args.format;
    let KeysCommand::Init { config } = &args.command;
    let file = match Config::key_file(config) {
        Ok(file) => file,
        Err(problems) => {
            report(&problems, format);
            return Exit::Config;
        }
    };
    let exists = std::fs::symlink_metadata(&file).is_ok();
    let made =
        if exists { Secret::read(&file).map(|_| ()) } else { Secret::create(&file).map_err(Into::into) };
    match made {
        Ok(()) => {
            let shown = file.display().to_string();
            out(&match (format, exists) {
                (Format::Text, false) => {
                    format!("made {shown}; keep a copy where this machine's loss can't reach it")
                }
                (Format::Text, true) => format!("{shown} is there and good"),
                (Format::Json, _) => {
                    json!({ "key": "pseudonym", "file": shown, "made": !exists }).to_string()
                }
            });
            Exit::Good
        }
        Err(error) => {
            err(&format!("yingbi: {}: {error}", file.display()));
            Exit::Config
        }
    }
}
