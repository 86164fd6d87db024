use super::*;
use crate::body::Input;
use crate::plan::table::{Rules, Table};
use crate::reference::Fake;
use std::sync::Arc;
use yingbi_policies::{
    Binding, FieldBinding, Mask, NumberMask, Path, Selector, Step, SubjectSelector, Treatment,
};

mod formats;
mod grammar;
mod multipart;
mod naming;
mod records;
mod shipped;
mod streams;
mod values;

pub(crate) fn treat_as(format: Format, table: &Table, body: &[u8]) -> Result<Treated, Uninspectable> {
    let input = Input { classifier: &Fake, limits: Limits::default(), format, body };
    body::treat(&input, table.plan(), &PseudonymKey::new([7; 32]), &mut Workspace::new([3, 4]))
}

fn treat(table: &Table, body: &str) -> String {
    let treated = treat_as(Format::Json, table, body.as_bytes()).expect("treatable");
    String::from_utf8(treated.body).expect("UTF-8")
}

pub(crate) fn scan_as(format: Format, body: &[u8]) -> Result<Vec<Finding>, Uninspectable> {
    let input = Input { classifier: &Fake, limits: Limits::default(), format, body };
    body::scan(&input, &mut Workspace::new([3, 4]))
}

pub(crate) fn masks(mask: Mask) -> Treatment {
    Treatment::Mask(Arc::new(mask))
}

pub(crate) fn fixed() -> Treatment {
    masks(Mask::Fixed { width: 4, number: NumberMask::Zero })
}

pub(crate) fn keep(first: u8, last: u8) -> Treatment {
    masks(Mask::Keep { first, last, width: None, number: NumberMask::Text })
}

/// Child steps by name; `*` is any.
pub(crate) fn path(steps: &str) -> Path {
    let steps = steps.split('.').filter(|step| !step.is_empty());
    let selector = |step: &str| match step {
        "*" => Selector::Wildcard,
        name => Selector::Name(name.into()),
    };
    Path { steps: steps.map(|step| Step::Child(vec![selector(step)])).collect() }
}

/// The bytes a finding points at.
pub(crate) fn at<'b>(body: &'b str, finding: &Finding) -> &'b str {
    body.get(finding.span.0..finding.span.1).expect("a span of the body")
}
