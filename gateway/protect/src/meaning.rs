//! What a value is taken for: the one rule by which names, declarations and containers above it decide together.

use crate::classify::{CONFIDENT, Classify};
use crate::plan::{Action, Rules};
use yingbi_classifiers::{Hit, How, KeyMeaning, SHORTEST_NUMBER, Scalar, Signals, Strength};
use yingbi_taxonomy::{Kind, Level};

/// What is known about a value before it is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(align(8))] // copied for every value: one word
pub(crate) struct Meaning {
    key: KeyMeaning,
    source: Source,
    /// Whether it speaks of authentication data (level 4).
    is_credential: bool,
}

const _: () = assert!(size_of::<Meaning>() == 8);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    /// The lexicon, by the field's name.
    Name,
    /// The firm's binding: the whole value is of the kind.
    Declared,
    /// The firm's binding: no personal information. Credentials are still looked for: no declaration opens those.
    DeclaredNotPersonal,
}

impl Meaning {
    /// Nothing is known.
    pub(crate) const UNKNOWN: Meaning =
        Meaning { key: KeyMeaning::UNKNOWN, source: Source::Name, is_credential: false };

    /// What a field's name says.
    pub(crate) fn named(key: KeyMeaning) -> Meaning {
        Meaning::new(key, Source::Name)
    }

    fn new(key: KeyMeaning, source: Source) -> Meaning {
        Meaning { key, source, is_credential: key.kind.is_some_and(|kind| kind.level() == Level::L4) }
    }

    /// What a field's name says once a binding has declared the field.
    pub(crate) fn declared(self, declared: Option<Kind>) -> Meaning {
        let key = KeyMeaning { signals: self.key.signals, ..KeyMeaning::UNKNOWN };
        match declared {
            None if self.is_credential => self,
            None => Meaning::new(KeyMeaning { denies: true, ..key }, Source::DeclaredNotPersonal),
            Some(kind) => Meaning::new(KeyMeaning { kind: Some(kind), ..key }, Source::Declared),
        }
    }

    /// What the name says about its whole record.
    pub(crate) fn signals(&self) -> Signals {
        self.key.signals
    }

    /// What a scalar under this name is taken for, given what the containers above say. A name that speaks of a kind
    /// is more specific than they are; one that denies is too, save for credentials.
    pub(crate) fn under<'m>(&'m self, inherited: Option<&'m Meaning>) -> &'m Meaning {
        match inherited {
            _ if self.is_kind() => self,
            Some(inherited) if !self.key.denies || inherited.is_credential => inherited,
            _ => self,
        }
    }

    /// What everything inside this container inherits.
    pub(crate) fn inherited<'m>(&'m self, inherited: Option<&'m Meaning>) -> Option<&'m Meaning> {
        match self.source {
            _ if self.is_kind() => Some(self),
            Source::DeclaredNotPersonal => inherited.filter(|inherited| inherited.is_credential),
            _ => inherited,
        }
    }

    /// How a value of a kind was recognised under it.
    pub(crate) fn how(&self, kind: Kind) -> How {
        match self.source {
            Source::Declared => How::Binding,
            _ if self.key.kind == Some(kind) && self.key.strength == Strength::Decides => How::Key,
            _ if self.key.kind == Some(kind) => How::Context,
            _ if self.key.prose => How::Text,
            _ => How::Value,
        }
    }

    /// What a value under it must be, if the name or a declaration says.
    pub(crate) fn expected(&self, record: Signals) -> Option<Kind> {
        crate::input::expected(self.key, record)
    }

    /// Whether it speaks of a kind.
    pub(crate) fn is_kind(&self) -> bool {
        self.key.kind.is_some()
    }

    /// Whether a string that holds JSON is read inside: not when all of it is one declared or secret value.
    pub(crate) fn opens_json(&self) -> bool {
        !self.is_credential && self.source != Source::Declared
    }

    /// What a value is as a whole, when its name and form say so without a search; else [`Meaning::hits`] tells.
    #[inline]
    pub(crate) fn whole<C: Classify>(
        self,
        classifier: &C,
        record: Signals,
        value: Scalar<'_>,
    ) -> Option<Kind> {
        match (self.source, self.key.kind) {
            (_, None) => None,
            (Source::Declared, kind) => kind,
            _ => classifier.whole(self.key, record, value),
        }
    }

    /// The least length from which on every text, or every number, under it that begins plainly is of a kind in such a
    /// record.
    pub(crate) fn plainly_from<C: Classify>(
        &self,
        classifier: &C,
        kind: Kind,
        record: Signals,
        is_number: bool,
    ) -> Option<usize> {
        match self.source {
            Source::Name => classifier.plainly_from(self.key, kind, record, is_number),
            Source::Declared | Source::DeclaredNotPersonal => None,
        }
    }

    /// What is found in a value, confident enough to be treated.
    pub(crate) fn hits<C: Classify>(
        self,
        classifier: &C,
        record: Signals,
        value: Scalar<'_>,
        hits: &mut Vec<Hit>,
    ) {
        hits.clear();
        let is_short = match value {
            Scalar::Text(text) => text.len() < SHORTEST_TEXT,
            Scalar::Number(spelt) => spelt.len() < SHORTEST_NUMBER,
            Scalar::Bool => true,
        };
        if is_short && !self.is_kind() {
            return;
        }
        match (self.source, self.key.kind) {
            (Source::Declared, Some(kind)) => {
                let end = match value {
                    Scalar::Text(text) | Scalar::Number(text) => text.len(),
                    Scalar::Bool => 0,
                };
                hits.push(Hit { start: 0, end, kind, how: How::Binding, confidence: 100 });
            }
            (source, _) => {
                classifier.value(self.key, record, value, hits);
                let only_credentials = source == Source::DeclaredNotPersonal;
                hits.retain(|hit| {
                    hit.confidence >= CONFIDENT && (!only_credentials || hit.kind.level() == Level::L4)
                });
            }
        }
    }
}

/// Looks in the parts of a text for what is not seen in the whole, because markup parts what only looks like one; what
/// overlaps with what is known is left.
pub(crate) fn hits_in_parts<C: Classify>(
    (text, parts): (&str, &[std::ops::Range<usize>]),
    meaning: Meaning,
    classifier: &C,
    record: Signals,
    hits: &mut Vec<Hit>,
) {
    if parts.is_empty() {
        return;
    }
    let mut more = vec![];
    for part in parts {
        meaning.hits(classifier, record, Scalar::Text(text.get(part.clone()).unwrap_or("")), &mut more);
        for hit in &more {
            let hit = Hit { start: hit.start + part.start, end: hit.end + part.start, ..*hit };
            // Sorted and disjoint, so that one look suffices.
            let at = hits.partition_point(|other| other.end <= hit.start);
            if hits.get(at).is_none_or(|other| hit.end <= other.start) {
                hits.insert(at, hit);
            }
        }
    }
}

/// Under a name that speaks of no kind, less than this many bytes show nobody's information: the shortest e-mail
/// address has five.
pub(crate) const SHORTEST_TEXT: usize = 5;

/// The hit that rules a value that can only be treated as a whole, with what is done: the strongest, the first among
/// equals.
pub(crate) fn strongest<'p>(rules: Rules<'p>, hits: &[Hit]) -> Option<(Kind, Action<'p>)> {
    let strength = |action: &Action<'_>| match action {
        Action::Clear => 0,
        Action::Mask(_) => 1,
        Action::Drop => 2,
        Action::Block => 3,
    };
    let actions = hits.iter().map(|hit| (hit.kind, rules.action(hit.kind)));
    actions.reduce(|best, next| if strength(&next.1) > strength(&best.1) { next } else { best })
}
