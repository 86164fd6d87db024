use super::*;
use crate::How;
use yingbi_taxonomy::Kind;

#[test]
fn look_alikes_are_folded() {
    let cases: &[(&str, Option<&str>)] = &[
        ("plain", None),
        ("手机：13800138001。", None),
        ("１３８", Some("138")),
        ("1\u{200b}3\u{feff}8", Some("138")),
        ("00Х", Some("00X")),
        ("a＠b．cn", Some("a@b.cn")),
        ("138\u{a0}0013－8001", Some("138 0013-8001")),
        ("Ａｚ", Some("Az")),
    ];
    for (text, want) in cases {
        assert_eq!(Plain::of(text).map(|plain| plain.text).as_deref(), *want, "{text:?}");
    }
}

#[test]
fn hits_go_back_to_their_places() {
    let original = "号１３\u{200b}８完";
    let plain = Plain::of(original).expect("it needs folding");
    let start = plain.text.find("138").expect("it is there");
    let mut hits = [Hit { start, end: start + 3, kind: Kind::Mobile, how: How::Value, confidence: 90 }];
    plain.carry_back(&mut hits);
    assert_eq!(original.get(hits[0].start..hits[0].end), Some("１３\u{200b}８"));
}
