//! Consents and restrictions of investors (T/TSAC 001—2025 §8.2.1.4, §8.2.2.1 h, §8.9): the records, and the table that
//! the data path reads, without locks and without SQL.

use super::clock::Moment;
use crate::state::credential::Presented;
use arc_swap::ArcSwap;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use yingbi_crypto::Pseudonym;
use yingbi_policies::{Asked, ConsentNeeded, Reach, Standing};
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
    /// Purposes to which a consent was withdrawn, and when last: a credential of before does not bring it back.
    withdrawn: Arc<[(Arc<str>, i64)]>,
    restricted: bool,
}

/// What a decision needs of a consent.
#[derive(Clone, Debug)]
pub(super) struct Kept {
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
        reach(&self.categories)
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

impl Kept {
    /// A consent that a request brought with it; `None`: a category is not known.
    pub(super) fn brought(presented: Presented) -> Option<Kept> {
        Some(Kept {
            id: presented.reference,
            covers: reach(&presented.categories)?,
            purpose: presented.purpose.into(),
            recipient: presented.recipient.into(),
            notice: presented.notice.into(),
            separate: presented.separate,
            by_guardian: presented.by_guardian,
            // Its times were checked by another clock's leeway.
            from: i64::MIN,
            until: presented.until.saturating_mul(1000).saturating_add(LEEWAY_MS),
        })
    }

    fn meets(&self, purpose: &str, needed: &ConsentNeeded, now: i64) -> bool {
        *self.purpose == *purpose
            && *self.recipient == *needed.recipient
            && (self.separate || !needed.separate)
            && (needed.notices.is_empty() || needed.notices.iter().any(|notice| **notice == *self.notice))
            && (self.from..self.until).contains(&now)
    }
}

fn reach(categories: &[String]) -> Option<Reach> {
    if categories.is_empty() {
        return Some(Reach::All);
    }
    let mut kinds = KindSet::default();
    for name in categories {
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

impl Table {
    pub(super) fn new() -> Table {
        let shards = (0..=u8::MAX).map(|_| ArcSwap::default()).collect();
        Table { shards, consents: AtomicUsize::new(0), restrictions: AtomicUsize::new(0) }
    }

    /// Whether any consent, and any restriction, is on record.
    pub(super) fn possible(&self) -> (bool, bool) {
        (self.consents.load(Ordering::Relaxed) > 0, self.restrictions.load(Ordering::Relaxed) > 0)
    }

    /// Takes in all there is, in place of what is known: consents in force or withdrawn, and who is restricted.
    pub(super) fn load(
        &self,
        consents: impl IntoIterator<Item = (Pseudonym, Consent)>,
        restricted: impl IntoIterator<Item = Pseudonym>,
    ) {
        type Of = (Vec<Kept>, Vec<(Arc<str>, i64)>, bool);
        let mut by_subject: HashMap<Pseudonym, Of> = HashMap::new();
        for (subject, consent) in consents {
            self.consents.fetch_add(1, Ordering::Relaxed);
            let (kept, withdrawn, _) = by_subject.entry(subject).or_default();
            match consent.withdrawn {
                None => kept.push(consent.kept()),
                Some(at) => withdrawn.push((consent.purpose.as_str().into(), at.ms())),
            }
        }
        for subject in restricted {
            self.restrictions.fetch_add(1, Ordering::Relaxed);
            by_subject.entry(subject).or_default().2 = true;
        }
        let mut by_shard: Vec<HashMap<Pseudonym, Known>> =
            self.shards.iter().map(|_| HashMap::new()).collect();
        for (subject, (kept, withdrawn, restricted)) in by_subject {
            let known = Known { consents: kept.into(), withdrawn: withdrawn.into(), restricted };
            if let Some(shard) = by_shard.get_mut(usize::from(subject.0[0])) {
                shard.insert(subject, known);
            }
        }
        for (slot, known) in self.shards.iter().zip(by_shard) {
            slot.store(Arc::new(known));
        }
    }

    /// A consent as it stands now: new, known already, or withdrawn.
    pub(super) fn set(&self, subject: Pseudonym, consent: &Consent) {
        if consent.withdrawn.is_some() {
            return self.withdraw(subject, consent);
        }
        self.consents.fetch_add(1, Ordering::Relaxed);
        self.change(subject, |known| {
            let others = known.consents.iter().filter(|kept| *kept.id != *consent.id).cloned();
            known.consents = others.chain([consent.kept()]).collect();
        });
    }

    /// What an investor has consented to, by id and purpose.
    pub(super) fn of(&self, subject: Pseudonym) -> Vec<(Arc<str>, Arc<str>)> {
        let Some(shard) = self.shards.get(usize::from(subject.0[0])) else { return Vec::new() };
        let shard = shard.load();
        let known = shard.get(&subject).into_iter().flat_map(|known| known.consents.iter());
        known.map(|kept| (Arc::clone(&kept.id), Arc::clone(&kept.purpose))).collect()
    }

    /// Closes one whatever a store says of it.
    pub(super) fn close(&self, subject: Pseudonym, id: &str) {
        self.change(subject, |known| {
            known.consents = known.consents.iter().filter(|kept| *kept.id != *id).cloned().collect();
        });
    }

    /// A consent that no longer holds.
    pub(super) fn withdraw(&self, subject: Pseudonym, consent: &Consent) {
        let at = (Arc::from(consent.purpose.as_str()), consent.withdrawn.map_or(i64::MAX, Moment::ms));
        self.change(subject, |known| {
            known.consents = known.consents.iter().filter(|kept| *kept.id != *consent.id).cloned().collect();
            known.withdrawn = known.withdrawn.iter().cloned().chain([at.clone()]).collect();
        });
    }

    /// Whether an investor has withdrawn a consent to a purpose after this time.
    pub(super) fn has_withdrawn_since(&self, subject: Pseudonym, purpose: &str, given: i64) -> bool {
        let Some(shard) = self.shards.get(usize::from(subject.0[0])) else { return true };
        let shard = shard.load();
        let is_later = |(of, at): &(Arc<str>, i64)| **of == *purpose && *at >= given;
        shard.get(&subject).is_some_and(|known| known.withdrawn.iter().any(is_later))
    }

    /// Restricts an investor's data, or ends that.
    pub(super) fn restrict(&self, subject: Pseudonym, restricted: bool) {
        if restricted {
            self.restrictions.fetch_add(1, Ordering::Relaxed);
        }
        self.change(subject, |known| known.restricted = restricted);
    }

    /// How an investor stands, but for grants.
    pub(super) fn standing(
        &self,
        subject: Pseudonym,
        asked: &Asked<'_>,
        brought: Option<&Kept>,
        now: i64,
    ) -> Standing {
        let Some(shard) = self.shards.get(usize::from(subject.0[0])) else { return Standing::default() };
        let shard = shard.load();
        let known = shard.get(&subject);
        let restricted = known.is_some_and(|known| known.restricted);
        let mut standing = Standing { restricted, ..Standing::default() };
        let (Some(purpose), Some(needed)) = (asked.purpose, asked.consent) else { return standing };
        let on_record = known.map(|known| &*known.consents).unwrap_or_default();
        let in_force = on_record.iter().chain(brought).filter(|kept| kept.meets(purpose, needed, now));
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

/// Difference of clocks that was tolerated of a credential (F13).
const LEEWAY_MS: i64 = 30_000;
