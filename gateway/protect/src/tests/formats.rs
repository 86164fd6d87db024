use super::*;

#[test]
fn text_is_read_as_json_when_it_is() {
    let table = Table::all(fixed());
    let text = |body: &str| {
        let treated = treat_as(Format::Text, &table, body.as_bytes()).expect("treatable");
        String::from_utf8(treated.body).expect("UTF-8")
    };
    assert_eq!(text(r#" {"mobile":"1"}"#), r#" {"mobile":"****"}"#);
    assert_eq!(text(r#"{"mobile":"1" 13800138000"#), r#"{"mobile":"1" ****"#);
    assert_eq!(text("\u{feff}call 13800138000!"), "\u{feff}call ****!");
    assert!(treat_as(Format::Text, &table, b"13800138000 \xff").is_err());
    assert!(treat_as(Format::Text, &table, "[".repeat(500).as_bytes()).is_err());
}
