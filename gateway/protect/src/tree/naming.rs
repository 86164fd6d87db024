//! Names that stand as values: `{"name":"mobile","value":"138…"}`, and tables whose columns are named apart from their
//! rows (`{"cols":["姓名","手机"],"rows":[["张三","138…"]]}`, or in a first row).
//!
//! Found before the walk, and only in documents that have such forms at all.

use super::spelling::{Part, Spelling, decode};
use super::{KeyId, Node, Shape};
use crate::classify::Classify;
use crate::meaning::Meaning;
use yingbi_classifiers::{KeyMeaning, Signals};

/// What values elsewhere in the document say of a node, by node index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) node: u32,
    /// The name it bears, of a value.
    pub(crate) meaning: Option<Meaning>,
    /// What all names in the row or list say together, of a container.
    pub(crate) signals: Signals,
}

/// What a member's name says of its neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Its value may be a field's name.
    Names,
    /// Its value may be what a neighbour names.
    Holds,
}

/// The role of a member with this name.
pub(crate) fn role(name: &str) -> Option<Role> {
    let mut plain = [0u8; LONGEST_ROLE];
    let mut length = 0;
    for byte in name.bytes().filter(|byte| !matches!(byte, b'_' | b'-')) {
        *plain.get_mut(length)? = byte.to_ascii_lowercase();
        length += 1;
    }
    let plain = plain.get(..length)?;
    let is = |names: &[&str]| names.iter().any(|name| name.as_bytes() == plain);
    match () {
        () if is(&NAMES) => Some(Role::Names),
        () if is(&HOLDS) => Some(Role::Holds),
        () => None,
    }
}

const LONGEST_ROLE: usize = 16;

const NAMES: [&str; 62] = [
    "name",
    "key",
    "field",
    "fieldname",
    "fieldcode",
    "fieldkey",
    "fieldid",
    "fieldlabel",
    "fieldtitle",
    "column",
    "columnname",
    "columncode",
    "col",
    "colname",
    "label",
    "labelname",
    "title",
    "attr",
    "attrname",
    "attrcode",
    "attrkey",
    "attribute",
    "attributename",
    "param",
    "paramname",
    "paramcode",
    "paramkey",
    "property",
    "propertyname",
    "prop",
    "propname",
    "item",
    "itemname",
    "itemcode",
    "itemkey",
    "code",
    "caption",
    "k",
    "id",
    "keyname",
    "tagname",
    "varname",
    "variable",
    "question",
    "zdm",
    "zdmc",
    "字段",
    "字段名",
    "字段名称",
    "字段标识",
    "列名",
    "名称",
    "项",
    "项目",
    "项目名称",
    "指标",
    "指标名称",
    "属性",
    "属性名",
    "标签",
    "键",
    "问题",
];

const HOLDS: [&str; 39] = [
    "value",
    "val",
    "values",
    "fieldvalue",
    "fieldval",
    "fieldcontent",
    "columnvalue",
    "colvalue",
    "columnval",
    "attrvalue",
    "attrval",
    "attributevalue",
    "paramvalue",
    "paramval",
    "propvalue",
    "propertyvalue",
    "itemvalue",
    "itemval",
    "keyvalue",
    "tagvalue",
    "labelvalue",
    "varvalue",
    "strvalue",
    "stringvalue",
    "datavalue",
    "v",
    "content",
    "text",
    "answer",
    "zdz",
    "值",
    "字段值",
    "字段内容",
    "列值",
    "属性值",
    "项目值",
    "指标值",
    "内容",
    "答案",
];

/// In an object's signals: some member may name a field, some may hold its value.
pub(crate) const HAS_NAME: Signals = Signals(1 << 14);
pub(crate) const HAS_VALUE: Signals = Signals(1 << 15);

/// Signals without those that are of use here alone.
pub(crate) fn said(signals: Signals) -> Signals {
    Signals(signals.0 & !(HAS_NAME.0 | HAS_VALUE.0))
}

/// Finds what values say of nodes; in the order of nodes.
pub(crate) fn named<C: Classify, S: Spelling>(
    nodes: &[Node],
    text: &str,
    spelling: S,
    role: impl Fn(KeyId) -> Option<Role>,
    classifier: &C,
) -> Vec<Named> {
    let mut finder =
        Finder { nodes, text, spelling, role, classifier, found: vec![], decoded: String::new() };
    // The containers around the node at hand, each with the columns it names once they were asked for.
    let mut around: Vec<(u32, &Node, Option<Option<Columns>>)> = vec![];
    for (at, node) in (0u32..).zip(nodes) {
        while around.last().is_some_and(|(_, outer, _)| outer.after <= at) {
            around.pop();
        }
        match node.shape {
            Shape::Object if is_pair(node) => finder.pair(at, node),
            Shape::Array => match nodes.get(at as usize + 1).filter(|_| node.after > at + 1) {
                Some(first) if is_pair(first) => finder.list(at, node),
                Some(first) if first.shape == Shape::Array => {
                    let beside = around.last_mut().filter(|(_, outer, _)| outer.shape == Shape::Object);
                    let beside = beside.and_then(|(outer, object, columns)| {
                        columns.get_or_insert_with(|| finder.columns_in(*outer, object)).clone()
                    });
                    finder.table((at, node), first, beside);
                }
                _ => {}
            },
            _ => {}
        }
        if matches!(node.shape, Shape::Object | Shape::Array) {
            around.push((at, node, None));
        }
    }
    let mut found = finder.found;
    found.sort_by_key(|named| named.node);
    found.dedup_by(|later, first| {
        let same = later.node == first.node;
        if same {
            first.meaning = later.meaning.or(first.meaning);
            first.signals = first.signals.union(later.signals);
        }
        same
    });
    found
}

/// Whether an object may name a field and hold its value.
fn is_pair(node: &Node) -> bool {
    node.shape == Shape::Object && has_pair(node.signals)
}

/// Whether the names of an object leave open that it names a field and holds its value.
pub(crate) fn has_pair(signals: Signals) -> bool {
    signals.has(HAS_NAME.union(HAS_VALUE))
}

/// What the columns of a table are named.
type Columns = Vec<Option<KeyMeaning>>;

struct Finder<'n, C, S, F> {
    nodes: &'n [Node],
    text: &'n str,
    spelling: S,
    role: F,
    classifier: &'n C,
    found: Vec<Named>,
    decoded: String,
}

impl<'n, C: Classify, S: Spelling, F: Fn(KeyId) -> Option<Role>> Finder<'n, C, S, F> {
    /// An object that names a field and holds its value.
    fn pair(&mut self, at: u32, node: &Node) {
        let Some(key) = self.name_in(at, node) else { return };
        for (child, member) in children(self.nodes, at, node) {
            match (self.role)(member.key) {
                Some(Role::Holds) => self.named(child, key),
                // A field's name is nobody's.
                Some(Role::Names) if self.name(member).flatten().is_some() => self.named(child, NOBODYS),
                _ => {}
            }
        }
    }

    /// A list of such objects is one record.
    fn list(&mut self, at: u32, node: &Node) {
        let mut signals = Signals::default();
        for (child, member) in children(self.nodes, at, node) {
            if is_pair(member)
                && let Some(key) = self.name_in(child, member)
            {
                signals = signals.union(key.signals);
            }
        }
        self.found.push(Named { node: at, meaning: None, signals });
    }

    /// An array of rows: its columns are named beside it, in its first row, or each row names itself.
    fn table(&mut self, (at, node): (u32, &'n Node), first: &'n Node, beside: Option<Columns>) {
        let nodes = self.nodes;
        let width = children(nodes, at + 1, first).count();
        let beside = beside.filter(|columns| columns.len() >= width);
        if beside.is_none() && width == 2 && self.rows_name_themselves(at, node) {
            return;
        }
        let head = if beside.is_some() { None } else { self.columns(at + 1, first) };
        let begin = if head.is_some() { first.after } else { at + 1 };
        let Some(columns) = beside.or(head) else { return };
        let signals = columns.iter().flatten().fold(Signals::default(), |all, key| all.union(key.signals));
        for (child, row) in children(nodes, at, node).filter(|(child, _)| *child >= begin) {
            if row.shape != Shape::Array {
                continue;
            }
            self.found.push(Named { node: child, meaning: None, signals });
            for ((cell, _), key) in children(nodes, child, row).zip(&columns) {
                if let Some(key) = key {
                    self.named(cell, *key);
                }
            }
        }
    }

    /// Rows of a name and a value each: `[["姓名","张三"],["手机","138…"]]`.
    fn rows_name_themselves(&mut self, at: u32, node: &'n Node) -> bool {
        let nodes = self.nodes;
        let (mut rows, mut signals, mut cells) = (0, Signals::default(), vec![]);
        for (child, row) in children(nodes, at, node).filter(|(_, row)| row.shape == Shape::Array) {
            rows += 1;
            let mut pair = children(nodes, child, row);
            if let (Some((_, first)), Some((second, _))) = (pair.next(), pair.next())
                && let Some(key) = self.name(first).flatten()
            {
                signals = signals.union(key.signals);
                cells.push((second, key));
            }
        }
        let names = cells.iter().filter(|(_, key)| key.kind.is_some()).count();
        // A table of two columns has one row of names, a list of pairs as many as it has rows.
        if names == 0 || (rows > 1 && names < 2) || cells.len() * 2 < rows {
            return false;
        }
        self.found.push(Named { node: at, meaning: None, signals });
        cells.into_iter().for_each(|(cell, key)| self.named(cell, key));
        true
    }

    fn named(&mut self, node: u32, key: KeyMeaning) {
        let meaning = Some(Meaning::named(key));
        self.found.push(Named { node, meaning, signals: Signals::default() });
    }

    /// The columns that a member of this object names; of several, those it says most of.
    fn columns_in(&mut self, at: u32, object: &'n Node) -> Option<Columns> {
        let arrays = children(self.nodes, at, object).filter(|(_, member)| member.shape == Shape::Array);
        let columns = arrays.filter_map(|(child, member)| self.columns(child, member));
        columns.max_by_key(|columns| columns.iter().flatten().filter(|key| key.kind.is_some()).count())
    }

    /// What an array of names, or of objects that hold one each, names; `None` when it is none.
    fn columns(&mut self, at: u32, node: &Node) -> Option<Columns> {
        let mut columns = vec![];
        for (child, element) in children(self.nodes, at, node) {
            columns.push(match element.shape {
                Shape::Plain | Shape::Escaped => self.name(element)?,
                Shape::Object => children(self.nodes, child, element)
                    .filter_map(|(_, member)| self.name(member).flatten())
                    .max_by_key(|key| (key.kind.is_some(), key.denies)),
                _ => return None,
            });
        }
        columns.iter().flatten().any(|key| key.kind.is_some()).then_some(columns)
    }

    /// The field that an object names.
    fn name_in(&mut self, at: u32, node: &Node) -> Option<KeyMeaning> {
        let nodes = self.nodes;
        let members = children(nodes, at, node).map(|(_, member)| member);
        let keys = members.filter_map(|member| {
            let names = (self.role)(member.key) == Some(Role::Names);
            self.name(member).flatten().filter(|_| names)
        });
        keys.max_by_key(|key| (key.kind.is_some(), key.denies))
    }

    /// What a text says as a field's name: `None` when it is no name, `Some(None)` when it says nothing.
    fn name(&mut self, node: &Node) -> Option<Option<KeyMeaning>> {
        let raw = match node.shape {
            Shape::Plain | Shape::Escaped => self.text.get(self.spelling.contents(node))?,
            _ => return None,
        };
        self.decoded.clear();
        let pieces = self.spelling.pieces(raw, Part::Contents(node));
        if raw.len() > LONGEST_NAME || decode(pieces, &mut self.decoded).is_err() {
            return None;
        }
        // A value full of digits is no name.
        if self.decoded.bytes().filter(u8::is_ascii_digit).count() > MOST_DIGITS {
            return None;
        }
        let key = self.classifier.key(self.decoded.trim());
        Some(Some(key).filter(|key| *key != KeyMeaning::UNKNOWN))
    }
}

/// What is no personal information whatever it is called.
const NOBODYS: KeyMeaning = KeyMeaning { denies: true, ..KeyMeaning::UNKNOWN };

/// The nodes right inside a container.
fn children<'n>(nodes: &'n [Node], at: u32, node: &Node) -> impl Iterator<Item = (u32, &'n Node)> + use<'n> {
    let end = node.after;
    let mut next = at + 1;
    std::iter::from_fn(move || {
        let child = nodes.get(next as usize).filter(|_| next < end)?;
        let at = next;
        next = child.after;
        Some((at, child))
    })
}

/// Longest name read, in bytes as spelt.
const LONGEST_NAME: usize = 96;
/// Names are numbered, but not much further.
const MOST_DIGITS: usize = 3;
