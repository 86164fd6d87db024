//! `/api/v1/detoken` (T/TSAC 001—2025 §3.8, §7.5 h, k): what a token or envelope stands for, told to the officer to whom a
//! grant was given for that, and to nobody else.
//!
//! A grant is for one ticket and, as its subject, either one investor or one token, envelope or value of the same form. For
//! an investor, envelopes that are bound to the investor open, and a token is resolved when it is the investor's own number;
//! all else could be anybody's. For the very token, it is resolved: an envelope by its key, a value of FF1 by its kind, and
//! a token, which is a one-way function, by the candidates that the officer brings. Level 4 is resolved for nobody. The
//! access is in the log, with its subjects, before a value leaves; so is a refusal.

use super::officer::Officer;
use super::{Done, Office, Refused, Served, UNWRITTEN, body, detail, is_identifier, is_word, told, wrong};
use crate::admin::audit::InClear;
use crate::exchange::record;
use crate::state::rights::{ChangeError, Grant, GrantState, new_id};
use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use yingbi_audit::{Intent, Outcome, Record};
use yingbi_crypto::token::looks_like_token;
use yingbi_protect::{KeyTrouble, Reveal};
use yingbi_taxonomy::{Category, Kind, KindSet, Level};

/// What is asked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    grant: String,
    ticket: String,
    /// The investor, or the very token, that the grant is for.
    subject: InClear,
    /// The purpose that tokens and values of the same form were made for.
    #[serde(default)]
    purpose: String,
    /// Where an envelope stood that is bound to its path.
    #[serde(default)]
    path: Option<String>,
    /// What values of the same form are.
    #[serde(default)]
    kind: Option<String>,
    values: Vec<Stood>,
    /// Values of which a token may be.
    #[serde(default)]
    candidates: Vec<InClear>,
}

/// What stands for a value.
#[derive(Clone, Deserialize, Serialize)]
#[serde(untagged)]
enum Stood {
    Text(String),
    Number(serde_json::Number),
}

/// One value's answer.
#[derive(Serialize)]
struct Resolved {
    value: Stood,
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    plain: Option<InClear>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
}

#[derive(Serialize)]
struct Answer {
    decision_id: String,
    results: Vec<Resolved>,
}

pub(in crate::admin) async fn resolve(
    State(served): State<Arc<Served>>,
    Extension(officer): Extension<Officer>,
    bytes: Bytes,
) -> Response {
    told(resolved(&served, officer, &bytes).await, StatusCode::OK)
}

async fn resolved(served: &Served, officer: Officer, bytes: &Bytes) -> Done<Answer> {
    let office = served.office()?;
    let asked: Asked = body(bytes)?;
    check(&asked)?;
    let decision_id = new_id("d").map_err(|_| UNWRITTEN)?;
    let mut intent = Intent {
        time: record::now(),
        decision_id: decision_id.clone(),
        caller: office.rights.caller(&officer.id).to_string(),
        identified_by: "officer".to_owned(),
        roles: officer.acts_as.clone(),
        method: "POST".to_owned(),
        route: PATH.to_owned(),
        purpose: Some(asked.purpose.clone()).filter(|purpose| !purpose.is_empty()),
        policy: office.policies.current().version().to_owned(),
        subjects: vec![office.rights.subject(&asked.subject.0).to_string()],
        ..Intent::default()
    };
    let (grant, kinds) = match allowed(office, &officer, &asked) {
        Ok(allowed) => allowed,
        Err(refused) => {
            served.admin.metrics.detokened(refused.code);
            "refuse".clone_into(&mut intent.decision);
            (intent.code, intent.status) = (Some(refused.code.to_owned()), refused.status.as_u16());
            office.audit.append(Record::Intent(Box::new(intent))).await.map_err(|_| UNWRITTEN)?;
            return Err(refused);
        }
    };
    let (id, is_once) = (grant.id.clone(), grant.once);
    let mut details = super::grants::of_grant(&grant, &officer.id);
    let results = office.read(move |office| Ok(answers(office, &asked, kinds))).await?;
    if is_once && results.iter().any(|result| result.plain.is_some()) {
        let id = id.clone();
        office.read(move |office| Ok(use_up(office, &id)?)).await?;
    }
    "permit".clone_into(&mut intent.decision);
    intent.status = StatusCode::OK.as_u16();
    intent.grants = vec![id];
    note(office, &mut intent, &results);
    details.extend(detail([("decision_id", &decision_id), ("resolved", &intent.records.to_string())]));
    let event = Record::Event { time: record::now(), event: "detoken".to_owned(), detail: details };
    // Nothing leaves that is not in the log.
    office.audit.append(event).await.map_err(|_| UNWRITTEN)?;
    office.audit.append(Record::Intent(Box::new(intent))).await.map_err(|_| UNWRITTEN)?;
    for result in &results {
        served.admin.metrics.detokened(result.code.unwrap_or(RESOLVED));
    }
    for category in results.iter().filter_map(|result| Category::from_id(result.category?)) {
        served.admin.metrics.values(category, crate::metrics::Shown::Clear, 1);
    }
    office.audit.note(Record::Outcome(Outcome {
        time: record::now(),
        decision_id: decision_id.clone(),
        result: "handed-to-socket".to_owned(),
        bytes: 0,
    }));
    Ok(Answer { decision_id, results })
}

fn check(asked: &Asked) -> Done<()> {
    if !is_identifier(&asked.subject.0) {
        return Err(wrong("`subject` is an investor's number or one token, of 1 to 256 characters"));
    }
    if !is_word(&asked.ticket) {
        return Err(wrong("`ticket` is the number of the grant's ticket"));
    }
    if !(1..=MOST_VALUES).contains(&asked.values.len()) {
        return Err(wrong("`values` are 1 to 64 tokens or envelopes"));
    }
    let is_kind = |kind: &str| Kind::from_id(kind).is_some();
    if asked.kind.as_deref().is_some_and(|kind| !is_kind(kind)) {
        return Err(wrong("`kind` is a kind of the taxonomy, such as `basic.mobile`"));
    }
    Ok(())
}

/// The grant, and the kinds it is for.
fn allowed(office: &Office, officer: &Officer, asked: &Asked) -> Done<(Grant, KindSet)> {
    let is_theirs = |grant: &Grant| grant.holder == office.rights.caller(&officer.id).to_string();
    let grant = office.rights.grant(&asked.grant).filter(is_theirs).ok_or(NO_GRANT)?;
    let is_closed = grant.ticket.as_deref().is_none_or(|ticket| office.rights.is_closed(ticket));
    // Given by a person, however the template reads by now.
    let is_approved = !grant.break_glass && grant.asked_by != grant.approved_by.clone().unwrap_or_default();
    if grant.state(office.rights.now()) != GrantState::Active || is_closed || !is_approved {
        return Err(NO_GRANT);
    }
    let is_it = grant.ticket.as_deref() == Some(&*asked.ticket)
        && grant.subject == Some(office.rights.subject(&asked.subject.0).to_string());
    if !is_it {
        return Err(ANOTHERS);
    }
    let policies = office.policies.current();
    let template = policies.grant_templates().iter().find(|template| *template.id == *grant.template);
    if !template.is_some_and(|template| template.detoken) {
        return Err(NOT_FOR_THIS);
    }
    if !(grant.purposes.is_empty() || grant.purposes.contains(&asked.purpose)) {
        return Err(NOT_FOR_THIS);
    }
    let kinds = match &grant.kinds {
        None => Kind::all().collect(),
        Some(kinds) => kinds.iter().filter_map(|kind| Kind::from_id(kind)).collect(),
    };
    Ok((grant, kinds))
}

/// What the values stand for.
fn answers(office: &Office, asked: &Asked, kinds: KindSet) -> Vec<Resolved> {
    let reveal = Reveal::new(office.keys.ring(), &asked.purpose);
    let asking = Asking { asked, reveal: &reveal, kinds };
    let answer = |value: &Stood| {
        let (text, is_number) = match value {
            Stood::Text(text) => (text.clone(), false),
            Stood::Number(number) => (number.to_string(), true),
        };
        let done = asking.one(&text, is_number);
        let value = value.clone();
        match done {
            Ok((category, plain)) => {
                Resolved { value, category: Some(category.id()), plain: Some(plain), code: None }
            }
            Err(code) => Resolved { value, category: None, plain: None, code: Some(code) },
        }
    };
    asked.values.iter().map(answer).collect()
}

struct Asking<'a> {
    asked: &'a Asked,
    reveal: &'a Reveal,
    kinds: KindSet,
}

type One = Result<(Category, InClear), &'static str>;

impl Asking<'_> {
    fn one(&self, text: &str, is_number: bool) -> One {
        // The grant is for this very token.
        let is_named = *text == *self.asked.subject.0;
        if text.starts_with("yb1.") {
            self.envelope(text, is_named)
        } else if looks_like_token(text) {
            self.token(text, is_named)
        } else {
            self.same_form(text, is_number, is_named)
        }
    }

    fn envelope(&self, text: &str, is_named: bool) -> One {
        let category = self.reveal.category_of(text).ok_or(KeyTrouble::UnknownKey.code())?;
        self.is_covered(category)?;
        let subject = Some(self.asked.subject.0.as_str()).filter(|_| !is_named);
        let opened = self.reveal.envelope(text, subject, self.asked.path.as_deref());
        let mut opened = opened.map_err(KeyTrouble::code)?;
        if is_named || opened.is_subjects {
            Ok((category, InClear(std::mem::take(&mut *opened.text))))
        } else {
            Err(NOT_THE_SUBJECTS)
        }
    }

    fn token(&self, text: &str, is_named: bool) -> One {
        let own = [self.asked.subject.0.as_str()];
        let brought = self.asked.candidates.iter().map(|candidate| candidate.0.as_str());
        let candidates: Vec<&str> = if is_named { brought.collect() } else { own.into() };
        let mut code = if is_named { NO_CANDIDATE } else { NOT_THE_SUBJECTS };
        let kind = self.asked.kind.as_deref().and_then(Kind::from_id);
        let categories = Category::all().filter(|own| kind.is_none_or(|kind| kind.category() == *own));
        for category in categories.filter(|category| self.is_covered(*category).is_ok()) {
            match self.reveal.tokens(category, candidates.iter().copied()) {
                Ok(tokens) => {
                    if let Some((_, plain)) =
                        tokens.iter().zip(&candidates).find(|(token, _)| **token == *text)
                    {
                        return Ok((category, InClear((*plain).to_owned())));
                    }
                }
                Err(trouble) => code = trouble.code(),
            }
        }
        Err(code)
    }

    fn same_form(&self, text: &str, is_number: bool, is_named: bool) -> One {
        let kind = self.asked.kind.as_deref().and_then(Kind::from_id).ok_or(NOTHING_OF_OURS)?;
        if kind.level() == Level::L4 || !self.kinds.contains(kind) {
            return Err(NOT_COVERED);
        }
        let mut plain = self.reveal.of_same_form(kind, text, is_number).map_err(KeyTrouble::code)?;
        let is_theirs = is_named || **plain == self.asked.subject.0;
        if is_theirs {
            Ok((kind.category(), InClear(std::mem::take(&mut *plain))))
        } else {
            Err(NOT_THE_SUBJECTS)
        }
    }

    /// An envelope and a token say their category and no more: the grant must be for all of it.
    fn is_covered(&self, category: Category) -> Result<(), &'static str> {
        let mut own = Kind::all().filter(|kind| kind.category() == category);
        let is_covered = category.level() != Level::L4 && own.all(|kind| self.kinds.contains(kind));
        if is_covered { Ok(()) } else { Err(NOT_COVERED) }
    }
}

/// Takes the one use of a grant.
fn use_up(office: &Office, id: &str) -> Result<(), ChangeError> {
    let used = office.rights.change(id, |grant, now| {
        if grant.state(now) != GrantState::Active {
            return Err(ChangeError::State);
        }
        grant.used = Some(now);
        Ok(())
    });
    used.map(drop)
}

/// What is told, for the record: counts, and whose.
fn note(office: &Office, intent: &mut Intent, results: &[Resolved]) {
    let mut subjects: BTreeSet<String> = intent.subjects.drain(..).collect();
    let mut counts = BTreeMap::new();
    for result in results {
        let (Some(category), Some(plain)) = (result.category, &result.plain) else { continue };
        *counts.entry(category.to_owned()).or_insert(0) += 1;
        intent.records += 1;
        if category == Category::AccountInvestorCode.id() {
            subjects.insert(office.rights.subject(&plain.0).to_string());
        }
    }
    for code in results.iter().filter_map(|result| result.code) {
        *intent.keyed.entry(format!("detoken: {code}")).or_default() += 1;
    }
    intent.subjects = subjects.into_iter().collect();
    intent.clear = counts;
}

/// Its address.
pub(super) const PATH: &str = "/api/v1/detoken";
/// Longest body: candidates.
pub(super) const BODY_BYTES: usize = 4 << 20;
const MOST_VALUES: usize = 64;

/// Outcomes that metrics count: that of a value that was resolved, and codes.
pub(crate) const RESOLVED: &str = "resolved";
const NO_CANDIDATE: &str = "YB0733";
const NOT_THE_SUBJECTS: &str = "YB0734";
const NOT_COVERED: &str = "YB0735";
const NOTHING_OF_OURS: &str = "YB0736";

const NO_GRANT: Refused = Refused::new(
    StatusCode::FORBIDDEN,
    "YB0730",
    "the officer has no active grant of this id that somebody else approved, with an open ticket",
);
const ANOTHERS: Refused =
    Refused::new(StatusCode::FORBIDDEN, "YB0731", "the grant is for another ticket or another subject");
const NOT_FOR_THIS: Refused = Refused::new(
    StatusCode::FORBIDDEN,
    "YB0732",
    "the grant's template does not say `detoken`, or the grant is for other purposes",
);
