//! Coded words in a longer sentence: `查询 http://h/p?mobile=… 失败`, `参数为eyJtb2JpbGUi…`.

use super::{Coded, fields, run};
use std::ops::Range;

/// A coded word.
#[derive(Debug)]
pub(crate) struct Word {
    pub(crate) span: Range<usize>,
    pub(crate) coded: Coded,
}

/// The coded words of a text, in order; `None` when there are none.
pub(super) fn find(text: &str) -> Option<Vec<Word>> {
    let mut words = Vec::new();
    if memchr::memchr(b'=', text.as_bytes()).is_some() {
        for span in between(text, is_separator) {
            let word = text.get(span.clone()).unwrap_or("");
            match word.contains('=').then(|| fields(word)).flatten() {
                Some(fields) if span.len() < text.len() => {
                    words.push(Word { span, coded: Coded::Fields(fields) });
                }
                _ => runs(text, span, &mut words),
            }
        }
    } else {
        runs(text, 0..text.len(), &mut words);
    }
    (!words.is_empty()).then_some(words)
}

/// Finds stretches of base64 in a stretch of a text.
fn runs(text: &str, within: Range<usize>, words: &mut Vec<Word>) {
    let bytes = text.as_bytes().get(..within.end).unwrap_or_default();
    let mut from = within.start;
    // Every run that is long enough has a digit at one of these places.
    while let Some(byte) = bytes.get(from + SHORTEST - 1) {
        let probe = from + SHORTEST - 1;
        if !is_digit(*byte) {
            from = probe + 1;
            continue;
        }
        let back = bytes.get(from..probe).unwrap_or_default().iter().rev();
        let begin = probe - back.take_while(|byte| is_digit(**byte)).count();
        let ahead = bytes.get(probe..).unwrap_or_default().iter();
        let end = probe + ahead.take_while(|byte| is_digit(**byte)).count();
        if end - begin >= SHORTEST {
            read_run(text, begin..end, words);
        }
        from = end;
    }
}

/// Reads a stretch of base64 as it is, or what stands in it between marks that also join other words.
fn read_run(text: &str, span: Range<usize>, words: &mut Vec<Word>) {
    let whole = span.len() == text.len();
    if !whole && push(text, span.clone(), words) {
        return;
    }
    for marks in [&['.'][..], &['.', '/', '=', '_', '-', '+']] {
        let stretch = text.get(span.clone()).unwrap_or("");
        let parts = between(stretch, |character| marks.contains(&character));
        let before = words.len();
        for part in parts.filter(|part| part.len() >= SHORTEST && part.len() < span.len()) {
            push(text, span.start + part.start..span.start + part.end, words);
        }
        if words.len() > before {
            return;
        }
    }
}

fn push(text: &str, span: Range<usize>, words: &mut Vec<Word>) -> bool {
    let coded = text.get(span.clone()).and_then(run);
    let is_coded = coded.is_some();
    words.extend(coded.map(|coded| Word { span, coded }));
    is_coded
}

/// The stretches of a text between marks.
fn between(text: &str, is_mark: impl Fn(char) -> bool) -> impl Iterator<Item = Range<usize>> {
    text.split(is_mark).map(move |part| {
        let from = part.as_ptr() as usize - text.as_ptr() as usize;
        from..from + part.len()
    })
}

/// Characters that stand in no field and no URL.
pub(super) fn is_separator(character: char) -> bool {
    ends_clause(character) || "\"'`<>(){}|,;\\“”‘’（）《》【】「」".contains(character)
}

/// Characters that part clauses of a sentence.
pub(super) fn ends_clause(character: char) -> bool {
    character.is_whitespace() || "，。；：！？、".contains(character)
}

fn is_digit(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'_' | b'-' | b'.')
}

/// The shortest number that is somebody's takes so many characters.
pub(super) const SHORTEST: usize = 15;
