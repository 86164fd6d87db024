//! `yingbi token new|hash`.

use super::{Exit, Format, err, out};
use crate::exchange::identity::{new_token, token_hash};
use clap::{Args, Subcommand};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use std::io::Read as _;
use zeroize::Zeroizing;

/// Arguments of `yingbi token`.
#[derive(Debug, Args)]
pub struct TokenArgs {
    #[command(subcommand)]
    command: TokenCommand,
    /// How results are printed.
    #[arg(long, global = true, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    /// Makes a token: prints it once, with the line for `identity.api_tokens`.
    New {
        /// Name of its holder in policies and records.
        #[arg(long, value_parser = holder)]
        id: String,
        /// An investor id that is the holder's own; may be given several times.
        #[arg(long = "subject")]
        subjects: Vec<String>,
        /// Days until it expires.
        #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u16).range(1..=3650))]
        expires_days: u16,
    },
    /// Reads a token from standard input and prints its hash; arguments would show it to every user of the machine.
    Hash,
}

/// Runs `yingbi token`.
pub fn run(args: &TokenArgs) -> Exit {
    let format = args.format;
    match &args.command {
        TokenCommand::New { id, subjects, expires_days } => make(id, subjects, *expires_days, format),
        TokenCommand::Hash => hash(format),
    }
}

fn make(id: &str, subjects: &[String], expires_days: u16, format: Format) -> Exit {
    let Ok(token) = new_token() else {
        err("yingbi: the system gives no random numbers");
        return Exit::Problem;
    };
    let hash = token_hash(&token);
    let expires = Timestamp::now() + SignedDuration::from_hours(24 * i64::from(expires_days));
    let expires = expires.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    // JSON strings are YAML strings: whatever the id holds, it stays one.
    let line = format!(
        "- {{id: {}, hash: \"{hash}\", subjects: {}, expires: {expires}}}",
        json!(id),
        json!(subjects)
    );
    match format {
        Format::Text => {
            out(token.as_str());
            err("The token above is shown once; hand it to its holder. Add to identity.api_tokens:");
            out(&line);
        }
        Format::Json => {
            out(
                &json!({ "token": token.as_str(), "id": id, "hash": hash, "expires": expires, "yaml": line })
                    .to_string(),
            );
        }
    }
    Exit::Good
}

fn hash(format: Format) -> Exit {
    let mut token = Zeroizing::new(String::new());
    if std::io::stdin().take(TOKEN_BYTES).read_to_string(&mut token).is_err() || token.trim().is_empty() {
        err("yingbi: give the token on standard input");
        return Exit::Usage;
    }
    let hash = token_hash(token.trim());
    out(&match format {
        Format::Text => hash,
        Format::Json => json!({ "hash": hash }).to_string(),
    });
    Exit::Good
}

fn holder(id: &str) -> Result<String, &'static str> {
    let good = !id.is_empty() && id.len() <= 128 && !id.chars().any(char::is_control);
    if good { Ok(id.to_owned()) } else { Err("use 1 to 128 printable characters") }
}

/// The longest token the gateway reads.
const TOKEN_BYTES: u64 = 16 << 10;
