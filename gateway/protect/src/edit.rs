//! Replacements of spans: everything that is not replaced is copied as it stood.

use crate::mask::FILLS;
use std::mem;
use std::ops::Range;

/// Sorted, disjoint replacements over one text.
#[derive(Default)]
pub(crate) struct Edits {
    edits: Vec<Edit>,
    /// All replacement texts, end to end.
    texts: String,
}

/// One replacement. Texts end below four gigabytes: the index of a document refuses longer ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Edit {
    start: u32,
    end: u32,
    with: With,
}

/// By what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum With {
    /// A stretch of the texts.
    Text(u32, u32),
    /// As many fill characters; a few.
    Fill(u8),
}

impl With {
    fn length(self) -> usize {
        match self {
            With::Text(from, to) => (to - from) as usize,
            With::Fill(count) => count.into(),
        }
    }
}

impl Edits {
    pub(crate) fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// Makes ready for another text.
    pub(crate) fn clear(&mut self) {
        self.edits.clear();
        self.texts.clear();
    }

    /// Lets go of room beyond that many replacements.
    pub(crate) fn shrink_to(&mut self, most: usize) {
        self.edits.shrink_to(most);
        self.texts.shrink_to(most);
    }

    /// Replaces `start..end` by what `write` appends.
    pub(crate) fn push_with(&mut self, start: usize, end: usize, write: impl FnOnce(&mut String)) {
        let from = self.texts.len() as u32;
        write(&mut self.texts);
        let with = With::Text(from, self.texts.len() as u32);
        self.edits.push(Edit { start: start as u32, end: end as u32, with });
    }

    /// Replaces `start..end` by `text`.
    pub(crate) fn push(&mut self, start: usize, end: usize, text: &str) {
        self.push_with(start, end, |texts| texts.push_str(text));
    }

    /// Replaces `start..end` by so many fill characters.
    #[inline]
    pub(crate) fn push_fill(&mut self, start: usize, end: usize, count: usize) {
        match u8::try_from(count) {
            Ok(few) if count <= FILLS.len() => {
                self.edits.push(Edit { start: start as u32, end: end as u32, with: With::Fill(few) });
            }
            _ => self.push_long_fill(start, end, count),
        }
    }

    #[cold]
    fn push_long_fill(&mut self, start: usize, end: usize, count: usize) {
        self.push_with(start, end, |texts| texts.extend(std::iter::repeat_n('*', count)));
    }

    /// Appends to the replacement made last.
    pub(crate) fn add_to_last(&mut self, text: &str) {
        let Some(Edit { start, end, with }) = self.edits.pop() else { return };
        let before = match with {
            With::Text(from, to) => self.texts.get(from as usize..to as usize).unwrap_or("").to_owned(),
            With::Fill(count) => FILLS.get(..count.into()).unwrap_or("").to_owned(),
        };
        self.push(start as usize, end as usize, &(before + text));
    }

    /// Moves the end of the replacement made last.
    pub(crate) fn end_last_at(&mut self, end: usize) {
        if let Some(edit) = self.edits.last_mut() {
            edit.end = end as u32;
        }
    }

    /// Forgets every replacement that begins at `start` or later.
    pub(crate) fn forget_from(&mut self, start: usize) {
        while self.edits.last().is_some_and(|edit| edit.start as usize >= start) {
            self.edits.pop();
        }
    }

    /// Takes over replacements in a stretch that begins at `offset`.
    pub(crate) fn append(&mut self, inner: &Edits, offset: usize) {
        for (start, end, replacement) in inner.iter() {
            self.push(start + offset, end + offset, replacement);
        }
    }

    /// Puts replacements in order that were not made in order.
    pub(crate) fn sort(&mut self) {
        self.edits.sort_by_key(|edit| edit.start);
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.edits.len()
    }

    /// Takes back all but the first so many.
    pub(crate) fn truncate(&mut self, count: usize) {
        self.edits.truncate(count);
    }

    /// Makes the replacements from `from` to `to` again, `by` bytes further on.
    pub(crate) fn repeat(&mut self, from: usize, to: usize, by: usize) {
        let again = self.edits.get(from..to).unwrap_or_default().to_vec();
        let by = by as u32;
        let moved = again.into_iter().map(|edit| Edit { start: edit.start + by, end: edit.end + by, ..edit });
        self.edits.extend(moved);
    }

    /// Puts replacements in order, and makes one of those that overlap: all that any of them replaces is gone, and
    /// what the first of them writes stands for it.
    pub(crate) fn settle(&mut self) {
        let key = |edit: &Edit| (edit.start, std::cmp::Reverse(edit.end));
        if !self.edits.is_sorted_by_key(key) {
            self.edits.sort_by_key(key);
        }
        self.edits.dedup_by(|next, kept| {
            let overlaps = next.start < kept.end;
            if overlaps {
                kept.end = kept.end.max(next.end);
            }
            overlaps
        });
    }

    /// The texts of replacements, in no order.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.edits.iter().filter_map(|edit| match edit.with {
            With::Text(from, to) => self.texts.get(from as usize..to as usize),
            With::Fill(_) => None,
        })
    }

    /// Writes the texts of all replacements anew.
    pub(crate) fn rewrite(&mut self, mut write: impl FnMut(&str, &mut String)) {
        let old = mem::take(&mut self.texts);
        self.texts.reserve(2 * old.len());
        for edit in &mut self.edits {
            if let With::Text(from, to) = edit.with {
                let start = self.texts.len() as u32;
                write(old.get(from as usize..to as usize).unwrap_or(""), &mut self.texts);
                edit.with = With::Text(start, self.texts.len() as u32);
            }
        }
    }

    /// The replacements in order with their texts.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, usize, &str)> {
        self.since(0)
    }

    /// The replacements but for the first so many.
    pub(crate) fn since(&self, count: usize) -> impl Iterator<Item = (usize, usize, &str)> {
        self.edits.get(count..).unwrap_or_default().iter().map(|edit| {
            let replacement = match edit.with {
                With::Text(from, to) => self.texts.get(from as usize..to as usize),
                With::Fill(count) => FILLS.get(..count.into()),
            };
            (edit.start as usize, edit.end as usize, replacement.unwrap_or(""))
        })
    }

    /// Appends a part of the text with the replacements in it made; `false` when one goes over its edge. Replacements
    /// outside are left out.
    #[must_use]
    pub(crate) fn apply_within(&mut self, text: &[u8], part: Range<usize>, out: &mut Vec<u8>) -> bool {
        let (from, to) = (part.start as u32, part.end as u32);
        let is_before = |edit: &Edit| edit.start < from && edit.end <= from;
        self.edits.retain(|edit| !is_before(edit) && (edit.start < to || edit.end <= to));
        let is_within = self.edits.iter().all(|edit| from <= edit.start && edit.end <= to);
        if is_within {
            self.apply_from(text.get(..part.end).unwrap_or_default(), part.start, out);
        }
        is_within
    }

    /// Appends the text with all replacements made.
    pub(crate) fn apply(&self, text: &[u8], out: &mut Vec<u8>) {
        self.apply_from(text, 0, out);
    }

    fn apply_from(&self, text: &[u8], from: usize, out: &mut Vec<u8>) {
        let before = out.len();
        // Nearly everything that is written is a few bytes: those are copied as one block of a fixed size, whose end
        // the next one writes over.
        let more: usize = self.edits.iter().map(|edit| edit.with.length()).sum();
        out.resize(before + text.len().saturating_sub(from) + more + BLOCK, 0);
        let mut written = before;
        let mut copied = from;
        for Edit { start, end, with } in &self.edits {
            let (start, end) = (*start as usize, *end as usize);
            write(out, &mut written, text, copied, start);
            match with {
                With::Text(from, to) => {
                    write(out, &mut written, self.texts.as_bytes(), *from as usize, *to as usize);
                }
                With::Fill(count) => write(out, &mut written, FILLS.as_bytes(), 0, (*count).into()),
            }
            copied = end;
        }
        write(out, &mut written, text, copied, text.len());
        out.truncate(written);
    }
}

/// Writes a stretch of a text over what stands at `at`, and goes on behind it.
#[inline(always)]
fn write(out: &mut [u8], at: &mut usize, text: &[u8], from: usize, to: usize) {
    let length = to.saturating_sub(from);
    if length <= BLOCK
        && let Some(block) = text.get(from..).and_then(<[u8]>::first_chunk::<BLOCK>)
        && let Some(room) = out.get_mut(*at..).and_then(<[u8]>::first_chunk_mut::<BLOCK>)
    {
        *room = *block;
        *at += length;
    } else if let Some((block, room)) = text.get(from..to).zip(out.get_mut(*at..*at + length)) {
        room.copy_from_slice(block);
        *at += length;
    }
}

/// Bytes copied at once.
const BLOCK: usize = 32;
