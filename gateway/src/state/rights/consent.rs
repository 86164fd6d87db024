//! Consents and restrictions of investors (T/TSAC 001—2025 §8.2.1.4, §8.2.2.1 h, §8.9): the records, and the table that
//! the data path reads, without locks and without SQL.

use super::clock::Moment;
use arc_swap::ArcSwap;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use yingbi_crypto::Pseudonym;
use yingbi_policies::{Asked, Reach, Standing};
use yingbi_taxonomy::{Category, Kind, KindSet};

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

/// What is known of investors, by pseudonym.
pub(super) struct Table {
    /// By the first byte of the pseudonym: a change copies one shard alone.
    shards: Vec<ArcSwap<HashMap<Pseudonym, Known>>>,
    consents: AtomicUsize,
    restrictions: AtomicUsize,
}

#[derive(Clone, Debug, Default)]
struct Known {
    consents: Arc<[Kept]>,
    restricted: bool,
}

/// What a decision needs of a consent.
#[derive(Clone, Debug)]
struct Kept {
    id: Arc<str>,
    purpose: Arc<str>,
    recipient: Arc<str>,
    notice: Arc<str>,
    covers: Reach,
    separate: bool,
    by_guardian: bool,
    from: i64,
    until: i64,
}

impl Consent {
    /// The kinds it covers; `None`: a category is not known.
    pub fn covers(&self) -> Option<Reach> {
        if self.categories.is_empty() {
            return Some(Reach::All);
        }
        let mut kinds = KindSet::default();
        for name in &self.categories {
            match (Category::from_id(name), Kind::from_id(name)) {
                (Some(row), _) => {
                    Kind::all().filter(|kind| kind.category() == row).for_each(|kind| kinds.insert(kind))
                }
                (None, Some(kind)) => kinds.insert(kind),
                (None, None) => return None,
            }
        }
        Some(Reach::Kinds(kinds))
    }

    fn kept(&self) -> Kept {
        Kept {
            id: self.id.as_str().into(),
            purpose: self.purpose.as_str().into(),
            recipient: self.recipient.as_str().into(),
            notice: self.notice.as_str().into(),
            // What is not understood covers nothing.
            covers: self.covers().unwrap_or_default(),
            separate: self.separate,
            by_guardian: self.guardian.is_some(),
            from: self.from.ms(),
            until: self.until.map_or(i64::MAX, Moment::ms),
        }
    }
}

impl Table {
    pub(super) fn new() -> Table {
        let shards = (0..=u8::MAX).map(|_| ArcSwap::default()).collect();
        Table { shards, consents: AtomicUsize::new(0), restrictions: AtomicUsize::new(0) }
    }

    /// Whether any consent, and any restriction, is on record.
    pub(super) fn possible(&self) -> (bool, bool) {
        (self.consents.load(Ordering::Relaxed) > 0, self.restrictions.load(Ordering::Relaxed) > 0)
    }

    /// Takes in many consents at once, each in force.
    pub(super) fn load(&self, consents: impl IntoIterator<Item = (Pseudonym, Consent)>) {
        let mut by_subject: HashMap<Pseudonym, Vec<Kept>> = HashMap::new();
        for (subject, consent) in consents {
            self.consents.fetch_add(1, Ordering::Relaxed);
            by_subject.entry(subject).or_default().push(consent.kept());
        }
        let mut by_shard: HashMap<u8, HashMap<Pseudonym, Known>> = HashMap::new();
        for (subject, kept) in by_subject {
            let known = Known { consents: kept.into(), restricted: false };
            by_shard.entry(subject.0[0]).or_default().insert(subject, known);
        }
        for (shard, known) in by_shard {
            if let Some(slot) = self.shards.get(usize::from(shard)) {
                slot.store(Arc::new(known));
            }
        }
    }

    /// A new consent.
    pub(super) fn add(&self, subject: Pseudonym, consent: &Consent) {
        self.consents.fetch_add(1, Ordering::Relaxed);
        self.change(subject, |known| {
            known.consents = known.consents.iter().cloned().chain([consent.kept()]).collect();
        });
    }

    /// A consent that no longer holds.
    pub(super) fn withdraw(&self, subject: Pseudonym, id: &str) {
        self.change(subject, |known| {
            known.consents = known.consents.iter().filter(|kept| *kept.id != *id).cloned().collect();
        });
    }

    /// Restricts an investor's data, or ends that.
    pub(super) fn restrict(&self, subject: Pseudonym, restricted: bool) {
        if restricted {
            self.restrictions.fetch_add(1, Ordering::Relaxed);
        }
        self.change(subject, |known| known.restricted = restricted);
    }

    /// How an investor stands, but for grants.
    pub(super) fn standing(&self, subject: Pseudonym, asked: &Asked<'_>, now: i64) -> Standing {
        let Some(shard) = self.shards.get(usize::from(subject.0[0])) else { return Standing::default() };
        let shard = shard.load();
        let Some(known) = shard.get(&subject) else { return Standing::default() };
        let mut standing = Standing { restricted: known.restricted, ..Standing::default() };
        let (Some(purpose), Some(needed)) = (asked.purpose, asked.consent) else { return standing };
        let in_force = known.consents.iter().filter(|kept| {
            *kept.purpose == *purpose
                && *kept.recipient == *needed.recipient
                && (kept.separate || !needed.separate)
                && (needed.notices.is_empty() || needed.notices.iter().any(|notice| **notice == *kept.notice))
                && (kept.from..kept.until).contains(&now)
        });
        // A guardian's consent is not widened by what the investor consented to alone.
        let by_guardian = in_force.clone().any(|kept| kept.by_guardian);
        for kept in in_force.filter(|kept| kept.by_guardian == by_guardian) {
            standing.consented = standing.consented.union(kept.covers);
        }
        standing.by_guardian = by_guardian;
        standing
    }

    fn change(&self, subject: Pseudonym, change: impl Fn(&mut Known)) {
        let Some(shard) = self.shards.get(usize::from(subject.0[0])) else { return };
        shard.rcu(|shard| {
            let mut shard = HashMap::clone(shard);
            change(shard.entry(subject).or_default());
            shard
        });
    }
}
