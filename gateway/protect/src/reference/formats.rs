//! What must hold of every format, whatever the document: what is not masked is not touched, what is masked can be
//! read again, and no number that is somebody's is left.

use super::arbitrary::numbers;
use super::fake::Fake;
use crate::body::{self, Input};
use crate::plan::table::Table;
use crate::tree::Workspace;
use crate::{Format, Limits, Uninspectable};
use std::sync::Arc;
use yingbi_crypto::PseudonymKey;
use yingbi_policies::{Mask, NumberMask, Treatment};

/// What became of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// Nothing was found in it.
    Kept,
    /// Something was masked.
    Changed,
    /// It was refused.
    Refused,
}

/// Treats a document and checks what must hold.
///
/// # Panics
/// It does not hold.
pub fn promises(format: Format, data: &[u8]) -> Held {
    let clear = Table::all(Treatment::Clear);
    let masks = Table::all(Treatment::Mask(Arc::new(Mask::Fixed { width: 4, number: NumberMask::Zero })));
    let drops = Table::all(Treatment::Drop);
    let shown = String::from_utf8_lossy(data);
    let Ok(kept) = treat(format, &clear, data) else {
        for table in [&masks, &drops] {
            assert!(treat(format, table, data).is_err(), "read under one plan and not another: {shown}");
        }
        return Held::Refused;
    };
    // Authentication data is clear under no plan.
    let has_secret = ["password", "pw:"].iter().any(|secret| shown.contains(secret));
    assert!(kept == data || has_secret, "{shown} became {}", String::from_utf8_lossy(&kept));
    for table in [&masks, &drops] {
        let treated = treat(format, table, data);
        assert!(treated.is_ok(), "read under one plan and not another: {shown}");
        let treated = treated.unwrap_or_default();
        let text = String::from_utf8_lossy(&treated);
        // A name that denies what it holds lets it through, and digits spelt out may belong to a longer number.
        let may_show = ["stock_name", "&#", "%"].iter().any(|reason| shown.contains(reason))
            // Nor is a number anybody's whose parts stood on both sides of an element that is left out.
            || std::ptr::eq(table, &drops) && has_parts_beside_tags(&shown);
        assert!(may_show || !shows_mobile(&text), "{shown} became {text}");
        // A document that is left out as a whole is none any more, nor is a row that was one cell.
        let again = treat(format, table, &treated);
        assert!(again.is_ok(), "{shown} became {text}: {again:?}");
    }
    match treat(format, &masks, data) {
        Ok(treated) if treated != data => Held::Changed,
        _ => Held::Kept,
    }
}

/// Documents of a format, made of what gives its reader trouble; the same for the same seed.
pub fn documents(format: Format, seed: u64) -> impl Iterator<Item = Vec<u8>> {
    let words: &[&str] = match format {
        Format::Xml => &XML,
        Format::Csv | Format::Tsv => &CSV,
        Format::Form => &FORM,
        _ => &[],
    };
    let mut next = numbers(seed);
    std::iter::repeat_with(move || {
        let mut open: Vec<&str> = vec![];
        let mut out = String::new();
        for _ in 0..next() % 24 {
            let word = words.get((next() >> 16) as usize % words.len().max(1)).copied().unwrap_or("");
            // Start tags alone are seldom closed by chance.
            let is_start = format == Format::Xml
                && word.ends_with('>')
                && word.starts_with("<")
                && !word.ends_with("/>");
            let name = word.trim_start_matches('<').split([' ', '>']).next().unwrap_or("");
            if word == "</>" {
                out.extend(open.pop().map(|name| format!("</{name}>")));
                continue;
            }
            if is_start && name.starts_with(|first: char| first.is_ascii_alphabetic()) {
                open.push(name);
            }
            out.push_str(word);
        }
        while let Some(name) = open.pop() {
            out = format!("{out}</{name}>");
        }
        if format == Format::Xml && !next().is_multiple_of(4) {
            out = format!("<r>{out}</r>");
        }
        out.into_bytes()
    })
}

fn treat(format: Format, table: &Table, body: &[u8]) -> Result<Vec<u8>, Uninspectable> {
    let input = Input { classifier: &Fake, limits: Limits::default(), format, body };
    let treated =
        body::treat(&input, table.plan(), &PseudonymKey::new([7; 32]), &mut Workspace::new([1, 2]))?;
    Ok(treated.body)
}

/// Whether a run of eleven digits begins with a one, as mobiles do.
fn shows_mobile(text: &str) -> bool {
    let runs = text.as_bytes().chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit());
    let mut numbers = runs.filter(|run| run.first() == Some(&b'1'));
    numbers.any(|run| run.len() == 11)
}

/// Whether digits fewer than a mobile's stand beside a tag.
fn has_parts_beside_tags(text: &str) -> bool {
    let mut before = b' ';
    let mut runs = text.as_bytes().chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit()).peekable();
    while let Some(run) = runs.next() {
        let is_part = run.len() < 11 && run.first().is_some_and(u8::is_ascii_digit);
        let after = runs.peek().and_then(|next| next.first()).copied();
        if is_part && (before == b'>' || after == Some(b'<')) {
            return true;
        }
        before = run.last().copied().unwrap_or(b' ');
    }
    false
}

const XML: [&str; 44] = [
    "<a>",
    "<b x='1'>",
    "<s:mobile>",
    "<address k='13800138000'>",
    "<name>",
    "<value>",
    "<m13800138000>",
    "<password>",
    "<f name='mobile' value='1'/>",
    "<b/>",
    "<a b='13800138000' c=\"]>'\"/>",
    "<a 13800138000=''/>",
    "</>",
    "</>",
    "</>",
    "</>",
    "</a>",
    "13800138000",
    "138",
    "00138000",
    "1",
    "&#49;",
    "&#x33;",
    "8",
    "&lt;",
    "&gt;",
    "&amp;",
    "&x;",
    "<",
    ">",
    "]]>",
    "<![CDATA[",
    "<![CDATA[13800138000]]>",
    "<![CDATA[]]]]>",
    "<!-- 13800138000 -->",
    "<!--",
    "-->",
    "<?x 13800138000?>",
    "<!DOCTYPE a>",
    "{\"mobile\":\"1\"}",
    "&lt;a>13800138000&lt;/a>",
    " ",
    "\n",
    "张",
];

const CSV: [&str; 30] = [
    "mobile",
    "name",
    "x",
    "13800138000",
    "\"13800138000\"",
    "=\"13800138000\"",
    "\"a,\"\"13800138000\"\"\"",
    "k13800138000",
    "address",
    "1",
    "\"",
    "\"\"",
    "=",
    ",",
    ",",
    ",",
    ",",
    ";",
    ";",
    "\t",
    "|",
    "\n",
    "\n",
    "\n",
    "\r\n",
    "\r",
    "sep=;\n",
    "[13800138000]",
    "<mobile>1</mobile>",
    "\"{\"\"mobile\"\":1}\"",
];

const FORM: [&str; 20] = [
    "mobile",
    "name",
    "x",
    "13800138000",
    "%31",
    "3800138000",
    "%E5%BC%A0",
    "%E5",
    "%",
    "+",
    "=",
    "=",
    "=",
    "&",
    "&",
    "&",
    "k13800138000",
    "%7B%22mobile%22:1%7D",
    "%3Ca%3E13800138000%3C/a%3E",
    "[13800138000]",
];
