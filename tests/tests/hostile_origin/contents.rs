//! Contents: charsets, media types, JSON that is none or two, depth.

use super::*;

pub(super) fn cases() -> Vec<Case> {
    let json = canary::person_json();
    let gb = encoding_rs::GB18030.encode(&json).0.into_owned();
    let utf16: Vec<u8> = json.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let escaped: String = canary::MOBILE.chars().map(|c| format!("\\u{:04x}", c as u32)).collect();
    let deep = |depth: usize, inner: &str| format!("{}{inner}{}", "[".repeat(depth), "]".repeat(depth));
    let text = canary::person_text();
    vec![
        case("gb18030", Treated, Answer::of_type("application/json; charset=gb18030", gb.clone())),
        case("gbk", Treated, Answer::of_type("application/json;charset=\"GBK\"", gb.clone())),
        case("gb18030, not said", Refused, Answer::json(gb.clone())),
        case("gb18030, utf-8 said", Refused, Answer::of_type("application/json; charset=utf-8", gb)),
        case("utf-8, gbk said", Refused, Answer::of_type("application/json; charset=gbk", json.clone())),
        case(
            "utf-8 with a mark, gbk said",
            Refused,
            Answer::of_type("application/json; charset=gbk", format!("\u{feff}{json}")),
        ),
        case("utf-16", Refused, Answer::of_type("application/json; charset=utf-16", utf16.clone())),
        case("utf-16, not said", Refused, Answer::json([b"\xff\xfe", &utf16[..]].concat())),
        case("unknown charset", Refused, Answer::of_type("application/json; charset=x-nobody", json.clone())),
        case("utf-7", Refused, Answer::of_type("text/html; charset=utf-7", text.clone())),
        case(
            "charset said twice",
            Refused,
            Answer::of_type("application/json; charset=utf-8; charset=gbk", json.clone()),
        ),
        case("with a mark", Whole, Answer::json(format!("\u{feff}{json}"))),
        case("no type", Whole, Answer::with("", json.clone())),
        case(
            "type twice",
            Whole,
            Answer::with("Content-Type: application/json\r\nContent-Type: image/png\r\n", json.clone()),
        ),
        case("malformed type", Refused, Answer::of_type("json", json.clone())),
        case("image", Refused, Answer::of_type("image/png", json.clone())),
        case("octets", Refused, Answer::of_type("application/octet-stream", json.clone())),
        case("pdf", Refused, Answer::of_type("application/pdf", json.clone())),
        case(
            "pieces of a range",
            Whole,
            Answer::bytes(format!(
                "HTTP/1.1 206 Partial Content\r\nContent-Type: application/json\r\nContent-Range: bytes 5-{}/9999\r\nContent-Length: {}\r\n\r\n{}",
                json.len() - 1,
                json.len() - 5,
                json.trim_start_matches("{\"cod")
            )),
        ),
        case("json as text", Whole, Answer::of_type("text/plain", json.clone())),
        case("text", Whole, Answer::of_type("text/plain; charset=utf-8", text.clone())),
        case(
            "html",
            Whole,
            Answer::of_type(
                "text/html",
                format!("<p>{text}</p><a href=\"tel:{}\">x</a><!-- {} -->", canary::MOBILE, canary::ID),
            ),
        ),
        case("text as json", Whole, Answer::json(text.clone())),
        case(
            "csv",
            Treated,
            Answer::of_type(
                "text/csv",
                format!(
                    "client_name,id_no,mobile_tel\r\n{},{},{}\r\n",
                    canary::NAME,
                    canary::ID,
                    canary::MOBILE
                ),
            ),
        ),
        case("event stream", Whole, Answer::of_type("text/event-stream", format!("data: {json}\n\n"))),
        case("ndjson", Whole, Answer::of_type("application/x-ndjson", format!("{json}\n{json}\n"))),
        case(
            "xml",
            Treated,
            Answer::of_type(
                "application/xml",
                format!("<c><name>{}</name><mobile>{}</mobile></c>", canary::NAME, canary::MOBILE),
            ),
        ),
        case(
            "form",
            Treated,
            Answer::of_type(
                "application/x-www-form-urlencoded",
                format!("mobile_tel={}&id_no={}", canary::MOBILE, canary::ID),
            ),
        ),
        case(
            "xml with entities",
            Refused,
            Answer::of_type(
                "text/xml",
                format!("<!DOCTYPE c [<!ENTITY m \"{}\">]><c><x>&m;</x></c>", canary::MOBILE),
            ),
        ),
        case(
            "xml in two charsets",
            Refused,
            Answer::of_type(
                "text/xml; charset=utf-8",
                format!("<?xml version=\"1.0\" encoding=\"GBK\"?><c>{}</c>", canary::MOBILE),
            ),
        ),
        case(
            "csv with an open quote",
            Refused,
            Answer::of_type("text/csv", format!("a,b\n\"{},x\n", canary::MOBILE)),
        ),
        case("comma behind", Whole, Answer::json(json.replace("\"msg\":\"ok\"}", "\"msg\":\"ok\",}"))),
        case("json cut", Whole, Answer::json(json.trim_end_matches("k\"}").to_owned())),
        case("two documents", Whole, Answer::json(format!("{json}{json}"))),
        case("single quotes", Whole, Answer::json(json.replace('"', "'"))),
        case("a comment", Whole, Answer::json(format!("/* {} */{json}", canary::MOBILE))),
        case("a prefix against scripts", Whole, Answer::json(format!(")]}}',\n{json}"))),
        case(
            "a key twice",
            Whole,
            Answer::json(format!(
                r#"{{"mobile_tel":"{m}","mobile_tel":"{m}","x":{{"mobile_tel":{m},"mobile_tel":null}}}}"#,
                m = canary::MOBILE
            )),
        ),
        case(
            "escapes",
            Whole,
            Answer::json(format!(r#"{{"mobile\u005ftel":"{escaped}","\u006d":"{escaped}"}}"#)),
        ),
        case(
            "a number",
            Whole,
            Answer::json(format!(r#"{{"mobile_tel":{m},"x":[{m}]}}"#, m = canary::MOBILE)),
        ),
        case("json in a string", Whole, Answer::json(serde_json::json!({ "payload": json }).to_string())),
        case(
            "json in a string in a string",
            Whole,
            Answer::json(
                serde_json::json!({ "p": serde_json::json!({ "q": json }).to_string() }).to_string(),
            ),
        ),
        case(
            "lone surrogate",
            Whole,
            Answer::json(format!(r#"{{"x":"\ud800","mobile_tel":"{}"}}"#, canary::MOBILE)),
        ),
        case(
            "nul in a string",
            Whole,
            Answer::json(format!("{{\"x\":\"\0\",\"mobile_tel\":\"{}\"}}", canary::MOBILE)),
        ),
        case("5 000 deep", Refused, Answer::json(deep(5_000, &json))),
        case("200 000 deep", Refused, Answer::json(deep(200_000, ""))),
        case("200 000 deep, not closed", Whole, Answer::json("[".repeat(200_000))),
        case("empty", Whole, Answer::json("")),
        case("a page of an error", Whole, Answer::bytes(error_page(&text))),
        case(
            "json of an error",
            Whole,
            Answer::bytes(format!(
                "HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{json}",
                json.len()
            )),
        ),
    ]
}

fn error_page(text: &str) -> String {
    let page = format!(
        "<html><body><h1>500</h1><pre>java.sql.SQLException: duplicate row ({text})\n  at x.y.Z(Z.java:7)</pre></body></html>"
    );
    format!(
        "HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\r\n{page}",
        page.len()
    )
}
