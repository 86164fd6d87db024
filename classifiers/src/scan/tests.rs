use super::*;

fn kinds(text: &str, reach: Reach) -> Vec<(String, &'static str)> {
    let mut hits = Vec::new();
    values(text, Cues::of(text), reach, &mut hits);
    hits.sort_by_key(|hit| hit.start);
    let cut =
        |hit: &Hit| text.get(hit.start..hit.end).expect("a hit lies on character boundaries").to_owned();
    hits.iter().map(|hit| (cut(hit), hit.kind.id())).collect()
}

#[test]
fn numbers_in_groups_are_one_number() {
    let cases: &[(&str, &[(&str, &str)])] = &[
        ("138 0013 8001", &[("138 0013 8001", "basic.mobile")]),
        ("138-00138001", &[("138-00138001", "basic.mobile")]),
        ("86-138-0013-8001", &[("138-0013-8001", "basic.mobile")]),
        ("+86 13800138001", &[("13800138001", "basic.mobile")]),
        ("13800138001 13900139001", &[("13800138001", "basic.mobile"), ("13900139001", "basic.mobile")]),
        (
            "138 0013 8001 139 0013 9001",
            &[("138 0013 8001", "basic.mobile"), ("139 0013 9001", "basic.mobile")],
        ),
        ("6222-0212-3456-7890-128", &[("6222-0212-3456-7890-128", "wealth.bank.card")]),
        ("(010)62345678", &[("010)62345678", "basic.phone")]),
        ("0571-87654321", &[("0571-87654321", "basic.phone")]),
        ("110105 19491231 002X", &[("110105 19491231 002X", "identity.document.resident-id")]),
        ("2026-01-01 138-0013-8001", &[("138-0013-8001", "basic.mobile")]),
        ("12345678-1380-0138-0014-123456789012", &[]),
        ("1-138-0013-8001-2", &[]),
        ("2026-01-01 10-20-30", &[]),
        ("100 2000 3000", &[]),
    ];
    for (text, want) in cases {
        let got = kinds(text, Reach::Ordinary);
        let got: Vec<(&str, &str)> = got.iter().map(|(text, kind)| (text.as_str(), *kind)).collect();
        assert_eq!(&got, want, "{text}");
    }
}

#[test]
fn under_a_denying_name_only_certain_values_count() {
    for certain in
        ["11010519491231002X", "a@example.com", "138-0013-8001", "电话13800138001", "Bearer abcdef123456"]
    {
        assert_eq!(kinds(certain, Reach::Certain).len(), 1, "{certain}");
    }
    for accident in
        ["13800138001", "6222021234567890128", "A123456789", "E12345678", "10.1.2.3", "0571-87654321"]
    {
        assert_eq!(kinds(accident, Reach::Certain), [], "{accident}");
        assert_eq!(kinds(accident, Reach::Ordinary).len(), 1, "{accident}");
    }
}

#[test]
fn labels_in_letters_may_be_glued() {
    for text in ["tel13800138001", "ID11010519491231002X", "mobile:13800138001"] {
        assert_eq!(kinds(text, Reach::Ordinary).len(), 1, "{text}");
    }
    for text in ["x13800138001", "a13800138001f", "abc11010519491231002X"] {
        assert_eq!(kinds(text, Reach::Ordinary), [], "{text}");
    }
}
