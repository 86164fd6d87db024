//! Checks of `audit` and of the key that checkpoints are signed with.

use super::Check;
use crate::config::keys::KeysFile;
use crate::config::{Audit, Ship, Siem};
use crate::evidence::store::Address;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

impl Check {
    /// The key of checkpoints. A named one must be there; the default one is used when it is.
    pub(super) fn checkpoint_key(&mut self, keys: &KeysFile) -> Option<PathBuf> {
        let path = keys.checkpoint();
        let is_there = keys.checkpoint.is_some() || self.path(&path).symlink_metadata().is_ok();
        is_there.then(|| self.secret("keys.checkpoint", &path))
    }

    /// Where evidence is sent must not be anybody on the way.
    fn remote(&mut self, at: &str, url: &str) {
        if !super::identity::is_safe_url(url) {
            self.error(
                "YB1631",
                at,
                ("evidence goes by https, or by http on this host", "证据须经 https 发送，或经本机 http"),
                ("write https://…, or http://127.0.0.1:…", "请写 https://…，或 http://127.0.0.1:…"),
            );
        }
    }

    fn particulars(&mut self, chain: &crate::config::Chain) {
        for needed in ["subject_company_name", "subject_main_administrative_region"] {
            if !chain.subject.contains_key(needed) {
                self.error(
                    "YB1633",
                    "audit.chain.subject",
                    (
                        &format!("`{needed}` is missing (T/SAC 004 table B.3)"),
                        &format!("缺少 `{needed}`（T/SAC 004 表 B.3）"),
                    ),
                    ("give the firm's name and region", "请填写主体名称与行政区域"),
                );
            }
        }
        let pairs = chain.subject.iter().chain(&chain.node);
        for (name, value) in pairs.filter(|(name, value)| name.contains(['=', '\n']) || value.contains('\n'))
        {
            let _ = (name, value);
            self.error(
                "YB1633",
                "audit.chain",
                ("a particular has a line feed, or its name a `=`", "主体信息含换行，或名称含 `=`"),
                ("write each on one line", "每项请写在一行内"),
            );
        }
        if let Some(path) = &chain.token
            && std::fs::read_to_string(path).map_or(true, |token| token.trim().is_empty())
        {
            self.unreadable_token("audit.chain.token");
        }
    }

    fn unreadable_token(&mut self, at: &str) {
        self.error(
            "YB1634",
            at,
            ("the token can't be read", "令牌文件无法读取"),
            ("name a file that holds the token", "请指定存有令牌的文件"),
        );
    }

    fn ship(&mut self, ship: &mut Ship) {
        ship.store = self.path(&ship.store);
        ship.ca = ship.ca.take().map(|path| self.certificates("audit.ship.ca", &path));
        self.name("audit.ship.gateway", &ship.gateway);
        let Some(text) = self.private_text("audit.ship.store", &ship.store).map(Zeroizing::new) else {
            return;
        };
        ship.address = Address::parse(&text, ship.ca.as_deref());
        if ship.address.is_none() {
            self.error(
                "YB1635",
                "audit.ship.store",
                (
                    "no address of a store on this host, or of one reached by TLS",
                    "不是本机存储或经 TLS 访问的存储的地址",
                ),
                (
                    "write `host=/run/postgresql user=yingbi dbname=audit`, `nats://127.0.0.1:4222` or `tls://…`",
                    "请写 `host=/run/postgresql user=yingbi dbname=audit`、`nats://127.0.0.1:4222` 或 `tls://…`",
                ),
            );
        }
    }

    /// Names go into headers and lines of others' protocols.
    fn name(&mut self, at: &str, name: &str) {
        if name.is_empty() || name.len() > 255 || !name.bytes().all(|byte| byte.is_ascii_graphic()) {
            self.error(
                "YB1636",
                at,
                ("not a name", "不是名称"),
                (
                    "use up to 255 letters, digits and signs of ASCII",
                    "请使用至多 255 个 ASCII 字母、数字与符号",
                ),
            );
        }
    }

    fn siem(&mut self, siem: &mut Siem) {
        self.name("audit.siem.gateway", &siem.gateway);
        if let Some(syslog) = &mut siem.syslog {
            syslog.ca = syslog.ca.take().map(|path| self.certificates("audit.siem.syslog.ca", &path));
            let uri = syslog.address.parse::<http::Uri>().ok();
            let authority = uri.as_ref().and_then(http::Uri::authority);
            (syslog.host, syslog.port) =
                authority.map_or((String::new(), 0), |at| (at.host().to_owned(), at.port_u16().unwrap_or(0)));
            syslog.is_tls = uri.as_ref().and_then(http::Uri::scheme_str) == Some("tls");
            let is_plain = uri.as_ref().and_then(http::Uri::scheme_str) == Some("tcp");
            let host = syslog.host.trim_matches(['[', ']']);
            let is_local =
                host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
            let is_safe = (syslog.is_tls && syslog.ca.is_some()) || (is_plain && is_local);
            if !is_safe || syslog.host.is_empty() || syslog.port == 0 {
                self.error(
                    "YB1637",
                    "audit.siem.syslog.address",
                    ("events go by TLS, or by TCP on this host", "事件须经 TLS 发送，或经本机 TCP"),
                    (
                        "write `tls://host:6514` and `ca`, or `tcp://127.0.0.1:601`",
                        "请写 `tls://主机:6514` 并给出 `ca`，或 `tcp://127.0.0.1:601`",
                    ),
                );
            }
        }
        if let Some(otlp) = &mut siem.otlp {
            self.remote("audit.siem.otlp.url", &otlp.url);
            otlp.ca = otlp.ca.take().map(|path| self.certificates("audit.siem.otlp.ca", &path));
            otlp.token = otlp.token.take().map(|path| self.path(&path));
            if let Some(path) = &otlp.token
                && let Some(token) = self.private_text("audit.siem.otlp.token", path).map(Zeroizing::new)
                && token.trim().is_empty()
            {
                self.unreadable_token("audit.siem.otlp.token");
            }
        }
    }

    pub(super) fn audit(&mut self, written: Audit, data_dir: &Path) -> Audit {
        let mut audit = written;
        if audit.readers.is_some() {
            self.error(
                "YB1630",
                "audit.readers",
                ("who reads the log is an officer now", "查阅日志者现为人员角色"),
                (
                    "give the role: `admin.officers[].roles: [auditor]`",
                    "请授予角色：`admin.officers[].roles: [auditor]`",
                ),
            );
        }
        self.positive("audit.checkpoint_interval_ms", audit.checkpoint_interval);
        audit.anchors = audit.anchors.iter().map(|anchor| self.path(anchor)).collect();
        let log = data_dir.join(crate::config::AUDIT);
        for (index, anchor) in audit.anchors.iter().enumerate() {
            if anchor.starts_with(&log) {
                self.error(
                    "YB0026",
                    &format!("audit.anchors.{index}"),
                    ("the anchor lies within the log it is to bear witness to", "锚点位于其所见证的日志之内"),
                    (
                        "name a directory elsewhere, best on another machine",
                        "请指定其他目录，最好在另一台机器上",
                    ),
                );
            }
        }
        if let Some(stamps) = &mut audit.time_stamps {
            self.remote("audit.time_stamps.url", &stamps.url);
            self.positive("audit.time_stamps.interval_ms", stamps.interval);
            stamps.ca = stamps.ca.take().map(|path| self.certificates("audit.time_stamps.ca", &path));
            let authorities = stamps.authorities.take();
            stamps.authorities =
                authorities.map(|path| self.certificates("audit.time_stamps.authorities", &path));
        }
        if let Some(chain) = &mut audit.chain {
            self.remote("audit.chain.url", &chain.url);
            self.positive("audit.chain.interval_ms", chain.interval);
            chain.ca = chain.ca.take().map(|path| self.certificates("audit.chain.ca", &path));
            chain.token = chain.token.take().map(|path| self.path(&path));
            self.particulars(chain);
        }
        if let Some(ship) = &mut audit.ship {
            self.ship(ship);
        }
        if let Some(siem) = &mut audit.siem {
            self.siem(siem);
        }
        for (index, hold) in audit.retention.holds.iter().enumerate() {
            let is_time = |text: &str| text.parse::<jiff::Timestamp>().is_ok();
            if !is_time(&hold.from) || hold.to.as_deref().is_some_and(|to| !is_time(to)) {
                self.error(
                    "YB0005",
                    &format!("audit.retention.holds.{index}"),
                    ("not a time", "不是时间"),
                    ("write it like 2026-11-20T00:00:00+08:00", "请写成 2026-11-20T00:00:00+08:00"),
                );
            }
        }
        audit
    }
}
