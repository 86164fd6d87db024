//! Checking a document that comes in: every value whose name says what it must be.

use super::keys::{Key, KeyId};
use super::paths::bind;
use super::scan::pointer_step;
use super::spelling::Part;
use super::walk::{Declared, Fate, Frame, Leaf, Scope, Visitor, walk};
use super::{Grammar, Level, Node, STRINGS_DEEP, Shape, Spelling, Workspace, decode};
use crate::classify::Classify;
use crate::input::{Asked, Fault, is_shown};
use crate::json::{Json, looks_like_json};
use crate::meaning::Meaning;
use crate::{Limits, Uninspectable};
use yingbi_classifiers::Signals;
use yingbi_policies::Binding;

/// Every value of a document that is not what its name, or the firm, says; `path` is where the document stands.
pub(crate) fn check_document<C: Classify, G: Grammar>(
    classifier: &C,
    limits: Limits,
    asked: Asked<'_>,
    (text, path): (&str, &str),
    workspace: &mut Workspace,
) -> Result<Vec<Fault>, Uninspectable> {
    let binding = Binding { fields: asked.validation.fields.clone(), ..Binding::default() };
    let mut check = Check { classifier, limits, asked, workspace, faults: Vec::new() };
    let outside = Scope::inside(Meaning::UNKNOWN, Signals::default(), ());
    check.level::<G>(text, outside, (0, 0), path, Some(&binding))?;
    Ok(check.faults)
}

struct Check<'a, 'v, C> {
    classifier: &'a C,
    limits: Limits,
    asked: Asked<'v>,
    workspace: &'a mut Workspace,
    faults: Vec<Fault>,
}

impl<C: Classify> Check<'_, '_, C> {
    fn level<G: Grammar>(
        &mut self,
        text: &str,
        outside: Scope<()>,
        (strings, depth): (usize, usize),
        path: &str,
        binding: Option<&Binding>,
    ) -> Result<(), Uninspectable> {
        let limit = self.limits.depth;
        let mut level = Level::default();
        let left = (limit.saturating_sub(depth), limit);
        let spelling = G::parse(&mut level, text, &mut self.workspace.keys, self.classifier, left)?;
        let bound = bind(binding, spelling, text, (&level.nodes, false), None).unwrap_or_default();
        let named = level.named(text, spelling, &self.workspace.keys, self.classifier);
        let declared = Declared { records: &[], fields: &bound.fields, named: &named };
        let nodes = level.nodes;
        let mut visit = Visit { check: self, spelling, text, nodes: &nodes, strings, depth, path };
        walk((&nodes, &[]), &declared, outside, &mut visit)
    }
}

struct Visit<'c, 'a, 'v, C, S> {
    check: &'c mut Check<'a, 'v, C>,
    spelling: S,
    text: &'c str,
    nodes: &'c [Node],
    strings: usize,
    depth: usize,
    path: &'c str,
}

impl<C: Classify, S: Spelling> Visitor<()> for Visit<'_, '_, '_, C, S> {
    fn key(&self, id: KeyId) -> &Key {
        self.check.workspace.keys.key(id)
    }

    fn name(&mut self, _: &Node, _: &[Frame<()>], (): ()) -> Result<(), Uninspectable> {
        Ok(())
    }

    fn leaf(&mut self, leaf: &Leaf<'_, ()>) -> Result<Fate, Uninspectable> {
        let node = leaf.node;
        let mut value = String::new();
        match node.shape {
            Shape::Plain | Shape::Escaped => {
                let raw = self.text.get(self.spelling.contents(node)).unwrap_or("");
                let pieces = self.spelling.pieces(raw, Part::Contents(node));
                if let Err(bad) = decode(pieces, &mut value) {
                    return Err(super::malformed(self.spelling.contents(node).start + bad.at));
                }
                if self.nested(&value, leaf)? {
                    return Ok(Fate::Kept);
                }
            }
            _ => value.push_str(self.text.get(node.start as usize..node.end as usize).unwrap_or("")),
        }
        let Some(kind) = leaf.meaning.expected(leaf.signals) else { return Ok(Fate::Kept) };
        let fault = self.check.asked.fault(kind, &value, || self.pointer(leaf));
        self.check.faults.extend(fault);
        Ok(Fate::Kept)
    }

    fn remove(&mut self, _: &Node, _: Option<&Node>, _: Option<u32>) {}

    fn empty(&mut self, _: &Node) {}
}

impl<C: Classify, S: Spelling> Visit<'_, '_, '_, C, S> {
    /// Checks a string that holds a document; `false` when it holds none.
    fn nested(&mut self, text: &str, leaf: &Leaf<'_, ()>) -> Result<bool, Uninspectable> {
        if !looks_like_json(text) || !leaf.meaning.opens_json() || self.strings >= STRINGS_DEEP {
            return Ok(false);
        }
        let outside = Scope::inside(leaf.meaning, leaf.signals, ());
        let path = self.pointer(leaf) + "/!json";
        let deeper = (self.strings + 1, self.depth + leaf.frames.len());
        match self.check.level::<Json>(text, outside, deeper, &path, None) {
            Ok(()) => Ok(true),
            Err(Uninspectable::TooDeep { limit }) => Err(Uninspectable::TooDeep { limit }),
            Err(_) => Ok(false),
        }
    }

    /// The RFC 6901 pointer to a scalar, names that hold personal information left out of it.
    fn pointer(&self, leaf: &Leaf<'_, ()>) -> String {
        let mut pointer = self.path.to_owned();
        let containers = leaf.frames.iter().map(|frame| self.nodes.get(frame.node as usize));
        for (frame, node) in leaf.frames.iter().zip(containers.chain([Some(leaf.node)]).flatten().skip(1)) {
            pointer.push('/');
            if frame.is_object {
                let raw = self.text.get(self.spelling.name(self.text, node)).unwrap_or("");
                let mut name = String::new();
                let good = decode(self.spelling.pieces(raw, Part::Name), &mut name).is_ok();
                match good && is_shown(self.check.classifier, &name) {
                    true => pointer.push_str(&pointer_step(&self.spelling.step(self.text, node, &name))),
                    false => pointer.push('*'),
                }
                if let Some(position) = self.position(frame, node) {
                    pointer.push_str(&format!("/{position}"));
                }
            } else {
                pointer.push_str(&frame.elements.saturating_sub(1).to_string());
            }
        }
        pointer
    }

    /// Where members of one name are a list: which of them this one is.
    fn position(&self, frame: &Frame<()>, node: &Node) -> Option<usize> {
        if !S::REPEATS || node.key.is_none() || self.check.faults.len() >= MOST_COUNTED {
            return None;
        }
        let container = self.nodes.get(frame.node as usize)?;
        let mut at = frame.node as usize + 1;
        let (mut before, mut all) = (0, 0);
        while at < container.after as usize {
            let sibling = self.nodes.get(at)?;
            if sibling.key == node.key && self.is_called_alike(sibling, node) {
                before += usize::from(sibling.name < node.name);
                all += 1;
            }
            at = (sibling.after as usize).max(at + 1);
        }
        (all > 1).then_some(before)
    }

    fn is_called_alike(&self, one: &Node, other: &Node) -> bool {
        let name = |node| self.text.get(self.spelling.name(self.text, node));
        name(one) == name(other)
    }
}

/// Faults of a document whose place is told to the position among members of one name: to find it costs a look at all
/// of them.
const MOST_COUNTED: usize = 256;
