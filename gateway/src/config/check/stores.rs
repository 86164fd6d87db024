//! Checks of `stores`.

use super::Check;
use crate::config::{PostgresStore, Stores};
use postgres::config::Host;
use std::time::Duration;

impl Check {
    pub(super) fn stores(&mut self, mut written: Stores) -> Stores {
        if let Some(postgres) = &mut written.postgres {
            self.postgres(postgres);
        }
        written
    }

    fn postgres(&mut self, store: &mut PostgresStore) {
        store.url = self.path(&store.url);
        if store.max_stale.is_zero() || store.max_stale > LONGEST {
            self.error(
                "YB1567",
                "stores.postgres.max_stale_s",
                ("out of range", "超出范围"),
                (
                    "use 1 to 60: what was withdrawn may be unknown for no longer",
                    "可用范围：1 至 60；已撤回的同意不得更久不为所知",
                ),
            );
        }
        let Some(text) = self.private_text("stores.postgres.url", &store.url) else { return };
        let config: Option<postgres::Config> = text.trim().parse().ok();
        let is_local = |host: &Host| match host {
            Host::Unix(_) => true,
            Host::Tcp(name) => {
                name == "localhost"
                    || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
            }
        };
        let good = config.is_some_and(|config| {
            !config.get_hosts().is_empty()
                && config.get_hosts().iter().all(is_local)
                && config.get_user().is_some()
        });
        if !good {
            self.error(
                "YB1568",
                "stores.postgres.url",
                ("no connection string to a store on this host", "不是指向本机存储的连接串"),
                (
                    "write `host=/run/postgresql user=yingbi dbname=yingbi`, a unix socket or loopback: it is spoken to without TLS",
                    "请写 `host=/run/postgresql user=yingbi dbname=yingbi`，仅限 Unix 套接字或回环地址：连接不带 TLS",
                ),
            );
        }
        store.connection = text.trim().to_owned();
    }
}

const LONGEST: Duration = Duration::from_secs(60);
