use super::*;
use crate::body::{self, Input};
use crate::plan::table::{Rules, Table};
use crate::tree::Workspace;
use crate::{Format, Limits, Uninspectable};
use yingbi_classifiers::Classifier;
use yingbi_crypto::PseudonymKey;
use yingbi_policies::Treatment;

fn treat_in(
    workspace: &mut Workspace,
    table: &Table,
    format: Format,
    body: &str,
) -> Result<(), Uninspectable> {
    let input =
        Input { classifier: Classifier::shipped(), limits: Limits::default(), format, body: body.as_bytes() };
    workspace.begin(0);
    let treated = body::treat(&input, table.plan(), &PseudonymKey::new([7; 32]), workspace);
    workspace.finish();
    treated.map(drop)
}

fn clear() -> Table {
    Table::all(Treatment::Clear)
}

/// `path kind counts` of all that was found, sorted.
fn taken(workspace: &mut Workspace) -> Vec<String> {
    let mut sightings = vec![];
    workspace.fields.take(&mut sightings);
    let shown = |Sighting { field, counts }: Sighting| {
        let Outcomes { clear, masked, dropped, blocked } = counts;
        format!("{} {} {clear}/{masked}/{dropped}/{blocked}", field.path, field.kind.id())
    };
    let mut shown: Vec<_> = sightings.into_iter().map(shown).collect();
    shown.sort();
    shown
}

fn found(format: Format, body: &str) -> Vec<String> {
    let mut workspace = Workspace::new([1, 2]);
    treat_in(&mut workspace, &clear(), format, body).expect("readable");
    taken(&mut workspace)
}

#[test]
fn c7_fields_are_patterns_of_paths() {
    let body = r#"{"code":0,"data":[{"client_name":"张三丰","mobile_tel":"13800138000","contacts":[{"mobile_tel":"13912345678"}]},
        {"client_name":"李四光","mobile_tel":"13800138001","contacts":[]}],"total":2}"#;
    let expected = [
        "/data/*/client_name basic.name 2/0/0/0",
        "/data/*/contacts/*/mobile_tel basic.mobile 1/0/0/0",
        "/data/*/mobile_tel basic.mobile 2/0/0/0",
    ];
    assert_eq!(found(Format::Json, body), expected);
}

#[test]
fn c7_each_way_to_stand_in_a_body_has_its_pattern() {
    let cases = [
        (Format::Json, r#""13800138000""#, "!body basic.mobile"),
        (Format::Json, r#"["13800138000"]"#, "/* basic.mobile"),
        (Format::Json, r#"[["13800138000"]]"#, "/*/* basic.mobile"),
        (Format::Json, r#"{"a":{"b":[{"mobile":"13800138000"}]}}"#, "/a/b/*/mobile basic.mobile"),
        (Format::Json, r#"{"\u006dobile":"13800138000"}"#, "/mobile basic.mobile"),
        (Format::Json, r#"{"手机号":"13800138000"}"#, "/手机号 basic.mobile"),
        (Format::Json, r#"{"payload":"{\"mobile\":\"13800138000\"}"}"#, "/payload/!json/mobile basic.mobile"),
        (
            Format::Json,
            r#"{"a":[{"x":1},"{\"b\":[{\"mobile\":\"13800138000\"}]}"],"z":1}"#,
            "/a/*/!json/b/*/mobile basic.mobile",
        ),
        (Format::Json, r#"{"next":"/list?mobile=13800138000"}"#, "/next basic.mobile"),
        (Format::Json, r#"{"remark":"请回电13800138000"}"#, "/remark basic.mobile"),
        (Format::Json, r#"{"13800138000":1}"#, "/!key basic.mobile"),
        (Format::Text, "请回电13800138000", "!body basic.mobile"),
        (
            Format::Csv,
            "page,mobile_tel\r\n1,13800138000\r\n2,13800138001\r\n",
            "/*/mobile_tel basic.mobile 2",
        ),
        (Format::Csv, "2026-11-20,13800138000\r\n", "/*/* basic.mobile"),
        (Format::Form, "page=1&mobile=13800138000", "/mobile basic.mobile"),
        (Format::Text, "{\"mobile\":\"13800138000\"}\n{\"mobile\":\"13800138001\"}", "/mobile basic.mobile"),
        (Format::Html, "<p>请回电13800138000</p>", "!body basic.mobile"),
    ];
    for (format, body, expected) in cases {
        let found = found(format, body);
        assert!(found.len() == 1 && found[0].starts_with(expected), "{body}: {found:?}");
    }
}

#[test]
fn what_is_read_after_an_inner_document_stands_in_the_outer() {
    let body = r#"{"a":{"p":"{\"mobile\":\"13800138000\"}","mobile":"13800138000"},"mobile":"13800138000"}"#;
    let expected = [
        "/a/!json/mobile basic.mobile",
        "/a/mobile basic.mobile",
        "/a/p/!json/mobile basic.mobile",
        "/mobile basic.mobile",
    ];
    let found = found(Format::Json, body);
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found.iter().all(|found| expected.iter().any(|one| found.starts_with(one))), "{found:?}");
}

#[test]
fn e2_names_that_may_be_somebodys_are_not_kept() {
    let hidden = [
        "13800138000",
        "110101199003077774",
        "80001234",
        "张三丰",
        "张三丰的手机",
        "张三手机号",
        "欧阳修文身份证号",
        "a@b.com",
        "E12345678",
        "zhang san",
        "6222021234567890342",
        "０１２３４５",
        "司马光耀",
        "A1B2C3D4",
        "Zx9-qW81p",
        "=cmd|'/c calc'!A1",
        "",
        "1",
        "a/b",
        "x\u{202e}y",
        "<b>",
    ];
    for name in hidden {
        assert!(!is_field_name(name, Classifier::shipped()), "{name}");
        let body =
            serde_json::json!({ name: {"mobile": "13800138000"}, "list": [{"mobile": "13800138000"}] });
        let found = found(Format::Json, &body.to_string());
        assert!(
            found.iter().all(|found| name.is_empty() || name == "1" || !found.contains(name)),
            "{name}: {found:?}"
        );
        assert!(found.iter().any(|found| found.starts_with("/!key/mobile ")), "{name}: {found:?}");
    }
    for name in [
        "mobile",
        "mobile_no2",
        "sha256",
        "oauth2Token",
        "$ref",
        "@type",
        "soap:Body",
        "手机号",
        "客户姓名",
        "联系人手机",
        "x-y",
        "_id",
    ] {
        assert_eq!(is_field_name(name, Classifier::shipped()), name != "@type", "{name}");
    }
}

#[test]
fn outcomes_are_counted_by_field() {
    let table = Table {
        other: Rules::all(Treatment::Clear)
            .with(Kind::Mobile, Treatment::Drop)
            .with(Kind::Password, Treatment::Block),
        ..clear()
    };
    let mut workspace = Workspace::new([1, 2]);
    treat_in(&mut workspace, &table, Format::Json, r#"{"mobile":"13800138000","email":"a.b@example.com"}"#)
        .expect("readable");
    assert_eq!(taken(&mut workspace), ["/email basic.email 1/0/0/0", "/mobile basic.mobile 0/0/1/0"]);
    let blocked = treat_in(
        &mut workspace,
        &table,
        Format::Json,
        r#"{"email":"a.b@example.com","u":{"trade_pwd":"135790"}}"#,
    );
    assert!(matches!(blocked, Err(Uninspectable::Blocked(_))));
    let expected = ["/email basic.email 1/0/0/0", "/u/trade_pwd credential.account.password 0/0/0/1"];
    assert_eq!(taken(&mut workspace), expected);
    assert_eq!(taken(&mut workspace), Vec::<String>::new(), "each is told once");
}

#[test]
fn made_up_names_neither_grow_nor_hide() {
    let mut workspace = Workspace::new([1, 2]);
    let name =
        |n: usize| n.to_string().bytes().map(|digit| char::from(digit - b'0' + b'a')).collect::<String>();
    for round in 0..3 {
        let members: Vec<_> = (0..30_000)
            .map(|n| format!(r#""f{}":{{"mobile":"13800138000"}}"#, name(round * 30_000 + n)))
            .collect();
        let body = format!("{{{}}}", members.join(","));
        treat_in(&mut workspace, &clear(), Format::Json, &body).expect("readable");
        assert!(workspace.fields.fields.len() <= MOST + Kind::COUNT);
        assert!(workspace.fields.patterns.len() <= MOST && workspace.fields.names.len() <= MOST);
        let mut sightings = vec![];
        workspace.fields.take(&mut sightings);
        assert_eq!(sightings.iter().map(|one| one.counts.clear).sum::<u64>(), 30_000, "none is lost");
        assert!(sightings.iter().all(|one| one.field.path.len() <= LONGEST + 8));
    }
    // An honest body afterwards is learned again.
    treat_in(&mut workspace, &clear(), Format::Json, r#"{"mobile":"13800138000"}"#).expect("readable");
    assert_eq!(taken(&mut workspace), ["/mobile basic.mobile 1/0/0/0"]);
}

#[test]
fn deep_paths_are_bounded() {
    let depth = 100;
    let body =
        format!("{}{}{}", r#"{"children":"#.repeat(depth), r#"{"mobile":"13800138000"}"#, "}".repeat(depth));
    let found = found(Format::Json, &body);
    assert_eq!(found.len(), 1);
    assert!(found[0].len() < LONGEST + 40 && found[0].contains("/!more "), "{found:?}");
}

#[test]
fn findings_of_requests_become_patterns() {
    for (path, pattern) in [
        ("/data/0/mobile", "/data/*/mobile"),
        ("/!query/mobile", "/!query/mobile"),
        ("/13800138000/x", "/*/x"),
        ("/张三丰/手机号", "/!key/手机号"),
        ("/a~1b/c", "/!key/c"),
        ("/!evil/c", "/!key/c"),
        ("", ""),
    ] {
        assert_eq!(pattern_of(path, Classifier::shipped()), pattern, "{path}");
    }
}

#[test]
fn c7_patterns_are_made_once_for_all_records() {
    let mut patterns = Patterns::default();
    let classifier = Classifier::shipped();
    for record in 0..2000 {
        assert_eq!(patterns.of(&format!("/data/{record}/mobile"), classifier), "/data/*/mobile");
    }
    assert_eq!(patterns.of("", classifier), "");
    assert_eq!(patterns.of("/张三丰/x", classifier), "/!key/x");
    // Whoever makes up names does not make work without end.
    let made_up: Vec<String> =
        (0..2000).map(|n| format!("/k{}", "a".repeat(n % 60) + &n.to_string())).collect();
    let hidden = made_up.iter().filter(|path| patterns.of(path, classifier) == "/!more").count();
    assert!(hidden >= 1400, "{hidden}");
    assert_eq!(patterns.of("/data/7/mobile", classifier), "/data/*/mobile", "what is known stays known");
}
