//! Ages, from what says them: identity numbers, birth dates, ages.

use yingbi_policies::Day;
use yingbi_taxonomy::Kind;

/// The age in years that a value tells of somebody. What is not exact counts as the younger.
pub(super) fn age(kind: Kind, value: &str, today: Day) -> Option<u8> {
    match kind {
        Kind::ResidentId | Kind::IdNumber | Kind::IdentityDocument | Kind::Permit => {
            of_document(value, today)
        }
        Kind::BirthDate => of_birth(value, today),
        Kind::Age => of_age(value),
        _ => None,
    }
}

/// The day of birth in a resident's number, or in a foreigner's permanent residence card of either form.
fn of_document(value: &str, today: Day) -> Option<u8> {
    let token: Vec<u8> = value
        .chars()
        .map(plain)
        .filter(char::is_ascii_alphanumeric)
        .filter_map(|c| u8::try_from(c).ok())
        .collect();
    let number = |from: usize, to: usize| number(token.get(from..to)?);
    match token.len() {
        18 => born(number(6, 10)?, number(10, 12)?, number(12, 14)?, today),
        // The first generation is of the last century; those cards of foreigners say two digits of the year.
        15 if token.iter().all(u8::is_ascii_digit) => {
            born(1900 + number(6, 8)?, number(8, 10)?, number(10, 12)?, today)
        }
        15 => {
            let this = today.year().unsigned_abs();
            let (century, year) = (this / 100 * 100, number(7, 9)?);
            let year = if century + year <= this { century + year } else { century + year - 100 };
            born(year, number(9, 11)?, number(11, 13)?, today)
        }
        _ => None,
    }
}

fn of_birth(value: &str, today: Day) -> Option<u8> {
    let text: String = value.chars().map(plain).collect();
    let mut groups = text.split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty());
    let first = groups.next()?;
    match first.len() {
        // `20150320`, with or without a time behind it.
        8 | 14 => {
            let part = |from: usize, to: usize| number(first.as_bytes().get(from..to)?);
            born(part(0, 4)?, part(4, 6)?, part(6, 8)?, today)
        }
        6 => born(number(first.as_bytes().get(..4)?)?, number(first.as_bytes().get(4..)?)?, 31, today),
        4 => {
            let month = groups.next().and_then(|group| number(group.as_bytes()));
            let day = groups.next().and_then(|group| number(group.as_bytes()));
            born(number(first.as_bytes())?, month.unwrap_or(12), day.unwrap_or(31), today)
        }
        // Seconds or milliseconds since 1970; before that a sign stands in front, and nobody is young.
        9..=10 | 12..=13 if !text.starts_with('-') => {
            let unit = if first.len() > 10 { 1000 } else { 1 };
            today.age_of(Day::in_china(first.parse::<i64>().ok()? / unit))
        }
        _ => None,
    }
}

/// Years, or months where the text says so.
fn of_age(value: &str) -> Option<u8> {
    let text: String = value.chars().map(plain).collect();
    let digits: String =
        text.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
    let number = digits.parse::<u16>().ok().filter(|_| !text.starts_with('-'))?;
    let in_months = ["月", "month", "Month"].iter().any(|word| text.contains(word));
    let in_days = text.contains('天') || text.contains("day");
    let years = if in_days {
        number / 365
    } else if in_months && !text.contains('岁') {
        number / 12
    } else {
        number
    };
    Some(u8::try_from(years).unwrap_or(u8::MAX))
}

/// The age of somebody born then. A month or day that is none counts as the latest there is.
fn born(year: u32, month: u32, day: u32, today: Day) -> Option<u8> {
    let year = i32::try_from(year).ok().filter(|year| (1880..=today.year()).contains(year))?;
    let month = u8::try_from(month).ok().filter(|month| (1..=12).contains(month)).unwrap_or(12);
    let day = u8::try_from(day).unwrap_or(31);
    let birth = [day, 31, 30, 29, 28].into_iter().find_map(|day| Day::new(year, month, day))?;
    // Born later this year, as far as is said: at least not older than nought.
    Some(today.age_of(birth).unwrap_or(0))
}

fn number(digits: &[u8]) -> Option<u32> {
    let add = |so_far: u32, byte: &u8| byte.is_ascii_digit().then(|| so_far * 10 + u32::from(byte - b'0'));
    digits.iter().take(8).try_fold(0, add).filter(|_| (1..=8).contains(&digits.len()))
}

/// A full-width character as its ASCII one.
fn plain(c: char) -> char {
    match u32::from(c) {
        wide @ 0xff01..=0xff5e => char::from_u32(wide - 0xfee0).unwrap_or(c),
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c4_ages_are_read_from_what_says_them() {
        let today = Day::new(2026, 6, 15).unwrap();
        let cases = [
            (Kind::ResidentId, "110105201206151234", Some(14)),
            (Kind::ResidentId, "110105201206161234", Some(13)),
            (Kind::ResidentId, "１１０１０５２０１２０６１６１２３４", Some(13)),
            (Kind::ResidentId, "110105 20120616 1234", Some(13)),
            (Kind::ResidentId, "11010520120616123X", Some(13)),
            (Kind::ResidentId, "110105491231002", Some(76)),
            (Kind::IdNumber, "110105201313451234", Some(12)),
            (Kind::IdNumber, "E12345678", None),
            (Kind::Permit, "911030201503201234", Some(11)),
            (Kind::Permit, "USA1100150320123", None),
            (Kind::Permit, "USA110015032012", Some(11)),
            (Kind::Permit, "USA110090032012", Some(36)),
            (Kind::BirthDate, "2012-06-16", Some(13)),
            (Kind::BirthDate, "2012/6/15 08:00:00", Some(14)),
            (Kind::BirthDate, "2012年6月16日", Some(13)),
            (Kind::BirthDate, "20120616", Some(13)),
            (Kind::BirthDate, "20120615000000", Some(14)),
            (Kind::BirthDate, "2012", Some(13)),
            (Kind::BirthDate, "2012-06", Some(13)),
            (Kind::BirthDate, "201206", Some(13)),
            (Kind::BirthDate, "1426780800", Some(11)),
            (Kind::BirthDate, "1426780800000", Some(11)),
            (Kind::BirthDate, "不详", None),
            (Kind::BirthDate, "2030-01-01", None),
            (Kind::BirthDate, "2026-12-01", Some(0)),
            (Kind::Age, "13", Some(13)),
            (Kind::Age, "13岁", Some(13)),
            (Kind::Age, "8岁6个月", Some(8)),
            (Kind::Age, "30个月", Some(2)),
            (Kind::Age, "13.5", Some(13)),
            (Kind::Age, "999", Some(255)),
            (Kind::Name, "13", None),
        ];
        for (kind, value, expect) in cases {
            assert_eq!(age(kind, value, today), expect, "{kind} {value}");
        }
    }
}
