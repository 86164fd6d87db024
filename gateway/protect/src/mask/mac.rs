//! Maker's prefix of a MAC address.

use super::FILL;

pub(super) fn mask(value: &str, out: &mut String) -> Option<()> {
    let value = value.trim();
    let digits = value.chars().filter(char::is_ascii_hexdigit).count();
    if digits != 12
        || !value.chars().all(|character| character.is_ascii_hexdigit() || "-:.".contains(character))
    {
        return None;
    }
    let mut seen = 0;
    for character in value.chars() {
        let is_digit = character.is_ascii_hexdigit();
        out.push(if is_digit && seen >= 6 { FILL } else { character });
        seen += usize::from(is_digit);
    }
    Some(())
}
