//! Whether an amount reaches a threshold: one answer, none of the digits. What can't be compared is not answered.

use super::amount_band::{LONGEST, Parts, parts};
use std::fmt::Write as _;

pub(super) fn mask(value: &str, least: u64, out: &mut String) -> Option<()> {
    let value = value.trim();
    let value = YUAN.iter().find_map(|currency| value.strip_prefix(currency)).unwrap_or(value);
    let begins = |character: char| !(character.is_ascii_digit() || "+-.,".contains(character));
    let (number, rest) = value.split_at_checked(value.find(begins).unwrap_or(value.len()))?;
    let (exponent, unit) = exponent(rest)?;
    let (_, zeros, unit) = UNITS.iter().find(|(spelt, ..)| *spelt == unit.trim())?;
    // No character of it needs to be escaped anywhere.
    match reaches(number, exponent + zeros, least)? {
        true => write!(out, "{least}..{unit}").ok(),
        false => write!(out, "..{least}{unit}").ok(),
    }
}

/// Whether a number is at least so much, exactly: thresholds are whole, so what stands behind the point decides nothing.
fn reaches(number: &str, exponent: i32, least: u64) -> Option<bool> {
    let Parts { is_negative, whole, cents } = parts(number)?;
    let before = whole.bytes().filter(u8::is_ascii_digit).count();
    let before = usize::try_from(i32::try_from(before).ok()?.checked_add(exponent)?).unwrap_or(0);
    let digits = whole.bytes().chain(cents.bytes()).filter(u8::is_ascii_digit);
    let mut amount = 0_u64;
    for digit in digits.chain(std::iter::repeat(b'0')).take(before) {
        amount = amount.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
    }
    let is_amount = amount.checked_ilog10().is_none_or(|power| (power as usize) < LONGEST);
    is_amount.then_some(!is_negative && amount >= least)
}

/// The power of ten behind a number as computers write it (`7.37E6`), and what follows.
fn exponent(rest: &str) -> Option<(i32, &str)> {
    let Some(power) = rest.strip_prefix(['e', 'E']) else { return Some((0, rest)) };
    let end = power.find(|character: char| !(character.is_ascii_digit() || "+-".contains(character)));
    let (power, unit) = power.split_at_checked(end.unwrap_or(power.len()))?;
    let power: i32 = power.parse().ok().filter(|power| (-MOST..=MOST).contains(power))?;
    Some((power, unit))
}

/// No amount is written with more.
const MOST: i32 = 30;
/// A threshold in yuan says nothing of another currency.
const YUAN: [&str; 4] = ["¥", "￥", "RMB", "CNY"];
/// Units, how many zeros each stands for, and what is left of it.
const UNITS: [(&str, i32, &str); 9] = [
    ("", 0, ""),
    ("元", 0, "元"),
    ("人民币", 0, "人民币"),
    ("份", 0, "份"),
    ("股", 0, "股"),
    ("万", 4, ""),
    ("万元", 4, "元"),
    ("亿", 8, ""),
    ("亿元", 8, "元"),
];
