//! What the gateway has verified before a decision: who calls, and what is asked. Nothing here is taken on trust from
//! the client.

use crate::Day;
use yingbi_taxonomy::{Kind, KindSet};

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
    /// What the firm knows of the caller.
    pub facts: CallerFacts,
}

/// What a firm knows of a caller beyond who they are; what it does not know is the empty text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallerFacts {
    known: Option<Box<[String; CallerFact::ALL.len()]>>,
}

/// One thing a firm may know of a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallerFact {
    /// `person`, `service`, `robot`, `outsourcer`, `third-party`, `abroad` (T/TSAC 001 §7.5, T/TSAC 002 §6.1).
    Kind,
    /// Department or branch.
    Department,
    /// Who answers for a robot or a service (T/TSAC 002—2025 §6.1.2.3).
    Owner,
    /// Financial licence of the organisation (§8.2.2.1 a).
    Licence,
    /// Network zone the request comes from (§7.5 d, e).
    Zone,
    /// `production`, `test`, `office`, `remote` …
    Environment,
    /// The bound device it comes from (§7.5 d).
    Device,
    /// `yes` while the account is used from more places at once than it may (§7.5 a).
    Shared,
}

impl CallerFact {
    /// All of them.
    pub const ALL: [CallerFact; 8] = [
        CallerFact::Kind,
        CallerFact::Department,
        CallerFact::Owner,
        CallerFact::Licence,
        CallerFact::Zone,
        CallerFact::Environment,
        CallerFact::Device,
        CallerFact::Shared,
    ];

    /// Its name: `caller.kind` without the part before the dot.
    pub fn name(self) -> &'static str {
        match self {
            CallerFact::Kind => "kind",
            CallerFact::Department => "department",
            CallerFact::Owner => "owner",
            CallerFact::Licence => "licence",
            CallerFact::Zone => "zone",
            CallerFact::Environment => "environment",
            CallerFact::Device => "device",
            CallerFact::Shared => "shared",
        }
    }

    /// By its name.
    pub fn from_name(name: &str) -> Option<CallerFact> {
        CallerFact::ALL.into_iter().find(|fact| fact.name() == name)
    }

    fn position(self) -> usize {
        CallerFact::ALL.into_iter().position(|own| own == self).unwrap_or_default()
    }
}

impl CallerFacts {
    /// Nothing is known.
    pub const UNKNOWN: CallerFacts = CallerFacts { known: None };

    /// What is known of one thing.
    pub fn of(&self, fact: CallerFact) -> &str {
        self.known.as_ref().and_then(|known| known.get(fact.position())).map_or("", String::as_str)
    }

    /// Learns one thing.
    pub fn set(&mut self, fact: CallerFact, value: String) {
        let known = self.known.get_or_insert_with(Box::default);
        if let Some(own) = known.get_mut(fact.position()) {
            *own = value;
        }
    }
}

/// What is remembered of investors, asked while an answer is treated: once a record, so it must be quick, and it can't fail.
/// What a store can't tell is not granted and not consented.
pub trait Subjects: Send + Sync + std::fmt::Debug {
    /// What could be true of some investor; what can't is never asked.
    fn possible(&self) -> Possible;

    /// How one investor stands to a request.
    fn standing(&self, subject: &str, asked: &Asked<'_>) -> Standing;
}

/// What could be true of some investor in one request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Possible {
    /// A grant may be active.
    pub grants: bool,
    /// Some consent is on record.
    pub consents: bool,
    /// The processing of somebody's data is restricted.
    pub restrictions: bool,
}

/// What is asked of an investor's standing.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Purpose of the access.
    pub purpose: Option<&'a str>,
    /// What consent it needs, when it rests on consent.
    pub consent: Option<&'a ConsentNeeded>,
}

/// The consent that a purpose rests on (T/TSAC 001 §3.6, §3.10, §8.2.1.4).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConsentNeeded {
    /// Separate consent is needed; a bundled one never is enough.
    pub separate: bool,
    /// Who receives the data; `self` is the firm.
    pub recipient: String,
    /// Versions of the notice that are good enough; empty: any.
    pub notices: Vec<String>,
}

/// How one investor stands to one request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// What an active grant opens.
    pub granted: Reach,
    /// What a consent in force covers.
    pub consented: Reach,
    /// Whether a guardian gave that consent, so that it holds for a minor too (§8.2.1.5).
    pub by_guardian: bool,
    /// Whether the processing of the investor's data is restricted or ended (§8.2.1.4 d, §8.9).
    pub restricted: bool,
}

/// Of which kinds something holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// Of none.
    #[default]
    Nothing,
    /// Of some.
    Kinds(KindSet),
    /// Of all.
    All,
}

impl Reach {
    /// Whether it holds of a kind.
    pub fn contains(self, kind: Kind) -> bool {
        match self {
            Reach::Nothing => false,
            Reach::Kinds(kinds) => kinds.contains(kind),
            Reach::All => true,
        }
    }

    /// Both together.
    #[must_use]
    pub fn union(self, other: Reach) -> Reach {
        match (self, other) {
            (Reach::All, _) | (_, Reach::All) => Reach::All,
            (Reach::Nothing, other) => other,
            (own, Reach::Nothing) => own,
            (Reach::Kinds(own), Reach::Kinds(other)) => Reach::Kinds(own.union(other)),
        }
    }

    /// Whether it holds of any kind.
    pub fn is_something(self) -> bool {
        match self {
            Reach::Nothing => false,
            Reach::Kinds(kinds) => !kinds.is_empty(),
            Reach::All => true,
        }
    }
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
