//! Chinese words as field names spell them in Latin letters: all syllables (`weituojiage`), or their initials (`wtjg`).
//!
//! Which character has which syllable is data (`lexicon/syllables.tsv`), so that one line of Chinese words serves all
//! spellings. Initials of few characters are everybody's: those are written by hand, in `lexicon/pinyin.tsv`.

use super::{Concept, WordList};
use std::collections::HashMap;

const SYLLABLES: &str = include_str!("../../lexicon/syllables.tsv");

/// Adds the spellings of Chinese words to a list, save where it has them or where words of other meanings share them.
pub(super) fn add(chinese: &WordList, pinyin: &mut WordList) {
    let table = Syllables::shipped();
    let mut spellings: HashMap<String, Option<Concept>> = HashMap::new();
    for (word, concept) in chinese {
        let Some(syllables) = table.of(word).filter(|syllables| syllables.len() > 1) else { continue };
        let full: String = syllables.concat();
        let initials: String = syllables.iter().filter_map(|syllable| syllable.chars().next()).collect();
        for (spelt, least) in [(full, SHORTEST_FULL), (initials, FEWEST_INITIALS)] {
            // `yymm` is how a date is written.
            let is_format = spelt.bytes().all(|byte| matches!(byte, b'y' | b'd' | b'h' | b'm' | b's'));
            // `czrxm`: who somebody is to an account, 人 at the end.
            let is_role = spelt.len() == 3 && word.ends_with('人') && spelt != "str";
            if (spelt.len() >= least || is_role) && !is_format {
                let known = spellings.entry(spelt).or_insert(Some(*concept));
                *known = known.filter(|known| known == concept);
            }
        }
    }
    let told = spellings.into_iter().filter_map(|(spelt, concept)| Some((spelt, concept?)));
    let new: Vec<(String, Concept)> =
        told.filter(|(spelt, _)| !pinyin.contains_key(spelt.as_str())).collect();
    // One piece of memory for all of them, as long as the process lives: the lexicon is made once.
    let all: &'static str = new.iter().map(|(spelt, _)| spelt.as_str()).collect::<String>().leak();
    let mut from = 0;
    pinyin.extend(new.iter().filter_map(|(spelt, concept)| {
        let word = all.get(from..from + spelt.len())?;
        from += spelt.len();
        Some((word, *concept))
    }));
}

/// Shorter ones are English, or initials.
const SHORTEST_FULL: usize = 6;

/// Fewer initials stand for too many things.
const FEWEST_INITIALS: usize = 4;

/// How characters are spelt.
struct Syllables {
    of: HashMap<char, &'static str>,
    /// Words whose characters are spelt otherwise there.
    words: Vec<(&'static str, Vec<&'static str>)>,
}

impl Syllables {
    fn shipped() -> Syllables {
        let mut syllables = Syllables { of: HashMap::new(), words: Vec::new() };
        for (first, second) in
            SYLLABLES.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('\t'))
        {
            match first.is_ascii() {
                true => syllables.of.extend(second.chars().map(|c| (c, first))),
                false => syllables.words.push((first, second.split(' ').collect())),
            }
        }
        syllables
    }

    /// The syllables of a word, when each of its characters has one.
    fn of(&self, word: &str) -> Option<Vec<&'static str>> {
        let mut spelt = Vec::new();
        let mut rest = word;
        while let Some(first) = rest.chars().next() {
            if let Some((known, syllables)) = self.words.iter().find(|(known, _)| rest.starts_with(known)) {
                spelt.extend(syllables);
                rest = rest.get(known.len()..)?;
            } else {
                spelt.push(*self.of.get(&first)?);
                rest = rest.get(first.len_utf8()..)?;
            }
        }
        Some(spelt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexicon::WORDS;

    #[test]
    fn words_are_spelt_as_people_do() {
        let table = Syllables::shipped();
        let spelt = |word: &str| table.of(word).map(|syllables| syllables.join(" "));
        for (word, want) in [
            ("委托价格", "wei tuo jia ge"),
            ("开户行", "kai hu hang"),
            ("行为日志", "xing wei ri zhi"),
            ("佣金率", "yong jin lv"),
            ("应还本金", "ying huan ben jin"),
        ] {
            assert_eq!(spelt(word).as_deref(), Some(want), "{word}");
        }
        assert_eq!(spelt("QQ号"), None);
    }

    #[test]
    fn every_character_of_a_field_name_has_its_syllable() {
        let table = Syllables::shipped();
        let [_, _, chinese, _] = WORDS;
        let is_chinese = |c: &char| ('\u{4e00}'..='\u{9fff}').contains(c);
        let missing: String =
            chinese.chars().filter(is_chinese).filter(|c| !table.of.contains_key(c)).collect();
        assert_eq!(missing, "");
    }
}
