use crate::*;
use std::collections::HashSet;

#[test]
fn one_seed_makes_one_people_and_prefixes_agree() {
    let (few, many) = (people(3, 5), people(3, 50));
    for (one, other) in few.iter().zip(&many) {
        assert_eq!(canaries_of(one), canaries_of(other));
    }
    assert_ne!(people(3, 1)[0].id_no, people(4, 1)[0].id_no);
}

#[test]
fn identities_are_unique_and_their_check_digits_right() {
    let people = people(11, 2000);
    let clients: HashSet<_> = people.iter().map(|person| &person.client_id).collect();
    assert_eq!(clients.len(), people.len());
    for person in &people {
        assert!(luhn_holds(&person.bank_card), "bank card");
        assert!(luhn_holds(&person.device.imei), "imei");
        assert_eq!(person.mobile.len(), 11);
        assert!(person.address.starts_with(&person.district) && person.address.len() > person.district.len());
        if person.id_kind == '0' {
            // ISO 7064 MOD 11-2 by its other form: the whole number is 1 modulo 11.
            let digit = |c: char| if c == 'X' { 10 } else { c.to_digit(10).unwrap() };
            let remainder = person.id_no.chars().fold(0, |sum, c| (sum * 2 + digit(c)) % 11);
            assert_eq!((person.id_no.len(), remainder), (18, 1));
            assert_eq!(person.id_no.get(6..14), Some(person.birth_date.replace('-', "").as_str()));
            assert_eq!(person.gender == "男", person.id_no.as_bytes()[16] % 2 == 1);
        }
    }
    for pattern in ["·", "欧阳", "Whitcombe"] {
        assert!(people.iter().any(|person| person.name.contains(pattern)), "no name with {pattern}");
    }
}

fn luhn_holds(number: &str) -> bool {
    let sum: u32 = number.bytes().rev().enumerate().fold(0, |sum, (position, digit)| {
        let value = u32::from(digit - b'0') << (position % 2);
        sum + if value > 9 { value - 9 } else { value }
    });
    sum.is_multiple_of(10)
}

#[test]
fn the_search_finds_every_canary_in_every_form() {
    let values = canaries();
    assert!(values.len() > DEMO_INVESTORS * 25 && values.iter().all(|value| value.len() >= 6));
    let search = Search::new(&values);
    for (index, value) in values.iter().enumerate().step_by(37) {
        let gb18030 = encoding_rs::GB18030.encode(value).0.into_owned();
        let escaped: String = value.encode_utf16().map(|unit| format!("\\u{unit:04X}")).collect();
        for form in [value.clone().into_bytes(), gb18030, escaped.into_bytes()] {
            let ascii_escape = value.is_ascii() && form.starts_with(b"\\u");
            let hay = [b"log line: ".as_slice(), &form, b"."].concat();
            let found = search.find(&hay).iter().any(|found| values[found.canary] == values[index]);
            assert!(found || ascii_escape, "canary {index} not found");
        }
    }
    assert_eq!(search.find("客户****1234 138****8000 张*".as_bytes()), vec![]);
}

#[test]
fn every_route_answers_with_the_persons_values() {
    let firm = Firm::new(DEMO_SEED, 40, None);
    let person = firm.person(&people(DEMO_SEED, 2)[1].client_id).unwrap();
    for (shape, needle) in [
        (shapes::profile(person), &person.id_no),
        (shapes::row(person), &person.mobile),
        (shapes::accounts(person), &person.unified_account),
        (shapes::holdings(person), &person.fund_account),
        (shapes::trades(person), &person.sh_account),
        (shapes::orders(person), &person.device.mac),
        (shapes::bank_transfers(person), &person.bank_card),
        (shapes::devices(person), &person.device.idfv),
        (shapes::export_row(person), &person.employer),
    ] {
        assert!(shape.to_string().contains(needle.as_str()));
    }
    assert!(shapes::page(person).contains(&person.email));
    assert!(shapes::stack_trace(person).contains(&person.mobile));
}

#[test]
fn quotes_hold_no_canary() {
    let search = Search::new(&canaries());
    assert_eq!(search.find(market::board().to_string().as_bytes()), vec![]);
}

fn answer(status: u16, body: &str) -> Fetch {
    Fetch { status, content_type: "application/json".into(), body: body.into() }
}

#[test]
fn a_comparison_fails_on_what_is_not_as_expected() {
    let before = answer(200, r#"{"a":"13800138000","b":"北京市西城区","c":1}"#);
    let masked = answer(200, r#"{"a":"138****8000","b":"北京市西城区"}"#);
    let expect = |hidden: &[&str], shown: &[&str]| Expectations {
        status: Some(200),
        hidden: hidden.iter().map(|pointer| (*pointer).to_owned()).collect(),
        shown: shown.iter().map(|pointer| (*pointer).to_owned()).collect(),
        ..Expectations::default()
    };
    let failures = |expect: Expectations| compare(&before, &masked, &expect, 80, 20).failures.len();
    assert_eq!(failures(expect(&["/a"], &["/b"])), 0);
    assert_eq!(failures(expect(&["/b"], &[])), 1, "what is shown is not hidden");
    assert_eq!(failures(expect(&[], &["/a", "/c"])), 2, "what is masked or gone is not shown");
    assert_eq!(failures(expect(&["/nowhere"], &[])), 1, "a check of nothing is no check");
    assert_eq!(failures(Expectations { status: Some(403), ..Expectations::default() }), 1);
    assert_eq!(failures(Expectations { same: true, ..Expectations::default() }), 1);
}

#[test]
fn both_columns_are_as_wide_whatever_the_script() {
    let before = answer(200, r#"{"name":"欧阳若溪","x":"abc","gone":1}"#);
    let after = answer(200, r#"{"name":"欧阳**","x":"abc"}"#);
    let table = compare(&before, &after, &Expectations::default(), 60, 20).table;
    assert!(table.contains("┃   \"name\": \"欧阳**\""), "{table}");
    assert_eq!(table.lines().filter(|line| line.contains('┃')).count(), 3, "{table}");
}
