//! The table of routes: method, path, who may use it. The router is made of it, so no route is without a row.

use super::OfficerRole::{self, Approver, Auditor, DataOperator, Platform, SecurityAdmin};
use super::{
    Office, Officer, Refused, Served, consents, detoken, grants, holders, restrictions, switches, webhooks,
};
use crate::admin::{audit, inventory};
use crate::exchange::record;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{MethodRouter, delete, get, post};
use std::sync::Arc;
use yingbi_audit::Record;

/// One route.
struct Row {
    method: &'static str,
    path: &'static str,
    who: Who,
    handler: MethodRouter<Arc<Served>>,
}

/// Who may use a route.
#[derive(Clone, Copy)]
enum Who {
    /// Officers with one of these roles.
    Officers(&'static [OfficerRole]),
    /// The same; anybody while no officers are configured, as it shows no one's data.
    OfficersIfAny(&'static [OfficerRole]),
    /// Systems that sign.
    Signed,
}

fn table() -> Vec<Row> {
    use Who::{Officers, OfficersIfAny, Signed};
    let row = |method, path, who, handler| Row { method, path, who, handler };
    let readers: &[OfficerRole] = &[SecurityAdmin, Auditor, Platform];
    vec![
        row("GET", "/api/v1/inventory", OfficersIfAny(readers), get(inventory::all)),
        row("GET", "/api/v1/inventory/drift", OfficersIfAny(readers), get(inventory::drift)),
        row("GET", "/api/v1/audit/{what}", Officers(&[Auditor]), get(audit::read)),
        row("POST", "/api/v1/audit/{what}", Officers(&[Auditor]), post(audit::read)),
        row("POST", "/api/v1/consents", Officers(&[DataOperator]), post(consents::record)),
        row("POST", "/api/v1/consents/search", Officers(&[DataOperator, Auditor]), post(consents::search)),
        row("POST", "/api/v1/consents/withdraw", Officers(&[DataOperator]), post(consents::withdraw)),
        row("POST", "/api/v1/holders", Officers(&[DataOperator]), post(holders::record)),
        row("DELETE", "/api/v1/holders/{id}", Officers(&[DataOperator]), delete(holders::remove)),
        row("POST", "/api/v1/restrictions", Officers(&[DataOperator]), post(restrictions::restrict)),
        row("GET", "/api/v1/restrictions", Officers(&[DataOperator, Auditor]), get(restrictions::list)),
        row("DELETE", "/api/v1/restrictions/{id}", Officers(&[DataOperator]), delete(restrictions::release)),
        row("POST", "/api/v1/grants", Officers(&[DataOperator]), post(grants::ask)),
        row("GET", "/api/v1/grants", Officers(&[DataOperator, Approver, Auditor]), get(grants::list)),
        row("POST", "/api/v1/grants/{id}/approve", Officers(&[Approver]), post(grants::approve)),
        row("POST", "/api/v1/grants/{id}/refuse", Officers(&[Approver]), post(grants::refuse)),
        row("POST", "/api/v1/grants/{id}/review", Officers(&[Approver]), post(grants::review)),
        row(
            "POST",
            "/api/v1/grants/{id}/revoke",
            Officers(&[Approver, SecurityAdmin, DataOperator]),
            post(grants::revoke),
        ),
        row("POST", detoken::PATH, Officers(&[DataOperator]), post(detoken::resolve)),
        row("POST", "/api/v1/switches", Officers(&[SecurityAdmin, Platform]), post(switches::throw)),
        row("GET", "/api/v1/switches", Officers(&[SecurityAdmin, Platform, Auditor]), get(switches::list)),
        row("DELETE", "/api/v1/switches/{id}", Officers(&[SecurityAdmin]), delete(switches::reset)),
        row("POST", "/api/v1/webhooks/{source}", Signed, post(webhooks::told)),
    ]
}

/// The routes, each behind its guard.
pub(in crate::admin) fn routes(served: &Arc<Served>) -> Router<Arc<Served>> {
    table().into_iter().fold(Router::new(), |router, Row { method, path, who, handler }| {
        let guard = from_fn_with_state((Arc::clone(served), who, (method, path)), guard);
        let most = if path == detoken::PATH { detoken::BODY_BYTES } else { BODY_BYTES };
        router.route(path, handler.route_layer(DefaultBodyLimit::max(most)).route_layer(guard))
    })
}

async fn guard(
    State((served, who, route)): State<(Arc<Served>, Who, (&'static str, &'static str))>,
    mut request: Request,
    next: Next,
) -> Response {
    let roles = match who {
        Who::Signed => return next.run(request).await,
        Who::OfficersIfAny(_) if !has_officers(&served) => return next.run(request).await,
        Who::OfficersIfAny(roles) | Who::Officers(roles) => roles,
    };
    let officer = match Officer::of(&served, request.headers()) {
        Ok(officer) => officer,
        Err(refused) => return refused.answer(),
    };
    if !officer.has_any(roles) {
        note_refused(&served, &officer, route);
        return NOT_THEIRS.answer();
    }
    request.extensions_mut().insert(officer);
    next.run(request).await
}

fn has_officers(served: &Served) -> bool {
    served.admin.office.as_ref().is_some_and(|office| !office.officers.is_empty())
}

fn note_refused(served: &Served, officer: &Officer, (method, path): (&str, &str)) {
    if let Some(office) = &served.admin.office {
        let office: &Office = office;
        let route = format!("{method} {path}");
        let detail =
            super::detail([("by", officer.id.as_str()), ("route", &route), ("code", NOT_THEIRS.code)]);
        office.audit.note(Record::Event { time: record::now(), event: "officer-refused".to_owned(), detail });
    }
}

const NOT_THEIRS: Refused =
    Refused::new(StatusCode::FORBIDDEN, "YB1906", "none of the officer's roles may do this");

/// Longest body: a consent is a few hundred bytes.
const BODY_BYTES: usize = 64 << 10;

/// Who may use what, in words: one line a route, reviewed as a diff.
#[cfg(test)]
pub(in crate::admin) fn matrix() -> String {
    let mut text = String::new();
    for Row { method, path, who, .. } in table() {
        let may: Vec<&str> = match who {
            Who::Signed => vec!["signed"],
            Who::Officers(roles) | Who::OfficersIfAny(roles) => OfficerRole::ALL
                .into_iter()
                .filter(|role| roles.contains(role))
                .map(OfficerRole::name)
                .collect(),
        };
        text.push_str(&format!("{method} {path}: {}\n", may.join(" ")));
    }
    text
}
