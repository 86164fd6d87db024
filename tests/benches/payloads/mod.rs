//! Bodies and permits that the benches share.

#![allow(
    clippy::expect_used,
    dead_code,
    reason = "each bench takes what it needs, and stops at what is wrong"
)]

pub mod counter;

use yingbi_policies::{Caller, Decision, Permit, PolicySet, Request, Source};

/// About `size` bytes of customers, all different, as an account system answers.
pub fn customers(size: usize) -> Vec<u8> {
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
pub fn quotes(size: usize) -> Vec<u8> {
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

/// The same in a string of another document.
pub fn wrapped(body: &[u8]) -> Vec<u8> {
    let inner = String::from_utf8_lossy(body);
    serde_json::to_vec(&serde_json::json!({ "code": 0, "payload": inner })).expect("JSON")
}

/// The same, laid out for people.
pub fn indented(body: &[u8]) -> Vec<u8> {
    let value: serde_json::Value = serde_json::from_slice(body).expect("JSON");
    serde_json::to_vec_pretty(&value).expect("JSON")
}

/// All characters beyond ASCII as `\uXXXX`, as many serialisers write them.
pub fn escaped(body: &[u8]) -> Vec<u8> {
    let mut out = String::new();
    for character in String::from_utf8_lossy(body).chars() {
        match character.is_ascii() {
            true => out.push(character),
            false => character
                .encode_utf16(&mut [0; 2])
                .iter()
                .for_each(|unit| out.push_str(&format!("\\u{unit:04x}"))),
        }
    }
    out.into_bytes()
}

/// Leave to see masks on a route that names whose each record is.
pub fn permit_bound() -> Permit {
    permit("/bound")
}

/// Leave to see masks on a route.
pub fn permit(path: &str) -> Permit {
    permit_under(POLICY, path)
}

/// The same, every ID number encrypted.
pub fn permit_encrypting(path: &str) -> Permit {
    permit_under(
        &POLICY.replace("treat: mask", "treat: {default: mask, categories: {identity.document: encrypt}}"),
        path,
    )
}

fn permit_under(policy: &str, path: &str) -> Permit {
    let (set, _) =
        PolicySet::compile(&[Source::new("bench.yaml", policy)], "bench".into()).expect("a good policy");
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
