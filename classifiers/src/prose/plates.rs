//! Vehicles' plates (GA 36): a province, a letter, five letters and digits, or six for a vehicle of new energy.

use super::head;
use crate::{Hit, How};
use yingbi_taxonomy::Kind;

/// The provinces as plates write them.
pub(crate) const PROVINCES: &[char] = &[
    '京', '沪', '津', '渝', '冀', '豫', '云', '辽', '黑', '湘', '皖', '鲁', '新', '苏', '浙', '赣', '鄂',
    '桂', '甘', '晋', '蒙', '陕', '吉', '闽', '贵', '粤', '青', '藏', '川', '宁', '琼',
];

/// Appends the plates of a text that has a province and letters.
pub(crate) fn find(text: &str, hits: &mut Vec<Hit>) {
    for (start, province) in text.char_indices().filter(|(_, c)| PROVINCES.contains(c)) {
        let rest = text.get(start + province.len_utf8()..).unwrap_or_default();
        if let Some(length) = plate_length(rest) {
            let end = start + province.len_utf8() + length;
            hits.push(Hit { start, end, kind: Kind::Other, how: How::Text, confidence: 75 });
        }
    }
}

/// The length of what stands behind the province.
fn plate_length(rest: &str) -> Option<usize> {
    let office = rest.as_bytes().first()?;
    // I and O look like digits.
    if !office.is_ascii_uppercase() || matches!(office, b'I' | b'O') {
        return None;
    }
    let joint = rest
        .get(1..)?
        .chars()
        .next()
        .filter(|c| matches!(c, '·' | '•' | '-' | ' '))
        .map_or(0, char::len_utf8);
    let serial = rest.get(1 + joint..)?;
    let length = head(serial, 7, |c| c.is_ascii_alphanumeric());
    let serial = serial.get(..length)?.as_bytes();
    let is_right = serial
        .iter()
        .all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase() && !matches!(byte, b'I' | b'O'));
    let digits = serial.iter().filter(|byte| byte.is_ascii_digit()).count();
    let is_plate = match serial {
        [_, _, _, _, _] => digits >= 3,
        // D and F, and a few more letters, tell of a motor without fuel, first or last.
        [b'A'..=b'K', rest @ ..] if length == 6 => rest.iter().skip(1).all(u8::is_ascii_digit),
        [rest @ .., b'A'..=b'K'] if length == 6 => rest.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    (is_right && is_plate).then_some(1 + joint + length)
}

#[cfg(test)]
mod tests;
