//! CSV (RFC 4180) and tab-separated values: an array of objects named by the header, or of arrays where there is none.
//!
//! Which row is the header, and what separates cells, is found out by what the lexicon knows; reports have a title
//! above the header, and forms have names in the first column. Cells beyond the header go with its last column, for
//! a separator that should have been quoted moves cells to the right.
//!
//! Refused is what readers of CSV disagree on: quotes within a cell that isn't quoted, save the `="…"` with which
//! spreadsheets are told to keep digits, and anything behind a closing quote.

mod cells;
mod layout;

use crate::Uninspectable;
use crate::classify::Classify;
use crate::meaning::Meaning;
use crate::tree::{
    BadSpelling, Grammar, Key, KeyId, Keys, Level, Node, Part, Piece, Pieces, Shape, Spelling, malformed,
};
use cells::{Cell, Table};
pub(crate) use layout::ROWS_TRIED;
use layout::{Labels, Layout};
use std::ops::Range;
use yingbi_classifiers::{KeyMeaning, Signals};

/// Comma-separated values, or tab-separated ones.
#[derive(Clone, Copy)]
pub(crate) struct Csv<const TABS: bool> {
    delimiter: u8,
}

/// Separated by commas, or by what the text shows.
pub(crate) type Commas = Csv<false>;
/// Separated by tabs.
pub(crate) type Tabs = Csv<true>;

impl<const TABS: bool> Grammar for Csv<TABS> {
    fn parse<C: Classify>(
        level: &mut Level,
        text: &str,
        keys: &mut Keys,
        classifier: &C,
        _: (usize, usize),
    ) -> Result<Self, Uninspectable> {
        let end = u32::try_from(text.len()).map_err(|_| malformed(u32::MAX as usize))?;
        let labels = Labels::new(text, classifier);
        let (delimiter, from) = if TABS { (b'\t', 0) } else { layout::delimiter(&labels) };
        let table = Table::read(text, from, delimiter, usize::MAX)?;
        let layout = Layout::of(&table, &labels);
        level.nodes.clear();
        Node::push(&mut level.nodes, 0..end as usize, 0, KeyId::NONE, Shape::Array);
        Rows { text, nodes: &mut level.nodes, keys, classifier, labels }.push_all(&table, &layout)?;
        let after = level.nodes.len() as u32;
        if let Some(file) = level.nodes.first_mut() {
            file.after = after;
        }
        Ok(Csv { delimiter })
    }
}

impl<const TABS: bool> Spelling for Csv<TABS> {
    type Pieces<'r> = Quoted<'r>;

    // A column's name is treated with its first cell.
    const UNORDERED: bool = true;

    fn pieces<'r>(self, raw: &'r str, _: Part<'_>) -> Quoted<'r> {
        Quoted { raw, at: 0, has_quotes: raw.contains('"'), delimiter: self.delimiter }
    }

    fn contents(self, node: &Node) -> Range<usize> {
        node.start as usize..node.end as usize
    }

    fn name(self, text: &str, node: &Node) -> Range<usize> {
        let at = node.name as usize;
        cells::contents_at(text, at, self.delimiter)
    }

    fn removal(self, _: &str, node: &Node, _: Option<&Node>, _: Option<u32>) -> Range<usize> {
        // The cell stays, so that the others keep their columns.
        self.contents(node)
    }

    fn emptied(self, node: &Node) -> (Range<usize>, &'static str) {
        (self.contents(node), "")
    }
}

/// Refuses a name with somebody's information over no cell.
fn are_treated(columns: &[Column]) -> Result<(), Uninspectable> {
    match columns.iter().find(|column| column.is_personal && column.first.is_some()) {
        Some(column) => Err(malformed(column.name as usize)),
        None => Ok(()),
    }
}

/// Writes rows as nodes.
struct Rows<'t, 'k, C> {
    text: &'t str,
    nodes: &'k mut Vec<Node>,
    keys: &'k mut Keys,
    classifier: &'k C,
    labels: Labels<'t, C>,
}

/// A column under a header.
struct Column {
    name: u32,
    /// For its first cell: the name is treated with it.
    first: Option<KeyId>,
    key: KeyId,
    is_personal: bool,
}

impl<C: Classify> Rows<'_, '_, C> {
    fn push_all(mut self, table: &Table, layout: &Layout) -> Result<(), Uninspectable> {
        let mut columns: Vec<Column> = vec![];
        let mut signals = Signals::default();
        for (number, row) in table.rows().enumerate() {
            match layout {
                Layout::Headers(headers) if headers.contains(&number) => {
                    are_treated(&columns)?;
                    (columns, signals) = self.header(row);
                }
                Layout::Headers(_) if !columns.is_empty() => self.record(row, &mut columns, signals),
                Layout::Labels => self.labelled(row),
                _ => self.values(row),
            }
        }
        are_treated(&columns)
    }

    fn header(&mut self, row: &[Cell]) -> (Vec<Column>, Signals) {
        let (columns, signals): (Vec<_>, Vec<_>) = row.iter().map(|cell| self.column(cell)).unzip();
        (columns, signals.into_iter().fold(Signals::default(), Signals::union))
    }

    fn column(&mut self, cell: &Cell) -> (Column, Signals) {
        let name = cell.text(self.text);
        let (key, signals) = self.keys.resolve_plain(name.trim(), self.classifier);
        let known = *self.keys.key(key);
        let rest = match known.is_personal {
            true => self.keys.pass(Key { is_personal: false, ..known }),
            false => key,
        };
        let column = Column { name: cell.start, first: Some(key), key: rest, is_personal: known.is_personal };
        (column, signals)
    }

    fn open(&mut self, row: &[Cell], shape: Shape, signals: Signals) -> usize {
        let (start, end) = (row.first().map_or(0, |cell| cell.start), row.last().map_or(0, |cell| cell.end));
        let at = Node::push(self.nodes, start as usize..end as usize, start as usize, KeyId::NONE, shape);
        if let Some(row) = self.nodes.get_mut(at) {
            row.signals = signals;
        }
        at
    }

    fn close(&mut self, row: usize) {
        let after = self.nodes.len() as u32;
        if let Some(row) = self.nodes.get_mut(row) {
            row.after = after;
        }
    }

    fn cell(&mut self, cell: &Cell, name: u32, key: KeyId) {
        Node::push(self.nodes, cell.start as usize..cell.end as usize, name as usize, key, cell.shape);
    }

    fn record(&mut self, row: &[Cell], columns: &mut [Column], signals: Signals) {
        let open = self.open(row, Shape::Object, signals);
        let last = columns.len().saturating_sub(1);
        for (number, cell) in row.iter().enumerate() {
            let Some(column) = columns.get_mut(number.min(last)) else { continue };
            let key = column.first.take().unwrap_or(column.key);
            self.cell(cell, column.name, key);
        }
        self.close(open);
    }

    fn values(&mut self, row: &[Cell]) {
        let open = self.open(row, Shape::Array, Signals::default());
        row.iter().for_each(|cell| self.cell(cell, cell.start, KeyId::NONE));
        self.close(open);
    }

    /// A row whose first cell names the others.
    fn labelled(&mut self, row: &[Cell]) {
        let open = self.open(row, Shape::Array, Signals::default());
        let mut key = KeyMeaning::UNKNOWN;
        for (number, cell) in row.iter().enumerate() {
            if number == 0 {
                key = self.labels.of(cell).unwrap_or(key);
                self.cell(cell, cell.start, KeyId::NONE);
                continue;
            }
            let id = match key == KeyMeaning::UNKNOWN {
                true => KeyId::NONE,
                false => self.keys.pass(Key { meaning: Meaning::named(key), is_personal: false, role: None }),
            };
            self.cell(cell, cell.start, id);
        }
        self.close(open);
    }
}

/// Reads a cell without the quotes around it: two quotes are one.
#[derive(Clone)]
pub(crate) struct Quoted<'r> {
    raw: &'r str,
    at: usize,
    has_quotes: bool,
    delimiter: u8,
}

impl<'r> Pieces<'r> for Quoted<'r> {
    fn at(&self) -> usize {
        self.at
    }

    fn next(&mut self) -> Result<Option<Piece<'r>>, BadSpelling> {
        let rest = self.raw.get(self.at..).unwrap_or("");
        if rest.is_empty() {
            return Ok(None);
        }
        if rest.starts_with("\"\"") {
            self.at += 2;
            return Ok(Some(Piece::Character('"')));
        }
        let length = memchr::memchr(b'"', rest.as_bytes()).unwrap_or(rest.len());
        if length == 0 {
            return Err(BadSpelling { at: self.at });
        }
        self.at += length;
        Ok(Some(Piece::Plain(rest.get(..length).unwrap_or(""))))
    }

    fn needs_encoding(&self, text: &str) -> bool {
        text.bytes().any(|byte| byte == self.delimiter || matches!(byte, b'"' | b'\r' | b'\n'))
    }

    fn encode(&self, text: &str, out: &mut String) {
        for character in text.chars() {
            match character {
                '"' if self.has_quotes => out.push_str("\"\""),
                // Only a quoted cell has quotes; whether one without is quoted needn't be known this way.
                '"' => out.push('\''),
                _ if self.has_quotes => out.push(character),
                '\r' | '\n' => out.push('*'),
                _ if character == char::from(self.delimiter) => out.push('*'),
                _ => out.push(character),
            }
        }
    }
}

#[cfg(test)]
mod tests;
