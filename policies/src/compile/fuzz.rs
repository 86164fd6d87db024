//! Whatever stands in a policy file, it is compiled or refused: a reload never ends the process.

use crate::{Language, Path, PolicySet, Source, format, render};
use proptest::prelude::*;

const FIRM: &str = include_str!("../../examples/firm.yaml");

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn conditions_of_any_text(text in "[a-z.\"'()!&|=<>? ,\\[\\]{}0-9客\\\\x:-]{0,60}") {
        let _ = crate::condition::compile(&text);
    }

    #[test]
    fn conditions_of_any_words(words in proptest::collection::vec(prop_oneof![
        Just("subject"), Just("caller.subject"), Just("caller.role"), Just("=="), Just("!="), Just("in"), Just("["), Just("]"),
        Just("("), Just(")"), Just("!"), Just("&&"), Just("||"), Just("?"), Just(":"), Just("'x'"), Just("1"), Just("caller"),
        Just(".startsWith("), Just("true"), Just("b'x'"), Just("has("), Just(".exists(x, x)"), Just("客户"), Just("{"), Just("}"),
    ], 0..16)) {
        let text = words.join(" ");
        if let Err(problem) = crate::condition::compile(&text) {
            prop_assert!(text.get(problem.bytes.start.min(text.len())..problem.bytes.end.min(text.len())).is_some());
        }
    }

    #[test]
    fn paths_and_layout_of_any_text(text in "\\PC{0,40}") {
        let _ = text.parse::<Path>();
        let once = format(&text);
        prop_assert_eq!(format(&once), once);
    }

    #[test]
    fn documents_with_a_stretch_replaced(at in 0_usize..5000, length in 0_usize..40, with in "[ a-z:{}\\[\\]\"'*&|>!%@`#,?\\n-]{0,12}") {
        let text: String = FIRM.chars().take(at).chain(with.chars()).chain(FIRM.chars().skip(at + length)).collect();
        let diagnostics = match PolicySet::compile(&[Source::new("firm.yaml", text.clone())], "v".into()) {
            Ok((_, warnings)) => warnings,
            Err(errors) => {
                prop_assert!(!errors.is_empty());
                errors
            }
        };
        for diagnostic in &diagnostics {
            prop_assert!(!render(diagnostic, &text, Language::Chinese).is_empty());
        }
    }
}
