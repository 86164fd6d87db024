//! Treating a document: every hit by its own rule, edits over the original bytes.

use super::coded::{Known, is_decided};
use super::keys::{Key, KeyId, name_hits};
use super::parse::{Node, Shape};
use super::paths::{Subject, bind, raw_name};
use super::string::{self, Offsets};
use super::walk::{Declared, Fate, Frame, Leaf, Scope, Visitor, walk};
use super::{STRINGS_DEEP, Workspace, looks_like_json};
use crate::classify::Classify;
use crate::counts::{Counts, Outcome};
use crate::edit::Edits;
use crate::meaning::{Meaning, strongest};
use crate::plan::{Action, NOTHING, Plan, Rules};
use crate::{Limits, Uninspectable, mask};
use std::mem;
use yingbi_classifiers::{Hit, Scalar, Signals};
use yingbi_policies::Mask;
use yingbi_taxonomy::Kind;

/// One body being treated.
pub(crate) struct Treat<'a, 'p, C> {
    pub(crate) classifier: &'a C,
    pub(crate) plan: Plan<'p>,
    pub(crate) limits: Limits,
    pub(crate) workspace: &'a mut Workspace,
    pub(crate) counts: Counts,
    pub(crate) edits: Edits,
    hits: Vec<Hit>,
    /// How deep in strings the document at hand is, and how deep in containers that string is.
    pub(super) strings: usize,
    depth: usize,
}

/// The records of a document.
pub(crate) struct Records {
    pub(crate) count: u64,
    pub(crate) subjects: Vec<Subject>,
}

impl<'a, 'p, C: Classify> Treat<'a, 'p, C> {
    pub(crate) fn new(
        classifier: &'a C,
        plan: Plan<'p>,
        limits: Limits,
        workspace: &'a mut Workspace,
    ) -> Self {
        Treat {
            classifier,
            plan,
            limits,
            workspace,
            counts: Counts::default(),
            edits: Edits::default(),
            hits: Vec::new(),
            strings: 0,
            depth: 0,
        }
    }

    /// Treats a whole document; the edits are relative to `text`.
    pub(crate) fn document(&mut self, text: &str) -> Result<Records, Uninspectable> {
        let depth = (self.limits.depth, self.limits.depth);
        let mut level = self.take_level();
        if let Err(error) = level.parse(text, &mut self.workspace.keys, self.classifier, depth) {
            self.put_level(level);
            return Err(error);
        }
        let bound = bind(self.plan.binding(), text, &level.nodes);
        let rules: Vec<(u32, Rules<'p>)> =
            bound.records.iter().map(|record| (record.node, self.rules(&record.subject))).collect();
        let declared = Declared { records: &rules, fields: &bound.fields };
        let outside = Scope::inside(Meaning::UNKNOWN, Signals::default(), self.plan.rules(None));
        let mut decoded = mem::take(&mut level.decoded);
        let walked =
            walk(&level.nodes, &declared, outside, &mut Visit { treat: self, text, decoded: &mut decoded });
        level.decoded = decoded;
        self.put_level(level);
        walked?;
        let count = bound.records.len() as u64;
        Ok(Records { count, subjects: bound.records.into_iter().map(|record| record.subject).collect() })
    }

    /// Treats a document that is a part of a body, from `offset` on; `None` when it is none.
    pub(crate) fn part(&mut self, text: &str, offset: usize) -> Result<Option<Records>, Uninspectable> {
        let outer = mem::take(&mut self.edits);
        let done = self.document(text);
        let inner = mem::replace(&mut self.edits, outer);
        match done {
            Ok(records) => {
                self.edits.append(&inner, offset);
                Ok(Some(records))
            }
            // The grammar is read before anything is done, so nothing was.
            Err(Uninspectable::Malformed { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn rules(&self, subject: &Subject) -> Rules<'p> {
        match subject {
            Subject::Unknown => self.plan.rules(None),
            Subject::One(one) => self.plan.rules(Some(one)),
            Subject::Several(_) => self.plan.rules_of_several(),
        }
    }

    /// Treats each hit in a text by itself. `place` maps offsets of the text to where it stands, `encode` makes the
    /// tail of a text from an offset on fit to stand there.
    pub(crate) fn spans(
        &mut self,
        text: &str,
        hits: &[Hit],
        rules: Rules<'p>,
        mut place: impl FnMut(usize) -> usize,
        encode: impl Fn(&mut Written<'_>),
    ) -> Result<(), Uninspectable> {
        for hit in hits {
            let Some(mask) = self.decide(hit.kind, rules)? else { continue };
            let (from, to) = (place(hit.start), place(hit.end));
            let value = text.get(hit.start..hit.end).unwrap_or("");
            self.edits.push_with(from, to, |out| {
                let begin = out.len();
                mask::text(mask, value, out);
                encode(&mut Written { out, begin });
            });
        }
        Ok(())
    }

    /// Decides on a value within a text, and counts it: the mask to lay over it, if any.
    pub(crate) fn decide(&mut self, kind: Kind, rules: Rules<'p>) -> Result<Option<&'p Mask>, Uninspectable> {
        let monitored = rules.is_monitored(kind);
        let mask = match rules.action(kind) {
            Action::Block => return Err(Uninspectable::Blocked(kind.category())),
            Action::Clear => {
                self.counts.add(kind, Outcome::Clear, monitored);
                return Ok(None);
            }
            Action::Mask(mask) => mask,
            // Part of a text can't be left out without saying that something was there.
            Action::Drop => &NOTHING,
        };
        self.counts.add(kind, Outcome::Masked, monitored);
        Ok(Some(mask))
    }

    /// Reads a document inside a page; `false` when it is none. The edits are relative to it.
    pub(crate) fn island(
        &mut self,
        text: &str,
        meaning: Meaning,
        rules: Rules<'p>,
    ) -> Result<bool, Uninspectable> {
        self.inner(text, Scope::inside(meaning, Signals::default(), rules), 0)
    }

    /// Reads a string as a document of its own; `false` when it is none.
    fn nested(
        &mut self,
        text: &str,
        leaf: &Leaf<'_, Rules<'p>>,
        place: impl FnMut(usize) -> usize,
    ) -> Result<bool, Uninspectable> {
        let outer = mem::take(&mut self.edits);
        let scope = Scope::inside(leaf.meaning, leaf.signals, leaf.rules);
        let done = self.inner(text, scope, self.depth + leaf.frames.len());
        let inner = mem::replace(&mut self.edits, outer);
        self.lift(&inner, place);
        done
    }

    /// Treats a text as a document inside another, under what is known outside, that many containers deep.
    pub(super) fn inner(
        &mut self,
        text: &str,
        outside: Scope<Rules<'p>>,
        depth: usize,
    ) -> Result<bool, Uninspectable> {
        let limit = self.limits.depth;
        self.strings += 1;
        let mut level = self.take_level();
        let left = (limit.saturating_sub(depth), limit);
        let done = match level.parse(text, &mut self.workspace.keys, self.classifier, left) {
            Err(Uninspectable::TooDeep { limit }) => Err(Uninspectable::TooDeep { limit }),
            Err(_) => Ok(false),
            Ok(()) => {
                let outer_depth = mem::replace(&mut self.depth, depth);
                let declared = Declared { records: &[], fields: &[] };
                let mut decoded = mem::take(&mut level.decoded);
                let mut visit = Visit { treat: self, text, decoded: &mut decoded };
                let walked = walk(&level.nodes, &declared, outside, &mut visit);
                level.decoded = decoded;
                self.depth = outer_depth;
                walked.map(|()| true)
            }
        };
        self.put_level(level);
        self.strings -= 1;
        done
    }

    /// Treats coded data in a string; `false` when nothing was found in it.
    fn nested_coded(
        &mut self,
        text: &str,
        leaf: &Leaf<'_, Rules<'p>>,
        place: impl FnMut(usize) -> usize,
    ) -> Result<bool, Uninspectable> {
        let Some(coded) = self.reads_coded(text, leaf.meaning) else { return Ok(false) };
        let depth = self.depth + leaf.frames.len();
        let known = Known { meaning: leaf.meaning, signals: leaf.signals, rules: leaf.rules, depth };
        let outer = mem::take(&mut self.edits);
        let found = self.treat_coded(text, coded, &known);
        let inner = mem::replace(&mut self.edits, outer);
        self.lift(&inner, place);
        found
    }

    /// Takes over the edits made inside a string.
    fn lift(&mut self, inner: &Edits, mut place: impl FnMut(usize) -> usize) {
        for (start, end, replacement) in inner.iter() {
            let (from, to) = (place(start), place(end));
            self.edits.push_with(from, to, |out| string::encode(replacement, out));
        }
    }

    fn take_level(&mut self) -> super::Level {
        self.workspace.levels.get_mut(self.strings).map(mem::take).unwrap_or_default()
    }

    fn put_level(&mut self, level: super::Level) {
        if let Some(slot) = self.workspace.levels.get_mut(self.strings) {
            *slot = level;
        }
    }
}

/// What was appended to a text since `begin`.
pub(crate) struct Written<'o> {
    pub(crate) out: &'o mut String,
    pub(crate) begin: usize,
}

/// One document being walked.
struct Visit<'v, 'a, 'p, C> {
    treat: &'v mut Treat<'a, 'p, C>,
    text: &'v str,
    decoded: &'v mut String,
}

impl<'p, C: Classify> Visitor<Rules<'p>> for Visit<'_, '_, 'p, C> {
    fn key(&self, id: KeyId) -> &Key {
        self.treat.workspace.keys.key(id)
    }

    fn name(&mut self, node: &Node, _: &[Frame<Rules<'p>>], rules: Rules<'p>) -> Result<(), Uninspectable> {
        let raw = raw_name(self.text, node.name);
        let start = node.name as usize + 1;
        self.decoded.clear();
        let mut hits = mem::take(&mut self.treat.hits);
        hits.clear();
        let is_escaped = raw.contains('\\') && string::decode(raw, self.decoded).is_ok();
        let name = if is_escaped { self.decoded.as_str() } else { raw };
        name_hits(name, self.treat.classifier, &mut hits);
        let mut offsets = Offsets::new(raw);
        let place = |at| start + if is_escaped { offsets.raw(at) } else { at };
        let treated = self.treat.spans(name, &hits, rules, place, encode_string);
        self.treat.hits = hits;
        treated
    }

    fn leaf(&mut self, leaf: &Leaf<'_, Rules<'p>>) -> Result<Fate, Uninspectable> {
        let node = leaf.node;
        let (start, end) = (node.start as usize, node.end as usize);
        match node.shape {
            Shape::Plain => {
                let text = self.text.get(start + 1..end - 1).unwrap_or("");
                if text.is_empty() {
                    return Ok(Fate::Kept);
                }
                // A mask of characters that need no escape needs none.
                self.string(leaf, text, |at| start + 1 + at, |_| {})
            }
            Shape::Escaped => {
                let raw = self.text.get(start + 1..end - 1).unwrap_or("");
                let mut decoded = mem::take(self.decoded);
                decoded.clear();
                let fate = match string::decode(raw, &mut decoded) {
                    Ok(()) => {
                        let mut offsets = Offsets::new(raw);
                        self.string(leaf, &decoded, |at| start + 1 + offsets.raw(at), encode_string)
                    }
                    Err(bad) => Err(Uninspectable::Malformed { at: start + 1 + bad.at }),
                };
                *self.decoded = decoded;
                fate
            }
            Shape::Number => {
                let spelt = self.text.get(start..end).unwrap_or("");
                self.whole(leaf, Scalar::Number(spelt), |mask, out| mask::number(mask, spelt, out))
            }
            _ => self.whole(leaf, Scalar::Bool, |_, out| out.push_str("null")),
        }
    }

    fn remove(&mut self, from: u32, to: u32) {
        self.treat.edits.forget_from(from as usize);
        self.treat.edits.push(from as usize, to as usize, "");
    }

    fn make_null(&mut self, node: &Node) {
        self.treat.edits.push(node.start as usize, node.end as usize, "null");
    }
}

impl<'p, C: Classify> Visit<'_, '_, 'p, C> {
    fn string(
        &mut self,
        leaf: &Leaf<'_, Rules<'p>>,
        text: &str,
        mut place: impl FnMut(usize) -> usize,
        encode: impl Fn(&mut Written<'_>),
    ) -> Result<Fate, Uninspectable> {
        if leaf.meaning.opens_json()
            && self.treat.strings < STRINGS_DEEP
            && looks_like_json(text)
            && self.treat.nested(text, leaf, &mut place)?
        {
            return Ok(Fate::Kept);
        }
        let mut hits = mem::take(&mut self.treat.hits);
        leaf.meaning.hits(self.treat.classifier, leaf.signals, Scalar::Text(text), &mut hits);
        if !is_decided(text, &hits, leaf.rules) && self.treat.nested_coded(text, leaf, &mut place)? {
            self.treat.hits = hits;
            return Ok(Fate::Kept);
        }
        let fate = match hits.as_slice() {
            [] => Ok(Fate::Kept),
            [hit]
                if hit.start == 0 && hit.end == text.len() && leaf.rules.action(hit.kind) == Action::Drop =>
            {
                self.treat.counts.add(hit.kind, Outcome::Dropped, leaf.rules.is_monitored(hit.kind));
                Ok(Fate::Dropped)
            }
            hits => self.treat.spans(text, hits, leaf.rules, place, encode).map(|()| Fate::Kept),
        };
        self.treat.hits = hits;
        fate
    }

    /// Treats a scalar that is all or nothing.
    fn whole(
        &mut self,
        leaf: &Leaf<'_, Rules<'p>>,
        value: Scalar<'_>,
        write: impl FnOnce(&Mask, &mut String),
    ) -> Result<Fate, Uninspectable> {
        let treat = &mut *self.treat;
        leaf.meaning.hits(treat.classifier, leaf.signals, value, &mut treat.hits);
        let Some((kind, action)) = strongest(leaf.rules, &treat.hits) else { return Ok(Fate::Kept) };
        let monitored = leaf.rules.is_monitored(kind);
        match action {
            Action::Block => Err(Uninspectable::Blocked(kind.category())),
            Action::Clear => {
                treat.counts.add(kind, Outcome::Clear, monitored);
                Ok(Fate::Kept)
            }
            Action::Mask(mask) => {
                treat.counts.add(kind, Outcome::Masked, monitored);
                treat
                    .edits
                    .push_with(leaf.node.start as usize, leaf.node.end as usize, |out| write(mask, out));
                Ok(Fate::Kept)
            }
            Action::Drop => {
                treat.counts.add(kind, Outcome::Dropped, monitored);
                Ok(Fate::Dropped)
            }
        }
    }
}

/// Makes a mask fit to stand between the quotes of a JSON string.
fn encode_string(written: &mut Written<'_>) {
    let Some(tail) = written.out.get(written.begin..).filter(|tail| string::needs_encoding(tail)) else {
        return;
    };
    let tail = tail.to_owned();
    written.out.truncate(written.begin);
    string::encode(&tail, written.out);
}
