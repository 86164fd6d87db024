//! The keys that one request sees.

use super::{DataKey, KeyName, KeyState};
use std::collections::HashMap;
use std::sync::Arc;

/// An immutable set of keys: whoever holds one sees the same keys to the end. `default()` holds none.
#[derive(Clone, Debug, Default)]
pub struct Ring {
    slots: Vec<Slot>,
    by_kid: HashMap<Box<str>, usize>,
    by_category: HashMap<Box<str>, Chosen>,
}

/// One key of a ring.
#[derive(Clone, Debug)]
pub struct Slot {
    /// Which.
    pub name: KeyName,
    /// What for.
    pub state: KeyState,
    /// Whether it makes what carries no key id, and so outlives rotations; one a category.
    pub lasting: bool,
    /// The key; `None` while it can't be had, and once destroyed.
    pub key: Option<Arc<DataKey>>,
}

/// Why a key can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum KeyFault {
    /// No key of this id was ever here.
    #[error("no key of this id is known")]
    Unknown,
    /// It was destroyed: nobody reads this any more.
    #[error("the key of this id was destroyed")]
    Destroyed,
    /// It exists, but whoever keeps it does not give it now: try later.
    #[error("the key of this id can't be had now")]
    Unavailable,
}

/// Places in `slots`.
#[derive(Clone, Copy, Debug, Default)]
struct Chosen {
    active: Option<usize>,
    lasting: Option<usize>,
}

impl Ring {
    /// A ring of these keys. Of two that claim one place (two active keys of a category, two lasting ones, two of one id)
    /// the one of the higher version has it.
    pub fn new(mut slots: Vec<Slot>) -> Ring {
        slots.sort_by_key(|slot| slot.name.version);
        let mut ring = Ring::default();
        for (at, slot) in slots.iter().enumerate() {
            ring.by_kid.insert(slot.name.kid.as_str().into(), at);
            let chosen = ring.by_category.entry(slot.name.category.as_str().into()).or_default();
            if slot.state == KeyState::Active {
                chosen.active = Some(at);
            }
            if slot.lasting && slot.state != KeyState::Destroyed {
                chosen.lasting = Some(at);
            }
        }
        ring.slots = slots;
        ring
    }

    /// The key that encrypts this category now. `None`: there is none, or it can't be had; the value is masked instead
    /// (FAILURES F10), never left clear.
    pub fn active(&self, category: &str) -> Option<&DataKey> {
        self.usable(self.by_category.get(category)?.active)
    }

    /// The key of what carries no key id: tokens, FF1 and date shifts of this category. It stays through rotations, so
    /// that tokens go on joining. `None` as with [`Ring::active`].
    pub fn lasting(&self, category: &str) -> Option<&DataKey> {
        self.usable(self.by_category.get(category)?.lasting)
    }

    /// The key that an envelope names.
    ///
    /// # Errors
    /// It is unknown, destroyed, or can't be had: the value is masked, the rest served.
    pub fn by_id(&self, kid: &str) -> Result<&DataKey, KeyFault> {
        let slot = self.by_kid.get(kid).and_then(|at| self.slots.get(*at)).ok_or(KeyFault::Unknown)?;
        match (slot.state, &slot.key) {
            (KeyState::Destroyed, _) => Err(KeyFault::Destroyed),
            (_, Some(key)) => Ok(key),
            (_, None) => Err(KeyFault::Unavailable),
        }
    }

    /// All of them, in the order of their versions.
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// Whether a key that should be usable is not.
    pub fn lacks_keys(&self) -> bool {
        self.slots.iter().any(|slot| slot.state != KeyState::Destroyed && slot.key.is_none())
    }

    /// The same keys with no secret: what is left when nobody vouches for them any longer.
    pub fn emptied(&self) -> Ring {
        let without = |slot: &Slot| Slot { key: None, ..slot.clone() };
        Ring { slots: self.slots.iter().map(without).collect(), ..self.clone() }
    }

    fn usable(&self, at: Option<usize>) -> Option<&DataKey> {
        self.slots.get(at?)?.key.as_deref()
    }
}
