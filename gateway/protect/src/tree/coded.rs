//! Treating and scanning strings of coded data: what is decoded is treated as a document or text of its own, under
//! what is known about the string, and coded again where it changed.

use super::scan::{Scan, pointer_step};
use super::spelling::Direct;
use super::treat::Treat;
use super::walk::{Scope, record_signals};
use super::{STRINGS_DEEP, name_hits};
use crate::Uninspectable;
use crate::classify::Classify;
use crate::coded::{Coded, Field, Plain, encode_percent, read};
use crate::edit::Edits;
use crate::json::{Json, looks_like_json};
use crate::meaning::Meaning;
use crate::plan::{Action, Rules};
use crate::xml::{Fragment, looks_like_xml};
use std::mem;
use yingbi_classifiers::{Hit, KeyMeaning, Scalar, Signals};

/// What is known about a string.
#[derive(Clone, Copy)]
pub(super) struct Known<R> {
    pub(super) meaning: Meaning,
    pub(super) signals: Signals,
    pub(super) rules: R,
    /// Containers it is in.
    pub(super) depth: usize,
}

impl<R: Copy> Known<R> {
    fn scope(&self) -> Scope<R> {
        Scope::inside(self.meaning, self.signals, self.rules)
    }

    /// What is known about the fields of a form, each with the meaning of its name.
    fn fields<C: Classify>(&self, text: &str, fields: &[Field], classifier: &C) -> Vec<Known<R>> {
        let named = |field: &Field| {
            let name = text.get(field.name.clone()).filter(|name| !name.is_empty())?;
            Some(classifier.key(&Plain::of(name).text)).filter(|key| *key != KeyMeaning::UNKNOWN)
        };
        let names: Vec<Option<KeyMeaning>> = fields.iter().map(named).collect();
        let own = names.iter().flatten().fold(Signals::default(), |all, key| all.union(key.signals));
        let is_kind = self.meaning.is_kind();
        let signals = record_signals(own, is_kind, self.signals);
        let above = Some(&self.meaning).filter(|_| is_kind);
        let meanings =
            names.into_iter().map(|name| name.map_or(self.meaning, |key| *Meaning::named(key).under(above)));
        meanings.map(|meaning| Known { meaning, signals, ..*self }).collect()
    }
}

impl<'p, C: Classify> Treat<'_, 'p, C> {
    /// Treats coded data in a string; the edits are relative to it. `false` when nothing was found in it.
    fn coded(&mut self, text: &str, known: &Known<Rules<'p>>) -> Result<bool, Uninspectable> {
        match self.reads_coded(text, known.meaning) {
            Some(coded) => self.treat_coded(text, coded, known),
            None => Ok(false),
        }
    }

    /// What a string holds in coded form, if it is to be read.
    #[inline]
    pub(super) fn reads_coded(&self, text: &str, meaning: Meaning) -> Option<Coded> {
        if self.strings >= STRINGS_DEEP || !meaning.opens_json() {
            return None;
        }
        read(text)
    }

    /// Treats coded data; `false` when nothing was found in it.
    pub(super) fn treat_coded(
        &mut self,
        text: &str,
        coded: Coded,
        known: &Known<Rules<'p>>,
    ) -> Result<bool, Uninspectable> {
        let before = self.counts.total();
        match coded {
            Coded::Base64(base64) => {
                let edits = self.inside(&base64.text, known)?;
                let mut treated = Vec::new();
                edits.apply(base64.text.as_bytes(), &mut treated);
                if treated != base64.text.as_bytes() {
                    self.edits.push(base64.span.start, base64.span.end, &base64.encode(&treated));
                }
            }
            Coded::Percent(plain) => self.percent(&plain, 0, text.is_ascii(), known)?,
            Coded::Fields(fields) => {
                let all = known.fields(text, &fields, self.classifier);
                for (field, known) in fields.iter().zip(&all) {
                    self.field(text, field, known)?;
                }
            }
        }
        Ok(self.counts.total() > before)
    }

    fn field(&mut self, text: &str, field: &Field, known: &Known<Rules<'p>>) -> Result<(), Uninspectable> {
        let is_ascii = text.is_ascii();
        let name = Plain::of(text.get(field.name.clone()).unwrap_or(""));
        let mut hits = Vec::new();
        name_hits(&name.text, self.classifier, &mut hits);
        let outer = mem::take(&mut self.edits);
        let done = self.spans(&name.text, &hits, known.rules, &mut Direct(0));
        let inner = mem::replace(&mut self.edits, outer);
        done?;
        self.lift_percent(&inner, &name, field.name.start, !is_ascii);
        match text.get(field.value.clone()) {
            Some(value) if !value.is_empty() => {
                self.percent(&Plain::of(value), field.value.start, is_ascii, known)
            }
            _ => Ok(()),
        }
    }

    fn percent(
        &mut self,
        plain: &Plain,
        from: usize,
        is_ascii: bool,
        known: &Known<Rules<'p>>,
    ) -> Result<(), Uninspectable> {
        let inner = self.inside(&plain.text, known)?;
        self.lift_percent(&inner, plain, from, !is_ascii);
        Ok(())
    }

    fn lift_percent(&mut self, inner: &Edits, plain: &Plain, from: usize, keeps_script: bool) {
        for (start, end, replacement) in inner.iter() {
            let (start, end) = (from + plain.place(start), from + plain.place(end));
            self.edits.push_with(start, end, |out| encode_percent(replacement, keeps_script, out));
        }
    }

    /// The edits of a decoded text.
    fn inside(&mut self, text: &str, known: &Known<Rules<'p>>) -> Result<Edits, Uninspectable> {
        let outer = mem::take(&mut self.edits);
        let done = self.decoded(text, known);
        let inner = mem::replace(&mut self.edits, outer);
        done.map(|()| inner)
    }

    fn decoded(&mut self, text: &str, known: &Known<Rules<'p>>) -> Result<(), Uninspectable> {
        if looks_like_json(text) && self.inner::<Json>(text, known.scope(), known.depth)?
            || looks_like_xml(text) && self.inner::<Fragment>(text, known.scope(), known.depth)?
        {
            return Ok(());
        }
        let mut hits = Vec::new();
        known.meaning.hits(self.classifier, known.signals, Scalar::Text(text), &mut hits);
        self.strings += 1;
        let found = match is_decided(text, &hits, known.rules) {
            true => Ok(false),
            false => self.coded(text, known),
        };
        self.strings -= 1;
        if found? {
            return Ok(());
        }
        self.spans(text, &hits, known.rules, &mut Direct(0))
    }
}

/// Whether a text is treated as a whole, so that nothing of what it may hold in coded form is left.
pub(super) fn is_decided(text: &str, hits: &[Hit], rules: Rules<'_>) -> bool {
    covers(text, hits).is_some_and(|hit| rules.action(hit.kind) != Action::Clear)
}

/// The hit that is the whole of a text.
fn covers<'h>(text: &str, hits: &'h [Hit]) -> Option<&'h Hit> {
    match hits {
        [hit] if hit.start == 0 && hit.end == text.len() => Some(hit),
        _ => None,
    }
}

impl<C: Classify> Scan<'_, C> {
    /// Scans coded data in a string `strings` deep in others, whose path is `path`; `false` when nothing was found.
    /// All that is found spans the whole string.
    pub(super) fn coded(
        &mut self,
        text: &str,
        known: &Known<()>,
        strings: usize,
        path: &str,
    ) -> Result<bool, Uninspectable> {
        if strings >= STRINGS_DEEP || !known.meaning.opens_json() {
            return Ok(false);
        }
        let Some(coded) = read(text) else { return Ok(false) };
        let before = self.findings.len();
        match coded {
            Coded::Base64(base64) => self.decoded(&base64.text, known, strings, &format!("{path}/!b64"))?,
            Coded::Percent(plain) => self.decoded(&plain.text, known, strings, &format!("{path}/!url"))?,
            Coded::Fields(fields) => {
                let all = known.fields(text, &fields, self.classifier);
                for (field, known) in fields.iter().zip(&all) {
                    self.field(text, field, known, strings, path)?;
                }
            }
        }
        for finding in self.findings.iter_mut().skip(before) {
            finding.span = (0, text.len());
        }
        Ok(self.findings.len() > before)
    }

    fn field(
        &mut self,
        text: &str,
        field: &Field,
        known: &Known<()>,
        strings: usize,
        path: &str,
    ) -> Result<(), Uninspectable> {
        let name = Plain::of(text.get(field.name.clone()).unwrap_or("")).text;
        let mut hits = Vec::new();
        name_hits(&name, self.classifier, &mut hits);
        self.add(&hits, &format!("{path}/!query/!key"), &mut Direct(0));
        let path = match name.is_empty() {
            true => format!("{path}/!url"),
            // A name that is somebody's information is not repeated.
            false if !hits.is_empty() => format!("{path}/!query/!key"),
            false => format!("{path}/!query/{}", pointer_step(&name)),
        };
        let value = text.get(field.value.clone()).filter(|value| !value.is_empty());
        value.map_or(Ok(()), |value| self.decoded(&Plain::of(value).text, known, strings, &path))
    }

    fn decoded(
        &mut self,
        text: &str,
        known: &Known<()>,
        strings: usize,
        path: &str,
    ) -> Result<(), Uninspectable> {
        let outside = known.scope();
        if looks_like_json(text)
            && self.inner::<Json>(text, outside, strings + 1, known.depth, &format!("{path}/!json"))?
            || looks_like_xml(text)
                && self.inner::<Fragment>(text, outside, strings + 1, known.depth, &format!("{path}/!xml"))?
        {
            return Ok(());
        }
        let mut hits = Vec::new();
        known.meaning.hits(self.classifier, known.signals, Scalar::Text(text), &mut hits);
        if covers(text, &hits).is_some() || !self.coded(text, known, strings + 1, path)? {
            self.add(&hits, path, &mut Direct(0));
        }
        Ok(())
    }

    /// Whether the hits in a text speak for all that it may hold.
    pub(super) fn is_covered(text: &str, hits: &[Hit]) -> bool {
        covers(text, hits).is_some()
    }
}
