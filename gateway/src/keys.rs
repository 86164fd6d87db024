//! Data keys (T/SAC 003—2024 §3.2, §4.5): where they are kept, who unwraps them, and what happens when nobody does.
//!
//! ```text
//! key service (file | PKCS#11 | GM/T 0018 | KMS) ─ key-encrypting key
//!        └─ unwraps ─▶ store (wrapped data keys, one a category and version) ─▶ Ring ─▶ requests
//! ```
//!
//! [`Keys`] holds the ring that requests take. A keeper thread watches the store, so that a rotation rules within a
//! second, and asks the key services again and again whether they still vouch for the keys. When the primary does not,
//! the standby is asked; when none does, the keys in memory stay in use for `keys.cache_seconds` and are wiped then:
//! from there on, values are masked, never clear (FAILURES F9, F10).
//!
//! Yingbi is not itself a certified cryptographic module; certified modules plug in as key services.

mod backup;
mod destruction;
pub mod drill;
mod keeper;
mod life;
mod provider;
mod service;
mod store;

pub use backup::{Backup, BackupError};
pub use destruction::{Destruction, DestructionError, Signed, Two};
pub use keeper::{Keeper, Keys, KeysEvent, Round, Vouched};
pub use life::{LifeError, Lives, NewKeys};
pub use provider::{Fault, Injected, Provider};
pub use service::{Role, Service, Services};
pub use store::{BackedUp, Held, Kdf, Store, StoreError, StoredKey};

#[cfg(test)]
mod tests;
