//! `Content-Transfer-Encoding` (RFC 2045 6): undone strictly, and done again.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use memchr::memmem;
use std::borrow::Cow;

/// How a part's content is coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transfer {
    Identity,
    Base64,
    QuotedPrintable,
}

impl Transfer {
    pub(super) fn of(value: &str) -> Option<Transfer> {
        Some(match value.to_ascii_lowercase().as_str() {
            "7bit" | "8bit" | "binary" => Transfer::Identity,
            "base64" => Transfer::Base64,
            "quoted-printable" => Transfer::QuotedPrintable,
            _ => return None,
        })
    }

    /// Undoes the coding; `None` when the content is not so coded.
    pub(super) fn decode(self, content: &[u8]) -> Option<Cow<'_, [u8]>> {
        match self {
            Transfer::Identity => Some(Cow::Borrowed(content)),
            Transfer::Base64 => {
                let digits: Vec<u8> =
                    content.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
                BASE64_STANDARD.decode(digits).ok().map(Cow::Owned)
            }
            Transfer::QuotedPrintable => unquote(content).map(Cow::Owned),
        }
    }

    /// Codes another content as `like` was.
    pub(super) fn encode(self, content: &[u8], like: &[u8]) -> String {
        match self {
            Transfer::Identity => String::from_utf8_lossy(content).into_owned(),
            Transfer::Base64 => {
                let code = BASE64_STANDARD.encode(content);
                if !like.contains(&b'\n') {
                    return code;
                }
                let lines = code.as_bytes().chunks(LINE).map(String::from_utf8_lossy);
                let mut lines = lines.collect::<Vec<_>>().join("\r\n");
                if like.ends_with(b"\r\n") {
                    lines.push_str("\r\n");
                }
                lines
            }
            Transfer::QuotedPrintable => quote(content),
        }
    }
}

fn unquote(content: &[u8]) -> Option<Vec<u8>> {
    // White space at a line's end is taken off by some readers.
    if memmem::find(content, b" \r\n").is_some() || memmem::find(content, b"\t\r\n").is_some() {
        return None;
    }
    let mut decoded = Vec::with_capacity(content.len());
    let mut rest = content;
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        match first {
            b'=' => {
                if let Some(next) = behind.strip_prefix(b"\r\n") {
                    rest = next;
                    continue;
                }
                let ([high, low], next) = behind.split_first_chunk()?;
                let digit = |digit: &u8| char::from(*digit).to_digit(16);
                decoded.push((digit(high)? << 4 | digit(low)?) as u8);
                rest = next;
            }
            b'\r' => {
                rest = behind.strip_prefix(b"\n")?;
                decoded.extend_from_slice(b"\r\n");
            }
            b'\t' | b' '..=b'~' => decoded.push(*first),
            _ => return None,
        }
    }
    Some(decoded)
}

fn quote(content: &[u8]) -> String {
    let mut out = String::new();
    let mut column = 0;
    let mut rest = content;
    while let Some((first, behind)) = rest.split_first() {
        if let Some(next) = rest.strip_prefix(b"\r\n") {
            out.push_str("\r\n");
            column = 0;
            rest = next;
            continue;
        }
        rest = behind;
        let ends_line = behind.is_empty() || behind.starts_with(b"\r\n");
        let is_plain =
            matches!(first, b'!'..=b'<' | b'>'..=b'~') || (matches!(first, b' ' | b'\t') && !ends_line);
        let width = if is_plain { 1 } else { 3 };
        if column + width >= LINE {
            out.push_str("=\r\n");
            column = 0;
        }
        match is_plain {
            true => out.push(char::from(*first)),
            false => out.push_str(&format!("={first:02X}")),
        }
        column += width;
    }
    out
}

/// Characters in a line.
const LINE: usize = 76;
