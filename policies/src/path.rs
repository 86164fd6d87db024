//! The part of JSONPath (RFC 9535) that bindings may use: everything but filters.

mod parse;

#[cfg(test)]
mod tests;

use std::fmt;

/// A compiled path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Path {
    /// Steps from the root (`$`) of the document or of the record.
    pub steps: Vec<Step>,
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// A selection of children.
    Child(Vec<Selector>),
    /// A selection among all descendants (`..`).
    Descendant(Vec<Selector>),
}

/// What a step selects.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Selector {
    /// A member by name.
    Name(String),
    /// An element by its position from the start.
    Index(u64),
    /// `*`.
    Wildcard,
    /// `start:end:step` with non-negative bounds and positive step.
    Slice {
        /// First index.
        start: u64,
        /// One past the last index, if bounded.
        end: Option<u64>,
        /// Distance between selected elements.
        step: u64,
    },
}

/// Why a text is no path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathError {
    /// Not JSONPath at all.
    Invalid {
        /// Byte of the text.
        at: usize,
        /// What would have been right here.
        expected: &'static str,
    },
    /// JSONPath, but of a part that bindings can't use.
    NotSupported {
        /// Byte of the text.
        at: usize,
        /// What it is.
        what: &'static str,
    },
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PathError::Invalid { at, expected } => write!(f, "expected {expected} at byte {at}"),
            PathError::NotSupported { at, what } => {
                write!(f, "{what} at byte {at} is not supported in bindings")
            }
        }
    }
}

impl std::error::Error for PathError {}

impl std::str::FromStr for Path {
    type Err = PathError;

    /// Parses a JSONPath (RFC 9535 §2).
    ///
    /// ```
    /// use yingbi_policies::{Path, PathError};
    /// assert!("$.data[*]['client id']".parse::<Path>().is_ok());
    /// assert!(matches!("$[?@.a]".parse::<Path>(), Err(PathError::NotSupported { .. })));
    /// assert!(matches!("$.".parse::<Path>(), Err(PathError::Invalid { .. })));
    /// ```
    fn from_str(text: &str) -> Result<Path, PathError> {
        parse::path(text)
    }
}
