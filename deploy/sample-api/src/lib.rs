//! Synthetic investors and a securities-style API over them, for the demo and the tests.
//!
//! Nobody here exists: people come from a seed, their identity numbers begin with county codes that no county has, their
//! e-mail and IP addresses are from the ranges reserved for examples. The API answers as the systems of a securities
//! firm do: snake case, camel case, pinyin initials and Chinese keys side by side, notes in free text, JSON in strings,
//! GB18030, HTML, stack traces with data in them. It knows no caller and protects nothing, which is the gateway's task.
//!
//! ```
//! let people = yingbi_sample_api::people(7, 3);
//! assert_eq!(people[0].name, yingbi_sample_api::people(7, 1)[0].name);
//! ```

mod api;
mod canary;
mod check_digit;
mod compare;
mod identity_provider;
mod market;
mod names;
mod person;
mod rng;
mod shapes;
mod tickets;

pub use api::{Firm, router};
pub use canary::{Found, Search, canaries, canaries_of};
pub use compare::{Comparison, Expectations, Fetch, compare};
pub use identity_provider::{Claims, IdentityProvider};
pub use person::{Device, Fill, Order, Person, Position, Transfer, people};

/// Seed of the demo investors.
pub const DEMO_SEED: u64 = 7;

/// How many demo investors there are.
pub const DEMO_INVESTORS: usize = 200;

#[cfg(test)]
mod tests;
