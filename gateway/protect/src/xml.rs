//! XML (1.0, with namespaces) and SOAP: text, attributes and names; markup kept.
//!
//! An element is an object whose members are its attributes and child elements; one that has neither is a text.
//! Prefixes are no part of names. In paths of bindings and findings:
//!
//! - `$` is the document and also its root element, so that `$.customers.customer[*]` and `$.customer[*]` both lead to
//!   the customers of `<customers><customer/>…</customers>`;
//! - elements of one name side by side are a list of that name; a single one is a list of one where a position is
//!   asked for, save that positions within an element that holds nothing but elements with parts are those of what it
//!   holds (`$.data[0]` is the first `item` of `<data><item>…</item>…</data>`);
//! - `@name`, or `name`, is an attribute, and `#text` the text beside attributes or elements. A path to an element
//!   also leads to its text.
//!
//! Text is read over comments, CDATA sections and child elements, as HTML is: `138<b>0013</b>8000` is one number.
//! A name that stands as a value (`<field name="mobile" value="…"/>`) speaks for the value beside it.
//!
//! Refused is all that is not well-formed, and any document type declaration: what it defines changes what the rest
//! says. Entities are those five that need no definition.

mod pairs;
mod parse;
mod text;
mod token;

use crate::Uninspectable;
use crate::classify::Classify;
use crate::edit::Edits;
use crate::tree::{Grammar, Keys, Level, Member, Node, Part, Spelling};
use std::borrow::Cow;
use std::ops::Range;
use text::{Manner, Text};

/// XML: a document, or what may stand inside an element.
#[derive(Clone, Copy)]
pub(crate) struct Xml<const FRAGMENT: bool>;

/// A whole document.
pub(crate) type Document = Xml<false>;
/// What may stand inside an element: in strings and comments.
pub(crate) type Fragment = Xml<true>;

/// In the place of a name's offset: the node is the text of a whole document or among child elements.
const TEXT: u32 = u32::MAX;
/// The same for a comment.
const COMMENT: u32 = u32::MAX - 1;
/// The same for a processing instruction.
const INSTRUCTION: u32 = u32::MAX - 2;

impl<const FRAGMENT: bool> Grammar for Xml<FRAGMENT> {
    fn parse<C: Classify>(
        level: &mut Level,
        text: &str,
        keys: &mut Keys,
        classifier: &C,
        depth: (usize, usize),
    ) -> Result<Self, Uninspectable> {
        // Names beside values are seen to by the grammar, which knows attributes from elements.
        parse::parse(text, &mut level.nodes, keys, classifier, depth, FRAGMENT)?;
        Ok(Xml)
    }
}

impl<const FRAGMENT: bool> Spelling for Xml<FRAGMENT> {
    type Pieces<'r> = Text<'r>;

    const REPEATS: bool = true;
    const UNORDERED: bool = true;

    fn pieces<'r>(self, raw: &'r str, part: Part<'_>) -> Text<'r> {
        let manner = match part {
            Part::Name => Manner::Name,
            Part::Contents(node) => match node.name {
                COMMENT => Manner::Comment,
                INSTRUCTION => Manner::Instruction,
                _ => Manner::Content,
            },
        };
        Text::new(raw, manner)
    }

    fn contents(self, node: &Node) -> Range<usize> {
        node.start as usize..node.end as usize
    }

    fn name(self, text: &str, node: &Node) -> Range<usize> {
        let from = node.name as usize;
        from..from + name(text, node).len()
    }

    fn step<'n>(self, text: &str, node: &Node, name: &'n str) -> Cow<'n, str> {
        match self.member(text, node) {
            Member::Element => Cow::Borrowed(token::local(name)),
            // Which name stands for a namespace is not what it is called.
            Member::Attribute if name.starts_with("xmlns") => Cow::Owned(format!("@{name}")),
            Member::Attribute => Cow::Owned(format!("@{}", token::local(name))),
            Member::Text => Cow::Borrowed("#text"),
            Member::Aside if node.name == COMMENT => Cow::Borrowed("#comment"),
            Member::Aside => Cow::Borrowed("#instruction"),
        }
    }

    fn member(self, text: &str, node: &Node) -> Member {
        match node.name {
            TEXT => Member::Text,
            COMMENT | INSTRUCTION => Member::Aside,
            _ if is_attribute(text, node) => Member::Attribute,
            _ if node.key.is_none() || is_text(text, node) => Member::Text,
            _ => Member::Element,
        }
    }

    fn removal(self, text: &str, node: &Node, _: Option<&Node>, _: Option<u32>) -> Range<usize> {
        match node.name {
            TEXT | COMMENT | INSTRUCTION => self.contents(node),
            _ if is_attribute(text, node) => attribute(text, node),
            _ => {
                let end = text.get(node.end as usize..).and_then(|rest| rest.find('>'));
                node.name as usize - 1..end.map_or(text.len(), |end| node.end as usize + end + 1)
            }
        }
    }

    fn emptied(self, node: &Node) -> (Range<usize>, &'static str) {
        (self.contents(node), "")
    }

    fn renamed(self, text: &str, node: &Node, edits: &mut Edits, from: usize) {
        if is_attribute(text, node) {
            // Two masked names may be the same, which attributes must not be.
            edits.truncate(from);
            let range = attribute(text, node);
            edits.push(range.start, range.end, "");
            return;
        }
        let end = match node.is_container() {
            true => text.get(..node.end as usize).and_then(|text| text.rfind("</")),
            false => Some(node.end as usize),
        };
        let end = end.filter(|at| text.get(*at..).is_some_and(|rest| rest.starts_with("</")));
        if let Some(end) = end.filter(|at| *at > node.name as usize) {
            edits.repeat(from, edits.len(), end + 2 - node.name as usize);
        }
    }
}

/// The encoding that a document says it is in, whatever it is in: that is for the caller to compare.
pub fn declared_encoding(body: &[u8]) -> Option<&str> {
    let head = body.get(..body.len().min(LONGEST_DECLARATION))?;
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let end = memchr::memmem::find(head, b"?>")?;
    let declaration = str::from_utf8(head.get(..end)?).ok()?.strip_prefix("<?xml")?;
    let (_, rest) = declaration.split_once("encoding")?;
    let rest = rest.trim_ascii_start().strip_prefix('=')?.trim_ascii_start();
    let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    rest.get(1..)?.split_once(quote).map(|(name, _)| name)
}

/// Whether a string may hold XML worth reading.
#[inline]
pub(crate) fn looks_like_xml(text: &str) -> bool {
    if !text.bytes().next().is_some_and(|first| first == b'<' || first.is_ascii_whitespace()) {
        return false;
    }
    let text = text.trim_ascii();
    let second = text.strip_prefix('<').and_then(|rest| rest.chars().next());
    second.is_some_and(|second| second == '?' || second == '!' || token::begins_name(second))
        && text.ends_with('>')
}

/// The name of a node, with its prefix.
fn name<'t>(text: &'t str, node: &Node) -> &'t str {
    let rest = text.get(node.name as usize..).unwrap_or("");
    rest.get(..token::name_length(rest)).unwrap_or("")
}

/// Whether a node is an attribute: its contents end at a quote, and no others can.
fn is_attribute(text: &str, node: &Node) -> bool {
    !node.is_container() && matches!(text.as_bytes().get(node.end as usize), Some(b'"' | b'\''))
}

/// Whether a node is the text of the element that its name is of, beside attributes of it: those stand between.
fn is_text(text: &str, node: &Node) -> bool {
    let behind = node.name as usize + name(text, node).len();
    !node.is_container()
        && text.as_bytes().get(behind).is_some_and(u8::is_ascii_whitespace)
        && text.get(behind..node.start as usize).is_some_and(|tag| tag.contains('='))
}

/// The bytes of an attribute with the white space before it.
fn attribute(text: &str, node: &Node) -> Range<usize> {
    let before = text.get(..node.name as usize).unwrap_or("");
    before.trim_ascii_end().len()..node.end as usize + 1
}

/// No declaration is longer, in bytes.
const LONGEST_DECLARATION: usize = 1024;

#[cfg(test)]
mod tests;
