use crate::{Caller, Decision, Permit, PolicySet, Request, Source, Treatment};
use yingbi_taxonomy::Kind;

/// The small firm of the language's introduction.
const FIRM: &str = r#"
apiVersion: yingbi/v1
kind: Role
metadata: {id: teller, title: 营业部柜员}
spec:
  any:
    - jwt: {issuer: "https://sso.firm.internal", claim: groups, contains: branch-teller}
    - certificate: {spiffe: "spiffe://firm/branch/*"}
---
apiVersion: yingbi/v1
kind: Role
metadata: {id: investor}
spec: {any: [{jwt: {issuer: "https://app.firm.internal", claim: kind, equals: investor}}]}
---
apiVersion: yingbi/v1
kind: Purpose
metadata: {id: account-service, title: 账户服务, clause: ["T/TSAC001:8.1.a"]}
spec: {basis: contract}
---
apiVersion: yingbi/v1
kind: Purpose
metadata: {id: marketing, title: 营销推送, clause: ["T/TSAC001:8.4.2"]}
spec: {basis: consent, consent: {kind: separate, recipient: self}}
---
apiVersion: yingbi/v1
kind: Binding
metadata: {id: crm-customer}
spec:
  route: {host: crm.internal, method: GET, path: "/customers/{id}"}
  purpose: {header: true, default: account-service}
  records: $.data[*]
  subject: $.client_id
  fields:
    - {path: $.tier, category: derived}
    - {path: $.memo, category: service}
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: teller-sees-masked, title: 柜员办理业务只见脱敏信息, clause: ["T/TSAC001:7.5.a", "T/TSAC001:8.4.4.a"]}
spec:
  mode: enforce
  match: {roles: [teller], purposes: [account-service], routes: ["crm.internal/customers/**"]}
  allow: {level: "<=3"}
  treat: mask
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: own-data-after-step-up, title: 本人经再次鉴别可看全, clause: ["T/TSAC001:8.4.4.c"]}
spec:
  mode: enforce
  match: {roles: [investor]}
  when: subject == caller.subject
  allow: {level: "<=3"}
  treat: {default: mask, when: {caller.stepped_up: clear}}
"#;

fn set(yaml: &str) -> PolicySet {
    match PolicySet::compile(&[Source::new("t.yaml", yaml)], "v".into()) {
        Ok((set, _)) => set,
        Err(diagnostics) => panic!("{diagnostics:#?}"),
    }
}

fn caller(roles: &[&str]) -> Caller {
    Caller {
        id: "u".into(),
        roles: roles.iter().map(|role| (*role).into()).collect(),
        authenticated: true,
        ..Caller::default()
    }
}

fn request<'a>(path: &'a str, purpose: Option<&'a str>) -> Request<'a> {
    Request { method: "GET", host: "crm.internal", path, purpose, today: crate::Day::default() }
}

fn permit(set: &PolicySet, caller: &Caller, request: &Request<'_>) -> Permit {
    match set.decide_caller(caller, request) {
        Decision::Permit(permit) => permit,
        Decision::Refuse(refusal) => panic!("{refusal:?}"),
    }
}

fn code(set: &PolicySet, caller: &Caller, request: &Request<'_>) -> (u16, &'static str) {
    match set.decide_caller(caller, request) {
        Decision::Permit(permit) => panic!("{:?}", permit.rules()),
        Decision::Refuse(refusal) => (refusal.status, refusal.code),
    }
}

#[test]
fn a1_what_no_policy_allows_is_refused() {
    let set = set(FIRM);
    let customer = request("/customers/42", Some("account-service"));
    assert_eq!(code(&set, &caller(&[]), &customer), (403, "YB2001"));
    assert_eq!(code(&set, &Caller::default(), &customer), (401, "YB2005"));
    assert_eq!(code(&set, &caller(&["teller"]), &request("/customers/42", Some("fishing"))), (403, "YB2002"));
    assert_eq!(
        code(&set, &caller(&["teller"]), &request("/customers/42", Some("marketing"))),
        (403, "YB2003")
    );
    assert_eq!(
        code(&set, &caller(&["teller"]), &request("/accounts/42", Some("account-service"))),
        (403, "YB2001")
    );
}

#[test]
fn a2_a_teller_sees_masks() {
    let set = set(FIRM);
    let permit = permit(&set, &caller(&["teller"]), &request("/customers/42", None));
    let view = permit.view(Some("80001234"));
    assert!(matches!(view.treatment(Kind::Mobile), Treatment::Mask(_)));
    assert!(matches!(view.treatment(Kind::Password), Treatment::Mask(mask) if !mask.shows_anything()));
    assert_eq!(permit.rules(), ["teller-sees-masked".into()]);
    assert_eq!((&**permit.route(), permit.purpose()), ("/customers/{id}", Some("account-service")));
}

/// Policies over one binding that names each record's subject, for roles `staff`, `lead` and `investor`.
fn people(policies: &str) -> PolicySet {
    people_under("x", policies)
}

/// The same under a clause.
fn people_under(clause: &str, policies: &str) -> PolicySet {
    let role = |id: &str| {
        format!(
            "apiVersion: yingbi/v1\nkind: Role\nmetadata: {{id: {id}}}\nspec: {{any: [{{api_token: {{id: {id}}}}}]}}\n---\n"
        )
    };
    let purposes = "apiVersion: yingbi/v1\nkind: Purpose\nmetadata: {id: service}\nspec: {basis: contract}\n---\n\
        apiVersion: yingbi/v1\nkind: Purpose\nmetadata: {id: campaign}\nspec: {basis: consent}\n---\n\
        apiVersion: yingbi/v1\nkind: Purpose\nmetadata: {id: duty}\nspec: {basis: legal-duty}\n---\n\
        apiVersion: yingbi/v1\nkind: Mask\nmetadata: {id: last-two}\nspec: {algorithm: keep, last: 2}\n---\n\
        apiVersion: yingbi/v1\nkind: Binding\nmetadata: {id: b}\nspec: {route: {host: crm.internal, path: \"/people\"}, records: \"$[*]\", subject: $.id}\n";
    let documents: Vec<String> = policies
        .split("---\n")
        .enumerate()
        .map(|(at, spec)| {
            format!("---\napiVersion: yingbi/v1\nkind: Policy\nmetadata: {{id: p{at}, clause: [\"{clause}\"]}}\nspec:\n{spec}")
        })
        .collect();
    set(&format!("{}{}{}{purposes}{}", role("staff"), role("lead"), role("investor"), documents.concat()))
}

/// One view in words: `clear`, `mask:1` (how much stays), `drop`, `block`.
fn word(treatment: &Treatment) -> String {
    match treatment {
        Treatment::Clear => "clear".into(),
        Treatment::Mask(mask) => format!("mask:{}", mask.weakness().0),
        Treatment::Drop => "drop".into(),
        Treatment::Block => "block".into(),
    }
}

/// What comes of a mobile, a balance, an investor code and a password, in the caller's own record and in another's.
fn table(set: &PolicySet, caller: &Caller, purpose: Option<&str>) -> [String; 2] {
    let permit = permit(set, caller, &request("/people", purpose));
    [Some("me"), Some("you")].map(|subject| {
        let view = permit.view(subject);
        [Kind::Mobile, Kind::Balance, Kind::InvestorCode, Kind::Password]
            .map(|kind| word(view.treatment(kind)))
            .join(" ")
    })
}

fn investor(stepped_up: bool) -> Caller {
    Caller { subjects: vec!["me".into()], stepped_up, ..caller(&["investor"]) }
}

const NOTHING: &str = "drop drop drop drop";

#[test]
fn a2_rules_combine_by_one_meaning() {
    struct Case {
        name: &'static str,
        policies: &'static str,
        own: &'static str,
        other: &'static str,
    }
    let cases = [
        Case {
            name: "what no rule allows is left out, level 4 shows nothing",
            policies: "  allow: {categories: [basic]}\n",
            own: "mask:7 drop drop mask:0",
            other: "mask:7 drop drop mask:0",
        },
        Case {
            name: "allowances are joined",
            policies: "  allow: {categories: [basic]}\n---\n  allow: {categories: [wealth.cash, account.investor-code]}\n",
            own: "mask:7 mask:0 mask:4 mask:0",
            other: "mask:7 mask:0 mask:4 mask:0",
        },
        Case {
            name: "of two masks the stronger",
            policies: "  allow: {level: \"<=3\"}\n---\n  allow: {categories: [basic]}\n  treat: last-two\n",
            own: "mask:2 mask:0 mask:4 mask:0",
            other: "mask:2 mask:0 mask:4 mask:0",
        },
        Case {
            name: "drop over mask over clear",
            policies: "  allow: {level: \"<=3\"}\n  treat: clear\n---\n  allow: {level: 2}\n  treat: mask\n---\n  allow: {categories: [wealth.cash]}\n  treat: drop\n",
            own: "mask:7 drop mask:4 mask:0",
            other: "mask:7 drop mask:4 mask:0",
        },
        Case {
            name: "deny over everything, for its categories",
            policies: "  when: subject == caller.subject\n  allow: {level: \"<=3\"}\n  treat: clear\n---\n  allow: {level: \"<=3\"}\n---\n  deny: {categories: [wealth.cash]}\n",
            own: "mask:7 block clear mask:0",
            other: "mask:7 block mask:4 mask:0",
        },
        Case {
            name: "a rule about the own data comes before the general one, in its view only",
            policies: "  allow: {level: \"<=3\"}\n  treat: mask\n---\n  when: subject == caller.subject\n  allow: {categories: [wealth.cash]}\n  treat: clear\n",
            own: "mask:7 clear mask:4 mask:0",
            other: "mask:7 mask:0 mask:4 mask:0",
        },
        Case {
            name: "naming the relation in vain binds nothing",
            policies: "  allow: {level: \"<=3\"}\n  treat: mask\n---\n  when: subject == caller.subject || caller.authenticated\n  allow: {categories: [wealth.cash, account.investor-code]}\n  treat: clear\n",
            own: "mask:7 mask:0 mask:4 mask:0",
            other: "mask:7 mask:0 mask:4 mask:0",
        },
        Case {
            name: "the narrowest name within one rule",
            policies: "  allow: {level: \"<=3\"}\n  treat: {default: drop, categories: {\"level:3\": drop, basic: drop, basic.mobile: mask, sensitive: mask}}\n",
            own: "mask:7 drop drop mask:0",
            other: "mask:7 drop drop mask:0",
        },
        Case {
            name: "a category named beyond allow is masked, not shown",
            policies: "  allow: {categories: [basic]}\n  treat: {default: mask, categories: {wealth.cash: mask}}\n",
            own: "mask:7 mask:0 drop mask:0",
            other: "mask:7 mask:0 drop mask:0",
        },
        Case {
            name: "a condition under treat replaces the default, not what is named",
            policies: "  allow: {level: \"<=3\"}\n  treat: {default: drop, categories: {wealth.cash: mask}, when: {caller.authenticated: clear}}\n",
            own: "mask:7 mask:0 clear mask:0",
            other: "mask:7 mask:0 clear mask:0",
        },
        Case {
            name: "of several conditions that hold the strongest",
            policies: "  allow: {level: \"<=3\"}\n  treat: {default: clear, when: {caller.authenticated: clear, subject != caller.subject: drop}}\n",
            own: "mask:7 clear clear mask:0",
            other: "drop drop drop mask:0",
        },
        Case {
            name: "a firm's own floor strengthens",
            policies: "  allow: {level: \"<=3\"}\n---\n  floor: {categories: [account.investor-code], treat: drop}\n",
            own: "mask:7 mask:0 drop mask:0",
            other: "mask:7 mask:0 drop mask:0",
        },
        Case {
            name: "monitor neither allows nor weakens nor strengthens",
            policies: "  allow: {categories: [basic]}\n---\n  mode: monitor\n  allow: {level: \"<=3\"}\n  treat: drop\n---\n  mode: monitor\n  deny: all\n---\n  mode: off\n  deny: all\n",
            own: "mask:7 drop drop mask:0",
            other: "mask:7 drop drop mask:0",
        },
        Case {
            name: "nothing allowed in one view leaves nothing in it",
            policies: "  when: subject == caller.subject\n  allow: {level: \"<=3\"}\n",
            own: "mask:7 mask:0 mask:4 mask:0",
            other: NOTHING,
        },
        Case {
            name: "denied in one view only",
            policies: "  allow: {level: \"<=3\"}\n---\n  when: subject != caller.subject\n  deny: all\n",
            own: "mask:7 mask:0 mask:4 mask:0",
            other: "block block block block",
        },
    ];
    for Case { name, policies, own, other } in cases {
        // Order-free: the same from back to front.
        let mut reversed: Vec<&str> = policies.split("---\n").collect();
        reversed.reverse();
        for policies in [policies.to_owned(), reversed.join("---\n")] {
            let set = people(&policies);
            for _ in ["computed", "remembered"] {
                assert_eq!(table(&set, &investor(false), None), [own, other], "{name}");
            }
        }
    }
}

#[test]
fn t2_the_unauthenticated_get_nothing_of_level_two_or_above() {
    let set = people(
        "  match: {authenticated: false}\n  allow: {level: \"<=4\"}\n  treat: mask\n---\n  match: {authenticated: false}\n  allow: {level: \"<=3\"}\n  treat: clear\n",
    );
    let permit = permit(&set, &Caller::default(), &request("/people", None));
    for subject in [None, Some("me"), Some("")] {
        for kind in Kind::all() {
            assert_eq!(permit.view(subject).treatment(kind), &Treatment::Drop, "{kind}");
        }
    }
    // A step-up or roles claimed without authentication count for nothing.
    let liar = Caller {
        stepped_up: true,
        roles: vec!["staff".into()],
        subjects: vec!["me".into()],
        ..Caller::default()
    };
    assert_eq!(table(&set, &liar, None), [NOTHING, NOTHING]);
}

#[test]
fn t3_direct_identifiers_show_in_full_after_step_up_only() {
    let set = people("  when: subject == caller.subject\n  allow: {level: \"<=3\"}\n  treat: clear\n");
    assert_eq!(table(&set, &investor(false), None)[0], "mask:7 clear clear mask:0");
    assert_eq!(table(&set, &investor(true), None)[0], "clear clear clear mask:0");
    let permit = permit(&set, &investor(false), &request("/people", None));
    for kind in [Kind::Name, Kind::ResidentId, Kind::Email, Kind::Address, Kind::BankCard, Kind::FundAccount]
    {
        assert!(matches!(permit.view(Some("me")).treatment(kind), Treatment::Mask(_)), "{kind}");
    }
}

#[test]
fn t3_level_four_is_never_clear_by_any_rule() {
    // Every way to name a treatment, with everything in favour of the caller.
    let ways = ["clear", "{default: clear}", "{default: mask, when: {caller.stepped_up: clear}}", "last-two"];
    for way in ways {
        let spec = format!(
            "apiVersion: yingbi/v1\nkind: Mask\nmetadata: {{id: last-two}}\nspec: {{algorithm: keep, last: 2}}\n---\napiVersion: yingbi/v1\nkind: Policy\nmetadata: {{id: p, clause: [\"T/TSAC001:8.4.4.d.1\"]}}\nspec:\n  allow: {{level: \"<=4\"}}\n  treat: {way}\n"
        );
        let errors = PolicySet::compile(&[Source::new("t", spec)], "v".into()).unwrap_err();
        assert!(errors.iter().any(|error| ["YB0501", "YB0502"].contains(&error.code)), "{way}");
    }
}

#[test]
fn t4_others_level_three_needs_a_ground() {
    let plain = "  match: {roles: [staff]}\n  allow: {level: \"<=3\"}\n  treat: clear\n";
    let staff = caller(&["staff"]);
    assert_eq!(table(&people(plain), &staff, None)[1], "mask:7 mask:0 clear mask:0");
    for clause in [
        "T/TSAC001:8.4.4.d.1",
        "T/TSAC001:8.4.4.d.2",
        "T/TSAC001:7.5.k",
        "T/TSAC 001-2025:7.5.j",
        "T/TSAC001:8.7.2.e",
    ] {
        let yaml = format!(
            "apiVersion: yingbi/v1\nkind: Policy\nmetadata: {{id: p, clause: [\"{clause}\"]}}\nspec:\n  allow: {{level: \"<=3\"}}\n  treat: clear\n"
        );
        assert_eq!(table(&set(&yaml), &staff, None)[1], "clear clear clear mask:0", "{clause}");
    }
    for clause in ["T/TSAC001:8.4.4.c", "T/TSAC001:7.5.kk", "7.5.k", "T/SAC003:7.5.k", "T/TSAC001:8.70"] {
        let yaml = format!(
            "apiVersion: yingbi/v1\nkind: Policy\nmetadata: {{id: p, clause: [\"{clause}\"]}}\nspec:\n  allow: {{level: \"<=3\"}}\n  treat: clear\n"
        );
        assert_eq!(table(&set(&yaml), &staff, None)[1], "mask:7 mask:0 clear mask:0", "{clause}");
    }
    let duty = people("  match: {purposes: [duty]}\n  allow: {level: \"<=3\"}\n  treat: clear\n");
    assert_eq!(table(&duty, &staff, Some("duty"))[1], "clear clear clear mask:0");
    // A rule for duty and for service alike is no ground for service.
    let both = people("  match: {purposes: [duty, service]}\n  allow: {level: \"<=3\"}\n  treat: clear\n");
    assert_eq!(table(&both, &staff, Some("service"))[1], "mask:7 mask:0 clear mask:0");
}

#[test]
fn p3_consent_that_is_not_verified_shows_nothing_in_clear() {
    let set = people("  allow: {level: \"<=3\"}\n  treat: clear\n");
    assert_eq!(table(&set, &investor(true), Some("campaign")), ["mask:7 mask:0 mask:4 mask:0"; 2]);
    assert_eq!(table(&set, &investor(true), Some("service"))[0], "clear clear clear mask:0");
}

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
        assert!(super::REFUSALS.iter().any(|row| (row.status, row.code) == *expect));
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
fn monitored_rules_are_told_where_they_would_differ() {
    let set = people(
        "  allow: {level: \"<=3\"}\n---\n  mode: monitor\n  allow: {categories: [basic]}\n  treat: drop\n",
    );
    let permit = permit(&set, &caller(&["staff"]), &request("/people", None));
    let view = permit.view(None);
    assert_eq!(view.monitored(Kind::Mobile).map(word), Some("drop".to_owned()));
    assert_eq!(view.monitored(Kind::Balance), None);
    assert_eq!(permit.rules(), ["p0".into()]);
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
fn views_are_remembered_by_all_they_depend_on() {
    // One set serves callers who differ in one thing at a time, twice over, in any order.
    let set = people(
        "  match: {roles: [staff]}\n  allow: {level: \"<=3\"}\n---\n  match: {roles: [lead], purposes: [service]}\n  allow: {level: 2}\n  treat: clear\n---\n  match: {roles: [investor]}\n  when: subject == caller.subject\n  allow: {level: \"<=3\"}\n  treat: {default: mask, when: {caller.stepped_up: clear}}\n",
    );
    let both = Caller { subjects: vec!["me".into()], ..caller(&["investor", "staff"]) };
    let expected = [
        (caller(&["staff"]), None, ["mask:7 mask:0 mask:4 mask:0"; 2]),
        (caller(&["lead"]), Some("service"), ["drop drop clear mask:0"; 2]),
        (investor(false), None, ["mask:7 mask:0 mask:4 mask:0", NOTHING]),
        (investor(true), None, ["clear clear clear mask:0", NOTHING]),
        (both, None, ["mask:7 mask:0 mask:4 mask:0"; 2]),
    ];
    for _ in 0..2 {
        for (caller, purpose, expect) in expected.iter().chain(expected.iter().rev()) {
            assert_eq!(&table(&set, caller, *purpose), expect, "{caller:?}");
        }
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

/// What is remembered of investors, told as it is.
#[derive(Debug, Default)]
struct Told(std::collections::HashMap<&'static str, crate::Standing>);

impl crate::Subjects for Told {
    fn possible(&self) -> crate::Possible {
        crate::Possible { grants: true, consents: true, restrictions: true }
    }

    fn standing(&self, subject: &str, _: &crate::Asked<'_>) -> crate::Standing {
        self.0.get(subject).copied().unwrap_or_default()
    }
}

const OPENED: &str = "  match: {roles: [staff]}\n  when: grant.active(subject)\n  allow: {level: \"<=3\"}\n  treat: {default: clear, categories: {identity.document: mask}}\n---\n  match: {roles: [staff]}\n  allow: {level: \"<=3\"}\n  treat: mask\n";

fn opened(standings: &[(&'static str, crate::Standing)]) -> Option<std::sync::Arc<dyn crate::Subjects>> {
    Some(std::sync::Arc::new(Told(standings.iter().copied().collect())))
}

#[test]
fn a4_a_grant_opens_its_subject_and_its_kinds_only() {
    use crate::{Reach, Standing};
    let set = people_under("T/TSAC001:7.5.k", OPENED);
    let some = [Kind::Mobile].into_iter().collect();
    let subjects = opened(&[
        ("all", Standing { granted: Reach::All, ..Standing::default() }),
        ("some", Standing { granted: Reach::Kinds(some), ..Standing::default() }),
        ("restricted", Standing { granted: Reach::All, restricted: true, ..Standing::default() }),
    ]);
    let decision = set.decide_caller_about(&caller(&["staff"]), &request("/people", None), subjects.as_ref());
    let Decision::Permit(permit) = decision else { panic!("refused") };
    let told = |subject: Option<&str>| {
        let view = permit.view(subject);
        [Kind::Mobile, Kind::Balance, Kind::ResidentId, Kind::Password].map(|kind| word(view.treatment(kind)))
    };
    let closed = told(Some("another"));
    assert!(closed.iter().all(|word| word.starts_with("mask")), "{closed:?}");
    assert_eq!(told(None), closed);
    let all = told(Some("all"));
    assert_eq!((&*all[0], &*all[1], &all[2], &all[3]), ("clear", "clear", &closed[2], &closed[3]));
    let some = told(Some("some"));
    assert_eq!((&*some[0], &some[1..]), ("clear", &closed[1..]));
    assert_eq!(told(Some("restricted")), ["drop"; 4].map(String::from));
    // A record of several is nobody's, and restricted when one of them is.
    let several =
        |names: &[&'static str]| word(permit.view_of_several(names.iter().copied()).treatment(Kind::Mobile));
    assert_eq!(several(&["all", "all"]), closed[0]);
    assert_eq!(several(&["all", "restricted"]), "drop");
    // The same view is given out again, whatever was made meanwhile.
    assert!(std::ptr::eq(permit.view(Some("some")), permit.view(Some("some"))));
}

#[test]
fn an_exception_rules_to_its_last_day_and_below_the_floors() {
    let yaml = format!(
        "{FIRM}---\napiVersion: yingbi/v1\nkind: Exception\nmetadata: {{id: migration, title: x}}\nspec: {{owner: office, reason: x, expires: 2026-12-31, policy: teller-sees-masked, instead: {{treat: {{default: mask, categories: {{basic.mobile: drop, derived: clear}}}}}}}}\n"
    );
    let set = set(&yaml);
    let on = |year, month, day| {
        let today = crate::Day::new(year, month, day).unwrap();
        let permit = permit(&set, &caller(&["teller"]), &Request { today, ..request("/customers/42", None) });
        let view = permit.view(Some("80001234"));
        (
            permit.rules().to_vec(),
            [Kind::Mobile, Kind::Password, Kind::Balance].map(|kind| word(view.treatment(kind))),
        )
    };
    let (rules, during) = on(2026, 12, 31);
    assert_eq!((rules, &*during[0]), (vec!["migration".into()], "drop"));
    let (rules, after) = on(2027, 1, 1);
    assert_eq!(rules, ["teller-sees-masked".into()]);
    assert_ne!(after[0], "drop");
    // Floors are as before: level 4 shows nothing, others' level 3 is masked.
    assert_eq!(during[1..], after[1..]);
    assert_eq!(set.exceptions().map(|(id, _)| id.to_string()).collect::<Vec<_>>(), ["migration"]);
}
