//! `/api/v1/restrictions` (T/TSAC 001—2025 §8.9): investors who restrict the processing of their data, or whose accounts
//! are closed.

use super::officer::Officer;
use super::{Change, Office, Served, body, detail, is_identifier, is_sentence, told, wrong};
use crate::state::rights::{Restriction, RestrictionState, new_id};
use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    subject: String,
    state: RestrictionState,
    reason: String,
}

pub(super) async fn restrict(
    State(served): State<Arc<Served>>,
    Extension(officer): Extension<Officer>,
    bytes: Bytes,
) -> Response {
    let restricted = async {
        let office = served.office()?;
        let Written { subject, state, reason } = body(&bytes)?;
        if !is_identifier(&subject) || reason.is_empty() || !is_sentence(&reason) {
            return Err(wrong(
                "`subject` is an identifier, `reason` a sentence without personal information",
            ));
        }
        let subject = office.rights.subject(&subject);
        let restriction = Restriction {
            id: new_id("r").map_err(|_| super::UNWRITTEN)?,
            subject: subject.to_string(),
            state,
            reason,
            since: office.rights.now(),
            by: officer.id.clone(),
        };
        let detail = detail([
            ("by", &officer.id),
            ("id", &restriction.id),
            ("subject", &restriction.subject),
            ("reason", &restriction.reason),
        ]);
        let work = move |office: &Office| {
            office.rights.restrict(subject, &restriction)?;
            Ok(json!({ "id": restriction.id, "subject": restriction.subject }))
        };
        office.make(Change { event: "subject-restricted", detail, closes: true, work }).await
    };
    told(restricted.await, StatusCode::CREATED)
}

pub(super) async fn list(State(served): State<Arc<Served>>) -> Response {
    let listed = async {
        let office = served.office()?;
        let restrictions =
            office.read(|office| office.rights.restrictions().map_err(super::consents::unread)).await?;
        Ok(json!({ "restrictions": restrictions }))
    };
    told(listed.await, StatusCode::OK)
}

pub(super) async fn release(
    State(served): State<Arc<Served>>,
    Extension(officer): Extension<Officer>,
    Path(id): Path<String>,
) -> Response {
    let released = async {
        let office = served.office()?;
        if !super::is_id(&id) {
            return Err(super::NOWHERE);
        }
        let detail = detail([("by", officer.id.as_str()), ("id", &id)]);
        let work = move |office: &Office| {
            office.rights.release(&id)?;
            Ok(json!({ "released": id }))
        };
        office.make(Change { event: "subject-released", detail, closes: false, work }).await
    };
    told(released.await, StatusCode::OK)
}
