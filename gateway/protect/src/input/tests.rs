use super::*;
use crate::Protector;
use yingbi_classifiers::Classifier;
use yingbi_crypto::PseudonymKey;
use yingbi_policies::{Caller, Decision, Permit, PolicySet, Request, Source};

const FIRM: &str = r#"
apiVersion: yingbi/v1
kind: Binding
metadata: {id: open}
spec:
  route: {host: h, path: /open}
  validate:
    default: reject
    categories: {basic: flag, basic.mobile: reject, basic.postcode: pass}
    fields: [{path: $.tag, category: identity.document.resident-id}]
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: staff, title: 员工}
spec: {match: {routes: ["h/**"]}, allow: {level: "<=3"}}
"#;

fn permit(path: &str) -> Permit {
    let (set, _) = PolicySet::compile(&[Source::new("firm.yaml", FIRM)], "v1".into()).expect("good");
    let caller = Caller { id: "t".into(), authenticated: true, ..Caller::default() };
    let today = Day::new(2026, 6, 15).unwrap();
    match set.decide_caller(&caller, &Request { method: "POST", host: "h", path, purpose: None, today }) {
        Decision::Permit(permit) => permit,
        Decision::Refuse(refusal) => panic!("{refusal:?}"),
    }
}

/// Path, rule, and whether it is refused.
type Faults = &'static [(&'static str, &'static str, bool)];

fn check(path: &str, entered: Entered<'_>) -> Result<Vec<(String, &'static str, bool)>, Uninspectable> {
    let protector = Protector::new(Classifier::shipped(), PseudonymKey::new([7; 32]), Limits::default());
    let faults = protector.check_input(&permit(path), entered)?;
    Ok(faults.into_iter().map(|fault| (fault.path, fault.wrong.name(), fault.is_rejected)).collect())
}

#[test]
fn t12_wrong_values_are_named_by_path_and_rule() {
    let cases: &[(&str, Faults)] = &[
        (r#"{"id_no":"11010519491231002X","mobile_tel":"13812345678"}"#, &[]),
        (r#"{"id_no":"110105194912310020"}"#, &[("/id_no", "check-digit", true)]),
        (
            r#"{"cust":{"list":[{"mobile_tel":"12012345678"}]}}"#,
            &[("/cust/list/0/mobile_tel", "segment", true)],
        ),
        (r#"{"mobile_tel":13812345678,"email":"a@b"}"#, &[("/email", "format", false)]),
        (r#"{"mobile_tel":"","email":null,"postcode":"1"}"#, &[]),
        (r#"{"id_no":"1","id_no":"11010519491231002X"}"#, &[("/id_no", "format", true)]),
        (r#"{"body":"{\"mobile_tel\":\"138\"}"}"#, &[("/body/!json/mobile_tel", "format", true)]),
        (r#"{"tag":"110105194912310020"}"#, &[("/tag", "check-digit", true)]),
        (r#"{"13812345678":{"mobile_tel":"1"}}"#, &[("/*/mobile_tel", "format", true)]),
        (r#"{"birthday":"2027-01-01"}"#, &[("/birthday", "date", false)]),
        (r#"{"mobile_t\u0065l":"1\u0033812345678"}"#, &[]),
        (r#"{"stock_code":"600000","order_no":"1"}"#, &[]),
    ];
    for (body, expect) in cases {
        let found = check("/open", Entered::Json(body.as_bytes())).unwrap();
        let expect: Vec<_> = expect.iter().map(|(path, rule, no)| ((*path).to_owned(), *rule, *no)).collect();
        assert_eq!(found, expect, "{body}");
    }
    let of_card = |number: &str| {
        check("/open", Entered::Json(format!(r#"{{"bank_card_no":"{number}"}}"#).as_bytes())).unwrap().len()
    };
    let cards: usize = (0..10).map(|last| of_card(&format!("622202123456789012{last}"))).sum();
    assert_eq!(cards, 9, "one check digit of ten is right");
}

#[test]
fn t12_forms_and_queries_are_checked() {
    let cases: &[(&str, Faults)] = &[
        ("mobile_tel=138+1234+5678&id_no=11010519491231002X", &[]),
        ("mobile_tel=%31%32012345678", &[("mobile_tel", "segment", true)]),
        ("%E6%89%8B%E6%9C%BA%E5%8F%B7=1", &[("手机号", "format", true)]),
        ("tag=1&x", &[("tag", "format", true)]),
        ("", &[]),
    ];
    for (body, expect) in cases {
        let found = check("/open", Entered::Form(body.as_bytes())).unwrap();
        let expect: Vec<_> = expect.iter().map(|(path, rule, no)| ((*path).to_owned(), *rule, *no)).collect();
        assert_eq!(found, expect, "{body}");
    }
}

#[test]
fn t12_what_cant_be_read_is_no_good_input() {
    for body in [&b"{\"a\":"[..], b"\xff\xfe", b"nope"] {
        assert!(check("/open", Entered::Json(body)).is_err());
    }
    assert!(check("/open", Entered::Form(b"a=%ff%fe")).is_err());
    assert!(check("/open", Entered::Form(b"a=%zz")).is_err());
    assert_eq!(check("/free", Entered::Json(b"nope")), Ok(vec![]), "nothing is asked there");
}
