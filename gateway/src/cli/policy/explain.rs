//! `yingbi policy explain DIR`: one request in words.

use super::test_run::{format_of, protector};
use super::{Format, Speech, USAGE, bound, load, print};
use clap::Args;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use yingbi_classifiers::How;
use yingbi_policies::{
    Caller, Decision, Explanation, Identity, Jwt, KindWord, PolicySet, TestCase, Treatment, Verdict,
};
use yingbi_protect::Finding;
use yingbi_taxonomy::Kind;

/// `yingbi policy explain …`
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The policy directory.
    dir: PathBuf,
    /// A case of a PolicyTest, by its name or as `test/name`; the other flags then only change it.
    #[arg(long)]
    case: Option<String>,
    /// The request: `GET host.internal/path`.
    #[arg(long)]
    route: Option<String>,
    /// A role of the caller; may be given again.
    #[arg(long = "caller-role")]
    roles: Vec<String>,
    /// The claims of the caller's token as JSON, `iss` among them; roles follow from them. Not verified: nothing is
    /// released here.
    #[arg(long)]
    claims: Option<String>,
    /// Identifier of the caller.
    #[arg(long)]
    caller_id: Option<String>,
    /// An investor identifier that is the caller's own; may be given again.
    #[arg(long = "caller-subject")]
    subjects: Vec<String>,
    /// The caller stepped up.
    #[arg(long)]
    stepped_up: bool,
    /// Nothing is known of the caller.
    #[arg(long, conflicts_with_all = ["roles", "claims", "subjects", "stepped_up"])]
    unauthenticated: bool,
    /// Purpose of the access.
    #[arg(long)]
    purpose: Option<String>,
    /// An investor for whom the caller has an active grant; may be given again.
    #[arg(long)]
    granted: Vec<String>,
    /// An investor who consented to the purpose; may be given again.
    #[arg(long)]
    consented: Vec<String>,
    /// An investor the processing of whose data is restricted; may be given again.
    #[arg(long)]
    restricted: Vec<String>,
    /// A file with what the upstream answers.
    #[arg(long)]
    body: Option<PathBuf>,
    /// Media type of the body.
    #[arg(long)]
    content_type: Option<String>,
}

pub(super) fn run(args: ExplainArgs, speech: Speech) -> ExitCode {
    let set = match load(&args.dir, speech) {
        Ok((set, _)) => set,
        Err(exit) => return exit,
    };
    let (case, caller) = match asked(&args, &set, speech) {
        Ok(asked) => asked,
        Err(wrong) => {
            print(&wrong);
            return ExitCode::from(USAGE);
        }
    };
    let subjects = case.subjects();
    let explanation = set.explain_about(&caller, &case.request(), subjects.as_ref());
    let findings = match findings(&set, &caller, &case) {
        Ok(findings) => findings,
        Err(error) => {
            print(&format!("{}: {error}", speech.say("the body can't be read", "应答内容无法读取")));
            return ExitCode::from(1);
        }
    };
    match speech.format {
        Format::Json => print(&as_json(&explanation, &findings, speech)),
        Format::Text => as_text(&explanation, &findings, case.response.is_some(), speech),
    }
    ExitCode::SUCCESS
}

/// What is found in the body, and what the route's binding says of it: a binding comes before what is recognised.
fn findings(
    set: &PolicySet,
    caller: &Caller,
    case: &TestCase,
) -> Result<Vec<Finding>, yingbi_protect::Uninspectable> {
    let (Some(body), Some(format)) = (&case.response, format_of(&case.content_type)) else {
        return Ok(Vec::new());
    };
    let mut findings = protector().scan_with(set.classifiers(), format, body.as_bytes())?;
    let subjects = case.subjects();
    let decision = set.decide_caller_about(caller, &case.request(), subjects.as_ref());
    let Decision::Permit(permit) = decision else { return Ok(findings) };
    let Ok(document) = serde_json::from_str::<Value>(body) else { return Ok(findings) };
    for (path, kind) in permit.binding().map(|binding| bound::fields(binding, &document)).unwrap_or_default()
    {
        findings.retain(|finding| finding.path != path);
        let span = (0, 0);
        findings.extend(kind.map(|kind| Finding { path, span, kind, how: How::Binding, confidence: 100 }));
    }
    Ok(findings)
}

/// The request and caller the flags describe.
fn asked(args: &ExplainArgs, set: &PolicySet, speech: Speech) -> Result<(TestCase, Caller), String> {
    let mut case = match &args.case {
        None => TestCase { content_type: "application/json".to_owned(), ..TestCase::default() },
        Some(name) => find(set, name, speech)?,
    };
    case.remembered.granted.extend(args.granted.iter().cloned());
    case.remembered.consented.extend(args.consented.iter().cloned());
    case.remembered.restricted.extend(args.restricted.iter().cloned());
    let mut caller = match (&args.case, &args.claims) {
        (_, Some(claims)) => set.caller(&identity(claims, args, speech)?),
        (Some(_), None) => case.caller.resolved(),
        (None, None) => {
            Caller { authenticated: !args.unauthenticated, id: "explain".to_owned(), ..Caller::default() }
        }
    };
    if args.unauthenticated {
        caller = Caller::default();
    }
    caller.roles.extend(args.roles.iter().map(|role| Arc::from(role.as_str())));
    caller.subjects.extend(args.subjects.iter().cloned());
    caller.stepped_up |= args.stepped_up;
    if let Some(id) = &args.caller_id {
        caller.id.clone_from(id);
    }
    if let Some(route) = &args.route {
        let wrong = || {
            format!(
                "`{route}` {}",
                speech.say("is no request: write `GET host/path`", "不是请求：请写 `GET host/path`")
            )
        };
        (case.method, case.host, case.path) = yingbi_policies::parse_request_line(route).ok_or_else(wrong)?;
    } else if args.case.is_none() {
        return Err(speech
            .say(
                "give --route \"GET host/path\" or --case NAME",
                "请给出 --route \"GET host/path\" 或 --case 名称",
            )
            .to_owned());
    }
    if args.purpose.is_some() {
        case.purpose.clone_from(&args.purpose);
    }
    if let Some(content_type) = &args.content_type {
        case.content_type.clone_from(content_type);
    }
    if let Some(file) = &args.body {
        let text =
            std::fs::read_to_string(file).map_err(|error| format!("{}: {}", file.display(), error.kind()))?;
        case.response = Some(text);
    }
    Ok((case, caller))
}

fn find(set: &PolicySet, name: &str, speech: Speech) -> Result<TestCase, String> {
    let named = |case: &&TestCase| case.name == name || format!("{}/{}", case.test, case.name) == name;
    let mut found = set.tests().iter().filter(named);
    match (found.next(), found.next()) {
        (Some(case), None) => Ok(case.clone()),
        (None, _) => Err(format!("{} `{name}`", speech.say("no case is called", "没有用例名为"))),
        (Some(_), Some(_)) => Err(format!(
            "`{name}`: {}",
            speech.say("several cases; write `test/name`", "有多个同名用例，请写 `test/name`")
        )),
    }
}

fn identity(claims: &str, args: &ExplainArgs, speech: Speech) -> Result<Identity, String> {
    let wrong = || {
        speech
            .say(
                "--claims is not a JSON object with `iss` and `sub`",
                "--claims 不是含 `iss` 与 `sub` 的JSON对象",
            )
            .to_owned()
    };
    let Ok(Value::Object(claims)) = serde_json::from_str::<Value>(claims) else { return Err(wrong()) };
    let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
    let (issuer, id) = (text("iss").ok_or_else(wrong)?, text("sub").ok_or_else(wrong)?);
    Ok(Identity {
        id,
        subjects: args.subjects.clone(),
        jwt: Some(Jwt { issuer, claims }),
        stepped_up: args.stepped_up,
        ..Identity::default()
    })
}

fn as_text(explanation: &Explanation, findings: &[Finding], has_body: bool, speech: Speech) {
    print(&explanation.decision_text(speech.language).trim_end());
    let views = views(explanation, speech);
    if !has_body {
        for (title, words) in &views {
            print(&format!("{title}:\n{}", Explanation::view_text(words, speech.language).trim_end()));
        }
        return;
    }
    print(&format!("{}:", speech.say("fields", "字段")));
    for finding in findings {
        let kind = finding.kind;
        let name = speech.say(kind.en(), kind.zh());
        let [found, level] = [speech.say("found by", "识别依据："), speech.say("level", "级别")];
        let how = how(finding.how, speech);
        let path = if finding.path.is_empty() { "/" } else { &finding.path };
        print(&format!(
            "  {path}: {kind} ({name}), {level} {}, {found} {how}, {}%",
            kind.level(),
            finding.confidence
        ));
        for (title, words) in &views {
            if let Some(word) = words.iter().find(|word| word.kind == kind) {
                print(&format!("    {title}: {}", word.text(speech.language)));
            }
        }
    }
}

fn views(explanation: &Explanation, speech: Speech) -> Vec<(&str, &[KindWord])> {
    let own = explanation.own.as_deref().map(|words| (speech.say("own records", "本人记录"), words));
    let other = explanation.other.as_deref().map(|words| (speech.say("others' records", "他人记录"), words));
    let more = explanation.more.iter().map(|(name, words)| (name.to(speech.language), words.as_slice()));
    own.into_iter().chain(other).chain(more).collect()
}

fn how(how: How, speech: Speech) -> &'static str {
    match how {
        How::Binding => speech.say("the firm's binding", "绑定声明"),
        How::Key => speech.say("the field name", "字段名"),
        How::Context => speech.say("field name and neighbours", "字段名与上下文"),
        How::Value => speech.say("the value", "取值"),
        How::Text => speech.say("text", "自由文本"),
    }
}

/// What a combination makes stricter, by kind.
fn changed(changed: &[(Kind, Treatment)], speech: Speech) -> Value {
    let each = changed
        .iter()
        .map(|(kind, treatment)| (kind.id().to_owned(), Value::from(treatment.text().to(speech.language))));
    Value::Object(each.collect())
}

fn as_json(explanation: &Explanation, findings: &[Finding], speech: Speech) -> Value {
    let word = |word: &KindWord| {
        json!({
            "kind": word.kind.id(),
            "category": word.kind.category().id(),
            "level": word.kind.level().number(),
            "treatment": word.treatment.text().to(speech.language),
            "by": word.by,
            "lost": word.lost.iter().map(|(rule, why)| json!({"rule": rule, "why": why.to(speech.language)})).collect::<Vec<_>>(),
            "floor": word.floor.as_ref().map(|(rule, clauses)| json!({"rule": rule, "clause": clauses})),
        })
    };
    let view = |words: &Option<Vec<KindWord>>| {
        words.as_ref().map(|words| words.iter().map(word).collect::<Vec<_>>())
    };
    let rules = explanation.rules.iter().filter(|rule| rule.verdict < Verdict::OtherRoute).map(|rule| {
        json!({
            "id": rule.id,
            "title": rule.title,
            "clause": rule.clauses,
            "verdict": rule.verdict.text().to(speech.language),
        })
    });
    let fields = findings.iter().map(|finding| {
        json!({
            "path": finding.path,
            "kind": finding.kind.id(),
            "level": finding.kind.level().number(),
            "how": how(finding.how, speech),
            "confidence": finding.confidence,
        })
    });
    json!({
        "permitted": explanation.refused.is_none(),
        "status": explanation.refused.map_or(200, |(status, _)| status),
        "code": explanation.refused.map(|(_, code)| code),
        "route": explanation.route,
        "purpose": explanation.purpose,
        "roles": explanation.roles,
        "rules": rules.collect::<Vec<_>>(),
        "request": {
            "rules": explanation.request_rules.iter().filter(|rule| rule.verdict < Verdict::OtherRoute).map(|rule| json!({
                "id": rule.id,
                "title": rule.title,
                "clause": rule.clauses,
                "verdict": rule.verdict.text().to(speech.language),
            })).collect::<Vec<_>>(),
            "kinds": changed(&explanation.request, speech),
        },
        "overrides": explanation.overrides.iter().map(|one| json!({
            "category": one.of,
            "level": one.level.map(yingbi_taxonomy::Level::number),
            "as": one.taken_for.map(yingbi_taxonomy::Kind::id),
            "reason": one.reason,
            "clause": one.clauses,
        })).collect::<Vec<_>>(),
        "raises": explanation.raises.iter().map(|raise| json!({
            "id": raise.id,
            "title": raise.title,
            "clause": raise.clauses,
            "enforced": raise.enforced,
            "when": raise.cause.text().to(speech.language),
            "own": changed(&raise.own, speech),
            "other": changed(&raise.other, speech),
        })).collect::<Vec<_>>(),
        "own": view(&explanation.own),
        "other": view(&explanation.other),
        "more": explanation.more.iter().map(|(name, words)| json!({
            "subject": name.to(speech.language),
            "kinds": words.iter().map(word).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "fields": fields.collect::<Vec<_>>(),
    })
}
