//! Structured documents: one flat list of values whatever the format, the walk over it, and copying all that does not
//! change.
//!
//! A format brings a grammar, which reads a text into nodes, and a [`Spelling`], which says how names and texts are
//! spelt. What a value is taken for, whose it is and what becomes of it is the same for all.

mod check;
mod clean;
mod coded;
mod columns;
mod keys;
mod naming;
mod paths;
mod scan;
mod spelling;
mod treat;
mod walk;

pub(crate) use check::check_document;
use clean::Clean;
pub(crate) use coded::Known;
#[cfg(any(test, feature = "reference"))]
pub(crate) use coded::PROBED_DEEP;
use columns::Columns;
pub(crate) use keys::{Asked, Followed, Key, KeyId, Keys, Lane, name_hits};
#[cfg(any(test, feature = "reference"))]
pub(crate) use naming::role;
pub(crate) use naming::{Named, Role, has_pair};
#[cfg(any(test, feature = "reference"))]
pub(crate) use paths::rank;
pub(crate) use paths::{Subject, bind};
pub(crate) use scan::{Scan, pointer_step};
pub(crate) use spelling::{BadSpelling, Direct, Member, Part, Piece, Pieces, Spelling, decode};
pub(crate) use spelling::{Place, Spelt};
pub(crate) use treat::{Records, Stretch, Treat};
pub(crate) use walk::Frame;

use crate::counts::Found;
use crate::edit::Edits;
use crate::fields::Fields;
use crate::json::Index;
use crate::keyed::Sealing;
use crate::meaning::SHORTEST_TEXT;
use crate::{Uninspectable, classify::Classify};
use std::mem;
use std::ops::Range;
use yingbi_classifiers::{SHORTEST_NUMBER, Scalar, Signals};
use zeroize::Zeroize as _;

/// One value. Values stand in document order; what a container holds follows it directly.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    /// First byte of the value; of a JSON string, its quote.
    pub(crate) start: u32,
    /// One past the last byte.
    pub(crate) end: u32,
    /// Index of the first node that isn't inside this one.
    pub(crate) after: u32,
    /// Where the member's name begins, in JSON with its opening quote; meaningless unless `key` is one.
    pub(crate) name: u32,
    pub(crate) key: KeyId,
    /// Of an object: what all its names say together.
    pub(crate) signals: Signals,
    pub(crate) shape: Shape,
    /// Neither its name nor its few bytes say anything by themselves: see [`Shape::is_short`] and [`Lane::Plain`].
    pub(crate) is_mute: bool,
}

impl Node {
    /// Appends a node that is looked at however short, and says where it stands. A container's `after` and signals are
    /// known when it closes.
    pub(crate) fn push(
        nodes: &mut Vec<Node>,
        range: Range<usize>,
        name: usize,
        key: KeyId,
        shape: Shape,
    ) -> usize {
        let at = nodes.len();
        let (start, end, after, name) = (range.start as u32, range.end as u32, at as u32 + 1, name as u32);
        nodes.push(Node { start, end, after, name, key, signals: Signals::default(), shape, is_mute: false });
        at
    }

    pub(crate) fn is_container(&self) -> bool {
        matches!(self.shape, Shape::Object | Shape::Array)
    }
}

/// A text that stands as it is, or a number, whose own name tells what it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told {
    /// Of a text, without its quotes.
    pub(crate) start: u32,
    pub(crate) end: u32,
    pub(crate) key: KeyId,
    /// The node of the object that it is a member of.
    pub(crate) object: u32,
    pub(crate) is_number: bool,
}

impl Told {
    /// Its text, or how the number is spelt; and what it is.
    #[inline(always)]
    pub(crate) fn value<'t>(&self, text: &'t str) -> (&'t str, Scalar<'t>) {
        let spelt = text.get(self.start as usize..self.end as usize).unwrap_or("");
        (spelt, if self.is_number { Scalar::Number(spelt) } else { Scalar::Text(spelt) })
    }

    /// The node that it would be.
    pub(crate) fn node(&self) -> Node {
        let Told { start, end, key, is_number, .. } = *self;
        let quote = u32::from(!is_number);
        Node {
            start: start - quote,
            end: end + quote,
            after: 0,
            name: 0,
            key,
            signals: Signals::default(),
            shape: if is_number { Shape::Number } else { Shape::Plain },
            is_mute: false,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Object,
    Array,
    /// A text that stands as it is.
    Plain,
    /// A text that must be decoded; that it can be is known.
    Escaped,
    Number,
    Bool,
    Null,
}

impl Shape {
    /// Whether a scalar of so many bytes is too short to be somebody's information by itself: the least e-mail address
    /// has five, and no number is somebody's that has less digits than a mobile.
    #[inline(always)]
    pub(crate) fn is_short(self, length: u32) -> bool {
        match self {
            Shape::Plain => length < SHORTEST_TEXT as u32,
            Shape::Number => length < SHORTEST_NUMBER as u32,
            Shape::Bool | Shape::Null => true,
            Shape::Object | Shape::Array | Shape::Escaped => false,
        }
    }
}

/// A format's grammar.
pub(crate) trait Grammar: Spelling {
    /// Whether its lists may be terse.
    const IS_TERSE: bool = false;

    /// Reads a text into `level.nodes`. `depth` is how deep containers may nest, and what to call the limit in the
    /// error.
    fn parse<C: Classify>(
        level: &mut Level,
        text: &str,
        keys: &mut Keys,
        classifier: &C,
        depth: (usize, usize),
    ) -> Result<Self, Uninspectable>;
}

/// How deep documents and coded data may stand in strings; beyond, the string is text.
pub(crate) const STRINGS_DEEP: usize = 3;

/// Working space, kept from body to body.
pub(crate) struct Workspace {
    pub(crate) keys: Keys,
    pub(crate) edits: Edits,
    pub(crate) fields: Fields,
    columns: Columns,
    clean: Clean,
    pub(crate) sealing: Sealing,
    pub(crate) found: Vec<Found>,
    /// Under which policies levels were learned.
    policies: u64,
    levels: [Level; STRINGS_DEEP + 1],
}

/// Working space for one document.
#[derive(Default)]
pub(crate) struct Level {
    pub(crate) index: Index,
    pub(crate) nodes: Vec<Node>,
    pub(crate) open: Vec<Open>,
    /// Whether names may stand as values: some object has a pair, or some array begins with an array.
    pub(crate) may_name: bool,
    /// Whether the list of nodes does without members that nobody looks for among them: those that say nothing, and
    /// those that are told by their names, which have a list of their own.
    pub(crate) is_terse: bool,
    pub(crate) told: Vec<Told>,
    decoded: String,
}

impl Level {
    /// What values in the document say of other nodes.
    pub(crate) fn named<C: Classify>(
        &self,
        text: &str,
        spelling: impl Spelling,
        keys: &Keys,
        classifier: &C,
    ) -> Vec<Named> {
        match self.may_name {
            true => naming::named(&self.nodes, text, spelling, |key| keys.key(key).role, classifier),
            false => vec![],
        }
    }
}

/// A container that is not closed yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Open {
    pub(crate) node: u32,
    pub(crate) is_object: bool,
    /// Whether no name around speaks of a kind, so that members say nothing by their names and few bytes alone.
    pub(crate) is_quiet: bool,
    /// What its names so far say together.
    pub(crate) signals: Signals,
}

impl Workspace {
    pub(crate) fn new(seed: [u64; 2]) -> Self {
        Workspace {
            keys: Keys::new(seed),
            edits: Edits::default(),
            fields: Fields::new(),
            columns: Columns::default(),
            clean: Clean::new(),
            sealing: Sealing::new(seed),
            found: Vec::new(),
            policies: 0,
            levels: Default::default(),
        }
    }

    /// Makes ready for the next body.
    pub(crate) fn begin(&mut self, policies: u64) {
        let is_other = mem::replace(&mut self.policies, policies) != policies;
        if self.keys.begin().0 || is_other {
            self.fields.forget();
        }
        self.edits.clear();
        self.sealing.clear();
    }

    /// How many names are kept.
    #[cfg(test)]
    pub(crate) fn learned(&self) -> usize {
        self.keys.learned()
    }

    /// Forgets what was decoded, and lets go of what one unusually large body needed.
    pub(crate) fn finish(&mut self) {
        self.edits.shrink_to(KEPT);
        self.sealing.clear();
        for level in &mut self.levels {
            if !level.decoded.is_empty() {
                level.decoded.zeroize();
            }
            level.index.shrink_to(KEPT);
            level.nodes.shrink_to(KEPT);
            level.told.shrink_to(KEPT);
            level.open.shrink_to(KEPT);
            level.decoded.shrink_to(KEPT);
        }
    }
}

/// Entries of working space kept between bodies: a document of about a megabyte needs no more.
const KEPT: usize = 1 << 18;

/// What is wrong with a text that should be of a format.
pub(crate) fn malformed(at: usize) -> Uninspectable {
    Uninspectable::Malformed { at }
}
