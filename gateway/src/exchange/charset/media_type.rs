//! `Content-Type`, read strictly (RFC 9110 §8.3).

use std::fmt;

/// A media type and its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaType {
    essence: String,
    slash: usize,
    parameters: Vec<(String, String)>,
}

/// `Content-Type` is malformed, or says a parameter twice: the body can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed media type")]
pub struct MediaTypeError;

impl MediaType {
    /// Reads a `Content-Type` value.
    ///
    /// # Errors
    /// It is malformed: treat the body as unreadable.
    pub fn parse(value: &str) -> Result<MediaType, MediaTypeError> {
        let (essence, mut rest) = value.split_once(';').unwrap_or((value, ""));
        let mut more = value.len() > essence.len();
        let essence = essence.trim_matches(BLANK).to_ascii_lowercase();
        let slash = essence.find('/').ok_or(MediaTypeError)?;
        let (kind, subtype) = essence.split_once('/').ok_or(MediaTypeError)?;
        if !is_token(kind) || !is_token(subtype) || has_long_number(&essence) {
            return Err(MediaTypeError);
        }
        let mut parameters: Vec<(String, String)> = Vec::new();
        while more {
            let (name, value, after) = parameter(rest)?;
            (rest, more) = match after {
                Some(after) => (after, true),
                None => ("", false),
            };
            let Some(name) = name else { continue };
            if parameters.iter().any(|(of, _)| *of == name) {
                return Err(MediaTypeError);
            }
            parameters.push((name, value));
        }
        Ok(MediaType { essence, slash, parameters })
    }

    /// `type/subtype` in lower case.
    pub fn essence(&self) -> &str {
        &self.essence
    }

    /// The type: `text`.
    pub fn kind(&self) -> &str {
        self.essence.get(..self.slash).unwrap_or_default()
    }

    /// The subtype: `html`.
    pub fn subtype(&self) -> &str {
        self.essence.get(self.slash + 1..).unwrap_or_default()
    }

    /// A parameter by its name in lower case.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(of, _)| of == name).map(|(_, value)| value.as_str())
    }

    /// `charset`, as it is written.
    pub fn charset(&self) -> Option<&str> {
        self.parameter("charset")
    }

    /// `boundary` of a multipart body.
    pub fn boundary(&self) -> Option<&str> {
        self.parameter("boundary")
    }

    /// The same type with its charset said: UTF-8 where none was.
    pub fn with_charset(mut self) -> MediaType {
        if self.charset().is_none() {
            self.parameters.push(("charset".into(), "utf-8".into()));
        }
        self
    }
}

/// As it may be sent in `Content-Type`: parameters other than `charset` and `boundary` can hold anything, and are left
/// out.
impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.essence)?;
        for (name, value) in self.parameters.iter().filter(|(name, _)| SENT.contains(&name.as_str())) {
            if is_token(value) {
                write!(f, "; {name}={value}")?;
            } else {
                write!(f, "; {name}=\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))?;
            }
        }
        Ok(())
    }
}

type Parameter<'a> = (Option<String>, String, Option<&'a str>);

/// One parameter and what follows its semicolon; an empty one is allowed by the grammar.
fn parameter(text: &str) -> Result<Parameter<'_>, MediaTypeError> {
    let text = text.trim_start_matches(BLANK);
    if text.is_empty() {
        return Ok((None, String::new(), None));
    }
    if let Some(after) = text.strip_prefix(';') {
        return Ok((None, String::new(), Some(after)));
    }
    let (name, value) = text.split_once('=').ok_or(MediaTypeError)?;
    if !is_token(name) {
        return Err(MediaTypeError);
    }
    let (value, rest) = match value.strip_prefix('"') {
        Some(quoted) => unquote(quoted)?,
        None => {
            let (value, _) = value.split_once([';', ' ', '\t']).unwrap_or((value, ""));
            if !is_token(value) {
                return Err(MediaTypeError);
            }
            (value.to_owned(), text.get(name.len() + 1 + value.len()..).unwrap_or_default())
        }
    };
    let rest = rest.trim_start_matches(BLANK);
    match rest.strip_prefix(';') {
        Some(after) => Ok((Some(name.to_ascii_lowercase()), value, Some(after))),
        None if rest.is_empty() => Ok((Some(name.to_ascii_lowercase()), value, None)),
        None => Err(MediaTypeError),
    }
}

fn unquote(quoted: &str) -> Result<(String, &str), MediaTypeError> {
    let mut value = String::new();
    let mut chars = quoted.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => return Ok((value, chars.as_str())),
            '\\' => value.push(chars.next().filter(|c| !c.is_control()).ok_or(MediaTypeError)?),
            '\t' => value.push(c),
            c if c.is_control() => return Err(MediaTypeError),
            c => value.push(c),
        }
    }
    Err(MediaTypeError)
}

fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// Whether a text holds so many digits in a row that they may be a person's number rather than a version's.
pub(crate) fn has_long_number(text: &str) -> bool {
    text.as_bytes()
        .chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit())
        .any(|run| run.len() >= 6 && run.first().is_some_and(u8::is_ascii_digit))
}

const SENT: [&str; 2] = ["charset", "boundary"];
const BLANK: [char; 2] = [' ', '\t'];
