//! Year of a date.

use super::FILL;

pub(super) fn mask(value: &str, out: &mut String) -> Option<()> {
    let expected = |character: char| character.is_ascii_digit() || "-/.年月日 :TZ+".contains(character);
    let digits = value.chars().filter(char::is_ascii_digit).count();
    if !value.chars().all(expected) || digits > 23 {
        return None;
    }
    // The year stands first, or last after a separator.
    let shown = if starts_with_year(value) && !value.get(4..)?.starts_with(':') {
        0..4
    } else {
        let at = value.len().checked_sub(4)?;
        let (before, year) = value.split_at_checked(at)?;
        if !before.ends_with(['-', '/', '.']) || !starts_with_year(year) || digits > 8 {
            return None;
        }
        at..value.len()
    };
    for (at, character) in value.char_indices() {
        out.push(if character.is_ascii_digit() && !shown.contains(&at) { FILL } else { character });
    }
    Some(())
}

/// The year of a date spelt as the number `yyyymmdd`.
pub(super) fn of_number(spelt: &str) -> Option<&str> {
    let is_date =
        spelt.len() == 8 && spelt.bytes().all(|byte| byte.is_ascii_digit()) && starts_with_year(spelt);
    let (month, day) = (spelt.get(4..6)?, spelt.get(6..8)?);
    let in_range = ("01"..="12").contains(&month) && ("01"..="31").contains(&day);
    if is_date && in_range { spelt.get(..4) } else { None }
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
