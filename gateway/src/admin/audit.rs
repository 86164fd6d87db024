//! `/api/v1/audit/…`: the access log for those who may read it: officers with the role `auditor` (T/TSAC 001—2025 §7.5 g,
//! §7.8 c, §7.11).
//!
//! - `GET` or `POST /api/v1/audit/records`: accesses by the filter of `yingbi audit search`, `limit` at a time, as `json`
//!   (with the cursor of the next page), `ndjson` or `csv`;
//! - `GET` or `POST /api/v1/audit/who-saw|seen-by|touched|blast-radius`: the questions of an incident;
//! - `GET /api/v1/audit/proof?record=SEQUENCE`: evidence of one record.
//!
//! A `GET` names conditions in its query, a `POST` in a JSON object. Only a `POST` takes `subject` and `caller` in clear,
//! for addresses are logged on their way; they become pseudonyms at once. A reading is in the log before its answer leaves.

use super::office::Officer;
use super::{Served, problem};
use crate::cli::audit::filter::shown;
use crate::cli::audit::incident::Question;
use crate::cli::audit::rows;
use crate::csv;
use axum::body::Bytes;
use axum::extract::{Extension, Path as UrlPath, RawQuery, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use yingbi_audit::bundle::{Unproved, prove};
use yingbi_audit::search::summary::Summary;
use yingbi_audit::search::{Filter, Order, grants_of, search};
use yingbi_audit::{Log, readings};
use yingbi_crypto::{Pseudonym, PseudonymKey};
use yingbi_taxonomy::{Category, Kind, Level};
use zeroize::Zeroize as _;

/// What reading the log through the administration port needs.
pub struct Auditing {
    /// Directory of the log.
    pub dir: PathBuf,
    /// The log, for the record of each reading.
    pub log: Arc<Log>,
    /// Key of pseudonyms.
    pub pseudonyms: PseudonymKey,
}

/// What is asked for. `Debug` would show who is.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Asked {
    subject: Option<InClear>,
    caller: Option<InClear>,
    subject_pseudonym: Option<String>,
    caller_pseudonym: Option<String>,
    from: Option<String>,
    to: Option<String>,
    route: Option<String>,
    category: Option<String>,
    level: Option<u8>,
    decision: Option<String>,
    code: Option<String>,
    rule: Option<String>,
    purpose: Option<String>,
    grant: Option<String>,
    ticket: Option<String>,
    trace: Option<String>,
    decision_id: Option<String>,
    record: Option<u64>,
    limit: Option<u64>,
    cursor: Option<u64>,
    order: OrderAsked,
    format: Format,
}

/// Who somebody is; wiped when dropped.
#[derive(Deserialize, serde::Serialize)]
#[serde(transparent)]
pub(super) struct InClear(pub(super) String);

impl Drop for InClear {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum OrderAsked {
    #[default]
    Newest,
    Oldest,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    #[default]
    Json,
    Ndjson,
    Csv,
}

/// Any of the addresses; the guard of its route has let this officer through.
pub(super) async fn read(
    State(served): State<Arc<Served>>,
    Extension(officer): Extension<Officer>,
    UrlPath(what): UrlPath<String>,
    method: Method,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Response {
    let Some(auditing) = &served.admin.auditing else {
        return problem(StatusCode::NOT_FOUND, "YB1901", "not found");
    };
    let asked = match method {
        Method::POST => serde_json::from_slice::<Asked>(&body).ok(),
        _ => of_query(query.as_deref().unwrap_or_default()),
    };
    let Some((asked, filter)) = asked.and_then(|asked| auditing.filter(&asked).map(|filter| (asked, filter)))
    else {
        return problem(StatusCode::BAD_REQUEST, "YB1921", "the question is not understood");
    };
    let question = [Question::WhoSaw, Question::SeenBy, Question::Touched, Question::BlastRadius]
        .into_iter()
        .find(|question| question.name() == what);
    if question.is_some_and(|question| question.lacks(&filter).is_some()) {
        return problem(StatusCode::BAD_REQUEST, "YB1921", "the question lacks whom or what it is about");
    }
    if question.is_none() && !["records", "proof"].contains(&&*what) {
        return problem(StatusCode::NOT_FOUND, "YB1901", "not found");
    }
    let detail = BTreeMap::from([
        ("by".to_owned(), officer.id),
        ("what".to_owned(), what.clone()),
        ("asked".to_owned(), asked.record.map_or_else(|| shown(&filter), |_| "record".to_owned())),
    ]);
    if auditing.log.append(readings::event(detail)).await.is_err() {
        return problem(StatusCode::SERVICE_UNAVAILABLE, "YB1922", "the reading can't be recorded");
    }
    let dir = auditing.dir.clone();
    // The disk may be slow; metrics and health must not wait for it.
    let done = tokio::task::spawn_blocking(move || match (question, &*what) {
        (Some(question), _) => answer(&dir, question, &filter),
        (None, "proof") => proof(&dir, asked.record),
        (None, _) => records(&dir, &asked, filter),
    });
    match done.await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) | Err(_) => {
            problem(StatusCode::SERVICE_UNAVAILABLE, "YB1923", "the audit log can't be read")
        }
    }
}

impl Auditing {
    /// The grants that are asked for; `None` when the log can't tell a ticket's.
    fn grants(&self, asked: &Asked) -> Option<Option<Vec<String>>> {
        match (&asked.grant, &asked.ticket) {
            (None, None) => Some(None),
            (Some(grant), None) => Some(Some(vec![grant.clone()])),
            (None, Some(ticket)) => grants_of(&self.dir, ticket).ok().map(Some),
            (Some(_), Some(_)) => None,
        }
    }

    /// The filter; `None` for what is not understood: a condition silently dropped would show more than was asked for.
    fn filter(&self, asked: &Asked) -> Option<Filter> {
        let pseudonym = |domain: &str, plain: &Option<InClear>, hex: &Option<String>| match (plain, hex) {
            (Some(_), Some(_)) => None,
            (Some(plain), None) => Some(Some(self.pseudonyms.pseudonym(domain, &plain.0).to_string())),
            (None, Some(hex)) => Pseudonym::from_hex(hex).map(|pseudonym| Some(pseudonym.to_string())),
            (None, None) => Some(None),
        };
        let time = |text: &Option<String>| match text {
            None => Some(None),
            Some(text) => crate::state::inventory::time(text).map(Some),
        };
        let category = match &asked.category {
            None => None,
            Some(id) => Some(Category::from_id(id).or_else(|| Kind::from_id(id).map(Kind::category))?),
        };
        let level = match asked.level {
            None => None,
            Some(level) => Some(Level::try_from(level).ok()?),
        };
        let (before, after) = match asked.order {
            OrderAsked::Newest => (asked.cursor, None),
            OrderAsked::Oldest => (None, asked.cursor),
        };
        Some(Filter {
            from: time(&asked.from)?,
            to: time(&asked.to)?,
            caller: pseudonym("caller", &asked.caller, &asked.caller_pseudonym)?,
            subject: pseudonym("subject", &asked.subject, &asked.subject_pseudonym)?,
            route: asked.route.clone(),
            category,
            level,
            decision: asked.decision.clone(),
            trace: asked.trace.clone(),
            decision_id: asked.decision_id.clone(),
            code: asked.code.clone(),
            rule: asked.rule.clone(),
            purpose: asked.purpose.clone(),
            grants: self.grants(asked)?,
            before,
            after,
        })
    }
}

/// The conditions of a query; `None` for what is not understood, and for people in clear.
fn of_query(query: &str) -> Option<Asked> {
    let mut map = serde_json::Map::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=')?;
        let value = super::inventory::decoded(value)?;
        let value = match name {
            "subject" | "caller" => return None,
            "level" | "record" | "limit" | "cursor" => serde_json::Value::from(value.parse::<u64>().ok()?),
            _ => serde_json::Value::from(value),
        };
        if map.insert(name.to_owned(), value).is_some() {
            return None;
        }
    }
    serde_json::from_value(serde_json::Value::Object(map)).ok()
}

fn records(dir: &std::path::Path, asked: &Asked, filter: Filter) -> std::io::Result<Response> {
    let order = match asked.order {
        OrderAsked::Newest => Order::Newest,
        OrderAsked::Oldest => Order::Oldest,
    };
    let limit = asked.limit.unwrap_or(PAGE).min(MOST);
    let (mut all, mut text) = (Vec::new(), String::new());
    if asked.format == Format::Csv {
        text.push_str(&csv::line(&rows::CSV_COLUMNS.map(str::to_owned)));
        text.push_str("\r\n");
    }
    let searched = search(dir, &filter, order, Some(limit), &mut |entry| {
        match asked.format {
            Format::Json => all.push(rows::as_json(&entry)),
            Format::Ndjson => {
                text.push_str(&rows::as_json(&entry).to_string());
                text.push('\n');
            }
            Format::Csv => {
                text.push_str(&csv::line(&rows::csv_cells(&entry)));
                text.push_str("\r\n");
            }
        }
        Ok(())
    })?;
    let media_type = match asked.format {
        Format::Json => {
            let cursor = searched.last.filter(|_| searched.more);
            text = serde_json::json!({ "records": all, "cursor": cursor, "unreadable": searched.unreadable })
                .to_string();
            "application/json"
        }
        Format::Ndjson => "application/x-ndjson",
        Format::Csv => "text/csv; charset=utf-8; header=present",
    };
    let cursor = searched.last.filter(|_| searched.more).map(|last| last.to_string());
    let mut response = shielded(media_type, text);
    if let Some(cursor) = cursor.and_then(|cursor| cursor.try_into().ok()) {
        response.headers_mut().insert("yingbi-cursor", cursor);
    }
    Ok(response)
}

fn answer(dir: &std::path::Path, question: Question, filter: &Filter) -> std::io::Result<Response> {
    let mut summary = Summary::default();
    search(dir, filter, Order::Oldest, None, &mut |entry| {
        summary.add(&entry);
        Ok(())
    })?;
    Ok(shielded("application/json", question.answer(filter, &summary).to_string()))
}

fn proof(dir: &std::path::Path, record: Option<u64>) -> std::io::Result<Response> {
    let Some(record) = record else {
        return Ok(problem(StatusCode::BAD_REQUEST, "YB1921", "the question lacks the record"));
    };
    Ok(match prove(dir, &[record]) {
        Ok(bundle) => shielded("application/json", bundle.to_json()),
        Err(Unproved::NoRecord) => problem(StatusCode::NOT_FOUND, "YB1901", "the log has no such record"),
        Err(Unproved::NotWitnessed) => {
            problem(StatusCode::NOT_FOUND, "YB1926", "no checkpoint covers the record yet")
        }
        Err(Unproved::Damaged | Unproved::Read(_)) => {
            problem(StatusCode::SERVICE_UNAVAILABLE, "YB1923", "the audit log can't be read")
        }
    })
}

fn shielded(media_type: &'static str, text: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, media_type),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, text).into_response()
}

/// Records on a page unless told otherwise, and at most: a page is held in memory.
const PAGE: u64 = 100;
const MOST: u64 = 10_000;
