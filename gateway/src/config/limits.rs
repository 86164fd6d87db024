//! `limits` and `drain`: bounds on what one client can make the gateway hold or wait for.

use serde::Deserialize;
use std::time::Duration;

/// `limits`. Defaults follow what was measured to stop slow, huge and bomb-like traffic without hurting honest clients.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// `head_bytes`, default 32768: request line and headers together.
    pub head_bytes: usize,
    /// `headers`, default 100: fields of a request.
    pub headers: usize,
    /// `head_timeout_ms`, default 5000: for the whole head, however it drips.
    #[serde(rename = "head_timeout_ms", with = "millis")]
    pub head_timeout: Duration,
    /// `request_body_bytes`, default 8 MiB.
    pub request_body_bytes: usize,
    /// `response_body_bytes`, default 8 MiB: the most that is held of an answer. Bodies that can't be cut (XML, HTML,
    /// forms, text, multipart) are refused beyond it, and so is one record, or a list whose columns are not known.
    pub response_body_bytes: usize,
    /// `segment_bytes`, default 256 KiB: an answer of so many bytes is treated as one. Longer ones are cut behind so
    /// many, between two records, and each segment is released once its record is durable, before the next is read:
    /// JSON, NDJSON, JSON sequences, server-sent events, CSV. A list in an envelope is held up to
    /// `response_body_bytes` first, for what stands behind it may bear on it; beyond, the strictest is supposed.
    pub segment_bytes: usize,
    /// `inflated_bytes`, default 64 MiB: a compressed body after decoding.
    pub inflated_bytes: usize,
    /// `inflate_ratio`, default 100: decoded bytes for each coded one; honest JSON stays below 30.
    pub inflate_ratio: usize,
    /// `json_depth`, default 128: nesting, JSON in strings counted in.
    pub json_depth: usize,
    /// `exchange_timeout_ms`, default 60000: one exchange from its head to the last byte handed over; of an answer in
    /// segments, to the first.
    #[serde(rename = "exchange_timeout_ms", with = "millis")]
    pub exchange_timeout: Duration,
    /// `stream_timeout_ms`, default 3600000: an answer in segments, from the first to the last.
    #[serde(rename = "stream_timeout_ms", with = "millis")]
    pub stream_timeout: Duration,
    /// `body_idle_timeout_ms`, default 30000: between two pieces of a request body, and for one write to a client.
    #[serde(rename = "body_idle_timeout_ms", with = "millis")]
    pub body_idle_timeout: Duration,
    /// `keepalive_timeout_ms`, default 60000: an idle client connection.
    #[serde(rename = "keepalive_timeout_ms", with = "millis")]
    pub keepalive_timeout: Duration,
    /// `requests_per_connection`, default 1000: then the connection is closed, so that load spreads again.
    pub requests_per_connection: usize,
    /// `connections`, default 10000: client connections; an idle one costs about 50 KiB.
    pub connections: usize,
    /// `exchanges`, default 512: in flight at once; further ones get 503. Times `response_body_bytes` it bounds memory.
    pub exchanges: usize,
}

/// `drain`: how the gateway stops.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Drain {
    /// `grace_ms`, default 30000: exchanges in flight may finish for so long after SIGTERM.
    #[serde(rename = "grace_ms", with = "millis")]
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            head_bytes: 32 << 10,
            headers: 100,
            head_timeout: Duration::from_secs(5),
            request_body_bytes: 8 << 20,
            response_body_bytes: 8 << 20,
            segment_bytes: 256 << 10,
            inflated_bytes: 64 << 20,
            inflate_ratio: 100,
            json_depth: 128,
            exchange_timeout: Duration::from_secs(60),
            stream_timeout: Duration::from_secs(3600),
            body_idle_timeout: Duration::from_secs(30),
            keepalive_timeout: Duration::from_secs(60),
            requests_per_connection: 1000,
            connections: 10_000,
            exchanges: 512,
        }
    }
}

impl Default for Drain {
    fn default() -> Self {
        Drain { grace: Duration::from_secs(30) }
    }
}

/// Durations written as whole milliseconds.
pub(super) mod millis {
    use serde::{Deserialize, Deserializer};
    use std::time::Duration;

    pub(in crate::config) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        u64::deserialize(from).map(Duration::from_millis)
    }
}

/// Durations written as whole seconds.
pub(super) mod seconds {
    use serde::{Deserialize, Deserializer};
    use std::time::Duration;

    pub(in crate::config) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        u64::deserialize(from).map(Duration::from_secs)
    }
}
