//! IP and MAC addresses.

/// The length of the IPv4 address at the start of `bytes`, without regard to what follows it.
pub(crate) fn ipv4_length(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    for part in 0..4 {
        if part > 0 {
            if bytes.get(at) != Some(&b'.') {
                return None;
            }
            at += 1;
        }
        let rest = bytes.get(at..)?;
        let length = rest.iter().take(4).take_while(|byte| byte.is_ascii_digit()).count();
        let octet = rest.get(..length).filter(|digits| !digits.is_empty() && digits.len() < 4)?;
        if super::number(octet)? > 255 || (length > 1 && octet.first() == Some(&b'0')) {
            return None;
        }
        at += length;
    }
    Some(at)
}

/// Whether the address can be a person's: not loopback, unspecified, a mask or a multicast group, nor the number of
/// a section.
pub(crate) fn is_hosts(address: &[u8]) -> bool {
    let first = address.split(|byte| *byte == b'.').next().and_then(super::number);
    // `8.2.1.3`, one digit a part, numbers a section.
    let is_section = address.len() == "8.2.1.3".len();
    first.is_some_and(|first| first != 0 && first != 127 && first < 224)
        && !address.ends_with(b".0.0.0")
        && !is_section
}

/// How many letters stand before the digits of `IP192`, a label glued to an address; other letters make a version.
pub(crate) fn label_letters(token: &[u8]) -> Option<usize> {
    let letters = token.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let label = token.get(..letters)?;
    let ends_in_ip = label.last_chunk::<2>().is_some_and(|end| end.eq_ignore_ascii_case(b"ip"));
    (ends_in_ip && (1..=3).contains(&(token.len() - letters))).then_some(letters)
}

/// Whether the text is an IPv6 address: at least three colons, hexadecimal groups of up to four, `::` at most once.
pub(crate) fn is_ipv6(token: &[u8]) -> bool {
    let mut groups = 0;
    let mut longest = 0;
    for group in token.split(|byte| *byte == b':').filter(|group| !group.is_empty()) {
        if group.len() > 4 || !group.iter().all(u8::is_ascii_hexdigit) {
            return false;
        }
        groups += 1;
        longest = longest.max(group.len());
    }
    let double = token.windows(2).filter(|pair| *pair == b"::").count();
    let colons = token.iter().filter(|byte| **byte == b':').count();
    let full = groups == 8 && colons == 7;
    let short = double == 1 && (3..8).contains(&groups) && !token.windows(3).any(|three| three == b":::");
    (full || short) && longest > 2
}

/// Whether the token is a MAC address: six pairs of hexadecimal digits, parted by `:` or by `-`.
pub(crate) fn is_mac(token: &[u8]) -> bool {
    let Some(separator) = token.get(2).filter(|byte| matches!(byte, b':' | b'-')) else { return false };
    token.len() == 17
        && token.split(|byte| byte == separator).count() == 6
        && token
            .split(|byte| byte == separator)
            .all(|pair| pair.len() == 2 && pair.iter().all(u8::is_ascii_hexdigit))
}

/// Whether the token is a MAC address in three groups, as switches print it: `001a.2b3c.4d5e`. All digits make a date or price.
pub(crate) fn is_dotted_mac(token: &[u8]) -> bool {
    token.len() == 14
        && token.split(|byte| *byte == b'.').count() == 3
        && token
            .split(|byte| *byte == b'.')
            .all(|group| group.len() == 4 && group.iter().all(u8::is_ascii_hexdigit))
        && token.iter().any(u8::is_ascii_alphabetic)
}

/// Whether the token is a MAC address as it stands under a key or label: also without separators.
pub(crate) fn has_mac_form(token: &[u8]) -> bool {
    is_mac(token) || (token.len() == 12 && token.iter().all(u8::is_ascii_hexdigit))
}
