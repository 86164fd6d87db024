//! Finding without treating: where everything stands, for people.

use super::coded::Known;
use super::keys::{Key, KeyId, name_hits};
use super::parse::{Node, Shape};
use super::paths::raw_name;
use super::string::{self, Offsets};
use super::walk::{Declared, Fate, Frame, Leaf, Scope, Visitor, walk};
use super::{Level, STRINGS_DEEP, Workspace, looks_like_json};
use crate::classify::Classify;
use crate::meaning::Meaning;
use crate::{Finding, Limits, Uninspectable};
use yingbi_classifiers::{Hit, Scalar, Signals};

/// One body being scanned.
pub(crate) struct Scan<'a, C> {
    pub(crate) classifier: &'a C,
    pub(crate) limits: Limits,
    pub(crate) workspace: &'a mut Workspace,
    pub(crate) findings: Vec<Finding>,
}

impl<C: Classify> Scan<'_, C> {
    /// Scans a document; spans are relative to `text`.
    pub(crate) fn document(&mut self, text: &str) -> Result<(), Uninspectable> {
        self.level(text, Scope::inside(Meaning::UNKNOWN, Signals::default(), ()), 0, 0, "")
    }

    /// Scans a document that is a part of a body; `false` when it is none.
    pub(crate) fn part(&mut self, text: &str) -> Result<bool, Uninspectable> {
        match self.document(text) {
            Ok(()) => Ok(true),
            Err(Uninspectable::Malformed { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Scans a document inside a page; `false` when it is none.
    pub(crate) fn island(&mut self, text: &str, meaning: Meaning) -> Result<bool, Uninspectable> {
        match self.level(text, Scope::inside(meaning, Signals::default(), ()), 1, 0, "") {
            Ok(()) => Ok(true),
            Err(Uninspectable::TooDeep { limit }) => Err(Uninspectable::TooDeep { limit }),
            Err(_) => Ok(false),
        }
    }

    pub(crate) fn add(&mut self, hits: &[Hit], path: &str, mut place: impl FnMut(usize) -> usize) {
        self.findings.extend(hits.iter().map(|hit| Finding {
            path: path.to_owned(),
            span: (place(hit.start), place(hit.end)),
            kind: hit.kind,
            how: hit.how,
            confidence: hit.confidence,
        }));
    }

    pub(super) fn level(
        &mut self,
        text: &str,
        outside: Scope<()>,
        strings: usize,
        depth: usize,
        path: &str,
    ) -> Result<(), Uninspectable> {
        let limit = self.limits.depth;
        let mut level = Level::default();
        let left = (limit.saturating_sub(depth), limit);
        level.parse(text, &mut self.workspace.keys, self.classifier, left)?;
        let declared = Declared { records: &[], fields: &[] };
        let nodes = level.nodes;
        walk(&nodes, &declared, outside, &mut Visit { scan: self, text, nodes: &nodes, strings, depth, path })
    }
}

struct Visit<'v, 'a, C> {
    scan: &'v mut Scan<'a, C>,
    text: &'v str,
    nodes: &'v [Node],
    strings: usize,
    depth: usize,
    path: &'v str,
}

impl<C: Classify> Visitor<()> for Visit<'_, '_, C> {
    fn key(&self, id: KeyId) -> &Key {
        self.scan.workspace.keys.key(id)
    }

    fn name(&mut self, node: &Node, frames: &[Frame<()>], (): ()) -> Result<(), Uninspectable> {
        let raw = raw_name(self.text, node.name);
        let name = decoded(raw);
        let mut hits = vec![];
        name_hits(&name, self.scan.classifier, &mut hits);
        let path = self.pointer(frames, None) + "/!key";
        let mut offsets = Offsets::new(raw);
        self.scan.add(&hits, &path, |at| node.name as usize + 1 + offsets.raw(at));
        Ok(())
    }

    fn leaf(&mut self, leaf: &Leaf<'_, ()>) -> Result<Fate, Uninspectable> {
        let node = leaf.node;
        let (start, end) = (node.start as usize, node.end as usize);
        let mut hits = vec![];
        match node.shape {
            Shape::Plain | Shape::Escaped => {
                let raw = self.text.get(start + 1..end - 1).unwrap_or("");
                let text = decoded(raw);
                if text.is_empty() || self.nested(raw, &text, leaf)? {
                    return Ok(Fate::Kept);
                }
                leaf.meaning.hits(self.scan.classifier, leaf.signals, Scalar::Text(&text), &mut hits);
                let path = self.pointer(leaf.frames, Some(node));
                if !Scan::<C>::is_covered(&text, &hits) && self.coded(raw, &text, leaf, &path)? {
                    return Ok(Fate::Kept);
                }
                let mut offsets = Offsets::new(raw);
                self.scan.add(&hits, &path, |at| start + 1 + offsets.raw(at));
            }
            shape => {
                let spelt = self.text.get(start..end).unwrap_or("");
                let scalar = if shape == Shape::Number { Scalar::Number(spelt) } else { Scalar::Bool };
                leaf.meaning.hits(self.scan.classifier, leaf.signals, scalar, &mut hits);
                let path = self.pointer(leaf.frames, Some(node));
                for hit in &mut hits {
                    (hit.start, hit.end) = (0, end - start);
                }
                self.scan.add(&hits, &path, |at| start + at);
            }
        }
        Ok(Fate::Kept)
    }

    fn remove(&mut self, _: u32, _: u32) {}

    fn make_null(&mut self, _: &Node) {}
}

impl<C: Classify> Visit<'_, '_, C> {
    /// Scans a string that holds a document; `false` when it holds none.
    fn nested(&mut self, raw: &str, text: &str, leaf: &Leaf<'_, ()>) -> Result<bool, Uninspectable> {
        if !leaf.meaning.opens_json() || self.strings >= STRINGS_DEEP || !looks_like_json(text) {
            return Ok(false);
        }
        let outside = Scope::inside(leaf.meaning, leaf.signals, ());
        let path = self.pointer(leaf.frames, Some(leaf.node)) + "/!json";
        let before = self.scan.findings.len();
        let depth = self.depth + leaf.frames.len();
        match self.scan.level(text, outside, self.strings + 1, depth, &path) {
            Ok(()) => {}
            Err(Uninspectable::TooDeep { limit }) => return Err(Uninspectable::TooDeep { limit }),
            Err(_) => return Ok(false),
        }
        let start = leaf.node.start as usize + 1;
        let mut offsets = Offsets::new(raw);
        for finding in self.scan.findings.iter_mut().skip(before) {
            finding.span = (start + offsets.raw(finding.span.0), start + offsets.raw(finding.span.1));
        }
        Ok(true)
    }

    /// Scans a string that holds coded data; `false` when nothing was found in it.
    fn coded(
        &mut self,
        raw: &str,
        text: &str,
        leaf: &Leaf<'_, ()>,
        path: &str,
    ) -> Result<bool, Uninspectable> {
        let depth = self.depth + leaf.frames.len();
        let known = Known { meaning: leaf.meaning, signals: leaf.signals, rules: (), depth };
        let before = self.scan.findings.len();
        let found = self.scan.coded(text, &known, self.strings, path)?;
        let start = leaf.node.start as usize + 1;
        let (mut offsets, mut last) = (Offsets::new(raw), 0);
        for finding in self.scan.findings.iter_mut().skip(before) {
            let (from, to) = finding.span;
            if from < last {
                offsets = Offsets::new(raw);
            }
            last = to;
            finding.span = (start + offsets.raw(from), start + offsets.raw(to));
        }
        Ok(found)
    }

    /// The RFC 6901 pointer to a node inside these containers, or to the innermost container.
    fn pointer(&self, frames: &[Frame<()>], node: Option<&Node>) -> String {
        let mut pointer = self.path.to_owned();
        let containers = frames.iter().map(|frame| self.nodes.get(frame.node as usize));
        // The step to a node is its name, or its position in the container before it.
        let nodes = containers.chain(node.map(Some)).flatten().skip(1);
        for (frame, node) in frames.iter().zip(nodes) {
            pointer.push('/');
            match frame.is_object {
                true => {
                    let name = decoded(raw_name(self.text, node.name));
                    pointer.push_str(&string::pointer_step(&name));
                }
                false => pointer.push_str(&frame.elements.saturating_sub(1).to_string()),
            }
        }
        pointer
    }
}

fn decoded(raw: &str) -> String {
    let mut text = String::new();
    match string::decode(raw, &mut text) {
        Ok(()) => text,
        Err(_) => raw.to_owned(),
    }
}
