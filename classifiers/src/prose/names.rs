//! People's names: by surname and length where a field or label announces one, by title or verb in running text.

use super::{head, is_han, tail};
use crate::{Hit, How};
use std::collections::HashSet;
use std::sync::LazyLock;
use yingbi_taxonomy::Kind;

const DATA: &str = include_str!("../../lexicon/prose/names.tsv");

struct Names {
    surnames: CharSet,
    doubtful: CharSet,
    compound: HashSet<&'static str>,
    not_names: HashSet<&'static str>,
    after: Vec<&'static str>,
    before: Vec<&'static str>,
    /// Last characters of the words in `before`, to pass over most places in a text quickly.
    before_ends: CharSet,
    titles: Vec<&'static str>,
}

/// Characters of the basic plane, a bit each.
struct CharSet(Vec<u64>);

impl CharSet {
    fn contains(&self, c: char) -> bool {
        let code = u32::from(c);
        self.0.get((code / 64) as usize).is_some_and(|word| word >> (code % 64) & 1 == 1)
    }
}

impl FromIterator<char> for CharSet {
    fn from_iter<I: IntoIterator<Item = char>>(chars: I) -> Self {
        let mut words = vec![0; 1024];
        for code in chars.into_iter().map(u32::from) {
            if let Some(word) = words.get_mut((code / 64) as usize) {
                *word |= 1 << (code % 64);
            }
        }
        CharSet(words)
    }
}

static NAMES: LazyLock<Names> = LazyLock::new(|| {
    let list = |name: &str| {
        let line = DATA.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('\t'));
        line.unwrap_or_default()
    };
    let words = |name: &str| list(name).split(' ').collect::<Vec<_>>();
    let before = words("before");
    Names {
        surnames: list("common").chars().collect(),
        doubtful: list("doubtful").chars().collect(),
        compound: words("compound").into_iter().collect(),
        not_names: words("notname").into_iter().collect(),
        after: words("after"),
        before_ends: before.iter().filter_map(|word| word.chars().last()).collect(),
        before,
        titles: words("title"),
    }
});

/// Whether a whole value is a person's name: Chinese with a known surname, a minority's with `·`, or Latin words.
pub(crate) fn is_name(text: &str) -> bool {
    let text = text.trim();
    if text.is_ascii() {
        return is_latin_name(text);
    }
    if text.contains(['·', '•', '・']) {
        return text.split(['·', '•', '・']).all(|part| !part.is_empty() && part.chars().all(is_han))
            && text.chars().count() <= 24;
    }
    let bare = text.strip_suffix("先生").or_else(|| text.strip_suffix("女士")).unwrap_or(text);
    let count = bare.chars().count();
    if !bare.chars().all(|c| is_han(c) || c == '*' || c == '＊') {
        return false;
    }
    if starts_with_not_name(bare) && count < 4 {
        return false;
    }
    match surname_length(bare) {
        Some(2) => (2..=4).contains(&count),
        Some(_) => (2..=3).contains(&count) || (bare.len() < text.len() && count == 1),
        None => false,
    }
}

/// Whether a whole value can be a name when the record around it is a person's: two to four Chinese characters, a
/// minority's name, or letters only.
pub(crate) fn may_be_name(text: &str) -> bool {
    let text = text.trim();
    let count = text.chars().count();
    let chinese = text.chars().all(|c| is_han(c) || matches!(c, '·' | '•' | '*'));
    let latin =
        text.chars().all(|c| c.is_alphabetic() && !is_han(c) || matches!(c, ' ' | '.' | '\'' | '-' | ','));
    (chinese && (2..=4).contains(&count) && !starts_with_not_name(text))
        || (chinese && text.contains(['·', '•']) && count <= 24)
        || (latin && (2..=48).contains(&count))
}

/// `Zhang San`, `ZHANG SANFENG`, `John Q. Public`: two to four words with capitals.
fn is_latin_name(text: &str) -> bool {
    let words: usize = text.split([' ', ',']).filter(|word| !word.is_empty()).count();
    (2..=4).contains(&words)
        && text.len() <= 48
        && text.split([' ', ',']).filter(|word| !word.is_empty()).all(|word| {
            word.starts_with(|c: char| c.is_ascii_uppercase())
                && word.chars().all(|c| c.is_ascii_alphabetic() || matches!(c, '.' | '\'' | '-'))
        })
}

/// The length of the name at the start of `text`, behind a label that announces one.
pub(crate) fn announced(text: &str) -> Option<usize> {
    let first = text.chars().next()?;
    if first.is_ascii_alphabetic() {
        let length = head(text, 48, |c| c.is_ascii_alphabetic() || matches!(c, ' ' | '.' | '\'' | '-'));
        let latin = text.get(..length)?.trim_end();
        return is_latin_name(latin).then_some(latin.len());
    }
    let run = head(text, 24, |c| is_han(c) || matches!(c, '·' | '•' | '*'));
    let run = text.get(..run)?;
    if run.contains(['·', '•']) {
        return Some(run.len());
    }
    let titled = NAMES.titles.iter().any(|title| run.ends_with(title));
    if (2..=4).contains(&run.chars().count()) && is_name(run) && !titled {
        return Some(run.len());
    }
    unannounced_length(run, true)
}

/// Appends the people that running text names.
pub(crate) fn find(text: &str, hits: &mut Vec<Hit>) {
    let names = &*NAMES;
    for (at, c) in text.char_indices() {
        match c {
            '先' | '女' | '小' | '太' | '老' | '阿' | '叔' | '同' => titled(text, at, hits),
            '·' | '•' => dotted(text, at, hits),
            _ => {}
        }
        if !names.before_ends.contains(c) {
            continue;
        }
        let (left, right) = text.split_at_checked(at + c.len_utf8()).unwrap_or_default();
        let Some(trigger) =
            names.before.iter().filter(|word| left.ends_with(**word)).max_by_key(|word| word.len())
        else {
            continue;
        };
        let skip = head(right, 3, |c| matches!(c, '：' | ':' | ' ' | '"' | '“' | '（' | '('));
        let rest = right.get(skip..).unwrap_or_default();
        let announced_by_colon = right.get(..skip).is_some_and(|mark| mark.contains([':', '：']));
        let run = head(rest, 6, is_han);
        let Some(run) = rest.get(..run) else { continue };
        // `联系` and the like are verbs of many objects: only an undoubted surname follows them.
        let sure = announced_by_colon || trigger.chars().count() > 2;
        if let Some(length) = unannounced_length(run, sure) {
            let start = at + c.len_utf8() + skip;
            hits.push(Hit { start, end: start + length, kind: Kind::Name, how: How::Text, confidence: 75 });
        }
    }
}

/// Appends the name that stands right before a personal number (`张三13800138000`).
pub(crate) fn before_number(text: &str, number: usize, hits: &mut Vec<Hit>) {
    let Some(left) = text.get(..number) else { return };
    let left = left.trim_end_matches([' ', '(', '（', ':', '：', '-', ',', '，']);
    let run = tail(left, 5, is_han);
    let count = run.chars().count();
    if (2..=4).contains(&count) && is_name(run) && !starts_doubtfully(run) {
        let (start, end) = (left.len() - run.len(), left.len());
        hits.push(Hit { start, end, kind: Kind::Name, how: How::Text, confidence: 70 });
    }
}

/// `张先生`, `欧阳锋女士`: the name before a title.
fn titled(text: &str, at: usize, hits: &mut Vec<Hit>) {
    let names = &*NAMES;
    let Some((left, right)) = text.split_at_checked(at) else { return };
    if !names.titles.iter().any(|title| right.starts_with(title)) {
        return;
    }
    let run = tail(left, 4, is_han);
    // The longest first: 欧阳锋, then 张三丰, 张三, 张.
    let mut starts: Vec<usize> = run.char_indices().map(|(at, _)| at).collect();
    starts.sort_unstable();
    let mut best: Option<&str> = None;
    for start in starts {
        let Some(candidate) = run.get(start..) else { continue };
        let count = candidate.chars().count();
        let longest = match surname_length(candidate) {
            Some(2) => 4,
            Some(_) => 3,
            None => continue,
        };
        let doubtful = starts_doubtfully(candidate) && count > 1;
        if count <= longest && !starts_with_not_name(candidate) && !doubtful {
            best = Some(candidate);
            break;
        }
    }
    if let Some(name) = best {
        let start = left.len() - name.len();
        hits.push(Hit { start, end: left.len(), kind: Kind::Name, how: How::Text, confidence: 75 });
    }
}

/// `阿卜杜拉·买买提`: what stands around the dot, without the word that announces it.
fn dotted(text: &str, at: usize, hits: &mut Vec<Hit>) {
    let Some((left, right)) = text.split_at_checked(at) else { return };
    let dot = right.chars().next().map_or(0, char::len_utf8);
    let mut before = tail(left, 8, is_han);
    for word in &NAMES.before {
        if let Some(cut) = before.rfind(word) {
            before = before.get(cut + word.len()..).unwrap_or_default();
        }
    }
    let rest = right.get(dot..).unwrap_or_default();
    let mut after = head(rest, 6, is_han);
    for word in NAMES.after.iter().filter(|word| word.len() > 3) {
        if let Some(cut) = rest.get(..after).and_then(|run| run.find(word)).filter(|cut| *cut > 3) {
            after = after.min(cut);
        }
    }
    if before.chars().count() >= 2 && after >= 6 {
        let (start, end) = (left.len() - before.len(), left.len() + dot + after);
        hits.push(Hit { start, end, kind: Kind::Name, how: How::Text, confidence: 65 });
    }
}

/// How long the name at the start of a run of Chinese is, judged by its surname and by what follows.
fn unannounced_length(run: &str, sure: bool) -> Option<usize> {
    let surname = surname_length(run)?;
    if starts_with_not_name(run) {
        return None;
    }
    // `陈先生` is left to the title.
    let given = run.char_indices().nth(surname).and_then(|(at, _)| run.get(at..));
    if given.is_some_and(|given| NAMES.titles.iter().any(|title| given.starts_with(title))) {
        return None;
    }
    // A surname that opens common words needs a verb or title behind the name.
    let needs_more = !sure && starts_doubtfully(run);
    let ends: Vec<usize> = run.char_indices().map(|(at, c)| at + c.len_utf8()).collect();
    let end_of = |characters: usize| ends.get(characters - 1).copied();
    let is_end = |end: usize| {
        run.get(end..).is_some_and(|rest| {
            (rest.is_empty() && !needs_more)
                || NAMES.after.iter().any(|word| rest.starts_with(word))
                || NAMES.titles.iter().any(|title| rest.starts_with(title))
        })
    };
    // Two characters of a given name before one, as they are more frequent, when what follows lets them end there.
    let longer = end_of(surname + 2).filter(|end| is_end(*end));
    let shorter = end_of(surname + 1).filter(|end| is_end(*end));
    match (longer, shorter) {
        // `王五的`: the third character already belongs to what follows.
        (Some(_), Some(shorter)) => Some(shorter),
        (Some(longer), None) => Some(longer),
        (None, Some(shorter)) => Some(shorter),
        (None, None) if sure && !starts_doubtfully(run) => end_of(surname + 2).or(end_of(surname + 1)),
        (None, None) => None,
    }
}

/// How many characters of the text are a surname.
fn surname_length(text: &str) -> Option<usize> {
    let mut chars = text.char_indices();
    let (_, first) = chars.next()?;
    if let Some((at, second)) = chars.next()
        && text.get(..at + second.len_utf8()).is_some_and(|two| NAMES.compound.contains(two))
    {
        return Some(2);
    }
    NAMES.surnames.contains(first).then_some(1)
}

fn starts_with_not_name(text: &str) -> bool {
    let two = head(text, 2, |_| true);
    text.get(..two).is_some_and(|two| NAMES.not_names.contains(two))
}

/// Surnames that open common words more often than names.
fn starts_doubtfully(text: &str) -> bool {
    text.chars().next().is_some_and(|first| NAMES.doubtful.contains(first)) && surname_length(text) != Some(2)
}

#[cfg(test)]
mod tests;
