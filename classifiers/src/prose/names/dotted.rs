//! Names in other tongues, written in Chinese with a dot between their parts.

use super::lists::{LISTS, role};
use crate::prose::{head, is_han, tail};
use crate::{Hit, How};
use yingbi_taxonomy::Kind;

/// `阿卜杜拉·买买提`: what stands around the dot, without the word that announces it.
pub(super) fn find(text: &str, at: usize, hits: &mut Vec<Hit>) {
    let Some((left, right)) = text.split_at_checked(at) else { return };
    let dot = right.chars().next().map_or(0, char::len_utf8);
    let mut before = tail(left, 8, is_han);
    for word in &LISTS.before {
        if let Some(cut) = before.rfind(word) {
            before = before.get(cut + word.len()..).unwrap_or_default();
        }
    }
    let rest = right.get(dot..).unwrap_or_default();
    let mut after = head(rest, 6, is_han);
    for word in LISTS.after.iter().filter(|word| word.len() > 3) {
        if let Some(cut) = rest.get(..after).and_then(|run| run.find(word)).filter(|cut| *cut > 3) {
            after = after.min(cut);
        }
    }
    // What such names are not written with ends them: 美国魔术师大卫·布莱恩表演. A doubtful rest stays whole.
    let is_foreign = |c: char| LISTS.is(c, role::FOREIGN);
    let narrow = tail(before, 8, is_foreign);
    let whole = before.chars().count() <= 4
        && !left
            .get(..left.len() - before.len())
            .and_then(|left| left.chars().next_back())
            .is_some_and(is_han);
    if narrow.chars().count() >= 2 && !whole {
        before = narrow;
    }
    let narrow = foreign_length(rest.get(..after).unwrap_or_default());
    if narrow >= 6 {
        let ends = |rest: &str| {
            let is_small = |c: char| LISTS.is(c, role::NEVER | role::PREPOSITION);
            rest.starts_with(is_small) || LISTS.behind(rest).is_some()
        };
        let more = rest.get(narrow..after).unwrap_or_default();
        let more = more.char_indices().map(|(at, _)| narrow + at);
        after = more.clone().find(|at| rest.get(*at..).is_some_and(ends)).unwrap_or(after);
    }
    if before.chars().count() >= 2 && after >= 6 {
        let (start, end) = (left.len() - before.len(), left.len() + dot + after);
        hits.push(Hit { start, end, kind: Kind::Name, how: How::Text, confidence: 65 });
    }
}

/// The length of what names in other tongues are written with; 不 is of them only in 不都, 不力 and the like.
fn foreign_length(text: &str) -> usize {
    let mut length = 0;
    for (at, c) in text.char_indices() {
        let rest = text.get(at..).unwrap_or_default();
        let syllable = ["不都", "不力", "不拉"].iter().any(|two| rest.starts_with(two));
        if !syllable && !LISTS.is(c, role::FOREIGN) {
            break;
        }
        length = at + c.len_utf8();
    }
    length
}
