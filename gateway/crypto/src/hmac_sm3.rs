//! HMAC (RFC 2104) over SM3.

use crate::Digest;
use hmac::{KeyInit as _, Mac as _};

/// HMAC-SM3 of the concatenation of `parts`; keys of any length.
pub fn hmac_sm3(key: &[u8], parts: &[&[u8]]) -> Digest {
    HmacSm3::new(key).tag(parts)
}

/// A key made ready: each tag costs two compressions less than from the bare key. Zeroized on drop.
#[derive(Clone)]
pub struct HmacSm3(hmac::Hmac<::sm3::Sm3>);

impl HmacSm3 {
    /// Takes a key of any length.
    pub fn new(key: &[u8]) -> Self {
        let Ok(mac) = hmac::Hmac::new_from_slice(key) else { unreachable!("HMAC takes keys of any length") };
        HmacSm3(mac)
    }

    /// The tag of the concatenation of `parts`.
    pub fn tag(&self, parts: &[&[u8]]) -> Digest {
        let mut mac = self.0.clone();
        for part in parts {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}
