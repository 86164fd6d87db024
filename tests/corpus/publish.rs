//! The figures in public: thresholds that fail a run, and the table in the READMEs.

use crate::report::{Count, Report, percent};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

const THRESHOLDS: &str = include_str!("thresholds.tsv");
const BEGIN: &str = "<!-- corpus: figures, written by `corpus readme` -->";
const END: &str = "<!-- corpus: end -->";

/// Prints the rows that have thresholds and fails when one is below its own.
pub fn check(open: &Report, held: &Report) -> ExitCode {
    let mut status = ExitCode::SUCCESS;
    for line in THRESHOLDS.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [half, axis, name, measure, bound] = columns[..] else {
            panic!("a threshold has five columns: `{line}`")
        };
        let report = if half == "open" { open } else { held };
        let count =
            report.at(axis, name).unwrap_or_else(|| panic!("no row `{axis}`, `{name}` in the report"));
        let bound: f64 = bound.parse().expect("a bound is a number");
        let (figure, good) = figure(count, measure, bound);
        if !good {
            status = ExitCode::FAILURE;
        }
        let verdict = if good { "good" } else { "FAILED" };
        println!(
            "{verdict:<6} {half:<5} {axis:<9} {name:<40} {measure:<10} {figure:>9.4}  threshold {bound}"
        );
    }
    status
}

/// Prints a file of thresholds a little under these figures. A threshold is only ever raised: see the README.
pub fn thresholds(open: &Report, held: &Report) {
    println!("# What a run must reach: half, axis, name, measure, bound (least share, or most documents).");
    println!("# Written by `corpus thresholds`; bounds go up, not down.");
    for (half, report) in [("open", open), ("held", held)] {
        for axis in ["all", "level", "group", "format"] {
            for (name, count) in report.axis(axis) {
                let under = |share: f64| (share * 1000.0 - 5.0).floor().max(0.0) / 1000.0;
                let line = |measure: &str, bound: f64| println!("{half}\t{axis}\t{name}\t{measure}\t{bound}");
                if count.values > 0 {
                    line("recall", under(count.recall()));
                }
                if count.hits > 0 {
                    line("precision", under(count.precision()));
                }
                if axis == "all" {
                    line("left", under(count.left()));
                    line("mixed", count.mixed as f64);
                }
                if count.documents > 0 {
                    line("refused", count.refused as f64);
                    line("broken", count.broken as f64);
                }
            }
        }
    }
}

fn figure(count: &Count, measure: &str, bound: f64) -> (f64, bool) {
    let at_least = |figure: f64| (figure, figure >= bound);
    let at_most = |figure: usize| (figure as f64, figure as f64 <= bound);
    match measure {
        "recall" => at_least(count.recall()),
        "precision" => at_least(count.precision()),
        "naming" => at_least(count.naming()),
        "left" => at_least(count.left()),
        "broken" => at_most(count.broken),
        "mixed" => at_most(count.mixed),
        "refused" => at_most(count.refused),
        other => panic!("`{other}` is no measure"),
    }
}

/// Writes the table of the held half between the marks of both READMEs.
pub fn readme(held: &Report) -> ExitCode {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    for (file, chinese) in [("README.md", false), ("README.zh-CN.md", true)] {
        let path = root.join(file);
        let text = std::fs::read_to_string(&path).expect("the README is read");
        let written = text.split_once(BEGIN).and_then(|(before, rest)| {
            let (_, after) = rest.split_once(END)?;
            Some(format!("{before}{BEGIN}\n{}{END}{after}", table(held, chinese)))
        });
        let Some(written) = written else {
            eprintln!("{file} has no place for the figures: `{BEGIN}` and `{END}`");
            return ExitCode::FAILURE;
        };
        std::fs::write(&path, written).expect("the README is written");
    }
    ExitCode::SUCCESS
}

/// Rows of the READMEs: axis, name, and the name in Chinese.
const ROWS: &[(&str, &str, &str)] = &[
    ("level", "4", "四级"),
    ("level", "3", "三级"),
    ("level", "2", "二级"),
    ("group", "document numbers, key", "证件号码（字段）"),
    ("group", "document numbers, text", "证件号码（自由文本）"),
    ("group", "mobiles, key", "手机号（字段）"),
    ("group", "mobiles, text", "手机号（自由文本）"),
    ("group", "bank cards and accounts, key", "银行卡与账号（字段）"),
    ("group", "bank cards and accounts, text", "银行卡与账号（自由文本）"),
    ("group", "names, key", "姓名（字段）"),
    ("group", "names, text", "姓名（自由文本）"),
    ("group", "addresses, key", "地址（字段）"),
    ("group", "addresses, text", "地址（自由文本）"),
];

fn table(report: &Report, chinese: bool) -> String {
    let all = report.at("all", "all").copied().unwrap_or_default();
    let mut out = String::new();
    let heads = if chinese {
        "| | 数据项 | 召回率 | 精确率 |\n"
    } else {
        "| | values | recall | precision |\n"
    };
    out.push_str(heads);
    out.push_str("|---|---:|---:|---:|\n");
    for (axis, name, zh) in ROWS {
        let Some(count) = report.at(axis, name) else { continue };
        let english = if *axis == "level" { format!("level {name}") } else { format_group(name) };
        let name = if chinese { (*zh).to_owned() } else { english };
        let recall = percent(count.recall(), count.values);
        let precision = percent(count.precision(), count.hits + count.false_hits);
        let _ = writeln!(out, "| {name} | {} | {recall} | {precision} |", count.values);
    }
    let heads = if chinese {
        "\n| 格式 | 文档 | 拒绝 | 损坏 | 召回率 | 精确率 |\n"
    } else {
        "\n| format | documents | refused | broken | recall | precision |\n"
    };
    out.push_str(heads);
    out.push_str("|---|---:|---:|---:|---:|---:|\n");
    let everything = if chinese { "全部" } else { "all" };
    for (name, count) in [(everything, &all)].into_iter().chain(report.axis("format")) {
        let _ = writeln!(
            out,
            "| {name} | {} | {} | {} | {} | {} |",
            count.documents,
            count.refused,
            count.broken,
            percent(count.recall(), count.values),
            percent(count.precision(), count.hits + count.false_hits)
        );
    }
    let left = percent(all.left(), all.kept);
    let note = if chinese {
        format!(
            "\n貌似个人信息而并非的 {} 项（订单号、时间戳、证券代码与名称、公司、热线等）中 {left} 保持原样；两人数据相混的文档：{}。\n",
            all.kept, all.mixed
        )
    } else {
        format!(
            "\nOf {} look-alikes (order numbers, epoch times, security codes and names, companies, hotlines …) {left} stayed\nas they were; documents with two people's data mixed: {}.\n",
            all.kept, all.mixed
        )
    };
    out.push_str(&note);
    out
}

fn format_group(name: &str) -> String {
    name.replace(", key", " under a field name").replace(", text", " in free text")
}
