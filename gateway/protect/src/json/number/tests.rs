use super::*;
use proptest::prelude::*;

proptest! {
    #[test]
    fn numbers_are_those_that_serde_reads(text in "-?[0-9]{0,9}(\\.[0-9]{0,9})?([eE][+-]?[0-9]{0,2})?[,} ]") {
        let spelt = text.trim_end_matches([',', '}', ' ']);
        let is_number = serde_json::from_str::<serde_json::Number>(spelt).is_ok()
            // What is too large for Serde is a number all the same.
            || serde_json::from_str::<Box<serde_json::value::RawValue>>(spelt).is_ok();
        let padded = format!("{text}12345678");
        let length = length(padded.as_bytes());
        prop_assert_eq!(length == Some(spelt.len()), is_number && !spelt.is_empty());
        if let Some(short) = short(padded.as_bytes()) {
            prop_assert_eq!(Some(short), length);
        }
    }
}

#[test]
fn short_numbers_are_read_in_few_steps() {
    for (text, length) in [
        ("7,\"a\":100", Some(1)),
        ("10234.50}123456789", Some(8)),
        ("0.5,12345678", Some(3)),
        ("0,12345678", Some(1)),
        ("12345678,1234567", Some(8)),
    ] {
        assert_eq!(short(text.as_bytes()), length, "{text}");
    }
    for text in
        ["01,12345678", "-1,12345678", "1e5,12345678", "1.,12345678", ".5,12345678", "123456789,123456", "1,"]
    {
        assert_eq!(short(text.as_bytes()), None, "{text}");
    }
}
