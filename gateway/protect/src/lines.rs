//! Where JSON stands in text: all of it, or whole lines of it, as in NDJSON, server-sent events and logs.

use crate::json::looks_like_json;
use std::ops::Range;

/// Cuts a text into parts that may be JSON and text between them. Text of several lines stays together, because what
/// is to be found may go over a line's end (a private key).
pub(crate) fn parts(text: &str) -> Vec<Range<usize>> {
    let mut parts = vec![];
    let (mut begin, mut at) = (0, 0);
    let is_one = !text.contains('\n') || is_json(text);
    for line in text.split_inclusive('\n').filter(|_| !is_one) {
        let content = at + event_field(line);
        let end = at + line.len();
        if text.get(content..end).is_some_and(is_json) {
            parts.extend([begin..content, content..end]);
            begin = end;
        }
        at = end;
    }
    parts.push(begin..text.len());
    parts.retain(|part| !part.is_empty());
    parts
}

/// Bytes of the field name that a line of an event stream begins with.
fn event_field(line: &str) -> usize {
    if line.starts_with("data:") { "data:".len() } else { 0 }
}

/// Whether a text is JSON, or would be were it not too deep: that is for the engine to say.
fn is_json(text: &str) -> bool {
    looks_like_json(text)
        && match serde_json::from_str::<serde::de::IgnoredAny>(text.trim_start()) {
            Ok(_) => true,
            // Serde's own limit of depth is less than the engine's may be.
            Err(error) => !error.is_eof() && error.to_string().starts_with("recursion limit"),
        }
}
