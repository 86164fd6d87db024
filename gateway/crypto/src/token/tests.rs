use super::*;
use crate::hmac_sm3;

#[test]
fn t6_tokens_join_within_a_purpose_only() {
    let key = |category, purpose| TokenKey::new(&[1; 32], category, purpose);
    let token = key("mobile", "risk").token(b"13800138000");
    assert_eq!(token, key("mobile", "risk").token(b"13800138000"));
    let mut all = vec![
        token,
        key("mobile", "risk").token(b"13800138001"),
        key("mobile", "marketing").token(b"13800138000"),
        key("account", "risk").token(b"13800138000"),
        // Without the length these would be the first.
        key("mobiler", "isk").token(b"13800138000"),
        key("", "mobilerisk").token(b"13800138000"),
        TokenKey::new(&[2; 32], "mobile", "risk").token(b"13800138000"),
    ];
    assert!(all.iter().all(|token| looks_like_token(token) && token.len() == TokenKey::LENGTH));
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 7);
}

#[test]
fn k1_a_token_is_what_its_description_says() {
    // By hand, with HMAC alone.
    let extracted = hmac_sm3(&[0; 32], &[&[7; 32]]);
    let info = [b"yingbi/token/1/".as_slice(), &[0, 0, 0, 0, 0, 0, 0, 14], b"contact.mobilerisk-model", &[1]];
    let key = hmac_sm3(&extracted, &info);
    let tag = hmac_sm3(&key, &[b"13800138000"]);
    let mut expected = b"ybt1.".to_vec();
    base64url::encode(&tag[..16], &mut expected);
    let key = TokenKey::new(&[7; 32], "contact.mobile", "risk-model");
    assert_eq!(key.token(b"13800138000").into_bytes(), expected);
    assert_eq!(format!("{key:?}"), "TokenKey(..)");
}

#[test]
fn other_texts_are_no_tokens() {
    let token = TokenKey::new(&[1; 32], "c", "p").token(b"x");
    let cut: String = token.chars().take(25).collect();
    for text in
        ["", "ybt1.", "13800138000", &format!("{token}A"), &cut, &format!("{cut}B"), &format!("{cut}=")]
    {
        assert!(!looks_like_token(text), "{text}");
    }
}
