//! Text as it is read, over character references and markup in between, with the way back to the bytes.

use super::token::Range;

/// Decoded text and where each stretch of it stands.
#[derive(Debug, Default)]
pub(super) struct Flow {
    pub(super) text: String,
    stretches: Vec<Stretch>,
    /// Where the pieces that markup separates begin in the text.
    pub(super) pieces: Vec<usize>,
}

#[derive(Debug)]
struct Stretch {
    /// Offset in the text.
    from: usize,
    length: usize,
    raw: Range,
}

impl Flow {
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.stretches.clear();
        self.pieces.clear();
    }

    /// Appends raw bytes as they are.
    pub(super) fn push_raw(&mut self, page: &str, raw: Range) {
        self.pieces.push(self.text.len());
        self.push_plain(page, raw);
    }

    /// Appends bytes with character references.
    pub(super) fn push(&mut self, page: &str, raw: Range) {
        self.pieces.push(self.text.len());
        let mut at = raw.start;
        while at < raw.end {
            let rest = page.get(at..raw.end).unwrap_or("");
            match rest.find('&') {
                Some(0) => match reference(rest) {
                    Some((character, length)) => {
                        let from = self.text.len();
                        self.text.push(character);
                        self.stretches.push(Stretch {
                            from,
                            length: character.len_utf8(),
                            raw: at..at + length,
                        });
                        at += length;
                    }
                    None => {
                        self.push_plain(page, at..at + 1);
                        at += 1;
                    }
                },
                found => {
                    let end = found.map_or(raw.end, |found| at + found);
                    self.push_plain(page, at..end);
                    at = end;
                }
            }
        }
    }

    /// Appends bytes with character references, in which an end of line is a space as any other.
    pub(super) fn push_line(&mut self, page: &str, raw: Range) {
        let from = self.text.len();
        self.push(page, raw);
        let (before, pushed) = self.text.split_at_checked(from).unwrap_or_default();
        if pushed.contains(['\n', '\r']) {
            self.text = format!("{before}{}", pushed.replace(['\n', '\r'], " "));
        }
    }

    fn push_plain(&mut self, page: &str, raw: Range) {
        let text = page.get(raw.clone()).unwrap_or("");
        self.stretches.push(Stretch { from: self.text.len(), length: text.len(), raw });
        self.text.push_str(text);
    }

    /// The bytes in which a stretch of the text stands, in order; whatever lies between them is markup.
    pub(super) fn raw(&self, start: usize, end: usize) -> impl Iterator<Item = Range> {
        let first = self.stretches.partition_point(|stretch| stretch.from + stretch.length <= start);
        let overlapping = self.stretches.iter().skip(first).take_while(move |stretch| stretch.from < end);
        overlapping.filter(|stretch| stretch.length > 0).map(move |stretch| {
            let is_plain = stretch.raw.len() == stretch.length;
            match is_plain {
                true => {
                    let from = stretch.raw.start + start.saturating_sub(stretch.from);
                    from..stretch.raw.start + (end - stretch.from).min(stretch.length)
                }
                false => stretch.raw.clone(),
            }
        })
    }
}

/// The character reference that `text`, beginning with `&`, begins with, and its length.
pub(crate) fn reference(text: &str) -> Option<(char, usize)> {
    let body = text.get(1..)?;
    let (character, length) = match body.strip_prefix('#') {
        Some(number) => {
            let hex = number.strip_prefix(['x', 'X']);
            let digits = hex.unwrap_or(number);
            let radix = if hex.is_some() { 16 } else { 10 };
            let count = digits.chars().take_while(|digit| digit.is_digit(radix)).count();
            let code = u32::from_str_radix(digits.get(..count)?, radix).ok()?;
            (char::from_u32(code).unwrap_or('\u{fffd}'), 2 + usize::from(hex.is_some()) + count)
        }
        None => {
            let count = body.bytes().take_while(u8::is_ascii_alphanumeric).count();
            let name = body.get(..count)?;
            let (_, character) = NAMED.iter().find(|(known, _)| *known == name)?;
            (*character, 1 + count)
        }
    };
    Some((character, length + usize::from(text.as_bytes().get(length) == Some(&b';'))))
}

/// Appends `text` with references for what would be markup.
pub(crate) fn encode(text: &str, out: &mut String) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
}

/// The named references that personal information may be spelt with.
const NAMED: [(&str, char); 36] = [
    ("amp", '&'),
    ("AMP", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("QUOT", '"'),
    ("apos", '\''),
    ("nbsp", '\u{a0}'),
    ("NonBreakingSpace", '\u{a0}'),
    ("ensp", '\u{2002}'),
    ("emsp", '\u{2003}'),
    ("thinsp", '\u{2009}'),
    ("Tab", '\t'),
    ("NewLine", '\n'),
    ("shy", '\u{ad}'),
    ("zwnj", '\u{200c}'),
    ("zwj", '\u{200d}'),
    ("ZeroWidthSpace", '\u{200b}'),
    ("commat", '@'),
    ("period", '.'),
    ("colon", ':'),
    ("comma", ','),
    ("semi", ';'),
    ("sol", '/'),
    ("lpar", '('),
    ("rpar", ')'),
    ("lsqb", '['),
    ("rsqb", ']'),
    ("lcub", '{'),
    ("rcub", '}'),
    ("num", '#'),
    ("plus", '+'),
    ("equals", '='),
    ("lowbar", '_'),
    ("middot", '·'),
    ("dash", '\u{2010}'),
];
