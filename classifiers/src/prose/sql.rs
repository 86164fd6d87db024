//! SQL as error pages and logs print it: columns here, values there.
//!
//! `INSERT INTO t (a, b) VALUES ('x', 'y')`, `SET a = 'x' WHERE b IN (1, 2)`, and parameters that are printed apart from
//! their statement (`==> Parameters: 何霞(String), …`). It is read by tokens, not parsed: what is printed is often cut.

mod tokens;

use super::record::{Keys, Record};
use crate::lexicon::Lexicon;
use crate::{Hit, KeyMeaning};
use memchr::memmem;
use tokens::{Token, Tokens};

/// Appends the values of the statements that a text prints.
pub(crate) fn find(lexicon: &Lexicon, text: &str, hits: &mut Vec<Hit>) {
    if !may_hold_statement(text) {
        return;
    }
    let keys = Keys::new(lexicon);
    let mut reader = Reader {
        text,
        keys,
        hits,
        statement: Statement::default(),
        depth: 0,
        at: At::Nowhere,
        begin: 0,
        border: 0,
    };
    let mut tokens = Tokens::of(text);
    while let Some(token) = tokens.next() {
        reader.begin = tokens.start;
        if let Some(parameters) = reader.token(token) {
            tokens.skip_to(reader.parameters(parameters));
        }
    }
    reader.settle();
}

/// Every statement with values has one of these words and one of these marks.
fn may_hold_statement(text: &str) -> bool {
    let bytes = text.as_bytes();
    let has = |word: &str| memmem::find(bytes, word.as_bytes()).is_some();
    bytes.len() >= 12
        && (memchr::memchr3(b'\'', b'=', b'(', bytes).is_some())
        && (has("alue") || has("ALUE") || has("here") || has("HERE") || has("set ") || has("SET "))
}

/// Where in a statement the reader stands.
#[derive(Clone, Copy)]
enum At<'t> {
    Nowhere,
    /// In brackets that so far hold names only.
    Columns,
    /// Behind `VALUES`: the column of the next value, whether it has had its value, as in `TO_DATE('…', 'YYYY')`, and
    /// how deep the rows stand.
    Rows(Row),
    /// Behind a name, where a comparison may follow.
    Named {
        name: &'t str,
    },
    /// Behind a comparison: the next value is of this column.
    Compared {
        meaning: KeyMeaning,
    },
    /// Behind a comparison with a word: a function's name, a column, a prefix of a text.
    Operand {
        meaning: KeyMeaning,
        name: &'t str,
    },
    /// In the brackets of `IN (…)`, or behind `BETWEEN`.
    Listed {
        meaning: KeyMeaning,
        depth: usize,
    },
}

#[derive(Clone, Copy)]
struct Row {
    column: usize,
    taken: bool,
    depth: usize,
}

#[derive(Default)]
struct Statement {
    columns: Vec<KeyMeaning>,
    /// The columns of its `?`, in their order.
    placeholders: Vec<KeyMeaning>,
    record: Record,
    table: bool,
}

struct Reader<'l, 't, 'h> {
    text: &'t str,
    keys: Keys<'l, 't>,
    hits: &'h mut Vec<Hit>,
    statement: Statement,
    /// How deep in brackets the text is here.
    depth: usize,
    /// Where the token at hand begins.
    begin: usize,
    /// Where the last bracket or comma of a row ended.
    border: usize,
    at: At<'t>,
}

impl<'t> Reader<'_, 't, '_> {
    /// Reads one token; says where parameters begin, where this token announces them.
    fn token(&mut self, token: Token<'t>) -> Option<usize> {
        if let Token::Word { text, end, .. } = token
            && ["parameters", "params"].iter().any(|word| text.eq_ignore_ascii_case(word))
            && !self.statement.placeholders.is_empty()
        {
            return Some(end);
        }
        match token {
            Token::Open => self.depth += 1,
            Token::Close => self.depth = self.depth.saturating_sub(1),
            Token::Word { text, .. } if self.begins_statement(text) => {
                self.settle();
                self.statement = Statement::default();
                self.at = At::Nowhere;
                return None;
            }
            _ => {}
        }
        let token = match (self.at, token) {
            // `"id_no"` is a name where names stand.
            (At::Nowhere | At::Columns | At::Named { .. }, Token::Text { start, end, name: true }) => {
                Token::Name { text: self.text.get(start..end).unwrap_or_default() }
            }
            (_, token) => token,
        };
        self.at = match self.at {
            At::Rows(row) => self.row(token, row),
            At::Operand { meaning, name } => self.operand(token, meaning, name),
            At::Listed { meaning, depth } => self.listed(token, meaning, depth),
            At::Compared { meaning } => self.compared(token, meaning),
            At::Columns => self.column(token),
            At::Named { name } => self.named(token, name),
            At::Nowhere => self.anywhere(token),
        };
        None
    }

    fn begins_statement(&self, word: &str) -> bool {
        const VERBS: &[&str] = &["insert", "replace", "delete", "merge", "update"];
        (self.depth == 0 || !matches!(self.at, At::Rows(_) | At::Columns))
            && VERBS.iter().any(|verb| verb.eq_ignore_ascii_case(word))
    }

    fn anywhere(&mut self, token: Token<'t>) -> At<'t> {
        match token {
            Token::Open => {
                self.statement.columns.clear();
                At::Columns
            }
            Token::Word { text, .. } if is_any(text, &["values", "value"]) => self.rows(),
            Token::Word { text, .. } if is_any(text, &["into", "from"]) => {
                self.statement.table = true;
                At::Nowhere
            }
            Token::Word { text, .. } | Token::Name { text } => {
                // The table says whose record this is: `INSERT INTO fund (id, name)`.
                if std::mem::take(&mut self.statement.table) {
                    let mut table = self.keys.meaning(text);
                    table.signals.0 &= !crate::Signals::PERSON.0;
                    self.statement.record.field(table);
                }
                At::Named { name: text }
            }
            _ => At::Nowhere,
        }
    }

    fn rows(&mut self) -> At<'t> {
        if self.statement.columns.is_empty() {
            return At::Nowhere;
        }
        for meaning in &self.statement.columns {
            self.statement.record.field(*meaning);
        }
        At::Rows(Row { column: 0, taken: true, depth: self.depth + 1 })
    }

    fn column(&mut self, token: Token<'t>) -> At<'t> {
        match token {
            Token::Word { text, .. } | Token::Name { text } => {
                let meaning = self.keys.meaning(text);
                self.statement.columns.push(meaning);
                match is_any(text, &["select", "and", "or", "not"]) {
                    true => At::Nowhere,
                    false => At::Named { name: text },
                }
            }
            Token::Comma => At::Columns,
            _ => self.anywhere(token),
        }
    }

    fn named(&mut self, token: Token<'t>, name: &'t str) -> At<'t> {
        match token {
            Token::Comma if self.depth > 0 && !self.statement.columns.is_empty() => At::Columns,
            Token::Comparison => At::Compared { meaning: self.keys.meaning(name) },
            Token::Word { text, .. } if is_any(text, &["like", "ilike", "rlike", "regexp", "is"]) => {
                At::Compared { meaning: self.keys.meaning(name) }
            }
            Token::Word { text, .. } if is_any(text, &["in", "between"]) => {
                At::Listed { meaning: self.keys.meaning(name), depth: self.depth }
            }
            Token::Word { text, .. } if is_any(text, &["not"]) => At::Named { name },
            Token::Close => At::Nowhere,
            token => self.anywhere(token),
        }
    }

    fn compared(&mut self, token: Token<'t>, meaning: KeyMeaning) -> At<'t> {
        match token {
            Token::Comparison => At::Compared { meaning },
            Token::Open => At::Listed { meaning, depth: self.depth.saturating_sub(1) },
            Token::Word { text, start, end, number: false } if is_bare_value(text) => {
                self.statement.record.value(meaning, start, end);
                At::Nowhere
            }
            Token::Word { text, number: false, .. } => At::Operand { meaning, name: text },
            Token::Close | Token::Comma | Token::End | Token::Name { .. } => At::Nowhere,
            token => {
                self.value(token, meaning);
                At::Nowhere
            }
        }
    }

    /// `= AES_ENCRYPT('…', …)`, `= N'何霞'`, `= b.id_no AND …`.
    fn operand(&mut self, token: Token<'t>, meaning: KeyMeaning, name: &'t str) -> At<'t> {
        match token {
            Token::Open => At::Listed { meaning, depth: self.depth.saturating_sub(1) },
            Token::Text { .. } => {
                self.value(token, meaning);
                At::Nowhere
            }
            token => self.named(token, name),
        }
    }

    fn listed(&mut self, token: Token<'t>, meaning: KeyMeaning, depth: usize) -> At<'t> {
        match token {
            Token::Close if self.depth <= depth => At::Nowhere,
            Token::End => At::Nowhere,
            Token::Word { number: false, text, .. } => match is_any(text, &["and", "select"]) {
                // `BETWEEN a AND b`.
                true if is_any(text, &["and"]) && self.depth == depth => At::Compared { meaning },
                true => At::Nowhere,
                false => At::Listed { meaning, depth },
            },
            token => {
                self.value(token, meaning);
                At::Listed { meaning, depth }
            }
        }
    }

    fn row(&mut self, token: Token<'t>, row: Row) -> At<'t> {
        let Row { column, taken, depth } = row;
        match token {
            Token::Open if self.depth == depth => {
                self.border = self.begin + 1;
                At::Rows(Row { column: 0, taken: false, depth })
            }
            Token::Comma if self.depth == depth => {
                self.bare_value(row);
                self.border = self.begin + 1;
                At::Rows(Row { column: column + 1, taken: false, depth })
            }
            Token::Close if self.depth + 1 == depth => {
                self.bare_value(row);
                At::Rows(Row { taken: true, ..row })
            }
            Token::Open | Token::Close | Token::Comma => At::Rows(row),
            _ if self.depth < depth => self.anywhere(token),
            Token::Text { .. } | Token::Placeholder | Token::Word { number: true, .. } => {
                if !taken && let Some(meaning) = self.statement.columns.get(column).copied() {
                    self.value(token, meaning);
                }
                At::Rows(Row { taken: true, ..row })
            }
            _ => At::Rows(row),
        }
    }

    /// A value that is printed without quotes, as parameters are put into statements for logs: `VALUES (何霞, Zx9-q)`.
    fn bare_value(&mut self, row: Row) {
        let raw = self.text.get(self.border..self.begin).unwrap_or_default();
        let value = raw.trim();
        if !row.taken
            && is_bare_value(value)
            && let Some(meaning) = self.statement.columns.get(row.column).copied()
        {
            let start = self.border + (raw.len() - raw.trim_start().len());
            self.statement.record.value(meaning, start, start + value.len());
        }
    }

    fn value(&mut self, token: Token<'t>, meaning: KeyMeaning) {
        match token {
            Token::Text { start, end, .. } => {
                // `LIKE '%何霞%'`.
                let raw = self.text.get(start..end).unwrap_or_default();
                let begin = start + (raw.len() - raw.trim_start_matches('%').len());
                self.statement.record.value(meaning, begin, start + raw.trim_end_matches('%').len());
            }
            Token::Word { start, end, number: true, .. } => self.statement.record.value(meaning, start, end),
            Token::Placeholder => {
                self.statement.record.field(meaning);
                self.statement.placeholders.push(meaning);
            }
            _ => {}
        }
    }

    /// Reads parameters printed behind their statement up to the end of their line; says where that is.
    fn parameters(&mut self, from: usize) -> usize {
        let rest = self.text.get(from..).unwrap_or_default();
        let length = rest.find('\n').unwrap_or(rest.len());
        let line = rest.get(..length).unwrap_or_default();
        let skip = super::head(line, 8, |c| matches!(c, ':' | '=' | ' ' | '[' | '(' | '{' | '"'));
        let line = line.get(skip..).unwrap_or_default();
        let typed = line.contains(")") && line.contains("(");
        let columns = std::mem::take(&mut self.statement.placeholders);
        let mut at = from + skip;
        for (part, meaning) in split_parameters(line, typed).zip(columns.iter().cycle()) {
            let value = part.trim_start_matches([' ', '\'', '"']);
            let start = at + (part.len() - value.len());
            let value = match typed {
                true => value.rsplit_once('(').map_or(value, |(value, _)| value),
                false => value.trim_end_matches([' ', '\'', '"', ']', ')', '}', '\r', ';']),
            };
            self.statement.record.value(*meaning, start, start + value.len());
            at += part.len() + 1;
        }
        self.statement.placeholders = columns;
        // The record's signals stay with the statement: a batch prints its parameters line by line.
        let signals = self.statement.record.signals();
        self.settle();
        self.statement.record.add(signals);
        from + length
    }

    fn settle(&mut self) {
        self.statement.record.settle(self.text, self.hits);
    }
}

/// The parameters of a line, less the commas between: `何霞(String), 1(Integer), null` or `何霞, 1, null`.
fn split_parameters(line: &str, typed: bool) -> impl Iterator<Item = &str> {
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let line = rest?;
        // A value may hold commas; behind its type, or a `null`, there is one that ends it.
        let cut = memchr::memchr_iter(b',', line.as_bytes()).find(|at| {
            let before = line.get(..*at).unwrap_or_default();
            !typed || before.ends_with(')') || before.trim_start() == "null"
        });
        match cut.and_then(|at| line.split_at_checked(at)) {
            Some((part, after)) => {
                rest = after.get(1..);
                Some(part)
            }
            None => rest.take(),
        }
    })
}

/// Whether a word that stands where a value does is one: columns, functions and variables are written in letters.
fn is_bare_value(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '.');
    text.len() >= 3
        && text.starts_with(|c: char| c.is_alphanumeric())
        && !text.contains(['(', '\'', '"', '`', '='])
        && !text.trim_end_matches(|c: char| c.is_ascii_digit()).chars().all(plain)
}

fn is_any(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| word.eq_ignore_ascii_case(text))
}

#[cfg(test)]
mod tests;
