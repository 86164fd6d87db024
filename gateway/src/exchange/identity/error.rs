//! Why a presented credential was refused.

use crate::exchange::front::Words;
use std::fmt;

/// A refused credential: what the client is told. Holds nothing of the credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdentityError {
    reason: Reason,
}

macro_rules! reasons {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal
        [$en:literal, $en_help:literal] [$zh:literal, $zh_help:literal];)+) => {
        /// Ways for a credential to be wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Reason {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Reason {
            /// Every reason, for documentation and metrics.
            pub const ALL: &[Reason] = &[$(Reason::$name,)+];

            const fn row(self) -> (&'static str, Words, Words) {
                match self {
                    $(Reason::$name => (
                        $code,
                        Words { title: $en, help: $en_help },
                        Words { title: $zh, help: $zh_help },
                    ),)+
                }
            }
        }
    };
}

reasons! {
    /// More than one `Authorization` field.
    Repeated = "YB1201"
        ["more than one Authorization header", "send one"]
        ["Authorization 头重复", "只发送一个"];
    /// `Authorization` is not `Bearer`.
    Scheme = "YB1202"
        ["only Bearer credentials are accepted", "send `Authorization: Bearer <token>`"]
        ["只接受 Bearer 凭据", "请发送 `Authorization: Bearer <令牌>`"];
    /// Not a token of any known form.
    Malformed = "YB1203"
        ["malformed credential", "send a JWT or an API token as it was issued"]
        ["凭据格式错误", "请原样发送签发的 JWT 或 API 令牌"];
    /// Longer than any honest token.
    TooLong = "YB1204"
        ["credential is too long", "ask the issuer for a smaller token"]
        ["凭据过长", "请向签发方申请更短的令牌"];
    /// No such API token.
    UnknownToken = "YB1205"
        ["unknown token", "ask the operator for a token"]
        ["令牌不存在", "请向运维申请令牌"];
    /// Past its `exp` or `expires`.
    Expired = "YB1206"
        ["token has expired", "get a fresh one"]
        ["令牌已过期", "请重新获取"];
    /// Before its `nbf`, or issued in the future.
    NotYetValid = "YB1207"
        ["token is not yet valid", "check the clocks of issuer and gateway"]
        ["令牌尚未生效", "请检查签发方与网关的时钟"];
    /// The JWT's algorithm or a critical header is not accepted, for this key or at all.
    Algorithm = "YB1208"
        ["token algorithm is not accepted", "sign with the algorithm that the issuer's key names"]
        ["令牌算法不被接受", "请使用签发方密钥所声明的算法签名"];
    /// The JWT's issuer is not configured.
    UnknownIssuer = "YB1209"
        ["unknown issuer", "use a token of a configured issuer"]
        ["签发方未配置", "请使用已配置签发方的令牌"];
    /// The JWT names a key its issuer does not publish, or none where several exist.
    UnknownKey = "YB1210"
        ["unknown signing key", "get a fresh token; the issuer may have changed its keys"]
        ["签名密钥未知", "请重新获取令牌，签发方可能已更换密钥"];
    /// The signature does not hold.
    Signature = "YB1211"
        ["signature does not hold", "send the token unchanged"]
        ["签名不成立", "请原样发送令牌"];
    /// The JWT is meant for another.
    Audience = "YB1212"
        ["token is meant for another audience", "ask the issuer for a token for this gateway"]
        ["令牌的受众不是本网关", "请申请受众为本网关的令牌"];
    /// A required claim is missing or of a wrong type.
    Claims = "YB1213"
        ["a required claim is missing or malformed", "the token needs `iss`, `sub`, `aud` and `exp`"]
        ["令牌缺少必需声明或其格式错误", "令牌需含 `iss`、`sub`、`aud`、`exp`"];
    /// The issuer's keys could not be read for too long, or never.
    KeysUnavailable = "YB1214"
        ["signing keys are unavailable", "try again; the operator must look at the issuer's key set"]
        ["签名密钥不可用", "请重试，并请运维检查签发方的密钥集"];
    /// The client certificate can't be read, names nobody, or has ended.
    Certificate = "YB1215"
        ["client certificate is not acceptable", "use one that is valid now and names its holder"]
        ["客户端证书不可接受", "请使用有效期内且写明持有者的证书"];
}

impl IdentityError {
    /// What was wrong.
    pub fn reason(self) -> Reason {
        self.reason
    }

    /// HTTP status: 401, or 503 when it is the gateway that lacks keys.
    pub fn status(self) -> u16 {
        if self.reason == Reason::KeysUnavailable { 503 } else { 401 }
    }

    /// Stable code.
    pub fn code(self) -> &'static str {
        self.reason.row().0
    }

    /// What the client is told, in English and in Chinese.
    pub fn words(self) -> (Words, Words) {
        let (_, en, zh) = self.reason.row();
        (en, zh)
    }

    /// Value of `WWW-Authenticate` (RFC 6750 §3).
    pub fn challenge(self) -> &'static str {
        match self.reason {
            // A credential of another kind is none of this kind.
            Reason::Scheme => r#"Bearer realm="yingbi""#,
            Reason::Repeated => r#"Bearer realm="yingbi", error="invalid_request""#,
            Reason::Expired => {
                r#"Bearer realm="yingbi", error="invalid_token", error_description="the token has expired""#
            }
            _ => r#"Bearer realm="yingbi", error="invalid_token""#,
        }
    }
}

impl From<Reason> for IdentityError {
    fn from(reason: Reason) -> Self {
        IdentityError { reason }
    }
}

impl fmt::Display for IdentityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words().0.title)
    }
}

impl std::error::Error for IdentityError {}
