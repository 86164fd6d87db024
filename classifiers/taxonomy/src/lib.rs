//! The categories, levels and flags of T/TSAC 001—2025, Appendix A.
//!
//! Everything else speaks in these terms: classifiers find a [`Kind`], policies treat a [`Kind`] or a whole
//! [`Category`], records and metrics count [`Category`]s. Ids are stable; files, dashboards and auditors rely on them.
//! This crate holds no rule about what may be done with a category: that is policy.
//!
//! ```
//! use yingbi_taxonomy::{Category, Kind, Level};
//! assert_eq!(Kind::from_id("basic.mobile"), Some(Kind::Mobile));
//! assert_eq!(Kind::Mobile.category(), Category::Basic);
//! assert_eq!(Category::CredentialAccount.level(), Level::L4);
//! ```

mod category;
mod kind;
mod level;

pub use category::Category;
pub use kind::{Kind, KindSet};
pub use level::{Level, UnknownLevel};

#[cfg(test)]
mod tests;
