//! NDJSON, JSON text sequences and server-sent events.

use super::json::{self, Node, Style};
use crate::marked::Marked;
use crate::rng::Rng;

/// A document a line.
pub fn ndjson(records: &[Node], style: Style) -> Marked {
    let style = if style == Style::Pretty { Style::Compact } else { style };
    let mut out = Marked::default();
    for record in records {
        out.append(&json::write(record, style));
        out.push("\n");
    }
    out
}

/// RFC 7464.
pub fn sequence(records: &[Node], style: Style) -> Marked {
    let mut out = Marked::default();
    for record in records {
        out.push("\u{1e}");
        out.append(&json::write(record, style));
        out.push("\n");
    }
    out
}

/// An event a record.
pub fn events(records: &[Node], style: Style) -> Marked {
    let style = if style == Style::Pretty { Style::Compact } else { style };
    let mut out = Marked::plain(": connected\n\n");
    for (place, record) in records.iter().enumerate() {
        out.push(&format!("id: {place}\nevent: record\ndata: "));
        out.append(&json::write(record, style));
        out.push("\n\n");
    }
    out
}

/// A text that streams in pieces of a few characters, as answers of assistants do: values are split over events.
pub fn deltas(rng: &mut Rng, text: &Marked, name: &str) -> Marked {
    let mut offsets = Vec::new();
    let mut next = rng.between(2, 7);
    for (place, (offset, _)) in text.text.char_indices().enumerate() {
        if place == next {
            offsets.push(offset);
            next += rng.between(2, 7);
        }
    }
    let mut out = Marked::default();
    for piece in text.cut(&offsets) {
        let delta = Node::Object(vec![(json::key(name), Node::String(piece))]);
        out.push("data: ");
        out.append(&json::write(&delta, Style::Compact));
        out.push("\n\n");
    }
    out.push("data: [DONE]\n\n");
    out
}
