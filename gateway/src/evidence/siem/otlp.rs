//! OpenTelemetry logs: OTLP over HTTP in its JSON encoding.

use super::event::{Event, Severity};
use super::{Receiver, Undelivered, agent};
use crate::config;
use serde_json::{Value, json};

pub(super) struct Otlp {
    config: config::Otlp,
    agent: ureq::Agent,
    gateway: String,
}

impl Otlp {
    pub fn new(config: &config::Otlp, gateway: &str) -> Self {
        Otlp { config: config.clone(), agent: agent(config), gateway: gateway.to_owned() }
    }

    fn request(&self, events: &[Event]) -> Value {
        let records: Vec<Value> = events.iter().map(record).collect();
        json!({"resourceLogs": [{
            "resource": {"attributes": [
                attribute("service.name", "yingbi"),
                attribute("service.version", env!("CARGO_PKG_VERSION")),
                attribute("service.instance.id", &self.gateway),
            ]},
            "scopeLogs": [{"scope": {"name": "yingbi.audit"}, "logRecords": records}],
        }]})
    }
}

impl Receiver for Otlp {
    fn send(&mut self, events: &[Event]) -> Result<u64, Undelivered> {
        let mut request = self.agent.post(&self.config.url).header("content-type", "application/json");
        if let Some(token) = &self.config.token {
            let token = std::fs::read_to_string(token).map_err(|_| Undelivered::Unreachable)?;
            request = request.header("authorization", format!("Bearer {}", token.trim()));
        }
        let body = self.request(events).to_string();
        let mut answer = request.send(body.as_bytes()).map_err(|_| Undelivered::Unreachable)?;
        let status = answer.status();
        match status.as_u16() {
            // What the receiver says may be tried again (OTLP 1.x, §OTLP/HTTP response).
            429 | 502 | 503 | 504 => Err(Undelivered::Status(status.as_u16())),
            200..=299 => {
                let body = answer.body_mut().with_config().limit(super::super::ANSWER_BYTES).read_to_vec();
                let answer: Value = serde_json::from_slice(&body.unwrap_or_default()).unwrap_or_default();
                // In OTLP's JSON 64-bit integers are strings; numbers are taken too.
                let refused = answer.pointer("/partialSuccess/rejectedLogRecords");
                let refused =
                    refused.and_then(|count| count.as_u64().or_else(|| count.as_str()?.parse().ok()));
                Ok(refused.unwrap_or(0).min(events.len() as u64))
            }
            // Nothing else must be: it would be refused for ever, and hold up all behind it.
            _ => Ok(events.len() as u64),
        }
    }
}

fn record(event: &Event) -> Value {
    let (number, text) = match event.severity {
        Severity::Info => (9, "INFO"),
        Severity::Notice => (10, "INFO2"),
        Severity::Warning => (13, "WARN"),
    };
    let nanoseconds = i128::from(event.time) * 1000;
    let sequence = event.sequence.to_string();
    let mut attributes = vec![attribute("yingbi.sequence", &sequence)];
    attributes
        .extend(event.attributes.iter().map(|(name, value)| attribute(&format!("yingbi.{name}"), value)));
    let mut record = json!({
        "timeUnixNano": nanoseconds.max(0).to_string(),
        "observedTimeUnixNano": nanoseconds.max(0).to_string(),
        "severityNumber": number,
        "severityText": text,
        "body": {"stringValue": event.kind},
        "attributes": attributes,
    });
    if let (Some(trace), Some(record)) = (&event.trace, record.as_object_mut()) {
        record.insert("traceId".to_owned(), json!(trace));
    }
    record
}

fn attribute(key: &str, value: &str) -> Value {
    json!({"key": key, "value": {"stringValue": value}})
}
