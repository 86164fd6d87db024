//! Whether a value that should be of a kind can be one: check digits, dates, segments, forms (T/TSAC 001—2025 §8.2.2.1
//! c). For data that comes in; what is found in answers is treated whether it is right or not.

use crate::recognize::{email, mobile, number, organisation, permit, resident_id, two_digits};
use crate::recognize::{is_date8, is_day, luhn};
use std::fmt;
use yingbi_taxonomy::Kind;

/// What is wrong with a value; never the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wrong {
    /// Not the characters or the length of its kind.
    Format,
    /// A check digit that does not fit.
    CheckDigit,
    /// A day that is none, or lies ahead.
    Date,
    /// A number of no segment in use.
    Segment,
}

impl Wrong {
    /// All of them.
    pub const ALL: [Wrong; 4] = [Wrong::Format, Wrong::CheckDigit, Wrong::Date, Wrong::Segment];

    /// Name in problem documents, records and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Wrong::Format => "format",
            Wrong::CheckDigit => "check-digit",
            Wrong::Date => "date",
            Wrong::Segment => "segment",
        }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What is wrong with a text that should be of this kind, on this day; nothing of kinds without a form, nor of an empty
/// text. `today` is `YYYYMMDD`.
///
/// ```
/// use yingbi_classifiers::{Wrong, wrong};
/// use yingbi_taxonomy::Kind;
/// assert_eq!(wrong(Kind::ResidentId, "11010519491231002X", 2026_01_01), None);
/// assert_eq!(wrong(Kind::ResidentId, "110105194912310021", 2026_01_01), Some(Wrong::CheckDigit));
/// assert_eq!(wrong(Kind::Mobile, "+86 138 1234 5678", 2026_01_01), None);
/// ```
pub fn wrong(kind: Kind, text: &str, today: u32) -> Option<Wrong> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let checked = match kind {
        Kind::ResidentId => resident(&upper(text), today),
        Kind::IdNumber | Kind::IdentityDocument => document(&upper(text), today),
        Kind::TaxId => tax(&upper(text), today),
        Kind::Passport => form(is_document_form(&upper(text)) && text.len() <= 12),
        Kind::Permit => permit_number(&upper(text), today),
        Kind::Mobile => mobile_number(text),
        Kind::Phone => phone_number(text),
        Kind::BankCard => card(text),
        Kind::BankAccount => {
            let digits = digits_of(text, b" -");
            form(digits.is_some_and(|digits| (6..=32).contains(&digits.len())))
        }
        Kind::Email => form(is_email(text)),
        Kind::BirthDate => past(text, today),
        Kind::Age => {
            let age = text.trim_end_matches('岁').parse::<f64>();
            form(age.is_ok_and(|age| (0.0..=150.0).contains(&age)))
        }
        Kind::Postcode => form(text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit())),
        _ => Ok(()),
    };
    checked.err()
}

type Checked = Result<(), Wrong>;

fn form(good: bool) -> Checked {
    if good { Ok(()) } else { Err(Wrong::Format) }
}

fn upper(text: &str) -> String {
    text.to_ascii_uppercase()
}

/// 居民身份号码 (GB 11643), of either generation; residence permits of 2018 are built alike.
fn resident(text: &str, today: u32) -> Checked {
    let token = text.as_bytes();
    match token.len() {
        18 => {
            let digits = token.get(..17).is_some_and(|digits| digits.iter().all(u8::is_ascii_digit));
            form(digits && token.last().is_some_and(|last| last.is_ascii_digit() || *last == b'X'))?;
            let birth = token.get(6..14).unwrap_or_default();
            day(is_date8(birth) && number(birth).is_some_and(|birth| birth <= today))?;
            form(resident_id::has_form_18(token))?;
            if resident_id::is_18(token) { Ok(()) } else { Err(Wrong::CheckDigit) }
        }
        15 => {
            form(token.iter().all(u8::is_ascii_digit))?;
            let year = token.get(6..8).and_then(two_digits);
            day(year.is_some_and(|year| token.get(8..12).is_some_and(|rest| is_day(1900 + year, rest))))?;
            form(resident_id::is_15(token))
        }
        _ => Err(Wrong::Format),
    }
}

/// A document of any sort: what has the length of a resident's number must be one.
fn document(text: &str, today: u32) -> Checked {
    let token = text.as_bytes();
    let all_digits = |token: &[u8]| token.iter().all(u8::is_ascii_digit);
    match token.len() {
        18 if token.first() == Some(&b'9') && resident_id::is_residence_card_18(token) => Ok(()),
        18 if organisation::is_credit_code(token) => Ok(()),
        18 if token.get(..17).is_some_and(all_digits) => resident(text, today),
        15 if all_digits(token) => resident(text, today),
        // A resident's number with a digit lost or doubled.
        13..=20 if token.get(..token.len() - 1).is_some_and(all_digits) => Err(Wrong::Format),
        _ => form(is_document_form(text)),
    }
}

/// A person's or an organisation's.
fn tax(text: &str, today: u32) -> Checked {
    let token = text.as_bytes();
    if token.len() != 18 {
        return form((15..=20).contains(&token.len()) && token.iter().all(u8::is_ascii_alphanumeric));
    }
    if organisation::is_credit_code(token) {
        return Ok(());
    }
    let is_persons = token.get(..17).is_some_and(|digits| digits.iter().all(u8::is_ascii_digit));
    let person = resident(text, today);
    if is_persons && person != Err(Wrong::Format) { person } else { Err(Wrong::CheckDigit) }
}

fn permit_number(text: &str, today: u32) -> Checked {
    let token = text.as_bytes();
    match token.len() {
        18 if resident_id::is_residence_card_18(token) => Ok(()),
        18 if token.first() == Some(&b'9') => Err(Wrong::CheckDigit),
        18 => resident(text, today),
        15 => form(permit::is_residence_card_15(token)),
        _ => form(is_document_form(text)),
    }
}

/// Letters, digits and the brackets of Hong Kong's; five at least.
fn is_document_form(text: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'(' | b')' | b'-' | b'/');
    (5..=20).contains(&text.len())
        && text.bytes().all(legal)
        && text.bytes().filter(u8::is_ascii_digit).count() >= 4
}

/// The digits of a text that holds nothing else but these separators.
fn digits_of(text: &str, separators: &[u8]) -> Option<Vec<u8>> {
    let legal = |byte: &u8| byte.is_ascii_digit() || separators.contains(byte);
    text.bytes().all(|byte| legal(&byte)).then(|| text.bytes().filter(u8::is_ascii_digit).collect())
}

fn mobile_number(text: &str) -> Checked {
    let Some(digits) = digits_of(text.strip_prefix('+').unwrap_or(text), b" -()") else {
        return Err(Wrong::Format);
    };
    let national = match digits.len() {
        11 => digits.as_slice(),
        13 if digits.starts_with(b"86") => digits.get(2..).unwrap_or_default(),
        14 if digits.starts_with(b"086") => digits.get(3..).unwrap_or_default(),
        15 if digits.starts_with(b"0086") => digits.get(4..).unwrap_or_default(),
        _ => return Err(Wrong::Format),
    };
    if mobile::is_mobile(national) { Ok(()) } else { Err(Wrong::Segment) }
}

/// A landline, a mobile or a number abroad.
fn phone_number(text: &str) -> Checked {
    if mobile_number(text).is_ok() {
        return Ok(());
    }
    let digits = digits_of(text.strip_prefix('+').unwrap_or(text), b" -()#*");
    form(digits.is_some_and(|digits| {
        (7..=16).contains(&digits.len()) && !digits.windows(2).all(|pair| pair.first() == pair.last())
    }))
}

fn card(text: &str) -> Checked {
    let digits = digits_of(text, b" -").ok_or(Wrong::Format)?;
    form((13..=19).contains(&digits.len()))?;
    if luhn(&digits) && digits.iter().any(|digit| *digit != b'0') { Ok(()) } else { Err(Wrong::CheckDigit) }
}

/// One address and nothing else; role mailboxes are addresses too.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    let local_good = !local.is_empty()
        && local.len() <= 64
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..");
    // Under a local part that is no role's, the recognizer must take in the whole.
    let probe = format!("a.{local}@{domain}");
    local_good
        && !domain.starts_with(['.', '-'])
        && !domain.contains("..")
        && domain
            .split('.')
            .all(|label| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-'))
        && email::around(probe.as_bytes(), local.len() + 2) == Some((0, probe.len()))
}

fn day(good: bool) -> Checked {
    if good { Ok(()) } else { Err(Wrong::Date) }
}

/// A day not ahead of today: `YYYYMMDD`, `YYYY-MM-DD` with `-`, `/` or `.`, `YYYY年M月D日`, a time behind it or not.
fn past(text: &str, today: u32) -> Checked {
    let Some((year, month, date)) = date_parts(text) else { return Err(Wrong::Format) };
    let month_day = format!("{month:02}{date:02}");
    day((1900..=2099).contains(&year) && is_day(year, month_day.as_bytes()))?;
    day(year * 10_000 + month * 100 + date <= today)
}

/// Year, month and day of a date, as written: they need not be one.
fn date_parts(text: &str) -> Option<(u32, u32, u32)> {
    let bytes = text.as_bytes();
    if bytes.len() == 8 && bytes.iter().all(u8::is_ascii_digit) {
        return Some((number(bytes.get(..4)?)?, number(bytes.get(4..6)?)?, number(bytes.get(6..8)?)?));
    }
    let day = text.split(['T', ' ']).next().unwrap_or_default();
    let mut parts = day.split(['-', '/', '.', '年', '月', '日']).filter(|part| !part.is_empty());
    let (year, month, date) = (parts.next()?, parts.next()?, parts.next()?);
    let fits = |part: &str, most: usize| (1..=most).contains(&part.len());
    if parts.next().is_some() || year.len() != 4 || !fits(month, 2) || !fits(date, 2) {
        return None;
    }
    Some((number(year.as_bytes())?, number(month.as_bytes())?, number(date.as_bytes())?))
}

#[cfg(test)]
mod tests;
