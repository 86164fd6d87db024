use super::*;

#[test]
fn every_day_of_the_calendar_comes_once_and_in_order() {
    let (mut expected, mut count) = ((0u16, 3u8, 1u8), 0);
    let mut day = Day::new(0, 3, 1).unwrap();
    loop {
        assert_eq!(day.date(), expected);
        assert_eq!(Day::new(expected.0, expected.1, expected.2), Some(day));
        count += 1;
        let (year, month, date) = expected;
        expected = [(year, month, date + 1), (year, month + 1, 1), (year + 1, 1, 1)]
            .into_iter()
            .find(|(year, month, date)| {
                let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
                let lengths = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
                lengths.get(usize::from(*month) - 1).is_some_and(|length| date <= length)
            })
            .unwrap();
        match day.plus(1) {
            Some(next) => day = next,
            None => break,
        }
    }
    assert_eq!((day.date(), expected), ((9999, 12, 31), (10_000, 1, 1)));
    // 25 eras of 400 years without the first January and February, of a leap year.
    assert_eq!(count, 25 * 146_097 - 60);
}

#[test]
fn days_that_are_not_are_refused() {
    for (year, month, day) in [
        (1900, 2, 29),
        (2023, 2, 29),
        (2024, 2, 30),
        (2024, 4, 31),
        (2024, 13, 1),
        (2024, 0, 1),
        (2024, 1, 0),
        (10_000, 1, 1),
        (0, 2, 1),
    ] {
        assert_eq!(Day::new(year, month, day), None, "{year}-{month}-{day}");
    }
    assert_eq!(Day::new(0, 3, 1).unwrap().plus(-1), None);
}

#[test]
fn t6_one_persons_dates_move_together_and_within_bounds() {
    let shift = DateShift::new(&[5; 32], NonZeroU16::new(30).unwrap());
    let (born, opened) = (Day::new(1990, 3, 7).unwrap(), Day::new(2015, 6, 1).unwrap());
    let mut seen = std::collections::BTreeSet::new();
    for subject in (0..3000).map(|n| format!("8000{n:04}")) {
        let days = shift.days(&subject);
        assert!((1..=30).contains(&days.abs()));
        seen.insert(days);
        let moved = [born, opened].map(|day| shift.shift(&subject, day).unwrap());
        assert_eq!(moved[1].since(moved[0]), opened.since(born));
        assert_eq!(moved[0].since(born), days);
    }
    assert_eq!(seen.len(), 60, "every shift comes");
    let other = DateShift::new(&[6; 32], NonZeroU16::new(30).unwrap());
    assert!((0..50).any(|n| other.days(&n.to_string()) != shift.days(&n.to_string())));
    assert_eq!(format!("{shift:?}"), "DateShift(.., 30 days)");
}
