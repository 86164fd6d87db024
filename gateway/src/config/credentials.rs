//! `credentials`: which credentials are accepted as an investor's consent.

use super::limits::seconds;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// `credentials`. Without it none is accepted.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    /// `audience`: what holders' proofs must be made for, byte by byte: this gateway's name.
    pub audience: String,
    /// `max_age_s`, default 300, at most 3600: how long after it was made a holder's proof is good.
    #[serde(default = "five_minutes", rename = "max_age_s", with = "seconds")]
    pub max_age: Duration,
    /// `lifetime_s`, any by default: how long a credential may hold, from when it was given until it ends.
    #[serde(default = "for_ever", rename = "lifetime_s", with = "seconds")]
    pub lifetime: Duration,
    /// `registry`: a JSON file of DID documents and key sets, for `did:web` names and issuers by URL. Nothing is fetched.
    #[serde(default)]
    pub registry: Option<PathBuf>,
    /// `status_lists`: files of status lists, signed, by their URI.
    #[serde(default)]
    pub status_lists: BTreeMap<String, PathBuf>,
    /// `types`, default `[InvestorConsent]`: types (`vct`, or `type` beside `VerifiableCredential`) that are consents.
    #[serde(default = "consent_type")]
    pub types: Vec<String>,
    /// `sm2_names`, default `[SM2]`: what signers call SM2 in `alg`; no name is registered for it.
    #[serde(default = "sm2_name")]
    pub sm2_names: Vec<String>,
    /// `issuers`: who may speak for investors; investors whose DID is on record speak for themselves.
    #[serde(default)]
    pub issuers: Vec<CredentialIssuer>,
}

/// `credentials.issuers[]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CredentialIssuer {
    /// Its DID, or the URL in `iss`.
    pub id: String,
    /// Claim that holds the firm's identifier of the investor; without it the investor's DID must be on record.
    #[serde(default)]
    pub subject_claim: Option<String>,
    /// Types of its consents, where they differ.
    #[serde(default)]
    pub types: Vec<String>,
    /// What it calls purposes, and what policies call them; empty: the same. What is not listed is no purpose.
    #[serde(default)]
    pub purposes: BTreeMap<String, String>,
    /// What it calls SM2 in `alg`.
    #[serde(default = "sm2_name")]
    pub sm2_names: Vec<String>,
}

fn five_minutes() -> Duration {
    Duration::from_secs(300)
}

fn for_ever() -> Duration {
    Duration::MAX
}

fn consent_type() -> Vec<String> {
    vec!["InvestorConsent".to_owned()]
}

fn sm2_name() -> Vec<String> {
    vec!["SM2".to_owned()]
}
