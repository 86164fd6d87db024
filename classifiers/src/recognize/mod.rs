//! Exact recognizers, one a file: given a token without separators, is it such a number?
//!
//! None of them allocates, none looks at more than its token, and each keeps its vectors in `tests.rs`.

pub(crate) mod bank_card;
pub(crate) mod coordinates;
pub(crate) mod email;
pub(crate) mod glued;
pub(crate) mod mobile;
pub(crate) mod network;
pub(crate) mod organisation;
pub(crate) mod permit;
pub(crate) mod phone;
pub(crate) mod resident_id;
pub(crate) mod secret;
pub(crate) mod securities_account;

/// The value of two ASCII digits.
pub(crate) fn two_digits(digits: &[u8]) -> Option<u32> {
    number(digits.get(..2)?)
}

/// The value of up to nine ASCII digits.
pub(crate) fn number(digits: &[u8]) -> Option<u32> {
    digits
        .iter()
        .try_fold(0u32, |so_far, byte| byte.is_ascii_digit().then(|| so_far * 10 + u32::from(byte - b'0')))
}

/// Whether eight digits are a day between 1900 and 2099.
pub(crate) fn is_date8(digits: &[u8]) -> bool {
    let Some((year, rest)) = digits.split_at_checked(4) else { return false };
    rest.len() == 4 && number(year).is_some_and(|year| (1900..2100).contains(&year) && is_day(year, rest))
}

/// Whether `MMDD` is a day of that year.
pub(crate) fn is_day(year: u32, month_day: &[u8]) -> bool {
    let (Some(month), Some(day)) = (two_digits(month_day), month_day.get(2..).and_then(two_digits)) else {
        return false;
    };
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => return false,
    };
    (1..=days).contains(&day)
}

/// The check of ISO/IEC 7812: cards, IMEI.
pub(crate) fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, byte)| {
            let digit = u32::from(byte.wrapping_sub(b'0'));
            match (place % 2, digit) {
                (0, digit) => digit,
                (_, digit) if digit > 4 => digit * 2 - 9,
                (_, digit) => digit * 2,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests;
