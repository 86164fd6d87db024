//! Tables of a page: which of their rows are heads, and which column a cell stands in.
//!
//! A head row names the columns below it, so that a cell there is a value whatever it reads like; in tables without one
//! a cell that reads like a field's name speaks for the next. Heads of several rows, cells over several columns or rows
//! and a second head further down are read as a browser shows them.

use yingbi_classifiers::KeyMeaning;

/// A table while it is read.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// What the head says of each column.
    columns: Vec<KeyMeaning>,
    /// In so many rows, the one being read counted in, a cell from above covers the column.
    held: Vec<usize>,
    /// The cells of the row being read.
    cells: Vec<Cell>,
    is_in_head: bool,
    /// The row before this one was a head.
    was_head: bool,
    /// The head was told by its tags.
    is_tagged: bool,
}

/// A cell of the row being read.
#[derive(Clone, Copy, Debug)]
struct Cell {
    column: usize,
    width: usize,
    is_th: bool,
    reads: Reads,
}

/// What the text of a cell reads like.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Reads {
    Nothing,
    /// A field's name.
    Name(KeyMeaning),
    /// A short text without numbers, which may name a column that says nothing.
    Word,
    Value,
}

/// How the texts of a row are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Row {
    /// They name the columns below.
    Head,
    /// They are values of their columns.
    Columns,
    /// A name speaks for the value after it.
    Pairs,
}

impl Table {
    pub(super) fn head(&mut self, begins: bool) {
        self.is_in_head = begins;
    }

    pub(super) fn begin_row(&mut self) {
        for rows in &mut self.held {
            *rows = rows.saturating_sub(1);
        }
        self.cells.clear();
    }

    pub(super) fn begin_cell(&mut self, is_th: bool, width: usize, rows: usize) {
        let mut column = self.cells.last().map_or(0, |cell| cell.column + cell.width);
        while self.held.get(column).is_some_and(|rows| *rows > 0) {
            column += 1;
        }
        let width = width.clamp(1, WIDEST);
        if column >= MOST_COLUMNS {
            return;
        }
        if rows > 1 {
            self.held.resize(self.held.len().max(column + width), 0);
            for held in self.held.iter_mut().skip(column).take(width) {
                *held = rows;
            }
        }
        self.cells.push(Cell { column, width, is_th, reads: Reads::Nothing });
    }

    /// The cell being read, by its place in the row.
    pub(super) fn cell(&self) -> Option<usize> {
        self.cells.len().checked_sub(1)
    }

    /// A text of the cell being read: a field's name, or what else it may be.
    pub(super) fn read(&mut self, name: Option<KeyMeaning>, text: &str) {
        let Some(cell) = self.cells.last_mut() else { return };
        cell.reads = match (cell.reads, name) {
            (Reads::Nothing, Some(name)) => Reads::Name(name),
            (Reads::Nothing, None) if is_word(text) => Reads::Word,
            _ => Reads::Value,
        };
    }

    /// What the row that ends here is; a head is remembered.
    pub(super) fn end_row(&mut self) -> Row {
        let row = self.judge();
        if row == Row::Head {
            // A second row of one head adds to the first; one further down stands for itself.
            if !self.was_head {
                self.columns.clear();
                self.is_tagged = self.is_in_head || self.cells.iter().all(|cell| cell.is_th);
            }
            for cell in &self.cells {
                let Reads::Name(name) = cell.reads else { continue };
                self.columns.resize(self.columns.len().max(cell.column + cell.width), KeyMeaning::UNKNOWN);
                for column in self.columns.iter_mut().skip(cell.column).take(cell.width) {
                    *column = name;
                }
            }
        }
        self.was_head = row == Row::Head;
        row
    }

    fn judge(&self) -> Row {
        let full = || self.cells.iter().filter(|cell| cell.reads != Reads::Nothing);
        let is_name = |cell: &Cell| matches!(cell.reads, Reads::Name(_));
        let (count, names) = (full().count(), full().filter(|cell| is_name(cell)).count());
        let no_values = full().all(|cell| cell.reads != Reads::Value);
        let tagged = self.is_in_head || (count > 0 && full().all(|cell| cell.is_th));
        if tagged && names > 0 {
            return Row::Head;
        }
        // A heading beside a value names that value.
        if full().any(|cell| cell.is_th) {
            return if self.names_columns() && self.is_tagged { Row::Columns } else { Row::Pairs };
        }
        let is_first = self.columns.is_empty();
        // Without tags a head is a row of names alone, or at its table's top one of words of which most are names.
        if names >= 2 && no_values && (names == count || is_first && names * 2 > count) && !self.alternates()
        {
            return Row::Head;
        }
        if self.names_columns() && (self.is_tagged || !self.alternates()) { Row::Columns } else { Row::Pairs }
    }

    fn names_columns(&self) -> bool {
        self.columns.iter().any(|key| key.kind.is_some() || key.denies)
    }

    /// Whether a cell of a row of pairs is the value of the one before it, whatever it reads like: a `td` behind a `th`,
    /// or every second cell where the others are names.
    pub(super) fn is_second(&self, cell: usize) -> bool {
        let is_name = |cell: &Cell| matches!(cell.reads, Reads::Name(_));
        let Some((this, before)) =
            self.cells.get(cell).zip(cell.checked_sub(1).and_then(|at| self.cells.get(at)))
        else {
            return false;
        };
        let names_beside = before.is_th && !this.is_th && is_name(before);
        let all_firsts = || self.cells.iter().step_by(2).all(is_name);
        names_beside || cell % 2 == 1 && self.cells.len().is_multiple_of(2) && all_firsts()
    }

    /// Whether names and what is none take turns, names first.
    fn alternates(&self) -> bool {
        let full: Vec<bool> = self
            .cells
            .iter()
            .filter(|cell| cell.reads != Reads::Nothing)
            .map(|cell| matches!(cell.reads, Reads::Name(_)))
            .collect();
        full.len() >= 2 && full.iter().enumerate().all(|(place, is_name)| *is_name == (place % 2 == 0))
    }

    /// What the head says of the column of a cell.
    pub(super) fn column(&self, cell: usize) -> Option<KeyMeaning> {
        let cell = self.cells.get(cell)?;
        self.columns.get(cell.column).copied().filter(|key| *key != KeyMeaning::UNKNOWN)
    }
}

/// Few characters and no number.
fn is_word(text: &str) -> bool {
    text.chars().count() <= 12 && !text.bytes().any(|byte| byte.is_ascii_digit())
}

/// A cell that claims more columns or a table that has more is hostile.
const WIDEST: usize = 64;
const MOST_COLUMNS: usize = 1024;
