//! 统一社会信用代码 (GB 32100): it names an organisation, so nothing inside it is anyone's identity number.

/// Whether the 18 characters are a unified social credit code with a right check character.
pub(crate) fn is_credit_code(token: &[u8]) -> bool {
    if token.len() != 18 || !matches!(token.first(), Some(b'1'..=b'9' | b'A' | b'N' | b'Y')) {
        return false;
    }
    let mut sum = 0u32;
    let mut weight = 1u32;
    for byte in token.iter().take(17) {
        let Some(value) = value(*byte) else { return false };
        sum += value * weight;
        weight = weight * 3 % 31;
    }
    token.last().copied().and_then(value) == Some((31 - sum % 31) % 31)
}

/// Digits and capitals without I, O, S, V, Z.
fn value(byte: u8) -> Option<u32> {
    ALPHABET.iter().position(|known| *known == byte).and_then(|at| u32::try_from(at).ok())
}

const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
