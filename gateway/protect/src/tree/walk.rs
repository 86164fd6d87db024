//! The walk over a parsed document: what every scalar is taken for, whose it is, and what becomes of its member.

use super::keys::{Key, KeyId};
use super::naming::{self, Named};
use super::{Node, Shape, Told};
use crate::Uninspectable;
use crate::meaning::Meaning;
use yingbi_classifiers::Signals;
use yingbi_taxonomy::Kind;

/// What the walk finds and asks.
pub(crate) trait Visitor<R> {
    /// What a field name stands for.
    fn key(&self, id: KeyId) -> &Key;

    /// A member whose name holds personal information.
    fn name(&mut self, node: &Node, frames: &[Frame<R>], rules: R) -> Result<(), Uninspectable>;

    /// Scalars right inside the innermost of these containers whose own names tell what they are.
    fn told(&mut self, _: &[Told], _: &[Frame<R>]) -> Result<(), Uninspectable> {
        Ok(())
    }

    /// A scalar that isn't null.
    fn leaf(&mut self, leaf: &Leaf<'_, R>) -> Result<Fate, Uninspectable>;

    /// Leaves a member out, given the next member and where the last one ends that stays.
    fn remove(&mut self, node: &Node, next: Option<&Node>, survivor: Option<u32>);

    /// Leaves an element out that keeps its place.
    fn empty(&mut self, node: &Node);
}

/// A scalar with all that is known about it.
pub(crate) struct Leaf<'w, R> {
    pub(crate) node: &'w Node,
    pub(crate) meaning: Meaning,
    pub(crate) signals: Signals,
    pub(crate) rules: R,
    /// The containers it is in, outermost first.
    pub(crate) frames: &'w [Frame<R>],
}

/// Whether a value stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Kept,
    Dropped,
}

/// An open container.
pub(crate) struct Frame<R> {
    /// Index of the container's node, and of the first node after it.
    pub(crate) node: u32,
    after: u32,
    /// The name of the container.
    pub(crate) key: KeyId,
    pub(crate) is_object: bool,
    /// Elements of an array seen, the current one counted in.
    pub(crate) elements: u64,
    pub(super) scope: Scope<R>,
    /// The last run of members that were left out: its first member, and the node after its last.
    left_out: (u32, u32),
}

/// What a container says about what it holds.
#[derive(Clone, Copy)]
pub(crate) struct Scope<R> {
    /// For members whose own name says less.
    pub(crate) inherited: Option<Meaning>,
    /// For elements that are scalars.
    pub(crate) element: Meaning,
    /// What the name of the container says about a record in it.
    pub(crate) holder: Signals,
    /// What is known about the record at hand.
    pub(crate) signals: Signals,
    pub(crate) rules: R,
}

impl<R> Scope<R> {
    /// What a value says about a document in it.
    pub(crate) fn inside(meaning: Meaning, signals: Signals, rules: R) -> Self {
        let inherited = Some(meaning).filter(|meaning| meaning.is_kind());
        Scope { inherited, element: meaning, holder: Signals::default(), signals, rules }
    }
}

/// What is said of nodes elsewhere, by node index, in order: by a binding, where other rules begin and declared fields;
/// by values that name others.
#[derive(Clone, Copy)]
pub(crate) struct Declared<'w, R> {
    pub(crate) records: &'w [(u32, R)],
    pub(crate) fields: &'w [(u32, Option<Kind>)],
    pub(crate) named: &'w [Named],
}

impl<R: Copy> Declared<'_, R> {
    /// The first node of which something is said.
    fn first(&self) -> u32 {
        let record = self.records.first().map_or(u32::MAX, |(node, _)| *node);
        let field = self.fields.first().map_or(u32::MAX, |(node, _)| *node);
        let named = self.named.first().map_or(u32::MAX, |named| named.node);
        record.min(field).min(named)
    }

    /// What is said of this node, the first: what it is taken for and its rules, given what they are else, and what
    /// the names in a row say together.
    #[cold]
    fn take(&mut self, at: u32, own: Option<Meaning>, rules: R) -> (Option<Meaning>, R, Signals) {
        let rules = next_at(&mut self.records, at).unwrap_or(rules);
        let named = self.named.split_first().filter(|(named, _)| named.node == at);
        let (own, row) = match named {
            Some((named, rest)) => {
                self.named = rest;
                (named.meaning.or(own), named.signals)
            }
            None => (own, Signals::default()),
        };
        let own = match next_at(&mut self.fields, at) {
            Some(kind) => Some(own.unwrap_or(Meaning::UNKNOWN).declared(kind)),
            None => own,
        };
        (own, rules, row)
    }
}

/// Visits every scalar of a document that may be something: those in the list of nodes, and between them those that
/// were told by their names when the document was read.
pub(crate) fn walk<R: Copy, V: Visitor<R>>(
    (nodes, mut told): (&[Node], &[Told]),
    declared: &Declared<'_, R>,
    outside: Scope<R>,
    visitor: &mut V,
) -> Result<(), Uninspectable> {
    let mut said = *declared;
    let mut frames: Vec<Frame<R>> = Vec::with_capacity(16);
    // Of the innermost container: the first node after it, and whether it leaves members that say nothing by their
    // name alone. And the next node of which a binding says something.
    let (mut after, mut is_quiet) = (u32::MAX, false);
    let mut next_declared = said.first();
    for (at, node) in (0u32..).zip(nodes) {
        if told.first().is_some_and(|first| first.start < node.start) {
            visit_told(&mut told, node.start, &mut frames, visitor)?;
            (after, is_quiet) = frames.last().map_or((u32::MAX, false), Frame::state);
        }
        if at >= after {
            while frames.last().is_some_and(|frame| frame.after <= at) {
                frames.pop();
            }
            (after, is_quiet) = frames.last().map_or((u32::MAX, false), Frame::state);
        }
        if node.is_mute && is_quiet && at != next_declared {
            continue;
        }
        if let Some(frame) = frames.last_mut() {
            frame.elements += 1;
        }
        // Of a name: what it says, and whether personal information stands in it.
        let (mut own, is_personal) = match node.key {
            KeyId::NONE => (None, false),
            key => {
                let key = visitor.key(key);
                (Some(key.meaning), key.is_personal)
            }
        };
        let parent = frames.last().map_or(&outside, |frame| &frame.scope);
        let holder = own.map_or(parent.holder, |own| own.signals());
        let above = parent.inherited.as_ref();
        let (mut rules, mut row) = (parent.rules, Signals::default());
        if at == next_declared {
            (own, rules, row) = said.take(at, own, rules);
            next_declared = said.first();
        }
        let meaning = own.as_ref().map_or(&parent.element, |own| own.under(above));
        if !matches!(node.shape, Shape::Object | Shape::Array) {
            let (meaning, signals, outer) = (*meaning, parent.signals, parent.rules);
            if is_personal {
                visitor.name(node, &frames, outer)?;
            }
            if node.shape == Shape::Null {
                continue;
            }
            if visitor.leaf(&Leaf { node, meaning, signals, rules, frames: &frames })? == Fate::Dropped {
                leave_out(nodes, at, node, frames.last_mut(), visitor);
            }
            continue;
        }
        let inherited = own.as_ref().map_or(above, |own| own.inherited(above));
        let is_object = node.shape == Shape::Object;
        let signals = match is_object {
            true => {
                record_signals(naming::said(node.signals).union(holder), inherited.is_some(), parent.signals)
            }
            false => parent.signals,
        };
        let signals = signals.union(row);
        let scope = Scope { inherited: inherited.copied(), element: *meaning, holder, signals, rules };
        let outer = parent.rules;
        if is_personal {
            visitor.name(node, &frames, outer)?;
        }
        let left_out = (u32::MAX, u32::MAX);
        let frame =
            Frame { node: at, after: node.after, key: node.key, is_object, elements: 0, scope, left_out };
        (after, is_quiet) = frame.state();
        frames.push(frame);
    }
    visit_told(&mut told, u32::MAX, &mut frames, visitor)
}

/// Visits those that begin before a byte, and leaves the containers that close before them.
fn visit_told<R: Copy, V: Visitor<R>>(
    told: &mut &[Told],
    before: u32,
    frames: &mut Vec<Frame<R>>,
    visitor: &mut V,
) -> Result<(), Uninspectable> {
    while let Some(first) = told.first().filter(|first| first.start < before) {
        while frames.last().is_some_and(|frame| frame.node != first.object) {
            frames.pop();
        }
        let of_one = |next: &&Told| next.object == first.object && next.start < before;
        let (run, rest) = told.split_at(told.iter().take_while(of_one).count());
        visitor.told(run, frames)?;
        *told = rest;
    }
    Ok(())
}

impl<R> Frame<R> {
    /// The first node after it, and whether a short member whose name says nothing needs no look.
    fn state(&self) -> (u32, bool) {
        (self.after, self.scope.inherited.is_none())
    }
}

/// Takes out a scalar that is left out.
fn leave_out<R, V: Visitor<R>>(
    nodes: &[Node],
    at: u32,
    node: &Node,
    frame: Option<&mut Frame<R>>,
    visitor: &mut V,
) {
    let Some(frame) = frame.filter(|frame| frame.is_object) else {
        // An element keeps its place, so that positions still mean the same.
        visitor.empty(node);
        return;
    };
    let (first, next) = frame.left_out;
    let first = if next == at { first } else { at };
    frame.left_out = (first, at + 1);
    let next = (node.after < frame.after).then(|| nodes.get(node.after as usize)).flatten();
    // What is left out at the end goes with what was left out right before it.
    let survivor = match next {
        Some(_) => None,
        None => before(nodes, frame.node + 1, first).map(|member| member.end),
    };
    visitor.remove(node, next, survivor);
}

/// The member before the one at `at`, in the container whose first member is at `first`.
fn before(nodes: &[Node], first: u32, at: u32) -> Option<&Node> {
    let mut member = nodes.get(first as usize).filter(|_| first < at)?;
    while member.after < at {
        member = nodes.get(member.after as usize)?;
    }
    Some(member)
}

/// What is known about the record that an object is: what its names and its holder say; when they say nothing, or a
/// name above speaks for all that is inside, also what is known further out.
pub(super) fn record_signals(own: Signals, inherits: bool, outer: Signals) -> Signals {
    if own == Signals::default() || inherits { own.union(outer) } else { own }
}

/// Takes the first entry when it is for this node.
fn next_at<T: Copy>(entries: &mut &[(u32, T)], at: u32) -> Option<T> {
    let ((_, value), rest) = entries.split_first().filter(|((node, _), _)| *node == at)?;
    *entries = rest;
    Some(*value)
}
