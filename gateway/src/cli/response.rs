//! `yingbi response verify|keys`: what a receiver finds out about an answer, and the keys it needs for that.

use super::{Exit, Format, err, out, report};
use crate::config::{Config, Secret};
use crate::exchange::integrity::{Asked, Verified, response_keys, verify};
use clap::{Args, Subcommand};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::json;
use std::path::{Path, PathBuf};
use yingbi_crypto::VerifyingKey;

/// Arguments of `yingbi response`.
#[derive(Debug, Args)]
pub struct ResponseArgs {
    #[command(subcommand)]
    command: ResponseCommand,
    /// How results are printed.
    #[arg(long, global = true, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, Subcommand)]
enum ResponseCommand {
    /// Checks digest and signatures of an answer that was saved with its head (`curl -i`).
    Verify {
        /// The answer.
        file: PathBuf,
        /// What was asked for: `GET crm.internal/customers/42?x=1`.
        #[arg(long)]
        request: String,
        /// A public key of the gateway, `NAME+ID+BASE64`; several may be given. Without one only digests are checked.
        #[arg(long)]
        key: Vec<String>,
    },
    /// Prints the public keys that answers are signed with, one a line; they are no secret.
    Keys {
        /// The configuration file.
        #[arg(long)]
        config: PathBuf,
    },
}

/// Runs `yingbi response`.
pub fn run(args: &ResponseArgs) -> Exit {
    match &args.command {
        ResponseCommand::Verify { file, request, key } => run_verify(file, request, key, args.format),
        ResponseCommand::Keys { config } => keys(config, args.format),
    }
}

fn run_verify(file: &Path, request: &str, keys: &[String], format: Format) -> Exit {
    let Some(asked) = Asked::parse(request) else {
        err("yingbi: write the request like `GET crm.internal/customers/42?x=1`");
        return Exit::Usage;
    };
    let mut known = Vec::new();
    for key in keys {
        match key.parse::<VerifyingKey>() {
            Ok(key) => known.push(key),
            Err(error) => {
                err(&format!("yingbi: {error}"));
                return Exit::Usage;
            }
        }
    }
    let bytes = match std::fs::read(file) {
        Ok(bytes) => bytes,
        Err(error) => {
            err(&format!("yingbi: {}: {}", file.display(), error.kind()));
            return Exit::Usage;
        }
    };
    let Some((status, headers, body)) = taken_apart(&bytes) else {
        err("yingbi: this is no answer with its head: save it with `curl -i`");
        return Exit::Problem;
    };
    let Verified { digests, signatures, problems } = verify(&asked, status, &headers, body, &known);
    match format {
        Format::Json => out(&json!({
            "good": problems.is_empty(), "digests": digests, "signatures": signatures, "problems": problems,
        })
        .to_string()),
        Format::Text => {
            digests.iter().for_each(|name| out(&format!("the body is what its {name} digest says")));
            signatures.iter().for_each(|id| out(&format!("the signature of {id} holds")));
            problems.iter().for_each(|problem| err(&format!("yingbi: {problem}")));
            if known.is_empty() && problems.is_empty() {
                out("no key was given: who made the answer is not known");
            }
        }
    }
    if problems.is_empty() { Exit::Good } else { Exit::Problem }
}

/// Status, head and body.
fn taken_apart(bytes: &[u8]) -> Option<(u16, HeaderMap, &[u8])> {
    let mut lines = [httparse::EMPTY_HEADER; 128];
    let mut answer = httparse::Response::new(&mut lines);
    let httparse::Status::Complete(length) = answer.parse(bytes).ok()? else { return None };
    let mut headers = HeaderMap::new();
    for line in answer.headers.iter() {
        let name = HeaderName::from_bytes(line.name.as_bytes()).ok()?;
        headers.append(name, HeaderValue::from_bytes(line.value).ok()?);
    }
    Some((answer.code?, headers, bytes.get(length..)?))
}

fn keys(config: &Path, format: Format) -> Exit {
    let places = match Config::audit_places(config) {
        Ok(places) => places,
        Err(problems) => {
            report(&problems, format);
            return Exit::Config;
        }
    };
    let secret = match Secret::read(&places.checkpoint) {
        Ok(secret) => secret,
        Err(error) => {
            err(&format!("yingbi: {}: {error}", places.checkpoint.display()));
            return Exit::Config;
        }
    };
    let Some(keys) = response_keys(secret.expose()) else {
        err(&format!("yingbi: {}: no signing key can be made of it", places.checkpoint.display()));
        return Exit::Config;
    };
    for key in keys.public() {
        out(&match format {
            Format::Text => key.to_string(),
            Format::Json => json!({ "key": key.to_string() }).to_string(),
        });
    }
    Exit::Good
}
