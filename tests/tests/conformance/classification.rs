//! C1, C8, M1: what personal information is known, where it is found, and how it is counted.

use crate::FIRM;
use base64::Engine as _;
use serde_json::{Map, Value, json};
use std::time::{Duration, Instant};
use yingbi_taxonomy::{Category, Level};
use yingbi_tests::evidence::Metrics;
use yingbi_tests::{Answer, Stage, Who, canary};

const TELLER: Who<'_> = Who::Token("teller");

/// A value that says nothing by itself.
const DULL: &str = "q7Zk-xWvo-LmNp";

/// One field for each row of Appendix A, by position.
fn every_category() -> (String, Value) {
    let mut fields = String::new();
    let mut body = Map::new();
    for (index, category) in Category::all().enumerate() {
        fields.push_str(&format!("    - {{path: $.f{index:02}, category: {}}}\n", category.id()));
        body.insert(format!("f{index:02}"), json!(format!("{DULL}{index:02}")));
    }
    body.insert("ordinary".into(), json!("stays"));
    let policy = format!(
        "apiVersion: yingbi/v1\nkind: Role\nmetadata: {{id: teller}}\nspec: {{any: [{{api_token: {{id: teller}}}}]}}\n---\n\
         apiVersion: yingbi/v1\nkind: Binding\nmetadata: {{id: all}}\nspec:\n  route: {{host: crm.internal, method: GET, path: /all}}\n  fields:\n{fields}---\n\
         apiVersion: yingbi/v1\nkind: Policy\nmetadata: {{id: masked, title: 全部脱敏, clause: [\"T/TSAC001:7.5.a\"]}}\nspec:\n  match: {{roles: [teller], routes: [crm.internal/all]}}\n  allow: {{level: \"<=3\"}}\n  treat: mask\n"
    );
    (policy, Value::Object(body))
}

#[test]
fn c1_every_row_of_appendix_a_is_masked_and_counted() {
    let rows = include_str!("../../../classifiers/taxonomy/appendix-a.tsv").lines().skip(1);
    let levels: Vec<String> = rows.map(|row| row.rsplit('\t').next().unwrap().trim().to_owned()).collect();
    assert_eq!(levels.len(), 35);
    let (policy, body) = every_category();
    let stage = Stage::start(&policy);
    let before = stage.gateway.metrics();
    let asked = stage.answers_json(&body).get(TELLER, "/all");
    let text = asked.response.text();
    assert_eq!(asked.response.status, 200, "{text}");
    assert!(!text.contains(DULL), "{text}");
    assert_eq!(asked.response.json()["ordinary"], "stays");
    let intent = stage.record(&asked).intent;
    assert_eq!(intent.masked.len(), 35, "{:?}", intent.masked);
    assert!(intent.clear.is_empty() && intent.dropped.is_empty(), "{intent:?}");
    let after = stage.gateway.metrics();
    for (category, level) in Category::all().zip(levels) {
        assert_eq!(intent.masked.get(category.id()), Some(&1), "{}", category.id());
        let labels = [("category", category.id()), ("level", level.as_str()), ("treatment", "mask")];
        let of = |metrics: &Metrics| metrics.sum("yingbi_values_total", &labels);
        assert_eq!(of(&after) - of(&before), 1.0, "{labels:?}");
    }
    assert_eq!(after.grown(&before, "yingbi_values_total").len(), 35, "and under no other label");
}

#[test]
fn c8_fields_are_known_by_their_names_in_every_style() {
    // Values that could be many things: only the name can tell.
    let names: &[(&str, &str, &[&str])] = &[
        (
            "basic",
            "阿依古丽",
            &[
                "client_name",
                "customerName",
                "custName",
                "khxm",
                "客户姓名",
                "cust_full_name",
                "realName",
                "投资者姓名",
            ],
        ),
        (
            "basic",
            "幸福里3幢502",
            &["home_address", "contactAddress", "lxdz", "联系地址", "通讯地址", "mailing_addr", "住址"],
        ),
        (
            "basic",
            "66778899001",
            &[
                "mobile_tel",
                "mobilePhone",
                "sjhm",
                "手机号码",
                "phone_number",
                "cellphone",
                "lxdh",
                "联系电话",
            ],
        ),
        (
            "identity.document",
            "Kq3Wz8Yt",
            &["id_no", "idNumber", "zjhm", "证件号码", "身份证号", "idCardNo", "sfzh"],
        ),
        (
            "account.opening",
            "8827364510",
            &["fund_account", "fundAccount", "zjzh", "资金账号", "stock_account", "股东代码", "gddm"],
        ),
        ("wealth.bank", "8827364510", &["bank_account", "bankCardNo", "yhkh", "银行卡号", "银行账号"]),
        (
            "credential.account",
            "Kq3Wz8Yt",
            &[
                "trade_pwd",
                "tradePassword",
                "jymm",
                "交易密码",
                "password",
                "login_passwd",
                "smsCode",
                "验证码",
            ],
        ),
        ("device.permanent", "490154203237510", &["imei", "deviceImei", "IMEI号"]),
        (
            "wealth.cash",
            "4417.25",
            &["enable_balance", "enableBalance", "kyje", "可用金额", "总资产", "total_assets"],
        ),
    ];
    let missed = missed(names);
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn c5_devices_and_places_are_known_by_their_names() {
    let missed = missed(&[
        ("device.permanent", "490154203237510", &["imei", "phoneImei2"]),
        ("device.permanent", "3c:22:fb:a1:b2:c3", &["wifi_mac", "MAC地址"]),
        ("device.resettable", "a1b2c3d4-e5f6-4711-8899-aabbccddeeff", &["oaid", "idfa", "android_id"]),
        ("device.apps", "微信,支付宝", &["installed_apps", "appList"]),
        ("location.track", "121.4737", &["lng", "longitude"]),
        ("location.coarse", "上海市", &["city", "所在城市"]),
    ]);
    assert!(missed.is_empty(), "{missed:#?}");
}

/// Categories, a value of each, and names under which it must be masked as one.
type Names = [(&'static str, &'static str, &'static [&'static str])];

/// The names under which a value was not masked as its category says.
fn missed(names: &Names) -> Vec<String> {
    let stage = Stage::start(FIRM);
    let mut missed = Vec::new();
    for (category, value, keys) in names {
        for key in *keys {
            let mut body = Map::new();
            body.insert((*key).to_owned(), json!(value));
            body.insert("error_no".into(), json!(0));
            let asked = stage.answers_json(&Value::Object(body)).get(TELLER, "/customers/1");
            assert_eq!(asked.response.json()["error_no"], 0);
            let intents = if asked.response.text().contains(value) {
                vec![]
            } else {
                stage.gateway.entries_of(&asked.trace)
            };
            let counted = intents.first().and_then(|entry| entry.intent.masked.get(*category).copied());
            if counted != Some(1) {
                missed.push(format!("{key} as {category}: {}", asked.response.text()));
            }
        }
    }
    missed
}

#[test]
fn c8_a_binding_names_what_only_the_firm_knows() {
    let bound = FIRM.replace(
        "  purpose: {header: true, default: account-service}\n  subject: {parameter: client_id}\n",
        "  purpose: {header: true, default: account-service}\n  subject: {parameter: client_id}\n  fields:\n    \
         - {path: \"$.a[*].x9\", category: identity.document.number}\n    - {path: $.tier, category: derived}\n    \
         - {path: \"$..mobile_no\", category: none}\n",
    );
    assert_ne!(bound, FIRM);
    let stage = Stage::start(&bound);
    let body = json!({"a": [{"x9": "ZX-4471-QQ-88120"}, {"x9": 99_887_766}], "x9": "ZX-4471-RR", "tier": "gold", "b": {"mobile_no": "13912345678"}});
    let asked = stage.answers_json(&body).get(TELLER, "/customers/1");
    let got = asked.response.json();
    assert_eq!(got["a"][0]["x9"], "ZX-4***-**-***20");
    assert_ne!(got["a"][1]["x9"], 99_887_766);
    assert_eq!(got["x9"], "ZX-4471-RR", "another path");
    assert_eq!(got["tier"], "********");
    assert_eq!(got["b"]["mobile_no"], "13912345678", "declared to be none");
    let intent = stage.record(&asked).intent;
    assert_eq!(intent.masked.get("identity.document"), Some(&2), "{intent:?}");
    assert_eq!(intent.masked.get("derived"), Some(&1), "{intent:?}");
}

#[test]
fn c8_values_are_known_by_themselves_under_any_name() {
    let stage = Stage::start(FIRM);
    let values = [
        (canary::MOBILE, "basic"),
        ("+86 139 1234 5678", "basic"),
        ("139-1234-5678", "basic"),
        (canary::ID, "identity.document"),
        (canary::CARD, "wealth.bank"),
        ("6222 0212 3456 7890 342", "wealth.bank"),
        (canary::EMAIL, "basic"),
    ];
    for (value, category) in values {
        for body in [json!({"x": value}), json!([value]), json!({"a": {"b": [[value]]}}), json!(value)] {
            let asked = stage.answers_json(&body).get(TELLER, "/customers/1");
            let text = asked.response.text();
            assert!(!text.contains(value), "{value}: {text}");
            let intent = stage.record(&asked).intent;
            assert_eq!(intent.masked.get(category), Some(&1), "{value}: {intent:?}");
        }
    }
}

#[test]
fn c8_values_are_found_in_free_text_and_in_strings_that_hold_data() {
    let stage = Stage::start(FIRM);
    let person = canary::person_json();
    let nested = json!({"payload": person}).to_string();
    let query = format!(
        "mobile={}&idNo={}&email={}&note=x",
        canary::MOBILE,
        canary::ID,
        canary::EMAIL.replace('@', "%40")
    );
    let cases = [
        ("free text", json!({"remark": canary::person_text()})),
        (
            "free text without labels",
            json!({"remark": format!("请回电{}，或写信至{}", canary::MOBILE, canary::EMAIL)}),
        ),
        ("JSON in a string", json!({"payload": person})),
        ("JSON in JSON in a string", json!({"payload": nested})),
        ("a form in a string", json!({"callback": format!("https://crm.internal/cb?{query}")})),
    ];
    for (name, body) in cases {
        let asked = stage.answers_json(&body).get(TELLER, "/customers/1");
        assert_eq!(asked.response.status, 200, "{name}: {:?}", asked.response);
        canary::assert_hidden(name, &asked.received);
    }
    for (content_type, body) in [
        ("text/plain; charset=utf-8", canary::person_text()),
        (
            "text/html; charset=utf-8",
            format!("<p title='{}'>{}</p><!-- {} -->", canary::MOBILE, canary::person_text(), canary::ID),
        ),
    ] {
        let asked = stage.answers(Answer::of_type(content_type, body)).get(TELLER, "/customers/1");
        assert_eq!(asked.response.status, 200, "{:?}", asked.response);
        canary::assert_hidden(content_type, &asked.received);
    }
}

#[test]
fn c8_values_are_found_in_strings_that_hold_coded_data() {
    let stage = Stage::start(FIRM);
    let person = canary::person_json();
    let percent: String = person.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let form = format!("mobile_tel={}&id_no={}&name=x", canary::MOBILE, canary::ID);
    let cases = [
        ("base64 of JSON", base64::engine::general_purpose::STANDARD.encode(&person)),
        ("base64url of JSON", base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&person)),
        ("base64 of text", base64::engine::general_purpose::STANDARD.encode(canary::person_text())),
        ("base64 of a form", base64::engine::general_purpose::STANDARD.encode(form)),
        ("percent-encoded JSON", percent),
    ];
    let mut wrong = Vec::new();
    for (name, blob) in cases {
        let asked = stage.answers_json(&json!({"blob": blob})).get(TELLER, "/customers/1");
        let text = asked.response.text();
        if let Some(value) = decodings(&text).iter().find_map(|text| canary::find(text)) {
            wrong.push(format!("{name}: `{value}` came through: {text}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A text as it is, and every word of it that is base64 decoded.
fn decodings(text: &str) -> Vec<Vec<u8>> {
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || "+/=-_".contains(c)));
    let decoded = words
        .filter(|word| word.len() >= 16)
        .flat_map(|word| [STANDARD.decode(word), URL_SAFE_NO_PAD.decode(word)]);
    std::iter::once(text.as_bytes().to_vec()).chain(decoded.flatten()).collect()
}

#[test]
fn m1_metrics_count_known_traffic_exactly() {
    let stage = Stage::start(FIRM);
    // Counters of the start itself don't move any more.
    let before = stage.gateway.metrics();
    let list = json!({"data": [
        {"client_id": "80001234", "client_name": "张三丰", "mobile_tel": "13800138000", "trade_pwd": "135790"},
        {"client_id": "80005678", "client_name": "李四", "mobile_tel": "13900139000", "trade_pwd": "246801"},
    ]});
    stage.answers_json(&list);
    for _ in 0..3 {
        assert_eq!(stage.get(TELLER, "/customers").response.status, 200);
    }
    assert_eq!(stage.get(Who::SteppedUp("80001234"), "/customers").response.status, 200);
    for _ in 0..2 {
        assert_eq!(stage.get(TELLER, "/elsewhere").response.problem_code(), "YB2001");
    }
    assert_eq!(stage.get(Who::Nobody, "/customers").response.problem_code(), "YB2005");
    // Exchanges are counted a moment after their last byte.
    let deadline = Instant::now() + Duration::from_secs(5);
    let refused = |metrics: &Metrics| metrics.sum("yingbi_requests_total", &[("decision", "refuse")]);
    while refused(&stage.gateway.metrics()) - refused(&before) < 3.0 {
        assert!(Instant::now() < deadline, "three refusals");
        std::thread::sleep(Duration::from_millis(20));
    }
    let after = stage.gateway.metrics();
    let grew = |name: &str, labels: &[(&str, &str)]| after.sum(name, labels) - before.sum(name, labels);
    let values = |category, treatment| {
        grew("yingbi_values_total", &[("category", category), ("treatment", treatment)])
    };
    // Three lists of two for the teller, and one for an investor who sees the own half of it.
    assert_eq!(values("basic", "mask"), 14.0);
    assert_eq!(values("basic", "clear"), 2.0);
    assert_eq!(values("account.investor-code", "mask"), 7.0);
    assert_eq!(values("account.investor-code", "clear"), 1.0);
    assert_eq!(values("credential.account", "mask"), 8.0);
    assert_eq!(values("credential.account", "clear"), 0.0);
    assert_eq!(grew("yingbi_values_total", &[]), 32.0);
    assert_eq!(grew("yingbi_level_released_clear_total", &[("level", "3")]), 2.0);
    assert_eq!(grew("yingbi_level_released_clear_total", &[("level", "2")]), 1.0);
    assert_eq!(grew("yingbi_level_released_clear_total", &[("level", "4")]), 0.0);
    assert_eq!(grew("yingbi_subjects_total", &[]), 8.0);
    assert_eq!(grew("yingbi_refusals_total", &[("code", "YB2001")]), 2.0);
    assert_eq!(grew("yingbi_refusals_total", &[("code", "YB2005")]), 1.0);
    assert_eq!(grew("yingbi_refusals_total", &[]), 3.0);
    let requests = |labels: &[(&str, &str)]| grew("yingbi_requests_total", labels);
    assert_eq!(
        requests(&[
            ("route", "/customers"),
            ("decision", "permit"),
            ("status_class", "2xx"),
            ("method", "GET")
        ]),
        4.0
    );
    assert_eq!(requests(&[("route", "/customers"), ("decision", "refuse")]), 1.0);
    assert_eq!(requests(&[("decision", "refuse")]), 3.0);
    assert_eq!(Category::all().filter(|category| category.level() == Level::L4).count(), 2);
}
