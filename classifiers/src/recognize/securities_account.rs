//! Securities accounts that show by themselves: Shanghai's letter and nine digits. Shenzhen's ten digits need a key or label.

/// Whether the token is a Shanghai account: A (shares), B, C (B shares), D, E (credit), F (funds), and nine digits.
pub(crate) fn is_shanghai(token: &[u8]) -> bool {
    let Some((letter, digits)) = token.split_first() else { return false };
    digits.len() == 9
        && matches!(letter, b'A'..=b'F')
        && digits.iter().all(u8::is_ascii_digit)
        && !digits.windows(2).all(|pair| pair.first() == pair.last())
}
