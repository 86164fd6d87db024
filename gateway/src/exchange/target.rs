//! Canonical request targets: what is matched is what is forwarded.
//!
//! A path is brought to the normal form of RFC 3986 §6.2.2: hexadecimal digits in upper case, unreserved characters
//! decoded. What servers read in different ways is refused, not repaired: dot segments, empty segments, encoded
//! separators, double encoding, path parameters (`;`, which Java servers cut off before they route), backslashes,
//! control characters and bytes that are no UTF-8. A single slash at the end is kept and is part of the path.
//!
//! The query is kept as it is after a check of its characters; `[` and `]` are let through, for browsers don't
//! encode them.
//!
//! ```
//! use yingbi::exchange::target::Target;
//! let target = Target::parse(b"/customers/%7e42?x=1").unwrap().target;
//! assert_eq!(target.path(), "/customers/~42");
//! assert!(Target::parse(b"/customers/..;/admin").is_err());
//! ```

use std::borrow::Cow;
use std::fmt;

/// A canonical target in origin form.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    /// Path, then `?` and query if there is one.
    text: String,
    path_len: usize,
}

/// A target and, from the absolute form, the authority it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed<'a> {
    /// The target.
    pub target: Target,
    /// Authority of an absolute-form target, unread.
    pub authority: Option<&'a [u8]>,
}

/// Why a target is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// Longer than [`MAX_LEN`].
    #[error("too long")]
    TooLong,
    /// Neither `/…` nor `http://…`: authority form, `*`, a relative path.
    #[error("not an absolute path")]
    Form,
    /// A fragment, raw non-ASCII, a space, a backslash …
    #[error("character not allowed")]
    Character,
    /// `%` without two hexadecimal digits, or an encoded control character.
    #[error("invalid percent-encoding")]
    Encoding,
    /// `.` or `..`, literal or encoded.
    #[error("dot segment")]
    DotSegment,
    /// `//`.
    #[error("empty segment")]
    EmptySegment,
    /// `%2F`, `%5C`.
    #[error("encoded separator")]
    EncodedSeparator,
    /// `%25` before two hexadecimal digits.
    #[error("double encoding")]
    DoubleEncoding,
    /// `;`, literal or encoded.
    #[error("path parameter")]
    Parameter,
    /// Not UTF-8 once decoded.
    #[error("not UTF-8")]
    Charset,
}

/// Longest target read, in bytes.
pub const MAX_LEN: usize = 8 * 1024;

impl Target {
    /// Reads and normalises a request target.
    ///
    /// # Errors
    /// The target is malformed or has more than one reading: refuse the request.
    pub fn parse(raw: &[u8]) -> Result<Parsed<'_>, TargetError> {
        if raw.len() > MAX_LEN {
            return Err(TargetError::TooLong);
        }
        let (authority, origin) = match raw.first() {
            Some(b'/') => (None, raw),
            _ => split_absolute(raw)?,
        };
        let (path, query) = match memchr::memchr(b'?', origin).and_then(|at| origin.split_at_checked(at)) {
            Some((path, query)) => (path, Some(query)),
            None => (origin, None),
        };
        let mut text = String::with_capacity(origin.len().max(1));
        push_path(path, &mut text)?;
        let path_len = text.len();
        if let Some(query) = query {
            text.push_str(check_query(query)?);
        }
        Ok(Parsed { target: Target { text, path_len }, authority })
    }

    /// Canonical path, percent-encoded, as it is forwarded.
    pub fn path(&self) -> &str {
        self.text.get(..self.path_len).unwrap_or("/")
    }

    /// Query without its `?`, as it is forwarded.
    pub fn query(&self) -> Option<&str> {
        self.text.get(self.path_len..)?.strip_prefix('?')
    }

    /// Path and query, as they are forwarded.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Decoded segments after the first slash; the last is empty when the path ends in a slash.
    pub fn segments(&self) -> impl Iterator<Item = Cow<'_, str>> {
        self.path().split('/').skip(1).map(decode_segment)
    }
}

/// A path may name an investor: only its size is shown.
impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<target:{}>", self.text.len())
    }
}

fn split_absolute(raw: &[u8]) -> Result<(Option<&[u8]>, &[u8]), TargetError> {
    let scheme_end = memchr::memmem::find(raw, b"://").ok_or(TargetError::Form)?;
    let (scheme, rest) = raw.split_at_checked(scheme_end).ok_or(TargetError::Form)?;
    if !scheme.eq_ignore_ascii_case(b"http") && !scheme.eq_ignore_ascii_case(b"https") {
        return Err(TargetError::Form);
    }
    let rest = rest.get(3..).ok_or(TargetError::Form)?;
    let end = memchr::memchr3(b'/', b'?', b'#', rest).unwrap_or(rest.len());
    let (authority, origin) = rest.split_at_checked(end).ok_or(TargetError::Form)?;
    if authority.is_empty() {
        return Err(TargetError::Form);
    }
    Ok((Some(authority), origin))
}

fn push_path(path: &[u8], out: &mut String) -> Result<(), TargetError> {
    // Only an absolute form may leave the path out; it then means the root.
    if path.is_empty() {
        out.push('/');
        return Ok(());
    }
    let mut escaped = false;
    let mut rest = path;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        let class = class(byte);
        if class & PATH != 0 {
            out.push(char::from(byte));
        } else if byte == b'%' {
            let (decoded, tail) = split_escape(tail)?;
            rest = tail;
            escaped = true;
            push_escape(decoded, out)?;
        } else if byte == b';' {
            return Err(TargetError::Parameter);
        } else {
            return Err(TargetError::Character);
        }
    }
    let mut segments = out.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        match segment {
            "." | ".." => return Err(TargetError::DotSegment),
            "" if segments.peek().is_some() => return Err(TargetError::EmptySegment),
            _ => {}
        }
    }
    if escaped { check_text(out) } else { Ok(()) }
}

fn push_escape(decoded: u8, out: &mut String) -> Result<(), TargetError> {
    match decoded {
        b'/' | b'\\' => return Err(TargetError::EncodedSeparator),
        b';' => return Err(TargetError::Parameter),
        0..=0x1f | 0x7f => return Err(TargetError::Encoding),
        _ if class(decoded) & UNRESERVED != 0 => out.push(char::from(decoded)),
        _ => {
            out.push('%');
            out.push(digit(decoded >> 4));
            out.push(digit(decoded & 0xf));
        }
    }
    Ok(())
}

/// What the escapes spell must be UTF-8 without control characters, and no escape again: judged on the whole, for
/// `%25%32%46` spells `%2F` too.
fn check_text(canonical: &str) -> Result<(), TargetError> {
    let decoded = decode_bytes(canonical.as_bytes());
    if decoded
        .windows(3)
        .any(|three| three.starts_with(b"%") && split_escape(three.get(1..).unwrap_or(&[])).is_ok())
    {
        return Err(TargetError::DoubleEncoding);
    }
    let text = std::str::from_utf8(&decoded).map_err(|_| TargetError::Charset)?;
    if text.chars().any(char::is_control) { Err(TargetError::Encoding) } else { Ok(()) }
}

fn check_query(query: &[u8]) -> Result<&str, TargetError> {
    let mut rest = query;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if class(byte) & QUERY != 0 {
            continue;
        }
        if byte != b'%' {
            return Err(TargetError::Character);
        }
        let (decoded, tail) = split_escape(tail)?;
        if decoded == 0 {
            return Err(TargetError::Encoding);
        }
        rest = tail;
    }
    std::str::from_utf8(query).map_err(|_| TargetError::Character)
}

/// The byte that two hexadecimal digits spell, and what follows them.
fn split_escape(after_percent: &[u8]) -> Result<(u8, &[u8]), TargetError> {
    match after_percent {
        [high, low, tail @ ..] => match (hex(*high), hex(*low)) {
            (Some(high), Some(low)) => Ok((high << 4 | low, tail)),
            _ => Err(TargetError::Encoding),
        },
        _ => Err(TargetError::Encoding),
    }
}

fn decode_segment(segment: &str) -> Cow<'_, str> {
    if memchr::memchr(b'%', segment.as_bytes()).is_none() {
        return Cow::Borrowed(segment);
    }
    // INVARIANT: `check_text` has found the decoded path to be UTF-8, and a segment is cut at ASCII slashes.
    String::from_utf8(decode_bytes(segment.as_bytes())).map_or(Cow::Borrowed(segment), Cow::Owned)
}

fn decode_bytes(canonical: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(canonical.len());
    let mut rest = canonical;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match (byte, split_escape(tail)) {
            (b'%', Ok((decoded, tail))) => {
                out.push(decoded);
                rest = tail;
            }
            _ => out.push(byte),
        }
    }
    out
}

const fn hex(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

const fn digit(nibble: u8) -> char {
    (match nibble {
        0..=9 => b'0' + nibble,
        _ => b'A' + nibble - 10,
    }) as char
}

fn class(byte: u8) -> u8 {
    CLASSES.get(usize::from(byte)).copied().unwrap_or(0)
}

const UNRESERVED: u8 = 1;
const PATH: u8 = 2;
const QUERY: u8 = 4;

/// RFC 3986 §2 and §3.3; `;` is left out of the path on purpose.
const CLASSES: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        #[expect(clippy::indexing_slicing, reason = "byte < 256, evaluated while compiling")]
        {
            table[byte] = match byte as u8 {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                    UNRESERVED | PATH | QUERY
                }
                b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b'=' | b':' | b'@' | b'/' => {
                    PATH | QUERY
                }
                b';' | b'?' | b'[' | b']' => QUERY,
                _ => 0,
            };
        }
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests;
