//! Lists that are mostly short, and texts that mostly are: held in place, so that deciding asks nothing of the allocator.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Deref;

/// A list of copies, of which the first `N` need no allocation.
#[derive(Clone, Debug)]
pub(crate) struct Few<T, const N: usize> {
    few: [T; N],
    len: usize,
    /// All of them, once there are more.
    many: Vec<T>,
}

impl<T: Copy + Default, const N: usize> Few<T, N> {
    pub(crate) fn new() -> Self {
        Few { few: [T::default(); N], len: 0, many: Vec::new() }
    }

    pub(crate) fn push(&mut self, one: T) {
        if self.many.is_empty()
            && let Some(place) = self.few.get_mut(self.len)
        {
            *place = one;
            self.len += 1;
            return;
        }
        if self.many.is_empty() {
            self.many.extend_from_slice(self.few.get(..self.len).unwrap_or_default());
        }
        self.many.push(one);
    }
}

impl<T: Copy + Default, const N: usize> FromIterator<T> for Few<T, N> {
    fn from_iter<I: IntoIterator<Item = T>>(all: I) -> Self {
        let mut few = Few::new();
        all.into_iter().for_each(|one| few.push(one));
        few
    }
}

impl<T, const N: usize> Deref for Few<T, N> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        if self.many.is_empty() { self.few.get(..self.len).unwrap_or_default() } else { &self.many }
    }
}

/// A text, such as an investor identifier, that needs no allocation up to [`IN_PLACE`] bytes.
#[derive(Clone)]
pub(crate) enum Short {
    InPlace([u8; IN_PLACE], u8),
    Long(Box<str>),
}

/// Longer than any account number.
const IN_PLACE: usize = 38;

impl From<&str> for Short {
    fn from(text: &str) -> Short {
        let mut bytes = [0; IN_PLACE];
        match (bytes.get_mut(..text.len()), u8::try_from(text.len())) {
            (Some(place), Ok(length)) => {
                place.copy_from_slice(text.as_bytes());
                Short::InPlace(bytes, length)
            }
            _ => Short::Long(text.into()),
        }
    }
}

impl Deref for Short {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            // INVARIANT: the bytes are those of a text.
            Short::InPlace(bytes, length) => {
                let bytes = bytes.get(..usize::from(*length)).unwrap_or_default();
                std::str::from_utf8(bytes).unwrap_or_default()
            }
            Short::Long(text) => text,
        }
    }
}

/// Whose data it is: never printed.
impl std::fmt::Debug for Short {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "<{} bytes>", self.len())
    }
}

/// Hashing for tables that are filled from policies alone, so that nobody outside chooses what collides: a multiplication
/// a word.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Quick(u64);

impl Hasher for Quick {
    fn write(&mut self, bytes: &[u8]) {
        let mut words = bytes.chunks_exact(8);
        for word in words.by_ref() {
            self.mix(word.try_into().map_or(0, u64::from_le_bytes));
        }
        let rest = words.remainder().iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
        self.mix(rest ^ (bytes.len() as u64) << 56);
    }

    fn finish(&self) -> u64 {
        // The table takes its high and low bits.
        self.0 ^ self.0 >> 32
    }
}

impl Quick {
    fn mix(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

/// A table of this hashing.
pub(crate) type QuickMap<K, V> = HashMap<K, V, BuildHasherDefault<Quick>>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_what_was_given() {
        for length in [0_usize, 1, 3, 4, 5, 9] {
            let few: Few<usize, 4> = (0..length).collect();
            assert_eq!(&few[..], &(0..length).collect::<Vec<_>>()[..]);
        }
        for length in [0, 1, IN_PLACE - 1, IN_PLACE, IN_PLACE + 1, 300] {
            let text = "客".repeat(length / 3) + &"8".repeat(length % 3);
            assert_eq!(&*Short::from(text.as_str()), text);
        }
    }
}
