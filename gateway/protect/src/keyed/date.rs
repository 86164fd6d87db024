//! Dates moved by a number of days.

use std::fmt::Write as _;

/// Farthest either way.
const MOST: u64 = 183;

/// A number of days other than none, from any number.
pub(super) fn days(number: u64) -> i64 {
    let nth = (number % (2 * MOST)) as i64;
    let most = MOST as i64;
    if nth < most { nth - most } else { nth - most + 1 }
}

/// Appends a date of day, month and year, in the order and with the separators that it had where these are ASCII; a time
/// behind it is dropped. `None` when it is none, or its order can't be told.
pub(super) fn shifted(value: &str, days: i64, out: &mut String) -> Option<()> {
    let value = value.trim();
    let digits = value.bytes().take_while(u8::is_ascii_digit).count();
    let (year, month, day, separator) = if digits == 8 || digits == 14 {
        let number = |range: std::ops::Range<usize>| value.get(range)?.parse::<i64>().ok();
        if digits < value.len() {
            return None;
        }
        (number(0..4)?, number(4..6)?, number(6..8)?, "")
    } else {
        let (year, rest) = value.split_at_checked(digits).filter(|_| digits == 4)?;
        let mark = rest.chars().next().filter(|mark| "-/.年".contains(*mark))?;
        let rest = rest.get(mark.len_utf8()..)?;
        let after = if mark == '年' { '月' } else { mark };
        let (month, rest) = rest.split_once(after)?;
        let end = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (day, rest) = rest.split_at_checked(end)?;
        let is_end = rest.is_empty() || rest.starts_with(['T', ' ', '日']);
        let is_short = |part: &str| (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        if !is_end || !is_short(month) || !is_short(day) {
            return None;
        }
        let separator = match mark {
            '/' => "/",
            '.' => ".",
            _ => "-",
        };
        (year.parse().ok()?, month.parse().ok()?, day.parse().ok()?, separator)
    };
    if !(1..=12).contains(&month)
        || !(1..=length(year, month)).contains(&day)
        || !(1800..=2200).contains(&year)
    {
        return None;
    }
    let (year, month, day) = date(number(year, month, day) + days);
    write!(out, "{year:04}{separator}{month:02}{separator}{day:02}").ok()
}

fn length(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1 March of the year 0, by which a year begins with March (Howard Hinnant, "chrono-compatible low-level date
/// algorithms").
fn number(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year
}

fn date(number: i64) -> (i64, i64, i64) {
    let (era, of_era) = (number.div_euclid(146_097), number.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
pub(super) fn tests_number(year: i64, month: i64, day: i64) -> i64 {
    number(year, month, day)
}
