//! JSON bodies: index, grammar, walk, and copying all that does not change.

mod classes;
mod coded;
mod index;
mod keys;
mod number;
mod parse;
mod paths;
mod positions;
mod scan;
pub(crate) mod string;
mod treat;
mod walk;

use keys::Keys;
pub(crate) use keys::name_hits;
pub(crate) use paths::Subject;
#[cfg(any(test, feature = "reference"))]
pub(crate) use paths::rank;
pub(crate) use scan::Scan;
pub(crate) use treat::Treat;

use crate::Uninspectable;
use crate::classify::Classify;
use crate::edit::Edits;
use crate::meaning::SHORTEST_TEXT;
use index::Index;
use parse::Node;
use zeroize::Zeroize as _;

/// How deep JSON and coded data may stand in strings; beyond, the string is text.
pub(crate) const STRINGS_DEEP: usize = 3;

/// Working space, kept from body to body.
pub(crate) struct Workspace {
    pub(crate) keys: Keys,
    pub(crate) edits: Edits,
    levels: [Level; STRINGS_DEEP + 1],
}

/// Working space for one document.
#[derive(Default)]
struct Level {
    index: Index,
    nodes: Vec<Node>,
    open: Vec<parse::Open>,
    decoded: String,
}

impl Workspace {
    pub(crate) fn new(seed: [u64; 2]) -> Self {
        Workspace { keys: Keys::new(seed), edits: Edits::default(), levels: Default::default() }
    }

    /// Makes ready for the next body.
    pub(crate) fn begin(&mut self) {
        self.keys.begin();
        self.edits.clear();
    }

    /// How many names are kept.
    #[cfg(test)]
    pub(crate) fn learned(&self) -> usize {
        self.keys.learned()
    }

    /// Forgets what was decoded, and lets go of what one unusually large body needed.
    pub(crate) fn finish(&mut self) {
        self.edits.shrink_to(KEPT);
        for level in &mut self.levels {
            if !level.decoded.is_empty() {
                level.decoded.zeroize();
            }
            level.index.tokens.shrink_to(KEPT);
            level.index.backslashes.shrink_to(KEPT);
            level.nodes.shrink_to(KEPT);
            level.open.shrink_to(KEPT);
            level.decoded.shrink_to(KEPT);
        }
    }
}

/// Entries of working space kept between bodies: a document of about a megabyte needs no more.
const KEPT: usize = 1 << 18;

impl Level {
    fn parse<C: Classify>(
        &mut self,
        text: &str,
        keys: &mut Keys,
        classifier: &C,
        depth: (usize, usize),
    ) -> Result<(), Uninspectable> {
        self.index.build(text.as_bytes())?;
        parse::parse(text, &self.index, keys, classifier, depth, (&mut self.nodes, &mut self.open))
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
