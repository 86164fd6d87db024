//! Envelopes that stand for values: opened where the view lets them be, and then treated as if the value had stood in
//! clear. What doesn't open shows nothing, and the rest is served.

use super::Visit;
use crate::Uninspectable;
use crate::classify::Classify;
use crate::counts::Outcome;
use crate::edit::Edits;
use crate::keyed::{Bound, KeyTrouble, Opened};
use crate::plan::{Action, NOTHING_WIDTH, Rules};
use crate::tree::walk::{Fate, Leaf};
use crate::tree::{Direct, Place, Spelling};
use std::mem;
use yingbi_classifiers::Scalar;
use yingbi_taxonomy::Kind;
use zeroize::Zeroizing;

impl<'p, C: Classify, S: Spelling> Visit<'_, '_, 'p, C, S> {
    /// Treats what an envelope holds; `None` when it is none of ours, or stays shut by the rules: then it is a text like
    /// any other.
    pub(super) fn opened(
        &mut self,
        leaf: &Leaf<'_, Rules<'p>>,
        text: &str,
        written: &mut impl Place,
    ) -> Result<Option<Fate>, Uninspectable> {
        let Some(keys) = self.treat.plan.keys() else { return Ok(None) };
        let named = leaf.meaning.whole(self.treat.classifier, leaf.signals, Scalar::Text(text));
        if named.is_some_and(|kind| !leaf.rules.opens(kind)) {
            return Ok(None);
        }
        let subject = self.treat.subject().map(str::to_owned);
        self.treat.stands(leaf.frames, leaf.node.key);
        let path = self.treat.path.take();
        let place = Bound { subject: subject.as_deref(), path: path.as_deref() };
        let opened = keys.open(named, place, text);
        self.treat.path = path;
        let (kind, opened) = match opened {
            Ok(opened) => opened,
            // Nothing says that it should have been an envelope of ours.
            Err((_, KeyTrouble::UnknownKey | KeyTrouble::Malformed)) if named.is_none() => return Ok(None),
            Err((kind, why)) => return self.shut(leaf, (kind, why), text, written).map(Some),
        };
        if !leaf.rules.opens(kind) {
            return Ok(None);
        }
        self.treat.counts.with_key(kind.category(), "decrypt", 1);
        match opened.is_number && !S::REPEATS && self.is_quoted(leaf) {
            true => self.number(leaf, kind, &opened).map(Some),
            false => self.text_of(leaf, kind, &opened, text, written).map(Some),
        }
    }

    fn is_quoted(&self, leaf: &Leaf<'_, Rules<'p>>) -> bool {
        let spelt = self.text.get(leaf.node.start as usize..leaf.node.end as usize).unwrap_or("");
        spelt.len() > 1 && spelt.starts_with('"') && spelt.ends_with('"')
    }

    /// A number stands as one again.
    fn number(
        &mut self,
        leaf: &Leaf<'_, Rules<'p>>,
        kind: Kind,
        opened: &Opened,
    ) -> Result<Fate, Uninspectable> {
        let treat = &mut *self.treat;
        treat.survey.note(leaf.rules, kind, &opened.text);
        let monitored = leaf.rules.is_monitored(kind);
        let mut made = Zeroizing::new(String::new());
        let outcome = match leaf.rules.action(kind) {
            Action::Block => return Err(treat.counts.blocked(kind)),
            Action::Drop => {
                treat.counts.add(kind, Outcome::Dropped, monitored);
                return Ok(Fate::Dropped);
            }
            Action::Clear => {
                made.push_str(&opened.text);
                Outcome::Clear
            }
            Action::Mask(mask) => {
                treat.masked_number(mask, kind, &opened.text, &mut made);
                Outcome::of(mask)
            }
        };
        treat.counts.add(kind, outcome, monitored);
        treat.edits.push(leaf.node.start as usize, leaf.node.end as usize, &made);
        Ok(Fate::Kept)
    }

    fn text_of(
        &mut self,
        leaf: &Leaf<'_, Rules<'p>>,
        kind: Kind,
        opened: &Opened,
        text: &str,
        place: &mut impl Place,
    ) -> Result<Fate, Uninspectable> {
        let outer = mem::take(&mut self.treat.edits);
        let before = self.treat.counts.total();
        // What is inside is no envelope of an envelope.
        self.treat.opens = false;
        let fate = self.string(leaf, &opened.text, &mut Direct(0));
        self.treat.opens = true;
        let mut inner = mem::replace(&mut self.treat.edits, outer);
        let fate = fate?;
        // A value that its name and form say nothing of is of its key's category all the same.
        let is_untold = self.treat.counts.total() == before;
        if is_untold {
            let monitored = leaf.rules.is_monitored(kind);
            match leaf.rules.action(kind) {
                Action::Block => return Err(self.treat.counts.blocked(kind)),
                Action::Drop => {
                    self.treat.counts.add(kind, Outcome::Dropped, monitored);
                    return Ok(Fate::Dropped);
                }
                Action::Clear => self.treat.counts.add(kind, Outcome::Clear, monitored),
                Action::Mask(mask) => {
                    self.treat.counts.add(kind, Outcome::of(mask), monitored);
                    let mut made = String::new();
                    self.treat.masked(mask, kind, &opened.text, &mut made);
                    inner = Edits::default();
                    inner.push(0, opened.text.len(), &made);
                }
            }
        }
        if fate != Fate::Kept {
            return Ok(fate);
        }
        self.treat.settle_keyed(&mut inner);
        let mut treated = Zeroizing::new(Vec::new());
        inner.apply(opened.text.as_bytes(), &mut treated);
        let mut whole = Edits::default();
        whole.push(0, text.len(), std::str::from_utf8(&treated).unwrap_or_default());
        place.lift(&mut self.treat.edits, &whole);
        Ok(Fate::Kept)
    }

    /// What doesn't open shows nothing.
    fn shut(
        &mut self,
        leaf: &Leaf<'_, Rules<'p>>,
        (kind, why): (Kind, KeyTrouble),
        text: &str,
        place: &mut impl Place,
    ) -> Result<Fate, Uninspectable> {
        let treat = &mut *self.treat;
        let monitored = leaf.rules.is_monitored(kind);
        treat.counts.with_key(kind.category(), why.code(), 1);
        match leaf.rules.action(kind) {
            Action::Block => return Err(treat.counts.blocked(kind)),
            Action::Drop => {
                treat.counts.add(kind, Outcome::Dropped, monitored);
                return Ok(Fate::Dropped);
            }
            Action::Clear | Action::Mask(_) => {}
        }
        treat.counts.add(kind, Outcome::Masked, monitored);
        place.fill(&mut treat.edits, 0, text.len(), NOTHING_WIDTH.into());
        Ok(Fate::Kept)
    }
}
