//! Names, references and tags of XML.

/// Bytes of the name, with its prefix, that a text begins with.
pub(super) fn name_length(text: &str) -> usize {
    text.find(|character| !continues_name(character)).unwrap_or(text.len())
}

/// A name without its prefix.
pub(super) fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

/// Whether a character may begin a name. Outside ASCII nearly all may; those that may not are no markup.
pub(super) fn begins_name(character: char) -> bool {
    matches!(character, 'a'..='z' | 'A'..='Z' | '_' | ':' | '\u{c0}'..)
}

pub(super) fn continues_name(character: char) -> bool {
    begins_name(character) || matches!(character, '0'..='9' | '-' | '.' | '\u{b7}')
}

/// The character that a reference stands for, and its length; `text` begins with `&`.
pub(super) fn reference(text: &str) -> Option<(char, usize)> {
    // The longest is `&#x0010FFFF;`, and some write more zeros.
    let end = text.bytes().take(LONGEST_REFERENCE).position(|byte| byte == b';')?;
    let body = text.get(1..end)?;
    let character = match body.strip_prefix('#') {
        Some(number) => {
            let hex = number.strip_prefix('x');
            let (digits, radix) = (hex.unwrap_or(number), if hex.is_some() { 16 } else { 10 });
            let is_number = digits.chars().all(|digit| digit.is_digit(radix));
            char::from_u32(u32::from_str_radix(digits, radix).ok().filter(|_| is_number)?)?
        }
        None => match body {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            _ => return None,
        },
    };
    is_allowed(character).then_some((character, end + 1))
}

/// Whether a character may stand in a document (XML 1.0 2.2).
pub(super) fn is_allowed(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..)
}

/// Bytes of the tag that a text begins with, up to and with its `>`; `>` in quotes is none.
pub(super) fn tag_length(text: &str) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(at + 1),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

const LONGEST_REFERENCE: usize = 40;
