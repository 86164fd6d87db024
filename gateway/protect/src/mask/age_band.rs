//! Band of ten of an age.

use std::fmt::Write as _;

pub(super) fn mask(value: &str, out: &mut String) -> Option<()> {
    let value = value.trim();
    let digits = value.strip_suffix("周岁").or(value.strip_suffix('岁')).unwrap_or(value);
    let first = first_of_band(digits)?;
    write!(out, "{first}-{}", first + 9).ok()?;
    out.push_str(value.get(digits.len()..)?);
    Some(())
}

/// A number stays one: the first age of the band.
pub(super) fn of_number(spelt: &str, out: &mut String) {
    match first_of_band(spelt) {
        Some(first) => out.push_str(&first.to_string()),
        None => out.push('0'),
    }
}

fn first_of_band(digits: &str) -> Option<u8> {
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    let age: u8 = digits.parse().ok().filter(|age| is_number && *age < 150)?;
    Some(age - age % 10)
}
