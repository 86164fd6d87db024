//! The power of ten that an amount reaches, and the next: nobody is told by the rest of the digits.

/// More digits before the point are no amount.
pub(super) const LONGEST: usize = 15;

pub(super) fn mask(value: &str, out: &mut String) -> Option<()> {
    let value = value.trim();
    let value = CURRENCIES.iter().find_map(|currency| value.strip_prefix(currency)).unwrap_or(value);
    let begins = |character: char| !(character.is_ascii_digit() || "+-.,".contains(character));
    let (number, unit) = value.split_at_checked(value.find(begins).unwrap_or(value.len()))?;
    if !UNITS.contains(&unit.trim()) {
        return None;
    }
    let Band { is_negative, digits } = band(number)?;
    let (near, far) = bounds(digits);
    let sign = if is_negative && digits > 0 { "-" } else { "" };
    match is_negative && digits > 0 {
        true => out.extend([sign, &far, "..", sign, &near]),
        false => out.extend([near.as_str(), "..", &far]),
    }
    out.push_str(unit);
    Some(())
}

/// A number stays one: the end of the band that is nearer to zero.
pub(super) fn of_number(spelt: &str, out: &mut String) {
    match band(spelt) {
        Some(Band { is_negative, digits }) if digits > 0 => {
            out.push_str(if is_negative { "-" } else { "" });
            out.push_str(&bounds(digits).0);
        }
        _ => out.push('0'),
    }
}

/// How many digits stand before the point; none: less than one.
struct Band {
    is_negative: bool,
    digits: usize,
}

fn band(number: &str) -> Option<Band> {
    let Parts { is_negative, whole, .. } = parts(number)?;
    let digits = whole.bytes().filter(|byte| *byte != b',').skip_while(|byte| *byte == b'0').count();
    (digits <= LONGEST).then_some(Band { is_negative, digits })
}

/// What a number is written of: digits, those before the point perhaps in groups of three.
pub(super) struct Parts<'v> {
    pub(super) is_negative: bool,
    pub(super) whole: &'v str,
    pub(super) cents: &'v str,
}

pub(super) fn parts(number: &str) -> Option<Parts<'_>> {
    let (is_negative, number) = match number.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, number.strip_prefix('+').unwrap_or(number)),
    };
    let (whole, cents) = number.split_once('.').unwrap_or((number, ""));
    let mut groups = whole.split(',');
    let first = groups.next()?;
    let are_groups =
        groups.clone().all(|group| group.len() == 3) && (groups.next().is_none() || !first.is_empty());
    let are_digits = whole.bytes().all(|byte| byte.is_ascii_digit() || byte == b',')
        && cents.bytes().all(|byte| byte.is_ascii_digit());
    let is_number = are_groups && are_digits && !(whole.is_empty() && cents.is_empty());
    is_number.then_some(Parts { is_negative, whole, cents })
}

/// The bounds of what has so many digits before its point.
fn bounds(digits: usize) -> (String, String) {
    let power = |zeros: usize| format!("1{}", "0".repeat(zeros));
    match digits.checked_sub(1) {
        None => ("0".to_owned(), "1".to_owned()),
        Some(zeros) => (power(zeros), power(zeros + 1)),
    }
}

const CURRENCIES: [&str; 7] = ["¥", "￥", "$", "RMB", "CNY", "HK$", "USD"];
const UNITS: [&str; 10] = ["", "元", "万", "万元", "亿", "亿元", "份", "股", "%", "人民币"];
