//! 居民身份证号码 (GB 11643): 18 characters with a check character, or the 15 digits of the first generation; and the
//! 18 digits of the foreigner's permanent residence card of 2023, which are built alike.

use super::{are_digits, is_date8, is_day, number, two_digits};

/// Whether the 18 characters are a resident identity number: region, day of birth, check character.
pub(crate) fn is_18(token: &[u8]) -> bool {
    has_form_18(token) && checks(token)
}

/// Whether the 15 digits are a resident identity number of the first generation.
pub(crate) fn is_15(token: &[u8]) -> bool {
    let (Some(region), Some(year), Some(day)) = (token.get(..6), token.get(6..8), token.get(8..12)) else {
        return false;
    };
    // Those numbers ended in 1999, and nobody registered under them was born before about 1920.
    token.len() == 15
        && token.iter().all(u8::is_ascii_digit)
        && is_region(region)
        && two_digits(year).is_some_and(|year| year >= 20 && is_day(1900 + year, day))
        && token.get(12..).and_then(number).is_some_and(|serial| serial > 0)
}

/// Whether the 18 characters have the form of a resident identity number, whatever the check character says.
pub(crate) fn has_form_18(token: &[u8]) -> bool {
    token.len() == 18
        && token.get(..17).is_some_and(are_digits)
        && token.last().is_some_and(|last| last.is_ascii_digit() || matches!(last, b'X' | b'x'))
        && token.get(..6).is_some_and(is_region)
        && token.get(6..14).is_some_and(is_date8)
}

/// Whether the 18 digits are a foreigner's permanent residence card of 2023: 9, province, country, birth, check.
pub(crate) fn is_residence_card_18(token: &[u8]) -> bool {
    token.len() == 18
        && token.first() == Some(&b'9')
        && token.get(..17).is_some_and(are_digits)
        && token.get(1..3).and_then(two_digits).is_some_and(is_province)
        && token.get(3..6).and_then(number).is_some_and(|country| (4..=894).contains(&country))
        && token.get(6..14).is_some_and(is_date8)
        && checks(token)
}

/// ISO 7064 MOD 11-2.
fn checks(token: &[u8]) -> bool {
    let mut sum = 0u32;
    for (byte, weight) in token.iter().zip(WEIGHTS) {
        sum += u32::from(byte.wrapping_sub(b'0')) * weight;
    }
    let want = CHECK.get((sum % 11) as usize);
    token.get(17).map(u8::to_ascii_uppercase).as_ref() == want
}

/// GB/T 2260: a province, and a county that is not counted beyond what any prefecture has.
fn is_region(code: &[u8]) -> bool {
    two_digits(code).is_some_and(is_province)
        && code.get(2..4).and_then(two_digits).is_some_and(|prefecture| prefecture <= 90)
        && (code.get(2..6).is_some_and(|rest| rest != b"0000") || code.starts_with(b"8"))
}

/// The first two digits of GB/T 2260; 81, 82, 83 are the residence permits of Hong Kong, Macau and Taiwan residents.
fn is_province(code: u32) -> bool {
    matches!(code, 11..=15 | 21..=23 | 31..=37 | 41..=46 | 50..=54 | 61..=65 | 71 | 81..=83)
}

const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECK: [u8; 11] = *b"10X98765432";
