use super::*;

fn codes(text: &str) -> Vec<&str> {
    let mut hits = Vec::new();
    find(text, Cues::of(text), &mut hits);
    hits.iter().filter_map(|hit| text.get(hit.start..hit.end)).collect()
}

#[test]
fn c6_one_time_passwords_are_found_on_either_side_of_their_word() {
    let cases: &[(&str, &[&str])] = &[
        ("829310是您的登录验证码，5分钟内有效", &["829310"]),
        ("【某证券】您的动态码：【5521】，请勿转发", &["5521"]),
        ("403921 is your verification code.", &["403921"]),
        ("The OTP for your transfer is 771204", &["771204"]),
        ("您正在修改手机号，093417（短信验证码）", &["093417"]),
    ];
    for (text, want) in cases {
        assert_eq!(codes(text), *want, "{text}");
    }
}

#[test]
fn c6_other_numbers_beside_a_code_are_none() {
    for text in [
        "验证码有效期为1800秒",
        "验证码错误，如有疑问请致电95575",
        "验证码已发送至尾号8001的手机",
        "验证码错误，错误码：10023",
        "证券代码600519今日涨停",
        "邮政编码 200120",
        "error code 500123",
        "短信验证码已于2026年11月发送",
    ] {
        assert!(codes(text).is_empty(), "{text}: {:?}", codes(text));
    }
}
