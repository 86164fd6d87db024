use super::*;
use crate::Format;
use crate::plan::table::{Rules, Table};
use crate::tests::{at, fixed, keep, path, scan_as, treat_as};
use proptest::prelude::*;
use yingbi_policies::{Binding, SubjectSelector, Treatment};

fn form(table: &Table, body: &str) -> String {
    let treated = treat_as(Format::Form, table, body.as_bytes());
    let treated = treated.unwrap_or_else(|error| panic!("{error} in {body}"));
    String::from_utf8(treated.body).expect("UTF-8")
}

#[test]
fn t1_pairs_are_treated_by_their_names() {
    let table = Table::all(fixed());
    let cases = [
        ("x=1&mobile=2", "x=1&mobile=****"),
        ("mobile=&x=%E5%BC%A0", "mobile=&x=%E5%BC%A0"),
        ("m%6Fbile=%31+2&x", "m%6Fbile=****&x"),
        ("name=a&mobile=1", "name=****&mobile=****"),
        ("name=a&x=1", "name=a&x=1"),
        ("a=call+%31380013800%30%21", "a=call+****%21"),
        // Values without names, names that are values, empty pairs.
        ("13800138000&&=13800138001&x", "****&&=****&x"),
        ("k13800138000=x", "k****=x"),
        ("%6b%313800138000=x", "%6b****=x"),
        // Whatever a value holds.
        ("x=%7B%22mobile%22%3A%221%22%7D", "x=%7B%22mobile%22%3A%22****%22%7D"),
        ("x={\"mobile\":1}", "x={\"mobile\":0}"),
        ("x=%3Cmobile%3E1%3C%2Fmobile%3E", "x=%3Cmobile%3E****%3C%2Fmobile%3E"),
        ("x=50%&mobile=%zz", "x=50%&mobile=****"),
        ("", ""),
    ];
    for (body, expect) in cases {
        assert_eq!(form(&table, body), expect, "{body}");
    }
    for (body, expect) in [("x=%D5%C5&y=1", 2), ("%ff=1", 0), ("x=a%E5%BC", 3), ("x=%E5%BC=", 2)] {
        let treated = treat_as(Format::Form, &table, body.as_bytes()).map(|_| ());
        assert_eq!(treated, Err(Uninspectable::Charset { at: expect }), "{body}");
    }
}

#[test]
fn what_is_left_out_takes_its_pair_along() {
    let table = Table::all(Treatment::Drop);
    let cases = [
        ("x=1&mobile=2&y=3", "x=1&y=3"),
        ("mobile=2&y=3", "y=3"),
        ("y=3&mobile=2", "y=3"),
        ("y=3&mobile=2&mobile=4", "y=3"),
        ("mobile=2", ""),
    ];
    for (body, expect) in cases {
        assert_eq!(form(&table, body), expect, "{body}");
    }
}

#[test]
fn t4_a_form_is_treated_by_its_subject() {
    let table = Table {
        own: Rules::all(Treatment::Clear),
        own_subjects: vec!["张".into()],
        binding: Some(Binding {
            subject: Some(SubjectSelector::Record(path("id no"))),
            ..Binding::default()
        }),
        ..Table::all(fixed())
    };
    assert_eq!(form(&table, "id+no=%E5%BC%A0&mobile=1"), "id+no=%E5%BC%A0&mobile=1");
    assert_eq!(form(&table, "id%20no=x&mobile=1"), "id%20no=x&mobile=****");
    assert_eq!(
        form(&table, "id%20no=x&id%20no=%E5%BC%A0&mobile=1"),
        "id%20no=x&id%20no=%E5%BC%A0&mobile=****"
    );
}

#[test]
fn scan_says_where_it_stands() {
    let body = "a%2Fb=call+%313800138000&mobile=1%2B";
    let findings = scan_as(Format::Form, body.as_bytes()).expect("readable");
    let found: Vec<(&str, &str)> =
        findings.iter().map(|finding| (finding.path.as_str(), at(body, finding))).collect();
    assert_eq!(found, [("/a~1b", "%313800138000"), ("/mobile", "1%2B")]);
}

proptest! {
    #[test]
    fn t1_no_canary_survives_and_pairs_stay(
        pairs in prop::collection::vec((
            prop_oneof![Just("x"), Just("mobile"), Just("%6dobile"), Just("k13912345678"), Just("")],
            prop_oneof![Just("13912345678"), Just("%31%33912345678+"), Just("a%26%3D13912345678"), Just("%22"), Just("")],
        ), 0..6),
        keeps in any::<bool>(),
    ) {
        let table = Table::all(if keeps { keep(3, 4) } else { fixed() });
        let body = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&");
        let treated = form(&table, &body);
        prop_assert!(!read(&treated, 0).expect("readable").contains("13912345678"), "{} became {}", body, treated);
        prop_assert_eq!(treated.matches('&').count(), body.matches('&').count());
        prop_assert_eq!(treated.matches('=').count(), body.matches('=').count());
        prop_assert_eq!(form(&Table::all(Treatment::Clear), &body), body);
    }
}
