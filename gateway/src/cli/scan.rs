//! `yingbi scan [FILE|-] --content-type T`: what personal information is in a body, and where.
//!
//! One JSON object a finding: `{"path","span":[start,end],"category","level","sensitive","how","confidence","kind"}`;
//! `path` is an RFC 6901 pointer, `span` counts bytes of the input. With `--batch` the input is NDJSON of bodies. No
//! value is printed: findings may go where the bodies may not.

use super::{Exit, Format, err, out};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use yingbi_classifiers::{Classifier, How};
use yingbi_crypto::PseudonymKey;
use yingbi_protect::{Finding, Format as BodyFormat, Limits, Protector};

/// Arguments of `yingbi scan`.
#[derive(Debug, Args)]
pub struct ScanArgs {
    /// The body; `-` is standard input.
    #[arg(default_value = "-")]
    file: PathBuf,
    /// Media type of the body; without it text, and JSON when the whole of it is JSON.
    #[arg(long, default_value = "text/plain")]
    content_type: String,
    /// The input is NDJSON `{"id","content_type","body_b64"}`, the output `{"id","body_b64","findings"}`.
    #[arg(long)]
    batch: bool,
}

/// One line of a batch.
#[derive(Deserialize)]
struct Job {
    id: Value,
    content_type: String,
    body_b64: String,
}

/// Runs `yingbi scan`.
pub fn run(args: &ScanArgs, format: Format) -> Exit {
    let input: Box<dyn Read> = if args.file.as_os_str() == "-" {
        Box::new(std::io::stdin().lock())
    } else {
        match std::fs::File::open(&args.file) {
            Ok(file) => Box::new(file),
            Err(error) => {
                err(&format!("yingbi: {}: {}", args.file.display(), error.kind()));
                return Exit::Usage;
            }
        }
    };
    // Findings name no subject, so the key of their pseudonyms is never used.
    let protector = Protector::new(Classifier::shipped(), PseudonymKey::new([0; 32]), Limits::default());
    if args.batch { batch(&protector, BufReader::new(input)) } else { one(&protector, args, format, input) }
}

fn one(protector: &Protector, args: &ScanArgs, format: Format, mut input: Box<dyn Read>) -> Exit {
    let Some(body_format) = body_format(&args.content_type) else {
        err(&format!("yingbi: content type `{}` is not read", args.content_type));
        return Exit::Usage;
    };
    let mut body = Vec::new();
    if let Err(error) = input.read_to_end(&mut body) {
        err(&format!("yingbi: can't read the body: {}", error.kind()));
        return Exit::Usage;
    }
    match protector.scan(body_format, &body) {
        Ok(findings) => {
            for finding in &findings {
                out(&match format {
                    Format::Json => machine(finding).to_string(),
                    Format::Text => text(finding),
                });
            }
            Exit::Good
        }
        Err(error) => {
            err(&format!("yingbi: can't be inspected: {error}"));
            Exit::Problem
        }
    }
}

fn batch(protector: &Protector, input: impl BufRead) -> Exit {
    let mut exit = Exit::Good;
    for (number, line) in input.split(b'\n').enumerate() {
        let Ok(line) = line else {
            err("yingbi: can't read the batch");
            return Exit::Problem;
        };
        if line.trim_ascii().is_empty() {
            continue;
        }
        let done = job(protector, &line).unwrap_or_else(|(id, problem)| {
            err(&format!("yingbi: line {}: {problem}", number + 1));
            exit = Exit::Problem;
            json!({ "id": id, "error": problem })
        });
        out(&done.to_string());
    }
    exit
}

/// One body of a batch, or its id and why it can't be inspected.
fn job(protector: &Protector, line: &[u8]) -> Result<Value, (Value, String)> {
    let Job { id, content_type, body_b64 } =
        serde_json::from_slice(line).map_err(|_| (Value::Null, "not a job".to_owned()))?;
    let inspect = || {
        let format = body_format(&content_type).ok_or("content type is not read")?;
        let body = STANDARD.decode(&body_b64).map_err(|_| "body_b64 is not base64")?;
        protector.scan(format, &body).map_err(|error| error.to_string())
    };
    let findings = inspect().map_err(|problem: String| (id.clone(), problem))?;
    let findings: Vec<Value> = findings.iter().map(machine).collect();
    Ok(json!({ "id": id, "body_b64": body_b64, "findings": findings }))
}

/// How a media type is read; only UTF-8, because spans count bytes of the input.
fn body_format(content_type: &str) -> Option<BodyFormat> {
    let (essence, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
    let foreign = |parameter: &str| {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let value = value.trim().trim_matches('"').to_ascii_lowercase();
        name.trim().eq_ignore_ascii_case("charset")
            && !["utf-8", "utf8", "us-ascii"].contains(&value.as_str())
    };
    if parameters.split(';').any(foreign) {
        return None;
    }
    let essence = essence.trim().to_ascii_lowercase();
    match essence.split_once('/')? {
        ("application", "json") => Some(BodyFormat::Json),
        ("text", "html") | ("application", "xhtml+xml") => Some(BodyFormat::Html),
        ("text", "json") => Some(BodyFormat::Json),
        ("application" | "image" | "model", subtype) if subtype.ends_with("+json") => Some(BodyFormat::Json),
        ("text", _) | ("application", "x-ndjson" | "ndjson" | "jsonl" | "xml") => Some(BodyFormat::Text),
        ("application", subtype) if subtype.ends_with("+xml") => Some(BodyFormat::Text),
        _ => None,
    }
}

fn machine(finding: &Finding) -> Value {
    let Finding { path, span, kind, how, confidence } = finding;
    json!({
        "path": path,
        "span": [span.0, span.1],
        "category": kind.category().id(),
        "level": kind.level().number(),
        "sensitive": kind.category().is_sensitive(),
        "how": how_name(*how),
        "confidence": confidence,
        "kind": kind.id(),
    })
}

fn text(finding: &Finding) -> String {
    let Finding { path, span: (start, end), kind, how, confidence } = finding;
    let (level, how) = (kind.level(), how_name(*how));
    format!("{start}..{end}\tlevel {level}\t{}\t{}\t{how} {confidence}%\t{path}", kind.id(), kind.zh())
}

fn how_name(how: How) -> &'static str {
    match how {
        How::Binding => "binding",
        How::Key => "key",
        How::Context => "context",
        How::Value => "value",
        How::Text => "text",
    }
}
