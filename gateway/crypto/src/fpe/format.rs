use super::{Direction, Ff1, Unfit};
use crate::date::Day;
use zeroize::Zeroizing;

/// What a value looks like before and after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// 6 to 56 digits.
    Digits,
    /// 7 to 57 digits of which the last makes Luhn's sum right, as with bank cards.
    Luhn,
    /// A mobile number of the mainland: eleven digits, 1 and then 3 to 9.
    Mobile,
    /// A resident's identity number of 18 characters (GB 11643—1999): a province's code, a birthday that the calendar has,
    /// and the right check character. County codes may be ones that no county has. Who was born before 2020 becomes
    /// somebody born from 1900 to 2019, who was born later becomes somebody born from 2020 to 2099: so the number tells
    /// that, and a value of today's customers never lies in the future. `x` comes back as `X`.
    ResidentId,
}

impl Format {
    pub(super) fn apply(
        self,
        ff1: &Ff1,
        direction: Direction,
        tweak: &[u8],
        text: &str,
    ) -> Result<Zeroizing<String>, Unfit> {
        match self {
            Format::Digits => digits(ff1, direction, &[tweak], text),
            Format::Luhn => luhn(ff1, direction, tweak, text),
            Format::Mobile => mobile(ff1, direction, tweak, text),
            Format::ResidentId => resident_id(ff1, direction, tweak, text),
        }
    }
}

fn digits(ff1: &Ff1, direction: Direction, tweak: &[&[u8]], text: &str) -> Result<Zeroizing<String>, Unfit> {
    let prepared = ff1.prepare(tweak, text.len())?;
    let (a, b) = text.split_at_checked(text.len() / 2).ok_or(Unfit::Digit)?;
    let (u, v) = (a.len(), b.len());
    let (a, b) = prepared.permute(direction, (number(a)?, number(b)?));
    Ok(Zeroizing::new(format!("{a:0u$}{b:0v$}")))
}

fn luhn(ff1: &Ff1, direction: Direction, tweak: &[u8], text: &str) -> Result<Zeroizing<String>, Unfit> {
    let (front, check) =
        text.len().checked_sub(1).and_then(|at| text.split_at_checked(at)).ok_or(Unfit::Digit)?;
    if luhn_digit(front)? != digit(check)? {
        return Err(Unfit::CheckDigit);
    }
    let done = digits(ff1, direction, &[LUHN, tweak], front)?;
    let check = luhn_digit(&done)?;
    // Room was made for the digits only: no copy of them may stay behind.
    let mut whole = Zeroizing::new(String::with_capacity(done.len() + 1));
    whole.push_str(&done);
    whole.push(char::from(b'0' + check));
    Ok(whole)
}

/// ISO/IEC 7812-1, Annex B.
fn luhn_digit(front: &str) -> Result<u8, Unfit> {
    let mut sum = 0;
    for (place, byte) in front.bytes().rev().enumerate() {
        let digit = value(byte)?;
        let doubled = if place % 2 == 0 { 2 * digit } else { digit };
        sum = (sum + doubled / 10 + doubled % 10) % 10;
    }
    Ok((10 - sum) % 10)
}

fn mobile(ff1: &Ff1, direction: Direction, tweak: &[u8], text: &str) -> Result<Zeroizing<String>, Unfit> {
    let rest = text.strip_prefix('1').filter(|rest| rest.len() == 10).ok_or(Unfit::Part)?;
    // The second digit counts from 3.
    let number = number(rest)?.checked_sub(3_000_000_000).ok_or(Unfit::Part)?;
    let done = ff1.prepare(&[MOBILE, tweak], 10)?.walk(direction, number, 7_000_000_000);
    Ok(Zeroizing::new(format!("1{}", done + 3_000_000_000)))
}

fn resident_id(
    ff1: &Ff1,
    direction: Direction,
    tweak: &[u8],
    text: &str,
) -> Result<Zeroizing<String>, Unfit> {
    if text.len() != 18 {
        return Err(Unfit::Length);
    }
    let (front, check) = text.split_at_checked(17).ok_or(Unfit::Digit)?;
    let all = number(front)?;
    if !check.eq_ignore_ascii_case(check_character(front)?.encode_utf8(&mut [0; 4])) {
        return Err(Unfit::CheckDigit);
    }
    let (place, sequence) = (all / 100_000_000_000, all % 1000);
    let born = (all / 1000 % 100_000_000) as u32;
    let province =
        PROVINCES.iter().position(|code| u128::from(*code) == place / 10_000).ok_or(Unfit::Part)?;
    let born =
        Day::new((born / 10_000) as u16, (born / 100 % 100) as u8, (born % 100) as u8).ok_or(Unfit::Part)?;
    let period = PERIODS.iter().find_map(|(tag, first, last)| {
        let (first, last) = (Day::new(*first, 1, 1)?, Day::new(*last, 12, 31)?);
        (first..=last).contains(&born).then_some((tag, first, last.since(first) as u128 + 1))
    });
    let (tag, first, days) = period.ok_or(Unfit::Part)?;
    // Province, county, birthday and sequence, in a numeral of mixed radix.
    let number =
        ((province as u128 * 10_000 + place % 10_000) * days + born.since(first) as u128) * 1000 + sequence;
    let limit = PROVINCES.len() as u128 * 10_000 * days * 1000;
    let done = ff1.prepare(&[RESIDENT_ID, &[*tag], tweak], 14)?.walk(direction, number, limit);
    let (place, born, sequence) = (done / 1000 / days, done / 1000 % days, done % 1000);
    let province = PROVINCES.get((place / 10_000) as usize).ok_or(Unfit::Part)?;
    let (year, month, day) = first.plus(born as i32).ok_or(Unfit::Part)?.date();
    let mut whole = Zeroizing::new(String::with_capacity(18));
    let county = place % 10_000;
    whole.push_str(&Zeroizing::new(format!("{province}{county:04}{year:04}{month:02}{day:02}{sequence:03}")));
    let check = check_character(&whole)?;
    whole.push(check);
    Ok(whole)
}

/// GB 11643—1999, 4: ISO 7064's MOD 11-2.
fn check_character(front: &str) -> Result<char, Unfit> {
    let mut sum = 0;
    for byte in front.bytes() {
        sum = (sum + u32::from(value(byte)?)) * 2 % 11;
    }
    Ok(match (12 - sum) % 11 {
        10 => 'X',
        digit => char::from(b'0' + digit as u8),
    })
}

/// The number that up to 38 digits write.
fn number(text: &str) -> Result<u128, Unfit> {
    text.bytes().try_fold(0, |number, byte| Ok(number * 10 + u128::from(value(byte)?)))
}

fn digit(text: &str) -> Result<u8, Unfit> {
    text.bytes().next().ok_or(Unfit::Digit).and_then(value)
}

fn value(byte: u8) -> Result<u8, Unfit> {
    if byte.is_ascii_digit() { Ok(byte - b'0') } else { Err(Unfit::Digit) }
}

/// GB/T 2260—2007, and those of residents of Hong Kong, Macao and Taiwan.
const PROVINCES: [u8; 37] = [
    11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46, 50, 51, 52, 53, 54,
    61, 62, 63, 64, 65, 71, 81, 82, 83, 91, 92,
];

/// A tag for the tweak, the first and the last year of birth.
const PERIODS: [(u8, u16, u16); 2] = [(1, 1900, 2019), (2, 2020, 2099)];

const LUHN: &[u8] = b"yingbi/ff1/luhn/1/";
const MOBILE: &[u8] = b"yingbi/ff1/mobile/1/";
const RESIDENT_ID: &[u8] = b"yingbi/ff1/resident-id/1/";
