//! What a page shows, by the shipped classifiers: which of its texts are names of fields and which are values.

use crate::{Format, Limits, Protector, PseudonymKey};
use yingbi_classifiers::Classifier;

/// The raw text of all that is found, in the order of the page.
fn found(page: &str) -> Vec<String> {
    let protector = Protector::new(Classifier::shipped(), PseudonymKey::new([7; 32]), Limits::default());
    let findings = protector.scan(Format::Html, page.as_bytes()).expect("readable");
    findings
        .iter()
        .map(|finding| page.get(finding.span.0..finding.span.1).unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn c8_pages_tell_names_of_fields_from_values() {
    let cases: &[(&str, &[&str])] = &[
        // A text with its own label is a value, not a label.
        ("<p>资金账号：88519783</p>", &["88519783"]),
        ("<ul><li>姓名：阮玲玉</li><li>余额</li><li>1,203.50</li></ul>", &["阮玲玉", "1,203.50"]),
        ("<p>客户&nbsp;张爱玲&nbsp;来电</p>", &["张爱玲"]),
        // Under a head a cell is a value whatever it reads like.
        (
            "<table><tr><th>客户姓名</th><th>类型</th><th>资金账号</th></tr>\
             <tr><td>贺龙飞</td><td>姓名</td><td>88519783</td></tr>\
             <tr><td>罗志祥</td><td>手机</td><td>88519784</td></tr></table>",
            &["贺龙飞", "88519783", "罗志祥", "88519784"],
        ),
        // Without tags a row of names alone is a head.
        (
            "<table><tr><td>客户姓名</td><td>资金账号</td></tr><tr><td>贺龙飞</td><td>88519783</td></tr></table>",
            &["贺龙飞", "88519783"],
        ),
        // Names beside values, once or twice a row.
        (
            "<table><tr><td>客户姓名</td><td>傅聪聪</td><td>资金账号</td><td>88519783</td></tr>\
             <tr><th>可用余额</th><td colspan=3>1,203.50</td></tr></table>",
            &["傅聪聪", "88519783", "1,203.50"],
        ),
        // What stands beside a name is its value, though it reads like one.
        (
            "<table><tr><th>客户姓名</th><td>姓名</td></tr></table><dl><dt>客户姓名<dd>余额</dl>",
            &["姓名", "余额"],
        ),
        ("<table><tr><td>姓名</td><td>手机</td><td>余额</td><td>12.50</td></tr></table>", &["手机", "12.50"]),
        // A head of two rows, with cells over several columns and rows.
        (
            "<table><tr><th rowspan=2>序号</th><th colspan=2>账户</th></tr><tr><th>资金账号</th><th>可用余额</th></tr>\
             <tr><td>1</td><td>88519783</td><td>12.50</td></tr></table>",
            &["88519783", "12.50"],
        ),
        // A cell over several rows moves those beside it.
        (
            "<table><tr><th>客户姓名</th><th>资金账号</th></tr><tr><td rowspan=2>贺龙飞</td><td>88519783</td></tr>\
             <tr><td>88519784</td></tr></table>",
            &["贺龙飞", "88519783", "88519784"],
        ),
        // A second head further down; a table in a table.
        (
            "<table><tr><td>客户姓名</td><td>贺龙飞</td></tr><tr><th>资金账号</th><th>可用余额</th></tr>\
             <tr><td>88519783</td><td>7.25</td></tr></table>",
            &["贺龙飞", "88519783", "7.25"],
        ),
        (
            "<table><tr><td><table><tr><th>资金账号</th></tr><tr><td>88519783</td></tr></table></td>\
             <td>客户姓名</td><td>贺龙飞</td></tr></table>",
            &["88519783", "贺龙飞"],
        ),
        (
            "<table><tr><th>证券代码</th><th>证券名称</th></tr><tr><td>600519</td><td>贵州茅台</td></tr></table>",
            &[],
        ),
        // Inline tags part a name from its value, and a value from itself.
        ("<div><span>资金账号</span>\n  <span>88519783</span></div>", &["88519783"]),
        ("<p>验证码是<b>747566</b>，手机139<wbr>1234<wbr>5678</p>", &["747566", "139<wbr>1234<wbr>5678"]),
        // A heading names no paragraph.
        ("<h1>客户备注</h1><p>贵州茅台今日收涨</p><h2>姓名</h2><p>概述</p>", &[]),
        // Controls.
        (
            "<select name=fund_account><option value=1>请选择</option><option value=88519783 selected>88519783</select>",
            &["88519783", "88519783"],
        ),
        ("<textarea name=address>教工路198号3幢</textarea>", &["教工路198号3幢"]),
        ("<meta name=author content=张爱玲>", &["张爱玲"]),
        // What is coded in attributes and scripts.
        (
            "<a href='/c?mobile=13912345678&amp;name=%E5%BC%A0%E7%88%B1%E7%8E%B2'>x</a>",
            &["13912345678", "%E5%BC%A0%E7%88%B1%E7%8E%B2"],
        ),
        ("<i data-x='eyJtb2JpbGUiOiIxMzkxMjM0NTY3OCJ9'></i>", &["eyJtb2JpbGUiOiIxMzkxMjM0NTY3OCJ9"]),
        ("<script>var u = {custName: '张爱玲', pwd: 'a1b2c3'}</script>", &["张爱玲", "a1b2c3"]),
    ];
    for (page, expect) in cases {
        assert_eq!(found(page), *expect, "{page}");
    }
}

#[test]
fn c8_names_below_a_value_speak_for_it_too() {
    let page = "<dl><dt>apply_amount</dt><dd>4981286.19</dd><dt>fund_account</dt><dd>88519783</dd></dl>\
                <table><tr><th>price</th></tr><tr><td>16.20</td></tr></table>";
    assert_eq!(found(page), ["4981286.19", "88519783"]);
}

#[test]
fn pages_that_nest_deep_cost_no_more_than_their_length() {
    let deep = format!("{}<td>姓名<td>张爱玲{}", "<table><tr>".repeat(3000), "</table>".repeat(3000));
    assert_eq!(found(&deep), ["张爱玲"]);
    let unmatched = format!("{}{}", "<form>".repeat(30_000), "</dl>".repeat(30_000));
    assert_eq!(found(&unmatched), [""; 0]);
    let wide = format!("<table><tr>{}</tr></table>", "<td colspan=1000 rowspan=1000>x</td>".repeat(3000));
    assert_eq!(found(&wide), [""; 0]);
}
