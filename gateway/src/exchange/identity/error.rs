//! Why a presented credential was refused.

use std::fmt;

/// A refused credential: what the client is told. Holds nothing of the credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdentityError {
    reason: Reason,
}

/// Ways for a credential to be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// More than one `Authorization` field.
    Repeated,
    /// `Authorization` is not `Bearer`.
    Scheme,
    /// Not a token of any known form.
    Malformed,
    /// Longer than any honest token.
    TooLong,
    /// No such API token.
    UnknownToken,
    /// Past its `exp` or `expires`.
    Expired,
    /// Before its `nbf`, or issued in the future.
    NotYetValid,
    /// The JWT's algorithm or a critical header is not accepted, for this key or at all.
    Algorithm,
    /// The JWT's issuer is not configured.
    UnknownIssuer,
    /// The JWT names a key its issuer does not publish, or none where several exist.
    UnknownKey,
    /// The signature does not hold.
    Signature,
    /// The JWT is meant for another.
    Audience,
    /// A required claim is missing or of a wrong type.
    Claims,
    /// The issuer's keys could not be read for too long, or never.
    KeysUnavailable,
    /// The client certificate can't be read, names nobody, or has ended.
    Certificate,
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
        match self.reason {
            Reason::Repeated => "YB1201",
            Reason::Scheme => "YB1202",
            Reason::Malformed => "YB1203",
            Reason::TooLong => "YB1204",
            Reason::UnknownToken => "YB1205",
            Reason::Expired => "YB1206",
            Reason::NotYetValid => "YB1207",
            Reason::Algorithm => "YB1208",
            Reason::UnknownIssuer => "YB1209",
            Reason::UnknownKey => "YB1210",
            Reason::Signature => "YB1211",
            Reason::Audience => "YB1212",
            Reason::Claims => "YB1213",
            Reason::KeysUnavailable => "YB1214",
            Reason::Certificate => "YB1215",
        }
    }

    /// Value of `WWW-Authenticate` (RFC 6750 §3).
    pub fn challenge(self) -> &'static str {
        match self.reason {
            Reason::Repeated | Reason::Scheme | Reason::Malformed | Reason::TooLong => {
                r#"Bearer realm="yingbi", error="invalid_request""#
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
        f.write_str(match self.reason {
            Reason::Repeated => "more than one Authorization header",
            Reason::Scheme => "only Bearer credentials are accepted",
            Reason::Malformed => "malformed credential",
            Reason::TooLong => "credential is too long",
            Reason::UnknownToken => "unknown token",
            Reason::Expired => "token has expired",
            Reason::NotYetValid => "token is not yet valid",
            Reason::Algorithm => "token algorithm is not accepted",
            Reason::UnknownIssuer => "unknown issuer",
            Reason::UnknownKey => "unknown signing key",
            Reason::Signature => "signature does not hold",
            Reason::Audience => "token is meant for another audience",
            Reason::Claims => "a required claim is missing or malformed",
            Reason::KeysUnavailable => "signing keys are unavailable",
            Reason::Certificate => "client certificate is not acceptable",
        })
    }
}

impl std::error::Error for IdentityError {}
