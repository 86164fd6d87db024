//! The plain way to do what the engine does, for tests and fuzzing: recursive descent into a tree of characters,
//! rules applied to the tree, the tree printed. Slow, obvious, and written without the engine's index, node list,
//! automaton, edits and escape arithmetic, so that a mistake in those shows as a difference.
//!
//! Compiled for tests and under the `reference` feature only. Nothing here lets a caller make a plan without a
//! permit: the plans it compares under stay inside.

mod arbitrary;
mod coded;
pub(crate) mod fake;
mod formats;
mod naming;
mod paths;
mod print;
pub mod segments;
pub mod streams;
pub mod texts;
mod tree;
mod twins;

use arbitrary::{Bytes as Choices, built};
pub use arbitrary::{Compared, differential, seeds};
pub use formats::{Held, documents, promises};
pub use twins::{twin_documents, twins};

#[cfg(test)]
pub(crate) use fake::Fake;

#[cfg(test)]
mod tests;
