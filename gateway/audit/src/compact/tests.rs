use super::*;
use crate::record::{Intent, Record};
use crate::{Access, Ended, Entry};

/// Every form of text.
const TEXTS: [(&str, &str); 9] = [
    ("", "04"),
    ("GET", "05"),
    ("service-staff", "e901"),
    ("crm", "1063726d"),
    ("deed", "0a01dfec"),
    ("0001ff", "0e020203fd"),
    ("投资者", "28e68a95e8b584e88085"),
    ("0123456789abcdef-0000000001", "03020321476589abcdef02"),
    ("0123456789abcdef-00000000g1", "7030313233343536373839616263646566 2d30303030303030306731"),
];

#[test]
fn e1_layout_is_the_documented_one() {
    for (plain, expect) in TEXTS {
        let bytes = text(plain).unwrap();
        if let Some(expect) = Some(expect.replace(' ', "")).filter(|_| plain != "0123456789abcdef-0000000001")
        {
            assert_eq!(yingbi_crypto::hex::encode(&bytes), expect, "{plain}");
        }
        assert!(!bytes.contains(&0));
    }
    let ended = Ended {
        time: jiff::Timestamp::from_microsecond(127).unwrap(),
        decision_id: "crm",
        result: "aborted",
        bytes: 0,
    };
    let mut bytes = Vec::new();
    ended.write(&mut bytes).unwrap();
    assert_eq!(bytes, b"O\x80\x80\x01\xa0\x10crm\xb1\x3d");
    assert_eq!(WORDS[0xe - 1 + 1], "aborted");
    let ended = Ended { bytes: u64::MAX, ..ended };
    bytes.clear();
    ended.write(&mut bytes).unwrap();
    assert!(
        bytes.starts_with(b"O\x80\x80\x01\x83\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02\xa0"),
        "{bytes:x?}"
    );
    let Some(Record::Outcome(read)) = record(&bytes) else { panic!("no outcome") };
    assert_eq!((read.bytes, read.time.as_str()), (u64::MAX, "1970-01-01T00:00:00.000127Z"));
}

#[test]
fn e1_words_are_never_renumbered() {
    // What logs hold would change its meaning; new ones go to the end.
    let hash = yingbi_crypto::sm3(&[WORDS.join(" ").as_bytes()]);
    assert_eq!(WORDS.len(), 58);
    assert_eq!(yingbi_crypto::hex::encode(&hash), WORDS_SM3);
    assert!(WORDS.iter().all(|word| text(word).unwrap().len() <= 2));
}

const WORDS_SM3: &str = "be0a0d8c27ebeb4b419d06a8399b8ffc2343363f984fe8225d2dfb4b63f4403f";

fn written(intent: &Intent) -> Vec<u8> {
    let mut bytes = Vec::new();
    Record::Intent(Box::new(intent.clone())).write(&mut bytes).unwrap();
    bytes
}

fn full() -> Intent {
    let list = |one: &str| vec![one.to_owned(), String::new(), one.to_owned()];
    let counts = |one: &str| [(one.to_owned(), 0), ("basic".to_owned(), u64::MAX)].into();
    Intent {
        time: "2026-11-20T06:00:00.000001Z".to_owned(),
        decision_id: "0123456789abcdef-0000000001".to_owned(),
        caller: "00112233445566778899aabbccddeeff".to_owned(),
        identified_by: "jwt".to_owned(),
        roles: list("teller"),
        source: "ffffffffffffffffffffffffffffffff".to_owned(),
        method: "GET".to_owned(),
        route: "crm.internal/客户/{id}".to_owned(),
        purpose: Some(String::new()),
        basis: Some("contract".to_owned()),
        recipient: Some("fund-manager".to_owned()),
        country: Some("SG".to_owned()),
        grants: list("grant-1"),
        consents: list("66c7f0f4"),
        marks: list("shared-account"),
        limits: [("per-day", "0011"), ("", "")].map(|(id, scope)| (id.to_owned(), scope.to_owned())).into(),
        decision: "permit".to_owned(),
        code: Some("YB2001".to_owned()),
        status: 65535,
        rules: list("rule"),
        policy: "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0".to_owned(),
        trace: "4bf92f3577b34da6a3ce929d0e0e4736".to_owned(),
        records: 3,
        subjects: list("00000000000000000000000000000000"),
        clear: counts("derived"),
        masked: counts("identity.document"),
        dropped: counts("credential.account"),
        monitored: counts("x"),
        raised: counts("baseline.minors"),
        keyed: counts("identity.document: encrypt"),
        request: counts("identity.document: mask"),
        overrides: list("wealth.cash: level 2"),
        input_faults: counts("identity.document: check-digit"),
        bytes: 4096,
        part: Some(0),
    }
}

#[test]
fn e1_what_is_written_in_few_bytes_reads_back() {
    for intent in [full(), Intent { time: full().time, ..Intent::default() }] {
        let bytes = written(&intent);
        assert_eq!(bytes[0], b'I');
        assert!(!bytes.contains(&0));
        assert_eq!(record(&bytes), Some(Record::Intent(Box::new(intent.clone()))));
        // As the last of a commit.
        let padded = [&bytes[..], b"     "].concat();
        assert_eq!(record(&padded), Some(Record::Intent(Box::new(intent))));
        assert_eq!(record(&[&padded[..], b"x"].concat()), None);
    }
    // What can't be said so is said in JSON.
    for odd in [
        Intent { trace: "a\nb".to_owned(), ..full() },
        Intent { rules: vec!["\0".to_owned()], ..full() },
        Intent { time: "2026-11-20T06:00:00Z".to_owned(), ..full() },
        Intent { time: "yesterday".to_owned(), ..full() },
        Intent { time: "1969-11-20T06:00:00.000001Z".to_owned(), ..full() },
    ] {
        let bytes = written(&odd);
        assert_eq!(bytes[0], b'{');
        assert_eq!(record(&bytes), Some(Record::Intent(Box::new(odd))));
    }
}

#[test]
fn e1_fields_of_later_versions_are_passed_over_and_nothing_else_is() {
    let bytes = b"O\x80\x80\x01\x9f\x05\xa0\x10crm\xb1\x3d\xbf\x05\xdf\x05\x02";
    let Some(Record::Outcome(read)) = record(bytes) else { panic!("no outcome") };
    assert_eq!((read.decision_id.as_str(), read.result.as_str()), ("crm", "aborted"));
    for bad in [
        &b""[..],
        b"O\xe0\x05",
        b"X\x80\x01",
        b"O\x83\x02\x80\x02",
        b"O\x83\x02\x83\x02",
        b"O\xa0\x10cr",
        b"O\xa0\xfd\x7f",
        b"O\xa0\x07",
        b"O\xa0\x08\xff",
        b"O\x83\xff\xff\xff\xff\xff\xff\xff\xff\xff\x04",
        b"O\x83\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        b"O\x80\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        b"I\x81\x81\x80\x04",
        b"O \xa0",
    ] {
        assert_eq!(record(bad), None, "{bad:x?}");
    }
    // Cut anywhere it is no longer the same, and never a panic.
    let bytes = written(&full());
    for end in 0..bytes.len() {
        assert_ne!(record(&bytes[..end]), record(&bytes), "cut at {end}");
    }
}

#[test]
fn e7_the_same_text_is_written_alike_wherever_it_stands() {
    let id = "0123456789abcdef-00000000ff";
    let subject = yingbi_crypto::Pseudonym::from_hex("00112233445566778899aabbccddeeff").unwrap();
    let (nothing, faults, raised) = (Default::default(), Default::default(), Default::default());
    let subjects = [subject].into();
    let keyed = Default::default();
    let access = Access {
        time: jiff::Timestamp::UNIX_EPOCH,
        decision_id: id,
        caller: Some(subject),
        identified_by: "",
        roles: &[],
        source: None,
        method: "GET",
        route: "",
        purpose: None,
        basis: None,
        decision: "permit",
        code: None,
        status: 0,
        rules: &[],
        policy: "",
        recipient: None,
        country: None,
        grants: &[],
        consents: &[],
        marks: &[],
        limits: &[],
        trace: "",
        found: Some(crate::Found {
            records: 1,
            subjects: &subjects,
            clear: &nothing,
            masked: &nothing,
            dropped: &nothing,
            monitored: &nothing,
            raised: &raised,
            keyed: &keyed,
        }),
        overrides: vec![],
        input_faults: &faults,
        request: &keyed,
        bytes: 0,
        part: None,
    };
    let mut bytes = Vec::new();
    access.write(&mut bytes).unwrap();
    for needle in [id, &subject.to_string(), "permit"] {
        let written = text(needle).unwrap();
        assert!(bytes.windows(written.len()).any(|window| window == written), "{needle}");
    }
}

#[test]
fn e1_a_typical_record_takes_half_of_400_bytes() {
    let none = std::collections::BTreeMap::new;
    let none_of = std::collections::BTreeMap::new;
    let typical = Intent {
        roles: vec!["teller".to_owned()],
        purpose: Some("account-service".to_owned()),
        recipient: None,
        country: None,
        grants: vec![],
        consents: vec![],
        marks: vec![],
        limits: none_of(),
        rules: vec!["teller-sees-masked".to_owned()],
        subjects: vec!["00112233445566778899aabbccddeeff".to_owned()],
        masked: [("basic".to_owned(), 4), ("identity.document".to_owned(), 1)].into(),
        clear: none(),
        dropped: none(),
        monitored: none(),
        raised: none(),
        keyed: none(),
        request: none(),
        overrides: vec![],
        input_faults: none(),
        code: None,
        part: None,
        ..full()
    };
    let framing = crate::format::HEAD_BYTES + crate::format::HASH_BYTES;
    let access = written(&typical).len() + framing;
    let mut bytes = Vec::new();
    crate::tests::outcome(&typical.decision_id).write(&mut bytes).unwrap();
    let outcome = bytes.len() + framing;
    assert!(access <= 290 && outcome <= 90, "{access} and {outcome} bytes");
}
