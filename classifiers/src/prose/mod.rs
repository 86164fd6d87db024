//! Free text: values behind labels, people by their title or the verb beside them, addresses.

pub(crate) mod addresses;
pub(crate) mod codes;
pub(crate) mod dump;
pub(crate) mod facts;
pub(crate) mod labels;
pub(crate) mod latin;
pub(crate) mod names;
pub(crate) mod numerals;
pub(crate) mod plates;
mod record;
pub(crate) mod spaced;
pub(crate) mod sql;

/// Whether the character is a Chinese one.
pub(crate) fn is_han(c: char) -> bool {
    matches!(c, '\u{4e00}'..='\u{9fff}' | '\u{3400}'..='\u{4dbf}' | '\u{20000}'..='\u{2ebef}' | '〇')
}

/// The last characters of `text` for which `keep` holds, at most `most`.
pub(crate) fn tail(text: &str, most: usize, keep: impl Fn(char) -> bool) -> &str {
    let start = text
        .char_indices()
        .rev()
        .take(most)
        .take_while(|(_, c)| keep(*c))
        .last()
        .map_or(text.len(), |(at, _)| at);
    text.get(start..).unwrap_or_default()
}

/// The length in bytes of the first characters for which `keep` holds, at most `most` characters.
pub(crate) fn head(text: &str, most: usize, keep: impl Fn(char) -> bool) -> usize {
    text.chars().take(most).take_while(|c| keep(*c)).map(char::len_utf8).sum()
}

#[cfg(test)]
mod tests;
