//! The life of data keys: made, rotated, destroyed. Every change is made in memory first and written as a whole.

use super::{Destruction, Fault, Kdf, Role, Services, Store, StoreError, StoredKey};
use crate::config::{DataKeys, Reach};
use std::collections::BTreeMap;
use yingbi_crypto::hex;
use yingbi_crypto::keys::{DataKey, KeyName, KeyState};
use zeroize::Zeroizing;

/// Changes to a store, and the services that wrap what is new.
pub struct Lives<'l> {
    /// The store.
    pub store: &'l mut Store,
    /// All of them must answer: a key that one of them has not wrapped is lost with the others.
    pub services: &'l mut Services,
}

/// What was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewKeys {
    /// Keys.
    pub made: Vec<KeyName>,
    /// Keys that a service wrapped which had not before.
    pub wrapped: usize,
}

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum LifeError {
    /// A key service did not do its part.
    #[error("key service `{0}` ({role}): {1}", role = .2.name())]
    Service(String, Fault, Role),
    /// The store can't be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system gives no random numbers.
    #[error("no random numbers")]
    NoRandom,
    /// No category or key of this name.
    #[error("there is no key of this id or category")]
    Missing,
    /// It still encrypts, or makes tokens.
    #[error("the key is in use: rotate its category first (with `--lasting` when it makes tokens)")]
    InUse,
    /// It was destroyed before.
    #[error("the key was destroyed before")]
    Destroyed,
}

impl Lives<'_> {
    /// Parameters of passphrases that the store lacks; needed before services are started.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn prepare(store: &mut Store, data: &DataKeys) -> Result<(), LifeError> {
        for service in data.services().filter(|service| matches!(service.reach, Reach::File(_))) {
            if !store.keks.contains_key(&service.kek) {
                store.keks.insert(service.kek.clone(), Kdf::new().map_err(|_| LifeError::NoRandom)?);
            }
        }
        Ok(())
    }

    /// A key for each of these categories that has none to encrypt with, and everything wrapped by every service.
    ///
    /// # Errors
    /// A service did not answer; the store in memory is not to be written then.
    pub fn complete(&mut self, categories: &[&str]) -> Result<NewKeys, LifeError> {
        self.prove(true)?;
        let mut new = NewKeys::default();
        for at in 0..self.store.keys.len() {
            new.wrapped += usize::from(self.wrap_everywhere(at)?);
        }
        for category in categories {
            let is_active = |key: &StoredKey| key.category == *category && key.state == KeyState::Active;
            if !self.store.keys.iter().any(is_active) {
                new.made.push(self.make(category, false)?);
            }
        }
        self.counted(new.made.is_empty() && new.wrapped == 0);
        Ok(new)
    }

    /// A new version of these categories; the versions before decrypt only. `lasting` keys stay, unless told.
    ///
    /// # Errors
    /// There is no such category, or a service did not answer; the store in memory is not to be written then.
    pub fn rotate(&mut self, categories: &[String], lasting: bool) -> Result<NewKeys, LifeError> {
        self.prove(false)?;
        let mut new = NewKeys::default();
        for category in categories {
            if !self.store.keys.iter().any(|key| key.category == *category) {
                return Err(LifeError::Missing);
            }
            new.made.push(self.make(category, lasting)?);
        }
        self.counted(new.made.is_empty());
        Ok(new)
    }

    /// That every service still holds the key it wrapped with before: under another one (a mistyped passphrase, a key
    /// replaced under the same name) new keys would part from the old ones.
    pub(super) fn prove(&mut self, may_be_new: bool) -> Result<(), LifeError> {
        for service in self.services.iter_mut() {
            let mut live = self.store.keys.iter().filter(|key| key.state != KeyState::Destroyed).peekable();
            let Some(first) = live.peek().copied() else { continue };
            let wrapped = live.find(|key| key.wrapped.contains_key(&service.kek));
            if wrapped.is_none() && may_be_new {
                continue;
            }
            service
                .unwrap(wrapped.unwrap_or(first))
                .map_err(|fault| LifeError::Service(service.kek.clone(), fault, service.role))?;
        }
        Ok(())
    }

    fn make(&mut self, category: &str, lasting: bool) -> Result<KeyName, LifeError> {
        let mut kid = [0; 6];
        getrandom::fill(&mut kid).map_err(|_| LifeError::NoRandom)?;
        let own = self.store.keys.iter().filter(|key| key.category == category);
        let version = own.map(|key| key.version).max().unwrap_or(0) + 1;
        let name = KeyName { kid: hex::encode(&kid), category: category.to_owned(), version };
        let mut secret = Zeroizing::new([0; DataKey::SECRET_BYTES]);
        getrandom::fill(secret.as_mut_slice()).map_err(|_| LifeError::NoRandom)?;
        let has_lasting = self
            .store
            .keys
            .iter()
            .any(|key| key.category == category && key.lasting && key.state != KeyState::Destroyed);
        let mut key = StoredKey {
            kid: name.kid.clone(),
            category: category.to_owned(),
            version,
            state: KeyState::Active,
            lasting: lasting || !has_lasting,
            created: jiff::Timestamp::now().strftime("%FT%TZ").to_string(),
            wrapped: BTreeMap::new(),
            destroyed: None,
        };
        for service in self.services.iter_mut() {
            let wrapped = service.wrap(&name, &secret);
            let wrapped =
                wrapped.map_err(|fault| LifeError::Service(service.kek.clone(), fault, service.role))?;
            key.wrap(&service.kek, &wrapped);
        }
        for other in self.store.keys.iter_mut().filter(|other| other.category == category) {
            if other.state == KeyState::Active {
                other.state = KeyState::DecryptOnly;
            }
            other.lasting &= !key.lasting;
        }
        self.store.keys.push(key);
        Ok(name)
    }

    /// Whether anything was missing.
    fn wrap_everywhere(&mut self, at: usize) -> Result<bool, LifeError> {
        let Some(key) = self.store.keys.get_mut(at) else { return Ok(false) };
        let lacks = |service: &super::Service| !key.wrapped.contains_key(&service.kek);
        if key.state == KeyState::Destroyed || !self.services.iter_mut().any(|service| lacks(service)) {
            return Ok(false);
        }
        let secret = secret_of(self.services, key)?;
        for service in self.services.iter_mut() {
            if !key.wrapped.contains_key(&service.kek) {
                let wrapped = service.wrap(&key.name(), &secret);
                let wrapped =
                    wrapped.map_err(|fault| LifeError::Service(service.kek.clone(), fault, service.role))?;
                key.wrap(&service.kek, &wrapped);
            }
        }
        Ok(true)
    }

    fn counted(&mut self, unchanged: bool) {
        self.store.revision += u64::from(!unchanged);
    }
}

/// The secret of a key from the first service that gives it.
///
/// # Errors
/// None does; the error of the last that could have.
pub(super) fn secret_of(
    services: &mut Services,
    key: &StoredKey,
) -> Result<Zeroizing<[u8; DataKey::SECRET_BYTES]>, LifeError> {
    let mut failed = LifeError::Missing;
    for service in services.iter_mut() {
        match service.unwrap(key) {
            Ok(secret) => return Ok(secret),
            Err(fault) => failed = LifeError::Service(service.kek.clone(), fault, service.role),
        }
    }
    Err(failed)
}

impl Store {
    /// Forgets what was wrapped of a key, and keeps the signed record of it.
    ///
    /// # Errors
    /// There is no such key, or it is still in use.
    pub fn destroy(
        &mut self,
        kid: &str,
        record: impl FnOnce(&KeyName) -> Destruction,
    ) -> Result<KeyName, LifeError> {
        let key = self.keys.iter_mut().find(|key| key.kid == kid).ok_or(LifeError::Missing)?;
        match key.state {
            KeyState::Destroyed => return Err(LifeError::Destroyed),
            KeyState::Active => return Err(LifeError::InUse),
            KeyState::DecryptOnly if key.lasting => return Err(LifeError::InUse),
            KeyState::DecryptOnly => {}
        }
        let name = key.name();
        key.destroyed = Some(record(&name));
        key.state = KeyState::Destroyed;
        key.wrapped.clear();
        self.revision += 1;
        Ok(name)
    }

    /// Categories that have keys, each once.
    pub fn categories(&self) -> Vec<String> {
        let mut categories: Vec<String> = self.keys.iter().map(|key| key.category.clone()).collect();
        categories.sort();
        categories.dedup();
        categories
    }
}
