use super::*;
use proptest::prelude::*;

fn texts(list: &[Arc<str>]) -> Vec<String> {
    list.iter().map(|text| text.to_string()).collect()
}

/// Whether what is written straight is what the record that is read back writes, and reads back.
fn same(entry: &impl Entry, record: &Record) -> Result<(), TestCaseError> {
    let (mut written, mut again) = (Vec::new(), Vec::new());
    entry.write(&mut written).unwrap();
    record.write(&mut again).unwrap();
    if written.first() == Some(&b'{') {
        let value = |json: &[u8]| serde_json::from_slice::<serde_json::Value>(json).unwrap();
        prop_assert_eq!(value(&written), value(&again));
    } else {
        // Categories stand in the order of the standard, not of their names.
        prop_assert_eq!(written.len(), again.len());
        prop_assert!(!written.contains(&0));
    }
    prop_assert_eq!(&compact::record(&written).unwrap(), record);
    prop_assert_eq!(&compact::record(&again).unwrap(), record);
    let json = record::json(record);
    prop_assert_eq!(&serde_json::from_slice::<Record>(&json).unwrap(), record);
    Ok(())
}

fn text() -> impl Strategy<Value = String> {
    // With everything that JSON escapes, and what it does not.
    prop::collection::vec(
        prop_oneof![4 => prop::char::range('a', 'z'), 1 => any::<char>(), 1 => prop::char::range('\0', '/')],
        0..12,
    )
    .prop_map(|chars| chars.into_iter().collect())
}

fn by_category() -> impl Strategy<Value = BTreeMap<Category, u64>> {
    let categories: Vec<Category> = Category::all().collect();
    prop::collection::btree_map(prop::sample::select(categories), any::<u64>(), 0..4)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn e1_what_is_written_straight_reads_back_whatever_it_says(
        micros in 0_i64..253_402_207_200_000_000,
        names in prop::collection::vec(text(), 10),
        lists in prop::collection::vec(prop::collection::vec(text().prop_map(Arc::<str>::from), 0..3), 2),
        people in prop::collection::btree_set(any::<[u8; 16]>().prop_map(Pseudonym), 0..4),
        counts in prop::collection::vec(by_category(), 5),
        raised in prop::collection::btree_map(text().prop_map(Arc::<str>::from), any::<u64>(), 0..3),
        faults in prop::collection::btree_map(text(), any::<u64>(), 0..3),
        (status, bytes, records, part) in (any::<u16>(), any::<u64>(), any::<u64>(), any::<Option<u64>>()),
        (optional, is_found) in (any::<bool>(), any::<bool>()),
    ) {
        let keyed: BTreeMap<_, _> = counts[4].iter().map(|(of, count)| ((*of, "encrypt"), *count)).collect();
        let time = Timestamp::from_microsecond(micros).unwrap();
        let found = Found {
            records,
            subjects: &people,
            clear: &counts[0],
            masked: &counts[1],
            dropped: &counts[2],
            monitored: &counts[3],
            keyed: &keyed,
            raised: &raised,
        };
        let limits = people.iter().zip(&names).map(|(scope, id)| (id.as_str().into(), *scope));
        let limits: BTreeMap<Arc<str>, Pseudonym> = limits.collect();
        let limits: Vec<(Arc<str>, Pseudonym)> = limits.into_iter().collect();
        let access = Access {
            time,
            decision_id: &names[0],
            caller: people.first().copied(),
            identified_by: &names[1],
            roles: &lists[0],
            source: people.last().copied(),
            method: &names[2],
            route: &names[3],
            purpose: optional.then_some(&names[4]),
            basis: optional.then_some(&names[5]),
            decision: &names[6],
            code: optional.then_some(&names[7]),
            status,
            rules: &lists[1],
            policy: &names[8],
            recipient: optional.then_some(&names[1]),
            country: is_found.then_some(&names[2]),
            grants: &lists[1],
            consents: &lists[0],
            marks: if optional { &["shared-account"] } else { &[] },
            limits: &limits,
            trace: &names[9],
            found: is_found.then_some(found),
            overrides: texts(&lists[0]),
            input_faults: &faults,
            request: &keyed,
            bytes,
            part,
        };
        same(&access, &access.record())?;

        let ended = Ended { time, decision_id: &names[0], result: &names[1], bytes };
        same(&ended, &ended.record())?;
    }
}
