//! One spelling for all that mean the same, so that their tokens join.

/// Without spaces, dashes and what can't be seen; full-width forms folded; letters in upper case.
pub(super) fn canonical(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for character in value.chars() {
        let folded = match character {
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(character) - 0xfee0).unwrap_or(character),
            other => other,
        };
        let is_aside = folded.is_whitespace()
            || matches!(folded, '-' | '\u{2010}'..='\u{2015}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}');
        if !is_aside {
            out.extend(folded.to_uppercase());
        }
    }
    out
}
