//! HTML: text and attribute values, markup kept.
//!
//! Text is read as a browser shows it: character references decoded, and on over inline tags, so that
//! `138<b>0013</b>8000` is one number. A text that is a field's name speaks for the one after it (a label and its cell,
//! `dt` and `dd`), and a table's header for its column. Contents of scripts, styles and comments are read as text, and
//! as JSON where they are.

mod flow;
mod sink;
mod table;
mod token;

pub(crate) use flow::{encode, reference};

use crate::Uninspectable;
use crate::classify::{CONFIDENT, Classify};
use crate::json::looks_like_json;
use crate::meaning::Meaning;
use crate::plan::Rules;
use crate::tree::{Scan, Treat};
use flow::Flow;
use sink::{Named, Scanning, Sink, Spelling, Treating};
use std::mem;
use table::{Row, Table};
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

struct Page<'t, 'c, C, S> {
    text: &'t str,
    classifier: &'c C,
    sink: S,
    flow: Flow,
    scratch: Flow,
    hits: Vec<Hit>,
    /// What the text before this one says as a field's name.
    label: Option<KeyMeaning>,
    /// What the names of each table, list and form say together, in the order in which they begin; the first are those
    /// outside. A name further down says as much of a value as one above it.
    surveyed: Vec<Signals>,
    /// How many of them have begun, and which are open.
    begun: usize,
    open: Vec<(String, Signals)>,
    /// The tables that are open, the innermost last, and what waits for the end of its row.
    tables: Vec<Table>,
    too_deep: usize,
    row: Option<Vec<Waiting>>,
    /// What the text is by its tag.
    role: Role,
    /// What the choices of a list are, and whether one is chosen.
    choices: Option<KeyMeaning>,
    is_formatted: bool,
}

/// What a text is by its tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// A label's or a heading's: no value of the label before it.
    Label,
    /// A value of the label before it, if there is one.
    Value,
    /// Of a page or a part of it: no label of what follows.
    Heading,
    Any,
}

/// What can only be read when its row is known.
enum Waiting {
    Text { flow: Flow, cell: Option<usize>, is_label: bool },
    Tag(Tag),
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
            surveyed: vec![],
            begun: 0,
            open: vec![],
            tables: vec![],
            too_deep: 0,
            row: None,
            role: Role::Any,
            choices: None,
            is_formatted: false,
        }
    }

    fn read(mut self) -> Result<(), Uninspectable> {
        self.surveyed = self.survey();
        for token in Tokens::new(self.text) {
            match token {
                Token::Text(range) if self.is_formatted => self.flow.push(self.text, range),
                Token::Text(range) => self.flow.push_line(self.text, range),
                Token::Raw(range) => self.raw(range)?,
                Token::Tag(tag) => {
                    if !INLINE.contains(&tag.name.as_str()) {
                        self.end_flow()?;
                        self.structure(&tag)?;
                    }
                    match &mut self.row {
                        Some(_) if tag.attributes.is_empty() => {}
                        Some(row) => row.push(Waiting::Tag(tag)),
                        None => self.attributes(&tag)?,
                    }
                }
            }
        }
        self.end_flow()?;
        self.end_row()?;
        self.sink.finish();
        Ok(())
    }

    /// What the names in a page say, apart for each table, list and form.
    fn survey(&self) -> Vec<Signals> {
        let mut found = vec![Signals::default()];
        let mut open: Vec<(String, usize)> = vec![];
        let mut flow = Flow::default();
        for token in Tokens::new(self.text) {
            let said = match token {
                Token::Text(range) => {
                    flow.clear();
                    flow.push(self.text, range);
                    self.name_of(&flow.text)
                }
                Token::Tag(tag) if SCOPES.contains(&tag.name.as_str()) => {
                    if !tag.is_end {
                        if open.len() < DEEPEST_SCOPE {
                            open.push((tag.name, found.len()));
                        }
                        found.push(Signals::default());
                    } else if let Some(at) = open.iter().rposition(|(name, _)| *name == tag.name) {
                        open.truncate(at);
                    }
                    None
                }
                Token::Tag(tag) => self.named_by(&tag),
                Token::Raw(_) => None,
            };
            let within = open.last().map_or(0, |(_, at)| *at);
            if let (Some(key), Some(signals)) = (said, found.get_mut(within)) {
                *signals = signals.union(key.signals);
            }
        }
        found
    }

    /// What the names around a value say together.
    fn signals(&self) -> Signals {
        let outside = self.surveyed.first().copied().unwrap_or_default();
        self.open.last().map_or(outside, |(_, signals)| signals.union(outside))
    }

    fn scope(&mut self, tag: &Tag) {
        if !tag.is_end {
            self.begun += 1;
            let signals = self.surveyed.get(self.begun).copied().unwrap_or_default();
            if self.open.len() < DEEPEST_SCOPE {
                self.open.push((tag.name.clone(), signals));
            }
        } else if let Some(at) = self.open.iter().rposition(|(name, _)| *name == tag.name) {
            self.open.truncate(at);
        }
    }

    fn structure(&mut self, tag: &Tag) -> Result<(), Uninspectable> {
        let is_scope = SCOPES.contains(&tag.name.as_str());
        if is_scope {
            // What waits belongs to the scope before.
            self.end_row()?;
            self.scope(tag);
        }
        // A label that names its control holds no value; one without may (`<label>姓名</label><label>…</label>`).
        let is_labels = match tag.name.as_str() {
            "th" | "dt" | "legend" | "caption" => true,
            "label" => tag.attributes.iter().any(|attribute| attribute.name == "for") || tag.is_end,
            _ => false,
        };
        self.role = match (is_labels, tag.name.as_str()) {
            (true, _) if !tag.is_end => Role::Label,
            (_, "dd") if !tag.is_end => Role::Value,
            (_, "title" | "h1" | "h2" | "h3") if !tag.is_end => Role::Heading,
            _ => Role::Any,
        };
        match (tag.name.as_str(), tag.is_end) {
            ("pre" | "textarea", is_end) => self.is_formatted = !is_end,
            ("table", false) => {
                self.label = None;
                match self.tables.len() < DEEPEST_SCOPE {
                    true => self.tables.push(Table::default()),
                    false => self.too_deep += 1,
                }
            }
            ("table", true) => {
                self.label = None;
                match self.too_deep.checked_sub(1) {
                    Some(left) => self.too_deep = left,
                    None => drop(self.tables.pop()),
                }
            }
            ("dl", _) => self.label = None,
            ("thead", is_end) => {
                self.end_row()?;
                self.table().head(!is_end);
            }
            ("tr", is_end) => {
                self.end_row()?;
                self.label = None;
                if !is_end {
                    self.table().begin_row();
                    self.row = Some(vec![]);
                }
            }
            ("td" | "th", false) => {
                let count =
                    |name| self.attribute(tag, name).and_then(|value| value.trim().parse().ok()).unwrap_or(1);
                let (width, rows) = (count("colspan"), count("rowspan"));
                self.table().begin_cell(tag.name == "th", width, rows);
            }
            ("select", is_end) => {
                let key = self.named_by(tag).or(self.label.take());
                self.choices = key.filter(|key| !is_end && key.kind.is_some());
            }
            // Of the choices only the chosen one is somebody's.
            ("option", false) if tag.attributes.iter().any(|attribute| attribute.name == "selected") => {
                self.label = self.choices;
            }
            ("option", _) => self.label = None,
            _ => {}
        }
        Ok(())
    }

    /// The innermost table; rows may stand in none.
    fn table(&mut self) -> &mut Table {
        if self.tables.is_empty() {
            self.tables.push(Table::default());
        }
        let last = self.tables.len() - 1;
        #[expect(clippy::indexing_slicing, reason = "there is one, or it was just pushed")]
        &mut self.tables[last]
    }

    fn attribute(&self, tag: &Tag, name: &str) -> Option<&'t str> {
        let attribute = tag.attributes.iter().find(|attribute| attribute.name == name)?;
        self.text.get(attribute.value.clone())
    }

    /// Reads the text up to here, or lets it wait for the end of its row.
    fn end_flow(&mut self) -> Result<(), Uninspectable> {
        let mut flow = mem::take(&mut self.flow);
        if self.row.is_some() {
            if !flow.text.trim().is_empty() {
                let name = self.name_in(&flow);
                let table = self.table();
                table.read(name, flow.text.trim());
                let (cell, is_label) = (table.cell(), self.role == Role::Label);
                self.row.get_or_insert_default().push(Waiting::Text { flow, cell, is_label });
            }
            return Ok(());
        }
        let read = self.read_flow(&flow, self.role);
        flow.clear();
        self.flow = flow;
        read
    }

    /// Reads what waited for the end of the row.
    fn end_row(&mut self) -> Result<(), Uninspectable> {
        let Some(waiting) = self.row.take() else { return Ok(()) };
        let kind = self.table().end_row();
        for waiting in waiting {
            match waiting {
                Waiting::Tag(tag) => self.attributes(&tag)?,
                Waiting::Text { flow, .. } if kind == Row::Head => {
                    if self.name_in(&flow).is_none() {
                        self.value(&flow, PROSE, Spelling::References)?;
                    }
                }
                Waiting::Text { flow, cell, .. } if kind == Row::Columns => {
                    let column = cell.and_then(|cell| self.table().column(cell));
                    self.value(&flow, column.unwrap_or(PROSE), Spelling::References)?;
                }
                Waiting::Text { flow, cell, is_label } => {
                    let is_second = cell.is_some_and(|cell| self.table().is_second(cell));
                    let role = if is_label {
                        Role::Label
                    } else if is_second {
                        Role::Value
                    } else {
                        Role::Any
                    };
                    self.read_flow(&flow, role)?;
                }
            }
        }
        Ok(())
    }

    /// A text outside tables, or in one without a head.
    fn read_flow(&mut self, flow: &Flow, role: Role) -> Result<(), Uninspectable> {
        if flow.text.trim().is_empty() {
            return Ok(());
        }
        let is_answer = role == Role::Value && self.label.is_some();
        if let Some(name) = self.name_in(flow).filter(|_| !is_answer) {
            self.label = Some(name).filter(|_| role != Role::Heading);
            return Ok(());
        }
        let label = self.label.take().filter(|label| label.kind.is_some() && role != Role::Label);
        self.value(flow, label.unwrap_or(PROSE), Spelling::References)
    }

    /// What a text says as a field's name, if it is one and nothing else: something found in it is a value.
    fn name_in(&mut self, flow: &Flow) -> Option<KeyMeaning> {
        let key = self.name_of(&flow.text)?;
        self.hits.clear();
        self.classifier.value(PROSE, Signals::default(), Scalar::Text(flow.text.trim()), &mut self.hits);
        self.hits.iter().all(|hit| hit.confidence < CONFIDENT).then_some(key)
    }

    fn name_of(&self, text: &str) -> Option<KeyMeaning> {
        let name = text.trim().trim_end_matches([':', '：', ' ', '*']);
        let key = reads_like_a_name(name).then(|| self.classifier.key(name))?;
        (key.kind.is_some() || key.denies).then_some(key)
    }

    /// Treats a text under a name.
    fn value(&mut self, flow: &Flow, key: KeyMeaning, spelling: Spelling) -> Result<(), Uninspectable> {
        let meaning = Meaning::named(key);
        let signals = self.signals();
        let (begin, text) = trimmed(&flow.text);
        if flow.pieces.len() < 2 || (looks_like_json(text) && meaning.opens_json()) {
            return self.sink.value(flow, begin..begin + text.len(), Named { meaning, signals }, spelling);
        }
        let mut hits = mem::take(&mut self.hits);
        hits.clear();
        self.classifier.value(key, signals, Scalar::Text(text), &mut hits);
        shift(&mut hits, 0, begin);
        // Tags may also part what only looks like one text: a name and its value, or two values.
        let ends = flow.pieces.iter().skip(1).copied().chain([flow.text.len()]);
        let mut label = None;
        for (from, to) in flow.pieces.iter().copied().zip(ends) {
            let (inset, piece) = trimmed(flow.text.get(from..to).unwrap_or(""));
            if piece.is_empty() {
                continue;
            }
            let before = hits.len();
            let key = label.take().unwrap_or(PROSE);
            self.classifier.value(key, signals, Scalar::Text(piece), &mut hits);
            shift(&mut hits, before, from + inset);
            drop_overlapping(&mut hits, before);
            if hits.len() == before {
                label = self.name_of(piece).filter(|key| key.kind.is_some());
            }
        }
        hits.sort_by_key(|hit| hit.start);
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

    /// What a form field is named by, which stands in another attribute than its value.
    fn named_by(&self, tag: &Tag) -> Option<KeyMeaning> {
        ["name", "id", "property", "itemprop", "type"].iter().find_map(|name| {
            let name = self.attribute(tag, name)?;
            // Who wrote a page is somebody.
            let name =
                if tag.name == "meta" && name.eq_ignore_ascii_case("author") { "person_name" } else { name };
            let key = self.classifier.key(name);
            (key.kind.is_some() || key.denies).then_some(key)
        })
    }

    fn attributes(&mut self, tag: &Tag) -> Result<(), Uninspectable> {
        let of_field = self.named_by(tag);
        for attribute in &tag.attributes {
            let key = match attribute.name.as_str() {
                "value" | "content" => of_field
                    .or(self.label.filter(|_| matches!(tag.name.as_str(), "input" | "option")))
                    .unwrap_or(PROSE),
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
        let kind = self.attribute(tag, "type").unwrap_or("");
        let is_choice = ["hidden", "radio", "checkbox"].iter().any(|other| kind.eq_ignore_ascii_case(other));
        let is_filled = self.attribute(tag, "value").is_some_and(|value| !value.is_empty());
        match tag.name.as_str() {
            "input" if !is_choice && is_filled => self.label = None,
            "textarea" if !tag.is_end => self.label = of_field.or(self.label),
            _ => {}
        }
        Ok(())
    }
}

/// Whether a text may be a field's name: a few words without a value or a sentence's marks.
fn reads_like_a_name(text: &str) -> bool {
    let longest_number = text.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or(0);
    text.len() <= LONGEST_NAME
        && longest_number < 4
        && !text.contains(['：', ':', '=', '，', ',', '。', '；', ';', '！', '？', '@', '\n'])
}

/// Text in which anything can stand.
const PROSE: KeyMeaning = KeyMeaning { prose: true, ..KeyMeaning::UNKNOWN };

/// A label is no longer than this, in bytes.
const LONGEST_NAME: usize = 60;

/// What holds the fields of one record, or the rows of one table.
const SCOPES: [&str; 4] = ["table", "dl", "form", "fieldset"];

/// Tables, lists and forms that nest deeper are read as parts of the one around them.
const DEEPEST_SCOPE: usize = 64;

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

#[cfg(test)]
mod tests;
