//! Replacements that were made by reading the same bytes in two ways, made one sequence.

use crate::edit::Edits;
use crate::plan::NOTHING_WIDTH;

/// A replacement, and whether it may stand for what it covers of others: then it was made knowing all that is inside.
#[derive(Debug)]
pub(crate) struct Claim<'e> {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) text: &'e str,
    pub(crate) stands: bool,
}

/// Sorted, disjoint replacements. Where claims overlap, one that stands for all the others is taken; of others nothing
/// shows, because each may show what another hides.
pub(crate) fn merge(mut claims: Vec<Claim<'_>>) -> Edits {
    claims.sort_by_key(|claim| (claim.start, std::cmp::Reverse(claim.end)));
    let mut merged = Edits::default();
    let mut rest = claims.as_slice();
    while let Some((first, others)) = rest.split_first() {
        let mut end = first.end;
        let overlapping = others.iter().take_while(|claim| {
            let overlaps = claim.start < end;
            end = end.max(if overlaps { claim.end } else { 0 });
            overlaps
        });
        let count = overlapping.count();
        let (cluster, behind) = rest.split_at_checked(count + 1).unwrap_or((rest, &[]));
        rest = behind;
        let spans_all = |claim: &&Claim<'_>| (claim.start, claim.end) == (first.start, end);
        let alike = cluster.iter().all(|claim| spans_all(&claim) && claim.text == first.text);
        match cluster.iter().filter(spans_all).find(|claim| claim.stands || alike) {
            Some(claim) => merged.push(claim.start, claim.end, claim.text),
            None => merged.push(first.start, end, &nothing()),
        }
    }
    merged
}

/// What stands where nothing may show.
pub(crate) fn nothing() -> String {
    "*".repeat(NOTHING_WIDTH.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlapping_replacements_show_nothing_of_each_other() {
        let claim = |start, end, text, stands| Claim { start, end, text, stands };
        let merged = |claims| {
            let edits = merge(claims);
            edits
                .iter()
                .map(|(start, end, text)| format!("{start}-{end}:{text}"))
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(merged(vec![claim(5, 8, "b", false), claim(0, 5, "a", false)]), "0-5:a 5-8:b");
        assert_eq!(merged(vec![claim(0, 5, "a", false), claim(0, 5, "a", false)]), "0-5:a");
        assert_eq!(merged(vec![claim(0, 5, "a", false), claim(0, 5, "b", false)]), "0-5:********");
        assert_eq!(merged(vec![claim(0, 5, "a", false), claim(4, 7, "b", false)]), "0-7:********");
        assert_eq!(merged(vec![claim(2, 4, "a", false), claim(0, 7, "b", true)]), "0-7:b");
        assert_eq!(merged(vec![claim(2, 4, "a", true), claim(0, 7, "b", false)]), "0-7:********");
        let chain = vec![
            claim(0, 4, "a", true),
            claim(3, 6, "b", true),
            claim(5, 9, "c", true),
            claim(9, 10, "d", true),
        ];
        assert_eq!(merged(chain), "0-9:******** 9-10:d");
    }
}
