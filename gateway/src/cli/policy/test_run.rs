//! `yingbi policy test DIR`: cases through the gateway's own decision and protection.

use super::{Format, Speech, load, print};
use crate::exchange::problem::{self, Problem};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use yingbi_classifiers::Classifier;
use yingbi_crypto::PseudonymKey;
use yingbi_crypto::keys::{DataKey, KeyName, KeyState, Ring, Slot};
use yingbi_policies::{Decision, ExpectedRecord, PolicySet, TestCase};
use yingbi_protect::{Limits, Protector, Summary};
use yingbi_taxonomy::Category;

/// How one case came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseResult {
    /// The `PolicyTest`'s id.
    pub test: String,
    /// Name of the case.
    pub name: String,
    /// Where it differs from what it expects; empty: it passed.
    pub failures: Vec<Failure>,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What differs: `status`, `code`, `rules`, `body`, `record.masked` …
    pub what: &'static str,
    /// What the case expects.
    pub expected: String,
    /// What came of it.
    pub found: String,
}

/// Runs every case of a set.
pub fn run_cases(set: &PolicySet) -> Vec<CaseResult> {
    let protector = protector();
    set.tests().iter().map(|case| run_case(set, &protector, case)).collect()
}

/// A protector as the gateway has it; pseudonyms in tests need no secret, they are only counted.
///
/// Data keys are the same in every run, so that tokens and shifted dates are.
pub(super) fn protector() -> Protector {
    let protector = Protector::new(Classifier::shipped(), PseudonymKey::new([0; 32]), Limits::default());
    let slots = Category::all().enumerate().filter_map(|(nth, category)| {
        let name = KeyName { kid: format!("test{nth:04}"), category: category.id().to_owned(), version: 1 };
        let key = DataKey::new(name.clone(), [0x51; DataKey::SECRET_BYTES].into(), 0)?;
        Some(Slot { name, state: KeyState::Active, lasting: true, key: Some(Arc::new(key)) })
    });
    let ring = Arc::new(Ring::new(slots.collect()));
    protector.set_keys(Arc::new(move || ring.clone()));
    protector
}

pub(super) fn run(directory: &Path, speech: Speech) -> ExitCode {
    let set = match load(directory, speech) {
        Ok((set, _)) => set,
        Err(exit) => return exit,
    };
    let results = run_cases(&set);
    let failed = results.iter().filter(|result| !result.failures.is_empty()).count();
    match speech.format {
        Format::Json => print(&as_json(&results, failed)),
        Format::Text => as_text(&results, failed, speech),
    }
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

fn run_case(set: &PolicySet, protector: &Protector, case: &TestCase) -> CaseResult {
    let mut failures = Vec::new();
    let expect = &case.expect;
    let subjects = case.subjects();
    let decision = set.decide_caller_about(&case.caller.resolved(), &case.request(), subjects.as_ref());
    let (status, code, rules) = match decision {
        Decision::Refuse(refusal) => (refusal.status, Some(refusal.code), refusal.rules),
        Decision::Permit(permit) => {
            run_request(protector, &permit, case, &mut failures);
            let (status, code) = match &case.response {
                Some(response) => run_body(protector, &permit, case, response, &mut failures),
                None => (200, None),
            };
            (status, code, permit.rules().to_vec())
        }
    };
    // A case that names a body, or no status and no code, is about an answer.
    let expected_status = expect.status.or_else(|| (expect.code.is_none()).then_some(200));
    if let Some(expected) = expected_status {
        differ(&mut failures, "status", expected.to_string(), status.to_string());
    }
    if let Some(expected) = &expect.code {
        differ(&mut failures, "code", expected.clone(), code.unwrap_or("-").to_owned());
    }
    if let Some(expected) = &expect.rules {
        let sorted = |mut rules: Vec<String>| {
            rules.sort();
            rules.join(", ")
        };
        let found = rules.iter().map(|rule| rule.to_string()).collect();
        differ(&mut failures, "rules", sorted(expected.clone()), sorted(found));
    }
    if status != 200 {
        for (wanted, what) in [(expect.body.is_some(), "body"), (expect.record.is_some(), "record")] {
            if wanted {
                differ(&mut failures, what, "an answer".to_owned(), "none".to_owned());
            }
        }
    }
    CaseResult { test: case.test.clone(), name: case.name.clone(), failures }
}

/// Treats the request's body as the gateway would.
fn run_request(
    protector: &Protector,
    permit: &yingbi_policies::Permit,
    case: &TestCase,
    failures: &mut Vec<Failure>,
) {
    let Some((body, expected)) = case.body.as_ref().zip(case.expect.request_body.as_ref()) else { return };
    let treated = format_of(&case.body_type).map(|format| protector.request(permit, format, body.as_bytes()));
    let found = match treated {
        Some(None) => body.clone(),
        Some(Some(Ok(treated))) => without_secrets(&String::from_utf8_lossy(&treated.body)),
        None | Some(Some(Err(_))) => "refused".to_owned(),
    };
    differ(
        failures,
        "request_body",
        without_secrets(expected).trim_end().to_owned(),
        found.trim_end().to_owned(),
    );
}

/// Treats the response as the gateway would; the status that comes of it, and the code of a refusal.
fn run_body(
    protector: &Protector,
    permit: &yingbi_policies::Permit,
    case: &TestCase,
    response: &str,
    failures: &mut Vec<Failure>,
) -> (u16, Option<&'static str>) {
    let refused = |problem: Problem| (problem.status, Some(problem.code));
    let Some(format) = format_of(&case.content_type) else {
        return refused(problem::CONTENT_TYPE);
    };
    let treated = match protector.body(permit, format, response.as_bytes()) {
        Ok(treated) => treated,
        Err(why) => return refused(why.into()),
    };
    if let Some(expected) = &case.expect.body {
        let found = without_secrets(&String::from_utf8_lossy(&treated.body));
        differ(
            failures,
            "body",
            without_secrets(expected).trim_end().to_owned(),
            found.trim_end().to_owned(),
        );
    }
    if let Some(expected) = &case.expect.record {
        record(expected, &treated.summary, failures);
    }
    (200, None)
}

fn record(expected: &ExpectedRecord, found: &Summary, failures: &mut Vec<Failure>) {
    if let Some(subjects) = expected.subjects {
        differ(failures, "record.subjects", subjects.to_string(), found.subjects.len().to_string());
    }
    if let Some(expected) = &expected.raised {
        let shown = |all: &mut dyn Iterator<Item = (String, u64)>| {
            all.map(|(id, count)| format!("{id}: {count}")).collect::<Vec<_>>().join(", ")
        };
        let expected = shown(&mut expected.iter().map(|(id, count)| (id.clone(), *count)));
        let found = shown(&mut found.raised.iter().map(|(id, count)| (id.to_string(), *count)));
        differ(failures, "record.raised", expected, found);
    }
    let counts = [
        ("record.shown", &expected.shown, &found.clear),
        ("record.masked", &expected.masked, &found.masked),
        ("record.dropped", &expected.dropped, &found.dropped),
        ("record.monitored", &expected.monitored, &found.monitored),
    ];
    for (what, expected, found) in counts {
        if let Some(expected) = expected {
            differ(failures, what, counted(expected), counted(found));
        }
    }
}

/// Envelopes are new each time, and tokens say nothing: `yb1.*` and `ybt1.*` stand for any.
fn without_secrets(text: &str) -> String {
    let envelope = |text: &str| yingbi_crypto::envelope::looks_sealed(text);
    let shortened = shorten(text, "yb1.", envelope);
    shorten(&shortened, "ybt1.", yingbi_crypto::token::looks_like_token)
}

fn shorten(text: &str, prefix: &str, is_one: impl Fn(&str) -> bool) -> String {
    let mut parts = text.split(prefix);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let is_of_it = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
        let end = part.find(|character| !is_of_it(character)).unwrap_or(part.len());
        let (own, rest) = part.split_at_checked(end).unwrap_or((part, ""));
        out.push_str(prefix);
        out.push_str(if is_one(&format!("{prefix}{own}")) { "*" } else { own });
        out.push_str(rest);
    }
    out
}

fn counted(counts: &BTreeMap<Category, u64>) -> String {
    let nonzero = counts.iter().filter(|(_, count)| **count > 0);
    let each: Vec<String> = nonzero.map(|(category, count)| format!("{category}: {count}")).collect();
    format!("{{{}}}", each.join(", "))
}

fn differ(failures: &mut Vec<Failure>, what: &'static str, expected: String, found: String) {
    if expected != found {
        failures.push(Failure { what, expected, found });
    }
}

/// How a media type is read.
pub(super) fn format_of(content_type: &str) -> Option<yingbi_protect::Format> {
    let media = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let text = || media.starts_with("text/").then_some(yingbi_protect::Format::Text);
    yingbi_protect::Format::of(&media, None).or_else(text)
}

fn as_text(results: &[CaseResult], failed: usize, speech: Speech) {
    for result in results {
        let word = if result.failures.is_empty() {
            speech.say("ok", "通过")
        } else {
            speech.say("FAILED", "失败")
        };
        print(&format!("{word} {} / {}", result.test, result.name));
        for Failure { what, expected, found } in &result.failures {
            print(&format!("    {what}: {} {expected}", speech.say("expected", "期望")));
            print(&format!("    {what}: {} {found}", speech.say("found   ", "实际")));
        }
    }
    let total = results.len();
    print(&match speech.language {
        yingbi_policies::Language::English => format!("{total} cases, {failed} failed"),
        yingbi_policies::Language::Chinese => format!("共{total}例，失败{failed}例"),
    });
}

fn as_json(results: &[CaseResult], failed: usize) -> serde_json::Value {
    let failure = |failure: &Failure| serde_json::json!({ "what": failure.what, "expected": failure.expected, "found": failure.found });
    let cases: Vec<serde_json::Value> = results
        .iter()
        .map(|result| {
            serde_json::json!({
                "test": result.test,
                "name": result.name,
                "passed": result.failures.is_empty(),
                "failures": result.failures.iter().map(failure).collect::<Vec<_>>(),
            })
        })
        .collect();
    serde_json::json!({ "good": failed == 0, "total": results.len(), "failed": failed, "cases": cases })
}
