use super::*;
use crate::body::{self, Input};
use crate::plan::table::{Rules, Table};
use crate::reference::Fake;
use crate::tests::{masks, path};
use crate::tree::Workspace;
use crate::{Format, Limits, Treated};
use proptest::prelude::*;
use yingbi_crypto::PseudonymKey;
use yingbi_crypto::date::Day;
use yingbi_crypto::keys::{DataKey, KeyName, KeyState, Slot};
use yingbi_policies::{Binding as Bound, Mask, NumberMask, SubjectSelector, Treatment};
use yingbi_taxonomy::KindSet;

fn slot(category: Category, version: u32, state: KeyState, secret: u8) -> Slot {
    let name = KeyName {
        kid: format!("k{:02}v{version}xxxx", category as usize),
        category: category.id().into(),
        version,
    };
    let key = DataKey::new(name.clone(), [secret ^ category as u8; 32].into(), version).expect("a key");
    let has_key = state != KeyState::Destroyed;
    Slot { name, state, lasting: version == 1, key: has_key.then(|| Arc::new(key)) }
}

fn ring(without: &[Category]) -> Arc<Ring> {
    let all = Category::all().filter(|category| !without.contains(category));
    Arc::new(Ring::new(all.map(|category| slot(category, 1, KeyState::Active, 9)).collect()))
}

fn keys(without: &[Category], purpose: &str) -> Keys {
    Keys::new(ring(without), Some(purpose))
}

fn encrypt(to_subject: bool) -> Treatment {
    masks(Mask::Encrypt { to_subject, to_path: false, number: NumberMask::Text })
}

/// Everything as this says, what may be opened too.
fn table(treatment: Treatment, opens: bool) -> Table {
    let opens = if opens { Kind::all().collect() } else { KindSet::default() };
    let rules = || Rules { opens, ..Rules::all(treatment.clone()) };
    Table {
        own: rules(),
        other: rules(),
        binding: Some(Bound {
            records: Some(path("list.*")),
            subject: Some(SubjectSelector::Record(path("client_id"))),
            ..Bound::default()
        }),
        ..Table::all(treatment)
    }
}

fn treat_as(format: Format, table: &Table, keys: Option<&Keys>, body: &str) -> Treated {
    let input = Input { classifier: &Fake, limits: Limits::default(), format, body: body.as_bytes() };
    let plan = table.plan().with_keys(keys);
    let mut workspace = Workspace::new([3, 4]);
    body::treat(&input, plan, &PseudonymKey::new([7; 32]), &mut workspace).expect("treatable")
}

fn text(treated: &Treated) -> &str {
    std::str::from_utf8(&treated.body).expect("UTF-8")
}

fn count(treated: &Treated, what: &str) -> u64 {
    treated.summary.keyed.iter().filter(|((_, own), _)| *own == what).map(|(_, count)| count).sum()
}

const MOBILE: &str = "13800138000";

#[test]
fn t5_what_is_encrypted_in_any_format_opens_again() {
    let keys = keys(&[], "");
    let bodies = [
        (
            Format::Json,
            format!(
                r#"{{"list":[{{"client_id":"1","mobile":"{MOBILE}","note":"call {MOBILE}, pw:secret"}}],"balance":12.50}}"#
            ),
        ),
        (
            Format::Json,
            format!(r#"{{"remark":"{{\"mobile\":\"{MOBILE}\",\"x\":\"\u4f60\"}}","mobile":"{MOBILE}"}}"#),
        ),
        (Format::Json, r#"{"remark":"eyJtb2JpbGUiOiIxMzgwMDEzODAwMCIsIm4iOjF9"}"#.to_owned()),
        (Format::Lines, format!("{{\"mobile\":\"{MOBILE}\"}}\n{{\"mobile\":\"{MOBILE}\"}}\n")),
        (Format::Csv, format!("mobile,n\n{MOBILE},1\n\"{MOBILE}\",2\n")),
        (Format::Tsv, format!("mobile\tn\n{MOBILE}\t1\n")),
        (Format::Xml, format!("<a mobile=\"{MOBILE}\"><mobile>{MOBILE}</mobile>x</a>")),
        (Format::Form, format!("mobile={MOBILE}&n=1&remark=%7B%22mobile%22%3A%22{MOBILE}%22%7D")),
        (Format::Text, format!("call {MOBILE} now")),
        (Format::Html, format!("<p>call {MOBILE} now</p>")),
        (Format::Events, format!("data: {{\"mobile\":\"{MOBILE}\"}}\n\n")),
    ];
    for (format, body) in bodies {
        let sealed = treat_as(format, &table(encrypt(false), false), Some(&keys), &body);
        let shown = text(&sealed).to_owned();
        assert!(!shown.contains(MOBILE) && !shown.contains("yb1m"), "{format:?}: {shown}");
        assert!(count(&sealed, "encrypt") > 0, "{format:?} {:?}", sealed.summary.keyed);
        assert_eq!(count(&sealed, "YB0720"), 0);
        // Again: nothing is encrypted twice.
        let again = treat_as(format, &table(encrypt(false), false), Some(&keys), &shown);
        assert_eq!(text(&again), shown, "{format:?}");
        {
            let opened = treat_as(format, &table(Treatment::Clear, true), Some(&keys), &shown);
            let secret = body.replace("call 13800138000, pw:secret", "");
            let plain = |text: &str| text.replace("\\u4f60", "").replace('你', "");
            if !body.contains("pw:") {
                assert_eq!(plain(text(&opened)), plain(&secret), "{format:?}");
            }
            assert!(text(&opened).contains(MOBILE) || body.contains("eyJ"), "{format:?}: {}", text(&opened));
            assert!(count(&opened, "decrypt") > 0);
        }
    }
}

#[test]
fn t5_what_is_opened_is_treated_as_if_it_had_stood_in_clear() {
    let keys = keys(&[], "");
    let body = format!(
        r#"{{"list":[{{"client_id":"1","mobile":"{MOBILE}","balance":12.50,"address":"a\"b\\c<d\n"}}]}}"#
    );
    let sealed = treat_as(Format::Json, &table(encrypt(false), false), Some(&keys), &body);
    let keep = masks(Mask::Keep { first: 3, last: 4, width: None, number: NumberMask::Zero });
    let masked = treat_as(Format::Json, &table(keep.clone(), true), Some(&keys), text(&sealed));
    let plainly = treat_as(Format::Json, &table(keep, true), Some(&keys), &body);
    assert_eq!(text(&masked), text(&plainly));
    let dropped = treat_as(Format::Json, &table(Treatment::Drop, true), Some(&keys), text(&sealed));
    assert!(!text(&dropped).contains("yb1."), "{}", text(&dropped));
    let clear = treat_as(Format::Json, &table(Treatment::Clear, true), Some(&keys), text(&sealed));
    assert_eq!(text(&clear), body, "numbers are numbers again, and what must be spelt out is");
    // Without leave to open it stays what it is.
    let shut = treat_as(Format::Json, &table(Treatment::Clear, false), Some(&keys), text(&sealed));
    assert_eq!(text(&shut), text(&sealed));
}

#[test]
fn t5_level_four_is_encrypted_and_never_opened() {
    let keys = keys(&[], "");
    let sealed =
        treat_as(Format::Json, &table(encrypt(false), false), Some(&keys), r#"{"password":"135790"}"#);
    assert!(text(&sealed).starts_with(r#"{"password":"yb1."#), "{}", text(&sealed));
    let opened = treat_as(Format::Json, &table(Treatment::Clear, true), Some(&keys), text(&sealed));
    assert_eq!(text(&opened), r#"{"password":"********"}"#);
    // Nor under another name.
    let moved = text(&sealed).replace("password", "x");
    let opened = treat_as(Format::Json, &table(Treatment::Clear, true), Some(&keys), &moved);
    assert_eq!(text(&opened), r#"{"x":"********"}"#);
}

#[test]
fn k5_envelopes_that_do_not_open_show_nothing_and_the_rest_is_served() {
    let good = keys(&[], "");
    let body = format!(r#"{{"mobile":"{MOBILE}"}}"#);
    let sealed = treat_as(Format::Json, &table(encrypt(false), false), Some(&good), &body);
    let envelope = text(&sealed).split('"').nth(3).unwrap().to_owned();
    let flipped = {
        let mut bytes = envelope.clone().into_bytes();
        let at = bytes.len() - 5;
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        String::from_utf8(bytes).unwrap()
    };
    let other_secret =
        Keys::new(Arc::new(Ring::new(vec![slot(Kind::Mobile.category(), 1, KeyState::Active, 77)])), None);
    let destroyed =
        Keys::new(Arc::new(Ring::new(vec![slot(Kind::Mobile.category(), 1, KeyState::Destroyed, 9)])), None);
    let gone = Keys::new(Arc::new(ring(&[]).emptied()), None);
    let none = Keys::new(Arc::new(Ring::default()), None);
    let cases = [
        (&good, "mobile", flipped, "YB0725"),
        (&good, "mobile", envelope.get(..envelope.len() - 4).unwrap().to_owned(), "YB0725"),
        (&good, "mobile", envelope.get(..24).unwrap().to_owned(), "YB0726"),
        (&good, "balance", envelope.clone(), "YB0725"),
        (&other_secret, "mobile", envelope.clone(), "YB0725"),
        (&destroyed, "mobile", envelope.clone(), "YB0723"),
        (&gone, "mobile", envelope.clone(), "YB0724"),
        (&none, "mobile", envelope.clone(), "YB0722"),
    ];
    for (keys, name, envelope, code) in cases {
        let body = format!(r#"{{"{name}":"{envelope}","n":1}}"#);
        let opened = treat_as(Format::Json, &table(Treatment::Clear, true), Some(keys), &body);
        assert_eq!(text(&opened), format!(r#"{{"{name}":"********","n":1}}"#), "{code}");
        assert_eq!((count(&opened, code), opened.summary.masked.values().sum()), (1, 1), "{code}");
    }
}

#[test]
fn t5_an_envelope_bound_to_its_subject_opens_in_no_other_record() {
    let keys = keys(&[], "");
    let body = format!(
        r#"{{"list":[{{"client_id":"1","mobile":"{MOBILE}"}},{{"client_id":"2","mobile":"{MOBILE}"}}],"mobile":"{MOBILE}"}}"#
    );
    let only_mobiles = |treatment: Treatment, opens| {
        let mut table = table(Treatment::Clear, opens);
        for rules in [&mut table.own, &mut table.other] {
            rules.treatments[Kind::Mobile.index()] = treatment.clone();
        }
        table
    };
    let sealed = treat_as(Format::Json, &only_mobiles(encrypt(true), false), Some(&keys), &body);
    let sealed_text = text(&sealed).to_owned();
    assert!(sealed_text.ends_with(r#"],"mobile":"********"}"#), "whose it is can't be told: {sealed_text}");
    assert_eq!((count(&sealed, "encrypt"), count(&sealed, "YB0721")), (2, 1));
    let opened = treat_as(Format::Json, &only_mobiles(Treatment::Clear, true), Some(&keys), &sealed_text);
    assert_eq!(text(&opened).matches(MOBILE).count(), 2);
    let swapped = sealed_text.replace(r#""client_id":"1""#, r#""client_id":"3""#);
    let opened = treat_as(Format::Json, &only_mobiles(Treatment::Clear, true), Some(&keys), &swapped);
    assert_eq!(text(&opened).matches(MOBILE).count(), 1);
    assert_eq!(count(&opened, "YB0725"), 1);
}

/// Mobiles as this says, all else clear.
fn only_mobiles(treatment: &Treatment, opens: bool) -> Table {
    let mut table = table(Treatment::Clear, opens);
    for rules in [&mut table.own, &mut table.other] {
        rules.treatments[Kind::Mobile.index()] = treatment.clone();
    }
    table
}

#[test]
fn t5_an_envelope_bound_to_its_path_opens_under_no_other_name() {
    let keys = keys(&[], "");
    let treat = |format: Format, treatment: &Treatment, opens: bool, body: &str| {
        treat_as(format, &only_mobiles(treatment, opens), Some(&keys), body)
    };
    for to_subject in [false, true] {
        let bound = masks(Mask::Encrypt { to_subject, to_path: true, number: NumberMask::Text });
        let body = format!(
            r#"{{"list":[{{"client_id":"1","a/b":{{"mobile":"{MOBILE}"}},"mobile":{MOBILE},"mobiles":["{MOBILE}"],"remark":"{{\"mobile\":\"{MOBILE}\"}}"}}]}}"#
        );
        let sealed = treat(Format::Json, &bound, false, &body);
        let shown = text(&sealed).to_owned();
        assert_eq!((shown.contains(MOBILE), count(&sealed, "encrypt")), (false, 4), "{shown}");
        assert_eq!(text(&treat(Format::Json, &bound, false, &shown)), shown, "nothing is encrypted twice");
        let opened = treat(Format::Json, &Treatment::Clear, true, &shown);
        assert_eq!(text(&opened), body, "{to_subject}");
        // In another list, at another position: it is still the record's.
        let elsewhere = shown.replace(r#""list":["#, r#""list":[{"client_id":"7"},"#);
        assert_eq!(
            text(&treat(Format::Json, &Treatment::Clear, true, &elsewhere)).matches(MOBILE).count(),
            4
        );
        for (from, to) in [(r#""a/b""#, r#""ab""#), (r#""mobile":"yb1"#, r#""phone":"yb1"#)] {
            let moved = shown.replacen(from, to, 1);
            let opened = treat(Format::Json, &Treatment::Clear, true, &moved);
            assert_eq!((count(&opened, "YB0725"), text(&opened).matches(MOBILE).count()), (1, 3), "{moved}");
            assert!(text(&opened).contains("********"), "{}", text(&opened));
        }
        // A number is told from a text of the same name, and where the names can't be told nothing shows.
        let plain = treat(Format::Text, &bound, false, &format!("call {MOBILE} now"));
        assert_eq!((text(&plain), count(&plain, "YB0721")), ("call ******** now", 1));
    }
    for (format, body) in [
        (Format::Csv, format!("client_id,mobile\n1,{MOBILE}\n")),
        (Format::Xml, format!("<a><mobile>{MOBILE}</mobile><b mobile=\"{MOBILE}\"/></a>")),
        (Format::Form, format!("mobile={MOBILE}&n=1")),
        (Format::Lines, format!("{{\"mobile\":\"{MOBILE}\"}}\n")),
    ] {
        let bound = masks(Mask::Encrypt { to_subject: false, to_path: true, number: NumberMask::Text });
        let shown = text(&treat(format, &bound, false, &body)).to_owned();
        assert!(shown.contains("yb1.") && !shown.contains(MOBILE), "{format:?} {shown}");
        assert_eq!(text(&treat(format, &Treatment::Clear, true, &shown)), body, "{format:?}");
        let renamed = shown.replacen("mobile", "phone", 1).replacen("</mobile", "</phone", 1);
        let opened = treat(format, &Treatment::Clear, true, &renamed);
        assert_eq!(count(&opened, "YB0725"), 1, "{format:?} {}", text(&opened));
    }
}

#[test]
fn t5_envelopes_among_words_are_opened_where_allowed_and_never_cut() {
    let keys = keys(&[], "");
    let sealed = treat_as(
        Format::Json,
        &table(encrypt(false), false),
        Some(&keys),
        &format!(r#"{{"mobile":"{MOBILE}"}}"#),
    );
    let envelope = text(&sealed).split('"').nth(3).unwrap().to_owned();
    let password =
        treat_as(Format::Json, &table(encrypt(false), false), Some(&keys), r#"{"password":"135790"}"#);
    let password = text(&password).split('"').nth(3).unwrap().to_owned();
    let forged = format!("{}AA", envelope.get(..envelope.len() - 2).unwrap());
    let foreign = envelope.replace("v1xxxx", "v7xxxx");
    let keep = masks(Mask::Keep { first: 3, last: 4, width: None, number: NumberMask::Zero });
    for (format, before, after) in [
        (Format::Text, "yb1. see yb1.kid: call ", ". Thanks"),
        (Format::Html, "<p>call <b>", "</b> now</p><!-- x -->"),
        (Format::Json, r#"{"note":"call "#, r#" now"}"#),
        (Format::Csv, "note\n\"call ", ", now\"\n"),
        (Format::Xml, "<note>call ", " &amp; now</note>"),
        (Format::Form, "note=call+", "+now"),
        (Format::Events, "data: call ", " now\n\n"),
    ] {
        let around = |inside: &str| format!("{before}{inside}{after}");
        let shown = |table: &Table, inside: &str| {
            text(&treat_as(format, table, Some(&keys), &around(inside))).to_owned()
        };
        let open = table(Treatment::Clear, true);
        assert_eq!(shown(&open, &envelope), around(MOBILE), "{format:?}");
        assert_eq!(shown(&open, &password), around("********"), "{format:?}: level 4 is opened for nobody");
        assert_eq!(shown(&open, &forged), around("********"), "{format:?}");
        assert_eq!(shown(&open, &foreign), around(&foreign), "{format:?}: a text like any other");
        assert_eq!(shown(&table(keep.clone(), true), &envelope), around("138****8000"), "{format:?}");
        let shut = |treatment: Treatment| shown(&table(treatment, false), &envelope);
        assert_eq!(shut(Treatment::Clear), around(&envelope), "{format:?}");
        assert_eq!(shut(encrypt(false)), around(&envelope), "{format:?}: nothing is encrypted twice");
        assert_eq!(shut(keep.clone()), around("********"), "{format:?}: never a mask of what is sealed");
    }
}

#[test]
fn t6_tokens_join_within_a_purpose_and_not_across() {
    let token = masks(Mask::HashToken { number: NumberMask::Text });
    let made = |purpose: &str, body: &str| {
        let keys = keys(&[], purpose);
        text(&treat_as(Format::Json, &table(token.clone(), false), Some(&keys), body)).to_owned()
    };
    let one = made("test", r#"{"mobile":"13800138000"}"#);
    assert!(
        one.starts_with(r#"{"mobile":"ybt1."#) && one.len() == r#"{"mobile":""}"#.len() + TokenKey::LENGTH,
        "{one}"
    );
    assert_eq!(made("test", r#"{"mobile":"138 0013 8000"}"#), one);
    assert_eq!(made("test", r#"{"mobile":"１３８００１３８０００"}"#), one);
    assert_eq!(made("test", r#"{"mobile":13800138000}"#), one);
    assert_ne!(made("analysis", r#"{"mobile":"13800138000"}"#), one);
    assert_ne!(made("test", r#"{"mobile":"13800138001"}"#), one);
    // Never of authentication data.
    assert_eq!(made("test", r#"{"password":"135790"}"#), r#"{"password":"********"}"#);
}

#[test]
fn f10_without_a_key_nothing_shows_and_is_counted() {
    let lacking = keys(&[Kind::Mobile.category()], "");
    let token = masks(Mask::HashToken { number: NumberMask::Text });
    for treatment in [encrypt(false), token, masks(Mask::Ff1)] {
        for keys in [None, Some(&lacking)] {
            let done = treat_as(
                Format::Json,
                &table(treatment.clone(), false),
                keys,
                r#"{"mobile":"13800138000","n":1}"#,
            );
            assert_eq!(text(&done), r#"{"mobile":"********","n":1}"#, "{treatment:?}");
            assert_eq!(done.summary.masked.values().sum::<u64>(), 1);
            assert_eq!(count(&done, "encrypt") + count(&done, "hash-token") + count(&done, "ff1"), 0);
            assert_eq!(count(&done, "YB0720") + count(&done, "YB0721"), 1, "{:?}", done.summary.keyed);
        }
    }
}

#[test]
fn t6_dates_of_one_subject_keep_their_distance() {
    let keys = keys(&[], "test");
    let body = r#"{"list":[{"client_id":"1","birth":"1990-02-28"},{"client_id":"1","birth":19900310},{"client_id":"2","birth":"1990/02/28"},{"client_id":"2","birth":"soon"}]}"#;
    let done = treat_as(Format::Json, &table(masks(Mask::DateShift), false), Some(&keys), body);
    let value: serde_json::Value = serde_json::from_slice(&done.body).expect("JSON");
    let birth = |nth: usize| value["list"][nth]["birth"].clone();
    let (first, second) =
        (birth(0).as_str().unwrap().replace('-', ""), birth(1).as_u64().unwrap().to_string());
    let day = |text: &str| {
        let part = |range: std::ops::Range<usize>| text.get(range).unwrap().parse::<u16>().unwrap();
        Day::new(part(0..4), part(4..6) as u8, part(6..8) as u8).unwrap()
    };
    assert_eq!(day(&second).since(day(&first)), 10);
    let moved = day(&first).since(day("19900228"));
    assert!((1..=183).contains(&moved.abs()), "{moved}");
    assert!(birth(2).as_str().unwrap().contains('/') && birth(3) == "********", "{value}");
    let again = treat_as(Format::Json, &table(masks(Mask::DateShift), false), Some(&keys), body);
    assert_eq!(text(&again), text(&done));
    let nobody = treat_as(
        Format::Json,
        &table(masks(Mask::DateShift), false),
        Some(&keys),
        r#"{"birth":"1990-02-28"}"#,
    );
    assert_eq!(text(&nobody), r#"{"birth":"********"}"#);
}

proptest! {
    /// Whatever stands there, an envelope opens to it.
    #[test]
    fn what_was_encrypted_comes_back(value in "\\PC{1,40}", noise in any::<[u8; 4]>()) {
        let keys = keys(&[], "");
        prop_assume!(!value.trim().is_empty());
        let body = serde_json::json!({"address": value, "n": noise}).to_string();
        let sealed = treat_as(Format::Json, &table(encrypt(false), false), Some(&keys), &body);
        let opened = treat_as(Format::Json, &table(Treatment::Clear, true), Some(&keys), text(&sealed));
        let was: serde_json::Value = serde_json::from_str(&body).unwrap();
        let is: serde_json::Value = serde_json::from_slice(&opened.body).unwrap();
        prop_assert_eq!(was, is);
    }
}

#[test]
fn t6_dates_are_read_as_they_are_written() {
    let cases = [
        ("1990-02-28", "1990-03-01"),
        ("1990/2/28", "1990/03/01"),
        ("1990.02.28", "1990.03.01"),
        ("19900228", "19900301"),
        ("1990年2月28日", "1990-03-01"),
        ("1990-02-28T03:04:05Z", "1990-03-01"),
        ("19900228030405", "19900301"),
        ("1990-02-30", ""),
        ("28/02/1990", ""),
        ("1990", ""),
        ("1990-02-28x", ""),
        ("8000-1-1-1", ""),
    ];
    for (value, expect) in cases {
        let mut out = String::new();
        let done = date::shifted(value, |day| day.plus(1), &mut out);
        assert_eq!((out.as_str(), done.is_some()), (expect, !expect.is_empty()), "{value}");
    }
}

#[test]
fn t6_ff1_keeps_the_form() {
    let keys = keys(&[], "test");
    let done = |body: &str| {
        text(&treat_as(Format::Json, &table(masks(Mask::Ff1), false), Some(&keys), body)).to_owned()
    };
    let mobile = done(r#"{"mobile":"13800138000"}"#);
    let digits: String = mobile.chars().filter(char::is_ascii_digit).collect();
    assert!(digits.len() == 11 && digits.starts_with('1') && digits != MOBILE, "{mobile}");
    assert_eq!(mobile, done(r#"{"mobile":"13800138000"}"#));
    let number: serde_json::Value = serde_json::from_str(&done(r#"{"mobile":13800138000}"#)).expect("JSON");
    assert!(number["mobile"].is_u64(), "{number}");
    // What has no form that FF1 may keep shows nothing; what is secret too.
    assert_eq!(done(r#"{"mobile":"ask me"}"#), r#"{"mobile":"********"}"#);
    assert_eq!(done(r#"{"balance":1.5}"#), r#"{"balance":0}"#);
    assert_eq!(done(r#"{"password":"135790246"}"#), r#"{"password":"********"}"#);
}
