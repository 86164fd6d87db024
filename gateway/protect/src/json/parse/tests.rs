use super::*;
use crate::json::Json;
use crate::reference::fake::Fake;
use crate::tree::Grammar;
use proptest::prelude::*;

/// What is read of a text: kinds, places and names of its values, those told by their names among them.
fn read(keys: &mut Keys, text: &str, is_terse: bool) -> Result<Vec<String>, Uninspectable> {
    let mut level = Level::default();
    level.is_terse = is_terse;
    Json::parse(&mut level, text, keys, &Fake, (16, 16))?;
    let nodes = level.nodes.iter().map(|node| {
        let name = text.get(node.name as usize + 1..).filter(|_| node.key != KeyId::NONE);
        let name = name.and_then(|rest| rest.get(..string::length(rest)));
        let Node { start, end, after, shape, signals, .. } = node;
        let after = if level.is_terse { 0 } else { *after };
        format!("{shape:?} {start}..{end} {after} {name:?} {signals:?}")
    });
    Ok(nodes.chain(level.told.iter().map(|told| format!("{told:?}"))).collect())
}

/// Texts with the same few names over and over, spaced in a few ways, and now and then broken.
fn records() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec!["mobile", "name", "code", "x", "y", "remark", "n\\u0061me", "a b"]);
    let scalar = prop::sample::select(vec![
        "1",
        "-2.50",
        "1e9",
        "\"a\"",
        "\"13800138000\"",
        "\"a\\\"b\"",
        "null",
        "true",
        "false",
        "{}",
        "[]",
        "[1,\"x\"]",
        "{\"x\":1,\"y\":{\"name\":\"b\"}}",
        "[{\"x\":1},{\"x\":2}]",
        "01",
        "\"\\q\"",
        "",
    ]);
    let gap = prop::sample::select(vec!["", "", "", "", " ", "\n  "]);
    let member = (name, gap.clone(), scalar, gap)
        .prop_map(|(name, before, value, after)| format!("\"{name}\":{before}{value}{after}"));
    let object = prop::collection::vec(member, 0..6).prop_map(|members| format!("{{{}}}", members.join(",")));
    let objects = prop::collection::vec(object, 1..6);
    (objects, 1..4usize, any::<prop::sample::Index>(), 0..8u8).prop_map(|(objects, times, at, how)| {
        let mut text = format!("[{}]", vec![objects.join(","); times].join(","));
        let at = at.index(text.len());
        match how {
            0 if text.is_char_boundary(at) => text.truncate(at),
            1 => text.replace_range(at..=at, "}"),
            2 => text.replace_range(at..=at, ","),
            3 => text.replace_range(at..=at, "{"),
            _ => {}
        }
        text
    })
}

proptest! {
    /// What was learned of earlier texts, and of earlier records, changes nothing of what is read.
    #[test]
    fn what_was_learned_changes_nothing(texts in prop::collection::vec(records(), 1..4), is_terse: bool) {
        let mut learned = Keys::new([1, 2]);
        for text in &texts {
            let mut keys = Keys::new([1, 2]);
            // Nothing follows as it did before where every record is the first.
            let fresh = read(&mut keys, text, is_terse);
            let again = read(&mut learned, text, is_terse);
            let twice = read(&mut learned, text, is_terse);
            let ids = |read: Result<Vec<String>, Uninspectable>| read.map(|read| read.len());
            prop_assert_eq!(ids(again), ids(fresh.clone()));
            if !is_terse {
                prop_assert_eq!(twice, fresh);
            }
        }
    }

    /// A text is read when it is JSON, and never else.
    #[test]
    fn only_json_is_read(texts in prop::collection::vec(records(), 1..4), is_terse: bool) {
        let mut keys = Keys::new([1, 2]);
        for text in &texts {
            let is_json = serde_json::from_str::<serde_json::Value>(text).is_ok();
            prop_assert_eq!(read(&mut keys, text, is_terse).is_ok(), is_json, "{}", text);
        }
    }
}

#[test]
fn an_object_after_a_named_one_is_no_turn() {
    let mut keys = Keys::new([1, 2]);
    let text = r#"[{"a":{"x":1},"b":{"z":2}},{"a":{"x":1},"b":{"z":2}},{"a":[{"x":1},"b",{"z":2}]}]"#;
    let first = read(&mut Keys::new([1, 2]), text, false).unwrap();
    for _ in 0..3 {
        assert_eq!(read(&mut keys, text, false).unwrap(), first);
    }
    let names = first.iter().filter(|line| line.contains("Some(\"b\")")).count();
    assert_eq!(names, 2);
}
