use super::*;

#[test]
fn shapes_tell_right_from_near() {
    let cases: &[(Kind, &[&str], &[&str])] = &[
        (
            Kind::Name,
            &["张三", "欧阳锋", "Zhang San", "买买提·阿不都", "林　超", "司 马 雨 桐", "马\u{200d}勇"],
            &["沪深300", "ZS", "", "admin", "平安银行", "1"],
        ),
        (Kind::Mobile, &["13800138001", "138-0013-8001"], &["ok", "12345", "400-820-8820", "95536"]),
        (Kind::Phone, &["010-62345678", "+86 571 87654321"], &["https://example.com/1234567", "12386"]),
        (
            Kind::Phone,
            &["Ab12x9", "9f86d081884c7d659a2feaa0c55ad015", "a8F3+k2Z/w=="],
            &["PHONE01", "V2", "home", "true"],
        ),
        (
            Kind::Email,
            &["a@b.cn", "Ab12x", "zhangsan#qq.com", "zhang.san(at)163.com"],
            &["a.b.cn", "T001", "weekly", "https://example.cn/#mail.cn"],
        ),
        (
            Kind::Address,
            &["上海市浦东新区世纪大道100号", "1 Century Avenue, Shanghai"],
            &["0.0.0.0:80", "a@b.cn", "main"],
        ),
        (Kind::Age, &["35", "35岁"], &["350", "now"]),
        (Kind::Password, &["abc123"], &["30", "mm"]),
        (Kind::AccessToken, &["abcdef123456"], &["a b c d e f g", "short"]),
        (Kind::BankCard, &["6222 0212 3456 7890"], &["VISA", "12"]),
        (Kind::TradingAccount, &["80001234", "a@b.cn", "user_001"], &["main", "a b"]),
        (
            Kind::IpAddress,
            &["10.1.2.3", "10.1.2.3:8080", "1.1.1.1, 2.2.2.2", "2001:db8::8a2e:370:7334"],
            &["v1", "10.1"],
        ),
        (Kind::Mac, &["00155D012345", "00:15:5d:01:23:45"], &["00155D", "Mac OS X 10"]),
        (Kind::Balance, &["100.10", "1,000"], &["none"]),
        (Kind::InvestorCode, &["100023"], &["root"]),
        (Kind::TaxId, &["A12345678"], &["13%"]),
    ];
    for (kind, right, wrong) in cases {
        for text in *right {
            assert!(has_shape(*kind, Scalar::Text(text)), "{kind}: {text}");
        }
        for text in *wrong {
            assert!(!has_shape(*kind, Scalar::Text(text)), "{kind}: {text} is none");
        }
    }
}

#[test]
fn a_record_of_something_else_is_no_persons() {
    let key = |kind| KeyMeaning { kind: Some(kind), strength: Strength::NeedsRecord, ..KeyMeaning::UNKNOWN };
    let name = Scalar::Text("张三");
    let cases: &[(Kind, Signals, Scalar<'_>, bool)] = &[
        (Kind::Name, Signals::default(), name, true),
        (Kind::Name, Signals::PRODUCT, name, false),
        (Kind::Name, Signals::ORGANISATION, name, false),
        (Kind::Name, Signals::PRODUCT.union(Signals::PERSON), name, true),
        (Kind::TradeOrder, Signals::default(), Scalar::Number("10.5"), false),
        (Kind::TradeOrder, Signals::PRODUCT, Scalar::Number("10.5"), false),
        (Kind::TradeOrder, Signals::PRODUCT.union(Signals::ACCOUNT), Scalar::Number("10.5"), true),
    ];
    for (kind, record, value, want) in cases {
        assert_eq!(agrees(key(*kind), *kind, *record, *value), *want, "{kind} {record:?}");
    }
}

#[test]
fn c8_a_switch_under_a_telling_name_is_no_number() {
    let decides = |kind| KeyMeaning { kind: Some(kind), strength: Strength::Decides, ..KeyMeaning::UNKNOWN };
    let record = Signals::PERSON;
    for kind in [Kind::Mobile, Kind::IdNumber, Kind::BankCard, Kind::Password, Kind::Face, Kind::Name] {
        for flag in ["0", "1", "Y", "n", "true", "FALSE", "null", "是", "否"] {
            assert!(!agrees(decides(kind), kind, record, Scalar::Text(flag)), "{kind}: {flag}");
            let least = plainly_from(decides(kind), kind, record, false);
            assert!(least.is_none_or(|least| least > flag.len()), "{flag}");
        }
        assert!(!agrees(decides(kind), kind, record, Scalar::Bool), "{kind}");
        // Whatever else is odd may be a slip or a cipher of one.
        for odd in ["Ab12x", "x", "13", "13800", "张", "6222 ****", "TRUEE"] {
            assert!(agrees(decides(kind), kind, record, Scalar::Text(odd)), "{kind}: {odd}");
        }
    }
    // Yes and no are the whole of other facts.
    for kind in [Kind::Gender, Kind::IdentitySpecial, Kind::Balance, Kind::Other] {
        assert!(agrees(decides(kind), kind, record, Scalar::Text("1")), "{kind}");
        assert_eq!(plainly_from(decides(kind), kind, record, false), Some(1), "{kind}");
    }
}

#[test]
fn c2_what_begins_plainly_and_is_long_enough_is_of_its_kind() {
    use Strength::{Decides, NeedsFirm, NeedsRecord, NeedsShape, UnlessPublic};
    let values = [
        "0",
        "1",
        "9",
        "y",
        "N",
        "no",
        "on",
        "12",
        "yes",
        "nil",
        "true",
        "none",
        "null",
        "false",
        "FALSE",
        "C1",
        "张三",
        "是",
        "否",
        "无",
        "暂无",
        "一般",
        "x",
        "Ab12x",
        "13800",
        "138001380",
        "13800138000",
        "false!",
        "2026-11-20",
        "6222021234567890123",
        "110101199003070011",
        "91310000132206XXXX",
        "本科",
        "a b",
        "是的",
    ];
    let signals = [Signals::PERSON, Signals::PRODUCT, Signals::ORGANISATION, Signals::ACCOUNT];
    let records = (0..16).map(|bits| {
        (0..)
            .zip(signals)
            .filter(|(at, _)| bits >> at & 1 == 1)
            .fold(Signals::default(), |all, (_, one)| all.union(one))
    });
    let mut told = 0;
    for record in records {
        for kind in Kind::all() {
            for strength in [Decides, NeedsShape, NeedsRecord, UnlessPublic, NeedsFirm] {
                let key = KeyMeaning { kind: Some(kind), strength, ..KeyMeaning::UNKNOWN };
                for value in values {
                    let is_number = value.bytes().all(|byte| byte.is_ascii_digit());
                    let scalars = [Some(Scalar::Text(value)), is_number.then_some(Scalar::Number(value))];
                    for scalar in scalars.into_iter().flatten() {
                        let is_number = matches!(scalar, Scalar::Number(_));
                        let least = plainly_from(key, kind, record, is_number);
                        if begins_plainly(scalar) && least.is_some_and(|least| least <= value.len()) {
                            let seen = whole(key, kind, record, scalar).map(|(seen, _)| seen);
                            assert_eq!(seen, Some(kind), "{kind} {strength:?} {record:?} {scalar:?}");
                            told += 1;
                        }
                    }
                }
            }
        }
    }
    assert!(told > 10_000, "{told}");
}
