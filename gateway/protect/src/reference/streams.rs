//! What must hold of any stream, multipart body or coded string, for fuzzing: no reference, but properties.

use super::fake::Fake;
use crate::body::{self, Input};
use crate::plan::table::{Rules, Table};
use crate::tree::Workspace;
use crate::{Format, Limits, Summary, Treated, Uninspectable};
use std::cell::RefCell;
use std::sync::Arc;
use yingbi_crypto::PseudonymKey;
use yingbi_policies::{Mask, NumberMask, Treatment};

/// Treats a body of a format, both made of `data`, and checks what comes out; whether it was released.
///
/// # Panics
/// Something that must hold does not.
pub fn stream(data: &[u8]) -> bool {
    let (first, body) = data.split_first().unwrap_or((&0, &[]));
    match first % 4 {
        0 => check(Format::Lines, body),
        1 => check(Format::Sequence, body),
        _ => check(Format::Events, body),
    }
}

/// The same for multipart bodies, whose boundary is `b`; most data is put into a frame, or little of it would be read.
///
/// # Panics
/// Something that must hold does not.
pub fn multipart(data: &[u8]) -> bool {
    let (first, body) = data.split_first().unwrap_or((&0, &[]));
    let before: &[u8] = match first % 4 {
        0 => b"",
        1 => b"--b\r\n",
        2 => b"--b\r\nContent-Disposition: form-data; name=x; filename=\" 13800138000 \"\r\n",
        _ => b"--b\r\n\r\n",
    };
    let behind: &[u8] = if before.is_empty() { b"" } else { b"\r\n--b--\r\n" };
    let format = Format::of("multipart/mixed", Some("b"));
    format.is_some_and(|format| check(format, &[before, body, behind].concat()))
}

/// The same for text in which anything may be coded.
///
/// # Panics
/// Something that must hold does not.
pub fn coded(data: &[u8]) -> bool {
    check(Format::Text, data)
}

fn check(format: Format, body: &[u8]) -> bool {
    let mask = |mask| Treatment::Mask(Arc::new(mask));
    let fixed = Table {
        own: masking(&mask),
        other: masking(&mask),
        counts_sensitive: false,
        own_subjects: vec![],
        document_subject: None,
        binding: None,
        route: "/streams".into(),
    };
    let clear = table(Treatment::Clear);
    let masked = treat(format, &fixed, body);
    let shown = treat(format, &clear, body);
    let scanned = with_workspace(|workspace| body::scan(&input(format, body), workspace)).err();
    let refused = masked.as_ref().err().copied();
    // Texts that records of a stream tell piece by piece are read as one when they are treated: coded too deep then, they
    // are refused. Who scans reads each record by itself.
    let is_joint = format != Format::Text && matches!(refused, Some(Uninspectable::TooDeep { .. }));
    assert!(
        scanned.is_some() == refused.is_some() || is_joint,
        "{scanned:?} {refused:?} {}",
        String::from_utf8_lossy(body)
    );
    if let Ok(shown) = &shown {
        let hidden: u64 = shown.summary.masked.values().sum();
        // Level 4 alone is hidden then.
        assert!(hidden > 0 || shown.body == body, "{}", String::from_utf8_lossy(body));
    }
    let Ok(masked) = masked else { return false };
    let found = |summary: &Summary| summary.masked.values().chain(summary.clear.values()).sum::<u64>();
    assert!(found(&masked.summary) > 0 || masked.body == body);
    // What comes out is of the same format, and nothing that was found is found in it again in clear. A mask can part
    // digits from base64 that was glued to them, and lay open what is coded deeper than is read.
    let again = treat(format, &fixed, &masked.body);
    assert!(
        matches!(again, Ok(_) | Err(Uninspectable::TooDeep { .. })),
        "{} became {}",
        String::from_utf8_lossy(body),
        String::from_utf8_lossy(&masked.body)
    );
    let shown = letters(&masked.body);
    for value in [" 13800138000 ", "\"13800138000\""] {
        // The name of a security is nobody's, whatever it looks like.
        let is_public = |at: usize| {
            let before = shown.get(..at).unwrap_or("").trim_end().trim_end_matches(':');
            before.trim_end().ends_with("\"stock_name\"")
        };
        assert!(shown.match_indices(value).all(|(at, _)| is_public(at)), "{shown}");
    }
    true
}

/// A body with the letters and digits that JSON spells by their codes spelt out.
fn letters(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let mut parts = text.split("\\u00");
    let mut out = parts.next().unwrap_or("").to_owned();
    for part in parts {
        let code = part.get(..2).and_then(|code| u8::from_str_radix(code, 16).ok());
        match code.map(char::from).filter(|letter| letter.is_alphanumeric() || *letter == '_') {
            Some(letter) => out.extend([letter.to_string().as_str(), part.get(2..).unwrap_or("")]),
            None => out.extend(["\\u00", part]),
        }
    }
    out
}

fn masking(mask: &impl Fn(Mask) -> Treatment) -> Rules {
    Rules::all(mask(Mask::Fixed { width: 6, number: NumberMask::Zero }))
}

fn table(treatment: Treatment) -> Table {
    Table {
        own: Rules::all(treatment.clone()),
        other: Rules::all(treatment),
        counts_sensitive: false,
        own_subjects: vec![],
        document_subject: None,
        binding: None,
        route: "/streams".into(),
    }
}

fn input(format: Format, body: &[u8]) -> Input<'_, Fake> {
    Input { classifier: &Fake, limits: Limits { depth: 32 }, format, body }
}

fn treat(format: Format, table: &Table, body: &[u8]) -> Result<Treated, Uninspectable> {
    let pseudonyms = PseudonymKey::new([7; 32]);
    with_workspace(|workspace| body::treat(&input(format, body), table.plan(), &pseudonyms, workspace))
}

/// Making a workspace takes longer than treating most bodies.
fn with_workspace<T>(work: impl FnOnce(&mut Workspace) -> T) -> T {
    thread_local! {
        static WORKSPACE: RefCell<Workspace> = RefCell::new(Workspace::new([1, 2]));
    }
    WORKSPACE.with_borrow_mut(|workspace| {
        workspace.begin(0);
        let done = work(workspace);
        workspace.finish();
        done
    })
}

/// Bodies for [`stream`], [`multipart`] and [`coded`], put together from words that mean something there; the same for
/// the same seed.
pub fn bodies(words: &'static [&'static str], seed: u64) -> impl Iterator<Item = Vec<u8>> {
    let mut numbers = super::arbitrary::numbers(seed);
    let mut next = move || numbers() >> 16;
    std::iter::repeat_with(move || {
        let mut body = vec![next() as u8];
        for _ in 0..next() % 24 {
            match next() % 16 {
                0 => body.push(next() as u8),
                1 => body
                    .extend(super::built(&mut super::Choices::new(&next().to_le_bytes().repeat(8))).bytes()),
                _ => {
                    let word = words.get(next() as usize % words.len().max(1)).copied().unwrap_or_default();
                    body.extend(word.bytes());
                }
            }
        }
        body
    })
}

/// Words of streams.
pub const STREAM_WORDS: &[&str] = &[
    "\n",
    "\n\n",
    "\r\n",
    "\r",
    "\u{1e}",
    "data: ",
    "data:",
    "event: x\n",
    "id: ",
    ": ",
    "retry: 1\n",
    "{",
    "}",
    "[",
    "]",
    ",",
    "\"mobile\":\"1\"",
    "\"delta\":\"138",
    "001",
    "38000",
    "\"",
    " 13800138000 ",
    "pw:abc ",
    "{\"text\":\"138\"}\n",
    "data: {\"text\":\"138\"}\n\n",
    "data: {\"text\":\"0013\"}\n\n",
    "data: {\"text\":\"8000\"}\n\n",
    "data: 138\n\n",
    "data: 00138000\n\n",
    "\\u0031",
    "\u{feff}",
    "\"index\":1,",
    "null",
    "13800138000",
    "张",
];

/// Words of multipart bodies.
pub const MULTIPART_WORDS: &[&str] = &[
    "--b\r\n",
    "\r\n--b\r\n",
    "\r\n--b--\r\n",
    "\r\n--b--",
    "--b",
    "\r\n",
    "\r\n\r\n",
    "\n",
    "Content-Type: ",
    "text/plain",
    "application/json",
    "multipart/mixed; boundary=i",
    "text/event-stream",
    "image/png",
    "; charset=utf-8\r\n",
    "Content-Disposition: form-data; name=\"mobile\"\r\n",
    "; filename=\"13800138000\"",
    "Content-Transfer-Encoding: base64\r\n",
    "Content-Transfer-Encoding: quoted-printable\r\n",
    "Content-Length: 4\r\n",
    "--i\r\n\r\n",
    "\r\n--i--",
    "{\"mobile\":\"1\"}",
    " 13800138000 ",
    "MTM4MDAxMzgwMDA=",
    "=31=33800138000",
    "pw:abc ",
    "=\r\n",
    " ",
    "abcd",
    "\"",
    "name*=x",
];

/// Words of coded text.
pub const CODED_WORDS: &[&str] = &[
    "mobile=",
    "password=",
    "&",
    "&amp;",
    "?",
    "https://x.cn/p?",
    "#",
    "%31",
    "%",
    "%E5%BC%A0",
    "%D5%C5",
    "%FF",
    "+",
    "MTM4MDAxMzgwMDA",
    "=",
    "eyJtb2JpbGUiOiIxIn0",
    ".",
    "eyJhbGciOiJub25lIn0.eyJtb2JpbGUiOiIxIn0.",
    "&#49;",
    "&quot;",
    "&lt;",
    "\\u0031",
    "\\\"",
    "\\",
    "\\x31",
    "{",
    "}",
    "\"mobile\":\"1\"",
    " 13800138000 ",
    "13800138000",
    "pw:abc",
    " ",
    "\n",
    "，",
    "张三",
    "data:text/plain;base64,",
    "VFZSTk5FMUVRWGhOZW1kM1RVUkI=",
    "%2531",
    "%2525",
    "/",
    "-",
    "_",
];
