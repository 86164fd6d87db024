//! Landlines of the mainland, area code and number; service numbers (95xxx, 400…, 12386) are no investor's.

/// Whether `area` and `number` are a landline: `010`/`02x` and eight digits, `0xxx` and seven or eight.
pub(crate) fn is_landline(area: &[u8], number: &[u8]) -> bool {
    let digits = |part: &[u8]| part.iter().all(u8::is_ascii_digit);
    digits(area) && digits(number) && is_area(area, number.len()) && is_subscriber(number)
}

/// Whether the digits are a landline without a separator.
pub(crate) fn is_joined_landline(digits: &[u8]) -> bool {
    let area = if is_big_city(digits) { 3 } else { 4 };
    digits.len() >= 11
        && digits.split_at_checked(area).is_some_and(|(area, number)| is_landline(area, number))
}

fn is_area(area: &[u8], number: usize) -> bool {
    match area {
        _ if area.len() == 3 => is_big_city(area) && number == 8,
        [b'0', b'3'..=b'9', ..] => area.len() == 4 && (number == 7 || number == 8),
        _ => false,
    }
}

fn is_big_city(area: &[u8]) -> bool {
    matches!(area, [b'0', b'1', b'0', ..] | [b'0', b'2', b'0' | b'1'..=b'5' | b'7'..=b'9', ..])
}

/// A subscriber's number starts with 2 to 8; 9 and 1 open service numbers.
fn is_subscriber(number: &[u8]) -> bool {
    number.first().is_some_and(|first| (b'2'..=b'8').contains(first))
        && !number.windows(2).all(|pair| pair.first() == pair.last())
}

/// Whether the text is a service number: 400 and 800 lines, 95xxx, 12386 and the other short ones.
pub(crate) fn is_service(text: &str) -> bool {
    let mut digits = text.bytes().filter(u8::is_ascii_digit);
    let count = digits.clone().count();
    match (digits.next(), digits.next(), digits.next()) {
        (Some(b'4' | b'8'), Some(b'0'), Some(b'0')) => count == 10,
        (Some(b'9'), ..) => (5..=8).contains(&count),
        (Some(b'1'), ..) => count == 5 || count == 3,
        _ => false,
    }
}
