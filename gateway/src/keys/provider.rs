//! Key services: whoever keeps a key-encrypting key and wraps data keys with it.
//!
//! The trait is small on purpose: two calls on a few bytes. Whether a service still vouches for our keys is asked by
//! unwrapping one of them, since a service that answers its health page with the wrong key loaded helps nobody.

mod file;
mod injected;
mod kms_http;
mod pkcs11;
mod sdf;

pub(super) use file::{FileProvider, key_of_passphrase};
pub use injected::Injected;

use super::Store;
use crate::config::{KeyService, Reach};
use zeroize::Zeroizing;

/// Wraps and unwraps parcels. Calls may take long or never return; [`super::Service`] puts a bound on them.
pub trait Provider {
    /// The parcel under the key-encrypting key.
    ///
    /// # Errors
    /// The service did not do it.
    fn wrap(&mut self, parcel: &[u8]) -> Result<Vec<u8>, Fault>;

    /// What was wrapped.
    ///
    /// # Errors
    /// The service did not do it.
    fn unwrap(&mut self, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, Fault>;
}

/// How a key service failed: a closed set, for logs and metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Fault {
    /// Not reached: no connection, no library, no token.
    #[error("not reached")]
    Unreachable,
    /// No answer in time.
    #[error("no answer in time")]
    Slow,
    /// It says no: credentials or rights are wrong. Asked again seldom, since modules lock themselves up.
    #[error("refused: credentials or rights are wrong")]
    Refused,
    /// It failed, with this number: an HTTP status, or the module's own.
    #[error("failed with {0:#x}")]
    Failed(u64),
    /// It answered what is no answer.
    #[error("answered what is no answer")]
    Garbage,
    /// What it unwrapped is not the key that was wrapped: another key-encrypting key.
    #[error("unwrapped something else: another key-encrypting key")]
    WrongKey,
    /// The store holds nothing that this service could unwrap: `yingbi keys init` adds it.
    #[error("has wrapped nothing in this store yet: run `yingbi keys init`")]
    NothingWrapped,
}

impl Fault {
    /// All, for the labels of metrics.
    pub const NAMES: [&str; 7] =
        ["unreachable", "slow", "refused", "failed", "garbage", "wrong-key", "nothing-wrapped"];

    /// The word of metrics.
    pub fn name(self) -> &'static str {
        match self {
            Fault::Unreachable => "unreachable",
            Fault::Slow => "slow",
            Fault::Refused => "refused",
            Fault::Failed(_) => "failed",
            Fault::Garbage => "garbage",
            Fault::WrongKey => "wrong-key",
            Fault::NothingWrapped => "nothing-wrapped",
        }
    }
}

/// Reaches a service anew; called again after it failed.
pub(super) type Connect = Box<dyn FnMut() -> Result<Box<dyn Provider>, Fault> + Send>;

/// How a service is reached. Passphrases are stretched here, once.
pub(super) fn connect(service: &KeyService, store: &Store) -> Result<Connect, Fault> {
    Ok(match &service.reach {
        Reach::File(file) => {
            let kdf = store.keks.get(&service.kek).ok_or(Fault::NothingWrapped)?;
            let passphrase = file.passphrase.read().map_err(|_| Fault::Unreachable)?;
            let key = key_of_passphrase(passphrase.as_bytes(), kdf)?;
            Box::new(move || Ok(Box::new(FileProvider::new(key.clone()))))
        }
        Reach::Pkcs11(module) => {
            let module = module.clone();
            Box::new(move || Ok(Box::new(pkcs11::Token::open(&module)?)))
        }
        Reach::KmsHttp(kms) => {
            let kms = kms.clone();
            Box::new(move || Ok(Box::new(kms_http::Transit::new(&kms)?)))
        }
        Reach::Sdf(module) => {
            let module = module.clone();
            Box::new(move || Ok(Box::new(sdf::Module::open(&module)?)))
        }
    })
}
