//! What forms, scans and careful hands write with spaces between the characters: `客户何 志 强`, `姓 名 张三`.
//!
//! The text is read once more with those spaces closed. Of what is found so, that stays whose own characters stand
//! apart, or which follows a label of two characters that do.

use super::{is_han, labels, names};
use crate::Hit;
use crate::cues::Cues;
use crate::lexicon::Lexicon;

/// Appends the names that are spaced out, and what stands behind spaced labels.
pub(crate) fn find(lexicon: &Lexicon, text: &str, hits: &mut Vec<Hit>) {
    let Some(closed) = Closed::of(text) else { return };
    let mut found = Vec::new();
    names::find(&closed.text, Cues::of(&closed.text), &mut found);
    labels::find(lexicon, &closed.text, Cues::of(&closed.text), &mut found);
    hits.extend(found.into_iter().filter_map(|hit| closed.carry_back(hit)));
}

/// A text without the spaces between Chinese characters.
struct Closed {
    text: String,
    /// For each byte of `text` its place in the original.
    places: Vec<usize>,
}

impl Closed {
    /// `None` when no space stands between two Chinese characters.
    fn of(original: &str) -> Option<Closed> {
        let is_part = |c: char| is_han(c) || matches!(c, '·' | '•');
        let is_closed = |space: usize| {
            let (left, right) = original.split_at_checked(space).unwrap_or_default();
            left.chars().next_back().is_some_and(is_part) && right.chars().nth(1).is_some_and(is_part)
        };
        memchr::memchr_iter(b' ', original.as_bytes()).find(|at| is_closed(*at))?;
        let mut text = String::with_capacity(original.len());
        let mut places = Vec::with_capacity(original.len());
        for (at, c) in original.char_indices().filter(|(at, c)| *c != ' ' || !is_closed(*at)) {
            text.push(c);
            places.extend(at..at + c.len_utf8());
        }
        Some(Closed { text, places })
    }

    /// The hit in the original, when its spacing shows it.
    fn carry_back(&self, hit: Hit) -> Option<Hit> {
        let start = *self.places.get(hit.start)?;
        let end = *self.places.get(hit.end.checked_sub(1)?)? + 1;
        let found = self.text.get(hit.start..hit.end)?;
        let count = found.chars().count();
        // Every character of the name stands apart.
        let spaced = count > 1 && end - start == hit.end - hit.start + count - 1;
        let label = self.text.get(..hit.start)?.trim_end_matches(['：', ':', ' ']);
        let mut last = label.char_indices().rev();
        let labelled = matches!(
            (last.next(), last.next()),
            (Some((second, b)), Some((first, a)))
                if is_han(a)
                    && is_han(b)
                    && self.places.get(second).zip(self.places.get(first)).is_some_and(|(b, a)| b - a == 4)
        );
        (spaced || labelled).then_some(Hit { start, end, ..hit })
    }
}

#[cfg(test)]
mod tests;
