//! Identity to caller: which roles the proofs give.

use crate::document::role::{ClaimTest, Proof};
use crate::{CallerFacts, Identity, PolicySet, route};
use serde_json::Value;
use std::sync::Arc;

/// A caller with roles resolved.
#[derive(Clone, Debug, Default)]
pub struct Caller {
    /// Stable identifier; empty when unauthenticated.
    pub id: String,
    /// Role ids.
    pub roles: Vec<Arc<str>>,
    /// Investor identifiers that are the caller's own.
    pub subjects: Vec<String>,
    /// Whether anything was proven.
    pub authenticated: bool,
    /// Whether a fresh strong authentication was proven.
    pub stepped_up: bool,
    /// What the firm knows of the caller.
    pub facts: CallerFacts,
    /// Which of a hundred lots, from 0 on, this request drew: a rule with `share: 25` rules those below 25.
    pub lot: u8,
}

impl PolicySet {
    /// Resolves the roles of an identity. Of whom nothing is proven has neither role nor subject.
    pub fn caller(&self, identity: &Identity) -> Caller {
        if !identity.is_authenticated() {
            return Caller::default();
        }
        let holds = |role: &&crate::decide::Role| role.any.iter().any(|proof| proof.holds(identity));
        Caller {
            id: identity.id.clone(),
            roles: self.tables.roles.iter().filter(holds).map(|role| role.id.clone()).collect(),
            subjects: identity.subjects.clone(),
            authenticated: true,
            stepped_up: identity.stepped_up,
            facts: identity.facts.clone(),
            lot: 0,
        }
    }
}

impl Proof {
    fn holds(&self, identity: &Identity) -> bool {
        match self {
            Proof::Authenticated => true,
            Proof::ApiToken { id } => identity.api_token.as_ref().is_some_and(|token| token.id == *id),
            Proof::Jwt { issuer, claim, test } => identity.jwt.as_ref().is_some_and(|jwt| {
                jwt.issuer == *issuer && claim_of(&jwt.claims, claim).is_some_and(|value| test.passes(value))
            }),
            Proof::Certificate { spiffe, common_name, organisational_unit } => {
                let Some(certificate) = identity.certificate.as_ref() else { return false };
                let spiffe = spiffe.as_ref().is_none_or(|pattern| {
                    certificate.uris.iter().any(|uri| route::name_matches(pattern, uri, '/'))
                });
                let name = common_name.as_ref().is_none_or(|pattern| {
                    certificate
                        .common_name
                        .as_ref()
                        .is_some_and(|name| route::name_matches(pattern, name, '.'))
                });
                let unit = organisational_unit
                    .as_ref()
                    .is_none_or(|unit| certificate.organisational_units.iter().any(|own| own == unit));
                spiffe && name && unit
            }
        }
    }
}

impl ClaimTest {
    fn passes(&self, value: &Value) -> bool {
        match self {
            ClaimTest::Present => !matches!(value, Value::Null | Value::Bool(false)),
            ClaimTest::Equals(expected) => value == expected,
            ClaimTest::Contains(wanted) => match value {
                Value::Array(items) => items.iter().any(|item| item == wanted.as_str()),
                // `scope` is a list of words in one text (RFC 8693 §4.2).
                Value::String(words) => words.split(' ').any(|word| word == wanted),
                _ => false,
            },
        }
    }
}

/// A claim by its name, else by a path of names (`realm_access.roles`).
fn claim_of<'c>(claims: &'c serde_json::Map<String, Value>, name: &str) -> Option<&'c Value> {
    if let Some(value) = claims.get(name) {
        return Some(value);
    }
    let (first, rest) = name.split_once('.')?;
    rest.split('.').try_fold(claims.get(first)?, |value, part| value.as_object()?.get(part))
}
