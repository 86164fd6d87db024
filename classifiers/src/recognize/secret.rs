//! Secrets that show by their form: JSON web tokens, bearer tokens, private keys in PEM.

use memchr::memmem::{self, Finder};
use std::sync::LazyLock;
use yingbi_taxonomy::Kind;

/// The secrets in the text, handed to `found` as byte range and kind. What marks a text has is known: a web token has
/// points, a bearer token stands behind a space, and PEM has hyphens.
#[inline]
pub(crate) fn find(
    bytes: &[u8],
    has_point: bool,
    has_space: bool,
    has_hyphen: bool,
    mut found: impl FnMut(usize, usize, Kind),
) {
    if has_point {
        web_tokens(bytes, &mut found);
    }
    if has_space {
        bearer_tokens(bytes, &mut found);
    }
    if has_hyphen && has_space {
        private_keys(bytes, &mut found);
    }
}

fn web_tokens(bytes: &[u8], found: &mut impl FnMut(usize, usize, Kind)) {
    for at in JWT.find_iter(bytes) {
        if at > 0 && bytes.get(at - 1).is_some_and(|byte| is_inside(*byte)) {
            continue;
        }
        let length = run(bytes, at);
        let token = bytes.get(at..at + length).unwrap_or_default();
        if length >= 20 && token.iter().filter(|byte| **byte == b'.').count() >= 1 {
            found(at, at + length, Kind::AccessToken);
        }
    }
}

fn bearer_tokens(bytes: &[u8], found: &mut impl FnMut(usize, usize, Kind)) {
    for at in BEARER.find_iter(bytes) {
        let start = at + 6;
        let length = run(bytes, start);
        if at > 0 && bytes.get(at - 1).is_some_and(|byte| matches!(byte, b'B' | b'b')) && length >= 8 {
            found(start, start + length, Kind::AccessToken);
        }
    }
}

fn private_keys(bytes: &[u8], found: &mut impl FnMut(usize, usize, Kind)) {
    let mut done = 0;
    for at in PEM.find_iter(bytes) {
        if at < done {
            continue;
        }
        let rest = bytes.get(at..).unwrap_or_default();
        let head = rest.get(..48).unwrap_or(rest);
        if memmem::find(head, b"PRIVATE KEY").is_some() {
            // Without an end mark everything that follows may be the key.
            let end = memmem::find(rest, b"-----END ")
                .map_or(rest.len(), |end| end + run_to_line_end(rest.get(end..).unwrap_or_default()));
            found(at, at + end, Kind::Certificate);
            done = at + end;
        }
    }
}

fn run(bytes: &[u8], start: usize) -> usize {
    bytes.get(start..).unwrap_or_default().iter().take_while(|byte| is_token(**byte)).count()
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'~' | b'+' | b'/' | b'=')
}

/// `=` ends a label as often as it pads a token.
fn is_inside(byte: u8) -> bool {
    is_token(byte) && byte != b'='
}

fn run_to_line_end(bytes: &[u8]) -> usize {
    let line = memchr::memchr(b'\n', bytes).unwrap_or(bytes.len());
    // One line of JSON-in-text spells the break as `\n`; stop at the closing dashes then.
    memmem::find(bytes.get(9..).unwrap_or_default(), b"-----").map_or(line, |dashes| line.min(9 + dashes + 5))
}

static JWT: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"eyJ"));
static BEARER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"earer "));
static PEM: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"-----BEGIN "));
