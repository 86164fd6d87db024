//! Treating a body against the plain ways to do it, in the same run and on the same machine.
//!
//! For each payload: the engine; `serde_json` the full way (parse to a value, walk, mask by the same names, print),
//! once by names alone and once asking the classifier about every value as the engine does; and `sonic-rs` parsing
//! only. The ratios are more trustworthy than the times: all ways alternate within each round and the median round
//! counts.
//!
//! `cargo bench -p yingbi-tests --bench protection`; `-- --test` does one round, to see that it runs.

#![expect(clippy::expect_used, clippy::print_stdout, reason = "a bench stops at what is wrong, and prints")]

use serde_json::Value;
use std::collections::HashMap;
use std::hint::black_box;
use std::time::{Duration, Instant};
use yingbi_classifiers::{Classifier, KeyMeaning, Scalar, Signals, Strength};
use yingbi_crypto::PseudonymKey;
use yingbi_policies::{Caller, Decision, Permit, PolicySet, Request, Source};
use yingbi_protect::{Format, Limits, Protector, SegmentLimits, Segments};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let is_test = std::env::args().any(|argument| argument == "--test");
    let permit = permit("/plain");
    let bound = permit_bound();
    let protector = Protector::new(Classifier::shipped(), PseudonymKey::new([7; 32]), Limits::default());
    let payloads = [
        ("1 KB of customers", &permit, customers(1 << 10)),
        ("4 KB of customers", &permit, customers(4 << 10)),
        ("64 KB of customers", &permit, customers(64 << 10)),
        ("1 MB of customers", &permit, customers(1 << 20)),
        ("64 KB, a subject a record", &bound, customers(64 << 10)),
        ("4 KB of quotes", &permit, quotes(4 << 10)),
        ("4 KB of JSON in strings", &permit, wrapped(&customers(3 << 10))),
        ("4 KB, indented", &permit, indented(&customers(3 << 10))),
    ];
    println!(
        "{:<26} {:>8} {:>10} {:>8} {:>18} {:>18} {:>18}",
        "payload", "bytes", "engine ns", "GB/s", "serde_json, names", "serde_json, values", "sonic-rs, parse"
    );
    for (name, permit, body) in &payloads {
        let (mut names, mut names_too) = (HashMap::new(), HashMap::new());
        let mut ways: [Way<'_>; 4] = [
            Box::new(|| {
                drop(black_box(protector.body(permit, Format::Json, black_box(body)).expect("treatable")))
            }),
            Box::new(|| drop(black_box(plainly(black_box(body), &mut names_too, false)))),
            Box::new(|| drop(black_box(plainly(black_box(body), &mut names, true)))),
            Box::new(|| {
                drop(black_box(sonic_rs::from_slice::<sonic_rs::Value>(black_box(body)).expect("JSON")))
            }),
        ];
        let budget = if is_test { Duration::ZERO } else { Duration::from_secs(2) };
        let [engine, names, values, sonic] = medians(&mut ways, budget);
        println!(
            "{name:<26} {:>8} {engine:>10.0} {:>8.2} {:>11.0} {:>5.1}x {:>11.0} {:>5.1}x {:>11.0} {:>5.2}x",
            body.len(),
            body.len() as f64 / engine,
            names,
            names / engine,
            values,
            values / engine,
            sonic,
            sonic / engine,
        );
    }
    in_chunks(&protector, &permit, is_test);
}

/// A long list cut into segments as it comes, against the same treated whole.
fn in_chunks(protector: &Protector, permit: &Permit, is_test: bool) {
    let list = customers(4 << 20);
    let begin = list.iter().position(|byte| *byte == b'[').expect("a list");
    let end = list.iter().rposition(|byte| *byte == b']').expect("a list");
    let list = list.get(begin..=end).expect("a list");
    for chunk in [256, 64 << 10] {
        let mut ways: [Way<'_>; 2] = [
            Box::new(|| {
                drop(black_box(protector.body(permit, Format::Json, black_box(list)).expect("treatable")));
            }),
            Box::new(|| {
                let limits = SegmentLimits { segment_bytes: 256 << 10, held_bytes: 8 << 20 };
                let mut segments = Segments::new(Format::Json, limits).expect("JSON is cut");
                let mut length = 0;
                for chunk in list.chunks(chunk).map(Some).chain([None]) {
                    match chunk {
                        Some(chunk) => segments.push(chunk),
                        None => segments.end(),
                    }
                    while let Some(treated) = protector.segment(permit, &mut segments).expect("treatable") {
                        length += black_box(treated.body).len();
                    }
                }
                assert!(segments.is_done() && length > list.len() / 2);
            }),
        ];
        let budget = if is_test { Duration::ZERO } else { Duration::from_secs(4) };
        let [whole, chunked] = medians(&mut ways, budget);
        println!(
            "{:<26} {:>8} {chunked:>10.0} {:>8.2} {:>11.2} times whole",
            format!("4 MB in chunks of {chunk} B"),
            list.len(),
            list.len() as f64 / chunked,
            chunked / whole,
        );
    }
}

/// One way to treat a body.
type Way<'w> = Box<dyn FnMut() + 'w>;

/// Median nanoseconds of each way; all run in each round.
fn medians<const N: usize>(ways: &mut [Way<'_>; N], budget: Duration) -> [f64; N] {
    // A round is short, so that on a busy machine most rounds are not interrupted.
    let repeats: Vec<u32> = ways
        .iter_mut()
        .map(|way| {
            way();
            let start = Instant::now();
            way();
            (200_000 / start.elapsed().as_nanos().max(1)).clamp(1, 200) as u32
        })
        .collect();
    let mut times: [Vec<f64>; N] = std::array::from_fn(|_| vec![]);
    let begin = Instant::now();
    while begin.elapsed() < budget || times.first().is_some_and(|times| times.is_empty()) {
        for ((way, times), repeats) in ways.iter_mut().zip(&mut times).zip(&repeats) {
            let start = Instant::now();
            for _ in 0..*repeats {
                way();
            }
            times.push(start.elapsed().as_nanos() as f64 / f64::from(*repeats));
        }
    }
    times.map(|mut times| {
        times.sort_by(f64::total_cmp);
        times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
    })
}

/// The plain way: a value parsed, walked, masked and printed.
fn plainly(body: &[u8], names: &mut HashMap<String, KeyMeaning>, by_value: bool) -> Vec<u8> {
    let mut value: Value = serde_json::from_slice(body).expect("JSON");
    mask(&mut value, KeyMeaning::UNKNOWN, names, by_value, &mut vec![]);
    serde_json::to_vec(&value).expect("JSON")
}

fn mask(
    value: &mut Value,
    key: KeyMeaning,
    names: &mut HashMap<String, KeyMeaning>,
    by_value: bool,
    hits: &mut Vec<yingbi_classifiers::Hit>,
) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let own = match names.get(name) {
                    Some(known) => *known,
                    None => {
                        let known = Classifier::shipped().key(name);
                        names.insert(name.clone(), known);
                        known
                    }
                };
                mask(value, own, names, by_value, hits);
            }
        }
        Value::Array(values) => {
            values.iter_mut().for_each(|value| mask(value, key, names, by_value, hits));
        }
        Value::String(text) if by_value => {
            hits.clear();
            Classifier::shipped().value(key, Signals::PERSON, Scalar::Text(text), hits);
            for hit in hits.iter().rev() {
                let shown: String = text.chars().rev().take(4).collect();
                text.replace_range(hit.start..hit.end, &format!("***{shown}"));
            }
        }
        Value::String(text) if key.kind.is_some() && key.strength == Strength::Decides => {
            let shown: String = text.chars().rev().take(4).collect();
            *text = format!("***{shown}");
        }
        Value::Number(number) => {
            let found = by_value && {
                hits.clear();
                Classifier::shipped().value(key, Signals::PERSON, Scalar::Number(&number.to_string()), hits);
                !hits.is_empty()
            };
            if found || key.kind.is_some() && key.strength == Strength::Decides {
                *value = 0.into();
            }
        }
        _ => {}
    }
}

/// About `size` bytes of customers, all different, as an account system answers.
fn customers(size: usize) -> Vec<u8> {
    let mut out = String::from(r#"{"code":0,"message":"success","data":["#);
    for at in 0.. {
        let (last, digit) = (1000 + at * 7 % 9000, at % 10);
        out.push_str(&format!(
            concat!(
                r#"{{"client_id":"8{:07}","client_name":"{}","id_kind":"0","id_no":"11010119900307{:03}X","#,
                r#""mobile_tel":"138{:04}{}","e_mail":"user{}@example.com","address":"上海市浦东新区世纪大道{}号","#,
                r#""fund_account":"66{:08}","open_date":20{:02}0612,"branch_no":"1{:03}","client_status":"0","#,
                r#""risk_level":"C{}","enable_balance":{}.5{},"total_asset":1{}234.10,"bank_account":"622202021234567{}","#,
                r#""corp_risk_end_date":20271231,"remark":"客户要求每月寄送对账单","trace_id":"7f3a9c{:010x}","#,
                r#""update_time":"2026-11-20T06:00:00Z","currency":"CNY","is_vip":false}}"#
            ),
            at,
            ["张三丰", "李四", "欧阳明日", "王小二"].get(at % 4).copied().unwrap_or_default(),
            at % 1000,
            at % 10_000,
            last,
            at,
            at % 900 + 1,
            at,
            at % 25,
            at % 1000,
            digit % 5 + 1,
            at * 37 % 90_000,
            digit,
            at % 100,
            last,
            at * 7919,
        ));
        if out.len() >= size {
            break;
        }
        out.push(',');
    }
    out.push_str(r#"],"total":1}"#);
    out.into_bytes()
}

/// About `size` bytes of market data, in which nobody's information stands.
fn quotes(size: usize) -> Vec<u8> {
    let mut out = String::from(r#"{"code":0,"data":["#);
    for at in 0.. {
        out.push_str(&format!(
            concat!(
                r#"{{"stock_code":"60{:04}","stock_name":"浦发银行","exchange":"SSE","last_price":{}.{:02},"open":10.01,"#,
                r#""high":10.23,"low":9.98,"volume":{},"turnover":{}.00,"time":1795154400{:03}}}"#
            ),
            at,
            at % 90 + 3,
            at % 100,
            at * 100_003 % 9_999_999,
            at * 1_000_003 % 99_999_999,
            at % 1000,
        ));
        if out.len() >= size {
            break;
        }
        out.push(',');
    }
    out.push_str("]}");
    out.into_bytes()
}

fn wrapped(body: &[u8]) -> Vec<u8> {
    let inner = String::from_utf8_lossy(body);
    serde_json::to_vec(&serde_json::json!({ "code": 0, "payload": inner })).expect("JSON")
}

fn indented(body: &[u8]) -> Vec<u8> {
    let value: Value = serde_json::from_slice(body).expect("JSON");
    serde_json::to_vec_pretty(&value).expect("JSON")
}

fn permit_bound() -> Permit {
    permit("/bound")
}

fn permit(path: &str) -> Permit {
    let (set, _) =
        PolicySet::compile(&[Source::new("bench.yaml", POLICY)], "bench".into()).expect("a good policy");
    let caller =
        Caller { id: "t".into(), roles: vec!["teller".into()], authenticated: true, ..Caller::default() };
    let request = Request {
        method: "GET",
        host: "crm.internal",
        path,
        purpose: None,
        today: yingbi_policies::Day::default(),
    };
    match set.decide_caller(&caller, &request) {
        Decision::Permit(permit) => permit,
        Decision::Refuse(refusal) => unreachable!("{refusal:?}"),
    }
}

const POLICY: &str = r#"
apiVersion: yingbi/v1
kind: Role
metadata: {id: teller, title: 柜员}
spec: {any: [{jwt: {issuer: "https://sso.internal", claim: groups, contains: teller}}]}
---
apiVersion: yingbi/v1
kind: Purpose
metadata: {id: account-service, title: 账户服务}
spec: {basis: contract}
---
apiVersion: yingbi/v1
kind: Binding
metadata: {id: plain}
spec:
  route: {host: crm.internal, method: GET, path: /plain}
  purpose: {header: true, default: account-service}
---
apiVersion: yingbi/v1
kind: Binding
metadata: {id: bound}
spec:
  route: {host: crm.internal, method: GET, path: /bound}
  purpose: {header: true, default: account-service}
  records: $.data[*]
  subject: $.client_id
  fields:
    - {path: $.risk_level, category: derived}
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: masked, title: 脱敏}
spec:
  mode: enforce
  match: {roles: [teller], purposes: [account-service], routes: ["crm.internal/**"]}
  allow: {level: "<=3"}
  treat: mask
"#;
