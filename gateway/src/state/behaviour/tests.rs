use super::*;

const DAY: i64 = 24 * HOUR_MS;

fn rules() -> BehaviourUse {
    BehaviourUse { learn_days: 3, volume_times: 5, volume_least: 10, sequence: 5, block: vec![] }
}

fn people(numbers: std::ops::Range<u8>) -> BTreeSet<Pseudonym> {
    numbers.map(|nth| Pseudonym([nth; 16])).collect()
}

fn shown(now: i64, subjects: &BTreeSet<Pseudonym>) -> Shown<'_> {
    Shown { now, named: None, subjects, categories: Categories::of([Category::Basic].iter()) }
}

/// Ten days at nine and ten in the morning, with four investors an hour.
fn learned(behaviour: &Behaviour, caller: Pseudonym) {
    for day in 0..10 {
        for hour in [9, 10] {
            let unusual = behaviour.look(caller, &shown(day * DAY + hour * HOUR_MS, &people(0..4)));
            assert_eq!(unusual, Unusual::default(), "day {day}");
        }
    }
}

#[test]
fn m2_a_caller_is_measured_by_what_they_did_before() {
    let behaviour = Behaviour::new(rules());
    let caller = Pseudonym([1; 16]);
    learned(&behaviour, caller);
    let today = 10 * DAY + 9 * HOUR_MS;
    let look = |now, subjects: &BTreeSet<Pseudonym>| behaviour.look(caller, &shown(now, subjects)).signs;
    assert_eq!(look(today, &people(0..20)), [], "five times the usual");
    assert_eq!(look(today, &people(20..21)), [Sign::Volume]);
    assert_eq!(look(today + 2 * HOUR_MS, &people(0..1)), [], "an hour beside the usual ones");
    assert_eq!(look(today + 12 * HOUR_MS, &people(0..1)), [Sign::Hour]);
    assert_eq!(look(today + 12 * HOUR_MS + 1000, &people(0..1)), [Sign::Hour], "all of the hour");
    // A category is new for the whole of its day, and usual from the next on.
    let one = people(0..1);
    let card =
        Shown { categories: Categories::of([Category::IdentityDocument].iter()), ..shown(today + DAY, &one) };
    assert_eq!(behaviour.look(caller, &card).signs, [Sign::Category]);
    let again = behaviour.look(caller, &card);
    assert_eq!((again.signs, again.news), (vec![Sign::Category], vec![]), "told once an hour");
    assert_eq!(behaviour.look(caller, &Shown { now: today + 2 * DAY, ..card }).signs, []);
    // Whoever is new is learned first.
    let other = Pseudonym([2; 16]);
    assert_eq!(behaviour.look(other, &shown(today + 15 * HOUR_MS, &people(0..200))).signs, []);
}

#[test]
fn m2_numbers_that_count_are_a_sequence_and_what_is_refused_teaches_nothing() {
    let behaviour = Behaviour::new(BehaviourUse { block: vec![Sign::Sequence, Sign::Volume], ..rules() });
    let caller = Pseudonym([1; 16]);
    let none = BTreeSet::new();
    let named = |named: &str| behaviour.look(caller, &Shown { named: Some(named), ..shown(0, &none) });
    for number in 1000..1004 {
        assert_eq!(named(&format!("C{number}")), Unusual::default(), "{number}");
    }
    assert!(named("C1003").signs.is_empty(), "the same again");
    let fifth = named("C1004");
    assert!(fifth.signs == [Sign::Sequence] && fifth.is_blocked);
    assert!(named("C9000").signs.is_empty());
    for number in [8990, 8980, 8970] {
        assert!(named(&format!("C{number}")).signs.is_empty(), "{number}");
    }
    assert_eq!(named("C8960").signs, [Sign::Sequence], "down in tens");
    for number in [17, 1_000_000, 3, 500, 90_000, 4_000, 77] {
        assert!(named(&format!("{number}")).signs.is_empty(), "{number}");
    }
    assert!(named("no number").signs.is_empty());
    learned(&behaviour, caller);
    let today = 10 * DAY + 9 * HOUR_MS;
    for _ in 0..3 {
        assert!(behaviour.look(caller, &shown(today, &people(0..100))).is_blocked);
    }
    assert!(!behaviour.look(caller, &shown(today, &people(0..4))).is_blocked);
}

#[test]
fn m2_what_was_learned_outlives_the_process_and_names_nobody() {
    let dir = std::env::temp_dir().join(format!("yingbi-behaviour-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let caller = Pseudonym([1; 16]);
    let first = Behaviour::open(rules(), &dir);
    learned(&first, caller);
    first.write();
    let next = Behaviour::open(rules(), &dir);
    assert_eq!(next.look(caller, &shown(10 * DAY + 3 * HOUR_MS, &people(0..1))).signs, [Sign::Hour]);
    assert_eq!(next.look(caller, &shown(10 * DAY + 9 * HOUR_MS, &people(0..40))).signs, [Sign::Volume]);
    std::fs::write(dir.join(FILE), "{").unwrap();
    let anew = Behaviour::open(rules(), &dir);
    assert_eq!(anew.look(caller, &shown(10 * DAY + 3 * HOUR_MS, &people(0..99))), Unusual::default());
    std::fs::remove_dir_all(&dir).unwrap();
}
