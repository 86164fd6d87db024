//! Treating and scanning strings of coded data: what is decoded is treated as a document or text of its own, under
//! what is known about the string, and coded again where it changed.
//!
//! Codings are undone three deep. Below, down to [`PROBED_DEEP`], they are undone only to see whether anything is
//! there; then nothing of the string shows. What is coded deeper still is refused.

use super::scan::{Scan, pointer_step};
use super::spelling::Direct;
use super::treat::Treat;
use super::walk::{Scope, record_signals};
use super::{STRINGS_DEEP, name_hits};
use crate::Uninspectable;
use crate::classify::Classify;
use crate::coded::{Coded, Field, Plain, Word, decode_percent, read};
use crate::edit::Edits;
use crate::json::{Json, looks_like_json};
use crate::meaning::Meaning;
use crate::overlap::{Claim, merge, nothing};
use crate::plan::{Action, Rules};
use crate::xml::{Fragment, looks_like_xml};
use std::mem;
use std::ops::Range;
use yingbi_classifiers::{Hit, KeyMeaning, Scalar, Signals};

/// What is known about a string.
#[derive(Clone, Copy)]
pub(crate) struct Known<R> {
    pub(crate) meaning: Meaning,
    pub(crate) signals: Signals,
    pub(crate) rules: R,
    /// Containers it is in.
    pub(crate) depth: usize,
}

/// How deep codings are undone to see whether anything is there.
pub(crate) const PROBED_DEEP: usize = 8;

impl<R: Copy> Known<R> {
    /// Nothing but that anything may stand in it.
    pub(crate) fn prose(rules: R) -> Self {
        let meaning = Meaning::named(KeyMeaning { prose: true, ..KeyMeaning::UNKNOWN });
        Known { meaning, signals: Signals::default(), rules, depth: 0 }
    }

    fn scope(&self) -> Scope<R> {
        Scope::inside(self.meaning, self.signals, self.rules)
    }

    /// What is known about the fields of a form, each with the meaning of its name.
    fn fields<C: Classify>(&self, text: &str, fields: &[Field], classifier: &C) -> Vec<Known<R>> {
        let named = |field: &Field| {
            let name = text.get(field.name.clone()).filter(|name| !name.is_empty())?;
            Some(classifier.key(&decode_percent(name).text)).filter(|key| *key != KeyMeaning::UNKNOWN)
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
    /// Treats a text that may be a document, coded data or anything else; the edits are relative to it.
    pub(crate) fn value(&mut self, text: &str, known: &Known<Rules<'p>>) -> Result<Edits, Uninspectable> {
        self.apart(|treat| treat.decoded(text, known))
    }

    /// Treats free text, coded lines and words in it counted in; the edits are relative to it.
    pub(crate) fn prose(&mut self, text: &str, rules: Rules<'p>) -> Result<Edits, Uninspectable> {
        let known = Known::prose(rules);
        let whole = text.trim();
        // Base64 may be broken over lines; all else that is coded stands in one.
        if !whole.contains('\n') || matches!(read(whole), Some(Coded::Base64(_) | Coded::Token(_))) {
            let inner = self.value(whole, &known)?;
            let mut edits = Edits::default();
            edits.append(&inner, text.len() - text.trim_start().len());
            return Ok(edits);
        }
        let mut hits = Vec::new();
        known.meaning.hits(self.classifier, known.signals, Scalar::Text(text), &mut hits);
        let (mut taken, mut at) = (vec![], 0);
        for line in text.split_inclusive('\n') {
            let content = line.trim();
            let from = at + line.len() - line.trim_start().len();
            at += line.len();
            if let Some(coded) = self.reads_coded(content, known.meaning) {
                let mut found = false;
                let edits = self.apart(|treat| {
                    found = treat.treat_coded(content, coded, &known)?;
                    Ok(())
                })?;
                if found {
                    let mut moved = Edits::default();
                    moved.append(&edits, from);
                    taken.push((from..from + content.len(), moved));
                }
            }
        }
        self.combined(text, &hits, &taken, rules)
    }

    /// What a string holds in coded form, if it is to be read.
    #[inline]
    pub(super) fn reads_coded(&self, text: &str, meaning: Meaning) -> Option<Coded> {
        if !meaning.opens_json() {
            return None;
        }
        match self.strings < STRINGS_DEEP {
            true => read(text),
            false => self.probed(text),
        }
    }

    /// What a string that stands too deep to be treated holds.
    #[cold]
    fn probed(&self, text: &str) -> Option<Coded> {
        if (looks_like_json(text) || looks_like_xml(text)) && self.strings < PROBED_DEEP {
            return Some(Coded::Json);
        }
        let coded = read(text)?;
        // Fields in fields are words that a text may well have.
        (self.strings < PROBED_DEEP || !matches!(coded, Coded::Fields(_) | Coded::Words(_))).then_some(coded)
    }

    /// Treats coded data, the edits relative to the text; `false` when nothing was found in it.
    pub(super) fn treat_coded(
        &mut self,
        text: &str,
        coded: Coded,
        known: &Known<Rules<'p>>,
    ) -> Result<bool, Uninspectable> {
        let before = self.counts.total();
        if self.strings >= PROBED_DEEP {
            return Err(Uninspectable::TooDeep { limit: PROBED_DEEP });
        }
        if self.strings < STRINGS_DEEP {
            self.by_coding(text, coded, known)?;
        } else if !self.apart(|treat| treat.by_coding(text, coded, known))?.is_empty() {
            self.edits.push(0, text.len(), &nothing());
        }
        Ok(self.counts.total() > before)
    }

    fn by_coding(&mut self, text: &str, coded: Coded, known: &Known<Rules<'p>>) -> Result<(), Uninspectable> {
        match coded {
            Coded::Json => {
                if !self.holds_document(text, known)?
                    && let Some(coded) = read(text)
                {
                    self.by_coding(text, coded, known)?;
                }
            }
            Coded::Base64(base64) => {
                let mut edits = self.value(&base64.text, known)?;
                self.settle_keyed(&mut edits);
                let mut treated = Vec::new();
                edits.apply(base64.text.as_bytes(), &mut treated);
                if treated != base64.text.as_bytes() {
                    self.edits.push(base64.span.start, base64.span.end, &base64.encode(&treated));
                }
            }
            Coded::Token(claims) => {
                if !self.value(&claims, known)?.is_empty() {
                    self.edits.push(0, text.len(), &nothing());
                }
            }
            Coded::Spelt(plain) => self.spelt(&plain, 0, text.is_ascii(), known)?,
            Coded::Fields(fields) => {
                let all = known.fields(text, &fields, self.classifier);
                for (field, known) in fields.iter().zip(&all) {
                    self.field(text, field, known)?;
                }
            }
            Coded::Words(words) => {
                let before = self.counts.total();
                let taken = self.words(text, words, known)?;
                if self.counts.total() > before {
                    let mut hits = Vec::new();
                    known.meaning.hits(self.classifier, known.signals, Scalar::Text(text), &mut hits);
                    self.edits = self.combined(text, &hits, &taken, known.rules)?;
                }
            }
        }
        Ok(())
    }

    /// Treats coded words; those in which something was found, with their edits.
    fn words(
        &mut self,
        text: &str,
        words: Vec<Word>,
        known: &Known<Rules<'p>>,
    ) -> Result<Vec<(Range<usize>, Edits)>, Uninspectable> {
        let mut taken = vec![];
        for Word { span, coded } in words {
            let word = text.get(span.clone()).unwrap_or("");
            let before = self.counts.total();
            let inner = self.apart(|treat| treat.by_coding(word, coded, known))?;
            if self.counts.total() > before {
                let mut edits = Edits::default();
                edits.append(&inner, span.start);
                taken.push((span, edits));
            }
        }
        Ok(taken)
    }

    /// Edits for what is found in a text as it stands and for what was found in coded stretches of it.
    fn combined(
        &mut self,
        text: &str,
        hits: &[Hit],
        taken: &[(Range<usize>, Edits)],
        rules: Rules<'p>,
    ) -> Result<Edits, Uninspectable> {
        let is_untold = |hit: &&Hit| {
            let inside = taken.iter().find(|(span, _)| span.start <= hit.start && hit.end <= span.end);
            !inside.is_some_and(|(_, edits)| {
                rules.action(hit.kind) == Action::Clear
                    || edits.iter().any(|(start, end, _)| start <= hit.start && hit.end <= end)
            })
        };
        let untold: Vec<Hit> = hits.iter().filter(is_untold).copied().collect();
        let masks = self.apart(|treat| treat.spans(text, &untold, rules, &mut Direct(0)))?;
        let of_hits = masks.iter().map(|(start, end, text)| Claim { start, end, text, stands: false });
        let of_words = taken.iter().flat_map(|(_, edits)| edits.iter());
        let of_words = of_words.map(|(start, end, text)| Claim { start, end, text, stands: true });
        Ok(merge(of_hits.chain(of_words).collect()))
    }

    fn field(&mut self, text: &str, field: &Field, known: &Known<Rules<'p>>) -> Result<(), Uninspectable> {
        let is_ascii = text.is_ascii();
        let name = decode_percent(text.get(field.name.clone()).unwrap_or(""));
        let mut hits = Vec::new();
        name_hits(&name.text, self.classifier, &mut hits);
        let inner = self.apart(|treat| treat.spans(&name.text, &hits, known.rules, &mut Direct(0)))?;
        self.lift_spelt(&inner, &name, field.name.start, !is_ascii);
        match text.get(field.value.clone()) {
            Some(value) if !value.is_empty() => {
                self.spelt(&decode_percent(value), field.value.start, is_ascii, known)
            }
            _ => Ok(()),
        }
    }

    fn spelt(
        &mut self,
        plain: &Plain,
        from: usize,
        is_ascii: bool,
        known: &Known<Rules<'p>>,
    ) -> Result<(), Uninspectable> {
        let inner = self.value(&plain.text, known)?;
        self.lift_spelt(&inner, plain, from, !is_ascii);
        Ok(())
    }

    fn lift_spelt(&mut self, inner: &Edits, plain: &Plain, from: usize, keeps_script: bool) {
        for (start, end, replacement) in inner.iter() {
            let (start, end) = (from + plain.place(start), from + plain.place(end));
            self.edits.push_with(start, end, |out| plain.encode(replacement, keeps_script, out));
        }
    }

    /// The edits that some work makes, without those made before.
    pub(crate) fn apart(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<(), Uninspectable>,
    ) -> Result<Edits, Uninspectable> {
        let outer = mem::take(&mut self.edits);
        let done = work(self);
        let inner = mem::replace(&mut self.edits, outer);
        done.map(|()| inner)
    }

    /// Treats a text that is a document; `false` when it is none.
    fn holds_document(&mut self, text: &str, known: &Known<Rules<'p>>) -> Result<bool, Uninspectable> {
        Ok(looks_like_json(text) && self.inner::<Json>(text, known.scope(), known.depth)?
            || looks_like_xml(text) && self.inner::<Fragment>(text, known.scope(), known.depth)?)
    }

    fn decoded(&mut self, text: &str, known: &Known<Rules<'p>>) -> Result<(), Uninspectable> {
        if known.meaning.opens_json() && self.holds_document(text, known)? {
            return Ok(());
        }
        let mut hits = Vec::new();
        known.meaning.hits(self.classifier, known.signals, Scalar::Text(text), &mut hits);
        self.strings += 1;
        let found = match is_decided(text, &hits, known.rules) {
            true => Ok(false),
            false => match self.reads_coded(text, known.meaning) {
                Some(coded) => self.treat_coded(text, coded, known),
                None => Ok(false),
            },
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
    /// Scans free text, coded lines and words in it counted in; spans are relative to it.
    pub(crate) fn prose(&mut self, text: &str) -> Result<(), Uninspectable> {
        let known = Known::prose(());
        let whole = text.trim();
        let lead = text.len() - text.trim_start().len();
        if !whole.contains('\n') || matches!(read(whole), Some(Coded::Base64(_) | Coded::Token(_))) {
            return self
                .at(|span| *span = (span.0 + lead, span.1 + lead), |scan| scan.value(whole, &known, 0, ""));
        }
        let before = self.findings.len();
        let mut taken = vec![];
        let mut at = 0;
        for line in text.split_inclusive('\n') {
            let content = line.trim();
            let from = at + line.len() - line.trim_start().len();
            at += line.len();
            let seen = self.findings.len();
            self.at(
                |span| *span = (span.0 + from, span.1 + from),
                |scan| scan.coded(content, &known, 0, "").map(|_| ()),
            )?;
            if self.findings.len() > seen {
                taken.push(from..from + content.len());
            }
        }
        let mut hits = Vec::new();
        known.meaning.hits(self.classifier, known.signals, Scalar::Text(text), &mut hits);
        self.add_beside(&hits, &taken, before, "");
        Ok(())
    }

    /// Scans a text that may be a document, coded data or anything else, `strings` deep in others; spans are relative
    /// to it.
    pub(crate) fn value(
        &mut self,
        text: &str,
        known: &Known<()>,
        strings: usize,
        path: &str,
    ) -> Result<(), Uninspectable> {
        if known.meaning.opens_json() && self.holds_document(text, known, strings, path)? {
            return Ok(());
        }
        let mut hits = Vec::new();
        known.meaning.hits(self.classifier, known.signals, Scalar::Text(text), &mut hits);
        if covers(text, &hits).is_some() || !self.coded(text, known, strings + 1, path)? {
            self.add(&hits, path, &mut Direct(0));
        }
        Ok(())
    }

    /// Scans a text that is a document; `false` when it is none.
    fn holds_document(
        &mut self,
        text: &str,
        known: &Known<()>,
        strings: usize,
        path: &str,
    ) -> Result<bool, Uninspectable> {
        let (json, xml) = (format!("{path}/!json"), format!("{path}/!xml"));
        let (scope, depth) = (known.scope(), known.depth);
        Ok(looks_like_json(text) && self.inner::<Json>(text, scope, strings + 1, depth, &json)?
            || looks_like_xml(text) && self.inner::<Fragment>(text, scope, strings + 1, depth, &xml)?)
    }

    /// Scans coded data in a string `strings` deep in others, whose path is `path`; `false` when nothing was found.
    /// Spans are relative to the text, as far as what was found stands in a stretch of it.
    pub(super) fn coded(
        &mut self,
        text: &str,
        known: &Known<()>,
        strings: usize,
        path: &str,
    ) -> Result<bool, Uninspectable> {
        if !known.meaning.opens_json() {
            return Ok(false);
        }
        let before = self.findings.len();
        let is_probed = (STRINGS_DEEP..PROBED_DEEP).contains(&strings);
        if is_probed && self.holds_document(text, known, strings, path)? {
            return Ok(self.findings.len() > before);
        }
        let Some(coded) = read(text) else { return Ok(false) };
        if strings >= PROBED_DEEP {
            return match coded {
                Coded::Fields(_) | Coded::Words(_) => Ok(false),
                _ => Err(Uninspectable::TooDeep { limit: PROBED_DEEP }),
            };
        }
        self.by_coding(text, coded, known, strings, path)?;
        Ok(self.findings.len() > before)
    }

    fn by_coding(
        &mut self,
        text: &str,
        coded: Coded,
        known: &Known<()>,
        strings: usize,
        path: &str,
    ) -> Result<(), Uninspectable> {
        match coded {
            Coded::Json => Ok(()),
            Coded::Base64(base64) => {
                let whole = (base64.span.start, base64.span.end);
                let path = format!("{path}/!b64");
                self.at(|span| *span = whole, |scan| scan.value(&base64.text, known, strings, &path))
            }
            Coded::Token(claims) => {
                let (whole, path) = ((0, text.len()), format!("{path}/!b64"));
                self.at(|span| *span = whole, |scan| scan.value(&claims, known, strings, &path))
            }
            Coded::Spelt(plain) => {
                let path = format!("{path}/!{}", plain.step());
                self.spelt(&plain, 0, known, strings, &path)
            }
            Coded::Fields(fields) => {
                let all = known.fields(text, &fields, self.classifier);
                fields
                    .iter()
                    .zip(&all)
                    .try_for_each(|(field, known)| self.field(text, field, known, strings, path))
            }
            Coded::Words(words) => {
                let before = self.findings.len();
                let mut taken = vec![];
                for Word { span, coded } in words {
                    let word = text.get(span.clone()).unwrap_or("");
                    let seen = self.findings.len();
                    self.at(
                        |at| *at = (at.0 + span.start, at.1 + span.start),
                        |scan| scan.by_coding(word, coded, known, strings, path),
                    )?;
                    if self.findings.len() > seen {
                        taken.push(span);
                    }
                }
                if self.findings.len() > before {
                    let mut hits = Vec::new();
                    known.meaning.hits(self.classifier, known.signals, Scalar::Text(text), &mut hits);
                    self.add_beside(&hits, &taken, before, path);
                }
                Ok(())
            }
        }
    }

    fn field(
        &mut self,
        text: &str,
        field: &Field,
        known: &Known<()>,
        strings: usize,
        path: &str,
    ) -> Result<(), Uninspectable> {
        let name = decode_percent(text.get(field.name.clone()).unwrap_or(""));
        let mut hits = Vec::new();
        name_hits(&name.text, self.classifier, &mut hits);
        let (from, seen) = (field.name.start, self.findings.len());
        self.add(&hits, &format!("{path}/!query/!key"), &mut Direct(0));
        for finding in self.findings.iter_mut().skip(seen) {
            finding.span = (from + name.place(finding.span.0), from + name.place(finding.span.1));
        }
        let path = match name.text.is_empty() {
            true => format!("{path}/!url"),
            // A name that is somebody's information is not repeated.
            false if !hits.is_empty() => format!("{path}/!query/!key"),
            false => format!("{path}/!query/{}", pointer_step(&name.text)),
        };
        let value = text.get(field.value.clone()).filter(|value| !value.is_empty());
        value.map_or(Ok(()), |value| {
            self.spelt(&decode_percent(value), field.value.start, known, strings, &path)
        })
    }

    fn spelt(
        &mut self,
        plain: &Plain,
        from: usize,
        known: &Known<()>,
        strings: usize,
        path: &str,
    ) -> Result<(), Uninspectable> {
        let place =
            |span: &mut (usize, usize)| *span = (from + plain.place(span.0), from + plain.place(span.1));
        self.at(place, |scan| scan.value(&plain.text, known, strings, path))
    }

    /// Adds the hits of a text that coded stretches of it have not told, told from `before` on.
    fn add_beside(&mut self, hits: &[Hit], taken: &[Range<usize>], before: usize, path: &str) {
        let told: Vec<(usize, usize)> =
            self.findings.iter().skip(before).map(|finding| finding.span).collect();
        let is_untold = |hit: &&Hit| {
            !(taken.iter().any(|span| span.start <= hit.start && hit.end <= span.end)
                && told.iter().any(|(start, end)| *start <= hit.start && hit.end <= *end))
        };
        let untold: Vec<Hit> = hits.iter().filter(is_untold).copied().collect();
        self.add(&untold, path, &mut Direct(0));
        if let Some(findings) = self.findings.get_mut(before..) {
            findings.sort_by_key(|finding| finding.span);
        }
    }

    /// Does some work, and moves the spans of what it finds to where they are in the text around.
    fn at(
        &mut self,
        place: impl Fn(&mut (usize, usize)),
        work: impl FnOnce(&mut Self) -> Result<(), Uninspectable>,
    ) -> Result<(), Uninspectable> {
        let before = self.findings.len();
        let done = work(self);
        self.findings.iter_mut().skip(before).for_each(|finding| place(&mut finding.span));
        done
    }

    /// Whether the hits in a text speak for all that it may hold.
    pub(super) fn is_covered(text: &str, hits: &[Hit]) -> bool {
        covers(text, hits).is_some()
    }
}
