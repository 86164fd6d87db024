//! First and last characters.

use super::FILL;

/// Shows the first and last characters, separators not counted.
///
/// At least a third stays hidden; where the template asks for more, only last characters show, up to half.
pub(super) fn mask(
    value: &str,
    first: usize,
    last: usize,
    width: Option<u8>,
    out: &mut String,
) -> Option<()> {
    if value.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return mask_plain(value, first, last, width, out);
    }
    let count = value.chars().filter(|character| !is_separator(*character)).count();
    let (first, last) = shown(count, first, last);
    if count == 0 {
        return None;
    }
    let mut seen = 0;
    let mut filled = false;
    for character in value.chars() {
        // A separator belongs to the part it follows.
        let position = if is_separator(character) {
            seen.max(1) - 1
        } else {
            seen += 1;
            seen - 1
        };
        if position < first || position >= count - last {
            out.push(character);
            continue;
        }
        match width {
            None => out.push(if is_separator(character) { character } else { FILL }),
            Some(width) if !filled => {
                super::nothing(width, out);
                filled = true;
            }
            Some(_) => {}
        }
    }
    Some(())
}

/// The same for the most common values: no separators, a byte a character.
fn mask_plain(value: &str, first: usize, last: usize, width: Option<u8>, out: &mut String) -> Option<()> {
    let (first, last) = shown(value.len(), first, last);
    let hidden = value.len().checked_sub(first + last).filter(|hidden| *hidden > 0)?;
    out.push_str(value.get(..first)?);
    out.extend(std::iter::repeat_n(FILL, width.map_or(hidden, usize::from)));
    out.push_str(value.get(value.len() - last..)?);
    Some(())
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
