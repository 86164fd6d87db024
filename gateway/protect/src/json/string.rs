//! JSON strings: escapes checked, decoded, mapped back to where they stood, and written.

/// Where an escape is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BadEscape {
    /// Byte of the raw text.
    pub(crate) at: usize,
}

/// Appends the characters that `raw`, the text between the quotes, stands for.
///
/// Lone surrogates are refused: they stand for no character, and readers differ on them.
pub(crate) fn decode(raw: &str, out: &mut String) -> Result<(), BadEscape> {
    let mut pieces = Pieces::new(raw);
    while let Some(piece) = pieces.next()? {
        match piece {
            Piece::Plain(text) => out.push_str(text),
            Piece::Escape(character) => out.push(character),
        }
    }
    Ok(())
}

/// Maps growing byte offsets of a decoded string to offsets of its raw text.
pub(crate) struct Offsets<'r> {
    pieces: Pieces<'r>,
    /// Offset in the decoded text of the piece that comes next.
    decoded: usize,
    /// Where the current piece began: decoded and raw offset, and whether offsets within run alike.
    piece: (usize, usize, bool),
}

impl<'r> Offsets<'r> {
    pub(crate) fn new(raw: &'r str) -> Self {
        Offsets { pieces: Pieces::new(raw), decoded: 0, piece: (0, 0, true) }
    }

    /// The raw offset at which the decoded byte `at` begins; calls must not go back.
    pub(crate) fn raw(&mut self, at: usize) -> usize {
        while self.decoded <= at {
            let begins = self.pieces.at;
            match self.pieces.next() {
                Ok(Some(Piece::Plain(text))) => {
                    self.piece = (self.decoded, begins, true);
                    self.decoded += text.len();
                }
                Ok(Some(Piece::Escape(character))) => {
                    self.piece = (self.decoded, begins, false);
                    self.decoded += character.len_utf8();
                }
                Ok(None) | Err(_) => return self.pieces.raw.len(),
            }
        }
        let (decoded, raw, alike) = self.piece;
        if alike { raw + at.saturating_sub(decoded) } else { raw }
    }
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

/// A name as a step of an RFC 6901 pointer.
pub(crate) fn pointer_step(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Whether `text` would change under [`encode`].
pub(crate) fn needs_encoding(text: &str) -> bool {
    text.bytes().any(|byte| byte < 0x20 || byte == b'"' || byte == b'\\')
}

enum Piece<'r> {
    Plain(&'r str),
    Escape(char),
}

struct Pieces<'r> {
    raw: &'r str,
    at: usize,
}

impl<'r> Pieces<'r> {
    fn new(raw: &'r str) -> Self {
        Pieces { raw, at: 0 }
    }

    fn next(&mut self) -> Result<Option<Piece<'r>>, BadEscape> {
        let rest = self.raw.get(self.at..).unwrap_or("");
        match backslash(rest.as_bytes()) {
            None if rest.is_empty() => Ok(None),
            Some(0) => {
                let (character, length) = escape(rest.as_bytes()).ok_or(BadEscape { at: self.at })?;
                self.at += length;
                Ok(Some(Piece::Escape(character)))
            }
            found => {
                let plain = rest.get(..found.unwrap_or(rest.len())).unwrap_or(rest);
                self.at += plain.len();
                Ok(Some(Piece::Plain(plain)))
            }
        }
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
pub(crate) fn escape(bytes: &[u8]) -> Option<(char, usize)> {
    let character = match bytes.get(1)? {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return unicode_escape(bytes),
        _ => return None,
    };
    Some((character, 2))
}

fn unicode_escape(bytes: &[u8]) -> Option<(char, usize)> {
    let high = four_digits(bytes.get(2..6)?)?;
    if let Some(character) = char::from_u32(high) {
        return Some((character, 6));
    }
    let low = four_digits(bytes.get(6..12)?.strip_prefix(b"\\u")?)?;
    if !(0xd800..0xdc00).contains(&high) || !(0xdc00..0xe000).contains(&low) {
        return None;
    }
    let character = char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00))?;
    Some((character, 12))
}

fn four_digits(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |value, digit| Some(value << 4 | char::from(*digit).to_digit(16)?))
}

#[cfg(test)]
mod tests;
