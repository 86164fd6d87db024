//! Secrets that show by their form: JSON web tokens, bearer tokens, basic credentials, keys and certificates in PEM or
//! DER.

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
        authorizations(bytes, &mut found);
    }
    if has_hyphen && has_space {
        private_keys(bytes, &mut found);
    }
    if bytes.len() >= SHORTEST_DER {
        der(bytes, &mut found);
    }
    if bytes.len() >= SHORTEST_KEY && matches!(bytes.first(), Some(b'M' | b'b')) {
        short_key(bytes, &mut found);
    }
}

/// Private keys on elliptic curves, of Edwards' and of OpenSSH's own form, as base64: shorter than RSA's, and looked for
/// only where a value begins. Public keys begin with an algorithm's name and are nobody's.
fn short_key(bytes: &[u8], found: &mut impl FnMut(usize, usize, Kind)) {
    let is_key = match bytes {
        // PKCS#8: a sequence with version 0, `MIGHAgEAMBMG…`; encrypted by a password, `MIGbMFcGCSqGSIb3DQEF…`.
        [b'M', b'I', b'G' | b'H', _, rest @ ..] => {
            [b"AgEAMB".as_slice(), b"AgEBB", b"MFcGCSqGSIb3DQEF", b"MFkGCSqGSIb3DQEF", b"MGAGCSqGSIb3DQEF"]
                .iter()
                .any(|head| rest.starts_with(head))
        }
        // SEC 1 with version 1, `MHcCAQEEI…`; PKCS#8 of an Edwards key, `MC4CAQAwBQYDK2Vw…`.
        [b'M', b'A'..=b'H', _, _, rest @ ..] => {
            [b"AQEE".as_slice(), b"AQAwBQYDK2V", b"AQEwBQYDK2V", b"CAQEE", b"CAQAwBQYDK2V"]
                .iter()
                .any(|head| rest.starts_with(head))
        }
        _ => bytes.starts_with(b"b3BlbnNzaC1rZXktdjE"),
    };
    let length = lines(bytes, 0);
    if is_key && length >= SHORTEST_KEY {
        found(0, length, Kind::Certificate);
    }
}

/// Base64 from here on, over the ends of lines of one width.
fn lines(bytes: &[u8], start: usize) -> usize {
    let mut length = run(bytes, start);
    let width = length;
    while width >= SHORTEST_LINE {
        let rest = bytes.get(start + length..).unwrap_or_default();
        let gap = match rest {
            [b'\r', b'\n', ..] => 2,
            [b'\n', ..] => 1,
            _ => break,
        };
        let line = run(bytes, start + length + gap);
        if line == 0 || line > width {
            break;
        }
        length += gap + line;
        if line < width {
            break;
        }
    }
    length
}

/// Lines of base64 have 64 or 76 characters.
const SHORTEST_LINE: usize = 64;

/// An Ed25519 key has 48 bytes.
const SHORTEST_KEY: usize = 64;

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

fn authorizations(bytes: &[u8], found: &mut impl FnMut(usize, usize, Kind)) {
    for at in BEARER.find_iter(bytes) {
        let start = at + 6;
        let length = run(bytes, start);
        if at > 0 && bytes.get(at - 1).is_some_and(|byte| matches!(byte, b'B' | b'b')) && length >= 8 {
            found(start, start + length, Kind::AccessToken);
        }
    }
    for at in BASIC.find_iter(bytes) {
        let start = at + 5;
        let length = run(bytes, start);
        let names = at > 0 && bytes.get(at - 1).is_some_and(|byte| matches!(byte, b'B' | b'b'));
        if names && bytes.get(start..start + length).is_some_and(is_user_and_password) {
            found(start, start + length, Kind::Password);
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
        // A certificate authenticates as its key does (T/TSAC 001—2025 6.2 c); a public key tells nothing of a person.
        if [b"PRIVATE KEY".as_slice(), b"CERTIFICATE-", b"PKCS7"]
            .iter()
            .any(|name| memmem::find(head, name).is_some())
        {
            // Without an end mark everything that follows may be the key.
            let end = memmem::find(rest, b"-----END ")
                .map_or(rest.len(), |end| end + run_to_line_end(rest.get(end..).unwrap_or_default()));
            found(at, at + end, Kind::Certificate);
            done = at + end;
        }
    }
}

/// `dXNlcjpwYXNz`: base64 of what has a colon in it.
fn is_user_and_password(token: &[u8]) -> bool {
    let value = |byte: u8| {
        Some(match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        })
    };
    let (mut bits, mut held) = (0u32, 0u32);
    let mut colon = false;
    for byte in token.iter().take_while(|byte| **byte != b'=') {
        let Some(six) = value(*byte) else { return false };
        bits = (bits << 6 | u32::from(six)) & 0xffff;
        held += 6;
        if held >= 8 {
            held -= 8;
            let decoded = (bits >> held & 0xff) as u8;
            if !(decoded == b'\t' || (0x20..0x7f).contains(&decoded) || decoded >= 0x80) {
                return false;
            }
            colon |= decoded == b':';
        }
    }
    token.len() >= 4 && colon
}

/// Certificates and private keys in DER as base64: a sequence with a length of two bytes, `MII…`.
fn der(bytes: &[u8], found: &mut impl FnMut(usize, usize, Kind)) {
    let mut done = 0;
    for at in DER.find_iter(bytes) {
        if at < done || at > 0 && bytes.get(at - 1).is_some_and(|byte| byte.is_ascii_alphanumeric()) {
            continue;
        }
        let length = lines(bytes, at);
        let body = bytes.get(at..at + length).unwrap_or_default();
        let head = body.get(..64).unwrap_or(body);
        // What names the algorithm first and at once is a public key.
        let is_public = memmem::find(head.get(..32).unwrap_or(head), b"A0GCSqGSIb3DQEBAQUAA4").is_some()
            || head.starts_with(b"MIIBIjANBgkqhkiG9w0BAQEF");
        if length >= SHORTEST_DER && !is_public {
            found(at, at + length, Kind::Certificate);
        }
        done = at + length;
    }
}

/// The shortest certificates and keys with a two-byte length have 256 bytes.
pub(crate) const SHORTEST_DER: usize = 300;

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
static BASIC: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"asic "));
static DER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"MII"));
static PEM: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"-----BEGIN "));
