//! Numbers written back to back: `1380013800013912345678`, `11010519491231002X13800138001`.

use super::{bank_card, mobile, resident_id};
use yingbi_taxonomy::Kind;

/// The parts of a token that is nothing but personal numbers of fixed form in a row, at most four of them.
pub(crate) fn parts(token: &[u8]) -> Option<[(usize, usize, Kind); MOST]> {
    let mut found = [(0, 0, Kind::Mobile); MOST];
    (token.len() >= SHORTEST && split(token, 0, &mut found, 0)).then_some(found)
}

/// Two mobiles.
const SHORTEST: usize = 22;
/// The longest token that is tried, and the most parts.
pub(crate) const LONGEST: usize = 76;
pub(crate) const MOST: usize = 4;

/// Covers the token from `at` on; what is left over is an empty part.
fn split(token: &[u8], at: usize, found: &mut [(usize, usize, Kind); MOST], count: usize) -> bool {
    if at == token.len() {
        return count > 1;
    }
    for (length, kind) in [
        (18, Kind::ResidentId),
        (11, Kind::Mobile),
        (19, Kind::BankCard),
        (16, Kind::BankCard),
        (17, Kind::BankCard),
        (18, Kind::BankCard),
    ] {
        let Some(part) = token.get(at..at + length) else { continue };
        let is_one = match kind {
            Kind::ResidentId => resident_id::is_18(part),
            Kind::BankCard => bank_card::is_bank_card(part),
            _ => mobile::is_mobile(part),
        };
        let Some(slot) = found.get_mut(count).filter(|_| is_one) else { continue };
        *slot = (at, at + length, kind);
        if split(token, at + length, found, count + 1) {
            return true;
        }
        if let Some(slot) = found.get_mut(count) {
            *slot = (0, 0, Kind::Mobile);
        }
    }
    false
}

/// `13800138OOO`, `l3800138001`: the token with letters that look like digits read as such; `None` when there are none
/// or too many, or others.
pub(crate) fn read_letters_as_digits(token: &[u8]) -> Option<[u8; 18]> {
    let mut read = [0u8; 18];
    let mut letters = 0;
    let last = token.len().checked_sub(1)?;
    for (at, (slot, byte)) in read.iter_mut().zip(token).enumerate() {
        *slot = match byte {
            b'0'..=b'9' => *byte,
            b'X' | b'x' if at == last && token.len() == 18 => *byte,
            b'O' | b'o' => b'0',
            b'l' | b'I' | b'i' => b'1',
            b'Z' | b'z' => b'2',
            b'S' | b's' => b'5',
            b'B' => b'8',
            _ => return None,
        };
        letters += usize::from(slot != byte);
    }
    ((1..=4).contains(&letters)).then_some(read)
}
