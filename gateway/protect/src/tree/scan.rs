//! Finding without treating: where everything stands, for people.

use super::coded::Known;
use super::keys::{Key, KeyId, name_hits};
use super::spelling::{Direct, Place, Spelt};
use super::walk::{Declared, Fate, Frame, Leaf, Scope, Visitor, walk};
use super::{Grammar, Level, Node, Part, Pieces, STRINGS_DEEP, Shape, Spelling, Workspace, decode};
use crate::classify::Classify;
use crate::json::{Json, looks_like_json};
use crate::meaning::{Meaning, hits_in_parts};
use crate::xml::{Fragment, looks_like_xml};
use crate::{Finding, Limits, Uninspectable};
use std::ops::Range;
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
    pub(crate) fn document<G: Grammar>(&mut self, text: &str) -> Result<(), Uninspectable> {
        self.level::<G>(text, Scope::inside(Meaning::UNKNOWN, Signals::default(), ()), 0, 0, "")
    }

    /// Scans a document that is a part of a body; `false` when it is none.
    pub(crate) fn part(&mut self, text: &str) -> Result<bool, Uninspectable> {
        match self.document::<Json>(text) {
            Ok(()) => Ok(true),
            Err(Uninspectable::Malformed { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Scans a document inside another; `false` when it is none.
    pub(super) fn inner<G: Grammar>(
        &mut self,
        text: &str,
        outside: Scope<()>,
        strings: usize,
        depth: usize,
        path: &str,
    ) -> Result<bool, Uninspectable> {
        match self.level::<G>(text, outside, strings, depth, path) {
            Ok(()) => Ok(true),
            Err(Uninspectable::TooDeep { limit }) => Err(Uninspectable::TooDeep { limit }),
            Err(_) => Ok(false),
        }
    }

    pub(crate) fn add(&mut self, hits: &[Hit], path: &str, place: &mut impl Place) {
        self.findings.extend(hits.iter().map(|hit| Finding {
            path: path.to_owned(),
            span: place.span(hit.start, hit.end),
            kind: hit.kind,
            how: hit.how,
            confidence: hit.confidence,
        }));
    }

    pub(super) fn level<G: Grammar>(
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
        let spelling = G::parse(&mut level, text, &mut self.workspace.keys, self.classifier, left)?;
        let named = level.named(text, spelling, &self.workspace.keys, self.classifier);
        let declared = Declared { records: &[], fields: &[], named: &named };
        let nodes = level.nodes;
        let mut visit = Visit { scan: self, spelling, text, nodes: &nodes, strings, depth, path };
        walk((&nodes, &[]), &declared, outside, &mut visit)
    }
}

struct Visit<'v, 'a, C, S> {
    scan: &'v mut Scan<'a, C>,
    spelling: S,
    text: &'v str,
    nodes: &'v [Node],
    strings: usize,
    depth: usize,
    path: &'v str,
}

impl<C: Classify, S: Spelling> Visitor<()> for Visit<'_, '_, C, S> {
    fn key(&self, id: KeyId) -> &Key {
        self.scan.workspace.keys.key(id)
    }

    fn name(&mut self, node: &Node, frames: &[Frame<()>], (): ()) -> Result<(), Uninspectable> {
        let range = self.spelling.name(self.text, node);
        let raw = self.text.get(range.clone()).unwrap_or("");
        let pieces = self.spelling.pieces(raw, Part::Name);
        let name = decoded(pieces.clone(), raw);
        let mut hits = vec![];
        name_hits(&name, self.scan.classifier, &mut hits);
        let path = self.pointer(frames, None) + "/!key";
        self.scan.add(&hits, &path, &mut Spelt::new(pieces, range.start));
        Ok(())
    }

    fn leaf(&mut self, leaf: &Leaf<'_, ()>) -> Result<Fate, Uninspectable> {
        let node = leaf.node;
        let (start, end) = (node.start as usize, node.end as usize);
        let mut hits = vec![];
        match node.shape {
            Shape::Plain | Shape::Escaped => {
                let contents = self.spelling.contents(node);
                let raw = self.text.get(contents.clone()).unwrap_or("");
                let mut place = Spelt::new(self.spelling.pieces(raw, Part::Contents(node)), contents.start);
                let text = decoded(self.spelling.pieces(raw, Part::Contents(node)), raw);
                let parts = if S::REPEATS { place.parts() } else { vec![] };
                // What child elements hold is read with them.
                let is_all = parts.is_empty() || parts.iter().map(Range::len).sum::<usize>() == text.len();
                if text.is_empty() || is_all && self.nested(raw, &text, leaf)? {
                    return Ok(Fate::Kept);
                }
                leaf.meaning.hits(self.scan.classifier, leaf.signals, Scalar::Text(&text), &mut hits);
                hits_in_parts((&text, &parts), leaf.meaning, self.scan.classifier, leaf.signals, &mut hits);
                hits.retain(|hit| parts.is_empty() || !place.is_inside(hit.start, hit.end));
                let path = self.pointer(leaf.frames, Some(node));
                if is_all && !Scan::<C>::is_covered(&text, &hits) && self.coded(raw, &text, leaf, &path)? {
                    return Ok(Fate::Kept);
                }
                self.scan.add(&hits, &path, &mut place);
            }
            shape => {
                let spelt = self.text.get(start..end).unwrap_or("");
                let scalar = if shape == Shape::Number { Scalar::Number(spelt) } else { Scalar::Bool };
                leaf.meaning.hits(self.scan.classifier, leaf.signals, scalar, &mut hits);
                let path = self.pointer(leaf.frames, Some(node));
                for hit in &mut hits {
                    (hit.start, hit.end) = (0, end - start);
                }
                self.scan.add(&hits, &path, &mut Direct(start));
            }
        }
        Ok(Fate::Kept)
    }

    fn remove(&mut self, _: &Node, _: Option<&Node>, _: Option<u32>) {}

    fn empty(&mut self, _: &Node) {}
}

impl<C: Classify, S: Spelling> Visit<'_, '_, C, S> {
    /// Scans a string that holds a document; `false` when it holds none.
    fn nested(&mut self, raw: &str, text: &str, leaf: &Leaf<'_, ()>) -> Result<bool, Uninspectable> {
        let (is_json, is_xml) = (looks_like_json(text), looks_like_xml(text));
        if !leaf.meaning.opens_json() || self.strings >= STRINGS_DEEP || !(is_json || is_xml) {
            return Ok(false);
        }
        let outside = Scope::inside(leaf.meaning, leaf.signals, ());
        let path = self.pointer(leaf.frames, Some(leaf.node));
        let before = self.scan.findings.len();
        let depth = self.depth + leaf.frames.len();
        let (json, xml, strings) = (format!("{path}/!json"), format!("{path}/!xml"), self.strings + 1);
        if !(is_json && self.scan.inner::<Json>(text, outside, strings, depth, &json)?
            || is_xml && self.scan.inner::<Fragment>(text, outside, strings, depth, &xml)?)
        {
            return Ok(false);
        }
        let start = self.spelling.contents(leaf.node).start;
        let mut place = Spelt::new(self.spelling.pieces(raw, Part::Contents(leaf.node)), start);
        for finding in self.scan.findings.iter_mut().skip(before) {
            finding.span = place.span(finding.span.0, finding.span.1);
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
        let start = self.spelling.contents(leaf.node).start;
        let mut place = Spelt::new(self.spelling.pieces(raw, Part::Contents(leaf.node)), start);
        for finding in self.scan.findings.iter_mut().skip(before) {
            finding.span = place.span(finding.span.0, finding.span.1);
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
                    let raw = self.text.get(self.spelling.name(self.text, node)).unwrap_or("");
                    let name = decoded(self.spelling.pieces(raw, Part::Name), raw);
                    pointer.push_str(&pointer_step(&self.spelling.step(self.text, node, &name)));
                }
                false => pointer.push_str(&frame.elements.saturating_sub(1).to_string()),
            }
        }
        pointer
    }
}

/// A name as a step of an RFC 6901 pointer.
pub(crate) fn pointer_step(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn decoded<'r>(pieces: impl Pieces<'r>, raw: &str) -> String {
    let mut text = String::new();
    match decode(pieces, &mut text) {
        Ok(()) => text,
        Err(_) => raw.to_owned(),
    }
}
