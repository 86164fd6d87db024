use super::*;
use crate::lexicon::Lexicon;
use crate::prose::{addresses, codes, dump, facts, labels, latin, names, numerals, plates, sql};
use proptest::prelude::*;
use std::sync::LazyLock;

static LEXICON: LazyLock<Lexicon> = LazyLock::new(Lexicon::shipped);

/// Whatever a finder finds, the marks of the text let it run.
fn lets_run(text: &str) {
    let cues = Cues::of(text);
    let finds = |find: &dyn Fn(&mut Vec<crate::Hit>)| {
        let mut hits = Vec::new();
        find(&mut hits);
        !hits.is_empty()
    };
    assert!(cues.may_hold_address() || !finds(&|hits| addresses::find(text, hits)), "{text}");
    assert!(cues.may_hold_numerals() || !finds(&|hits| numerals::find(text, hits)), "{text}");
    assert!(cues.may_hold_name() || !finds(&|hits| names::find(text, cues, hits)), "{text}");
    assert!(cues.may_hold_label() || !finds(&|hits| labels::find(&LEXICON, text, cues, hits)), "{text}");
    let has_code = cues.has(mark::DIGIT) && cues.has(mark::CODE | mark::LETTER);
    assert!(has_code || !finds(&|hits| codes::find(text, cues, hits)), "{text}");
    let has_latin = cues.has(mark::LETTER) && cues.has(mark::SPACE | mark::BRACKET);
    assert!(has_latin || !finds(&|hits| latin::find(text, cues, hits)), "{text}");
    let has_fact = cues.has(mark::MONEY | mark::AGE | mark::ILL);
    assert!(has_fact || !finds(&|hits| facts::find(text, cues, hits)), "{text}");
    let has_plate = cues.has(mark::PLATE) && cues.has(mark::LETTER) && cues.digits() >= 2;
    assert!(has_plate || !finds(&|hits| plates::find(text, hits)), "{text}");
    let has_dump = cues.has(mark::EQUALS) && cues.has(mark::BRACKET);
    assert!(has_dump || !finds(&|hits| dump::find(&LEXICON, text, hits)), "{text}");
    let has_sql = cues.has(mark::QUOTE) && cues.has(mark::LETTER) && cues.has(mark::SPACE | mark::LINE);
    assert!(has_sql || !finds(&|hits| sql::find(&LEXICON, text, hits)), "{text}");
}

#[test]
fn c8_no_finder_is_kept_from_what_it_finds() {
    for line in include_str!("../../lexicon/prose-vectors.tsv").lines().filter(|line| !line.starts_with('#'))
    {
        let text: String = line.chars().filter(|c| !matches!(c, '[' | ']')).collect();
        lets_run(&text);
        // Each clause by itself has fewer marks.
        text.split(['，', '。', '；', '\t']).for_each(lets_run);
    }
}

#[test]
fn marks_are_counted_wherever_they_stand() {
    let cues = Cues::of("a1市b2区三");
    assert_eq!((cues.digits, cues.areas, cues.numerals), (2, 2, 1));
    assert!(cues.has(mark::HIGH) && cues.has(mark::LETTER) && !cues.has(mark::COLON));
    assert!(!Cues::of("plain words").has(mark::HIGH | mark::DIGIT));
    assert!(Cues::of("𝟙").has(mark::FOLDED) && Cues::of("１").has(mark::FOLDED));
    assert!(Cues::of("開").has(mark::TRADITIONAL) && !Cues::of("开").has(mark::TRADITIONAL));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn c8_no_finder_is_kept_from_random_text(
        text in "(上海市|浦东新区|人民路|大道|小区|[一三八〇]{1,11}|[0-9]{1,6}|号|栋|室|张三|王 强|客户|密码|验证码|：|=|→|[a-z]{1,4}|\\(|'| |where |为|性别|女|，){0,12}"
    ) {
        lets_run(&text);
    }
}
