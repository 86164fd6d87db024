use crate::{
    Caller, Cause, Check, Day, Decision, Language, Permit, PolicySet, Request, Source, Treatment, render,
};
use yingbi_taxonomy::{Kind, KindSet};

fn compile(yaml: &str) -> Result<PolicySet, Vec<crate::Diagnostic>> {
    let data = Source::new("names.tsv", "# names\nzdbz\tderived\tdecides\t标志\n\nlsh\t-\tdecides\n");
    PolicySet::compile(&[Source::new("t.yaml", yaml), data], "v".into()).map(|(set, _)| set)
}

fn document(kind: &str, spec: &str) -> String {
    format!("apiVersion: yingbi/v1\nkind: {kind}\nmetadata: {{id: x, clause: [c]}}\nspec:\n{spec}\n---\n")
}

#[test]
fn every_mistake_has_its_code_and_place() {
    let route = "  route: {host: h, path: /}\n";
    let scene = |text: &str| document("Binding", &format!("{route}  overrides:\n    - {text}"));
    let validate = |text: &str| document("Binding", &format!("{route}  validate: {text}"));
    let combination = |text: &str| document("Combination", &format!("  {text}"));
    let classifier = |text: &str| document("Classifier", &format!("  {text}"));
    let cases = [
        (scene("{category: wealth.cash, level: 2}"), "YB0103", ""),
        (scene("{category: wealth.cash, level: 2, reason: ' '}"), "YB0105", ""),
        (scene("{category: wealth.cash, reason: r}"), "YB0103", ""),
        (scene("{category: wealth.csh, level: 2, reason: r}"), "YB0205", "wealth.csh"),
        (scene("{category: wealth.cash, level: 5, reason: r}"), "YB0105", "5"),
        (scene("{category: credential.account, level: 3, reason: r}"), "YB0508", "3"),
        (scene("{category: credential.account.otp, as: derived, reason: r}"), "YB0508", "derived"),
        (scene("{category: all, level: 2, reason: r}"), "YB0508", "2"),
        (scene("{category: wealth.cash, as: 'level:2', reason: r}"), "YB0105", "'level:2'"),
        (
            scene("{category: basic, level: 2, reason: r}\n    - {category: basic, as: derived, reason: r}"),
            "YB0209",
            "",
        ),
        (validate("rejct"), "YB0105", "rejct"),
        (validate("{categories: {basic: no-way}}"), "YB0105", "no-way"),
        (validate("{categories: {basik: flag}}"), "YB0205", "basik"),
        (validate("{fields: [{path: '$[', category: basic}]}"), "YB0401", ""),
        (combination("all: [basic.name]"), "YB0105", ""),
        (combination("all: [basic.name, derived]\n  least: 3"), "YB0105", ""),
        (combination("all: [basic.name, [derived, basic]]"), "YB0206", ""),
        (combination("all: [basic.nam, derived]"), "YB0205", "basic.nam"),
        (combination("all: [basic, derived]\n  under_age: 14"), "YB0206", ""),
        (combination("level: 3"), "YB0206", ""),
        (combination("under_age: 40"), "YB0105", "40"),
        (combination("all: [basic, derived]\n  level: 9"), "YB0105", "9"),
        (combination("all: [basic, derived]\n  routes: [nowhere]"), "YB0403", "nowhere"),
        (classifier("patterns: ['ab12{3}']"), "YB0103", ""),
        (classifier("category: derived"), "YB0206", ""),
        (classifier("category: derived\n  patterns: ['(']"), "YB0404", "("),
        (classifier("category: derived\n  patterns: ['ZH[0-9]+']"), "YB0405", "ZH[0-9]+"),
        (classifier("category: derived\n  patterns: ['[0-9]{4}']"), "YB0405", "patterns"),
        (classifier("category: derived\n  words: [vip]"), "YB0405", "vip"),
        (classifier("category: derived\n  keys: ['a*b']"), "YB0105", "'a*b'"),
        (classifier("category: derived\n  words: other.tsv"), "YB0205", "other.tsv"),
        (classifier("lexicon: nmes.tsv"), "YB0205", "nmes.tsv"),
        (classifier("lexicon: names.tsv\n  keys: [a]"), "YB0206", ""),
        (classifier("category: derived\n  keys: [abc]\n  confidence: 20"), "YB0105", "20"),
        (classifier("category: derived\n  keys: [abc]\n  tests: [{found: false}]"), "YB0103", ""),
        (classifier("category: derived\n  words: names.tsv"), "YB0406", ""),
    ];
    for (yaml, code, marks) in cases {
        let Err(errors) = compile(&yaml) else { panic!("accepted:\n{yaml}") };
        let error = errors.iter().find(|error| error.code == code);
        let error = error.unwrap_or_else(|| panic!("no {code} but {errors:#?} in\n{yaml}"));
        if !marks.is_empty() {
            let marked = yaml.get(error.place.bytes.clone()).unwrap_or_default();
            assert!(
                marked.starts_with(marks) || marks.contains(marked.trim()),
                "{code} marks `{marked}` in\n{yaml}"
            );
        }
        let text = if error.place.file == "t.yaml" { yaml.as_str() } else { "" };
        for language in [Language::English, Language::Chinese] {
            assert!(render(error, text, language).contains(code));
        }
    }
    let many: String = (0..40)
        .map(|n| format!("apiVersion: yingbi/v1\nkind: Combination\nmetadata: {{id: c{n}}}\nspec: {{all: [derived, behaviour]}}\n---\n"))
        .collect();
    assert!(compile(&many).unwrap_err().iter().any(|error| error.code == "YB0210"));
    let minors = "apiVersion: yingbi/v1\nkind: Combination\nmetadata: {id: baseline.minors, override: disable, reason: x}\n";
    assert_eq!(compile(minors).unwrap_err()[0].code, "YB0204");
    let profile = minors.replace("minors", "profile");
    assert!(compile(&profile).is_ok(), "the others may be disabled with a reason");
}

#[test]
fn what_a_person_should_know_is_warned_of() {
    let warned = |yaml: String| {
        let (_, warnings) = PolicySet::compile(&[Source::new("t.yaml", yaml)], "v".into()).unwrap();
        warnings.into_iter().map(|warning| warning.code).collect::<Vec<_>>()
    };
    assert_eq!(warned(document("Combination", "  all: [wealth.cash, credit]")), ["YB0509"]);
    assert_eq!(warned(document("Combination", "  all: [wealth.cash, derived]")), [""; 0]);
    assert_eq!(warned(document("Classifier", "  {category: derived, keys: [abc]}")), ["YB0601"]);
}

/// Tellers see level 2 in clear and level 3 masked, of whomever; supervisors on a ground of law.
fn set(scene: &str, more: &str) -> PolicySet {
    let yaml = format!(
        "apiVersion: yingbi/v1\nkind: Binding\nmetadata: {{id: b}}\nspec:\n  route: {{host: h, path: /scene}}\n{scene}\n---\n\
         apiVersion: yingbi/v1\nkind: Policy\nmetadata: {{id: all, clause: [\"T/TSAC001:7.5.k\"]}}\nspec:\n  match: {{routes: [\"h/**\"]}}\n  allow: {{level: \"<=3\"}}\n  treat: {{default: mask, categories: {{\"level:2\": clear}}}}\n---\n{more}"
    );
    compile(&yaml).unwrap_or_else(|errors| panic!("{errors:#?}"))
}

fn permit(set: &PolicySet, path: &str) -> Permit {
    let caller = Caller { id: "u".into(), authenticated: true, ..Caller::default() };
    let request = Request { method: "GET", host: "h", path, purpose: None, today: Day::default() };
    match set.decide_caller(&caller, &request) {
        Decision::Permit(permit) => permit,
        Decision::Refuse(refusal) => panic!("{refusal:?}"),
    }
}

#[test]
fn c2_levels_and_categories_differ_by_scene() {
    let set = set(
        "  overrides:\n    - {category: wealth.cash, level: 2, reason: r}\n    - {category: wealth.cash.income, level: 4, reason: r}\n    - {category: derived, level: 3, reason: r}\n    - {category: basic.name, as: service-staff, reason: r}\n",
        "",
    );
    let (here, there) = (permit(&set, "/scene"), permit(&set, "/other"));
    let at = |permit: &Permit, kind| permit.view(None).treatment(kind).clone();
    assert_eq!(at(&here, Kind::Balance), Treatment::Clear);
    assert!(matches!(at(&there, Kind::Balance), Treatment::Mask(_)));
    // The narrower name wins; what counts as level 4 shows nothing.
    assert!(matches!(at(&here, Kind::Income), Treatment::Mask(mask) if !mask.shows_anything()));
    assert!(matches!(at(&here, Kind::Derived), Treatment::Mask(_)));
    assert_eq!(at(&there, Kind::Derived), Treatment::Clear);
    assert_eq!(at(&here, Kind::Name), Treatment::Clear, "staff are level 2");
    assert!(matches!(at(&here, Kind::Password), Treatment::Mask(mask) if !mask.shows_anything()));
}

#[test]
fn c2_floors_judge_by_the_stricter_level() {
    let ungrounded = |scene: &str| {
        let yaml = set_text(scene).replace("T/TSAC001:7.5.k", "T/TSAC001:7.5.a");
        permit(&compile(&yaml).unwrap(), "/scene").view(None).clone()
    };
    let lowered = ungrounded(
        "  overrides: [{category: wealth.cash, level: 1, reason: r}, {category: derived, level: 3, reason: r}]",
    );
    assert!(matches!(lowered.treatment(Kind::Balance), Treatment::Mask(_)), "others' level 3 stays masked");
    assert!(matches!(lowered.treatment(Kind::Derived), Treatment::Mask(_)), "and what is raised is too");
}

fn set_text(scene: &str) -> String {
    format!(
        "apiVersion: yingbi/v1\nkind: Binding\nmetadata: {{id: b}}\nspec:\n  route: {{host: h, path: /scene}}\n{scene}\n---\n\
         apiVersion: yingbi/v1\nkind: Policy\nmetadata: {{id: all, clause: [\"T/TSAC001:7.5.k\"]}}\nspec:\n  match: {{routes: [\"h/**\"]}}\n  allow: {{level: \"<=3\"}}\n  treat: clear\n"
    )
}

#[test]
fn c3_c4_views_say_what_raises_them() {
    let set = set(
        "",
        &document("Combination", "  {all: [derived, behaviour, channel], least: 2, routes: [\"h/scene\"]}"),
    );
    let here = permit(&set, "/scene");
    let view = here.view(None);
    let raise = |id: &str| view.raises().iter().find(|raise| &**raise.id() == id).unwrap();
    let seen = |kinds: &[Kind]| kinds.iter().copied().collect::<KindSet>();
    let own = raise("x");
    assert!(own.is_enforced());
    for (kinds, holds) in [
        (&[Kind::Derived][..], false),
        (&[Kind::Derived, Kind::Behaviour], true),
        (&[Kind::Channel, Kind::Derived, Kind::Name], true),
        (&[], false),
    ] {
        assert_eq!(own.holds(seen(kinds), None), holds, "{kinds:?}");
    }
    assert!(matches!(own.treatment(Kind::Derived), Treatment::Mask(_)));
    assert_eq!(own.treatment(Kind::Marketing), &Treatment::Clear, "nothing else is raised");
    let minors = raise("baseline.minors");
    assert!(
        minors.holds(seen(&[]), Some(13))
            && !minors.holds(seen(&[]), Some(14))
            && !minors.holds(seen(&[]), None)
    );
    for kind in Kind::all() {
        assert!(!matches!(minors.treatment(kind), Treatment::Clear), "{kind}");
        assert!(minors.treatment(kind).compare(view.treatment(kind)).is_ge(), "{kind}");
    }
    assert!(permit(&set, "/other").view(None).raises().iter().all(|raise| &**raise.id() != "x"));
}

#[test]
fn c3_where_nothing_could_be_stricter_nothing_is_asked() {
    let all_masked = set_text("").replace("treat: clear", "treat: mask");
    let view = permit(&compile(&all_masked).unwrap(), "/scene").view(None).clone();
    assert!(view.raises().is_empty(), "{:?}", view.raises());
}

#[test]
fn c2_c3_explanations_say_why() {
    let set = set(
        "  overrides: [{category: wealth.cash, level: 2, reason: 汇总数, clause: \"T/TSAC001:6.3\"}]",
        "",
    );
    let caller = Caller { id: "u".into(), authenticated: true, ..Caller::default() };
    let request = Request { method: "GET", host: "h", path: "/scene", purpose: None, today: Day::default() };
    let explanation = set.explain(&caller, &request);
    let (en, zh) =
        (explanation.decision_text(Language::English), explanation.decision_text(Language::Chinese));
    for part in [
        "`wealth.cash` is of level 2 — 汇总数 [T/TSAC001:6.3]",
        "baseline.minors — a record of somebody under 14",
        "others' records: masked",
    ] {
        assert!(en.contains(part), "{part} is not in\n{en}");
    }
    for part in ["`wealth.cash` 定为2级 — 汇总数", "记录涉及不满14周岁者", "他人记录"] {
        assert!(zh.contains(part), "{part} is not in\n{zh}");
    }
}

#[test]
fn t12_the_narrowest_name_says_what_is_asked() {
    let set = set(
        "  validate: {default: flag, categories: {basic: reject, basic.email: pass, 'level:3': pass}}",
        "",
    );
    let here = permit(&set, "/scene");
    let validation = here.binding().and_then(|binding| binding.validation.clone()).unwrap();
    let asked =
        [Kind::Mobile, Kind::Email, Kind::ResidentId, Kind::InvestorCode].map(|kind| validation.check(kind));
    assert_eq!(asked, [Check::Reject, Check::Pass, Check::Pass, Check::Flag]);
}

#[test]
fn c1_classifiers_come_with_their_files_and_tests() {
    let yaml = "apiVersion: yingbi/v1\nkind: Classifier\nmetadata: {id: l}\nspec: {lexicon: names.tsv, tests: [{key: zdbz, category: derived}]}\n---\n\
                apiVersion: yingbi/v1\nkind: Classifier\nmetadata: {id: p}\nspec: {category: derived, keys: [k], patterns: ['a{1,3}'], tests: [{key: k, value: aa}]}\n";
    let set = compile(yaml).unwrap();
    let firm = set.classifiers().unwrap();
    assert_eq!(
        firm.all[0].names.iter().map(|name| (name.name.as_str(), name.kind)).collect::<Vec<_>>(),
        [("zdbz", Some(Kind::Derived)), ("lsh", None)]
    );
    assert_eq!(firm.all[1].patterns.len(), 1);
    assert_eq!(set.classifier_tests().iter().map(|test| test.id.as_str()).collect::<Vec<_>>(), ["l", "p"]);
    assert!(compile("").unwrap().classifiers().is_none());
    assert!(Cause::Under { age: 14 }.holds(KindSet::default(), Some(0)));
}
