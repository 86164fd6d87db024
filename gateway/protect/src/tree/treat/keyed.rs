//! What needs keys: made where a value stood, and opened where an envelope stands for one.

use super::Treat;
use crate::classify::Classify;
use crate::edit::Edits;
use crate::keyed::{Bound, KeyTrouble, begins_sealed};
use crate::plan::NOTHING_WIDTH;
use crate::plan::Plan;
use crate::tree::walk::Frame;
use crate::tree::{KeyId, Keys, Told, paths::Record, paths::Subject};
use crate::{mask, tree::Node};
use yingbi_policies::{Keyed, Mask, NumberMask};
use yingbi_taxonomy::Kind;

/// Whose the values of a document are, by where its records stand.
#[derive(Default)]
pub(crate) struct Owners {
    records: Vec<(u32, u32, Subject)>,
}

impl Owners {
    pub(crate) fn of(records: &[Record], nodes: &[Node]) -> Owners {
        let place = |record: &Record| {
            let node = nodes.get(record.node as usize)?;
            Some((node.start, node.end, record.subject.clone()))
        };
        Owners { records: records.iter().filter_map(place).collect() }
    }

    fn at(&self, position: u32) -> Option<&Subject> {
        let before = self.records.partition_point(|(start, _, _)| *start <= position);
        let (_, end, subject) = self.records.get(before.checked_sub(1)?)?;
        (position < *end).then_some(subject)
    }
}

/// Where values stand: below which nodes paths begin, and what is in front of those of a document in a string.
#[derive(Default)]
pub(crate) struct Roots {
    nodes: Vec<u32>,
    before: String,
}

impl Roots {
    pub(crate) fn of(records: &[Record]) -> Roots {
        Roots { nodes: records.iter().map(|record| record.node).collect(), before: String::new() }
    }

    /// Those of a document in a string that stands at a path; none where that can't be told.
    pub(crate) fn inside(path: Option<&str>) -> Option<Roots> {
        Some(Roots { nodes: Vec::new(), before: format!("{}/!", path?) })
    }

    /// The names that lead from the innermost record to a value: RFC 6901, without positions in lists. `None` where a
    /// name is not known any more.
    pub(crate) fn path<R>(&self, frames: &[Frame<R>], key: KeyId, keys: &Keys) -> Option<String> {
        let root = frames.iter().rposition(|frame| self.nodes.contains(&frame.node));
        let within = frames.iter().skip(root.map_or(0, |root| root + 1)).map(|frame| frame.key);
        let mut path = self.before.clone();
        for key in within.chain([key]).filter(|key| !key.is_none()) {
            path.push('/');
            let name = keys.name(key.learned()?)?;
            path.push_str(&name.replace('~', "~0").replace('/', "~1"));
        }
        Some(path)
    }
}

impl<C: Classify> Treat<'_, '_, C> {
    /// Notes where the value at hand stands.
    #[cold]
    pub(super) fn stands<R>(&mut self, frames: &[Frame<R>], key: KeyId) {
        self.path = self.roots.as_ref().and_then(|roots| roots.path(frames, key, &self.workspace.keys));
    }

    /// Whose the value at hand is, where that is one person.
    pub(super) fn subject(&self) -> Option<&str> {
        whose(&self.owners, self.position, self.plan)
    }

    /// Appends what stands for a text under a mask, whatever the mask needs.
    pub(crate) fn masked(&mut self, mask: &Mask, kind: Kind, value: &str, out: &mut String) {
        match mask.keyed() {
            None => mask::text(mask, value, out),
            Some(keyed) => self.make(mask, keyed, (kind, value), out),
        }
    }

    /// Appends what stands for a number under a mask.
    pub(crate) fn masked_number(&mut self, mask: &Mask, kind: Kind, spelt: &str, out: &mut String) {
        let Some(keyed) = mask.keyed() else { return mask::number(mask, spelt, out) };
        match mask {
            Mask::Encrypt { number: NumberMask::Text, .. } | Mask::HashToken { number: NumberMask::Text } => {
                out.push('"');
                self.make_of(mask, keyed, (kind, spelt, true), out);
                out.push('"');
            }
            Mask::DateShift | Mask::Ff1 => {
                let mut made = String::new();
                self.make_of(mask, keyed, (kind, spelt, true), &mut made);
                // What shows nothing is no number.
                let is_number = made.bytes().all(|byte| byte.is_ascii_digit()) && !made.starts_with('0');
                out.push_str(if is_number { &made } else { "0" });
            }
            _ => {
                self.counts.fell(kind, keyed, KeyTrouble::Unfit);
                mask::number(mask, spelt, out);
            }
        }
    }

    fn make(&mut self, mask: &Mask, keyed: Keyed, (kind, value): (Kind, &str), out: &mut String) {
        self.make_of(mask, keyed, (kind, value, false), out);
    }

    fn make_of(
        &mut self,
        mask: &Mask,
        keyed: Keyed,
        (kind, value, is_number): (Kind, &str, bool),
        out: &mut String,
    ) {
        let before = out.len();
        let whose = match mask {
            Mask::Encrypt { to_subject: false, .. } | Mask::HashToken { .. } | Mask::Ff1 => None,
            _ => whose(&self.owners, self.position, self.plan),
        };
        let made = match (self.plan.keys(), mask) {
            (None, _) => Err(KeyTrouble::NoKey),
            (Some(keys), Mask::Encrypt { to_subject, to_path, .. }) => {
                let category = kind.category();
                let path = self.path.as_deref().filter(|_| *to_path);
                if *to_subject && whose.is_none() || *to_path && path.is_none() {
                    Err(KeyTrouble::Unfit)
                } else {
                    let bound = Bound { subject: whose, path };
                    // Nothing is encrypted twice.
                    match begins_sealed(value) && keys.is_sealed(category, bound, value) {
                        true => out.push_str(value),
                        false => self.workspace.sealing.push(category, value, is_number, bound, out),
                    }
                    Ok(())
                }
            }
            (Some(_), _) if begins_sealed(value) => Err(KeyTrouble::Unfit),
            (Some(keys), Mask::HashToken { .. }) => keys.token(kind.category(), value, out),
            (Some(keys), Mask::DateShift) => keys.shifted(whose, value, out),
            (Some(keys), Mask::Ff1) => keys.of_same_form(kind, value, is_number, out),
            (Some(_), _) => Err(KeyTrouble::Unfit),
        };
        if let Err(why) = made {
            self.counts.fell(kind, keyed, why);
            out.truncate(before);
            mask::fill(NOTHING_WIDTH.into(), out);
        }
    }

    /// Lays what needs a key over a value that was told by its name.
    #[cold]
    pub(super) fn cover_keyed(&mut self, mask: &Mask, kind: Kind, told: &Told, text: &str) {
        if self.strings == 0 {
            self.position = told.start;
        }
        let mut made = String::new();
        match told.is_number {
            true => self.masked_number(mask, kind, text, &mut made),
            false => self.masked(mask, kind, text, &mut made),
        }
        self.edits.push(told.start as usize, told.end as usize, &made);
    }

    /// Seals all that waits for it in the edits of the body.
    pub(crate) fn seal(&mut self) {
        if !self.workspace.sealing.is_empty() {
            self.workspace.sealing.settle(&mut self.edits, self.plan.keys(), &mut self.counts);
        }
    }

    /// The same in edits whose texts are read before the body is whole.
    pub(crate) fn settle_keyed(&mut self, edits: &mut Edits) {
        if !self.workspace.sealing.is_empty() {
            self.workspace.sealing.settle(edits, self.plan.keys(), &mut self.counts);
        }
    }
}

fn whose<'o>(owners: &'o Owners, position: u32, plan: Plan<'o>) -> Option<&'o str> {
    match owners.at(position) {
        Some(Subject::One(subject)) => Some(subject),
        Some(Subject::Several(_)) => None,
        Some(Subject::Unknown) | None => plan.document_subject(),
    }
}
