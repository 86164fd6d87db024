use super::*;
use serde_json::{Value, json};

/// Every field set, as no real record has it.
fn full() -> Intent {
    let text = |text: &str| text.to_owned();
    let counts = |id: &str| BTreeMap::from([(text(id), 1)]);
    Intent {
        time: text("2026-11-20T06:00:00.000001Z"),
        decision_id: text("d"),
        caller: text("c"),
        identified_by: text("jwt"),
        roles: vec![text("teller")],
        source: text("s"),
        method: text("GET"),
        route: text("crm.internal/customers/{id}"),
        purpose: Some(text("account-service")),
        basis: Some(text("contract")),
        recipient: Some(text("fund-manager")),
        country: Some(text("SG")),
        grants: vec!["grant-1".to_owned()],
        consents: vec![text("consent-1")],
        marks: vec![text("shared-account")],
        limits: BTreeMap::from([(text("per-day"), text("y"))]),
        decision: text("refuse"),
        code: Some(text("YB2001")),
        status: 403,
        rules: vec![text("r")],
        policy: text("p"),
        trace: text("t"),
        records: 1,
        subjects: vec![text("x")],
        clear: counts("derived"),
        masked: counts("basic"),
        keyed: counts("identity.document: encrypt"),
        dropped: counts("credential.account"),
        monitored: counts("other"),
        raised: counts("baseline.minors"),
        overrides: vec![text("wealth.cash: level 2")],
        input_faults: counts("identity.document: check-digit"),
        request: counts("identity.document: mask"),
        bytes: 1,
        part: None,
    }
}

#[test]
fn e2_a_record_has_no_room_for_a_value() {
    let written: Value = serde_json::from_slice(&json(&Record::Intent(Box::new(full())))).unwrap();
    let expect = json!({
        "type": "intent", "time": "2026-11-20T06:00:00.000001Z", "decision_id": "d", "caller": "c",
        "identified_by": "jwt", "roles": ["teller"], "source": "s", "method": "GET",
        "route": "crm.internal/customers/{id}", "purpose": "account-service", "basis": "contract",
        "recipient": "fund-manager", "country": "SG", "grants": ["grant-1"], "consents": ["consent-1"], "marks": ["shared-account"], "limits": {"per-day": "y"},
        "decision": "refuse", "code": "YB2001", "status": 403, "rules": ["r"], "policy": "p", "trace": "t",
        "records": 1, "subjects": ["x"], "clear": {"derived": 1}, "masked": {"basic": 1}, "keyed": {"identity.document: encrypt": 1},
        "dropped": {"credential.account": 1}, "monitored": {"other": 1}, "raised": {"baseline.minors": 1},
        "overrides": ["wealth.cash: level 2"], "input_faults": {"identity.document: check-digit": 1}, "request": {"identity.document: mask": 1}, "bytes": 1,
    });
    // A field added to a record is added here, after asking what it may hold.
    assert_eq!(written, expect);
}

#[test]
fn e1_records_read_back_and_later_fields_are_passed_over() {
    let records = [
        Record::Intent(Box::new(full())),
        Record::Outcome(Outcome {
            time: "t".into(),
            decision_id: "d".into(),
            result: "aborted".into(),
            bytes: 3,
        }),
        event("opened", BTreeMap::from([("stream".to_owned(), "00".to_owned())])),
    ];
    for record in records {
        let bytes = json(&record);
        assert_eq!(serde_json::from_slice::<Record>(&bytes).unwrap(), record);
        let mut later: Value = serde_json::from_slice(&bytes).unwrap();
        later["added_later"] = json!("x");
        assert_eq!(serde_json::from_value::<Record>(later).unwrap(), record);
    }
}

#[test]
fn times_are_utc_with_microseconds() {
    let Record::Event { time, .. } = event("opened", BTreeMap::new()) else { panic!("not an event") };
    assert_eq!(time.len(), "2026-11-20T06:00:00.000001Z".len(), "{time}");
    assert!(time.ends_with('Z') && time.parse::<jiff::Timestamp>().is_ok(), "{time}");
}
