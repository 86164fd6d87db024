use super::*;
use crate::Source;

/// Why a value is none of what a schema says; the few words of JSON Schema that it uses.
fn wrong(schema: &Json, value: &Json, at: &str) -> Option<String> {
    let no = |what: &str| Some(format!("{at}: {what}"));
    if let Some(word) = schema.get("const").filter(|word| *word != value) {
        return no(&format!("not {word}"));
    }
    if let Some(words) = schema.get("enum").and_then(Json::as_array).filter(|words| !words.contains(value)) {
        return no(&format!("{value} is none of {words:?}"));
    }
    let is_of = |name: &str| match name {
        "string" => value.is_string(),
        "integer" => value.is_i64(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("unknown type {other}"),
    };
    if schema.get("type").is_some_and(|name| !is_of(name.as_str().unwrap())) {
        return no(&format!("{value} is no {}", schema["type"]));
    }
    if let Some(members) = value.as_object() {
        for key in schema.get("required").and_then(Json::as_array).into_iter().flatten() {
            if !members.contains_key(key.as_str().unwrap()) {
                return no(&format!("{key} is missing"));
            }
        }
        for (key, member) in members {
            let own = schema.get("properties").and_then(|properties| properties.get(key));
            let inner =
                own.or_else(|| schema.get("additionalProperties").filter(|_| schema.get("type").is_some()));
            match inner {
                Some(Json::Bool(false)) => return no(&format!("unknown key {key}")),
                Some(inner) => {
                    if let Some(why) = wrong(inner, member, &format!("{at}/{key}")) {
                        return Some(why);
                    }
                }
                None => {}
            }
        }
    }
    if let (Some(items), Some(inner)) = (value.as_array(), schema.get("items")) {
        let mut each = items.iter().enumerate();
        if let Some(why) = each.find_map(|(nth, item)| wrong(inner, item, &format!("{at}/{nth}"))) {
            return Some(why);
        }
    }
    if let Some(any) = schema.get("anyOf").and_then(Json::as_array) {
        let why: Vec<String> = any.iter().filter_map(|one| wrong(one, value, at)).collect();
        if why.len() == any.len() {
            return Some(why.join(" | "));
        }
    }
    schema.get("allOf").and_then(Json::as_array).into_iter().flatten().find_map(|one| match one.get("if") {
        Some(condition) if wrong(condition, value, at).is_some() => None,
        Some(_) => wrong(&one["then"], value, at),
        None => wrong(one, value, at),
    })
}

fn json_of(node: &Node) -> Json {
    match &node.value {
        Value::Null => Json::Null,
        Value::Bool(value) => (*value).into(),
        Value::Integer(number) => i64::try_from(*number).unwrap().into(),
        Value::Float => json!(0.5),
        Value::Text(text) => text.clone().into(),
        Value::List(items) => items.iter().map(json_of).collect(),
        Value::Map(entries) => {
            Json::Object(entries.iter().map(|(key, node)| (key.value.clone(), json_of(node))).collect())
        }
    }
}

fn documents(text: &str) -> Vec<Json> {
    let mut sink = Sink::new(&[]);
    let nodes = crate::yaml::documents(0, text, &mut sink);
    assert!(!sink.has_errors());
    nodes.iter().map(json_of).collect()
}

/// Every policy file that is in the repository.
fn shipped() -> Vec<Source> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = Vec::new();
    for folder in ["baseline", "examples", "examples/lexicon", "../deploy/policies"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap().flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|extension| extension == "yaml") {
                sources.push(Source::new(path.display().to_string(), std::fs::read_to_string(path).unwrap()));
            }
        }
    }
    sources
}

#[test]
fn what_is_shipped_is_what_the_schema_says() {
    let schema = schema();
    let mut count = 0;
    for source in shipped() {
        for document in documents(&source.text) {
            assert_eq!(wrong(&schema, &document, &source.name), None, "{document}");
            count += 1;
        }
    }
    assert!(count > 60, "{count} documents are few");
}

#[test]
fn what_the_readers_refuse_the_schema_refuses() {
    let schema = schema();
    let head = |kind: &str| format!("apiVersion: yingbi/v1\nkind: {kind}\nmetadata: {{id: x}}\n");
    let refused = [
        "apiVersion: yingbi/v2\nkind: Mask\nmetadata: {id: x}\nspec: {algorithm: name}\n".to_owned(),
        "apiVersion: yingbi/v1\nkind: Rolle\nmetadata: {id: x}\nspec: {}\n".to_owned(),
        "apiVersion: yingbi/v1\nkind: Mask\nmetadata: {titel: x, id: x}\nspec: {algorithm: name}\n"
            .to_owned(),
        "apiVersion: yingbi/v1\nkind: Mask\nmetadata: {title: x}\nspec: {algorithm: name}\n".to_owned(),
        head("Mask"),
        head("Mask") + "spec: {}\n",
        head("Mask") + "spec: {algorithm: nam}\n",
        head("Mask") + "spec: {algorithm: keep, first: many}\n",
        head("Mask") + "spec: {algorithm: keep, frist: 3}\n",
        head("Mask") + "spec: {algorithm: amount-band, least: many}\n",
        head("Role") + "spec: {any: [{jwt: {isuer: x, claim: y}}]}\n",
        head("Role") + "spec: {any: [{jwt: {issuer: x}}]}\n",
        head("Purpose") + "spec: {basis: whim}\n",
        head("Binding") + "spec: {route: {host: h}}\n",
        head("Binding") + "spec: {route: {host: h, path: /}, fields: [{path: $.a}]}\n",
        head("Binding") + "spec: {route: {host: h, path: /}, validate: {categories: {basic: refuse}}}\n",
        head("Policy") + "spec: {match: {role: [x]}, allow: {level: 3}}\n",
        head("Policy") + "spec: {mode: strict, allow: {level: 3}}\n",
        head("Policy") + "spec: {allow: {level: 3}, treat: {defualt: mask}}\n",
        head("Classifier") + "spec: {category: basic, keys: x}\n",
        head("Classifier") + "spec: {category: basic, keys: [x], tests: [{kay: x}]}\n",
        head("PolicyTest") + "spec: {cases: [{name: x, request: {route: GET h/}}]}\n",
        head("PolicyTest")
            + "spec: {cases: [{name: x, request: {caller: {rolls: []}, route: GET h/}, expect: {status: 200}}]}\n",
        head("PolicyTest")
            + "spec: {cases: [{name: x, request: {caller: {}, route: GET h/}, expect: {record: {masked: {basic: many}}}}]}\n",
        head("Combination") + "spec: {all: basic}\n",
    ];
    for text in refused {
        let [document] = documents(&text).try_into().unwrap();
        assert!(wrong(&schema, &document, "").is_some(), "{text}");
    }
    let disabled =
        "apiVersion: yingbi/v1\nkind: Combination\nmetadata: {id: x, override: disable, reason: y}\n";
    assert_eq!(wrong(&schema, &documents(disabled)[0], ""), None);
}

#[test]
fn every_kind_says_what_may_stand_in_it() {
    let schema = schema();
    for (kind, one) in KINDS.iter().zip(schema["allOf"].as_array().unwrap()) {
        assert_eq!(one["if"]["properties"]["kind"]["const"], *kind);
        let spec = &one["then"]["properties"]["spec"];
        assert!(spec["properties"].as_object().is_some_and(|keys| !keys.is_empty()), "{kind}: {spec}");
        // A key of which nothing is known would let everything pass: its reader needs a context.
        for (key, inner) in spec["properties"].as_object().unwrap() {
            assert_ne!(*inner, json!({}), "{kind}: spec.{key}");
        }
        let metadata = &one["then"]["properties"]["metadata"];
        assert_eq!(metadata["required"], json!(["id"]), "{kind}");
    }
}
