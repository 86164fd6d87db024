//! One bit for each byte of a text.

/// Marked bytes of a text, 64 to a word.
#[derive(Debug, Default)]
pub(crate) struct Bits {
    /// Room already made stays made, so that nothing is cleared twice; only the first `length` mean something.
    room: Vec<u64>,
    length: usize,
}

impl Bits {
    pub(crate) fn clear(&mut self) {
        self.length = 0;
    }

    /// Lets go of room beyond that many words.
    pub(crate) fn shrink_to(&mut self, most: usize) {
        if self.room.len() > most {
            self.room.truncate(most);
            self.room.shrink_to_fit();
            self.length = self.length.min(most);
        }
    }

    /// Makes room for so many words more.
    pub(crate) fn reserve(&mut self, words: usize) {
        let needed = self.length + words;
        if self.room.len() < needed {
            self.room.resize(needed.next_power_of_two(), 0);
        }
    }

    /// Appends the marks of the next 64 bytes; room must have been made, else nothing is.
    #[inline(always)]
    pub(crate) fn push(&mut self, word: u64) {
        if let Some(slot) = self.room.get_mut(self.length) {
            *slot = word;
            self.length += 1;
        }
    }

    pub(crate) fn as_slice(&self) -> &[u64] {
        self.room.get(..self.length).unwrap_or_default()
    }
}

/// The first marked byte from `from` on; [`NONE`] when there is none.
#[inline(always)]
pub(crate) fn next(words: &[u64], from: u32) -> u32 {
    let mut at = from as usize / 64;
    let Some(first) = words.get(at) else { return NONE };
    let mut word = first & u64::MAX << (from % 64);
    while word == 0 {
        at += 1;
        match words.get(at) {
            Some(next) => word = *next,
            None => return NONE,
        }
    }
    at as u32 * 64 + word.trailing_zeros()
}

/// Behind every text.
pub(crate) const NONE: u32 = u32::MAX;
