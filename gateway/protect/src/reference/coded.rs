//! Coded data in strings, read character by character.

use super::print::{Piece, Printer, Scope, printed};
use crate::Uninspectable;
use crate::classify::Classify;
use crate::meaning::Meaning;
use crate::plan::Action;
use crate::tree::{STRINGS_DEEP, name_hits};
use yingbi_classifiers::{Hit, KeyMeaning, Scalar, Signals};

impl<'p, C: Classify> Printer<'_, 'p, C> {
    /// The pieces of a string in whose coded data something was found.
    pub(super) fn coded(
        &mut self,
        text: &str,
        hits: &[Hit],
        depth: usize,
        scope: &Scope<'p>,
    ) -> Result<Option<Vec<Piece>>, Uninspectable> {
        let is_treated = |hit: &Hit| scope.rules.action(hit.kind) != Action::Clear;
        if matches!(hits, [hit] if hit.start == 0 && hit.end == text.len() && is_treated(hit)) {
            return Ok(None);
        }
        if text.len() < 5 || !scope.element.opens_json() || self.strings == STRINGS_DEEP {
            return Ok(None);
        }
        let before = self.counts.total();
        let pieces = if let Some(base64) = Base64::read(text) {
            let pieces = self.decoded(&base64.text, depth, scope)?;
            let treated = printed(&base64.text, &pieces);
            match treated == base64.text {
                true => vec![Piece::Kept(0, text.len())],
                false => vec![Piece::Kept(0, base64.from), Piece::New(base64.write(treated.as_bytes()))],
            }
        } else if let Some(parts) = parts(text) {
            self.parts(text, &parts, depth, scope)?
        } else if text.char_indices().any(|(at, _)| octet(text, at).is_some()) {
            let spelt = spelling(text, 0, text.len());
            let pieces = self.decoded(&characters(&spelt), depth, scope)?;
            respell(&spelt, pieces, text.is_ascii())
        } else {
            return Ok(None);
        };
        Ok((self.counts.total() > before).then_some(pieces))
    }

    fn decoded(&mut self, text: &str, depth: usize, scope: &Scope<'p>) -> Result<Vec<Piece>, Uninspectable> {
        if let Some(pieces) = self.nested(depth, text, scope)? {
            return Ok(pieces);
        }
        let mut hits = vec![];
        scope.element.hits(self.classifier, scope.signals, Scalar::Text(text), &mut hits);
        self.strings += 1;
        let coded = self.coded(text, &hits, depth, scope)?;
        self.strings -= 1;
        match coded {
            Some(pieces) => Ok(pieces),
            None => self.spans(text, &hits, scope.rules),
        }
    }

    fn parts(
        &mut self,
        text: &str,
        parts: &[Part],
        depth: usize,
        outer: &Scope<'p>,
    ) -> Result<Vec<Piece>, Uninspectable> {
        let key = |part: &Part| match part {
            Part::Field { from, equals, .. } if from < equals => {
                self.classifier.key(&characters(&spelling(text, *from, *equals)))
            }
            _ => KeyMeaning::UNKNOWN,
        };
        let keys: Vec<KeyMeaning> = parts.iter().map(key).collect();
        let mut signals = keys.iter().fold(Signals::default(), |all, key| all.union(key.signals));
        if signals == Signals::default() || outer.element.is_kind() {
            signals = signals.union(outer.signals);
        }
        let mut out = vec![];
        for (part, key) in parts.iter().zip(keys) {
            let mut scope = outer.clone();
            scope.signals = signals;
            if key != KeyMeaning::UNKNOWN {
                let above = Some(outer.element).filter(|meaning| meaning.is_kind());
                scope.element = *Meaning::named(key).under(above.as_ref());
            }
            let (from, to) = match part {
                Part::Kept(from, to) => {
                    out.push(Piece::Kept(*from, *to));
                    continue;
                }
                Part::Text(from, to) => (*from, *to),
                Part::Field { from, equals, to } => {
                    let name = spelling(text, *from, *equals);
                    let mut hits = vec![];
                    name_hits(&characters(&name), self.classifier, &mut hits);
                    let pieces = self.spans(&characters(&name), &hits, scope.rules)?;
                    out.append(&mut respell(&name, pieces, text.is_ascii()));
                    out.push(Piece::Kept(*equals, equals + 1));
                    (equals + 1, *to)
                }
            };
            if from < to {
                let value = spelling(text, from, to);
                let pieces = self.decoded(&characters(&value), depth, &scope)?;
                out.append(&mut respell(&value, pieces, text.is_ascii()));
            }
        }
        Ok(out)
    }
}

/// A stretch of a form or URL; all of them together are the whole.
enum Part {
    Kept(usize, usize),
    Text(usize, usize),
    Field { from: usize, equals: usize, to: usize },
}

fn parts(text: &str) -> Option<Vec<Part>> {
    let mut parts = vec![];
    let (mut begin, mut end) = (0, text.len());
    let head: String = text.chars().take_while(|character| !"=&?".contains(*character)).collect();
    if text.chars().nth(head.chars().count()) == Some('?') && !head.chars().any(char::is_whitespace) {
        parts.push(Part::Text(0, head.len()));
        parts.push(Part::Kept(head.len(), head.len() + 1));
        begin = head.len() + 1;
        end = (begin..end).find(|at| text.as_bytes().get(*at) == Some(&b'#')).unwrap_or(end);
    }
    let mut values: Vec<&str> = vec![];
    let mut at = begin;
    for (index, part) in text.get(begin..end)?.split('&').enumerate() {
        if index > 0 {
            parts.push(Part::Kept(at, at + 1));
            at += 1;
        }
        let to = at + part.len();
        let escaped = if part.starts_with("amp;") { 4 } else { 0 };
        parts.push(Part::Kept(at, at + escaped));
        let from = at + escaped;
        let part = text.get(from..to)?;
        let name = part.split('=').next()?;
        let is_of_name = |character: char| character.is_alphanumeric() || "_-.[]%+$@~!*".contains(character);
        if name.len() > 180 || !name.chars().all(is_of_name) {
            return None;
        }
        if name.len() < part.len() {
            values.push(part.get(name.len() + 1..)?);
            parts.push(Part::Field { from, equals: from + name.len(), to });
        } else {
            parts.push(Part::Text(from, to));
        }
        at = to;
    }
    if end < text.len() {
        parts.extend([Part::Kept(end, end + 1), Part::Text(end + 1, text.len())]);
    }
    // Padding is no value.
    let spaced = values.iter().any(|value| value.contains(char::is_whitespace));
    values.retain(|value| !value.chars().all(|character| character == '='));
    let is_prose = matches!(values.as_slice(), [] | [_]) && (values.is_empty() || spaced);
    (!is_prose).then_some(parts)
}

/// A stretch of percent-encoded text: each character with the bytes that spell it.
fn spelling(text: &str, from: usize, to: usize) -> Vec<(char, usize, usize)> {
    let within = text.get(from..to).unwrap_or("");
    let mut bytes = vec![];
    let mut at = 0;
    while at < within.len() {
        let byte = within.as_bytes().get(at).copied().unwrap_or(0);
        let (byte, length) = match octet(within, at) {
            Some(byte) => (byte, 3),
            None if byte == b'+' => (b' ', 1),
            None => (byte, 1),
        };
        bytes.push((byte, from + at, from + at + length));
        at += length;
    }
    let decoded: Vec<u8> = bytes.iter().map(|(byte, ..)| *byte).collect();
    let Ok(decoded) = String::from_utf8(decoded) else {
        let plain = within.char_indices();
        return plain.map(|(at, c)| (c, from + at, from + at + c.len_utf8())).collect();
    };
    let spans = decoded.char_indices().map(|(at, character)| {
        let first = bytes.get(at).map_or(to, |(_, start, _)| *start);
        let last = bytes.get(at + character.len_utf8() - 1).map_or(to, |(.., end)| *end);
        (character, first, last)
    });
    spans.collect()
}

fn octet(text: &str, at: usize) -> Option<u8> {
    let digits = text.get(at..)?.strip_prefix('%')?.get(..2)?;
    let is_hexadecimal = digits.chars().all(|digit| digit.is_ascii_hexdigit());
    is_hexadecimal.then(|| u8::from_str_radix(digits, 16).ok()).flatten()
}

fn characters(spelt: &[(char, usize, usize)]) -> String {
    spelt.iter().map(|(character, ..)| *character).collect()
}

/// Turns pieces of decoded text into pieces of its spelling.
fn respell(spelt: &[(char, usize, usize)], pieces: Vec<Piece>, is_ascii: bool) -> Vec<Piece> {
    let mut out = vec![];
    for piece in pieces {
        match piece {
            Piece::New(new) => {
                let write = |character: char| match character {
                    'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '.' | '_' | '~' | '*' => character.to_string(),
                    _ if !is_ascii && !character.is_ascii() => character.to_string(),
                    _ => character.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect(),
                };
                out.push(Piece::New(new.chars().map(write).collect()));
            }
            Piece::Kept(from, to) => {
                let mut at = 0;
                for (character, start, end) in spelt {
                    if (from..to).contains(&at) {
                        out.push(Piece::Kept(*start, *end));
                    }
                    at += character.len_utf8();
                }
            }
        }
    }
    out
}

/// Base64 of readable text.
struct Base64 {
    from: usize,
    text: String,
    is_url_safe: bool,
    is_padded: bool,
}

impl Base64 {
    fn read(text: &str) -> Option<Base64> {
        let from = match text.starts_with("data:") {
            true => {
                text.find(',')
                    .filter(|comma| text.get(..*comma).is_some_and(|head| head.ends_with(";base64")))?
                    + 1
            }
            false => 0,
        };
        let coded = text.get(from..)?;
        // A line's break is no first character.
        if text.len() < 12
            || coded.chars().take(4).filter(|c| c.is_alphanumeric() || "+/-_".contains(*c)).count() < 4
        {
            return None;
        }
        let joined: String = coded.chars().filter(|character| !"\r\n".contains(*character)).collect();
        let digits = joined.trim_end_matches('=');
        let padding = joined.len() - digits.len();
        let is_url_safe = digits.contains(['-', '_']);
        if is_url_safe && digits.contains(['+', '/']) {
            return None;
        }
        if digits.len() % 4 == 1 {
            return None;
        }
        let mut bits: Vec<bool> = vec![];
        for digit in digits.chars() {
            let value = ALPHABET.chars().position(|other| other == digit.replace_url_safe())?;
            bits.extend((0..6).rev().map(|bit| value >> bit & 1 == 1));
        }
        let bytes = bits.chunks_exact(8);
        let decoded: Vec<u8> =
            bytes.map(|bits| bits.iter().fold(0, |byte, bit| byte << 1 | u8::from(*bit))).collect();
        let decoded = String::from_utf8(decoded).ok()?;
        let is_readable = decoded.chars().all(|c| !c.is_control() || "\t\r\n".contains(c));
        is_readable.then_some(Base64 { from, text: decoded, is_url_safe, is_padded: padding > 0 })
    }

    fn write(&self, treated: &[u8]) -> String {
        let mut out = String::new();
        for three in treated.chunks(3) {
            let bits = three
                .iter()
                .chain([&0, &0])
                .take(3)
                .fold(0usize, |bits, byte| bits << 8 | usize::from(*byte));
            let digits = (0..=three.len()).map(|at| bits >> (18 - 6 * at) & 63);
            let digits = digits.filter_map(|value| ALPHABET.chars().nth(value));
            match self.is_url_safe {
                true => out.extend(digits.map(|digit| match digit {
                    '+' => '-',
                    '/' => '_',
                    other => other,
                })),
                false => out.extend(digits),
            }
        }
        let needed_none = self.text.len().is_multiple_of(3);
        while (self.is_padded || (needed_none && !self.is_url_safe)) && !out.len().is_multiple_of(4) {
            out.push('=');
        }
        out
    }
}

trait UrlSafe {
    /// The digit of the standard alphabet that means the same.
    fn replace_url_safe(self) -> char;
}

impl UrlSafe for char {
    fn replace_url_safe(self) -> char {
        match self {
            '-' => '+',
            '_' => '/',
            other => other,
        }
    }
}

const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
