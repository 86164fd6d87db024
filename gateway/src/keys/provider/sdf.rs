//! A module with a GM/T 0018 (SDF) library.
//!
//! Its key-encrypting keys encrypt nothing but keys: `SDF_GenerateKeyWithKEK` makes a session key and gives it out
//! wrapped, and under that session key the parcel is encrypted. What is stored is both, with the IV between them. Which
//! numbers algorithms have is configurable, as vendors differ.

mod device;

use super::{Fault, Provider};
use crate::config::SdfService;
use device::{Device, KEY_BYTES_MOST};
use zeroize::Zeroizing;

/// A session with the module.
pub(in crate::keys) struct Module {
    device: Device,
    service: SdfService,
}

impl Module {
    pub(super) fn open(service: &SdfService) -> Result<Module, Fault> {
        Ok(Module { device: Device::open(&service.module)?, service: service.clone() })
    }
}

impl Provider for Module {
    /// Length of the wrapped session key (two bytes, big-endian), that key, IV, ciphertext.
    fn wrap(&mut self, parcel: &[u8]) -> Result<Vec<u8>, Fault> {
        let SdfService { kek_index, kek_algorithm, data_algorithm, .. } = self.service;
        let mut iv = [0; IV_BYTES];
        self.device.random(&mut iv)?;
        let (session_key, wrapped_key) = self.device.generate_key(kek_algorithm, kek_index)?;
        let sealed = self.device.encrypt(&session_key, data_algorithm, iv, parcel);
        self.device.destroy(session_key);
        let length = u16::try_from(wrapped_key.len()).map_err(|_| Fault::Garbage)?;
        Ok([length.to_be_bytes().as_slice(), &wrapped_key, &iv, &sealed?].concat())
    }

    fn unwrap(&mut self, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, Fault> {
        let SdfService { kek_index, kek_algorithm, data_algorithm, .. } = self.service;
        let (length, rest) = wrapped.split_first_chunk().ok_or(Fault::Garbage)?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (wrapped_key, rest) = rest.split_at_checked(length).ok_or(Fault::Garbage)?;
        let (iv, sealed) = rest.split_first_chunk().ok_or(Fault::Garbage)?;
        if length > KEY_BYTES_MOST || sealed.is_empty() || sealed.len() % IV_BYTES != 0 {
            return Err(Fault::Garbage);
        }
        let session_key = self.device.import_key(kek_algorithm, kek_index, wrapped_key)?;
        let parcel = self.device.decrypt(&session_key, data_algorithm, *iv, sealed);
        self.device.destroy(session_key);
        parcel
    }
}

/// A block of SM4.
const IV_BYTES: usize = 16;
