use super::*;

/// One's own records in clear, others' masked.
fn table(binding: Binding) -> Table {
    Table {
        own: Rules::all(Treatment::Clear),
        own_subjects: vec!["me".into(), "7".into()],
        binding: Some(binding),
        ..Table::all(fixed())
    }
}

fn binding() -> Binding {
    Binding {
        records: Some(path("data.*")),
        subject: Some(SubjectSelector::Record(path("who.id"))),
        ..Binding::default()
    }
}

#[test]
fn t4_each_record_is_treated_by_its_own_subject() {
    let table = table(binding());
    let cases = [
        // Named after what it decides about.
        (r#"{"data":[{"mobile":"1","who":{"id":"me"}}]}"#, r#"{"data":[{"mobile":"1","who":{"id":"me"}}]}"#),
        (r#"{"data":[{"mobile":"1","who":{"id":7}}]}"#, r#"{"data":[{"mobile":"1","who":{"id":7}}]}"#),
        (
            r#"{"data":[{"mobile":"1","who":{"id":"m\u0065"}}]}"#,
            r#"{"data":[{"mobile":"1","who":{"id":"m\u0065"}}]}"#,
        ),
        (
            r#"{"data":[{"who":{"id":"me"},"mobile":"1"},{"who":{"id":"you"},"mobile":"2"}]}"#,
            r#"{"data":[{"who":{"id":"me"},"mobile":"1"},{"who":{"id":"you"},"mobile":"****"}]}"#,
        ),
        // Absent, null or of no use: another's.
        (r#"{"data":[{"mobile":"1"}]}"#, r#"{"data":[{"mobile":"****"}]}"#),
        (
            r#"{"data":[{"who":{"id":null},"mobile":"1"}]}"#,
            r#"{"data":[{"who":{"id":null},"mobile":"****"}]}"#,
        ),
        (r#"{"data":[{"who":{"id":[]},"mobile":"1"}]}"#, r#"{"data":[{"who":{"id":[]},"mobile":"****"}]}"#),
        // Named twice and differently: nobody's own.
        (
            r#"{"data":[{"who":{"id":"me","id":"you"},"mobile":"1"}]}"#,
            r#"{"data":[{"who":{"id":"me","id":"you"},"mobile":"****"}]}"#,
        ),
        // Outside of any record.
        (r#"{"mobile":"1","data":[]}"#, r#"{"mobile":"****","data":[]}"#),
    ];
    for (body, expect) in cases {
        assert_eq!(treat(&table, body), expect);
    }
}

#[test]
fn the_innermost_record_wins() {
    let every = Path { steps: vec![Step::Descendant(vec![Selector::Name("rec".into())])] };
    let binding = Binding {
        records: Some(every),
        subject: Some(SubjectSelector::Record(path("id"))),
        ..Binding::default()
    };
    let body = r#"{"rec":{"rec":{"id":"you","mobile":"1"},"id":"me","mobile":"2"}}"#;
    let expect = r#"{"rec":{"rec":{"id":"you","mobile":"****"},"id":"me","mobile":"2"}}"#;
    let treated = treat_as(Format::Json, &table(binding), body.as_bytes()).expect("treatable");
    assert_eq!(String::from_utf8_lossy(&treated.body), expect);
    assert_eq!((treated.summary.records, treated.summary.subjects.len()), (2, 2));
}

#[test]
fn e2_subjects_are_pseudonyms() {
    let body = br#"{"data":[{"who":{"id":"a"}},{"who":{"id":"b"}},{"who":{"id":"a"}},{}]}"#;
    let summary = treat_as(Format::Json, &table(binding()), body).expect("treatable").summary;
    let key = PseudonymKey::new([7; 32]);
    let expect = ["a", "b"].map(|id| key.pseudonym("subject", id));
    assert_eq!(summary.subjects, BTreeSet::from(expect));
    assert_eq!(summary.records, 4);
}

#[test]
fn the_document_may_be_about_one_investor() {
    let mut own =
        table(Binding { subject: Some(SubjectSelector::Parameter("id".into())), ..Binding::default() });
    own.document_subject = Some("me".into());
    assert_eq!(treat(&own, r#"{"mobile":"1"}"#), r#"{"mobile":"1"}"#);
    own.document_subject = Some("you".into());
    let treated = treat_as(Format::Json, &own, br#"{"mobile":"1"}"#).expect("treatable");
    assert_eq!(treated.body, br#"{"mobile":"****"}"#);
    assert_eq!(treated.summary.subjects.len(), 1);
}

#[test]
fn c8_declared_fields_are_what_the_firm_says() {
    let field = |steps: &str, kind| FieldBinding { path: path(steps), kind };
    let fields = vec![
        field("tier", Some(Kind::Derived)),
        field("tree.*", Some(Kind::Address)),
        field("tree.not", None),
        field("hotline", None),
        field("password", None),
    ];
    let table = Table { binding: Some(Binding { fields, ..Binding::default() }), ..Table::all(fixed()) };
    let cases = [
        (
            r#"{"tier":"gold","tree":{"a":1,"not":2,"b":[3,{"c":"4"}]}}"#,
            r#"{"tier":"****","tree":{"a":0,"not":2,"b":[0,{"c":"****"}]}}"#,
        ),
        (r#"{"hotline":"13800138000","a":"13800138000"}"#, r#"{"hotline":"13800138000","a":"****"}"#),
        // What is declared to be nothing may still not hold a credential.
        (r#"{"hotline":"pw:abc","password":"x"}"#, r#"{"hotline":"****","password":"****"}"#),
        (r#"{"tier":"{\"a\":1}"}"#, r#"{"tier":"****"}"#),
    ];
    for (body, expect) in cases {
        assert_eq!(treat(&table, body), expect);
    }
}
