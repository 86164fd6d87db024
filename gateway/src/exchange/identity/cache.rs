//! Verified tokens for a short time: a signature costs far more than the rest of an exchange.

use super::Identified;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

/// Outcomes by hash of the whole token. Only tokens that were verified get in, so strangers can't fill it.
pub(super) struct Cache {
    shards: Vec<Mutex<Shard>>,
}

/// Two generations: when the young one is full it becomes the old one, and the old one is forgotten. So the bound
/// holds without a clock hand or a queue, and what is used stays.
#[derive(Default)]
struct Shard {
    young: HashMap<[u8; 32], Entry>,
    old: HashMap<[u8; 32], Entry>,
}

#[derive(Clone)]
struct Entry {
    from: SystemTime,
    until: SystemTime,
    identified: Arc<Identified>,
}

impl Cache {
    pub(super) fn new() -> Cache {
        Cache { shards: (0..SHARDS).map(|_| Mutex::default()).collect() }
    }

    /// What a token proved, if it still does. A clock that went back before `from` makes it unknown again.
    pub(super) fn find(&self, token: &[u8; 32], now: SystemTime) -> Option<Arc<Identified>> {
        let mut shard = self.shard(token)?.lock().ok()?;
        let entry = match shard.young.get(token) {
            Some(entry) => entry.clone(),
            None => {
                let entry = shard.old.remove(token)?;
                shard.insert(*token, entry.clone());
                entry
            }
        };
        (entry.from <= now && now < entry.until).then_some(entry.identified)
    }

    /// Remembers what a token proved.
    pub(super) fn insert(
        &self,
        token: [u8; 32],
        from: SystemTime,
        until: SystemTime,
        identified: Arc<Identified>,
    ) {
        if let Some(Ok(mut shard)) = self.shard(&token).map(Mutex::lock) {
            shard.insert(token, Entry { from, until, identified });
        }
    }

    /// Number of tokens held, both generations.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        let held = |shard: &Mutex<Shard>| shard.lock().map_or(0, |shard| shard.young.len() + shard.old.len());
        self.shards.iter().map(held).sum()
    }

    fn shard(&self, token: &[u8; 32]) -> Option<&Mutex<Shard>> {
        self.shards.get(usize::from(token.first().copied().unwrap_or(0)) % SHARDS)
    }
}

impl Shard {
    fn insert(&mut self, token: [u8; 32], entry: Entry) {
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(token, entry);
    }
}

/// Locks that worker threads seldom meet at.
const SHARDS: usize = 16;
/// Tokens in one generation of a shard: in all at most 16 × 2 × 256, about 30 MB with large claims.
const GENERATION: usize = 256;
