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

/// The same for nearly all numbers in records, in few steps: up to eight digits, and up to eight after a point, before
/// the comma or brace that ends a member. `None` when it must be looked at.
#[inline(always)]
pub(crate) fn short(bytes: &[u8]) -> Option<usize> {
    let run = |from: usize| {
        let eight = bytes.get(from..)?.first_chunk::<8>()?;
        let end = from + others(u64::from_le_bytes(*eight)).trailing_zeros() as usize / 8;
        (end > from).then_some(end)
    };
    let is_end = |byte: u8| matches!(byte, b',' | b'}');
    let end = run(0)?;
    let leads_with_zero = end > 1 && bytes.first() == Some(&b'0');
    match *bytes.get(end)? {
        _ if leads_with_zero => None,
        byte if is_end(byte) => Some(end),
        b'.' => run(end + 1).filter(|end| bytes.get(*end).copied().is_some_and(is_end)),
        _ => None,
    }
}

/// Where the run of digits at `from` ends; `None` when there is none.
#[inline]
fn digits(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    // Eight at a time as long as there are so many bytes.
    while let Some(eight) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let others = others(u64::from_le_bytes(*eight));
        at += others.trailing_zeros() as usize / 8;
        if others != 0 {
            return (at > from).then_some(at);
        }
    }
    at += bytes.get(at..)?.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (at > from).then_some(at)
}

/// Where there are bytes other than digits among eight; exact up to the first of them.
fn others(word: u64) -> u64 {
    const EVERY: u64 = u64::from_ne_bytes([1; 8]);
    // A digit has 3 for its upper half, and still has it with six added, which no digit's lower half bears beyond 9.
    let upper = |word: u64| word & (EVERY * 0xf0);
    (upper(word) ^ (EVERY * 0x30)) | (upper(word.wrapping_add(EVERY * 6)) ^ (EVERY * 0x30))
}

#[cfg(test)]
mod tests;
