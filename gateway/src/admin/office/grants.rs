//! `/api/v1/grants` (T/TSAC 001—2025 §7.5 c, h, j, k): asked for under a template, approved by somebody else, revoked,
//! taken without approval in an emergency and reviewed after.

use super::officer::{Officer, OfficerRole};
use super::{
    Change, Done, Office, Refused, Served, body, detail, is_identifier, is_sentence, is_word, told, wrong,
};
use crate::state::rights::{ChangeError, Grant, GrantState, Moment, Review, new_id};
use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use yingbi_policies::{GrantTemplate, PolicySet};

/// What is asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    template: String,
    #[serde(default)]
    ticket: Option<String>,
    /// The investor; none for a grant that lifts a limit.
    #[serde(default)]
    subject: Option<String>,
    /// The caller who will use it, as the gateway identifies them.
    holder: String,
    reason: String,
    #[serde(default)]
    break_glass: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reviewed {
    justified: bool,
    #[serde(default)]
    note: String,
}

pub(super) async fn ask(
    State(served): State<Arc<Served>>,
    Extension(officer): Extension<Officer>,
    bytes: Bytes,
) -> Response {
    told(asked(&served, officer, &bytes).await, StatusCode::CREATED)
}

async fn asked(served: &Served, officer: Officer, bytes: &Bytes) -> Done<Value> {
    let office = served.office()?;
    let asked: Asked = body(bytes)?;
    let policies = office.policies.current();
    let template = template(&policies, &asked.template)?;
    if !officer.acts_as_any(&template.asked_by) {
        return Err(NOT_FOR_THEM);
    }
    check(&asked)?;
    if asked.break_glass && !template.break_glass {
        return Err(wrong("the template has no `break_glass`: somebody must approve"));
    }
    let lifts = policies.all_limits().iter().any(|limit| limit.lift() == Some(&template.id));
    if asked.subject.is_none() && !lifts {
        return Err(wrong("`subject` is missing: a grant opens one investor's data"));
    }
    if template.detoken && (asked.ticket.is_none() || asked.subject.is_none()) {
        return Err(wrong(
            "a grant with `detoken` is for one `ticket` and one `subject`: an investor, or the token",
        ));
    }
    if asked.ticket.as_deref().is_some_and(|ticket| office.rights.is_closed(ticket)) {
        return Err(Refused::new(StatusCode::CONFLICT, "YB1909", "the ticket is closed"));
    }
    let now = office.rights.now();
    let mut grant = of_template(template, now, &officer.id).ok_or(super::UNWRITTEN)?;
    grant.ticket = asked.ticket;
    grant.subject = asked.subject.as_deref().map(|subject| office.rights.subject(subject).to_string());
    grant.holder = office.rights.caller(&asked.holder).to_string();
    grant.reason = asked.reason;
    if asked.break_glass {
        grant.break_glass = true;
        approve_now(&mut grant, now, "break-glass");
    }
    let event = if asked.break_glass { "break-glass" } else { "grant-requested" };
    let detail = of_grant(&grant, &officer.id);
    if asked.break_glass {
        // 001 §7.5 j: loud, so that nobody learns of it by chance.
        tracing::error!(grant = grant.id, by = officer.id, "break-glass: a grant was taken without approval");
    }
    let work = move |office: &Office| {
        let answer = shown(&grant, office.rights.now());
        office.rights.ask(grant)?;
        Ok(answer)
    };
    office.make(Change { event, detail, closes: false, work }).await
}

fn check(asked: &Asked) -> Done<()> {
    if !is_identifier(&asked.holder)
        || asked.subject.as_deref().is_some_and(|subject| !is_identifier(subject))
    {
        return Err(wrong("`holder` and `subject` are identifiers of 1 to 256 characters"));
    }
    if asked.ticket.as_deref().is_some_and(|ticket| !is_word(ticket)) {
        return Err(wrong("`ticket` is a number of a ticket, without personal information"));
    }
    if asked.reason.is_empty() || !is_sentence(&asked.reason) {
        return Err(wrong("`reason` is a sentence without personal information"));
    }
    Ok(())
}

pub(super) async fn list(State(served): State<Arc<Served>>, RawQuery(query): RawQuery) -> Response {
    let listed = async {
        let office = served.office()?;
        let now = office.rights.now();
        let wanted: Box<dyn Fn(&Grant) -> bool> = match query.as_deref().unwrap_or_default() {
            "" => Box::new(|_| true),
            "review=pending" => Box::new(Grant::awaits_review),
            "state=requested" => Box::new(move |grant| grant.state(now) == GrantState::Requested),
            "state=active" => Box::new(move |grant| grant.state(now) == GrantState::Active),
            _ => return Err(wrong("`review=pending`, `state=requested` or `state=active` may be asked")),
        };
        let grants = office.rights.grants();
        let grants: Vec<Value> =
            grants.iter().filter(|grant| wanted(grant)).map(|grant| shown(grant, now)).collect();
        Ok(json!({ "grants": grants }))
    };
    told(listed.await, StatusCode::OK)
}

pub(super) async fn approve(
    State(served): State<Arc<Served>>,
    Extension(officer): Extension<Officer>,
    Path(id): Path<String>,
) -> Response {
    let approved = async {
        let office = served.office()?;
        let grant = office.rights.grant(&id).ok_or(super::NOWHERE)?;
        let policies = office.policies.current();
        if !officer.acts_as_any(&template(&policies, &grant.template)?.approved_by) {
            return Err(NOT_FOR_THEM);
        }
        may_decide(office, &officer, &grant)?;
        is_in(office, &grant, GrantState::Requested)?;
        if grant.ticket.as_deref().is_some_and(|ticket| office.rights.is_closed(ticket)) {
            return Err(Refused::new(StatusCode::CONFLICT, "YB1909", "the ticket is closed"));
        }
        let detail = of_grant(&grant, &officer.id);
        let change = move |grant: &mut Grant, now: Moment| {
            if grant.state(now) != GrantState::Requested {
                return Err(ChangeError::State);
            }
            approve_now(grant, now, &officer.id);
            Ok(())
        };
        let work = move |office: &Office| Ok(shown(&office.rights.change(&id, change)?, office.rights.now()));
        office.make(Change { event: "grant-approved", detail, closes: false, work }).await
    };
    told(approved.await, StatusCode::OK)
}

pub(super) async fn refuse(
    State(served): State<Arc<Served>>,
    Extension(officer): Extension<Officer>,
    Path(id): Path<String>,
) -> Response {
    end(&served, officer, id, ("grant-refused", GrantState::Requested)).await
}

pub(super) async fn revoke(
    State(served): State<Arc<Served>>,
    Extension(officer): Extension<Officer>,
    Path(id): Path<String>,
) -> Response {
    end(&served, officer, id, ("grant-revoked", GrantState::Active)).await
}

async fn end(
    served: &Served,
    officer: Officer,
    id: String,
    (event, from): (&'static str, GrantState),
) -> Response {
    let ended = async {
        let office = served.office()?;
        let grant = office.rights.grant(&id).ok_or(super::NOWHERE)?;
        // Whoever only asks may give back their own, and end nobody else's.
        let only_asks = !officer.has_any(&[OfficerRole::Approver, OfficerRole::SecurityAdmin]);
        if only_asks && grant.asked_by != officer.id {
            return Err(NOT_FOR_THEM);
        }
        is_in(office, &grant, from)?;
        let detail = of_grant(&grant, &officer.id);
        let change = move |grant: &mut Grant, now: Moment| {
            if grant.state(now) != from {
                return Err(ChangeError::State);
            }
            (grant.ended, grant.ended_by) = (Some(now), Some(officer.id));
            Ok(())
        };
        let work = move |office: &Office| Ok(shown(&office.rights.change(&id, change)?, office.rights.now()));
        office.make(Change { event, detail, closes: true, work }).await
    };
    told(ended.await, StatusCode::OK)
}

pub(super) async fn review(
    State(served): State<Arc<Served>>,
    Extension(officer): Extension<Officer>,
    Path(id): Path<String>,
    bytes: Bytes,
) -> Response {
    let reviewed = async {
        let office = served.office()?;
        let Reviewed { justified, note } = body(&bytes)?;
        if !is_sentence(&note) {
            return Err(wrong("`note` is a sentence without personal information"));
        }
        let grant = office.rights.grant(&id).ok_or(super::NOWHERE)?;
        may_decide(office, &officer, &grant)?;
        if !grant.awaits_review() {
            return Err(ChangeError::State.into());
        }
        let mut detail = of_grant(&grant, &officer.id);
        detail.insert("justified".to_owned(), justified.to_string());
        let change = move |grant: &mut Grant, now: Moment| {
            if !grant.awaits_review() {
                return Err(ChangeError::State);
            }
            grant.review = Some(Review { at: now, by: officer.id, justified, note });
            Ok(())
        };
        let work = move |office: &Office| Ok(shown(&office.rights.change(&id, change)?, office.rights.now()));
        office.make(Change { event: "break-glass-reviewed", detail, closes: false, work }).await
    };
    told(reviewed.await, StatusCode::OK)
}

/// Nobody decides about what they asked for or may use themselves.
fn may_decide(office: &Office, officer: &Officer, grant: &Grant) -> Done<()> {
    let is_own =
        grant.asked_by == officer.id || grant.holder == office.rights.caller(&officer.id).to_string();
    if is_own { Err(ChangeError::Own.into()) } else { Ok(()) }
}

/// Looked at before it is recorded, so that the log tells of nothing that could not be; and again when it is done.
fn is_in(office: &Office, grant: &Grant, state: GrantState) -> Done<()> {
    if grant.state(office.rights.now()) == state { Ok(()) } else { Err(ChangeError::State.into()) }
}

fn template<'p>(policies: &'p PolicySet, id: &str) -> Done<&'p GrantTemplate> {
    let found = policies.grant_templates().iter().find(|template| *template.id == *id);
    found.ok_or(wrong("no grant template of this id rules now"))
}

/// A grant under a template, asked for now.
pub(super) fn of_template(template: &GrantTemplate, now: Moment, by: &str) -> Option<Grant> {
    Some(Grant {
        id: new_id("g").ok()?,
        template: template.id.to_string(),
        ticket: None,
        subject: None,
        holder: String::new(),
        purposes: template.purposes.iter().map(|purpose| purpose.to_string()).collect(),
        kinds: template.kinds.map(|kinds| kinds.iter().map(|kind| kind.id().to_owned()).collect()),
        once: template.once,
        lasts_seconds: template.lasts.as_secs(),
        reason: String::new(),
        asked: now,
        asked_by: by.to_owned(),
        approved: None,
        approved_by: None,
        ends: None,
        ended: None,
        ended_by: None,
        used: None,
        break_glass: false,
        review: None,
    })
}

/// Its time begins.
pub(super) fn approve_now(grant: &mut Grant, now: Moment, by: &str) {
    grant.approved = Some(now);
    grant.approved_by = Some(by.to_owned());
    grant.ends = Some(now.after(Duration::from_secs(grant.lasts_seconds)));
}

pub(super) fn of_grant(grant: &Grant, by: &str) -> std::collections::BTreeMap<String, String> {
    detail([
        ("by", by),
        ("id", &grant.id),
        ("template", &grant.template),
        ("ticket", grant.ticket.as_deref().unwrap_or_default()),
        ("subject", grant.subject.as_deref().unwrap_or_default()),
        ("holder", &grant.holder),
        ("reason", &grant.reason),
    ])
}

fn shown(grant: &Grant, now: Moment) -> Value {
    let mut shown = json!(grant);
    if let Some(shown) = shown.as_object_mut() {
        shown.insert("state".to_owned(), json!(grant.state(now)));
    }
    shown
}

const NOT_FOR_THEM: Refused = Refused::new(
    StatusCode::FORBIDDEN,
    "YB1912",
    "the officer acts in the name of no role that the template names for this",
);
