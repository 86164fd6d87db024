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

#[test]
fn lines_of_json_in_text_are_read_as_json() {
    let table = Table::all(fixed());
    struct Case {
        text: &'static str,
        expect: &'static str,
        records: u64,
    }
    let cases = [
        Case {
            text: "{\"mobile\":\"1\"}\n{\"mobile\":\"2\"}\n",
            expect: "{\"mobile\":\"****\"}\n{\"mobile\":\"****\"}\n",
            records: 2,
        },
        Case {
            text: "event: x\r\ndata: {\"mobile\":\"1\"}\r\n\r\ndata:[13800138000]",
            expect: "event: x\r\ndata: {\"mobile\":\"****\"}\r\n\r\ndata:[0]",
            records: 2,
        },
        Case {
            text: "at 13800138000\n  {\"mobile\":\"1\"}\nat {\"mobile\":\"1\"\n13800138000",
            expect: "at ****\n  {\"mobile\":\"****\"}\nat {\"mobile\":\"1\"\n****",
            records: 1,
        },
        Case { text: "{\n\"mobile\":\n\"1\"}", expect: "{\n\"mobile\":\n\"****\"}", records: 1 },
    ];
    for case in cases {
        let treated = treat_as(Format::Text, &table, case.text.as_bytes()).expect("treatable");
        assert_eq!(String::from_utf8_lossy(&treated.body), case.expect);
        assert_eq!(treated.summary.records, case.records, "{}", case.text);
        let findings = scan_as(Format::Text, case.text.as_bytes()).expect("readable");
        for finding in &findings {
            let found = at(case.text, finding);
            assert!(["1", "2", "13800138000"].contains(&found), "{found}");
        }
        assert_eq!(findings.len(), case.expect.matches("****").count() + case.expect.matches("[0]").count());
    }
    let deep = format!("x\n{}\n", "[".repeat(200) + &"]".repeat(200));
    let treated = treat_as(Format::Text, &table, deep.as_bytes());
    assert_eq!(treated.err(), Some(Uninspectable::TooDeep { limit: 128 }));
}

fn html(table: &Table, page: &str) -> String {
    let treated = treat_as(Format::Html, table, page.as_bytes()).expect("treatable");
    String::from_utf8(treated.body).expect("UTF-8")
}

#[test]
fn t9_html_is_treated_and_its_markup_kept() {
    let table = Table::all(keep(3, 4));
    struct Case {
        page: &'static str,
        expect: &'static str,
    }
    let cases = [
        Case { page: "<p>call 13800138000</p>", expect: "<p>call 138****8000</p>" },
        // Character references, of a character and around.
        Case {
            page: "<p>&#49;&#x33;&#56;00138000;&amp;</p>",
            expect: "<p>&#49;&#x33;&#56;****8000;&amp;</p>",
        },
        Case { page: "<p>138&#48&#48;138000 &lt; x</p>", expect: "<p>138****8000 &lt; x</p>" },
        // Over inline tags and comments.
        Case { page: "<p>138<b>0013</b>8000</p>", expect: "<p>138****8000<b></b></p>" },
        Case { page: "<p>138<!-- x -->00138000</p>", expect: "<p>138****8000<!-- x --></p>" },
        Case { page: "<i>12</i><i>13800138000</i>", expect: "<i>12</i><i>138****8000</i>" },
        // Not over others.
        Case { page: "<td>138</td><td>00138000</td>", expect: "<td>138</td><td>00138000</td>" },
        // Attributes, quoted or not.
        Case {
            page: "<a href='tel:13800138000' title=13800138000>x</a>",
            expect: "<a href='tel:138****8000' title=138****8000>x</a>",
        },
        Case {
            page: "<input name=mobile value=\"1&amp;2345678\">",
            expect: "<input name=mobile value=\"*****5678\">",
        },
        Case {
            page: "<p data-mobile=12345678901 data-x=12345678901>",
            expect: "<p data-mobile=123****8901 data-x=123****8901>",
        },
        Case {
            page: "<p data-u='{&quot;mobile&quot;:&quot;12345678901&quot;}'>",
            expect: "<p data-u='{&quot;mobile&quot;:&quot;123****8901&quot;}'>",
        },
        // Labels and columns.
        Case {
            page: "<tr><td>mobile：</td><td>1234567890</td></tr>",
            expect: "<tr><td>mobile：</td><td>******7890</td></tr>",
        },
        Case {
            page: "<dt>mobile</dt> <dd> 12345678901 </dd>",
            expect: "<dt>mobile</dt> <dd> 123****8901 </dd>",
        },
        Case {
            page: "<table><tr><th>x<th>mobile</tr><tr><td>a<td>12345678901</tr><tr><td>b<td>22345678902</tr></table><td>y",
            expect: "<table><tr><th>x<th>mobile</tr><tr><td>a<td>123****8901</tr><tr><td>b<td>223****8902</tr></table><td>y",
        },
        // A heading, a control's label and what follows a filled control are no values; a label's neighbour is.
        Case {
            page: "<tr><th>mobile</th><th>Rows 1234567</th><td>1234567890</td></tr>",
            expect: "<tr><th>mobile</th><th>Rows 1234567</th><td>1234567890</td></tr>",
        },
        Case {
            page: "<label>mobile</label><input value=12345678901><label>Rows 1234567</label>",
            expect: "<label>mobile</label><input value=123****8901><label>Rows 1234567</label>",
        },
        Case {
            page: "<label>mobile</label><label for=x>Rows 1234567</label>",
            expect: "<label>mobile</label><label for=x>Rows 1234567</label>",
        },
        Case {
            page: "<label>mobile</label><input type=hidden value=1><label>12345678901</label>",
            expect: "<label>mobile</label><input type=hidden value=*><label>123****8901</label>",
        },
        // Scripts, styles, comments, text areas.
        Case { page: "<script>f('13800138000<b>')</script>", expect: "<script>f('138****8000<b>')</script>" },
        Case {
            page: "<script type=application/json> {\"mobile\":\"1<2\\u0033456789\"} </script>",
            expect: "<script type=application/json> {\"mobile\":\"******6789\"} </script>",
        },
        Case { page: "<!-- 13800138000", expect: "<!-- 138****8000" },
        Case { page: "<!-->13800138000", expect: "<!-->138****8000" },
        Case {
            page: "<STYLE>/*13800138000*/</sTyle >13800138000",
            expect: "<STYLE>/*138****8000*/</sTyle >138****8000",
        },
        Case {
            page: "<textarea><b>138</b>&#48;0138000</textarea>",
            expect: "<textarea><b>138</b>&#48;0138000</textarea>",
        },
        // Broken markup hides nothing.
        Case { page: "<13800138000", expect: "<138****8000" },
        Case { page: "<p 13800138000", expect: "<p 138****8000" },
        Case { page: "<p a='13800138000", expect: "<p a='138****8000" },
        Case { page: "</p 13800138000><", expect: "</p 138****8000><" },
        Case { page: "<?x 13800138000?>&", expect: "<?x 138****8000?>&" },
    ];
    for case in cases {
        assert_eq!(html(&table, case.page), case.expect, "{}", case.page);
    }
}

#[test]
fn html_masks_can_not_become_markup() {
    let table = Table::all(keep(2, 2));
    let page = "<input name=mobile value='&lt;&quot;345678&gt;'>";
    assert_eq!(html(&table, page), "<input name=mobile value='&lt;&quot;*****8&gt;'>");
    let raw = "<script type=x>{\"mobile\":\"<\\/script>\"}</script>";
    assert_eq!(html(&table, raw), "<script type=x>{\"mobile\":\"<\\/*****t>\"}</script>");
}

#[test]
fn html_scan_points_at_what_it_finds() {
    let page = "<p>x &#49;3800138<b>000</b></p><p title='{&quot;mobile&quot;:&quot;77&quot;}'>";
    let findings = scan_as(Format::Html, page.as_bytes()).expect("readable");
    let found: Vec<(&str, &str)> =
        findings.iter().map(|finding| (finding.path.as_str(), at(page, finding))).collect();
    assert_eq!(found, [("", "&#49;3800138<b>000"), ("/!json/mobile", "77")]);
}

#[test]
fn t9_headers_are_treated() {
    let table = Table::all(keep(3, 4));
    let mut summary = Summary::default();
    let mut header =
        |name: &str, value: &str| header_as(&table, name, value, &mut summary).expect("not blocked");
    assert_eq!(header("X-Mobile", "12345678901").as_deref(), Some("123****8901"));
    assert_eq!(header("Password", "abc").as_deref(), Some("********"));
    assert_eq!(header("Location", "/c/13800138000?x=1").as_deref(), Some("/c/138****8000?x=1"));
    assert_eq!(header("Set-Cookie", "sid=abc; Path=/"), None);
    assert_eq!(header("Set-Cookie", "m=13800138000; Path=/").as_deref(), Some("m=138****8000; Path=/"));
    assert_eq!(header("Date", "Fri, 20 Nov 2026 06:00:00 GMT"), None);
    assert_eq!(header("Age", "12345678901"), None);
    assert_eq!(header("X-Whatever", "none"), None);
    assert_eq!(summary.masked.values().sum::<u64>(), 4);
    let blocking = Table::all(Treatment::Block);
    let blocked = header_as(&blocking, "x-mobile", "1", &mut summary);
    assert_eq!(blocked, Err(Uninspectable::Blocked(Category::Basic)));
}

fn header_as(
    table: &Table,
    name: &str,
    value: &str,
    summary: &mut Summary,
) -> Result<Option<String>, Uninspectable> {
    let mut workspace = Workspace::new([3, 4]);
    let mut treat = Treat::new(&Fake, table.plan(), Limits::default(), &mut workspace);
    header::treat(&mut treat, name, value, summary)
}

#[test]
fn c8_coded_lines_of_text_are_treated_where_they_stand() {
    let table = Table::all(fixed());
    let text = |body: &str| {
        let treated = treat_as(Format::Text, &table, body.as_bytes()).expect("treatable");
        String::from_utf8(treated.body).expect("UTF-8")
    };
    let cases = [
        (
            "first\n  {\\\"mobile\\\":\\\"1\\\"}\r\nlast 13800138000",
            "first\n  {\\\"mobile\\\":\\\"****\\\"}\r\nlast ****",
        ),
        ("a\nmobile=1&k=2\n\nsee /p?mobile=%31 now\n", "a\nmobile=****&k=2\n\nsee /p?mobile=**** now\n"),
        ("  bW9iaWxl\nPTEmYT0y \n", "  bW9iaWxlPSoqKiomYT0y \n"),
        (" eyJtb2JpbGUiOiIxIn0= \n", " eyJtb2JpbGUiOiIqKioqIn0= \n"),
    ];
    for (body, expect) in cases {
        assert_eq!(text(body), expect);
        let findings = scan_as(Format::Text, body.as_bytes()).expect("readable");
        assert!(
            findings.iter().all(|finding| [
                "1",
                "%31",
                "13800138000",
                "eyJtb2JpbGUiOiIxIn0=",
                "bW9iaWxl\nPTEmYT0y"
            ]
            .contains(&at(body, finding))),
            "{findings:?}"
        );
    }
}

#[test]
fn t9_coded_header_values_are_treated() {
    let table = Table::all(fixed());
    let header = |name: &str, value: &str| {
        header_as(&table, name, value, &mut Summary::default()).expect("not blocked")
    };
    assert_eq!(
        header("Location", "https://x.cn/cb?mobile=1&k=2").as_deref(),
        Some("https://x.cn/cb?mobile=****&k=2")
    );
    assert_eq!(header("X-Debug", "eyJtb2JpbGUiOiIxIn0=").as_deref(), Some("eyJtb2JpbGUiOiIqKioqIn0="));
    assert_eq!(header("X-Trace", "{\"mobile\":\"1\"}").as_deref(), Some("{\"mobile\":\"****\"}"));
    let cookie = "password=abc; Path=/; m=%7B%22mobile%22%3A%221%22%7D; n=13800138000";
    let expect = "password=abc; Path=/; m=%7B%22mobile%22%3A%22****%22%7D; n=****";
    assert_eq!(header("Set-Cookie", cookie).as_deref(), Some(expect));
    assert_eq!(header("ETag", "\"eyJtb2JpbGUiOiIxIn0=\"").as_deref(), Some("\"eyJtb2JpbGUiOiIqKioqIn0=\""));
}
