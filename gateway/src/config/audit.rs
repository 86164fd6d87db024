//! `audit`: how the access log becomes evidence, and how long it is kept. Who may read it through the gateway: officers with
//! the role `auditor` (`admin.officers`).

use super::limits::millis;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// `audit`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Audit {
    /// `anchors`, default none: directories that get every checkpoint too, best on another machine. Against them a cut
    /// tail of the log is found: `yingbi audit verify --anchor`.
    pub anchors: Vec<PathBuf>,
    /// `checkpoint_interval_ms`, default 10000: how far apart checkpoints are while records come.
    #[serde(rename = "checkpoint_interval_ms", with = "millis")]
    pub checkpoint_interval: Duration,
    /// `time_stamps`: an authority that stamps checkpoints; left out: none.
    pub time_stamps: Option<TimeStamps>,
    /// `chain`: the gateway of an evidence chain that checkpoints and slices are handed to; left out: none.
    pub chain: Option<Chain>,
    /// `ship`: a central store that the log is shipped to; left out: none.
    pub ship: Option<Ship>,
    /// `siem`: receivers of events; left out: none.
    pub siem: Option<Siem>,
    /// `readers` is no key any more: the role took its place.
    pub(super) readers: Option<serde::de::IgnoredAny>,
    /// `retention`: default for ever.
    pub retention: Retention,
}

/// `audit.time_stamps`: RFC 3161 (T/SAC 004 3.14, 3.15).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeStamps {
    /// `url`: https, or http on loopback.
    pub url: String,
    /// `ca`: authorities of the URL's certificate; left out: the public ones.
    #[serde(default)]
    pub ca: Option<PathBuf>,
    /// `authorities`: certificates under which stamps are believed, in PEM; left out: any answer to our request is kept, and
    /// `yingbi audit verify --tsa-ca` asks who stamped.
    #[serde(default)]
    pub authorities: Option<PathBuf>,
    /// `imprint`, default `sha256`: the digest that is stamped, or `sm3`.
    #[serde(default)]
    pub imprint: ImprintName,
    /// `interval_ms`, default 3600000: how far apart stamps are while records come.
    #[serde(rename = "interval_ms", with = "millis", default = "hourly")]
    pub interval: Duration,
}

/// `audit.time_stamps.imprint`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ImprintName {
    /// SHA-256.
    #[default]
    Sha256,
    /// SM3.
    Sm3,
}

/// `audit.chain`: T/SAC 004 6.4.4.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chain {
    /// `url`: https, or http on loopback.
    pub url: String,
    /// `ca`: authorities of the URL's certificate; left out: the public ones.
    #[serde(default)]
    pub ca: Option<PathBuf>,
    /// `token`: file of a bearer token, closed to others; left out: none is sent.
    #[serde(default)]
    pub token: Option<PathBuf>,
    /// `interval_ms`, default 60000: how far apart packages are while records come.
    #[serde(rename = "interval_ms", with = "millis", default = "minutely")]
    pub interval: Duration,
    /// `subject`: the firm's particulars by the English names of table B.3; `subject_company_name` and
    /// `subject_main_administrative_region` must be there.
    pub subject: BTreeMap<String, String>,
    /// `node`: the node's, by those of table B.4.
    #[serde(default)]
    pub node: BTreeMap<String, String>,
}

/// `audit.ship`: PostgreSQL or NATS JetStream, one for many gateways.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ship {
    /// `store`: a file, mode 0600, with the store's address: `host=/run/postgresql user=yingbi dbname=audit` or
    /// `postgres://…`, `nats://127.0.0.1:4222`, `tls://user:password@nats.firm.example:4222`. What goes without TLS must be
    /// a unix socket or loopback: a tunnel must end there.
    pub store: PathBuf,
    /// `ca`: authorities of the certificate of a `tls://` store; left out: the system's.
    #[serde(default)]
    pub ca: Option<PathBuf>,
    /// `gateway`, default `yingbi`: how people tell this gateway's log from others'.
    #[serde(default = "yingbi")]
    pub gateway: String,
    /// What stands in the file.
    #[serde(skip)]
    pub(crate) address: Option<crate::evidence::store::Address>,
}

/// `audit.siem`: whom to tell what is recorded. The record is the log; what can't be told in time is dropped and counted.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Siem {
    /// `gateway`, default `yingbi`: this gateway's name there.
    #[serde(default = "yingbi")]
    pub gateway: String,
    /// `backlog`, default 10000: records that may wait for a receiver; what lies further back is dropped.
    #[serde(default = "ten_thousand")]
    pub backlog: u64,
    /// `syslog`: RFC 5424 over TCP or TLS.
    #[serde(default)]
    pub syslog: Option<Syslog>,
    /// `otlp`: OpenTelemetry logs over HTTP.
    #[serde(default)]
    pub otlp: Option<Otlp>,
}

/// `audit.siem.syslog`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Syslog {
    /// `address`: `tls://siem.firm.example:6514`; `tcp://127.0.0.1:601` on this host alone.
    pub address: String,
    /// `ca`: authorities of the receiver's certificate; must be there for `tls://`.
    #[serde(default)]
    pub ca: Option<PathBuf>,
    /// Of the address.
    #[serde(skip)]
    pub(crate) host: String,
    #[serde(skip)]
    pub(crate) port: u16,
    #[serde(skip)]
    pub(crate) is_tls: bool,
}

/// `audit.siem.otlp`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Otlp {
    /// `url`: https, or http on loopback; such as `https://collector.firm.example:4318/v1/logs`.
    pub url: String,
    /// `ca`: authorities of the URL's certificate; left out: the public ones.
    #[serde(default)]
    pub ca: Option<PathBuf>,
    /// `token`: file of a bearer token, closed to others; left out: none is sent.
    #[serde(default)]
    pub token: Option<PathBuf>,
}

fn ten_thousand() -> u64 {
    10_000
}

fn yingbi() -> String {
    "yingbi".to_owned()
}

fn hourly() -> Duration {
    Duration::from_secs(3600)
}

fn minutely() -> Duration {
    Duration::from_secs(60)
}

/// `audit.retention`: a closed segment is removed when all in it are older than their kind's days (T/TSAC 001 8.3.2).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// `access_days`: permitted accesses and how they ended.
    pub access_days: Option<u32>,
    /// `refusal_days`: refusals.
    pub refusal_days: Option<u32>,
    /// `event_days`: events of the log itself.
    pub event_days: Option<u32>,
    /// `holds`: times of which nothing is removed, whatever its age.
    pub holds: Vec<Hold>,
}

/// `audit.retention.holds`: a legal hold.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// `from`: RFC 3339.
    pub from: String,
    /// `to`: RFC 3339; left out: until the hold is taken away.
    #[serde(default)]
    pub to: Option<String>,
    /// `reason`: for those who read the configuration.
    pub reason: String,
}

impl Default for Audit {
    fn default() -> Self {
        Audit {
            anchors: Vec::new(),
            checkpoint_interval: Duration::from_secs(10),
            time_stamps: None,
            chain: None,
            ship: None,
            siem: None,
            readers: None,
            retention: Retention::default(),
        }
    }
}
