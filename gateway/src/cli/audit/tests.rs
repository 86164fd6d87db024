use super::*;
use clap::Parser;

#[derive(Debug, Parser)]
struct Cli {
    #[command(flatten)]
    audit: AuditArgs,
}

fn parse(line: &str) -> Result<AuditArgs, clap::Error> {
    Cli::try_parse_from(std::iter::once("audit").chain(line.split_whitespace())).map(|cli| cli.audit)
}

fn code(line: &str) -> ExitCode {
    run(parse(line).unwrap())
}

#[test]
fn arguments_are_well_formed() {
    use clap::CommandFactory as _;
    Cli::command().debug_assert();
    assert!(parse("search --dir d --subject x --subject-pseudonym y").is_err());
    assert!(parse("verify --dir d --sequence 3").is_err());
    assert!(parse("verify bundle.json").is_err(), "a bundle is believed under a key only");
    assert!(parse("verify bundle.json --public-key k --dir d").is_err());
    assert!(parse("search --dir d --follow --limit 3").is_err());
}

#[test]
fn e2_who_is_searched_for_is_not_printed() {
    let args = parse("search --dir d --subject 80001234 --caller zhang.san --key k").unwrap();
    let printed = format!("{args:?}");
    assert!(!printed.contains("80001234") && !printed.contains("zhang.san"), "{printed}");
}

#[test]
fn e2_what_was_asked_is_recorded_without_what_might_be_a_person() {
    let shown = |line: &str| {
        #[derive(Debug, Parser)]
        struct Only {
            #[command(flatten)]
            filter: filter::FilterArgs,
        }
        let words = std::iter::once("audit").chain(line.split(' '));
        filter::shown(&Only::try_parse_from(words).unwrap().filter.filter().unwrap())
    };
    let id = "0123456789abcdef0123456789abcdef";
    for (asked, expect) in [
        (format!("--subject-pseudonym {id}"), format!("subject={id}")),
        (format!("--trace {id}"), format!("trace={id}")),
        ("--decision-id 0123456789abcdef-0000000001".to_owned(), "id=0123456789abcdef-0000000001".to_owned()),
        ("--trace 13800138000".to_owned(), "trace=given".to_owned()),
        ("--decision-id 110101199003071234".to_owned(), "id=given".to_owned()),
        ("--route /customers/{id} --level 3".to_owned(), "route=/customers/{id} level=3".to_owned()),
        ("--route /customers/80001234".to_owned(), "route=given".to_owned()),
        ("--purpose 张三".to_owned(), "purpose=given".to_owned()),
        ("--rule teller-sees-masked".to_owned(), "rule=teller-sees-masked".to_owned()),
    ] {
        assert_eq!(shown(&asked), expect);
    }
}

#[test]
fn exit_codes_tell_usage_config_and_broken_apart() {
    let dir = std::env::temp_dir().join(format!("yingbi-cli-audit-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let at = dir.display();
    let key = dir.join("key");
    std::fs::write(&key, "not a key").unwrap();
    let bad_key = key.display();
    let cases = [
        ("verify".to_owned(), 64),
        (format!("verify --dir {at} --public-key {bad_key}"), 78),
        (format!("verify {at}/none --public-key {bad_key}"), 78),
        (format!("who-saw --dir {at}"), 64),
        (format!("seen-by --dir {at} --level 3"), 64),
        (format!("touched --dir {at} --category basic.mobile"), 0),
        (format!("prove --dir {at} 3"), 1),
        (format!("prove --dir {at} d-3"), 1),
        (format!("verify --config {at}/none"), 78),
        (format!("verify --dir {at}/none"), 1),
        (format!("verify --dir {at}"), 1),
        (format!("verify --dir {at} --head 12"), 64),
        (format!("search --dir {at} --subject 80001234"), 64),
        (format!("search --dir {at} --subject 80001234 --key {bad_key}"), 78),
        (format!("search --dir {at} --subject 80001234 --key {at}/none"), 78),
        (format!("search --dir {at} --subject-pseudonym 80001234"), 64),
        (format!("search --dir {at} --level 5"), 64),
        (format!("search --dir {at} --category nonsense"), 64),
        (format!("search --dir {at} --from yesterday"), 64),
        (format!("search --dir {at} --from 2026-11-20 --to 2026-11-20T08:00:00+08:00 --level 3"), 0),
        (format!("search --dir {at} --category basic.mobile --format csv"), 0),
    ];
    for (line, expect) in cases {
        assert_eq!(code(&line), ExitCode::from(expect), "{line}");
    }
    std::fs::remove_dir_all(&dir).unwrap();
}

#[test]
fn tables_align_across_scripts_and_cannot_steer_a_terminal() {
    let mut out = Vec::new();
    let rows = [["序号", "x"], ["1", "y"], ["12345", "z"]].map(|row| row.map(str::to_owned).to_vec());
    table::write(&mut out, &rows).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), "序号   x\n1      y\n12345  z\n");
    assert_eq!(table::plain("a\u{1b}[31mb\n"), "a\u{fffd}[31mb\u{fffd}");
}
