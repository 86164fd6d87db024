//! A key made of a passphrase by Argon2id (RFC 9106), wrapping with SM4-GCM: the embedded default, in software.

use super::{Fault, Provider};
use crate::keys::Kdf;
use argon2::{Algorithm, Argon2, Params, Version};
use yingbi_crypto::hmac_sm3;
use yingbi_crypto::sm4::gcm::Gcm;
use zeroize::Zeroizing;

/// The key-encrypting key.
pub(in crate::keys) type Kek = Zeroizing<[u8; 32]>;

/// Wraps in this process.
pub(in crate::keys) struct FileProvider(Kek);

/// The key of a passphrase.
pub(in crate::keys) fn key_of_passphrase(passphrase: &[u8], kdf: &Kdf) -> Result<Kek, Fault> {
    let salt = kdf.salt().ok_or(Fault::Garbage)?;
    let params = Params::new(kdf.memory_kib, kdf.passes, 1, Some(32)).map_err(|_| Fault::Garbage)?;
    let mut key = Kek::default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase, &salt, key.as_mut_slice())
        .map_err(|_| Fault::Garbage)?;
    Ok(key)
}

impl FileProvider {
    pub(in crate::keys) fn new(kek: Kek) -> FileProvider {
        FileProvider(kek)
    }

    /// Each parcel has a key of its own, made of a random salt: no nonce is ever used twice under one.
    fn gcm(&self, salt: &[u8; SALT_BYTES]) -> Gcm {
        let tag = Zeroizing::new(hmac_sm3(self.0.as_slice(), &[LABEL, salt]));
        let mut key = Zeroizing::new([0; 16]);
        key.iter_mut().zip(tag.iter()).for_each(|(key, byte)| *key = *byte);
        Gcm::new(&key)
    }
}

impl Provider for FileProvider {
    /// Salt, ciphertext, tag.
    fn wrap(&mut self, parcel: &[u8]) -> Result<Vec<u8>, Fault> {
        let mut salt = [0; SALT_BYTES];
        getrandom::fill(&mut salt).map_err(|_| Fault::Unreachable)?;
        let mut text = parcel.to_vec();
        let tag = self.gcm(&salt).seal(&[0; 12], LABEL, &mut text).map_err(|_| Fault::Garbage)?;
        Ok([salt.as_slice(), &text, &tag].concat())
    }

    fn unwrap(&mut self, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, Fault> {
        let (salt, rest) = wrapped.split_first_chunk().ok_or(Fault::Garbage)?;
        let (text, tag) = rest.split_last_chunk().ok_or(Fault::Garbage)?;
        let mut text = Zeroizing::new(text.to_vec());
        self.gcm(salt).open(&[0; 12], LABEL, &mut text, tag).map_err(|_| Fault::WrongKey)?;
        Ok(text)
    }
}

const SALT_BYTES: usize = 16;
const LABEL: &[u8] = b"yingbi/kek/1";
