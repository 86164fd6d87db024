//! The words and characters that names are judged by, read from `lexicon/prose/names.tsv`.

use super::judge::Right;
use crate::prose::head;
use crate::words::WordHasher;
use std::collections::{HashMap, HashSet};
use std::hash::BuildHasherDefault;
use std::sync::LazyLock;

const DATA: &str = include_str!("../../../lexicon/prose/names.tsv");
const WORDS: &str = include_str!("../../../lexicon/prose/words.tsv");

/// Only shipped words are keys, so a fast hash without a secret serves.
type Set = HashSet<&'static str, BuildHasherDefault<WordHasher>>;
type ByChar<T> = HashMap<char, Vec<T>, BuildHasherDefault<WordHasher>>;

pub(super) struct Lists {
    roles: Vec<u16>,
    pub(super) compound: Set,
    /// Beginnings of words that look like names, of two characters and of three.
    not_names: HashSet<u32, BuildHasherDefault<WordHasher>>,
    longer_not_names: Set,
    /// Common words of two characters, each as one number.
    words: HashSet<u32, BuildHasherDefault<WordHasher>>,
    /// What makes the name of a company, product or place of the word before it.
    others: ByChar<&'static str>,
    /// Words that stand before names.
    pub(super) before: Vec<&'static str>,
    /// The same by their last character, the longest first; whether people follow them less often than other things.
    before_by_end: ByChar<(&'static str, bool)>,
    pub(super) after: Vec<&'static str>,
    pub(super) titles: Vec<&'static str>,
    /// Words that stand behind names by their first character, the most telling first.
    behind: ByChar<(&'static str, Right)>,
}

/// What a character can be, a bit each.
pub(super) mod role {
    /// A surname, or the first of a compound one.
    pub(in super::super) const SURNAME: u16 = 1;
    /// A surname of one character.
    pub(in super::super) const SINGLE: u16 = 1 << 1;
    /// The first of a compound surname.
    pub(in super::super) const COMPOUND: u16 = 1 << 2;
    /// A surname that opens common words more often than names.
    pub(in super::super) const DOUBTFUL: u16 = 1 << 3;
    /// A surname that is a frequent small word, such as 和.
    pub(in super::super) const SMALL: u16 = 1 << 4;
    /// What given names are made of.
    pub(in super::super) const GIVEN: u16 = 1 << 5;
    /// What they never have.
    pub(in super::super) const NEVER: u16 = 1 << 6;
    /// The first of a word that stands behind names.
    pub(in super::super) const BEHIND: u16 = 1 << 7;
    /// The last of a word that stands before names.
    pub(in super::super) const BEFORE: u16 = 1 << 8;
    /// A small word that people follow, as other things do.
    pub(in super::super) const PREPOSITION: u16 = 1 << 9;
    /// The first of a title.
    pub(in super::super) const TITLE: u16 = 1 << 10;
    /// What names in other tongues are written with.
    pub(in super::super) const FOREIGN: u16 = 1 << 11;
    /// What may stand between a name and the word that announces it.
    pub(in super::super) const AHEAD: u16 = 1 << 12;
    /// The first of a longer word that looks like a name.
    pub(in super::super) const NO_NAME: u16 = 1 << 13;
}

impl Lists {
    /// The roles of a character, or-ed.
    pub(super) fn roles(&self, c: char) -> u16 {
        self.roles.get(u32::from(c) as usize).copied().unwrap_or(0)
    }

    /// Whether the character has one of these roles.
    pub(super) fn is(&self, c: char, role: u16) -> bool {
        self.roles(c) & role != 0
    }

    /// The longest word that stands before names and ends `text`; and whether it is a weak one.
    pub(super) fn announcing(&self, text: &str) -> Option<(&'static str, bool)> {
        let last = text.chars().next_back().filter(|last| self.is(*last, role::BEFORE))?;
        self.before_by_end.get(&last)?.iter().find(|(word, _)| text.ends_with(word)).copied()
    }

    /// Whether the two characters are a common word.
    pub(super) fn is_word(&self, first: char, second: char) -> bool {
        self.words.contains(&pair(first, second))
    }

    /// Whether the text begins as a word that looks like a name does.
    pub(super) fn begins_as_no_name(&self, text: &str) -> bool {
        let mut chars = text.chars();
        let (Some(first), Some(second)) = (chars.next(), chars.next()) else { return false };
        self.not_names.contains(&pair(first, second))
            || (self.is(first, role::NO_NAME)
                && text
                    .get(..head(text, 3, |_| true))
                    .is_some_and(|word| self.longer_not_names.contains(word)))
    }

    /// Whether the whole is a word that looks like a name.
    pub(super) fn is_no_name(&self, word: &str) -> bool {
        match word.chars().count() {
            2 => self.begins_as_no_name(word),
            _ => self.longer_not_names.contains(word),
        }
    }

    /// Whether the text begins with a common word, or with none of the characters that words are made of.
    pub(super) fn begins_with_word(&self, text: &str) -> bool {
        let mut chars = text.chars();
        matches!((chars.next(), chars.next()), (Some(first), Some(second)) if self.is_word(first, second))
    }

    /// Whether the text ends with a common word.
    pub(super) fn ends_with_word(&self, text: &str) -> bool {
        let mut chars = text.chars().rev();
        matches!((chars.next(), chars.next()), (Some(second), Some(first)) if self.is_word(first, second))
    }

    /// Whether the text begins with what makes a company, product or place of the word before: `股份`, `科技`, `路`.
    pub(super) fn is_anothers(&self, text: &str) -> bool {
        let first = text.chars().next().unwrap_or_default();
        self.others.get(&first).is_some_and(|words| words.iter().any(|word| text.starts_with(word)))
    }

    /// What the text begins with, if a word that stands behind names.
    pub(super) fn behind(&self, text: &str) -> Option<Right> {
        let first = text.chars().next().filter(|first| self.is(*first, role::BEHIND))?;
        let words = self.behind.get(&first)?;
        words.iter().find(|(word, _)| text.starts_with(word)).map(|(_, right)| *right)
    }
}

/// Marks between a name and the word that announces it.
pub(super) const AHEAD_MARKS: &str = "：: \"“（('【-";
/// Words between them: `汇款人为全智慧`.
pub(super) const AHEAD_WORDS: &str = "为是系叫";

fn pair(first: char, second: char) -> u32 {
    u32::from(first) << 16 ^ u32::from(second)
}

pub(super) static LISTS: LazyLock<Lists> = LazyLock::new(|| {
    let list = |name: &str| {
        let line = DATA.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('\t'));
        line.unwrap_or_default()
    };
    let words = |name: &str| list(name).split(' ').collect::<Vec<&'static str>>();
    let (after, titles, deeds, compound) = (words("after"), words("title"), words("deed"), words("compound"));
    let (strong, weak) = (words("before"), words("weak"));
    let firsts = |words: &[&'static str]| words.iter().filter_map(|word| word.chars().next()).collect();
    let lasts = |words: &[&'static str]| words.iter().filter_map(|word| word.chars().next_back()).collect();
    let chars = |name: &str| list(name).chars().collect::<Vec<char>>();

    let mut roles = vec![0u16; 1 << 16];
    let mut give = |chars: Vec<char>, role: u16| {
        for c in chars {
            if let Some(slot) = roles.get_mut(u32::from(c) as usize) {
                *slot |= role;
            }
        }
    };
    give(chars("common"), role::SURNAME | role::SINGLE);
    give(firsts(&compound), role::SURNAME | role::COMPOUND);
    give(chars("doubtful"), role::DOUBTFUL);
    give(chars("small"), role::SMALL);
    give(chars("given"), role::GIVEN);
    give(chars("never"), role::NEVER);
    give(chars("preposition"), role::PREPOSITION);
    give(chars("foreign"), role::FOREIGN);
    give(firsts(&titles), role::TITLE | role::BEHIND);
    give(firsts(&deeds), role::BEHIND);
    give(firsts(&after), role::BEHIND);
    give(AHEAD_MARKS.chars().chain(AHEAD_WORDS.chars()).collect(), role::AHEAD);
    give(lasts(&strong), role::BEFORE);
    give(lasts(&weak), role::BEFORE);

    let (two, longer): (Vec<_>, Vec<_>) =
        words("notname").into_iter().partition(|word| word.chars().count() == 2);
    give(firsts(&longer), role::NO_NAME);

    let mut before_by_end: ByChar<(&'static str, bool)> = ByChar::default();
    for (list, is_weak) in [(&strong, false), (&weak, true)] {
        for word in list {
            if let Some(end) = word.chars().next_back() {
                before_by_end.entry(end).or_default().push((word, is_weak));
            }
        }
    }
    for words in before_by_end.values_mut() {
        words.sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
    }
    let mut behind: ByChar<(&'static str, Right)> = ByChar::default();
    for (list, right) in [(&titles, Right::Title), (&deeds, Right::Deed), (&after, Right::Word)] {
        for word in list {
            if let Some(first) = word.chars().next() {
                behind.entry(first).or_default().push((word, right));
            }
        }
    }
    let mut common = HashSet::default();
    for (first, seconds) in
        WORDS.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('\t'))
    {
        let first = first.chars().next().unwrap_or_default();
        common.extend(seconds.chars().map(|second| pair(first, second)));
    }
    let mut others: ByChar<&'static str> = ByChar::default();
    for word in words("anothers") {
        others.entry(word.chars().next().unwrap_or_default()).or_default().push(word);
    }
    Lists {
        roles,
        words: common,
        others,
        compound: compound.into_iter().collect(),
        not_names: two
            .iter()
            .filter_map(|word| Some(pair(word.chars().next()?, word.chars().next_back()?)))
            .collect(),
        longer_not_names: longer.into_iter().collect(),
        before: strong.into_iter().chain(weak).collect(),
        before_by_end,
        after,
        titles,
        behind,
    }
});
