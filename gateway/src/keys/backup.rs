//! Backups: the keys of a store, wrapped under a key that two custodians hold halves of.
//!
//! A backup is a store of its own whose only key-encrypting key is made of two passphrases, each known to one person.
//! Whoever restores needs both, and no key service: a backup outlives the module it was made beside. Keys that were
//! destroyed stay so: a backup holds their record, not their secret, and restoring one never revives what the store in
//! place has destroyed.

use super::life::secret_of;
use super::provider::{FileProvider, Provider as _, key_of_passphrase};
use super::{Fault, Kdf, LifeError, Lives, Services, Store, StoredKey};
use yingbi_crypto::keys::{KeyState, pack, unpack};
use zeroize::Zeroizing;

/// The key of a backup.
pub struct Backup(FileProvider);

/// Why a backup was not made or restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Two passphrases of 12 characters, of two people.
    #[error("two different passphrases of at least 12 characters are needed, one of each custodian")]
    Shares,
    /// The passphrases are not those of the backup, or it was changed.
    #[error("these are not the backup's passphrases, or it was changed")]
    Wrong,
    /// No backup.
    #[error("this is no backup of a key store")]
    NotOne,
    /// A key service or the store.
    #[error(transparent)]
    Life(#[from] LifeError),
}

impl Backup {
    /// The store of a backup: all keys, each opened by a service and closed under the two passphrases.
    ///
    /// # Errors
    /// A key can't be had, or the passphrases are no two.
    pub fn make(store: &Store, services: &mut Services, shares: [&str; 2]) -> Result<Store, BackupError> {
        let kdf = Kdf::new().map_err(|_| LifeError::NoRandom)?;
        let mut backup = Backup::of(shares, &kdf)?;
        let mut kept = Store { revision: store.revision, ..Store::default() };
        for key in &store.keys {
            let mut copy = StoredKey { wrapped: Default::default(), ..key.clone() };
            if key.state != KeyState::Destroyed {
                let parcel = pack(&key.name(), &*secret_of(services, key)?);
                copy.wrap(KEK, &backup.0.wrap(&parcel).map_err(|_| LifeError::NoRandom)?);
            }
            kept.keys.push(copy);
        }
        kept.keks.insert(KEK.to_owned(), kdf);
        // What can't be opened again is no backup.
        for key in &kept.keys {
            backup.secret(key)?;
        }
        Ok(kept)
    }

    /// Brings what a backup holds into a store: keys that it lacks, wrapped by every service. What the store has
    /// destroyed stays destroyed; what it has, stays as it is. Returns how many keys came.
    ///
    /// # Errors
    /// Wrong passphrases, or a service did not answer; the store in memory is not to be written then.
    pub fn restore(
        from: &Store,
        shares: [&str; 2],
        into: &mut Store,
        services: &mut Services,
    ) -> Result<usize, BackupError> {
        let mut backup = Backup::of(shares, from.keks.get(KEK).ok_or(BackupError::NotOne)?)?;
        Lives { store: &mut *into, services: &mut *services }.prove(true)?;
        let mut came = 0;
        for kept in &from.keys {
            let secret = backup.secret(kept)?;
            if into.key(&kept.kid).is_some() {
                continue;
            }
            let mut key = StoredKey { wrapped: Default::default(), ..kept.clone() };
            if let Some(secret) = secret {
                for service in services.iter_mut() {
                    let wrapped = service
                        .wrap(&key.name(), &secret)
                        .map_err(|fault| LifeError::Service(service.kek.clone(), fault, service.role))?;
                    key.wrap(&service.kek, &wrapped);
                }
            }
            let own = into.keys.iter().filter(|own| own.category == key.category);
            let (mut is_active, mut is_lasting) = (false, false);
            for own in own.filter(|own| own.state != KeyState::Destroyed) {
                is_active |= own.state == KeyState::Active;
                is_lasting |= own.lasting;
                if own.version == key.version {
                    // Two stores went their own ways from one start: their versions mean different keys.
                    return Err(BackupError::NotOne);
                }
            }
            if is_active && key.state == KeyState::Active {
                key.state = KeyState::DecryptOnly;
            }
            key.lasting &= !is_lasting;
            into.keys.push(key);
            came += 1;
        }
        into.revision = into.revision.max(from.revision) + u64::from(came > 0);
        Ok(came)
    }

    fn of(shares: [&str; 2], kdf: &Kdf) -> Result<Backup, BackupError> {
        let [one, other] = shares.map(str::trim);
        if one == other || [one, other].iter().any(|share| share.chars().count() < SHARE_LEAST) {
            return Err(BackupError::Shares);
        }
        // In either order, and without two pairs that read the same.
        let (first, second) = if one < other { (one, other) } else { (other, one) };
        let length = (first.len() as u64).to_be_bytes();
        let both = Zeroizing::new([&length, first.as_bytes(), second.as_bytes()].concat());
        match key_of_passphrase(&both, kdf) {
            Ok(key) => Ok(Backup(FileProvider::new(key))),
            Err(_) => Err(BackupError::NotOne),
        }
    }

    /// `None` of a destroyed key.
    fn secret(&mut self, key: &StoredKey) -> Result<Option<Zeroizing<[u8; 32]>>, BackupError> {
        if key.state == KeyState::Destroyed {
            return Ok(None);
        }
        let wrapped = key.wrapped_by(KEK).ok_or(BackupError::NotOne)?;
        let parcel = self.0.unwrap(&wrapped).map_err(|fault| match fault {
            Fault::WrongKey => BackupError::Wrong,
            _ => BackupError::NotOne,
        })?;
        unpack(&key.name(), &parcel).map(Some).ok_or(BackupError::Wrong)
    }
}

/// Name of the backup's own key-encrypting key.
const KEK: &str = "two-custodians";
const SHARE_LEAST: usize = 12;
