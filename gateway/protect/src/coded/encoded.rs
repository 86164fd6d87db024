//! Encoded words of mail and of names of files in multipart bodies (RFC 2047): `=?UTF-8?B?5byg5LiJ?=`,
//! `=?GB18030?Q?=D5=C5?=`. Words that only white space parts are one text, as readers join them.

use super::Coded;
use super::base64::{Base64, Form, LENIENT};
use super::words::Word;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use encoding_rs::Encoding;
use std::ops::Range;

/// How encoded words were spelt, so that others can be spelt alike.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spelling {
    charset: &'static Encoding,
    is_quoted: bool,
}

/// The encoded words of a text, each run of them as one; `None` when there are none.
pub(super) fn find(text: &str) -> Option<Vec<Word>> {
    let mut found: Vec<Word> = Vec::new();
    let mut run: Option<Run> = None;
    let mut at = 0;
    while let Some(begin) = text.get(at..).and_then(|rest| rest.find("=?")).map(|found| at + found) {
        let Some((word, length)) = text.get(begin..).and_then(Encoded::read) else {
            at = begin + 2;
            continue;
        };
        at = begin + length;
        match &mut run {
            Some(run) if run.is_joined(text, begin) => run.push(word, at),
            _ => {
                found.extend(run.take().and_then(Run::end));
                run = Some(Run { span: begin..at, words: vec![word] });
            }
        }
    }
    found.extend(run.and_then(Run::end));
    (!found.is_empty()).then_some(found)
}

/// One encoded word.
struct Encoded {
    charset: &'static Encoding,
    is_quoted: bool,
    bytes: Vec<u8>,
}

impl Encoded {
    /// The word that a text begins with, and its length.
    fn read(text: &str) -> Option<(Encoded, usize)> {
        let mut parts = text.strip_prefix("=?")?.splitn(4, '?');
        let (charset, coding, content) = (parts.next()?, parts.next()?, parts.next()?);
        parts.next()?.strip_prefix('=')?;
        // A language may stand behind the charset (RFC 2231 5).
        let label = charset.split('*').next()?;
        let is_quoted = match coding {
            "B" | "b" => false,
            "Q" | "q" => true,
            _ => return None,
        };
        let bytes =
            if is_quoted { quoted(content)? } else { LENIENT.decode(content.trim_end_matches('=')).ok()? };
        let known = Encoding::for_label(label.as_bytes())?;
        let length = "=????=".len() + charset.len() + coding.len() + content.len();
        Some((Encoded { charset: known, is_quoted, bytes }, length))
    }
}

/// The bytes that a word in the Q encoding spells.
fn quoted(content: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(content.len());
    let mut rest = content.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        match first {
            b'_' => bytes.push(b' '),
            b'=' => {
                let ([high, low], behind) = rest.split_first_chunk()?;
                let value = |digit: &u8| char::from(*digit).to_digit(16);
                bytes.push((value(high)? << 4 | value(low)?) as u8);
                rest = behind;
            }
            b' ' | b'\t' | b'\r' | b'\n' => return None,
            other => bytes.push(*other),
        }
    }
    Some(bytes)
}

/// Encoded words that are read as one.
struct Run {
    span: Range<usize>,
    words: Vec<Encoded>,
}

impl Run {
    fn is_joined(&self, text: &str, begin: usize) -> bool {
        text.get(self.span.end..begin).is_some_and(|between| between.trim().is_empty())
    }

    fn push(&mut self, word: Encoded, end: usize) {
        self.span.end = end;
        // A character may be cut where two words of one charset meet.
        match self.words.last_mut().filter(|last| last.charset == word.charset) {
            Some(last) => last.bytes.extend(word.bytes),
            None => self.words.push(word),
        }
    }

    fn end(self) -> Option<Word> {
        let first = self.words.first()?;
        let spelling = Spelling { charset: first.charset, is_quoted: first.is_quoted };
        let text: String =
            self.words.iter().map(|word| word.charset.decode_without_bom_handling(&word.bytes).0).collect();
        let length = self.span.len();
        let base64 = Base64 { span: 0..length, text, form: Form::Words(spelling) };
        Some(Word { span: self.span, coded: Coded::Base64(base64) })
    }
}

impl Spelling {
    /// Spells a text as encoded words of the length that readers must take.
    pub(super) fn encode(self, text: &[u8]) -> String {
        let text = String::from_utf8_lossy(text);
        // What the charset has no character for is spelt in one that has all.
        let charset = if self.charset.encode(&text).2 { encoding_rs::UTF_8 } else { self.charset };
        let coding = if self.is_quoted { 'Q' } else { 'B' };
        let most = LONGEST - "=????=".len() - 1 - charset.name().len();
        let most = if self.is_quoted { most / 3 } else { most / 4 * 3 };
        let mut words = Vec::new();
        let mut bytes: Vec<u8> = Vec::new();
        let mut flush = |bytes: &mut Vec<u8>| {
            if !bytes.is_empty() {
                let content = if self.is_quoted { quote(bytes) } else { BASE64_STANDARD.encode(&bytes) };
                words.push(format!("=?{}?{coding}?{content}?=", charset.name()));
                bytes.clear();
            }
        };
        for character in text.chars() {
            let mut utf8 = [0; 4];
            let (spelt, ..) = charset.encode(character.encode_utf8(&mut utf8));
            if bytes.len() + spelt.len() > most {
                flush(&mut bytes);
            }
            bytes.extend_from_slice(&spelt);
        }
        flush(&mut bytes);
        words.join(" ")
    }
}

fn quote(bytes: &[u8]) -> String {
    let mut out = String::new();
    for byte in bytes {
        match byte {
            b' ' => out.push('_'),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'*' | b'.' | b'-' => out.push(char::from(*byte)),
            other => out.push_str(&format!("={other:02X}")),
        }
    }
    out
}

/// Of an encoded word, in characters (RFC 2047 2).
const LONGEST: usize = 75;
