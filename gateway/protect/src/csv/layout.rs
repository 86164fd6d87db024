//! How a table is laid out: what separates its cells, and where the names stand.

use super::cells::{Cell, Table};
use crate::classify::{CONFIDENT, Classify};
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use yingbi_classifiers::{KeyMeaning, Scalar, Signals};

/// Where the names are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// In these rows, each for those below it; rows before the first are a title.
    Headers(Vec<usize>),
    /// In the first cell of every row.
    Labels,
    /// Nowhere.
    Values,
}

impl Layout {
    pub(super) fn of<C: Classify>(table: &Table, labels: &Labels<'_, C>) -> Layout {
        let (headers, known) = headers(table, labels);
        let labelled = table.rows().take(ROWS_TRIED).filter(|row| row.len() > 1);
        let labels = labelled.filter_map(|row| labels.of(row.first()?)).count();
        let is_single = table.rows().nth(1).is_none();
        if labels > 0 && (is_single || labels > known.max(1)) {
            return Layout::Labels;
        }
        match headers.is_empty() || is_single {
            true => Layout::Values,
            false => Layout::Headers(headers),
        }
    }
}

/// The rows that are headers, and how many known names the one with most has.
fn headers<C: Classify>(table: &Table, labels: &Labels<'_, C>) -> (Vec<usize>, usize) {
    let Labels { text, classifier, .. } = *labels;
    let mut headers = vec![];
    let mut most = 0;
    for (number, row) in table.rows().take(ROWS_TRIED).enumerate() {
        let known = row.iter().filter(|cell| labels.of(cell).is_some()).count();
        let data = row.iter().filter(|cell| is_data(text, cell, classifier)).count();
        // Whoever puts data among the names in the first row doesn't unname its columns that way.
        let is_header = match (number, headers.is_empty()) {
            (0, _) => known > 0,
            (_, true) => known > data,
            (_, false) => known > 1 && data == 0,
        };
        if is_header {
            headers.push(number);
            most = most.max(known);
        }
    }
    if headers.is_empty() {
        // Names that nobody knows: the first row, where none of its cells looks like data and all differ.
        let mut seen = HashSet::new();
        let names = table.rows().next().unwrap_or_default().iter().all(|cell| {
            let name = cell.text(text);
            !name.trim().is_empty() && !is_data(text, cell, classifier) && seen.insert(name)
        });
        headers.extend(names.then_some(0));
    }
    (headers, most)
}

/// What cells say as names of fields.
pub(super) struct Labels<'t, C> {
    text: &'t str,
    classifier: &'t C,
    /// What was asked before: a layout is found by asking the same of the first rows several times.
    known: RefCell<HashMap<&'t str, Option<KeyMeaning>>>,
}

impl<'t, C: Classify> Labels<'t, C> {
    pub(super) fn new(text: &'t str, classifier: &'t C) -> Self {
        Labels { text, classifier, known: RefCell::default() }
    }

    /// What a cell says as a field's name; `None` when it says nothing.
    pub(super) fn of(&self, cell: &Cell) -> Option<KeyMeaning> {
        if (cell.end - cell.start) as usize > LONGEST_NAME {
            return None;
        }
        let name = match cell.text(self.text) {
            Cow::Owned(name) => return self.read(&name),
            Cow::Borrowed(name) => name,
        };
        let mut known = self.known.borrow_mut();
        if let Some(said) = known.get(name) {
            return *said;
        }
        let said = self.read(name);
        if known.len() < MOST_KNOWN {
            known.insert(name, said);
        }
        said
    }

    fn read(&self, name: &str) -> Option<KeyMeaning> {
        let name = name.trim().trim_end_matches([':', '：', '*']);
        let key = self.classifier.key(name);
        (!name.is_empty() && (key.kind.is_some() || key.denies)).then_some(key)
    }
}

/// Whether a cell looks like a value rather than a name.
fn is_data<C: Classify>(text: &str, cell: &Cell, classifier: &C) -> bool {
    let value = cell.text(text);
    let value = value.trim();
    if value.len() > LONGEST_NAME {
        return true;
    }
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    if digits * 2 > value.chars().count() {
        return true;
    }
    let mut hits = vec![];
    classifier.value(KeyMeaning::UNKNOWN, Signals::default(), Scalar::Text(value), &mut hits);
    hits.iter().any(|hit| hit.confidence >= CONFIDENT)
}

/// What separates the cells of a text, and where its rows begin.
pub(super) fn delimiter<C: Classify>(labels: &Labels<'_, C>) -> (u8, usize) {
    let text = labels.text;
    // Spreadsheets write what separates in a line of its own.
    let line = text.split(['\r', '\n']).next().unwrap_or("");
    let said = line.trim_matches('"');
    if let Some([separator]) = said
        .get(..4)
        .filter(|word| word.eq_ignore_ascii_case("sep="))
        .map(|_| said.as_bytes().get(4..).unwrap_or_default())
        && SEPARATORS.contains(separator)
    {
        return (*separator, line.len());
    }
    let mut best = (COMMA, (0, false, 0));
    for separator in SEPARATORS {
        let Ok(table) = Table::read(text, 0, separator, ROWS_TRIED) else { continue };
        let columns = table.rows().map(<[Cell]>::len).max().unwrap_or(0);
        if columns < 2 {
            continue;
        }
        let even = table.rows().all(|row| row.len() == columns);
        let known = |row: &[Cell]| row.iter().filter(|cell| labels.of(cell).is_some()).count();
        let most = table.rows().map(known).max().unwrap_or(0);
        let score = (most, even, columns);
        if score > best.1 {
            best = (separator, score);
        }
    }
    (best.0, 0)
}

const COMMA: u8 = b',';
const SEPARATORS: [u8; 4] = [COMMA, b';', b'\t', b'|'];

/// A title above the header takes no more rows.
pub(crate) const ROWS_TRIED: usize = 12;

/// Most cells of which is kept what they say.
const MOST_KNOWN: usize = 1024;

/// A name is no longer than this, in bytes.
const LONGEST_NAME: usize = 80;
