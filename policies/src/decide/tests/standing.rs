//! What is watched, granted and excepted.

use super::*;

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
