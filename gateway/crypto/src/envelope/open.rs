use super::{Envelope, InvalidKid, check_kid};
use crate::sm4::gcm::{Forged, Gcm};
use std::fmt;
use zeroize::Zeroizing;

/// Opens fields that were sealed under one key. Zeroized on drop; `Debug` shows the key's id alone.
pub struct OpenKey {
    kid: String,
    gcm: Gcm,
}

/// Why an envelope stays shut. The caller masks the field and serves the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The envelope names another key.
    #[error("the field was sealed under another key")]
    OtherKey,
    /// It was altered, cut, moved from where it belongs, or another key goes by its key's name.
    #[error(transparent)]
    Forged(#[from] Forged),
}

impl OpenKey {
    /// Takes the key named `kid`.
    ///
    /// # Errors
    /// `kid` can't stand in an envelope.
    pub fn new(kid: &str, key: &[u8; 16]) -> Result<Self, InvalidKid> {
        check_kid(kid)?;
        Ok(OpenKey { kid: kid.to_owned(), gcm: Gcm::new(key) })
    }

    /// The id that envelopes of this key carry.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The value, if the envelope is genuine and belongs to what `aad` says.
    ///
    /// # Errors
    /// It isn't, or is another key's.
    pub fn open(&self, envelope: &Envelope<'_>, aad: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        if envelope.kid != self.kid {
            return Err(OpenError::OtherKey);
        }
        let mut text = Zeroizing::new(envelope.text.clone());
        self.gcm.open(&envelope.nonce, aad, &mut text, &envelope.tag)?;
        Ok(text)
    }
}

impl fmt::Debug for OpenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OpenKey({})", self.kid)
    }
}
