//! Checks beyond syntax: what the file names exists, parses and is safe. All problems are collected.

mod audit;
mod credentials;
mod files;
mod identity;
mod keys;
mod officers;
mod stores;

pub(super) use keys::key_places;
pub(crate) use keys::store_problem;

use super::file::{self, ConfigFile, problem};
use super::listen::{AdminFile, ListenFile};
use super::places::Places;
use super::upstream::UpstreamFile;
use super::{
    Admin, Config, Endpoint, Keys, Limits, Listen, ListenTls, Upstream, UpstreamEndpoint, UpstreamTls,
};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use yingbi_crypto::VerifyingKey;
use yingbi_policies::{Diagnostic, Severity, Text};

/// Turns what is written into what is meant, or lists everything that is wrong.
pub(super) fn check(path: &Path, text: &str, written: ConfigFile) -> Result<Config, Vec<Diagnostic>> {
    let mut check =
        Check { places: file::places(path, text), directory: file::directory(path), found: Vec::new() };
    let config = check.config(path, written);
    let mut found = check.found;
    found.sort_by_key(|d| (std::cmp::Reverse(d.severity), d.place.line, d.place.column));
    match config {
        Some(mut config) if found.iter().all(|d| d.severity == Severity::Warning) => {
            config.warnings = found;
            Ok(config)
        }
        _ => Err(found),
    }
}

struct Check {
    places: Places,
    directory: PathBuf,
    found: Vec<Diagnostic>,
}

impl Check {
    fn config(&mut self, path: &Path, written: ConfigFile) -> Option<Config> {
        let listen = self.listeners(written.listen);
        let upstream = self.upstream(written.upstream);
        let admin = self.admin(written.admin);
        let policy_dir = self.read_directory("policy_dir", &written.policy_dir);
        let policy_signers = self.policy_signers(&written.policy_signers);
        let data_dir = self.data_dir(&written.data_dir);
        let pseudonym = self.secret("keys.pseudonym", &written.keys.pseudonym);
        let checkpoint = self.checkpoint_key(&written.keys);
        let data = self.data_keys(written.keys);
        let audit = self.audit(written.audit, &data_dir);
        let identity = self.identity(written.identity);
        let credentials = self.credentials(written.credentials);
        self.limits(&written.limits);
        self.positive("drain.grace_ms", written.drain.grace);
        if written.integrity.sign && checkpoint.is_none() {
            self.error(
                "YB0710",
                "integrity.sign",
                ("answers are to be signed, and there is no key", "要求对应答签名，但没有密钥"),
                (
                    "run `yingbi keys init`: it makes `keys.checkpoint`",
                    "请运行 `yingbi keys init` 生成 `keys.checkpoint`",
                ),
            );
        }
        let stores = self.stores(written.stores);
        let threads = self.threads(written.threads);
        Some(Config {
            file: path.to_path_buf(),
            listen,
            upstream: upstream?,
            admin: admin?,
            policy_dir,
            policy_signers,
            data_dir,
            keys: Keys { pseudonym, checkpoint, data },
            identity,
            credentials,
            limits: written.limits,
            drain: written.drain,
            audit,
            integrity: written.integrity,
            stores,
            telemetry: written.telemetry,
            threads,
            warnings: Vec::new(),
        })
    }

    fn policy_signers(&mut self, written: &[String]) -> Vec<VerifyingKey> {
        let mut signers = Vec::new();
        for (index, text) in written.iter().enumerate() {
            match text.parse::<VerifyingKey>() {
                Ok(key) => signers.push(key),
                Err(why) => self.error(
                    "YB0014",
                    &format!("policy_signers.{index}"),
                    (&why.to_string(), "不是公钥"),
                    (
                        "write what `yingbi policy signer FILE` prints",
                        "请写 `yingbi policy signer FILE` 所输出的内容",
                    ),
                ),
            }
        }
        signers
    }

    fn listeners(&mut self, written: Vec<ListenFile>) -> Vec<Listen> {
        if written.is_empty() {
            self.error(
                "YB0004",
                "listen",
                ("no listener", "没有监听地址"),
                (
                    "add one, such as `- address: 127.0.0.1:8443`",
                    "请至少添加一个，如 `- address: 127.0.0.1:8443`",
                ),
            );
        }
        let mut listeners = Vec::new();
        for (index, one) in written.into_iter().enumerate() {
            let at = format!("listen.{index}");
            let tls = one.tls.map(|tls| self.listen_tls(&format!("{at}.tls"), tls));
            let endpoint = match (one.address, one.unix) {
                (Some(address), None) => self.socket(&format!("{at}.address"), &address).map(Endpoint::Tcp),
                (None, Some(unix)) => Some(Endpoint::Unix(self.socket_path(&format!("{at}.unix"), &unix))),
                _ => {
                    self.exactly_one(&at, "address", "unix");
                    None
                }
            };
            let Some(endpoint) = endpoint else { continue };
            if tls.is_none() && !endpoint.is_local() {
                self.warn(
                    "YB0023",
                    &at,
                    ("clients beyond this host are served without TLS", "对本机以外的客户端未启用 TLS"),
                    (
                        "add `tls`, or listen on loopback (T/TSAC 001 8.6.1 a)",
                        "请配置 `tls`，或只监听回环地址（T/TSAC 001 8.6.1 a）",
                    ),
                );
            }
            if listeners.iter().any(|other: &Listen| other.endpoint == endpoint) {
                self.error(
                    "YB0017",
                    &at,
                    ("listens twice on the same address", "同一地址监听了两次"),
                    ("remove one of them", "请删去其一"),
                );
            }
            listeners.push(Listen { endpoint, tls });
        }
        listeners
    }

    fn listen_tls(&mut self, at: &str, tls: ListenTls) -> ListenTls {
        let mut tls = tls;
        tls.certificate = self.certificates(&format!("{at}.certificate"), &tls.certificate);
        tls.key = self.private_key(&format!("{at}.key"), &tls.key);
        if let Some(ca) = &mut tls.client_ca {
            ca.file = self.certificates(&format!("{at}.client_ca.file"), &ca.file);
        }
        tls
    }

    fn upstream(&mut self, written: UpstreamFile) -> Option<Upstream> {
        let endpoint = match (&written.address, &written.unix) {
            (Some(address), None) => {
                let endpoint = UpstreamEndpoint::parse(address);
                if endpoint.is_none() {
                    self.error(
                        "YB0010",
                        "upstream.address",
                        (&format!("`{address}` is not `host:port`"), &format!("`{address}` 不是 `主机:端口`")),
                        ("write `127.0.0.1:8080`, `[::1]:8080` or `api.internal:8080`, without scheme or path", "请写成 `127.0.0.1:8080`、`[::1]:8080` 或 `api.internal:8080`，不带协议和路径"),
                    );
                }
                endpoint
            }
            (None, Some(unix)) => Some(UpstreamEndpoint::Unix(self.path(unix))),
            _ => {
                self.exactly_one("upstream", "address", "unix");
                None
            }
        };
        for (key, value) in [
            ("connect_timeout_ms", written.connect_timeout),
            ("first_byte_timeout_ms", written.first_byte_timeout),
            ("read_timeout_ms", written.read_timeout),
            ("write_timeout_ms", written.write_timeout),
            ("idle_timeout_ms", written.idle_timeout),
        ] {
            self.positive(&format!("upstream.{key}"), value);
        }
        let tls = written.tls.map(|tls| self.upstream_tls(tls));
        let endpoint = endpoint?;
        if tls.is_none() && !endpoint.is_local() {
            self.warn(
                "YB0024",
                "upstream.address",
                (
                    "the upstream may be beyond this host and is reached without TLS",
                    "上游可能不在本机，且未启用 TLS",
                ),
                (
                    "add `tls` with `server_name` and `ca` (T/TSAC 001 8.6.1 a)",
                    "请配置 `tls`（`server_name` 与 `ca`）（T/TSAC 001 8.6.1 a）",
                ),
            );
        }
        Some(Upstream {
            endpoint,
            tls,
            connect_timeout: written.connect_timeout,
            first_byte_timeout: written.first_byte_timeout,
            read_timeout: written.read_timeout,
            write_timeout: written.write_timeout,
            idle_connections: written.idle_connections,
            idle_timeout: written.idle_timeout,
        })
    }

    fn upstream_tls(&mut self, tls: UpstreamTls) -> UpstreamTls {
        let mut tls = tls;
        if rustls::pki_types::ServerName::try_from(tls.server_name.as_str()).is_err() {
            self.error(
                "YB0010",
                "upstream.tls.server_name",
                ("not a DNS name or IP address", "不是域名或 IP 地址"),
                ("write the name that the upstream's certificate carries", "请写上游证书中的名称"),
            );
        }
        tls.ca = self.certificates("upstream.tls.ca", &tls.ca);
        match (&tls.certificate, &tls.key) {
            (Some(certificate), Some(key)) => {
                let certificate = self.certificates("upstream.tls.certificate", certificate);
                let key = self.private_key("upstream.tls.key", key);
                (tls.certificate, tls.key) = (Some(certificate), Some(key));
            }
            (None, None) => {}
            _ => self.error(
                "YB0016",
                "upstream.tls",
                ("`certificate` and `key` belong together", "`certificate` 与 `key` 须同时给出"),
                ("give both, or neither", "请同时给出，或都不给出"),
            ),
        }
        tls
    }

    fn admin(&mut self, written: AdminFile) -> Option<Admin> {
        let officers = self.officers(written.officers);
        let webhooks = self.webhooks(written.webhooks);
        let listen = self.socket("admin.listen", &written.listen)?;
        if !listen.ip().is_loopback() && !written.danger_allow_non_loopback {
            self.error(
                "YB0015",
                "admin.listen",
                ("the admin port has no TLS and would be open beyond this host", "管理端口没有 TLS，却对本机以外开放"),
                ("listen on 127.0.0.1, or set `danger_allow_non_loopback: true` where the network protects it", "请监听 127.0.0.1；若网络已隔离，可设 `danger_allow_non_loopback: true`"),
            );
        }
        Some(Admin { listen, officers, webhooks })
    }

    fn limits(&mut self, limits: &Limits) {
        for (key, value, least, most) in [
            ("head_bytes", limits.head_bytes, 1 << 10, 1 << 20),
            ("headers", limits.headers, 8, 256),
            ("request_body_bytes", limits.request_body_bytes, 0, 1 << 32),
            ("response_body_bytes", limits.response_body_bytes, 1 << 10, 1 << 32),
            ("segment_bytes", limits.segment_bytes, 1 << 10, 1 << 30),
            ("inflated_bytes", limits.inflated_bytes, 1 << 10, 1 << 32),
            ("inflate_ratio", limits.inflate_ratio, 2, 10_000),
            ("json_depth", limits.json_depth, 2, 1024),
            ("requests_per_connection", limits.requests_per_connection, 1, usize::MAX),
            ("connections", limits.connections, 1, 1 << 24),
            ("exchanges", limits.exchanges, 1, 1 << 24),
        ] {
            if !(least..=most).contains(&value) {
                self.error(
                    "YB0014",
                    &format!("limits.{key}"),
                    (&format!("{value} is out of range"), &format!("{value} 超出范围")),
                    (&format!("use {least} to {most}"), &format!("可用范围：{least} 至 {most}")),
                );
            }
        }
        for (key, value) in [
            ("head_timeout_ms", limits.head_timeout),
            ("exchange_timeout_ms", limits.exchange_timeout),
            ("stream_timeout_ms", limits.stream_timeout),
            ("body_idle_timeout_ms", limits.body_idle_timeout),
            ("keepalive_timeout_ms", limits.keepalive_timeout),
        ] {
            self.positive(&format!("limits.{key}"), value);
        }
    }

    fn threads(&mut self, written: Option<usize>) -> usize {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let threads = written.unwrap_or(cores);
        if !(1..=1024).contains(&threads) {
            self.error(
                "YB0014",
                "threads",
                (&format!("{threads} is out of range"), &format!("{threads} 超出范围")),
                ("use 1 to 1024, or leave it out for one a core", "可用范围：1 至 1024；省略则每核一个"),
            );
        }
        threads
    }

    fn positive(&mut self, at: &str, value: Duration) {
        if value.is_zero() || value > TIMEOUT_MAX {
            self.error(
                "YB0014",
                at,
                ("out of range", "超出范围"),
                (
                    "use more than 0 and at most a day: nothing here waits for ever",
                    "应大于 0 且不超过一天：不允许无限等待",
                ),
            );
        }
    }

    fn socket(&mut self, at: &str, text: &str) -> Option<SocketAddr> {
        let address = text.parse().ok();
        if address.is_none() {
            self.error(
                "YB0010",
                at,
                (
                    &format!("`{text}` is not an IP address with port"),
                    &format!("`{text}` 不是带端口的 IP 地址"),
                ),
                ("write `127.0.0.1:8443` or `[::1]:8443`", "请写成 `127.0.0.1:8443` 或 `[::1]:8443`"),
            );
        }
        address
    }

    fn socket_path(&mut self, at: &str, path: &Path) -> PathBuf {
        let path = self.path(path);
        if path.as_os_str().len() > UNIX_PATH_MAX {
            self.error(
                "YB0010",
                at,
                ("path is too long for a socket", "套接字路径过长"),
                ("use at most 107 bytes", "最多 107 字节"),
            );
        }
        if !path.parent().is_some_and(|parent| parent.as_os_str().is_empty() || parent.is_dir()) {
            self.error(
                "YB0020",
                at,
                ("directory of the socket does not exist", "套接字所在目录不存在"),
                ("create it first", "请先创建"),
            );
        }
        path
    }

    fn path(&self, path: &Path) -> PathBuf {
        self.directory.join(path)
    }

    fn exactly_one(&mut self, at: &str, one: &str, other: &str) {
        self.error(
            "YB0016",
            at,
            (
                &format!("exactly one of `{one}` and `{other}` is expected"),
                &format!("`{one}` 与 `{other}` 必须且只能给出一个"),
            ),
            ("give one of them", "请给出其一"),
        );
    }

    fn error(&mut self, code: &'static str, at: &str, message: (&str, &str), help: (&str, &str)) {
        let place = self.places.at(at);
        self.found.push(problem(code, place, Text::new(message.0, message.1), Text::new(help.0, help.1)));
    }

    fn warn(&mut self, code: &'static str, at: &str, message: (&str, &str), help: (&str, &str)) {
        self.error(code, at, message, help);
        if let Some(last) = self.found.last_mut() {
            last.severity = Severity::Warning;
        }
    }
}

/// A day: no honest exchange takes longer, and no arithmetic on it overflows.
const TIMEOUT_MAX: Duration = Duration::from_secs(86_400);
/// `sun_path` less its closing NUL.
const UNIX_PATH_MAX: usize = 107;
