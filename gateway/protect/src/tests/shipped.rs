//! The public way through: real policies, the shipped classifiers.

use super::*;
use yingbi_policies::{Caller, Decision, PolicySet, Request, Source};

const FIRM: &str = r#"
apiVersion: yingbi/v1
kind: Role
metadata: {id: teller, title: 营业部柜员}
spec: {any: [{jwt: {issuer: "https://sso.firm.internal", claim: groups, contains: branch-teller}}]}
---
apiVersion: yingbi/v1
kind: Role
metadata: {id: investor, title: 投资者}
spec: {any: [{jwt: {issuer: "https://app.firm.internal", claim: kind, equals: investor}}]}
---
apiVersion: yingbi/v1
kind: Purpose
metadata: {id: account-service, title: 账户服务}
spec: {basis: contract}
---
apiVersion: yingbi/v1
kind: Binding
metadata: {id: crm-customer}
spec:
  route: {host: crm.internal, method: GET, path: "/customers/{id}"}
  purpose: {header: true, default: account-service}
  records: $.data[*]
  subject: $.client_id
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: teller-sees-masked, title: 柜员只见脱敏信息}
spec:
  mode: enforce
  match: {roles: [teller], purposes: [account-service], routes: ["crm.internal/customers/**"]}
  allow: {level: "<=3"}
  treat: mask
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: own-data-after-step-up, title: 本人经再次鉴别可看全}
spec:
  mode: enforce
  match: {roles: [investor]}
  when: subject == caller.subject
  allow: {level: "<=3"}
  treat: {default: mask, when: {caller.stepped_up: clear}}
"#;

fn permit(caller: &Caller) -> Permit {
    let (set, _) = PolicySet::compile(&[Source::new("firm.yaml", FIRM)], "v1".into()).expect("a good policy");
    let request = Request {
        method: "GET",
        host: "crm.internal",
        path: "/customers/42",
        purpose: None,
        today: yingbi_policies::Day::default(),
    };
    match set.decide_caller(caller, &request) {
        Decision::Permit(permit) => permit,
        Decision::Refuse(refusal) => panic!("{refusal:?}"),
    }
}

fn protector() -> Protector {
    Protector::new(Classifier::shipped(), PseudonymKey::new([7; 32]), Limits::default())
}

#[test]
fn t1_a_teller_sees_customary_masks() {
    let teller =
        Caller { id: "t".into(), roles: vec!["teller".into()], authenticated: true, ..Caller::default() };
    let body = r#"{"data":[{"client_id":"80001234","client_name":"张三丰","mobile_tel":"13800138000","trans_pwd":"135790"}]}"#;
    let treated = protector().body(&permit(&teller), Format::Json, body.as_bytes()).expect("treatable");
    let expect = r#"{"data":[{"client_id":"****1234","client_name":"张**","mobile_tel":"138****8000","trans_pwd":"********"}]}"#;
    assert_eq!(String::from_utf8_lossy(&treated.body), expect);
    let summary = treated.summary;
    let masked = [(Category::Basic, 2), (Category::AccountInvestorCode, 1), (Category::CredentialAccount, 1)];
    assert_eq!(summary.masked, BTreeMap::from(masked));
    assert_eq!((summary.records, summary.subjects.len(), summary.clear.len()), (1, 1, 0));
}

#[test]
fn c8_people_who_name_members_are_masked_and_told_apart() {
    let teller =
        Caller { id: "t".into(), roles: vec!["teller".into()], authenticated: true, ..Caller::default() };
    let body =
        r#"{"byUser":{"唐文博":{"n":1},"唐海燕":{"n":2},"\u5510晓雪":{"n":3},"余额":4,"黄金":5,"申购":6}}"#;
    let treated = protector().body(&permit(&teller), Format::Json, body.as_bytes()).expect("treatable");
    let treated = String::from_utf8_lossy(&treated.body);
    for hidden in ["文博", "海燕", "晓雪"] {
        assert!(!treated.contains(hidden), "{treated}");
    }
    let read: serde_json::Value = serde_json::from_str(&treated).expect("JSON");
    assert_eq!(read["byUser"].as_object().map(|members| members.len()), Some(6), "{treated}");
    assert!(treated.contains(r#""黄金":5"#) && treated.contains(r#""申购":6"#), "{treated}");
}

#[test]
fn t3_an_investor_sees_their_own_in_full_after_step_up_and_nothing_of_level_four() {
    let investor = Caller {
        id: "i".into(),
        roles: vec!["investor".into()],
        subjects: vec!["80001234".into()],
        authenticated: true,
        stepped_up: true,
        ..Caller::default()
    };
    let own = r#"{"mobile_tel":"13800138000","trans_pwd":"135790","client_id":"80001234"}"#;
    let other = r#"{"mobile_tel":"13900139000","trans_pwd":"246801","client_id":"80009999"}"#;
    let body = format!(r#"{{"data":[{own},{other}]}}"#);
    let treated = protector().body(&permit(&investor), Format::Json, body.as_bytes()).expect("treatable");
    let treated = String::from_utf8_lossy(&treated.body);
    assert!(treated.contains(r#""mobile_tel":"13800138000""#), "{treated}");
    assert!(!treated.contains("13900139000"), "{treated}");
    assert!(!treated.contains("135790") && !treated.contains("246801"), "{treated}");
}

#[test]
fn t9_pages_and_headers_are_treated_with_what_is_shipped() {
    let teller =
        Caller { id: "t".into(), roles: vec!["teller".into()], authenticated: true, ..Caller::default() };
    let (permit, protector) = (permit(&teller), protector());
    let page = "<table><tr><td>手机</td><td>13800138000</td></tr><tr><td>姓名</td><td>张三丰</td></tr></table>\
                <p>at com.x.Y: no such id 110101199003078515</p><!-- 138<b>00138000 -->";
    let treated = protector.body(&permit, Format::Html, page.as_bytes()).expect("treatable");
    let treated = String::from_utf8_lossy(&treated.body);
    for hidden in ["13800138000", "张三丰", "19900307"] {
        assert!(!treated.contains(hidden), "{treated}");
    }
    assert!(treated.starts_with("<table><tr><td>手机</td><td>138****8000</td>"), "{treated}");
    let mut summary = Summary::default();
    let header = |name, value, summary: &mut Summary| {
        protector.header(&permit, name, value, summary).expect("not blocked")
    };
    assert_eq!(header("X-Customer-Mobile", "13800138000", &mut summary).as_deref(), Some("138****8000"));
    assert_eq!(header("Content-Length", "13800138000", &mut summary), None);
    assert_eq!(header("Cache-Control", "max-age=31536000", &mut summary), None);
    assert_eq!(summary.masked, BTreeMap::from([(Category::Basic, 1)]));
}

#[test]
fn c8_scan_says_what_and_how() {
    let body = r#"{"x":["13800138000"],"note":"{\"trans_pwd\":\"abc\"}"}"#;
    let findings = protector().scan(Format::Json, body.as_bytes()).expect("readable");
    let found: Vec<(&str, Kind, &str)> =
        findings.iter().map(|finding| (finding.path.as_str(), finding.kind, at(body, finding))).collect();
    let expect = [("/x/0", Kind::Mobile, "13800138000"), ("/note/!json/trans_pwd", Kind::Password, "abc")];
    assert_eq!(found, expect);
}

#[test]
fn a_protector_is_shared_between_threads() {
    let teller =
        Caller { id: "t".into(), roles: vec!["teller".into()], authenticated: true, ..Caller::default() };
    let (permit, protector) = (permit(&teller), protector());
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (permit, protector) = (&permit, &protector);
            scope.spawn(move || {
                for at in 0..50 {
                    let body = format!(r#"{{"k{thread}_{at}":1,"data":[{{"mobile":"138001380{at:02}"}}]}}"#);
                    let treated = protector.body(permit, Format::Json, body.as_bytes()).expect("treatable");
                    let expect = body.replace("13800138", "138****8");
                    assert_eq!(String::from_utf8_lossy(&treated.body), expect);
                }
            });
        }
    });
}

#[test]
fn c7_sightings_tell_of_bodies_headers_and_requests_once() {
    let caller = Caller { roles: vec!["teller".into()], authenticated: true, ..Caller::default() };
    let (permit, protector) = (permit(&caller), protector());
    protector.body(&permit, Format::Json, br#"{"mobile":"13800138000"}"#).expect("treatable");
    for name in ["X-Contact", "X-Client-Mobile", "X-13800138000"] {
        protector.header(&permit, name, "13800138000", &mut Summary::default()).expect("not blocked");
    }
    protector.accepts_query(&permit, "page=1&mobile=13800138000");
    let mut told: Vec<String> = protector
        .sightings()
        .into_iter()
        .map(|Sighting { field, counts }| {
            let Field { route, direction, path, kind, .. } = &*field;
            format!("{route} {direction:?} {path} {kind} {}", counts.total())
        })
        .collect();
    told.sort();
    let expected = [
        "/customers/{id} Accepted !query/mobile basic.mobile 1",
        "/customers/{id} Returned !header/!key basic.mobile 1",
        "/customers/{id} Returned !header/X-Client-Mobile basic.mobile 1",
        "/customers/{id} Returned !header/X-Contact basic.mobile 1",
        "/customers/{id} Returned /mobile basic.mobile 1",
    ];
    assert_eq!(told, expected);
    assert!(protector.sightings().is_empty());
}
