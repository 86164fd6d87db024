//! JSON bodies (RFC 8259): index, grammar, spelling.

mod bits;
pub(crate) mod classes;
mod index;
mod number;
mod parse;
pub(crate) mod string;

#[cfg(any(test, feature = "reference"))]
pub(crate) use classes::twins::agreement;
pub(crate) use index::Index;

use crate::Uninspectable;
use crate::classify::Classify;
use crate::meaning::SHORTEST_TEXT;
use crate::tree::{Grammar, Keys, Level, Node, Part, Spelling};
use std::ops::Range;
use string::Escapes;

/// JSON.
#[derive(Clone, Copy)]
pub(crate) struct Json;

impl Grammar for Json {
    const IS_TERSE: bool = true;

    fn parse<C: Classify>(
        level: &mut Level,
        text: &str,
        keys: &mut Keys,
        classifier: &C,
        depth: (usize, usize),
    ) -> Result<Self, Uninspectable> {
        level.index.build(text.as_bytes())?;
        let mut may_name = parse::parse(text, level, keys, classifier, depth)?;
        if level.is_terse && may_name {
            // What names other values may be a member that says nothing by itself.
            level.is_terse = false;
            may_name = parse::parse(text, level, keys, classifier, depth)?;
        }
        level.may_name = may_name;
        Ok(Json)
    }
}

impl Spelling for Json {
    const NAMES_ARE_UNIQUE: bool = true;

    type Pieces<'r> = Escapes<'r>;

    fn pieces<'r>(self, raw: &'r str, _: Part<'_>) -> Escapes<'r> {
        Escapes::new(raw)
    }

    #[inline]
    fn contents(self, node: &Node) -> Range<usize> {
        node.start as usize + 1..node.end as usize - 1
    }

    fn name(self, text: &str, node: &Node) -> Range<usize> {
        let from = node.name as usize + 1;
        from..from + string::length(text.get(from..).unwrap_or(""))
    }

    fn removal(self, _: &str, node: &Node, next: Option<&Node>, survivor: Option<u32>) -> Range<usize> {
        let (from, to) = match (next, survivor) {
            // The comma and white space up to the next name go along.
            (Some(next), _) => (node.name, next.name),
            // The last one takes along the comma before it, and what was dropped between.
            (None, Some(survivor)) => (survivor, node.end),
            (None, None) => (node.name, node.end),
        };
        from as usize..to as usize
    }

    fn emptied(self, node: &Node) -> (Range<usize>, &'static str) {
        (node.start as usize..node.end as usize, "null")
    }
}

/// Whether a string may hold a JSON document worth reading.
#[inline]
pub(crate) fn looks_like_json(text: &str) -> bool {
    let bytes = text.as_bytes();
    match bytes.first() {
        _ if bytes.len() < SHORTEST_TEXT => false,
        Some(b'{' | b'[') => true,
        Some(first) if first.is_ascii_whitespace() => {
            matches!(bytes.trim_ascii_start().first(), Some(b'{' | b'['))
        }
        _ => false,
    }
}
