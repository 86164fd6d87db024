//! Grants (T/TSAC 001—2025 §7.5 c, j, k): asked for, approved by somebody else, active for a while, over. Each is bound to
//! who may use it, mostly to one investor, and to a ticket.

use super::clock::Moment;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use yingbi_crypto::Pseudonym;
use yingbi_policies::{Asked, Reach};
use yingbi_taxonomy::{Kind, KindSet};

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

/// Grants that may be used now, by ticket and by their own id.
#[derive(Debug, Default)]
pub(super) struct Live {
    by_name: HashMap<String, Vec<Arc<LiveGrant>>>,
}

/// A grant as the data path sees it.
#[derive(Debug)]
pub struct LiveGrant {
    /// Its id.
    pub id: Arc<str>,
    template: Arc<str>,
    subject: Option<Pseudonym>,
    holder: Pseudonym,
    purposes: Vec<String>,
    reach: Reach,
    ends: i64,
    once: bool,
    used: AtomicBool,
}

impl Live {
    pub(super) fn of<'g>(grants: impl Iterator<Item = &'g Grant>, before: &Live) -> Live {
        let mut live = Live::default();
        for grant in grants {
            let Some(usable) = LiveGrant::of(grant) else { continue };
            // A use that is under way is not forgotten by a change elsewhere.
            let same = before.by_name.get(&grant.id).and_then(|all| all.first());
            if same.is_some_and(|same| same.used.load(Ordering::Acquire)) {
                usable.used.store(true, Ordering::Release);
            }
            let usable = Arc::new(usable);
            for name in grant.ticket.iter().chain([&grant.id]) {
                live.by_name.entry(name.clone()).or_default().push(Arc::clone(&usable));
            }
        }
        live
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// What a caller may use under the name of a ticket or grant.
    pub(super) fn usable(&self, name: &str, holder: Pseudonym, now: i64) -> Vec<Arc<LiveGrant>> {
        let named = self.by_name.get(name).map(Vec::as_slice).unwrap_or_default();
        let usable = named.iter().filter(|grant| {
            grant.holder == holder && now < grant.ends && !(grant.once && grant.used.load(Ordering::Acquire))
        });
        usable.cloned().collect()
    }
}

impl LiveGrant {
    fn of(grant: &Grant) -> Option<LiveGrant> {
        if grant.approved.is_none() || grant.ended.is_some() || grant.used.is_some() {
            return None;
        }
        let subject = match &grant.subject {
            Some(subject) => Some(Pseudonym::from_hex(subject)?),
            None => None,
        };
        let reach = match &grant.kinds {
            None => Reach::All,
            Some(kinds) => {
                Reach::Kinds(kinds.iter().filter_map(|kind| Kind::from_id(kind)).collect::<KindSet>())
            }
        };
        Some(LiveGrant {
            id: grant.id.as_str().into(),
            template: grant.template.as_str().into(),
            subject,
            holder: Pseudonym::from_hex(&grant.holder)?,
            purposes: grant.purposes.clone(),
            reach,
            ends: grant.ends?.ms(),
            once: grant.once,
            used: AtomicBool::new(false),
        })
    }

    /// What it opens of an investor's data.
    pub(super) fn opens(&self, subject: Pseudonym, asked: &Asked<'_>) -> Reach {
        let is_purpose = |purpose: &str| self.purposes.iter().any(|own| own == purpose);
        let fits = self.purposes.is_empty() || asked.purpose.is_some_and(is_purpose);
        if fits && self.subject == Some(subject) { self.reach } else { Reach::Nothing }
    }

    /// Whether it lifts limits that name this template.
    pub(super) fn lifts(&self, template: &str) -> bool {
        self.subject.is_none() && *self.template == *template
    }

    /// Whether it ends with its first use.
    pub(super) fn is_once(&self) -> bool {
        self.once
    }

    /// Takes its one use; `false`: somebody was there before.
    pub(super) fn take(&self) -> bool {
        !self.used.swap(true, Ordering::AcqRel)
    }

    /// Gives the use back: nothing was released.
    pub(super) fn give_back(&self) {
        self.used.store(false, Ordering::Release);
    }
}
