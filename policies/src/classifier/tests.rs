use super::*;

#[test]
fn patterns_say_what_they_match() {
    let cases = [
        (r"ZH\d{10}", 12, Pattern::DIGIT | Pattern::LETTER),
        (r"[0-9]{6,8}", 6, Pattern::DIGIT),
        (r"(?:ZH|DK)[0-9]{4}", 6, Pattern::DIGIT | Pattern::LETTER),
        (r"[A-Z]{1,2}-?[0-9]{4,6}", 5, Pattern::DIGIT | Pattern::LETTER),
        (r"客户[一-龥]{2,4}", 12, Pattern::HIGH),
        (r"[0-9]{5}|[a-z]{5}", 5, 0),
        (r"[\d-]{8}", 8, 0),
    ];
    for (text, shortest, needs) in cases {
        let pattern = Pattern::parse(text).unwrap_or_else(|problem| panic!("{text}: {:?}", problem.message));
        assert_eq!((pattern.shortest, pattern.needs), (shortest, needs), "{text}");
    }
    assert!(!Pattern::parse(r"\d{5}").ok().unwrap().regex.is_match("１２３４５"), "digits are ASCII");
    assert!(Pattern::parse(r"\\d").ok().unwrap().regex.is_match(r"\d"), "an escaped backslash stays one");
}

#[test]
fn patterns_without_bounds_are_refused() {
    for (text, is_syntax) in [
        (r"ZH\d+", false),
        (r".*", false),
        (r"x?", false),
        (r"\bZH\d{10}\b", false),
        (r"[一-龥]{200}", false),
        (r"(?:(?:[a-z]{20}\d{20}\W{20}){2}){5}", false),
        (r"ZH(\d{10}", true),
        (r"(?=x)y", true),
        (r"(a)\1", true),
    ] {
        let Err(problem) = Pattern::parse(text) else { panic!("{text} is taken") };
        assert_eq!(problem.is_syntax, is_syntax, "{text}: {}", problem.message.en);
        assert!(!problem.message.zh.is_empty() && problem.bytes.end <= text.len(), "{text}");
    }
}

#[test]
fn lines_of_a_lexicon_are_read() {
    let rule = NameRule::of_line("ZHBH\taccount.opening.fund-account\tdecides\t账户编号").unwrap();
    assert_eq!((rule.name.as_str(), rule.kind), ("zhbh", Some(Kind::FundAccount)));
    let rule = NameRule::of_line("=AcctKey\t-\tdecides").unwrap();
    assert_eq!((rule.name.as_str(), rule.is_exact, rule.kind), ("AcctKey", true, None));
    assert_eq!(NameRule::of_line("*_zh\tbasic\tprose").unwrap().open, [true, false]);
    for line in [
        "zhbh",
        "zhbh\tbasic",
        "zhbh\tbasick\tdecides",
        "zhbh\tbasic\tmaybe",
        "a*b\tbasic\tdecides",
        "__\tbasic\tdecides",
    ] {
        assert_eq!(NameRule::of_line(line), None, "{line}");
    }
}
