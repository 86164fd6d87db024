use super::*;
use clap::CommandFactory as _;

#[test]
fn the_command_line_is_well_formed() {
    Cli::command().debug_assert();
}

#[test]
fn problems_are_printed_for_people_and_programs() {
    use yingbi_policies::{Place, Text};
    let problem = Diagnostic {
        code: "YB0003",
        severity: Severity::Error,
        place: Place { file: "yingbi.yaml".to_owned(), line: 3, column: 7, bytes: 20..25 },
        message: Text::new("unknown key `adress`", "未知的键 `adress`"),
        help: Text::new("did you mean `address`?", "是否想写 `address`？"),
    };
    assert_eq!(
        text(&problem, Language::English),
        "yingbi.yaml:3:7: error[YB0003]: unknown key `adress`\n  help: did you mean `address`?"
    );
    assert_eq!(
        text(&problem, Language::Chinese),
        "yingbi.yaml:3:7: 错误[YB0003]: 未知的键 `adress`\n  建议: 是否想写 `address`？"
    );
    let machine = machine(&problem);
    assert_eq!((machine["line"].as_u64(), machine["bytes"][1].as_u64()), (Some(3), Some(25)));
}
