//! Full-width letters and digits, zero-width characters and look-alikes, folded to what they stand for.
//!
//! Recognizers read the folded text; hits are carried back to the places in the original.

use crate::Hit;
use std::sync::LazyLock;

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
        let mut before = '\0';
        for (start, c) in original.char_indices() {
            // A dash of Chinese print is two characters.
            let is_second = c == '—' && before == '—';
            before = if is_second { '\0' } else { c };
            if is_second {
                continue;
            }
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

/// Whether the character is folded to another, or dropped.
pub(crate) fn is_folded(c: char) -> bool {
    fold(c) != Fold::Keep
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fold {
    Keep,
    Drop,
    To(char),
}

fn fold(c: char) -> Fold {
    match c {
        '\u{ff10}'..='\u{ff19}'
        | '\u{ff21}'..='\u{ff3a}'
        | '\u{ff41}'..='\u{ff5a}'
        | '＠'
        | '．'
        | '＋'
        | '＝' => {
            // Full-width forms stand in the order of ASCII, 0xFEE0 above it.
            char::from_u32(u32::from(c) - 0xfee0).map_or(Fold::Keep, Fold::To)
        }
        '－' | '—' | '–' | '‐' | '‑' | '−' => Fold::To('-'),
        'Х' | 'х' | 'Χ' | 'χ' | '×' | 'Ⅹ' | 'ⅹ' | '✕' | '✖' | '╳' => Fold::To('X'),
        '\u{660}'..='\u{669}' => digit(c, 0x660),
        '\u{6f0}'..='\u{6f9}' => digit(c, 0x6f0),
        '①'..='⑨' => digit(c, 0x245f),
        '⓪' | '⓿' => Fold::To('0'),
        '₀'..='₉' => digit(c, 0x2080),
        // Bold, double-struck, sans-serif and monospace digits, ten of each.
        '\u{1d7ce}'..='\u{1d7ff}' => digit(c, 0x1d7ce),
        '\u{a0}' | '\u{3000}' | '\u{2002}'..='\u{200a}' | '\u{202f}' => Fold::To(' '),
        '\u{200b}'..='\u{200f}'
        | '\u{2060}'..='\u{2064}'
        | '\u{feff}'
        | '\u{ad}'
        | '\u{202a}'..='\u{202e}' => Fold::Drop,
        _ => Fold::Keep,
    }
}

/// The digit that many above the zero of its script.
fn digit(c: char, zero: u32) -> Fold {
    char::from_digit((u32::from(c) - zero) % 10, 10).map_or(Fold::Keep, Fold::To)
}

/// The text with simplified characters for traditional ones, byte for byte as long; `None` when there are none.
pub(crate) fn simplified(text: &str) -> Option<String> {
    let first = text.char_indices().find(|(_, c)| simple(*c).is_some())?.0;
    let (same, rest) = text.split_at_checked(first)?;
    let mut folded = String::with_capacity(text.len());
    folded.push_str(same);
    folded.extend(rest.chars().map(|c| simple(c).unwrap_or(c)));
    Some(folded)
}

/// Whether the character has a simplified form.
pub(crate) fn is_traditional(c: char) -> bool {
    simple(c).is_some()
}

fn simple(c: char) -> Option<char> {
    let at = u32::from(c).checked_sub(FIRST_HAN)?;
    SIMPLE.get(at as usize).copied().filter(|simple| *simple != '\0')
}

/// Where the block of Chinese characters begins in Unicode.
const FIRST_HAN: u32 = 0x4e00;

/// For each character of that block its simplified form, or nul. All of the block take three bytes.
static SIMPLE: LazyLock<Vec<char>> = LazyLock::new(|| {
    let mut table = vec!['\0'; 0x5200];
    let pairs = include_str!("../lexicon/traditional.tsv").lines().filter(|line| !line.starts_with('#'));
    for (from, to) in pairs
        .filter_map(|line| line.split_once('\t'))
        .flat_map(|(from, to)| from.chars().zip(to.chars()))
        .filter(|(from, to)| from != to && to.len_utf8() == from.len_utf8())
    {
        let at = u32::from(from).checked_sub(FIRST_HAN).unwrap_or(u32::MAX) as usize;
        if let Some(slot) = table.get_mut(at) {
            *slot = to;
        }
    }
    table
});

#[cfg(test)]
mod tests;
