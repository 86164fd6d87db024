//! Checks of `credentials`.

use super::Check;
use crate::config::Credentials;
use crate::state::credential::Verifier;
use std::collections::HashSet;
use std::time::Duration;

impl Check {
    pub(super) fn credentials(&mut self, written: Option<Credentials>) -> Option<Credentials> {
        let mut credentials = written?;
        credentials.registry = credentials.registry.map(|file| self.path(&file));
        for file in credentials.status_lists.values_mut() {
            *file = self.path(file);
        }
        if credentials.audience.is_empty() {
            self.error(
                "YB1561",
                "credentials.audience",
                ("audience is empty", "受众为空"),
                (
                    "write this gateway's name, so that proofs made for others are refused",
                    "请写本网关的名称，以便拒绝为他人所作的持有证明",
                ),
            );
        }
        if credentials.max_age.is_zero() || credentials.max_age > LONGEST {
            self.error(
                "YB1562",
                "credentials.max_age_s",
                ("out of range", "超出范围"),
                ("use 1 to 3600: a holder's proof is for now", "可用范围：1 至 3600；持有证明只在当下有效"),
            );
        }
        if credentials.lifetime.is_zero() {
            self.error(
                "YB1562",
                "credentials.lifetime_s",
                ("out of range", "超出范围"),
                (
                    "use 1 or more; without it a credential may hold as long as it says",
                    "须不小于 1；不写则以凭证所载期限为准",
                ),
            );
        }
        let names =
            credentials.issuers.iter().map(|issuer| &issuer.sm2_names).chain([&credentials.sm2_names]);
        // A name of another algorithm would let a key choose.
        if names.flatten().any(|name| REGISTERED.iter().any(|known| name.eq_ignore_ascii_case(known))) {
            self.error(
                "YB1563",
                "credentials.sm2_names",
                ("a registered name of another algorithm", "这是其他算法的登记名称"),
                (
                    "write what signers call SM2, such as `SM2` or `SM2-SM3`",
                    "请写签名者对 SM2 的称呼，如 `SM2` 或 `SM2-SM3`",
                ),
            );
        }
        let mut ids = HashSet::new();
        if !credentials.issuers.iter().all(|issuer| !issuer.id.is_empty() && ids.insert(&issuer.id)) {
            self.error(
                "YB1564",
                "credentials.issuers",
                ("an issuer is given twice or has no name", "签发者重复或缺少名称"),
                ("keep one entry for each issuer", "每个签发者只保留一项"),
            );
        }
        if let Err(file) = Verifier::open(&credentials, jiff::Timestamp::now().as_second()) {
            self.error(
                "YB1565",
                "credentials",
                (
                    &format!("`{}` can't be used", file.display()),
                    &format!("`{}` 无法使用", file.display()),
                ),
                (
                    "the registry is a JSON object of DID documents by name; a status list is a JWT signed by a key that is known, for its URI, and not over",
                    "登记册应为以名称为键的 DID 文档 JSON 对象；状态列表应为已知密钥签名、URI 相符且未过期的 JWT",
                ),
            );
        }
        Some(credentials)
    }
}

const LONGEST: Duration = Duration::from_secs(3600);

/// RFC 7518, 8037, 9864.
const REGISTERED: [&str; 12] = [
    "none", "EdDSA", "Ed25519", "Ed448", "ES256", "ES384", "ES512", "ES256K", "RS256", "PS256", "HS256",
    "HS512",
];
