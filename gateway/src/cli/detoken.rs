//! `yingbi detoken`: what tokens and envelopes stand for, through a running gateway, under a grant that somebody else
//! approved for one ticket and one subject.

use super::office::{Ask, Desk, say, word};
use super::{Exit, err};
use clap::Args;
use serde_json::{Value, json};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Arguments of `yingbi detoken`.
#[derive(Debug, Args)]
pub struct DetokenArgs {
    /// The grant: its template says `detoken`, its holder is the officer whose token is given.
    #[arg(long)]
    grant: String,
    /// The ticket that the grant belongs to.
    #[arg(long)]
    ticket: String,
    /// The investor, or the very token or envelope, that the grant is for.
    #[arg(long)]
    subject: String,
    /// The purpose that tokens, and values of the same form, were made for.
    #[arg(long, default_value = "")]
    purpose: String,
    /// What values of the same form (FF1) are, such as `basic.mobile`; of tokens it narrows the search.
    #[arg(long)]
    kind: Option<String>,
    /// Where an envelope stood that is bound to its path: `/contact/mobile`.
    #[arg(long)]
    path: Option<String>,
    /// File with candidates, one a line, for tokens, which only go one way; `-` is standard input.
    #[arg(long)]
    candidates: Option<PathBuf>,
    /// Tokens, envelopes or values of the same form; without any, the subject.
    values: Vec<String>,
    #[command(flatten)]
    desk: Desk,
}

/// Runs `yingbi detoken`.
pub fn run(args: &DetokenArgs) -> Exit {
    let candidates = match args.candidates.as_deref().map(read).transpose() {
        Ok(text) => text.unwrap_or_default(),
        Err(error) => {
            err(&format!("{}: {}", say("the candidates can't be read", "无法读取候选值"), error.kind()));
            return Exit::Usage;
        }
    };
    let candidates: Vec<&str> = candidates.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let values = if args.values.is_empty() { std::slice::from_ref(&args.subject) } else { &args.values };
    let body = json!({
        "grant": args.grant, "ticket": args.ticket, "subject": args.subject, "purpose": args.purpose,
        "kind": args.kind, "path": args.path, "values": values, "candidates": candidates,
    });
    let ask = Ask { method: "POST", path: "/api/v1/detoken".to_owned(), body: Some(body) };
    let mut unresolved = false;
    let exit = args.desk.ask_and(&ask, shown, |body| {
        let results = body.get("results").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        unresolved = results.iter().any(|result| result.get("plain").is_none());
    });
    // Some of them could not be resolved, or may not be.
    if exit == Exit::Good && unresolved { Exit::Problem } else { exit }
}

fn read(path: &Path) -> std::io::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    match path.to_str() {
        Some("-") => std::io::stdin().take(CANDIDATE_BYTES).read_to_string(&mut text)?,
        _ => std::fs::File::open(path)?.take(CANDIDATE_BYTES).read_to_string(&mut text)?,
    };
    Ok(text)
}

fn shown(body: &Value) -> String {
    let results = body.get("results").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let line = |result: &Value| {
        let told = if result.get("plain").is_some() { "plain" } else { "code" };
        format!("{}  {}  {}", word(result, "value"), word(result, "category"), word(result, told))
    };
    results.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// What the gateway takes at once.
const CANDIDATE_BYTES: u64 = 3 << 20;
