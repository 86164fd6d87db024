use crate::{CODES, Language, PolicySet, Severity, Source, render};

/// One document, and what is wrong with it: code, and the text the place marks.
struct Case {
    yaml: &'static str,
    code: &'static str,
    marks: &'static str,
}

const fn case(yaml: &'static str, code: &'static str, marks: &'static str) -> Case {
    Case { yaml, code, marks }
}

/// A policy that is good but for what a case adds.
fn policy(spec: &str) -> String {
    format!("apiVersion: yingbi/v1\nkind: Policy\nmetadata: {{id: p, clause: [x]}}\nspec:\n{spec}")
}

#[test]
fn every_mistake_has_its_code_and_place() {
    let specs = [
        case("  alow: {level: 3}\n", "YB0102", "alow"),
        case("  allow: {level: 3, categorys: [basic]}\n", "YB0102", "categorys"),
        case("  match: {roles: [teler]}\n  allow: {level: 3}\n", "YB0205", "teler"),
        case("  match: {roles: teller}\n  allow: {level: 3}\n", "YB0104", "teller"),
        case("  match: {purposes: [p1]}\n  allow: {level: 3}\n", "YB0205", "p1"),
        case("  match: {routes: [\"no-path\"]}\n  allow: {level: 3}\n", "YB0403", "\"no-path\""),
        case("  mode: enforced\n  allow: {level: 3}\n", "YB0105", "enforced"),
        case("  allow: {level: \"<=5\"}\n", "YB0105", "\"<=5\""),
        case("  allow: {categories: [basic.mobil]}\n", "YB0205", "basic.mobil"),
        case("  allow: {level: 3}\n  treat: tokenise\n", "YB0108", "tokenise"),
        case("  allow: {level: 3}\n  decrypt: [\"level:4\"]\n", "YB2202", "\"level:4\""),
        case("  allow: {level: 3}\n  decrypt: [all]\n", "YB2202", "all"),
        case("  deny: all\n  decrypt: [basic]\n", "YB0206", "decrypt"),
        case("  direction: request\n  allow: {level: 3}\n  treat: mask\n", "YB2203", "allow"),
        case("  direction: request\n  deny: all\n", "YB2203", ""),
        case("  direction: request\n  treat: {categories: {credential: mask}}\n", "YB0205", "credential"),
        case("  direction: request\n  treat: {categories: {credential.account: clear}}\n", "YB0501", "clear"),
        case(
            "  direction: request\n  treat: {categories: {\"level:4\": hash-token}}\n",
            "YB0502",
            "hash-token",
        ),
        case("  direction: both\n  allow: {level: 3}\n", "YB0105", "both"),
        case("  allow: {level: 3}\n  treat: blck\n", "YB0205", "blck"),
        case("  allow: {level: 4}\n  treat: clear\n", "YB0501", "clear"),
        case(
            "  allow: {level: \"<=4\"}\n  treat: {default: mask, categories: {credential.account: clear}}\n",
            "YB0501",
            "clear",
        ),
        case(
            "  allow: {level: \"<=3\"}\n  treat: {default: mask, categories: {credential.account: clear}}\n",
            "YB0501",
            "clear",
        ),
        case(
            "  allow: {level: \"<=4\"}\n  treat: {default: mask, when: {caller.stepped_up: clear}}\n",
            "YB0501",
            "clear",
        ),
        case("  allow: {level: \"<=4\"}\n  treat: account\n", "YB0502", "account"),
        case(
            "  allow: {categories: [basic]}\n  treat: {default: mask, categories: {credit: clear}}\n",
            "YB0503",
            "clear",
        ),
        case("  when: caller.rolle == \"x\"\n  allow: {level: 3}\n", "YB0302", "caller.rolle"),
        case("  when: caller.role == \"ghost\"\n  allow: {level: 3}\n", "YB0205", "caller.role == \"ghost\""),
        case("  when: subject == \n  allow: {level: 3}\n", "YB0301", ""),
        case("  when: grant.active(caller)\n  allow: {level: 3}\n", "YB0303", ""),
        case("  treat: mask\n", "YB0206", ""),
        case("  deny: all\n  treat: mask\n", "YB0206", "treat"),
        case("  allow: {level: 3}\n  deny: all\n", "YB0206", ""),
        case("  match: {authenticated: false, roles: [x]}\n  allow: {level: 1}\n", "YB0206", "false"),
        case("  allow: {level: 3, categories: [basic]}\n", "YB0206", "level"),
        case("  floor: {categories: [basic], treat: clear}\n", "YB0105", "clear"),
    ];
    for Case { yaml, code, marks } in specs {
        expect(&policy(yaml), code, marks);
    }
    let documents = [
        case("kind: [", "YB0101", ""),
        case("kind: Policy\nkind: Role\n", "YB0101", ""),
        case(
            "apiVersion: yingbi/v2\nkind: Role\nmetadata: {id: r}\nspec: {any: [{authenticated: true}]}\n",
            "YB0106",
            "yingbi/v2",
        ),
        case("apiVersion: yingbi/v1\nkind: Rule\nmetadata: {id: r}\nspec: {}\n", "YB0107", "Rule"),
        case("apiVersion: yingbi/v1\nkind: Limit\nmetadata: {id: r}\nspec: {}\n", "YB0103", ""),
        case(
            "apiVersion: yingbi/v1\nkind: Limit\nmetadata: {id: r}\nspec: {distinct: requests, per: hour, at: 3}\n",
            "YB0105",
            "requests",
        ),
        case(
            "apiVersion: yingbi/v1\nkind: Limit\nmetadata: {id: r}\nspec: {distinct: investors, per: hour, at: 3, lift: {template: ghost}}\n",
            "YB0205",
            "ghost",
        ),
        case(
            "apiVersion: yingbi/v1\nkind: GrantTemplate\nmetadata: {id: r}\nspec: {asked_by: [ghost], approved_by: [], lasts: 2h, by_ticket: true}\n",
            "YB0205",
            "ghost",
        ),
        case(
            "apiVersion: yingbi/v1\nkind: GrantTemplate\nmetadata: {id: r}\nspec: {by_ticket: true, lasts: 400d}\n",
            "YB0105",
            "400d",
        ),
        case(
            "apiVersion: yingbi/v1\nkind: GrantTemplate\nmetadata: {id: r}\nspec: {by_ticket: true, lasts: 1h, not: others}\n",
            "YB0105",
            "others",
        ),
        case(
            "apiVersion: yingbi/v1\nkind: Exception\nmetadata: {id: r}\nspec: {owner: o, reason: r, policy: ghost, expires: 2026-12-31, instead: {treat: drop}}\n",
            "YB0205",
            "ghost",
        ),
        case(
            "apiVersion: yingbi/v1\nkind: Exception\nmetadata: {id: r}\nspec: {owner: o, reason: r, policy: p, instead: {treat: drop}}\n",
            "YB0103",
            "",
        ),
        case(
            "apiVersion: yingbi/v1\nkind: Role\nmetadata: {title: r}\nspec: {any: [{authenticated: true}]}\n",
            "YB0103",
            "",
        ),
        case(
            "apiVersion: yingbi/v1\nkind: Role\nmetadata: {id: r}\nspec: {any: [{jwt: {claim: a}}]}\n",
            "YB0103",
            "",
        ),
        case(
            "apiVersion: yingbi/v1\nkind: Role\nmetadata: {id: \"a b\"}\nspec: {any: [{authenticated: true}]}\n",
            "YB0105",
            "\"a b\"",
        ),
        case(
            "apiVersion: yingbi/v1\nkind: Mask\nmetadata: {id: m}\nspec: {algorithm: kep}\n",
            "YB0105",
            "kep",
        ),
        case(
            "apiVersion: yingbi/v1\nkind: Mask\nmetadata: {id: m}\nspec: {algorithm: keep, last: 2, for: [credential.account]}\n",
            "YB0502",
            "credential.account",
        ),
        case(
            "apiVersion: yingbi/v1\nkind: Mask\nmetadata: {id: name}\nspec: {algorithm: nothing}\n",
            "YB0202",
            "name",
        ),
        case(
            "apiVersion: yingbi/v1\nkind: Mask\nmetadata: {id: name, override: replace}\nspec: {algorithm: nothing}\n",
            "YB0203",
            "replace",
        ),
        case(
            "apiVersion: yingbi/v1\nkind: Mask\nmetadata: {id: nom, override: replace, reason: x}\nspec: {algorithm: nothing}\n",
            "YB0203",
            "replace",
        ),
        case(
            "apiVersion: yingbi/v1\nkind: Mask\nmetadata: {id: name, override: disable, reason: x}\n",
            "YB0203",
            "disable",
        ),
        case(
            "apiVersion: yingbi/v1\nkind: Policy\nmetadata: {id: baseline.level-4, override: disable, reason: x}\n",
            "YB0204",
            "disable",
        ),
        case(
            "apiVersion: yingbi/v1\nkind: Binding\nmetadata: {id: b}\nspec: {route: {host: h, path: \"/a\"}, records: \"$.data[-1]\"}\n",
            "YB0402",
            "-1]",
        ),
        case(
            "apiVersion: yingbi/v1\nkind: Binding\nmetadata: {id: b}\nspec: {route: {host: h, path: \"/a\"}, records: \"$.\"}\n",
            "YB0401",
            "",
        ),
        case(
            "apiVersion: yingbi/v1\nkind: Binding\nmetadata: {id: b}\nspec: {route: {host: h, path: \"/a/{id}\"}, subject: {parameter: idd}}\n",
            "YB0205",
            "idd",
        ),
        case(
            "apiVersion: yingbi/v1\nkind: Binding\nmetadata: {id: b}\nspec: {route: {host: h, path: \"/a\"}, opaque: [application/json]}\n",
            "YB0105",
            "application/json",
        ),
        case(
            "apiVersion: yingbi/v1\nkind: PolicyTest\nmetadata: {id: t, policy: ghost}\nspec: {cases: []}\n",
            "YB0205",
            "ghost",
        ),
    ];
    for Case { yaml, code, marks } in documents {
        expect(yaml, code, marks);
    }
}

fn expect(yaml: &str, code: &str, marks: &str) {
    let diagnostics = match PolicySet::compile(&[Source::new("t.yaml", yaml)], "v".into()) {
        Ok((_, warnings)) => panic!("compiled with {warnings:?}:\n{yaml}"),
        Err(diagnostics) => diagnostics,
    };
    let found = diagnostics.iter().find(|diagnostic| diagnostic.code == code);
    let Some(found) = found else { panic!("expected {code}, got {diagnostics:#?} for:\n{yaml}") };
    assert_eq!(found.place.file, "t.yaml", "{yaml}");
    if !marks.is_empty() {
        let marked = yaml.get(found.place.bytes.clone()).unwrap_or_default();
        assert!(
            marks.starts_with(marked) && !marked.is_empty(),
            "{code} marks {marked:?}, not {marks:?} in:\n{yaml}"
        );
        let line = yaml.lines().nth(found.place.line - 1).unwrap();
        let rest: String = line.chars().skip(found.place.column - 1).collect();
        assert!(rest.starts_with(marked), "line and column disagree with bytes: {found:?}");
    }
    for language in [Language::English, Language::Chinese] {
        assert!(!found.message.to(language).is_empty() && !found.help.to(language).is_empty());
        let rendered = render(found, yaml, language);
        assert!(rendered.contains(code) && rendered.contains("t.yaml"), "{rendered}");
    }
}

#[test]
fn all_mistakes_are_reported_at_once() {
    let yaml = policy(
        "  mod: enforce\n  match: {roles: [ghost], routes: [x]}\n  allow: {level: 9}\n  treat: generalise\n",
    );
    let diagnostics = PolicySet::compile(&[Source::new("t.yaml", yaml)], "v".into()).unwrap_err();
    let codes: Vec<&str> = diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
    for code in ["YB0102", "YB0403", "YB0105", "YB0108"] {
        assert!(codes.contains(&code), "{codes:?}");
    }
}

#[test]
fn warnings_do_not_stop_a_set() {
    let role =
        "apiVersion: yingbi/v1\nkind: Role\nmetadata: {id: r}\nspec: {any: [{authenticated: true}]}\n---\n";
    let cases = [
        ("  match: {roles: [r]}\n  allow: {level: \"<=3\"}\n  treat: clear\n", vec!["YB0504", "YB0601"]),
        (
            "  match: {roles: [r]}\n  when: subject == caller.subject\n  allow: {level: \"<=3\"}\n  treat: clear\n",
            vec!["YB0601"],
        ),
        (
            "  match: {roles: [r]}\n  allow: {level: \"<=3\"}\n  treat: {default: clear, when: {subject != caller.subject: mask}}\n",
            vec!["YB0601"],
        ),
        ("  match: {authenticated: false}\n  allow: {level: \"<=3\"}\n", vec!["YB0507", "YB0601"]),
        ("  when: \"!caller.authenticated\"\n  allow: {level: 3}\n", vec!["YB0602", "YB0601"]),
        (
            "  allow: {level: 3}\n  treat: {default: mask, when: {\"!caller.authenticated\": drop}}\n",
            vec!["YB0602", "YB0601"],
        ),
    ];
    for (spec, expected) in cases {
        let source = Source::new("t.yaml", format!("{role}{}", policy(spec)));
        let (_, warnings) =
            PolicySet::compile(&[source], "v".into()).unwrap_or_else(|errors| panic!("{errors:?}"));
        // The role of the first cases is of no use in the others.
        let codes = warnings.iter().map(|warning| warning.code).filter(|code| *code != "YB2312");
        let mut codes: Vec<&str> = codes.collect();
        let mut expected = expected;
        codes.sort_unstable();
        expected.sort_unstable();
        assert_eq!(codes, expected, "{spec}");
        assert!(warnings.iter().all(|warning| warning.severity == Severity::Warning));
    }
}

#[test]
fn a_shadowed_rule_is_seen() {
    let two = |first: &str, second: &str| {
        let document = |id: &str, spec: &str| {
            format!(
                "apiVersion: yingbi/v1\nkind: Policy\nmetadata: {{id: {id}, clause: [x]}}\nspec: {{{spec}}}\n"
            )
        };
        let source = Source::new("t.yaml", format!("{}---\n{}", document("a", first), document("b", second)));
        let (_, warnings) = PolicySet::compile(&[source], "v".into()).unwrap();
        warnings
            .iter()
            .filter(|warning| warning.code == "YB0603")
            .map(|warning| warning.place.line)
            .collect::<Vec<_>>()
    };
    let wide = "match: {routes: [\"h/**\"]}, allow: {level: \"<=3\"}, treat: mask";
    assert_eq!(two(wide, "match: {routes: [\"h/a\"]}, allow: {categories: [basic]}, treat: mask"), [8]);
    assert_eq!(
        two(wide, "match: {routes: [\"h/a\"]}, allow: {categories: [basic]}, treat: drop"),
        [0_usize; 0]
    );
    assert_eq!(
        two(wide, "match: {routes: [\"i/a\"]}, allow: {categories: [basic]}, treat: mask"),
        [0_usize; 0]
    );
    assert_eq!(
        two(wide, "when: subject == caller.subject, allow: {categories: [basic]}, treat: mask"),
        [0_usize; 0]
    );
    assert_eq!(two(wide, wide), [8]);
    assert_eq!(two("deny: all", wide), [8]);
}

#[test]
fn equal_bindings_and_opaque_routes_are_refused() {
    let binding = |id: &str, path: &str, more: &str| {
        format!(
            "apiVersion: yingbi/v1\nkind: Binding\nmetadata: {{id: {id}}}\nspec: {{route: {{host: h, path: \"{path}\"}}{more}}}\n---\n"
        )
    };
    let codes = |yaml: String| match PolicySet::compile(&[Source::new("t.yaml", yaml)], "v".into()) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.into_iter().map(|error| error.code).filter(|code| *code < "YB06").collect(),
    };
    assert_eq!(codes(binding("a", "/c/{x}", "") + &binding("b", "/c/{y}", ", records: $.d")), ["YB0208"]);
    assert_eq!(codes(binding("a", "/c/{x}", "") + &binding("b", "/c/{y}/z", "")), [""; 0]);
    assert_eq!(codes(binding("a", "/c/{x}", "") + &binding("b", "/c/me", "")), [""; 0]);
    let opaque = binding("a", "/img/{x}", ", opaque: [image/png]");
    assert_eq!(codes(opaque.clone() + &policy("  allow: {level: \"<=3\"}\n")), ["YB0506"]);
    assert_eq!(
        codes(opaque.clone() + &policy("  match: {routes: [\"h/img/**\"]}\n  allow: {level: \"<=2\"}\n")),
        [""; 0]
    );
    assert_eq!(
        codes(opaque + &policy("  match: {routes: [\"h/customers/**\"]}\n  allow: {level: \"<=3\"}\n")),
        [""; 0]
    );
}

#[test]
fn the_shipped_pack_compiles_alone_and_every_kind_has_a_mask() {
    let (set, warnings) = PolicySet::compile(&[], "v".into()).unwrap_or_else(|errors| panic!("{errors:#?}"));
    assert_eq!(warnings, []);
    assert_eq!(set.tables.templates.own.len(), yingbi_taxonomy::Kind::COUNT);
}

#[test]
fn t3_every_floor_of_the_shipped_pack_is_tested() {
    let source = Source::new("tests.yaml", include_str!("../../baseline/tests.yaml"));
    let (set, warnings) =
        PolicySet::compile(&[source], "v".into()).unwrap_or_else(|errors| panic!("{errors:#?}"));
    let unexpected: Vec<_> =
        warnings.iter().filter(|warning| !["YB0504", "YB0507"].contains(&warning.code)).collect();
    assert!(unexpected.is_empty(), "{unexpected:#?}");
    let applied = |case: &crate::TestCase| -> Vec<usize> {
        let (caller, subjects, request) = (case.caller.resolved(), case.subjects(), case.request());
        let situation = set.situation(&caller, &request, subjects.as_ref());
        let outcomes = set.outcomes(&situation).into_iter();
        let relevant = outcomes.filter(|outcome| situation.relevant.0 & outcome.applies.0 != 0);
        relevant.map(|outcome| outcome.rule).collect()
    };
    let tested: Vec<usize> = set.tests().iter().flat_map(applied).collect();
    for (at, rule) in set.tables.rules.iter().enumerate() {
        assert!(tested.contains(&at), "`{}` is untested", rule.id);
    }
}

#[test]
fn codes_are_unique_and_titled() {
    for (at, row) in CODES.iter().enumerate() {
        assert!(
            row.code.len() == 6
                && ["YB0", "YB2"].iter().any(|start| row.code.starts_with(start))
                && !row.en.is_empty()
                && !row.zh.is_empty()
        );
        assert!(CODES.iter().skip(at + 1).all(|other| other.code != row.code), "{}", row.code);
    }
}

#[test]
fn the_language_page_names_every_code_as_the_tables_do() {
    let page = include_str!("../../LANGUAGE.md");
    for row in CODES {
        let line = page.lines().find(|line| line.contains(row.code) && line.contains(row.en));
        let severity = format!("{:?}", row.severity).to_lowercase();
        assert!(line.is_some_and(|line| line.contains(row.zh) && line.contains(&severity)), "{}", row.code);
    }
    for row in crate::REFUSALS {
        let line = page.lines().find(|line| line.contains(row.code) && line.contains(row.en));
        assert!(
            line.is_some_and(|line| line.contains(row.zh) && line.contains(&row.status.to_string())),
            "{}",
            row.code
        );
    }
}
