use crate::{PolicySet, Source};

const BASE: &str = "apiVersion: yingbi/v1
kind: Role
metadata: {id: teller}
spec: {any: [{api_token: {id: teller}}]}
---
apiVersion: yingbi/v1
kind: Purpose
metadata: {id: service}
spec: {basis: contract}
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: masked, clause: [\"T/TSAC001:7.5.a\"]}
spec:
  match: {roles: [teller], purposes: [service], routes: [\"GET crm.internal/customers\"]}
  allow: {categories: [basic]}
---
apiVersion: yingbi/v1
kind: Limit
metadata: {id: hourly}
spec: {match: {roles: [teller]}, distinct: investors, per: hour, at: 60}
";

/// Codes of documents that change nothing.
fn found(more: &str) -> Vec<(String, &'static str)> {
    let text = format!("{BASE}---\napiVersion: yingbi/v1\n{more}");
    let (_, told) = PolicySet::compile(&[Source::new("p.yaml", text)], "v".into()).expect("it compiles");
    let of = |code: &str| code == "YB2312" || code == "YB2313";
    told.into_iter().filter(|one| of(one.code)).map(|one| (one.message.en, one.code)).collect()
}

#[test]
fn a_document_that_nothing_uses_is_told_of() {
    let role = "kind: Role\nmetadata: {id: lead}\nspec: {any: [{api_token: {id: lead}}]}\n";
    let cases = [
        (role.to_owned(), Some(("lead", "YB2312"))),
        (format!("{role}---\napiVersion: yingbi/v1\nkind: Limit\nmetadata: {{id: of-lead}}\nspec: {{match: {{roles: [lead]}}, distinct: investors, per: hour, at: 5}}\n"), Some(("of-lead", "YB2312"))),
        ("kind: Purpose\nmetadata: {id: marketing}\nspec: {basis: consent}\n".to_owned(), Some(("marketing", "YB2312"))),
        ("kind: GrantTemplate\nmetadata: {id: bulk}\nspec: {asked_by: [teller], approved_by: [teller], not: self, lasts: 2h}\n".to_owned(), Some(("bulk", "YB2312"))),
        ("kind: Limit\nmetadata: {id: later}\nspec: {match: {roles: [teller]}, distinct: investors, per: hour, at: 90}\n".to_owned(), Some(("later", "YB2313"))),
        // Another period, another way of counting, fewer investors, and what is only watched, say something of their own.
        ("kind: Limit\nmetadata: {id: daily}\nspec: {match: {roles: [teller]}, distinct: investors, per: day, at: 90}\n".to_owned(), None),
        ("kind: Limit\nmetadata: {id: by-route}\nspec: {match: {roles: [teller]}, distinct: investors, by: route, per: hour, at: 90}\n".to_owned(), None),
        ("kind: Limit\nmetadata: {id: narrow}\nspec: {match: {roles: [teller], purposes: [service]}, distinct: investors, per: hour, at: 30}\n".to_owned(), None),
        ("kind: Limit\nmetadata: {id: watched}\nspec: {mode: monitor, match: {roles: [teller]}, distinct: investors, per: hour, at: 90}\n".to_owned(), None),
        (format!("{role}---\napiVersion: yingbi/v1\nkind: Policy\nmetadata: {{id: by-word, clause: [\"T/TSAC001:7.5.a\"]}}\nspec:\n  match: {{routes: [\"GET crm.internal/x\"]}}\n  when: caller.role in [\"lead\"]\n  allow: {{categories: [basic]}}\n"), None),
    ];
    for (more, expect) in cases {
        let told = found(&more);
        match expect {
            None => assert!(told.is_empty(), "{more}: {told:?}"),
            Some((id, code)) => {
                let is_it =
                    told.iter().any(|(message, own)| message.contains(&format!("`{id}`")) && *own == code);
                assert!(is_it, "{more}: {told:?}");
            }
        }
    }
    assert!(
        found("kind: Mask\nmetadata: {id: shape}\nspec: {algorithm: keep, first: 1, last: 1}\n").is_empty()
    );
}
