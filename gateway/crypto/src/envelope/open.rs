use super::{BATCH, Envelope, InvalidKid, blocks_of, check_kid};
use crate::sm4::gcm::{Forged, Gcm, counter_block};
use std::fmt;
use zeroize::{Zeroize as _, Zeroizing};

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
        let mut text = Zeroizing::new(envelope.text().to_vec());
        self.gcm.open(&envelope.nonce(), aad, &mut text, &envelope.tag())?;
        Ok(text)
    }

    /// Opens many envelopes, each with the associated data beside it, and hands on what became of them, in their order.
    /// Far cheaper than one by one: blocks of several fields are computed together. A value is wiped after it was handed on.
    pub fn open_batch<'e>(
        &self,
        sealed: &[(&'e Envelope<'e>, &[u8])],
        mut opened: impl FnMut(Result<&[u8], OpenError>),
    ) {
        let mut text = Zeroizing::new(Vec::new());
        let mut rest = sealed;
        while let [(next, aad), later @ ..] = rest {
            let mut blocks = 0;
            let fits = rest.iter().take_while(|(envelope, _)| {
                blocks += blocks_of(envelope.text());
                blocks <= BATCH
            });
            let (now, later) = match fits.count() {
                0 => {
                    let value = self.open(next, aad);
                    opened(value.as_ref().map(|value| value.as_slice()).map_err(|error| *error));
                    (&[][..], later)
                }
                count => rest.split_at(count),
            };
            self.open_short(now, &mut text, &mut opened);
            rest = later;
        }
    }

    /// Opens fields that have at most [`BATCH`] blocks together.
    fn open_short(
        &self,
        sealed: &[(&Envelope<'_>, &[u8])],
        value: &mut Vec<u8>,
        opened: &mut impl FnMut(Result<&[u8], OpenError>),
    ) {
        let mut stream = [[0; 16]; BATCH];
        let mut free = stream.iter_mut();
        for (envelope, _) in sealed {
            let nonce = envelope.nonce();
            for (counter, block) in (1..).zip(free.by_ref().take(blocks_of(envelope.text()))) {
                *block = counter_block(&nonce, counter);
            }
        }
        let used = BATCH - free.len();
        let (used, _) = stream.split_at_mut(used);
        self.gcm.key_stream(used);
        let mut used = &*used;
        for (envelope, aad) in sealed {
            let (now, later) = used.split_at(blocks_of(envelope.text()));
            used = later;
            let Some((mask, stream)) = now.split_first() else { continue };
            if envelope.kid != self.kid {
                opened(Err(OpenError::OtherKey));
            } else if let Err(forged) = self.gcm.check(mask, aad, envelope.text(), &envelope.tag()) {
                opened(Err(forged.into()));
            } else {
                // Room first, so that growing leaves no copy of a value behind.
                value.reserve(envelope.text().len());
                value.extend(envelope.text().iter().zip(stream.as_flattened()).map(|(byte, key)| byte ^ key));
                opened(Ok(value));
                value.zeroize();
            }
        }
    }
}

impl fmt::Debug for OpenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OpenKey({})", self.kid)
    }
}
