//! HTML cut into text, tags and raw text, leniently: whatever a browser would show or run is given out somewhere.

/// A piece of a page, by byte ranges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// Text with character references.
    Text(Range),
    /// A start or end tag.
    Tag(Tag),
    /// What stands in a comment, a declaration, or an element whose contents aren't markup.
    Raw(Range),
}

pub(super) type Range = std::ops::Range<usize>;

/// A start or end tag.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tag {
    /// In lower case.
    pub(super) name: String,
    pub(super) is_end: bool,
    pub(super) attributes: Vec<Attribute>,
}

/// An attribute.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Attribute {
    /// In lower case.
    pub(super) name: String,
    pub(super) value: Range,
}

/// Reads a page from the start.
pub(super) struct Tokens<'t> {
    text: &'t str,
    at: usize,
    /// The element whose contents come next and aren't markup.
    raw: Option<String>,
}

impl<'t> Tokens<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Tokens { text, at: 0, raw: None }
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or("")
    }

    /// Takes everything up to `end`, and `skip` bytes more.
    fn take(&mut self, end: usize, skip: usize) -> Range {
        let from = self.at;
        self.at = (end + skip).min(self.text.len());
        from..end
    }

    fn raw_text(&mut self, element: &str) -> Range {
        let rest = self.rest();
        let mut from = 0;
        while let Some(found) = rest.get(from..).and_then(|rest| rest.find("</")) {
            let after = rest.get(from + found + 2..).unwrap_or("");
            if after.get(..element.len()).is_some_and(|name| name.eq_ignore_ascii_case(element)) {
                return self.take(self.at + from + found, 0);
            }
            from += found + 2;
        }
        self.take(self.text.len(), 0)
    }

    /// A declaration or comment; `self.at` is behind its opening.
    fn until(&mut self, closing: &str) -> Token {
        match self.rest().find(closing) {
            Some(found) => Token::Raw(self.take(self.at + found, closing.len())),
            None => Token::Raw(self.take(self.text.len(), 0)),
        }
    }

    fn tag(&mut self) -> Token {
        self.at += 1;
        let is_end = self.rest().starts_with('/');
        self.at += usize::from(is_end);
        let name = self.word(|byte| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>'));
        let mut tag = Tag { name: name.to_ascii_lowercase(), is_end, attributes: vec![] };
        loop {
            self.word(|byte| !byte.is_ascii_whitespace() && byte != b'/');
            match self.rest().as_bytes().first() {
                None => break,
                Some(b'>') => {
                    self.at += 1;
                    break;
                }
                Some(_) => tag.attributes.push(self.attribute()),
            }
        }
        if !is_end && RAW.contains(&tag.name.as_str()) {
            self.raw = Some(tag.name.clone());
        }
        Token::Tag(tag)
    }

    fn attribute(&mut self) -> Attribute {
        // An equals sign at the start belongs to the name.
        let from = self.at;
        self.at += usize::from(self.rest().starts_with('='));
        self.word(|byte| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>' | b'='));
        let name = self.text.get(from..self.at).unwrap_or("").to_ascii_lowercase();
        let behind = self.at;
        self.word(|byte| !byte.is_ascii_whitespace());
        if !self.rest().starts_with('=') {
            self.at = behind;
            // A name alone may hold a value too, where someone forgot the quotes.
            return Attribute { name, value: from..behind };
        }
        self.at += 1;
        self.word(|byte| !byte.is_ascii_whitespace());
        let value = match self.rest().as_bytes().first() {
            Some(quote @ (b'"' | b'\'')) => {
                self.at += 1;
                let end = memchr::memchr(*quote, self.rest().as_bytes())
                    .map_or(self.text.len(), |found| self.at + found);
                self.take(end, 1)
            }
            _ => {
                let from = self.at;
                self.word(|byte| byte.is_ascii_whitespace() || byte == b'>');
                from..self.at
            }
        };
        Attribute { name, value }
    }

    /// Goes on to the first byte that ends a word.
    fn word(&mut self, ends: impl Fn(u8) -> bool) -> &'t str {
        let rest = self.rest();
        // The bytes that end words are ASCII, so they stand on character boundaries.
        let length = rest.bytes().position(ends).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or("")
    }
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        if let Some(element) = self.raw.take() {
            let range = self.raw_text(&element);
            if !range.is_empty() {
                // These hold character references, the others hold none.
                let is_text = matches!(element.as_str(), "textarea" | "title");
                return Some(if is_text { Token::Text(range) } else { Token::Raw(range) });
            }
        }
        let rest = self.rest();
        let second = rest.as_bytes().get(1).copied().unwrap_or(b' ');
        if rest.is_empty() {
            return None;
        } else if rest.starts_with("<!--") {
            self.at += 4;
            if self.rest().starts_with('>') {
                return Some(Token::Raw(self.take(self.at, 1)));
            }
            return Some(self.until("-->"));
        } else if rest.starts_with("<!") || rest.starts_with("<?") {
            self.at += 2;
            return Some(self.until(">"));
        } else if rest.starts_with('<') && second.is_ascii_alphabetic() {
            return Some(self.tag());
        } else if rest.starts_with("</") {
            if rest.as_bytes().get(2).is_some_and(u8::is_ascii_alphabetic) {
                return Some(self.tag());
            }
            self.at += 2;
            return Some(self.until(">"));
        }
        // A `<` that begins nothing is text.
        let end = rest
            .bytes()
            .skip(1)
            .position(|byte| byte == b'<')
            .map_or(self.text.len(), |found| self.at + 1 + found);
        Some(Token::Text(self.take(end, 0)))
    }
}

/// Elements whose contents aren't markup.
const RAW: [&str; 9] =
    ["script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes", "plaintext"];
