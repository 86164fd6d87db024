use super::*;
use clap::Parser;

#[derive(Debug, Parser)]
struct Program {
    #[command(flatten)]
    policy: PolicyArgs,
}

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../policies/examples");

fn exit(arguments: &[&str]) -> ExitCode {
    let arguments = std::iter::once("policy").chain(arguments.iter().copied());
    run(Program::try_parse_from(arguments).unwrap().policy)
}

/// Every case of a set that fails, in words.
fn failing(set: &PolicySet) -> Vec<String> {
    let failed = run_cases(set).into_iter().filter(|result| !result.failures.is_empty());
    failed.map(|result| format!("{} / {}: {:#?}", result.test, result.name, result.failures)).collect()
}

#[test]
fn x1_the_example_firm_is_good_and_does_what_its_tests_say() {
    let (set, warnings) =
        policy_store::load(Path::new(EXAMPLES)).unwrap_or_else(|problems| panic!("{problems:#?}"));
    let refused: Vec<_> = warnings.iter().filter(|(warning, _)| warning.is_refused_by_check()).collect();
    assert!(refused.is_empty(), "{refused:#?}");
    assert!(set.tests().len() > 10);
    assert_eq!(failing(&set), [""; 0]);
    for command in ["check", "test", "fmt"] {
        let flags: &[&str] = if command == "fmt" { &["--check"] } else { &["--lang", "zh"] };
        let arguments: Vec<&str> = [command, EXAMPLES].into_iter().chain(flags.iter().copied()).collect();
        assert_eq!(exit(&arguments), ExitCode::SUCCESS, "{command}");
    }
}

#[test]
fn x1_x2_x3_x4_x6_x10_every_scene_is_good_and_does_what_its_tests_say() {
    let scenes = concat!(env!("CARGO_MANIFEST_DIR"), "/../policies/scenes");
    let mut seen = 0;
    for scene in std::fs::read_dir(scenes).unwrap() {
        let scene = scene.unwrap().path();
        let (set, warnings) = policy_store::load(&scene)
            .unwrap_or_else(|problems| panic!("{}: {problems:#?}", scene.display()));
        let refused: Vec<_> = warnings.iter().filter(|(warning, _)| warning.is_refused_by_check()).collect();
        assert!(refused.is_empty(), "{}: {refused:#?}", scene.display());
        assert_eq!(failing(&set), [""; 0], "{}", scene.display());
        assert_eq!(
            exit(&["fmt", &scene.display().to_string(), "--check"]),
            ExitCode::SUCCESS,
            "{}",
            scene.display()
        );
        seen += 1;
    }
    assert!(seen >= 6);
}

#[test]
fn t2_t3_t4_the_shipped_floors_hold_through_the_protection() {
    let text = include_str!("../../../../policies/baseline/tests.yaml");
    let source = yingbi_policies::Source::new("tests.yaml", text);
    let (set, _) =
        PolicySet::compile(&[source], "v".into()).unwrap_or_else(|problems| panic!("{problems:#?}"));
    assert!(set.tests().len() >= 6);
    assert_eq!(failing(&set), [""; 0]);
}

#[test]
fn a_wrong_expectation_fails() {
    let yaml = "
apiVersion: yingbi/v1
kind: Policy
metadata: {id: p, clause: [x]}
spec: {match: {routes: [\"h/**\"]}, allow: {level: \"<=3\"}}
---
apiVersion: yingbi/v1
kind: PolicyTest
metadata: {id: t, policy: p}
spec:
  cases:
    - {name: status, request: {caller: {}, route: \"GET h/a\"}, expect: {status: 403}}
    - {name: code, request: {caller: {}, route: \"GET i/a\"}, expect: {code: YB2004}}
    - {name: rules, request: {caller: {}, route: \"GET h/a\"}, expect: {rules: [q]}}
    - {name: body, request: {caller: {}, route: \"GET h/a\"}, response: '{\"a\":1}', expect: {body: '{\"a\":2}'}}
    - {name: record, request: {caller: {}, route: \"GET h/a\"}, response: '{\"a\":1}', expect: {record: {masked: {basic: 1}}}}
    - {name: refused, request: {caller: {}, route: \"GET i/a\"}, response: '{\"a\":1}', expect: {body: '{\"a\":1}'}}
    - {name: good, request: {caller: {}, route: \"GET h/a\"}, response: '{\"a\":1}', expect: {body: '{\"a\":1}', record: {masked: {}}}}
";
    let (set, _) = PolicySet::compile(&[yingbi_policies::Source::new("t.yaml", yaml)], "v".into()).unwrap();
    for result in run_cases(&set) {
        assert_eq!(result.failures.is_empty(), result.name == "good", "{result:?}");
    }
}

#[test]
fn exit_codes_are_the_published_ones() {
    let directory = std::env::temp_dir().join(format!("yingbi-cli-policy-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let dir = directory.to_str().unwrap();
    let write = |text: &str| std::fs::write(directory.join("a.yaml"), text).unwrap();
    let policy =
        "apiVersion: yingbi/v1\nkind: Policy\nmetadata: {id: p, clause: [x]}\nspec: {allow: {level: 3}}\n";
    write(policy);
    assert_eq!(exit(&["check", dir]), ExitCode::from(BAD_POLICY), "untested");
    assert_eq!(exit(&["test", dir]), ExitCode::SUCCESS);
    assert_eq!(exit(&["explain", dir]), ExitCode::from(USAGE));
    assert_eq!(exit(&["explain", dir, "--route", "nonsense"]), ExitCode::from(USAGE));
    assert_eq!(exit(&["explain", dir, "--route", "GET h/a", "--format", "json"]), ExitCode::SUCCESS);
    let case = "kind: PolicyTest\nmetadata: {id: t, policy: p}\nspec: {cases: [{name: c, request: {caller: {}, route: GET h/a}, expect: {status: 403}}]}\n";
    write(&format!("{policy}---\napiVersion: yingbi/v1\n{case}"));
    assert_eq!(exit(&["check", dir]), ExitCode::SUCCESS);
    assert_eq!(exit(&["test", dir]), ExitCode::from(1));
    write(&format!("---\n{policy}"));
    assert_eq!(exit(&["fmt", dir, "--check"]), ExitCode::from(1));
    assert_eq!(exit(&["fmt", dir]), ExitCode::SUCCESS);
    assert_eq!(std::fs::read_to_string(directory.join("a.yaml")).unwrap(), policy);
    write("kind: [");
    for command in ["check", "test"] {
        assert_eq!(exit(&[command, dir]), ExitCode::from(BAD_POLICY), "{command}");
    }
    let _ = std::fs::remove_dir_all(&directory);
}

#[test]
fn a2_a_case_is_explained_in_both_languages() {
    let (set, _) = policy_store::load(Path::new(EXAMPLES)).unwrap();
    let case = set.tests().iter().find(|case| case.name == "柜员查看客户").unwrap();
    let subjects = case.subjects();
    let explanation = set.explain_about(&case.caller.resolved(), &case.request(), subjects.as_ref());
    for (language, words) in [
        (
            Language::English,
            [
                "permitted",
                "teller-sees-masked — allows",
                "T/TSAC001:8.4.4.a",
                "lost: it is for other callers",
            ],
        ),
        (
            Language::Chinese,
            ["允许", "teller-sees-masked — 允许", "T/TSAC001:8.4.4.a", "未生效：针对其他来访者"],
        ),
    ] {
        let text = explanation.decision_text(language);
        for word in words {
            assert!(text.contains(word), "{word} is not in:\n{text}");
        }
    }
    assert!(explanation.own.is_none() && explanation.other.is_some());
    assert_eq!(exit(&["explain", EXAMPLES, "--case", "柜员查看客户", "--lang", "zh"]), ExitCode::SUCCESS);
    assert_eq!(exit(&["explain", EXAMPLES, "--case", "ghost"]), ExitCode::from(USAGE));
}
