use crate::{PolicySet, Source};

const RULE: &str = r#"apiVersion: yingbi/v1
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
kind: Policy
metadata: {id: p, clause: [x]}
spec: {match: {roles: [teller], routes: ["GET h/a"]}, allow: {level: "<=3"}, treat: {default: mask, when: {caller.stepped_up: drop, caller.zone == "office": mask}}}
---
apiVersion: yingbi/v1
kind: PolicyTest
metadata: {id: t, policy: p}
spec:
  cases:
"#;

fn covered(cases: &[&str]) -> (PolicySet, Vec<&'static str>) {
    let cases: String = cases.iter().map(|case| format!("    - {{name: n, {case}}}\n")).collect();
    let compiled = PolicySet::compile(&[Source::new("t.yaml", format!("{RULE}{cases}"))], "v".into());
    let (set, warnings) = compiled.unwrap_or_else(|errors| panic!("{errors:#?}"));
    // A clerk asks in some cases, and no rule is for clerks.
    let codes = warnings.iter().map(|warning| warning.code).filter(|code| *code != "YB2312");
    (set, codes.collect())
}

#[test]
fn a_rule_is_exercised_under_each_of_its_conditions() {
    const PLAIN: &str = "request: {caller: {roles: [teller]}, route: GET h/a}, expect: {status: 200}";
    const STEPPED: &str =
        "request: {caller: {roles: [teller], stepped_up: true}, route: GET h/a}, expect: {status: 200}";
    const OFFICE: &str =
        "request: {caller: {roles: [teller], zone: office}, route: GET h/a}, expect: {status: 200}";
    const OTHER: &str = "request: {caller: {roles: [clerk]}, route: GET h/a}, expect: {status: 403}";
    const ELSEWHERE: &str = "request: {caller: {roles: [teller]}, route: GET h/b}, expect: {status: 403}";
    struct Case {
        cases: &'static [&'static str],
        applies: usize,
        counter: bool,
        branches: [bool; 2],
        warnings: &'static [&'static str],
    }
    let case =
        |cases, applies, counter, branches, warnings| Case { cases, applies, counter, branches, warnings };
    for Case { cases, applies, counter, branches, warnings } in [
        case(&[ELSEWHERE], 0, false, [false; 2], &["YB0601"]),
        case(&[OTHER], 0, true, [false; 2], &["YB0601"]),
        case(&[PLAIN], 1, false, [false; 2], &["YB2310", "YB2310"]),
        case(&[STEPPED, OTHER], 1, true, [true, false], &["YB2310"]),
        case(&[PLAIN, STEPPED, OFFICE, OTHER], 3, true, [true; 2], &[]),
    ] {
        let (set, found) = covered(cases);
        let coverage = set.coverage();
        let rule = &coverage.rules[0];
        assert_eq!(
            (rule.cases.len(), rule.counter_case, &rule.branches[..]),
            (applies, counter, &branches[..]),
            "{cases:?}"
        );
        assert_eq!(found, warnings, "{cases:?}");
        assert_eq!(coverage.is_whole(), warnings.is_empty(), "{cases:?}");
        let clerks = cases.iter().filter(|case| **case == OTHER).count();
        assert_eq!(coverage.roles.iter().find(|(id, _)| &**id == "clerk").unwrap().1, clerks);
    }
}
