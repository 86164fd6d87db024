use super::*;

fn named(text: &str) -> Vec<&str> {
    let mut hits = Vec::new();
    find(text, Cues::of(text), &mut hits);
    hits.iter().filter_map(|hit| text.get(hit.start..hit.end)).collect()
}

#[test]
fn c8_latin_names_are_found_where_something_shows_them() {
    let cases: &[(&str, &[&str])] = &[
        ("Dear Mr. Chen Haoran, your application", &["Chen Haoran"]),
        ("Dear Li Na, welcome back", &["Li Na"]),
        ("call Ms Wang about it", &["Wang"]),
        ("ask Miss Zhao", &["Zhao"]),
        ("Zhang Wei（张炜）的账户", &["Zhang Wei", "张炜"]),
        ("客户李明哲(Li Mingzhe)提供", &["李明哲", "Li Mingzhe"]),
        ("beneficiary John Smith transferred", &["John Smith"]),
    ];
    for (text, want) in cases {
        assert_eq!(named(text), *want, "{text}");
    }
}

#[test]
fn c8_what_is_no_latin_name_stays() {
    for text in [
        "Dear Customer, your order",
        "Dear Sir or Madam,",
        "client ID is missing",
        "MsgType Order",
        "贵州茅台(Kweichow Moutai)发布年报",
        "招商银行(China Merchants Bank)",
        "Customer Service Center hotline",
    ] {
        assert!(named(text).is_empty(), "{text}: {:?}", named(text));
    }
}
