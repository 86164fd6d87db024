//! T9: error pages, stack traces, debug output, headers, cookies, redirects, trailers and early hints.

use crate::FIRM;
use yingbi_tests::{Answer, Stage, Step, Then, Who, canary};

const TELLER: Who<'_> = Who::Token("teller");

fn error(status: &str, content_type: &str, body: &str) -> Answer {
    Answer::bytes(format!(
        "HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    ))
}

fn stack_trace() -> String {
    format!(
        "org.springframework.dao.DuplicateKeyException: Duplicate entry '{}' for key 'client.uk_id_no'\n\
         \tat com.firm.ClientDao.insert(ClientDao.java:118)\n\
         Caused by: java.lang.IllegalArgumentException: request body was {}\n\
         Caused by: com.firm.CounterException: client_name={}, mobile_tel={}, trade_pwd={}\n",
        canary::ID,
        canary::person_json(),
        canary::NAME,
        canary::MOBILE,
        canary::PASSWORD,
    )
}

/// Columns and values apart, as database drivers print them.
fn sql() -> String {
    format!(
        "### SQL: INSERT INTO client (client_name, id_no, mobile_tel, trade_pwd) VALUES ('{}', '{}', '{}', '{}')\n",
        canary::NAME,
        canary::ID,
        canary::MOBILE,
        canary::PASSWORD,
    )
}

#[test]
fn t9_error_pages_and_stack_traces_are_scrubbed() {
    let stage = Stage::start(FIRM);
    let json = serde_json::json!({
        "timestamp": "2026-11-20T10:00:00", "status": 500, "error": "Internal Server Error", "trace": stack_trace(),
        "message": format!("客户{}的手机号{}已存在", canary::NAME, canary::MOBILE), "path": "/customers/80001234",
        "sql": {"parameters": {"mobile_tel": canary::MOBILE, "trade_pwd": canary::PASSWORD}},
    })
    .to_string();
    let html = format!(
        "<html><body><h1>500</h1><pre>{}</pre><script>var debug = {};</script><!-- {} --></body></html>",
        stack_trace().replace('<', "&lt;"),
        canary::person_json(),
        canary::MOBILE
    );
    let cases = [
        ("500 JSON", error("500 Internal Server Error", "application/json", &json)),
        ("500 problem", error("500 Internal Server Error", "application/problem+json", &json)),
        ("500 HTML", error("500 Internal Server Error", "text/html; charset=utf-8", &html)),
        ("400 JSON", error("400 Bad Request", "application/json", &json)),
        ("404 HTML", error("404 Not Found", "text/html", &html)),
        ("409 JSON", error("409 Conflict", "application/json", &json)),
        ("503 text", error("503 Service Unavailable", "text/plain; charset=utf-8", &stack_trace())),
    ];
    for (name, answer) in cases {
        let asked = stage.answers(answer).get(TELLER, "/customers/1");
        canary::assert_hidden(name, &asked.received);
        assert_eq!(asked.response.status.to_string(), name[..3], "the status stays: {:?}", asked.response);
        assert!(!asked.response.text().is_empty(), "{name}");
        let intent = stage.record(&asked).intent;
        assert_eq!(intent.status, asked.response.status);
        assert!(intent.masked.contains_key("basic"), "{name}: {intent:?}");
    }
}

#[test]
fn t9_values_of_a_printed_sql_statement_are_scrubbed() {
    let stage = Stage::start(FIRM);
    let json = serde_json::json!({"error": sql()}).to_string();
    for (content_type, body) in [("text/plain; charset=utf-8", sql()), ("application/json", json)] {
        let asked = stage.answers(error("500 x", content_type, &body)).get(TELLER, "/customers/1");
        canary::assert_hidden(content_type, &asked.received);
    }
}

#[test]
fn t9_reason_phrases_are_not_passed_on() {
    let stage = Stage::start(FIRM);
    let answer = error(&format!("500 client {} {}", canary::MOBILE, canary::NAME), "application/json", "{}");
    let asked = stage.answers(answer).get(TELLER, "/customers/1");
    canary::assert_hidden("reason phrase", &asked.received);
}

#[test]
fn t9_headers_cookies_and_redirects_are_scrubbed() {
    let stage = Stage::start(FIRM);
    let name = canary::NAME.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let lines = [
        format!("X-Client-Mobile: {}", canary::MOBILE),
        format!("X-Customer-Id-No: {}", canary::ID),
        format!("X-Note: call {} or mail {}", canary::MOBILE, canary::EMAIL),
        format!("X-Json: {{\"mobile_tel\":\"{}\",\"id_no\":\"{}\"}}", canary::MOBILE, canary::ID),
        format!("X-Name: {}", canary::NAME),
        format!("X-Trade-Pwd: {}", canary::PASSWORD),
        format!("Set-Cookie: mobile={}; Path=/", canary::MOBILE),
        format!("Set-Cookie: u=\"{}|{}\"; HttpOnly", canary::EMAIL, canary::ID),
        format!("Location: /customers?mobile={}&id_no={}&name={name}", canary::MOBILE, canary::ID),
        format!("Refresh: 0; url=/c/{}", canary::ID),
        format!("Link: </c/{}>; rel=next", canary::MOBILE),
        format!("Content-Disposition: attachment; filename=\"{}.json\"", canary::ID),
        format!("Warning: 199 - \"{}\"", canary::MOBILE),
        format!("Content-Location: /c/{}", canary::CARD),
        format!("X-{}: x", canary::MOBILE),
        format!("ETag: \"{}\"", canary::MOBILE),
        format!("Server: {}", canary::MOBILE),
        format!("X-Debug-Sql: {}", canary::ID),
        format!("Content-Type: application/json; client={}", canary::MOBILE),
    ];
    let mut wrong = Vec::new();
    for status in ["200 OK", "302 Found", "500 x"] {
        for line in &lines {
            let kind =
                if line.starts_with("Content-Type") { "" } else { "Content-Type: application/json\r\n" };
            let answer =
                Answer::bytes(format!("HTTP/1.1 {status}\r\n{kind}{line}\r\nContent-Length: 2\r\n\r\n{{}}"));
            let asked = stage.answers(answer).get(TELLER, "/customers/1");
            if let Some(value) = canary::find(&asked.received) {
                wrong.push(format!("{status}, {line}: `{value}` in {:?}", asked.response));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    // What was masked in a header alone is recorded all the same.
    let answer = Answer::with(
        &format!("Content-Type: application/json\r\nX-Contact: mail {}\r\n", canary::EMAIL),
        "{}",
    );
    let asked = stage.answers(answer).get(TELLER, "/customers/1");
    let intent = stage.record(&asked).intent;
    assert_eq!(intent.masked.get("basic"), Some(&1), "{:?}: {intent:?}", asked.response);
    assert_eq!(asked.response.header("cache-control"), Some("no-store"), "{:?}", asked.response);
}

#[test]
fn t9_trailers_and_early_hints_never_pass() {
    let stage = Stage::start(FIRM);
    let hints = format!(
        "HTTP/1.1 103 Early Hints\r\nLink: </c/{}>; rel=preload\r\nX-Mobile: {}\r\n\r\n",
        canary::ID,
        canary::MOBILE
    );
    let body = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTrailer: X-Mobile\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\nX-Mobile: {}\r\nX-Id: {}\r\n\r\n",
        canary::MOBILE,
        canary::ID
    );
    for steps in [
        vec![Step::Send(format!("{hints}{body}").into_bytes())],
        vec![
            Step::Send(hints.clone().into_bytes()),
            Step::Wait(std::time::Duration::from_millis(50)),
            Step::Send(body.clone().into_bytes()),
        ],
        vec![Step::Send(
            format!("HTTP/1.1 102 x\r\nX: {}\r\n\r\n{hints}{hints}{body}", canary::CARD).into_bytes(),
        )],
    ] {
        let asked = stage.answers(Answer::steps(steps, Then::KeepAlive)).get(TELLER, "/customers/1");
        assert_eq!(asked.response.status, 200);
        assert!(
            asked.response.interim.is_empty() && asked.response.trailers.is_empty(),
            "{:?}",
            asked.response
        );
        canary::assert_hidden("interim or trailers", &asked.received);
        assert_eq!(asked.response.header("trailer"), None);
    }
}
