//! First character of the local part, and the domain.

use super::Hidden;

pub(super) fn hidden(value: &str) -> Option<Hidden> {
    // White space around it hides with the local part, and stays behind the domain.
    let begin = value.len() - value.trim_start().len();
    let bytes = value.as_bytes();
    let at = bytes.iter().position(|byte| *byte == b'@')?;
    let local = value.get(begin..at)?;
    let first = local.chars().next()?;
    let domain = value.get(at + 1..)?;
    let has_space = |text: &str| match text.is_ascii() {
        true => text.bytes().any(|byte| byte <= b' '),
        false => text.chars().any(char::is_whitespace),
    };
    if !is_domain(domain.trim_end()) || has_space(local) {
        return None;
    }
    let shown = if local.len() > first.len_utf8() { first.len_utf8() } else { 0 };
    Some(Hidden { from: begin + shown, to: at, fill: 3 })
}

/// At least two labels of letters, digits and hyphens. A label of many digits is a number that slipped in.
fn is_domain(domain: &str) -> bool {
    let (mut labels, mut length, mut digits) = (0, 0, 0);
    for byte in domain.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'-' => {}
            b'.' if length == 0 || is_number(length, digits) => return false,
            b'.' => {
                labels += 1;
                (length, digits) = (0, 0);
                continue;
            }
            b'0'..=b'9' => digits += 1,
            0x80.. => {}
            _ => return false,
        }
        length += 1;
    }
    // Names in other scripts are of letters and digits as well.
    let are_letters = || domain.chars().all(|one| one.is_ascii() || one.is_alphanumeric());
    labels > 0 && length > 0 && !is_number(length, digits) && (domain.is_ascii() || are_letters())
}

fn is_number(length: usize, digits: usize) -> bool {
    length >= 7 && digits == length
}
