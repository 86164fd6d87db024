//! The tests that stand inside a firm's classifiers, through the classifiers that will rule.

use yingbi_classifiers::{Classifier, KeyMeaning, Scalar, Signals};
use yingbi_policies::{ClassifierTest, Diagnostic, PolicySet};
use yingbi_taxonomy::Kind;

/// What does not come out as its test says.
pub(super) fn failed(set: &PolicySet) -> Vec<Diagnostic> {
    let Some(firm) = set.classifiers() else { return Vec::new() };
    let Ok(classifier) = yingbi_protect::classifier(firm) else {
        return set.classifier_tests().iter().take(1).map(Diagnostic::classifier_failed).collect();
    };
    let fails = |test: &&ClassifierTest| is_found(&classifier, test) != test.found;
    set.classifier_tests().iter().filter(fails).map(Diagnostic::classifier_failed).collect()
}

/// Whether the kind is found: by the name alone where the test gives no value, else in the value, as a value that is
/// treated would be.
fn is_found(classifier: &Classifier, test: &ClassifierTest) -> bool {
    let key = test.key.as_ref().map_or(KeyMeaning::UNKNOWN, |key| classifier.key(key));
    let is_kind = |kind: Kind| kind == test.kind || Kind::general(kind.category()) == test.kind;
    let Some(value) = &test.value else { return key.kind.is_some_and(is_kind) };
    let mut hits = Vec::new();
    classifier.value(key, Signals::PERSON, Scalar::Text(value), &mut hits);
    hits.iter().any(|hit| hit.confidence >= TREATED && is_kind(hit.kind))
}

/// What is less sure is not treated.
const TREATED: u8 = 50;
