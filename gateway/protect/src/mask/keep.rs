//! First and last characters.

use super::{FILL, Hidden};

/// What the template hides; `Some(None)` when nothing may show, `None` when separators in the hidden part show.
///
/// At least a third stays hidden; where the template asks for more, only last characters show, up to half.
#[inline]
pub(super) fn hidden(value: &str, first: usize, last: usize, width: Option<u8>) -> Option<Option<Hidden>> {
    // The most common values.
    if is_plain(value.as_bytes()) {
        let (first, last) = shown(value.len(), first, last);
        let to = value.len().saturating_sub(last);
        let fill = width.map_or(to.saturating_sub(first), usize::from);
        return Some((first < to).then_some(Hidden { from: first, to, fill }));
    }
    hidden_of_odd(value, first, last, width)
}

/// The same for what has separators, or is not in ASCII.
fn hidden_of_odd(value: &str, first: usize, last: usize, width: Option<u8>) -> Option<Option<Hidden>> {
    let count = value.chars().filter(|character| !is_separator(*character)).count();
    if count == 0 {
        return Some(None);
    }
    let (first, last) = shown(count, first, last);
    let (mut from, mut to) = (value.len(), value.len());
    let mut separates = false;
    for (at, character, position) in positions(value) {
        let hides = position >= first && position < count - last;
        if hides {
            from = from.min(at);
            to = at + character.len_utf8();
            separates |= is_separator(character);
        }
    }
    let fill = match width {
        Some(width) => width.into(),
        None if separates => return None,
        None => count - first - last,
    };
    Some((from < to).then_some(Hidden { from, to, fill }))
}

/// Whether every byte is a character and none a separator.
#[inline]
fn is_plain(bytes: &[u8]) -> bool {
    const EVERY: u64 = u64::from_ne_bytes([1; 8]);
    // The high bit of every byte that is not ASCII, and of a byte that is the one looked for (or follows one).
    let is = |word: u64, byte: u8| {
        let differs = word ^ (EVERY * u64::from(byte));
        differs.wrapping_sub(EVERY) & !differs
    };
    let odd = |word: &[u8; 8]| {
        let word = u64::from_le_bytes(*word);
        word | is(word, b' ') | is(word, b'-')
    };
    let Some(last) = bytes.last_chunk() else {
        return bytes.iter().all(|byte| byte.is_ascii() && !matches!(byte, b' ' | b'-'));
    };
    // The last eight bytes are all that the whole words leave, and more.
    let (words, _) = bytes.as_chunks();
    words.iter().fold(odd(last), |all, word| all | odd(word)) & (EVERY << 7) == 0
}

/// Appends the value with fill characters in its hidden part, separators shown.
pub(super) fn mask(value: &str, first: usize, last: usize, out: &mut String) -> Option<()> {
    let count = value.chars().filter(|character| !is_separator(*character)).count();
    let (first, last) = shown(count, first, last);
    for (_, character, position) in positions(value) {
        let shows = position < first || position >= count - last || is_separator(character);
        out.push(if shows { character } else { FILL });
    }
    Some(())
}

/// The characters of a value with their positions, separators not counted: a separator belongs to the part it follows.
fn positions(value: &str) -> impl Iterator<Item = (usize, char, usize)> {
    let mut seen = 0_usize;
    value.char_indices().map(move |(at, character)| {
        seen += usize::from(!is_separator(character));
        (at, character, seen.max(1) - 1)
    })
}

/// How many characters show at the start and the end, of `count`.
fn shown(count: usize, first: usize, last: usize) -> (usize, usize) {
    let hidden = count.saturating_sub(first + last);
    if hidden * 3 >= count { (first, last) } else { (0, last.min(count / 2)) }
}

/// Characters that people put between groups of digits; they say nothing.
fn is_separator(character: char) -> bool {
    matches!(character, ' ' | '-' | '\u{3000}' | '－')
}
