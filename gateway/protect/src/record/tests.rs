use crate::{Format, Limits, Protector, Sighting, Summary};
use std::collections::BTreeMap;
use yingbi_classifiers::Classifier;
use yingbi_crypto::PseudonymKey;
use yingbi_policies::{Caller, Day, Decision, Permit, PolicySet, Request, Source};
use yingbi_taxonomy::Category;

/// Level 2 in clear, level 3 masked: what a raised level changes shows.
const FIRM: &str = r#"
apiVersion: yingbi/v1
kind: Binding
metadata: {id: listed}
spec: {route: {host: crm.internal, path: /listed}, records: "$.data[*]", subject: $.client_id}
---
apiVersion: yingbi/v1
kind: Binding
metadata: {id: declared}
spec:
  route: {host: crm.internal, path: /declared}
  fields:
    - {path: $.p, category: trade.parameters}
    - {path: $.o, category: operation-analysis}
    - {path: $.s, category: service-staff}
    - {path: $.m, category: marketing}
    - {path: $.c, category: channel}
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: staff, title: 员工}
spec:
  match: {routes: ["crm.internal/**"]}
  allow: {level: "<=3"}
  treat: {default: mask, categories: {"level:2": clear}}
---
apiVersion: yingbi/v1
kind: Combination
metadata: {id: two-habits, title: 监测}
spec: {mode: monitor, all: [marketing, channel], level: 3}
---
apiVersion: yingbi/v1
kind: Combination
metadata: {id: any-two, title: 三取二}
spec: {all: [operation-analysis, service-staff, trade.parameters], least: 2, raises: [trade.parameters], level: 4}
"#;

fn permit(path: &str) -> Permit {
    let (set, _) = PolicySet::compile(&[Source::new("firm.yaml", FIRM)], "v1".into()).expect("good");
    let caller = Caller { id: "t".into(), authenticated: true, ..Caller::default() };
    let today = Day::new(2026, 6, 15).unwrap();
    let request = Request { method: "GET", host: "crm.internal", path, purpose: None, today };
    match set.decide_caller(&caller, &request) {
        Decision::Permit(permit) => permit,
        Decision::Refuse(refusal) => panic!("{refusal:?}"),
    }
}

fn treat(path: &str, format: Format, body: &str) -> (String, Summary) {
    let protector = Protector::new(Classifier::shipped(), PseudonymKey::new([7; 32]), Limits::default());
    let treated = protector.body(&permit(path), format, body.as_bytes()).expect("treatable");
    (String::from_utf8(treated.body).unwrap(), treated.summary)
}

fn raised(summary: &Summary) -> Vec<(&str, u64)> {
    summary.raised.iter().map(|(id, count)| (&**id, *count)).collect()
}

/// What becomes of a code of level 2 beside this.
fn code_beside(more: &str) -> (bool, u64) {
    let (body, summary) = treat("/one", Format::Json, &format!(r#"{{"client_id":"80001234",{more}}}"#));
    (body.contains("80001234"), summary.raised.get("baseline.minors").copied().unwrap_or(0))
}

#[test]
fn c4_a_minors_record_is_level_three_whatever_the_field() {
    for minor in [
        r#""id_no":"110105201206161238""#,
        r#""id_no":"110105201206161230""#,
        r#""birthday":"2012-06-16""#,
        r#""birthday":"20150101""#,
        r#""birth_date":20150101"#,
        r#""age":13"#,
        r#""age":"8岁""#,
        r#""remark":"监护人代办，证件110105201206161238已核验""#,
        r#""ext":"{\"idNo\":\"110105201206161238\"}""#,
        r#""family":{"docs":[{"id_no":"110105201206161238"}]}"#,
    ] {
        assert_eq!(code_beside(minor), (false, 1), "{minor}");
    }
    for grown in [
        r#""id_no":"11010519491231002X""#,
        r#""birthday":"2012-06-15""#,
        r#""age":14"#,
        r#""remark":"13岁时开户""#,
        r#""count":13"#,
    ] {
        assert_eq!(code_beside(grown), (true, 0), "{grown}");
    }
}

#[test]
fn c4_one_minor_in_a_list_is_not_all() {
    let list = r#"{"data":[{"client_id":"80001234","risk_label":"积极型","birthday":"2015-01-01"},{"client_id":"80005678","risk_label":"稳健型","birthday":"1980-01-01"}],"total":2}"#;
    for path in ["/listed", "/undeclared"] {
        let (body, summary) = treat(path, Format::Json, list);
        assert!(!body.contains("积极型") && body.contains("稳健型"), "{path}: {body}");
        assert!(!body.contains("80001234") && body.contains("80005678"), "{path}: {body}");
        assert_eq!(raised(&summary), [("baseline.minors", 1)], "{path}");
        assert!(body.ends_with(r#"],"total":2}"#), "{path}: {body}");
    }
}

#[test]
fn c4_what_stands_around_records_belongs_to_each() {
    let (body, _) = treat(
        "/listed",
        Format::Json,
        r#"{"birthday":"2015-01-01","data":[{"client_id":"80001234","risk_label":"积极型"}]}"#,
    );
    assert!(!body.contains("积极型"), "{body}");
    let (body, _) = treat(
        "/undeclared",
        Format::Json,
        r#"{"client_id":"80001234","papers":[{"id_no":"11010519491231002X"},{"id_no":"110105201206161238"}]}"#,
    );
    assert!(!body.contains("80001234"), "{body}");
}

#[test]
fn c4_text_and_pages_are_records_too() {
    let text = "客户号：80001234，身份证110105201206161238";
    let (body, summary) = treat("/one", Format::Text, text);
    assert!(!body.contains("80001234"), "{body}");
    assert_eq!(raised(&summary), [("baseline.minors", 1)]);
    let (body, _) = treat("/one", Format::Text, "客户号：80001234，身份证11010519491231002X");
    assert!(body.contains("80001234") && !body.contains("11010519491231002X"), "{body}");
    let page = |id: &str| {
        format!(
            "<table><tr><td>客户号</td><td>80001234</td></tr><tr><td>身份证</td><td>{id}</td></tr></table>"
        )
    };
    let (body, _) = treat("/one", Format::Html, &page("110105201206161238"));
    assert!(!body.contains("80001234"), "{body}");
    let (body, _) = treat("/one", Format::Html, &page("11010519491231002X"));
    assert!(body.contains("80001234"), "{body}");
}

#[test]
fn c4_lines_are_records_of_their_own() {
    let lines = "{\"client_id\":\"80001234\",\"age\":12}\n{\"client_id\":\"80005678\",\"age\":40}\n";
    let (body, summary) = treat("/one", Format::Text, lines);
    assert!(!body.contains("80001234") && body.contains("80005678"), "{body}");
    assert_eq!(raised(&summary), [("baseline.minors", 1)]);
}

#[test]
fn c3_a_code_beside_holdings_is_raised_and_alone_is_not() {
    let (body, summary) = treat("/one", Format::Json, r#"{"client_id":"80001234","total_asset":1200.5}"#);
    assert_eq!(body, r#"{"client_id":"****1234","total_asset":0}"#);
    assert_eq!(raised(&summary), [("baseline.code-holdings", 1)]);
    assert_eq!(summary.masked.get(&Category::AccountInvestorCode), Some(&1), "counted once");
    assert_eq!(summary.clear.get(&Category::AccountInvestorCode), None);
    let (body, summary) = treat("/one", Format::Json, r#"{"client_id":"80001234"}"#);
    assert_eq!((body.as_str(), raised(&summary)), (r#"{"client_id":"80001234"}"#, vec![]));
}

#[test]
fn c3_two_of_three_are_enough_and_level_four_shows_nothing() {
    let (body, summary) = treat("/declared", Format::Json, r#"{"p":"0.00025","s":"李四"}"#);
    assert_eq!(body, r#"{"p":"********","s":"李四"}"#);
    assert_eq!(raised(&summary), [("any-two", 1)]);
    let (body, summary) = treat("/declared", Format::Json, r#"{"p":"0.00025","m":"春季拉新"}"#);
    assert_eq!((body.as_str(), raised(&summary)), (r#"{"p":"0.00025","m":"春季拉新"}"#, vec![]));
}

#[test]
fn c3_a_combination_that_is_monitored_changes_nothing() {
    let body = r#"{"m":"春季拉新","c":"抖音投放"}"#;
    let (treated, summary) = treat("/declared", Format::Json, body);
    assert_eq!(treated, body);
    assert_eq!(raised(&summary), [("two-habits", 1)], "{summary:?}");
    assert_eq!(summary.monitored.values().sum::<u64>(), 2, "{summary:?}");
}

#[test]
fn c7_what_is_counted_by_field_adds_up_to_the_summary() {
    let minor = r#"{"client_id":"80001234","risk_label":"积极型","birthday":"2015-01-01","m":"{\"mobile\":\"13800138000\"}"}"#;
    let grown = r#"{"client_id":"80005678","risk_label":"稳健型","birthday":"1980-01-01","remark":"请回电13800138000"}"#;
    let list = format!(r#"{{"data":[{minor},{grown}]}}"#);
    let lines = format!("{minor}\n{grown}\n");
    let text = "客户姓名：张三丰，证件110105201206161238，手机13800138000\n{\"mobile\":\"13800138000\"}\n请回电13912345678";
    let events =
        format!("data: {minor}\n\ndata: {{\"delta\":\"13800\"}}\n\ndata: {{\"delta\":\"138000\"}}\n\n");
    for (path, format, body) in [
        ("/listed", Format::Json, list.as_str()),
        ("/undeclared", Format::Json, &list),
        ("/one", Format::Json, minor),
        ("/one", Format::Json, grown),
        ("/declared", Format::Json, r#"{"p":"x1","o":"y","s":"z","m":"a","c":"b"}"#),
        ("/listed", Format::Lines, &lines),
        ("/one", Format::Text, text),
        ("/one", Format::Html, "<p>手机13800138000</p><script>{\"mobile\":\"13800138000\"}</script>"),
        ("/one", Format::Events, &events),
    ] {
        let protector = Protector::new(Classifier::shipped(), PseudonymKey::new([7; 32]), Limits::default());
        let summary = protector.body(&permit(path), format, body.as_bytes()).expect("treatable").summary;
        let mut counted = [BTreeMap::new(), BTreeMap::new(), BTreeMap::new()];
        for Sighting { field, counts } in protector.sightings() {
            for (counted, count) in counted.iter_mut().zip([counts.clear, counts.masked, counts.dropped]) {
                *counted.entry(field.kind.category()).or_insert(0) += count;
            }
        }
        let [clear, masked, dropped] = counted
            .map(|counted| counted.into_iter().filter(|(_, count)| *count > 0).collect::<BTreeMap<_, _>>());
        assert!(!clear.is_empty() || !masked.is_empty(), "{body}");
        assert_eq!(
            (clear, masked, dropped),
            (summary.clear, summary.masked, summary.dropped),
            "{path} {body}"
        );
    }
}
