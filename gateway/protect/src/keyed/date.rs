//! Dates moved by a number of days.

use std::fmt::Write as _;
use yingbi_crypto::date::Day;

/// Appends a date of day, month and year, in the order and with the separators that it had where these are ASCII; a time
/// behind it is dropped. `None` when it is none, or its order can't be told.
pub(super) fn shifted(value: &str, shift: impl FnOnce(Day) -> Option<Day>, out: &mut String) -> Option<()> {
    let value = value.trim();
    let digits = value.bytes().take_while(u8::is_ascii_digit).count();
    let (year, month, day, separator) = if digits == 8 || digits == 14 {
        let number = |range: std::ops::Range<usize>| value.get(range)?.parse::<u16>().ok();
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
    let (year, month, day) =
        shift(Day::new(year, u8::try_from(month).ok()?, u8::try_from(day).ok()?)?)?.date();
    write!(out, "{year:04}{separator}{month:02}{separator}{day:02}").ok()
}
