//! HTML: text and attribute values, markup kept.
//!
//! Text is read as a browser shows it: character references decoded, and on over inline tags, so that
//! `138<b>0013</b>8000` is one number. A text that is a field's name speaks for the one after it (a label and its cell,
//! `dt` and `dd`), and a table's header for its column. Contents of scripts, styles and comments are read as text, and
//! as JSON where they are.

mod flow;
mod token;

pub(crate) use flow::{encode, reference};

use crate::Uninspectable;
use crate::classify::{CONFIDENT, Classify};
use crate::edit::Edits;
use crate::json::looks_like_json;
use crate::meaning::Meaning;
use crate::plan::Rules;
use crate::tree::{Scan, Treat};
use crate::{Finding, mask};
use flow::Flow;
use std::mem;
use token::{Range, Tag, Token, Tokens};
use yingbi_classifiers::{Hit, KeyMeaning, Scalar, Signals};

pub(crate) fn treat<'p, C: Classify>(
    treat: &mut Treat<'_, 'p, C>,
    text: &str,
    rules: Rules<'p>,
) -> Result<(), Uninspectable> {
    // A page is read as one record: which of its parts are whose can't be told.
    treat.as_record(rules, |treat, rules| Page::new(text, treat.classifier, Treating { treat, rules }).read())
}

pub(crate) fn scan<C: Classify>(scan: &mut Scan<'_, C>, text: &str) -> Result<(), Uninspectable> {
    let classifier = scan.classifier;
    Page::new(text, classifier, Scanning { scan }).read()?;
    Ok(())
}

/// What is done with what is found.
trait Sink {
    /// Hits in a text that is read from a page.
    fn hits(&mut self, flow: &Flow, hits: &[Hit], spelling: Spelling) -> Result<(), Uninspectable>;

    /// A text that may be JSON; `false` when it is none.
    fn json(&mut self, flow: &Flow, meaning: Meaning, spelling: Spelling) -> Result<bool, Uninspectable>;

    /// All has been read.
    fn finish(&mut self);
}

/// How a replacement must be spelt.
#[derive(Clone, Copy)]
enum Spelling {
    /// With character references.
    References,
    /// As it is.
    Raw,
}

impl Spelling {
    fn write(self, text: &str, out: &mut String) {
        match self {
            Spelling::References => flow::encode(text, out),
            // No tag may begin where none began: a script ends at its first end tag.
            Spelling::Raw => out.push_str(&text.replace('<', "\u{ff1c}")),
        }
    }
}

struct Page<'t, 'c, C, S> {
    text: &'t str,
    classifier: &'c C,
    sink: S,
    flow: Flow,
    scratch: Flow,
    hits: Vec<Hit>,
    /// What the text before this one says as a field's name.
    label: Option<KeyMeaning>,
    /// The names at the head of a table's columns, and what all names in it say together.
    columns: Vec<KeyMeaning>,
    signals: Signals,
    /// Cells begun in this row, and whether the row is the table's head.
    cells: usize,
    is_head: bool,
    /// The text is a label's or a heading's: it is no value of the label before it.
    is_label: bool,
}

impl<'t, 'c, C: Classify, S: Sink> Page<'t, 'c, C, S> {
    fn new(text: &'t str, classifier: &'c C, sink: S) -> Self {
        Page {
            text,
            classifier,
            sink,
            flow: Flow::default(),
            scratch: Flow::default(),
            hits: vec![],
            label: None,
            columns: vec![],
            signals: Signals::default(),
            cells: 0,
            is_head: false,
            is_label: false,
        }
    }

    fn read(mut self) -> Result<(), Uninspectable> {
        for token in Tokens::new(self.text) {
            match token {
                Token::Text(range) => self.flow.push(self.text, range),
                Token::Raw(range) => self.raw(range)?,
                Token::Tag(tag) => {
                    if !INLINE.contains(&tag.name.as_str()) {
                        self.end_flow()?;
                        self.structure(&tag);
                    }
                    self.attributes(&tag)?;
                }
            }
        }
        self.end_flow()?;
        self.sink.finish();
        Ok(())
    }

    fn structure(&mut self, tag: &Tag) {
        // A label that names its control holds no value; one without may (`<label>姓名</label><label>…</label>`).
        let is_labels = match tag.name.as_str() {
            "th" | "dt" | "legend" | "caption" => true,
            "label" => tag.attributes.iter().any(|attribute| attribute.name == "for") || tag.is_end,
            _ => false,
        };
        self.is_label = is_labels && !tag.is_end;
        match (tag.name.as_str(), tag.is_end) {
            ("table" | "dl", _) => {
                self.columns.clear();
                self.signals = Signals::default();
                (self.label, self.cells, self.is_head) = (None, 0, !tag.is_end);
            }
            ("tr", false) => {
                self.is_head = self.columns.iter().all(|key| key.kind.is_none());
                (self.label, self.cells) = (None, 0);
            }
            ("td" | "th", false) => self.cells += 1,
            _ => {}
        }
    }

    /// Reads the text up to here.
    fn end_flow(&mut self) -> Result<(), Uninspectable> {
        let flow = mem::take(&mut self.flow);
        let read = self.read_flow(&flow);
        self.flow = flow;
        self.flow.clear();
        read
    }

    fn read_flow(&mut self, flow: &Flow) -> Result<(), Uninspectable> {
        let text = flow.text.trim();
        if text.is_empty() {
            return Ok(());
        }
        let name = text.trim_end_matches([':', '：', ' ', '*']);
        let key = if name.len() <= LONGEST_NAME { self.classifier.key(name) } else { KeyMeaning::UNKNOWN };
        if key.kind.is_some() || key.denies {
            self.signals = self.signals.union(key.signals);
            self.label = Some(key);
            if self.is_head && self.cells > 0 {
                self.columns.resize(self.cells.max(self.columns.len()), KeyMeaning::UNKNOWN);
                if let Some(column) = self.columns.get_mut(self.cells - 1) {
                    *column = key;
                }
            }
            return Ok(());
        }
        let column = self.cells.checked_sub(1).and_then(|cell| self.columns.get(cell)).copied();
        let label = self.label.take().filter(|label| label.kind.is_some() && !self.is_label);
        let key = label.or(column.filter(|_| !self.is_head)).unwrap_or(PROSE);
        self.value(flow, key, Spelling::References)
    }

    /// Treats a text under a name.
    fn value(&mut self, flow: &Flow, key: KeyMeaning, spelling: Spelling) -> Result<(), Uninspectable> {
        let meaning = Meaning::named(key);
        if looks_like_json(&flow.text) && meaning.opens_json() && self.sink.json(flow, meaning, spelling)? {
            return Ok(());
        }
        let mut hits = mem::take(&mut self.hits);
        hits.clear();
        let (begin, text) = trimmed(&flow.text);
        self.classifier.value(key, self.signals, Scalar::Text(text), &mut hits);
        shift(&mut hits, 0, begin);
        // Tags may also part what only looks like one text.
        if flow.pieces.len() > 1 {
            let ends = flow.pieces.iter().skip(1).copied().chain([flow.text.len()]);
            for (from, to) in flow.pieces.iter().copied().zip(ends) {
                let piece = flow.text.get(from..to).unwrap_or("");
                let before = hits.len();
                self.classifier.value(PROSE, self.signals, Scalar::Text(piece), &mut hits);
                shift(&mut hits, before, from);
                drop_overlapping(&mut hits, before);
            }
            hits.sort_by_key(|hit| hit.start);
        }
        hits.retain(|hit| hit.confidence >= CONFIDENT);
        let done = self.sink.hits(flow, &hits, spelling);
        self.hits = hits;
        done
    }

    /// Reads a comment, a declaration, or a script or style.
    fn raw(&mut self, range: Range) -> Result<(), Uninspectable> {
        let mut flow = mem::take(&mut self.scratch);
        flow.clear();
        flow.push_raw(self.text, range);
        let done = self.value(&flow, PROSE, Spelling::Raw);
        self.scratch = flow;
        done
    }

    fn attributes(&mut self, tag: &Tag) -> Result<(), Uninspectable> {
        // A form field's name stands in another attribute than its value.
        let names = ["name", "id", "property", "itemprop", "type"];
        let of_field = names.iter().find_map(|name| {
            let attribute = tag.attributes.iter().find(|attribute| attribute.name == *name)?;
            let key = self.classifier.key(self.text.get(attribute.value.clone())?);
            (key.kind.is_some() || key.denies).then_some(key)
        });
        for attribute in &tag.attributes {
            let key = match attribute.name.as_str() {
                "value" | "content" => {
                    of_field.or(self.label.filter(|_| tag.name == "input")).unwrap_or(PROSE)
                }
                name => match name.strip_prefix("data-") {
                    Some(name) => self.classifier.key(name),
                    None => PROSE,
                },
            };
            let key = if key == KeyMeaning::UNKNOWN { PROSE } else { key };
            let mut flow = mem::take(&mut self.scratch);
            flow.clear();
            flow.push(self.text, attribute.value.clone());
            let done =
                if flow.text.is_empty() { Ok(()) } else { self.value(&flow, key, Spelling::References) };
            self.scratch = flow;
            done?;
        }
        // What is shown in a control is its label's value, and what follows is not; a choice's text stands behind it.
        let of_tag = |name| tag.attributes.iter().find(|attribute| attribute.name == name);
        let kind = of_tag("type").and_then(|kind| self.text.get(kind.value.clone())).unwrap_or("");
        let is_choice = ["hidden", "radio", "checkbox"].iter().any(|other| kind.eq_ignore_ascii_case(other));
        if tag.name == "input" && !is_choice && of_tag("value").is_some_and(|value| !value.value.is_empty()) {
            self.label = None;
        }
        Ok(())
    }
}

/// Text in which anything can stand.
const PROSE: KeyMeaning = KeyMeaning { prose: true, ..KeyMeaning::UNKNOWN };

/// A label is no longer than this, in bytes.
const LONGEST_NAME: usize = 60;

/// Tags that don't end a text: what stands around them is shown in one line.
const INLINE: [&str; 38] = [
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font",
    "i", "ins", "kbd", "mark", "nobr", "q", "rp", "rt", "ruby", "s", "samp", "small", "span", "strike",
    "strong", "sub", "sup", "time", "tt", "u", "var", "wbr", "slot", "output",
];

fn trimmed(text: &str) -> (usize, &str) {
    let from = text.len() - text.trim_start().len();
    (from, text.trim())
}

fn shift(hits: &mut [Hit], from: usize, by: usize) {
    for hit in hits.iter_mut().skip(from) {
        (hit.start, hit.end) = (hit.start + by, hit.end + by);
    }
}

/// Drops the hits from `from` on that overlap earlier ones.
fn drop_overlapping(hits: &mut Vec<Hit>, from: usize) {
    let mut at = from;
    while let Some(hit) = hits.get(at).copied() {
        let overlaps = hits.iter().take(at).any(|other| hit.start < other.end && other.start < hit.end);
        if overlaps {
            hits.remove(at);
        } else {
            at += 1;
        }
    }
}

struct Treating<'s, 'a, 'p, C> {
    treat: &'s mut Treat<'a, 'p, C>,
    rules: Rules<'p>,
}

impl<C: Classify> Treating<'_, '_, '_, C> {
    /// Replaces a stretch of a text: the first of its bytes by all of the replacement, the rest by nothing.
    fn replace(&mut self, flow: &Flow, span: Range, replacement: &str, spelling: Spelling) {
        let mut replacement = Some(replacement);
        for raw in flow.raw(span.start, span.end) {
            let replacement = replacement.take().unwrap_or("");
            self.treat.edits.push_with(raw.start, raw.end, |out| spelling.write(replacement, out));
        }
    }
}

impl<C: Classify> Sink for Treating<'_, '_, '_, C> {
    fn hits(&mut self, flow: &Flow, hits: &[Hit], spelling: Spelling) -> Result<(), Uninspectable> {
        for hit in hits {
            let value = flow.text.get(hit.start..hit.end).unwrap_or("");
            self.treat.survey.note(self.rules, hit.kind, value);
            if let Some(mask) = self.treat.decide(hit.kind, self.rules)? {
                let mut masked = String::new();
                mask::text(mask, flow.text.get(hit.start..hit.end).unwrap_or(""), &mut masked);
                self.replace(flow, hit.start..hit.end, &masked, spelling);
            }
        }
        Ok(())
    }

    fn json(&mut self, flow: &Flow, meaning: Meaning, spelling: Spelling) -> Result<bool, Uninspectable> {
        let outer = mem::take(&mut self.treat.edits);
        let done = self.treat.island(&flow.text, meaning, self.rules);
        let inner: Edits = mem::replace(&mut self.treat.edits, outer);
        for (start, end, replacement) in inner.iter() {
            let mut spelt = String::new();
            match spelling {
                Spelling::References => spelt.push_str(replacement),
                Spelling::Raw => spelt.push_str(&replacement.replace('<', "\\u003c")),
            }
            self.replace(flow, start..end, &spelt, spelling);
        }
        done
    }

    fn finish(&mut self) {
        // Attributes of inline tags were treated before the text around them.
        self.treat.edits.sort();
    }
}

struct Scanning<'s, 'a, C> {
    scan: &'s mut Scan<'a, C>,
}

impl<C: Classify> Sink for Scanning<'_, '_, C> {
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

    fn json(&mut self, flow: &Flow, meaning: Meaning, _: Spelling) -> Result<bool, Uninspectable> {
        let before = self.scan.findings.len();
        let is_json = self.scan.island(&flow.text, meaning)?;
        for finding in self.scan.findings.iter_mut().skip(before) {
            finding.path.insert_str(0, "/!json");
            finding.span = span(flow, finding.span.0..finding.span.1);
        }
        Ok(is_json)
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
