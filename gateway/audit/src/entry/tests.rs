use super::*;
use crate::{Intent, Outcome};
use proptest::prelude::*;

fn texts(list: &[Arc<str>]) -> Vec<String> {
    list.iter().map(|text| text.to_string()).collect()
}

fn treatments(counts: &BTreeMap<(Category, &'static str), u64>) -> BTreeMap<String, u64> {
    counts.iter().map(|((category, what), count)| (format!("{}: {what}", category.id()), *count)).collect()
}

fn by_id(counts: &BTreeMap<Category, u64>) -> BTreeMap<String, u64> {
    counts.iter().map(|(category, count)| (category.id().to_owned(), *count)).collect()
}

/// What the borrowed access says, as the record that is read back.
fn intent(access: &Access<'_>) -> Record {
    let pseudonym = |pseudonym: Option<Pseudonym>| pseudonym.map(|one| one.to_string()).unwrap_or_default();
    let found = access.found;
    Record::Intent(Box::new(Intent {
        time: format!("{:.6}", access.time),
        decision_id: access.decision_id.to_owned(),
        caller: pseudonym(access.caller),
        identified_by: access.identified_by.to_owned(),
        roles: texts(access.roles),
        source: pseudonym(access.source),
        method: access.method.to_owned(),
        route: access.route.to_owned(),
        purpose: access.purpose.map(str::to_owned),
        basis: access.basis.map(str::to_owned),
        decision: access.decision.to_owned(),
        code: access.code.map(str::to_owned),
        status: access.status,
        rules: texts(access.rules),
        policy: access.policy.to_owned(),
        recipient: access.recipient.map(str::to_owned),
        country: access.country.map(str::to_owned),
        grants: texts(access.grants),
        consents: texts(access.consents),
        marks: access.marks.iter().map(|mark| (*mark).to_owned()).collect(),
        limits: access.limits.iter().map(|(id, scope)| (id.to_string(), scope.to_string())).collect(),
        trace: access.trace.to_owned(),
        records: found.map_or(0, |found| found.records),
        subjects: found
            .map(|found| found.subjects.iter().map(Pseudonym::to_string).collect())
            .unwrap_or_default(),
        clear: found.map(|found| by_id(found.clear)).unwrap_or_default(),
        masked: found.map(|found| by_id(found.masked)).unwrap_or_default(),
        dropped: found.map(|found| by_id(found.dropped)).unwrap_or_default(),
        monitored: found.map(|found| by_id(found.monitored)).unwrap_or_default(),
        keyed: found.map(|found| treatments(found.keyed)).unwrap_or_default(),
        raised: found
            .map(|found| found.raised.iter().map(|(id, count)| (id.to_string(), *count)).collect())
            .unwrap_or_default(),
        overrides: access.overrides.clone(),
        input_faults: access.input_faults.clone(),
        request: treatments(access.request),
        bytes: access.bytes,
        part: access.part,
    }))
}

/// Whether both are the same JSON but for the order of counts, and read back.
fn same(entry: &impl Entry, record: &Record) -> Result<(), TestCaseError> {
    let mut written = Vec::new();
    entry.write(&mut written).unwrap();
    let value = |json: &[u8]| serde_json::from_slice::<serde_json::Value>(json).unwrap();
    prop_assert_eq!(value(&written), value(&record::json(record)));
    prop_assert_eq!(written.len(), record::json(record).len(), "a key stands twice");
    prop_assert_eq!(&serde_json::from_slice::<Record>(&written).unwrap(), record);
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
    fn e1_what_is_written_straight_is_what_serde_writes(
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
        let limits: Vec<_> = people.iter().zip(&names).map(|(scope, id)| (id.as_str().into(), *scope)).collect();
        let limits: Vec<(Arc<str>, Pseudonym)> =
            limits.into_iter().collect::<std::collections::BTreeMap<_, _>>().into_iter().collect();
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
        same(&access, &intent(&access))?;

        let ended = Ended { time, decision_id: &names[0], result: &names[1], bytes };
        let outcome = Outcome {
            time: format!("{time:.6}"),
            decision_id: names[0].clone(),
            result: names[1].clone(),
            bytes,
        };
        same(&ended, &Record::Outcome(outcome))?;
    }
}
