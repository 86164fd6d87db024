//! What one request can ask of investors: answered from tables in memory, once a record.

use super::{Brought, Clock, LiveGrant, consent};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use yingbi_crypto::PseudonymKey;
use yingbi_policies::{Asked, Possible, Standing, Subjects};

/// Facts about investors for one request, or for all that name no ticket. Cheap to clone.
#[derive(Clone)]
pub struct Facts {
    known: Arc<Known>,
    /// The same, as policies take it.
    subjects: Arc<dyn Subjects>,
}

struct Known {
    subjects: Arc<consent::Table>,
    key: PseudonymKey,
    clock: Clock,
    grants: Vec<Arc<LiveGrant>>,
    brought: Option<Arc<Brought>>,
    /// Whether the store was not reached for too long: then nothing is open that it opened (F12).
    is_lost: Arc<AtomicBool>,
}

impl Facts {
    pub(super) fn common(
        subjects: &Arc<consent::Table>,
        key: &PseudonymKey,
        clock: Clock,
        is_lost: &Arc<AtomicBool>,
    ) -> Facts {
        let (grants, brought, is_lost) = (Vec::new(), None, Arc::clone(is_lost));
        Facts::of(Known { subjects: Arc::clone(subjects), key: key.clone(), clock, grants, brought, is_lost })
    }

    pub(super) fn with(&self, grants: Vec<Arc<LiveGrant>>, brought: Option<Arc<Brought>>) -> Facts {
        let Known { subjects, key, clock, is_lost, .. } = &*self.known;
        Facts::of(Known {
            subjects: Arc::clone(subjects),
            key: key.clone(),
            clock: *clock,
            grants,
            brought,
            is_lost: Arc::clone(is_lost),
        })
    }

    fn of(known: Known) -> Facts {
        let known = Arc::new(known);
        Facts { subjects: known.clone(), known }
    }

    /// For the decision; `None` when nothing is remembered of anybody.
    pub fn subjects(&self) -> Option<&Arc<dyn Subjects>> {
        let possible = self.known.possible();
        (possible != Possible::default()).then_some(&self.subjects)
    }

    /// The grants that the request may use.
    pub fn grants(&self) -> impl Iterator<Item = &Arc<str>> {
        self.known.grants.iter().map(|grant| &grant.id)
    }

    /// Whether one of them ends with its first use.
    pub fn is_once(&self) -> bool {
        self.once().next().is_some()
    }

    /// Those of them that end with their first use.
    pub(super) fn once(&self) -> impl Iterator<Item = &LiveGrant> {
        self.known.grants.iter().map(|grant| &**grant).filter(|grant| grant.is_once())
    }

    /// Whether a grant lifts limits that name this template.
    pub(super) fn lifts(&self, template: &str) -> bool {
        self.known.grants.iter().any(|grant| grant.lifts(template))
    }
}

impl Subjects for Known {
    fn possible(&self) -> Possible {
        let (consents, restrictions) = self.subjects.possible();
        Possible {
            grants: !self.grants.is_empty(),
            consents: consents || self.brought.is_some(),
            restrictions,
        }
    }

    fn standing(&self, subject: &str, asked: &Asked<'_>) -> Standing {
        let subject = self.key.pseudonym("subject", subject);
        let brought = self.brought.as_ref().filter(|brought| brought.subject == subject);
        let brought = brought.map(|brought| &brought.kept);
        let mut standing = self.subjects.standing(subject, asked, brought, self.clock.now_ms());
        if self.is_lost.load(Ordering::Acquire) {
            return Standing { restricted: standing.restricted, ..Standing::default() };
        }
        for grant in &self.grants {
            standing.granted = standing.granted.union(grant.opens(subject, asked));
        }
        standing
    }
}

impl std::fmt::Debug for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Facts({} grants)", self.grants.len())
    }
}
