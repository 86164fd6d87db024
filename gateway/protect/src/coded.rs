//! Strings that hold coded data: base64, signed tokens, percent-encoded text, character references, escapes, fields of
//! a form or of a URL's query, and words of those kinds in a longer sentence.
//!
//! Whether a string is coded is decided by its shape alone, cheaply, because most strings are not: `YWJj…` whose bytes
//! are readable text, `…%E5%BC%A0…`, `&#49;38…`, `name=…&mobile=…`. Hashes, tokens and identifiers decode to no
//! readable text and are left alone.

mod base64;
mod encoded;
mod entities;
mod escapes;
mod percent;
mod plain;
mod words;

pub(crate) use base64::Base64;
pub(crate) use percent::decode as decode_percent;
pub(crate) use percent::encode as encode_percent;
pub(crate) use plain::Plain;
pub(crate) use words::Word;

use std::ops::Range;

/// What a string holds in coded form.
#[derive(Debug)]
pub(crate) enum Coded {
    /// A document, where it stands too deep to be taken for one; never read here.
    Json,
    /// Text in base64.
    Base64(Base64),
    /// The claims of a signed token (RFC 7519), which can't change without breaking its signature.
    Token(String),
    /// Text whose characters are spelt in another way.
    Spelt(Plain),
    /// Named values.
    Fields(Vec<Field>),
    /// A sentence with coded words in it.
    Words(Vec<Word>),
}

/// A stretch of a form or URL, each part still coded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    /// Empty for what stands around the fields of a URL.
    pub(crate) name: Range<usize>,
    pub(crate) value: Range<usize>,
}

/// Reads a string as coded data, if it may be some.
#[inline]
pub(crate) fn read(text: &str) -> Option<Coded> {
    if text.len() < SHORTEST {
        return None;
    }
    if let Some(run) = run(text) {
        return Some(run);
    }
    match seen(text.as_bytes()) {
        seen if seen & MARK != 0 => read_marked(text),
        // One word that is no run is nothing else; a sentence without a long one has no coded word.
        0 => None,
        _ if longest_run(text.as_bytes()) < words::SHORTEST => None,
        _ => words::find(text).map(Coded::Words),
    }
}

/// The classes of all bytes of a text.
fn seen(bytes: &[u8]) -> u8 {
    let class = |seen, byte: &u8| seen | class(*byte);
    let (eights, rest) = bytes.as_chunks::<8>();
    eights.iter().fold(rest.iter().fold(0, class), |seen, eight| match u64::from_le_bytes(*eight) & HIGH {
        // Nothing but Chinese.
        HIGH => seen | OTHER,
        _ => eight.iter().fold(seen, class),
    })
}

/// The longest stretch in which nothing but digits of base64 stands.
fn longest_run(bytes: &[u8]) -> usize {
    if bytes.len() < words::SHORTEST {
        return 0;
    }
    let (mut run, mut longest) = (0, 0);
    let mut at = 0;
    while let Some(byte) = bytes.get(at).copied() {
        // Chinese, eight bytes at a time.
        if byte >= 0x80
            && let Some(eight) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>)
            && u64::from_le_bytes(*eight) & HIGH == HIGH
        {
            run = 0;
            at += 8;
            continue;
        }
        at += 1;
        run = if class(byte) & (MARK | OTHER) == 0 { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

#[inline(always)]
fn class(byte: u8) -> u8 {
    CLASS.get(usize::from(byte)).copied().unwrap_or(OTHER)
}

/// The high bits of eight bytes.
const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);

/// What may join digits of base64 to a longer run.
const JOINT: u8 = 1;
/// What marks a spelling, or a field.
const MARK: u8 = 2;
const OTHER: u8 = 4;

/// What each byte is; zero is a letter or digit.
static CLASS: [u8; 256] = classes();

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, the index is below 256")]
const fn classes() -> [u8; 256] {
    let mut table = [OTHER; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => 0,
            b'+' | b'/' | b'_' | b'-' | b'.' => JOINT,
            b'%' | b'=' | b'&' | b'\\' => MARK,
            _ => OTHER,
        };
        byte += 1;
    }
    table
}

/// Reads what is nothing but digits of base64.
#[inline]
fn run(text: &str) -> Option<Coded> {
    Base64::read(text).map(Coded::Base64).or_else(|| base64::claims(text).map(Coded::Token))
}

fn read_marked(text: &str) -> Option<Coded> {
    if let Some(mut words) = encoded::find(text) {
        let others = words::find(text).unwrap_or_default();
        let is_apart = |other: &Word| {
            words.iter().all(|word| other.span.end <= word.span.start || word.span.end <= other.span.start)
        };
        let others: Vec<Word> = others.into_iter().filter(is_apart).collect();
        words.extend(others);
        words.sort_by_key(|word| word.span.start);
        return Some(Coded::Words(words));
    }
    if let Some(fields) = fields(text) {
        return Some(Coded::Fields(fields));
    }
    let spelt = percent::read(text).or_else(|| entities::read(text)).or_else(|| escapes::read(text));
    spelt.map(Coded::Spelt).or_else(|| words::find(text).map(Coded::Words))
}

/// A text with its encoded words read, as a field's name may have them.
pub(crate) fn decode_words(text: &str) -> String {
    let Some(words) = encoded::find(text) else { return text.to_owned() };
    let mut decoded = String::new();
    let mut at = 0;
    for word in words {
        decoded.push_str(text.get(at..word.span.start).unwrap_or(""));
        if let Coded::Base64(base64) = &word.coded {
            decoded.push_str(&base64.text);
        }
        at = word.span.end;
    }
    decoded.push_str(text.get(at..).unwrap_or(""));
    decoded
}

/// The fields of a form, or of a URL with what stands before its query and after it; `None` when it is neither.
fn fields(text: &str) -> Option<Vec<Field>> {
    let query = query(text);
    let mut fields = Vec::new();
    if query.start > 0 {
        fields.push(Field { name: 0..0, value: 0..query.start - 1 });
    }
    let (mut named, mut spaced) = (0, false);
    let mut at = query.start;
    for part in text.get(query.clone())?.split('&') {
        let end = at + part.len();
        // A query that was escaped for HTML separates with `&amp;`.
        let start = end - part.strip_prefix("amp;").unwrap_or(part).len();
        let part = text.get(start..end)?;
        let (name, value) = part.split_once('=').map_or((part, None), |(name, value)| (name, Some(value)));
        let middle = start + name.len();
        match value {
            _ if !name.is_empty() && !is_name(name) => return None,
            // A name alone says no value, unless it is one itself.
            None if name.is_empty() => {}
            None => fields.push(Field { name: start..start, value: start..end }),
            Some(value) => {
                named += usize::from(value.contains(|character| character != '='));
                spaced |= value.contains(words::ends_clause);
                fields.push(Field { name: start..middle, value: middle + 1..end });
            }
        }
        at = end + 1;
    }
    if query.end < text.len() {
        fields.push(Field { name: query.end..query.end, value: query.end + 1..text.len() });
    }
    // `x = 1` and `a=b c` are prose.
    (named > 1 || (named == 1 && !spaced)).then_some(fields)
}

/// Where the query is: all of a form; in a URL between `?` and `#`.
fn query(text: &str) -> Range<usize> {
    let first = text.find(['=', '&', '?']).unwrap_or(text.len());
    let is_url = text.get(first..).is_some_and(|rest| rest.starts_with('?'))
        && text.get(..first).is_some_and(|before| !before.contains(words::is_separator));
    if !is_url {
        return 0..text.len();
    }
    let from = first + 1;
    let length = text.get(from..).and_then(|rest| rest.find('#'));
    from..length.map_or(text.len(), |length| from + length)
}

/// Whether a text may name a field.
fn is_name(text: &str) -> bool {
    text.len() <= LONGEST_NAME
        && text.chars().all(|character| character.is_alphanumeric() || "_-.[]%+$@~!*".contains(character))
}

/// Shorter texts hold nobody's information in coded form (`pwd=1`).
const SHORTEST: usize = 5;

/// In bytes, coded: a name of twenty Chinese characters takes nine bytes for each.
const LONGEST_NAME: usize = 180;

#[cfg(test)]
mod tests;
