//! Points in time as ISO 8601 and its relatives spell them: the one text full of digits that is in every answer.

/// Whether all of the text is a date, alone or with a time of day: `2026-11-20`, `2026/11/20 06:00`,
/// `2026-11-20T06:00:00.123+08:00`.
#[inline]
pub(crate) fn is_moment(text: &[u8]) -> bool {
    matches!(text.get(4), Some(b'-' | b'/')) && matches(text).is_some_and(<[u8]>::is_empty)
}

fn matches(text: &[u8]) -> Option<&[u8]> {
    let (date, rest) = text.split_first_chunk::<10>()?;
    let [y1, y2, y3, y4, first, m1, m2, second, d1, d2] = date;
    let are_digits = [y1, y2, y3, y4, m1, m2, d1, d2].into_iter().all(u8::is_ascii_digit);
    if !are_digits || first != second {
        return None;
    }
    let Some((b'T' | b' ', rest)) = rest.split_first() else { return Some(rest) };
    let rest = pair(pair(rest)?.strip_prefix(b":")?)?;
    let rest = match rest.strip_prefix(b":") {
        Some(seconds) => fraction(pair(seconds)?),
        None => rest,
    };
    match rest.split_first() {
        Some((b'Z', rest)) => Some(rest),
        Some((b'+' | b'-', zone)) => {
            let rest = pair(zone)?;
            pair(rest.strip_prefix(b":").unwrap_or(rest))
        }
        _ => Some(rest),
    }
}

/// What follows two digits.
fn pair(text: &[u8]) -> Option<&[u8]> {
    let (digits, rest) = text.split_first_chunk::<2>()?;
    digits.iter().all(u8::is_ascii_digit).then_some(rest)
}

/// What follows a fraction of a second, if there is one of up to nine digits.
fn fraction(text: &[u8]) -> &[u8] {
    let digits =
        text.strip_prefix(b".").map_or(0, |rest| rest.iter().take_while(|b| b.is_ascii_digit()).count());
    if (1..=9).contains(&digits) { text.get(digits + 1..).unwrap_or_default() } else { text }
}
