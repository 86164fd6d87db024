//! Numbers with check digits, as their standards compute them.

use crate::rng::Rng;

/// The check character of a resident identity number (GB 11643—1999).
pub fn resident_check(first: &str) -> char {
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = values(first).zip(weights).map(|(digit, weight)| digit * weight).sum();
    b"10X98765432"[(sum % 11) as usize].into()
}

/// A resident identity number born on this day (`YYYYMMDD`).
pub fn resident_id(rng: &mut Rng, born: &str, male: bool) -> String {
    let region = *rng.pick(&["330106", "510107", "440106", "320106", "420111", "110108", "350203", "430104"]);
    let sequence = rng.below(499) * 2 + usize::from(male);
    let first = format!("{region}{born}{sequence:03}");
    format!("{first}{}", resident_check(&first))
}

/// The foreigner's permanent residence card of 2023: eighteen characters that begin with 9.
pub fn foreigner_2023(rng: &mut Rng, born: &str) -> String {
    let place = *rng.pick(&["11", "31", "44", "33"]);
    let nation = *rng.pick(&["840", "826", "392", "410", "124"]);
    let first = format!("9{place}{nation}{born}{}", rng.digits(3));
    format!("{first}{}", resident_check(&first))
}

/// The last digit that satisfies Luhn.
pub fn luhn(first: &str) -> u32 {
    let sum: u32 = values(first)
        .collect::<Vec<_>>()
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| if place % 2 == 1 { *digit } else { digit * 2 / 10 + digit * 2 % 10 })
        .sum();
    (10 - sum % 10) % 10
}

/// A debit card of a Chinese bank.
pub fn card(rng: &mut Rng) -> String {
    let issuer = *rng.pick(&[
        "622202", "621226", "621700", "622700", "622848", "623059", "621661", "622260", "622588", "621483",
        "622908", "622690", "621799",
    ]);
    let length = if issuer == "622588" || issuer == "622690" { 16 } else { 19 };
    let first = format!("{issuer}{}", rng.digits(length - 7));
    format!("{first}{}", luhn(&first))
}

/// An IMEI.
pub fn imei(rng: &mut Rng) -> String {
    let first = format!("{}{}", rng.pick(&["86", "35", "99"]), rng.digits(12));
    format!("{first}{}", luhn(&first))
}

/// A unified social credit code (GB 32100—2015), of a company.
pub fn credit_code(rng: &mut Rng) -> String {
    const ALPHABET: &[u8] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
    let region = *rng.pick(&["330100", "510100", "440300", "110108"]);
    let first = format!("91{region}{}", rng.characters("0123456789ABCDEFGHJKLMNPQRTUWXY", 9));
    let mut weight = 1;
    let mut sum = 0;
    for byte in first.bytes() {
        sum += ALPHABET.iter().position(|known| *known == byte).unwrap_or(0) * weight;
        weight = weight * 3 % 31;
    }
    format!("{first}{}", char::from(ALPHABET[(31 - sum % 31) % 31]))
}

fn values(text: &str) -> impl Iterator<Item = u32> {
    text.chars().filter_map(|character| character.to_digit(10))
}
