//! What must hold of free text and HTML as the shipped classifiers read them.

use super::arbitrary::numbers;
use crate::body::{self, Input};
use crate::plan::table::Table;
use crate::tree::Workspace;
use crate::{Finding, Format, Limits, Uninspectable};
use std::sync::Arc;
use yingbi_classifiers::Classifier;
use yingbi_crypto::PseudonymKey;
use yingbi_policies::{Mask, NumberMask, Treatment};

/// Scans and treats a text made of `data`, and checks what comes out; whether anything was found.
///
/// # Panics
/// Something that must hold does not.
pub fn text(data: &[u8]) -> bool {
    let (first, body) = data.split_first().unwrap_or((&0, &[]));
    let format = if first.is_multiple_of(4) { Format::Html } else { Format::Text };
    let shown = String::from_utf8_lossy(body);
    let mut workspace = Workspace::new([1, 2]);
    let masks = Table::all(Treatment::Mask(Arc::new(Mask::Fixed { width: 4, number: NumberMask::Zero })));
    let treated = treat(&mut workspace, format, &masks, body);
    let findings = scan(&mut workspace, format, body);
    assert!(findings.is_ok() == treated.is_ok(), "{shown}: scanned to {findings:?}, treated to {treated:?}");
    let (Ok(findings), Ok(treated)) = (findings, treated) else { return false };
    let masked = String::from_utf8(treated.clone());
    assert!(masked.is_ok(), "{shown} is cut within a character");
    for finding in &findings {
        let (start, end) = finding.span;
        let is_whole = shown.is_char_boundary(start) && shown.is_char_boundary(end) && start <= end;
        assert!(is_whole, "{finding:?} in {shown}");
    }
    assert!(findings.is_empty() == (treated == body), "{shown} became {masked:?}: {findings:?}");
    // What is labelled plainly is found, whatever stands around it.
    if format == Format::Text {
        assert!(!masked.is_ok_and(|masked| masked.contains(LABELLED)), "{shown}");
    }
    assert!(treat(&mut workspace, format, &masks, &treated).is_ok(), "{shown} can't be read once treated");
    !findings.is_empty()
}

/// Texts for [`text`], put together from what stands in notes, complaints and messages; the same for the same seed.
pub fn texts(seed: u64) -> impl Iterator<Item = Vec<u8>> {
    let mut next = numbers(seed);
    std::iter::repeat_with(move || {
        let mut body = vec![(next() >> 8) as u8];
        for _ in 0..(next() >> 8) % 24 {
            let word = WORDS.get((next() >> 16) as usize % WORDS.len()).copied().unwrap_or_default();
            body.extend(word.bytes());
            if (next() >> 24).is_multiple_of(64) {
                body.push((next() >> 32) as u8);
            }
        }
        body
    })
}

fn treat(
    workspace: &mut Workspace,
    format: Format,
    table: &Table,
    body: &[u8],
) -> Result<Vec<u8>, Uninspectable> {
    let input = Input { classifier: Classifier::shipped(), limits: Limits::default(), format, body };
    workspace.begin(0);
    let treated = body::treat(&input, table.plan(), &PseudonymKey::new([7; 32]), workspace);
    workspace.finish();
    treated.map(|treated| treated.body)
}

fn scan(workspace: &mut Workspace, format: Format, body: &[u8]) -> Result<Vec<Finding>, Uninspectable> {
    let input = Input { classifier: Classifier::shipped(), limits: Limits::default(), format, body };
    workspace.begin(0);
    let found = body::scan(&input, workspace);
    workspace.finish();
    found
}

/// A mobile that nobody has, as plainly as can be.
const LABELLED: &str = "。客户手机号：13912345678。";

const WORDS: [&str; 56] = [
    LABELLED,
    "13912345678",
    "139 1234 5678",
    "１３９１２３４５６７８",
    "一三九一二三四五六七八",
    "+86",
    "0086-",
    "110101199003077774",
    "11010119900307777X",
    "6222021234567890342",
    "手机号",
    "身份证号码：",
    "姓名：",
    "客户",
    "张三丰",
    "欧阳明日",
    "李先生",
    "买买提·阿不都",
    "Zhang San",
    "住址",
    "上海市浦东新区世纪大道100号3号楼502室",
    "贵州茅台",
    "600519",
    "中国建设银行股份有限公司",
    "订单号",
    "20261120093000123",
    "1795154400123",
    "密码是",
    "Ab3$xY9q",
    "验证码 135790",
    "user@example.com",
    "192.168.1.7",
    "00-1B-44-11-3A-B7",
    "E12345678",
    "9131000013221158XC",
    "资金账号",
    "61780463",
    "可用余额 73,724.01 元",
    "1990年3月7日",
    "1990-03-07",
    "31.2304,121.4737",
    "请回电",
    "INSERT INTO t (name, mobile) VALUES ('张三', '13912345678');",
    "mobile=13912345678",
    "{\"mobile\":\"13912345678\"}",
    "<b>",
    "</b>",
    "<input value='",
    "&#49;",
    "<!--",
    "-->",
    "，",
    "。",
    " ",
    "\n",
    "\u{200b}",
];
