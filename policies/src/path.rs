//! The part of JSONPath (RFC 9535) that bindings may use: everything but filters.

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
