//! JSON bodies: index, grammar, walk, and copying all that does not change.

mod classes;
mod coded;
mod index;
mod keys;
mod number;
mod parse;
mod paths;
mod scan;
pub(crate) mod string;
mod treat;
mod walk;

pub(crate) use coded::Known;
#[cfg(any(test, feature = "reference"))]
pub(crate) use coded::PROBED_DEEP;
use keys::Keys;
pub(crate) use keys::name_hits;
pub(crate) use paths::Subject;
#[cfg(any(test, feature = "reference"))]
pub(crate) use paths::rank;
pub(crate) use scan::Scan;
pub(crate) use treat::{Records, Treat};

use crate::Uninspectable;
use crate::classify::Classify;
use index::Index;
use parse::Node;
use zeroize::Zeroize as _;

/// How deep JSON and coded data may stand in strings; beyond, the string is text.
pub(crate) const STRINGS_DEEP: usize = 3;

/// Working space, kept from body to body.
pub(crate) struct Workspace {
    pub(crate) keys: Keys,
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
        Workspace { keys: Keys::new(seed), levels: Default::default() }
    }

    /// Makes ready for the next body.
    pub(crate) fn begin(&mut self) {
        self.keys.begin();
    }

    /// How many names are kept.
    #[cfg(test)]
    pub(crate) fn learned(&self) -> usize {
        self.keys.learned()
    }

    /// Forgets what was decoded, and lets go of what one unusually large body needed.
    pub(crate) fn finish(&mut self) {
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
pub(crate) fn looks_like_json(text: &str) -> bool {
    let mut bytes = text.bytes();
    matches!(bytes.find(|byte| !byte.is_ascii_whitespace()), Some(b'{' | b'['))
}
