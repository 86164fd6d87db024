//! Province, and city: of an address, or of a region's code (GB/T 2260).

use super::{address, fill};
use yingbi_policies::Region;

pub(super) fn mask(value: &str, region: Region, out: &mut String) -> Option<()> {
    let trimmed = value.trim();
    if is_code(trimmed) {
        return code(trimmed, region, out);
    }
    let parts = match region {
        Region::Province => address::Parts::Province,
        Region::City => address::Parts::City,
    };
    let hidden = address::hidden(value, parts)?;
    out.push_str(value.get(..hidden.from)?);
    fill(hidden.fill, out);
    Some(())
}

/// A code that is a number stays one.
pub(super) fn of_number(spelt: &str, region: Region, out: &mut String) {
    if !is_code(spelt) || code(spelt, region, out).is_none() {
        out.push('0');
    }
}

/// Six digits: province, city, district.
fn code(value: &str, region: Region, out: &mut String) -> Option<()> {
    let kept = match region {
        Region::Province => 2,
        Region::City => 4,
    };
    out.push_str(value.get(..kept)?);
    out.push_str("000000".get(kept..)?);
    Some(())
}

fn is_code(value: &str) -> bool {
    value.len() == 6 && value.bytes().all(|byte| byte.is_ascii_digit()) && ("11".."83").contains(&value)
}
