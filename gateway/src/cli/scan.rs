//! `yingbi scan [FILE|-] --content-type T`: what personal information is in a body, and where.
//!
//! One JSON object a finding: `{"path","span":[start,end],"category","level","sensitive","how","confidence","kind"}`;
//! `path` is an RFC 6901 pointer, `span` counts bytes of the input. With `--batch` the input is NDJSON of bodies. No
//! value is printed: findings may go where the bodies may not. With `--redact-level N` the body is printed instead, every
//! finding of that level or above under its default mask; with `--treat POLICY_DIR` as those policies let a caller see
//! it. With `--policy DIR` the firm's own classifiers find, too.

mod asked;
mod body;
mod trouble;

use super::{Exit, Format, err, out, report};
use crate::policy_store;
use asked::AskedArgs;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use body::{Body, Done};
use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use trouble::Trouble;
use yingbi_classifiers::{Classifier, How};
use yingbi_crypto::PseudonymKey;
use yingbi_policies::{ApiToken, Day, Decision, Identity, Permit, PolicySet, Request, Source};
use yingbi_protect::{Finding, Limits, Protector, Summary};
use yingbi_taxonomy::Category;

/// Arguments of `yingbi scan`.
#[derive(Debug, Args)]
pub struct ScanArgs {
    /// The body; `-` is standard input.
    #[arg(default_value = "-")]
    file: PathBuf,
    /// Media type of the body; without it text, and JSON when the whole of it is JSON.
    #[arg(long, default_value = "text/plain")]
    content_type: String,
    /// The input is NDJSON `{"id","content_type","body_b64"}`, the output `{"id","body_b64","findings"}`, with `--treat`
    /// also `summary`.
    #[arg(long)]
    batch: bool,
    /// Prints the body with every finding of this level or above masked; in a batch, gives it as `body_b64`.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=4))]
    redact_level: Option<u8>,
    /// Finds by the `Classifier` documents of this policy directory as well.
    #[arg(long, value_name = "DIR")]
    policy: Option<PathBuf>,
    #[command(flatten)]
    asked: AskedArgs,
    /// How findings are printed (for programs unless asked otherwise), and a treated body: as it is, or as JSON
    /// `{"status","route","rules","body_b64","summary"}`.
    #[arg(long, value_enum)]
    format: Option<Format>,
}

/// Finds, and treats when asked to.
struct Scanner {
    protector: Protector,
    permit: Option<Permit>,
    /// Whether the permit is what policies say, and not a redaction.
    is_treating: bool,
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
    let scanner = match scanner(args) {
        Ok(scanner) => scanner,
        Err(Trouble { problems, exit }) => {
            report(&problems, args.format.unwrap_or_default());
            return exit;
        }
    };
    if args.batch { batch(&scanner, BufReader::new(input)) } else { one(&scanner, args, input) }
}

/// What finds and treats as the arguments say.
fn scanner(args: &ScanArgs) -> Result<Scanner, Trouble> {
    let policies = match args.policy.as_deref().or(args.asked.policies()) {
        None => None,
        Some(directory) => {
            let (policies, _) = policy_store::load(directory).map_err(|problems| Trouble {
                problems: problems.into_iter().map(|(problem, _)| problem).collect(),
                exit: Exit::Config,
            })?;
            Some(policies)
        }
    };
    let is_treating = args.asked.policies().is_some();
    let permit = match (&policies, args.redact_level) {
        (Some(policies), _) if is_treating => match args.asked.decide(policies) {
            Decision::Permit(permit) => Some(permit),
            Decision::Refuse(refusal) => return Err(asked::refused(&refusal)),
        },
        (_, Some(level)) => Some(redaction(level).ok_or_else(|| trouble::internal("--redact-level"))?),
        (_, None) => None,
    };
    let firm = policies.as_ref().and_then(PolicySet::classifiers);
    let classifier: &'static Classifier = match firm.map(|firm| yingbi_protect::classifier(firm)).transpose()
    {
        Ok(None) => Classifier::shipped(),
        // One for the whole of a process that ends with it.
        Ok(Some(classifier)) => Box::leak(Box::new(classifier)),
        Err(_) => {
            let why = yingbi_protect::Uninspectable::Classifier;
            return Err(Trouble { exit: Exit::Config, ..trouble::uninspectable("--policy", &[], why) });
        }
    };
    // Subjects are only counted, so the key of their pseudonyms keeps no secret.
    let protector = Protector::new(classifier, PseudonymKey::new([0; 32]), Limits::default());
    Ok(Scanner { protector, permit, is_treating })
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
    let mut bytes = Vec::new();
    if let Err(error) = input.read_to_end(&mut bytes) {
        err(&format!("yingbi: can't read the body: {}", error.kind()));
        return Exit::Usage;
    }
    let name = args.file.to_string_lossy();
    let body = Body {
        name: &name,
        content_type: &args.content_type,
        bytes: bytes.into(),
        is_strict: scanner.is_treating,
    };
    let done = match &scanner.permit {
        Some(permit) => {
            body.treat(&scanner.protector, permit).map(|done| print_body(scanner, permit, args, &done))
        }
        None => body.scan(&scanner.protector).map(|findings| print_findings(&findings, args)),
    };
    done.unwrap_or_else(|Trouble { problems, exit }| {
        report(&problems, args.format.unwrap_or_default());
        exit
    })
}

fn print_findings(findings: &[Finding], args: &ScanArgs) -> Exit {
    for finding in findings {
        out(&match args.format {
            None | Some(Format::Json) => machine(finding).to_string(),
            Some(Format::Text) => text(finding),
        });
    }
    Exit::Good
}

fn print_body(scanner: &Scanner, permit: &Permit, args: &ScanArgs, done: &Done) -> Exit {
    if scanner.is_treating && args.format == Some(Format::Json) {
        out(&json!({
            "status": 200,
            "route": &**permit.route(),
            "purpose": permit.purpose(),
            "roles": names(permit.roles()),
            "rules": names(permit.rules()),
            "body_b64": STANDARD.encode(&done.body),
            "summary": counted(&done.summary),
        })
        .to_string());
        return Exit::Good;
    }
    let written = std::io::stdout().lock().write_all(&done.body);
    if written.is_ok() { Exit::Good } else { Exit::Problem }
}

fn names(names: &[Arc<str>]) -> Vec<&str> {
    names.iter().map(|name| &**name).collect()
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
        let done = job(scanner, &line).unwrap_or_else(|problem| {
            let said = problem.get("error").and_then(Value::as_str).unwrap_or_default();
            err(&format!("yingbi: line {}: {said}", number + 1));
            exit = Exit::Problem;
            *problem
        });
        out(&done.to_string());
    }
    exit
}

/// One body of a batch, or its id and why it can't be inspected.
fn job(scanner: &Scanner, line: &[u8]) -> Result<Value, Box<Value>> {
    let unread = |id: Value, what: &str| Box::new(json!({ "id": id, "error": what }));
    let Job { id, content_type, body_b64 } =
        serde_json::from_slice(line).map_err(|_| unread(Value::Null, "not a job"))?;
    let Ok(bytes) = STANDARD.decode(&body_b64) else { return Err(unread(id, "body_b64 is not base64")) };
    let is_strict = scanner.is_treating;
    let body = Body { name: "body_b64", content_type: &content_type, bytes: bytes.into(), is_strict };
    let inspect = || {
        let findings = body.scan(&scanner.protector)?;
        let treated =
            scanner.permit.as_ref().map(|permit| body.treat(&scanner.protector, permit)).transpose()?;
        Ok((findings, treated))
    };
    let (findings, treated) = inspect().map_err(|trouble: Trouble| told(&id, &trouble))?;
    let findings: Vec<Value> = findings.iter().map(machine).collect();
    let Some(treated) = treated else {
        return Ok(json!({ "id": id, "body_b64": body_b64, "findings": findings }));
    };
    let mut done = json!({ "id": id, "body_b64": STANDARD.encode(&treated.body), "findings": findings });
    if let Some(members) = done.as_object_mut().filter(|_| scanner.is_treating) {
        members.insert("summary".to_owned(), counted(&treated.summary));
    }
    Ok(done)
}

/// What is wrong with a job.
fn told(id: &Value, trouble: &Trouble) -> Box<Value> {
    let Some(problem) = trouble.problems.first() else { return Box::new(json!({ "id": id })) };
    let at = (problem.place.line > 0).then_some(problem.place.bytes.start);
    let (error, help) = (&problem.message.en, &problem.help.en);
    Box::new(json!({ "id": id, "error": error, "code": problem.code, "at": at, "help": help }))
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

fn counted(summary: &Summary) -> Value {
    let by_category = |counts: &BTreeMap<Category, u64>| {
        counts
            .iter()
            .map(|(category, count)| (category.id().to_owned(), Value::from(*count)))
            .collect::<Value>()
    };
    json!({
        "records": summary.records,
        "subjects": summary.subjects.len(),
        "shown": by_category(&summary.clear),
        "masked": by_category(&summary.masked),
        "dropped": by_category(&summary.dropped),
        "monitored": by_category(&summary.monitored),
        "raised": summary.raised.iter().map(|(id, count)| (id.to_string(), Value::from(*count))).collect::<Value>(),
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
