//! Growing lists of positions, written eight at a time.

/// Positions in a text, in order.
#[derive(Debug, Default)]
pub(crate) struct Positions {
    /// Room already made stays made, so that nothing is cleared twice; only the first `length` mean something.
    room: Vec<u32>,
    length: usize,
}

impl Positions {
    pub(crate) fn as_slice(&self) -> &[u32] {
        self.room.get(..self.length).unwrap_or_default()
    }

    pub(crate) fn clear(&mut self) {
        self.length = 0;
    }

    /// Lets go of room beyond that many positions.
    pub(crate) fn shrink_to(&mut self, most: usize) {
        if self.room.len() > most {
            self.room.truncate(most);
            self.room.shrink_to_fit();
            self.length = self.length.min(most);
        }
    }

    /// Makes room for the positions of that many words.
    #[inline]
    pub(crate) fn reserve(&mut self, words: usize) {
        let needed = self.length + 64 * words;
        if self.room.len() < needed {
            self.room.resize(needed.next_power_of_two(), 0);
        }
    }

    /// Appends the position of every bit that is set, counted from `base`; room must have been made, else nothing is.
    #[inline(always)]
    pub(crate) fn push(&mut self, base: u32, mut word: u64) {
        let count = word.count_ones() as usize;
        let free = self.room.get_mut(self.length..).and_then(|room| room.first_chunk_mut::<64>());
        let Some((groups, [])) = free.map(|room| room.as_chunks_mut::<8>()) else { return };
        // Without asking for each whether it is one too many: the next word writes over those.
        for group in groups.iter_mut().take(count.div_ceil(8)) {
            for slot in group {
                *slot = base.wrapping_add(word.trailing_zeros());
                word &= word.wrapping_sub(1);
            }
        }
        self.length += count;
    }
}
