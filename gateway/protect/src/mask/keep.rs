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
    let count = value.chars().filter(|character| !is_separator(*character)).count();
    let hidden = count.saturating_sub(first + last);
    let (first, last) = if hidden * 3 >= count { (first, last) } else { (0, last.min(count / 2)) };
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

/// Characters that people put between groups of digits; they say nothing.
fn is_separator(character: char) -> bool {
    matches!(character, ' ' | '-' | '\u{3000}' | '－')
}
