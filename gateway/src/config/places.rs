//! Where each key of a YAML file stands, so that checks of plain structs can point at line and column.

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Location, Spanned};
use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use yingbi_policies::Place;

/// Places of values by their dotted path: `listen.0.tls.key`.
pub(super) struct Places {
    file: String,
    by_path: HashMap<String, Place>,
}

impl Places {
    /// Reads a text that already parsed; an unreadable one has no places.
    pub(super) fn of(path: &Path, text: &str) -> Places {
        let mut places = Places { file: path.display().to_string(), by_path: HashMap::new() };
        if let Ok(root) = serde_saphyr::from_str::<Spanned<Node>>(text) {
            places.add(path, text, String::new(), &root);
        }
        places
    }

    /// The place of a value, or of the nearest enclosing one that is written out.
    pub(super) fn at(&self, path: &str) -> Place {
        let mut path = path;
        loop {
            if let Some(place) = self.by_path.get(path) {
                return place.clone();
            }
            match path.rsplit_once('.') {
                Some((parent, _)) => path = parent,
                None if !path.is_empty() => path = "",
                None => return Place { file: self.file.clone(), ..Place::default() },
            }
        }
    }

    fn add(&mut self, path: &Path, text: &str, name: String, node: &Spanned<Node>) {
        let below = |part: &str| if name.is_empty() { part.to_owned() } else { format!("{name}.{part}") };
        match &node.value {
            Node::Map(members) => {
                for (key, value) in members {
                    self.add(path, text, below(key), value);
                }
            }
            Node::List(elements) => {
                for (index, value) in elements.iter().enumerate() {
                    self.add(path, text, below(&index.to_string()), value);
                }
            }
            Node::Scalar => {}
        }
        self.by_path.insert(name, place_of(path, text, Some(node.referenced)));
    }
}

/// A location of the parser as a place.
pub(super) fn place_of(path: &Path, text: &str, location: Option<Location>) -> Place {
    let file = path.display().to_string();
    let Some(location) = location else { return Place { file, ..Place::default() } };
    let number = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
    let start = location.span().byte_offset().map_or(0, number).min(text.len());
    let end = start.saturating_add(location.span().byte_len().map_or(0, number)).min(text.len());
    Place { file, line: number(location.line()), column: number(location.column()), bytes: start..end }
}

/// A YAML node, values forgotten.
enum Node {
    Map(Vec<(String, Spanned<Node>)>),
    List(Vec<Spanned<Node>>),
    Scalar,
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_str<E>(self, _: &str) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        Node::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = seq.next_element()? {
            elements.push(element);
        }
        Ok(Node::List(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Node::Map(members))
    }
}
