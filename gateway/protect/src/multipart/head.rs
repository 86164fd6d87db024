//! Headers of a part and their parameters (RFC 2183, RFC 7578), read strictly: what two readers could take differently
//! is refused.

use std::ops::Range;

/// A header line.
#[derive(Debug)]
pub(super) struct Line<'h> {
    /// In lower case.
    pub(super) name: String,
    pub(super) value: &'h str,
    /// Of the value, in the head.
    pub(super) span: Range<usize>,
    /// The whole line with its end.
    pub(super) line: Range<usize>,
}

/// A parameter of a header's value.
#[derive(Debug)]
pub(super) struct Parameter {
    /// In lower case.
    pub(super) name: String,
    pub(super) value: String,
    /// Of the value in the header's value, quotes counted in.
    pub(super) span: Range<usize>,
}

/// Reads header lines; `None` when they are malformed, folded or repeated.
pub(super) fn lines(head: &str) -> Option<Vec<Line<'_>>> {
    let mut lines: Vec<Line<'_>> = vec![];
    let mut at = 0;
    for line in head.split_inclusive("\r\n") {
        let content = line.strip_suffix("\r\n")?;
        let (name, value) = content.split_once(':')?;
        if !is_token(name) || value.contains(|c: char| c.is_control() && c != '\t') {
            return None;
        }
        let name = name.to_ascii_lowercase();
        if lines.iter().any(|line| line.name == name) || lines.len() == MOST {
            return None;
        }
        let from = at + content.len() - value.trim_start_matches(BLANK).len();
        let value = value.trim_matches(BLANK);
        lines.push(Line { name, value, span: from..from + value.len(), line: at..at + line.len() });
        at += line.len();
    }
    Some(lines)
}

/// Splits a value into what stands first, in lower case, and its parameters; `None` when it is malformed.
pub(super) fn parameters(value: &str) -> Option<(String, Vec<Parameter>)> {
    let end = value.find(';').unwrap_or(value.len());
    let first = value.get(..end)?.trim_matches(BLANK).to_ascii_lowercase();
    if first.is_empty() || !first.bytes().all(|byte| is_token_byte(byte) || byte == b'/') {
        return None;
    }
    let mut parameters: Vec<Parameter> = vec![];
    let mut at = end;
    while let Some(rest) = value.get(at..).filter(|rest| !rest.is_empty()) {
        let rest = rest.strip_prefix(';')?.trim_start_matches(BLANK);
        at = value.len() - rest.len();
        if rest.is_empty() || rest.starts_with(';') {
            continue;
        }
        let (name, _) = rest.split_once('=').filter(|(name, _)| is_token(name))?;
        let from = at + name.len() + 1;
        let (decoded, length) = parameter_value(value.get(from..)?)?;
        let name = name.to_ascii_lowercase();
        // Continuations (RFC 2231) spell one name in several ways.
        if (name.contains('*') && name != "filename*") || parameters.iter().any(|other| other.name == name) {
            return None;
        }
        parameters.push(Parameter { name, value: decoded, span: from..from + length });
        let rest = value.get(from + length..)?;
        at = value.len() - rest.trim_start_matches(BLANK).len();
    }
    Some((first, parameters))
}

/// A token or quoted string at the start of a text, and how long it is.
fn parameter_value(text: &str) -> Option<(String, usize)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let length = text.find([';', ' ', '\t']).unwrap_or(text.len());
        let token = text.get(..length).filter(|token| !token.contains('"') && !token.is_empty())?;
        return Some((token.to_owned(), length));
    };
    let mut decoded = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((decoded, at + 2)),
            '\\' => decoded.push(characters.next()?.1),
            other => decoded.push(other),
        }
    }
    None
}

/// A value as it must stand for a parameter.
pub(super) fn quoted(value: &str) -> String {
    let value = value.replace(['\r', '\n'], " ");
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

pub(super) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_token_byte)
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

const BLANK: [char; 2] = [' ', '\t'];

/// Header lines of a part.
const MOST: usize = 32;
