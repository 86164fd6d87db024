//! What officers do through the admin port: `/api/v1/consents`, `/restrictions`, `/grants`, `/switches`, `/detoken`; and what ticket
//! systems tell it: `/webhooks/{source}`.
//!
//! Every route stands in one table with the roles that may use it (T/TSAC 001—2025 §7.5 i); what is not in the table does
//! not exist, and an officer with none of a route's roles is refused before its body is read. Whoever keeps consents does
//! not approve, whoever approves asks for nothing, whoever audits changes nothing; nobody decides about their own request.
//! Each change is in the access log before it is made.

mod consents;
mod detoken;
mod grants;
mod holders;
mod officer;
mod restrictions;
mod routes;
mod switches;
mod webhooks;

pub(super) use officer::Officer;
pub use officer::{OfficerEntry, OfficerRole};
pub use webhooks::WebhookEntry;

#[cfg(test)]
pub(super) use routes::matrix;
pub(super) use routes::routes;

use super::{Served, problem};
use crate::exchange::record;
use crate::keys::Keys;
use crate::policy_store::PolicyStore;
use crate::state::rights::{ChangeError, Rights};
use axum::body::Bytes;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::sync::Arc;
use yingbi_audit::{Log, Record};
use yingbi_classifiers::Classifier;

/// What officers' work needs.
pub struct Office {
    /// Consents, grants, switches.
    pub rights: Arc<Rights>,
    /// What tokens and envelopes were made with.
    pub keys: Arc<Keys>,
    /// Where every change is recorded first.
    pub audit: Arc<Log>,
    /// Templates of grants, names of purposes and roles.
    pub policies: Arc<PolicyStore>,
    /// Who may do what.
    pub officers: Vec<OfficerEntry>,
    /// Systems that open and close tickets.
    pub webhooks: Vec<WebhookEntry>,
}

/// Why something was not done.
#[derive(Debug)]
struct Refused {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
}

impl Refused {
    const fn new(status: StatusCode, code: &'static str, title: &'static str) -> Refused {
        Refused { status, code, title }
    }

    fn answer(&self) -> Response {
        problem(self.status, self.code, self.title)
    }
}

/// What is asked for can't be understood, by what of it.
const fn wrong(title: &'static str) -> Refused {
    Refused::new(StatusCode::BAD_REQUEST, "YB1907", title)
}

impl From<ChangeError> for Refused {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Missing => Refused::new(StatusCode::NOT_FOUND, "YB1908", "there is none of this id"),
            ChangeError::State => {
                Refused::new(StatusCode::CONFLICT, "YB1909", "its state does not allow this")
            }
            ChangeError::Own => {
                Refused::new(StatusCode::FORBIDDEN, "YB1910", "nobody decides about what they asked for")
            }
            ChangeError::Store(_) => UNWRITTEN,
        }
    }
}

const UNWRITTEN: Refused = Refused::new(
    StatusCode::SERVICE_UNAVAILABLE,
    "YB1911",
    "the change can't be recorded or written; what closes something rules all the same until the gateway stops",
);

const NOWHERE: Refused = Refused::new(StatusCode::NOT_FOUND, "YB1908", "there is none of this id");

type Done<T> = Result<T, Refused>;

/// A change to be made: its event in the log, then the work.
struct Change<W> {
    event: &'static str,
    detail: BTreeMap<String, String>,
    /// Whether it closes something: then it is made though it can't be recorded.
    closes: bool,
    work: W,
}

impl Served {
    fn office(&self) -> Done<&Arc<Office>> {
        self.admin.office.as_ref().ok_or(NOWHERE)
    }
}

impl Office {
    /// Makes a change after its event is durable.
    async fn make<T, W>(self: &Arc<Self>, change: Change<W>) -> Done<T>
    where
        T: Send + 'static,
        W: FnOnce(&Office) -> Done<T> + Send + 'static,
    {
        let Change { event, detail, closes, work } = change;
        let record = Record::Event { time: record::now(), event: event.to_owned(), detail: detail.clone() };
        let recorded = self.audit.append(record).await.is_ok();
        if !recorded && !closes {
            return Err(UNWRITTEN);
        }
        let done = self.read(work).await;
        if let Err(refused) = &done {
            let mut detail = detail;
            detail.insert("code".to_owned(), refused.code.to_owned());
            let event = format!("{event}-failed");
            self.audit.note(Record::Event { time: record::now(), event, detail });
        }
        if recorded { done } else { done.and(Err(UNWRITTEN)) }
    }

    /// Work that the disk may hold up.
    async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Office) -> Done<T> + Send + 'static,
    ) -> Done<T> {
        let office = Arc::clone(self);
        tokio::task::spawn_blocking(move || work(&office)).await.unwrap_or(Err(UNWRITTEN))
    }
}

/// Details of an event, without the empty ones.
fn detail<const N: usize>(of: [(&str, &str); N]) -> BTreeMap<String, String> {
    of.into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// The body as JSON of one shape, unknown keys refused.
fn body<T: DeserializeOwned>(bytes: &Bytes) -> Done<T> {
    serde_json::from_slice(bytes)
        .map_err(|_| wrong("the body is not the JSON that is expected here; see the manual"))
}

/// Answers with JSON.
fn json(status: StatusCode, body: &impl Serialize) -> Response {
    let text = serde_json::to_string(body).unwrap_or_default();
    (status, [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")], text)
        .into_response()
}

fn told<T: Serialize>(done: Done<T>, status: StatusCode) -> Response {
    match done {
        Ok(body) => json(status, &body),
        Err(refused) => refused.answer(),
    }
}

/// A name as policies write it.
fn is_name(text: &str) -> bool {
    (1..=128).contains(&text.chars().count())
        && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

/// An id that this gateway gave out.
fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// A short word: a ticket's number, a version, a channel.
fn is_word(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._:/-".contains(&byte))
        && holds_nobody(text)
}

/// A sentence for people, in which nobody is told of.
fn is_sentence(text: &str) -> bool {
    text.len() <= 512 && !text.chars().any(char::is_control) && holds_nobody(text)
}

/// An identifier of a person, as other systems write it.
fn is_identifier(text: &str) -> bool {
    (1..=256).contains(&text.len()) && !text.chars().any(char::is_control)
}

fn holds_nobody(text: &str) -> bool {
    let mut hits = vec![];
    Classifier::shipped().text(text, &mut hits);
    hits.is_empty()
}
