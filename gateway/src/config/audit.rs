//! `audit`: how the access log becomes evidence, and how long it is kept. Who may read it through the gateway: officers with
//! the role `auditor` (`admin.officers`).

use super::limits::millis;
use serde::Deserialize;
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
    /// `readers` is no key any more: the role took its place.
    pub(super) readers: Option<serde::de::IgnoredAny>,
    /// `retention`: default for ever.
    pub retention: Retention,
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
            readers: None,
            retention: Retention::default(),
        }
    }
}
