//! What a binding says of a document's fields, for explanations: the gateway itself applies bindings while it scans.

use serde_json::Value;
use yingbi_policies::{Binding, Path, Selector, Step};
use yingbi_taxonomy::Kind;

/// Every field a binding speaks of: its RFC 6901 pointer, and what it is (`None`: no personal information).
pub(super) fn fields(binding: &Binding, document: &Value) -> Vec<(String, Option<Kind>)> {
    let whole = Path { steps: Vec::new() };
    let records = select(binding.records.as_ref().unwrap_or(&whole), document, "");
    let mut fields = Vec::new();
    for (record, at) in records {
        for field in &binding.fields {
            fields.extend(
                select(&field.path, record, &at).into_iter().map(|(_, pointer)| (pointer, field.kind)),
            );
        }
    }
    fields
}

fn select<'v>(path: &Path, value: &'v Value, at: &str) -> Vec<(&'v Value, String)> {
    let mut nodes = vec![(value, at.to_owned())];
    for step in &path.steps {
        nodes = nodes.into_iter().flat_map(|(value, at)| step_from(step, value, &at)).collect();
    }
    nodes
}

fn step_from<'v>(step: &Step, value: &'v Value, at: &str) -> Vec<(&'v Value, String)> {
    match step {
        Step::Child(selectors) => children(value, at, Some(selectors)),
        Step::Descendant(selectors) => {
            let mut found = children(value, at, Some(selectors));
            for (child, at) in children(value, at, None) {
                found.extend(step_from(step, child, &at));
            }
            found
        }
    }
}

/// The children that any of the selectors selects; all without selectors.
fn children<'v>(value: &'v Value, at: &str, selectors: Option<&[Selector]>) -> Vec<(&'v Value, String)> {
    let wanted = |selects: &dyn Fn(&Selector) -> bool| selectors.is_none_or(|all| all.iter().any(selects));
    match value {
        Value::Object(members) => members
            .iter()
            .filter(|(name, _)| {
                wanted(&|selector| match selector {
                    Selector::Wildcard => true,
                    Selector::Name(own) => own == *name,
                    _ => false,
                })
            })
            .map(|(name, member)| (member, format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"))))
            .collect(),
        Value::Array(items) => (0_u64..)
            .zip(items)
            .filter(|(index, _)| {
                wanted(&|selector| match selector {
                    Selector::Wildcard => true,
                    Selector::Index(own) => own == index,
                    Selector::Slice { start, end, step } => {
                        index >= start
                            && end.is_none_or(|end| *index < end)
                            && (index - start).checked_rem(*step) == Some(0)
                    }
                    Selector::Name(_) => false,
                })
            })
            .map(|(index, item)| (item, format!("{at}/{index}")))
            .collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use yingbi_policies::FieldBinding;

    #[test]
    fn bound_fields_are_found_by_pointer() {
        let binding = Binding {
            records: Some("$.data[*]".parse().unwrap()),
            fields: [
                ("$.tier", Some(Kind::Derived)),
                ("$..note", None),
                ("$.tags[0:2]", Some(Kind::Marketing)),
            ]
            .map(|(path, kind)| FieldBinding { path: path.parse().unwrap(), kind })
            .into(),
            ..Binding::default()
        };
        let document = serde_json::json!({"data": [{"tier": "A", "x": {"note": 1}, "tags": [1, 2, 3]}, {"note": 2}], "tier": "B"});
        let found: Vec<(String, Option<Kind>)> = fields(&binding, &document);
        let expected = [
            ("/data/0/tier", Some(Kind::Derived)),
            ("/data/0/x/note", None),
            ("/data/0/tags/0", Some(Kind::Marketing)),
            ("/data/0/tags/1", Some(Kind::Marketing)),
            ("/data/1/note", None),
        ];
        assert_eq!(found, expected.map(|(pointer, kind)| (pointer.to_owned(), kind)));
    }
}
