use super::*;
use ::base64::prelude::*;

#[test]
fn c8_references_and_escapes_are_read() {
    let cases = [
        ("&#49;&#x33;8&lt;&amp;&nosuch;&", "138<&&nosuch;&"),
        (r"\u5f20\x31\n\q \ud83d\ude00 \ud83d", "张1\n\\q 😀 \\ud83d"),
        (r#"{\"a\":\"\\1\"}"#, r#"{"a":"\1"}"#),
    ];
    for (text, expect) in cases {
        let Some(Coded::Spelt(plain)) = read(text) else { panic!("{text}") };
        assert_eq!(plain.text, expect);
        for (at, _) in plain.text.char_indices() {
            assert!(text.is_char_boundary(plain.place(at)), "{text} {at}");
        }
        assert_eq!(plain.place(plain.text.len()), text.len());
    }
    for text in [r"C:\users\new", "R&D; &c.", r"a\"] {
        assert!(read(text).is_none(), "{text}");
    }
}

#[test]
fn c8_coded_words_are_found_in_sentences() {
    let words = |text: &str| {
        let Some(Coded::Words(words)) = read(text) else { return vec![] };
        let word = |word: &Word| text.get(word.span.clone()).expect("a stretch of the text").to_owned();
        words.iter().map(word).collect::<Vec<_>>()
    };
    let code = BASE64_STANDARD.encode("mobile=13800138000");
    let url = "http://h/p?mobile=13800138000";
    let token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln";
    let cases = [
        (format!("查询 {url} 失败"), vec![url.to_owned()]),
        (format!("参数为{code}，请重试"), vec![code.clone()]),
        (format!("/api/v1/{code}/x"), vec![code.clone()]),
        (format!("见（{url}）、{code}。"), vec![url.to_owned(), code.clone()]),
        (format!("Bearer {token}; a"), vec![token.to_owned()]),
        (format!("a=1, b=2 [{code}]"), vec!["a=1".into(), "b=2".into(), code.clone()]),
        ("上海浦东发展银行 FUND_TRANSFER_SUCCESSFUL AccountService/queryCustomerByMobile".into(), vec![]),
        ("x = 1 and y == 2".into(), vec![]),
    ];
    for (text, expect) in cases {
        assert_eq!(words(&text), expect, "{text}");
    }
    assert!(matches!(read(token), Some(Coded::Token(claims)) if claims == "{\"sub\":\"1\"}"));
}

/// What a string decodes to, by one step.
fn decoded(text: &str) -> Option<String> {
    match read(text)? {
        Coded::Base64(base64) => Some(base64.text),
        Coded::Token(text) => Some(text),
        Coded::Spelt(plain) => Some(plain.text),
        Coded::Fields(_) => Some("fields".into()),
        Coded::Words(_) => Some("words".into()),
        Coded::Json => None,
    }
}

#[test]
fn c8_base64_is_read_in_every_alphabet_and_padding() {
    // Lengths of every remainder, and bytes that need the last two digits of the alphabet.
    for text in ["手机13800138001", "张三丰，手机>>>???~~~", "{\"a\": \"ÿþý\"}~~?", "zhang@example.com"]
    {
        for code in [
            BASE64_STANDARD.encode(text),
            BASE64_STANDARD_NO_PAD.encode(text),
            BASE64_URL_SAFE.encode(text),
            BASE64_URL_SAFE_NO_PAD.encode(text),
        ] {
            let Some(Coded::Base64(base64)) = read(&code) else { panic!("{code}") };
            assert_eq!(base64.text, text);
            assert_eq!(base64.encode(text.as_bytes()), code, "{text}");
            let broken: String = code.chars().flat_map(|c| [c, c, '\r', '\n']).collect();
            assert_eq!(decoded(&broken).is_some(), decoded(&broken.replace("\r\n", "")).is_some());
            let (head, tail) = code.split_at(8);
            assert_eq!(decoded(&format!("{head}\r\n{tail}\n")).as_deref(), Some(text));
            let url = format!("data:text/plain;charset=utf-8;base64,{code}");
            assert_eq!(decoded(&url).as_deref(), Some(text));
        }
    }
    // Bits left over, and padding that is missing in part or too much.
    assert_eq!(decoded("MTM4MDAxMzgwMDB").as_deref(), Some("13800138000"));
    assert_eq!(decoded("MTM4MDAxMzgwMDF=").as_deref(), Some("13800138001"));
    assert_eq!(decoded("MTM4MDAxMzgwMDF").as_deref(), Some("13800138001"));
    assert_eq!(decoded("MTM4MDAxMzgwMA=").as_deref(), Some("1380013800"));
    assert_eq!(decoded("MTM4MDAxMzgwMA===").as_deref(), Some("1380013800"));
}

#[test]
fn c8_percent_encoding_is_read_and_leads_back() {
    let Some(Coded::Spelt(plain)) = read("a%20+%e5%BC%a0%zz%4") else { panic!("coded") };
    assert_eq!(plain.text, "a  张%zz%4");
    assert_eq!([0, 1, 2, 3, 6, 9].map(|at| plain.place(at)), [0, 1, 4, 5, 14, 17]);
    assert_eq!(plain.place(plain.text.len()), 19);
    // What is no UTF-8 may be GB18030; what is neither stands as it is, and hides nothing beside it.
    assert_eq!(decode_percent("%D5%C5+1").text, "张 1");
    assert_eq!(decode_percent("%E9F%81%30%81%30").text, "镕\u{80}");
    assert_eq!(decode_percent("%FF+%31%E5%BC%A0%ff号%D5").text, "%FF 1张%ff号%D5");
    let mut out = String::new();
    encode_percent("张** {\"\n", false, &mut out);
    assert_eq!(out, "%E5%BC%A0**%20%7B%22%0A");
    assert_eq!(decode_percent(&out).text, "张** {\"\n");
    out.clear();
    encode_percent("张&", true, &mut out);
    assert_eq!(out, "张%26");
}

#[test]
fn c8_forms_and_urls_fall_into_fields() {
    let parts = |text: &str| {
        let Some(Coded::Fields(fields)) = read(text) else { return None };
        let part = |range: &Range<usize>| text.get(range.clone()).expect("a range of the text").to_owned();
        Some(fields.iter().map(|field| (part(&field.name), part(&field.value))).collect::<Vec<_>>())
    };
    let cases: [(&str, &[(&str, &str)]); 10] = [
        ("pwd=1", &[("pwd", "1")]),
        ("a=1&b=x y", &[("a", "1"), ("b", "x y")]),
        ("a=1&amp;b==2&", &[("a", "1"), ("b", "=2")]),
        ("a=1&&flag&b=", &[("a", "1"), ("", "flag"), ("b", "")]),
        ("姓名=张三&手机=1", &[("姓名", "张三"), ("手机", "1")]),
        ("a%5B0%5D=1&b[]=2", &[("a%5B0%5D", "1"), ("b[]", "2")]),
        ("https://x.cn/p?a=1&b=2", &[("", "https://x.cn/p"), ("a", "1"), ("b", "2")]),
        ("/p?a=1#/x?b=2", &[("", "/p"), ("a", "1"), ("", "/x?b=2")]),
        ("?a=1&u=http://y?z=1", &[("", ""), ("a", "1"), ("u", "http://y?z=1")]),
        ("a=1?2&b=3", &[("a", "1?2"), ("b", "3")]),
    ];
    for (text, expect) in cases {
        let expect: Vec<(String, String)> =
            expect.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let got = parts(text).unwrap_or_else(|| panic!("{text} is a form"));
        let got: Vec<_> = got.into_iter().filter(|part| part != &Default::default()).collect();
        let expect: Vec<_> = expect.into_iter().filter(|part| part != &Default::default()).collect();
        assert_eq!(got, expect, "{text}");
    }
    for prose in ["x = 1", "a=b c", "if a == b: x", "<a href=\"x\">", "f(a=1)", "{\"a\":\"b=c\"}", "R&D &c."]
    {
        assert_eq!(parts(prose), None, "{prose}");
    }
}

#[test]
fn hashes_tokens_and_words_are_no_coded_text() {
    let plain = [
        "d41d8cd98f00b204e9800998ecf8427e",
        "2fd4e1c67a2d28fced849ee1bb76e7391b93eb12",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0",
        "123e4567-e89b-12d3-a456-426614174000",
        "4bf92f3577b34da6a3ce929d0e0e4736",
        "110101199003077774",
        "6222021234567890342",
        "20261120080419000001",
        "application/json",
        "text/event-stream",
        "securitiesAccountOpening",
        "FUND_TRANSFER_SUCCESSFUL",
        "AccountService/queryCustomerByMobile",
        "01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "LdYk3n7GZpW0qxyPfEJ8sVbTtRmCuHoA",
        "zQmWvQxTqbG2Z9HPJgG57jjwR154cKhbtJenbyYTWkjgF3e",
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==",
        "上海浦东发展银行股份有限公司",
        "增长 12.5%，跌幅 3%",
    ];
    for text in plain {
        assert_eq!(decoded(text), None, "{text}");
    }
}

#[test]
fn c8_encoded_words_are_read_and_spelt_alike() {
    struct Case {
        text: &'static str,
        says: &'static [&'static str],
    }
    let cases = [
        Case { text: "=?UTF-8?B?5byg5LiJ?=", says: &["张三"] },
        Case { text: "From: =?utf-8?b?5byg5LiJ?= <a@b.cn>", says: &["张三"] },
        Case { text: "=?GB18030?Q?=D5=C5=C8=FD_x?=", says: &["张三 x"] },
        Case { text: "=?gb2312*zh?B?1cXI/Q==?= and =?us-ascii?q?a=20b?=", says: &["张三", "a b"] },
        // Parted by white space only, they are one text, though a number or a character is cut.
        Case { text: "=?utf-8?Q?138?= =?utf-8?Q?00138000?=", says: &["13800138000"] },
        Case { text: "=?utf-8?Q?=E5=BC?=\r\n =?utf-8?Q?=A0?= x", says: &["张"] },
        Case { text: "=?utf-8?Q?a?= =?gb18030?B?1cU=?=", says: &["a张"] },
        // None of these are.
        Case { text: "=?utf-8?X?a?= =?nowhere?Q?a?= =?utf-8?Q?a b?= =?utf-8?B?!?= a=?b", says: &[] },
    ];
    for Case { text, says } in cases {
        let words = encoded::find(text).unwrap_or_default();
        let said: Vec<&str> = words
            .iter()
            .map(|word| match &word.coded {
                Coded::Base64(base64) => base64.text.as_str(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(said, says, "{text}");
        for word in &words {
            let Coded::Base64(base64) = &word.coded else { continue };
            let again = base64.encode(base64.text.as_bytes());
            assert_eq!(decode_words(&again), base64.text, "{again}");
            assert!(again.split(' ').all(|word| word.len() <= 75), "{again}");
        }
    }
    let long = "张".repeat(100);
    let Some(Coded::Words(words)) = read("=?gb18030?Q?=D5=C5?=") else { panic!("a word") };
    let [Word { coded: Coded::Base64(base64), .. }] = words.as_slice() else { panic!("one") };
    let again = base64.encode(long.as_bytes());
    assert_eq!(decode_words(&again), long);
    assert!(again.split(' ').count() > 5 && again.split(' ').all(|word| word.len() <= 75), "{again}");
}

#[test]
fn c8_base64_of_gb18030_is_read_and_random_bytes_are_not() {
    let text = "客户手机13912345678，住杭州";
    let (bytes, ..) = encoding_rs::GB18030.encode(text);
    let coded = ::base64::engine::Engine::encode(&::base64::prelude::BASE64_STANDARD, &bytes);
    let Some(Coded::Base64(base64)) = read(&coded) else { panic!("base64 of GB18030") };
    assert_eq!(base64.text, text);
    assert_eq!(base64.encode(text.as_bytes()), coded);
    let mut state = 7u64;
    let mut taken = 0;
    for _ in 0..2000 {
        let bytes: Vec<u8> = (0..24)
            .map(|_| {
                state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                (state >> 56) as u8
            })
            .collect();
        taken += usize::from(
            read(&::base64::engine::Engine::encode(&::base64::prelude::BASE64_STANDARD, &bytes)).is_some(),
        );
    }
    assert_eq!(taken, 0);
}
