//! The firm's own classifiers, from the policies' words to the classifiers' own.

use yingbi_classifiers::{
    Classifier, FirmLexicon, FirmName, FirmPattern, FirmWords, KeyMeaning, TooManyWords,
};
use yingbi_policies::{FirmClassifiers, NameRule, Pattern, Strength};

/// The shipped classifier with what a firm adds in one version of its policies.
///
/// # Errors
/// The firm's word lists are too large.
pub fn classifier(firm: &FirmClassifiers) -> Result<Classifier, TooManyWords> {
    let mut lexicon = FirmLexicon::default();
    for one in &firm.all {
        lexicon.names.extend(one.names.iter().map(name));
        let under_names = !one.names.is_empty();
        let Some(kind) = one.kind else { continue };
        lexicon.patterns.extend(one.patterns.iter().map(|pattern| FirmPattern {
            regex: pattern.regex.clone(),
            shortest: pattern.shortest,
            needs: [Pattern::DIGIT, Pattern::LETTER, Pattern::HIGH].map(|class| pattern.needs & class != 0),
            kind,
            confidence: one.confidence,
            under_names,
        }));
        if !one.words.is_empty() {
            let (words, confidence) = (one.words.clone(), one.confidence);
            lexicon.words.push(FirmWords { words, kind, confidence, under_names });
        }
    }
    Classifier::with_firm(lexicon)
}

fn name(rule: &NameRule) -> FirmName {
    let (strength, prose) = match rule.strength {
        Strength::Decides => (yingbi_classifiers::Strength::Decides, false),
        Strength::Shape => (yingbi_classifiers::Strength::NeedsShape, false),
        Strength::Record => (yingbi_classifiers::Strength::NeedsRecord, false),
        Strength::Value => (yingbi_classifiers::Strength::NeedsFirm, false),
        Strength::Prose => (yingbi_classifiers::Strength::Decides, true),
    };
    let kind = rule.kind.filter(|_| !prose);
    let meaning =
        KeyMeaning { kind, strength, denies: kind.is_none() && !prose, prose, ..KeyMeaning::UNKNOWN };
    FirmName { name: rule.name.clone(), is_exact: rule.is_exact, open: rule.open, meaning }
}
