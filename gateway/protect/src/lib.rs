//! Scan, plan, treat and rewrite bodies: the I/O-free core. Bytes, a permit and a key in; bytes and a [`Summary`] out.
//!
//! Only the spans that change are replaced; key order, number spelling, duplicate keys and whitespace survive. What
//! can't be read is [`Uninspectable`], never passed.

mod body;
mod classify;
mod coded;
mod counts;
mod csv;
mod edit;
mod fields;
mod form;
mod format;
mod header;
mod html;
mod json;
mod lines;
mod mask;
mod meaning;
mod plan;
#[cfg(any(test, feature = "reference"))]
pub mod reference;
mod tree;
mod xml;

pub use fields::{Direction, Field, Outcomes, Sighting};
pub use format::Format;
pub use xml::declared_encoding;

use counts::{Found, Outcome};
use fields::{Elsewhere, is_field_name, pattern_of};
use plan::Plan;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tree::Workspace;
use yingbi_classifiers::{Classifier, How};
use yingbi_crypto::{Pseudonym, PseudonymKey};
use yingbi_policies::Permit;
use yingbi_taxonomy::{Category, Kind};

/// Treats bodies. Cheap to share.
pub struct Protector {
    classifier: &'static Classifier,
    pseudonyms: PseudonymKey,
    limits: Limits,
    /// Secret seed of the tables of learned names.
    seed: [u64; 2],
    /// Working space of past bodies, one for each that was treated at the same time.
    #[expect(clippy::vec_box, reason = "taken and put back for every body: a word to move")]
    spare: Mutex<Vec<Box<Workspace>>>,
    elsewhere: Mutex<Elsewhere>,
    /// How often other policies came to rule.
    policies: AtomicU64,
}

/// Bounds on what is read.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Deepest nesting read, JSON in strings counted in.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { depth: 128 }
    }
}

/// A treated body: what may be released once its record is durable.
#[derive(Debug)]
pub struct Treated {
    /// The bytes to release.
    pub body: Vec<u8>,
    /// What was found and done.
    pub summary: Summary,
}

/// What was found and done: counts and pseudonyms, never values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Values released in clear, by category.
    pub clear: BTreeMap<Category, u64>,
    /// Values masked.
    pub masked: BTreeMap<Category, u64>,
    /// Values left out.
    pub dropped: BTreeMap<Category, u64>,
    /// Values that a `monitor` rule would have treated otherwise.
    pub monitored: BTreeMap<Category, u64>,
    /// Records in the answer.
    pub records: u64,
    /// Whose they were, as far as the binding says.
    pub subjects: BTreeSet<Pseudonym>,
}

/// One found value, for `yingbi scan`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// RFC 6901 pointer; `!json`, `!b64`, `!url` and `!query` mark steps into strings that hold JSON, base64,
    /// percent-encoded text, and fields of a form or URL.
    pub path: String,
    /// Bytes of the input.
    pub span: (usize, usize),
    /// What it is.
    pub kind: Kind,
    /// How it was recognised.
    pub how: How,
    /// How sure, 0 to 100.
    pub confidence: u8,
}

/// Why a body can't be released.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Uninspectable {
    /// Not the format it claims to be.
    #[error("malformed at byte {at}")]
    Malformed {
        /// Byte of the body.
        at: usize,
    },
    /// Not UTF-8.
    #[error("not UTF-8 at byte {at}")]
    Charset {
        /// Byte of the body.
        at: usize,
    },
    /// Nested deeper than read.
    #[error("nested deeper than {limit}")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// The policy blocks answers that hold this category.
    #[error("policy blocks {0}")]
    Blocked(Category),
}

impl Protector {
    /// A protector with the shipped classifiers.
    pub fn new(classifier: &'static Classifier, pseudonyms: PseudonymKey, limits: Limits) -> Self {
        // Derived from a secret and not drawn, so that this crate needs no source of randomness.
        let seed = pseudonyms.pseudonym("key-table", "seed").0;
        let (low, high) = (u128::from_le_bytes(seed) as u64, (u128::from_le_bytes(seed) >> 64) as u64);
        let (spare, elsewhere, policies) = Default::default();
        Protector { classifier, pseudonyms, limits, seed: [low, high], spare, elsewhere, policies }
    }

    /// Treats one body under a permit.
    ///
    /// # Errors
    /// The body can't be read, or the policy blocks it: refuse the answer.
    pub fn body(&self, permit: &Permit, format: Format, body: &[u8]) -> Result<Treated, Uninspectable> {
        self.with_workspace(|workspace| {
            let input = body::Input { classifier: self.classifier, limits: self.limits, format, body };
            body::treat(&input, Plan::new(permit), &self.pseudonyms, workspace)
        })
    }

    /// Treats one header or trailer value (T9); `None` leaves it as it is.
    ///
    /// # Errors
    /// The policy blocks it.
    pub fn header(
        &self,
        permit: &Permit,
        name: &str,
        value: &str,
        summary: &mut Summary,
    ) -> Result<Option<String>, Uninspectable> {
        let plan = Plan::new(permit);
        let note = |Found { kind, outcome }, how| {
            let name = if is_field_name(name, self.classifier) { name } else { fields::HIDDEN_NAME };
            let at = (permit.route(), Direction::Returned, format!("!header/{name}"));
            lock(&self.elsewhere).count(at, (kind, plan.level(kind), how), outcome);
        };
        header::treat(self.classifier, plan, name, value, summary, note)
    }

    /// Notes what was found in a request, for [`Protector::sightings`]: `within` is where the findings' paths begin,
    /// nothing for a body.
    pub fn accepts(&self, permit: &Permit, within: &str, findings: &[Finding]) {
        let plan = Plan::new(permit);
        for Finding { path, kind, how, .. } in findings {
            let path = format!("{within}{}", pattern_of(path, self.classifier));
            let path = if path.is_empty() { "!body".to_owned() } else { path };
            let at = (permit.route(), Direction::Accepted, path);
            lock(&self.elsewhere).count(at, (*kind, plan.level(*kind), *how), Outcome::Clear);
        }
    }

    /// Notes what the query of a request's target holds. One that can't be read as a form holds no field.
    pub fn accepts_query(&self, permit: &Permit, query: &str) {
        if let Ok(findings) = self.scan(Format::Form, query.as_bytes()) {
            self.accepts(permit, "!query", &findings);
        }
    }

    /// What was found, by field, since this was asked last; never values. Bodies that are being treated right now are
    /// told of the next time.
    pub fn sightings(&self) -> Vec<Sighting> {
        let mut sightings = vec![];
        for workspace in lock(&self.spare).iter_mut() {
            workspace.fields.take(&mut sightings);
        }
        lock(&self.elsewhere).take(&mut sightings);
        sightings
    }

    /// Tells that other policies rule: levels may have changed.
    pub fn policies_changed(&self) {
        self.policies.fetch_add(1, Ordering::Relaxed);
    }

    /// Everything found in a body, treated by no policy.
    ///
    /// # Errors
    /// The body can't be read.
    pub fn scan(&self, format: Format, body: &[u8]) -> Result<Vec<Finding>, Uninspectable> {
        self.with_workspace(|workspace| {
            let input = body::Input { classifier: self.classifier, limits: self.limits, format, body };
            body::scan(&input, workspace)
        })
    }

    fn with_workspace<T>(&self, work: impl FnOnce(&mut Workspace) -> T) -> T {
        let taken = lock(&self.spare).pop();
        let mut workspace = taken.unwrap_or_else(|| Box::new(Workspace::new(self.seed)));
        workspace.begin(self.policies.load(Ordering::Relaxed));
        let done = work(&mut workspace);
        workspace.finish();
        lock(&self.spare).push(workspace);
        done
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
