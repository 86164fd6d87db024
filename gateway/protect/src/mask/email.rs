//! First character of the local part, and the domain.

use super::Hidden;

pub(super) fn hidden(value: &str) -> Option<Hidden> {
    let end = value.trim_end().len();
    let from = value.len() - value.trim_start().len();
    let (local, domain) = value.get(from..end)?.split_once('@')?;
    let first = local.chars().next()?;
    if !is_domain(domain) || local.chars().any(char::is_whitespace) {
        return None;
    }
    let shown = if local.len() > first.len_utf8() { first.len_utf8() } else { 0 };
    Some(Hidden { from: from + shown, to: from + local.len(), fill: 3 })
}

/// Labels of letters, digits and hyphens. A label of many digits is a number that slipped in.
fn is_domain(domain: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.chars().all(|character| character.is_alphanumeric() || character == '-')
            && !(label.len() >= 7 && label.bytes().all(|byte| byte.is_ascii_digit()))
    };
    domain.contains('.') && domain.split('.').all(is_label)
}
