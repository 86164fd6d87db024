//! Masks carried out, one file a template.
//!
//! Every template shows only what it is meant to show, and only when the value has the shape it expects; otherwise
//! nothing shows, at one width.

use crate::plan::NOTHING_WIDTH;
use yingbi_policies::{Mask, NumberMask};

mod address;
mod age_band;
mod email;
mod ip;
mod keep;
mod mac;
mod name;
mod phone;
mod year;

/// Appends the masked form of a text.
pub(crate) fn text(mask: &Mask, value: &str, out: &mut String) {
    let from = out.len();
    let shown = match mask {
        Mask::Fixed { width, .. } => {
            nothing(*width, out);
            return;
        }
        Mask::Keep { first, last, width, .. } => {
            keep::mask(value, (*first).into(), (*last).into(), *width, out)
        }
        Mask::Name => name::mask(value, out),
        Mask::Phone => phone::mask(value, out),
        Mask::Email => email::mask(value, out),
        Mask::Address => address::mask(value, out),
        Mask::Year => year::mask(value, out),
        Mask::AgeBand => age_band::mask(value, out),
        Mask::Mac => mac::mask(value, out),
        Mask::Ip => ip::mask(value, out),
    };
    if shown.is_none() {
        out.truncate(from);
        nothing(NOTHING_WIDTH, out);
    }
}

/// Appends what takes the place of a JSON number: a JSON value.
pub(crate) fn number(mask: &Mask, spelt: &str, out: &mut String) {
    let rule = match mask {
        Mask::Fixed { number, .. } | Mask::Keep { number, .. } => *number,
        Mask::Year => return out.push_str(year::of_number(spelt).unwrap_or("0")),
        Mask::AgeBand => return age_band::of_number(spelt, out),
        _ => NumberMask::Zero,
    };
    match rule {
        NumberMask::Zero => out.push('0'),
        NumberMask::Null => out.push_str("null"),
        NumberMask::Text => {
            out.push('"');
            text(mask, spelt, out);
            out.push('"');
        }
    }
}

/// The fill character.
const FILL: char = '*';

fn nothing(width: u8, out: &mut String) {
    fill(width.into(), out);
}

/// Appends that many fill characters.
fn fill(mut count: usize, out: &mut String) {
    while let Some(some) = FILLS.get(..count.min(FILLS.len())).filter(|some| !some.is_empty()) {
        out.push_str(some);
        count -= some.len();
    }
}

const FILLS: &str = "********************************";

fn is_han(character: char) -> bool {
    matches!(character, '\u{3007}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests;
