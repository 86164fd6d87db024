//! What is known of investors' consents and restrictions, as the data path reads it: without locks and without SQL.

use super::{Consent, Withdrawal};
use crate::state::credential::Presented;
use crate::state::rights::clock::Moment;
use arc_swap::ArcSwap;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use yingbi_crypto::Pseudonym;
use yingbi_policies::{Asked, ConsentNeeded, Reach, Standing};
use yingbi_taxonomy::{Category, Kind, KindSet};

/// What is known of investors, by pseudonym.
pub(in crate::state::rights) struct Table {
    /// By the first byte of the pseudonym: a change copies one shard alone.
    shards: Vec<ArcSwap<HashMap<Pseudonym, Known>>>,
    /// Ids of consents and credentials that were withdrawn one by one.
    withdrawn: ArcSwap<HashSet<Box<str>>>,
    consents: AtomicUsize,
    restrictions: AtomicUsize,
}

#[derive(Clone, Debug, Default)]
struct Known {
    consents: Arc<[Kept]>,
    /// To which purpose consents were withdrawn, or all, and when: a credential of before does not bring them back.
    withdrawn: Arc<[(Option<Box<str>>, i64)]>,
    restricted: bool,
}

/// What a decision needs of a consent.
#[derive(Clone, Debug)]
pub(in crate::state::rights) struct Kept {
    id: Arc<str>,
    purpose: Arc<str>,
    recipient: Arc<str>,
    notice: Arc<str>,
    covers: Reach,
    separate: bool,
    by_guardian: bool,
    /// When it was given, in milliseconds since 1970.
    given: i64,
    from: i64,
    until: i64,
}

impl Known {
    /// Of each purpose the last withdrawal is kept.
    fn withdrew(&mut self, (purpose, at): (Option<Box<str>>, i64)) {
        let last = self.withdrawn.iter().filter(|(of, _)| *of == purpose).map(|(_, at)| *at).max();
        let others = self.withdrawn.iter().filter(|(of, _)| *of != purpose).cloned();
        self.withdrawn = others.chain([(purpose.clone(), last.map_or(at, |last| last.max(at)))]).collect();
    }
}

impl Kept {
    fn of(consent: &Consent) -> Kept {
        Kept {
            id: consent.id.as_str().into(),
            purpose: consent.purpose.as_str().into(),
            recipient: consent.recipient.as_str().into(),
            notice: consent.notice.as_str().into(),
            // What is not understood covers nothing.
            covers: consent.covers().unwrap_or_default(),
            separate: consent.separate,
            by_guardian: consent.guardian.is_some(),
            given: consent.recorded.ms(),
            from: consent.from.ms(),
            until: consent.until.map_or(i64::MAX, Moment::ms),
        }
    }

    /// A consent that a request brought with it; `None`: a category is not known.
    pub(in crate::state::rights) fn brought(presented: Presented) -> Option<Kept> {
        Some(Kept {
            id: presented.reference,
            covers: reach(&presented.categories)?,
            purpose: presented.purpose.into(),
            recipient: presented.recipient.into(),
            notice: presented.notice.into(),
            separate: presented.separate,
            by_guardian: presented.by_guardian,
            given: presented.given.saturating_mul(1000),
            // Its times were checked by another clock's leeway.
            from: i64::MIN,
            until: presented.until.saturating_mul(1000).saturating_add(LEEWAY_MS),
        })
    }

    /// Whether it was given before a withdrawal that is about its purpose.
    fn is_withdrawn(&self, (purpose, at): &(Option<Box<str>>, i64), leeway: i64) -> bool {
        purpose.as_ref().is_none_or(|purpose| **purpose == *self.purpose)
            && self.given <= at.saturating_add(leeway)
    }

    fn meets(&self, purpose: &str, needed: &ConsentNeeded, now: i64) -> bool {
        *self.purpose == *purpose
            && *self.recipient == *needed.recipient
            && (self.separate || !needed.separate)
            && (needed.notices.is_empty() || needed.notices.iter().any(|notice| **notice == *self.notice))
            && (self.from..self.until).contains(&now)
    }
}

pub(super) fn reach(categories: &[String]) -> Option<Reach> {
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
    pub(in crate::state::rights) fn new() -> Table {
        let shards = (0..=u8::MAX).map(|_| ArcSwap::default()).collect();
        let [consents, restrictions] = [0; 2].map(AtomicUsize::new);
        Table { shards, withdrawn: ArcSwap::default(), consents, restrictions }
    }

    /// Whether any consent, and any restriction, is on record.
    pub(in crate::state::rights) fn possible(&self) -> (bool, bool) {
        (self.consents.load(Ordering::Relaxed) > 0, self.restrictions.load(Ordering::Relaxed) > 0)
    }

    /// Takes in all there is, in place of what is known: consents, who is restricted, and what was withdrawn.
    pub(in crate::state::rights) fn load<'w>(
        &self,
        consents: impl IntoIterator<Item = (Pseudonym, Consent)>,
        restricted: impl IntoIterator<Item = Pseudonym>,
        withdrawals: impl Iterator<Item = &'w Withdrawal> + Clone,
    ) {
        let mut by_subject: HashMap<Pseudonym, Of> = HashMap::new();
        for withdrawal in withdrawals.clone().filter(|withdrawal| withdrawal.consent.is_none()) {
            let Some(subject) = withdrawal.whose() else { continue };
            by_subject.entry(subject).or_default().withdrawn.push(withdrawn(withdrawal));
        }
        let ids = withdrawals.filter_map(|withdrawal| withdrawal.consent.as_deref()).map(Box::from);
        self.withdrawn.store(Arc::new(ids.collect()));
        let ids = self.withdrawn.load();
        for (subject, consent) in consents {
            self.consents.fetch_add(1, Ordering::Relaxed);
            let of = by_subject.entry(subject).or_default();
            match consent.withdrawn {
                Some(at) => of.withdrawn.push((Some(consent.purpose.into()), at.ms())),
                None if ids.contains(consent.id.as_str()) => {}
                None => of.consents.push(Kept::of(&consent)),
            }
        }
        for subject in restricted {
            self.restrictions.fetch_add(1, Ordering::Relaxed);
            by_subject.entry(subject).or_default().restricted = true;
        }
        let mut by_shard: Vec<HashMap<Pseudonym, Known>> =
            self.shards.iter().map(|_| HashMap::new()).collect();
        for (subject, Of { mut consents, withdrawn, restricted }) in by_subject {
            // Of a withdrawal that could be written when its consents could not.
            consents.retain(|kept| !withdrawn.iter().any(|withdrawn| kept.is_withdrawn(withdrawn, 0)));
            let known = Known { consents: consents.into(), withdrawn: withdrawn.into(), restricted };
            if let Some(shard) = by_shard.get_mut(usize::from(subject.0[0])) {
                shard.insert(subject, known);
            }
        }
        for (slot, known) in self.shards.iter().zip(by_shard) {
            slot.store(Arc::new(known));
        }
    }

    /// A consent as it stands now: new, known already, or withdrawn.
    pub(in crate::state::rights) fn set(&self, subject: Pseudonym, consent: &Consent) {
        self.consents.fetch_add(1, Ordering::Relaxed);
        self.change(subject, |known| {
            let others = known.consents.iter().filter(|kept| *kept.id != *consent.id).cloned();
            match consent.withdrawn {
                None => known.consents = others.chain([Kept::of(consent)]).collect(),
                Some(at) => {
                    known.consents = others.collect();
                    known.withdrew((Some(consent.purpose.as_str().into()), at.ms()));
                }
            }
        });
    }

    /// Something was withdrawn, whatever a store says of it.
    pub(in crate::state::rights) fn withdraw(&self, withdrawal: &Withdrawal) {
        if let Some(id) = &withdrawal.consent {
            self.withdrawn.rcu(|ids| {
                let mut ids = HashSet::clone(ids);
                ids.insert(id.as_str().into());
                ids
            });
        }
        let Some(subject) = withdrawal.whose() else { return };
        self.change(subject, |known| {
            let stays = |kept: &&Kept| match &withdrawal.consent {
                Some(id) => *kept.id != **id,
                None => withdrawal.purpose.as_ref().is_some_and(|purpose| **purpose != *kept.purpose),
            };
            known.consents = known.consents.iter().filter(stays).cloned().collect();
            if withdrawal.consent.is_none() {
                known.withdrew(withdrawn(withdrawal));
            }
        });
    }

    /// When an investor withdrew last, in milliseconds since 1970.
    pub(super) fn withdrawn_last(&self, subject: Pseudonym) -> Option<i64> {
        let shard = self.shards.get(usize::from(subject.0[0]))?.load();
        shard.get(&subject)?.withdrawn.iter().map(|(_, at)| *at).max()
    }

    /// Whether an investor has withdrawn a consent that a request brought.
    pub(in crate::state::rights) fn has_withdrawn(&self, subject: Pseudonym, brought: &Kept) -> bool {
        let Some(shard) = self.shards.get(usize::from(subject.0[0])) else { return true };
        self.is_withdrawn(shard.load().get(&subject), brought)
    }

    fn is_withdrawn(&self, known: Option<&Known>, brought: &Kept) -> bool {
        // The clock of whoever signed it may be ahead.
        let by_purpose = known.is_some_and(|known| {
            known.withdrawn.iter().any(|withdrawn| brought.is_withdrawn(withdrawn, LEEWAY_MS))
        });
        by_purpose || self.withdrawn.load().contains(&*brought.id)
    }

    /// Restricts an investor's data, or ends that.
    pub(in crate::state::rights) fn restrict(&self, subject: Pseudonym, restricted: bool) {
        if restricted {
            self.restrictions.fetch_add(1, Ordering::Relaxed);
        }
        self.change(subject, |known| known.restricted = restricted);
    }

    /// How an investor stands, but for grants.
    pub(in crate::state::rights) fn standing(
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
        // Withdrawn while the answer flows, it opens no further record.
        let brought = brought.filter(|brought| !self.is_withdrawn(known, brought));
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

/// What is known of one investor while all is taken in.
#[derive(Default)]
struct Of {
    consents: Vec<Kept>,
    withdrawn: Vec<(Option<Box<str>>, i64)>,
    restricted: bool,
}

fn withdrawn(withdrawal: &Withdrawal) -> (Option<Box<str>>, i64) {
    (withdrawal.purpose.as_deref().map(Box::from), withdrawal.at.ms())
}

/// Difference of clocks that was tolerated of a credential (F13).
const LEEWAY_MS: i64 = 30_000;
