//! E-mail addresses, found from their `@`.

/// The address around the `@` at `at`, as byte range; role mailboxes (`service@`) are no person's.
pub(crate) fn around(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    let before = bytes.get(..at)?;
    let local = before.iter().rev().take_while(|byte| is_local(**byte)).count();
    let mut start = at - local;
    while bytes.get(start).is_some_and(|byte| matches!(byte, b'.' | b'-' | b'+' | b'%')) {
        start += 1;
    }
    let domain = bytes.get(at + 1..)?;
    let mut length = domain.iter().take_while(|byte| is_domain(**byte)).count();
    while length > 0 && domain.get(length - 1).is_some_and(|byte| matches!(byte, b'.' | b'-')) {
        length -= 1;
    }
    let domain = domain.get(..length)?;
    let dot = domain.iter().rposition(|byte| *byte == b'.')?;
    let top = domain.get(dot + 1..)?;
    let good = start < at
        && dot > 0
        && top.len() >= 2
        && top.iter().all(u8::is_ascii_alphabetic)
        && domain.iter().any(u8::is_ascii_alphabetic);
    (good && !is_role(bytes.get(start..at)?)).then_some((start, at + 1 + length))
}

fn is_local(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'%' | b'+' | b'-')
}

fn is_domain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-')
}

fn is_role(local: &[u8]) -> bool {
    const ROLES: &[&[u8]] = &[
        b"service",
        b"kefu",
        b"support",
        b"noreply",
        b"no-reply",
        b"hotline",
        b"webmaster",
        b"postmaster",
        b"info",
        b"ir",
    ];
    ROLES.iter().any(|role| local.eq_ignore_ascii_case(role))
}
