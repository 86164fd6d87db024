//! Measures what is found in invented notes, complaints and chat.

use crate::{Classifier, Hit};
use yingbi_taxonomy::{Category, Kind};

const VECTORS: &str = include_str!("../../lexicon/prose-vectors.tsv");

const CLASSES: [(char, &str); 5] =
    [('n', "names"), ('a', "addresses"), ('d', "numbers"), ('s', "secrets"), ('i', "network")];

/// A stretch of a sentence and its class.
type Span = (usize, usize, char);

/// `tune`, `seen` or `hold`, the sentence without its marks, what they mark.
fn sentences() -> impl Iterator<Item = (&'static str, String, Vec<Span>)> {
    VECTORS.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let (set, marked) = line.split_once('\t').expect("a set, a tab, a sentence");
        let mut text = String::new();
        let mut spans = vec![];
        let mut rest = marked;
        while let Some((before, after)) = rest.split_once('[') {
            let (inside, after) = after.split_once(']').expect("a closing bracket");
            let (class, value) = inside.split_once(':').expect("a class and a value");
            text.push_str(before);
            let start = text.len();
            text.push_str(value);
            spans.push((start, text.len(), class.chars().next().expect("a class")));
            rest = after;
        }
        text.push_str(rest);
        (set, text, spans)
    })
}

fn class_of(hit: &Hit) -> char {
    match hit.kind {
        Kind::Name | Kind::BankAccountName | Kind::ServiceStaff => 'n',
        Kind::Address => 'a',
        Kind::IpAddress | Kind::Mac => 'i',
        kind if kind.category() == Category::CredentialAccount => 's',
        // What sentences say besides, the lines don't mark.
        Kind::Age | Kind::Balance | Kind::Position | Kind::TradeBankTransfer | Kind::HealthStatus => '-',
        _ => 'd',
    }
}

/// Recall: marked stretches that are found whole, under their class. Precision: hits that are just a marked stretch.
#[test]
fn c8_notes_and_chat_are_read() {
    let mut wrong = vec![];
    let mut scores = vec![];
    for set in ["tune", "hold", "seen"] {
        for (class, name) in CLASSES {
            let (mut marked, mut covered, mut hit, mut right) = (0u32, 0u32, 0u32, 0u32);
            for (_, text, spans) in sentences().filter(|(of, ..)| *of == set) {
                let mut hits = vec![];
                Classifier::shipped().text(&text, &mut hits);
                for span in spans.iter().filter(|span| span.2 == class) {
                    marked += 1;
                    let found = hits
                        .iter()
                        .any(|hit| hit.start <= span.0 && hit.end >= span.1 && class_of(hit) == class);
                    covered += u32::from(found);
                    if !found && set == "tune" {
                        wrong.push(format!("missed {:?} in {text}", text.get(span.0..span.1)));
                    }
                }
                for found in hits.iter().filter(|hit| class_of(hit) == class) {
                    hit += 1;
                    let exact = spans.contains(&(found.start, found.end, class));
                    right += u32::from(exact);
                    if !exact && set == "tune" {
                        wrong.push(format!(
                            "found {:?} ({}) in {text}",
                            text.get(found.start..found.end),
                            found.kind
                        ));
                    }
                }
            }
            let share =
                |part: u32, whole: u32| if whole == 0 { 1.0 } else { f64::from(part) / f64::from(whole) };
            let (recall, precision) = (share(covered, marked), share(right, hit));
            println!(
                "{set} {name}: {marked} marked, recall {recall:.3}; {hit} hits, precision {precision:.3}"
            );
            if marked > 0 {
                scores.push((set, name, recall, precision));
            }
        }
    }
    println!("{}", wrong.join("\n"));
    for (set, name, recall, precision) in scores {
        let least = if name == "names" { 0.9 } else { 0.85 };
        // Borders of addresses in `seen` lines are a reader's, who disagree on `前台` and the like.
        let exact = if set == "seen" { 0.9 } else { 0.95 };
        assert!(
            recall >= least && precision >= exact,
            "{set} {name}: recall {recall:.3}, precision {precision:.3}"
        );
    }
}

/// What is found in a text, with its kind.
fn found(text: &str) -> Vec<(String, &'static str)> {
    let mut hits = vec![];
    Classifier::shipped().text(text, &mut hits);
    let said = hits.iter().filter_map(|hit| Some((text.get(hit.start..hit.end)?.to_owned(), hit.kind.id())));
    said.collect()
}

#[test]
fn c8_what_stands_apart_from_its_label_is_read() {
    let cases: &[(&str, &[(&str, &str)])] = &[
        // Answers in a conversation.
        (
            "客服：请提供您的资金账号。客户：683645074952。",
            &[("683645074952", "account.opening.fund-account")],
        ),
        ("坐席：验证码发过去了。客户：132281。", &[("132281", "credential.account.otp")]),
        // Secrets and contacts in the clause behind their word.
        ("密码给你吧，mcs*778899，帮我操作", &[("mcs*778899", "credential.account.password")]),
        ("加下微信吧，invest-helper01", &[("invest-helper01", "basic.contact")]),
        ("QQ77281934已加", &[("77281934", "basic.contact")]),
        // English labels and names among Chinese.
        ("Your account 2512330805 has been approved", &[("2512330805", "account.opening.fund-account")]),
        ("HKID A123456(7) on file", &[("A123456(7)", "identity.document.number")]),
        ("客户 David Lee 来电咨询", &[("David Lee", "basic.name")]),
        // Signatures and names before mail addresses.
        ("Best regards,\nAlice Chen", &[("Alice Chen", "basic.name")]),
        ("望尽快答复。\n此致\n敬礼\n闻一夕", &[("闻一夕", "basic.name")]),
        // Digits that stand apart, numbers abroad, a glued label.
        ("新号1 9 8 8 8 3 1 4 3 6 6", &[("1 9 8 8 8 3 1 4 3 6 6", "basic.mobile")]),
        ("电话+852 9123 4567", &[("852 9123 4567", "basic.phone")]),
        // An identity number misspelt; a code behind a name.
        ("居住证，号码830000199208151233", &[("830000199208151233", "identity.document.resident-id")]),
        ("用户糜竺（630626116）连续", &[("糜竺", "basic.name"), ("630626116", "account.investor-code")]),
    ];
    for (text, expect) in cases {
        let expect: Vec<_> = expect.iter().map(|(value, kind)| ((*value).to_owned(), *kind)).collect();
        assert_eq!(found(text), expect, "{text}");
    }
}

#[test]
fn c8_what_looks_alike_is_left() {
    for text in [
        "密码，不少于6位abc123类型",
        "客户：12家机构",
        "account 123 of 456",
        "Best regards,\nThe Service Team",
        "融资利率6.99%，授信额度上限为70%",
        "总部地址：上海市黄浦区广东路689号",
        "每股派发现金红利45.53元",
        "版本+12.3.4567890",
        "1 2 3 4 5 6 7 8 9 10 11",
        "公司净资产1,203.8亿元",
    ] {
        assert_eq!(found(text), [], "{text}");
    }
}
