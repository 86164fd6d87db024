//! Records that what they hold makes stricter (C3, C4): treated once to see what that is, and again under its rules.

use super::Treat;
use crate::Uninspectable;
use crate::classify::Classify;
use crate::plan::Rules;
use crate::record::elements;
use crate::segments::Torn;
use crate::tree::Node;
use std::mem;
use yingbi_taxonomy::Kind;

impl<'p, C: Classify> Treat<'_, 'p, C> {
    /// Treats records, and treats them anew when what one of them holds makes its rules stricter.
    pub(super) fn in_records(
        &mut self,
        nodes: &[Node],
        mut records: Vec<(u32, Rules<'p>)>,
        sensitive: &mut Option<Vec<bool>>,
        mut work: impl FnMut(&mut Self, Rules<'p>, &[(u32, Rules<'p>)]) -> Result<(), Uninspectable>,
    ) -> Result<(), Uninspectable> {
        let outside = self.plan.rules(None);
        let may_be_raised = outside.may_be_raised() || records.iter().any(|(_, rules)| rules.may_be_raised());
        let is_asked = self.plan.counts_sensitive();
        if !(may_be_raised || is_asked) || self.survey.is_noting() {
            return work(self, outside, &records);
        }
        let count = records.len();
        // What is yet to come may raise any of them.
        if let Some(known) = self.torn.as_ref().filter(|torn| torn.is_doubtful).map(Torn::known) {
            let all = |rules: Rules<'p>| rules.raised_by(Kind::all().collect(), Some(0));
            records.iter_mut().for_each(|(_, rules)| *rules = all(*rules));
            let is_new = |(node, _): &&(u32, Rules<'p>)| {
                nodes.get(*node as usize).is_some_and(|node| node.start >= known)
            };
            records.iter().filter(is_new).for_each(|(_, rules)| self.survey.count(*rules));
            return work(self, all(outside), &records);
        }
        // Where the document is one record, what is listed in it may be of several people.
        if let [(0, whole)] = records.as_slice() {
            let whole = *whole;
            records.extend(elements(nodes).into_iter().filter(|node| *node > 0).map(|node| (node, whole)));
        } else {
            number(&mut records, 1);
        }
        if let [(0, _), listed @ ..] = records.as_mut_slice() {
            number(listed, 1);
        }
        self.twice(records.len(), |treat, is_last| {
            if !is_last {
                return work(treat, outside, &records).map(|()| false);
            }
            let raised: Vec<(u32, Rules<'p>)> =
                records.iter().map(|(node, rules)| (*node, treat.survey.raised(*rules))).collect();
            let outside = treat.survey.raised(outside);
            if is_asked {
                let rules: Vec<Rules<'p>> = raised.iter().map(|(_, rules)| *rules).collect();
                *sensitive = Some(treat.survey.sensitive(outside, &rules, count));
            }
            if !outside.is_raised() && !raised.iter().any(|(_, rules)| rules.is_raised()) {
                return Ok(true);
            }
            treat.survey.end();
            // The document counts where none of what is listed in it does.
            let is_listed = |rules: &Rules<'_>| rules.record() > 0 && rules.is_raised();
            let any_listed = raised.iter().any(|(_, rules)| is_listed(rules));
            let counted =
                raised.iter().map(|(_, rules)| *rules).filter(|rules| !any_listed || is_listed(rules));
            counted.for_each(|rules| treat.survey.count(rules));
            work(treat, outside, &raised).map(|()| false)
        })
    }

    /// Treats what is one record as a whole, and treats it anew when what it holds makes its rules stricter.
    pub(crate) fn as_record(
        &mut self,
        rules: Rules<'p>,
        mut work: impl FnMut(&mut Self, Rules<'p>) -> Result<(), Uninspectable>,
    ) -> Result<(), Uninspectable> {
        if !rules.may_be_raised() || self.survey.is_noting() {
            return work(self, rules);
        }
        self.twice(0, |treat, is_last| {
            if !is_last {
                return work(treat, rules).map(|()| false);
            }
            let raised = treat.survey.raised(rules);
            if !raised.is_raised() {
                return Ok(true);
            }
            treat.survey.end();
            treat.survey.count(raised);
            work(treat, raised).map(|()| false)
        })
    }

    /// Works once, noting what so many records hold; then again on what was there before, unless `work` says that the
    /// first time was good.
    fn twice(
        &mut self,
        records: usize,
        mut work: impl FnMut(&mut Self, bool) -> Result<bool, Uninspectable>,
    ) -> Result<(), Uninspectable> {
        let outer = mem::take(&mut self.edits);
        let counted = self.counts.clone();
        self.survey.begin(self.plan.today(), records);
        self.workspace.fields.log(true);
        let mut done = work(self, false);
        self.workspace.fields.log(false);
        if done.is_ok() {
            let (edits, counts) = (mem::take(&mut self.edits), mem::replace(&mut self.counts, counted));
            done = work(self, true);
            if let Ok(true) = done {
                (self.edits, self.counts) = (edits, counts);
            } else {
                self.workspace.fields.take_back();
            }
        }
        self.survey.end();
        let inner = mem::replace(&mut self.edits, outer);
        if self.edits.is_empty() {
            self.edits = inner;
        } else {
            self.edits.append(&inner, 0);
        }
        done.map(drop)
    }
}

/// Gives records their numbers, from `first` on; 0 is what stands outside of them.
fn number(records: &mut [(u32, Rules<'_>)], first: usize) {
    for (nth, (_, rules)) in (first..).zip(records) {
        *rules = rules.of_record(nth);
    }
}
