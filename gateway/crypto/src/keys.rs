//! The key hierarchy (T/SAC 003—2024 §3.2): data keys per category and version, the sub-keys made of them, and the ring
//! that one request sees.
//!
//! A [`Ring`] is immutable and swapped as a whole, so a request encrypts and decrypts with one set of keys however long it
//! takes. What is encrypted carries its key's id and is opened by [`Ring::by_id`] after any number of rotations; what
//! carries none (tokens, FF1, date shifts) is made with [`Ring::lasting`], which an ordinary rotation leaves alone.
//!
//! Nothing here draws randomness, reads clocks or files: secrets, ids and instance numbers are arguments.
//!
//! ```
//! use std::sync::Arc;
//! use yingbi_crypto::keys::{DataKey, KeyFault, KeyName, KeyState, Ring, Slot};
//!
//! let name = KeyName { kid: "3f9a01bc77de".into(), category: "identity.document".into(), version: 1 };
//! let key = Arc::new(DataKey::new(name.clone(), [7; 32].into(), 0x1234_5678).unwrap());
//! let ring = Ring::new(vec![Slot { name, state: KeyState::Active, lasting: true, key: Some(key) }]);
//!
//! let active = ring.active("identity.document").unwrap();
//! let mut sealed = Vec::new();
//! active.seal().seal_into(b"where it stands", b"370297197104109998", &mut sealed).unwrap();
//! let envelope = yingbi_crypto::envelope::parse(std::str::from_utf8(&sealed).unwrap()).unwrap();
//! let opened = ring.by_id(envelope.kid()).unwrap().open().open(&envelope, b"where it stands").unwrap();
//! assert_eq!(*opened, b"370297197104109998");
//! assert!(ring.active("wealth.cash").is_none());
//! assert_eq!(ring.by_id("000000000000").unwrap_err(), KeyFault::Unknown);
//! ```

mod data_key;
mod parcel;
mod ring;

pub use data_key::{DataKey, KeyName, is_kid};
pub use parcel::{PARCEL_BYTES, pack, unpack};
pub use ring::{KeyFault, Ring, Slot};

/// What a key may still be used for (GM/T 0051's life of a key, as far as a data key has one).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyState {
    /// Encrypts and decrypts; one a category.
    Active,
    /// Only decrypts: a later version encrypts.
    DecryptOnly,
    /// Its secret is gone; what it encrypted can't be read any more.
    Destroyed,
}

impl KeyState {
    /// All of them.
    pub const ALL: [KeyState; 3] = [KeyState::Active, KeyState::DecryptOnly, KeyState::Destroyed];

    /// The word of key stores and commands.
    pub const fn name(self) -> &'static str {
        match self {
            KeyState::Active => "active",
            KeyState::DecryptOnly => "decrypt-only",
            KeyState::Destroyed => "destroyed",
        }
    }

    /// The state of a word.
    pub fn from_name(name: &str) -> Option<KeyState> {
        KeyState::ALL.into_iter().find(|state| state.name() == name)
    }
}

#[cfg(test)]
mod tests;
