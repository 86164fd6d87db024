//! Rules applied to a tree, and the tree printed.

use super::naming::{Said, said};
use super::paths::{Taken, leads};
use super::tree::{Bad, Data, Member, Text, Value, read};
use crate::classify::Classify;
use crate::counts::{Counts, Outcome};
use crate::json::string;
use crate::keyed::KeyTrouble;
use crate::meaning::SHORTEST_TEXT;
use crate::meaning::{Meaning, strongest};
use crate::plan::{Action, NOTHING, Plan, Rules};
use crate::tree::{Subject, name_hits, rank};
use crate::xml::looks_like_xml;
use crate::{Summary, Uninspectable, mask};
use std::collections::BTreeMap;
use yingbi_classifiers::{Hit, KeyMeaning, Scalar, Signals};
use yingbi_crypto::PseudonymKey;
use yingbi_policies::{Keyed, Mask, NumberMask, SubjectSelector};
use yingbi_taxonomy::Kind;

/// Treats a JSON text; `None` when a string in it may hold XML, which is read inside and not by this reference.
pub(super) fn treat<C: Classify>(
    classifier: &C,
    plan: Plan<'_>,
    pseudonyms: &PseudonymKey,
    depth: usize,
    text: &str,
) -> Result<Option<(String, Summary)>, Uninspectable> {
    let tree = read(text, depth).map_err(|bad| match bad {
        Bad::Malformed => Uninspectable::Malformed { at: 0 },
        Bad::TooDeep => Uninspectable::TooDeep { limit: depth },
    })?;
    let mut records = vec![];
    find_records(plan, &tree, &mut vec![], None, &mut records);
    let mut printer = Printer {
        classifier,
        plan,
        depth,
        strings: 0,
        records,
        said: said(classifier, &tree),
        counts: Counts::default(),
        declares: true,
        holds_xml: false,
    };
    let scope = Scope {
        inherited: None,
        element: Meaning::UNKNOWN,
        holder: Signals::default(),
        signals: Signals::default(),
        rules: plan.rules(None),
        record: None,
    };
    let mut pieces = vec![];
    let root = Node { value: &tree, key: None, taken: vec![], depth: 0 };
    let is_left_out = printer.value(&root, &scope, &mut pieces);
    if printer.holds_xml {
        return Ok(None);
    }
    if is_left_out? {
        pieces = vec![Piece::Kept(0, tree.start), Piece::New("null".into())];
    } else {
        pieces.insert(0, Piece::Kept(0, tree.start));
    }
    pieces.push(Piece::Kept(tree.end, text.len()));
    let mut summary = Summary { records: printer.records.len() as u64, ..Summary::default() };
    printer.counts.add_to(&mut summary);
    let names =
        printer.records.iter().flat_map(|record| record.subject.names()).chain(plan.document_subject());
    summary.subjects = names.map(|name| pseudonyms.pseudonym("subject", name)).collect();
    Ok(Some((printed(text, &pieces), summary)))
}

/// The text that pieces of a text make.
pub(super) fn printed(text: &str, pieces: &[Piece]) -> String {
    let print = |piece: &Piece| match piece {
        Piece::Kept(from, to) => text.get(*from..*to).unwrap_or("").to_owned(),
        Piece::New(new) => new.clone(),
    };
    pieces.iter().map(print).collect()
}

/// A stretch of output.
#[derive(Debug)]
pub(super) enum Piece {
    /// These bytes of the text.
    Kept(usize, usize),
    New(String),
}

/// A record: where it is, and whose.
struct Record {
    taken: Vec<Taken>,
    start: usize,
    subject: Subject,
}

/// Finds all records; the innermost takes the subjects named in it.
fn find_records(
    plan: Plan<'_>,
    value: &Value,
    taken: &mut Vec<Taken>,
    mut inside: Option<usize>,
    records: &mut Vec<Record>,
) {
    let path = plan.binding().and_then(|binding| binding.records.as_ref());
    if path.map_or(taken.is_empty(), |path| leads(path, taken)) {
        inside = Some(records.len());
        records.push(Record { taken: taken.clone(), start: value.start, subject: Subject::Unknown });
    }
    if let Some(SubjectSelector::Record(path)) = plan.binding().and_then(|binding| binding.subject.as_ref())
        && let Some(record) = inside.and_then(|inside| records.get_mut(inside))
        && leads(path, taken.get(record.taken.len()..).unwrap_or_default())
    {
        match &value.data {
            Data::Text(text) => record.subject.add(&text.decoded()),
            Data::Number(spelt) => record.subject.add(spelt),
            _ => {}
        }
    }
    let mut visit = |step: Taken, value: &Value| {
        taken.push(step);
        find_records(plan, value, taken, inside, records);
        taken.pop();
    };
    match &value.data {
        Data::Object(members) => {
            members.iter().for_each(|member| visit(Taken::Name(member.name.decoded()), &member.value));
        }
        Data::Array(values) => {
            (0u64..).zip(values).for_each(|(index, value)| visit(Taken::Index(index), value));
        }
        _ => {}
    }
}

pub(super) struct Printer<'c, 'p, C> {
    pub(super) classifier: &'c C,
    plan: Plan<'p>,
    depth: usize,
    pub(super) strings: usize,
    records: Vec<Record>,
    said: Said,
    pub(super) counts: Counts,
    /// Whether the binding speaks of the text at hand: not of JSON in its strings.
    declares: bool,
    /// A string may hold XML.
    holds_xml: bool,
}

/// What the containers above say.
#[derive(Clone)]
pub(super) struct Scope<'p> {
    inherited: Option<Meaning>,
    pub(super) element: Meaning,
    holder: Signals,
    pub(super) signals: Signals,
    pub(super) rules: Rules<'p>,
    /// Steps to the record at hand.
    record: Option<usize>,
}

/// A value to print.
struct Node<'v> {
    value: &'v Value,
    key: Option<KeyMeaning>,
    taken: Vec<Taken>,
    /// Containers it is in.
    depth: usize,
}

impl<'p, C: Classify> Printer<'_, 'p, C> {
    /// Prints a value; whether it is to be left out instead.
    fn value(
        &mut self,
        node: &Node<'_>,
        outer: &Scope<'p>,
        out: &mut Vec<Piece>,
    ) -> Result<bool, Uninspectable> {
        let mut scope = outer.clone();
        if self.declares
            && let Some(record) = self.records.iter().find(|record| record.start == node.value.start)
        {
            scope.record = Some(record.taken.len());
            scope.rules = match &record.subject {
                Subject::Unknown => self.plan.rules(None),
                Subject::One(one) => self.plan.rules(Some(one)),
                Subject::Several(names) => self.plan.rules_of_several(names),
            };
        }
        let declared = self.declared(&node.taken, scope.record);
        let (said, signals) = self.said.get(&node.value.start).copied().unwrap_or_default();
        let key = said.or(node.key);
        if key.is_some() || declared.is_some() {
            let named = Meaning::named(key.unwrap_or(KeyMeaning::UNKNOWN));
            let own = declared.map_or(named, |declared| named.declared(declared));
            scope.element = *own.under(outer.inherited.as_ref());
            scope.inherited = own.inherited(outer.inherited.as_ref()).copied();
        }
        if let Some(key) = node.key {
            scope.holder = key.signals;
        }
        match &node.value.data {
            Data::Null => {
                out.push(Piece::Kept(node.value.start, node.value.end));
                Ok(false)
            }
            Data::Text(text) => self.text(node, text, &scope, out),
            Data::Number(spelt) => self.whole(node, Scalar::Number(spelt), &scope, out),
            Data::Bool => self.whole(node, Scalar::Bool, &scope, out),
            Data::Array(values) => {
                scope.signals = scope.signals.union(signals);
                self.array(node, values, &scope, out).map(|()| false)
            }
            Data::Object(members) => self.object(node, members, (scope, signals), out).map(|()| false),
        }
    }

    /// The most specific declaration for a place in a record.
    fn declared(&self, taken: &[Taken], record: Option<usize>) -> Option<Option<Kind>> {
        let binding = self.plan.binding().filter(|_| self.declares)?;
        let within = taken.get(record?..)?;
        let matching = binding.fields.iter().filter(|field| leads(&field.path, within));
        let best: BTreeMap<_, _> = matching
            .map(|field| ((rank(field), field.kind.is_some(), std::cmp::Reverse(field.kind)), field.kind))
            .collect();
        best.into_values().next_back()
    }

    fn array(
        &mut self,
        node: &Node<'_>,
        values: &[Value],
        scope: &Scope<'p>,
        out: &mut Vec<Piece>,
    ) -> Result<(), Uninspectable> {
        let mut at = node.value.start;
        for (index, value) in (0u64..).zip(values) {
            out.push(Piece::Kept(at, value.start));
            let taken = [node.taken.as_slice(), &[Taken::Index(index)]].concat();
            let element = Node { value, key: None, taken, depth: node.depth + 1 };
            let mut printed = vec![];
            match self.value(&element, scope, &mut printed)? {
                true => out.push(Piece::New("null".into())),
                false => out.append(&mut printed),
            }
            at = value.end;
        }
        out.push(Piece::Kept(at, node.value.end));
        Ok(())
    }

    fn object(
        &mut self,
        node: &Node<'_>,
        members: &[Member],
        (mut scope, said): (Scope<'p>, Signals),
        out: &mut Vec<Piece>,
    ) -> Result<(), Uninspectable> {
        let keys: Vec<KeyMeaning> =
            members.iter().map(|member| self.classifier.key(&member.name.decoded())).collect();
        let outer = scope.signals;
        scope.signals = keys.iter().fold(scope.holder, |all, key| all.union(key.signals));
        if scope.signals == Signals::default() || scope.inherited.is_some() {
            scope.signals = scope.signals.union(outer);
        }
        scope.signals = scope.signals.union(said);
        // Every member is lead, body, trail; leads and trails are white space.
        let mut printed = vec![];
        let mut renamed = vec![];
        for (member, key) in members.iter().zip(keys) {
            let mut body = vec![Piece::Kept(member.name.start, member.name.start + 1)];
            self.name(&member.name, scope.rules, &mut renamed, &mut body)?;
            body.push(Piece::Kept(member.name.close, member.value.start));
            let taken = [node.taken.as_slice(), &[Taken::Name(member.name.decoded())]].concat();
            let value = Node { value: &member.value, key: Some(key), taken, depth: node.depth + 1 };
            let mut inside = vec![];
            let dropped = self.value(&value, &scope, &mut inside)?;
            body.append(&mut inside);
            printed.push((!dropped).then_some(body));
        }
        join(node.value, members, printed, out);
        Ok(())
    }

    fn name(
        &mut self,
        name: &Text,
        rules: Rules<'p>,
        renamed: &mut Vec<String>,
        out: &mut Vec<Piece>,
    ) -> Result<(), Uninspectable> {
        let mut hits = vec![];
        let decoded = name.decoded();
        name_hits(&decoded, self.classifier, &mut hits);
        let mut pieces = self.spans(&decoded, &hits, rules)?;
        if pieces.iter().any(|piece| matches!(piece, Piece::New(_))) {
            let text = |piece: &Piece| match piece {
                Piece::New(new) => new.clone(),
                Piece::Kept(from, to) => decoded.get(*from..*to).unwrap_or("").to_owned(),
            };
            let now: String = pieces.iter().map(text).collect();
            let count = renamed.iter().filter(|known| **known == now).count() + 1;
            renamed.push(now);
            let last = pieces.iter_mut().rev().find_map(|piece| match piece {
                Piece::New(new) => Some(new),
                Piece::Kept(..) => None,
            });
            if let Some(last) = last.filter(|_| count > 1) {
                last.push_str(&format!("#{count}"));
            }
        }
        respell(name, pieces, out);
        Ok(())
    }

    fn text(
        &mut self,
        node: &Node<'_>,
        text: &Text,
        scope: &Scope<'p>,
        out: &mut Vec<Piece>,
    ) -> Result<bool, Uninspectable> {
        let decoded = text.decoded();
        out.push(Piece::Kept(text.start, text.start + 1));
        let mut hits = vec![];
        let document = match self.strings < crate::tree::STRINGS_DEEP {
            true => self.nested(node.depth, &decoded, scope)?,
            false => None,
        };
        let pieces = match document {
            Some(pieces) => pieces,
            None => {
                if !decoded.is_empty() {
                    let value = Scalar::Text(&decoded);
                    scope.element.hits(self.classifier, scope.signals, value, &mut hits);
                }
                if let Some(pieces) = self.coded(&decoded, &hits, node.depth, scope)? {
                    respell(text, pieces, out);
                    out.push(Piece::Kept(text.close, text.close + 1));
                    return Ok(false);
                }
                if let [hit] = hits.as_slice()
                    && (hit.start, hit.end) == (0, decoded.len())
                    && scope.rules.action(hit.kind) == Action::Drop
                {
                    self.counts.add(hit.kind, Outcome::Dropped, scope.rules.is_monitored(hit.kind));
                    return Ok(true);
                }
                self.spans(&decoded, &hits, scope.rules)?
            }
        };
        respell(text, pieces, out);
        out.push(Piece::Kept(text.close, text.close + 1));
        Ok(false)
    }

    /// The pieces of a string that holds a document.
    pub(super) fn nested(
        &mut self,
        depth: usize,
        decoded: &str,
        scope: &Scope<'p>,
    ) -> Result<Option<Vec<Piece>>, Uninspectable> {
        self.holds_xml |= looks_like_xml(decoded);
        let opens = decoded.len() >= SHORTEST_TEXT
            && decoded.trim_start_matches([' ', '\n', '\r', '\t', '\u{c}']).starts_with(['{', '[']);
        if !opens || !scope.element.opens_json() {
            return Ok(None);
        }
        let tree = match read(decoded, self.depth.saturating_sub(depth)) {
            Ok(tree) => tree,
            Err(Bad::Malformed) => return Ok(None),
            Err(Bad::TooDeep) => return Err(Uninspectable::TooDeep { limit: self.depth }),
        };
        let inner = Scope {
            inherited: Some(scope.element).filter(|meaning| meaning.is_kind()),
            holder: Signals::default(),
            record: None,
            ..scope.clone()
        };
        let declares = std::mem::replace(&mut self.declares, false);
        let outer = std::mem::replace(&mut self.said, said(self.classifier, &tree));
        self.strings += 1;
        let root = Node { value: &tree, key: None, taken: vec![], depth };
        let mut pieces = vec![Piece::Kept(0, tree.start)];
        self.value(&root, &inner, &mut pieces)?;
        pieces.push(Piece::Kept(tree.end, decoded.len()));
        self.strings -= 1;
        self.said = outer;
        self.declares = declares;
        Ok(Some(pieces))
    }

    pub(super) fn spans(
        &mut self,
        text: &str,
        hits: &[Hit],
        rules: Rules<'p>,
    ) -> Result<Vec<Piece>, Uninspectable> {
        let mut pieces = vec![];
        let mut at = 0;
        for hit in hits {
            let monitored = rules.is_monitored(hit.kind);
            let mask = match rules.action(hit.kind) {
                Action::Block => return Err(Uninspectable::Blocked(hit.kind.category())),
                Action::Clear => {
                    self.counts.add(hit.kind, Outcome::Clear, monitored);
                    continue;
                }
                Action::Mask(mask) => mask,
                Action::Drop => &NOTHING,
            };
            self.counts.add(hit.kind, Outcome::of(mask), monitored);
            let value = text.get(hit.start..hit.end).unwrap_or("");
            if let Some(keyed) = mask.keyed() {
                pieces.push(Piece::Kept(at, hit.start));
                pieces.push(Piece::New(self.with_key(mask, keyed, (hit.kind, value, false))));
                at = hit.end;
                continue;
            }
            let (from, to, masked) = match mask::hidden(mask, value) {
                // What shows stays as it is spelt.
                Some(hidden) => (hidden.from, hidden.to, "*".repeat(hidden.fill)),
                None => {
                    let mut masked = String::new();
                    mask::text(mask, value, &mut masked);
                    (0, value.len(), masked)
                }
            };
            pieces.push(Piece::Kept(at, hit.start + from));
            pieces.push(Piece::New(masked));
            at = hit.start + to;
        }
        pieces.push(Piece::Kept(at, text.len()));
        Ok(pieces)
    }

    /// What a key makes of a value, or what shows nothing.
    fn with_key(
        &mut self,
        mask: &Mask,
        keyed: Keyed,
        (kind, value, is_number): (Kind, &str, bool),
    ) -> String {
        let mut made = String::new();
        let done = match (self.plan.keys(), mask) {
            (None, _) => Err(KeyTrouble::NoKey),
            (Some(_), _) if value.starts_with("yb1.") => Err(KeyTrouble::Unfit),
            (Some(keys), Mask::HashToken { .. }) => keys.token(kind.category(), value, &mut made),
            (Some(keys), Mask::Ff1) => keys.of_same_form(kind, value, is_number, &mut made),
            (Some(_), _) => Err(KeyTrouble::Unfit),
        };
        match done {
            Ok(()) => made,
            Err(why) => {
                self.counts.fell(kind, keyed, why);
                "********".to_owned()
            }
        }
    }

    fn number_with_key(&mut self, mask: &Mask, keyed: Keyed, kind: Kind, spelt: &str) -> String {
        match mask {
            Mask::HashToken { number: NumberMask::Text } => {
                format!("\"{}\"", self.with_key(mask, keyed, (kind, spelt, true)))
            }
            Mask::Ff1 => {
                let made = self.with_key(mask, keyed, (kind, spelt, true));
                let is_number = made.bytes().all(|byte| byte.is_ascii_digit()) && !made.starts_with('0');
                if is_number { made } else { "0".to_owned() }
            }
            _ => {
                self.counts.fell(kind, keyed, KeyTrouble::Unfit);
                let mut masked = String::new();
                mask::number(mask, spelt, &mut masked);
                masked
            }
        }
    }

    fn whole(
        &mut self,
        node: &Node<'_>,
        value: Scalar<'_>,
        scope: &Scope<'p>,
        out: &mut Vec<Piece>,
    ) -> Result<bool, Uninspectable> {
        let mut hits = vec![];
        // A scalar's record is the object around it.
        scope.element.hits(self.classifier, scope.signals, value, &mut hits);
        let kept = Piece::Kept(node.value.start, node.value.end);
        let Some((kind, action)) = strongest(scope.rules, &hits) else {
            out.push(kept);
            return Ok(false);
        };
        let outcome = match (action, value) {
            (Action::Block, _) => return Err(Uninspectable::Blocked(kind.category())),
            (Action::Clear, _) => {
                out.push(kept);
                Outcome::Clear
            }
            (Action::Mask(mask), _) => Outcome::of(mask),
            (Action::Drop, _) => Outcome::Dropped,
        };
        self.counts.add(kind, outcome, scope.rules.is_monitored(kind));
        if let Action::Mask(mask) = action {
            let masked = match (mask.keyed(), value) {
                (None, Scalar::Number(spelt)) => {
                    let mut masked = String::new();
                    mask::number(mask, spelt, &mut masked);
                    masked
                }
                (Some(keyed), Scalar::Number(spelt)) => self.number_with_key(mask, keyed, kind, spelt),
                (keyed, _) => {
                    if let Some(keyed) = keyed {
                        self.counts.fell(kind, keyed, KeyTrouble::Unfit);
                    }
                    "null".to_owned()
                }
            };
            out.push(Piece::New(masked));
        }
        Ok(outcome == Outcome::Dropped)
    }
}

/// Prints the members that stay. A dropped one goes with the comma and white space up to the next name; at the end,
/// with those before it. So the white space before a run of dropped members stays, and that before the brace.
fn join(object: &Value, members: &[Member], printed: Vec<Option<Vec<Piece>>>, out: &mut Vec<Piece>) {
    out.push(Piece::Kept(object.start, object.start + 1));
    let survivors = printed.iter().filter(|body| body.is_some()).count();
    let last_trail =
        |at: Option<&Member>| Piece::Kept(at.map_or(object.start + 1, |last| last.value.end), object.end);
    let mut lead = None;
    let mut seen = 0;
    for (at, (member, body)) in members.iter().zip(printed).enumerate() {
        let lead_here = (member.from, member.name.start);
        let Some(mut body) = body else {
            lead.get_or_insert(lead_here);
            continue;
        };
        let (from, to) = lead.take().unwrap_or(lead_here);
        out.push(Piece::Kept(from, to));
        out.append(&mut body);
        seen += 1;
        if seen == survivors {
            out.push(last_trail(members.last()));
            return;
        }
        // The trail and the comma.
        let next = members.get(at + 1).map_or(object.end, |next| next.from);
        out.push(Piece::Kept(member.value.end, next));
    }
    if let Some((from, to)) = lead {
        out.push(Piece::Kept(from, to));
    }
    out.push(last_trail(members.last()));
}

/// Turns pieces of a string's characters into pieces of its spelling.
fn respell(text: &Text, pieces: Vec<Piece>, out: &mut Vec<Piece>) {
    for piece in pieces {
        match piece {
            Piece::New(new) => {
                let mut spelt = String::new();
                string::encode(&new, &mut spelt);
                out.push(Piece::New(spelt));
            }
            Piece::Kept(from, to) => {
                let mut at = 0;
                for (character, start, end) in &text.characters {
                    if (from..to).contains(&at) {
                        out.push(Piece::Kept(*start, *end));
                    }
                    at += character.len_utf8();
                }
            }
        }
    }
}
