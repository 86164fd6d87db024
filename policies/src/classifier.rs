//! A firm's own classifiers, compiled: names, patterns and words, and the tests that came with them.
//!
//! Patterns are regular expressions of the `regex` crate: linear in the text, their programs bounded, their matches of
//! bounded length. They are compiled once, when the files are read; what finds with them is the classifiers' crate.

use crate::diagnostic::{Place, Text};
use regex::Regex;
use regex_syntax::hir::{Hir, HirKind, Look};
use std::ops::Range;
use yingbi_taxonomy::Kind;

/// Everything the firm adds to the shipped classifiers.
#[derive(Clone, Debug, Default)]
pub struct FirmClassifiers {
    /// By id.
    pub all: Vec<FirmClassifier>,
}

/// One `kind: Classifier`.
#[derive(Clone, Debug)]
pub struct FirmClassifier {
    /// What its patterns and words find; `None` for a lexicon file, whose names have their own.
    pub kind: Option<Kind>,
    /// Field names.
    pub names: Vec<NameRule>,
    /// Regular expressions.
    pub patterns: Vec<Pattern>,
    /// A word list.
    pub words: Vec<String>,
    /// How sure patterns and words are, 50 to 100.
    pub confidence: u8,
}

/// What a field name says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameRule {
    /// As spelt, or without case and separators.
    pub name: String,
    /// Only this spelling.
    pub is_exact: bool,
    /// Anything may stand before it, and after it.
    pub open: [bool; 2],
    /// What a value under it is; `None`: nothing personal.
    pub kind: Option<Kind>,
    /// How far the name decides.
    pub strength: Strength,
}

/// How far a firm's name decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strength {
    /// Every value under it is of its kind.
    Decides,
    /// The value must have the kind's shape.
    Shape,
    /// The value must have the shape, and the record must be an investor's.
    Record,
    /// Anything can stand in it.
    Prose,
    /// One of the firm's own patterns or words for this kind must be the value.
    Value,
}

/// A compiled pattern and what it can match.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// The expression.
    pub regex: Regex,
    /// Least bytes of a match.
    pub shortest: usize,
    /// Classes of bytes of which every match holds one: bits of [`Pattern::DIGIT`] and so on.
    pub needs: u8,
}

/// A test inside a classifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassifierTest {
    /// The classifier's id.
    pub id: String,
    /// A field name.
    pub key: Option<String>,
    /// A value, under the name if there is one; without it the name is asked.
    pub value: Option<String>,
    /// What must be found.
    pub kind: Kind,
    /// Whether it must be found or must not.
    pub found: bool,
    /// Where the test stands.
    pub place: Place,
}

/// Why a text is no pattern.
pub(crate) struct PatternProblem {
    /// Not a regular expression at all.
    pub is_syntax: bool,
    pub bytes: Range<usize>,
    pub message: Text,
    pub help: Text,
}

/// Longest match of a pattern, in bytes: no number, code or name is longer.
const LONGEST: usize = 512;

/// Largest compiled pattern, and its largest lazy automaton, in bytes.
const PROGRAM: usize = 256 << 10;
const AUTOMATON: usize = 2 << 20;

impl Pattern {
    /// An ASCII digit.
    pub const DIGIT: u8 = 1;
    /// An ASCII letter.
    pub const LETTER: u8 = 2;
    /// A byte of a character that is not ASCII.
    pub const HIGH: u8 = 4;

    pub(crate) fn parse(text: &str) -> Result<Pattern, PatternProblem> {
        let whole = 0..text.len();
        regex_syntax::parse(text).map_err(|error| syntax(&error, whole.clone()))?;
        // Full-width digits are read as digits before a pattern sees them, so no others need be asked for.
        let text = &with_ascii_digits(text);
        let hir = regex_syntax::parse(text).map_err(|error| syntax(&error, whole.clone()))?;
        let problem =
            |message, help| PatternProblem { is_syntax: false, bytes: whole.clone(), message, help };
        let properties = hir.properties();
        if properties.maximum_len().is_none_or(|longest| longest > LONGEST) {
            return Err(problem(
                Text::new("matches without bound", "匹配长度没有上限"),
                Text::new(
                    format!("write `{{1,20}}` in place of `+` and `*`; a match is {LONGEST} bytes at most"),
                    format!("请以 `{{1,20}}` 代替 `+` 与 `*`；一次匹配至多{LONGEST}字节"),
                ),
            ));
        }
        let shortest = properties.minimum_len().unwrap_or(0);
        if shortest == 0 {
            return Err(problem(
                Text::new("matches nothing at all", "可匹配空文本"),
                Text::new("let it match one character at least", "至少应匹配一个字符"),
            ));
        }
        let looks = properties.look_set();
        let borders = [Look::WordUnicode, Look::WordUnicodeNegate, Look::WordAscii, Look::WordAsciiNegate];
        if borders.into_iter().any(|look| looks.contains(look)) {
            return Err(problem(
                Text::new("asks for word borders", "使用了词边界"),
                Text::new(
                    "leave `\\b` out: a match never stands inside a longer number or Latin word, and Chinese may touch it",
                    "请去掉 `\\b`：匹配不会落在更长的数字或拉丁词之中，且可与汉字相连",
                ),
            ));
        }
        let regex = regex::RegexBuilder::new(text).size_limit(PROGRAM).dfa_size_limit(AUTOMATON).build();
        let regex = regex.map_err(|_| {
            problem(
                Text::new("too large when compiled", "编译后过大"),
                Text::new("ask for less repetition, or write several patterns", "请减少重复，或拆为多条"),
            )
        })?;
        Ok(Pattern { regex, shortest, needs: needs(&hir) })
    }
}

/// `\d` as `[0-9]`.
fn with_ascii_digits(text: &str) -> String {
    let mut plain = String::with_capacity(text.len() + 8);
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, if c == '\\' { chars.next() } else { None }) {
            ('\\', Some('d')) => plain.push_str("[0-9]"),
            (c, escaped) => {
                plain.push(c);
                plain.extend(escaped);
            }
        }
    }
    plain
}

fn syntax(error: &regex_syntax::Error, whole: Range<usize>) -> PatternProblem {
    let (span, why) = match error {
        regex_syntax::Error::Parse(error) => (error.span(), error.kind().to_string()),
        regex_syntax::Error::Translate(error) => (error.span(), error.kind().to_string()),
        _ => {
            let text = Text::new("not a regular expression", "不是正则表达式");
            return PatternProblem { is_syntax: true, bytes: whole, message: text, help: Text::default() };
        }
    };
    PatternProblem {
        is_syntax: true,
        bytes: span.start.offset..span.end.offset,
        message: Text::new(format!("not a regular expression: {why}"), format!("不是正则表达式：{why}")),
        help: Text::new(
            "the syntax is that of Rust's `regex` crate: no look-around, no back-references",
            "语法同Rust的 `regex` 库：不支持环视与反向引用",
        ),
    }
}

/// Classes of bytes of which every match holds one.
fn needs(hir: &Hir) -> u8 {
    match hir.kind() {
        HirKind::Literal(literal) => literal.0.iter().fold(0, |classes, byte| classes | class(*byte)),
        HirKind::Class(_) => {
            let ranges: Vec<(u32, u32)> = match hir.kind() {
                HirKind::Class(regex_syntax::hir::Class::Unicode(class)) => {
                    class.ranges().iter().map(|range| (range.start().into(), range.end().into())).collect()
                }
                HirKind::Class(regex_syntax::hir::Class::Bytes(class)) => {
                    class.ranges().iter().map(|range| (range.start().into(), range.end().into())).collect()
                }
                _ => Vec::new(),
            };
            let within = |from: char, to: char| {
                ranges.iter().all(|(start, end)| *start >= u32::from(from) && *end <= u32::from(to))
            };
            match () {
                () if ranges.is_empty() => 0,
                () if within('0', '9') => Pattern::DIGIT,
                () if within('A', 'Z') || within('a', 'z') => Pattern::LETTER,
                () if within('\u{80}', char::MAX) => Pattern::HIGH,
                () => 0,
            }
        }
        HirKind::Repetition(repetition) if repetition.min > 0 => needs(&repetition.sub),
        HirKind::Capture(capture) => needs(&capture.sub),
        HirKind::Concat(parts) => parts.iter().fold(0, |classes, part| classes | needs(part)),
        HirKind::Alternation(parts) => parts.iter().fold(u8::MAX, |classes, part| classes & needs(part)),
        _ => 0,
    }
}

/// The class of a byte.
pub(crate) fn class(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' => Pattern::DIGIT,
        b'a'..=b'z' | b'A'..=b'Z' => Pattern::LETTER,
        0x80.. => Pattern::HIGH,
        _ => 0,
    }
}

impl NameRule {
    /// `=ExactName`, `name`, `*suffix`, `prefix*`.
    pub(crate) fn parse(text: &str, kind: Option<Kind>, strength: Strength) -> Option<NameRule> {
        if let Some(exact) = text.strip_prefix('=') {
            let name = exact.to_owned();
            return (!exact.is_empty()).then_some(NameRule {
                name,
                is_exact: true,
                open: [false; 2],
                kind,
                strength,
            });
        }
        let (before, text) = text.strip_prefix('*').map_or((false, text), |rest| (true, rest));
        let (after, text) = text.strip_suffix('*').map_or((false, text), |rest| (true, rest));
        let name: String =
            text.chars().filter(|c| c.is_alphanumeric()).map(|c| c.to_ascii_lowercase()).collect();
        let good = !name.is_empty() && !text.contains('*');
        good.then_some(NameRule { name, is_exact: false, open: [before, after], kind, strength })
    }

    /// A line of a lexicon file: `name<TAB>category or -<TAB>decides|shape|record|prose<TAB>note`.
    pub(crate) fn of_line(line: &str) -> Option<NameRule> {
        let mut columns = line.split('\t').map(str::trim);
        let (name, kind, strength) = (columns.next()?, columns.next()?, columns.next()?);
        let strength = match strength {
            "decides" => Strength::Decides,
            "shape" => Strength::Shape,
            "record" => Strength::Record,
            "prose" => Strength::Prose,
            _ => return None,
        };
        let kind = match kind {
            "-" => None,
            id => Some(
                Kind::from_id(id).or_else(|| yingbi_taxonomy::Category::from_id(id).map(Kind::general))?,
            ),
        };
        NameRule::parse(name, kind, strength)
    }
}

#[cfg(test)]
mod tests;
