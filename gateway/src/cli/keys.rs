//! `yingbi keys init|public --config FILE`.

use super::{Exit, Format, err, out, report};
use crate::config::{Config, Secret};
use clap::{Args, Subcommand};
use serde_json::json;
use std::path::{Path, PathBuf};
use yingbi_crypto::{Algorithm, SigningKeys};

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
    /// Prints the public keys under which checkpoints of the audit log can be verified, one a line; they are no secret.
    Public {
        /// The configuration file.
        #[arg(long)]
        config: PathBuf,
    },
}

/// Runs `yingbi keys`.
pub fn run(args: &KeysArgs) -> Exit {
    let (KeysCommand::Init { config } | KeysCommand::Public { config }) = &args.command;
    let files = match Config::key_files(config) {
        Ok(files) => files,
        Err(problems) => {
            report(&problems, args.format);
            return Exit::Config;
        }
    };
    match &args.command {
        KeysCommand::Init { .. } => files
            .iter()
            .map(|(name, file)| init(name, file, args.format))
            .find(|exit| *exit != Exit::Good)
            .unwrap_or(Exit::Good),
        KeysCommand::Public { .. } => {
            let [_, (_, checkpoint)] = &files;
            public(checkpoint, args.format)
        }
    }
}

fn init(name: &str, file: &Path, format: Format) -> Exit {
    let exists = std::fs::symlink_metadata(file).is_ok();
    let made = if exists { Secret::read(file).map(|_| ()) } else { Secret::create(file).map_err(Into::into) };
    match made {
        Ok(()) => {
            let shown = file.display().to_string();
            out(&match (format, exists) {
                (Format::Text, false) => {
                    format!("made {shown}; keep a copy where this machine's loss can't reach it")
                }
                (Format::Text, true) => format!("{shown} is there and good"),
                (Format::Json, _) => json!({ "key": name, "file": shown, "made": !exists }).to_string(),
            });
            Exit::Good
        }
        Err(error) => {
            err(&format!("yingbi: {}: {error}", file.display()));
            Exit::Config
        }
    }
}

fn public(file: &Path, format: Format) -> Exit {
    let secret = match Secret::read(file) {
        Ok(secret) => secret,
        Err(error) => {
            err(&format!("yingbi: {}: {error}", file.display()));
            return Exit::Config;
        }
    };
    let Some(keys) = SigningKeys::from_secret(secret.expose()) else {
        err(&format!("yingbi: {}: no signing key can be made of it", file.display()));
        return Exit::Config;
    };
    for key in keys.public() {
        let algorithm = match key.algorithm() {
            Algorithm::Ed25519 => "ed25519",
            Algorithm::Sm2 => "sm2",
        };
        out(&match format {
            Format::Text => key.to_string(),
            Format::Json => json!({ "algorithm": algorithm, "key": key.to_string() }).to_string(),
        });
    }
    Exit::Good
}
