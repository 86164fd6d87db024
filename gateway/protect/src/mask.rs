//! Masks carried out, one file a template.
//!
//! Every template shows only what it is meant to show, and only when the value has the shape it expects; otherwise
//! nothing shows, at one width.

use crate::plan::NOTHING_WIDTH;
use date::Stays;
use yingbi_policies::{Mask, NumberMask};

mod address;
mod age_band;
mod amount_band;
mod at_least;
mod date;
mod email;
mod ip;
mod keep;
mod mac;
mod name;
mod phone;
mod region;

/// The one stretch of a value that doesn't show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hidden {
    /// First byte that doesn't show.
    pub(crate) from: usize,
    /// First byte after it that shows again.
    pub(crate) to: usize,
    /// Fill characters that stand there instead.
    pub(crate) fill: usize,
}

impl Hidden {
    /// Nothing of it shows.
    fn all(value: &str, fill: usize) -> Hidden {
        Hidden { from: 0, to: value.len(), fill }
    }
}

/// What a mask hides of a text, when that is one stretch; else [`text`] spells all of it.
#[inline]
pub(crate) fn hidden(mask: &Mask, value: &str) -> Option<Hidden> {
    let hidden = match mask {
        Mask::Fixed { width, .. } => return Some(Hidden::all(value, (*width).into())),
        Mask::Keep { first, last, width, .. } => {
            keep::hidden(value, (*first).into(), (*last).into(), *width)?
        }
        Mask::Name => name::hidden(value),
        Mask::Email => email::hidden(value),
        Mask::Address => address::hidden(value, address::Parts::District),
        _ => return None,
    };
    Some(hidden.unwrap_or(Hidden::all(value, NOTHING_WIDTH.into())))
}

/// Appends the masked form of a text.
pub(crate) fn text(mask: &Mask, value: &str, out: &mut String) {
    let from = out.len();
    if let Some(hidden) = hidden(mask, value) {
        out.push_str(value.get(..hidden.from).unwrap_or(""));
        fill(hidden.fill, out);
        out.push_str(value.get(hidden.to..).unwrap_or(""));
        return;
    }
    let shown = match mask {
        Mask::Keep { first, last, .. } => keep::mask(value, (*first).into(), (*last).into(), out),
        Mask::Phone => phone::mask(value, out),
        Mask::Region(region) => region::mask(value, *region, out),
        Mask::Year => date::mask(value, Stays::Year, out),
        Mask::Quarter => date::mask(value, Stays::Quarter, out),
        Mask::Month => date::mask(value, Stays::Month, out),
        Mask::AgeBand => age_band::mask(value, out),
        Mask::AmountBand => amount_band::mask(value, out),
        Mask::AtLeast { least, .. } => at_least::mask(value, *least, out),
        Mask::Mac => mac::mask(value, out),
        Mask::Ip => ip::mask(value, out),
        Mask::Fixed { .. } | Mask::Name | Mask::Email | Mask::Address => None,
        // Without a key nothing shows.
        Mask::Encrypt { .. } | Mask::HashToken { .. } | Mask::Ff1 | Mask::DateShift => None,
    };
    if shown.is_none() {
        out.truncate(from);
        fill(NOTHING_WIDTH.into(), out);
    }
}

/// Appends what takes the place of a JSON number: a JSON value.
pub(crate) fn number(mask: &Mask, spelt: &str, out: &mut String) {
    let rule = match mask {
        Mask::Fixed { number, .. } | Mask::Keep { number, .. } => *number,
        Mask::Year => return date::of_number(spelt, Stays::Year, out),
        Mask::Quarter => return date::of_number(spelt, Stays::Quarter, out),
        Mask::Month => return date::of_number(spelt, Stays::Month, out),
        Mask::AgeBand => return age_band::of_number(spelt, out),
        Mask::AmountBand => return amount_band::of_number(spelt, out),
        Mask::Region(region) => return region::of_number(spelt, *region, out),
        Mask::AtLeast { number, .. } | Mask::Encrypt { number, .. } | Mask::HashToken { number } => *number,
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

/// Appends that many fill characters.
pub(crate) fn fill(mut count: usize, out: &mut String) {
    while let Some(some) = FILLS.get(..count.min(FILLS.len())).filter(|some| !some.is_empty()) {
        out.push_str(some);
        count -= some.len();
    }
}

/// As many fill characters as a mask usually needs.
pub(crate) const FILLS: &str = "****************************************************************";

fn is_han(character: char) -> bool {
    matches!(character, '\u{3007}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests;
