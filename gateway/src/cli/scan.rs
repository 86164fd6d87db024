//! `yingbi scan [FILE|-] --content-type T`: what personal information is in a body, and where.
//!
//! One JSON object a finding: `{"path","span":[start,end],"category","level","sensitive","how","confidence","kind"}`;
//! `path` is an RFC 6901 pointer, `span` counts bytes of the input. With `--batch` the input is NDJSON of bodies. No
//! value is printed: findings may go where the bodies may not. With `--redact-level N` the body is printed instead, every
//! finding of that level or above under its default mask.

use super::{Exit, Format, err, out};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write as _};
use std::path::PathBuf;
use yingbi_classifiers::{Classifier, How};
use yingbi_crypto::PseudonymKey;
use yingbi_policies::{ApiToken, Day, Decision, Identity, Permit, PolicySet, Request, Source};
use yingbi_protect::{Finding, Format as BodyFormat, Limits, Protector, Uninspectable, declared_encoding};

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
    /// Prints the body with every finding of this level or above masked; in a batch, gives it as `body_b64`.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=4))]
    redact_level: Option<u8>,
    /// How findings are printed: for programs unless asked otherwise.
    #[arg(long, value_enum, default_value_t = Format::Json)]
    format: Format,
}

/// Finds, and redacts when asked to.
struct Scanner {
    protector: Protector,
    redact: Option<Permit>,
}

/// One line of a batch.
#[derive(Deserialize)]
struct Job {
    id: Value,
    content_type: String,
    body_b64: String,
}

/// Runs `yingbi scan`.
pub fn run(args: &ScanArgs) -> Exit {
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
    let redact = match args.redact_level.map(redaction) {
        Some(None) => {
            err("yingbi: the redaction's own policy does not compile");
            return Exit::Problem;
        }
        permit => permit.flatten(),
    };
    // Findings name no subject, so the key of their pseudonyms is never used.
    let protector = Protector::new(Classifier::shipped(), PseudonymKey::new([0; 32]), Limits::default());
    let scanner = Scanner { protector, redact };
    if args.batch { batch(&scanner, BufReader::new(input)) } else { one(&scanner, args, input) }
}

/// Leave to see all below a level and nothing above but masks, as the policy language itself says it.
fn redaction(level: u8) -> Option<Permit> {
    let source = Source::new("redaction.yaml", REDACTION.replace("LEVEL", &level.to_string()));
    let (policies, _) = PolicySet::compile(&[source], "redaction".to_owned()).ok()?;
    // The body is the caller's own, freshly authenticated: of the shipped floors only that of level 4 remains.
    let identity = Identity {
        id: "scan".to_owned(),
        subjects: vec!["own".to_owned()],
        api_token: Some(ApiToken { id: "scan".to_owned() }),
        stepped_up: true,
        ..Identity::default()
    };
    let request = Request { method: "GET", host: "scan", path: "/own", purpose: None, today: Day::default() };
    match policies.decide(&identity, &request) {
        Decision::Permit(permit) => Some(permit),
        Decision::Refuse(_) => None,
    }
}

fn one(scanner: &Scanner, args: &ScanArgs, mut input: Box<dyn Read>) -> Exit {
    let Some(body_format) = body_format(&args.content_type) else {
        err(&format!("yingbi: content type `{}` is not read", args.content_type));
        return Exit::Usage;
    };
    let mut body = Vec::new();
    if let Err(error) = input.read_to_end(&mut body) {
        err(&format!("yingbi: can't read the body: {}", error.kind()));
        return Exit::Usage;
    }
    if let Err(problem) = check_encoding(body_format, &body) {
        err(&format!("yingbi: can't be inspected: {problem}"));
        return Exit::Problem;
    }
    if let Some(permit) = &scanner.redact {
        return match scanner.protector.body(permit, body_format, &body) {
            Ok(treated) => {
                let written = std::io::stdout().lock().write_all(&treated.body);
                if written.is_ok() { Exit::Good } else { Exit::Problem }
            }
            Err(error) => uninspectable(error),
        };
    }
    match scanner.protector.scan(body_format, &body) {
        Ok(findings) => {
            for finding in &findings {
                out(&match args.format {
                    Format::Json => machine(finding).to_string(),
                    Format::Text => text(finding),
                });
            }
            Exit::Good
        }
        Err(error) => uninspectable(error),
    }
}

fn uninspectable(error: Uninspectable) -> Exit {
    err(&format!("yingbi: can't be inspected: {error}"));
    Exit::Problem
}

fn batch(scanner: &Scanner, input: impl BufRead) -> Exit {
    let mut exit = Exit::Good;
    for (number, line) in input.split(b'\n').enumerate() {
        let Ok(line) = line else {
            err("yingbi: can't read the batch");
            return Exit::Problem;
        };
        if line.trim_ascii().is_empty() {
            continue;
        }
        let done = job(scanner, &line).unwrap_or_else(|(id, problem)| {
            err(&format!("yingbi: line {}: {problem}", number + 1));
            exit = Exit::Problem;
            json!({ "id": id, "error": problem })
        });
        out(&done.to_string());
    }
    exit
}

/// One body of a batch, or its id and why it can't be inspected.
fn job(scanner: &Scanner, line: &[u8]) -> Result<Value, (Value, String)> {
    let Job { id, content_type, body_b64 } =
        serde_json::from_slice(line).map_err(|_| (Value::Null, "not a job".to_owned()))?;
    let inspect = || {
        let format = body_format(&content_type).ok_or("content type is not read")?;
        let body = STANDARD.decode(&body_b64).map_err(|_| "body_b64 is not base64")?;
        check_encoding(format, &body)?;
        let findings = scanner.protector.scan(format, &body).map_err(|error| error.to_string())?;
        let Some(permit) = &scanner.redact else { return Ok((findings, None)) };
        let treated = scanner.protector.body(permit, format, &body).map_err(|error| error.to_string())?;
        Ok((findings, Some(STANDARD.encode(treated.body))))
    };
    let (findings, redacted) = inspect().map_err(|problem: String| (id.clone(), problem))?;
    let body_b64 = redacted.unwrap_or(body_b64);
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
    let parameter = |parameter: &str| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("boundary").then(|| value.trim().trim_matches('"').to_owned())
    };
    let boundary = parameters.split(';').find_map(parameter);
    // Formats whose structure is not read are at least text.
    BodyFormat::of(&essence, boundary.as_deref())
        .or_else(|| essence.starts_with("text/").then_some(BodyFormat::Text))
}

/// Refuses XML that says it is in another charset than UTF-8.
fn check_encoding(format: BodyFormat, body: &[u8]) -> Result<(), &'static str> {
    let declared = declared_encoding(body).filter(|_| format == BodyFormat::Xml);
    match declared.map(str::to_ascii_lowercase).as_deref() {
        None | Some("utf-8" | "us-ascii") => Ok(()),
        Some(_) => Err("the encoding that the document declares is not read"),
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

/// What redaction means; LEVEL is a number.
const REDACTION: &str = r#"
apiVersion: yingbi/v1
kind: Role
metadata: {id: scan, title: scan}
spec: {any: [{api_token: {id: scan}}]}
---
apiVersion: yingbi/v1
kind: Purpose
metadata: {id: scan, title: scan, clause: ["T/TSAC001:8.1.b"]}
spec: {basis: contract}
---
apiVersion: yingbi/v1
kind: Binding
metadata: {id: scan}
spec:
  route: {host: "*", path: "/{subject}"}
  purpose: {default: scan}
  subject: {parameter: subject}
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: scan, title: redaction, clause: ["T/TSAC001:8.4.4.a"]}
spec:
  mode: enforce
  match: {roles: [scan], purposes: [scan], routes: ["*/**"]}
  allow: {level: "<=4"}
  treat: {default: clear, categories: {"level:>=LEVEL": mask}}
"#;
