//! Text of XML: read over references, CDATA sections, comments and tags; written so that it stays text.

use super::token::{continues_name, reference, tag_length};
use crate::tree::{BadSpelling, Piece, Pieces};

/// How a stretch of a document is spelt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    Name,
    /// What an element holds, or an attribute.
    Content,
    Comment,
    Instruction,
}

/// Reads a stretch of a document as text.
#[derive(Clone)]
pub(crate) struct Text<'r> {
    raw: &'r str,
    at: usize,
    manner: Manner,
    is_cdata: bool,
    /// Elements open, and how many were begun within none.
    depth: usize,
    elements: usize,
}

impl<'r> Text<'r> {
    pub(super) fn new(raw: &'r str, manner: Manner) -> Self {
        Text { raw, at: 0, manner, is_cdata: false, depth: 0, elements: 0 }
    }

    fn take(&mut self, length: usize) -> &'r str {
        let taken = self.raw.get(self.at..self.at + length).unwrap_or("");
        self.at += length;
        taken
    }

    /// Markup that begins with `open` and goes on up to and with the next `end` behind that: `<!-->` ends no comment.
    fn skip(&mut self, rest: &str, open: &str, end: &str) -> Result<Option<Piece<'r>>, BadSpelling> {
        let inside = rest.get(open.len()..).unwrap_or("");
        let length = inside.find(end).ok_or(BadSpelling { at: self.at })?;
        self.at += open.len() + length + end.len();
        Ok(Some(Piece::Markup))
    }

    fn markup(&mut self, rest: &str) -> Result<Option<Piece<'r>>, BadSpelling> {
        if rest.starts_with(CDATA) {
            self.is_cdata = true;
            self.at += CDATA.len();
            return Ok(Some(Piece::Markup));
        }
        if rest.starts_with("<!--") {
            return self.skip(rest, "<!--", "-->");
        }
        if rest.starts_with("<?") {
            return self.skip(rest, "<?", "?>");
        }
        let length = tag_length(rest).ok_or(BadSpelling { at: self.at })?;
        let tag = self.take(length);
        if tag.starts_with("</") {
            self.depth = self.depth.saturating_sub(1);
        } else if !tag.ends_with("/>") {
            self.elements += usize::from(self.depth == 0);
            self.depth += 1;
        }
        Ok(Some(Piece::Markup))
    }
}

impl<'r> Pieces<'r> for Text<'r> {
    fn at(&self) -> usize {
        self.at
    }

    fn next(&mut self) -> Result<Option<Piece<'r>>, BadSpelling> {
        let rest = self.raw.get(self.at..).unwrap_or("");
        if rest.is_empty() {
            return Ok(None);
        }
        if self.manner != Manner::Content {
            return Ok(Some(Piece::Plain(self.take(rest.len()))));
        }
        if self.is_cdata {
            let length = rest.find(CDATA_END).ok_or(BadSpelling { at: self.at })?;
            if length > 0 {
                return Ok(Some(Piece::Plain(self.take(length))));
            }
            self.is_cdata = false;
            self.at += CDATA_END.len();
            return Ok(Some(Piece::Markup));
        }
        match memchr::memchr2(b'&', b'<', rest.as_bytes()) {
            Some(0) if rest.starts_with('&') => {
                let (character, length) = reference(rest).ok_or(BadSpelling { at: self.at })?;
                self.at += length;
                Ok(Some(Piece::Character(character)))
            }
            Some(0) => self.markup(rest),
            found => Ok(Some(Piece::Plain(self.take(found.unwrap_or(rest.len()))))),
        }
    }

    fn needs_encoding(&self, text: &str) -> bool {
        text.chars().any(|character| self.spelling(character).is_some())
    }

    fn encode(&self, text: &str, out: &mut String) {
        for character in text.chars() {
            match self.spelling(character) {
                Some(spelt) => out.push_str(spelt),
                None => out.push(character),
            }
        }
    }

    fn inside(&self) -> usize {
        if self.depth > 0 { self.elements } else { 0 }
    }
}

impl Text<'_> {
    /// What must stand for a character; `None` when it stands for itself.
    fn spelling(&self, character: char) -> Option<&'static str> {
        match (self.manner, character) {
            (Manner::Name, _) => (!continues_name(character)).then_some("_"),
            // Two hyphens end a comment.
            (Manner::Comment, '-') | (Manner::Instruction, '?' | '>') => Some("*"),
            (Manner::Comment | Manner::Instruction, _) => None,
            // `]]>` may stand in neither, and may come about with what stands beside.
            (Manner::Content, ']') if self.is_cdata => Some("]]>]<![CDATA["),
            (Manner::Content, '>') if self.is_cdata => Some("]]>&gt;<![CDATA["),
            (Manner::Content, _) if self.is_cdata => None,
            (Manner::Content, ']') => Some("&#93;"),
            (Manner::Content, '>') => Some("&gt;"),
            (Manner::Content, '<') => Some("&lt;"),
            (Manner::Content, '&') => Some("&amp;"),
            (Manner::Content, '"') => Some("&quot;"),
            (Manner::Content, '\'') => Some("&#39;"),
            (Manner::Content, '\n') => Some("&#10;"),
            (Manner::Content, '\r') => Some("&#13;"),
            (Manner::Content, '\t') => Some("&#9;"),
            (Manner::Content, _) => None,
        }
    }
}

const CDATA: &str = "<![CDATA[";
const CDATA_END: &str = "]]>";
