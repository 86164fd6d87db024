//! Checks beyond syntax: what the file names exists, parses and is safe. All problems are collected.

use super::file::{self, ConfigFile, problem};
use super::listen::{AdminFile, ListenFile};
use super::places::Places;
use super::secret::{self, Secret, SecretError};
use super::upstream::UpstreamFile;
use super::{
    Admin, ApiTokenEntry, Config, Endpoint, IdentityConfig, JwksSource, JwtIssuer, Keys, Limits, Listen,
    ListenTls, Upstream, UpstreamEndpoint, UpstreamTls,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::collections::HashSet;
use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
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
        let admin = self.admin(&written.admin);
        let policy_dir = self.read_directory("policy_dir", &written.policy_dir);
        let data_dir = self.data_dir(&written.data_dir);
        let pseudonym = self.secret("keys.pseudonym", &written.keys.pseudonym);
        let identity = self.identity(written.identity);
        self.limits(&written.limits);
        self.positive("drain.grace_ms", written.drain.grace);
        let threads = self.threads(written.threads);
        Some(Config {
            file: path.to_path_buf(),
            listen,
            upstream: upstream?,
            admin: admin?,
            policy_dir,
            data_dir,
            keys: Keys { pseudonym },
            identity,
            limits: written.limits,
            drain: written.drain,
            telemetry: written.telemetry,
            threads,
            warnings: Vec::new(),
        })
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

    fn admin(&mut self, written: &AdminFile) -> Option<Admin> {
        let listen = self.socket("admin.listen", &written.listen)?;
        if !listen.ip().is_loopback() && !written.danger_allow_non_loopback {
            self.error(
                "YB0015",
                "admin.listen",
                ("the admin port has no TLS and would be open beyond this host", "管理端口没有 TLS，却对本机以外开放"),
                ("listen on 127.0.0.1, or set `danger_allow_non_loopback: true` where the network protects it", "请监听 127.0.0.1；若网络已隔离，可设 `danger_allow_non_loopback: true`"),
            );
        }
        Some(Admin { listen })
    }

    fn identity(&mut self, written: super::identity::IdentityFile) -> IdentityConfig {
        let mut jwt = written.jwt;
        let mut issuers = HashSet::new();
        for (index, issuer) in jwt.iter_mut().enumerate() {
            let at = format!("identity.jwt.{index}");
            if !issuers.insert(issuer.issuer.clone()) {
                self.error(
                    "YB0017",
                    &format!("{at}.issuer"),
                    ("issuer is given twice", "签发者重复"),
                    ("keep one entry for each issuer", "每个签发者只保留一项"),
                );
            }
            self.issuer(&at, issuer);
        }
        let mut api_tokens = written.api_tokens.tokens;
        let mut place = None;
        if let Some(file) = written.api_tokens.file {
            let at = "identity.api_tokens.file";
            let file = self.path(&file);
            place = Some(at);
            if let Some(text) = self.private_text(at, &file) {
                match super::parse_token_file(&file, &text) {
                    Ok(tokens) => api_tokens = tokens,
                    Err(problem) => self.found.push(*problem),
                }
            }
        }
        self.tokens(place, &api_tokens);
        let mtls = written.mtls;
        if mtls.id_from.is_empty() {
            self.error(
                "YB0014",
                "identity.mtls.id_from",
                ("no name identifies the holder of a certificate", "没有可识别证书持有者的名称"),
                (
                    "name at least one of `uri`, `dns`, `common-name`",
                    "请至少给出 `uri`、`dns`、`common-name` 之一",
                ),
            );
        }
        IdentityConfig { jwt, api_tokens, mtls }
    }

    fn issuer(&mut self, at: &str, issuer: &mut JwtIssuer) {
        if issuer.issuer.is_empty() {
            self.error(
                "YB0014",
                &format!("{at}.issuer"),
                ("issuer is empty", "签发者为空"),
                ("write the exact `iss` of its tokens", "请写令牌中 `iss` 的原值"),
            );
        }
        if issuer.audience.is_empty() || issuer.audience.iter().any(String::is_empty) {
            self.error(
                "YB0014",
                &format!("{at}.audience"),
                ("audience is empty", "受众为空"),
                (
                    "write this gateway's name in `aud`, so that tokens meant for others are refused",
                    "请写本网关在 `aud` 中的名称，以便拒绝发给他人的令牌",
                ),
            );
        }
        if issuer.leeway > LEEWAY_MAX {
            self.error(
                "YB0014",
                &format!("{at}.leeway_s"),
                ("more than 300 seconds", "超过 300 秒"),
                ("keep the clocks in step; 30 is plenty", "请同步时钟；30 秒足够"),
            );
        }
        self.positive(&format!("{at}.jwks.refresh_s"), issuer.jwks.refresh);
        if issuer.jwks.max_stale < issuer.jwks.refresh {
            self.error(
                "YB0014",
                &format!("{at}.jwks.max_stale_s"),
                ("shorter than `refresh_s`", "小于 `refresh_s`"),
                ("keys would go stale between two good reads", "否则两次正常读取之间密钥就会过期"),
            );
        }
        if let Some(ca) = &issuer.jwks.ca {
            let ca = self.certificates(&format!("{at}.jwks.ca"), ca);
            issuer.jwks.ca = Some(ca);
        }
        match &mut issuer.jwks.source {
            JwksSource::File(file) => {
                *file = self.path(file);
                let at = format!("{at}.jwks.file");
                if let Some(bytes) = self.bytes(&at, file)
                    && crate::exchange::identity::usable_keys(&bytes).is_none()
                {
                    self.error("YB0019", &at, ("no usable key in the JWK set", "JWK 集中没有可用的密钥"), ("RSA (2048 bits or more), P-256, P-384 and Ed25519 public keys for signatures are usable", "可用：签名用途的 RSA（2048 位以上）、P-256、P-384、Ed25519 公钥"));
                }
            }
            JwksSource::Url(url) => {
                let at = format!("{at}.jwks.url");
                if !is_safe_url(url) {
                    self.error(
                        "YB0022",
                        &at,
                        (
                            "keys must come over https, or http from this host",
                            "密钥只能经 https 获取，或经 http 从本机获取",
                        ),
                        ("whoever can change the keys can be anyone", "能改动密钥者可冒充任何人"),
                    );
                }
            }
        }
        if let Some(step_up) = &issuer.step_up {
            let at = format!("{at}.step_up");
            if step_up.acr.is_empty() && step_up.amr.is_empty() {
                self.error(
                    "YB0014",
                    &at,
                    ("names no `acr` and no `amr`", "没有给出 `acr` 或 `amr`"),
                    (
                        "name what proves strong authentication (T/TSAC 001 8.4.4 c)",
                        "请写明何为强鉴别（T/TSAC 001 8.4.4 c）",
                    ),
                );
            }
            self.positive(&format!("{at}.max_age_s"), step_up.max_age);
        }
    }

    fn tokens(&mut self, file: Option<&str>, tokens: &[ApiTokenEntry]) {
        let (mut ids, mut hashes) = (HashSet::new(), HashSet::new());
        for (index, token) in tokens.iter().enumerate() {
            let at = file.map_or_else(|| format!("identity.api_tokens.{index}"), str::to_owned);
            let id = &token.id;
            if id.is_empty() || id.len() > 128 || id.chars().any(char::is_control) {
                self.error(
                    "YB0021",
                    &at,
                    ("token id is empty, too long or unprintable", "令牌 id 为空、过长或含不可见字符"),
                    ("use 1 to 128 printable characters", "请用 1 至 128 个可见字符"),
                );
            } else if !ids.insert(id) {
                self.error(
                    "YB0017",
                    &at,
                    (&format!("token id `{id}` is given twice"), &format!("令牌 id `{id}` 重复")),
                    (
                        "each holder has an own token (T/TSAC 001 7.5 a)",
                        "每个持有者使用各自的令牌（T/TSAC 001 7.5 a）",
                    ),
                );
            }
            if !hashes.insert(token.hash) {
                self.error(
                    "YB0017",
                    &at,
                    (
                        &format!("token `{id}` has the hash of another"),
                        &format!("令牌 `{id}` 的摘要与其他令牌相同"),
                    ),
                    (
                        "make a token for each holder: `yingbi token new`",
                        "请用 `yingbi token new` 为每个持有者各生成一个",
                    ),
                );
            }
            if token.subjects.iter().any(String::is_empty) {
                self.error(
                    "YB0021",
                    &at,
                    (
                        &format!("token `{id}` has an empty subject"),
                        &format!("令牌 `{id}` 的 subjects 含空值"),
                    ),
                    ("remove it", "请删去"),
                );
            }
            if token.expires.is_none() {
                self.warn(
                    "YB0025",
                    &at,
                    (&format!("token `{id}` never expires"), &format!("令牌 `{id}` 永不过期")),
                    ("add `expires` (T/TSAC 001 7.5 c)", "请添加 `expires`（T/TSAC 001 7.5 c）"),
                );
            }
        }
    }

    fn limits(&mut self, limits: &Limits) {
        for (key, value, least, most) in [
            ("head_bytes", limits.head_bytes, 1 << 10, 1 << 20),
            ("headers", limits.headers, 8, 256),
            ("request_body_bytes", limits.request_body_bytes, 0, 1 << 32),
            ("response_body_bytes", limits.response_body_bytes, 1 << 10, 1 << 32),
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

    fn read_directory(&mut self, at: &str, path: &Path) -> PathBuf {
        let path = self.path(path);
        if let Err(error) = std::fs::read_dir(&path) {
            self.error(
                "YB0020",
                at,
                (
                    &format!("can't read the directory: {}", error.kind()),
                    &format!("无法读取目录：{}", error.kind()),
                ),
                ("create it, readable by the gateway's user", "请创建该目录，并允许网关用户读取"),
            );
        }
        path
    }

    fn data_dir(&mut self, path: &Path) -> PathBuf {
        use nix::unistd::{AccessFlags, access};
        let path = self.path(path);
        // Nothing is made here: whoever checks may not be who runs. What is not there yet must be possible to make.
        let existing = path.ancestors().find(|ancestor| ancestor.exists()).unwrap_or(Path::new("."));
        let existing = if existing.as_os_str().is_empty() { Path::new(".") } else { existing };
        let usable = access(existing, AccessFlags::R_OK | AccessFlags::W_OK | AccessFlags::X_OK);
        let problem = match usable {
            _ if !existing.is_dir() => Some(std::io::ErrorKind::NotADirectory),
            Err(error) => Some(std::io::Error::from(error).kind()),
            Ok(()) => None,
        };
        if let Some(kind) = problem {
            self.error(
                "YB0020",
                "data_dir",
                (&format!("can't write there: {kind}"), &format!("无法写入：{kind}")),
                (
                    "the audit log needs a writable directory on a durable disk",
                    "审计日志需要持久磁盘上的可写目录",
                ),
            );
        }
        path
    }

    fn secret(&mut self, at: &str, path: &Path) -> PathBuf {
        let path = self.path(path);
        if let Err(error) = Secret::read(&path) {
            self.secret_problem(
                at,
                &error,
                ("make one: `yingbi keys init --config FILE`", "请生成：`yingbi keys init --config FILE`"),
            );
        }
        path
    }

    fn private_text(&mut self, at: &str, path: &Path) -> Option<String> {
        let read = || -> Result<Vec<u8>, SecretError> {
            secret::private(&File::open(path)?)?;
            Ok(std::fs::read(path)?)
        };
        match read() {
            Ok(bytes) => String::from_utf8(bytes).ok(),
            Err(error) => {
                self.secret_problem(at, &error, ("name a readable file", "请给出可读的文件"));
                None
            }
        }
    }

    fn private_key(&mut self, at: &str, path: &Path) -> PathBuf {
        let path = self.path(path);
        let read = || -> Result<bool, SecretError> {
            secret::private(&File::open(&path)?)?;
            Ok(PrivateKeyDer::from_pem_file(&path).is_ok())
        };
        match read() {
            Ok(true) => {}
            Ok(false) => self.error(
                "YB0018",
                at,
                ("no private key in the file", "文件中没有私钥"),
                (
                    "a PEM file with one unencrypted private key is expected",
                    "应为含一个未加密私钥的 PEM 文件",
                ),
            ),
            Err(error) => self.secret_problem(at, &error, ("name a readable file", "请给出可读的文件")),
        }
        path
    }

    fn secret_problem(&mut self, at: &str, error: &SecretError, absent: (&str, &str)) {
        match error {
            SecretError::Read(error) => self.error(
                "YB0011",
                at,
                (
                    &format!("can't read the file: {}", error.kind()),
                    &format!("无法读取文件：{}", error.kind()),
                ),
                absent,
            ),
            SecretError::Open(mode) => self.error(
                "YB0012",
                at,
                (
                    &format!("mode {mode:04o}: others can read or change this secret"),
                    &format!("权限 {mode:04o}：他人可读取或改动此机密文件"),
                ),
                (
                    "`chmod 600` it, and replace the secret if others had access",
                    "请 `chmod 600`；若他人已能访问，请更换密钥",
                ),
            ),
            SecretError::Malformed => self.error(
                "YB0013",
                at,
                ("not 64 hex digits of a random key", "不是 64 位十六进制的随机密钥"),
                ("make one: `yingbi keys init --config FILE`", "请生成：`yingbi keys init --config FILE`"),
            ),
        }
    }

    fn certificates(&mut self, at: &str, path: &Path) -> PathBuf {
        let path = self.path(path);
        if let Some(bytes) = self.bytes(at, &path) {
            let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
            if !all.is_ok_and(|all| !all.is_empty()) {
                self.error(
                    "YB0018",
                    at,
                    ("no certificate in the file", "文件中没有证书"),
                    ("a PEM file with certificates is expected", "应为含证书的 PEM 文件"),
                );
            }
        }
        path
    }

    fn bytes(&mut self, at: &str, path: &Path) -> Option<Vec<u8>> {
        match std::fs::read(path) {
            Ok(bytes) => Some(bytes),
            Err(error) => {
                self.error(
                    "YB0011",
                    at,
                    (
                        &format!("can't read the file: {}", error.kind()),
                        &format!("无法读取文件：{}", error.kind()),
                    ),
                    (
                        "paths are relative to the directory of this configuration file",
                        "路径相对于本配置文件所在目录",
                    ),
                );
                None
            }
        }
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

/// `https`, or `http` to a literal loopback address or `localhost`; no user information.
fn is_safe_url(url: &str) -> bool {
    let Ok(uri) = url.parse::<http::Uri>() else { return false };
    let Some(authority) = uri.authority() else { return false };
    if authority.as_str().contains('@') {
        return false;
    }
    let host = authority.host().trim_matches(['[', ']']);
    let local = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    match uri.scheme_str() {
        Some("https") => true,
        Some("http") => local,
        _ => false,
    }
}

/// A day: no honest exchange takes longer, and no arithmetic on it overflows.
const TIMEOUT_MAX: Duration = Duration::from_secs(86_400);
/// More would keep expired tokens alive; clocks are kept closer than that.
const LEEWAY_MAX: Duration = Duration::from_secs(300);
/// `sun_path` less its closing NUL.
const UNIX_PATH_MAX: usize = 107;
