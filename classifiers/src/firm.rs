//! What a firm adds to the shipped lexicon and recognizers: names, patterns, words.
//!
//! Added means added: the shipped recognizers see every value as before, and a name that the shipped lexicon takes for
//! authentication data stays one. Patterns run only over texts that are long enough and hold the classes of bytes that a
//! match needs; they are linear in the text.

use crate::cues::{Cues, mark};
use crate::lexicon::signals_of;
use crate::plain::Plain;
use crate::{Hit, How, KeyMeaning, Strength};
use aho_corasick::{AhoCorasick, MatchKind};
use regex::Regex;
use std::collections::HashMap;
use yingbi_taxonomy::{Kind, Level};

/// Names, patterns and words of a firm, to be compiled by [`crate::Classifier::with_firm`].
#[derive(Clone, Debug, Default)]
pub struct FirmLexicon {
    /// Field names.
    pub names: Vec<FirmName>,
    /// Patterns.
    pub patterns: Vec<FirmPattern>,
    /// Word lists.
    pub words: Vec<FirmWords>,
}

/// What a field name means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirmName {
    /// As spelt, or without case and separators.
    pub name: String,
    /// Only this spelling.
    pub is_exact: bool,
    /// Anything may stand before it, and after it.
    pub open: [bool; 2],
    /// What it means.
    pub meaning: KeyMeaning,
}

/// A pattern of values.
#[derive(Clone, Debug)]
pub struct FirmPattern {
    /// The expression.
    pub regex: Regex,
    /// Least bytes of a match.
    pub shortest: usize,
    /// Every match holds a digit, a letter, a character beyond ASCII.
    pub needs: [bool; 3],
    /// What a match is.
    pub kind: Kind,
    /// How sure that is.
    pub confidence: u8,
    /// Only under names of [`Strength::NeedsFirm`] of this kind.
    pub under_names: bool,
}

/// Words that are of a kind wherever they stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirmWords {
    /// The words.
    pub words: Vec<String>,
    /// What they are.
    pub kind: Kind,
    /// How sure that is.
    pub confidence: u8,
    /// Only under names of [`Strength::NeedsFirm`] of this kind.
    pub under_names: bool,
}

/// A firm's lexicon, compiled.
pub(crate) struct Firm {
    exact: HashMap<String, KeyMeaning>,
    folded: HashMap<String, KeyMeaning>,
    open: Vec<FirmName>,
    patterns: Vec<FirmPattern>,
    words: Option<WordList>,
}

/// All word lists in one automaton.
struct WordList {
    automaton: AhoCorasick,
    /// By the automaton's numbers: the kind, how sure, and whether only under names.
    meanings: Vec<(Kind, u8, bool)>,
}

impl Firm {
    /// Compiles it; words too many for an automaton are an error of the caller's bounds and are reported as such.
    pub(crate) fn compile(lexicon: FirmLexicon) -> Result<Firm, TooManyWords> {
        let mut firm = Firm {
            exact: HashMap::new(),
            folded: HashMap::new(),
            open: Vec::new(),
            patterns: lexicon.patterns,
            words: None,
        };
        for name in lexicon.names {
            let known = match (name.is_exact, name.open) {
                (true, _) => &mut firm.exact,
                (false, [false, false]) => &mut firm.folded,
                _ => {
                    firm.open.push(name);
                    continue;
                }
            };
            // Of two that speak of one name, the one that says more.
            let slot = known.entry(name.name).or_insert(name.meaning);
            *slot = stricter(*slot, name.meaning);
        }
        let (mut all, mut meanings) = (Vec::new(), Vec::new());
        for list in lexicon.words {
            meanings.extend(list.words.iter().map(|_| (list.kind, list.confidence, list.under_names)));
            all.extend(list.words);
        }
        if !all.is_empty() {
            let automaton = AhoCorasick::builder()
                .match_kind(MatchKind::LeftmostLongest)
                .ascii_case_insensitive(true)
                .build(&all)
                .map_err(|_| TooManyWords)?;
            firm.words = Some(WordList { automaton, meanings });
        }
        Ok(firm)
    }

    /// What a name means to the firm, given what it means to everybody.
    pub(crate) fn key(&self, name: &str, shipped: KeyMeaning) -> KeyMeaning {
        let folded = crate::lexicon::fold(name);
        let known = self.exact.get(name).or_else(|| self.folded.get(&folded)).copied();
        let open = || {
            let fits = |rule: &&FirmName| match rule.open {
                [true, true] => folded.contains(&rule.name),
                [true, false] => folded.ends_with(&rule.name),
                _ => folded.starts_with(&rule.name),
            };
            self.open.iter().filter(fits).map(|rule| rule.meaning).reduce(stricter)
        };
        let Some(own) = known.or_else(open) else { return shipped };
        let is_secret = shipped.kind.is_some_and(|kind| kind.level() == Level::L4);
        // A name that asks for the firm's own pattern takes nothing from what the name says to everybody.
        if is_secret || (own.strength == Strength::NeedsFirm && shipped.kind.is_some()) {
            return shipped;
        }
        let signals = own.kind.map_or(own.signals, |kind| signals_of(kind, own.strength));
        KeyMeaning { signals: signals.union(shipped.signals), ..own }
    }

    /// Whether one of the firm's patterns or words for the kind is the value.
    pub(crate) fn agrees(&self, kind: Kind, text: &str) -> bool {
        let mut hits = Vec::new();
        self.find(text, Some(kind), &mut hits);
        let trimmed = text.trim();
        let start = text.len() - text.trim_start().len();
        hits.iter().any(|hit| hit.kind == kind && hit.start <= start && hit.end >= start + trimmed.len())
    }

    /// Appends what the firm's patterns and words find in a text; `under` is the kind of a name that asks for them.
    pub(crate) fn find(&self, text: &str, under: Option<Kind>, hits: &mut Vec<Hit>) {
        let first = hits.len();
        let cues = Cues::of(text);
        let plain = if cues.has(mark::FOLDED) { Plain::of(text) } else { None };
        match &plain {
            Some(plain) => {
                self.find_plain(&plain.text, under, hits);
                plain.carry_back(hits.get_mut(first..).unwrap_or_default());
            }
            None => self.find_plain(text, under, hits),
        }
    }

    fn find_plain(&self, text: &str, under: Option<Kind>, hits: &mut Vec<Hit>) {
        let mut held = None;
        for pattern in &self.patterns {
            if text.len() < pattern.shortest || (pattern.under_names && under != Some(pattern.kind)) {
                continue;
            }
            let held: [bool; 3] = *held.get_or_insert_with(|| {
                let any = |class: fn(&u8) -> bool| text.as_bytes().iter().any(class);
                [any(u8::is_ascii_digit), any(u8::is_ascii_alphabetic), any(|byte| !byte.is_ascii())]
            });
            if pattern.needs.iter().zip(held).any(|(needs, holds)| *needs && !holds) {
                continue;
            }
            let (kind, confidence) = (pattern.kind, pattern.confidence);
            for found in pattern.regex.find_iter(text) {
                if is_apart(text, found.start(), found.end()) {
                    let (start, end) = (found.start(), found.end());
                    hits.push(Hit { start, end, kind, how: How::Value, confidence });
                }
            }
        }
        let Some(words) = &self.words else { return };
        for found in words.automaton.find_iter(text) {
            let Some((kind, confidence, under_names)) =
                words.meanings.get(found.pattern().as_usize()).copied()
            else {
                continue;
            };
            if (!under_names || under == Some(kind)) && is_apart(text, found.start(), found.end()) {
                let (start, end) = (found.start(), found.end());
                hits.push(Hit { start, end, kind, how: How::Value, confidence });
            }
        }
    }
}

/// Of the hits from `first` on, leaves out the shipped ones that a firm's, from `own` on, covers with a kind of no lower
/// level: the firm knows its own numbers.
pub(crate) fn prefer(hits: &mut Vec<Hit>, first: usize, own: usize) {
    let firms: Vec<Hit> = hits.get(own..).unwrap_or_default().to_vec();
    let mut at = 0;
    hits.retain(|hit| {
        at += 1;
        let is_shipped = at > first && at <= own;
        let covers = |firm: &Hit| {
            firm.start <= hit.start && hit.end <= firm.end && firm.kind.level() >= hit.kind.level()
        };
        !is_shipped || !firms.iter().any(covers)
    });
}

/// The word lists are too large for an automaton.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyWords;

impl std::fmt::Display for TooManyWords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the word lists are too large")
    }
}

impl std::error::Error for TooManyWords {}

/// Of two meanings of one name: a kind before none, the higher level, the one that asks less of the value.
fn stricter(a: KeyMeaning, b: KeyMeaning) -> KeyMeaning {
    let rank = |meaning: &KeyMeaning| {
        let asks = match meaning.strength {
            Strength::Decides => 3,
            Strength::NeedsShape | Strength::UnlessPublic => 2,
            Strength::NeedsRecord => 1,
            Strength::NeedsFirm => 0,
        };
        (meaning.kind.map(Kind::level), meaning.prose, asks, meaning.kind.map(std::cmp::Reverse))
    };
    if rank(&b) > rank(&a) { b } else { a }
}

/// Whether a stretch is no part of a longer number or Latin word; Chinese may touch it.
fn is_apart(text: &str, start: usize, end: usize) -> bool {
    let bytes = text.as_bytes();
    let joins = |left: Option<&u8>, right: Option<&u8>| {
        left.is_some_and(u8::is_ascii_alphanumeric) && right.is_some_and(u8::is_ascii_alphanumeric)
    };
    let before = start.checked_sub(1).and_then(|at| bytes.get(at));
    let last = end.checked_sub(1).and_then(|at| bytes.get(at));
    !joins(before, bytes.get(start)) && !joins(last, bytes.get(end))
}

#[cfg(test)]
mod tests;
