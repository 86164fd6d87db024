//! Checks of `identity`.

use super::Check;
use crate::config::identity::IdentityFile;
use crate::config::{ApiTokenEntry, IdentityConfig, JwksSource, JwtIssuer, parse_token_file, read_directory};
use crate::exchange::headers::goes_upstream;
use http::HeaderName;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, COOKIE};
use std::collections::HashSet;
use std::time::Duration;

impl Check {
    pub(super) fn identity(&mut self, written: IdentityFile) -> IdentityConfig {
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
                match parse_token_file(&file, &text) {
                    Ok(tokens) => api_tokens = tokens,
                    Err(problem) => self.found.push(*problem),
                }
            }
        }
        self.tokens(place, &api_tokens);
        let token_header = written.token_header.and_then(|name| self.token_header(&name));
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
        let directory = written.directory.and_then(|directory| {
            let file = self.path(&directory.file);
            match read_directory(&file) {
                Ok(entries) => Some((file, entries)),
                Err(problem) => {
                    self.found.push(*problem);
                    None
                }
            }
        });
        IdentityConfig {
            jwt,
            api_tokens,
            token_header,
            mtls,
            directory,
            zones: written.zones,
            accounts: written.accounts,
            behaviour: written.behaviour,
        }
    }

    /// A header that means nothing else, and travels.
    fn token_header(&mut self, name: &str) -> Option<HeaderName> {
        let header = name.parse::<HeaderName>().ok();
        let header = header.filter(|header| {
            let taken = [AUTHORIZATION, COOKIE, CONTENT_TYPE, ACCEPT].contains(header);
            !taken && goes_upstream(header.as_str(), true, true) && !header.as_str().starts_with("yingbi-")
        });
        if header.is_none() {
            self.error(
                "YB0014",
                "identity.token_header",
                ("not a header that a token may come in", "不是可用于携带令牌的请求头"),
                (
                    "name a header that means nothing else, such as `token`",
                    "请写没有其他含义的请求头，如 `token`",
                ),
            );
        }
        header
    }

    pub(super) fn issuer(&mut self, at: &str, issuer: &mut JwtIssuer) {
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

    pub(super) fn tokens(&mut self, file: Option<&str>, tokens: &[ApiTokenEntry]) {
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
}

/// `https`, or `http` to a literal loopback address or `localhost`; no user information.
pub(super) fn is_safe_url(url: &str) -> bool {
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

/// More would keep expired tokens alive; clocks are kept closer than that.
const LEEWAY_MAX: Duration = Duration::from_secs(300);
