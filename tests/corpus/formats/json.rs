//! JSON, and JSON in JSON.

use crate::marked::{Marked, Tag};
use crate::records::Cell;
use crate::rng::Rng;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A JSON value whose strings are marked.
#[derive(Clone, Debug)]
pub enum Node {
    /// A string.
    String(Marked),
    /// Written without quotes: a number, `true`, `null`.
    Bare(Marked),
    /// Members in order.
    Object(Vec<(Marked, Node)>),
    /// Elements.
    Array(Vec<Node>),
}

/// How JSON is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// On one line.
    Compact,
    /// Over lines.
    Pretty,
    /// On one line, everything beyond ASCII as `\uXXXX`.
    Ascii,
    /// On one line, every character of a person's values as `\uXXXX`.
    Escaped,
}

impl Style {
    /// One of them; compact half the time.
    pub fn draw(rng: &mut Rng) -> Style {
        *rng.pick(&[
            Style::Compact,
            Style::Compact,
            Style::Compact,
            Style::Pretty,
            Style::Ascii,
            Style::Escaped,
        ])
    }
}

/// A member's name.
pub fn key(name: &str) -> Marked {
    Marked::plain(name)
}

/// A string that nothing is said about.
pub fn string(text: &str) -> Node {
    Node::String(Marked::plain(text))
}

/// An object of cells.
pub fn object(cells: &[Cell]) -> Node {
    Node::Object(cells.iter().map(|cell| (cell.name.clone(), value(cell))).collect())
}

/// A cell's value.
pub fn value(cell: &Cell) -> Node {
    if cell.bare { Node::Bare(cell.value.clone()) } else { Node::String(cell.value.clone()) }
}

/// `[{"name":…,"value":…},…]`, under these two names.
pub fn pairs(cells: &[Cell], name: &str, valued: &str) -> Node {
    let pair = |cell: &Cell| {
        Node::Object(vec![(key(name), Node::String(cell.name.clone())), (key(valued), value(cell))])
    };
    Node::Array(cells.iter().map(pair).collect())
}

/// `{"cols":[…],"rows":[[…],…]}`, under these two names.
pub fn columns(records: &[Vec<Cell>], names: &str, rows: &str) -> Node {
    let header = records
        .first()
        .map_or(Vec::new(), |first| first.iter().map(|cell| Node::String(cell.name.clone())).collect());
    let rows_of = records.iter().map(|cells| Node::Array(cells.iter().map(value).collect())).collect();
    Node::Object(vec![(key(names), Node::Array(header)), (key(rows), Node::Array(rows_of))])
}

/// JSON as a string's content.
pub fn inside(node: &Node, style: Style) -> Node {
    Node::String(write(node, style))
}

/// Base64 of JSON as a string's content.
pub fn base64(node: &Node) -> Node {
    let inner = write(node, Style::Compact);
    let code = STANDARD.encode(&inner.text);
    Node::String(inner.coded(code))
}

/// A query string of cells as a string's content.
pub fn query(cells: &[Cell]) -> Node {
    Node::String(super::plain::form(cells))
}

/// Writes a document.
pub fn write(node: &Node, style: Style) -> Marked {
    let mut out = Marked::default();
    node.write(style, 0, &mut out);
    out
}

impl Node {
    fn write(&self, style: Style, depth: usize, out: &mut Marked) {
        match self {
            Node::String(text) => {
                out.push("\"");
                out.append(&escaped(text, style));
                out.push("\"");
            }
            Node::Bare(text) => out.append(text),
            Node::Object(members) => {
                out.push("{");
                for (place, (name, value)) in members.iter().enumerate() {
                    separate(style, depth + 1, place, out);
                    out.push("\"");
                    out.append(&escaped(name, style));
                    out.push(if style == Style::Pretty { "\": " } else { "\":" });
                    value.write(style, depth + 1, out);
                }
                close(style, depth, members.is_empty(), "}", out);
            }
            Node::Array(elements) => {
                out.push("[");
                for (place, element) in elements.iter().enumerate() {
                    separate(style, depth + 1, place, out);
                    element.write(style, depth + 1, out);
                }
                close(style, depth, elements.is_empty(), "]", out);
            }
        }
    }
}

fn separate(style: Style, depth: usize, place: usize, out: &mut Marked) {
    if place > 0 {
        out.push(",");
    }
    if style == Style::Pretty {
        out.push("\n");
        out.push(&"  ".repeat(depth));
    }
}

fn close(style: Style, depth: usize, is_empty: bool, bracket: &str, out: &mut Marked) {
    if style == Style::Pretty && !is_empty {
        out.push("\n");
        out.push(&"  ".repeat(depth));
    }
    out.push(bracket);
}

fn escaped(text: &Marked, style: Style) -> Marked {
    let is_personal = text.marks.iter().any(|mark| matches!(mark.tag, Tag::Label(_)));
    let all = style == Style::Escaped && is_personal && text.text.chars().count() <= 40;
    let beyond_ascii = all || matches!(style, Style::Ascii | Style::Escaped);
    let written = text.escaped(|character, out| match character {
        _ if all => unicode(character, out),
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\t' => out.push_str("\\t"),
        control if control < ' ' => unicode(control, out),
        other if beyond_ascii && !other.is_ascii() => unicode(other, out),
        other => out.push(other),
    });
    let changed = all || beyond_ascii && written.text != text.text;
    if changed { written.disguised("\\u escapes") } else { written }
}

fn unicode(character: char, out: &mut String) {
    for unit in character.encode_utf16(&mut [0; 2]) {
        out.push_str(&format!("\\u{unit:04x}"));
    }
}
