//! Percent-encoding (RFC 3986 2.1) as forms use it: `+` is a space. The bytes are UTF-8 or, from old systems, GB18030.

use super::base64::Base64;
use super::plain::{Plain, Spelling};
use encoding_rs::GB18030;

/// Reads a text that has encoded bytes; `None` when there is nothing to decode.
pub(super) fn read(raw: &str) -> Option<Plain> {
    is_encoded(raw).then(|| decode(raw)).filter(|plain| plain.text != raw)
}

/// Decodes a text. Bytes that are no character in either charset stand as they are.
pub(crate) fn decode(raw: &str) -> Plain {
    if memchr::memchr2(b'%', b'+', raw.as_bytes()).is_none() {
        return Plain::unchanged(raw);
    }
    // Base64 that nobody escaped has a plus of its own.
    if memchr::memchr(b'%', raw.as_bytes()).is_none() && Base64::read(raw).is_some() {
        return Plain::unchanged(raw);
    }
    let mut plain = Plain::new(raw, Spelling::Percent);
    let mut begin = 0;
    for (at, character) in raw.char_indices().filter(|(_, character)| !character.is_ascii()) {
        stretch(raw.get(begin..at).unwrap_or(""), begin, &mut plain);
        plain.push(character, at);
        begin = at + character.len_utf8();
    }
    stretch(raw.get(begin..).unwrap_or(""), begin, &mut plain);
    plain
}

/// Decodes a stretch of ASCII that stands at `offset`: what is not, is spelt out already.
fn stretch(raw: &str, offset: usize, plain: &mut Plain) {
    let (bytes, spelt) = octets(raw);
    let charset = charset(&bytes);
    if charset == Charset::Gb {
        plain.spell(Spelling::PercentGb);
    }
    let place = |at: usize| spelt.get(at).map_or(raw.len(), |at| *at as usize);
    let mut at = 0;
    while at < bytes.len() {
        let from = place(at);
        match character(bytes.get(at..).unwrap_or_default(), charset) {
            Some((character, length)) => {
                plain.push(character, offset + from);
                at += length;
            }
            None => {
                // An octet that is no character is taken for the three characters that spell it.
                plain.push_plain(raw.get(from..place(at + 1)).unwrap_or("%"), offset + from);
                at += 1;
            }
        }
    }
}

/// The bytes that a text spells, and where each is spelt.
fn octets(raw: &str) -> (Vec<u8>, Vec<u32>) {
    let (mut bytes, mut spelt) = (Vec::with_capacity(raw.len()), Vec::with_capacity(raw.len()));
    let mut rest = raw.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        spelt.push((raw.len() - rest.len()) as u32);
        let (byte, next) = match first {
            b'%' => octet(behind).unwrap_or((b'%', behind)),
            b'+' => (b' ', behind),
            other => (*other, behind),
        };
        bytes.push(byte);
        rest = next;
    }
    (bytes, spelt)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Charset {
    Utf8,
    Gb,
    /// Neither throughout: character by character, so that one bad byte hides nothing.
    Mixed,
}

fn charset(bytes: &[u8]) -> Charset {
    if simdutf8::basic::from_utf8(bytes).is_ok() {
        Charset::Utf8
    } else if GB18030.decode_without_bom_handling_and_without_replacement(bytes).is_some() {
        Charset::Gb
    } else {
        Charset::Mixed
    }
}

/// The first character of some bytes, and its length.
fn character(bytes: &[u8], charset: Charset) -> Option<(char, usize)> {
    let first = *bytes.first()?;
    if first.is_ascii() {
        return Some((char::from(first), 1));
    }
    let utf8 = |length: usize| {
        let text = std::str::from_utf8(bytes.get(..length)?).ok()?;
        Some((text.chars().next()?, length))
    };
    let gb = |length: usize| {
        let text = GB18030.decode_without_bom_handling_and_without_replacement(bytes.get(..length)?)?;
        let mut characters = text.chars();
        let character = characters.next()?;
        characters.next().is_none().then_some((character, length))
    };
    match charset {
        Charset::Utf8 => (2..=4).find_map(utf8),
        Charset::Gb => gb(2).or_else(|| gb(4)),
        Charset::Mixed => (2..=4).find_map(utf8).or_else(|| gb(2)).or_else(|| gb(4)),
    }
}

/// Whether a text has an encoded byte.
fn is_encoded(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'%', bytes).any(|at| bytes.get(at + 1..).and_then(octet).is_some())
}

/// Appends a text so that it can stand in a value; `keeps_script` leaves characters that aren't ASCII.
pub(crate) fn encode(text: &str, keeps_script: bool, out: &mut String) {
    encode_as(text, keeps_script, out, |character, out| {
        character.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| push_octet(byte, out));
    });
}

/// The same in GB18030, which has every character.
pub(super) fn encode_gb(text: &str, keeps_script: bool, out: &mut String) {
    encode_as(text, keeps_script, out, |character, out| {
        let mut utf8 = [0; 4];
        let (bytes, ..) = GB18030.encode(character.encode_utf8(&mut utf8));
        bytes.iter().for_each(|byte| push_octet(*byte, out));
    });
}

fn encode_as(text: &str, keeps_script: bool, out: &mut String, write: impl Fn(char, &mut String)) {
    for character in text.chars() {
        // The asterisk is no delimiter in forms, and masks are made of it.
        let is_kept = character.is_ascii_alphanumeric() || "-._~*".contains(character);
        if is_kept || (keeps_script && !character.is_ascii()) {
            out.push(character);
        } else {
            write(character, out);
        }
    }
}

fn push_octet(byte: u8, out: &mut String) {
    out.push('%');
    for digit in [byte >> 4, byte & 15] {
        out.extend(char::from_digit(digit.into(), 16).map(|digit| digit.to_ascii_uppercase()));
    }
}

/// The byte that two digits spell, and what stands behind them.
fn octet(digits: &[u8]) -> Option<(u8, &[u8])> {
    let ([high, low], rest) = digits.split_first_chunk()?;
    let value = |digit: &u8| char::from(*digit).to_digit(16);
    Some(((value(high)? << 4 | value(low)?) as u8, rest))
}
