//! `GET /api/v1/inventory` and `GET /api/v1/inventory/drift`, as JSON or, with `format=csv`, as CSV. `route` is a part of
//! a route's template, `since` a day or time. Accepting is for people at the command line: nobody is identified here.

use super::{Served, problem};
use crate::state::inventory::report::{Filter, drift_csv, drift_json};
use crate::state::inventory::{Inventory, StoreError, time};
use axum::extract::{RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use std::sync::Arc;

/// What is asked for.
#[derive(Debug, Default)]
struct Asked {
    filter: Filter,
    csv: bool,
}

pub(super) async fn all(served: State<Arc<Served>>, query: RawQuery) -> Response {
    tell(served, query, "inventory.csv", |inventory, Asked { filter, csv }| {
        let report = inventory.reader()?.report(Timestamp::now(), &filter)?;
        Ok(if csv { report.csv() } else { report.json().to_string() })
    })
    .await
}

pub(super) async fn drift(served: State<Arc<Served>>, query: RawQuery) -> Response {
    tell(served, query, "inventory-drift.csv", |inventory, Asked { filter, csv }| {
        let now = Timestamp::now();
        let (baseline, entries) = inventory.reader()?.drift(&filter)?;
        Ok(if csv { drift_csv(&entries) } else { drift_json(now, baseline.as_ref(), &entries).to_string() })
    })
    .await
}

async fn tell(
    State(served): State<Arc<Served>>,
    RawQuery(query): RawQuery,
    file: &str,
    work: impl FnOnce(&Inventory, Asked) -> Result<String, StoreError> + Send + 'static,
) -> Response {
    let Some(asked) = asked(query.as_deref().unwrap_or_default()) else {
        return problem(
            StatusCode::BAD_REQUEST,
            "YB1903",
            "route, since (a time) and format (json, csv) may be asked",
        );
    };
    let csv = asked.csv;
    // The disk may be slow; metrics and health must not wait for it.
    let done = tokio::task::spawn_blocking(move || work(&served.admin.inventory, asked)).await;
    let Ok(Ok(text)) = done else {
        return problem(StatusCode::SERVICE_UNAVAILABLE, "YB1904", "the inventory can't be read");
    };
    let mut response = text.into_response();
    let headers = response.headers_mut();
    let (media_type, disposition) = match csv {
        true => ("text/csv; charset=utf-8; header=present", format!("attachment; filename=\"{file}\"")),
        false => ("application/json", "inline".to_owned()),
    };
    let values = [
        (header::CONTENT_TYPE, media_type),
        (header::CONTENT_DISPOSITION, &disposition),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    for (name, value) in values {
        headers.extend(header::HeaderValue::from_str(value).map(|value| (name, value)));
    }
    response
}

/// `None` for what is not understood: a filter that is silently dropped would show more than was asked for.
fn asked(query: &str) -> Option<Asked> {
    let mut asked = Asked::default();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=')?;
        let value = decoded(value)?;
        match name {
            "route" if asked.filter.route.is_none() => asked.filter.route = Some(value),
            "since" if asked.filter.since.is_none() => asked.filter.since = Some(time(&value)?),
            "format" if value == "csv" => asked.csv = true,
            "format" if value == "json" => {}
            _ => return None,
        }
    }
    Some(asked)
}

/// Percent-decoded UTF-8.
pub(super) fn decoded(value: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                u8::try_from(digit()? << 4 | digit()?).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_understood_or_refused() {
        let asked = asked("route=%2Fcustomers%2F%7Bid%7D&since=2026-11-20&format=csv").unwrap();
        assert_eq!(asked.filter.route.as_deref(), Some("/customers/{id}"));
        assert_eq!(asked.filter.since, Some("2026-11-20T00:00:00Z".parse().unwrap()));
        assert!(asked.csv);
        for refused in
            ["rout=x", "route", "since=yesterday", "format=xml", "route=%zz", "route=%ff", "route=a&route=b"]
        {
            assert!(super::asked(refused).is_none(), "{refused}");
        }
        assert!(!super::asked("").unwrap().csv);
    }
}
