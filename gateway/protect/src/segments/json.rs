//! Where a long JSON text may be cut: between the elements of its outermost arrays. What stands around the elements at
//! a cut, the skeleton, is kept in short, so that each segment can be read as a document of its own.
//!
//! The scan goes over each byte once, 64 at a time, and stops anywhere: in a string, in an escape. It checks no
//! grammar: brackets that don't match make a segment that the grammar refuses.

use super::Cut;
use super::skeleton::Skeleton;
use crate::Uninspectable;
use crate::json::classes::{Blocks, Classes, Machine, each};
use std::collections::VecDeque;

/// Finds the cuts of one text.
#[derive(Default)]
pub(super) struct Json {
    strings: Strings,
    /// Bytes of the text scanned.
    scanned: usize,
    depth: u32,
    /// How deep the outermost open array is; none when zero.
    array: u32,
    /// Elements of it that are behind.
    elements: u64,
    /// Where the last cut was.
    last: usize,
    turns: Vec<Turn>,
    /// Up to where the turns are in the skeleton.
    settled: usize,
    skeleton: Skeleton,
    cuts: VecDeque<Cut>,
}

/// What was passed since the last cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// An outermost array begins with this bracket.
    Opened(usize),
    /// Its first element ends before this comma.
    First(usize),
    /// It ends with this bracket.
    Closed(usize),
    /// A segment may end before this comma, so many elements of the array being behind.
    Cut(usize, u64),
}

impl Json {
    /// Scans what has come, given from `from` on; all of it when `is_end`.
    pub(super) fn scan(&mut self, bytes: &[u8], from: usize, least: usize, is_end: bool) {
        let rest = bytes.get(self.scanned - from..).unwrap_or_default();
        let (blocks, tail) = rest.as_chunks::<64>();
        let mut passing = Passing { json: self, least };
        // A block's work never fails.
        let _ = each(blocks, &mut BlocksOf { passing: &mut passing, blocks: blocks.iter() });
        if is_end && !tail.is_empty() {
            let mut last = [b' '; 64];
            last.iter_mut().zip(tail).for_each(|(slot, byte)| *slot = *byte);
            let last = [last];
            let _ = each(&last, &mut BlocksOf { passing: &mut passing, blocks: last.iter() });
        }
        self.settle(bytes, from);
    }

    pub(super) fn scanned(&self) -> usize {
        self.scanned
    }

    pub(super) fn cuts(&mut self) -> &mut VecDeque<Cut> {
        &mut self.cuts
    }

    pub(super) fn skeleton(&self) -> &Skeleton {
        &self.skeleton
    }

    /// Makes cuts of the turns, while the bytes are there.
    fn settle(&mut self, bytes: &[u8], from: usize) {
        let Some(upto) = self.turns.iter().rposition(|turn| matches!(turn, Turn::Cut(..))) else { return };
        let of = |start: usize, end: usize| bytes.get(start - from..end - from).unwrap_or_default();
        // Where the envelope, or the content of an array, begins that was passed last.
        let mut at = self.settled;
        let mut opened = None;
        let mut first = None;
        for turn in self.turns.drain(..=upto) {
            match turn {
                Turn::Opened(bracket) => {
                    self.skeleton.envelope(of(at, bracket + 1));
                    (at, opened, first) = (bracket + 1, Some(bracket), None);
                }
                Turn::First(end) => first = Some(end),
                Turn::Closed(bracket) => {
                    if opened.take().is_some() {
                        self.skeleton.list(of(at, bracket), first.map(|end| of(at, end)));
                    }
                    at = bracket;
                }
                Turn::Cut(comma, elements) => {
                    if opened.take().is_some() {
                        self.skeleton.open_list(first.map(|end| of(at, end)).unwrap_or_default());
                    }
                    at = comma;
                    if let Some(around) = self.skeleton.around() {
                        self.cuts.push_back(Cut { at: comma, around, elements });
                    }
                }
            }
        }
        self.settled = at;
    }
}

struct Passing<'j> {
    json: &'j mut Json,
    least: usize,
}

/// Blocks come with their classes alone; their bytes are walked along.
struct BlocksOf<'p, 'j, 'b> {
    passing: &'p mut Passing<'j>,
    blocks: std::slice::Iter<'b, [u8; 64]>,
}

impl Blocks for BlocksOf<'_, '_, '_> {
    #[inline(always)]
    fn block<M: Machine>(&mut self, machine: M, classes: &Classes) -> Result<(), Uninspectable> {
        let Passing { json, least } = &mut *self.passing;
        let bytes = self.blocks.next().map_or(&[][..], |block| block);
        let begin = json.scanned;
        json.scanned += 64;
        let in_string = json.strings.block(machine, classes);
        let mut operators = classes.operator & !in_string;
        while operators != 0 {
            let at = operators.trailing_zeros() as usize;
            operators &= operators - 1;
            match bytes.get(at) {
                Some(b',') if json.depth == json.array && json.array != 0 => {
                    json.comma(begin + at, *least);
                }
                Some(b'{') => json.depth += 1,
                Some(b'[') => {
                    json.depth += 1;
                    if json.array == 0 {
                        (json.array, json.elements) = (json.depth, 0);
                        json.turns.push(Turn::Opened(begin + at));
                    }
                }
                Some(b'}' | b']') => {
                    if json.depth == json.array && json.array != 0 {
                        json.array = 0;
                        json.turns.push(Turn::Closed(begin + at));
                    }
                    json.depth = json.depth.saturating_sub(1);
                }
                _ => {}
            }
        }
        Ok(())
    }
}

impl Json {
    #[inline]
    fn comma(&mut self, at: usize, least: usize) {
        self.elements += 1;
        if self.elements == 1 {
            self.turns.push(Turn::First(at));
        }
        if at - self.last >= least {
            self.last = at;
            self.turns.push(Turn::Cut(at, self.elements));
        }
    }
}

/// Which bytes are in strings, from block to block.
#[derive(Default)]
struct Strings {
    /// All ones inside a string.
    in_string: u64,
    /// Whether the next byte is escaped.
    escaped: bool,
}

impl Strings {
    #[inline(always)]
    fn block<M: Machine>(&mut self, machine: M, classes: &Classes) -> u64 {
        let mut escaped = u64::from(self.escaped);
        // A backslash that is itself escaped escapes nothing: walk the runs, there are few.
        let mut left = classes.backslash & !escaped;
        self.escaped = false;
        while left != 0 {
            let at = left.trailing_zeros();
            if at == 63 {
                self.escaped = true;
                break;
            }
            escaped |= 1 << (at + 1);
            left &= !(0b11 << at);
        }
        let in_string = machine.prefix_xor(classes.quote & !escaped) ^ self.in_string;
        self.in_string = ((in_string as i64) >> 63) as u64;
        in_string
    }
}
