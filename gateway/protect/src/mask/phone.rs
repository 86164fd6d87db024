//! Area code and last two digits of a landline.

use super::FILL;

pub(super) fn mask(value: &str, out: &mut String) -> Option<()> {
    let expected = |character: char| character.is_ascii_digit() || " -()+（）".contains(character);
    if !value.chars().all(expected) {
        return None;
    }
    let count = value.chars().filter(char::is_ascii_digit).count();
    if !(7..=15).contains(&count) {
        return None;
    }
    let area = area_length(value, count);
    let mut seen = 0;
    for character in value.chars() {
        if !character.is_ascii_digit() {
            out.push(character);
            continue;
        }
        out.push(if seen < area || seen >= count - 2 { character } else { FILL });
        seen += 1;
    }
    Some(())
}

/// How many digits at the start are the area code, of `count` digits in all.
fn area_length(value: &str, count: usize) -> usize {
    let mut digits = value.chars().filter(char::is_ascii_digit);
    let (first, second) = (digits.next(), digits.next());
    // 010 and 02x have three digits, all others four (GB/T 15694's national plan); the local part has seven or eight.
    let length = match (first, second) {
        (Some('0'), Some('1' | '2')) => 3,
        (Some('0'), Some('3'..='9')) => 4,
        _ => return 0,
    };
    if (7..=8).contains(&(count - length)) { length } else { 0 }
}
