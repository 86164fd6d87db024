use super::*;
use crate::{Classifier, Scalar, Signals};

fn name(name: &str, kind: Option<Kind>, strength: Strength) -> FirmName {
    let meaning = KeyMeaning { kind, strength, denies: kind.is_none(), ..KeyMeaning::UNKNOWN };
    FirmName { name: name.into(), is_exact: false, open: [false; 2], meaning }
}

fn pattern(text: &str, kind: Kind, under_names: bool) -> FirmPattern {
    let regex = Regex::new(text).unwrap();
    FirmPattern { regex, shortest: 5, needs: [true, false, false], kind, confidence: 80, under_names }
}

fn classifier() -> Classifier {
    let open = |name_: &str, open| FirmName { open, ..name(name_, Some(Kind::Service), Strength::Decides) };
    Classifier::with_firm(FirmLexicon {
        names: vec![
            name("zqbh", Some(Kind::FundAccount), Strength::Decides),
            name("gzh", Some(Kind::ServiceStaff), Strength::NeedsFirm),
            name("transpwd", None, Strength::Decides),
            name("mobiletel", Some(Kind::ServiceStaff), Strength::NeedsFirm),
            open("gdbz", [true, false]),
        ],
        patterns: vec![
            pattern("ZH[0-9]{8}", Kind::FundAccount, false),
            pattern("[0-9]{5}", Kind::ServiceStaff, true),
        ],
        words: vec![FirmWords {
            words: vec!["钻石卡客户".into(), "VIPGOLD".into()],
            kind: Kind::Derived,
            confidence: 90,
            under_names: false,
        }],
    })
    .unwrap()
}

fn found(classifier: &Classifier, key: Option<&str>, text: &str) -> Vec<(Kind, String)> {
    let key = key.map_or(KeyMeaning::UNKNOWN, |key| classifier.key(key));
    let mut hits = Vec::new();
    classifier.value(key, Signals::default(), Scalar::Text(text), &mut hits);
    hits.iter().map(|hit| (hit.kind, text.get(hit.start..hit.end).unwrap_or("").to_owned())).collect()
}

#[test]
fn a_firm_adds_names_patterns_and_words() {
    let firm = classifier();
    let one = |kind, text: &str| vec![(kind, text.to_owned())];
    let cases = [
        (Some("zqbh"), "随便什么", one(Kind::FundAccount, "随便什么")),
        (Some("ZQ_BH"), "x1", one(Kind::FundAccount, "x1")),
        (Some("cust_gdbz"), "重点关注", one(Kind::Service, "重点关注")),
        (None, "账号ZH12345678已冻结", one(Kind::FundAccount, "ZH12345678")),
        (None, "ＺＨ１２３４５６７８", one(Kind::FundAccount, "ＺＨ１２３４５６７８")),
        (None, "AZH12345678", vec![]),
        (None, "ZH123456789", vec![]),
        (None, "ZH1234567", vec![]),
        (Some("gzh"), "10086", one(Kind::ServiceStaff, "10086")),
        (Some("gzh"), " 10086 ", one(Kind::ServiceStaff, " 10086 ")),
        (Some("gzh"), "无", vec![]),
        (Some("bz1"), "10086", vec![]),
        (None, "该客户为钻石卡客户", one(Kind::Derived, "钻石卡客户")),
        (None, "tier=vipgold;", one(Kind::Derived, "vipgold")),
        (None, "vipgolden", vec![]),
    ];
    for (key, text, expect) in cases {
        assert_eq!(found(&firm, key, text), expect, "{key:?} {text}");
    }
}

#[test]
fn a_firm_takes_nothing_from_the_shipped() {
    let (firm, shipped) = (classifier(), Classifier::shipped());
    for (key, text) in [
        (Some("trans_pwd"), "135790"),
        (Some("mobile_tel"), "13812345678"),
        (Some("mobile_tel"), "12345"),
        (None, "手机13812345678，客户张三丰来电"),
        (Some("remark"), "身份证11010519491231002X"),
    ] {
        assert_eq!(found(&firm, key, text), found(shipped, key, text), "{key:?} {text}");
        assert!(!found(shipped, key, text).is_empty(), "{key:?} {text}");
    }
}

#[test]
fn numbers_are_read_too() {
    let firm = Classifier::with_firm(FirmLexicon {
        patterns: vec![pattern("77[0-9]{6}", Kind::InvestorCode, false)],
        ..FirmLexicon::default()
    });
    let mut hits = Vec::new();
    firm.unwrap().value(KeyMeaning::UNKNOWN, Signals::default(), Scalar::Number("77123456"), &mut hits);
    assert_eq!(hits.iter().map(|hit| (hit.kind, hit.end)).collect::<Vec<_>>(), [(Kind::InvestorCode, 8)]);
}
