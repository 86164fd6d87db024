//! Numbers written out in Chinese: `一三八〇〇一三八〇〇〇`.

use crate::recognize::{mobile, resident_id};
use crate::{Hit, How};
use yingbi_taxonomy::Kind;

/// Appends the mobiles and resident identity numbers of a text that are written in numerals.
pub(crate) fn find(text: &str, hits: &mut Vec<Hit>) {
    let mut run = Run::default();
    for (at, c) in text.char_indices() {
        if let Some(digit) = digit(c) {
            if run.length == 0 {
                run.spoken = SECRETS.iter().find(|(word, _)| is_label(text, at, word)).map(|(_, kind)| *kind);
            }
            run.push(at, at + c.len_utf8(), digit);
        } else if run.length == 17 && matches!(c, 'X' | 'x') {
            run.push(at, at + 1, b'X');
        } else if run.length > 0 && !matches!(c, ' ' | '-' | ',' | '，' | '、') {
            run.close(hits);
        }
    }
    run.close(hits);
}

/// Numerals in a row, spaces and hyphens between them left out.
#[derive(Default)]
struct Run {
    digits: [u8; LONGEST],
    length: usize,
    start: usize,
    end: usize,
    /// What the word before says that they are.
    spoken: Option<Kind>,
}

/// `验证码一二三四五六`: words before numerals that are no number of a person, but secret.
const SECRETS: &[(&str, Kind)] = &[
    ("验证码", Kind::Otp),
    ("校验码", Kind::Otp),
    ("动态码", Kind::Otp),
    ("动态口令", Kind::Otp),
    ("密码", Kind::Password),
    ("口令", Kind::Password),
];

fn is_label(text: &str, at: usize, word: &str) -> bool {
    text.get(..at).is_some_and(|left| left.trim_end_matches(['是', '为', '：', ':', ' ']).ends_with(word))
}

/// A resident identity number is the longest that is read.
const LONGEST: usize = 18;

impl Run {
    fn push(&mut self, start: usize, end: usize, digit: u8) {
        if self.length == 0 {
            self.start = start;
        }
        if let Some(slot) = self.digits.get_mut(self.length) {
            *slot = digit;
        }
        self.length += 1;
        self.end = end;
    }

    /// Ends the run; one that is too long is no number.
    fn close(&mut self, hits: &mut Vec<Hit>) {
        let digits = self.digits.get(..self.length).unwrap_or_default();
        let kind = match digits.len() {
            11 if mobile::is_mobile(digits) => Some(Kind::Mobile),
            18 if resident_id::is_18(digits) => Some(Kind::ResidentId),
            4..=8 => self.spoken,
            _ => None,
        };
        if let Some(kind) = kind {
            hits.push(Hit { start: self.start, end: self.end, kind, how: How::Text, confidence: 80 });
        }
        self.length = 0;
    }
}

/// The digit that a numeral stands for.
pub(crate) fn digit(c: char) -> Option<u8> {
    Some(match c {
        '〇' | '○' | '零' | '洞' => b'0',
        '一' | '壹' | '幺' => b'1',
        '二' | '贰' | '两' => b'2',
        '三' | '叁' => b'3',
        '四' | '肆' => b'4',
        '五' | '伍' => b'5',
        '六' | '陆' => b'6',
        '七' | '柒' => b'7',
        '八' | '捌' => b'8',
        '九' | '玖' => b'9',
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
