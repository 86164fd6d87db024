use super::{Path, PathError, Selector, Step};
use serde_json::Value;

fn select<'v>(steps: &[Step], value: &'v Value) -> Vec<&'v Value> {
    let Some((step, rest)) = steps.split_first() else { return vec![value] };
    let mut found = Vec::new();
    match step {
        Step::Child(selectors) => children(selectors, value, &mut found),
        Step::Descendant(selectors) => descend(selectors, value, &mut found),
    }
    found.into_iter().flat_map(|value| select(rest, value)).collect()
}

fn descend<'v>(selectors: &[Selector], value: &'v Value, found: &mut Vec<&'v Value>) {
    children(selectors, value, found);
    match value {
        Value::Array(items) => items.iter().for_each(|item| descend(selectors, item, found)),
        Value::Object(members) => members.values().for_each(|member| descend(selectors, member, found)),
        _ => {}
    }
}

fn children<'v>(selectors: &[Selector], value: &'v Value, found: &mut Vec<&'v Value>) {
    for selector in selectors {
        match (selector, value) {
            (Selector::Name(name), Value::Object(members)) => found.extend(members.get(name)),
            (Selector::Index(index), Value::Array(items)) => found.extend(items.get(*index as usize)),
            (Selector::Wildcard, Value::Array(items)) => found.extend(items),
            (Selector::Wildcard, Value::Object(members)) => found.extend(members.values()),
            (Selector::Slice { start, end, step }, Value::Array(items)) => {
                let end = end.unwrap_or(u64::MAX).min(items.len() as u64);
                let mut at = *start;
                while at < end {
                    found.push(&items[at as usize]);
                    at = at.saturating_add(*step);
                }
            }
            _ => {}
        }
    }
}

#[test]
fn paths_of_bindings() {
    use Selector::{Index, Name, Slice, Wildcard};
    let name = |name: &str| Name(name.to_owned());
    let cases: &[(&str, Vec<Step>)] = &[
        ("$", vec![]),
        ("$.data[*]", vec![Step::Child(vec![name("data")]), Step::Child(vec![Wildcard])]),
        ("$.客户[0]", vec![Step::Child(vec![name("客户")]), Step::Child(vec![Index(0)])]),
        (r#"$['a\'b',"\u6d4b"]"#, vec![Step::Child(vec![name("a'b"), name("测")])]),
        ("$..phone", vec![Step::Descendant(vec![name("phone")])]),
        ("$[1:5:2]", vec![Step::Child(vec![Slice { start: 1, end: Some(5), step: 2 }])]),
        ("$[:]", vec![Step::Child(vec![Slice { start: 0, end: None, step: 1 }])]),
    ];
    for (text, steps) in cases {
        assert_eq!(&text.parse::<Path>().unwrap().steps, steps, "{text}");
    }
}

#[test]
fn wrong_and_not_supported_are_told_apart() {
    for text in
        ["", "a", "$.", "$..", "$[", "$[]", "$['a]", "$[01]", "$[-0]", "$.1", "$ ", "$[9007199254740992]"]
    {
        assert!(matches!(text.parse::<Path>(), Err(PathError::Invalid { .. })), "{text}");
    }
    for text in ["$[-1]", "$[?@.a]", "$[-3:]", "$[::-1]", "$[?length(@.a)>2]", "$[?@.a==1 && !(@.b>2)]"] {
        assert!(matches!(text.parse::<Path>(), Err(PathError::NotSupported { .. })), "{text}");
    }
}

#[test]
fn deep_filters_are_refused_not_overflowed() {
    let deep = format!("$[?{}@.a{}]", "(".repeat(100_000), ")".repeat(100_000));
    assert!(matches!(deep.parse::<Path>(), Err(PathError::Invalid { .. })));
    let nested = format!("$[?@{}]", "[?@".repeat(100_000));
    assert!(matches!(nested.parse::<Path>(), Err(PathError::Invalid { .. })));
}

/// The compliance suite of RFC 9535, where the checkout has it.
#[test]
fn compliance_suite() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/suites/jsonpath_cts/cts.json");
    let Ok(text) = std::fs::read_to_string(file) else { return };
    let suite: Value = serde_json::from_str(&text).unwrap();
    let (mut evaluated, mut not_supported, mut invalid) = (0, 0, 0);
    for case in suite["tests"].as_array().unwrap() {
        let selector = case["selector"].as_str().unwrap();
        let parsed = selector.parse::<Path>();
        let name = format!("{}: {selector:?} gave {parsed:?}", case["name"]);
        if case["invalid_selector"] == true {
            assert!(matches!(parsed, Err(PathError::Invalid { .. })), "{name}");
            invalid += 1;
            continue;
        }
        match parsed {
            Ok(path) => {
                let nodes: Vec<Value> = select(&path.steps, &case["document"]).into_iter().cloned().collect();
                let nodes = Value::Array(nodes);
                let expected = case.get("results").and_then(Value::as_array);
                match expected {
                    Some(results) => assert!(results.contains(&nodes), "{name}"),
                    None => assert_eq!(nodes, case["result"], "{name}"),
                }
                evaluated += 1;
            }
            Err(PathError::NotSupported { .. }) => {
                let reasons = ["?", "-"];
                assert!(reasons.iter().any(|reason| selector.contains(reason)), "{name}");
                not_supported += 1;
            }
            Err(PathError::Invalid { .. }) => panic!("{name}"),
        }
    }
    assert!(evaluated > 100 && not_supported > 100 && invalid > 100);
}
