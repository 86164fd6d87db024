use super::*;
use crate::tree::{Place as _, Spelt, decode};
use proptest::prelude::*;

fn decoded(raw: &str) -> Result<String, BadSpelling> {
    let mut out = String::new();
    decode(Escapes::new(raw), &mut out).map(|()| out)
}

#[test]
fn escapes_are_read_as_rfc_8259_says() {
    struct Case {
        raw: &'static str,
        expect: Result<&'static str, usize>,
    }
    let cases = [
        Case { raw: r#"a\"\\\/\b\f\n\r\tz"#, expect: Ok("a\"\\/\u{8}\u{c}\n\r\tz") },
        Case { raw: r"\u0031\u5F20三", expect: Ok("1张三") },
        Case { raw: r"\ud83d\uDE00", expect: Ok("😀") },
        Case { raw: r"ab\ud83d", expect: Err(2) },
        Case { raw: r"\ud83dx", expect: Err(0) },
        Case { raw: r"\ude00", expect: Err(0) },
        Case { raw: r"\ud83d\u0041", expect: Err(0) },
        Case { raw: r"\u12G4", expect: Err(0) },
        Case { raw: r"\u+123", expect: Err(0) },
        Case { raw: r"\u12", expect: Err(0) },
        Case { raw: r"\a", expect: Err(0) },
        Case { raw: r"\", expect: Err(0) },
        Case { raw: r"\U0031", expect: Err(0) },
    ];
    for case in cases {
        let got = decoded(case.raw);
        assert_eq!(got.as_deref().map_err(|bad| bad.at), case.expect, "{}", case.raw);
    }
}

proptest! {
    #[test]
    fn what_is_encoded_decodes_to_itself(text in "\\PC{0,20}[\\x00-\\x7f\"\\\\]{0,20}") {
        let mut raw = String::new();
        encode(&text, &mut raw);
        prop_assert_eq!(needs_encoding(&text), raw != text);
        let parsed: String = serde_json::from_str(&format!("\"{raw}\"")).unwrap();
        prop_assert_eq!(&parsed, &text);
        prop_assert_eq!(decoded(&raw), Ok(text));
    }

    #[test]
    fn offsets_point_at_the_spelling(characters in prop::collection::vec((any::<char>(), any::<bool>()), 0..20)) {
        let (mut raw, mut starts) = (String::new(), vec![]);
        let mut at = 0;
        for (character, spelt) in characters {
            starts.push((at, raw.len()));
            at += character.len_utf8();
            if spelt || character < ' ' || "\"\\".contains(character) {
                let mut units = [0; 2];
                raw.extend(character.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
            } else {
                raw.push(character);
            }
        }
        starts.push((at, raw.len()));
        for step in [1, 3] {
            let mut spelt = Spelt::new(Escapes::new(&raw), 5);
            for ((start, from), (end, to)) in starts.iter().zip(starts.iter().skip(step)) {
                prop_assert_eq!(spelt.span(*start, *end), (from + 5, to + 5));
            }
        }
    }
}
