//! JSON strings: escapes checked, read, and written.

use crate::tree::{BadSpelling, Piece, Pieces};

/// The contents of a string, from its opening quote's right to its closing quote: how many bytes.
pub(crate) fn length(rest: &str) -> usize {
    let mut at = 0;
    while let Some(found) = memchr::memchr2(b'"', b'\\', rest.as_bytes().get(at..).unwrap_or_default()) {
        at += found;
        if rest.as_bytes().get(at) == Some(&b'"') {
            return at;
        }
        at += 2;
    }
    rest.len()
}

/// Appends `text` as it must stand between quotes.
pub(crate) fn encode(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| byte < 0x20 || byte == b'"' || byte == b'\\') {
        let (plain, from) = rest.split_at(at);
        out.push_str(plain);
        let mut characters = from.chars();
        match characters.next() {
            Some('"') => out.push_str("\\\""),
            Some('\\') => out.push_str("\\\\"),
            Some('\n') => out.push_str("\\n"),
            Some('\r') => out.push_str("\\r"),
            Some('\t') => out.push_str("\\t"),
            Some(control) => {
                out.push_str("\\u00");
                for digit in [control as u32 >> 4, control as u32 & 15] {
                    out.extend(char::from_digit(digit, 16));
                }
            }
            None => {}
        }
        rest = characters.as_str();
    }
    out.push_str(rest);
}

/// Whether `text` would change under [`encode`].
fn needs_encoding(text: &str) -> bool {
    text.bytes().any(|byte| byte < 0x20 || byte == b'"' || byte == b'\\')
}

/// Reads the text between two quotes.
///
/// Lone surrogates are refused: they stand for no character, and readers differ on them.
#[derive(Clone)]
pub(crate) struct Escapes<'r> {
    raw: &'r str,
    at: usize,
}

impl<'r> Escapes<'r> {
    pub(crate) fn new(raw: &'r str) -> Self {
        Escapes { raw, at: 0 }
    }

    fn rest(&self) -> &'r str {
        self.raw.get(self.at..).unwrap_or("")
    }
}

impl<'r> Pieces<'r> for Escapes<'r> {
    fn at(&self) -> usize {
        self.at
    }

    fn next(&mut self) -> Result<Option<Piece<'r>>, BadSpelling> {
        let rest = self.rest();
        match backslash(rest.as_bytes()) {
            None if rest.is_empty() => Ok(None),
            Some(0) => {
                let (character, length) = escape(rest.as_bytes()).ok_or(BadSpelling { at: self.at })?;
                self.at += length;
                Ok(Some(Piece::Character(character)))
            }
            found => {
                let plain = rest.get(..found.unwrap_or(rest.len())).unwrap_or(rest);
                self.at += plain.len();
                Ok(Some(Piece::Plain(plain)))
            }
        }
    }

    fn decode(mut self, out: &mut String) -> Result<(), BadSpelling> {
        loop {
            // Where a script is spelt by its codes one follows the other.
            while let Some(character) = of_six(self.rest().as_bytes()) {
                out.push(character);
                self.at += 6;
            }
            match self.next()? {
                Some(Piece::Plain(text)) => out.push_str(text),
                Some(Piece::Character(character)) => out.push(character),
                Some(Piece::Markup) => {}
                None => return Ok(()),
            }
        }
    }

    fn needs_encoding(&self, text: &str) -> bool {
        needs_encoding(text)
    }

    fn encode(&self, text: &str, out: &mut String) {
        encode(text, out);
    }
}

/// Where the first backslash is. Escapes stand close together where there are any, so this beats a call that is made
/// for long texts.
fn backslash(bytes: &[u8]) -> Option<usize> {
    const EVERY: u64 = u64::from_ne_bytes([1; 8]);
    let (words, _) = bytes.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        // A byte that is zero borrows from its high bit; the lowest such byte is always a true one.
        let differs = u64::from_le_bytes(*word) ^ (EVERY * u64::from(b'\\'));
        let zeros = differs.wrapping_sub(EVERY) & !differs & (EVERY << 7);
        if zeros != 0 {
            return Some(at * 8 + zeros.trailing_zeros() as usize / 8);
        }
    }
    let from = words.len() * 8;
    let rest = bytes.get(from..).unwrap_or_default();
    rest.iter().position(|byte| *byte == b'\\').map(|at| from + at)
}

/// Reads the escape at the start of `bytes`: the character, and how many bytes spell it.
#[inline]
pub(crate) fn escape(bytes: &[u8]) -> Option<(char, usize)> {
    if let Some(character) = of_six(bytes) {
        return Some((character, 6));
    }
    let character = match bytes.get(1)? {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return of_twelve(bytes),
        _ => return None,
    };
    Some((character, 2))
}

/// The character of the basic plane that six bytes spell.
#[inline]
fn of_six(bytes: &[u8]) -> Option<char> {
    let [b'\\', b'u', digits @ ..] = bytes.first_chunk::<6>()? else { return None };
    char::from_u32(number(digits)?)
}

/// The character beyond it that two surrogates spell.
fn of_twelve(bytes: &[u8]) -> Option<(char, usize)> {
    let [b'\\', b'u', a, b, c, d, b'\\', b'u', low @ ..] = bytes.first_chunk::<12>()? else { return None };
    let (high, low) = (number(&[*a, *b, *c, *d])?, number(low)?);
    if !(0xd800..0xdc00).contains(&high) || !(0xdc00..0xe000).contains(&low) {
        return None;
    }
    let character = char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00))?;
    Some((character, 12))
}

/// The number that hexadecimal digits spell.
#[inline]
fn number(digits: &[u8; 4]) -> Option<u32> {
    let [a, b, c, d] =
        digits.map(|digit| u32::from(HEX.get(usize::from(digit)).copied().unwrap_or(NO_DIGIT)));
    ((a | b | c | d) < 16).then_some(a << 12 | b << 8 | c << 4 | d)
}

/// The value of each byte as a hexadecimal digit.
static HEX: [u8; 256] = hex();

const NO_DIGIT: u8 = 0xff;

#[expect(clippy::indexing_slicing, reason = "evaluated when compiled")]
const fn hex() -> [u8; 256] {
    let mut values = [NO_DIGIT; 256];
    let mut digit = 0;
    while digit < 16 {
        let spelt = b"0123456789abcdef"[digit];
        values[spelt as usize] = digit as u8;
        values[spelt.to_ascii_uppercase() as usize] = digit as u8;
        digit += 1;
    }
    values
}

#[cfg(test)]
mod tests;
