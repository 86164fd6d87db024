//! The one way through: front filter, identity, decision, upstream, treatment, record, release.

pub mod charset;
pub mod coding;
pub mod front;
pub mod headers;
pub mod identity;
pub mod target;
