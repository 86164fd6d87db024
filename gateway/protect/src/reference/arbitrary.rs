//! Documents and plans out of arbitrary bytes, and the comparison itself: one body for the fuzzer and for the tests.

use super::fake::{Fake, NAMES};
use super::print;
use crate::body::{self, Input};
use crate::keyed::Keys;
use crate::plan::table::{Rules, Table};
use crate::tree::Workspace;
use crate::{Format, Limits, Uninspectable};
use std::sync::{Arc, OnceLock};
use yingbi_crypto::PseudonymKey;
use yingbi_crypto::keys::{DataKey, KeyName, KeyState, Ring, Slot};
use yingbi_policies::{
    Binding, FieldBinding, Mask, NumberMask, Path, Selector, Step, SubjectSelector, Treatment,
};
use yingbi_taxonomy::{Category, Kind, KindSet};

/// Treats a document under a plan, both made of `data`, with the engine and with the reference.
///
/// # Panics
/// They differ, or what comes out is wrong in itself.
pub fn differential(data: &[u8]) -> Compared {
    let (plan, document) = data.split_at_checked(PLAN_BYTES).unwrap_or((data, &[]));
    let mut plan = Bytes(plan);
    let depth = 5 + plan.below(28);
    // Raw and spoilt documents find faults of grammar, built ones get deeper into the rules.
    let text = match plan.below(8) {
        0 => String::from_utf8_lossy(document).into_owned(),
        1 => spoilt(&built(&mut Bytes(document)), &mut plan),
        // Records that repeat, and end otherwise.
        2 => {
            let mut bytes = Bytes(document);
            let (one, last) = (built(&mut bytes), built(&mut bytes));
            format!("[{one},{one},{one},{last}]")
        }
        _ => built(&mut Bytes(document)),
    };
    compare(&table(&mut plan), depth, &text)
}

/// What became of a compared document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compared {
    /// Both treated it and changed nothing.
    Kept,
    /// Both treated it and changed it.
    Changed,
    /// The plan blocked it.
    Blocked,
    /// Both refused it as malformed or too deep.
    Unreadable,
    /// It holds what the reference does not read: XML.
    Beyond,
}

/// A document with a few bytes taken out, doubled or exchanged.
fn spoilt(text: &str, bytes: &mut Bytes<'_>) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    for _ in 0..=bytes.below(3) {
        let at = (bytes.below(256) * 256 + bytes.below(256)) % characters.len().max(1);
        match (bytes.below(3), characters.get(at).copied()) {
            (0, Some(_)) => drop(characters.remove(at)),
            (1, Some(character)) => characters.insert(at, character),
            (_, Some(_)) => {
                characters.insert(at, bytes.pick(&['"', '\\', '{', ']', ',', ':', '0', ' ']).unwrap_or(' '))
            }
            (_, None) => {}
        }
    }
    characters.into_iter().collect()
}

/// Data for [`differential`] that leads to valid documents; the same for the same seed.
pub fn seeds(seed: u64) -> impl Iterator<Item = Vec<u8>> {
    let mut next = numbers(seed);
    std::iter::repeat_with(move || {
        let length = PLAN_BYTES + (next() % 400) as usize;
        (0..length).map(|_| (next() >> 32) as u8).collect()
    })
}

/// A sequence of numbers (xorshift), the same for the same seed, so that a run can be repeated.
pub(super) fn numbers(seed: u64) -> impl FnMut() -> u64 {
    let mixed = (seed ^ seed >> 31).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    // Zero would stay zero.
    let mut state = (0x9e37_79b9_7f4a_7c15 ^ mixed ^ mixed >> 29).max(1);
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    }
}

/// A key for most categories: without one, nothing shows.
fn ring() -> Arc<Ring> {
    static RING: OnceLock<Arc<Ring>> = OnceLock::new();
    let slot = |category: Category| {
        let kid = format!("testkey{:02}", category as usize);
        let name = KeyName { kid, category: category.id().to_owned(), version: 1 };
        let key = DataKey::new(name.clone(), [category as u8; 32].into(), 1).map(Arc::new);
        Slot { name, state: KeyState::Active, lasting: true, key }
    };
    let has_key = |category: &Category| *category != Category::AccountInvestorCode;
    Arc::clone(RING.get_or_init(|| Arc::new(Ring::new(Category::all().filter(has_key).map(slot).collect()))))
}

/// Compares engine and reference on one document.
pub(super) fn compare(table: &Table, depth: usize, text: &str) -> Compared {
    let pseudonyms = PseudonymKey::new([7; 32]);
    let mut workspace = Workspace::new([1, 2]);
    workspace.begin(0);
    let keys = Keys::new(ring(), Some("testing"));
    let plan = table.plan().with_keys(Some(&keys));
    let expect = print::treat(&Fake, plan, &pseudonyms, depth, text);
    let input =
        Input { classifier: &Fake, limits: Limits { depth }, format: Format::Json, body: text.as_bytes() };
    let got = body::treat(&input, plan, &pseudonyms, &mut workspace);
    // A second time with learned names and used space.
    workspace.begin(0);
    let again = body::treat(&input, plan, &pseudonyms, &mut workspace);
    let context = || format!("{text}\nunder {table:?}");
    match (expect, got) {
        (Ok(None), _) => Compared::Beyond,
        (Ok(Some((expect, summary))), Ok(got)) => {
            assert_eq!(String::from_utf8_lossy(&got.body), expect, "{}", context());
            assert_eq!(got.summary, summary, "{}", context());
            let valid = serde_json::from_str::<serde::de::IgnoredAny>(&expect).is_ok();
            assert!(valid || !serde_reads(text), "{expect} is no JSON: {}", context());
            let again = again.map(|again| (again.body, again.summary));
            assert_eq!(again, Ok((got.body, got.summary)), "{}", context());
            if expect == text { Compared::Kept } else { Compared::Changed }
        }
        (Err(Uninspectable::Blocked(expect)), Err(Uninspectable::Blocked(got))) => {
            assert_eq!(expect, got, "{}", context());
            Compared::Blocked
        }
        // Where the fault is, and which of two is met first, may differ.
        (Err(Uninspectable::Malformed { .. } | Uninspectable::TooDeep { .. }), Err(got)) => {
            assert!(!matches!(got, Uninspectable::Blocked(_)), "{}", context());
            Compared::Unreadable
        }
        (expect, got) => {
            assert_eq!(got.is_ok(), expect.is_ok(), "{:?} for {:?}: {}", got.err(), expect.err(), context());
            Compared::Unreadable
        }
    }
}

/// Whether Serde can read what goes in: it has its own limit of depth.
fn serde_reads(text: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

/// Bytes as choices; zeros when they run out.
pub(super) struct Bytes<'b>(&'b [u8]);

impl<'b> Bytes<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Bytes(bytes)
    }

    fn next(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.next() as usize % bound.max(1)
    }

    fn pick<T: Clone>(&mut self, choices: &[T]) -> Option<T> {
        choices.get(self.below(choices.len())).cloned()
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Bytes that make the plan.
const PLAN_BYTES: usize = 160;

pub(super) fn table(bytes: &mut Bytes<'_>) -> Table {
    let own = rules(bytes);
    let other = rules(bytes);
    Table {
        own,
        other,
        counts_sensitive: false,
        own_subjects: vec![SUBJECTS.first().copied().unwrap_or_default().to_owned()],
        document_subject: (bytes.below(4) == 0).then(|| bytes.pick(&SUBJECTS).unwrap_or_default().to_owned()),
        binding: (bytes.below(3) > 0).then(|| binding(bytes)),
        route: "/arbitrary".into(),
    }
}

const SUBJECTS: [&str; 4] = ["12345678", "a\"b", "号", "87654321"];

fn rules(bytes: &mut Bytes<'_>) -> Rules {
    let mut rules = Rules::all(treatment(bytes));
    let kinds: Vec<Kind> = KINDS.to_vec();
    let mut monitored = KindSet::default();
    for kind in kinds {
        rules = rules.with(kind, treatment(bytes));
        if bytes.below(4) == 0 {
            monitored.insert(kind);
        }
    }
    rules.monitored = monitored;
    rules
}

/// Kinds that the fake classifier and the bindings know.
const KINDS: [Kind; 10] = [
    Kind::Mobile,
    Kind::Name,
    Kind::FundAccount,
    Kind::Password,
    Kind::Balance,
    Kind::Address,
    Kind::InvestorCode,
    Kind::BirthDate,
    Kind::ResidentId,
    Kind::Email,
];

fn treatment(bytes: &mut Bytes<'_>) -> Treatment {
    let number = match bytes.below(3) {
        0 => NumberMask::Zero,
        1 => NumberMask::Null,
        _ => NumberMask::Text,
    };
    let mask = match bytes.below(16) {
        0..3 => return Treatment::Clear,
        3..6 => return Treatment::Drop,
        // Rare, because it ends the comparison.
        6 if bytes.below(4) == 0 => return Treatment::Block,
        6 => Mask::Name,
        7 => Mask::Phone,
        8 => Mask::Email,
        9 => Mask::Address,
        10 => Mask::Year,
        11 => Mask::Ip,
        12 => Mask::Keep { first: 3, last: 4, width: Some(4), number },
        13 => Mask::Keep { first: 1, last: 0, width: None, number },
        // What has a key and no randomness.
        14 => Mask::HashToken { number },
        15 if number == NumberMask::Zero => Mask::Ff1,
        _ => Mask::Fixed { width: 6, number },
    };
    Treatment::Mask(Arc::new(mask))
}

fn binding(bytes: &mut Bytes<'_>) -> Binding {
    let fields = (0..bytes.below(4))
        .map(|_| FieldBinding {
            path: path(bytes, 3),
            kind: bytes.pick(&[None, Some(Kind::Address), Some(Kind::Password)]).flatten(),
        })
        .collect();
    Binding {
        id: "arbitrary".into(),
        records: (bytes.below(3) > 0).then(|| path(bytes, 2)),
        subject: (bytes.below(4) > 0).then(|| SubjectSelector::Record(path(bytes, 2))),
        fields,
        ..Binding::default()
    }
}

fn path(bytes: &mut Bytes<'_>, most: usize) -> Path {
    let steps = (0..bytes.below(most + 1))
        .map(|_| {
            let mut selectors = vec![selector(bytes)];
            if bytes.below(4) == 0 {
                selectors.push(selector(bytes));
            }
            if bytes.below(3) == 0 { Step::Descendant(selectors) } else { Step::Child(selectors) }
        })
        .collect();
    Path { steps }
}

fn selector(bytes: &mut Bytes<'_>) -> Selector {
    match bytes.below(6) {
        0 => Selector::Wildcard,
        1 => Selector::Index(bytes.below(3) as u64),
        2 => Selector::Slice {
            start: bytes.below(3) as u64,
            end: (bytes.below(2) == 0).then(|| bytes.below(5) as u64),
            step: bytes.below(3) as u64,
        },
        3 => Selector::Name("client_id".into()),
        _ => Selector::Name(bytes.pick(&["a", "list", "name", "mobile", "data"]).unwrap_or_default().into()),
    }
}

/// A document grown from bytes: mostly valid, rich in names, escapes, repeats, and JSON in strings.
pub(super) fn built(bytes: &mut Bytes<'_>) -> String {
    let mut out = String::new();
    value(bytes, 0, &mut out);
    if bytes.below(64) == 1 {
        out.push_str(bytes.pick(&[",", "}", "\"", "\\", " x", "\u{1}"]).unwrap_or_default());
    }
    out
}

fn value(bytes: &mut Bytes<'_>, depth: usize, out: &mut String) {
    space(bytes, out);
    let scalar = depth > 10 || bytes.is_empty();
    let shapes = if scalar {
        0..10
    } else if depth == 0 {
        10..20
    } else {
        0..20
    };
    match shapes.start + bytes.below(shapes.len()) {
        0 => out.push_str("null"),
        1 => out.push_str(bytes.pick(&["true", "false"]).unwrap_or_default()),
        2 | 3 => out.push_str(bytes.pick(&NUMBERS).unwrap_or_default()),
        4..10 => string(bytes, depth, out),
        10..16 => {
            items(bytes, '{', '}', out, |bytes, out| {
                let name = match bytes.below(8) {
                    0..4 => bytes.pick(&NAMES).unwrap_or_default(),
                    4..7 => {
                        bytes.pick(&["a", "list", "data", "note", "x\"y", "k", "value"]).unwrap_or_default()
                    }
                    _ => bytes.pick(&TEXTS).unwrap_or_default(),
                };
                spell(bytes, name, out);
                space(bytes, out);
                out.push(':');
                value(bytes, depth + 1, out);
            });
        }
        16 => table_of_rows(bytes, depth, out),
        _ => items(bytes, '[', ']', out, |bytes, out| value(bytes, depth + 1, out)),
    }
    space(bytes, out);
}

/// Columns and rows, or pairs of names and values.
fn table_of_rows(bytes: &mut Bytes<'_>, depth: usize, out: &mut String) {
    let name = |bytes: &mut Bytes<'_>, out: &mut String| {
        let name = bytes.pick(&NAMES).unwrap_or_default();
        spell(bytes, name, out);
    };
    let cells = |bytes: &mut Bytes<'_>, out: &mut String| {
        items(bytes, '[', ']', out, |bytes, out| value(bytes, depth + 3, out));
    };
    match bytes.below(4) {
        0 => {
            out.push_str("{\"cols\":");
            items(bytes, '[', ']', out, name);
            out.push_str(",\"rows\":");
            items(bytes, '[', ']', out, cells);
            out.push('}');
        }
        1 => {
            out.push('[');
            items(bytes, '[', ']', out, name);
            out.push(',');
            cells(bytes, out);
            out.push(']');
        }
        2 => items(bytes, '[', ']', out, |bytes, out| {
            out.push('[');
            name(bytes, out);
            out.push(',');
            value(bytes, depth + 2, out);
            out.push(']');
        }),
        _ => items(bytes, '[', ']', out, |bytes, out| {
            out.push_str("{\"title\":");
            name(bytes, out);
            out.push_str(",\"value\":");
            value(bytes, depth + 2, out);
            out.push('}');
        }),
    }
}

fn items(
    bytes: &mut Bytes<'_>,
    open: char,
    close: char,
    out: &mut String,
    mut item: impl FnMut(&mut Bytes<'_>, &mut String),
) {
    out.push(open);
    for index in 0..bytes.below(6) {
        if index > 0 {
            out.push(',');
        }
        space(bytes, out);
        item(bytes, out);
    }
    space(bytes, out);
    out.push(close);
}

fn string(bytes: &mut Bytes<'_>, depth: usize, out: &mut String) {
    if bytes.below(4) == 0 && depth < 8 {
        let mut inner = String::new();
        value(bytes, depth + 2, &mut inner);
        let inner = coded(bytes, inner);
        return spell(bytes, &inner, out);
    }
    if bytes.below(8) == 0 {
        let form = form(bytes);
        let form = coded(bytes, form);
        return spell(bytes, &form, out);
    }
    let mut text = String::new();
    for _ in 0..bytes.below(4) {
        text.push_str(bytes.pick(&TEXTS).unwrap_or_default());
    }
    if bytes.below(2) == 0 {
        text = bytes.pick(&TEXTS).unwrap_or_default().to_owned();
    }
    if bytes.below(4) == 0 {
        text = coded(bytes, text);
    }
    spell(bytes, &text, out);
}

/// A text as it is or coded, a few times, well or spoilt.
fn coded(bytes: &mut Bytes<'_>, mut text: String) -> String {
    use base64::prelude::*;
    let most = if bytes.below(16) == 0 { 12 } else { 4 };
    for _ in 0..bytes.below(most).min(bytes.below(most)) {
        text = match bytes.below(16) {
            0 => BASE64_STANDARD.encode(text),
            1 => BASE64_STANDARD_NO_PAD.encode(text),
            2 => BASE64_URL_SAFE.encode(text),
            3 => BASE64_URL_SAFE_NO_PAD.encode(text),
            4 => format!("data:text/plain;base64,{}", BASE64_STANDARD.encode(text)),
            5 => text.bytes().map(|byte| format!("%{byte:02x}")).collect(),
            6 => {
                let mut out = String::new();
                crate::coded::encode_percent(&text, false, &mut out);
                out.replace("%20", "+")
            }
            7 => {
                let gb = encoding_rs::GB18030.encode(&text).0.into_owned();
                let spell = |byte: &u8| match byte {
                    b'0'..=b'9' | b'A'..=b'Z' => char::from(*byte).to_string(),
                    _ => format!("%{byte:02X}"),
                };
                gb.iter().map(spell).collect()
            }
            8 => text.chars().map(|c| format!("&#{};", c as u32)).collect(),
            9 => {
                let mut out = String::new();
                crate::html::encode(&text, &mut out);
                out
            }
            10 => text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect(),
            11 => {
                let mut out = String::new();
                crate::json::string::encode(&text, &mut out);
                out
            }
            12 => {
                let code = |part: &str| BASE64_URL_SAFE_NO_PAD.encode(part);
                format!("{}.{}.c2ln", code("{\"alg\":\"none\"}"), code(&text))
            }
            13..15 => {
                let before = bytes.pick(&["查询 ", "参数", "a=1 ", "/v1/", "pw:", "13800138000 ", "("]);
                let behind = bytes.pick(&[" 失败", "，b", ".", "/x", " mobile=1", "=", ")"]);
                format!("{}{text}{}", before.unwrap_or_default(), behind.unwrap_or_default())
            }
            _ => BASE64_STANDARD
                .encode(text)
                .chars()
                .flat_map(|c| [c].into_iter().chain((c == 'A').then_some('\n')))
                .collect(),
        };
        if bytes.below(16) == 0 {
            text.push_str(
                bytes
                    .pick(&["=", "%", "A", "&", "%4", "\n", "#x", "-+", "%FF", "\\u", "&#"])
                    .unwrap_or_default(),
            );
        }
        // Codings multiply.
        if text.len() > 4000 {
            break;
        }
    }
    text
}

/// Fields of a form, or of a URL.
fn form(bytes: &mut Bytes<'_>) -> String {
    let mut out =
        bytes.pick(&["", "", "https://x.cn/13800138000/%31?", "a b?", "?"]).unwrap_or_default().to_owned();
    for index in 0..bytes.below(4) {
        if index > 0 {
            out.push_str(bytes.pick(&["&", "&", "&amp;", "&&"]).unwrap_or_default());
        }
        let name = bytes.pick(&NAMES).unwrap_or_default();
        out.push_str(
            bytes.pick(&[name, name, name, "k", "13800138000", "a:b", "%6dobile", ""]).unwrap_or_default(),
        );
        out.push_str(bytes.pick(&["=", "=", "=", "", "=="]).unwrap_or_default());
        let value = bytes.pick(&TEXTS).unwrap_or_default().to_owned();
        out.push_str(&if bytes.below(2) == 0 { coded(bytes, value) } else { value });
    }
    out + bytes.pick(&["", "", "", "#mobile=13800138000"]).unwrap_or_default()
}

/// Writes a string with needed escapes and some that aren't.
fn spell(bytes: &mut Bytes<'_>, text: &str, out: &mut String) {
    let eager = bytes.below(3) == 0;
    out.push('"');
    for character in text.chars() {
        if eager && bytes.below(4) == 0 {
            let mut units = [0; 2];
            out.extend(character.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04X}")));
        } else {
            crate::json::string::encode(character.encode_utf8(&mut [0; 4]), out);
        }
    }
    out.push('"');
}

fn space(bytes: &mut Bytes<'_>, out: &mut String) {
    if bytes.below(8) == 0 {
        out.push_str(bytes.pick(&[" ", "\n", "\t", "\r\n  "]).unwrap_or_default());
    }
}

const NUMBERS: [&str; 10] = [
    "0",
    "-0.0",
    "12345678",
    "13800138000",
    "1e5",
    "100.10",
    "19900102",
    "37",
    "-1E-2",
    "123456789012345678901234567890",
];

const TEXTS: [&str; 16] = [
    "12345678",
    "13800138000",
    "张三丰",
    "欧阳锋",
    "a\"b",
    "号",
    "pw:x\\y",
    "電話13800138000\n",
    "😀",
    "zhang@example.com",
    "1990-01-02",
    "上海市浦东新区世纪大道100号",
    "{",
    "[1",
    "\u{7f}\u{1}",
    "10.1.2.3",
];
