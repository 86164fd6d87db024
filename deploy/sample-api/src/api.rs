//! The API: routes over the firm's synthetic investors.

use crate::{IdentityProvider, Person, market, people, shapes, tickets};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::Write;
use std::sync::{Arc, Mutex};

/// What the API serves: people, their tickets, and the demo's identity provider.
pub struct Firm {
    seed: u64,
    people: Vec<Person>,
    by_id: HashMap<String, usize>,
    tickets: Vec<Value>,
    contacts: Mutex<HashMap<String, Value>>,
    identity_provider: Option<IdentityProvider>,
}

impl Firm {
    /// A firm with `investors` customers made from `seed`; with an identity provider it serves `/jwks.json`.
    pub fn new(seed: u64, investors: usize, identity_provider: Option<IdentityProvider>) -> Firm {
        let people = people(seed, investors);
        let by_id =
            people.iter().enumerate().map(|(index, person)| (person.client_id.clone(), index)).collect();
        let tickets = tickets::all(&people, seed);
        Firm { seed, people, by_id, tickets, contacts: Mutex::default(), identity_provider }
    }

    /// The investor with this client number.
    pub fn person(&self, client_id: &str) -> Option<&Person> {
        self.people.get(*self.by_id.get(client_id)?)
    }
}

type Shared = State<Arc<Firm>>;

/// The routes.
pub fn router(firm: Arc<Firm>) -> Router {
    Router::new()
        .route("/health", get(async || Json(json!({"status": "UP"}))))
        .route("/investors", get(list))
        .route("/investors/{client_id}", get(async |firm, id| investor(firm, id, shapes::profile)))
        .route("/investors/{client_id}/accounts", get(async |firm, id| investor(firm, id, shapes::accounts)))
        .route("/investors/{client_id}/holdings", get(async |firm, id| investor(firm, id, shapes::holdings)))
        .route("/investors/{client_id}/trades", get(async |firm, id| investor(firm, id, shapes::trades)))
        .route("/investors/{client_id}/orders", get(async |firm, id| investor(firm, id, shapes::orders)))
        .route(
            "/investors/{client_id}/bank-transfers",
            get(async |firm, id| investor(firm, id, shapes::bank_transfers)),
        )
        .route("/investors/{client_id}/devices", get(async |firm, id| investor(firm, id, shapes::devices)))
        .route("/investors/{client_id}/contact", put(set_contact).get(contact))
        .route("/tickets", get(ticket_list))
        .route("/tickets/{ticket_id}", get(ticket))
        .route("/export/investors", get(export))
        .route("/compressed/investors", get(compressed))
        .route("/quotes", get(async || Json(market::board())))
        .route("/quotes/{code}", get(quote))
        .route("/notes/{client_id}", get(note))
        .route("/pages/investor/{client_id}", get(page))
        .route("/gbk/investors/{client_id}", get(gb18030))
        .route("/errors/trace", get(trace))
        .route("/login", post(login))
        .route("/jwks.json", get(jwks))
        .with_state(firm)
}

fn investor(State(firm): Shared, Path(client_id): Path<String>, shape: fn(&Person) -> Value) -> Response {
    match firm.person(&client_id) {
        Some(person) => Json(shape(person)).into_response(),
        None => not_found(),
    }
}

fn not_found() -> Response {
    (StatusCode::NOT_FOUND, Json(json!({"error_no": 404, "error_info": "客户不存在"}))).into_response()
}

type Parameters = Query<HashMap<String, String>>;

fn parameter(parameters: &Parameters, name: &str, default: usize, most: usize) -> usize {
    parameters.get(name).and_then(|text| text.parse().ok()).unwrap_or(default).clamp(1, most)
}

async fn list(State(firm): Shared, parameters: Parameters) -> Response {
    Json(rows(&firm, &parameters)).into_response()
}

fn rows(firm: &Firm, parameters: &Parameters) -> Value {
    let (page, size) = (parameter(parameters, "page", 1, 10_000), parameter(parameters, "size", 20, 500));
    let rows: Vec<Value> = firm.people.iter().skip((page - 1) * size).take(size).map(shapes::row).collect();
    json!({
        "code": "0",
        "message": "success",
        "data": {"total": firm.people.len(), "page": page, "size": size, "rows": rows},
    })
}

/// A large answer: 6,500 rows are about 4 MB. People beyond the firm's own are made from the same seed.
async fn export(State(firm): Shared, parameters: Parameters) -> Response {
    let count = parameter(&parameters, "count", 1000, 6500);
    let rows: Vec<Value> = people(firm.seed, count).iter().map(shapes::export_row).collect();
    Json(json!({"exportedAt": "2026-11-20T10:00:00+08:00", "count": rows.len(), "rows": rows}))
        .into_response()
}

async fn compressed(State(firm): Shared, headers: HeaderMap, parameters: Parameters) -> Response {
    let body = rows(&firm, &parameters).to_string();
    let accepts =
        headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let json = (header::CONTENT_TYPE, "application/json");
    if !accepts.contains("gzip") {
        return ([json], body).into_response();
    }
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    match encoder.write_all(body.as_bytes()).and_then(|()| encoder.finish()) {
        Ok(bytes) => ([json, (header::CONTENT_ENCODING, "gzip")], bytes).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn ticket_list(State(firm): Shared) -> Response {
    Json(json!({"code": 0, "tickets": firm.tickets})).into_response()
}

async fn ticket(State(firm): Shared, Path(ticket_id): Path<String>) -> Response {
    let known = firm.tickets.iter().find(|ticket| ticket.get("ticket_id") == Some(&json!(ticket_id)));
    known.map_or_else(not_found, |ticket| Json(ticket.clone()).into_response())
}

async fn quote(Path(code): Path<String>) -> Response {
    market::quote(&code).map_or_else(not_found, |quote| Json(quote).into_response())
}

async fn note(State(firm): Shared, Path(client_id): Path<String>) -> Response {
    let Some(index) = firm.by_id.get(&client_id) else { return not_found() };
    let note = firm.people.get(*index).map(|person| tickets::note(person, *index as u64)).unwrap_or_default();
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], note).into_response()
}

async fn page(State(firm): Shared, Path(client_id): Path<String>) -> Response {
    firm.person(&client_id).map_or_else(not_found, |person| Html(shapes::page(person)).into_response())
}

async fn gb18030(State(firm): Shared, Path(client_id): Path<String>) -> Response {
    let Some(person) = firm.person(&client_id) else { return not_found() };
    let body = shapes::profile(person).to_string();
    let (bytes, _, _) = encoding_rs::GB18030.encode(&body);
    ([(header::CONTENT_TYPE, "application/json; charset=GB18030")], bytes.into_owned()).into_response()
}

async fn trace(State(firm): Shared) -> Response {
    let text = firm.people.first().map(shapes::stack_trace).unwrap_or_default();
    (StatusCode::INTERNAL_SERVER_ERROR, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text)
        .into_response()
}

/// Says back what came in, as careless login services do, with a session token.
async fn login(Json(request): Json<Value>) -> Response {
    Json(json!({
        "resultCode": 0,
        "request": request,
        "access_token": "eyJhbGciOiJub25lIn0.c2FtcGxlLXNlc3Npb24.",
        "session_id": "b7f1c0de9a5e4f7fa3d1",
    }))
    .into_response()
}

async fn set_contact(
    State(firm): Shared,
    Path(client_id): Path<String>,
    Json(contact): Json<Value>,
) -> Response {
    if firm.person(&client_id).is_none() || !contact.is_object() {
        return not_found();
    }
    if let Ok(mut contacts) = firm.contacts.lock() {
        contacts.insert(client_id, contact.clone());
    }
    Json(json!({"error_no": 0, "stored": contact})).into_response()
}

async fn contact(State(firm): Shared, Path(client_id): Path<String>) -> Response {
    let stored = firm.contacts.lock().ok().and_then(|contacts| contacts.get(&client_id).cloned());
    match (stored, firm.person(&client_id)) {
        (Some(contact), _) => Json(contact).into_response(),
        (None, Some(person)) => {
            Json(json!({"mobile_tel": person.mobile, "e_mail": person.email})).into_response()
        }
        (None, None) => not_found(),
    }
}

async fn jwks(State(firm): Shared) -> Response {
    match &firm.identity_provider {
        Some(provider) => Json(provider.jwks()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
