use super::*;
use crate::lexicon::WORDS;

fn spelt(name: &str) -> Vec<String> {
    tokens(name).into_iter().map(|token| token.text).collect()
}

#[test]
fn names_are_cut_where_people_would() {
    let cases: &[(&str, &[&str])] = &[
        ("client_name", &["client", "name"]),
        ("bankAcctNo2", &["bank", "acct", "no", "2"]),
        ("IDNo", &["id", "no"]),
        ("InnerIPAddress", &["inner", "ip", "address"]),
        ("m_szGDH", &["gdh"]),
        ("m_sGDXM", &["gdxm"]),
        ("dKYZJ", &["kyzj"]),
        ("m_strStockCode", &["stock", "code"]),
        ("TARGETACCOUNT", &["targetaccount"]),
        ("$.customers[0].id-card", &["customers", "0", "id", "card"]),
        ("联系人mobile", &["联系人", "mobile"]),
        ("", &[]),
    ];
    for (name, want) in cases {
        assert_eq!(&spelt(name), want, "{name}");
    }
}

#[test]
fn words_are_found_across_and_inside_tokens() {
    let words = Words::parse(WORDS);
    let cases: &[(&str, &[&str])] = &[
        ("BankPassWord", &["bank", "password"]),
        ("frombankacco", &["bank", "account"]),
        ("TARGETTRANSACTIONACCOUNTID", &["process", "account"]),
        ("custname", &["client", "name"]),
        ("vcmobile", &["mobile"]),
        ("khxm", &["client", "pname"]),
        ("联系人手机", &["party", "mobile"]),
        ("E-Mail", &["email"]),
        ("mobiles", &["mobile"]),
    ];
    for (name, want) in cases {
        let found: Vec<&str> = words
            .concepts_of(name)
            .into_iter()
            .map(|concept| words.concepts[usize::from(concept)])
            .filter(|concept| *concept != "?")
            .collect();
        assert_eq!(&found, want, "{name}");
    }
}

#[test]
fn a_word_stands_for_one_concept() {
    for list in &WORDS[..3] {
        let mut seen = std::collections::HashSet::new();
        for line in list.lines().filter(|line| !line.starts_with('#')) {
            let (concept, words) = line.split_once('\t').expect("a concept, a tab, words");
            assert!(!concept.is_empty() && !words.is_empty(), "{line}");
            for word in words.split(' ') {
                assert!(seen.insert(word.to_owned()), "`{word}` twice");
            }
        }
    }
}

#[test]
fn traditional_characters_pair_up() {
    let (from, to) = WORDS[3].lines().last().and_then(|line| line.split_once('\t')).expect("two columns");
    assert_eq!(from.chars().count(), to.chars().count());
}

#[test]
fn a_set_holds_low_and_high_concepts() {
    let set: ConceptSet = [1, 127, 128, 255].into_iter().collect();
    assert!([1, 127, 128, 255].iter().all(|concept| set.has(*concept)));
    assert!(![0, 2, 126, 129, 254].iter().any(|concept| set.has(*concept)));
}

fn concepts(words: &Words, name: &str) -> Vec<&'static str> {
    words.concepts_of(name).into_iter().map(|concept| words.concepts[usize::from(concept)]).collect()
}

#[test]
fn words_without_vowels_and_pinyin_between_syllables_are_read() {
    let words = Words::parse(WORDS);
    let cases: &[(&str, &[&str])] = &[
        ("CMPGN_NM", &["marketing", "name"]),
        ("psprt_nbr", &["idcard", "no"]),
        ("XFER_DIR", &["bankxfer", "direction"]),
        ("gongzuomiyao", &["x509"]),
        ("lvyoumima", &["?", "?", "password"]),
        ("mmima", &["password"]),
        ("wt_jiage", &["entrust", "price"]),
        // No word, and none that is shortened so.
        ("brghtst", &["?"]),
        ("paiming", &["?"]),
    ];
    for (name, want) in cases {
        assert_eq!(&concepts(&words, name), want, "{name}");
    }
}

#[test]
fn c6_keys_of_ciphers_are_secret_and_keys_of_tables_are_not() {
    let words = Words::parse(WORDS);
    let secret = [
        "encKey",
        "sm2PriKey",
        "priKeyB64",
        "hotp_seed",
        "seedKey",
        "MASTER_KEY",
        "work-key-cipher",
        "keyPairPrivate",
        "aes256Key",
        "webhookSecret",
        "key_pair_secret",
    ];
    let open = [
        "cacheKey",
        "sortKey",
        "primaryKey",
        "publicKey",
        "sm2PubKey",
        "keyId",
        "key",
        "configKeys",
        "monkey",
    ];
    for name in secret {
        assert!(words.names_secret_key(name), "{name}");
    }
    for name in open {
        assert!(!words.names_secret_key(name), "{name}");
    }
}
