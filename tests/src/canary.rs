//! A synthetic person, and the search for values that must not be anywhere.

/// Name of nobody.
pub const NAME: &str = "司马光耀";
/// Identity number of nobody.
pub const ID: &str = "110101199003077774";
/// Mobile number.
pub const MOBILE: &str = "13912345678";
/// Bank card, Luhn-valid.
pub const CARD: &str = "6222021234567890342";
/// E-mail address.
pub const EMAIL: &str = "guangyao.sima@example.com";
/// Trading password.
pub const PASSWORD: &str = "Zx9-qW81p";

/// Every value that must not come through in clear.
pub const ALL: &[&str] = &[NAME, ID, MOBILE, CARD, EMAIL, PASSWORD];

/// The person as an API of a securities firm would answer.
pub fn person_json() -> String {
    format!(
        r#"{{"code":0,"data":{{"client_id":"80001234","client_name":"{NAME}","id_kind":"0","id_no":"{ID}","mobile_tel":"{MOBILE}","bank_account":"{CARD}","e_mail":"{EMAIL}","trade_pwd":"{PASSWORD}","branch_no":"0101"}},"msg":"ok"}}"#
    )
}

/// The person in running text.
pub fn person_text() -> String {
    format!(
        "客户姓名：{NAME}，身份证号码：{ID}，手机号{MOBILE}，银行卡号：{CARD}，邮箱 {EMAIL}，交易密码：{PASSWORD}。"
    )
}

/// The first canary found in some bytes, in any spelling that a reader could undo: UTF-8, GB18030, UTF-16, JSON and
/// HTML escapes, percent-encoding.
pub fn find(bytes: &[u8]) -> Option<&'static str> {
    ALL.iter().copied().find(|value| spellings(value).iter().any(|spelt| contains(bytes, spelt)))
}

/// Fails when a canary is in the bytes.
///
/// # Panics
/// A canary was found. The message names it and what was searched.
pub fn assert_hidden(what: &str, bytes: &[u8]) {
    if let Some(value) = find(bytes) {
        panic!("{what}: `{value}` came through:\n{}", String::from_utf8_lossy(bytes));
    }
}

/// Whether `needle` is in `bytes`.
pub fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    !needle.is_empty() && memchr::memmem::find(bytes, needle).is_some()
}

fn spellings(value: &str) -> Vec<Vec<u8>> {
    let utf16: Vec<u16> = value.encode_utf16().collect();
    let escapes = |style: fn(&mut String, u32)| {
        let mut text = String::new();
        value.chars().for_each(|c| style(&mut text, c as u32));
        text.into_bytes()
    };
    let mut spelt = vec![
        value.as_bytes().to_vec(),
        encoding_rs::GB18030.encode(value).0.into_owned(),
        utf16.iter().flat_map(|unit| unit.to_le_bytes()).collect(),
        utf16.iter().flat_map(|unit| unit.to_be_bytes()).collect(),
        value.bytes().fold(String::new(), |text, byte| text + &format!("%{byte:02X}")).into_bytes(),
        value.bytes().fold(String::new(), |text, byte| text + &format!("%{byte:02x}")).into_bytes(),
        escapes(|text, c| text.push_str(&format!("\\u{c:04x}"))),
        escapes(|text, c| text.push_str(&format!("\\u{c:04X}"))),
        escapes(|text, c| text.push_str(&format!("&#{c};"))),
        escapes(|text, c| text.push_str(&format!("&#x{c:x};"))),
        escapes(|text, c| text.push_str(&format!("&#x{c:X};"))),
    ];
    spelt.dedup();
    spelt
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_is_there() {
        assert_eq!(find(person_json().as_bytes()), Some(NAME));
        assert_eq!(find(person_text().as_bytes()), Some(NAME));
        assert_eq!(find(&encoding_rs::GB18030.encode(&person_text()).0), Some(NAME));
        assert_eq!(find("\\u53f8\\u9a6c\\u5149\\u8000".as_bytes()), Some(NAME));
        assert_eq!(find(b"x 13912345678"), Some(MOBILE));
        assert_eq!(find("139****5678 司马**".as_bytes()), None);
    }
}
