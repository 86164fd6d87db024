//! `upstream`: the API behind the gateway.

use super::limits::millis;
use serde::Deserialize;
use std::path::PathBuf;
use std::time::Duration;

/// The API behind the gateway, and how long to wait for it.
#[derive(Clone, Debug)]
pub struct Upstream {
    /// `upstream.address: host:port` or `upstream.unix`; exactly one.
    pub endpoint: UpstreamEndpoint,
    /// `upstream.tls`.
    pub tls: Option<UpstreamTls>,
    /// `connect_timeout_ms`, default 1000: a local hop answers at once or is down.
    pub connect_timeout: Duration,
    /// `first_byte_timeout_ms`, default 30000: from the request's last byte to the response's first.
    pub first_byte_timeout: Duration,
    /// `read_timeout_ms`, default 30000: between two reads of a response body.
    pub read_timeout: Duration,
    /// `write_timeout_ms`, default 30000: for one piece of at most 64 KiB.
    pub write_timeout: Duration,
    /// `idle_connections`, default 128: connections kept open for reuse, per process.
    pub idle_connections: usize,
    /// `idle_timeout_ms`, default 60000: below common servers' own keep-alive, so that they seldom close first.
    pub idle_timeout: Duration,
}

/// Where the API listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UpstreamEndpoint {
    /// Host name or IP address, and port.
    Tcp {
        /// Host name or IP address (IPv6 without brackets).
        host: String,
        /// Port, not 0.
        port: u16,
    },
    /// Unix stream socket.
    Unix(PathBuf),
}

/// `upstream.tls`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpstreamTls {
    /// Name that the certificate must carry, also sent as SNI.
    pub server_name: String,
    /// PEM certificates of the authorities that may issue it.
    pub ca: PathBuf,
    /// PEM chain of the gateway's own certificate, for mutual authentication; with `key`.
    #[serde(default)]
    pub certificate: Option<PathBuf>,
    /// PEM private key of `certificate`; must not be readable by others.
    #[serde(default)]
    pub key: Option<PathBuf>,
}

/// `upstream` as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UpstreamFile {
    #[serde(default)]
    pub(super) address: Option<String>,
    #[serde(default)]
    pub(super) unix: Option<PathBuf>,
    #[serde(default)]
    pub(super) tls: Option<UpstreamTls>,
    #[serde(default = "second", rename = "connect_timeout_ms", with = "millis")]
    pub(super) connect_timeout: Duration,
    #[serde(default = "half_minute", rename = "first_byte_timeout_ms", with = "millis")]
    pub(super) first_byte_timeout: Duration,
    #[serde(default = "half_minute", rename = "read_timeout_ms", with = "millis")]
    pub(super) read_timeout: Duration,
    #[serde(default = "half_minute", rename = "write_timeout_ms", with = "millis")]
    pub(super) write_timeout: Duration,
    #[serde(default = "idle_connections")]
    pub(super) idle_connections: usize,
    #[serde(default = "minute", rename = "idle_timeout_ms", with = "millis")]
    pub(super) idle_timeout: Duration,
}

impl UpstreamEndpoint {
    /// Reads `host:port`, `1.2.3.4:80`, `[::1]:80`.
    pub(super) fn parse(text: &str) -> Option<UpstreamEndpoint> {
        let (host, port) = text.rsplit_once(':')?;
        let port = port.bytes().all(|byte| byte.is_ascii_digit()).then(|| port.parse().ok()).flatten()?;
        let (host, bracketed) = match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            Some(inside) => (inside, true),
            None => (host, false),
        };
        let is_name = |host: &str| {
            host.len() <= 253
                && host.split('.').all(|label| {
                    !label.is_empty()
                        && label.len() <= 63
                        && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
                })
        };
        let good = match host.parse::<std::net::IpAddr>() {
            Ok(address) => address.is_ipv6() == bracketed,
            Err(_) => !bracketed && is_name(host),
        };
        (good && port != 0).then(|| UpstreamEndpoint::Tcp { host: host.to_owned(), port })
    }

    /// Whether the hop surely stays on this host.
    pub fn is_local(&self) -> bool {
        match self {
            UpstreamEndpoint::Tcp { host, .. } => {
                host == "localhost"
                    || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
            }
            UpstreamEndpoint::Unix(_) => true,
        }
    }
}

fn second() -> Duration {
    Duration::from_secs(1)
}

fn half_minute() -> Duration {
    Duration::from_secs(30)
}

fn minute() -> Duration {
    Duration::from_secs(60)
}

fn idle_connections() -> usize {
    128
}
