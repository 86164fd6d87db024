use super::*;

fn facts(roles: &[Arc<str>]) -> Facts<'_> {
    Facts {
        roles,
        authenticated: true,
        stepped_up: false,
        caller: "u1",
        method: "GET",
        host: "crm.internal",
        path: "/customers/42",
        purpose: "account-service",
        basis: "contract",
        known: &CallerFacts::UNKNOWN,
    }
}

#[test]
fn conditions_hold_as_they_read() {
    let [other, own, granted, consented, restricted] =
        [Relation::OTHER, Relation::OWN, Relation::GRANTED, Relation::CONSENTED, Relation::RESTRICTED];
    let cases = [
        ("true", other, true),
        ("subject == caller.subject", own, true),
        ("subject == caller.subject", other, false),
        ("subject in caller.subjects", own, true),
        ("subject != caller.subject", other, true),
        ("!(subject == caller.subject) && caller.authenticated", other, true),
        ("caller.role in ['teller', 'auditor']", other, true),
        ("'teller' in caller.roles", other, true),
        ("caller.role == 'branch-manager'", other, false),
        ("!(caller.role == 'teller')", other, false),
        ("caller.stepped_up", own, false),
        ("caller.stepped_up == false", own, true),
        ("request.method == 'GET' && request.path.startsWith('/customers/')", other, true),
        ("request.host.endsWith('.internal') || caller.stepped_up", other, true),
        ("request.purpose in ['marketing']", other, false),
        ("purpose.basis == 'contract'", other, true),
        ("caller.stepped_up ? false : caller.id == 'u1'", other, true),
        ("request.path.contains('客户')", other, false),
        ("grant.active(subject)", granted, true),
        ("grant.active(subject)", own, false),
        ("consent.covers(purpose) && !subject.restricted", consented, true),
        ("consent.covers(purpose) && !subject.restricted", restricted, false),
        ("caller.kind == 'robot'", other, false),
        ("caller.licence == ''", other, true),
    ];
    let roles = [Arc::from("teller"), Arc::from("staff")];
    for (text, relation, expect) in cases {
        let condition = compile(text).unwrap_or_else(|problem| panic!("{text}: {problem:?}"));
        assert_eq!(condition.holds(&facts(&roles), relation), expect, "{text}");
    }
}

#[test]
fn what_is_wrong_is_found_when_read() {
    let cases = [
        ("subject ==", "YB0301"),
        ("caller.rolle == 'x'", "YB0302"),
        ("callers", "YB0302"),
        ("f(caller)", "YB0302"),
        ("caller.roles.exists(r, r == 'x')", "YB0302"),
        ("caller.id == 7", "YB0303"),
        ("caller.id", "YB0303"),
        ("subject == '80001234'", "YB0303"),
        ("caller.stepped_up == 'yes'", "YB0303"),
        ("caller.role != 'x'", "YB0303"),
        ("caller.authenticated && caller.id", "YB0303"),
        ("grant.active(purpose)", "YB0303"),
        ("consent.covers(subject)", "YB0303"),
        ("caller.id + 'x' == 'y'", "YB0302"),
    ];
    for (text, code) in cases {
        match compile(text) {
            Err(problem) => assert_eq!(problem.code.id(), code, "{text}: {problem:?}"),
            Ok(condition) => panic!("{text} compiled to {condition:?}"),
        }
    }
}

#[test]
fn a_problem_points_at_its_word() {
    let text = "subject == caller.subject && caller.rolle == 'x'";
    let problem = compile(text).unwrap_err();
    assert!(text.get(problem.bytes.clone()) == Some("caller.rolle"), "{problem:?}");
    assert!(problem.bytes.start >= text.find("caller.rolle").unwrap(), "{problem:?}");
}

#[test]
fn deep_and_long_conditions_are_refused() {
    for text in ["(".repeat(1000) + "true" + &")".repeat(1000), "x".repeat(5000), "[".repeat(2000)] {
        assert!(compile(&text).is_err());
    }
    // Long but flat ones are read: double negation is CEL's own to fold.
    assert!(compile(&("!".repeat(2000) + "true")).is_ok());
    assert!(compile(&["caller.stepped_up"; 60].join(" && ")).is_ok());
}

#[test]
fn contradictions_are_seen() {
    let cases = [
        ("caller.stepped_up && !caller.stepped_up", false),
        ("caller.stepped_up && !caller.authenticated", false),
        ("subject == caller.subject && subject != caller.subject", false),
        ("request.method == 'GET' && request.method == 'POST'", false),
        ("false", false),
        ("caller.stepped_up || !caller.stepped_up", true),
        ("request.method == 'GET' && request.path.startsWith('/a')", true),
    ];
    for (text, expect) in cases {
        assert_eq!(compile(text).unwrap().can_hold(), expect, "{text}");
    }
}

#[test]
fn relations_made_of_parts_are_told_apart_by_those_alone() {
    for parts in (0..16).map(Relation) {
        let all: Relations = Relation::within(parts).collect();
        assert_eq!(Relation::all_of(parts), all, "{parts:?}");
        let spread = Relation::spread(parts);
        assert_eq!(spread.iter().map(|(_, alike)| alike.0.count_ones()).sum::<u32>(), 16, "{parts:?}");
        for (one, alike) in &spread {
            assert!(alike.contains(*one) && alike.iter().all(|other| other.both(parts) == *one), "{parts:?}");
        }
    }
}
