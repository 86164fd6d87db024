//! Which rule a request meets: its route, its subject, its caller's proofs; and how it is refused.

use super::*;

#[test]
fn a1_refusals_tell_what_would_help_and_no_more() {
    type Case<'a> = (&'a str, Caller, Option<&'a str>, (u16, &'a str));
    let cases: &[Case<'_>] = &[
        ("  match: {roles: [staff]}\n  allow: {level: 3}\n", caller(&["lead"]), None, (403, "YB2001")),
        ("  match: {roles: [staff]}\n  allow: {level: 3}\n", Caller::default(), None, (401, "YB2005")),
        (
            "  match: {roles: [staff]}\n  allow: {level: 3}\n",
            Caller::default(),
            Some("ghost"),
            (401, "YB2005"),
        ),
        ("  match: {routes: [\"h/x\"]}\n  allow: {level: 3}\n", Caller::default(), None, (403, "YB2001")),
        ("  allow: {level: 3}\n", caller(&["staff"]), Some("ghost"), (403, "YB2002")),
        ("  match: {purposes: [duty]}\n  allow: {level: 3}\n", caller(&["staff"]), None, (403, "YB2003")),
        (
            "  match: {purposes: [duty]}\n  allow: {level: 3}\n",
            caller(&["staff"]),
            Some("service"),
            (403, "YB2003"),
        ),
        (
            "  allow: {level: 3}\n---\n  match: {roles: [staff]}\n  deny: all\n",
            caller(&["staff"]),
            None,
            (403, "YB2004"),
        ),
        (
            "  match: {authenticated: false}\n  allow: {level: 1}\n---\n  deny: all\n",
            Caller::default(),
            None,
            (403, "YB2004"),
        ),
        ("  when: caller.stepped_up\n  allow: {level: 3}\n", caller(&["staff"]), None, (401, "YB2006")),
        (
            "  when: subject == caller.subject\n  allow: {level: 3}\n",
            caller(&["staff"]),
            None,
            (403, "YB2001"),
        ),
        ("  mode: monitor\n  allow: {level: 3}\n", caller(&["staff"]), None, (403, "YB2001")),
        ("  mode: off\n  allow: {level: 3}\n", caller(&["staff"]), None, (403, "YB2001")),
        ("  deny: all\n", caller(&["staff"]), None, (403, "YB2004")),
    ];
    for (policies, caller, purpose, expect) in cases {
        assert_eq!(code(&people(policies), caller, &request("/people", *purpose)), *expect, "{policies}");
        assert!(crate::REFUSALS.iter().any(|row| (row.status, row.code) == *expect));
    }
    // No policy at all.
    let (empty, _) = PolicySet::compile(&[], "v".into()).unwrap();
    assert_eq!(code(&empty, &caller(&[]), &request("/", None)), (403, "YB2001"));
}

#[test]
fn a2_whose_data_it_is_comes_from_the_route() {
    let with_subject = |subject: &str| {
        set(&format!(
            "apiVersion: yingbi/v1\nkind: Binding\nmetadata: {{id: b}}\nspec: {{route: {{host: crm.internal, path: \"/c/{{id}}\"}}{subject}}}\n---\n\
             apiVersion: yingbi/v1\nkind: Policy\nmetadata: {{id: own, clause: [x]}}\nspec: {{when: subject == caller.subject, allow: {{level: \"<=3\"}}, treat: clear}}\n"
        ))
    };
    let parameter = with_subject(", subject: {parameter: id}");
    let me = investor(true);
    let own = permit(&parameter, &me, &request("/c/me", None));
    assert_eq!(own.document_subject(), Some("me"));
    assert_eq!(word(own.view(None).treatment(Kind::Mobile)), "clear");
    assert_eq!(
        word(own.view(Some("you")).treatment(Kind::Mobile)),
        "drop",
        "a record that names another is another's"
    );
    assert_eq!(code(&parameter, &me, &request("/c/you", None)), (403, "YB2001"));
    // Encoded or odd spellings of another's identifier are not the caller's own; of the own they are.
    assert_eq!(permit(&parameter, &me, &request("/c/%6De", None)).document_subject(), Some("me"));
    for path in ["/c/ME", "/c/me%", "/c/me%00", "/c/me;x", "/c/%6de%2F", "/c/"] {
        assert_eq!(code(&parameter, &me, &request(path, None)), (403, "YB2001"), "{path}");
    }
    // The route says nothing of the subject: nobody's own.
    assert_eq!(code(&with_subject(""), &me, &request("/c/me", None)), (403, "YB2001"));
    // The route is the caller's own by nature.
    let mine = with_subject(", subject: caller");
    assert_eq!(word(permit(&mine, &me, &request("/c/7", None)).view(None).treatment(Kind::Mobile)), "clear");
    assert_eq!(code(&mine, &caller(&[]), &request("/c/7", None)), (403, "YB2001"));
}

#[test]
fn a2_the_most_specific_binding_rules() {
    let binding = |id: &str, host: &str, path: &str, purpose: &str| {
        format!(
            "apiVersion: yingbi/v1\nkind: Binding\nmetadata: {{id: {id}}}\nspec: {{route: {{host: \"{host}\", path: \"{path}\"}}, purpose: {{{purpose}}}}}\n---\n"
        )
    };
    let mut bindings = [
        binding("all", "*", "/**", "default: p1"),
        binding("one", "crm.internal", "/c/{id}", "header: false, default: p2"),
        binding("me", "crm.internal", "/c/me", "default: p1"),
        binding("below", "*.internal", "/c/{id}", "default: p1"),
    ];
    let tail = "apiVersion: yingbi/v1\nkind: Purpose\nmetadata: {id: p1}\nspec: {basis: contract}\n---\n\
        apiVersion: yingbi/v1\nkind: Purpose\nmetadata: {id: p2}\nspec: {basis: contract}\n---\n\
        apiVersion: yingbi/v1\nkind: Policy\nmetadata: {id: any, clause: [x]}\nspec: {allow: {level: \"<=3\"}}\n";
    for _ in 0..bindings.len() {
        bindings.rotate_left(1);
        let set = set(&(bindings.concat() + tail));
        let bound =
            |path: &str| permit(&set, &caller(&[]), &request(path, None)).binding().unwrap().id.clone();
        assert_eq!([bound("/c/7"), bound("/c/me"), bound("/x")], ["one", "me", "all"]);
        // A route that fixes its purpose hears no other.
        let fixed = |purpose| set.decide_caller(&caller(&[]), &request("/c/7", Some(purpose)));
        assert!(matches!(fixed("p2"), Decision::Permit(permit) if permit.purpose() == Some("p2")));
        assert!(matches!(fixed("p1"), Decision::Refuse(refusal) if refusal.code == "YB2003"));
    }
}

#[test]
fn roles_come_from_proofs_only() {
    use crate::{ApiToken, Certificate, Identity, Jwt};
    use serde_json::json;
    let set = set(r#"
apiVersion: yingbi/v1
kind: Role
metadata: {id: r}
spec:
  any:
    - jwt: {issuer: "https://a", claim: groups, contains: x}
    - jwt: {issuer: "https://a", claim: realm.roles, contains: y}
    - jwt: {issuer: "https://a", claim: level, equals: 3}
    - certificate: {spiffe: "spiffe://firm/*/a", organisational_unit: ou}
    - certificate: {common_name: "*.branch.firm"}
    - api_token: {id: t}
"#);
    let jwt = |issuer: &str, claims: serde_json::Value| Identity {
        id: "u".into(),
        jwt: Some(Jwt { issuer: issuer.into(), claims: claims.as_object().unwrap().clone() }),
        ..Identity::default()
    };
    let certificate = |certificate: Certificate| Identity {
        id: "u".into(),
        certificate: Some(certificate),
        ..Identity::default()
    };
    let uri = |uri: &str, unit: &str| {
        certificate(Certificate {
            uris: vec![uri.into()],
            organisational_units: vec![unit.into()],
            ..Certificate::default()
        })
    };
    let name =
        |name: &str| certificate(Certificate { common_name: Some(name.into()), ..Certificate::default() });
    let token = |id: &str| Identity {
        id: "u".into(),
        api_token: Some(ApiToken { id: id.into() }),
        ..Identity::default()
    };
    let cases = [
        (jwt("https://a", json!({"groups": ["w", "x"]})), true),
        (jwt("https://a", json!({"groups": "w x"})), true),
        (jwt("https://a", json!({"groups": "xx"})), false),
        (jwt("https://a", json!({"groups": {"x": true}})), false),
        (jwt("https://b", json!({"groups": ["x"]})), false),
        (jwt("https://a", json!({"realm": {"roles": ["y"]}})), true),
        (jwt("https://a", json!({"level": 3})), true),
        (jwt("https://a", json!({"level": "3"})), false),
        (uri("spiffe://firm/b/a", "ou"), true),
        (uri("spiffe://firm/b/a", "other"), false),
        (uri("spiffe://firm//a", "ou"), false),
        (uri("spiffe://firm/b/c/a", "ou"), false),
        (name("n1.branch.firm"), true),
        (name("branch.firm"), false),
        (name("n1.branch.firm.evil"), false),
        (token("t"), true),
        (token("T"), false),
        (Identity { api_token: Some(ApiToken { id: "t".into() }), ..Identity::default() }, false),
    ];
    for (identity, expect) in cases {
        assert_eq!(set.caller(&identity).roles.len() == 1, expect, "{identity:?}");
    }
}

#[test]
fn a1_a_slash_at_the_end_evades_nothing() {
    let set = set(
        "apiVersion: yingbi/v1\nkind: Binding\nmetadata: {id: b}\nspec: {route: {host: crm.internal, path: \"/c/{id}\"}, subject: {parameter: id}}\n---\n\
         apiVersion: yingbi/v1\nkind: Binding\nmetadata: {id: all}\nspec: {route: {host: crm.internal, path: \"/**\"}}\n---\n\
         apiVersion: yingbi/v1\nkind: Policy\nmetadata: {id: a, clause: [x]}\nspec: {match: {routes: [\"crm.internal/c/**\"]}, allow: {level: \"<=3\"}}\n---\n\
         apiVersion: yingbi/v1\nkind: Policy\nmetadata: {id: exact, clause: [x]}\nspec: {match: {routes: [\"crm.internal/exact\"]}, allow: {level: \"<=3\"}}\n---\n\
         apiVersion: yingbi/v1\nkind: Policy\nmetadata: {id: d, clause: [x]}\nspec: {match: {routes: [\"crm.internal/c/secret\"]}, deny: all}\n",
    );
    for path in ["/c/7", "/c/7/"] {
        let permit = permit(&set, &caller(&[]), &request(path, None));
        assert_eq!(
            (permit.binding().unwrap().id.as_str(), permit.document_subject()),
            ("b", Some("7")),
            "{path}"
        );
    }
    for path in ["/c/secret", "/c/secret/"] {
        assert_eq!(code(&set, &caller(&[]), &request(path, None)), (403, "YB2004"), "{path}");
    }
    // What allows is exact.
    permit(&set, &caller(&[]), &request("/exact", None));
    assert_eq!(code(&set, &caller(&[]), &request("/exact/", None)), (403, "YB2001"));
}
