//! The report as one page: no script, no font, no image of anybody's, and it prints as it shows.

use super::clauses::listed;
use super::registers::Provision;
use super::{Report, say};
use std::fmt::Write as _;
use yingbi_policies::Language;

/// The page.
pub(super) fn page(report: &Report, language: Language) -> String {
    let t = |en: &str, zh: &str| escaped(&say(language, en, zh));
    let title =
        t("Protection of personal information: report of the access log", "个人信息保护：访问日志报告");
    let lang = if language == Language::Chinese { "zh-CN" } else { "en" };
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"{lang}\">\n<head>\n<meta charset=\"utf-8\">\n<title>{title}</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
    );
    let open = |end: &Option<String>, text: String| end.as_deref().map_or(text, escaped);
    let verdict = if report.proof.good { t("whole", "完整") } else { t("NOT WHOLE", "不完整") };
    let mut rows = vec![
        (
            t("Period", "期间"),
            format!(
                "{} – {}",
                open(&report.from, t("from the beginning", "自始")),
                open(&report.to, t("until now", "至今"))
            ),
        ),
        (t("Made", "生成时间"), escaped(&report.made)),
        (t("Log", "日志"), format!("{} · <b>{verdict}</b>", escaped(&report.proof.stream))),
        (t("Records", "记录"), report.proof.records.to_string()),
        (t("Open findings", "未决发现"), report.open_findings.to_string()),
    ];
    if let (Some(sequence), Some(hash)) = (report.proof.head_sequence, &report.proof.head_sm3) {
        rows.push((t("Last record", "末条记录"), format!("{sequence} · SM3 <code>{}</code>", escaped(hash))));
    }
    rows.push((
        t("Checkpoints", "检查点"),
        format!(
            "{} · {} {} · {} {}",
            report.proof.checkpoints,
            report.proof.signed,
            t("signed, checked", "已验签"),
            report.proof.witnessed_records,
            t("records witnessed", "条记录已见证")
        ),
    ));
    if let Some(time) = &report.proof.time_stamped_at {
        rows.push((t("Time stamp", "可信时间戳"), escaped(time)));
    }
    page.push_str("<table class=\"facts\">\n");
    rows.iter().for_each(|(name, value)| {
        let _ = writeln!(page, "<tr><th>{name}</th><td>{value}</td></tr>");
    });
    page.push_str("</table>\n");

    heading(&mut page, &t("Clause by clause", "逐条"));
    head(
        &mut page,
        &[t("Clause", "条款"), t("Promise", "承诺"), t("Figures", "数据"), t("Open findings", "未决发现")],
    );
    for clause in &report.clauses {
        let findings = match clause.findings.as_slice() {
            [] => "–".to_owned(),
            findings => {
                let items: String = findings.iter().map(|one| format!("<li>{}</li>", escaped(one))).collect();
                format!("<ul class=\"open\">{items}</ul>")
            }
        };
        let cells = [escaped(clause.clause), escaped(&clause.promise), escaped(&clause.figures), findings];
        row(&mut page, &cells);
    }
    page.push_str("</tbody></table>\n");

    heading(&mut page, &t("Values by category", "按类别统计取值"));
    head(
        &mut page,
        &[t("Category", "类别"), t("In clear", "明文"), t("Masked", "脱敏"), t("Left out", "删除")],
    );
    let figures = &report.figures;
    let mut categories: Vec<&String> =
        figures.clear.keys().chain(figures.masked.keys()).chain(figures.dropped.keys()).collect();
    categories.sort_unstable();
    categories.dedup();
    for category in categories {
        let of = |counts: &std::collections::BTreeMap<String, u64>| {
            counts.get(category).copied().unwrap_or(0).to_string()
        };
        let cells = [escaped(category), of(&figures.clear), of(&figures.masked), of(&figures.dropped)];
        row(&mut page, &cells);
    }
    page.push_str("</tbody></table>\n");

    let registers = &report.registers;
    for (title, provisions) in [
        (
            t("Register: provided to third parties (8.7.2 e)", "登记簿：向第三方提供（8.7.2 e）"),
            &registers.third_parties,
        ),
        (t("Register: provided abroad (8.7.3)", "登记簿：出境（8.7.3）"), &registers.abroad),
        (t("Register: publications (8.8.1.2 f)", "登记簿：公开（8.8.1.2 f）"), &registers.publications),
    ] {
        heading(&mut page, &title);
        provisions_table(&mut page, provisions, language);
    }
    heading(&mut page, &t("Register: exceptions and break-glass", "登记簿：例外与紧急取权"));
    if registers.exceptions.is_empty() {
        let _ = writeln!(page, "<p>{}</p>", t("None.", "无。"));
    } else {
        head(
            &mut page,
            &[
                t("Record", "记录"),
                t("Time", "时间"),
                t("Event", "事件"),
                t("By", "人员"),
                t("Details", "详情"),
            ],
        );
        for one in &registers.exceptions {
            let detail: Vec<String> =
                one.detail.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let cells = [
                one.sequence.to_string(),
                escaped(&one.time),
                escaped(&one.event),
                escaped(&one.by),
                escaped(&detail.join(" · ")),
            ];
            row(&mut page, &cells);
        }
        page.push_str("</tbody></table>\n");
    }

    heading(&mut page, &t("Grades by the gateway's own figures", "依网关数据的分级自评"));
    let _ = writeln!(page, "<p class=\"note\">{}</p>", escaped(&report.grades_note));
    head(&mut page, &[t("Area", "领域"), t("Grade", "等级"), t("Criteria", "准则")]);
    for grade in &report.grades {
        let criteria: String = grade
            .criteria
            .iter()
            .map(|one| format!("<li>{} {}</li>", if one.met { "✓" } else { "✗" }, escaped(&one.text)))
            .collect();
        let cells = [escaped(&grade.area), format!("{} / 5", grade.grade), format!("<ul>{criteria}</ul>")];
        row(&mut page, &cells);
    }
    page.push_str("</tbody></table>\n");
    let note = t(
        "Every figure is counted from the log named above; `yingbi audit verify` shows that it is whole. Investors and callers \
         are pseudonyms.",
        "全部数据取自上述日志；可用 `yingbi audit verify` 核验其完整。投资者与调用方均为假名。",
    );
    let _ = writeln!(page, "<p class=\"note\">{note}</p>\n</body>\n</html>");
    page
}

fn provisions_table(page: &mut String, provisions: &[Provision], language: Language) {
    let t = |en: &str, zh: &str| escaped(&say(language, en, zh));
    if provisions.is_empty() {
        let _ = writeln!(page, "<p>{}</p>", t("None.", "无。"));
        return;
    }
    head(
        page,
        &[
            t("Recipient", "接收方"),
            t("Purpose", "目的"),
            t("Basis", "基础"),
            t("Dates", "日期"),
            t("Scale", "规模"),
            t("In clear", "明文范围"),
            t("Treated", "经处置范围"),
        ],
    );
    for one in provisions {
        let day = |time: &str| escaped(time.split('T').next().unwrap_or_default());
        let dates = match day(&one.first) == day(&one.last) {
            true => day(&one.first),
            false => format!("{} – {}", day(&one.first), day(&one.last)),
        };
        let scale =
            format!("{} {} · {} {}", one.investors, t("investors", "人"), one.accesses, t("times", "次"));
        let cells = [
            match one.country.is_empty() {
                true => escaped(&one.recipient),
                false => format!("{} ({})", escaped(&one.recipient), escaped(&one.country)),
            },
            escaped(&one.purpose),
            escaped(&one.basis),
            dates,
            scale,
            escaped(&listed(&one.clear)),
            escaped(&listed(&one.treated)),
        ];
        row(page, &cells);
    }
    page.push_str("</tbody></table>\n");
}

fn heading(page: &mut String, text: &str) {
    let _ = writeln!(page, "<h2>{text}</h2>");
}

fn head(page: &mut String, cells: &[String]) {
    let cells: String = cells.iter().map(|cell| format!("<th>{cell}</th>")).collect();
    let _ = writeln!(page, "<table><thead><tr>{cells}</tr></thead><tbody>");
}

fn row(page: &mut String, cells: &[String]) {
    let cells: String = cells.iter().map(|cell| format!("<td>{cell}</td>")).collect();
    let _ = writeln!(page, "<tr>{cells}</tr>");
}

/// A text as HTML: what stands in the log may be anything.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

const STYLE: &str = "
@page { size: A4; margin: 16mm; }
body { font: 10.5pt/1.5 'Noto Sans CJK SC', 'Source Han Sans SC', 'Microsoft YaHei', sans-serif; color: #1a1a1a;
  max-width: 200mm; margin: 8mm auto; padding: 0 6mm; }
h1 { font-size: 17pt; margin: 0 0 4mm; }
h2 { font-size: 12.5pt; margin: 8mm 0 2mm; border-bottom: 1px solid #888; break-after: avoid; }
table { border-collapse: collapse; width: 100%; font-size: 9.5pt; }
th, td { border: 1px solid #bbb; padding: 1.2mm 2mm; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
thead { display: table-header-group; }
thead th { background: #eee; }
tr { break-inside: avoid; }
.facts th { width: 32mm; background: #f5f5f5; }
ul { margin: 0; padding-left: 4mm; }
.open { color: #a00; }
code { font-size: 8.5pt; }
.note { color: #555; font-size: 9pt; margin-top: 8mm; }
@media print { body { margin: 0; padding: 0; max-width: none; } }
";
