//! Full-width letters and digits, zero-width characters and look-alikes, folded to what they stand for.
//!
//! Recognizers read the folded text; hits are carried back to the places in the original.

use crate::Hit;

/// A text after folding, with the way back.
pub(crate) struct Plain {
    pub(crate) text: String,
    /// For each byte of `text` where its character starts and ends in the original.
    places: Vec<(usize, usize)>,
}

impl Plain {
    /// `None` when the text needs no folding, which is nearly always.
    pub(crate) fn of(original: &str) -> Option<Plain> {
        if !original.chars().any(|c| !c.is_ascii() && fold(c) != Fold::Keep) {
            return None;
        }
        let mut text = String::with_capacity(original.len());
        let mut places = Vec::with_capacity(original.len());
        for (start, c) in original.char_indices() {
            let folded = match fold(c) {
                Fold::Keep => c,
                Fold::Drop => continue,
                Fold::To(folded) => folded,
            };
            text.push(folded);
            places.resize(text.len(), (start, start + c.len_utf8()));
        }
        Some(Plain { text, places })
    }

    /// Carries hits on the folded text back to the original.
    pub(crate) fn carry_back(&self, hits: &mut [Hit]) {
        for hit in hits {
            let start = self.places.get(hit.start).map(|place| place.0);
            let end = hit.end.checked_sub(1).and_then(|last| self.places.get(last)).map(|place| place.1);
            if let (Some(start), Some(end)) = (start, end) {
                hit.start = start;
                hit.end = end;
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fold {
    Keep,
    Drop,
    To(char),
}

fn fold(c: char) -> Fold {
    match c {
        '\u{ff10}'..='\u{ff19}' | '\u{ff21}'..='\u{ff3a}' | '\u{ff41}'..='\u{ff5a}' | '＠' | '．' | '＋' =>
        {
            // Full-width forms stand in the order of ASCII, 0xFEE0 above it.
            char::from_u32(u32::from(c) - 0xfee0).map_or(Fold::Keep, Fold::To)
        }
        '－' | '—' | '–' | '‐' | '‑' | '−' => Fold::To('-'),
        'Х' | 'х' | 'Χ' | 'χ' | '×' => Fold::To('X'),
        '\u{a0}' | '\u{3000}' | '\u{2002}'..='\u{200a}' | '\u{202f}' => Fold::To(' '),
        '\u{200b}'..='\u{200f}'
        | '\u{2060}'..='\u{2064}'
        | '\u{feff}'
        | '\u{ad}'
        | '\u{202a}'..='\u{202e}' => Fold::Drop,
        _ => Fold::Keep,
    }
}

#[cfg(test)]
mod tests;
