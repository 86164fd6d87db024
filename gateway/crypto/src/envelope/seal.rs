use super::base64url;
use super::{BATCH, InvalidKid, OVERHEAD, PREFIX, blocks_of, check_kid};
use crate::sm4::gcm::{Gcm, Nonce, TooLong, counter_block, is_too_long};
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
        if let Some(field) = fields.iter().find(|field| is_too_long(field.plain)) {
            return Err(TooLong(field.plain.len()).into());
        }
        let first = self.sealed.fetch_add(fields.len() as u64, Ordering::Relaxed);
        if first > u64::MAX / 2 {
            return Err(SealError::NoncesSpent);
        }
        out.reserve(fields.iter().map(|field| self.sealed_length(field.plain.len())).sum());
        let mut batch = Batch { key: self, body: Vec::new(), out };
        let (mut number, mut rest) = (first, fields);
        while let [next, ..] = rest {
            let mut blocks = 0;
            let fits = rest.iter().take_while(|field| {
                blocks += blocks_of(field.plain);
                blocks <= BATCH
            });
            let (now, later) = match fits.count() {
                0 => {
                    batch.seal_long(number, next);
                    rest.split_at(1)
                }
                count => {
                    let split = rest.split_at(count);
                    batch.seal_short(number, split.0);
                    split
                }
            };
            number += now.len() as u64;
            rest = later;
        }
        Ok(())
    }

    /// As after half of all nonces.
    #[cfg(test)]
    pub(super) fn exhaust(&self) {
        self.sealed.store(u64::MAX / 2 + 1, Ordering::Relaxed);
    }

    fn nonce(&self, number: u64) -> Nonce {
        let mut nonce = [0; 12];
        if let Some((instance, counter)) = nonce.split_first_chunk_mut() {
            *instance = self.instance;
            counter.copy_from_slice(&number.to_be_bytes());
        }
        nonce
    }
}

/// Where envelopes are put together.
struct Batch<'a> {
    key: &'a SealKey,
    /// Nonce, text and tag of one field.
    body: Vec<u8>,
    out: &'a mut Vec<u8>,
}

impl Batch<'_> {
    /// Seals fields that have at most [`BATCH`] blocks together, their nonces numbered from `first` on.
    fn seal_short(&mut self, first: u64, fields: &[Field<'_>]) {
        let mut stream = [[0; 16]; BATCH];
        let mut free = stream.iter_mut();
        for (number, field) in (first..).zip(fields) {
            let nonce = self.key.nonce(number);
            for (counter, block) in (1..).zip(free.by_ref().take(blocks_of(field.plain))) {
                *block = counter_block(&nonce, counter);
            }
        }
        let used = BATCH - free.len();
        let (used, _) = stream.split_at_mut(used);
        self.key.gcm.key_stream(used);
        let mut used = &*used;
        for (number, field) in (first..).zip(fields) {
            let (now, later) = used.split_at(blocks_of(field.plain));
            used = later;
            let Some((mask, stream)) = now.split_first() else { continue };
            self.body.clear();
            self.body.extend_from_slice(&self.key.nonce(number));
            self.body.extend(field.plain.iter().zip(stream.as_flattened()).map(|(byte, key)| byte ^ key));
            let (_, text) = self.body.split_at(size_of::<Nonce>());
            let tag = self.key.gcm.tag(mask, field.aad, text);
            self.body.extend_from_slice(&tag);
            self.write();
        }
    }

    fn seal_long(&mut self, number: u64, field: &Field<'_>) {
        let nonce = self.key.nonce(number);
        self.body.clear();
        // Room for all, so that growing leaves no copy of the value behind.
        self.body.reserve(field.plain.len() + OVERHEAD);
        self.body.extend_from_slice(&nonce);
        self.body.extend_from_slice(field.plain);
        let Some((_, text)) = self.body.split_at_mut_checked(nonce.len()) else { return };
        let Ok(tag) = self.key.gcm.seal(&nonce, field.aad, text) else {
            unreachable!("the lengths of all fields were checked")
        };
        self.body.extend_from_slice(&tag);
        self.write();
    }

    fn write(&mut self) {
        self.out.extend_from_slice(self.key.head.as_bytes());
        base64url::encode(&self.body, self.out);
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
