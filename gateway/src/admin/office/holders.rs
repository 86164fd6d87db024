//! `/api/v1/holders` (T/TSAC 001—2025 §8.2.2.1 h): DIDs of investors who sign their consents themselves.

use super::officer::Officer;
use super::{Change, Office, Refused, Served, body, detail, is_identifier, told};
use crate::state::rights::Holder;
use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;
use yingbi_crypto::Pseudonym;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    subject: String,
    did: String,
}

pub(super) async fn record(
    State(served): State<Arc<Served>>,
    Extension(officer): Extension<Officer>,
    bytes: Bytes,
) -> Response {
    let recorded = async {
        let office = served.office()?;
        let Written { subject, did } = body(&bytes)?;
        let is_did = ["did:key:", "did:jwk:", "did:web:"].iter().any(|method| did.starts_with(method));
        if !is_identifier(&subject) || !is_did || did.len() > DID_BYTES || did.contains(['#', '?', ' ']) {
            return Err(WRONG);
        }
        let (did, subject) = (office.rights.did(&did), office.rights.subject(&subject));
        let holder = Holder {
            id: did.to_string(),
            subject: subject.to_string(),
            since: office.rights.now(),
            by: officer.id.clone(),
        };
        let detail = detail([("by", &officer.id), ("id", &holder.id), ("subject", &holder.subject)]);
        let work = move |office: &Office| {
            office.rights.record_holder(did, subject, &holder)?;
            Ok(json!({ "id": holder.id, "subject": holder.subject }))
        };
        office.make(Change { event: "holder-recorded", detail, closes: false, work }).await
    };
    told(recorded.await, StatusCode::CREATED)
}

pub(super) async fn remove(
    State(served): State<Arc<Served>>,
    Extension(officer): Extension<Officer>,
    Path(id): Path<String>,
) -> Response {
    let removed = async {
        let office = served.office()?;
        let did = Pseudonym::from_hex(&id).ok_or(super::NOWHERE)?;
        let detail = detail([("by", officer.id.as_str()), ("id", &id)]);
        let work = move |office: &Office| {
            office.rights.remove_holder(did)?;
            Ok(json!({ "removed": id }))
        };
        office.make(Change { event: "holder-removed", detail, closes: true, work }).await
    };
    told(removed.await, StatusCode::OK)
}

const WRONG: Refused = Refused::new(
    StatusCode::BAD_REQUEST,
    "YB1320",
    "`subject` is an identifier, `did` one of did:key, did:jwk or did:web without fragment",
);

const DID_BYTES: usize = 2048;
