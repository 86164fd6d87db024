use super::*;
use crate::date::Day;
use proptest::prelude::*;
use std::collections::BTreeSet;

fn both(format: Format, tweak: &[u8], text: &str) -> String {
    let ff1 = Ff1::new(&[9; 16]);
    let sealed = ff1.encrypt(format, tweak, text).unwrap();
    assert_eq!(*ff1.decrypt(format, tweak, &sealed).unwrap(), text, "{format:?}");
    assert_ne!(ff1.encrypt(format, b"other tweak", text).unwrap(), sealed);
    assert_ne!(Ff1::new(&[8; 16]).encrypt(format, tweak, text).unwrap(), sealed);
    sealed
}

/// Weights of GB 11643—1999, written out.
fn id_is_valid(id: &str) -> bool {
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let digits: Vec<u32> = id.chars().take(17).map(|c| c.to_digit(10).unwrap()).collect();
    let sum: u32 = weights.iter().zip(&digits).map(|(weight, digit)| weight * digit).sum();
    let date = |range: std::ops::Range<usize>| digits[range].iter().fold(0, |n, digit| n * 10 + digit);
    let born = Day::new(date(6..10) as u16, date(10..12) as u8, date(12..14) as u8);
    born.is_some() && id.chars().last() == "10X98765432".chars().nth((sum % 11) as usize)
}

fn luhn_is_valid(number: &str) -> bool {
    let sum: u32 = number.bytes().rev().enumerate().fold(0, |sum, (place, byte)| {
        let digit = u32::from(byte - b'0');
        sum + if place % 2 == 1 { [0, 2, 4, 6, 8, 1, 3, 5, 7, 9][digit as usize] } else { digit }
    });
    sum.is_multiple_of(10)
}

#[test]
fn t6_identity_numbers_stay_identity_numbers() {
    for id in
        ["11010519491231002X", "440524188001010014".replace("1880", "1980").as_str(), "31010120200229001"]
    {
        // The check character by the weights, so that any front will do.
        let front: String = id.chars().take(17).collect();
        let id =
            "0123456789X".chars().map(|check| format!("{front}{check}")).find(|id| id_is_valid(id)).unwrap();
        let sealed = both(Format::ResidentId, b"identity.document", &id);
        assert!(id_is_valid(&sealed), "{sealed}");
        let year: u16 = sealed.get(6..10).unwrap().parse().unwrap();
        let expected = if id.get(6..10).unwrap() < "2020" { 1900..=2019 } else { 2020..=2099 };
        assert!(expected.contains(&year), "{sealed}");
    }
    let lower = Ff1::new(&[9; 16]).encrypt(Format::ResidentId, b"", "11010519491231002x");
    assert_eq!(lower, Ff1::new(&[9; 16]).encrypt(Format::ResidentId, b"", "11010519491231002X"));
}

#[test]
fn t6_cards_keep_luhn_and_mobiles_their_segment() {
    for card in ["6222021234567890128", "4111111111111111", "79927398713"] {
        let digit = "0123456789".chars().map(|c| format!("{}{c}", card.get(..card.len() - 1).unwrap()));
        let card = digit.into_iter().find(|card| luhn_is_valid(card)).unwrap();
        let sealed = both(Format::Luhn, b"card", &card);
        assert!(luhn_is_valid(&sealed) && sealed.len() == card.len());
    }
    for mobile in ["13800138000", "19999999999", "13000000000"] {
        let sealed = both(Format::Mobile, b"mobile", mobile);
        assert!(
            sealed.len() == 11 && sealed.starts_with('1') && sealed.get(1..2).unwrap() >= "3",
            "{sealed}"
        );
    }
}

#[test]
fn what_is_not_of_the_format_is_refused() {
    let ff1 = Ff1::new(&[9; 16]);
    let long = "1".repeat(57);
    for (format, text, error) in [
        (Format::Digits, "", Unfit::Length),
        (Format::Digits, "12345", Unfit::Length),
        (Format::Digits, &long, Unfit::Length),
        (Format::Digits, "12345a", Unfit::Digit),
        (Format::Digits, "１２３４５６", Unfit::Digit),
        (Format::Digits, "张三李四", Unfit::Digit),
        (Format::Digits, "-12345", Unfit::Digit),
        (Format::Luhn, "", Unfit::Digit),
        (Format::Luhn, "4111111111111112", Unfit::CheckDigit),
        (Format::Luhn, "411111111111111张", Unfit::Digit),
        (Format::Luhn, "123455", Unfit::Length),
        (Format::Mobile, "12800138000", Unfit::Part),
        (Format::Mobile, "23800138000", Unfit::Part),
        (Format::Mobile, "1380013800", Unfit::Part),
        (Format::Mobile, "1380013800x", Unfit::Digit),
        (Format::ResidentId, "110105491231002", Unfit::Length),
        (Format::ResidentId, "110105194912310021", Unfit::CheckDigit),
        (Format::ResidentId, "1101051949123100张", Unfit::Length),
        (Format::ResidentId, "11010519491231张X", Unfit::Digit),
    ] {
        assert_eq!(ff1.encrypt(format, b"", text), Err(error), "{format:?} {text}");
        assert_eq!(ff1.decrypt(format, b"", text), Err(error), "{format:?} {text}");
    }
    // Right check characters, but no such province and no such day.
    for front in ["99010519491231002", "11010519490230002", "11010518991231002"] {
        let refused = "0123456789X"
            .chars()
            .map(|check| ff1.encrypt(Format::ResidentId, b"", &format!("{front}{check}")));
        assert_eq!(refused.filter(|result| *result == Err(Unfit::Part)).count(), 1, "{front}");
    }
}

#[test]
fn nothing_is_met_twice() {
    let ff1 = Ff1::new(&[3; 16]);
    let sealed: BTreeSet<_> =
        (0..20_000).map(|n| ff1.encrypt(Format::Digits, b"t", &format!("{n:06}")).unwrap()).collect();
    assert_eq!(sealed.len(), 20_000);
    let mobiles: BTreeSet<_> =
        (0..5000).map(|n| ff1.encrypt(Format::Mobile, b"t", &format!("139{n:08}")).unwrap()).collect();
    assert_eq!(mobiles.len(), 5000);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn k1_ff1_sm4_is_that_of_another_implementation(
        key: [u8; 16],
        tweak in proptest::collection::vec(any::<u8>(), 0..40),
        text in "[0-9]{6,56}",
    ) {
        let digits: Vec<u16> = text.bytes().map(|byte| u16::from(byte - b'0')).collect();
        let other = ::fpe::ff1::FF1::<sm4::Sm4>::new(&key, 10).unwrap();
        let expected = other.encrypt(&tweak, &::fpe::ff1::FlexibleNumeralString::from(digits)).unwrap();
        let expected: String =
            Vec::<u16>::from(expected).into_iter().map(|digit| char::from(b'0' + digit as u8)).collect();
        for engine in Engine::available() {
            let ff1 = Ff1::on(engine, &key);
            let sealed = ff1.encrypt(Format::Digits, &tweak, &text).unwrap();
            prop_assert_eq!(&sealed, &expected);
            let opened = ff1.decrypt(Format::Digits, &tweak, &sealed).unwrap();
            prop_assert_eq!(opened.as_str(), &text);
        }
    }

    #[test]
    fn t6_every_identity_number_comes_back(
        province in prop::sample::select(vec![11u32, 31, 44, 65, 81]),
        county in 0..10_000u32,
        (year, month, day) in (1900..2100u16, 1..13u8, 1..29u8),
        sequence in 0..1000u32,
    ) {
        let front = format!("{province}{county:04}{year}{month:02}{day:02}{sequence:03}");
        let id = "0123456789X".chars().map(|check| format!("{front}{check}")).find(|id| id_is_valid(id)).unwrap();
        let ff1 = Ff1::new(&[1; 16]);
        let sealed = ff1.encrypt(Format::ResidentId, b"", &id).unwrap();
        prop_assert!(id_is_valid(&sealed));
        let opened = ff1.decrypt(Format::ResidentId, b"", &sealed).unwrap();
        prop_assert_eq!(opened.as_str(), &id);
    }
}
