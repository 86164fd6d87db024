//! SM3, GB/T 32905—2016.

use ::sm3::Digest as _;

/// An SM3 digest.
pub type Digest = [u8; 32];

/// SM3 (GB/T 32905—2016) of the concatenation of `parts`.
pub fn sm3(parts: &[&[u8]]) -> Digest {
    let mut hasher = Sm3::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finish()
}

/// SM3 of a message that comes in pieces.
#[derive(Clone, Default)]
pub struct Sm3(::sm3::Sm3);

impl Sm3 {
    /// An empty message.
    pub fn new() -> Self {
        Sm3::default()
    }

    /// Appends to the message.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of all that was appended.
    pub fn finish(self) -> Digest {
        self.0.finalize().into()
    }
}
