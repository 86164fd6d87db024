//! The classifier as the walks see it, so that tests can put a small one of their own in its place.

use yingbi_classifiers::{Classifier, Hit, KeyMeaning, Scalar, Signals};
use yingbi_taxonomy::Kind;

/// What the walks ask of a classifier.
pub(crate) trait Classify {
    fn key(&self, name: &str) -> KeyMeaning;
    /// Whether a field's name is a person's.
    fn names_person(&self, name: &str) -> bool;
    fn value(&self, key: KeyMeaning, record: Signals, value: Scalar<'_>, hits: &mut Vec<Hit>);
    /// What a value is as a whole: the one hit of `value`, where that is all of the value, or nothing yet known.
    fn whole(&self, key: KeyMeaning, record: Signals, value: Scalar<'_>) -> Option<Kind>;
    /// The least length from which on every text, or every number, that begins plainly is of a kind under a name in such
    /// a record.
    fn plainly_from(&self, key: KeyMeaning, kind: Kind, record: Signals, is_number: bool) -> Option<usize>;
}

impl Classify for Classifier {
    fn key(&self, name: &str) -> KeyMeaning {
        Classifier::key(self, name)
    }

    fn names_person(&self, name: &str) -> bool {
        Classifier::names_person(self, name)
    }

    fn value(&self, key: KeyMeaning, record: Signals, value: Scalar<'_>, hits: &mut Vec<Hit>) {
        Classifier::value(self, key, record, value, hits);
    }

    #[inline]
    fn whole(&self, key: KeyMeaning, record: Signals, value: Scalar<'_>) -> Option<Kind> {
        Classifier::whole(self, key, record, value).map(|(kind, _)| kind)
    }

    fn plainly_from(&self, key: KeyMeaning, kind: Kind, record: Signals, is_number: bool) -> Option<usize> {
        Classifier::plainly_from(self, key, kind, record, is_number)
    }
}

/// Hits below this are not treated, as `Hit::confidence` says.
pub(crate) const CONFIDENT: u8 = 50;
