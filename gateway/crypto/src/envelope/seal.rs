use super::{InvalidKid, OVERHEAD, PREFIX, check_kid};
use crate::sm4::gcm::{Gcm, Nonce, TooLong};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

/// Seals fields under one key. Zeroized on drop; `Debug` shows the key's id alone.
///
/// Nonces are never drawn: they are the instance's id and a counter, so two seals of one `SealKey` never share one. That no
/// two instances share an id under one key is the caller's to see to, with a fresh random id each time a key is made ready.
pub struct SealKey {
    /// `yb1.<kid>.`
    head: String,
    kid_length: usize,
    gcm: Gcm,
    instance: [u8; 4],
    sealed: AtomicU64,
}

/// One value to be sealed.
#[derive(Clone, Copy)]
pub struct Field<'a> {
    /// What it is bound to: the bytes of a [`Binding`](super::Binding).
    pub aad: &'a [u8],
    /// The value.
    pub plain: &'a [u8],
}

/// Why nothing was sealed. The caller falls back to an irreversible mask, never to the clear value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The value is too long for the mode.
    #[error(transparent)]
    TooLong(#[from] TooLong),
    /// This instance has used half of its nonces; only a new instance id or key seals again.
    #[error("the nonces of this instance are used up")]
    NoncesSpent,
}

impl SealKey {
    /// Takes the key named `kid` and this instance's id, which no other instance may have used with this key.
    ///
    /// # Errors
    /// `kid` can't stand in an envelope.
    pub fn new(kid: &str, key: &[u8; 16], instance: [u8; 4]) -> Result<Self, InvalidKid> {
        check_kid(kid)?;
        let head = format!("{PREFIX}{kid}.");
        Ok(SealKey { head, kid_length: kid.len(), gcm: Gcm::new(key), instance, sealed: AtomicU64::new(0) })
    }

    /// The id that envelopes of this key carry.
    pub fn kid(&self) -> &str {
        self.head.get(PREFIX.len()..PREFIX.len() + self.kid_length).unwrap_or_default()
    }

    /// How many bytes of text an envelope of so many plain bytes has.
    pub fn sealed_length(&self, plain_length: usize) -> usize {
        // Four characters for three bytes; two and three for one and two.
        self.head.len() + ((plain_length + OVERHEAD) * 4).div_ceil(3)
    }

    /// Appends the envelope of a value: ASCII.
    ///
    /// # Errors
    /// Nothing was sealed, and nothing appended.
    pub fn seal_into(&self, aad: &[u8], plain: &[u8], out: &mut Vec<u8>) -> Result<(), SealError> {
        self.seal_batch(&[Field { aad, plain }], out)
    }

    /// Appends the envelopes of many values, one directly after the other; each is
    /// [`sealed_length`](Self::sealed_length) long. Far cheaper than one by one: blocks of several fields are encrypted
    /// together.
    ///
    /// # Errors
    /// Nothing was sealed, and nothing appended.
    pub fn seal_batch(&self, fields: &[Field<'_>], out: &mut Vec<u8>) -> Result<(), SealError> {
        let count = fields.len() as u64;
        let first = self.sealed.fetch_add(count, Ordering::Relaxed);
        if first > u64::MAX / 2 {
            return Err(SealError::NoncesSpent);
        }
        let before = out.len();
        out.reserve(fields.iter().map(|field| self.sealed_length(field.plain.len())).sum());
        let mut body = Vec::new();
        for (number, field) in (first..).zip(fields) {
            if let Err(error) = self.seal_one(number, field, &mut body, out) {
                out.truncate(before);
                return Err(error.into());
            }
        }
        Ok(())
    }

    /// As after half of all nonces.
    #[cfg(test)]
    pub(super) fn exhaust(&self) {
        self.sealed.store(u64::MAX / 2 + 1, Ordering::Relaxed);
    }

    fn seal_one(
        &self,
        number: u64,
        field: &Field<'_>,
        body: &mut Vec<u8>,
        out: &mut Vec<u8>,
    ) -> Result<(), TooLong> {
        body.clear();
        let mut nonce: Nonce = [0; 12];
        nonce
            .iter_mut()
            .zip(self.instance.into_iter().chain(number.to_be_bytes()))
            .for_each(|(to, from)| *to = from);
        // Room for all, so that growing leaves no copy of the value behind.
        body.reserve(field.plain.len() + OVERHEAD);
        body.extend_from_slice(&nonce);
        body.extend_from_slice(field.plain);
        let Some((_, text)) = body.split_first_chunk_mut::<12>() else { return Ok(()) };
        let tag = match self.gcm.seal(&nonce, field.aad, text) {
            Ok(tag) => tag,
            Err(error) => {
                zeroize::Zeroize::zeroize(body);
                return Err(error);
            }
        };
        body.extend_from_slice(&tag);
        out.extend_from_slice(self.head.as_bytes());
        out.extend_from_slice(BASE64_URL_SAFE_NO_PAD.encode(body).as_bytes());
        Ok(())
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealKey({})", self.kid())
    }
}

impl fmt::Debug for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Field({} bytes)", self.plain.len())
    }
}
