//! Year, quarter or month of a date.

use super::FILL;
use std::fmt::Write as _;
use std::ops::Range;

/// What stays of a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stays {
    Year,
    Quarter,
    Month,
}

pub(super) fn mask(value: &str, stays: Stays, out: &mut String) -> Option<()> {
    let expected = |character: char| character.is_ascii_digit() || "-/.年月日 :TZ+".contains(character);
    let digits = value.chars().filter(char::is_ascii_digit).count();
    if !value.chars().all(expected) || digits > 23 {
        return None;
    }
    // The year stands first, or last after a separator: then nobody knows which of the others is the month.
    let mut shown = if starts_with_year(value) && !value.get(4..)?.starts_with(':') {
        0..4
    } else {
        let at = value.len().checked_sub(4)?;
        let (before, year) = value.split_at_checked(at)?;
        if !before.ends_with(['-', '/', '.']) || !starts_with_year(year) || digits > 8 {
            return None;
        }
        at..value.len()
    };
    let month = (shown.start == 0).then(|| month(value)).flatten();
    match (stays, month) {
        (Stays::Month, Some(month)) => shown.end = month.end,
        (Stays::Quarter, Some(month)) => {
            let number: u8 = value.get(month)?.parse().ok()?;
            return write!(out, "{}-Q{}", value.get(..4)?, number.div_ceil(3)).ok();
        }
        _ => {}
    }
    for (at, character) in value.char_indices() {
        out.push(if character.is_ascii_digit() && !shown.contains(&at) { FILL } else { character });
    }
    Some(())
}

/// A date spelt as the number `yyyymmdd` stays a number: `yyyy`, or `yyyymm`, a quarter by its first month.
pub(super) fn of_number(spelt: &str, stays: Stays, out: &mut String) {
    let Some((year, month)) = year_and_month(spelt) else { return out.push('0') };
    out.push_str(year);
    let month = match stays {
        Stays::Year => return,
        Stays::Month => month,
        Stays::Quarter => (month - 1) / 3 * 3 + 1,
    };
    // Writing to memory does not fail.
    let _ = write!(out, "{month:02}");
}

fn year_and_month(spelt: &str) -> Option<(&str, u8)> {
    let is_date =
        spelt.len() == 8 && spelt.bytes().all(|byte| byte.is_ascii_digit()) && starts_with_year(spelt);
    let (month, day) = (spelt.get(4..6)?, spelt.get(6..8)?);
    let in_range = ("01"..="12").contains(&month) && ("01"..="31").contains(&day);
    (is_date && in_range).then_some((spelt.get(..4)?, month.parse().ok()?))
}

/// Where the month stands after a year that stands first.
fn month(value: &str) -> Option<Range<usize>> {
    let rest = value.get(4..)?;
    let from = 4 + rest.chars().next().filter(|next| !next.is_ascii_digit()).map_or(0, char::len_utf8);
    let digits = value.get(from..)?.bytes().take_while(u8::is_ascii_digit).count();
    // Without separators, two digits; else as many as there are.
    let length = if from == 4 { 2 } else { digits };
    let range = from..from + length;
    let number: u8 = value.get(range.clone()).filter(|_| (1..=2).contains(&length))?.parse().ok()?;
    (1..=12).contains(&number).then_some(range)
}

fn starts_with_year(value: &str) -> bool {
    let Some(year) = value.get(..4) else { return false };
    let follows = value.get(4..).and_then(|rest| rest.chars().next());
    let length = value.bytes().take_while(u8::is_ascii_digit).count();
    // Eight digits are a date, four a year; ten or thirteen are seconds since 1970 and no date to read.
    let is_run = length == 4 || length == 8 || length == 14;
    year.bytes().all(|byte| byte.is_ascii_digit())
        && ("1880"..="2100").contains(&year)
        && is_run
        && follows.is_none_or(|next| next.is_ascii_digit() || "-/.年 ".contains(next))
}
