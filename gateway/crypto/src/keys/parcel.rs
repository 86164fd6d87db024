//! What a key service gets to wrap: a secret with a check of whose secret it is.
//!
//! Key services differ in what they promise: a module may offer bare SM4-CBC, a service no associated data. So the check
//! travels inside: what comes back from the wrong key, or was moved from another key's place, is never taken for a key.

use super::{DataKey, KeyName};
use crate::{constant_time_eq, hmac_sm3};
use zeroize::Zeroizing;

/// Bytes of a parcel: three blocks of SM4, so no mode needs to pad it.
pub const PARCEL_BYTES: usize = DataKey::SECRET_BYTES + CHECK_BYTES;

/// The secret of this key with its check.
pub fn pack(name: &KeyName, secret: &[u8; DataKey::SECRET_BYTES]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new([secret.as_slice(), check(name, secret).as_slice()].concat())
}

/// The secret, if the parcel is of this key and whole.
pub fn unpack(name: &KeyName, parcel: &[u8]) -> Option<Zeroizing<[u8; DataKey::SECRET_BYTES]>> {
    let (secret, found) = parcel.split_first_chunk()?;
    constant_time_eq(found, check(name, secret).as_slice()).then(|| Zeroizing::new(*secret))
}

fn check(name: &KeyName, secret: &[u8; DataKey::SECRET_BYTES]) -> Zeroizing<[u8; CHECK_BYTES]> {
    let length = (name.category.len() as u64).to_be_bytes();
    let version = name.version.to_be_bytes();
    let parts: [&[u8]; 5] = [CHECK, &length, name.category.as_bytes(), &version, name.kid.as_bytes()];
    let whole = Zeroizing::new(hmac_sm3(secret, &parts));
    let mut check = Zeroizing::new([0; CHECK_BYTES]);
    check.iter_mut().zip(whole.iter()).for_each(|(check, byte)| *check = *byte);
    check
}

const CHECK: &[u8] = b"yingbi/data-key/1";
const CHECK_BYTES: usize = 16;
