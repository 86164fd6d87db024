//! `/api/v1/switches` (T/TSAC 001—2025 §7.10 c): stop a caller, role, recipient or route at once.

use super::officer::Officer;
use super::{Change, Office, Served, body, detail, is_identifier, is_sentence, json, told, wrong};
use crate::state::rights::{Stops, Switch, new_id};
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
    stops: Stops,
    name: String,
    reason: String,
}

pub(super) async fn throw(
    State(served): State<Arc<Served>>,
    Extension(officer): Extension<Officer>,
    bytes: Bytes,
) -> Response {
    let thrown = async {
        let office = served.office()?;
        let Written { stops, name, reason } = body(&bytes)?;
        if !is_identifier(&name) || reason.is_empty() || !is_sentence(&reason) {
            return Err(wrong("`name` says which, `reason` is a sentence without personal information"));
        }
        let name = match stops {
            Stops::Caller => office.rights.caller(&name).to_string(),
            Stops::Role if !office.policies.current().has_role(&name) => {
                return Err(wrong("no role of this name is declared in the policies"));
            }
            _ => name,
        };
        let switch = Switch {
            id: new_id("k").map_err(|_| super::UNWRITTEN)?,
            stops,
            name,
            reason,
            since: office.rights.now(),
            by: officer.id.clone(),
        };
        let detail = detail([
            ("by", &officer.id),
            ("id", &switch.id),
            ("stops", switch.stops.name()),
            ("name", &switch.name),
            ("reason", &switch.reason),
        ]);
        let work = move |office: &Office| {
            office.rights.throw(switch.clone())?;
            Ok(json!(switch))
        };
        office.make(Change { event: "switch-thrown", detail, closes: true, work }).await
    };
    told(thrown.await, StatusCode::CREATED)
}

pub(super) async fn list(State(served): State<Arc<Served>>) -> Response {
    match served.office() {
        Ok(office) => json(StatusCode::OK, &json!({ "switches": office.rights.switches() })),
        Err(refused) => refused.answer(),
    }
}

pub(super) async fn reset(
    State(served): State<Arc<Served>>,
    Extension(officer): Extension<Officer>,
    Path(id): Path<String>,
) -> Response {
    let reset = async {
        let office = served.office()?;
        if !office.rights.switches().iter().any(|switch| switch.id == id) {
            return Err(super::NOWHERE);
        }
        let detail = detail([("by", officer.id.as_str()), ("id", &id)]);
        let work = move |office: &Office| Ok(office.rights.reset(&id)?);
        office.make(Change { event: "switch-reset", detail, closes: false, work }).await
    };
    told(reset.await, StatusCode::OK)
}
