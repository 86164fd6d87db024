//! Grants (T/TSAC 001—2025 §7.5 c, j, k): asked for, approved by somebody else, active for a while, over. Each is bound to
//! who may use it, mostly to one investor, and to a ticket.

mod changes;
mod live;

pub(super) use live::Live;
pub use live::LiveGrant;

use super::clock::Moment;
use serde::{Deserialize, Serialize};

/// One grant, in whatever state. Identifiers of people are pseudonyms, but for officers' names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Its id.
    pub id: String,
    /// Its template.
    pub template: String,
    /// The ticket it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// Pseudonym of the investor whose data it opens; none for one that lifts a limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Pseudonym of the caller who may use it.
    pub holder: String,
    /// Purposes it is for; empty: any.
    #[serde(default)]
    pub purposes: Vec<String>,
    /// Kinds it opens, by id; none: all that the rules allow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kinds: Option<Vec<String>>,
    /// Whether it ends with its first use.
    #[serde(default)]
    pub once: bool,
    /// How long it lasts from its approval on, in seconds.
    pub lasts_seconds: u64,
    /// Why, without personal information.
    #[serde(default)]
    pub reason: String,
    /// When it was asked for.
    pub asked: Moment,
    /// Who asked: an officer, or `ticket:` and a source.
    pub asked_by: String,
    /// When it was approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved: Option<Moment>,
    /// Who approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<String>,
    /// When it ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<Moment>,
    /// When it was refused, revoked or its ticket closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Moment>,
    /// Who ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_by: Option<String>,
    /// When it was used, where it may be used once only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used: Option<Moment>,
    /// Taken without approval.
    #[serde(default)]
    pub break_glass: bool,
    /// The review after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<Review>,
}

/// What came of looking at a grant that was taken without approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// When.
    pub at: Moment,
    /// By whom; never who took it.
    pub by: String,
    /// Whether it was justified.
    pub justified: bool,
    /// In words, without personal information.
    #[serde(default)]
    pub note: String,
}

/// Where a grant stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum GrantState {
    /// Somebody must approve.
    Requested,
    /// It opens what it is for.
    Active,
    /// Its time, or its one use, is over.
    Expired,
    /// It was taken back, or its ticket closed.
    Revoked,
    /// It was not approved.
    Refused,
}

impl GrantState {
    /// All of them.
    pub const ALL: [GrantState; 5] = [
        GrantState::Requested,
        GrantState::Active,
        GrantState::Expired,
        GrantState::Revoked,
        GrantState::Refused,
    ];

    /// The word of the admin API.
    pub fn name(self) -> &'static str {
        match self {
            GrantState::Requested => "requested",
            GrantState::Active => "active",
            GrantState::Expired => "expired",
            GrantState::Revoked => "revoked",
            GrantState::Refused => "refused",
        }
    }
}

impl Grant {
    /// Where it stands.
    pub fn state(&self, now: Moment) -> GrantState {
        match (self.ended, self.approved, self.ends) {
            (Some(_), None, _) => GrantState::Refused,
            (Some(_), Some(_), _) => GrantState::Revoked,
            (None, None, _) => GrantState::Requested,
            (None, Some(_), Some(ends)) if now < ends && self.used.is_none() => GrantState::Active,
            (None, Some(_), _) => GrantState::Expired,
        }
    }

    /// Whether somebody must look at it after.
    pub fn awaits_review(&self) -> bool {
        self.break_glass && self.review.is_none()
    }
}

/// A ticket of a complaint or call-back system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// Its number there.
    pub id: String,
    /// Where it comes from.
    pub source: String,
    /// Whether it is open.
    pub open: bool,
    /// The source's time of its last change, in milliseconds since 1970: older news changes nothing.
    pub changed: i64,
}
