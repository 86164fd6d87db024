//! `telemetry`: logs. Metrics need no configuration.

use serde::Deserialize;

/// `telemetry`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Telemetry {
    /// `log_level`, default `info`.
    pub log_level: LogLevel,
    /// `log_format`, default `text`.
    pub log_format: LogFormat,
}

/// `telemetry.log_level`: the least severe that is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Only what stops service.
    Error,
    /// And what hurts it.
    Warn,
    /// And starts, stops and reloads.
    #[default]
    Info,
    /// And each decision.
    Debug,
    /// And each step.
    Trace,
}

/// `telemetry.log_format`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One line of text each.
    #[default]
    Text,
    /// One JSON object each.
    Json,
}
