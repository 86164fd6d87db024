//! How rules combine, and what none of them may do.

use super::*;
use crate::Source;

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
