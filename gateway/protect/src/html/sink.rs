//! What is done with what a page says: treated in place, or told.

use super::flow::{self, Flow};
use super::token::Range;
use crate::classify::Classify;
use crate::edit::Edits;
use crate::json::looks_like_json;
use crate::meaning::Meaning;
use crate::plan::Rules;
use crate::tree::{Known, Scan, Stretch, Treat};
use crate::{Finding, Uninspectable};
use yingbi_classifiers::{Hit, Signals};

/// What is done with what is found.
pub(super) trait Sink {
    /// A text of one piece, from `begin` on: a document, coded data, or words.
    fn value(
        &mut self,
        flow: &Flow,
        text: Range,
        named: Named,
        spelling: Spelling,
    ) -> Result<(), Uninspectable>;

    /// Hits in a text that is read over tags.
    fn hits(&mut self, flow: &Flow, hits: &[Hit], spelling: Spelling) -> Result<(), Uninspectable>;

    /// All has been read.
    fn finish(&mut self);
}

/// What is known about a text.
#[derive(Clone, Copy)]
pub(super) struct Named {
    pub(super) meaning: Meaning,
    pub(super) signals: Signals,
}

impl Named {
    fn known<R>(self, rules: R) -> Known<R> {
        Known { meaning: self.meaning, signals: self.signals, rules, depth: 0 }
    }
}

/// How a replacement must be spelt.
#[derive(Clone, Copy)]
pub(super) enum Spelling {
    /// With character references.
    References,
    /// As it is.
    Raw,
}

impl Spelling {
    fn write(self, text: &str, is_json: bool, out: &mut String) {
        match self {
            Spelling::References => flow::encode(text, out),
            // No tag may begin where none began: a script ends at its first end tag.
            Spelling::Raw if is_json => out.push_str(&text.replace('<', "\\u003c")),
            Spelling::Raw => out.push_str(&text.replace('<', "\u{ff1c}")),
        }
    }
}

pub(super) struct Treating<'s, 'a, 'p, C> {
    pub(super) treat: &'s mut Treat<'a, 'p, C>,
    pub(super) rules: Rules<'p>,
}

impl<C: Classify> Treating<'_, '_, '_, C> {
    /// Treats one thing that was found.
    fn hit(&mut self, flow: &Flow, hit: Hit, spelling: Spelling) -> Result<(), Uninspectable> {
        let value = flow.text.get(hit.start..hit.end).unwrap_or("");
        self.treat.survey.note(self.rules, hit.kind, value);
        if let Some(mask) = self.treat.decide(hit.kind, self.rules)? {
            let mut masked = String::new();
            self.treat.masked(mask, hit.kind, value, &mut masked);
            self.replace(flow, hit.start..hit.end, |out| spelling.write(&masked, false, out));
        }
        Ok(())
    }

    /// Replaces a stretch of a text: the first of its bytes by all of the replacement, the rest by nothing.
    fn replace(&mut self, flow: &Flow, span: Range, write: impl Fn(&mut String)) {
        let mut is_first = true;
        for raw in flow.raw(span.start, span.end) {
            self.treat.edits.push_with(raw.start, raw.end, |out| {
                if is_first {
                    write(out);
                }
            });
            is_first = false;
        }
    }
}

impl<C: Classify> Sink for Treating<'_, '_, '_, C> {
    fn value(
        &mut self,
        flow: &Flow,
        span: Range,
        named: Named,
        spelling: Spelling,
    ) -> Result<(), Uninspectable> {
        let text = flow.text.get(span.clone()).unwrap_or("");
        let is_json = looks_like_json(text);
        let edits: Edits = self.treat.value(text, &named.known(self.rules))?;
        for (start, end, replacement) in edits.iter() {
            let stretch = span.start + start..span.start + end;
            self.replace(flow, stretch, |out| spelling.write(replacement, is_json, out));
        }
        Ok(())
    }

    fn hits(&mut self, flow: &Flow, hits: &[Hit], spelling: Spelling) -> Result<(), Uninspectable> {
        if !self.treat.may_hold_sealed(&flow.text) {
            return hits.iter().try_for_each(|hit| self.hit(flow, *hit, spelling));
        }
        for stretch in self.treat.stretches(&flow.text, hits, self.rules) {
            match stretch {
                Stretch::Hit(hit) => self.hit(flow, hit, spelling)?,
                Stretch::Sealed(range, named) => {
                    let envelope = flow.text.get(range.clone()).unwrap_or("");
                    if let Some(made) = self.treat.sealed(envelope, named, self.rules)? {
                        self.replace(flow, range, |out| spelling.write(&made, false, out));
                    }
                }
            }
        }
        Ok(())
    }

    fn finish(&mut self) {
        // Attributes of inline tags were treated before the text around them.
        self.treat.edits.sort();
    }
}

pub(super) struct Scanning<'s, 'a, C> {
    pub(super) scan: &'s mut Scan<'a, C>,
}

impl<C: Classify> Sink for Scanning<'_, '_, C> {
    fn value(&mut self, flow: &Flow, stretch: Range, named: Named, _: Spelling) -> Result<(), Uninspectable> {
        let text = flow.text.get(stretch.clone()).unwrap_or("");
        let before = self.scan.findings.len();
        self.scan.value(text, &named.known(()), 0, "")?;
        for finding in self.scan.findings.iter_mut().skip(before) {
            let (start, end) = finding.span;
            finding.span = span(flow, stretch.start + start..stretch.start + end);
        }
        Ok(())
    }

    fn hits(&mut self, flow: &Flow, hits: &[Hit], _: Spelling) -> Result<(), Uninspectable> {
        self.scan.findings.extend(hits.iter().map(|hit| Finding {
            path: String::new(),
            span: span(flow, hit.start..hit.end),
            kind: hit.kind,
            how: hit.how,
            confidence: hit.confidence,
        }));
        Ok(())
    }

    fn finish(&mut self) {
        self.scan.findings.sort_by_key(|finding| finding.span);
    }
}

/// The bytes from the first to the last of a stretch of text.
fn span(flow: &Flow, stretch: Range) -> (usize, usize) {
    let mut raw = flow.raw(stretch.start, stretch.end);
    let first = raw.next().unwrap_or(0..0);
    let end = raw.last().map_or(first.end, |last| last.end);
    (first.start, end)
}
