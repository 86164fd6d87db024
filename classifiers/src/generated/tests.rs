//! Generated values are found in any surroundings and disguise; generated look-alikes never are.

use crate::recognize::luhn;
use crate::{Classifier, Hit, KeyMeaning, Scalar, Signals};
use proptest::prelude::*;
use yingbi_taxonomy::{Category, Kind};

fn digits(count: usize) -> impl Strategy<Value = String> {
    prop::collection::vec(b'0'..=b'9', count).prop_map(|digits| digits.into_iter().map(char::from).collect())
}

fn mobile() -> impl Strategy<Value = String> {
    (
        prop::sample::select(vec![
            "130", "138", "139", "150", "159", "166", "173", "178", "188", "191", "199",
        ]),
        digits(8),
    )
        .prop_filter("no placeholder", |(_, rest)| rest.bytes().any(|byte| byte != b'0'))
        .prop_map(|(segment, rest)| format!("{segment}{rest}"))
}

fn birth() -> impl Strategy<Value = String> {
    (1930u32..2020, 1u32..=12, 1u32..=28).prop_map(|(year, month, day)| format!("{year}{month:02}{day:02}"))
}

fn with_check(body: String) -> String {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = body.bytes().zip(WEIGHTS).map(|(byte, weight)| u32::from(byte - b'0') * weight).sum();
    let check = char::from(b"10X98765432"[(sum % 11) as usize]);
    format!("{body}{check}")
}

fn resident_id() -> impl Strategy<Value = String> {
    let region = prop::sample::select(vec![
        "110105", "310115", "440305", "510107", "650102", "330206", "820000", "830000",
    ]);
    (region, birth(), digits(3))
        .prop_map(|(region, birth, serial)| with_check(format!("{region}{birth}{serial}")))
}

fn with_luhn(body: String) -> String {
    (0..10u8)
        .map(|check| format!("{body}{check}"))
        .find(|number| luhn(number.as_bytes()))
        .expect("one of ten digits checks")
}

fn card() -> impl Strategy<Value = String> {
    let bin = prop::sample::select(vec!["622202", "621700", "622848", "623058"]);
    (bin, prop::sample::select(vec![9usize, 12]))
        .prop_flat_map(|(bin, rest)| digits(rest).prop_map(move |rest| with_luhn(format!("{bin}{rest}"))))
        .prop_filter("no row of one digit", |card| {
            !card.as_bytes().windows(8).any(|eight| eight.iter().all(|byte| byte == &eight[0]))
        })
}

fn imei() -> impl Strategy<Value = String> {
    (prop::sample::select(vec!["3569", "8612", "8665"]), digits(10))
        .prop_map(|(body, rest)| with_luhn(format!("{body}{rest}")))
}

fn value() -> impl Strategy<Value = (Kind, String)> {
    prop_oneof![
        mobile().prop_map(|value| (Kind::Mobile, value)),
        resident_id().prop_map(|value| (Kind::ResidentId, value)),
        card().prop_map(|value| (Kind::BankCard, value)),
        imei().prop_map(|value| (Kind::Imei, value)),
        (prop::sample::select(vec!["010", "021", "0755"]), "[2-8][0-9]{7}")
            .prop_filter("no row of one digit", |(_, number)| number
                .bytes()
                .collect::<std::collections::HashSet<_>>()
                .len()
                > 1)
            .prop_map(|(area, number)| (Kind::Phone, format!("{area}-{number}"))),
        "[a-z]{3,9}[0-9]{1,3}@(qq|example)\\.(com|cn)".prop_map(|value| (Kind::Email, value)),
        (3.0f64..53.0, 74.0f64..135.0)
            .prop_map(|(lat, lng)| (Kind::Coordinates, format!("{lng:.6},{lat:.6}"))),
    ]
}

/// What may stand around a value: Chinese without numerals, and marks.
fn surroundings() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        "[的了吗吧呢啊请回电谢联系客户]{1,6}",
        "[，。；！？、（）【】《》“”]{1,2}",
        "[ \\t,;!?|<>\"'\\[\\]{}]{1,2}",
        "[\u{3400}-\u{4dbf}\u{5000}-\u{5100}]{1,4}",
    ]
}

/// Ways to write the same number.
fn disguised(kind: Kind, value: &str, way: u8) -> String {
    let plain_number = matches!(kind, Kind::Mobile | Kind::ResidentId | Kind::BankCard);
    let group = |sizes: &[usize], mark: &str| {
        let mut rest = value;
        let mut parts = vec![];
        for size in sizes {
            if rest.len() > *size {
                let (part, more) = rest.split_at(*size);
                parts.push(part);
                rest = more;
            }
        }
        parts.push(rest);
        parts.join(mark)
    };
    match (way, kind) {
        (1, _) if plain_number => {
            value
                .chars()
                .map(|c| {
                    if c.is_ascii_digit() {
                        char::from_u32(u32::from(c) + 0xfee0).expect("a digit")
                    } else {
                        c
                    }
                })
                .collect()
        }
        (2, _) if plain_number => group(&[3, 4], "\u{200b}"),
        (3, Kind::Mobile) => group(&[3, 4], " "),
        (4, Kind::Mobile) => group(&[3, 4], "-"),
        (5, Kind::Mobile) => format!("+86{value}"),
        (6, Kind::Mobile) => format!("0086{value}"),
        (7, Kind::Mobile) => format!("+86-{}", group(&[3, 4], "-")),
        (3, Kind::ResidentId) => group(&[6, 8], " "),
        (4, Kind::ResidentId) => value.replace('X', "x"),
        (5, Kind::ResidentId) => value.replace('X', "×"),
        (6, Kind::ResidentId) => value.replace('X', "Х"),
        (3 | 4, Kind::BankCard) => group(&[4, 4, 4, 4], " "),
        (5, Kind::BankCard) => group(&[4, 4, 4, 4], "-"),
        _ => value.to_owned(),
    }
}

fn found(text: &str, prose: bool) -> Vec<Hit> {
    let mut hits = vec![];
    let key = KeyMeaning { prose, ..KeyMeaning::UNKNOWN };
    Classifier::shipped().value(key, Signals::default(), Scalar::Text(text), &mut hits);
    hits
}

fn look_alike() -> impl Strategy<Value = String> {
    prop_oneof![
        (1_600_000_000_000u64..1_900_000_000_000).prop_map(|at| at.to_string()),
        (1_600_000_000u64..1_900_000_000).prop_map(|at| at.to_string()),
        (2019u32..2030, 1u32..=12, 1u32..=28, digits(6))
            .prop_map(|(y, m, d, n)| format!("{y}{m:02}{d:02}{n}")),
        (2019u32..2030, 1u32..=12, 1u32..=28).prop_map(|(y, m, d)| format!("{y}-{m:02}-{d:02}")),
        (0u64..99_999_999_999, 0u32..100).prop_map(|(whole, cents)| format!("{whole}.{cents:02}")),
        "(60|00|30|68|51|15)[0-9]{4}",
        "(SH|SZ)[036][0-9]{5}",
        "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[a-f][0-9a-f]{11}",
        "[a-f][0-9a-f]{31}",
        "v[0-9]{1,2}\\.[0-9]{1,2}\\.[0-9]{1,3}",
        "95[0-9]{3}",
        "400-[0-9]{3}-[0-9]{4}",
        "978-7-[0-9]{3}-[0-9]{5}-[0-9]",
        "(IF|IC|IH|rb|cu)2[0-9]{3}",
        "[0-9]{2}\\.[0-9]{2},[0-9]{2}\\.[0-9]{2}",
        "[1-9][0-9]{0,4}[xX×][1-9][0-9]{0,3}",
        "HT-20[0-9]{2}-[0-9]{6}",
        "[0-9]{1,2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}",
        "[1-9][0-9]{0,2}(,[0-9]{3}){2,3}\\.[0-9]{2}",
        "91[0-9]{6}[0-9A-HJ-NP-RTUW-Y]{9}[A-HJ-NP-RTUWY]",
    ]
}

/// 400 of each by default; `PROPTEST_CASES=20000` asks for as many.
fn config() -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig { failure_persistence: None, cases: asked.unwrap_or(400), ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn c8_values_are_found_in_any_surroundings_and_disguise(
        (kind, value) in value(), way in 0u8..8, before in surroundings(), after in surroundings(), prose in any::<bool>(),
    ) {
        let shown = disguised(kind, &value, way);
        let text = format!("{before}{shown}{after}");
        let hits = found(&text, prose);
        // A country's code is no part of the number.
        let from = before.len() + if shown.starts_with("+86-") { 4 } else if shown.starts_with("+86") { 3 } else if way == 6 && kind == Kind::Mobile { 4 } else { 0 };
        let to = before.len() + shown.len();
        let covered = hits.iter().any(|hit| hit.kind == kind && hit.start <= from && hit.end >= to);
        prop_assert!(covered, "{kind} {text:?}: {hits:?}");
    }

    #[test]
    fn c8_two_numbers_back_to_back_are_two(first in mobile(), second in prop_oneof![mobile(), resident_id()], turned in any::<bool>()) {
        let text = if turned { format!("{second}{first}") } else { format!("{first}{second}") };
        let hits = found(&text, false);
        let covered: usize = hits.iter().map(|hit| hit.end - hit.start).sum();
        prop_assert_eq!(covered, text.len(), "{}: {:?}", text, hits);
    }

    #[test]
    fn c8_look_alikes_are_nothing(value in look_alike(), before in "[^\\x00-\\x7f号码话机卡证户：第]{0,3}|[ \"'\\[]{0,1}", after in "[ ,\"'\\]]{0,1}") {
        let before: String = before.chars().filter(|c| ('\u{4e00}'..='\u{9fff}').contains(c) || c.is_ascii()).collect();
        let text = format!("{before}{value}{after}");
        // Random Chinese may make a name.
        let hits: Vec<Hit> = found(&text, false).into_iter().filter(|hit| hit.kind != Kind::Name).collect();
        prop_assert!(hits.is_empty(), "{text:?}: {hits:?}");
    }

    /// C6: a secret behind its label is found whatever it is made of and wherever it stands.
    #[test]
    fn c6_secrets_behind_their_labels_are_found(
        label in prop::sample::select(vec![
            "密码：", "交易密码:", "密码是", "password=", "pwd: ", "\"trade_pwd\":\"", "登录口令为", "资金密码已改为", "passwd=",
        ]),
        secret in "[a-z]{2,6}[0-9]{3,6}|[0-9]{6}|[A-Z][a-z]{3,5}@[0-9]{2,4}",
        before in "(您好，|客户说|log: |GET /a\\?x=1&|【提醒】)?",
        after in "(，请核对|。|\"| ok|&y=2)?",
    ) {
        let text = format!("{before}{label}{secret}{after}");
        let hits = found(&text, true);
        let at = before.len() + label.len();
        let covered = hits.iter().any(|hit| {
            hit.kind.category() == Category::CredentialAccount && hit.start <= at && hit.end >= at + secret.len()
        });
        prop_assert!(covered, "{text:?}: {hits:?}");
    }

    #[test]
    fn c6_one_time_passwords_are_found(code in "[02-8][0-9]{3,7}".prop_filter("no hotline", |code| !crate::recognize::phone::is_service(code)), form in 0usize..8) {
        let text = [
            format!("【某证券】验证码{code}，5分钟内有效"),
            format!("您的短信验证码为：{code}。"),
            format!("{code}是您的登录验证码"),
            format!("动态码：{code}"),
            format!("Your verification code is {code}."),
            format!("OTP {code}"),
            format!("smsCode={code}&next=1"),
            format!("校验码【{code}】请勿告知他人"),
        ].into_iter().nth(form).expect("a form");
        let hits = found(&text, true);
        let at = text.find(&code).expect("the code");
        prop_assert!(hits.iter().any(|hit| hit.kind.level().number() == 4 && hit.start <= at && hit.end >= at + code.len()), "{text}: {hits:?}");
    }
}
