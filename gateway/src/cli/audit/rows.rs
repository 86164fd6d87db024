//! An access as JSON, as a line of CSV, as a row of a table.

use super::table;
use std::collections::BTreeMap;
use yingbi_audit::search::Entry;
use yingbi_policies::{Language, Text};

pub(crate) fn as_json(entry: &Entry) -> serde_json::Value {
    serde_json::json!({
        "sequence": entry.sequence,
        "segment": entry.segment,
        "result": entry.result(),
        "intent": entry.intent,
        "outcome": entry.outcome,
    })
}

pub(super) fn heading(language: Language) -> Vec<String> {
    let titles: [(&str, &str); 11] = [
        ("SEQ", "序号"),
        ("TIME", "时间"),
        ("CALLER", "调用方"),
        ("REQUEST", "请求"),
        ("PURPOSE", "目的"),
        ("DECISION", "决定"),
        ("INVESTORS", "投资者"),
        ("CLEAR", "明文"),
        ("MASKED", "脱敏"),
        ("DROPPED", "删除"),
        ("RESULT", "结果"),
    ];
    titles.iter().map(|(en, zh)| Text::new(*en, *zh).to(language).to_owned()).collect()
}

pub(super) fn cells(entry: &Entry, language: Language) -> Vec<String> {
    let intent = &entry.intent;
    let total = |counts: &BTreeMap<String, u64>| counts.values().sum::<u64>().to_string();
    let decision = match intent.code.as_deref() {
        Some(code) => format!("{} {code}", intent.decision),
        None => intent.decision.clone(),
    };
    let result = match entry.result() {
        "unknown" => Text::new("outcome unknown", "结果未知").to(language).to_owned(),
        other => other.to_owned(),
    };
    let caller = if intent.caller.is_empty() { "-" } else { &intent.caller };
    [
        entry.sequence.to_string(),
        intent.time.clone(),
        caller.to_owned(),
        format!("{} {}", intent.method, intent.route),
        intent.purpose.clone().unwrap_or_else(|| "-".to_owned()),
        decision,
        intent.subjects.len().to_string(),
        total(&intent.clear),
        total(&intent.masked),
        total(&intent.dropped),
        result,
    ]
    .map(|cell| table::plain(&cell))
    .into()
}

pub(crate) fn csv_cells(entry: &Entry) -> [String; CSV_COLUMNS.len()] {
    let intent = &entry.intent;
    let counts = |counts: &BTreeMap<String, u64>| {
        counts.iter().map(|(id, count)| format!("{id}={count}")).collect::<Vec<_>>().join(";")
    };
    let outcome = entry.outcome.as_ref();
    [
        entry.sequence.to_string(),
        intent.time.clone(),
        intent.decision_id.clone(),
        intent.decision.clone(),
        intent.code.clone().unwrap_or_default(),
        intent.status.to_string(),
        intent.caller.clone(),
        intent.identified_by.clone(),
        intent.roles.join(";"),
        intent.source.clone(),
        intent.method.clone(),
        intent.route.clone(),
        intent.purpose.clone().unwrap_or_default(),
        intent.basis.clone().unwrap_or_default(),
        intent.rules.join(";"),
        intent.policy.clone(),
        intent.trace.clone(),
        intent.records.to_string(),
        intent.subjects.join(";"),
        counts(&intent.clear),
        counts(&intent.masked),
        counts(&intent.dropped),
        counts(&intent.monitored),
        intent.bytes.to_string(),
        entry.result().to_owned(),
        outcome.map(|outcome| outcome.time.clone()).unwrap_or_default(),
        outcome.map(|outcome| outcome.bytes.to_string()).unwrap_or_default(),
    ]
}

/// Titles of the columns.
pub(crate) const CSV_COLUMNS: [&str; 27] = [
    "sequence",
    "time",
    "decision_id",
    "decision",
    "code",
    "status",
    "caller",
    "identified_by",
    "roles",
    "source",
    "method",
    "route",
    "purpose",
    "basis",
    "rules",
    "policy",
    "trace",
    "records",
    "subjects",
    "clear",
    "masked",
    "dropped",
    "monitored",
    "bytes",
    "result",
    "result_time",
    "result_bytes",
];
