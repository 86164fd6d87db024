//! What is told of a record: ids, names of the policy's, counts. No value, no identifier of a person.

use std::collections::BTreeMap;
use yingbi_audit::Record;

/// How much it matters, as both syslog and OpenTelemetry know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Severity {
    Info,
    Notice,
    Warning,
}

/// What is told of a record.
#[derive(Clone, Debug)]
pub(super) struct Event {
    /// Its sequence in the log: with the log's id its name.
    pub sequence: u64,
    /// Microseconds since 1970.
    pub time: i64,
    pub severity: Severity,
    /// `access`, `refusal`, `outcome`, `event` or `record`.
    pub kind: &'static str,
    /// Names of at most 32 characters.
    pub attributes: Vec<(&'static str, String)>,
    /// Trace id, where it is one of W3C's.
    pub trace: Option<String>,
}

impl Event {
    pub fn of(sequence: u64, time: i64, record: &Record) -> Self {
        let mut event = Event {
            sequence,
            time,
            severity: Severity::Info,
            kind: "record",
            attributes: Vec::new(),
            trace: None,
        };
        match record {
            Record::Intent(intent) => {
                event.kind = if intent.decision == "permit" { "access" } else { "refusal" };
                if intent.decision != "permit" {
                    event.severity = Severity::Notice;
                }
                if !intent.marks.is_empty() {
                    event.severity = Severity::Warning;
                }
                event.trace = Some(intent.trace.clone()).filter(|trace| is_trace(trace));
                event.put("decision", &intent.decision);
                event.put("decision_id", &intent.decision_id);
                event.put("code", intent.code.as_deref().unwrap_or_default());
                event.put("status", &intent.status.to_string());
                event.put("caller", &intent.caller);
                event.put("identified_by", &intent.identified_by);
                event.put("roles", &intent.roles.join(" "));
                event.put("source", &intent.source);
                event.put("method", &intent.method);
                event.put("route", &intent.route);
                event.put("purpose", intent.purpose.as_deref().unwrap_or_default());
                event.put("basis", intent.basis.as_deref().unwrap_or_default());
                event.put("rules", &intent.rules.join(" "));
                event.put("policy", &intent.policy);
                event.put("marks", &intent.marks.join(" "));
                event.put("records", &intent.records.to_string());
                event.put("subjects", &intent.subjects.len().to_string());
                event.put("clear", &counts(&intent.clear));
                event.put("masked", &counts(&intent.masked));
                event.put("dropped", &counts(&intent.dropped));
                event.put("bytes", &intent.bytes.to_string());
            }
            Record::Outcome(outcome) => {
                event.kind = "outcome";
                event.put("decision_id", &outcome.decision_id);
                event.put("result", &outcome.result);
                event.put("bytes", &outcome.bytes.to_string());
            }
            // Details may name officers; they stand in the log.
            Record::Event { event: name, .. } => {
                event.kind = "event";
                event.severity = match &**name {
                    "opened" | "closed" | "policy-loaded" => Severity::Info,
                    "break"
                    | "recovered"
                    | "notes-lost"
                    | "policy-rejected"
                    | "disk-low"
                    | "checkpoint-contradicted" => Severity::Warning,
                    name if name.starts_with("break-glass") || name.starts_with("switch") => {
                        Severity::Warning
                    }
                    _ => Severity::Notice,
                };
                event.put("event", name);
            }
        }
        event
    }

    /// A record of which only its place is known.
    pub fn unread(sequence: u64, time: i64) -> Self {
        let severity = Severity::Notice;
        Event { sequence, time, severity, kind: "record", attributes: Vec::new(), trace: None }
    }

    /// When it was, for people and for syslog: six digits of a second.
    pub fn timestamp(&self) -> String {
        let time = jiff::Timestamp::from_microsecond(self.time).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        format!("{time:.6}")
    }

    fn put(&mut self, name: &'static str, value: &str) {
        if !value.is_empty() {
            self.attributes.push((name, value.to_owned()));
        }
    }
}

fn counts(counts: &BTreeMap<String, u64>) -> String {
    counts.iter().map(|(id, count)| format!("{id}={count}")).collect::<Vec<_>>().join(" ")
}

fn is_trace(text: &str) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.len() == 32 && text.bytes().all(is_digit) && text.bytes().any(|byte| byte != b'0')
}
