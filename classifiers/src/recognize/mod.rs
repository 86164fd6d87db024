//! Exact recognizers, one a file: given a token without separators, is it such a number?
//!
//! None of them allocates, none looks at more than its token, and each keeps its vectors in `tests.rs`.

pub(crate) mod bank_card;
pub(crate) mod coordinates;
pub(crate) mod email;
pub(crate) mod glued;
pub(crate) mod mobile;
pub(crate) mod moment;
pub(crate) mod network;
pub(crate) mod organisation;
pub(crate) mod permit;
pub(crate) mod phone;
pub(crate) mod resident_id;
pub(crate) mod secret;
pub(crate) mod securities_account;

/// Whether all bytes are ASCII digits; eight at a time.
#[inline]
pub(crate) fn are_digits(bytes: &[u8]) -> bool {
    const HIGH_HALVES: u64 = 0xf0f0_f0f0_f0f0_f0f0;
    const ZEROS: u64 = 0x3030_3030_3030_3030;
    const SIX_EACH: u64 = 0x0606_0606_0606_0606;
    let (words, rest) = bytes.as_chunks::<8>();
    // `0`–`9` are 0x30–0x39: six more stay below 0x40.
    words.iter().all(|word| {
        let word = u64::from_le_bytes(*word);
        word & HIGH_HALVES == ZEROS && word.wrapping_add(SIX_EACH) & HIGH_HALVES == ZEROS
    }) && rest.iter().all(u8::is_ascii_digit)
}

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
    /// Twice a digit, its own digits added up.
    const TWICE: [u8; 10] = [0, 2, 4, 6, 8, 1, 3, 5, 7, 9];
    let mut sum = 0;
    let (first, pairs) = digits.as_rchunks::<2>();
    for [twice, once] in pairs {
        let twice = TWICE.get(usize::from(twice.wrapping_sub(b'0'))).copied().unwrap_or(0);
        sum += u32::from(twice) + u32::from(once.wrapping_sub(b'0'));
    }
    sum += first.iter().map(|once| u32::from(once.wrapping_sub(b'0'))).sum::<u32>();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests;
