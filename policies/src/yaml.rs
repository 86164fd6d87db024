//! YAML into nodes that know where they stand, so that one pass can report every problem and not just the first.

use crate::diagnostic::{Code, Sink, Text};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{DuplicateKeyPolicy, MergeKeyPolicy, Spanned};
use std::cell::RefCell;
use std::fmt;

/// Where something stands: file (by its number), line, column, bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct At {
    pub file: usize,
    pub line: usize,
    pub column: usize,
    pub start: usize,
    pub end: usize,
}

/// A value with its place.
#[derive(Clone, Debug)]
pub(crate) struct Located<T> {
    pub value: T,
    pub at: At,
}

/// A YAML node.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub value: Value,
    pub at: At,
}

#[derive(Clone, Debug)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Integer(i128),
    Float,
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Located<String>, Node)>),
}

/// The documents of one file; a file that is not YAML yields a diagnostic and none.
pub(crate) fn documents(file: usize, text: &str, sink: &mut Sink<'_>) -> Vec<Node> {
    let options = serde_saphyr::options! {
        duplicate_keys: DuplicateKeyPolicy::Error,
        merge_keys: MergeKeyPolicy::Error,
        strict_booleans: true,
        with_snippet: false,
        reject_unsupported_tags: true,
    };
    match serde_saphyr::from_multiple_with_options::<Spanned<Raw>>(text, options) {
        Ok(raw) => raw.into_iter().map(|document| node(file, document)).collect(),
        Err(error) => {
            let at = error.location().map_or(At { file, ..At::default() }, |location| place(file, location));
            let detail = error.to_string();
            sink.report(
                Code::Yaml,
                at,
                Text::new(format!("not readable as YAML: {detail}"), format!("不是可读的YAML：{detail}")),
                Text::new(
                    "check indentation, quotes and duplicate keys near this place; quote values with `*`, `[`, `{`, `:` or `#`",
                    "检查此处的缩进、引号和重复键；含 `*`、`[`、`{`、`:`、`#` 的值请加引号",
                ),
            );
            Vec::new()
        }
    }
}

impl Node {
    pub(crate) fn located<T>(&self, value: T) -> Located<T> {
        Located { value, at: self.at }
    }

    /// What the node is, for messages.
    pub(crate) fn sort(&self) -> Text {
        match &self.value {
            Value::Null => Text::new("nothing", "空"),
            Value::Bool(_) => Text::new("a boolean", "布尔值"),
            Value::Integer(_) | Value::Float => Text::new("a number", "数字"),
            Value::Text(_) => Text::new("a text", "文本"),
            Value::List(_) => Text::new("a list", "列表"),
            Value::Map(_) => Text::new("a mapping", "映射"),
        }
    }

    pub(crate) fn text(&self, sink: &mut Sink<'_>) -> Option<Located<String>> {
        match &self.value {
            Value::Text(text) => Some(self.located(text.clone())),
            _ => self.mistyped(sink, "a text", "文本"),
        }
    }

    pub(crate) fn boolean(&self, sink: &mut Sink<'_>) -> Option<Located<bool>> {
        match self.value {
            Value::Bool(value) => Some(self.located(value)),
            _ => self.mistyped(sink, "`true` or `false`", "`true` 或 `false`"),
        }
    }

    pub(crate) fn integer(&self, sink: &mut Sink<'_>) -> Option<Located<i128>> {
        match self.value {
            Value::Integer(value) => Some(self.located(value)),
            _ => self.mistyped(sink, "a whole number", "整数"),
        }
    }

    /// The elements of a list.
    pub(crate) fn list(&self, sink: &mut Sink<'_>) -> Option<&[Node]> {
        match &self.value {
            Value::List(nodes) => Some(nodes),
            _ => self.mistyped(sink, "a list", "列表"),
        }
    }

    /// A list of texts; elements that are none are reported and left out.
    pub(crate) fn texts(&self, sink: &mut Sink<'_>) -> Vec<Located<String>> {
        let nodes = self.list(sink).unwrap_or_default();
        nodes.iter().filter_map(|node| node.text(sink)).collect()
    }

    /// The entries of a mapping, to be taken key by key.
    pub(crate) fn fields<'n>(&'n self, sink: &mut Sink<'_>) -> Option<Fields<'n>> {
        match &self.value {
            Value::Map(entries) => Some(Fields { at: self.at, entries, known: RefCell::default() }),
            _ => self.mistyped(sink, "a mapping", "映射"),
        }
    }

    fn mistyped<T>(&self, sink: &mut Sink<'_>, en: &str, zh: &str) -> Option<T> {
        let sort = self.sort();
        sink.report(
            Code::WrongType,
            self.at,
            Text::new(format!("expected {en}, found {}", sort.en), format!("此处应为{zh}，却是{}", sort.zh)),
            Text::new(
                "numbers and booleans that are meant as text must be quoted",
                "当作文本的数字或布尔值须加引号",
            ),
        );
        None
    }
}

/// The entries of one mapping; whatever nobody asked for is an unknown key.
pub(crate) struct Fields<'n> {
    pub at: At,
    entries: &'n [(Located<String>, Node)],
    known: RefCell<Vec<&'static str>>,
}

impl<'n> Fields<'n> {
    pub(crate) fn optional(&self, key: &'static str) -> Option<&'n Node> {
        self.known.borrow_mut().push(key);
        let (_, node) = self.entries.iter().find(|(name, _)| name.value == key)?;
        (!matches!(node.value, Value::Null)).then_some(node)
    }

    pub(crate) fn required(&self, key: &'static str, sink: &mut Sink<'_>) -> Option<&'n Node> {
        let node = self.optional(key);
        if node.is_none() {
            sink.report(
                Code::MissingKey,
                self.at,
                Text::new(format!("key `{key}` is missing"), format!("缺少键 `{key}`")),
                Text::new(format!("add `{key}:` here"), format!("在此处加上 `{key}:`")),
            );
        }
        node
    }

    /// Where a key stands, for messages about it.
    pub(crate) fn key_at(&self, key: &str) -> At {
        self.entries.iter().find(|(name, _)| name.value == key).map_or(self.at, |(name, _)| name.at)
    }

    /// Reports every key nobody asked for.
    pub(crate) fn finish(self, sink: &mut Sink<'_>) {
        let known = self.known.into_inner();
        for (key, _) in self.entries.iter().filter(|(key, _)| !known.contains(&key.value.as_str())) {
            let near = nearest(&key.value, known.iter().copied());
            let list = known.join("`, `");
            let help = match near {
                Some(near) => Text::new(format!("did you mean `{near}`?"), format!("是否想写 `{near}`？")),
                None => Text::new(format!("known here: `{list}`"), format!("此处可用：`{list}`")),
            };
            sink.report(
                Code::UnknownKey,
                key.at,
                Text::new(format!("unknown key `{}`", key.value), format!("未知的键 `{}`", key.value)),
                help,
            );
        }
    }
}

/// Entries of a mapping whose keys are the author's own.
pub(crate) fn entries<'n>(node: &'n Node, sink: &mut Sink<'_>) -> &'n [(Located<String>, Node)] {
    match &node.value {
        Value::Map(entries) => entries,
        _ => node.mistyped(sink, "a mapping", "映射").unwrap_or_default(),
    }
}

/// The candidate nearest in spelling, if any is near.
pub(crate) fn nearest<'c>(word: &str, candidates: impl Iterator<Item = &'c str>) -> Option<&'c str> {
    let bound = (word.chars().count() / 3).max(1);
    candidates
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= bound)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Levenshtein distance, one row at a time.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        for ((right, above), diagonal) in b.iter().zip(row.iter().skip(1)).zip(row.iter()) {
            let before = next.last().copied().unwrap_or_default();
            let replace = diagonal + usize::from(left != *right);
            next.push(replace.min(above + 1).min(before + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

fn node(file: usize, raw: Spanned<Raw>) -> Node {
    let at = place(file, raw.referenced);
    let value = match raw.value {
        Raw::Null => Value::Null,
        Raw::Bool(value) => Value::Bool(value),
        Raw::Integer(value) => Value::Integer(value),
        Raw::Float => Value::Float,
        Raw::Text(text) => Value::Text(text),
        Raw::List(list) => Value::List(list.into_iter().map(|item| node(file, item)).collect()),
        Raw::Map(entries) => Value::Map(
            entries
                .into_iter()
                .map(|(key, value)| {
                    let at = place(file, key.referenced);
                    (Located { value: key.value, at }, node(file, value))
                })
                .collect(),
        ),
    };
    Node { value, at }
}

fn place(file: usize, location: serde_saphyr::Location) -> At {
    let number = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
    let span = location.span();
    let start = number(span.byte_offset().unwrap_or_default());
    let length = number(span.byte_len().unwrap_or_default()).max(1);
    At {
        file,
        line: number(location.line()),
        column: number(location.column()),
        start,
        end: start.saturating_add(length),
    }
}

/// A node as serde hands it over.
enum Raw {
    Null,
    Bool(bool),
    Integer(i128),
    Float,
    Text(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("YAML")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_none<E: de::Error>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Integer(value.into()))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Integer(value.into()))
    }

    fn visit_i128<E: de::Error>(self, value: i128) -> Result<Raw, E> {
        Ok(Raw::Integer(value))
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Raw, E> {
        Ok(Raw::Float)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Raw, E> {
        Ok(Raw::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = sequence.next_element()? {
            list.push(item);
        }
        Ok(Raw::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Raw, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Raw::Map(entries))
    }
}
