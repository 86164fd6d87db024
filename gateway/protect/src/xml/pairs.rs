//! Names that stand as values: `<field name="mobile" value="…"/>`, `<member><name>mobile</name><value>…</value></member>`.

use super::text::{Manner, Text};
use super::token::local;
use super::{COMMENT, INSTRUCTION, TEXT, is_attribute};
use crate::classify::Classify;
use crate::meaning::Meaning;
use crate::tree::{Key, KeyId, Keys, Node, decode};
use yingbi_classifiers::{KeyMeaning, Signals};

/// Lets a name speak for the value beside it in the element at `at`, the last one in `nodes`; what the name says about
/// the record that the element is part of.
pub(super) fn apply<C: Classify>(
    text: &str,
    nodes: &mut [Node],
    at: usize,
    keys: &mut Keys,
    classifier: &C,
) -> Signals {
    let Some(element) = nodes.get(at) else { return Signals::default() };
    if keys.key(element.key).meaning.is_kind() {
        return Signals::default();
    }
    let mut parts = vec![];
    let mut next = at + 1;
    while let Some(node) = nodes.get(next) {
        parts.push((next, role(text, node)));
        next = node.after as usize;
    }
    let label = parts.iter().find_map(|(at, role)| {
        let node = nodes.get(*at)?;
        let Role::Label { of_all } = *role else { return None };
        let key = meaning(text, node, classifier)?;
        // A label that is an attribute speaks for all that the element holds.
        Some((*at, key, of_all && is_attribute(text, node)))
    });
    let Some((label, key, of_all)) = label else { return Signals::default() };
    let mut speaks = false;
    for (at, role) in &parts {
        let is_value = match role {
            Role::Value => true,
            Role::Part => of_all,
            Role::Label { .. } | Role::Aside => false,
        };
        if let Some(node) = nodes.get_mut(*at).filter(|_| is_value)
            && !keys.key(node.key).meaning.is_kind()
        {
            node.key = pass(keys, node, key);
            speaks = true;
        }
    }
    if !speaks {
        return Signals::default();
    }
    if let Some(node) = nodes.get_mut(label) {
        // The name of a field is nobody's, even where it is called `name`.
        node.key = pass(keys, node, KeyMeaning { denies: true, ..KeyMeaning::UNKNOWN });
    }
    key.signals
}

/// Another meaning for a node, whose own name may still hold somebody's information.
fn pass(keys: &mut Keys, node: &Node, key: KeyMeaning) -> KeyId {
    let is_personal = !node.key.is_none() && keys.key(node.key).is_personal;
    keys.pass(Key { meaning: Meaning::named(key), is_personal, role: None })
}

#[derive(Clone, Copy)]
enum Role {
    Label {
        /// Speaks for whatever stands in the element, not only for what is called a value.
        of_all: bool,
    },
    Value,
    Part,
    Aside,
}

fn role(text: &str, node: &Node) -> Role {
    match node.name {
        TEXT => return Role::Value,
        COMMENT | INSTRUCTION => return Role::Aside,
        _ if node.key.is_none() => return Role::Value,
        _ => {}
    }
    let name = local(super::name(text, node)).to_ascii_lowercase();
    let name = name.as_str();
    if LABELS.contains(&name) && !node.is_container() {
        Role::Label { of_all: true }
    } else if TYPES.contains(&name) && !node.is_container() {
        Role::Label { of_all: false }
    } else if VALUES.contains(&name) {
        Role::Value
    } else if is_attribute(text, node) {
        Role::Aside
    } else {
        Role::Part
    }
}

/// What a label says as a field's name; `None` when it says nothing.
fn meaning<C: Classify>(text: &str, node: &Node, classifier: &C) -> Option<KeyMeaning> {
    let raw = text.get(node.start as usize..node.end as usize)?;
    if raw.len() > LONGEST_LABEL {
        return None;
    }
    let mut label = String::new();
    decode(Text::new(raw, Manner::Content), &mut label).ok()?;
    let key = classifier.key(label.trim().trim_end_matches([':', '：', '*']));
    (key.kind.is_some() || key.denies).then_some(key)
}

const LABELS: [&str; 20] = [
    "name",
    "key",
    "field",
    "fieldname",
    "field_name",
    "property",
    "prop",
    "param",
    "parameter",
    "code",
    "label",
    "title",
    "caption",
    "column",
    "columnname",
    "col",
    "id",
    "tag",
    "attr",
    "attribute",
];
const TYPES: [&str; 3] = ["type", "kind", "use"];
const VALUES: [&str; 8] = ["value", "val", "v", "text", "content", "data", "fieldvalue", "field_value"];

/// In bytes.
const LONGEST_LABEL: usize = 80;
