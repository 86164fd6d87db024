//! A point in or around China: latitude and longitude, in either order, with four decimals or more each.

/// The length of such a pair at the start of `bytes`: `116.397128,39.916527`, `39.9165 116.3971`, `39.9165°N, 116.3971°E`.
pub(crate) fn pair_length(bytes: &[u8]) -> Option<usize> {
    let (first, first_length) = degrees(bytes)?;
    let rest = bytes.get(first_length..)?;
    let unit = unit_length(rest);
    let between = rest.get(unit..)?;
    let mark =
        between.iter().take(4).take_while(|byte| matches!(byte, b',' | b' ' | b';' | b'|' | b'/')).count();
    let wide = if between.starts_with("，".as_bytes()) { 3 } else { 0 };
    let mark = mark.max(wide);
    let (second, second_length) = degrees(between.get(mark..).filter(|_| mark > 0)?)?;
    let end = first_length + unit + mark + second_length;
    let goes_on = bytes.get(end).is_some_and(|byte| byte.is_ascii_digit() || *byte == b'.');
    let is_place =
        (is_latitude(first) && is_longitude(second)) || (is_longitude(first) && is_latitude(second));
    (is_place && !goes_on).then_some(end)
}

/// China and its seas, in degrees of latitude and of longitude.
fn is_latitude(degrees: u32) -> bool {
    (3..=54).contains(&degrees)
}

fn is_longitude(degrees: u32) -> bool {
    (73..=136).contains(&degrees)
}

/// Whole degrees of a number with four to fifteen decimals, and its length. Fewer place nobody closer than a town.
fn degrees(bytes: &[u8]) -> Option<(u32, usize)> {
    let whole = bytes.iter().take(4).take_while(|byte| byte.is_ascii_digit()).count();
    let decimals = bytes
        .get(whole + 1..)
        .filter(|_| (1..=3).contains(&whole) && bytes.get(whole) == Some(&b'.'))?
        .iter()
        .take(16)
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let degrees = super::number(bytes.get(..whole)?)?;
    (4..=15).contains(&decimals).then_some((degrees, whole + 1 + decimals))
}

/// `°`, `°N`, ` E`.
fn unit_length(bytes: &[u8]) -> usize {
    let sign = if bytes.starts_with("°".as_bytes()) { 2 } else { 0 };
    let letter = bytes.get(sign).is_some_and(|byte| matches!(byte, b'N' | b'E' | b'n' | b'e'));
    sign + usize::from(letter)
}
