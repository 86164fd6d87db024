//! Paths by trying everything.

use yingbi_policies::{Path, Selector, Step};

/// A step taken in a document.
#[derive(Clone, Debug)]
pub(super) enum Taken {
    Name(String),
    Index(u64),
}

/// Whether `path` leads along exactly these steps.
pub(super) fn leads(path: &Path, taken: &[Taken]) -> bool {
    leads_along(&path.steps, taken)
}

fn leads_along(steps: &[Step], taken: &[Taken]) -> bool {
    match (steps.split_first(), taken.split_first()) {
        (None, None) => true,
        (None, Some(_)) | (Some(_), None) => false,
        (Some((Step::Child(selectors), steps)), Some((first, taken))) => {
            selects(selectors, first) && leads_along(steps, taken)
        }
        (Some((Step::Descendant(selectors), rest)), Some((first, after))) => {
            selects(selectors, first) && leads_along(rest, after) || leads_along(steps, after)
        }
    }
}

fn selects(selectors: &[Selector], taken: &Taken) -> bool {
    selectors.iter().any(|selector| match (selector, taken) {
        (Selector::Wildcard, _) => true,
        (Selector::Name(name), Taken::Name(taken)) => name == taken,
        (Selector::Index(index), Taken::Index(taken)) => index == taken,
        (Selector::Slice { start, end, step }, Taken::Index(taken)) => {
            let end = end.unwrap_or(u64::MAX).min(*taken + 1);
            *step > 0 && (*start..end).step_by(*step as usize).any(|index| index == *taken)
        }
        _ => false,
    })
}
