//! Text in another spelling, character by character.

use super::base64::Base64;
use crate::json::string;
use crate::reference::print::Piece;

/// Text in another spelling: each character with the bytes that spell it.
pub(super) struct Spelling {
    pub(super) characters: Vec<(char, usize, usize)>,
    style: Style,
    /// Something was decoded.
    pub(super) is_telling: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Percent,
    PercentGb,
    References,
    Escapes,
}

impl Spelling {
    pub(super) fn percent(text: &str, from: usize, to: usize) -> Spelling {
        let within = text.get(from..to).unwrap_or("");
        let mut spelling = Spelling { characters: vec![], style: Style::Percent, is_telling: false };
        if !within.contains('%') && Base64::read(within).is_some() {
            // Its plus is a digit.
            spelling.characters =
                within.char_indices().map(|(at, c)| (c, from + at, from + at + c.len_utf8())).collect();
            return spelling;
        }
        let mut octets: Vec<(u8, usize, usize)> = vec![];
        let mut at = 0;
        while let Some(character) = within.get(at..).and_then(|rest| rest.chars().next()) {
            let (value, length) = match octet(within, at) {
                Some(byte) => (Some(byte), 3),
                None if character == '+' => (Some(b' '), 1),
                None => (u8::try_from(character).ok().filter(u8::is_ascii), character.len_utf8()),
            };
            match value {
                Some(byte) => octets.push((byte, from + at, from + at + length)),
                None => {
                    spelling.octets(text, &std::mem::take(&mut octets));
                    spelling.characters.push((character, from + at, from + at + length));
                }
            }
            at += length;
        }
        spelling.octets(text, &octets);
        let is_encoded = (0..within.len()).any(|at| octet(within, at).is_some());
        spelling.is_telling = is_encoded && characters(&spelling.characters) != within;
        spelling
    }

    fn octets(&mut self, text: &str, octets: &[(u8, usize, usize)]) {
        let bytes: Vec<u8> = octets.iter().map(|(byte, ..)| *byte).collect();
        let gb = |bytes: &[u8]| {
            let text = encoding_rs::GB18030.decode_without_bom_handling_and_without_replacement(bytes)?;
            Some(text.into_owned())
        };
        let utf8 = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
        let is_utf8 = utf8(&bytes).is_some();
        let is_gb = !is_utf8 && gb(&bytes).is_some();
        if is_gb {
            self.style = Style::PercentGb;
        }
        let mut at = 0;
        while let Some((byte, start, end)) = octets.get(at) {
            let take = |length: usize, read: &dyn Fn(&[u8]) -> Option<String>| {
                let read = read(bytes.get(at..at + length)?)?;
                let mut all = read.chars();
                Some((all.next().filter(|_| all.next().is_none())?, length))
            };
            let by_utf8 = || if is_gb { None } else { (1..=4).find_map(|length| take(length, &utf8)) };
            let by_gb = || if is_utf8 { None } else { [2, 4].iter().find_map(|length| take(*length, &gb)) };
            let ascii = byte.is_ascii().then_some((char::from(*byte), 1));
            match ascii.or_else(by_utf8).or_else(by_gb) {
                Some((character, length)) => {
                    let last = octets.get(at + length - 1).map_or(*end, |(.., end)| *end);
                    self.characters.push((character, *start, last));
                    at += length;
                }
                None => {
                    let spelt = text.get(*start..*end).unwrap_or("");
                    self.characters.extend(spelt.char_indices().map(|(i, c)| (c, start + i, start + i + 1)));
                    at += 1;
                }
            }
        }
    }

    pub(super) fn references(text: &str, _: usize, _: usize) -> Spelling {
        let read = |rest: &str| if rest.starts_with('&') { crate::html::reference(rest) } else { None };
        Spelling::by(text, Style::References, read, |_| true)
    }

    pub(super) fn escapes(text: &str, _: usize, _: usize) -> Spelling {
        let read = |rest: &str| {
            let hex = rest.strip_prefix("\\x").and_then(|rest| rest.get(..2));
            match hex.filter(|hex| hex.chars().all(|digit| digit.is_ascii_hexdigit())) {
                Some(hex) => u8::from_str_radix(hex, 16).ok().map(|code| (char::from(code), 4)),
                None if rest.starts_with('\\') => string::escape(rest.as_bytes()),
                None => None,
            }
        };
        // Also one behind a backslash that is itself escaped: another reading will come to it.
        let tells = |rest: &str| {
            ["\\u", "\\x", "\\\""].iter().any(|mark| rest.starts_with(mark)) && read(rest).is_some()
        };
        let is_telling = text.char_indices().any(|(at, _)| text.get(at..).is_some_and(tells));
        Spelling { is_telling, ..Spelling::by(text, Style::Escapes, read, |_| false) }
    }

    fn by(
        text: &str,
        style: Style,
        read: impl Fn(&str) -> Option<(char, usize)>,
        tells: impl Fn(&str) -> bool,
    ) -> Spelling {
        let mut spelling = Spelling { characters: vec![], style, is_telling: false };
        let mut at = 0;
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            let plain = rest.chars().next().map_or(('?', 1), |c| (c, c.len_utf8()));
            let special = read(rest);
            spelling.is_telling |= special.is_some() && tells(rest);
            let (character, length) = special.unwrap_or(plain);
            spelling.characters.push((character, at, at + length));
            at += length;
        }
        spelling
    }
}

fn octet(text: &str, at: usize) -> Option<u8> {
    let digits = text.get(at..)?.strip_prefix('%')?.get(..2)?;
    let is_hexadecimal = digits.chars().all(|digit| digit.is_ascii_hexdigit());
    is_hexadecimal.then(|| u8::from_str_radix(digits, 16).ok()).flatten()
}

pub(super) fn characters(spelt: &[(char, usize, usize)]) -> String {
    spelt.iter().map(|(character, ..)| *character).collect()
}

/// Turns pieces of decoded text into pieces of its spelling.
pub(super) fn respell(spelling: &Spelling, pieces: Vec<Piece>, is_ascii: bool) -> Vec<Piece> {
    let percent = |character: char| match character {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '.' | '_' | '~' | '*' => character.to_string(),
        _ if !is_ascii && !character.is_ascii() => character.to_string(),
        _ if spelling.style == Style::PercentGb => {
            let bytes = encoding_rs::GB18030.encode(&character.to_string()).0.into_owned();
            bytes.iter().map(|byte| format!("%{byte:02X}")).collect()
        }
        _ => character.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect(),
    };
    let write = |new: &str| -> String {
        let mut out = String::new();
        match spelling.style {
            Style::Percent | Style::PercentGb => return new.chars().map(percent).collect(),
            Style::References => crate::html::encode(new, &mut out),
            Style::Escapes => string::encode(new, &mut out),
        }
        out
    };
    let mut out = vec![];
    for piece in pieces {
        match piece {
            Piece::New(new) => out.push(Piece::New(write(&new))),
            Piece::Kept(from, to) => {
                let mut at = 0;
                for (character, start, end) in &spelling.characters {
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
