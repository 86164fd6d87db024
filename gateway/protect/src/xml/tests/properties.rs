use super::*;
use proptest::prelude::*;

/// A number that must not survive.
const CANARY: &str = "13912345678";

/// XML with canaries in every place where one can stand.
fn content() -> impl Strategy<Value = String> {
    let text = prop_oneof![
        Just(CANARY.to_owned()),
        Just(format!("<![CDATA[{CANARY}]]>")),
        Just(CANARY.replace('9', "&#57;")),
        Just(CANARY.replace('9', "<!-- - -->9<?x y?>")),
        Just(CANARY.replace('9', "<![CDATA[9]]>")),
        Just(format!("<!-- {CANARY} -->")),
        Just(format!("<?x {CANARY}?>")),
        Just(format!("{{\"a\":[\"{CANARY}\",{CANARY}]}}")),
        Just(format!("&lt;a b='{CANARY}'>{CANARY}&lt;/a>")),
        Just(" \n".to_owned()),
        Just("x, ]] &amp; ".to_owned()),
        "[a-z<&>]{0,6}".prop_map(|text| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")),
    ];
    text.prop_recursive(4, 24, 4, |inner| {
        let names = prop_oneof![
            Just("a"),
            Just("b"),
            Just("s:mobile"),
            Just("name"),
            Just("value"),
            Just("m13912345678")
        ];
        let attributes = prop_oneof![
            Just(String::new()),
            Just(format!(" a='{CANARY}'")),
            Just(format!(" mobile=\"{CANARY}\" b = 'x>'")),
            Just(" name='mobile'".to_owned()),
            Just(format!(" m{CANARY}=\"x\" n{CANARY}=''")),
        ];
        (names, attributes, prop::collection::vec(inner, 0..4)).prop_map(|(name, attributes, inner)| {
            match inner.is_empty() {
                true => format!("<{name}{attributes}/>"),
                false => format!(
                    "<{name}{attributes}>{}</{name}>",
                    inner.join(if name == "a" { "," } else { " " })
                ),
            }
        })
    })
}

/// What readers of XML take for text, names and all: for seeing whether a canary shows.
fn shown(text: &str) -> String {
    let mut out = String::new();
    crate::tree::decode(Text::new(text, Manner::Content), &mut out).expect("well-formed");
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn t1_no_canary_survives_and_the_rest_stays(content in content(), treatment in 0..4) {
        let body = format!("<r>{content}</r>");
        let treatment = match treatment {
            0 => fixed(),
            1 => keep(3, 4),
            2 => Treatment::Drop,
            _ => Treatment::Clear,
        };
        let is_clear = treatment == Treatment::Clear;
        let table = Table::all(treatment);
        let treated = xml(&table, &body);
        if is_clear {
            prop_assert_eq!(&treated, &body);
            return Ok(());
        }
        prop_assert!(!treated.contains(CANARY), "{} became {}", body, treated);
        prop_assert!(!shown(&treated).contains(CANARY), "{} became {}", body, treated);
        // It is still well-formed, and nothing is found in it any more.
        let again = treat_as(Format::Xml, &table, treated.as_bytes());
        prop_assert!(again.is_ok(), "{} became {}", body, treated);
    }

    #[test]
    fn whatever_is_read_is_written_as_it_stood(body in "(<[a-c/!?]{1,2}( a='1')?>|[x&;]|&lt;|<!--|-->|]]>|<!\\[CDATA\\[){0,8}") {
        let table = Table::all(Treatment::Clear);
        if let Ok(treated) = treat_as(Format::Xml, &table, body.as_bytes()) {
            prop_assert_eq!(treated.body, body.as_bytes());
        }
    }
}
