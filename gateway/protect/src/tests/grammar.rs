use super::*;

/// The cases of JSONTestSuite's `test_parsing` that its collection adds to RFC 8259's own examples live outside this
/// repository; where `JSON_TEST_SUITE` names the directory they run too.
#[test]
fn the_json_test_suite_is_read_to_the_letter() {
    let Some(directory) = std::env::var_os("JSON_TEST_SUITE") else { return };
    let clear = Table::all(Treatment::Clear);
    let mut seen = 0;
    for entry in std::fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        let body = std::fs::read(&path).expect("a file");
        let treated = treat_as(Format::Json, &clear, &body);
        let name = path.file_name().expect("a name").to_string_lossy();
        match name.get(..2) {
            Some("y_") => assert_eq!(treated.expect(&name).body, body, "{name}"),
            Some("n_") => assert!(treated.is_err(), "{name}"),
            _ => assert!(treated.is_err() || treated.is_ok_and(|treated| treated.body == body), "{name}"),
        }
        seen += 1;
    }
    assert!(seen > 300, "{seen} files");
}

#[test]
fn json_is_read_as_rfc_8259_says() {
    struct Case {
        body: &'static [u8],
        reads: bool,
    }
    let yes = |body: &'static str| Case { body: body.as_bytes(), reads: true };
    let no = |body: &'static str| Case { body: body.as_bytes(), reads: false };
    let cases = [
        yes("0"),
        yes(" -0.0e+1 "),
        yes("\"\""),
        yes("null"),
        yes("[]"),
        yes("{}"),
        yes("\r\n[ 1 , 2\t]\n"),
        yes("{\"a\":1,\"a\":2}"),
        yes("\u{feff}[true]"),
        yes("[\"\\u0000\\uD83D\\uDE00\"]"),
        yes("[123456789012345678901234567890123, 1E400]"),
        no(""),
        no(" "),
        no("\u{feff}"),
        no("\u{feff}\u{feff}1"),
        no("[1,]"),
        no("[,1]"),
        no("[1 2]"),
        no("{\"a\" 1}"),
        no("{\"a\":}"),
        no("{\"a\":1,}"),
        no("{a:1}"),
        no("{1:1}"),
        no("[1}"),
        no("{]"),
        no("[[]"),
        no("[]]"),
        no("1 1"),
        no("01"),
        no("+1"),
        no("1."),
        no(".1"),
        no("1e"),
        no("-"),
        no("0x1"),
        no("tru"),
        no("truex"),
        no("True"),
        no("NaN"),
        no("'a'"),
        no("\"a"),
        no("\"a\nb\""),
        no("\"\t\""),
        no("\"\\x\""),
        no("\"\\"),
        no("\"\\\""),
        no("[\"\\uD83D\"]"),
        no("[\"\\uDE00\\uD83D\"]"),
        no("\"a\"b"),
        no("[\u{a0}1]"),
        no("[1]\u{0}"),
        no("[1]//"),
        Case { body: b"[\"\xff\"]", reads: false },
        Case { body: b"[\"\xed\xa0\x80\"]", reads: false },
        Case { body: b"[\"\xc0\xaf\"]", reads: false },
    ];
    let clear = Table::all(Treatment::Clear);
    for case in cases {
        let treated = treat_as(Format::Json, &clear, case.body);
        let name = String::from_utf8_lossy(case.body);
        match case.reads {
            true => assert_eq!(treated.expect(&name).body, case.body, "{name}"),
            false => assert!(treated.is_err(), "{name}"),
        }
    }
}

#[test]
fn grammar_holds_wherever_a_block_ends() {
    let clear = Table::all(Treatment::Clear);
    for pad in 0..140 {
        let good = format!("{}[\"a\\\\\\\"b\\u00e9\", -12.5e3, {{\"k\": true}}]", " ".repeat(pad));
        assert_eq!(treat(&clear, &good), good);
        for bad in ["[\"a\\\\\"b\"]", "[12.5e]", "[nul]", "[\"a]", "[\"\u{1}\"]"] {
            let bad = format!("{}{bad}", " ".repeat(pad));
            assert!(treat_as(Format::Json, &clear, bad.as_bytes()).is_err(), "{bad}");
        }
    }
}

#[test]
fn nesting_is_bounded_without_recursion() {
    let clear = Table::all(Treatment::Clear);
    for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("[{\"a\":", "}]")] {
        let deep = format!("{}1{}", open.repeat(200_000), close.repeat(200_000));
        let treated = treat_as(Format::Json, &clear, deep.as_bytes());
        assert_eq!(treated.err(), Some(Uninspectable::TooDeep { limit: 128 }));
    }
    let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    assert!(treat_as(Format::Json, &clear, nested(128).as_bytes()).is_ok());
    assert!(treat_as(Format::Json, &clear, nested(129).as_bytes()).is_err());
    // JSON in strings counts in.
    let within = |depth: usize| format!("[\"{}\"]", nested(depth));
    assert!(treat_as(Format::Json, &clear, within(127).as_bytes()).is_ok());
    assert!(treat_as(Format::Json, &clear, within(128).as_bytes()).is_err());
    // An unclosed flood of brackets is no deeper than the limit either.
    assert!(treat_as(Format::Json, &clear, "[".repeat(1_000_000).as_bytes()).is_err());
}

#[test]
fn hostile_names_do_not_grow_what_is_kept() {
    let clear = Table::all(Treatment::Clear);
    let mut workspace = Workspace::new([5, 6]);
    for round in 0..3 {
        let members: Vec<String> = (0..20_000).map(|at| format!("\"k{round}x{at}\":1")).collect();
        let body = format!("{{{}}}", members.join(","));
        let input = Input {
            classifier: &Fake,
            limits: Limits::default(),
            format: Format::Json,
            body: body.as_bytes(),
        };
        workspace.begin(0);
        body::treat(&input, clear.plan(), &PseudonymKey::new([7; 32]), &mut workspace).expect("treatable");
        assert!(workspace.learned() <= 4096, "{}", workspace.learned());
    }
}
