//! A binding's paths, all at once: one bit a state, a word or a few for the whole binding.
//!
//! State *i* of a path says that its first *i* steps lead to the node at hand. Going to a child shifts the states
//! whose next step selects the child; states before a descendant step also stay.

mod lists;

use super::keys::KeyId;
use super::{Member, Node, Part, Shape, Spelling, decode};
use crate::segments::Torn;
use std::ops::Range;
use yingbi_policies::{Binding, FieldBinding, Path, Selector, Step, SubjectSelector};
use yingbi_taxonomy::Kind;

/// What a binding says of one document, by node index, in document order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Bound {
    pub(crate) records: Vec<Record>,
    pub(crate) fields: Vec<(u32, Option<Kind>)>,
}

/// One investor's record.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) node: u32,
    pub(crate) subject: Subject,
}

/// Whose a record is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Subject {
    /// It does not say.
    #[default]
    Unknown,
    One(String),
    /// It names several, so it is nobody's own.
    Several(Vec<String>),
}

impl Subject {
    pub(crate) fn add(&mut self, name: &str) {
        match self {
            _ if name.is_empty() => {}
            Subject::Unknown => *self = Subject::One(name.to_owned()),
            Subject::One(one) if one == name => {}
            Subject::One(one) => *self = Subject::Several(vec![std::mem::take(one), name.to_owned()]),
            Subject::Several(all) if all.iter().any(|one| one == name) => {}
            Subject::Several(all) => all.push(name.to_owned()),
        }
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let names: &[String] = match self {
            Subject::Unknown => &[],
            Subject::One(one) => std::slice::from_ref(one),
            Subject::Several(all) => all,
        };
        names.iter().map(String::as_str)
    }
}

/// Finds records, their subjects and declared fields. Without a binding the document is one record. `None` when a
/// path asks for members whatever their names, and the list of nodes does without some.
/// Of a document of which only a segment is here, `torn` says where positions go on.
pub(crate) fn bind<S: Spelling>(
    binding: Option<&Binding>,
    spelling: S,
    text: &str,
    (nodes, is_terse): (&[Node], bool),
    torn: Option<&Torn>,
) -> Option<Bound> {
    let whole = || Bound { records: vec![Record { node: 0, subject: Subject::Unknown }], fields: vec![] };
    let Some(binding) = binding else { return Some(whole()) };
    let has_paths = binding.records.is_some()
        || !binding.fields.is_empty()
        || matches!(binding.subject, Some(SubjectSelector::Record(_)));
    if !has_paths {
        return Some(whole());
    }
    let automaton = Automaton::new(binding);
    let walk = Walk { automaton: &automaton, spelling, text, nodes, is_terse, torn, by_key: vec![] };
    if S::REPEATS { Some(walk.run_lists()) } else { walk.run() }
}

/// Whether every declared field is declared by its name, so that what must be looked at is told by names.
pub(crate) fn declares_by_name(binding: &Binding) -> bool {
    let is_name = |selector: &Selector| matches!(selector, Selector::Name(_));
    binding.fields.iter().all(|field| match field.path.steps.last() {
        Some(Step::Child(selectors) | Step::Descendant(selectors)) => selectors.iter().all(is_name),
        None => false,
    })
}

/// The names that a binding's paths go through or end at, and whether they are the ends of declared fields.
pub(crate) fn asked(binding: &Binding) -> impl Iterator<Item = (&str, bool)> {
    let subject = match &binding.subject {
        Some(SubjectSelector::Record(path)) => Some(path),
        _ => None,
    };
    let places = binding.records.iter().chain(subject).map(|path| (path, false));
    let fields = binding.fields.iter().map(|field| (&field.path, true));
    places.chain(fields).flat_map(|(path, is_field)| {
        let count = path.steps.len();
        (1..).zip(&path.steps).flat_map(move |(nth, step)| {
            let (Step::Child(selectors) | Step::Descendant(selectors)) = step;
            selectors.iter().filter_map(move |selector| match selector {
                Selector::Name(name) => Some((name.as_str(), is_field && nth == count)),
                _ => None,
            })
        })
    })
}

/// What reaching the end of a path means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Goal {
    Record,
    Subject,
    /// With its rank: a more specific path has a higher one.
    Field(Option<Kind>, u32),
}

struct Automaton<'b> {
    paths: Vec<(Goal, usize)>,
    /// The selectors that lead from a state to the next; none from a last state.
    steps: Vec<&'b [Selector]>,
    /// States that stay active in all descendants.
    stay: Vec<u64>,
    /// Start states of the paths from the document's root and from a record's.
    document: Vec<u64>,
    record: Vec<u64>,
    /// States that selectors by position may leave.
    by_index: Vec<usize>,
    wildcards: Vec<u64>,
    words: usize,
    document_is_record: bool,
}

impl<'b> Automaton<'b> {
    fn new(binding: &'b Binding) -> Self {
        let mut goals: Vec<(Goal, &'b Path)> = vec![];
        goals.extend(binding.records.as_ref().map(|path| (Goal::Record, path)));
        if let Some(SubjectSelector::Record(path)) = &binding.subject {
            goals.push((Goal::Subject, path));
        }
        goals.extend(binding.fields.iter().map(|field| (Goal::Field(field.kind, rank(field)), &field.path)));
        let states: usize = goals.iter().map(|(_, path)| path.steps.len() + 1).sum();
        let words = states.div_ceil(64).max(1);
        let none = vec![0u64; words];
        let mut automaton = Automaton {
            paths: vec![],
            steps: vec![],
            stay: none.clone(),
            document: none.clone(),
            record: none.clone(),
            by_index: vec![],
            wildcards: none,
            words,
            document_is_record: binding.records.is_none(),
        };
        for (goal, path) in goals {
            let first = automaton.steps.len();
            set(if goal == Goal::Record { &mut automaton.document } else { &mut automaton.record }, first);
            for (step, state) in path.steps.iter().zip(first..) {
                let selectors = match step {
                    Step::Child(selectors) => selectors,
                    Step::Descendant(selectors) => {
                        set(&mut automaton.stay, state);
                        selectors
                    }
                };
                if selectors.contains(&Selector::Wildcard) {
                    set(&mut automaton.wildcards, state);
                }
                if selectors.iter().any(|one| matches!(one, Selector::Index(_) | Selector::Slice { .. })) {
                    automaton.by_index.push(state);
                }
                automaton.steps.push(selectors);
            }
            automaton.paths.push((goal, automaton.steps.len()));
            automaton.steps.push(&[]);
        }
        automaton
    }

    /// The states whose next step selects a member of this name.
    fn named(&self, name: &str) -> Vec<u64> {
        let mut states = self.wildcards.clone();
        for (state, selectors) in self.steps.iter().enumerate() {
            if selectors.iter().any(|selector| matches!(selector, Selector::Name(one) if one == name)) {
                set(&mut states, state);
            }
        }
        states
    }

    /// The states whose next step selects the element at this position.
    fn at_index(&self, index: u64, states: &mut Vec<u64>) {
        states.clone_from(&self.wildcards);
        for state in self.by_index.iter().copied() {
            let selectors = self.steps.get(state).copied().unwrap_or_default();
            if selectors.iter().any(|selector| selects_index(selector, index)) {
                set(states, state);
            }
        }
    }

    /// Goes from a node's states to those of a child that `selected` steps select.
    fn advance(&self, active: &[u64], selected: &[u64], next: &mut Vec<u64>) {
        next.clear();
        let mut carry = 0;
        for ((active, selected), stay) in active.iter().zip(selected).zip(&self.stay) {
            let leaving = active & selected;
            next.push(active & stay | leaving << 1 | carry);
            carry = leaving >> 63;
        }
    }
}

/// Whether a selector takes the element at `index`.
pub(crate) fn selects_index(selector: &Selector, index: u64) -> bool {
    match selector {
        Selector::Wildcard => true,
        Selector::Name(_) => false,
        Selector::Index(one) => *one == index,
        Selector::Slice { start, end, step } => {
            index >= *start
                && end.is_none_or(|end| index < end)
                && (index - start).checked_rem(*step).is_some_and(|rest| rest == 0)
        }
    }
}

/// How specific a declared path is: names and positions count for more than wildcards, steps to a child for more
/// than steps to any descendant. The most specific binding wins.
pub(crate) fn rank(field: &FieldBinding) -> u32 {
    let exact = |selectors: &[Selector]| {
        selectors.iter().all(|selector| matches!(selector, Selector::Name(_) | Selector::Index(_)))
    };
    let steps = field.path.steps.iter();
    steps
        .map(|step| match step {
            Step::Child(selectors) => 2 + u32::from(exact(selectors)),
            Step::Descendant(selectors) => u32::from(exact(selectors)),
        })
        .sum()
}

struct Walk<'w, S> {
    automaton: &'w Automaton<'w>,
    spelling: S,
    text: &'w str,
    nodes: &'w [Node],
    is_terse: bool,
    torn: Option<&'w Torn>,
    /// By field name: the states whose next step selects it.
    by_key: Vec<Option<Vec<u64>>>,
}

/// An open container.
struct Frame {
    node: u32,
    after: u32,
    states: Vec<u64>,
    index: u64,
    /// The record it belongs to, an index into the records found.
    record: Option<usize>,
}

impl<S: Spelling> Walk<'_, S> {
    fn run(mut self) -> Option<Bound> {
        let mut bound = Bound::default();
        let mut frames: Vec<Frame> = vec![];
        let (mut states, mut selected) = (vec![], vec![]);
        let mut at = 0u32;
        while let Some(node) = self.nodes.get(at as usize) {
            while frames.last().is_some_and(|frame| frame.after <= at) {
                frames.pop();
            }
            let mut record = None;
            match frames.last_mut() {
                None => {
                    states.clone_from(&self.automaton.document);
                    if self.automaton.document_is_record {
                        record = Some(begin_record(&mut bound, at));
                        merge(&mut states, &self.automaton.record);
                    }
                }
                Some(frame) => {
                    record = frame.record;
                    if node.key == KeyId::NONE {
                        if let Some(torn) = self.torn {
                            frame.index = torn.index(self.nodes, frame.node, node, frame.index);
                        }
                        self.automaton.at_index(frame.index, &mut selected);
                        frame.index += 1;
                        self.automaton.advance(&frame.states, &selected, &mut states);
                    } else {
                        let automaton = self.automaton;
                        let selected = self.selected_by_name(node, &mut selected);
                        automaton.advance(&frame.states, selected, &mut states);
                    }
                }
            }
            if states.iter().all(|word| *word == 0) {
                // No path leads here or further: on behind everything in it.
                at = node.after;
                continue;
            }
            let record = self.arrive(at, &mut states, record, &mut bound);
            if self.is_terse && node.shape == Shape::Object && intersect(&states, &self.automaton.wildcards) {
                return None;
            }
            if node.after > at + 1 {
                frames.push(Frame { node: at, after: node.after, states: states.clone(), index: 0, record });
            }
            at += 1;
        }
        Some(bound)
    }

    /// Takes note of what a node is by its states; the record it belongs to.
    fn arrive(
        &self,
        at: u32,
        states: &mut [u64],
        mut record: Option<usize>,
        bound: &mut Bound,
    ) -> Option<usize> {
        if self.reaches(states, Goal::Record) {
            // The innermost record wins: paths from an outer one end here, save the way to further records.
            record = Some(begin_record(bound, at));
            self.keep_records(states);
            merge(states, &self.automaton.record);
        }
        if self.reaches(states, Goal::Subject)
            && let Some(record) = record.and_then(|record| bound.records.get_mut(record))
        {
            self.add_subject(at, &mut record.subject);
        }
        if let Some(kind) = self.field(states) {
            bound.fields.push((at, kind));
        }
        record
    }

    fn reaches(&self, states: &[u64], goal: Goal) -> bool {
        self.automaton.paths.iter().any(|(one, last)| *one == goal && is_set(states, *last))
    }

    fn field(&self, states: &[u64]) -> Option<Option<Kind>> {
        if states.iter().all(|word| *word == 0) {
            return None;
        }
        let reached = self.automaton.paths.iter().filter(|(_, last)| is_set(states, *last));
        let fields = reached.filter_map(|(goal, _)| match goal {
            Goal::Field(kind, rank) => Some((*rank, kind.is_some(), *kind)),
            _ => None,
        });
        // Among equals that something is personal wins over that it is not, then the first in the taxonomy:
        // independent of the order in the file.
        fields
            .max_by_key(|(rank, some, kind)| (*rank, *some, std::cmp::Reverse(*kind)))
            .map(|(_, _, kind)| kind)
    }

    /// Clears all states but those of the records path.
    fn keep_records(&self, states: &mut [u64]) {
        let Some((Goal::Record, last)) = self.automaton.paths.first() else { return };
        let mut mask = vec![0; self.automaton.words];
        (0..=*last).for_each(|state| set(&mut mask, state));
        for (word, mask) in states.iter_mut().zip(mask) {
            *word &= mask;
        }
    }

    fn add_subject(&self, at: u32, subject: &mut Subject) {
        let Some(node) = self.nodes.get(at as usize) else { return };
        let text = |range: Range<usize>| self.text.get(range).unwrap_or("");
        match node.shape {
            Shape::Plain => subject.add(text(self.spelling.contents(node))),
            Shape::Number => subject.add(text(node.start as usize..node.end as usize)),
            Shape::Escaped => {
                let mut decoded = String::new();
                let raw = text(self.spelling.contents(node));
                if decode(self.spelling.pieces(raw, Part::Contents(node)), &mut decoded).is_ok() {
                    subject.add(&decoded);
                }
            }
            Shape::Object if S::REPEATS => {
                let texts = lists::parts(self.nodes, at);
                let texts = texts.filter(|(_, node)| self.spelling.member(self.text, node) == Member::Text);
                texts.for_each(|(at, _)| self.add_subject(at, subject));
            }
            _ => {}
        }
    }

    /// The states whose next step selects a member.
    fn selected_by_name<'s>(&'s mut self, node: &Node, scratch: &'s mut Vec<u64>) -> &'s [u64] {
        let (automaton, spelling, text) = (self.automaton, self.spelling, self.text);
        let name = || {
            let raw = text.get(spelling.name(text, node)).unwrap_or("");
            let mut decoded = String::new();
            match decode(spelling.pieces(raw, Part::Name), &mut decoded) {
                Ok(()) => automaton.named(&decoded),
                Err(_) => automaton.named(raw),
            }
        };
        if let Some(index) = node.key.learned() {
            if self.by_key.len() <= index {
                self.by_key.resize(index + 1, None);
            }
            if let Some(slot) = self.by_key.get_mut(index) {
                return slot.get_or_insert_with(name);
            }
        }
        *scratch = name();
        scratch
    }
}

fn begin_record(bound: &mut Bound, node: u32) -> usize {
    bound.records.push(Record { node, subject: Subject::Unknown });
    bound.records.len() - 1
}

fn merge(states: &mut [u64], more: &[u64]) {
    for (word, more) in states.iter_mut().zip(more) {
        *word |= more;
    }
}

fn intersect(states: &[u64], others: &[u64]) -> bool {
    states.iter().zip(others).any(|(state, other)| state & other != 0)
}

fn set(states: &mut [u64], state: usize) {
    if let Some(word) = states.get_mut(state / 64) {
        *word |= 1 << (state % 64);
    }
}

fn is_set(states: &[u64], state: usize) -> bool {
    states.get(state / 64).is_some_and(|word| word >> (state % 64) & 1 == 1)
}
