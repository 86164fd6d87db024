//! Texts written by hand, as securities firms write them: what people say in remarks, complaints, calls and mails, and
//! pages. Unlike the halves' templates their names and places are part of the text, so each is read as it stands.
//!
//! A line is the sort of text, a tab, and the text. `{kind=value}` is somebody's, `{?=value}` may be argued either way,
//! all else is nobody's; `\n` and `\r` are line breaks.

use crate::documents::Document;
use crate::formats::json::{self, Node, Style};
use crate::marked::{Label, Marked, Tag};
use crate::measure::Outcome;
use crate::records;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::rc::Rc;
use yingbi_taxonomy::Kind;

/// The texts of this name.
pub fn file(name: &str) -> &'static str {
    match name {
        "first" => include_str!("written/first.txt"),
        "second" => include_str!("written/second.txt"),
        "third" => include_str!("written/third.txt"),
        "fourth" => include_str!("written/fourth.txt"),
        other => panic!("no texts named `{other}`"),
    }
}

/// Every text as it stands, and all but pages and parts also as the string of a JSON document.
pub fn documents(file: &str) -> Vec<Document> {
    let mut made = Vec::new();
    for line in file.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (sort, text) = line.split_once('\t').unwrap_or_else(|| panic!("no tab in `{line}`"));
        let (format, content_type) = match sort {
            "html" => ("HTML", "text/html; charset=utf-8"),
            "parts" => ("multipart", "multipart/form-data; boundary=kd83Zk1"),
            _ => ("text", "text/plain; charset=utf-8"),
        };
        let shape: &'static str = sort.to_owned().leak();
        let text = read(text, shape);
        let mut add = |format, content_type: &str, content: Marked| {
            made.push(Document {
                number: made.len(),
                format,
                shape,
                content_type: content_type.to_owned(),
                body: content.text,
                marks: content.marks,
            });
        };
        if format == "text" {
            let member = (json::key("remark"), Node::String(text.clone()));
            add("JSON", "application/json", json::write(&Node::Object(vec![member]), Style::Compact));
        }
        add(format, content_type, text);
    }
    made
}

fn read(line: &str, sort: &str) -> Marked {
    let mut text = Marked::default();
    let mut rest = line;
    let mut labels = 0;
    while let Some((before, after)) = rest.split_once('{') {
        push(before, &mut text);
        rest = after;
        let slot = after.split_once('=').and_then(|(tag, after)| {
            let is_tag = tag == "?"
                || (!tag.is_empty()
                    && tag.bytes().all(|byte| b"abcdefghijklmnopqrstuvwxyz.-".contains(&byte)));
            is_tag.then(|| (tag, after.split_once('}').unwrap_or_else(|| panic!("open value: `{line}`"))))
        });
        let Some((tag, (value, after))) = slot else {
            text.push("{");
            continue;
        };
        rest = after;
        let tag = match tag {
            "?" => Tag::Neutral,
            tag => {
                let kind = Kind::from_id(tag).unwrap_or_else(|| panic!("`{tag}` is no kind of the taxonomy"));
                labels += 1;
                Tag::Label(Rc::new(Label {
                    id: labels,
                    kind,
                    needle: records::needle(tag, value).filter(|_| !value.contains(['<', '=', '%'])),
                    disguise: "none",
                    place: sort.into(),
                    record: 0,
                }))
            }
        };
        text.append(&Marked::tagged(value, tag));
    }
    push(rest, &mut text);
    text
}

fn push(literal: &str, text: &mut Marked) {
    text.push(&literal.replace("\\n", "\n").replace("\\r", "\r"));
}

/// Recall and precision by sort of text, level and kind.
pub fn figures(outcomes: &[Outcome]) -> String {
    let mut rows: BTreeMap<(usize, String), [usize; 4]> = BTreeMap::new();
    for outcome in outcomes {
        let sort = format!("{} {}", outcome.document.format, outcome.document.shape);
        let mut add = |row: (usize, String), column: usize, count: usize| {
            rows.entry(row).or_default()[column] += count;
        };
        for value in &outcome.values {
            let kind = value.label.kind;
            let of = [
                (0, "all".to_owned()),
                (1, format!("level {}", kind.level().number())),
                (2, sort.clone()),
                (3, kind.id().to_owned()),
            ];
            for row in of {
                add(row.clone(), 0, 1);
                add(row, 1, usize::from(value.missed));
            }
        }
        for row in [(0, "all".to_owned()), (2, sort)] {
            add(row.clone(), 2, outcome.hits.len());
            add(row, 3, outcome.false_hits.len());
        }
    }
    let mut out = String::new();
    for ((_, name), [values, missed, hits, false_hits]) in rows {
        let share = |bad: usize, all: usize| 100.0 * (1.0 - bad as f64 / all.max(1) as f64);
        let _ = writeln!(
            out,
            "{name:40} recall {:6.2} % ({missed:>3} of {values:>4} missed)  precision {:6.2} % ({false_hits} false)",
            share(missed, values),
            share(false_hits, hits + false_hits),
        );
    }
    out
}
