//! The JSON Schema of the language, for editors. It is not written down a second time: the readers of the documents are
//! asked, by reading probes and looking at what they report, which keys they know, which they miss and what may stand
//! there. So a key that a reader learns is in the schema, and one that it forgets is not.

use crate::Diagnostic;
use crate::diagnostic::{Code, Sink};
use crate::document::{self, KINDS};
use crate::yaml::{At, Located, Node, Value};
use serde_json::{Map, Value as Json, json};

/// The schema of one document of a policy file (JSON Schema 2020-12).
pub fn schema() -> Json {
    let of_kind = |kind: &&'static str| {
        let probe = Probe { kind };
        let (metadata, spec) = (probe.schema(&["metadata".into()]), probe.schema(&["spec".into()]));
        json!({
            "if": { "properties": { "kind": { "const": kind } } },
            "then": { "properties": { "metadata": metadata, "spec": spec } },
        })
    };
    let known = Probe { kind: KINDS[0] }.known(&[]);
    let properties: Map<String, Json> = known
        .iter()
        .map(|key| {
            let is = match key.as_str() {
                "apiVersion" => json!({ "const": "yingbi/v1" }),
                "kind" => json!({ "enum": KINDS }),
                _ => json!({ "type": "object" }),
            };
            (key.clone(), is)
        })
        .collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "yingbi/v1: one document of a policy file (影壁策略文件中的一个文档)",
        "type": "object",
        "properties": properties,
        "required": ["apiVersion", "kind", "metadata"],
        "additionalProperties": false,
        // A shipped document that is switched off says nothing but its id and why.
        "anyOf": [
            { "required": ["spec"] },
            { "properties": { "metadata": { "properties": { "override": { "const": "disable" } }, "required": ["override"] } } },
        ],
        "allOf": KINDS.iter().map(of_kind).collect::<Vec<_>>(),
    })
}

/// Asks the reader of one kind.
struct Probe {
    kind: &'static str,
}

/// A step to where something may stand.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Item,
}

impl From<&str> for Step {
    fn from(key: &str) -> Step {
        Step::Key(key.to_owned())
    }
}

impl Probe {
    /// What may stand at a place.
    fn schema(&self, path: &[Step]) -> Json {
        let is_taken = |value: &Value| !self.is_refused(path, value);
        let types = [
            ("string", Value::Text(UNHEARD_OF.to_owned())),
            ("integer", Value::Integer(7)),
            ("boolean", Value::Bool(true)),
            ("array", Value::List(Vec::new())),
            ("object", Value::Map(Vec::new())),
        ];
        let taken: Vec<&str> =
            types.iter().filter(|(_, value)| is_taken(value)).map(|(name, _)| *name).collect();
        // A place that nobody looks at takes everything; so does one that is deeper than the language goes.
        if taken.len() == types.len() || taken.is_empty() || path.len() > DEEPEST {
            return json!({});
        }
        let each = taken.iter().map(|name| match *name {
            "string" => self.text(path),
            "array" => json!({ "type": "array", "items": self.schema(&[path, &[Step::Item]].concat()) }),
            "object" => self.object(path),
            other => json!({ "type": other }),
        });
        let mut each: Vec<Json> = each.collect();
        if each.len() == 1 { each.swap_remove(0) } else { json!({ "anyOf": each }) }
    }

    fn text(&self, path: &[Step]) -> Json {
        let reported = self.ask(path, &Value::Text(UNHEARD_OF.to_owned()));
        // Words of conditions are known, too, but a condition is more than a word.
        let is_word = |problem: &&Diagnostic| is_at(problem, HERE) && problem.code == WRONG_VALUE;
        match reported.iter().filter(is_word).find_map(known_words) {
            Some(words) => json!({ "enum": words }),
            None => json!({ "type": "string" }),
        }
    }

    fn object(&self, path: &[Step]) -> Json {
        let known = self.known(path);
        if known.is_empty() {
            // The keys are the author's own: names of categories, conditions.
            let mut inside = OWN_KEYS.iter().map(|key| self.schema(&[path, &[(*key).into()]].concat()));
            let inside = inside.rfind(|inside| *inside != json!({})).unwrap_or(json!({}));
            return json!({ "type": "object", "additionalProperties": inside });
        }
        let required: Vec<&String> = known.iter().filter(|key| self.is_missed(path, key)).collect();
        let properties: Map<String, Json> = known
            .iter()
            .map(|key| (key.clone(), self.schema(&[path, &[key.as_str().into()]].concat())))
            .collect();
        let mut object = json!({ "type": "object", "properties": properties, "additionalProperties": false });
        if let Some(members) = object.as_object_mut().filter(|_| !required.is_empty()) {
            members.insert("required".to_owned(), json!(required));
        }
        object
    }

    /// The keys that are known in a mapping at a place; none where they are the author's own.
    fn known(&self, path: &[Step]) -> Vec<String> {
        let unheard_of = (Located { value: UNHEARD_OF.to_owned(), at: at(INSIDE) }, node(Value::Null));
        let reported = self.ask(path, &Value::Map(vec![unheard_of]));
        let mut known: Vec<String> = Vec::new();
        for key in reported.iter().filter(|problem| is_at(problem, INSIDE)).filter_map(known_words).flatten()
        {
            if !known.contains(&key) {
                known.push(key);
            }
        }
        known
    }

    /// Whether a mapping at a place is incomplete without a key, whatever else it says.
    fn is_missed(&self, path: &[Step], key: &str) -> bool {
        let missed = format!("key `{key}` is missing");
        self.contexts().iter().all(|context| {
            let mut document = self.document(context);
            put(&mut document, path, &Value::Map(Vec::new()));
            take_out(&mut document, path, key);
            let reported = read(&document);
            reported.iter().any(|problem| is_at(problem, HERE) && problem.message.en == missed)
        })
    }

    fn is_refused(&self, path: &[Step], value: &Value) -> bool {
        self.ask(path, value).iter().any(|problem| is_at(problem, HERE) && problem.code == WRONG_TYPE)
    }

    /// What is reported of a value at a place, in every context.
    fn ask(&self, path: &[Step], value: &Value) -> Vec<Diagnostic> {
        self.contexts().iter().flat_map(|context| self.ask_in(context, path, value)).collect()
    }

    fn ask_in(&self, context: &Node, path: &[Step], value: &Value) -> Vec<Diagnostic> {
        let mut document = self.document(context);
        put(&mut document, path, value);
        read(&document)
    }

    fn document(&self, context: &Node) -> Node {
        map([
            ("apiVersion", text("yingbi/v1")),
            ("kind", text(self.kind)),
            ("metadata", map([("id", text("probe"))])),
            ("spec", context.clone()),
        ])
    }

    /// What must stand beside a key for its reader to look at it: readers stop at what contradicts itself.
    fn contexts(&self) -> Vec<Node> {
        let word = |key: &'static str, word: &'static str| map([(key, text(word))]);
        match self.kind {
            "Mask" => ["keep", "nothing", "region", "amount-band", "encrypt", "ff1"]
                .map(|algorithm| word("algorithm", algorithm))
                .into_iter()
                .chain([map([])])
                .collect(),
            "Policy" => vec![map([]), map([("allow", map([("level", text("<=3"))]))])],
            "Classifier" => {
                let keys = ("keys", node(Value::List(vec![text("x")])));
                vec![map([]), map([("category", text("basic.name")), keys])]
            }
            _ => vec![map([])],
        }
    }
}

/// Puts a value at a place; a mapping is put into the one that stands there.
fn put(into: &mut Node, path: &[Step], value: &Value) {
    let Some((step, rest)) = path.split_first() else {
        into.at = at(HERE);
        match (&mut into.value, value) {
            (Value::Map(own), Value::Map(more)) => own.extend(more.iter().cloned()),
            (own, value) => *own = value.clone(),
        }
        return;
    };
    match step {
        Step::Item => {
            let mut item = node(Value::Map(Vec::new()));
            put(&mut item, rest, value);
            into.value = Value::List(vec![item]);
        }
        Step::Key(key) => {
            if !matches!(into.value, Value::Map(_)) {
                into.value = Value::Map(Vec::new());
            }
            let Value::Map(entries) = &mut into.value else { return };
            if let Some((_, inner)) = entries.iter_mut().find(|(name, _)| name.value == *key) {
                return put(inner, rest, value);
            }
            let mut inner = node(Value::Map(Vec::new()));
            put(&mut inner, rest, value);
            entries.push((Located { value: key.clone(), at: at(0) }, inner));
        }
    }
}

/// Takes a key out of the mapping at a place.
fn take_out(from: &mut Node, path: &[Step], key: &str) {
    match (&mut from.value, path.split_first()) {
        (Value::Map(entries), None) => entries.retain(|(name, _)| name.value != key),
        (Value::Map(entries), Some((Step::Key(step), rest))) => {
            let inner = entries.iter_mut().find(|(name, _)| name.value == *step);
            inner.into_iter().for_each(|(_, inner)| take_out(inner, rest, key));
        }
        (Value::List(items), Some((Step::Item, rest))) => {
            items.iter_mut().for_each(|item| take_out(item, rest, key));
        }
        _ => {}
    }
}

fn read(document: &Node) -> Vec<Diagnostic> {
    let mut sink = Sink::new(&[]);
    drop(document::read(document, &mut sink));
    sink.finish()
}

fn map<const N: usize>(entries: [(&str, Node); N]) -> Node {
    let entry = |(key, node): (&str, Node)| (Located { value: key.to_owned(), at: at(0) }, node);
    node(Value::Map(entries.into_iter().map(entry).collect()))
}

fn text(text: &str) -> Node {
    node(Value::Text(text.to_owned()))
}

fn node(value: Value) -> Node {
    Node { value, at: at(0) }
}

fn at(start: usize) -> At {
    At { start, end: start + 1, ..At::default() }
}

fn is_at(problem: &Diagnostic, start: usize) -> bool {
    problem.place.bytes.start == start
}

/// The words of a help text that lists them.
fn known_words(problem: &Diagnostic) -> Option<Vec<String>> {
    let list = problem.help.en.strip_prefix("known here: `")?.strip_suffix('`')?;
    Some(list.split("`, `").filter(|word| !word.is_empty()).map(str::to_owned).collect())
}

/// What stands there is of a wrong type, or none of the words that may.
const WRONG_TYPE: &str = Code::WrongType.id();
const WRONG_VALUE: &str = Code::WrongValue.id();

/// Like no word of the language, so that none is suggested for it.
const UNHEARD_OF: &str = "zzzzzzzzzzzzzzzzzzzzzzzz";

/// Keys for mappings whose keys are the author's own.
const OWN_KEYS: [&str; 4] = ["basic.name", "basic", "baseline.minors", "caller.stepped_up"];

/// Where the probe stands, and what stands inside it.
const HERE: usize = 1 << 40;
const INSIDE: usize = 1 << 41;

/// The language nests no deeper.
const DEEPEST: usize = 12;

#[cfg(test)]
mod tests;
