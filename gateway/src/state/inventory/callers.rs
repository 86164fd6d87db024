//! Who asks for what, counted between two writes: pseudonyms and roles, never identifiers.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};
use yingbi_crypto::Pseudonym;

/// A caller of a route.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Route template.
    pub route: Arc<str>,
    /// Method of HTTP.
    pub method: &'static str,
    /// Pseudonym; none for those who did not say who they are, and for those beyond the bound.
    pub caller: Option<Pseudonym>,
    /// How they were identified.
    pub identified_by: &'static str,
    /// Their roles.
    pub roles: Arc<[Arc<str>]>,
}

impl PartialEq for Caller {
    fn eq(&self, other: &Self) -> bool {
        self.caller == other.caller
            && self.method == other.method
            && self.identified_by == other.identified_by
            && self.route == other.route
            && self.roles == other.roles
    }
}

impl Eq for Caller {}

impl Hash for Caller {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.route.hash(state);
        self.caller.as_ref().map(|pseudonym| pseudonym.0).hash(state);
    }
}

/// Answers by caller since they were written last.
#[derive(Default)]
pub(super) struct Callers {
    /// By the caller's pseudonym, so that callers don't wait for each other.
    shards: [Mutex<HashMap<Caller, u64>>; SHARDS],
}

impl Callers {
    /// Counts an answer.
    pub(super) fn count(&self, mut caller: Caller) {
        let first = caller.caller.as_ref().map_or(0, |pseudonym| usize::from(pseudonym.0[0]));
        let Some(shard) = self.shards.get(first % SHARDS) else { return };
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = shard.get_mut(&caller) {
            *count += 1;
            return;
        }
        if shard.len() >= MOST && caller.caller.take().is_some() {
            // No room for more callers: counted with their roles alone, so that no route is lost.
            caller.identified_by = MORE;
        }
        *shard.entry(caller).or_insert(0) += 1;
    }

    /// Hands over what was counted.
    pub(super) fn take(&self) -> Vec<(Caller, u64)> {
        let taken = |shard: &Mutex<HashMap<Caller, u64>>| {
            mem::take(&mut *shard.lock().unwrap_or_else(PoisonError::into_inner))
        };
        self.shards.iter().flat_map(taken).collect()
    }
}

/// How callers beyond the bound are identified.
pub(super) const MORE: &str = "more";

const SHARDS: usize = 16;
/// Most callers of one shard between two writes.
const MOST: usize = 4096;
