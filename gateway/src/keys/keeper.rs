//! Keeps the ring: watches the store, asks the key services whether they still vouch, and lets go of the keys when none
//! has for too long.

use super::provider::{Fault, Injected};
use super::{Role, Services, Store, StoreError};
use crate::config::DataKeys;
use arc_swap::ArcSwap;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use yingbi_crypto::keys::{DataKey, KeyName, KeyState, Ring, Slot};

/// The ring that rules now; empty where the configuration has no data keys.
#[derive(Debug, Default)]
pub struct Keys {
    ring: ArcSwap<Ring>,
}

impl Keys {
    /// The ring that rules now. Lock-free; keep it for the whole of one request.
    pub fn ring(&self) -> Arc<Ring> {
        self.ring.load_full()
    }
}

/// What changed, for logs, metrics and the access log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeysEvent {
    /// The store was read for the first time: its revision, and how many keys can be used.
    Loaded(u64, usize),
    /// Another store rules: its revision.
    Changed(u64),
    /// A key that was not there before.
    Added(KeyName),
    /// A backup was made: of how many keys.
    BackedUp(usize),
    /// A backup was brought back: how many keys came.
    Restored(usize),
    /// A key that is destroyed now, who asked and who approved.
    Destroyed(KeyName, String, String),
    /// What is there now is no sound store; the keys before stay.
    Rejected(String),
    /// This service vouches from now on; the one before does not.
    Switched(Role),
    /// No service vouches; the keys stay in use for the time of the cache.
    Cached,
    /// The time of the cache is over: keys are wiped, values that would be encrypted are masked.
    Lost,
    /// Keys are there again.
    Back,
    /// Pages with keys can't be locked into memory here.
    NotLocked,
}

/// Who vouches for the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vouched {
    /// This service, on the last asking.
    By(Role),
    /// Nobody any more; the keys are still in use.
    Cached,
    /// Nobody for too long: no keys.
    Lost,
}

/// What one round found.
#[derive(Clone, Debug, Default)]
pub struct Round {
    /// Each service: how long it took, and how it failed.
    pub services: Vec<(Role, Option<Duration>, Result<(), Fault>)>,
    /// What changed.
    pub events: Vec<KeysEvent>,
    /// How long the keys stay in use if no service vouches any more.
    pub left: Duration,
}

/// The keeper of one ring.
pub struct Keeper {
    data: DataKeys,
    injected: Vec<(Role, Injected)>,
    keys: Arc<Keys>,
    services: Services,
    store: Store,
    /// The bytes that were last looked at, by their digest.
    seen: Option<yingbi_crypto::Digest>,
    vouched: Vouched,
    since: Instant,
    /// Which key the services are asked for next: all of them in turn.
    turn: usize,
    told_not_locked: bool,
}

impl Keeper {
    /// Reads the store, reaches the services and fills the ring as far as they give keys. A service that is down is no
    /// error: there is a gateway to run, which masks.
    ///
    /// # Errors
    /// The store can't be used.
    pub fn open(data: &DataKeys) -> Result<(Keeper, Round), StoreError> {
        Keeper::with(data, Vec::new())
    }

    /// The same with switches for faults in front of services.
    ///
    /// # Errors
    /// The store can't be used.
    pub fn with(data: &DataKeys, injected: Vec<(Role, Injected)>) -> Result<(Keeper, Round), StoreError> {
        let bytes = Store::bytes(&data.store)?;
        let store = Store::parse(&bytes)?;
        let mut services = started(data, &store, &injected);
        services.meet();
        let mut keeper = Keeper {
            data: data.clone(),
            injected,
            keys: Arc::default(),
            services,
            store,
            seen: Some(yingbi_crypto::sm3(&[&bytes])),
            vouched: Vouched::Lost,
            since: Instant::now(),
            turn: 0,
            told_not_locked: false,
        };
        let mut round = Round::default();
        keeper.ask(&mut round);
        keeper.fill(&mut round);
        let usable = keeper.keys.ring().slots().iter().filter(|slot| slot.key.is_some()).count();
        round.events.insert(0, KeysEvent::Loaded(keeper.store.revision, usable));
        if matches!(keeper.vouched, Vouched::Lost) {
            round.events.push(KeysEvent::Lost);
        }
        Ok((keeper, round))
    }

    /// The ring it keeps.
    pub fn keys(&self) -> Arc<Keys> {
        Arc::clone(&self.keys)
    }

    /// Who vouches now.
    pub fn vouched(&self) -> Vouched {
        self.vouched
    }

    /// One look at the store and the services.
    pub fn round(&mut self) -> Round {
        let mut round = Round::default();
        let changed = self.look(&mut round);
        self.ask(&mut round);
        if changed || (self.keys.ring().lacks_keys() && matches!(self.vouched, Vouched::By(_))) {
            self.fill(&mut round);
        }
        self.expire(&mut round);
        round
    }

    /// Whether another store is there now.
    fn look(&mut self, round: &mut Round) -> bool {
        let read = Store::bytes(&self.data.store);
        let digest = read.as_ref().ok().map(|bytes| yingbi_crypto::sm3(&[bytes]));
        if digest == self.seen {
            return false;
        }
        let store = match read.and_then(|bytes| Store::parse(&bytes)) {
            Ok(store) => store,
            Err(error) => {
                self.seen = digest;
                round.events.push(KeysEvent::Rejected(error.to_string()));
                return false;
            }
        };
        self.seen = digest;
        if store == self.store {
            return false;
        }
        round.events.push(KeysEvent::Changed(store.revision));
        for (made, before, event) in [
            (&store.backed_up, &self.store.backed_up, KeysEvent::BackedUp as fn(usize) -> KeysEvent),
            (&store.restored, &self.store.restored, KeysEvent::Restored),
        ] {
            round.events.extend(made.as_ref().filter(|_| made != before).map(|made| event(made.keys)));
        }
        for key in &store.keys {
            match (self.store.key(&key.kid), &key.destroyed) {
                (before, Some(record)) if before.is_none_or(|before| before.destroyed.is_none()) => {
                    let (asked, approved) = (record.told("asked"), record.told("approved"));
                    round.events.push(KeysEvent::Destroyed(key.name(), asked, approved));
                }
                (None, None) => round.events.push(KeysEvent::Added(key.name())),
                _ => {}
            }
        }
        if store.keks != self.store.keks {
            self.services = started(&self.data, &store, &self.injected);
            self.services.meet();
        }
        self.store = store;
        true
    }

    /// Asks every service for one key, the next each time; the first that gives it vouches for all.
    fn ask(&mut self, round: &mut Round) {
        let live: Vec<_> = self.store.keys.iter().filter(|key| key.state != KeyState::Destroyed).collect();
        let Some(key) = live.get(self.turn % live.len().max(1)) else { return };
        self.turn = self.turn.wrapping_add(1);
        let mut vouches = None;
        for service in self.services.iter_mut() {
            let answer = service.unwrap(key).map(drop);
            if answer.is_ok() {
                vouches = vouches.or(Some(service.role));
            }
            round.services.push((service.role, service.last_call(), answer));
        }
        match (vouches, self.vouched) {
            (Some(role), before) => {
                self.since = Instant::now();
                self.vouched = Vouched::By(role);
                if before != self.vouched {
                    round.events.push(KeysEvent::Switched(role));
                }
            }
            (None, Vouched::By(_)) => {
                self.vouched = Vouched::Cached;
                round.events.push(KeysEvent::Cached);
            }
            (None, _) => {}
        }
    }

    /// Makes the ring of the store anew: keys that are in use stay the same values, so that their nonces go on; others
    /// are asked for.
    fn fill(&mut self, round: &mut Round) {
        let before = self.keys.ring();
        let mut held: HashMap<&str, Arc<DataKey>> = HashMap::new();
        for slot in before.slots() {
            held.extend(slot.key.clone().map(|key| (slot.name.kid.as_str(), key)));
        }
        let mut failed: HashSet<Role> = HashSet::new();
        let mut slots: Vec<Slot> = Vec::with_capacity(self.store.keys.len());
        for stored in &self.store.keys {
            let name = stored.name();
            let mut key = held.get(name.kid.as_str()).cloned();
            if stored.state == KeyState::Destroyed {
                key = None;
            } else if key.is_none() {
                for service in self.services.iter_mut() {
                    if failed.contains(&service.role) {
                        continue;
                    }
                    match service.unwrap(stored) {
                        Ok(secret) => {
                            // No random number, no nonce, no key.
                            let made = getrandom::u32()
                                .ok()
                                .and_then(|instance| DataKey::new(name.clone(), secret, instance));
                            key = made.map(Arc::new);
                            break;
                        }
                        Err(Fault::NothingWrapped) => {}
                        // The others need not wait for it again in this round.
                        Err(_) => drop(failed.insert(service.role)),
                    }
                }
                if let Some(key) = &key
                    && !locked(key)
                    && !std::mem::replace(&mut self.told_not_locked, true)
                {
                    round.events.push(KeysEvent::NotLocked);
                }
            }
            slots.push(Slot { name, state: stored.state, lasting: stored.lasting, key });
        }
        keep_encrypting(&before, &mut slots);
        let ring = Ring::new(slots);
        let is_back = before.lacks_keys() && !ring.lacks_keys() && !before.slots().is_empty();
        self.keys.ring.store(Arc::new(ring));
        if is_back {
            round.events.push(KeysEvent::Back);
        }
    }

    /// Lets go of the keys when nobody has vouched for too long.
    fn expire(&mut self, round: &mut Round) {
        round.left = match self.vouched {
            Vouched::By(_) | Vouched::Cached => self.data.cache.saturating_sub(self.since.elapsed()),
            Vouched::Lost => Duration::ZERO,
        };
        if self.vouched == Vouched::Cached && round.left.is_zero() {
            self.vouched = Vouched::Lost;
            self.keys.ring.store(Arc::new(self.keys.ring().emptied()));
            round.events.push(KeysEvent::Lost);
        }
    }
}

fn started(data: &DataKeys, store: &Store, injected: &[(Role, Injected)]) -> Services {
    Services::with(data, store, |role| {
        injected.iter().find(|(own, _)| *own == role).map(|(_, switch)| switch.clone())
    })
}

/// Where a new version's key can't be had yet, the version before goes on encrypting: a rotation while a service is slow
/// loses nothing.
fn keep_encrypting(before: &Ring, slots: &mut [Slot]) {
    let waiting: Vec<usize> = slots
        .iter()
        .enumerate()
        .filter(|(_, slot)| slot.state == KeyState::Active && slot.key.is_none())
        .map(|(at, _)| at)
        .collect();
    for at in waiting {
        let Some(category) = slots.get(at).map(|slot| slot.name.category.clone()) else { continue };
        let Some(active) = before.active(&category).map(|key| key.kid().to_owned()) else { continue };
        let goes_on = slots.iter().position(|slot| {
            slot.name.kid == active && slot.state != KeyState::Destroyed && slot.key.is_some()
        });
        let Some(goes_on) = goes_on else { continue };
        if let Some(slot) = slots.get_mut(at) {
            slot.state = KeyState::DecryptOnly;
        }
        if let Some(slot) = slots.get_mut(goes_on) {
            slot.state = KeyState::Active;
        }
    }
}

/// Keeps the pages of a key out of swap, where the process may lock memory. Locks count for pages, not for values, so
/// they are not given back: a page that once held a key stays in memory, and is used for keys again.
fn locked(key: &Arc<DataKey>) -> bool {
    region::lock(Arc::as_ptr(key), size_of::<DataKey>()).map(std::mem::forget).is_ok()
}
