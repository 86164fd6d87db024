//! Mobile numbers of the mainland: eleven digits in an assigned segment.

use super::{are_digits, two_digits};

/// Whether the eleven digits lie in a segment assigned to people.
pub(crate) fn is_mobile(digits: &[u8]) -> bool {
    digits.len() == 11
        && digits.first() == Some(&b'1')
        && are_digits(digits)
        && digits.get(1..3).and_then(two_digits).is_some_and(is_segment)
        && !is_placeholder(digits)
}

/// The mobile inside an international spelling, as the number of leading digits to skip: `86138…`, `0086138…`.
pub(crate) fn country_prefix(digits: &[u8]) -> Option<usize> {
    let prefix = match digits.len() {
        13 if digits.starts_with(b"86") => 2,
        15 if digits.starts_with(b"0086") => 4,
        14 if digits.starts_with(b"086") => 3,
        _ => return None,
    };
    is_mobile(digits.get(prefix..)?).then_some(prefix)
}

/// Second and third digit of the segments in use; 140, 141, 142, 144, 154 and the like carry machines or nothing.
fn is_segment(code: u32) -> bool {
    matches!(code, 30..=39 | 45..=49 | 50..=53 | 55..=59 | 62 | 65..=67 | 70..=78 | 80..=89 | 90..=93 | 95..=99)
}

/// `13800000000` and the like stand in forms and examples, not for people.
fn is_placeholder(digits: &[u8]) -> bool {
    digits.get(3..).is_some_and(|rest| rest.iter().all(|byte| *byte == b'0'))
}
