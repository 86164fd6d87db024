//! `/api/v1/webhooks/{source}` (T/TSAC 001—2025 §7.5 k; T/SAC 001, 002): a complaint or call-back system opens and closes
//! tickets. It signs each message with a secret that both know; a message that is old, or older than what is known of its
//! ticket, changes nothing.
//!
//! ```text
//! Yingbi-Signature: t=1795000000000,sm3=<64 digits>     HMAC-SM3 over "1795000000000." and the body
//! {"event": "open", "ticket": "TS-1", "template": "complaint", "subject": "80001234", "handler": "login-of-li"}
//! ```

use super::grants::{approve_now, of_grant, of_template};
use super::{Change, Done, Office, Refused, Served, body, detail, is_identifier, is_word, wrong};
use crate::config::Secret;
use crate::state::rights::{ChangeError, Ticket};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use yingbi_crypto::{constant_time_eq, hex, hmac_sm3};

/// A system that may open and close tickets.
#[derive(Clone)]
pub struct WebhookEntry {
    /// Its name in the URL, in records and in grants.
    pub id: String,
    /// The secret that both know.
    pub secret: Arc<Secret>,
}

impl std::fmt::Debug for WebhookEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "WebhookEntry({})", self.id)
    }
}

#[derive(Debug, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase", deny_unknown_fields)]
enum Message {
    Open { ticket: String, template: String, subject: String, handler: String },
    Close { ticket: String },
}

pub(super) async fn told(
    State(served): State<Arc<Served>>,
    Path(source): Path<String>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Response {
    super::told(heard(&served, &source, &headers, &bytes).await, StatusCode::OK)
}

async fn heard(served: &Served, source: &str, headers: &HeaderMap, bytes: &Bytes) -> Done<Value> {
    let office = served.office().map_err(|_| UNSIGNED)?;
    let entry = office.webhooks.iter().find(|entry| entry.id == source).ok_or(UNSIGNED)?;
    let at = signed_at(entry, headers, bytes)?;
    if at.abs_diff(office.rights.now().ms()) > u64::try_from(OLDEST.as_millis()).unwrap_or(u64::MAX) {
        return Err(UNSIGNED);
    }
    let by = format!("ticket:{source}");
    match body(bytes)? {
        Message::Open { ticket, template, subject, handler } => {
            if !is_word(&ticket) || !is_identifier(&subject) || !is_identifier(&handler) {
                return Err(wrong("`ticket` is a number, `subject` and `handler` are identifiers"));
            }
            if !office.rights.is_news(&ticket, at) {
                return Err(ChangeError::State.into());
            }
            let policies = office.policies.current();
            let found = policies.grant_templates().iter().find(|own| *own.id == *template && own.by_ticket);
            let found = found.ok_or(wrong("no grant template of this id is opened by tickets"))?;
            let now = office.rights.now();
            let mut grant = of_template(found, now, &by).ok_or(super::UNWRITTEN)?;
            grant.subject = Some(office.rights.subject(&subject).to_string());
            grant.holder = office.rights.caller(&handler).to_string();
            grant.ticket = Some(ticket.clone());
            approve_now(&mut grant, now, &by);
            let detail = of_grant(&grant, &by);
            let ticket = Ticket { id: ticket, source: source.to_owned(), open: true, changed: at };
            let work = move |office: &Office| {
                let answer = json!({ "ticket": ticket.id, "grant": grant.id, "ends": grant.ends });
                office.rights.open_ticket(ticket, Some(grant))?;
                Ok(answer)
            };
            office.make(Change { event: "ticket-opened", detail, closes: false, work }).await
        }
        Message::Close { ticket } => {
            if !is_word(&ticket) {
                return Err(wrong("`ticket` is a number"));
            }
            if !office.rights.is_news(&ticket, at) {
                return Err(ChangeError::State.into());
            }
            let detail = detail([("by", by.as_str()), ("ticket", &ticket)]);
            let ticket = Ticket { id: ticket, source: source.to_owned(), open: false, changed: at };
            let work =
                move |office: &Office| Ok(json!({ "ended": office.rights.close_ticket(ticket, &by)? }));
            office.make(Change { event: "ticket-closed", detail, closes: true, work }).await
        }
    }
}

/// When the message was signed, in milliseconds since 1970, if the signature holds.
fn signed_at(entry: &WebhookEntry, headers: &HeaderMap, bytes: &Bytes) -> Done<i64> {
    let mut values = headers.get_all("yingbi-signature").iter();
    let (Some(value), None) = (values.next(), values.next()) else { return Err(UNSIGNED) };
    let value = value.to_str().map_err(|_| UNSIGNED)?;
    let parts = value.strip_prefix("t=").and_then(|rest| rest.split_once(",sm3="));
    let (at, tag) = parts.ok_or(UNSIGNED)?;
    let tag: [u8; 32] = hex::decode(tag).ok_or(UNSIGNED)?;
    let is_number = !at.is_empty() && at.bytes().all(|byte| byte.is_ascii_digit());
    let expected = hmac_sm3(entry.secret.expose(), &[at.as_bytes(), b".", bytes]);
    if !is_number || !constant_time_eq(&expected, &tag) {
        return Err(UNSIGNED);
    }
    at.parse().map_err(|_| UNSIGNED)
}

/// One answer for all that is wrong with a signature: whoever guesses learns nothing.
const UNSIGNED: Refused = Refused::new(
    StatusCode::UNAUTHORIZED,
    "YB1913",
    "the message is not signed by a known source, or too old; see `admin.webhooks`",
);

/// How old a message may be: it is retried, but not kept.
const OLDEST: Duration = Duration::from_secs(300);
