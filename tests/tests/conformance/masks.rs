//! T1: the customary form of every mask.

use crate::FIRM;
use serde_json::{Map, Value, json};
use yingbi_tests::{Stage, Who, canary};

struct Row {
    what: &'static str,
    key: &'static str,
    value: Value,
    expect: Value,
}

fn rows() -> Vec<Row> {
    let row = |what, key, value, expect| Row { what, key, value, expect };
    let text = |what, key, value: &str, expect: &str| row(what, key, json!(value), json!(expect));
    vec![
        text("personal name", "client_name", "张三丰", "张**"),
        text("two-character name", "client_name", "王芳", "王*"),
        text("compound surname", "client_name", canary::NAME, "司马**"),
        text("Latin name", "client_name", "John Smith", "J***"),
        text("mobile", "mobile_tel", canary::MOBILE, "139****5678"),
        text("landline", "home_tel", "010-88886666", "010-******66"),
        text("landline", "home_tel", "0755-8888666", "0755-*****66"),
        text("ID document", "id_no", canary::ID, "110*************74"),
        text("ID document by value", "x", canary::ID, "110*************74"),
        text("bank card", "bank_account", canary::CARD, "6222***********0342"),
        text("bank card by value", "x", canary::CARD, "6222***********0342"),
        text("fund account", "fund_account", "1080012345", "******2345"),
        text("securities account", "stock_account", "A123456789", "******6789"),
        text("client number", "client_id", "80001234", "****1234"),
        text("trading account", "trade_account", "990012345678", "********5678"),
        text("e-mail", "e_mail", canary::EMAIL, "g***@example.com"),
        text("address", "contact_address", "上海市浦东新区世纪大道100号", "上海市浦东新区***"),
        text("birth date", "birthday", "1990-03-07", "1990-**-**"),
        text("age", "age", "37", "30-39"),
        row("balance as number", "enable_balance", json!(123_456.78), json!(0)),
        text("balance as text", "enable_balance", "123456.78", "********"),
        text("income", "annual_income", "350000", "********"),
        text("MAC", "mac_address", "00:1A:2b:3C:4D:5E", "00:1A:2b:**:**:**"),
        text("IPv4", "client_ip", "10.20.30.40", "10.20.*.*"),
        text("IMEI", "imei", "490154203237518", "********"),
        text("coordinates", "longitude", "121.473701", "********"),
        text("password", "trade_pwd", "135790", "********"),
        text("long password", "trade_pwd", "correct horse battery staple", "********"),
        text("one-time password", "sms_code", "482913", "********"),
        text("face template", "face_feature", "c2FtcGxlIHRlbXBsYXRl", "********"),
        text("employer", "work_unit", "影壁科技", "********"),
    ]
}

#[test]
fn t1_every_value_gets_its_customary_mask() {
    let stage = Stage::start(FIRM);
    let mut wrong = Vec::new();
    for Row { what, key, value, expect } in rows() {
        let mut body = Map::new();
        body.insert(key.to_owned(), value);
        let asked = stage.answers_json(&Value::Object(body)).get(Who::Token("teller"), "/customers/1");
        let got = asked.response.json()[key].clone();
        let same = got == expect || (got.is_number() && got.as_f64() == expect.as_f64());
        if !same {
            wrong.push(format!("{what} (`{key}`): {got}, expected {expect}"));
        }
        // Length tells nothing where nothing may show, and no mask is taken for the value's own.
        let intent = stage.record(&asked).intent;
        let masked: u64 = intent.masked.values().sum();
        if masked != 1 || !intent.clear.is_empty() {
            wrong.push(format!("{what} (`{key}`): counted {:?}, clear {:?}", intent.masked, intent.clear));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn t1_only_what_is_masked_changes() {
    let stage = Stage::start(FIRM);
    let body = "{ \"amount_of_rows\" :100.10,\"serial\":\t123456789012345678901234, \"mobile_tel\":\"13912345678\",\r\n \"dup\":1,\"dup\":2, \"z\\u0061\":\"\\/\" }";
    let asked = stage.answers(yingbi_tests::Answer::json(body)).get(Who::Token("teller"), "/customers/1");
    assert_eq!(asked.response.text(), body.replace("13912345678", "139****5678"));
}

#[test]
fn t1_a_firm_configures_its_masks() {
    let own = format!(
        "{FIRM}---\napiVersion: yingbi/v1\nkind: Mask\nmetadata: {{id: mobile, title: 只留后2位, override: replace, reason: 公司规定}}\nspec: {{for: [basic.mobile], algorithm: keep, last: 2}}\n"
    );
    let stage = Stage::start(&own);
    let asked =
        stage.answers_json(&json!({"mobile_tel": canary::MOBILE})).get(Who::Token("teller"), "/customers/1");
    assert_eq!(asked.response.json()["mobile_tel"], "*********78");
}
