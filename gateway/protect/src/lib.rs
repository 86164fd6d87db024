//! Scan, plan, treat and rewrite bodies: the I/O-free core. Bytes, a permit and a key in; bytes and a [`Summary`] out.
//!
//! Only the spans that change are replaced; key order, number spelling, duplicate keys and whitespace survive. What
//! can't be read is [`Uninspectable`], never passed.

mod body;
mod classify;
mod coded;
mod counts;
mod crowd;
mod csv;
mod edit;
mod events;
mod fields;
mod firm;
mod form;
mod format;
mod header;
mod html;
mod input;
mod joined;
mod json;
mod keyed;
mod lines;
mod mask;
mod meaning;
mod multipart;
mod overlap;
mod plan;
mod record;
mod records;
#[cfg(any(test, feature = "reference"))]
pub mod reference;
mod segments;
mod spread;
mod tree;
mod xml;

pub use crowd::SmallGroups;
pub use fields::{Direction, Field, Outcomes, Sighting};
pub use firm::classifier;
pub use format::Format;
pub use input::{Fault, Unchecked};
pub use keyed::{KeySource, KeyTrouble, Reveal, Revealed};
pub use multipart::Boundary;
pub use segments::{SegmentLimits, Segments};
pub use xml::declared_encoding;

use counts::{Found, Outcome};
use fields::{Elsewhere, Patterns, is_field_name};
use keyed::Keys;
use plan::Plan;
use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};
use tree::{Treat, Workspace};
use yingbi_classifiers::{Classifier, How};
use yingbi_crypto::{Pseudonym, PseudonymKey};
use yingbi_policies::{FirmClassifiers, Keyed, Permit, View};
use yingbi_taxonomy::{Category, Kind};

/// Treats bodies. Cheap to share.
pub struct Protector {
    shipped: Arc<Reader>,
    /// What reads under the policies' latest version, where the firm adds classifiers of its own.
    firm: RwLock<Option<(Arc<FirmClassifiers>, Arc<Reader>)>>,
    pseudonyms: PseudonymKey,
    limits: Limits,
    /// Secret seed of the tables of learned names.
    seed: [u64; 2],
    /// What was found elsewhere than in bodies of answers, and by what reads no more.
    elsewhere: Mutex<Elsewhere>,
    retired: Mutex<Vec<Sighting>>,
    /// How often other policies came to rule.
    policies: AtomicU64,
    /// Where keys come from; without, whatever needs one shows nothing.
    keys: OnceLock<KeySource>,
}

/// A classifier, and what was learned of it.
struct Reader {
    classifier: Shared,
    /// Working space of past bodies, one for each that was treated at the same time.
    #[expect(clippy::vec_box, reason = "taken and put back for every body: a word to move")]
    spare: Mutex<Vec<Box<Workspace>>>,
}

/// The shipped classifier, or one with a firm's additions.
enum Shared {
    Shipped(&'static Classifier),
    Firm(Box<Classifier>),
}

impl Reader {
    fn of(classifier: Shared) -> Arc<Reader> {
        Arc::new(Reader { classifier, spare: Mutex::new(Vec::new()) })
    }

    /// Hands over what was found with it.
    fn sightings(&self, into: &mut Vec<Sighting>) {
        for workspace in lock(&self.spare).iter_mut() {
            workspace.fields.take(into);
        }
    }

    fn classifier(&self) -> &Classifier {
        match &self.classifier {
            Shared::Shipped(classifier) => classifier,
            Shared::Firm(classifier) => classifier,
        }
    }
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
    /// Values masked, or replaced by what has a key.
    pub masked: BTreeMap<Category, u64>,
    /// What was done with keys, by category: treatments by their names, which are among the masked, `decrypt`, and the
    /// codes of [`KeyTrouble`] for what shows nothing because it could not be made or opened.
    pub keyed: BTreeMap<(Category, &'static str), u64>,
    /// Values left out.
    pub dropped: BTreeMap<Category, u64>,
    /// Values that a `monitor` rule would have treated otherwise.
    pub monitored: BTreeMap<Category, u64>,
    /// Records in the answer.
    pub records: u64,
    /// Records that a combination of what they hold, or somebody's age, made stricter, by its id.
    pub raised: BTreeMap<Arc<str>, u64>,
    /// Whose they were, as far as the binding says.
    pub subjects: BTreeSet<Pseudonym>,
    /// Records that look like too few others, where the binding asks.
    pub small_groups: Option<SmallGroups>,
    /// Those of them of whom something sensitive is released in clear, where some limit counts them
    /// (T/TSAC 001—2025 §8.6.2).
    pub sensitive: BTreeSet<Pseudonym>,
}

impl Summary {
    /// Values of a category that were replaced by what has a key.
    pub fn keyed_of(&self, category: Category) -> u64 {
        let own = self.keyed.iter().filter(|((of, what), _)| *of == category && is_keyed(what));
        own.map(|(_, count)| count).sum()
    }

    /// What was done other than to let values pass, by category and treatment's name.
    pub fn treatments(&self) -> impl Iterator<Item = ((Category, &'static str), u64)> {
        let keyed = self.keyed.iter().filter(|((_, what), _)| is_keyed(what));
        let keyed = keyed.map(|(what, count)| (*what, *count));
        let masked = self
            .masked
            .iter()
            .map(|(category, count)| ((*category, "mask"), count.saturating_sub(self.keyed_of(*category))));
        let dropped = self.dropped.iter().map(|(category, count)| ((*category, "drop"), *count));
        keyed.chain(masked).chain(dropped).filter(|(_, count)| *count > 0)
    }

    /// What was decrypted, and what shows nothing because it could not be made or opened, by code.
    pub fn key_events(&self) -> impl Iterator<Item = ((Category, &'static str), u64)> {
        let events = self.keyed.iter().filter(|((_, what), _)| !is_keyed(what));
        events.map(|(what, count)| (*what, *count))
    }

    /// Adds what was found and done in another part of the same body.
    pub fn add(&mut self, other: Summary) {
        let pairs = [
            (&mut self.clear, other.clear),
            (&mut self.masked, other.masked),
            (&mut self.dropped, other.dropped),
            (&mut self.monitored, other.monitored),
        ];
        for (own, other) in pairs {
            other.into_iter().for_each(|(category, count)| *own.entry(category).or_default() += count);
        }
        self.records += other.records;
        other.keyed.into_iter().for_each(|(what, count)| *self.keyed.entry(what).or_default() += count);
        other.raised.into_iter().for_each(|(id, count)| *self.raised.entry(id).or_default() += count);
        self.subjects.extend(other.subjects);
        self.small_groups = self.small_groups.or(other.small_groups);
        self.sensitive.extend(other.sensitive);
    }
}

/// Whether this is the name of a treatment that has a key.
fn is_keyed(what: &str) -> bool {
    Keyed::ALL.iter().any(|keyed| keyed.id() == what)
}

/// One found value, for `yingbi scan`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// RFC 6901 pointer; `!json`, `!b64`, `!url`, `!html`, `!esc` and `!query` mark steps into strings that hold JSON,
    /// base64, percent-encoded text, character references, escapes, and fields of a form or URL. The first step counts
    /// the records of a stream, or names or counts the part of a multipart body.
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
    /// A part is of a type that is not read.
    #[error("part of a type that is not read at byte {at}")]
    MediaType {
        /// Byte of the body.
        at: usize,
    },
    /// One record, or what must be read as one, is larger than may be held.
    #[error("a record of more than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: usize,
    },
    /// Late in the body something stands that changes what was said of its beginning.
    #[error("a later part contradicts an earlier")]
    Contradicted,
    /// The firm's own classifiers can't be made ready.
    #[error("the firm's classifiers are too large")]
    Classifier,
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
        let shipped = Reader::of(Shared::Shipped(classifier));
        let (firm, elsewhere, retired, policies, keys) = Default::default();
        let seed = [low, high];
        Protector { shipped, firm, pseudonyms, limits, seed, elsewhere, retired, policies, keys }
    }

    /// Tells where keys come from; the first time counts.
    pub fn set_keys(&self, source: KeySource) {
        let _ = self.keys.set(source);
    }

    /// The keys that rule now, where something may need them.
    fn keys(&self, are_needed: bool, purpose: Option<&str>) -> Option<Keys> {
        let source = self.keys.get().filter(|_| are_needed)?;
        Some(Keys::new(source(), purpose))
    }

    /// What reads under a permit: the shipped classifier and what the firm adds in the version that decided.
    fn reader(&self, firm: Option<&Arc<FirmClassifiers>>) -> Result<Arc<Reader>, Uninspectable> {
        let Some(firm) = firm else { return Ok(Arc::clone(&self.shipped)) };
        if let Some((known, reader)) = &*self.firm.read().unwrap_or_else(PoisonError::into_inner)
            && Arc::ptr_eq(known, firm)
        {
            return Ok(Arc::clone(reader));
        }
        let classifier = firm::classifier(firm).map_err(|_| Uninspectable::Classifier)?;
        let reader = Reader::of(Shared::Firm(Box::new(classifier)));
        let next = Some((Arc::clone(firm), Arc::clone(&reader)));
        let last = mem::replace(&mut *self.firm.write().unwrap_or_else(PoisonError::into_inner), next);
        if let Some((_, last)) = last {
            last.sightings(&mut lock(&self.retired));
        }
        Ok(reader)
    }

    /// Treats one body under a permit.
    ///
    /// # Errors
    /// The body can't be read, or the policy blocks it: refuse the answer.
    pub fn body(&self, permit: &Permit, format: Format, body: &[u8]) -> Result<Treated, Uninspectable> {
        let reader = self.reader(permit.classifiers())?;
        self.with_workspace(&reader, |workspace| {
            let input = body::Input { classifier: reader.classifier(), limits: self.limits, format, body };
            let keys = self.keys(permit.needs_keys(), permit.purpose());
            body::treat(&input, Plan::new(permit).with_keys(keys.as_ref()), &self.pseudonyms, workspace)
        })
    }

    /// Treats what comes in under a permit, a body or a query; `None`: no rule speaks of it.
    ///
    /// # Errors
    /// It can't be read, or the policy blocks it: refuse the request.
    pub fn request(
        &self,
        permit: &Permit,
        format: Format,
        body: &[u8],
    ) -> Option<Result<Treated, Uninspectable>> {
        let plan = Plan::of_request(permit)?;
        let needs_keys = permit.request_view().is_some_and(View::needs_keys);
        let keys = self.keys(needs_keys, permit.purpose());
        let plan = plan.with_keys(keys.as_ref());
        Some(self.reader(permit.classifiers()).and_then(|reader| {
            self.with_workspace(&reader, |workspace| {
                let input =
                    body::Input { classifier: reader.classifier(), limits: self.limits, format, body };
                // What comes in is listed in another way; what answers hold must not be mixed with it.
                workspace.fields.log(true);
                let treated = body::treat(&input, plan, &self.pseudonyms, workspace);
                workspace.fields.take_back();
                workspace.fields.log(false);
                treated
            })
        }))
    }

    /// The next segment of a body under a permit, treated; nothing when more of it must come first, or all is done.
    ///
    /// # Errors
    /// The body can't be read any further, or the policy blocks it: nothing that follows may be released.
    pub fn segment(
        &self,
        permit: &Permit,
        segments: &mut Segments,
    ) -> Result<Option<Treated>, Uninspectable> {
        if !segments.is_ready() {
            return Ok(None);
        }
        let reader = self.reader(permit.classifiers())?;
        let keys = self.keys(permit.needs_keys(), permit.purpose());
        self.with_workspace(&reader, |workspace| {
            let engine = segments::Engine {
                classifier: reader.classifier(),
                limits: self.limits,
                plan: Plan::new(permit).with_keys(keys.as_ref()),
                pseudonyms: &self.pseudonyms,
            };
            segments.next(&engine, workspace)
        })
    }

    /// What came in and is not what its names say, as far as the route's binding asks; nothing where it asks nothing.
    ///
    /// # Errors
    /// It can't be read, or is of a format whose values have no names: refuse the request.
    pub fn check_input(&self, permit: &Permit, format: Format, body: &[u8]) -> Result<Vec<Fault>, Unchecked> {
        let Some(validation) = permit.binding().and_then(|binding| binding.validation.as_ref()) else {
            return Ok(Vec::new());
        };
        let asked = input::Asked::new(validation, permit.today());
        let reader =
            self.reader(permit.classifiers()).map_err(|why| Unchecked { path: String::new(), why })?;
        self.with_workspace(&reader, |workspace| {
            let classifier = reader.classifier();
            input::Checking { classifier, limits: self.limits, asked, workspace }.body(format, body)
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
        let reader = self.reader(permit.classifiers())?;
        let keys = self.keys(permit.needs_keys(), permit.purpose());
        let plan = Plan::new(permit).with_keys(keys.as_ref());
        self.with_workspace(&reader, |workspace| {
            workspace.fields.begin_header(permit.route());
            let mut treat = Treat::new(reader.classifier(), plan, self.limits, workspace);
            let done = header::treat(&mut treat, name, value, summary);
            self.note_header(plan, reader.classifier(), name, &treat.counts.found);
            treat.counts.found.clear();
            treat.end();
            done
        })
    }

    /// Treats one header value of a request that goes on; `None`: no rule speaks of requests, or it stays as it is.
    ///
    /// # Errors
    /// The policy blocks it.
    pub fn request_header(
        &self,
        permit: &Permit,
        name: &str,
        value: &str,
        summary: &mut Summary,
    ) -> Result<Option<String>, Uninspectable> {
        let Some(plan) = Plan::of_request(permit) else { return Ok(None) };
        let reader = self.reader(permit.classifiers())?;
        let keys = self.keys(permit.request_view().is_some_and(View::needs_keys), permit.purpose());
        self.with_workspace(&reader, |workspace| {
            workspace.fields.begin_header(permit.route());
            // What comes in is listed in another way.
            workspace.fields.log(true);
            let mut treat =
                Treat::new(reader.classifier(), plan.with_keys(keys.as_ref()), self.limits, workspace);
            let done = header::treat(&mut treat, name, value, summary);
            treat.counts.found.clear();
            treat.end();
            workspace.fields.take_back();
            workspace.fields.log(false);
            done
        })
    }

    fn note_header(&self, plan: Plan<'_>, classifier: &Classifier, name: &str, found: &[Found]) {
        for Found { kind, outcome } in found.iter().copied() {
            let shown = if is_field_name(name, classifier) { name } else { fields::HIDDEN_NAME };
            let at = (plan.route(), Direction::Returned, format!("!header/{shown}"));
            let how = if header::meaning(classifier, name).kind == Some(kind) { How::Key } else { How::Text };
            lock(&self.elsewhere).count(at, (kind, plan.level(kind), how), outcome);
        }
    }

    /// Notes what was found in a request, for [`Protector::sightings`]: `within` is where the findings' paths begin,
    /// nothing for a body.
    pub fn accepts(&self, permit: &Permit, within: &str, findings: &[Finding]) {
        let plan = Plan::new(permit);
        let classifier = self.shipped.classifier();
        let mut patterns = Patterns::default();
        let mut elsewhere = lock(&self.elsewhere);
        for Finding { path, kind, how, .. } in findings {
            let pattern = patterns.of(path, classifier);
            let path = if within.is_empty() && pattern.is_empty() { "!body" } else { pattern };
            let at = (permit.route(), Direction::Accepted, format!("{within}{path}"));
            elsewhere.count(at, (*kind, plan.level(*kind), *how), Outcome::Clear);
        }
    }

    /// Notes what the query of a request's target holds. One that can't be read as a form holds no field.
    pub fn accepts_query(&self, permit: &Permit, query: &str) {
        if let Ok(findings) = self.scan_with(permit.classifiers(), Format::Form, query.as_bytes()) {
            self.accepts(permit, "!query", &findings);
        }
    }

    /// What was found, by field, since this was asked last; never values. Bodies that are being treated right now are
    /// told of the next time.
    pub fn sightings(&self) -> Vec<Sighting> {
        let mut sightings = vec![];
        sightings.append(&mut lock(&self.retired));
        self.shipped.sightings(&mut sightings);
        if let Some((_, firm)) = &*self.firm.read().unwrap_or_else(PoisonError::into_inner) {
            firm.sightings(&mut sightings);
        }
        lock(&self.elsewhere).take(&mut sightings);
        sightings
    }

    /// Tells that other policies rule: levels may have changed.
    pub fn policies_changed(&self) {
        self.policies.fetch_add(1, Ordering::Relaxed);
    }

    /// Everything found in a body by the shipped classifiers, treated by no policy.
    ///
    /// # Errors
    /// The body can't be read.
    pub fn scan(&self, format: Format, body: &[u8]) -> Result<Vec<Finding>, Uninspectable> {
        self.scan_with(None, format, body)
    }

    /// The same, by what the firm adds as well.
    ///
    /// # Errors
    /// The body can't be read.
    pub fn scan_with(
        &self,
        firm: Option<&Arc<FirmClassifiers>>,
        format: Format,
        body: &[u8],
    ) -> Result<Vec<Finding>, Uninspectable> {
        let reader = self.reader(firm)?;
        self.with_workspace(&reader, |workspace| {
            let input = body::Input { classifier: reader.classifier(), limits: self.limits, format, body };
            body::scan(&input, workspace)
        })
    }

    fn with_workspace<T>(&self, reader: &Reader, work: impl FnOnce(&mut Workspace) -> T) -> T {
        let taken = lock(&reader.spare).pop();
        let mut workspace = taken.unwrap_or_else(|| Box::new(Workspace::new(self.seed)));
        workspace.begin(self.policies.load(Ordering::Relaxed));
        let done = work(&mut workspace);
        workspace.finish();
        lock(&reader.spare).push(workspace);
        done
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
