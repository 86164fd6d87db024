use super::*;

fn found(text: &str) -> Vec<(&str, Kind)> {
    let mut hits = Vec::new();
    find(text, &mut hits);
    hits.iter().filter_map(|hit| Some((text.get(hit.start..hit.end)?, hit.kind))).collect()
}

#[test]
fn numbers_in_words_are_read() {
    let cases: &[(&str, &[(&str, Kind)])] = &[
        ("手机一三八〇〇一三八〇〇一，", &[("一三八〇〇一三八〇〇一", Kind::Mobile)]),
        ("幺三九 幺六幺六 幺六幺六", &[("幺三九 幺六幺六 幺六幺六", Kind::Mobile)]),
        ("壹叁捌零零壹叁捌零零壹", &[("壹叁捌零零壹叁捌零零壹", Kind::Mobile)]),
        ("一一〇一〇五一九四九一二三一〇〇二一", &[]),
        ("二〇二六年十一月二十日", &[]),
        ("一二三四五六七八九", &[]),
        ("一三八〇〇一三八〇〇一二", &[]),
        ("一三八〇〇〇〇〇〇〇〇", &[]),
    ];
    for (text, want) in cases {
        assert_eq!(&found(text), want, "{text}");
    }
}
