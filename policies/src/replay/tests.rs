use super::*;
use crate::testing::set;

const BASE: &str = r#"apiVersion: yingbi/v1
kind: Role
metadata: {id: teller}
spec: {any: [{api_token: {id: teller}}]}
---
apiVersion: yingbi/v1
kind: Role
metadata: {id: investor}
spec: {any: [{api_token: {id: investor}}]}
---
apiVersion: yingbi/v1
kind: Purpose
metadata: {id: service}
spec: {basis: contract}
---
apiVersion: yingbi/v1
kind: Binding
metadata: {id: one}
spec: {route: {host: h, method: GET, path: "/c/{id}"}, purpose: {header: false, default: service}, subject: {parameter: id}}
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: tellers}
spec: {match: {roles: [teller], purposes: [service], routes: ["GET h/c/*"]}, allow: {categories: [basic]}, treat: mask}
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: own}
spec: {match: {roles: [investor], routes: ["GET h/c/*"]}, when: subject == caller.subject, allow: {level: "<=3"}, treat: {default: mask, when: {caller.stepped_up: clear}}}
"#;

fn past(roles: &[&str]) -> Past {
    Past {
        method: "GET".into(),
        route: "/c/{id}".into(),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        authenticated: true,
        purpose: Some("service".into()),
        masked: BTreeSet::from([Category::Basic]),
        ..Past::default()
    }
}

#[test]
fn what_is_sure_is_told_from_what_depends() {
    let changed = |line: &str| Replayed::Changed(vec![line.to_owned()]);
    let depends = |line: &str| Replayed::Depends(vec![line.to_owned()]);
    let judge = |from: &str, to: &str, past: &Past| {
        let text = BASE.replacen(from, to, 1);
        assert!(from == to || text != BASE, "{to}");
        set(&text).replay(past, Day::default())
    };
    let teller = past(&["teller"]);
    assert_eq!(judge("", "", &teller), Replayed::Same);
    assert_eq!(judge("treat: mask}", "treat: drop}", &teller), changed("basic: masked → dropped"));
    assert_eq!(judge("[basic]}", "[contract]}", &teller), changed("basic: masked → dropped"));
    assert_eq!(judge("roles: [teller]", "roles: [investor]", &teller), changed("permit → YB2001"));
    assert_eq!(
        judge("tellers}\nspec: {", "tellers}\nspec: {mode: off, ", &teller),
        changed("permit → YB2001")
    );
    let only_names =
        judge("treat: mask}", "treat: {default: drop, categories: {basic.name: mask}}}", &teller);
    assert_eq!(only_names, depends("basic: masked → dropped | masked"), "which field it was is not recorded");
    let zone = judge("tellers}\nspec: {", "tellers}\nspec: {when: caller.zone == \"office\", ", &teller);
    assert_eq!(zone, depends("permit → YB2001 | permit"), "where they were is not recorded");

    let refused = Past { refused: Some("YB2001".into()), masked: BTreeSet::new(), ..past(&[]) };
    assert_eq!(judge("", "", &refused), Replayed::Same);
    assert_eq!(judge("roles: [teller], ", "", &refused), changed("YB2001 → permit"));

    // How fresh an investor's login was is not recorded, so a mask may have been either.
    let own =
        Past { clear: BTreeSet::from([Category::Basic]), masked: BTreeSet::new(), ..past(&["investor"]) };
    assert!(matches!(judge("", "", &own), Replayed::Depends(_)));
    assert!(matches!(
        judge("caller.stepped_up: clear", "caller.stepped_up: mask", &own),
        Replayed::Changed(_)
    ));

    assert_eq!(judge("", "", &Past { route: "/gone".into(), ..teller.clone() }), Replayed::UnknownRoute);
    assert_eq!(judge("", "", &Past { method: "POST".into(), ..teller }), Replayed::UnknownRoute);
}
