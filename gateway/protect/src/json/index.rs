//! Stage one: where the tokens of a JSON text begin, found 64 bytes at a time without a branch per byte.
//!
//! A block becomes a few 64-bit words, one bit a byte: quotes, backslashes, operators, white space, control
//! characters. Which quotes are escaped and which bytes are inside strings follows from word arithmetic. The grammar
//! is the next stage's.

use super::bits::Bits;
use super::classes::{Blocks, Classes, Machine, each};
use crate::Uninspectable;

/// Where the tokens are: operators, both quotes of every string, the first byte of every other scalar.
#[derive(Default)]
pub(crate) struct Index {
    pub(crate) tokens: Bits,
    pub(crate) backslashes: Bits,
    /// Whether there is any backslash.
    pub(crate) is_escaped: bool,
}

impl Index {
    /// Indexes a text.
    pub(crate) fn build(&mut self, bytes: &[u8]) -> Result<(), Uninspectable> {
        self.tokens.clear();
        self.backslashes.clear();
        self.is_escaped = false;
        if u32::try_from(bytes.len()).is_err() {
            return Err(Uninspectable::Malformed { at: u32::MAX as usize });
        }
        let (blocks, rest) = bytes.as_chunks::<64>();
        self.tokens.reserve(blocks.len() + 1);
        self.backslashes.reserve(blocks.len() + 1);
        let mut building = Building { index: self, base: 0, carry: Carry::default() };
        each(blocks, &mut building)?;
        let mut last = [b' '; 64];
        for (slot, byte) in last.iter_mut().zip(rest) {
            *slot = *byte;
        }
        each(&[last], &mut building)?;
        if building.carry.in_string != 0 {
            return Err(Uninspectable::Malformed { at: bytes.len() });
        }
        Ok(())
    }

    /// Lets go of working space beyond so many entries.
    pub(crate) fn shrink_to(&mut self, kept: usize) {
        self.tokens.shrink_to(kept);
        self.backslashes.shrink_to(kept);
    }
}

/// An index being built.
struct Building<'i> {
    index: &'i mut Index,
    /// Where the next block begins.
    base: u32,
    carry: Carry,
}

impl Blocks for Building<'_> {
    #[inline(always)]
    fn block<M: Machine>(&mut self, machine: M, classes: &Classes) -> Result<(), Uninspectable> {
        let Building { index, base, carry } = self;
        let begin = *base;
        *base += 64;
        index.backslashes.push(classes.backslash);
        let escaped = if classes.backslash == 0 && !carry.escaped {
            0
        } else {
            index.is_escaped = true;
            carry.escaped(classes.backslash)
        };
        let quotes = classes.quote & !escaped;
        // A byte is inside a string when the quotes up to and with it are odd in number: the opening quote is
        // inside, the closing one is not.
        let in_string = machine.prefix_xor(quotes) ^ carry.in_string;
        carry.in_string = ((in_string as i64) >> 63) as u64;
        let bad = classes.control & in_string;
        if bad != 0 {
            return Err(Uninspectable::Malformed { at: begin as usize + bad.trailing_zeros() as usize });
        }
        let scalar = !(classes.operator | classes.space | quotes | in_string);
        let first_of_scalar = scalar & !(scalar << 1 | carry.scalar);
        carry.scalar = scalar >> 63;
        index.tokens.push(classes.operator & !in_string | quotes | first_of_scalar);
        Ok(())
    }
}

/// What a block leaves for the next.
#[derive(Default)]
struct Carry {
    /// All ones inside a string.
    in_string: u64,
    /// Whether the next byte is escaped.
    escaped: bool,
    /// One when the last byte belonged to a scalar.
    scalar: u64,
}

impl Carry {
    /// Which bytes follow an odd run of backslashes.
    fn escaped(&mut self, backslash: u64) -> u64 {
        let mut escaped = u64::from(self.escaped);
        // A backslash that is itself escaped escapes nothing: walk the runs, there are few.
        let mut left = backslash & !escaped;
        self.escaped = false;
        while left != 0 {
            let at = left.trailing_zeros();
            if at == 63 {
                self.escaped = true;
                break;
            }
            escaped |= 1 << (at + 1);
            // The next byte is spoken for, whatever it is.
            left &= !(0b11 << at);
        }
        escaped
    }
}

#[cfg(test)]
mod tests;
