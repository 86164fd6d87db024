//! First character of the local part, and the domain.

pub(super) fn mask(value: &str, out: &mut String) -> Option<()> {
    let (local, domain) = value.trim().split_once('@')?;
    let is_label = |label: &str| {
        !label.is_empty()
            && label.chars().all(|character| {
                character.is_ascii_alphanumeric() || character == '-' || character.is_alphanumeric()
            })
    };
    let is_domain = domain.contains('.') && domain.split('.').all(is_label);
    // A mailbox of digits as a domain label is no domain but a number that slipped in.
    let is_number =
        domain.split('.').any(|label| label.len() >= 7 && label.bytes().all(|byte| byte.is_ascii_digit()));
    if !is_domain || is_number || local.is_empty() || local.chars().any(char::is_whitespace) {
        return None;
    }
    if local.chars().nth(1).is_some() {
        out.extend(local.chars().next());
    }
    super::nothing(3, out);
    out.push('@');
    out.push_str(domain);
    Some(())
}
