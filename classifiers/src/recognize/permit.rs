//! Passports, travel permits and other personal documents that are not resident identity cards.

use super::{is_date8, is_day, number, two_digits};

/// Whether the token is a mainland passport: E or G and eight digits, or EA to EZ and seven. Serials that are a date
/// (`E20260101`) are no passports.
pub(crate) fn is_passport(token: &[u8]) -> bool {
    let Some((letter, rest)) = token.split_first() else { return false };
    match (letter, rest) {
        (b'E' | b'G', digits) if digits.len() == 8 && all_digits(digits) => !is_date8(digits),
        (b'E', [b'A'..=b'H' | b'J'..=b'N' | b'P'..=b'Z', digits @ ..]) => {
            digits.len() == 7 && all_digits(digits)
        }
        _ => false,
    }
}

/// Whether the token is a permit of a Hong Kong or Macau resident: H or M and eight or ten digits.
pub(crate) fn is_home_return_permit(token: &[u8]) -> bool {
    let Some((letter, digits)) = token.split_first() else { return false };
    matches!(letter, b'H' | b'M')
        && matches!(digits.len(), 8 | 10)
        && all_digits(digits)
        && !digits.get(..8).is_some_and(is_date8)
}

/// Whether the token is a mainland resident's permit for Hong Kong and Macau (C, CA…) or Taiwan (T).
pub(crate) fn is_exit_permit(token: &[u8]) -> bool {
    let Some((letter, rest)) = token.split_first() else { return false };
    match (letter, rest) {
        (b'C' | b'T', digits) if digits.len() == 8 && all_digits(digits) => !is_date8(digits),
        (b'C', [b'A'..=b'H' | b'J'..=b'N' | b'P'..=b'Z', digits @ ..]) => {
            digits.len() == 7 && all_digits(digits)
        }
        _ => false,
    }
}

/// Whether the 15 characters are a foreigner's permanent residence card before 2023: country, region, birth, serial.
pub(crate) fn is_residence_card_15(token: &[u8]) -> bool {
    let (Some(country), Some(region), Some(birth)) = (token.get(..3), token.get(3..5), token.get(7..13))
    else {
        return false;
    };
    token.len() == 15
        && country.iter().all(u8::is_ascii_uppercase)
        && token.get(3..).is_some_and(all_digits)
        && two_digits(region).is_some_and(|province| (11..=82).contains(&province))
        && number(birth.get(..2).unwrap_or_default()).is_some_and(|year| {
            birth.get(2..).is_some_and(|day| is_day(1900 + year, day) || is_day(2000 + year, day))
        })
}

/// Whether the text is a Hong Kong identity card with its check digit in brackets: `A123456(3)`.
pub(crate) fn is_hong_kong_id(letters_and_digits: &[u8], check: u8) -> bool {
    let letters = letters_and_digits.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
    let Some((letters_part, digits)) = letters_and_digits.split_at_checked(letters) else { return false };
    if !(1..=2).contains(&letters) || digits.len() != 6 || !all_digits(digits) {
        return false;
    }
    // Two places for letters, a blank counts 36; weights 9 to 2; the sum with the check digit is divisible by 11.
    let letter = |byte: &u8| u32::from(byte - b'A') + 10;
    let (first, second) = match letters_part {
        [only] => (36, letter(only)),
        [first, second] => (letter(first), letter(second)),
        _ => return false,
    };
    let mut sum = first * 9 + second * 8;
    for (digit, weight) in digits.iter().zip([7u32, 6, 5, 4, 3, 2]) {
        sum += u32::from(digit - b'0') * weight;
    }
    let check = if check == b'A' { 10 } else { u32::from(check.wrapping_sub(b'0')) };
    (sum + check).is_multiple_of(11)
}

/// Whether the token is a Taiwan identity card: a letter, 1 or 2, eight digits, check digit. A to F are left to
/// Shanghai securities accounts.
pub(crate) fn is_taiwan_id(token: &[u8]) -> bool {
    let Some((letter @ b'G'..=b'Z', digits)) = token.split_first() else { return false };
    if digits.len() != 9 || !all_digits(digits) || !matches!(digits.first(), Some(b'1' | b'2')) {
        return false;
    }
    let code = match letter {
        b'I' => 34,
        b'O' => 35,
        b'W' => 32,
        b'Z' => 33,
        b'G'..=b'H' => 16 + u32::from(letter - b'G'),
        b'J'..=b'N' => 18 + u32::from(letter - b'J'),
        b'P'..=b'V' => 23 + u32::from(letter - b'P'),
        b'X' => 30,
        _ => 31,
    };
    let mut sum = code / 10 + code % 10 * 9;
    for (digit, weight) in digits.iter().zip([8u32, 7, 6, 5, 4, 3, 2, 1, 1]) {
        sum += u32::from(digit - b'0') * weight;
    }
    sum.is_multiple_of(10)
}

fn all_digits(bytes: &[u8]) -> bool {
    bytes.iter().all(u8::is_ascii_digit)
}
