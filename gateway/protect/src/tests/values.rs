use super::*;

fn table(treatment: Treatment) -> Table {
    Table::all(treatment)
}

#[test]
fn t1_only_replaced_spans_change() {
    let table =
        Table { other: Rules::all(Treatment::Clear).with(Kind::Mobile, keep(3, 4)), ..table(fixed()) };
    let body = "{ \"mobile\" :\t\"13800138000\", \"n\":100.10, \"big\":123456789012345678901234, \"n\":1e5,\n\
                \"s\":\"\\u5f20\\/\" }";
    let expect = body.replace("13800138000", "138****8000");
    assert_eq!(treat(&table, body), expect);
}

#[test]
fn t3_level_four_never_leaves_in_clear() {
    let partly =
        [Mask::Keep { first: 2, last: 2, width: None, number: NumberMask::Text }, Mask::Name, Mask::Email];
    let all = [Treatment::Clear].into_iter().chain(partly.map(masks));
    for treatment in all {
        let body =
            r#"{"password":"secret12","x":{"password":["abcdef",[{"z":"hidden"}]]},"remark":"pw:abcdefgh"}"#;
        let treated = treat(&table(treatment), body);
        for secret in ["secret", "abc", "hid", "den", "t12"] {
            assert!(!treated.contains(secret), "{treated}");
        }
    }
    assert_eq!(treat(&table(Treatment::Clear), r#"{"password":123456}"#), r#"{"password":0}"#);
    assert_eq!(treat(&table(Treatment::Clear), r#"{"password":true}"#), r#"{"password":null}"#);
}

#[test]
fn t1_what_is_written_inside_a_string_is_spelt_as_the_string_is() {
    let table = table(masks(Mask::Keep { first: 3, last: 4, width: None, number: NumberMask::Text }));
    let treated = treat(&table, r#"{"x":"[13800138000] ","y":" {\"z\":13800138000}"}"#);
    assert_eq!(treated, r#"{"x":"[\"138****8000\"] ","y":" {\"z\":\"138****8000\"}"}"#);
}

#[test]
fn c8_values_under_a_name_are_of_its_kind() {
    let cases = [
        (
            r#"{"mobile":["1",2,[3,{"a":"4"}],null,true,""]}"#,
            r#"{"mobile":["****",0,[0,{"a":"****"}],null,null,""]}"#,
        ),
        (r#"{"mobile":{"stock_name":"中国平安","x":1}}"#, r#"{"mobile":{"stock_name":"中国平安","x":0}}"#),
        (r#"{"password":{"stock_name":"s3cret"}}"#, r#"{"password":{"stock_name":"****"}}"#),
        (r#"{"name":"张三","mobile":null}"#, r#"{"name":"****","mobile":null}"#),
        (
            r#"{"name":"张三","stock_name":"x","mobile":""}"#,
            r#"{"name":"张三","stock_name":"x","mobile":""}"#,
        ),
        (
            r#"{"name":["张三"],"a":{"name":"李四"},"mobile":""}"#,
            r#"{"name":["****"],"a":{"name":"****"},"mobile":""}"#,
        ),
        (
            r#"{"code":"12345678","b":{"code":["1234567",12345678]}}"#,
            r#"{"code":"****","b":{"code":["1234567",0]}}"#,
        ),
        (r#"{"13800138000":{"a":13800138000}}"#, r#"{"****":{"a":0}}"#),
        (r#"{"mob\u0069le":"1\u0032"}"#, r#"{"mob\u0069le":"****"}"#),
        (r#"{"remark":"call\n\u0031380013800\u0030 \"now\""}"#, r#"{"remark":"call\n**** \"now\""}"#),
    ];
    for (body, expect) in cases {
        assert_eq!(treat(&table(fixed()), body), expect);
    }
}

#[test]
fn c8_json_in_strings_is_read_to_depth_three() {
    let fixed = table(fixed());
    let mut body = String::from(r#"{"mobile":"1\"2","k":[" 13800138000 "]}"#);
    let mut expect = String::from(r#"{"mobile":"****","k":[" **** "]}"#);
    for _ in 0..3 {
        let wrap = |text: &str| {
            let mut wrapped = String::from("{\"note\" : \"");
            json::string::encode(text, &mut wrapped);
            wrapped + "\"}"
        };
        (body, expect) = (wrap(&body), wrap(&expect));
        assert_eq!(treat(&fixed, &body), expect);
    }
    // What only looks like JSON is text.
    assert_eq!(treat(&fixed, r#"["[13800138000"]"#), r#"["[****"]"#);
    assert_eq!(treat(&fixed, r#"["{\"mobile\":\"1\\"]"#), r#"["{\"mobile\":\"1\\"]"#);
}

#[test]
fn a_mask_is_escaped_where_it_stands() {
    let table = table(masks(Mask::Keep { first: 2, last: 0, width: Some(2), number: NumberMask::Zero }));
    assert_eq!(treat(&table, r#"{"mobile":"\"\\bcdef"}"#), r#"{"mobile":"\"\\**"}"#);
    assert_eq!(treat(&table, r#"{"a":"{\"mobile\":\"\\\"bcdef\"}"}"#), r#"{"a":"{\"mobile\":\"\\\"b**\"}"}"#);
}

#[test]
fn t6_whether_an_amount_is_reached_is_spelt_as_its_format_is() {
    let table = table(masks(Mask::AtLeast { least: 3_000_000, number: NumberMask::Text }));
    let cases = [
        (Format::Json, r#"{"balance":2999999.99}"#, r#"{"balance":"..3000000"}"#),
        (Format::Json, r#"{"balance":7.37245201E6}"#, r#"{"balance":"3000000.."}"#),
        (Format::Json, r#"{"a":"{\"balance\":7372452}"}"#, r#"{"a":"{\"balance\":\"3000000..\"}"}"#),
        (Format::Xml, "<a><balance>2999999.99</balance></a>", "<a><balance>..3000000</balance></a>"),
        (Format::Xml, "<a balance=\"2999999\"/>", "<a balance=\"..3000000\"/>"),
        (
            Format::Html,
            "<table><tr><th>balance</th></tr><tr><td>2999999</td></tr></table>",
            "<table><tr><th>balance</th></tr><tr><td>..3000000</td></tr></table>",
        ),
    ];
    for (format, body, expect) in cases {
        let treated = treat_as(format, &table, body.as_bytes()).expect("treatable");
        assert_eq!(String::from_utf8(treated.body).expect("UTF-8"), expect, "{format:?}");
    }
}

#[test]
fn dropped_members_leave_valid_json() {
    let cases = [
        (r#"{"mobile":"1"}"#, r#"{}"#),
        (r#"{ "mobile":"1" }"#, r#"{  }"#),
        (r#"{"mobile":"1","a":2}"#, r#"{"a":2}"#),
        (r#"{"a":2, "mobile":"1"}"#, r#"{"a":2}"#),
        (r#"{"a":2, "mobile":"1" , "b":3}"#, r#"{"a":2, "b":3}"#),
        (r#"{"a":2, "mobile":1, "email":"x", "mobile":true }"#, r#"{"a":2 }"#),
        (r#"{"mobile":1, "a":[2], "mobile":2, "b":{"mobile":3}}"#, r#"{"a":[2], "b":{}}"#),
        (r#"{"a":1,"13800138000":"13800138000"}"#, r#"{"a":1}"#),
        (r#"{"mobile":["1", {"x":"2"}, 3]}"#, r#"{"mobile":[null, {}, null]}"#),
        (r#"13800138000"#, r#"null"#),
        (r#"{"remark":"call 13800138000"}"#, r#"{"remark":"call ********"}"#),
    ];
    for (body, expect) in cases {
        assert_eq!(treat(&table(Treatment::Drop), body), expect);
    }
}

#[test]
fn a_blocked_value_blocks_the_body() {
    let table =
        Table { other: Rules::all(Treatment::Clear).with(Kind::Email, Treatment::Block), ..table(fixed()) };
    let blocked = Some(Uninspectable::Blocked(Category::Basic));
    assert_eq!(treat_as(Format::Json, &table, br#"{"a":{"email":"x"}}"#).err(), blocked);
    assert_eq!(treat_as(Format::Json, &table, br#"{"a":"{\"email\":1}"}"#).err(), blocked);
    assert!(treat_as(Format::Json, &table, br#"{"email":null}"#).is_ok());
}

#[test]
fn e1_what_was_done_is_counted_by_category() {
    let mut rules =
        Rules::all(Treatment::Clear).with(Kind::Mobile, fixed()).with(Kind::Balance, Treatment::Drop);
    rules.monitored.insert(Kind::Email);
    let table = Table { other: rules, ..table(fixed()) };
    let body =
        br#"{"mobile":["1","2"],"email":"a@b.cn","balance":1,"password":"x","remark":"pw:a 13800138000"}"#;
    let summary = treat_as(Format::Json, &table, body).expect("treatable").summary;
    assert_eq!(summary.clear, BTreeMap::from([(Category::Basic, 1)]));
    assert_eq!(summary.masked, BTreeMap::from([(Category::Basic, 3), (Category::CredentialAccount, 2)]));
    assert_eq!(summary.dropped, BTreeMap::from([(Category::WealthCash, 1)]));
    assert_eq!(summary.monitored, BTreeMap::from([(Category::Basic, 1)]));
    assert_eq!((summary.records, summary.subjects.len()), (1, 0));
}

#[test]
fn numbers_become_what_the_rule_says() {
    let number = |number| table(masks(Mask::Fixed { width: 3, number }));
    assert_eq!(treat(&number(NumberMask::Zero), r#"{"balance":-1.5e3}"#), r#"{"balance":0}"#);
    assert_eq!(treat(&number(NumberMask::Null), r#"{"balance":-1.5e3}"#), r#"{"balance":null}"#);
    assert_eq!(treat(&number(NumberMask::Text), r#"{"balance":-1.5e3}"#), r#"{"balance":"***"}"#);
    assert_eq!(treat(&table(masks(Mask::Year)), r#"{"birth":19900102}"#), r#"{"birth":1990}"#);
    assert_eq!(treat(&table(masks(Mask::AgeBand)), r#"{"birth":37}"#), r#"{"birth":30}"#);
    assert_eq!(treat(&table(keep(3, 4)), r#"{"mobile":13800138000}"#), r#"{"mobile":"138****8000"}"#);
}

#[test]
fn scan_points_at_what_it_finds() {
    let body = r#"{"a/b":[{"mobile":"x"},"y"],"~":"[{\"remark\":\"\\u0061 13800138000\"}]","13800138000":1}"#;
    let findings = scan_as(Format::Json, body.as_bytes()).expect("readable");
    let found: Vec<(&str, &str)> =
        findings.iter().map(|finding| (finding.path.as_str(), at(body, finding))).collect();
    assert_eq!(
        found,
        [("/a~1b/0/mobile", "x"), ("/~0/!json/0/remark", "13800138000"), ("/!key", "13800138000")]
    );
}

#[test]
fn c8_coded_data_in_strings_is_treated_and_coded_again() {
    use base64::prelude::*;
    let fixed = table(fixed());
    let (json, treated) = (r#"{"mobile":"1","k":2}"#, r#"{"mobile":"****","k":2}"#);
    let hex = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let cases = [
        (BASE64_STANDARD.encode(json), BASE64_STANDARD.encode(treated)),
        (BASE64_URL_SAFE_NO_PAD.encode(json), BASE64_URL_SAFE_NO_PAD.encode(treated)),
        (BASE64_STANDARD.encode("call 13800138000"), BASE64_STANDARD.encode("call ****")),
        (BASE64_STANDARD.encode("password=s3cret&x=1"), BASE64_STANDARD.encode("password=****&x=1")),
        (hex(json), hex(json).replace("%31", "****")),
        ("password=s3cret&x=%31".into(), "password=****&x=%31".into()),
        ("https://x.cn/13800138000?mobile=%31".into(), "https://x.cn/****?mobile=****".into()),
        (format!("p={}", BASE64_STANDARD.encode(json)), format!("p={}", hex_equals(treated))),
    ];
    for (body, expect) in cases {
        assert_eq!(treat(&fixed, &format!(r#"["{body}"]"#)), format!(r#"["{expect}"]"#));
    }
    fn hex_equals(text: &str) -> String {
        BASE64_STANDARD.encode(text).replace('=', "%3D").replace('/', "%2F").replace('+', "%2B")
    }
}

#[test]
fn c8_coded_data_is_read_to_depth_three_and_kept_when_clear() {
    use base64::prelude::*;
    let clear = table(Treatment::Clear);
    let mut code = String::from("pw:abcdefgh 13800138000");
    for depth in 1..=8 {
        code = BASE64_STANDARD.encode(code);
        let treated = treat(&clear, &format!(r#"["{code}"]"#));
        // Level 4 is never in clear. Deeper than three nothing of the string shows.
        let mut shown = treated.trim_matches(['[', ']', '"']).to_owned();
        for _ in 0..depth.min(3) {
            shown = String::from_utf8(BASE64_STANDARD.decode(shown).expect("base64")).expect("text");
        }
        assert_eq!(shown, if depth > 3 { "********" } else { "******** 13800138000" }, "{depth}");
    }
    let deepest = format!(r#"["{}"]"#, BASE64_STANDARD.encode(code));
    let refused = treat_as(Format::Json, &clear, deepest.as_bytes()).err();
    assert_eq!(refused, Some(Uninspectable::TooDeep { limit: 8 }));
    let kept =
        r#"{"a":"%7B%22mobile%22%3a1%7d","b":"mobile=%31+2","c":"MTM4MDAxMzgwMDF","d":"bW9iaWxlPTE="}"#;
    let treated = treat_as(Format::Json, &clear, kept.as_bytes()).expect("treatable");
    assert_eq!(String::from_utf8_lossy(&treated.body), kept);
    assert_eq!(treated.summary.clear, BTreeMap::from([(Category::Basic, 4)]));
    let blocking = table(Treatment::Block);
    assert!(treat_as(Format::Json, &blocking, br#"["MTM4MDAxMzgwMDF"]"#).is_err());
    let dropped = treat(&table(Treatment::Drop), r#"{"a":"%7B%22mobile%22%3A1%2C%22b%22%3A2%7D"}"#);
    assert_eq!(dropped, r#"{"a":"%7B%22b%22%3A2%7D"}"#);
}

#[test]
fn c8_coded_words_in_sentences_are_treated() {
    use base64::prelude::*;
    let fixed = table(fixed());
    let (code, masked) = (BASE64_STANDARD.encode("call 13800138000"), BASE64_STANDARD.encode("call ****"));
    let claims = BASE64_URL_SAFE_NO_PAD.encode(r#"{"mobile":"1"}"#);
    let token = format!("{}.{claims}.c2ln", BASE64_URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256"}"#));
    let cases = [
        (
            "查询 http://h/p?password=s3cret&x=1 失败".to_owned(),
            "查询 http://h/p?password=****&x=1 失败".to_owned(),
        ),
        (format!("参数{code}，电话13800138000。"), format!("参数{masked}，电话****。")),
        (format!("token {token} sent"), "token ******** sent".into()),
        (format!("a={token}"), "a=********".into()),
        ("&#49;3800138000 &amp; &quot;x&quot;".into(), "**** &amp; &quot;x&quot;".into()),
        ("{&quot;mobile&quot;:&quot;1&quot;}".into(), "{&quot;mobile&quot;:&quot;****&quot;}".into()),
        (r"to \u0031380013800\u0030 \u5f20".into(), r"to **** \u5f20".into()),
        (r#"log: {\"mobile\":\"1\"}"#.into(), r#"log: {\"mobile\":\"1\"}"#.into()),
        (r#"{\"mobile\":\"1\"}"#.into(), r#"{\"mobile\":\"****\"}"#.into()),
        ("pw:%61bc=%31".into(), "****=%31".into()),
        ("mobile=%D5%C5%C8%FD&k=1".into(), "mobile=****&k=1".into()),
        // A hit that reaches out of a word, and one that a word doesn't tell.
        ("pw:a=13800138000,b=1".into(), "****=****,b=1".into()),
    ];
    for (text, expect) in cases {
        let body = serde_json::to_string(&[&text]).expect("JSON");
        let expect = serde_json::to_string(&[&expect]).expect("JSON");
        assert_eq!(treat(&fixed, &body), expect, "{text}");
    }
    // Where nothing is masked, nothing changes.
    let clear = table(Treatment::Clear);
    for text in [format!("见{code}。"), token, "&#49;3800138000".into(), "mobile=%D5%C5".into()] {
        let body = serde_json::to_string(&[&text]).expect("JSON");
        assert_eq!(treat(&clear, &body), body);
    }
    let kept = table(keep(1, 1));
    assert_eq!(treat(&kept, r#"["mobile=%D5%C5%C8%FD%B7%E1&k=1"]"#), r#"["mobile=%D5%C5*%B7%E1&k=1"]"#);
}

#[test]
fn c8_scan_marks_the_steps_into_coded_data() {
    let code = "eyJtb2JpbGUiOiIxIn0=";
    let body = format!(r#"{{"a":"{code}","b":"/p?mobile=1&n=2","c":"%7B%22mobile%22%3A1%7D"}}"#);
    let findings = scan_as(Format::Json, body.as_bytes()).expect("readable");
    let found: Vec<(&str, &str)> =
        findings.iter().map(|finding| (finding.path.as_str(), at(&body, finding))).collect();
    let expect = [("/a/!b64/!json/mobile", code), ("/b/!query/mobile", "1"), ("/c/!url/!json/mobile", "1")];
    assert_eq!(found, expect);
}
