//! Grants that can be used now, as the data path asks them.

use super::Grant;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use yingbi_crypto::Pseudonym;
use yingbi_policies::{Asked, Reach};
use yingbi_taxonomy::{Kind, KindSet};

/// Grants that may be used now, by ticket and by their own id.
#[derive(Debug, Default)]
pub(in crate::state::rights) struct Live {
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
    pub(in crate::state::rights) fn of<'g>(grants: impl Iterator<Item = &'g Grant>, before: &Live) -> Live {
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

    pub(in crate::state::rights) fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// What a caller may use under the name of a ticket or grant.
    pub(in crate::state::rights) fn usable(
        &self,
        name: &str,
        holder: Pseudonym,
        now: i64,
    ) -> Vec<Arc<LiveGrant>> {
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
    pub(in crate::state::rights) fn opens(&self, subject: Pseudonym, asked: &Asked<'_>) -> Reach {
        let is_purpose = |purpose: &str| self.purposes.iter().any(|own| own == purpose);
        let fits = self.purposes.is_empty() || asked.purpose.is_some_and(is_purpose);
        if fits && self.subject == Some(subject) { self.reach } else { Reach::Nothing }
    }

    /// Whether it lifts limits that name this template.
    pub(in crate::state::rights) fn lifts(&self, template: &str) -> bool {
        self.subject.is_none() && *self.template == *template
    }

    /// Whether it ends with its first use.
    pub(in crate::state::rights) fn is_once(&self) -> bool {
        self.once
    }

    /// Takes its one use; `false`: somebody was there before.
    pub(in crate::state::rights) fn take(&self) -> bool {
        !self.used.swap(true, Ordering::AcqRel)
    }

    /// Gives the use back: nothing was released.
    pub(in crate::state::rights) fn give_back(&self) {
        self.used.store(false, Ordering::Release);
    }
}
