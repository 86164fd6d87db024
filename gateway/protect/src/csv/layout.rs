//! How a table is laid out: what separates its cells, and where the names stand.

use super::cells::{Cell, Table};
use crate::classify::{CONFIDENT, Classify};
use std::collections::HashSet;
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
    pub(super) fn of<C: Classify>(text: &str, table: &Table, classifier: &C) -> Layout {
        let (headers, known) = headers(text, table, classifier);
        let labelled = table.rows().take(ROWS_TRIED).filter(|row| row.len() > 1);
        let labels = labelled.filter_map(|row| label(text, row.first()?, classifier)).count();
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
fn headers<C: Classify>(text: &str, table: &Table, classifier: &C) -> (Vec<usize>, usize) {
    let mut headers = vec![];
    let mut most = 0;
    for (number, row) in table.rows().take(ROWS_TRIED).enumerate() {
        let known = row.iter().filter(|cell| label(text, cell, classifier).is_some()).count();
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

/// What a cell says as a field's name; `None` when it says nothing.
pub(super) fn label<C: Classify>(text: &str, cell: &Cell, classifier: &C) -> Option<KeyMeaning> {
    if (cell.end - cell.start) as usize > LONGEST_NAME {
        return None;
    }
    let name = cell.text(text);
    let name = name.trim().trim_end_matches([':', '：', '*']);
    let key = classifier.key(name);
    (!name.is_empty() && (key.kind.is_some() || key.denies)).then_some(key)
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
pub(super) fn delimiter<C: Classify>(text: &str, classifier: &C) -> (u8, usize) {
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
        let known = |row: &[Cell]| row.iter().filter(|cell| label(text, cell, classifier).is_some()).count();
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

/// A name is no longer than this, in bytes.
const LONGEST_NAME: usize = 80;
