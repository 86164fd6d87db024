//! One-time passwords in messages that name them behind or around: `829310是您的登录验证码`, `【5521】为动态码`,
//! `403921 is your verification code`, `您正在登录，829310（验证码）`.

use super::{head, tail};
use crate::cues::{Cues, mark};
use crate::recognize::phone;
use crate::{Hit, How};
use memchr::memmem;
use yingbi_taxonomy::Kind;

/// Appends the numbers of four to eight digits that stand beside a word for a one-time password, in its sentence.
pub(crate) fn find(text: &str, cues: Cues, hits: &mut Vec<Hit>) {
    if cues.has(mark::CODE) {
        chinese(text, hits);
    }
    if cues.has(mark::LETTER) && cues.has(mark::SPACE | mark::HIGH) {
        english(text, hits);
    }
}

fn chinese(text: &str, hits: &mut Vec<Hit>) {
    let mut done = 0;
    for at in memmem::find_iter(text.as_bytes(), "码").chain(memmem::find_iter(text.as_bytes(), "口令")) {
        let Some((left, word)) = text.split_at_checked(at) else { continue };
        let kinds = ["验证", "校验", "动态", "短信", "确认", "认证", "一次性", "令牌"];
        let Some(kind) = kinds.iter().find(|kind| left.ends_with(**kind)) else { continue };
        let start = at - kind.len();
        let end = at + if word.starts_with("口令") { "口令".len() } else { "码".len() };
        if start >= done {
            beside(text, start, end, hits);
            done = end;
        }
    }
}

fn english(text: &str, hits: &mut Vec<Hit>) {
    for at in memmem::find_iter(text.as_bytes(), b" code").chain(memmem::find_iter(text.as_bytes(), b"OTP")) {
        let Some((left, word)) = text.split_at_checked(at) else { continue };
        let names =
            ["verification", "Verification", "security", "passcode", "login", "one-time", "authentication"];
        // `135355 is your Acme code`.
        let is_yours = || tail(left, 24, |c| !matches!(c, '.' | '\n')).contains("is your ");
        if word.starts_with("OTP") || names.iter().any(|name| left.ends_with(name)) || is_yours() {
            let length = if word.starts_with("OTP") { "OTP".len() } else { " code".len() };
            beside(text, at, at + length, hits);
        }
    }
}

/// The nearest such number before the word, else behind it.
fn beside(text: &str, start: usize, end: usize, hits: &mut Vec<Hit>) {
    let ends = |c: char| matches!(c, '。' | '；' | ';' | '\n' | '！' | '!' | '?' | '？');
    let (Some(left), Some(right)) = (text.get(..start), text.get(end..)) else { return };
    let left = tail(left, REACH, |c| !ends(c));
    let right = right.get(..head(right, REACH, |c| !ends(c))).unwrap_or_default();
    let before = numbers(left).last().filter(|(_, to)| names_it(left.get(*to..).unwrap_or_default()));
    let before = before.map(|(from, to)| (start - left.len() + from, start - left.len() + to));
    let behind = || {
        numbers(right)
            .find(|(from, _)| leads_to(right.get(..*from).unwrap_or_default()))
            .map(|(from, to)| (end + from, end + to))
    };
    if let Some((start, end)) = before.or_else(behind)
        && is_alone(text, start, end)
    {
        hits.push(Hit { start, end, kind: Kind::Otp, how: How::Text, confidence: 85 });
    }
}

/// How many characters a number stands away from its word at most.
const REACH: usize = 32;

/// What stands between a number and the word for it: `是您的登录`, `（`, ` is your login`.
fn names_it(between: &str) -> bool {
    let bare = between.trim_start_matches(['】', ']', ' ', '”', '"']);
    bare.is_empty()
        || [
            "是您",
            "为您",
            "是你",
            "为你",
            "是本次",
            "为本次",
            "（",
            "(",
            "is your",
            "as your",
            "is the",
            "is a",
            "是登",
            "为登",
            "是此",
            "即为",
        ]
        .iter()
        .any(|word| bare.starts_with(word))
}

/// What stands between the word and its number: nothing but marks, `已发送：`, `for your login is`.
fn leads_to(between: &str) -> bool {
    let bare = between.trim_end_matches(['【', '[', ' ', '“', '"', '：', ':', '(', '（', '<']);
    bare.len() < between.len()
        && (bare.is_empty() || bare.ends_with(['是', '为', '：', ':', '）', ')']) || bare.ends_with("is"))
        || bare.is_empty()
        || bare.ends_with(['是', '为'])
}

/// The numbers of four to eight digits.
fn numbers(text: &str) -> impl DoubleEndedIterator<Item = (usize, usize)> {
    let mut found = Vec::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let rest = bytes.get(at..).unwrap_or_default();
        let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if (4..=8).contains(&length) {
            found.push((at, at + length));
        }
        at += length.max(1);
    }
    found.into_iter()
}

/// Neither part of a longer token, nor a quantity, a time, a hotline or the end of another number.
fn is_alone(text: &str, start: usize, end: usize) -> bool {
    let (Some(left), Some(number), Some(right)) = (text.get(..start), text.get(start..end), text.get(end..))
    else {
        return false;
    };
    let joined = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '/' | '%' | '*');
    let another =
        ["尾号", "错误码", "编号", "单号", "工号", "致电", "拨打", "热线", "客服", "代码", "合同", "订单"];
    let label = left.trim_end_matches([' ', '：', ':', '为']);
    // `G-771234`: the sender's letter.
    let sender = matches!(left.as_bytes(), [letter, b'-'] if letter.is_ascii_uppercase());
    (sender || !left.ends_with(joined))
        && !right.trim_start_matches('.').starts_with(joined)
        && !right
            .trim_start()
            .starts_with(['元', '年', '分', '秒', '次', '位', '人', '条', '天', '号', '小', '时', '股'])
        && !another.iter().any(|word| label.ends_with(word))
        && !phone::is_service(number)
}

#[cfg(test)]
mod tests;
