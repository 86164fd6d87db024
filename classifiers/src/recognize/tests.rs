//! One table a recognizer: what it takes, and the nearest things it must not take.

use super::*;

/// What each recognizer is called, what it takes and what it must not take.
type Table = (&'static str, fn(&[u8]) -> bool, &'static [&'static str], &'static [&'static str]);

const TABLES: &[Table] = &[
    (
        "resident id, 18",
        resident_id::is_18,
        &["11010519491231002X", "11010519491231002x", "440524198001010013", "810000199408230021"],
        &[
            "110105194912310021",
            "11010519491331002X",
            "11010519490229002X",
            "00010519491231002X",
            "11010517991231002X",
            "1101051949123100X",
            "X1010519491231002X",
            "",
        ],
    ),
    (
        "resident id, 15",
        resident_id::is_15,
        &["110105491231002", "440524800101001"],
        &[
            "110105491331002",
            "110105491231000",
            "990105491231002",
            "11010549123100X",
            "1101054912310021",
            "110105100101001",
        ],
    ),
    (
        "residence card of 2023",
        resident_id::is_residence_card_18,
        &["911124198108030024"],
        &["911124198108030025", "811124198108030024", "911999198108030024", "911124198113030024"],
    ),
    (
        "mobile",
        mobile::is_mobile,
        &[
            "13800138001",
            "14712345678",
            "15912345678",
            "16612345678",
            "17012345678",
            "18612345678",
            "19912345678",
        ],
        &[
            "12345678901",
            "14012345678",
            "15412345678",
            "13800000000",
            "1380013800",
            "138001380011",
            "1380013800a",
        ],
    ),
    (
        "landline without separator",
        phone::is_joined_landline,
        &["01062345678", "02162345678", "057187654321", "07557654321"],
        &["01012345678", "01195555555", "00012345678", "095536", "4008888888", "0106234567"],
    ),
    (
        "bank card",
        bank_card::is_bank_card,
        &["6222021234567890128", "6225880137706868", "4367420012345671230"],
        &[
            "6222021234567890123",
            "4111111111111111",
            "5555555555554444",
            "622202123456789",
            "79927398713",
            "6200000000000005",
        ],
    ),
    (
        "Shanghai securities account",
        securities_account::is_shanghai,
        &["A123456789", "B880123456", "F012345678"],
        &["A12345678", "A1234567890", "a123456789", "G123456789", "A11111111B", "A000000000"],
    ),
    (
        "passport",
        permit::is_passport,
        &["E12345678", "G87654321", "EA1234567", "EB7654321"],
        &["E20260101", "E1234567", "EI1234567", "X12345678", "e12345678", "E123456789"],
    ),
    (
        "home return permit",
        permit::is_home_return_permit,
        &["H12345678", "M1234567890"],
        &["H20260101", "H123456789", "K12345678", "h12345678"],
    ),
    (
        "exit permit",
        permit::is_exit_permit,
        &["C12345678", "CA1234567", "T87654321"],
        &["C20260101", "C1234567", "CI1234567"],
    ),
    (
        "residence card before 2023",
        permit::is_residence_card_15,
        &["USA310181010112", "KOR110175123105"],
        &["USA990181010112", "USA310181130112", "usa310181010112", "US1310181010112"],
    ),
    (
        "Taiwan id",
        permit::is_taiwan_id,
        &["H123456786", "X123456787", "W123456789", "N123456780"],
        &["H123456789", "A123456789", "H323456786"],
    ),
    (
        "credit code",
        organisation::is_credit_code,
        &["91350100M000100Y43", "91310000631696382C"],
        &["91350100M000100Y44", "91350100I000100Y43", "9135010000100Y43"],
    ),
    (
        "IPv6",
        network::is_ipv6,
        &["2001:0db8:85a3:0000:0000:8a2e:0370:7334", "2001:db8::8a2e:370:7334"],
        &["10:30:00", "2026:01:01", "::", "1:2:3:4:5:6:7:8:9", "12345::1:2", "a:b:::c:d"],
    ),
    (
        "MAC",
        network::is_mac,
        &["00:15:5d:01:23:45", "00-15-5D-01-23-45"],
        &["00:15:5d:01:23", "00:15-5d:01:23:45", "0g:15:5d:01:23:45", "00155D012345"],
    ),
];

#[test]
fn c8_recognizers_take_theirs_and_nothing_near() {
    for (name, takes, right, wrong) in TABLES {
        for value in *right {
            assert!(takes(value.as_bytes()), "{name}: {value}");
        }
        for value in *wrong {
            assert!(!takes(value.as_bytes()), "{name}: {value} is none");
        }
    }
}

#[test]
fn hong_kong_check_digits() {
    for (number, check) in [("A123456", b'3'), ("G123456", b'A'), ("AB987654", b'3')] {
        assert!(permit::is_hong_kong_id(number.as_bytes(), check), "{number}");
        assert!(!permit::is_hong_kong_id(number.as_bytes(), b'9'), "{number}");
    }
    assert!(!permit::is_hong_kong_id(b"123456", b'3'));
}

#[test]
fn ipv4_is_measured() {
    let cases: &[(&str, Option<usize>)] = &[
        ("220.181.38.148", Some(14)),
        ("1.2.3.4 and more", Some(7)),
        ("256.1.1.1", None),
        ("01.2.3.4", None),
        ("1.2.3", None),
        ("1.2.3.", None),
    ];
    for (text, want) in cases {
        assert_eq!(network::ipv4_length(text.as_bytes()), *want, "{text}");
    }
    assert!(
        network::is_hosts(b"10.1.2.3")
            && !network::is_hosts(b"127.0.0.1")
            && !network::is_hosts(b"255.255.255.0")
    );
}

#[test]
fn mail_is_found_around_its_sign() {
    let cases: &[(&str, Option<&str>)] = &[
        ("a@b.cn", Some("a@b.cn")),
        ("<zhang.san+x@mail.example.com>.", Some("zhang.san+x@mail.example.com")),
        ("邮箱zhang_san@example.com。", Some("zhang_san@example.com")),
        ("pkg@1.2.3", None),
        ("user@localhost", None),
        ("@example.com", None),
        ("noreply@example.com", None),
        ("a@b.c", None),
    ];
    for (text, want) in cases {
        let at = text.find('@').expect("a sign");
        let found = email::around(text.as_bytes(), at).and_then(|(start, end)| text.get(start..end));
        assert_eq!(found, *want, "{text}");
    }
}

#[test]
fn secrets_show_by_their_form() {
    let cases: &[(&str, usize)] = &[
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", 1),
        ("Bearer abcdef123456", 1),
        ("-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\nrest", 1),
        ("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----", 1),
        ("-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----", 0),
        ("Authorization: Basic dXNlcjpwYXNzd29yZA==", 1),
        ("Basic information about orders", 0),
        ("Basic YWJjZGVmZ2hpams=", 0),
        ("HeyJude", 0),
        ("the bearer of news", 0),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIB", 1),
    ];
    for (text, want) in cases {
        let mut count = 0;
        secret::find(text.as_bytes(), true, true, true, |start, end, _| {
            assert!(start < end && end <= text.len());
            count += 1;
        });
        assert_eq!(count, *want, "{text}");
    }
}

#[test]
fn days_exist() {
    assert!(
        is_date8(b"20240229") && !is_date8(b"20230229") && !is_date8(b"19000229") && !is_date8(b"20261301")
    );
}

#[test]
fn c1_private_keys_are_found_without_their_frame() {
    let body = "A1b2C3d4E5f6G7h8".repeat(11);
    let cases: &[(String, bool)] = &[
        (format!("MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg{body}"), true),
        (format!("MIGHAgEAMBMGByqGSM49AgEGCCqBHM9VAYItBG0wawIBAQQg{body}"), true),
        (format!("MHcCAQEEI{body}"), true),
        (format!("MC4CAQAwBQYDK2VwBCIEI{}", &body[..43]), true),
        (format!("b3BlbnNzaC1rZXktdjEAAAAA{body}"), true),
        (format!("MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n{}", format!("{}\n", "q".repeat(64)).repeat(7)), false),
        (
            format!(
                "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\n{}",
                format!("{}\n", "q".repeat(64)).repeat(7)
            ),
            true,
        ),
        // A public key on a curve, and words that begin so.
        (format!("MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE{body}"), false),
        (format!("MCowBQYDK2VwAyEA{body}"), false),
        (format!("MHcXYZ{body}"), false),
    ];
    for (text, want) in cases {
        let mut hits = Vec::new();
        crate::Classifier::shipped().text(text, &mut hits);
        let found = hits.iter().any(|hit| hit.kind == yingbi_taxonomy::Kind::Certificate && hit.start == 0);
        assert_eq!(found, *want, "{text}");
    }
}
