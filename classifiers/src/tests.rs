use super::*;

fn found(text: &str) -> Vec<(String, &'static str)> {
    let mut hits = Vec::new();
    Classifier::shipped().text(text, &mut hits);
    let cut =
        |hit: &Hit| text.get(hit.start..hit.end).expect("a hit lies on character boundaries").to_owned();
    hits.iter().map(|hit| (cut(hit), hit.kind.id())).collect()
}

fn under(key: &str, value: Scalar<'_>) -> Vec<Hit> {
    let classifier = Classifier::shipped();
    let meaning = classifier.key(key);
    let mut hits = Vec::new();
    classifier.value(meaning, meaning.signals, value, &mut hits);
    hits
}

/// Text, then what must be found in it, in order.
const TEXTS: &[(&str, &[(&str, &str)])] = &[
    ("手机号13800138000请回电", &[("13800138000", "basic.mobile")]),
    ("张三13800138000", &[("张三", "basic.name"), ("13800138000", "basic.mobile")]),
    (
        "电话 138-0013-8000 或 138 0013 8001",
        &[("138-0013-8000", "basic.mobile"), ("138 0013 8001", "basic.mobile")],
    ),
    ("请拨１３８００１３８００１", &[("１３８００１３８００１", "basic.mobile")]),
    ("call +86 139 1234 5678 now", &[("139 1234 5678", "basic.mobile")]),
    ("+8613912345678", &[("13912345678", "basic.mobile")]),
    ("138\u{200b}0013\u{200b}8001", &[("138\u{200b}0013\u{200b}8001", "basic.mobile")]),
    ("身份证11010519491231002X已过期", &[("11010519491231002X", "identity.document.resident-id")]),
    ("身份证11010519491231002Ｘ", &[("11010519491231002Ｘ", "identity.document.resident-id")]),
    ("证件 110105 19491231 002x", &[("110105 19491231 002x", "identity.document.resident-id")]),
    ("卡号6222 0212 3456 7890 128", &[("6222 0212 3456 7890 128", "wealth.bank.card")]),
    ("邮箱zhang.san@example.com，", &[("zhang.san@example.com", "basic.email")]),
    ("请发到zhang＠example.com", &[("zhang＠example.com", "basic.email")]),
    ("登录密码：Abc@1234，", &[("Abc@1234", "credential.account.password")]),
    ("password=hunter2; retry", &[("hunter2", "credential.account.password")]),
    ("您的验证码是482913，请勿泄露", &[("482913", "credential.account.otp")]),
    ("验证码 482913", &[("482913", "credential.account.otp")]),
    ("资金账号 80001234", &[("80001234", "account.opening.fund-account")]),
    ("股东代码A123456789", &[("A123456789", "account.opening.securities-account")]),
    ("联系人：李四，电话010-62345678", &[("李四", "basic.name"), ("010-62345678", "basic.phone")]),
    ("姓名 王五 男", &[("王五", "basic.name")]),
    ("客户张三丰来电咨询", &[("张三丰", "basic.name")]),
    ("今天欧阳锋先生到店", &[("欧阳锋", "basic.name")]),
    ("投资者阿卜杜拉·买买提致电", &[("阿卜杜拉·买买提", "basic.name")]),
    ("寄到上海市浦东新区世纪大道100号3楼", &[("上海市浦东新区世纪大道100号3楼", "basic.address")]),
    ("custName=张三&mobile=13800138001", &[("张三", "basic.name"), ("13800138001", "basic.mobile")]),
    ("Authorization: Bearer abcdef123456", &[("abcdef123456", "credential.account.token")]),
    ("登录IP 220.181.38.148", &[("220.181.38.148", "trade.log.ip")]),
    ("MAC 00-15-5D-01-23-45", &[("00-15-5D-01-23-45", "device.permanent.mac")]),
    ("打138.0013.8001", &[("138.0013.8001", "basic.mobile")]),
    ("座机021—58881234", &[("021—58881234", "basic.phone")]),
    ("微信：wxid_abc123，", &[("wxid_abc123", "basic.contact")]),
    ("年收入约30万元", &[("30万", "wealth.cash.income")]),
    ("户口：无", &[]),
    ("尊敬的陈先生：您好", &[("陈", "basic.name")]),
    (
        "1001,张三,13916161616,上海市浦东新区张江路88号",
        &[
            ("张三", "basic.name"),
            ("13916161616", "basic.mobile"),
            ("上海市浦东新区张江路88号", "basic.address"),
        ],
    ),
    (
        "家住幸福里小区3号楼2单元501的刘女士",
        &[("幸福里小区3号楼2单元501", "basic.address"), ("刘", "basic.name")],
    ),
    (
        "收件地址：广州市天河区花城大道85号A座1801，王丽收",
        &[("广州市天河区花城大道85号A座1801", "basic.address"), ("王丽", "basic.name")],
    ),
    (
        "委托人：Mary Jane Watson，Passport: G12345678",
        &[("Mary Jane Watson", "basic.name"), ("G12345678", "identity.document.passport")],
    ),
    ("护照E12345678", &[("E12345678", "identity.document.passport")]),
    ("港澳通行证C12345678", &[("C12345678", "identity.document.permit")]),
    ("登录IP192.0.2.218异常", &[("192.0.2.218", "trade.log.ip")]),
    ("loginIP192.0.2.218", &[("192.0.2.218", "trade.log.ip")]),
    ("IP:192.0.2.218", &[("192.0.2.218", "trade.log.ip")]),
    ("from:192.0.2.218", &[("192.0.2.218", "trade.log.ip")]),
    ("IP：192.0.2.218，", &[("192.0.2.218", "trade.log.ip")]),
    ("来自192.0.2.218的登录", &[("192.0.2.218", "trade.log.ip")]),
    ("手机一三八〇〇一三八〇〇一转接客服", &[("一三八〇〇一三八〇〇一", "basic.mobile")]),
    ("密码是abc123", &[("abc123", "credential.account.password")]),
    ("口令：Qw7#kk20，", &[("Qw7#kk20", "credential.account.password")]),
    ("您的PIN 123456已锁", &[("123456", "credential.account.password")]),
    ("验证码482913", &[("482913", "credential.account.otp")]),
    ("动态码702153已失效", &[("702153", "credential.account.otp")]),
    ("交易密码已改为135790", &[("135790", "credential.account.password")]),
    ("资金密码重置成了668899", &[("668899", "credential.account.password")]),
    ("密码已修改为Lx@1990。", &[("Lx@1990", "credential.account.password")]),
    (
        "VALUES ('何霞', '11010519491231002X', '13920018873')",
        &[
            ("何霞", "basic.name"),
            ("11010519491231002X", "identity.document.resident-id"),
            ("13920018873", "basic.mobile"),
        ],
    ),
    ("何霞(13981453532)", &[("何霞", "basic.name"), ("13981453532", "basic.mobile")]),
    ("老客户何霞（13981453532）", &[("何霞", "basic.name"), ("13981453532", "basic.mobile")]),
    ("13981453532,于海波,男", &[("13981453532", "basic.mobile"), ("于海波", "basic.name")]),
    ("请回电陈晓13981453532", &[("陈晓", "basic.name"), ("13981453532", "basic.mobile")]),
    ("13981453532，高级经理，", &[("13981453532", "basic.mobile")]),
    ("13981453532，谢谢", &[("13981453532", "basic.mobile")]),
    ("常用13981453532", &[("13981453532", "basic.mobile")]),
    ("方案，13981453532", &[("13981453532", "basic.mobile")]),
    ("程序（13981453532）", &[("13981453532", "basic.mobile")]),
    ("身份证A123456(3)", &[("A123456(3)", "identity.document.number")]),
];

#[test]
fn c8_texts_give_what_they_hold() {
    let mut wrong = Vec::new();
    for (text, want) in TEXTS {
        let got = found(text);
        let got: Vec<(&str, &str)> = got.iter().map(|(text, kind)| (text.as_str(), *kind)).collect();
        if &got != want {
            wrong.push(format!("{text}\n  want {want:?}\n  got  {got:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Things that look like personal information and are none.
const CLEAN: &[&str] = &[
    "",
    "ok",
    "600519",
    "20260101",
    "2026-01-01T10:00:00.000+08:00",
    "1767225600",
    "1767225600000",
    "订单20260101123456789",
    "550e8400-e29b-41d4-a716-446655440000",
    "12345678-1234-1234-1234-123456789012",
    "d41d8cd98f00b204e9800998ecf8427e",
    "客服热线95536",
    "投诉请拨打12386",
    "400-888-8888",
    "服务电话400-820-8820",
    "v1.2.3.4",
    "v10.20.30.40",
    "版本1.2.3.4",
    "版本10.20.30.40已发布",
    "Chrome120.0.60.71",
    "详见8.2.1.3",
    "ZIP12.10.20.30x",
    "密码已更新2次",
    "密码错误已达3次",
    "PIN码输入错误",
    "尾号1616",
    "请设置PIN 4位以上",
    "二〇二六年十一月二十日",
    "一二三四五六七八九十",
    "13800138000.00",
    "0.13800138000",
    "91310000631696382C",
    "贵州茅台今日收盘1700.00元",
    "招商银行股份有限公司",
    "平安银行",
    "上海市",
    "客户服务中心将尽快处理",
    "客户经理将与您联系",
    "投资者应当充分了解风险",
    "E20260101",
    "4111111111111111",
    "1234567890123456789",
    "https://www.example.com/a/b?page=1&size=20",
    "请于10:30:00前完成操作",
    "基金代码510300",
    "本基金由华夏基金管理有限公司管理",
    "中国国际金融股份有限公司",
    "成交数量1000，成交价格10.50",
    "系统将于今晚升级，请提前安排。",
    "service@example.com",
    "error: connection refused",
    "SH600519",
    "客户端版本：10.20.30.40",
    "税号：91310000631696382C",
    "本公司股东张江高科持有本公司股份",
    "白云山、东方财富、方大炭素涨幅居前",
    "订单编号：13800138001234",
    "快递单号SF1234567890123",
    "INFO [main] started in 12.345 seconds",
    "第十三届全国人民代表大会常务委员会第六次会议",
    "请设置6位数字交易密码",
    "密码错误，还可尝试3次",
    "风险测评共20题",
    "期权合约10004567",
    "流水号：202611200000012345",
];

#[test]
fn c8_look_alikes_are_not_found() {
    let wrong: Vec<String> = CLEAN
        .iter()
        .map(|text| (text, found(text)))
        .filter(|(_, hits)| !hits.is_empty())
        .map(|(text, hits)| format!("{text}: {hits:?}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Masked under an element that is called after a telephone, the document would no longer be the same.
#[test]
fn what_markup_says_of_itself_denies() {
    for name in ["xmlns", "xsi:schemaLocation", "noNamespaceSchemaLocation", "soap:encodingStyle", "charset"]
    {
        assert!(Classifier::shipped().key(name).denies, "{name}");
    }
}

#[test]
fn keys_decide_shape_or_record() {
    let cases: &[(&str, Scalar<'_>, Option<Kind>)] = &[
        ("id_no", Scalar::Text("110105194912310021"), Some(Kind::ResidentId)),
        ("id_no", Scalar::Text("990105194912310021"), Some(Kind::IdNumber)),
        ("id_no", Scalar::Text("11010519491231002X"), Some(Kind::ResidentId)),
        ("client_name", Scalar::Text("某某"), Some(Kind::Name)),
        ("client_name", Scalar::Text(""), None),
        ("client_name", Scalar::Text("--"), None),
        ("name", Scalar::Text("张三"), Some(Kind::Name)),
        ("name", Scalar::Text("沪深300ETF"), None),
        ("phone", Scalar::Text("010-62345678"), Some(Kind::Phone)),
        ("account", Scalar::Text("80001234"), Some(Kind::TradingAccount)),
        ("fund_account", Scalar::Number("13800138001"), Some(Kind::FundAccount)),
        ("total_asset", Scalar::Number("100.10"), Some(Kind::Balance)),
        ("trace_id", Scalar::Text("13800138001"), None),
        ("trace_id", Scalar::Text("11010519491231002X"), Some(Kind::ResidentId)),
        ("created_at", Scalar::Number("1767225600000"), None),
        ("is_disabled_person", Scalar::Bool, Some(Kind::IdentitySpecial)),
        ("is_mobile_verified", Scalar::Bool, None),
        ("entrust_price", Scalar::Number("10.5"), Some(Kind::TradeOrder)),
        ("Location", Scalar::Text("https://example.com/next"), None),
        ("value", Scalar::Number("-13800138001"), None),
        ("value", Scalar::Number("13800138001"), Some(Kind::Mobile)),
        ("value", Scalar::Text("13800138001.0"), Some(Kind::Mobile)),
    ];
    for (key, value, want) in cases {
        let hits = under(key, *value);
        assert_eq!(hits.first().map(|hit| hit.kind), *want, "{key} {value:?}");
    }
}

use proptest::prelude::*;

/// Pieces that make collisions of recognizers likely.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("13800138001".to_owned()),
        Just("11010519491231002X".to_owned()),
        Just("6222021234567890128".to_owned()),
        Just("A123456789".to_owned()),
        Just("zhang@example.com".to_owned()),
        Just("张三".to_owned()),
        Just("客户".to_owned()),
        Just("密码：".to_owned()),
        Just("身份证号".to_owned()),
        Just("上海市浦东新区世纪大道100号".to_owned()),
        Just("１３８".to_owned()),
        Just("\u{200b}".to_owned()),
        Just("mobile=".to_owned()),
        Just("·".to_owned()),
        Just("先生".to_owned()),
        "[0-9]{1,19}",
        "[ -~]{0,6}",
        "\\PC{0,4}",
        "[-: .，。（）@]{1,2}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn hits_are_sorted_apart_and_on_boundaries(pieces in prop::collection::vec(piece(), 0..12), key in "\\PC{0,12}|[a-z_]{1,20}") {
        let text = pieces.concat();
        let classifier = Classifier::shipped();
        let unknown = KeyMeaning::UNKNOWN;
        let denying = KeyMeaning { denies: true, ..unknown };
        let prose = KeyMeaning { prose: true, ..unknown };
        for meaning in [unknown, denying, prose, classifier.key(&key)] {
            let mut hits = vec![];
            classifier.value(meaning, meaning.signals, Scalar::Text(&text), &mut hits);
            let mut end = 0;
            for hit in &hits {
                prop_assert!(hit.start >= end && hit.start < hit.end && hit.end <= text.len(), "{hits:?} in {text:?}");
                prop_assert!(text.is_char_boundary(hit.start) && text.is_char_boundary(hit.end));
                prop_assert!(hit.confidence >= 50 && hit.confidence <= 100);
                end = hit.end;
            }
        }
    }

    #[test]
    fn hits_of_one_call_leave_those_of_another(text in "\\PC{0,40}") {
        let classifier = Classifier::shipped();
        let earlier = Hit { start: 0, end: 1, kind: Kind::Other, how: How::Binding, confidence: 100 };
        let mut alone = vec![];
        classifier.text(&text, &mut alone);
        let mut after = vec![earlier];
        classifier.text(&text, &mut after);
        prop_assert_eq!(after.first(), Some(&earlier));
        prop_assert_eq!(after.get(1..), Some(alone.as_slice()));
    }

    #[test]
    fn chinese_around_a_value_changes_nothing(
        value in prop::sample::select(vec![
            "13800138001", "138-0013-8001", "11010519491231002X", "6222021234567890128", "zhang@example.com",
            "A123456789", "010-62345678", "E12345678", "00-15-5D-01-23-45",
        ]),
        before in "[一七的了吗吧呢啊]{0,6}",
        after in "[一七的了吗吧呢啊]{0,6}",
    ) {
        let bare = found(value);
        prop_assert_eq!(bare.len(), 1);
        prop_assert_eq!(found(&format!("{before}{value}{after}")), bare);
    }
}

/// A hostile upstream must not buy much time with little text.
#[test]
fn long_texts_cost_in_proportion() {
    let classifier = Classifier::shipped();
    let patterns = [
        "a=1&",
        "eyJ",
        "Bearer ",
        "-----BEGIN PRIVATE KEY-----",
        "@",
        "a@",
        "1-",
        "138 ",
        "号",
        "上海市",
        "客户",
        "·",
        "张先生",
        "密码：",
        "1.1.",
        "00:",
        "\u{200b}",
        "中1",
        "、张三",
        "张三和",
        "、万科",
        "本人",
        "由",
        "一三八",
        "一 ",
        "张三:13916161616",
        "密码已改为",
        "改为1",
        "古丽·",
        "IP1.",
    ];
    for pattern in patterns {
        let measure = || {
            [5_000, 20_000].map(|size| {
                let text = pattern.repeat(size / pattern.len());
                let once = || {
                    let start = std::time::Instant::now();
                    classifier.text(&text, &mut vec![]);
                    start.elapsed().as_micros()
                };
                (0..2).map(|_| once()).min().unwrap_or_default()
            })
        };
        // Four times the text may take four times as long; sixteen times would be quadratic. The floor forgives noise,
        // and of a machine that is busy elsewhere the best of some tries counts.
        let is_linear = |spent: &[u128; 2]| spent[1] < spent[0] * 12 + 50_000;
        let spent = (0..8).map(|_| measure()).find(is_linear).unwrap_or_else(measure);
        assert!(is_linear(&spent), "{pattern:?}: {spent:?} µs");
    }
}

/// Records as systems send them: JSON, then the fields that hold personal information.
const RECORDS: &[(&str, &[&str])] = &[
    (r#"{"code":"300999","name":"金龙鱼","last_price":33.1,"volume":123456}"#, &[]),
    (
        r#"{"fund_code":"510300","fund_name":"沪深300ETF","nav":1.2345,"fund_manager":"张坤","phone":"95105828","address":"广州市天河区珠江新城"}"#,
        &[],
    ),
    (
        r#"{"company_name":"某酒业股份有限公司","credit_code":"91350100M000100Y43","address":"贵州省仁怀市茅台镇","phone":"0851-22386002"}"#,
        &[],
    ),
    (r#"{"risk_level":"R3","product_code":"A001","product_name":"稳健增利","min_amount":10000}"#, &[]),
    (
        r#"{"code":0,"message":"success","traceId":"4bf92f3577b34da6a3ce929d0e0e4736","timestamp":1767225600000}"#,
        &[],
    ),
    (
        r#"{"order_no":"13800138001","amount":"13800138001","serial_no":"310101198001011237","remark":"客户来电13916161616"}"#,
        &["remark"],
    ),
    (
        r#"{"client_id":"100023","client_name":"张三丰","stock_code":"600519","stock_name":"贵州茅台","entrust_price":1700.0,"entrust_time":"103000"}"#,
        &["client_id", "client_name", "entrust_price", "entrust_time"],
    ),
    (
        r#"{"id":1,"name":"张三","mobile":"13916161616","address":"上海市浦东新区世纪大道100号","company_name":"某某科技","age":35,"status":"ACTIVE"}"#,
        &["address", "age", "company_name", "mobile", "name"],
    ),
    (
        r#"{"entrust_no":"10023","entrust_price":1700.0,"entrust_bs":"1","business_price":1699.5,"stock_code":"600519","entrust_status":"8"}"#,
        &["business_price", "entrust_bs", "entrust_no", "entrust_price"],
    ),
    (
        r#"{"wtbh":"10023","wtjg":"10.5","wtsl":100,"cjjg":"10.5","cjsl":100,"zqdm":"600519","zqmc":"贵州茅台"}"#,
        &["cjjg", "cjsl", "wtbh", "wtjg", "wtsl"],
    ),
    (
        r#"{"委托编号":"1","委托价格":10.5,"成交编号":"20023","成交价格":10.5}"#,
        &["委托价格", "委托编号", "成交价格", "成交编号"],
    ),
    (r#"{"zqdm":"600519","cjjg":"10.5","cjsl":100,"cjbh":"1","成交价":10.5,"成交编号":"1"}"#, &[]),
    (
        r#"{"symbol":"600519","last_price":10.5,"volume":100,"trade_no":"1","side":"B","entrust_rate":0.2}"#,
        &[],
    ),
    (r#"{"name":"张三","nation":"汉族","nationality":"中国"}"#, &["name", "nation", "nationality"]),
    (
        r#"{"accountNo":"80001234","currency":"CNY","balance":1000.5,"available":900,"updatedAt":"2026-01-01"}"#,
        &["accountNo", "available", "balance"],
    ),
];

#[test]
fn c8_records_are_read_as_a_whole() {
    let classifier = Classifier::shipped();
    for (json, want) in RECORDS {
        let record: serde_json::Map<String, serde_json::Value> = serde_json::from_str(json).expect("JSON");
        let signals =
            record.keys().fold(Signals::default(), |so_far, key| so_far.union(classifier.key(key).signals));
        let mut found: Vec<&str> = vec![];
        for (key, value) in &record {
            let number = value.to_string();
            let scalar = value.as_str().map_or(Scalar::Number(&number), Scalar::Text);
            let mut hits = vec![];
            classifier.value(classifier.key(key), signals, scalar, &mut hits);
            if !hits.is_empty() {
                found.push(key);
            }
        }
        found.sort_unstable();
        assert_eq!(&found, want, "{json}");
    }
}

#[test]
fn c8_keys_of_a_persons_name_need_no_record() {
    let is_name = |key: &str, value: &str| matches!(under(key, Scalar::Text(value)).as_slice(), [hit] if hit.kind == Kind::Name);
    for key in ["full_name", "fullName", "real_name", "true_name", "xm", "姓名", "xingming"] {
        for value in ["张三丰", "何霞", "司马光耀", "Zhang San"] {
            assert!(is_name(key, value), "{key}: {value}");
        }
    }
    // What else has a full name or the initials of one is no person.
    for (key, value) in [
        ("full_name", "华夏成长混合"),
        ("full_name", "中信证券股份有限公司"),
        ("full_name", "owner/repository"),
        ("xm", "基金定投"),
        ("xmmc", "何霞"),
    ] {
        assert!(!is_name(key, value), "{key}: {value}");
    }
    // Beside an ID number, minorities' names show too.
    let classifier = Classifier::shipped();
    let record = classifier.key("id_no").signals;
    for key in ["xm", "full_name", "name"] {
        let mut hits = Vec::new();
        classifier.value(classifier.key(key), record, Scalar::Text("迪丽热巴"), &mut hits);
        assert_eq!(hits.len(), 1, "{key}");
    }
}
