use super::*;

fn table(binding: Binding) -> Table {
    Table {
        own: Rules::all(Treatment::Clear),
        own_subjects: vec!["me".into()],
        binding: Some(binding),
        ..Table::all(fixed())
    }
}

fn binding(records: &str, subject: &str) -> Binding {
    Binding {
        records: Some(path(records)),
        subject: Some(SubjectSelector::Record(path(subject))),
        ..Binding::default()
    }
}

#[test]
fn t4_each_element_is_treated_by_its_own_subject() {
    struct Case {
        records: &'static str,
        subject: &'static str,
        body: &'static str,
        expect: &'static str,
    }
    let cases = [
        // Elements of one name, with and without the root in the path.
        Case {
            records: "r.c.*",
            subject: "id",
            body: "<r><c><id>me</id><mobile>1</mobile></c><c><id>you</id><mobile>2</mobile></c></r>",
            expect: "<r><c><id>me</id><mobile>1</mobile></c><c><id>you</id><mobile>****</mobile></c></r>",
        },
        Case {
            records: "c.*",
            subject: "id",
            body: "<r><c><id>me</id><mobile>1</mobile></c><d/><c><id>you</id><mobile>2</mobile></c></r>",
            expect: "<r><c><id>me</id><mobile>1</mobile></c><d/><c><id>you</id><mobile>****</mobile></c></r>",
        },
        // One alone is a list of one.
        Case {
            records: "r.c.*",
            subject: "id",
            body: "<r><n>1</n><c><id>me</id><x><mobile>1</mobile></x></c><mobile>2</mobile></r>",
            expect: "<r><n>1</n><c><id>me</id><x><mobile>1</mobile></x></c><mobile>****</mobile></r>",
        },
        // A list with a name of its own around.
        Case {
            records: "data.*",
            subject: "id",
            body: "<r><data><item><id>me</id><mobile>1</mobile></item><item><id>you</id><mobile>2</mobile></item></data></r>",
            expect: "<r><data><item><id>me</id><mobile>1</mobile></item><item><id>you</id><mobile>****</mobile></item></data></r>",
        },
        Case {
            records: "data.*",
            subject: "id",
            body: "<r><data><item><id>me</id><mobile>1</mobile></item></data></r>",
            expect: "<r><data><item><id>me</id><mobile>1</mobile></item></data></r>",
        },
        // All that the root holds.
        Case {
            records: "*",
            subject: "@id",
            body: "<r><c id='me' mobile='1'/><c id='you' mobile='2'/></r>",
            expect: "<r><c id='me' mobile='1'/><c id='you' mobile='****'/></r>",
        },
        // The subject in an element with attributes, an attribute by its plain name, in CDATA.
        Case {
            records: "c.*",
            subject: "id",
            body: "<r><c><s:id t='x'>me</s:id><mobile>1</mobile></c><c id='me' mobile='2'/><c><id><![CDATA[m]]>&#101;</id><mobile>3</mobile></c></r>",
            expect: "<r><c><s:id t='x'>me</s:id><mobile>1</mobile></c><c id='me' mobile='2'/><c><id><![CDATA[m]]>&#101;</id><mobile>3</mobile></c></r>",
        },
        // Two subjects, or none: nobody's own.
        Case {
            records: "c.*",
            subject: "id",
            body: "<r><c><id>me</id><id>you</id><mobile>1</mobile></c><c><mobile>2</mobile></c></r>",
            expect: "<r><c><id>me</id><id>you</id><mobile>****</mobile></c><c><mobile>****</mobile></c></r>",
        },
    ];
    for case in cases {
        let table = table(binding(case.records, case.subject));
        assert_eq!(xml(&table, case.body), case.expect, "{} {}", case.records, case.subject);
    }
}

#[test]
fn a_document_without_records_is_one() {
    let table = table(Binding { subject: Some(SubjectSelector::Record(path("id"))), ..Binding::default() });
    let own = "<c><id>me</id><mobile>1</mobile></c>";
    assert_eq!(xml(&table, own), own);
    assert_eq!(xml(&table, &own.replace("me", "you")), "<c><id>you</id><mobile>****</mobile></c>");
    let whole = table_of_whole();
    let treated = treat_as(Format::Xml, &whole, own.as_bytes()).expect("treatable");
    assert_eq!(treated.summary.records, 1);
}

fn table_of_whole() -> Table {
    table(Binding { records: Some(Path { steps: vec![] }), ..Binding::default() })
}

#[test]
fn positions_are_among_elements_of_one_name() {
    let first = Path {
        steps: vec![Step::Child(vec![Selector::Name("c".into())]), Step::Child(vec![Selector::Index(0)])],
    };
    let table = table(Binding {
        records: Some(first),
        subject: Some(SubjectSelector::Record(path("id"))),
        ..Binding::default()
    });
    let body = "<r><d/><c><id>me</id><mobile>1</mobile></c><c><id>me</id><mobile>2</mobile></c></r>";
    let expect = "<r><d/><c><id>me</id><mobile>1</mobile></c><c><id>me</id><mobile>****</mobile></c></r>";
    assert_eq!(xml(&table, body), expect);
}

#[test]
fn declared_fields_are_elements_and_attributes() {
    let fields = vec![
        yingbi_policies::FieldBinding { path: path("tier"), kind: Some(Kind::Address) },
        yingbi_policies::FieldBinding { path: path("@grade"), kind: Some(Kind::Address) },
        yingbi_policies::FieldBinding { path: path("mobile"), kind: None },
    ];
    let table = Table {
        binding: Some(Binding { records: Some(path("c.*")), fields, ..Binding::default() }),
        ..Table::all(fixed())
    };
    let body = "<r><c grade='a'><tier>b</tier><mobile>c</mobile></c><c><tier x='d'>e<b>f</b></tier></c></r>";
    let expect = "<r><c grade='****'><tier>****</tier><mobile>c</mobile></c><c><tier x='****'>****<b>****</b></tier></c></r>";
    assert_eq!(xml(&table, body), expect);
}
