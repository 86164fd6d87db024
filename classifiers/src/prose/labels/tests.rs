use super::*;

fn found(text: &str) -> Vec<(String, &'static str)> {
    let lexicon = Lexicon::shipped();
    let mut hits = Vec::new();
    find(&lexicon, text, Cues::of(text), &mut hits);
    hits.iter().filter_map(|hit| Some((text.get(hit.start..hit.end)?.to_owned(), hit.kind.id()))).collect()
}

#[test]
fn labels_announce_values() {
    let cases: &[(&str, &[(&str, &str)])] = &[
        ("资金账号：80001234，", &[("80001234", "account.opening.fund-account")]),
        ("资金账号80001234余额", &[("80001234", "account.opening.fund-account")]),
        ("客户号 100023", &[("100023", "account.investor-code")]),
        ("可用资金为12,345.60元", &[("12,345.60", "wealth.cash.balance")]),
        ("年收入约", &[]),
        ("交易密码是135790", &[("135790", "credential.account.password")]),
        ("fund_account=80001234&op=1", &[("80001234", "account.opening.fund-account")]),
        ("id_no: 11010519491231002X", &[("11010519491231002X", "identity.document.number")]),
        ("家庭住址：杭州市西湖区文三路18号", &[("杭州市西湖区文三路18号", "basic.address")]),
        ("性别：女，年龄：35", &[("女", "basic.gender"), ("35", "basic.age")]),
        ("联系人：李四 电话：010-62345678", &[("李四", "basic.name"), ("010-62345678", "basic.phone")]),
        ("{\"pwd\":\"s3cret!\"}", &[("s3cret!", "credential.account.password")]),
        ("token=abcdef1234567890", &[("abcdef1234567890", "credential.account.token")]),
        ("婚姻状况：已婚", &[("已婚", "other")]),
        ("客户职业为出租车司机，住址未变", &[("出租车司机", "education-work")]),
        ("他就职于强生出租汽车公司，年限不明", &[("强生出租汽车公司", "education-work")]),
        ("客户10086021风险度已达105%", &[("10086021", "account.investor-code")]),
        ("性别男身份证待补", &[("男", "basic.gender")]),
    ];
    for (text, want) in cases {
        let got = found(text);
        let got: Vec<(&str, &str)> = got.iter().map(|(text, kind)| (text.as_str(), *kind)).collect();
        assert_eq!(&got, want, "{text}");
    }
}

#[test]
fn c8_labels_one_after_the_other_are_a_record() {
    let cases: &[(&str, &[&str])] = &[
        ("client_name: 梁梓涵, credit_level: BB, repay_date: 2025-06-09", &["梁梓涵", "BB", "2025-06-09"]),
        ("CJJG：1693.41；KHXM：诸葛文博；WTSL：34800", &["1693.41", "诸葛文博", "34800"]),
        ("签发机关 杭州市公安局西湖分局 有效期限", &["杭州市公安局西湖分局"]),
        // Nobody is spoken of, or no value of a field.
        ("CJJG：1693.41；ZQMC：贵州茅台；HSL：0.3", &[]),
        ("custNo=100023 cost=35ms", &["100023"]),
    ];
    for (text, want) in cases {
        let mut got: Vec<String> = found(text).into_iter().map(|(text, _)| text).collect();
        got.sort_unstable_by_key(|value| text.find(value.as_str()));
        got.dedup();
        assert_eq!(got, *want, "{text}");
    }
}

#[test]
fn other_labels_announce_nothing() {
    for text in [
        "订单号：202611200001",
        "客户100000元起购",
        "职业为必填项",
        "股票代码：600519",
        "基金名称：华夏成长",
        "https://example.com:8080/path",
        "时间：10:30:00",
        "status=200&page=2",
        "密码错误",
        "请修改密码",
        "客服电话：95536",
        "成交价格：10.50",
        "error: timeout",
        "公告编号：2026-012",
        "单位：元",
        "单位：万元",
        "验证码：5分钟内有效",
    ] {
        assert_eq!(found(text), [], "{text}");
    }
}

#[test]
fn c8_numbers_are_told_by_what_joins_or_follows_them() {
    let found = |text: &str| {
        let mut hits = Vec::new();
        crate::Classifier::shipped().text(text, &mut hits);
        hits.iter()
            .map(|hit| (text.get(hit.start..hit.end).unwrap_or_default().to_string(), hit.kind))
            .collect::<Vec<_>>()
    };
    let cases: &[(&str, &[(&str, Kind)])] = &[
        (
            "资金账号80012345、80012346均已销户",
            &[("80012345", Kind::FundAccount), ("80012346", Kind::FundAccount)],
        ),
        (
            "资金账号从80012345变更为80012346",
            &[("80012345", Kind::FundAccount), ("80012346", Kind::FundAccount)],
        ),
        ("80012345（资金账号）已冻结", &[("80012345", Kind::FundAccount)]),
        ("fundAcct 80012345 withdraw done", &[("80012345", Kind::FundAccount)]),
        ("sms.send phone=13522089751&code=870148", &[("13522089751", Kind::Mobile), ("870148", Kind::Otp)]),
        ("性别女，1992年09月24日生，已核实", &[("女", Kind::Gender), ("1992年09月24日", Kind::BirthDate)]),
        ("民族：维吾尔族，住乌鲁木齐", &[("维吾尔族", Kind::Ethnicity)]),
        ("code=870148 not found in table", &[]),
        ("合同于2025年1月1日生效，产品80012345（稳享）", &[]),
        ("成交80012345、80012346两笔", &[]),
    ];
    for (text, expected) in cases {
        let expected: Vec<_> = expected.iter().map(|(value, kind)| (value.to_string(), *kind)).collect();
        assert_eq!(found(text), expected, "{text}");
    }
}

#[test]
fn c8_english_names_of_secrets_lead_to_them() {
    let cases: &[(&str, Option<&str>)] = &[
        ("I set my password to hunter22x yesterday", Some("hunter22x")),
        ("the password for my account is hunter22x", Some("hunter22x")),
        ("apikey d41f7c0e92ab4c6e8b77", Some("d41f7c0e92ab4c6e8b77")),
        ("sessionId d41f7c0e92ab4c6e8b77 expired", Some("d41f7c0e92ab4c6e8b77")),
        ("The verification code I got was 482913", Some("482913")),
        ("use code 482913 to log in", Some("482913")),
        // Rules about secrets, and numbers of other things.
        ("password must have 8-20 characters", None),
        ("password policy v12 was changed", None),
        ("session 20240517 closed", None),
        ("error code 500123 while you use the app", None),
        ("use code 482913 for the stock in your order list", None),
    ];
    for (text, want) in cases {
        let mut hits = Vec::new();
        crate::Classifier::shipped().text(text, &mut hits);
        let found: Vec<&str> = hits.iter().map(|hit| &text[hit.start..hit.end]).collect();
        assert_eq!(found, want.iter().copied().collect::<Vec<&str>>(), "{text}");
    }
}
