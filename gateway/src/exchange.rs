//! The one way through: front filter, identity, decision, upstream, treatment, record, release.

pub mod coding;
pub mod front;
pub mod identity;
pub mod target;
