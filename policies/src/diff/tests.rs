use crate::testing::set;
use crate::{Day, Outcome};
use yingbi_taxonomy::Kind;

const BASE: &str = r#"apiVersion: yingbi/v1
kind: Role
metadata: {id: teller}
spec: {any: [{api_token: {id: teller}}]}
---
apiVersion: yingbi/v1
kind: Role
metadata: {id: clerk}
spec: {any: [{api_token: {id: clerk}}]}
---
apiVersion: yingbi/v1
kind: Purpose
metadata: {id: service}
spec: {basis: contract}
---
apiVersion: yingbi/v1
kind: Binding
metadata: {id: one}
spec: {route: {host: h, method: GET, path: "/c/{id}"}, subject: {parameter: id}}
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: p, clause: ["T/TSAC001:7.5.k"]}
spec: {match: {roles: [teller], purposes: [service], routes: ["GET h/c/*"]}, allow: {categories: [basic]}, treat: mask}
"#;

#[test]
fn nothing_differs_from_itself() {
    let same = set(BASE).diff(&set(BASE), Day::default());
    assert!(same.changes.is_empty() && same.limits.is_empty() && same.grant_templates.is_empty(), "{same:?}");
}

#[test]
fn a_change_is_told_for_those_whom_it_concerns_and_nobody_else() {
    struct Case {
        from: &'static str,
        to: &'static str,
        freer: bool,
        role: &'static str,
        outcomes: [&'static str; 2],
    }
    const SURNAME: &str = "masked (surname stays)";
    const NOBODY: &str = "refused YB2001";
    let case = |from, to, freer, role, outcomes| Case { from, to, freer, role, outcomes };
    let cases = [
        case("treat: mask}", "treat: {categories: {basic.name: clear}}}", true, "teller", [SURNAME, "clear"]),
        case("roles: [teller]", "roles: [teller, clerk]", true, "clerk", [NOBODY, SURNAME]),
        case("roles: [teller]", "roles: [clerk]", false, "teller", [SURNAME, NOBODY]),
        case("{match: {roles: [t", "{mode: monitor, match: {roles: [t", false, "teller", [SURNAME, NOBODY]),
    ];
    let before = set(BASE);
    for Case { from, to, freer, role, outcomes } in cases {
        let text = BASE.replacen(from, to, 1);
        assert_ne!(text, BASE, "{to}");
        let diff = before.diff(&set(&text), Day::default());
        let of_name = diff.changes.iter().filter(|change| {
            change.role.as_deref() == Some(role)
                && change.whose.text().en == "others"
                && change.purpose.as_deref() == Some("service")
                && change.kinds.contains(&Kind::Name)
        });
        assert!(of_name.clone().count() > 0, "{to}: {diff:#?}");
        for change in of_name {
            assert_eq!([change.before.text().en, change.after.text().en], outcomes, "{to}");
            assert_eq!((change.is_freer(), &*change.endpoint.template), (Some(freer), "/c/{id}"), "{to}");
        }
        // Whoever nothing was allowed to before and nothing is after is told of no treatment.
        let treated = |outcome: &Outcome| matches!(outcome, Outcome::Treated(_));
        let others = diff.changes.iter().filter(|change| change.role.is_none());
        assert!(others.clone().all(|change| !treated(&change.before) && !treated(&change.after)), "{to}");
    }
}

#[test]
fn limits_that_say_something_else_are_named() {
    let with = |text: &str| format!("{BASE}---\napiVersion: yingbi/v1\n{text}");
    let limit = |at: u32| {
        with(&format!(
            "kind: Limit\nmetadata: {{id: l}}\nspec: {{distinct: investors, per: day, at: {at}}}\n"
        ))
    };
    let diff = set(&limit(5)).diff(&set(&limit(6)), Day::default());
    assert_eq!((diff.limits, diff.changes.len()), (vec!["l".to_owned()], 0));
    assert_eq!(set(BASE).diff(&set(&limit(5)), Day::default()).limits, ["l"]);
    // One role more shifts positions, and changes no limit.
    let role =
        "---\napiVersion: yingbi/v1\nkind: Role\nmetadata: {id: aaa}\nspec: {any: [{api_token: {id: x}}]}\n";
    let with_role = |roles: &str, more: &str| {
        let limit = format!(
            "kind: Limit\nmetadata: {{id: l}}\nspec: {{match: {{roles: [{roles}]}}, distinct: investors, per: day, at: 5}}\n"
        );
        set(&format!("{}{more}", with(&limit)))
    };
    let more = with_role("teller", role);
    assert_eq!(with_role("teller", "").diff(&more, Day::default()).limits, [""; 0]);
    assert_eq!(with_role("clerk", "").diff(&more, Day::default()).limits, ["l"]);
}
