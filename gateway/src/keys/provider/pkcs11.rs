//! A module with a PKCS#11 library. A secret key on it, named by its label, wraps data keys with AES-GCM; the key itself
//! never leaves the module, so `CKA_EXTRACTABLE` should be false.

use super::{Fault, Provider};
use crate::config::Pkcs11Service;
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::aead::GcmParams;
use cryptoki::object::{Attribute, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use zeroize::Zeroizing;

/// A session on a token, logged in, and the key found on it.
pub(in crate::keys) struct Token {
    session: Session,
    key: ObjectHandle,
}

impl Token {
    pub(super) fn open(service: &Pkcs11Service) -> Result<Token, Fault> {
        let module = module(&service.module)?;
        let slots = module.get_slots_with_token().map_err(fault)?;
        let is_ours = |slot: &cryptoki::slot::Slot| {
            module.get_token_info(*slot).is_ok_and(|info| info.label() == service.token)
        };
        let slot = slots.into_iter().find(is_ours).ok_or(Fault::Unreachable)?;
        let session = module.open_ro_session(slot).map_err(fault)?;
        let pin = service.pin.read().map_err(|_| Fault::Refused)?;
        match session.login(UserType::User, Some(&AuthPin::from(pin.as_str()))) {
            // Another session of this process logged in: it holds for all of them.
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => {}
            Err(error) => return Err(fault(error)),
        }
        let wanted =
            [Attribute::Class(ObjectClass::SECRET_KEY), Attribute::Label(service.key.clone().into_bytes())];
        let found = session.find_objects(&wanted).map_err(fault)?;
        // Two keys of one label: nobody could say which wrapped what.
        let [key] = found.as_slice() else { return Err(Fault::Refused) };
        Ok(Token { key: *key, session })
    }
}

impl Provider for Token {
    /// Nonce, ciphertext, tag.
    fn wrap(&mut self, parcel: &[u8]) -> Result<Vec<u8>, Fault> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(|_| Fault::Unreachable)?;
        let mut wrapped = nonce.to_vec();
        let params = GcmParams::new(&mut nonce, &[], TAG_BITS.into()).map_err(fault)?;
        wrapped.extend(self.session.encrypt(&Mechanism::AesGcm(params), self.key, parcel).map_err(fault)?);
        Ok(wrapped)
    }

    fn unwrap(&mut self, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, Fault> {
        let (nonce, sealed) = wrapped.split_first_chunk::<NONCE_BYTES>().ok_or(Fault::Garbage)?;
        let mut nonce = *nonce;
        let params = GcmParams::new(&mut nonce, &[], TAG_BITS.into()).map_err(fault)?;
        match self.session.decrypt(&Mechanism::AesGcm(params), self.key, sealed) {
            Ok(parcel) => Ok(Zeroizing::new(parcel)),
            Err(Error::Pkcs11(
                RvError::EncryptedDataInvalid | RvError::EncryptedDataLenRange | RvError::GeneralError,
                _,
            )) => Err(Fault::WrongKey),
            Err(error) => Err(fault(error)),
        }
    }
}

/// A library is loaded and started once for the whole process, however many sessions it has.
fn module(path: &Path) -> Result<Pkcs11, Fault> {
    static LOADED: Mutex<Option<HashMap<PathBuf, Pkcs11>>> = Mutex::new(None);
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    let loaded = loaded.get_or_insert_default();
    if let Some(module) = loaded.get(path) {
        return Ok(module.clone());
    }
    let module = Pkcs11::new(path).map_err(fault)?;
    match module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
        Err(error) => return Err(fault(error)),
    }
    loaded.insert(path.to_owned(), module.clone());
    Ok(module)
}

fn fault(error: Error) -> Fault {
    use RvError::{
        PinExpired, PinIncorrect, PinInvalid, PinLenRange, PinLocked, TokenNotPresent, UserPinNotInitialized,
    };
    tracing::debug!(%error, "the PKCS#11 module did not do it");
    match error {
        Error::Pkcs11(
            PinIncorrect | PinInvalid | PinLenRange | PinLocked | PinExpired | UserPinNotInitialized,
            _,
        ) => Fault::Refused,
        Error::Pkcs11(TokenNotPresent, _) | Error::LibraryLoading(_) | Error::MissingSymbol(_) => {
            Fault::Unreachable
        }
        Error::Pkcs11(_, function) => Fault::Failed(function as u64),
        _ => Fault::Garbage,
    }
}

const NONCE_BYTES: usize = 12;
const TAG_BITS: u64 = 128;
