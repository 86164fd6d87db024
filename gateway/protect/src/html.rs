//! HTML: text and attribute values, markup kept.

use crate::Uninspectable;
use crate::classify::Classify;
use crate::json::{Scan, Treat};
use crate::plan::Rules;

pub(crate) fn treat<'p, C: Classify>(
    treat: &mut Treat<'_, 'p, C>,
    text: &str,
    rules: Rules<'p>,
) -> Result<(), Uninspectable> {
    treat.text(text, rules)
}

pub(crate) fn scan<C: Classify>(scan: &mut Scan<'_, C>, text: &str) -> Result<(), Uninspectable> {
    scan.text(text);
    Ok(())
}
