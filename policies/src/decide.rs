//! The decision: identity and request in, permit or refusal out.

use crate::{Decision, Identity, Refusal, Request};

/// An immutable, checked set of policies: one version.
#[derive(Debug)]
pub struct PolicySet {
    version: String,
}

impl PolicySet {
    /// The version's name: hex SM3 of its sources, given by the loader.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Decides one request. Nothing allows → refused.
    pub fn decide(&self, identity: &Identity, request: &Request<'_>) -> Decision {
        let _ = (identity, request);
        Decision::Refuse(Refusal {
            status: 403,
            code: "YB2001",
            rules: vec![],
            route: None,
            roles: vec![],
            purpose: None,
        })
    }
}
