//! Who asks for a body, and how: given on the command line, decided by the gateway's own loader and engine.

use super::trouble::{Trouble, at_byte};
use crate::cli::Exit;
use crate::exchange::target::Target;
use clap::Args;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;
use yingbi_policies::{
    Caller, Day, Decision, Identity, Jwt, PolicySet, REFUSALS, Refusal, Request, Text, parse_request_line,
};

/// The access that a body is treated for.
#[derive(Debug, Args)]
#[group(id = "access")]
pub struct AskedArgs {
    /// Prints the body as these policies let the caller see it, instead of findings: the gateway's own loader and engine.
    #[arg(long, value_name = "POLICY_DIR", requires = "route", conflicts_with_all = ["redact_level", "policy"])]
    treat: Option<PathBuf>,
    /// The request that the body answers: `GET crm.internal/customers/42`.
    #[arg(long, value_name = "REQUEST", requires = "treat", value_parser = request)]
    route: Option<Asked>,
    /// Who asks: `role=teller`, `subject=80001234` (an investor who is the caller), `id=u1`, `stepped-up`; several with
    /// commas or by giving it again; or all as JSON with the keys of a PolicyTest's `caller`, and `claims` of a token.
    /// Without it nothing is known of the caller.
    #[arg(long = "caller", value_name = "FACTS", requires = "treat", value_parser = facts)]
    callers: Vec<Facts>,
    /// Purpose that the caller names.
    #[arg(long, requires = "treat")]
    purpose: Option<String>,
    /// Day of the access, `2026-12-31`; today in China without it.
    #[arg(long, value_name = "DAY", requires = "treat")]
    date: Option<Day>,
}

/// A request taken apart, its path canonical as the gateway matches it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Asked {
    method: String,
    host: String,
    path: String,
}

/// What is said of a caller.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
struct Facts {
    id: Option<String>,
    roles: Vec<String>,
    role: Option<String>,
    subjects: Vec<String>,
    subject: Option<String>,
    stepped_up: bool,
    authenticated: Option<bool>,
    claims: Option<Map<String, Value>>,
}

impl AskedArgs {
    /// The policies to treat by, if the body is to be treated.
    pub(super) fn policies(&self) -> Option<&Path> {
        self.treat.as_deref()
    }

    /// What these policies say of the access.
    pub(super) fn decide(&self, policies: &PolicySet) -> Decision {
        let facts = self.callers.iter().fold(Facts::default(), Facts::and);
        let asked = self.route.as_ref();
        let text = |part: fn(&Asked) -> &String| asked.map_or("", |asked| part(asked));
        let request = Request {
            method: text(|asked| &asked.method),
            host: text(|asked| &asked.host),
            path: text(|asked| &asked.path),
            purpose: self.purpose.as_deref(),
            today: self.date.unwrap_or_else(today),
        };
        policies.decide_caller(&facts.caller(policies), &request)
    }
}

/// A refusal as people and programs are told of it: nothing of the body is printed.
pub(super) fn refused(refusal: &Refusal) -> Trouble {
    let row = REFUSALS.iter().find(|row| row.code == refusal.code);
    let [en, zh, help_en, help_zh] = row.map_or([""; 4], |row| [row.en, row.zh, row.help_en, row.help_zh]);
    let says = Text::new(
        format!("refused with {}: {en}", refusal.status),
        format!("拒绝（{}）：{zh}", refusal.status),
    );
    let help = Text::new(help_en, help_zh);
    Trouble::one(at_byte("--route", &[], None, refusal.code, says, help), Exit::Refused)
}

impl Facts {
    /// What is said later adds to what was said before.
    fn and(mut self, more: &Facts) -> Facts {
        self.id = more.id.clone().or(self.id);
        self.roles.extend(more.roles.iter().chain(&more.role).cloned());
        self.subjects.extend(more.subjects.iter().chain(&more.subject).cloned());
        self.stepped_up |= more.stepped_up;
        self.authenticated = more.authenticated.or(self.authenticated);
        self.claims = more.claims.clone().or(self.claims);
        self
    }

    /// Of whom nothing is said nothing is known; roles follow from claims as well.
    fn caller(self, policies: &PolicySet) -> Caller {
        let nothing = self == Facts::default();
        if nothing || self.authenticated == Some(false) {
            return Caller::default();
        }
        let of_claims = self.claims.map(|claims| {
            let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            let (issuer, id) = (text("iss"), text("sub"));
            policies.caller(&Identity { id, jwt: Some(Jwt { issuer, claims }), ..Identity::default() })
        });
        let mut caller = of_claims.unwrap_or_default();
        caller.authenticated = true;
        caller.stepped_up |= self.stepped_up;
        caller.subjects.extend(self.subjects);
        caller.roles.extend(self.roles.into_iter().map(Arc::from));
        if let Some(id) = self.id {
            caller.id = id;
        } else if caller.id.is_empty() {
            caller.id = "scan".to_owned();
        }
        caller
    }
}

fn request(text: &str) -> Result<Asked, String> {
    let wrong = || "write `GET host.internal/path`".to_owned();
    let (method, host, _) = parse_request_line(text).ok_or_else(wrong)?;
    let target = text.trim().split_once(' ').map(|(_, rest)| rest.trim()).ok_or_else(wrong)?;
    let target = target.find('/').and_then(|at| target.get(at..)).ok_or_else(wrong)?;
    let parsed =
        Target::parse(target.as_bytes()).map_err(|why| format!("the gateway refuses this path: {why}"))?;
    Ok(Asked { method, host, path: parsed.target.path().to_owned() })
}

fn facts(text: &str) -> Result<Facts, String> {
    if text.trim_start().starts_with('{') {
        return serde_json::from_str(text).map_err(|why| why.to_string());
    }
    let mut facts = Facts::default();
    for fact in text.split(',').map(str::trim) {
        match fact.split_once('=') {
            Some(("role", role)) if !role.is_empty() => facts.roles.push(role.to_owned()),
            Some(("subject", subject)) if !subject.is_empty() => facts.subjects.push(subject.to_owned()),
            Some(("id", id)) if !id.is_empty() => facts.id = Some(id.to_owned()),
            None if matches!(fact, "stepped-up" | "stepped_up") => facts.stepped_up = true,
            None if fact == "authenticated" => facts.authenticated = Some(true),
            None if fact == "unauthenticated" => facts.authenticated = Some(false),
            // What stands there may be somebody's number: it is not repeated.
            _ => {
                return Err(
                    "say `role=…`, `subject=…`, `id=…`, `stepped-up`, `authenticated` or `unauthenticated`"
                        .to_owned(),
                );
            }
        }
    }
    let known = facts.stepped_up || !facts.roles.is_empty() || !facts.subjects.is_empty();
    if facts.authenticated == Some(false) && known {
        return Err("who is unauthenticated has neither role, subject nor step-up".to_owned());
    }
    Ok(facts)
}

fn today() -> Day {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Day::in_china(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests;
