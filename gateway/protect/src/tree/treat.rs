//! Treating a document: every hit by its own rule, edits over the original bytes.

mod among;
mod keyed;
mod opened;
mod raised;

use super::clean;
use super::coded::{Known, is_decided};
use super::columns::Column;
use super::keys::{Key, KeyId, name_hits};
use super::paths::{Record, Subject, asked, bind, declares_by_name};
use super::spelling::{Direct, Place, Spelt, Unspelt, Within};
use super::walk::{Declared, Fate, Frame, Leaf, Scope, Visitor, walk};
use super::{Grammar, Level, Node, Part, STRINGS_DEEP, Shape, Spelling, Told, Workspace, decode, malformed};
use crate::classify::Classify;
use crate::counts::{Counts, Found, Outcome};
use crate::crowd::{Crowd, generalises};
use crate::edit::Edits;
use crate::fields::is_field_name;
use crate::json::{Json, looks_like_json};
use crate::keyed::{KeyTrouble, begins_sealed};
use crate::mask::Hidden;
use crate::meaning::{Meaning, strongest};
use crate::plan::{Action, NOTHING, Plan, Rules};
use crate::record::Survey;
use crate::segments::{Torn, named_before};
use crate::xml::{Fragment, looks_like_xml};
use crate::{Limits, Uninspectable, mask};
pub(crate) use among::Stretch;
use keyed::{Owners, Roots};
use std::collections::BTreeMap;
use std::mem;
use std::ops::Range;
use yingbi_classifiers::{Hit, How, Scalar, Signals, begins_plainly};
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
    pub(crate) survey: Survey,
    /// What is known of a document of which only a segment is here.
    pub(crate) torn: Option<Torn>,
    /// Of such a document: what is named by others, by where it begins, as far as it is known.
    pub(crate) names: Vec<(u32, Meaning)>,
    hits: Vec<Hit>,
    /// Where the value at hand stands in the document that is no string, and whose values are: for what needs keys.
    position: u32,
    owners: Owners,
    /// Below what its path begins, and the path where an envelope may be bound to it; nothing where it can't be told.
    roots: Option<Roots>,
    path: Option<String>,
    binds_paths: bool,
    /// What is left of the records, where too few may look alike.
    pub(crate) crowd: Option<Crowd>,
    /// Whether envelopes may be opened.
    opens: bool,
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
        let edits = mem::take(&mut workspace.edits);
        let counts = Counts::with_room(mem::take(&mut workspace.found));
        let (survey, torn, names, hits, owners) = Default::default();
        let (strings, depth, position) = (0, 0, 0);
        let opens = plan.keys().is_some() && plan.opens();
        let binds_paths = plan.keys().is_some() && plan.binds_paths();
        let (roots, path) = Default::default();
        Treat {
            classifier,
            plan,
            limits,
            workspace,
            counts,
            edits,
            survey,
            torn,
            names,
            hits,
            position,
            owners,
            roots,
            path,
            binds_paths,
            crowd: None,
            opens,
            strings,
            depth,
        }
    }

    /// Gives the room back that it took.
    pub(crate) fn end(self) {
        self.workspace.edits = self.edits;
        self.workspace.found = self.counts.found;
    }

    /// Treats a whole document; the edits are relative to `text`.
    pub(crate) fn document<G: Grammar>(&mut self, text: &str) -> Result<Records, Uninspectable> {
        self.note();
        self.workspace.fields.begin_document();
        let depth = (self.limits.depth, self.limits.depth);
        let binding = self.plan.binding();
        // What is left out depends on what stands beside it.
        let Workspace { columns, fields, .. } = &mut *self.workspace;
        columns.begin(fields);
        let may_be_terse = self.goes_by_names() && binding.is_none_or(declares_by_name);
        let mut level = self.take_level(G::IS_TERSE && may_be_terse);
        self.workspace.keys.ask(binding.into_iter().flat_map(asked), self.classifier);
        let mut parsed = G::parse(&mut level, text, &mut self.workspace.keys, self.classifier, depth);
        let bound = loop {
            let spelling = match parsed {
                Ok(spelling) => spelling,
                Err(error) => {
                    self.put_level(level);
                    return Err(error);
                }
            };
            if let Some(bound) =
                bind(binding, spelling, text, (&level.nodes, level.is_terse), self.torn.as_ref())
            {
                break (spelling, bound);
            }
            level.is_terse = false;
            parsed = G::parse(&mut level, text, &mut self.workspace.keys, self.classifier, depth);
        };
        let (spelling, bound) = bound;
        if self.plan.keys().is_some() {
            self.owners = Owners::of(&bound.records, &level.nodes);
            self.roots = Some(Roots::of(&bound.records));
        }
        if let Some(crowd) = &mut self.crowd {
            let named: Vec<u32> = bound.records.iter().map(|record| record.node).collect();
            crowd.begin(&named, &level.nodes);
        }
        let known = self.torn.as_mut().map_or(0, |torn| torn.read(&mut level.nodes));
        let rules: Vec<(u32, Rules<'p>)> =
            bound.records.iter().map(|record| (record.node, self.rules(&record.subject))).collect();
        let named = level.named(text, spelling, &self.workspace.keys, self.classifier);
        if known > 0 {
            self.names = named_before(&named, &level.nodes, known);
        }
        let mut decoded = mem::take(&mut level.decoded);
        let (nodes, told) = (&level.nodes, &level.told);
        let mut sensitive = None;
        let before = if self.plan.counts_sensitive() { self.shown() } else { (0, 0) };
        let walked = self.in_records(nodes, rules, &mut sensitive, |treat, outside, records| {
            if let Some(crowd) = &mut treat.crowd {
                crowd.again();
            }
            let declared = Declared { records, fields: &bound.fields, named: &named };
            let signals = treat.torn.as_ref().map(Torn::signals).unwrap_or_default();
            let outside = Scope::inside(Meaning::UNKNOWN, signals, outside);
            let document = treat.workspace.clean.document();
            let renamed = BTreeMap::new();
            let mut visit = Visit { treat, spelling, text, known, decoded: &mut decoded, document, renamed };
            walk((nodes, told), &declared, outside, &mut visit)
        });
        level.decoded = decoded;
        let is_known =
            |record: &Record| level.nodes.get(record.node as usize).is_some_and(|node| node.start < known);
        let place = |record: &Record| !is_known(record);
        let sensitive = sensitive.map(|all| {
            let kept = bound.records.iter().zip(all).filter(|(record, _)| place(record));
            kept.map(|(_, is)| is).collect::<Vec<bool>>()
        });
        let records: Vec<Record> = bound.records.into_iter().filter(place).collect();
        self.put_level(level);
        self.settle::<G>();
        if self.plan.counts_sensitive() {
            self.told_apart(before, &records, sensitive);
        }
        self.owners = Owners::default();
        (self.roots, self.path) = (None, None);
        self.workspace.fields.begin_document();
        walked?;
        let count = records.len() as u64;
        Ok(Records { count, subjects: records.into_iter().map(|record| record.subject).collect() })
    }

    /// Treats a document that is a part of a body, from `offset` on; `None` when it is none.
    pub(crate) fn part(&mut self, text: &str, offset: usize) -> Result<Option<Records>, Uninspectable> {
        let outer = mem::take(&mut self.edits);
        let done = self.document::<Json>(text);
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

    /// Whether values may be treated by their names alone: nothing about their places and their records is asked.
    fn goes_by_names(&self) -> bool {
        !self.plan.drops() && !self.opens && !self.binds_paths && self.crowd.is_none()
    }

    /// Sensitive values and all values that were released in clear so far.
    fn shown(&self) -> (u64, u64) {
        (self.counts.sensitive(), self.counts.clear())
    }

    /// Of whom a document shows something sensitive.
    fn told_apart(&mut self, before: (u64, u64), records: &[Record], sensitive: Option<Vec<bool>>) {
        let (shown, clear) = self.shown();
        let (shown, clear) = (shown.saturating_sub(before.0), clear.saturating_sub(before.1));
        let people = &mut self.survey.people;
        match sensitive {
            _ if clear == 0 => {}
            Some(sensitive) => {
                let of = records.iter().map(|record| &record.subject).zip(sensitive);
                people.add(shown, of, self.plan.document_subject());
            }
            None => people.unclear(),
        }
    }

    fn rules(&self, subject: &Subject) -> Rules<'p> {
        match subject {
            Subject::Unknown => self.plan.rules(None),
            Subject::One(one) => self.plan.rules(Some(one)),
            Subject::Several(names) => self.plan.rules_of_several(names),
        }
    }

    /// Treats each hit in a text by itself, where the text stands.
    pub(crate) fn spans(
        &mut self,
        text: &str,
        hits: &[Hit],
        rules: Rules<'p>,
        place: &mut impl Place,
    ) -> Result<(), Uninspectable> {
        if self.may_hold_sealed(text) {
            return self.spans_and_sealed(text, hits, rules, place);
        }
        hits.iter().try_for_each(|hit| self.span(text, *hit, rules, place))
    }

    fn span(
        &mut self,
        text: &str,
        hit: Hit,
        rules: Rules<'p>,
        place: &mut impl Place,
    ) -> Result<(), Uninspectable> {
        let value = text.get(hit.start..hit.end).unwrap_or("");
        self.survey.note(rules, hit.kind, value);
        match self.decide(hit.kind, rules)? {
            Some(mask) => self.lay(mask, hit.kind, value, place, hit.start),
            None => self.left(hit.kind, value),
        }
        Ok(())
    }

    /// Takes note of a value that stays.
    fn left(&mut self, kind: Kind, value: &str) {
        if let Some(crowd) = &mut self.crowd {
            crowd.note(self.position, kind, value);
        }
    }

    /// The mask to lay over a value, given what is left of it and of how many.
    #[cold]
    fn among<'m>(&mut self, mask: &'m Mask, kind: Kind, value: &str, is_number: bool) -> &'m Mask {
        let Some(crowd) = self.crowd.as_mut().filter(|_| generalises(mask)) else { return mask };
        if crowd.is_covered(self.position) {
            return &NOTHING;
        }
        let mut left = String::new();
        match is_number {
            true => mask::number(mask, value, &mut left),
            false => mask::text(mask, value, &mut left),
        }
        crowd.note(self.position, kind, &left);
        mask
    }

    #[cold]
    fn spans_and_sealed(
        &mut self,
        text: &str,
        hits: &[Hit],
        rules: Rules<'p>,
        place: &mut impl Place,
    ) -> Result<(), Uninspectable> {
        for stretch in self.stretches(text, hits, rules) {
            match stretch {
                Stretch::Hit(hit) => self.span(text, hit, rules, place)?,
                Stretch::Sealed(range, named) => {
                    let envelope = text.get(range.clone()).unwrap_or("");
                    if let Some(made) = self.sealed(envelope, named, rules)? {
                        place.replace(&mut self.edits, range.start, range.end, |out| out.push_str(&made));
                    }
                }
            }
        }
        Ok(())
    }

    /// Lays a mask over a value that begins at `start` of the text in that place.
    #[inline]
    fn lay(&mut self, mask: &Mask, kind: Kind, value: &str, place: &mut impl Place, start: usize) {
        let mask = if self.crowd.is_some() { self.among(mask, kind, value, false) } else { mask };
        match mask::hidden(mask, value) {
            Some(Hidden { from, to, fill }) => place.fill(&mut self.edits, start + from, start + to, fill),
            None if mask.keyed().is_some() => {
                let mut made = String::new();
                self.masked(mask, kind, value, &mut made);
                place.replace(&mut self.edits, start, start + value.len(), |out| out.push_str(&made));
            }
            None => {
                place
                    .replace(&mut self.edits, start, start + value.len(), |out| mask::text(mask, value, out));
            }
        }
    }

    /// Decides on a value within a text, and counts it: the mask to lay over it, if any.
    pub(crate) fn decide(&mut self, kind: Kind, rules: Rules<'p>) -> Result<Option<&'p Mask>, Uninspectable> {
        let monitored = rules.is_monitored(kind);
        let mask = match rules.action(kind) {
            Action::Block => return Err(self.counts.blocked(kind)),
            Action::Clear => {
                self.counts.add(kind, Outcome::Clear, monitored);
                return Ok(None);
            }
            Action::Mask(mask) => mask,
            // Part of a text can't be left out without saying that something was there.
            Action::Drop => &NOTHING,
        };
        self.counts.add(kind, Outcome::of(mask), monitored);
        Ok(Some(mask))
    }

    /// Reads a string as a document of its own; `false` when it is none.
    fn nested<G: Grammar>(
        &mut self,
        text: &str,
        leaf: &Leaf<'_, Rules<'p>>,
        place: &mut impl Place,
    ) -> Result<bool, Uninspectable> {
        let outer = mem::take(&mut self.edits);
        let scope = Scope::inside(leaf.meaning, leaf.signals, leaf.rules);
        self.holds(leaf);
        let done = self.inner::<G>(text, scope, self.depth + leaf.frames.len());
        let inner = mem::replace(&mut self.edits, outer);
        place.lift(&mut self.edits, &inner);
        done
    }

    /// Treats a text as a document inside another, under what is known outside, that many containers deep.
    pub(super) fn inner<G: Grammar>(
        &mut self,
        text: &str,
        outside: Scope<Rules<'p>>,
        depth: usize,
    ) -> Result<bool, Uninspectable> {
        let limit = self.limits.depth;
        self.note();
        let site = self.workspace.fields.enter();
        self.strings += 1;
        let (outer_roots, outer_path) = (self.roots.take(), self.path.take());
        self.roots = Roots::inside(outer_path.as_deref());
        let may_be_terse = outside.inherited.is_none() && self.goes_by_names();
        let mut level = self.take_level(G::IS_TERSE && may_be_terse);
        let left = (limit.saturating_sub(depth), limit);
        let done = match G::parse(&mut level, text, &mut self.workspace.keys, self.classifier, left) {
            Err(Uninspectable::TooDeep { limit }) => Err(Uninspectable::TooDeep { limit }),
            Err(_) => Ok(false),
            Ok(spelling) => {
                let outer_depth = mem::replace(&mut self.depth, depth);
                let named = level.named(text, spelling, &self.workspace.keys, self.classifier);
                let declared = Declared { records: &[], fields: &[], named: &named };
                let mut decoded = mem::take(&mut level.decoded);
                let document = self.workspace.clean.document();
                let renamed = BTreeMap::new();
                let mut visit =
                    Visit { treat: self, spelling, text, known: 0, decoded: &mut decoded, document, renamed };
                let walked = walk((&level.nodes, &level.told), &declared, outside, &mut visit);
                level.decoded = decoded;
                self.depth = outer_depth;
                self.settle::<G>();
                walked.map(|()| true)
            }
        };
        self.put_level(level);
        self.strings -= 1;
        (self.roots, self.path) = (outer_roots, outer_path);
        self.workspace.fields.leave(site);
        done
    }

    /// Treats coded data in a string; `false` when nothing was found in it.
    fn nested_coded(
        &mut self,
        text: &str,
        leaf: &Leaf<'_, Rules<'p>>,
        place: &mut impl Place,
    ) -> Result<bool, Uninspectable> {
        let Some(coded) = self.reads_coded(text, leaf.meaning) else { return Ok(false) };
        self.holds(leaf);
        let depth = self.depth + leaf.frames.len();
        let known = Known { meaning: leaf.meaning, signals: leaf.signals, rules: leaf.rules, depth };
        let outer = mem::take(&mut self.edits);
        let found = self.treat_coded(text, coded, &known);
        let inner = mem::replace(&mut self.edits, outer);
        place.lift(&mut self.edits, &inner);
        found
    }

    /// Notes where a value stands that is a document itself.
    fn holds(&mut self, leaf: &Leaf<'_, Rules<'p>>) {
        self.at(leaf);
        if self.opens {
            self.stands(leaf.frames, leaf.node.key);
        }
    }

    /// Notes where a value stands.
    fn at(&mut self, leaf: &Leaf<'_, Rules<'p>>) {
        let Workspace { fields, keys, .. } = &mut *self.workspace;
        fields.at(leaf.frames, leaf.node.key, keys, &|name| is_field_name(name, self.classifier));
    }

    /// Counts what a value of this name in these containers was found to be by its field.
    #[inline]
    fn note_at(&mut self, frames: &[Frame<Rules<'p>>], key: KeyId, meaning: Meaning, found: Found) -> u32 {
        let (plan, classifier) = (self.plan, self.classifier);
        let Workspace { fields, keys, .. } = &mut *self.workspace;
        fields.at(frames, key, keys, &|name| is_field_name(name, classifier));
        fields.count(found, || (plan.level(found.kind), meaning.how(found.kind)))
    }

    /// Counts what was found in a value by its field.
    fn note_leaf(&mut self, leaf: &Leaf<'_, Rules<'p>>) {
        self.at(leaf);
        let (plan, meaning) = (self.plan, leaf.meaning);
        for found in &self.counts.found {
            self.workspace.fields.count(*found, || (plan.level(found.kind), meaning.how(found.kind)));
        }
        self.counts.found.clear();
    }

    /// Counts what was found in the name of a member of these containers.
    fn note_name(&mut self, frames: &[Frame<Rules<'p>>]) {
        let Workspace { fields, keys, .. } = &mut *self.workspace;
        fields.at_name(frames, keys, &|name| is_field_name(name, self.classifier));
        let plan = self.plan;
        for found in self.counts.found.drain(..) {
            fields.count(found, || (plan.level(found.kind), How::Value));
        }
    }

    /// Counts what was found in no field of its own by where it stands.
    pub(crate) fn note(&mut self) {
        let plan = self.plan;
        for found in self.counts.found.drain(..) {
            self.workspace.fields.count(found, || (plan.level(found.kind), How::Text));
        }
    }

    fn settle<S: Spelling>(&mut self) {
        self.workspace.columns.settle(&mut self.counts, &mut self.workspace.fields);
        if S::UNORDERED {
            self.edits.settle();
        }
    }

    fn take_level(&mut self, is_terse: bool) -> Level {
        let mut level = self.workspace.levels.get_mut(self.strings).map(mem::take).unwrap_or_default();
        // Formats that tell nothing by names alone don't touch the list.
        level.told.clear();
        super::Level { may_name: false, is_terse, ..level }
    }

    fn put_level(&mut self, level: Level) {
        if let Some(slot) = self.workspace.levels.get_mut(self.strings) {
            *slot = level;
        }
    }
}

/// One document being walked.
struct Visit<'v, 'a, 'p, C, S> {
    treat: &'v mut Treat<'a, 'p, C>,
    spelling: S,
    text: &'v str,
    /// Bytes of the text that were treated before and tell only how the others are to be read.
    known: u32,
    decoded: &'v mut String,
    /// By which texts of the document that hold nothing are known.
    document: u64,
    /// What members of an object are called now whose names were treated, and how many of them.
    renamed: BTreeMap<(u32, String), u32>,
}

impl<C: Classify, S: Spelling> Visit<'_, '_, '_, C, S> {
    /// Two people's names may be the same under a mask; of two members of one name readers lose one.
    fn tell_apart(&mut self, object: u32, range: Range<usize>, before: usize) {
        let (mut raw, mut at) = (String::new(), range.start);
        for (start, end, new) in self.treat.edits.since(before) {
            raw.push_str(self.text.get(at..start).unwrap_or(""));
            raw.push_str(new);
            at = end;
        }
        raw.push_str(self.text.get(at..range.end).unwrap_or(""));
        let mut name = String::new();
        if decode(self.spelling.pieces(&raw, Part::Name), &mut name).is_err() {
            return;
        }
        let count = self.renamed.entry((object, name)).or_default();
        *count += 1;
        if *count > 1 {
            let number = format!("#{count}");
            self.treat.edits.add_to_last(&number);
        }
    }
}

impl<'p, C: Classify, S: Spelling> Visitor<Rules<'p>> for Visit<'_, '_, 'p, C, S> {
    fn key(&self, id: KeyId) -> &Key {
        self.treat.workspace.keys.key(id)
    }

    fn name(
        &mut self,
        node: &Node,
        frames: &[Frame<Rules<'p>>],
        rules: Rules<'p>,
    ) -> Result<(), Uninspectable> {
        if node.start < self.known {
            return Ok(());
        }
        self.at(node.start);
        let range = self.spelling.name(self.text, node);
        let raw = self.text.get(range.clone()).unwrap_or("");
        self.decoded.clear();
        let pieces = self.spelling.pieces(raw, Part::Name);
        if let Err(bad) = decode(pieces.clone(), self.decoded) {
            return Err(malformed(range.start + bad.at));
        }
        let mut hits = mem::take(&mut self.treat.hits);
        hits.clear();
        name_hits(self.decoded, self.treat.classifier, &mut hits);
        let before = self.treat.edits.len();
        let waits = |treat: &Treat<'_, '_, C>| !treat.workspace.sealing.is_empty();
        let is_sealed = waits(self.treat);
        let mut place = Spelt::new(pieces, range.start);
        let treated = self.treat.spans(self.decoded, &hits, rules, &mut place);
        if self.treat.edits.len() > before {
            self.spelling.renamed(self.text, node, &mut self.treat.edits, before);
            // What is encrypted is told apart already, and must stay as it is.
            if S::NAMES_ARE_UNIQUE && !is_sealed && !waits(self.treat) {
                self.tell_apart(frames.last().map_or(u32::MAX, |frame| frame.node), range, before);
            }
        }
        self.treat.hits = hits;
        self.treat.note_name(frames);
        treated
    }

    fn told(&mut self, run: &[Told], frames: &[Frame<Rules<'p>>]) -> Result<(), Uninspectable> {
        let Some(scope) = frames.last().map(|frame| &frame.scope) else { return Ok(()) };
        let treat = &mut *self.treat;
        let classifier = treat.classifier;
        let Workspace { fields, keys, .. } = &mut *treat.workspace;
        let pattern = fields.pattern_at(frames, keys, &|name| is_field_name(name, classifier));
        // What holds for a field holds for it throughout only where nothing else about the record is asked, and what may
        // have to be taken back is not remembered.
        let is_passing = treat.survey.is_noting() || fields.is_logging();
        let view = if is_passing { 0 } else { scope.rules.view() };
        for told in run {
            if told.start < self.known {
                let (meaning, node) = (self.key(told.key).meaning, told.node());
                let (signals, rules) = (scope.signals, scope.rules);
                self.known(&Leaf { node: &node, meaning, signals, rules, frames })?;
                continue;
            }
            if self.as_before(told, scope.signals, view, pattern) {
                continue;
            }
            let meaning = self.key(told.key).meaning;
            let node = told.node();
            if !self.short(told, meaning, scope, (frames, pattern, view)) {
                let (signals, rules) = (scope.signals, scope.rules);
                self.leaf(&Leaf { node: &node, meaning, signals, rules, frames })?;
            }
        }
        Ok(())
    }

    fn leaf(&mut self, leaf: &Leaf<'_, Rules<'p>>) -> Result<Fate, Uninspectable> {
        if leaf.node.start < self.known {
            return self.known(leaf);
        }
        self.at(leaf.node.start);
        if self.treat.binds_paths {
            self.treat.stands(leaf.frames, leaf.node.key);
        }
        let fate = match leaf.node.shape {
            Shape::Plain => self.text(leaf),
            // The same bytes spell the same text unless markup is read with it.
            Shape::Escaped if !S::REPEATS => self.text(leaf),
            _ => self.scalar(leaf),
        };
        if !self.treat.counts.found.is_empty() {
            self.treat.note_leaf(leaf);
        }
        fate
    }

    fn remove(&mut self, node: &Node, next: Option<&Node>, survivor: Option<u32>) {
        let range = self.spelling.removal(self.text, node, next, survivor);
        // Replacements made in what goes are void; where edits are unordered, settling them sees to that.
        if !S::UNORDERED {
            self.treat.edits.forget_from(range.start);
        }
        self.treat.edits.push(range.start, range.end, "");
    }

    fn empty(&mut self, node: &Node) {
        let (range, instead) = self.spelling.emptied(node);
        self.treat.edits.push(range.start, range.end, instead);
    }
}

impl<'p, C: Classify, S: Spelling> Visit<'_, '_, 'p, C, S> {
    /// The value at hand stands there, unless it stands in a string that does.
    #[inline(always)]
    fn at(&mut self, start: u32) {
        if self.treat.strings == 0 {
            self.treat.position = start;
        }
    }

    /// Takes note of what was treated before, for what it says of the records at hand.
    #[cold]
    fn known(&mut self, leaf: &Leaf<'_, Rules<'p>>) -> Result<Fate, Uninspectable> {
        let Treat { workspace, counts, edits, .. } = &mut *self.treat;
        // It was counted when it was treated.
        workspace.columns.settle(counts, &mut workspace.fields);
        let logged = workspace.fields.begin_void();
        let (counts, edits) = (mem::take(counts), mem::take(edits));
        let read = self.scalar(leaf);
        self.treat.workspace.fields.end_void(logged);
        (self.treat.counts, self.treat.edits) = (counts, edits);
        read.map(|_| Fate::Kept)
    }

    /// A text, unless the same was seen to hold nothing.
    fn text(&mut self, leaf: &Leaf<'_, Rules<'p>>) -> Result<Fate, Uninspectable> {
        let range = self.spelling.contents(leaf.node);
        if !clean::LENGTHS.contains(&range.len()) {
            return self.scalar(leaf);
        }
        let (document, text) = (self.document, self.text);
        let (meaning, record) = (leaf.meaning, leaf.signals);
        if self.treat.workspace.clean.has(document, (text, &range), meaning, record) {
            return Ok(Fate::Kept);
        }
        let before = (self.treat.counts.total(), self.treat.edits.len());
        let fate = self.scalar(leaf)?;
        if fate == Fate::Kept && before == (self.treat.counts.total(), self.treat.edits.len()) {
            self.treat.workspace.clean.add(document, (text, range), meaning, record);
        }
        Ok(fate)
    }

    fn scalar(&mut self, leaf: &Leaf<'_, Rules<'p>>) -> Result<Fate, Uninspectable> {
        let node = leaf.node;
        let (start, end) = (node.start as usize, node.end as usize);
        match node.shape {
            Shape::Plain => {
                let contents = self.spelling.contents(node);
                let start = contents.start;
                let text = self.text.get(contents).unwrap_or("");
                if text.is_empty() {
                    return Ok(Fate::Kept);
                }
                let spelling = self.spelling;
                let pieces = || spelling.pieces(text, Part::Contents(node));
                self.string(leaf, text, &mut Unspelt { place: Direct(start), pieces })
            }
            Shape::Escaped => {
                let contents = self.spelling.contents(node);
                let start = contents.start;
                let raw = self.text.get(contents).unwrap_or("");
                let mut decoded = mem::take(self.decoded);
                decoded.clear();
                let pieces = self.spelling.pieces(raw, Part::Contents(node));
                let fate = match decode(pieces.clone(), &mut decoded) {
                    Ok(()) if S::REPEATS => self.mixed(leaf, &decoded, &mut Spelt::new(pieces, start)),
                    Ok(()) => self.string(leaf, &decoded, &mut Spelt::new(pieces, start)),
                    Err(bad) => Err(malformed(start + bad.at)),
                };
                *self.decoded = decoded;
                fate
            }
            Shape::Number => {
                let spelt = self.text.get(start..end).unwrap_or("");
                self.whole(leaf, Scalar::Number(spelt), |treat, mask, kind, out| {
                    treat.masked_number(mask, kind, spelt, out);
                })
            }
            _ => self.whole(leaf, Scalar::Bool, |treat, mask, kind, out| {
                if let Some(keyed) = mask.keyed() {
                    treat.counts.fell(kind, keyed, KeyTrouble::Unfit);
                }
                out.push_str("null");
            }),
        }
    }

    /// Masks a value as the last one of its field was; `false` when it must be looked at.
    #[inline(always)]
    fn as_before(&mut self, told: &Told, record: Signals, view: u64, pattern: u32) -> bool {
        let Treat { workspace, edits, classifier, .. } = &mut *self.treat;
        let Workspace { columns, keys, .. } = &mut **workspace;
        let Some(known) = columns.get(told.key, view, pattern) else { return false };
        let (text, value) = told.value(self.text);
        if !begins_plainly(value) {
            return false;
        }
        let column = &*known.column;
        let [texts, numbers] = column.plain_from;
        let least = if told.is_number { numbers } else { texts };
        let is_plain = column.record == record && text.len() >= least;
        if !is_plain && keys.key(told.key).meaning.whole(*classifier, record, value) != Some(column.kind) {
            return false;
        }
        if cover(&column.mask, told, text, edits) {
            known.count();
            return true;
        }
        let (mask, kind) = (column.mask, column.kind);
        known.count();
        self.treat.cover_keyed(&mask, kind, told, text);
        true
    }

    /// The short way of most personal information: its name says what it is, its first byte that no document is in it,
    /// and none of it stays in clear. `false` when it must go the long way.
    fn short(
        &mut self,
        told: &Told,
        meaning: Meaning,
        scope: &Scope<Rules<'p>>,
        (frames, pattern, view): (&[Frame<Rules<'p>>], u32, u64),
    ) -> bool {
        let Scope { signals, rules, .. } = *scope;
        let treat = &mut *self.treat;
        let (text, value) = told.value(self.text);
        if !begins_plainly(value) {
            return false;
        }
        let Some(kind) = meaning.whole(treat.classifier, signals, value) else { return false };
        let Action::Mask(mask) = rules.action(kind) else { return false };
        let is_monitored = rules.is_monitored(kind);
        treat.survey.note(rules, kind, text);
        let found = Found { kind, outcome: Outcome::of(mask) };
        treat.counts.tally(found, is_monitored, 1);
        if !cover(mask, told, text, &mut treat.edits) {
            treat.cover_keyed(mask, kind, told, text);
        }
        let field = treat.note_at(frames, told.key, meaning, found);
        if view != 0 {
            let plain_from = [false, true].map(|is_number| {
                let least = meaning.plainly_from(treat.classifier, kind, signals, is_number);
                least.unwrap_or(usize::MAX)
            });
            let (record, mask) = (signals, *mask);
            let column =
                Column { view, pattern, field, kind, record, plain_from, is_monitored, mask, count: 0 };
            let Workspace { columns, fields, .. } = &mut *treat.workspace;
            columns.put(told.key, column, &mut treat.counts, fields);
        }
        true
    }

    fn string(
        &mut self,
        leaf: &Leaf<'_, Rules<'p>>,
        text: &str,
        place: &mut impl Place,
    ) -> Result<Fate, Uninspectable> {
        if self.treat.opens
            && begins_sealed(text)
            && let Some(fate) = self.opened(leaf, text, place)?
        {
            return Ok(fate);
        }
        if self.document(leaf, text, place)? {
            return Ok(Fate::Kept);
        }
        // The short way of most personal information: its name says what it is, and none of it stays in clear.
        if let Some(kind) = leaf.meaning.whole(self.treat.classifier, leaf.signals, Scalar::Text(text)) {
            self.treat.survey.note(leaf.rules, kind, text);
            match leaf.rules.action(kind) {
                Action::Clear => {}
                Action::Mask(mask) => {
                    self.treat.counts.add(kind, Outcome::of(mask), leaf.rules.is_monitored(kind));
                    self.treat.lay(mask, kind, text, place, 0);
                    return Ok(Fate::Kept);
                }
                Action::Drop => {
                    self.treat.counts.add(kind, Outcome::Dropped, leaf.rules.is_monitored(kind));
                    return Ok(Fate::Dropped);
                }
                Action::Block => return Err(self.treat.counts.blocked(kind)),
            }
        }
        if self.treat.opens && among::holds_sealed(text) {
            self.treat.stands(leaf.frames, leaf.node.key);
        }
        let mut hits = mem::take(&mut self.treat.hits);
        leaf.meaning.hits(self.treat.classifier, leaf.signals, Scalar::Text(text), &mut hits);
        if !is_decided(text, &hits, leaf.rules) && self.treat.nested_coded(text, leaf, place)? {
            self.treat.hits = hits;
            return Ok(Fate::Kept);
        }
        let fate = match hits.as_slice() {
            [] if !self.treat.may_hold_sealed(text) => Ok(Fate::Kept),
            [hit]
                if hit.start == 0 && hit.end == text.len() && leaf.rules.action(hit.kind) == Action::Drop =>
            {
                self.treat.survey.note(leaf.rules, hit.kind, text);
                self.treat.counts.add(hit.kind, Outcome::Dropped, leaf.rules.is_monitored(hit.kind));
                Ok(Fate::Dropped)
            }
            hits => self.treat.spans(text, hits, leaf.rules, place).map(|()| Fate::Kept),
        };
        self.treat.hits = hits;
        fate
    }

    /// Treats a string as a document of its own; `false` when it is none.
    #[inline]
    fn document(
        &mut self,
        leaf: &Leaf<'_, Rules<'p>>,
        text: &str,
        place: &mut impl Place,
    ) -> Result<bool, Uninspectable> {
        let (is_json, is_xml) = (looks_like_json(text), looks_like_xml(text));
        Ok((is_json || is_xml)
            && leaf.meaning.opens_json()
            && self.treat.strings < STRINGS_DEEP
            && (is_json && self.treat.nested::<Json>(text, leaf, place)?
                || is_xml && self.treat.nested::<Fragment>(text, leaf, place)?))
    }

    /// Treats a text that markup may part: what goes over the markup, and each part by itself, because markup also
    /// parts what only looks like one text. What child elements hold is treated with them.
    fn mixed(
        &mut self,
        leaf: &Leaf<'_, Rules<'p>>,
        text: &str,
        place: &mut impl Place,
    ) -> Result<Fate, Uninspectable> {
        let parts = place.parts();
        let mut hits = vec![];
        leaf.meaning.hits(self.treat.classifier, leaf.signals, Scalar::Text(text), &mut hits);
        let is_whole = matches!(hits.as_slice(), [hit] if hit.start == 0 && hit.end == text.len());
        let is_all = parts.iter().map(Range::len).sum::<usize>() == text.len();
        if is_whole || parts.is_empty() || (is_all && parts.len() == 1) {
            return self.string(leaf, text, place);
        }
        // What markup parts may still show itself when all of it was read as a document.
        if !(is_all && (self.document(leaf, text, place)? || self.treat.nested_coded(text, leaf, place)?)) {
            let is_in = |hit: &Hit, part: &Range<usize>| part.start <= hit.start && hit.end <= part.end;
            hits.retain(|hit| {
                !place.is_inside(hit.start, hit.end) && !parts.iter().any(|part| is_in(hit, part))
            });
            self.treat.spans(text, &hits, leaf.rules, place)?;
        }
        for part in parts {
            let mut within = Within { place: &mut *place, offset: part.start };
            let own = text.get(part).unwrap_or("");
            if self.string(leaf, own, &mut within)? == Fate::Dropped {
                within.replace(&mut self.treat.edits, 0, own.len(), |_| {});
            }
        }
        Ok(Fate::Kept)
    }

    /// Treats a scalar that is all or nothing.
    fn whole(
        &mut self,
        leaf: &Leaf<'_, Rules<'p>>,
        value: Scalar<'_>,
        write: impl FnOnce(&mut Treat<'_, 'p, C>, &Mask, Kind, &mut String),
    ) -> Result<Fate, Uninspectable> {
        let treat = &mut *self.treat;
        let (kind, action) = match leaf.meaning.whole(treat.classifier, leaf.signals, value) {
            Some(kind) => (kind, leaf.rules.action(kind)),
            None => {
                leaf.meaning.hits(treat.classifier, leaf.signals, value, &mut treat.hits);
                let Some(strongest) = strongest(leaf.rules, &treat.hits) else { return Ok(Fate::Kept) };
                strongest
            }
        };
        if let Scalar::Text(spelt) | Scalar::Number(spelt) = value {
            treat.survey.note(leaf.rules, kind, spelt);
        }
        let monitored = leaf.rules.is_monitored(kind);
        match action {
            Action::Block => Err(treat.counts.blocked(kind)),
            Action::Clear => {
                treat.counts.add(kind, Outcome::Clear, monitored);
                if let Scalar::Text(spelt) | Scalar::Number(spelt) = value {
                    treat.left(kind, spelt);
                }
                Ok(Fate::Kept)
            }
            Action::Mask(mask) => {
                treat.counts.add(kind, Outcome::of(mask), monitored);
                let mask = match value {
                    Scalar::Number(spelt) if treat.crowd.is_some() => treat.among(mask, kind, spelt, true),
                    _ => mask,
                };
                let mut made = String::new();
                write(treat, mask, kind, &mut made);
                treat.edits.push(leaf.node.start as usize, leaf.node.end as usize, &made);
                Ok(Fate::Kept)
            }
            Action::Drop => {
                treat.counts.add(kind, Outcome::Dropped, monitored);
                Ok(Fate::Dropped)
            }
        }
    }
}

/// Lays a mask over a value that was told by its name; `false` when that needs a key.
#[inline(always)]
fn cover(mask: &Mask, told: &Told, text: &str, edits: &mut Edits) -> bool {
    let (start, end) = (told.start as usize, told.end as usize);
    if told.is_number {
        if mask.keyed().is_some() {
            return false;
        }
        edits.push_with(start, end, |out| mask::number(mask, text, out));
        return true;
    }
    match mask::hidden(mask, text) {
        Some(Hidden { from, to, fill }) => edits.push_fill(start + from, start + to, fill),
        None if mask.keyed().is_some() => return false,
        None => edits.push_with(start, end, |out| mask::text(mask, text, out)),
    }
    true
}
