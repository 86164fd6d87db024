//! CSV and TSV.

use crate::marked::Marked;
use crate::records::Cell;
use crate::rng::Rng;

/// How a table is written.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// Between columns.
    pub separator: char,
    /// Whether the first row names the columns.
    pub header: bool,
    /// Whether every cell is quoted.
    pub quoted: bool,
    /// Between rows.
    pub line_end: &'static str,
}

impl Table {
    /// A CSV, of one of the customary ways.
    pub fn csv(rng: &mut Rng) -> Table {
        let line_end = *rng.pick(&["\n", "\r\n"]);
        Table { separator: ',', header: true, quoted: rng.chance(30), line_end }
    }

    /// A table between tabs.
    pub fn tsv() -> Table {
        Table { separator: '\t', header: true, quoted: false, line_end: "\n" }
    }

    /// Writes records whose fields are the same.
    pub fn write(&self, records: &[Vec<Cell>]) -> Marked {
        let mut out = Marked::default();
        if let (true, Some(first)) = (self.header, records.first()) {
            self.row(first.iter().map(|cell| &cell.name), &mut out);
        }
        for cells in records {
            self.row(cells.iter().map(|cell| &cell.value), &mut out);
        }
        out
    }

    fn row<'a>(&self, cells: impl Iterator<Item = &'a Marked>, out: &mut Marked) {
        for (place, cell) in cells.enumerate() {
            if place > 0 {
                out.push(&self.separator.to_string());
            }
            let needs = self.separator == ',' && cell.text.contains(['"', ',', '\n', '\r']);
            if self.separator == '\t' {
                out.append(
                    &cell.escaped(|one, out| out.push(if matches!(one, '\t' | '\n') { ' ' } else { one })),
                );
            } else if needs || self.quoted {
                out.push("\"");
                out.append(&cell.escaped(|one, out| {
                    out.push(one);
                    if one == '"' {
                        out.push('"');
                    }
                }));
                out.push("\"");
            } else {
                out.append(cell);
            }
        }
        out.push(self.line_end);
    }
}
