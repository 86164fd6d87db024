//! The grammar of XML, without recursion, into one flat list of values.

use super::pairs;
use super::token::{begins_name, is_allowed, local, name_length, reference};
use super::{COMMENT, INSTRUCTION, TEXT};
use crate::Uninspectable;
use crate::classify::Classify;
use crate::tree::{KeyId, Keys, Node, Shape, malformed};
use std::collections::HashSet;
use std::ops::Range;
use yingbi_classifiers::Signals;

/// Reads a document, or a fragment of one, into `nodes`. `depth` is how deep elements may nest, `limit` what to call
/// it in the error.
pub(super) fn parse<C: Classify>(
    text: &str,
    nodes: &mut Vec<Node>,
    keys: &mut Keys,
    classifier: &C,
    (depth, limit): (usize, usize),
    is_fragment: bool,
) -> Result<(), Uninspectable> {
    nodes.clear();
    let end = u32::try_from(text.len()).ok().filter(|end| *end < INSTRUCTION);
    let end = end.ok_or(malformed(INSTRUCTION as usize))?;
    if let Some((at, _)) = text.char_indices().find(|(_, character)| !is_allowed(*character)) {
        return Err(malformed(at));
    }
    let mut parser = Parser { text, at: 0, nodes, keys, classifier, open: vec![], read: 0 };
    parser.push(0..end as usize, TEXT, KeyId::NONE, Shape::Object);
    parser.open.push(Element {
        node: 0,
        name: 0..0,
        content: 0,
        has_text: false,
        has_elements: false,
        signals: Signals::default(),
    });
    while parser.at < text.len() {
        if parser.open.len() > depth {
            return Err(Uninspectable::TooDeep { limit });
        }
        parser.step(is_fragment)?;
    }
    parser.finish(is_fragment)
}

struct Parser<'t, 'k, C> {
    text: &'t str,
    at: usize,
    nodes: &'k mut Vec<Node>,
    keys: &'k mut Keys,
    classifier: &'k C,
    /// The document and the elements that are open.
    open: Vec<Element>,
    /// Bytes of text read among child elements, each as often as it is.
    read: usize,
}

/// An element that is not closed yet.
struct Element {
    node: u32,
    /// Its name with the prefix.
    name: Range<usize>,
    /// Where what it holds begins.
    content: usize,
    has_text: bool,
    has_elements: bool,
    /// What the names in it so far say together.
    signals: Signals,
}

impl<C: Classify> Parser<'_, '_, C> {
    fn step(&mut self, is_fragment: bool) -> Result<(), Uninspectable> {
        let rest = self.rest();
        let is_outside = self.open.len() == 1 && !is_fragment;
        if !rest.starts_with('<') {
            return self.characters(is_outside);
        }
        if rest.starts_with("<!--") {
            return self.comment();
        }
        if rest.starts_with("<?") {
            return self.instruction();
        }
        if rest.starts_with("<![CDATA[") && !is_outside {
            let end = rest.find("]]>").ok_or(malformed(self.at))?;
            if let Some(element) = self.open.last_mut() {
                element.has_text = true;
            }
            self.at += end + 3;
            return Ok(());
        }
        if rest.starts_with("</") {
            return self.end_tag();
        }
        // A second root, or a document type.
        let is_second = is_outside && self.open.last().is_some_and(|document| document.has_elements);
        if is_second || rest.starts_with("<!") {
            return Err(malformed(self.at));
        }
        self.start_tag()
    }

    fn finish(mut self, is_fragment: bool) -> Result<(), Uninspectable> {
        let document = self.open.pop().filter(|_| self.open.is_empty()).ok_or(malformed(self.text.len()))?;
        if !document.has_elements {
            return Err(malformed(self.text.len()));
        }
        if is_fragment && document.has_text {
            self.push_text(0..self.text.len(), TEXT, true)?;
        }
        self.close(&document, self.text.len());
        Ok(())
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn push(&mut self, range: Range<usize>, name: u32, key: KeyId, shape: Shape) {
        Node::push(self.nodes, range, name as usize, key, shape);
    }

    /// Text up to the next markup.
    fn characters(&mut self, is_outside: bool) -> Result<(), Uninspectable> {
        let length = memchr::memchr(b'<', self.rest().as_bytes()).unwrap_or(self.rest().len());
        let range = self.at..self.at + length;
        let text = self.text.get(range.clone()).unwrap_or("");
        let is_blank = text.bytes().all(|byte| byte.is_ascii_whitespace());
        if is_outside && !is_blank {
            return Err(malformed(range.start));
        }
        if let Some(found) = text.find("]]>") {
            return Err(malformed(range.start + found));
        }
        self.references(range.clone())?;
        if let Some(element) = self.open.last_mut() {
            element.has_text |= !is_blank;
        }
        self.at = range.end;
        Ok(())
    }

    /// Checks the references in a text.
    fn references(&self, range: Range<usize>) -> Result<(), Uninspectable> {
        let text = self.text.get(range.clone()).unwrap_or("");
        for found in memchr::memchr_iter(b'&', text.as_bytes()) {
            text.get(found..).and_then(reference).ok_or(malformed(range.start + found))?;
        }
        Ok(())
    }

    fn comment(&mut self) -> Result<(), Uninspectable> {
        let from = self.at + "<!--".len();
        let rest = self.text.get(from..).unwrap_or("");
        let length = rest.find("--").ok_or(malformed(self.at))?;
        if !rest.get(length..).is_some_and(|end| end.starts_with("-->")) {
            return Err(malformed(from + length));
        }
        self.aside(from..from + length, COMMENT);
        self.at = from + length + "-->".len();
        Ok(())
    }

    fn instruction(&mut self) -> Result<(), Uninspectable> {
        let from = self.at + "<?".len();
        let rest = self.text.get(from..).unwrap_or("");
        let length = rest.find("?>").ok_or(malformed(self.at))?;
        let body = rest.get(..length).unwrap_or("");
        let (target, data) = body.split_at_checked(name_length(body)).unwrap_or((body, ""));
        let is_parted = data.is_empty() || data.starts_with(|first: char| first.is_ascii_whitespace());
        if !target.starts_with(begins_name) || !is_parted || is_suspicious(target) {
            return Err(malformed(self.at));
        }
        if target.eq_ignore_ascii_case("xml") {
            // It stands at the very beginning; in a string there may be white space before it.
            let is_first = self.text.get(..self.at).is_some_and(|before| before.trim_ascii().is_empty());
            if !is_first || target != "xml" || !is_declaration(data) {
                return Err(malformed(self.at));
            }
        } else {
            let end = from + length;
            self.aside(end - data.trim_ascii_start().len()..end, INSTRUCTION);
        }
        self.at = from + length + "?>".len();
        Ok(())
    }

    /// What is no part of the data is still read.
    fn aside(&mut self, range: Range<usize>, name: u32) {
        let (key, _) = self.keys.resolve_plain("comment", self.classifier);
        self.push(range, name, key, Shape::Escaped);
    }

    fn start_tag(&mut self) -> Result<(), Uninspectable> {
        let begin = self.at;
        self.at += 1;
        let name = self.name()?;
        let key = self.key(name.clone())?;
        let node = self.nodes.len() as u32;
        self.push(begin..begin, name.start as u32, key, Shape::Object);
        let mut element = Element {
            node,
            name,
            content: 0,
            has_text: false,
            has_elements: false,
            signals: Signals::default(),
        };
        let mut attributes = vec![];
        let is_empty = loop {
            let spaces = self.spaces();
            let rest = self.rest();
            if rest.starts_with("/>") {
                self.at += 2;
                break true;
            }
            if rest.starts_with('>') {
                self.at += 1;
                break false;
            }
            if !spaces {
                return Err(malformed(self.at));
            }
            attributes.push(self.attribute(&mut element.signals)?);
        };
        let text = self.text;
        let mut seen = HashSet::new();
        if attributes.len() > 1
            && let Some(twice) = attributes.iter().find(|name| !seen.insert(text.get((*name).clone())))
        {
            return Err(malformed(twice.start));
        }
        element.content = self.at;
        let own = self.keys.key(key).meaning.signals();
        if let Some(parent) = self.open.last_mut() {
            parent.has_elements = true;
            parent.signals = parent.signals.union(own);
        }
        if is_empty {
            let end = self.at - "/>".len();
            return self.end_element(&element, end);
        }
        self.open.push(element);
        Ok(())
    }

    /// An attribute; where its name stands.
    fn attribute(&mut self, signals: &mut Signals) -> Result<Range<usize>, Uninspectable> {
        let name = self.name()?;
        self.spaces();
        if !self.rest().starts_with('=') {
            return Err(malformed(self.at));
        }
        self.at += 1;
        self.spaces();
        let quote = self.rest().bytes().next().filter(|byte| matches!(byte, b'"' | b'\''));
        let quote = quote.ok_or(malformed(self.at))?;
        let from = self.at + 1;
        let rest = self.text.get(from..).unwrap_or("");
        let length = memchr::memchr2(quote, b'<', rest.as_bytes()).ok_or(malformed(self.at))?;
        let range = from..from + length;
        if rest.as_bytes().get(length) != Some(&quote) {
            return Err(malformed(range.end));
        }
        self.references(range.clone())?;
        self.at = range.end + 1;
        let qualified = self.text.get(name.clone()).unwrap_or("");
        let key = if qualified.starts_with("xmlns") {
            if is_suspicious(local(qualified)) {
                return Err(malformed(name.start));
            }
            // What is bound to a prefix speaks of no data, whatever the prefix is called.
            self.keys.resolve_plain("xmlns", self.classifier).0
        } else {
            self.key(name.clone())?
        };
        *signals = signals.union(self.keys.key(key).meaning.signals());
        let shape = self.shape(range.clone());
        self.push(range, name.start as u32, key, shape);
        Ok(name)
    }

    fn end_tag(&mut self) -> Result<(), Uninspectable> {
        let begin = self.at;
        self.at += 2;
        let name = self.name()?;
        self.spaces();
        let is_closed = self.rest().starts_with('>');
        let element = self.open.pop().filter(|_| !self.open.is_empty()).ok_or(malformed(begin))?;
        if !is_closed || self.text.get(name) != self.text.get(element.name.clone()) {
            return Err(malformed(begin));
        }
        self.at += 1;
        self.end_element(&element, begin)
    }

    /// What an element holds is complete, and ends at `end`.
    fn end_element(&mut self, element: &Element, end: usize) -> Result<(), Uninspectable> {
        let content = element.content.min(end)..end;
        let is_root = self.open.len() == 1;
        let has_parts = self.nodes.len() > element.node as usize + 1;
        if !has_parts && !is_root {
            let shape = self.shape(content.clone());
            if let Some(node) = self.nodes.get_mut(element.node as usize) {
                (node.start, node.end, node.shape) = (content.start as u32, content.end as u32, shape);
            }
            return Ok(());
        }
        if element.has_text {
            // What is left out takes its element along, where that is no more than it.
            let stands_alone = !is_root && !element.has_elements;
            let name = if stands_alone { element.name.start as u32 } else { TEXT };
            self.push_text(content, name, element.has_elements)?;
        }
        let named = pairs::apply(self.text, self.nodes, element.node as usize, self.keys, self.classifier);
        if let Some(parent) = self.open.last_mut() {
            parent.signals = parent.signals.union(named);
        }
        self.close(element, self.at);
        Ok(())
    }

    fn close(&mut self, element: &Element, end: usize) {
        let after = self.nodes.len() as u32;
        if let Some(node) = self.nodes.get_mut(element.node as usize) {
            (node.end, node.after, node.signals) = (end as u32, after, element.signals);
        }
    }

    fn push_text(&mut self, range: Range<usize>, name: u32, is_mixed: bool) -> Result<(), Uninspectable> {
        if is_mixed {
            self.read += range.len();
            if self.read > MOST_READ + MOST_TIMES * self.text.len() {
                return Err(Uninspectable::TooDeep { limit: MOST_TIMES });
            }
        }
        let shape = self.shape(range.clone());
        self.push(range, name, KeyId::NONE, shape);
        Ok(())
    }

    fn shape(&self, range: Range<usize>) -> Shape {
        let raw = self.text.as_bytes().get(range).unwrap_or_default();
        let is_plain = !raw.iter().any(|byte| b"&<>]'\"\r\n\t".contains(byte));
        if is_plain { Shape::Plain } else { Shape::Escaped }
    }

    fn spaces(&mut self) -> bool {
        let rest = self.rest();
        let length = rest.len() - rest.trim_ascii_start().len();
        self.at += length;
        length > 0
    }

    fn name(&mut self) -> Result<Range<usize>, Uninspectable> {
        let rest = self.rest();
        if !rest.starts_with(begins_name) {
            return Err(malformed(self.at));
        }
        let range = self.at..self.at + name_length(rest);
        self.at = range.end;
        Ok(range)
    }

    /// What a name says.
    fn key(&mut self, name: Range<usize>) -> Result<KeyId, Uninspectable> {
        let qualified = self.text.get(name.clone()).unwrap_or("");
        let own = local(qualified);
        let prefix = qualified.get(..qualified.len() - own.len()).unwrap_or("");
        // A prefix can't be masked without what declares it.
        if is_suspicious(prefix) {
            return Err(malformed(name.start));
        }
        Ok(self.keys.resolve_plain(own, self.classifier).0)
    }
}

/// Whether this is what an XML declaration says (XML 1.0 2.8), and nothing else.
fn is_declaration(data: &str) -> bool {
    let mut rest = data.trim_ascii();
    for name in ["version", "encoding", "standalone"] {
        let Some(value) = rest.strip_prefix(name) else { continue };
        let value = value.trim_ascii_start().strip_prefix('=').map_or("", str::trim_ascii_start);
        let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''));
        let quoted = quote.and_then(|quote| value.get(1..)?.split_once(quote));
        let Some((value, behind)) = quoted else { return false };
        let is_good = match name {
            "version" => matches!(value, "1.0" | "1.1"),
            "encoding" => {
                value.len() <= LONGEST_ENCODING
                    && !is_suspicious(value)
                    && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
            }
            _ => matches!(value, "yes" | "no"),
        };
        if !is_good || value.is_empty() {
            return false;
        }
        rest = behind.trim_ascii_start();
    }
    rest.is_empty()
}

/// Of the names of charsets, the longest in use have about twenty letters.
const LONGEST_ENCODING: usize = 24;

/// Whether a prefix, or an instruction's target, may hold somebody's information.
fn is_suspicious(prefix: &str) -> bool {
    prefix.bytes().filter(u8::is_ascii_digit).count() > MOST_DIGITS || !prefix.is_ascii()
}

/// Digits in a prefix: serializers count theirs (`ns12`), dates (`ns20090101`) are in some.
const MOST_DIGITS: usize = 8;

/// Text among child elements is read again as the text of each element around it: at most so often on average, and
/// so many bytes whatever the document's length.
const MOST_TIMES: usize = 8;
const MOST_READ: usize = 1 << 16;
