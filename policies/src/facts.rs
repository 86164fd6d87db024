//! What the gateway has verified before a decision: who calls, and what is asked. Nothing here is taken on trust from
//! the client.

use crate::Day;

/// Who calls, as proven. [`Identity::default`] is the caller of whom nothing is known.
#[derive(Clone, Debug, Default)]
pub struct Identity {
    /// Stable identifier of the caller (JWT `sub`, API token id, SPIFFE id or common name); empty when unauthenticated.
    pub id: String,
    /// The investor identifiers that are this caller's own (`subject == caller.subject`); empty for staff and services.
    pub subjects: Vec<String>,
    /// A verified JWT.
    pub jwt: Option<Jwt>,
    /// A verified client certificate.
    pub certificate: Option<Certificate>,
    /// A verified API token.
    pub api_token: Option<ApiToken>,
    /// Whether a fresh strong authentication was proven (T/TSAC 001 §8.4.4 c).
    pub stepped_up: bool,
}

impl Identity {
    /// Whether anything was proven.
    pub fn is_authenticated(&self) -> bool {
        !self.id.is_empty()
    }
}

/// Issuer and claims of a verified JWT.
#[derive(Clone, Debug)]
pub struct Jwt {
    /// `iss`.
    pub issuer: String,
    /// All claims.
    pub claims: serde_json::Map<String, serde_json::Value>,
}

/// Names in a verified client certificate.
#[derive(Clone, Debug, Default)]
pub struct Certificate {
    /// Subject common name.
    pub common_name: Option<String>,
    /// Subject organisational units.
    pub organisational_units: Vec<String>,
    /// URI subject alternative names, SPIFFE ids among them.
    pub uris: Vec<String>,
    /// DNS subject alternative names.
    pub dns_names: Vec<String>,
}

/// A verified API token.
#[derive(Clone, Debug)]
pub struct ApiToken {
    /// Its id in the configuration.
    pub id: String,
}

/// What is asked, in canonical form.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Upper-case method.
    pub method: &'a str,
    /// Lower-case host without port.
    pub host: &'a str,
    /// Canonical absolute path, no query.
    pub path: &'a str,
    /// Purpose named by the client (`Yingbi-Purpose`).
    pub purpose: Option<&'a str>,
    /// The day it is asked; deciding and treating have no clock of their own.
    pub today: Day,
}
