//! Paths where members of one name are a list of that name: XML has no arrays, so what is one is told by what stands
//! there, as documents of it turned into JSON would have it.

use super::{Automaton, Bound, Walk, begin_record, merge, set};
use crate::tree::{Member, Node, Part, Spelling, decode};
use std::collections::HashMap;

/// An open element.
struct Frame<'t> {
    after: u32,
    states: Vec<u64>,
    record: Option<usize>,
    /// Elements seen in it.
    index: u64,
    /// Whether positions in it are those of all its elements.
    is_list: bool,
    /// By name: how many elements there are, and how many were seen.
    names: HashMap<&'t str, (u64, u64)>,
}

impl<'w, S: Spelling> Walk<'w, S> {
    pub(super) fn run_lists(&self) -> Bound {
        let mut bound = Bound::default();
        let mut states = self.automaton.document.clone();
        let mut record = None;
        if self.automaton.document_is_record {
            record = Some(begin_record(&mut bound, 0));
            merge(&mut states, &self.automaton.record);
        }
        let record = self.arrive(0, &mut states, record, &mut bound);
        let mut frames = vec![self.frame(0, states, record, false)];
        let mut at = 1u32;
        while let Some(node) = self.nodes.get(at as usize) {
            while frames.last().is_some_and(|frame| frame.after <= at) {
                frames.pop();
            }
            let is_root = frames.len() == 1;
            let Some(frame) = frames.last_mut() else { break };
            let member = self.spelling.member(self.text, node);
            let (mut states, is_list) = match member {
                Member::Element if is_root => (self.root(frame, node), false),
                Member::Element => self.element(frame, at, node),
                Member::Attribute => {
                    let name = self.called(node);
                    let mut selected = self.automaton.named(&format!("@{name}"));
                    merge(&mut selected, &self.automaton.named(&name));
                    (self.go(&frame.states, &selected), false)
                }
                Member::Text => (self.go(&frame.states, &self.automaton.named("#text")), false),
                Member::Aside => (vec![], false),
            };
            if states.iter().all(|word| *word == 0) {
                at = node.after;
                continue;
            }
            let record = self.arrive(at, &mut states, frame.record, &mut bound);
            if node.is_container() {
                frames.push(self.frame(at, states, record, is_list));
            }
            at += 1;
        }
        bound
    }

    fn frame(&self, at: u32, states: Vec<u64>, record: Option<usize>, is_list: bool) -> Frame<'w> {
        let after = self.nodes.get(at as usize).map_or(0, |node| node.after);
        let mut names = HashMap::new();
        for (_, node) in self.elements(at) {
            names.entry(self.raw_name(node)).or_insert((0, 0)).0 += 1;
        }
        Frame { after, states, record, index: 0, is_list, names }
    }

    /// The root is itself and also `$`.
    fn root(&self, document: &Frame<'_>, node: &Node) -> Vec<u64> {
        let automaton = self.automaton;
        let mut named = automaton.named(&self.called(node));
        let anyhow = self.go(&document.states, &named);
        for (named, wildcards) in named.iter_mut().zip(&automaton.wildcards) {
            *named &= !wildcards;
        }
        let by_name = self.go(&document.states, &named);
        // A path that ends with any child of `$` is about what the root holds.
        let last = automaton.lasts();
        let mut states = document.states.clone();
        for (((state, anyhow), by_name), last) in states.iter_mut().zip(anyhow).zip(by_name).zip(last) {
            *state = (*state & !last) | (anyhow & (by_name | !last));
        }
        states
    }

    /// The states of an element, and whether positions in it are those of all that it holds.
    fn element(&self, frame: &mut Frame<'w>, at: u32, node: &Node) -> (Vec<u64>, bool) {
        let automaton = self.automaton;
        let mut selected = automaton.named(&self.called(node));
        if frame.is_list {
            let mut by_index = vec![];
            automaton.at_index(frame.index, &mut by_index);
            merge(&mut selected, &by_index);
        }
        frame.index += 1;
        let states = self.go(&frame.states, &selected);
        let (total, seen) = frame.names.get_mut(self.raw_name(node)).map_or((1, 0), |(total, seen)| {
            *seen += 1;
            (*total, *seen - 1)
        });
        if total == 1 && node.is_container() && !self.has_leaves(at) {
            return (states, true);
        }
        // The element is one of the list that its name leads to.
        let mut asked = automaton.wildcards.clone();
        automaton.by_index.iter().for_each(|state| set(&mut asked, *state));
        let asked: Vec<u64> = asked.iter().zip(&states).map(|(asked, state)| asked & state).collect();
        automaton.at_index(seen, &mut selected);
        let mut taken = self.go(&asked, &selected);
        for ((taken, state), asked) in taken.iter_mut().zip(states).zip(asked) {
            *taken |= state & !asked;
        }
        (taken, false)
    }

    fn go(&self, states: &[u64], selected: &[u64]) -> Vec<u64> {
        let mut next = vec![];
        self.automaton.advance(states, selected, &mut next);
        next
    }

    /// Whether something in an element is a value.
    fn has_leaves(&self, at: u32) -> bool {
        parts(self.nodes, at).any(|(_, node)| match self.spelling.member(self.text, node) {
            Member::Element => !node.is_container(),
            Member::Attribute => !self.raw_name(node).starts_with("xmlns"),
            Member::Text => true,
            Member::Aside => false,
        })
    }

    fn elements(&self, at: u32) -> impl Iterator<Item = (u32, &'w Node)> {
        let (spelling, text) = (self.spelling, self.text);
        parts(self.nodes, at).filter(move |(_, node)| spelling.member(text, node) == Member::Element)
    }

    fn raw_name(&self, node: &Node) -> &'w str {
        self.text.get(self.spelling.name(self.text, node)).unwrap_or("")
    }

    /// What a node is called, without what marks attributes.
    fn called(&self, node: &Node) -> String {
        let raw = self.raw_name(node);
        let mut name = String::new();
        if decode(self.spelling.pieces(raw, Part::Name), &mut name).is_err() {
            name = raw.to_owned();
        }
        self.spelling.step(self.text, node, &name).trim_start_matches('@').to_owned()
    }
}

impl Automaton<'_> {
    /// The last states of all paths.
    fn lasts(&self) -> Vec<u64> {
        let mut lasts = vec![0; self.words];
        self.paths.iter().for_each(|(_, last)| set(&mut lasts, *last));
        lasts
    }
}

/// The nodes directly in a container.
pub(super) fn parts(nodes: &[Node], at: u32) -> impl Iterator<Item = (u32, &Node)> {
    let after = nodes.get(at as usize).map_or(0, |node| node.after);
    let mut next = at + 1;
    std::iter::from_fn(move || {
        let at = next;
        let node = nodes.get(at as usize).filter(|_| at < after)?;
        next = node.after;
        Some((at, node))
    })
}
