//! Consents, withdrawals and restrictions of investors (T/TSAC 001—2025 §8.2.1.4, §8.2.2.1 h, §8.9), as they are recorded.

mod changes;
mod table;

pub(super) use table::{Kept, Table};

use super::clock::Moment;
use serde::{Deserialize, Serialize};
use yingbi_crypto::Pseudonym;
use yingbi_policies::Reach;

/// One consent, with its evidence. Identifiers of people are pseudonyms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// Its id.
    pub id: String,
    /// Pseudonym of the investor.
    pub subject: String,
    /// Purpose consented to.
    pub purpose: String,
    /// Rows or kinds it covers; empty: all that the purpose needs.
    #[serde(default)]
    pub categories: Vec<String>,
    /// Who receives the data; `self` is the firm.
    pub recipient: String,
    /// Version of the notice that was shown.
    pub notice: String,
    /// Where it was given: `app`, `counter`, `paper` …
    pub channel: String,
    /// Digest of the evidence: `sm3:…` or `sha256:…`.
    pub evidence: String,
    /// Given for this purpose alone; a bundled one is not.
    pub separate: bool,
    /// Pseudonym of the guardian who gave it for a minor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guardian: Option<String>,
    /// From when it holds.
    pub from: Moment,
    /// Until when; for ever when none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Moment>,
    /// When it was recorded, and by whom.
    pub recorded: Moment,
    /// The officer who recorded it.
    pub recorded_by: String,
    /// When it was withdrawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<Moment>,
}

/// What an investor withdrew, whether or not the gateway has the consent: a credential (P8) is in the investor's hands and
/// on no record here. It rules over all that was given before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawal {
    /// Its id: that of the consent or credential, else of the investor and the purpose.
    pub id: String,
    /// Pseudonym of the investor; none for a credential whose investor was not named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Only what was given to this purpose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// Only this consent: the id on record, or what records name a credential by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent: Option<String>,
    /// When.
    pub at: Moment,
    /// The officer who recorded it.
    pub by: String,
}

/// An investor the processing of whose data is restricted or ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restriction {
    /// Its id.
    pub id: String,
    /// Pseudonym of the investor.
    pub subject: String,
    /// `restricted` or `deleted`.
    pub state: RestrictionState,
    /// Why, without personal information.
    pub reason: String,
    /// Since when.
    pub since: Moment,
    /// The officer who recorded it.
    pub by: String,
}

/// What an investor asked for (§8.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RestrictionState {
    /// Processing is restricted.
    Restricted,
    /// The account is closed, the data deleted or on its way to be.
    Deleted,
}

impl Consent {
    /// The kinds it covers; `None`: a category is not known.
    pub fn covers(&self) -> Option<Reach> {
        table::reach(&self.categories)
    }
}

impl Withdrawal {
    /// Of one consent, or of all of an investor's, or of those to one purpose.
    pub fn new(
        subject: Option<Pseudonym>,
        (purpose, consent): (Option<String>, Option<String>),
        (at, by): (Moment, &str),
    ) -> Withdrawal {
        let subject = subject.map(|subject| subject.to_string());
        let id = match &consent {
            Some(consent) => consent.clone(),
            None => format!(
                "w-{}-{}",
                subject.as_deref().unwrap_or_default(),
                purpose.as_deref().unwrap_or_default()
            ),
        };
        Withdrawal { id, subject, purpose, consent, at, by: by.to_owned() }
    }

    /// Whether it is about a consent on record.
    fn is_of(&self, consent: &Consent) -> bool {
        self.purpose.as_ref().is_none_or(|purpose| *purpose == consent.purpose)
            && self.consent.as_ref().is_none_or(|id| *id == consent.id)
    }

    /// The investor.
    fn whose(&self) -> Option<Pseudonym> {
        self.subject.as_deref().and_then(Pseudonym::from_hex)
    }
}
