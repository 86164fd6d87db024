//! The admin port: `/metrics`, `/livez`, `/readyz`, `/api/v1/…`, for operators and orchestrators; no personal
//! information.
//!
//! It runs on a thread and runtime of its own, so that a wedged data plane can neither block nor fake it: readiness is
//! a request through the data port itself. Anything else is 404.

mod audit;
mod inventory;
mod office;
mod probe;
mod readiness;
#[cfg(test)]
mod tests;

pub use audit::Auditing;
pub use office::{Office, OfficerEntry, OfficerRole, WebhookEntry};
pub use probe::{PROBE_HEADER, PROBE_PATH, Probe};
pub use readiness::Readiness;

use crate::metrics::Metrics;
use crate::state::inventory::Inventory;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What the admin port needs.
pub struct Admin {
    /// Where to listen.
    pub listen: SocketAddr,
    /// What is shown.
    pub metrics: Arc<Metrics>,
    /// Whether the gateway is ready.
    pub readiness: Arc<Readiness>,
    /// How the data port is asked.
    pub probe: Probe,
    /// What each route returns, and to whom.
    pub inventory: Arc<Inventory>,
    /// The access log, for those who may read it.
    pub auditing: Option<Auditing>,
    /// What officers do.
    pub office: Option<Arc<Office>>,
    /// Values that are looked up at each scrape (`metrics.jwks_age(identifier.jwks_age())` …).
    pub before_scrape: Box<dyn Fn(&Metrics) + Send + Sync>,
}

impl Admin {
    /// Listens, then serves on a thread of its own. Returns the address, which differs from `listen` for port 0.
    ///
    /// # Errors
    /// The address is taken, or no thread can be started: do not run without it.
    pub fn start(self) -> std::io::Result<(SocketAddr, JoinHandle<()>)> {
        let listener = TcpListener::bind(self.listen)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = std::thread::Builder::new().name("yingbi-admin".to_owned()).spawn(move || {
            runtime.block_on(async move {
                let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
                let served = axum::serve(listener, router(self)).await;
                tracing::error!(failed = served.is_err(), "admin port ended");
            });
        })?;
        Ok((address, thread))
    }
}

struct Served {
    admin: Admin,
    /// The last answer of the data port: orchestrators may ask often, the data port is not for load.
    probed: tokio::sync::Mutex<Option<(Instant, Result<(), &'static str>)>>,
}

fn router(admin: Admin) -> Router {
    let served = Arc::new(Served { admin, probed: tokio::sync::Mutex::new(None) });
    Router::new()
        .route("/metrics", get(metrics))
        .route("/livez", get(live))
        .route("/readyz", get(ready))
        .merge(office::routes(&served))
        .fallback(|| async { problem(StatusCode::NOT_FOUND, "YB1901", "not found") })
        .method_not_allowed_fallback(|| async {
            problem(StatusCode::METHOD_NOT_ALLOWED, "YB1902", "method not allowed")
        })
        .with_state(served)
}

async fn metrics(State(served): State<Arc<Served>>) -> Response {
    let Admin { metrics, before_scrape, .. } = &served.admin;
    before_scrape(metrics);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], metrics.render()).into_response()
}

async fn live() -> Response {
    answer(StatusCode::OK, "live", &[])
}

async fn ready(State(served): State<Arc<Served>>) -> Response {
    let mut reasons = served.admin.readiness.reasons();
    // Asking a port that is closing, or not yet open, would only wait.
    if reasons.is_empty()
        && let Err(reason) = probe(&served).await
    {
        reasons.push(reason);
    }
    if reasons.is_empty() {
        answer(StatusCode::OK, "ready", &[])
    } else {
        answer(StatusCode::SERVICE_UNAVAILABLE, "not-ready", &reasons)
    }
}

async fn probe(served: &Served) -> Result<(), &'static str> {
    let mut probed = served.probed.lock().await;
    if let Some((at, result)) = *probed
        && at.elapsed() < PROBE_AGE
    {
        return result;
    }
    let result = served.admin.probe.ask(served.admin.readiness.probe_secret()).await;
    *probed = Some((Instant::now(), result));
    result
}

fn answer(status: StatusCode, state: &str, reasons: &[&str]) -> Response {
    let body = json!({ "status": state, "reasons": reasons }).to_string();
    (status, [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")], body)
        .into_response()
}

fn problem(status: StatusCode, code: &str, title: &str) -> Response {
    let body = json!({ "type": "about:blank", "title": title, "status": status.as_u16(), "code": code });
    (status, [(header::CONTENT_TYPE, "application/problem+json")], body.to_string()).into_response()
}

/// Below the shortest period of common readiness probes.
const PROBE_AGE: Duration = Duration::from_millis(250);
