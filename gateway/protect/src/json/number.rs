//! The grammar of JSON numbers.

/// Length of the number that `bytes` begin with; `None` when they begin with none.
pub(crate) fn length(bytes: &[u8]) -> Option<usize> {
    let mut at = usize::from(bytes.first() == Some(&b'-'));
    match bytes.get(at)? {
        b'0' => at += 1,
        b'1'..=b'9' => at = digits(bytes, at)?,
        _ => return None,
    }
    if bytes.get(at) == Some(&b'.') {
        at = digits(bytes, at + 1)?;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        at += 1;
        at += usize::from(matches!(bytes.get(at), Some(b'+' | b'-')));
        at = digits(bytes, at)?;
    }
    Some(at)
}

/// Where the run of digits at `from` ends; `None` when there is none.
fn digits(bytes: &[u8], from: usize) -> Option<usize> {
    let run = bytes.get(from..)?.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (run > 0).then_some(from + run)
}
