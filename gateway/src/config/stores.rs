//! `stores`: where consents, grants, switches and counts are kept.

use super::limits::seconds;
use serde::Deserialize;
use std::path::PathBuf;
use std::time::Duration;

/// `stores`. Without it they are kept in files below `data_dir`, for this gateway alone.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Stores {
    /// `postgres`: shared by many gateways; what one changes rules on all of them within a second.
    pub postgres: Option<PostgresStore>,
}

/// `stores.postgres`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresStore {
    /// `url`: a file, mode 0600, with the connection string: `host=/run/postgresql user=yingbi dbname=yingbi`. A unix socket
    /// or loopback: it is spoken to without TLS, so a tunnel must end there.
    pub url: PathBuf,
    /// `max_stale_s`, default and at most 60: how long consents and grants that were read stay good when it can't be
    /// reached (F12). What is restricted and stopped stays so.
    #[serde(default = "minute", rename = "max_stale_s", with = "seconds")]
    pub max_stale: Duration,
    /// What stands in the file.
    #[serde(skip)]
    pub(crate) connection: String,
}

fn minute() -> Duration {
    Duration::from_secs(60)
}
