//! Escapes as strings of JSON, Java and JavaScript have them, in a text that is none of those: `\u5f20`, `\x31`, `\"`.

use super::plain::{Plain, Spelling};
use crate::json::string;

/// Reads a text that has escapes which say something; `None` when it has none. Paths such as `C:\new` have none.
pub(super) fn read(raw: &str) -> Option<Plain> {
    let is_telling = |at: usize| {
        let rest = raw.as_bytes().get(at..).unwrap_or_default();
        matches!(rest.get(1), Some(b'u' | b'x' | b'"')) && escape(rest).is_some()
    };
    memchr::memchr_iter(b'\\', raw.as_bytes()).find(|at| is_telling(*at))?;
    let mut plain = Plain::new(raw, Spelling::Escapes);
    let (mut at, mut done) = (0, 0);
    while let Some(found) = raw.get(at..).and_then(|rest| rest.find('\\')) {
        let begin = at + found;
        at = match escape(raw.as_bytes().get(begin..)?) {
            Some((character, length)) => {
                plain.push_plain(raw.get(done..begin)?, done);
                plain.push(character, begin);
                done = begin + length;
                done
            }
            None => begin + 1,
        };
    }
    plain.push_plain(raw.get(done..)?, done);
    Some(plain)
}

/// Appends a text as it must stand between quotes.
pub(super) fn encode(text: &str, out: &mut String) {
    string::encode(text, out);
}

/// The character that an escape at the start of `bytes` stands for, and its length.
fn escape(bytes: &[u8]) -> Option<(char, usize)> {
    match bytes.get(1)? {
        b'x' => {
            let digit = |at: usize| char::from(*bytes.get(at)?).to_digit(16);
            Some((char::from_u32(digit(2)? << 4 | digit(3)?)?, 4))
        }
        _ => string::escape(bytes),
    }
}
