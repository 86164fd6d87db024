//! Tokens of SQL in running text: quotes count only where a value or a name may stand, apostrophes are no quotes.

use crate::prose::head;

/// One token; texts and names without their quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'t> {
    /// A word or a number.
    Word {
        text: &'t str,
        start: usize,
        end: usize,
        number: bool,
    },
    /// A quoted name: `` `id_no` ``, `[id_no]`, `"id_no"`.
    Name {
        text: &'t str,
    },
    /// A quoted value.
    Text {
        start: usize,
        end: usize,
        /// In double quotes, which some systems put around names.
        name: bool,
    },
    /// `?`, `$1`, `:name`, `@p1`, `%s`.
    Placeholder,
    Open,
    Close,
    Comma,
    /// `=`, `<>`, `>=` …
    Comparison,
    /// A semicolon, or anything else.
    End,
}

pub(super) struct Tokens<'t> {
    text: &'t str,
    at: usize,
    /// Where the last token begins.
    pub(super) start: usize,
    /// Whether a value may stand here: behind a bracket, a comma, a comparison or a word that takes one.
    value_may_follow: bool,
}

impl<'t> Tokens<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        Tokens { text, at: 0, start: 0, value_may_follow: false }
    }

    pub(super) fn skip_to(&mut self, at: usize) {
        self.at = at.max(self.at);
        self.value_may_follow = false;
    }

    pub(super) fn next(&mut self) -> Option<Token<'t>> {
        let rest = self.text.get(self.at..)?;
        let start = self.at + (rest.len() - rest.trim_start().len());
        let rest = self.text.get(start..)?;
        let c = rest.chars().next()?;
        let expects_value = std::mem::replace(&mut self.value_may_follow, false);
        let (token, length) = match c {
            '\'' if expects_value => self.quoted(start, rest, '\''),
            '"' if expects_value => self.quoted(start, rest, '"'),
            '"' | '`' | '[' => match quoted_name(rest, if c == '[' { ']' } else { c }) {
                Some(name) => (Token::Name { text: name }, name.len() + 2),
                None => (Token::End, 1),
            },
            '?' => (Token::Placeholder, 1),
            '$' | ':' | '@' | '%' if expects_value => {
                let name = rest.get(1..).unwrap_or_default();
                (Token::Placeholder, 1 + head(name, 64, is_of_word))
            }
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            ',' => (Token::Comma, 1),
            '=' | '<' | '>' | '!' => (Token::Comparison, 1),
            _ if is_of_word(c) || (c == '-' && expects_value) => self.word(start, rest),
            c => (Token::End, c.len_utf8()),
        };
        self.start = start;
        self.at = start + length;
        self.value_may_follow |= matches!(token, Token::Open | Token::Comma | Token::Comparison);
        Some(token)
    }

    fn word(&mut self, start: usize, rest: &'t str) -> (Token<'t>, usize) {
        let sign = usize::from(rest.starts_with('-'));
        let after = rest.get(sign..).unwrap_or_default();
        let length = sign + head(after, 256, is_of_word);
        let text = rest.get(..length).unwrap_or_default();
        let number = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-'));
        // `N'何霞'`, `E'…'`, `_utf8'…'` put a letter before the quote.
        let prefix = rest.get(length..).is_some_and(|after| after.starts_with('\''))
            && (matches!(text, "N" | "n" | "E" | "e" | "B" | "X" | "x") || text.starts_with('_'));
        const TAKE_VALUES: &[&str] =
            &["like", "ilike", "rlike", "regexp", "and", "between", "not", "is", "date"];
        self.value_may_follow = prefix || super::is_any(text, TAKE_VALUES);
        (Token::Word { text, start, end: start + length, number }, length.max(1))
    }

    /// A quoted value; a doubled quote and one behind a backslash are part of it. One that is cut ends with its line.
    fn quoted(&self, start: usize, rest: &'t str, quote: char) -> (Token<'t>, usize) {
        let bytes = rest.as_bytes();
        let quote = quote as u8;
        let mut at = 1;
        while let Some(byte) = bytes.get(at).copied() {
            let next = bytes.get(at + 1).copied();
            match byte {
                b'\\' if next.is_some_and(|next| next.is_ascii()) => at += 2,
                _ if byte == quote && next == Some(quote) && at > 1 => at += 2,
                _ if byte == quote => {
                    return (Token::Text { start: start + 1, end: start + at, name: quote == b'"' }, at + 1);
                }
                b'\n' => break,
                _ => at += 1,
            }
        }
        (Token::Text { start: start + 1, end: start + at, name: quote == b'"' }, at)
    }
}

fn quoted_name(rest: &str, close: char) -> Option<&str> {
    let inner = rest.get(1..)?;
    let length = head(inner, 64, |c| is_of_word(c) || c == ' ');
    let name = inner.get(..length)?;
    inner.get(length..)?.starts_with(close).then_some(name).filter(|name| !name.trim().is_empty())
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | '$' | '#')
}
